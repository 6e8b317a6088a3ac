"""The limiter for one process: the lease rule, the pacer in front of it, and the queue."""

from __future__ import annotations

import asyncio
import math
import random as _random

from aiolimiter import AsyncLimiter

from litmos_async.errors import ConfigurationError, LitmosError

from .rate import Lanes, Lease, Priority, Quota, RateLimit, paused
from .window import Window

__all__ = ["MemoryLimiter"]


class MemoryLimiter:
    """Keeps the limit for all the calls of one process.

    Share one among all the clients that use the same account. It serves one event loop at a time; used again
    on a new loop (a second `asyncio.run`) it remembers what the server may still count.

    Args:
        rate: The limit to keep.
        random: Where the jitter of the pauses comes from; give a seeded one for repeatable tests.
    """

    def __init__(
        self,
        rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
        *,
        random: _random.Random | None = None,
    ) -> None:
        self.rate = rate
        self._random = random or _random.Random()
        self._desk: _Desk | None = None
        self._closed = False

    async def acquire(self, priority: Priority = "interactive", *, max_pause: float = math.inf) -> Lease:
        """Wait for a slot; see `Limiter.acquire`."""
        if self._closed:
            raise _closed()
        return await self._here().acquire(priority, max_pause)

    @property
    def quota(self) -> Quota:
        """How things stand now; also readable where no event loop runs."""
        desk = self._desk
        window, now = (desk.window, desk.loop.time()) if desk else (Window(self.rate), 0.0)
        used, budget = window.used(now), int(window.budget(now))
        opens_in = window.opens_at(now) - now
        return Quota(
            used=used,
            free=max(0, budget - used),
            next_free_in=opens_in if opens_in < math.inf else self.rate.period,
            waiting=len(desk.lanes) if desk else 0,
            rejected=window.rejected,
            limit=self.rate.requests,
            period=self.rate.period,
            budget=budget,
        )

    async def aclose(self) -> None:
        """Stop for good. Whoever still waits gets a `LitmosError`; leases under way may end as usual."""
        self._closed = True
        if self._desk is not None:
            await self._here().aclose()

    def _here(self) -> _Desk:
        """Return the desk on the running loop; move there first if the last one was on another loop."""
        loop, desk = asyncio.get_running_loop(), self._desk
        if desk is None:
            self._desk = desk = _Desk(loop, Window(self.rate), self._random)
        elif desk.loop is not loop:
            if desk.loop.is_running():
                raise ConfigurationError("A limiter serves one event loop at a time, and another one runs")
            window = desk.window.carried_over(desk.loop.time(), loop.time())
            self._desk = desk = _Desk(loop, window, self._random)
        return desk


class _Desk:
    """What belongs to one event loop: the window, the pacer, those who wait, and the pump that serves them.

    Leases and waiters keep to the desk where they began, so those of a loop that is gone touch nothing here.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, window: Window, random: _random.Random) -> None:
        rate = window.rate
        self.loop = loop
        self.window = window
        self.lanes: Lanes[Lease] = Lanes()
        self._random = random
        self._bucket = AsyncLimiter(rate.burst, rate.burst * rate.period / rate.requests)
        self._spare = 0  # tokens of the bucket that nobody has used yet
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    async def acquire(self, priority: Priority, max_pause: float) -> Lease:
        """Join the queue and wait until the pump hands over a lease."""
        now = self.loop.time()
        pause_ends = self.window.not_before
        if pause_ends > max(now, now + max_pause):
            raise paused(pause_ends - now)
        future: asyncio.Future[Lease] = self.loop.create_future()
        self.lanes.join(priority, future, now + max_pause)
        self._wake()
        if self._pump is None or self._pump.done():
            self._pump = self.loop.create_task(self._serve(), name="litmos-limiter")
            self._pump.add_done_callback(self._pump_ended)
        try:
            return await future
        except asyncio.CancelledError:
            # Cancelled in the queue, or between the hand-over and waking up. In the latter case the lease
            # (or the error) is in the future, and nobody else will ever look there.
            self.lanes.leave(future)
            self._wake()
            if not future.cancelled() and future.exception() is None:
                future.result().unused()
            raise

    async def aclose(self) -> None:
        """Send everybody away and wait until the pump has stopped."""
        self.lanes.fail(_closed)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    async def _serve(self) -> None:
        """Hand out leases as long as somebody waits.

        First get capacity, then choose who receives it: an urgent caller who comes late is next, however many
        bulk callers queued up before.
        """
        while self.lanes:
            await self._get_token()
            priority = self.lanes.first()
            if priority is None:
                break  # all were cancelled meanwhile; the token stays for the next caller
            now = self.loop.time()
            opens_at = self.window.opens_at(now, priority)
            if opens_at > now:
                await self._sleep_until(opens_at)
                continue
            future = self.lanes.pop(priority)
            if not future.done():
                self._spare -= 1
                future.set_result(_MemoryLease(self, self.window.take(now)))

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        """See that nobody hangs if the pump did not end by itself. A callback is called in every case."""
        error = _closed() if pump.cancelled() else pump.exception()
        if error is not None and pump is self._pump:  # else a new pump serves those who wait
            self.lanes.fail(lambda: error)

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

    async def _sleep_until(self, when: float) -> None:
        """Sleep until then, or until something happens that may change the time."""
        self._changed.clear()
        timer = self.loop.call_at(when, self._changed.set) if when < math.inf else None
        try:
            await self._changed.wait()
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        """Let the pump look again; a lease may end after its loop was closed, and then there is none."""
        if not self.loop.is_closed():
            self._changed.set()

    def unused(self, ticket: int) -> None:
        """Give back the slot and the token."""
        self.window.unused(ticket, self.loop.time())
        self._spare += 1
        self._wake()

    def answered(self, ticket: int) -> None:
        """Let the slot cool down."""
        self.window.answered(ticket, self.loop.time())
        self._wake()

    def lost(self, ticket: int, timeout: float) -> None:
        """Let the slot cool down from the end of the timeout."""
        self.window.lost(ticket, self.loop.time(), timeout)
        self._wake()

    def refused(self, ticket: int, retry_after: float | None) -> None:
        """Pause everybody, and send away at once those who cannot wait that long."""
        now = self.loop.time()
        self.window.refused(ticket, now, retry_after, self._random.random())
        pause_ends = self.window.not_before
        if pause_ends > now and not self.loop.is_closed():
            self.lanes.fail(lambda: paused(pause_ends - now), pause_until=pause_ends)
        self._wake()


class _MemoryLease:
    """One ticket; the first report about it counts."""

    __slots__ = ("_desk", "_ticket")

    def __init__(self, desk: _Desk, ticket: int) -> None:
        self._desk = desk
        self._ticket = ticket

    def _end(self) -> int:
        """Return the ticket the first time, and 0 ever after."""
        ticket, self._ticket = self._ticket, 0
        return ticket

    def unused(self) -> None:
        if ticket := self._end():
            self._desk.unused(ticket)

    def answered(self) -> None:
        if ticket := self._end():
            self._desk.answered(ticket)

    def lost(self, timeout: float) -> None:
        if ticket := self._end():
            self._desk.lost(ticket, timeout)

    def rejected(self, retry_after: float | None = None) -> None:
        if ticket := self._end():
            self._desk.refused(ticket, retry_after)


def _closed() -> LitmosError:
    return LitmosError("the limiter was closed")
