"""The decision table of retries: pure, so every cell can be looked at."""

from __future__ import annotations

import random

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.retry import Again, Fault, GiveUp, RetryPolicy, Tries, decide

POLICY = RetryPolicy()


@pytest.mark.parametrize(
    ("fault", "repeatable", "expected"),
    [
        (Fault.REFUSED, True, Again),
        (Fault.REFUSED, False, Again),
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
    refusals = int(fault is Fault.REFUSED)
    step = decide(fault, Tries(1, refusals), POLICY, repeatable=repeatable)
    assert step is expected or isinstance(step, Again)
    assert isinstance(step, Again) == (expected is Again)


def test_attempts_are_bounded() -> None:
    """After the last attempt the error is raised; refusals are counted apart."""
    assert isinstance(decide(Fault.LOST, Tries(3), POLICY, repeatable=True), Again)
    assert decide(Fault.LOST, Tries(4), POLICY, repeatable=True) is GiveUp.RAISE
    assert isinstance(decide(Fault.LOST, Tries(10, 7), POLICY, repeatable=True), Again)
    assert isinstance(decide(Fault.REFUSED, Tries(10, 10), POLICY, repeatable=True), Again)
    assert decide(Fault.REFUSED, Tries(11, 11), POLICY, repeatable=True) is GiveUp.RAISE


def test_the_deadline_is_kept() -> None:
    """No repeat begins behind the deadline."""
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
    patient = RetryPolicy(attempts=100, longest_wait=3.0)
    assert all(
        decide(Fault.LOST, Tries(90), patient, repeatable=True, random=chance).wait <= 3.0 for _ in range(50)
    )


def test_retry_after_is_obeyed_and_capped() -> None:
    """The server's wish is heeded, up to the longest wait; a refused call waits in the limiter instead."""
    assert decide(Fault.LOST, Tries(1), POLICY, repeatable=True, retry_after=7.0) == Again(7.0)
    assert decide(Fault.LOST, Tries(1), POLICY, repeatable=True, retry_after=7000.0) == Again(30.0)
    assert decide(Fault.REFUSED, Tries(1, 1), POLICY, repeatable=True, retry_after=7.0) == Again(0.0)


@pytest.mark.parametrize(
    "options",
    [{"attempts": 0}, {"refusals": -1}, {"deadline": 0}, {"wait": -1}, {"longest_wait": -1}],
)
def test_a_policy_that_cannot_work(options: dict[str, float]) -> None:
    """A policy that cannot work is refused when it is made."""
    with pytest.raises(ConfigurationError):
        RetryPolicy(**options)
