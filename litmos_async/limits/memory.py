"""The limiter for one process: the lease rule, the pacer in front of it, and the queue."""

from __future__ import annotations

import asyncio
import math
import random as _random

from aiolimiter import AsyncLimiter

from litmos_async.limits.account import process_name
from litmos_async.limits.clocks import time_asleep
from litmos_async.limits.lease_queue import LeaseQueue, SlotReport, closed
from litmos_async.limits.rate import Lease, Priority, Quota, RateLimit, Share, Usage
from litmos_async.limits.window import Window

__all__ = ["MemoryLimiter"]


class MemoryLimiter:
    """Keeps the limit for all the calls of one process.

    Share one among all the clients that use the same account. It serves one event loop at a time; used again
    on a new loop (a second `asyncio.run`) it remembers what the server may still count.

    ```python
    limiter = MemoryLimiter(RateLimit(reserve=10))
    async with LitmosClient(limiter=limiter) as web, LitmosClient(limiter=limiter) as nightly:
        print(web.quota == nightly.quota)
    ```

    Args:
        rate: The limit to keep.
        random: Where the jitter of the pauses comes from; give a seeded one for repeatable tests. None is Python's
            own.
    """

    def __init__(
        self,
        rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
        *,
        random: _random.Random | None = None,
    ) -> None:
        self.rate = RateLimit.checked(rate)
        self._random = random or _random.Random()
        self._queue: _Queue | None = None
        # What a loop leaves behind at its end reaches the server by then, or never.
        self._longest_timeout = 0.0
        self._closed = False

    def bind(self, account: str) -> None:
        """Do nothing, since no other process uses this window; see `Limiter.bind`."""

    async def acquire(
        self,
        priority: Priority = "interactive",
        *,
        max_pause: float = math.inf,
        timeout: float = 30.0,  # noqa: ASYNC109 - it bounds the request, not this call
    ) -> Lease:
        """Wait for a slot; see `Limiter.acquire`.

        Raises:
            LitmosError: The limiter was closed.
        """
        if self._closed:
            raise closed()
        queue = self._here()
        if timeout < math.inf:
            self._longest_timeout = max(self._longest_timeout, timeout)
        return await queue.acquire(priority, max_pause)

    @property
    def quota(self) -> Quota:
        """The current state; also readable without an event loop."""
        queue = self._queue
        if queue is None:
            return Window(self.rate).quota(0.0, waiting=0)
        return queue.quota

    async def usage(self) -> Usage:
        """Return the usage: all of it by this process."""
        quota = self.quota
        return Usage(quota, (Share(process_name(), quota.used, quota.waiting),))

    async def aclose(self) -> None:
        """Stop for good. A caller that still waits gets a `LitmosError`; leases under way may end as usual."""
        self._closed = True
        if self._queue is not None:
            await self._here().aclose()

    def _here(self) -> _Queue:
        """Return the queue on the running loop; move there first if the last one was on another loop."""
        loop, queue = asyncio.get_running_loop(), self._queue
        if queue is None:
            self._queue = queue = _Queue(loop, Window(self.rate), self._random)
        elif queue.loop is not loop:
            queue.check_left()
            window = queue.window.rebased(queue.loop.time(), loop.time(), self._longest_timeout)
            self._queue = queue = _Queue(loop, window, self._random)
        return queue


class _Queue(LeaseQueue):
    """A queue with the window on it, and a pacer in front."""

    def __init__(self, loop: asyncio.AbstractEventLoop, window: Window, random: _random.Random) -> None:
        super().__init__(loop, random)
        rate = window.rate
        self.window = window
        self._bucket = AsyncLimiter(rate.burst, rate.burst * rate.period / rate.requests)
        self._spare = 0  # tokens of the bucket that are not used yet

    @property
    def pause_ends(self) -> float:
        """When the pause is over."""
        return self.window.not_before

    @property
    def quota(self) -> Quota:
        """How things stand."""
        return self.window.quota(self.loop.time(), waiting=len(self.lanes))

    async def _serve(self) -> None:
        """Hand out leases as long as callers wait.

        First get capacity, then choose who receives it: an urgent caller who comes late is next, however many
        bulk callers queued up before.
        """
        while self.lanes:
            await self._get_token()
            now = self.loop.time()
            priority = self.lanes.first()
            if priority is None:
                break  # all were cancelled meanwhile; the token stays for the next caller
            # However many interactive calls wait, bulk work has its small share.
            on_credit = priority == "interactive" and self._bulk_goes_first(now)
            priority = "bulk" if on_credit else priority
            self._changed.clear()
            opens_at = self.window.opens_at(now, priority, 0, on_credit)
            if opens_at == math.inf:
                await self._changed.wait()
            elif opens_at > now:
                await self._sleep_until(opens_at)
            else:
                future = self.lanes.pop(priority)
                if not future.done():
                    self._spare -= 1
                    ticket = self.window.take(now, priority=priority)
                    self._hand_over(future, ticket, now, time_asleep())

    def _bulk_goes_first(self, now: float) -> bool:
        return self.lanes.waiting()["bulk"] > 0 and self.window.bulk_credit(now) > 0

    async def _get_token(self) -> None:
        """Make sure that there is a spare token.

        Spare tokens count as part of the bucket, so they spill when it is full; else every lease given back
        would make the next burst larger by one.
        """
        burst = self.window.rate.burst
        while self._spare and self._bucket.has_capacity(burst + 1 - self._spare):
            self._spare -= 1
        if not self._spare:
            await self._bucket.acquire()
            self._spare = 1

    def unused(self, ticket: int) -> None:
        """Give back the slot and the token."""
        self._spare += 1
        super().unused(ticket)

    def _report(self, report: SlotReport) -> None:
        report(self.window, self.loop.time())
        if not self.loop.is_closed():
            self._reject_impatient()
        self._wake()
