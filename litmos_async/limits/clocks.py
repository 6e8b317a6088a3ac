"""What the clock of the event loop does not show: the time in which the machine slept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["slept", "time_asleep"]

# While the machine is suspended, the clock of the loop stands still on Linux and macOS and goes on on Windows. What
# goes on is CLOCK_BOOTTIME on Linux (clock_gettime(2)) and CLOCK_MONOTONIC on macOS.
_ALL_TIME: Final = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))

# The two clocks are read one after the other, and the process may stand between the two: less is no sleep.
_LEAST: Final = 1.0


def _all_time() -> float:
    return time.monotonic() if _ALL_TIME is None else time.clock_gettime(_ALL_TIME)


def time_asleep(
    awake: Callable[[], float] = time.monotonic, all_time: Callable[[], float] = _all_time
) -> float:
    """Return for how many seconds the machine has slept since some fixed moment.

    Only the difference of two results means something. In doubt it is too little, by less than the time that a
    process stands between the reading of two clocks.

    Args:
        awake: A clock that stands still meanwhile.
        all_time: A clock that does not.
    """
    before = awake()
    now = all_time()
    return now - max(before, awake())


def slept(since: float, now: float) -> float:
    """Return how long the machine slept between two results of `time_asleep`."""
    return now - since if now - since > _LEAST else 0.0
