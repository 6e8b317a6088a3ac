"""Whether to send a request again: one pure decision table.

| what happened | repeatable | not repeatable |
|---|---|---|
| rejected by the rate limit (503, 429) | again, after the limiter's pause | same: not carried out |
| never left (no connection) | again | again |
| lost (timeout or reset after bytes left; 500, 502, 504) | again | outcome unknown |
| any other error | raise | raise |
"""

from __future__ import annotations

import random as _random
from enum import Enum, auto
from typing import Any

from attrs import frozen

from litmos_async.checks import is_number, is_whole
from litmos_async.errors import ConfigurationError


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried.

    ```python
    # For a call that a visitor waits for.
    quick = RetryPolicy(max_attempts=2, max_rejections=0, deadline=10.0)
    async with LitmosClient(retry=quick) as litmos:
        ...
    ```

    Attributes:
        max_attempts: The most requests, not counting rejected ones: 1 never retries.
        max_rejections: Rejections by the rate limit at most. They cost nothing, so they are counted apart; with
            the limiter's pauses of 1, 2, 4 ... 60 s the default outlasts the server's window several times.
        initial_backoff: Seconds before the first repeat of a lost request, doubled each time; the actual wait is
            drawn between 0 and that ("full jitter"), so that many clients do not come back together.
        max_backoff: Seconds that a wait never exceeds, nor a Retry-After that comes with a 5xx.
        deadline: Seconds from the first request to the last, waits included. The wait for a first slot does not
            count: five thousand calls that are queued behind each other are not a failure.

    Raises:
        ConfigurationError: A value cannot work.
    """

    max_attempts: int = 4
    max_rejections: int = 10
    initial_backoff: float = 0.5
    max_backoff: float = 30.0
    deadline: float = 600.0

    def __attrs_post_init__(self) -> None:
        counts: tuple[Any, ...] = (self.max_attempts, self.max_rejections)
        if not all(map(is_whole, counts)) or counts[0] < 1 or counts[1] < 0:
            raise ConfigurationError(
                "max_attempts must be 1 or more, max_rejections 0 or more, both whole numbers"
            )
        times: tuple[Any, ...] = (self.initial_backoff, self.max_backoff, self.deadline)
        if not all(is_number(seconds) and seconds >= 0 for seconds in times) or times[-1] == 0:
            raise ConfigurationError(
                "deadline must be more than 0 seconds, and neither initial_backoff nor max_backoff negative"
            )


class Fault(Enum):
    """What went wrong with one attempt."""

    REJECTED = auto()
    NEVER_LEFT = auto()
    LOST = auto()
    FINAL = auto()


class GiveUp(Enum):
    """How a call ends that is not tried again."""

    RAISE = auto()
    UNKNOWN = auto()


@frozen
class Again:
    """Try again after `wait` seconds."""

    wait: float


@frozen
class Tries:
    """A call's attempts so far."""

    attempts: int = 0
    rejections: int = 0
    elapsed: float = 0.0


def decide(
    fault: Fault,
    tries: Tries,
    policy: RetryPolicy,
    *,
    repeatable: bool,
    retry_after: float | None = None,
    random: _random.Random | None = None,
) -> Again | GiveUp:
    """Return whether to try again, and after how long; or how to end.

    `tries` includes the attempt that failed. A rejected request waits in the limiter, so its wait here is 0.
    """
    if fault is Fault.FINAL:
        return GiveUp.RAISE
    if fault is Fault.LOST and not repeatable:
        return GiveUp.UNKNOWN
    if fault is Fault.REJECTED:
        spent = tries.rejections > policy.max_rejections
        wait = 0.0
    else:
        spent = tries.attempts - tries.rejections >= policy.max_attempts
        doubled = policy.initial_backoff * 2.0 ** min(tries.attempts - tries.rejections - 1, 30)
        wait = (random or _random).uniform(0.0, min(doubled, policy.max_backoff))
        if retry_after is not None:
            wait = max(wait, min(retry_after, policy.max_backoff))
    return GiveUp.RAISE if spent or tries.elapsed + wait > policy.deadline else Again(wait)
