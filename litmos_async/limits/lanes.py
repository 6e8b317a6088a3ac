"""The lanes in which callers wait for a slot."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Generic, TypeVar

from litmos_async.errors import RateLimited
from litmos_async.limits.rate import Priority

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["Lanes", "paused"]

T = TypeVar("T")


def paused(seconds: float) -> RateLimited:
    """Return the error for a caller who cannot wait until the pause is over."""
    detail = "paused by the rate limit"
    return RateLimited(f"503: {detail}", status=503, detail=detail, retry_after=seconds, attempts=0)


class Lanes(Generic[T]):
    """Those who wait: interactive before bulk, first come first served inside a lane.

    Each waits for a future. An `OrderedDict` is a queue from whose middle a cancelled caller leaves in
    constant time, also when 5,000 stand in it.
    """

    def __init__(self) -> None:
        # In the order in which the lanes are served. The value is the end of the longest pause that the
        # caller would sit out.
        self._lanes: dict[Priority, OrderedDict[asyncio.Future[T], float]] = {
            "interactive": OrderedDict(),
            "bulk": OrderedDict(),
        }

    def __len__(self) -> int:
        return sum(map(len, self._lanes.values()))

    def waiting(self) -> dict[Priority, int]:
        """Count those in each lane."""
        return {priority: len(lane) for priority, lane in self._lanes.items()}

    def join(self, priority: Priority, future: asyncio.Future[T], latest: float) -> None:
        """Stand at the end of a lane, unless a pause lasts longer than until `latest`."""
        self._lanes[priority][future] = latest

    def leave(self, future: asyncio.Future[T]) -> None:
        """Step out of whichever lane it is, if still in one."""
        for lane in self._lanes.values():
            lane.pop(future, None)

    def first(self) -> Priority | None:
        """Return the lane that is served next, or None if no caller waits."""
        return next((priority for priority, lane in self._lanes.items() if lane), None)

    def pop(self, priority: Priority) -> asyncio.Future[T]:
        """Take out the caller who has waited longest in that lane."""
        return self._lanes[priority].popitem(last=False)[0]

    def fail(self, error: Callable[[], BaseException], *, pause_until: float | None = None) -> None:
        """Send all away with an error, or only those who would not sit out a pause until then.

        Each gets an error of its own, since callers write the facts of their call into it.
        """
        for lane in self._lanes.values():
            for future, latest in list(lane.items()):
                if pause_until is not None and latest >= pause_until:
                    continue
                del lane[future]
                if not future.done():
                    future.set_exception(error())
