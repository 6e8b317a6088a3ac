"""Whether to send a request again: one pure decision table.

| what happened | repeatable | not repeatable |
|---|---|---|
| refused by the rate limit (503, 429) | again, after the limiter's pause | same: not carried out |
| never left (no connection) | again | again |
| lost (timeout or reset after bytes left; 500, 502, 504) | again | outcome unknown |
| any other error | raise | raise |
"""

from __future__ import annotations

import random as _random
from enum import Enum, auto

from attrs import frozen

from litmos_async.errors import ConfigurationError


@frozen(kw_only=True)
class RetryPolicy:
    """How often and how long a call is tried.

    Attributes:
        attempts: Requests at most that are not refusals: 1 never repeats.
        refusals: Refusals by the rate limit at most. They cost nobody anything, so they count apart; with the
            limiter's pauses of 1, 2, 4 ... 60 s the default outlasts the server's window several times.
        deadline: Seconds from the first request to the last, waits included. The wait for a first slot does
            not count: five thousand calls that are queued behind each other are no failure.
        wait: Seconds before the first repeat of a lost request, doubled each time; the actual wait is drawn
            between 0 and that ("full jitter"), so that many clients do not come back together.
        longest_wait: Seconds that a wait never exceeds, nor a Retry-After that comes with a 5xx.
    """

    attempts: int = 4
    refusals: int = 10
    deadline: float = 600.0
    wait: float = 0.5
    longest_wait: float = 30.0

    def __attrs_post_init__(self) -> None:
        if self.attempts < 1 or self.refusals < 0:
            raise ConfigurationError("attempts must be 1 or more, refusals 0 or more")
        if not (self.deadline > 0 and self.wait >= 0 and self.longest_wait >= 0):
            raise ConfigurationError("deadline must be more than 0 seconds, and no wait may be negative")


class Fault(Enum):
    """What went wrong with one attempt."""

    REFUSED = auto()
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
    """What a call has behind it."""

    attempts: int = 0
    refusals: int = 0
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

    `tries` includes the attempt that failed. A refused request waits in the limiter, so its wait here is 0.
    """
    if fault is Fault.FINAL:
        return GiveUp.RAISE
    if fault is Fault.LOST and not repeatable:
        return GiveUp.UNKNOWN
    if fault is Fault.REFUSED:
        spent = tries.refusals > policy.refusals
        wait = 0.0
    else:
        spent = tries.attempts - tries.refusals >= policy.attempts
        doubled = policy.wait * 2.0 ** min(tries.attempts - tries.refusals - 1, 30)
        wait = (random or _random).uniform(0.0, min(doubled, policy.longest_wait))
        if retry_after is not None:
            wait = max(wait, min(retry_after, policy.longest_wait))
    return GiveUp.RAISE if spent or tries.elapsed + wait > policy.deadline else Again(wait)
