"""The decision table of retries: pure, so every cell can be looked at."""

from __future__ import annotations

import random
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.retry import Again, Fault, GiveUp, RetryPolicy, Tries, decide

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("fault", "repeatable", "expected"),
    [
        (Fault.REJECTED, True, Again),
        (Fault.REJECTED, False, Again),
        (Fault.NEVER_LEFT, True, Again),
        (Fault.NEVER_LEFT, False, Again),
        (Fault.LOST, True, Again),
        (Fault.LOST, False, GiveUp.UNKNOWN),
        (Fault.FINAL, True, GiveUp.RAISE),
        (Fault.FINAL, False, GiveUp.RAISE),
    ],
)
def test_the_table(fault: Fault, repeatable: bool, expected: object) -> None:
    """Each kind of fault is answered as the table in the module says."""
    rejections = int(fault is Fault.REJECTED)
    step = decide(fault, Tries(1, rejections), POLICY, repeatable=repeatable)
    assert step is expected or isinstance(step, Again)
    assert isinstance(step, Again) == (expected is Again)


def test_attempts_are_bounded() -> None:
    """After the last attempt the error is raised; rejections are counted apart."""
    assert isinstance(decide(Fault.LOST, Tries(3), POLICY, repeatable=True), Again)
    assert decide(Fault.LOST, Tries(4), POLICY, repeatable=True) is GiveUp.RAISE
    assert isinstance(decide(Fault.LOST, Tries(10, 7), POLICY, repeatable=True), Again)
    assert isinstance(decide(Fault.REJECTED, Tries(10, 10), POLICY, repeatable=True), Again)
    assert decide(Fault.REJECTED, Tries(11, 11), POLICY, repeatable=True) is GiveUp.RAISE


def test_rejections_are_no_attempts() -> None:
    """What was rejected neither uses up the attempts nor lengthens the waits."""
    policy = RetryPolicy(max_attempts=2)
    assert isinstance(decide(Fault.LOST, Tries(5, 4), policy, repeatable=True), Again)
    assert decide(Fault.LOST, Tries(6, 4), policy, repeatable=True) is GiveUp.RAISE
    waits = [
        decide(Fault.LOST, Tries(tried, rejected), POLICY, repeatable=True, random=random.Random(7))
        for tried, rejected in ((1, 0), (8, 7))
    ]
    assert waits[0] == waits[1]


def test_the_deadline_is_kept() -> None:
    """No repeat begins behind the deadline, and one may begin on it."""
    assert decide(Fault.REJECTED, Tries(1, 1, 600.0), POLICY, repeatable=True) == Again(0.0)
    assert decide(Fault.LOST, Tries(1, 0, 595.0), POLICY, repeatable=True, retry_after=5.0) == Again(5.0)
    assert decide(Fault.LOST, Tries(1, 0, 600.1), POLICY, repeatable=True) is GiveUp.RAISE
    step = decide(Fault.LOST, Tries(1, 0, 599.0), POLICY, repeatable=True, retry_after=5.0)
    assert step is GiveUp.RAISE


def test_waits_grow_with_full_jitter() -> None:
    """Waits are drawn from 0 to a bound that doubles and is capped."""
    chance = random.Random(7)
    for attempts, bound in ((1, 0.5), (2, 1.0), (3, 2.0)):
        waits = [
            decide(Fault.LOST, Tries(attempts), POLICY, repeatable=True, random=chance).wait
            for _ in range(200)
        ]
        assert 0 <= min(waits) < bound * 0.1
        assert bound * 0.9 < max(waits) <= bound
    patient = RetryPolicy(max_attempts=100, max_backoff=3.0)
    assert all(
        decide(Fault.LOST, Tries(90), patient, repeatable=True, random=chance).wait <= 3.0 for _ in range(50)
    )


def test_retry_after_is_obeyed_and_capped() -> None:
    """The server's wish is obeyed, up to the longest wait; a rejected call waits in the limiter instead."""
    assert decide(Fault.LOST, Tries(1), POLICY, repeatable=True, retry_after=7.0) == Again(7.0)
    assert decide(Fault.LOST, Tries(1), POLICY, repeatable=True, retry_after=7000.0) == Again(30.0)
    assert decide(Fault.REJECTED, Tries(1, 1), POLICY, repeatable=True, retry_after=7.0) == Again(0.0)


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 0},
        {"max_attempts": "4"},
        {"max_attempts": 2.5},
        {"max_rejections": -1},
        {"max_rejections": None},
        {"deadline": 0},
        {"deadline": float("nan")},
        {"initial_backoff": -1},
        {"initial_backoff": "1"},
        {"max_backoff": -1},
    ],
)
def test_a_policy_that_cannot_work(options: dict[str, Any]) -> None:
    """A policy that cannot work is refused when it is made."""
    with pytest.raises(ConfigurationError):
        RetryPolicy(**options)


@pytest.mark.parametrize(
    "options",
    [
        {"max_attempts": 1},
        {"max_rejections": 0},
        {"initial_backoff": 0},
        {"max_backoff": 0},
        {"deadline": 0.1},
    ],
)
def test_the_smallest_values(options: dict[str, Any]) -> None:
    """A policy may try once, wait not at all, and have hardly any time."""
    ((name, value),) = options.items()
    assert getattr(RetryPolicy(**options), name) == value


def test_the_default_policy() -> None:
    """It is what the documentation says."""
    assert RetryPolicy() == RetryPolicy(
        max_attempts=4, max_rejections=10, initial_backoff=0.5, max_backoff=30.0, deadline=600.0
    )
