"""Where the callers of one event loop queue for their leases, whichever store keeps the window."""

from __future__ import annotations

import asyncio
import logging
import os
import random as _random
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final, TypeAlias

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits.clocks import slept, time_asleep
from litmos_async.limits.lanes import Lanes, paused
from litmos_async.limits.rate import Lease, Priority, Quota
from litmos_async.limits.window import Window

__all__ = ["LeaseQueue", "SlotReport", "closed"]

logger = logging.getLogger("litmos_async")

SlotReport: TypeAlias = Callable[[Window, float], None]
"""The outcome of a request: a change of the window as it stands when the report arrives there."""

# A call that has waited so long is worth a line in the log. Bulk work waits all the time, so it gets one a minute.
LONG_WAIT: Final = 5.0
BULK_LINE_EVERY: Final = 60.0


class LeaseQueue(ABC):
    """What belongs to one event loop: those who wait, and the pump that serves them.

    Leases and waiters keep to the queue where they began, so those of a loop that is gone touch no other.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, random: _random.Random) -> None:
        self.loop = loop
        self.pid = os.getpid()
        self.lanes: Lanes[Lease] = Lanes()
        self._random = random
        self._pump: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._bulk_line_at = -BULK_LINE_EVERY
        self._others_seen = False

    def check_left(self) -> None:
        """See that the loop of this queue has ended, so that another one may follow.

        Raises:
            ConfigurationError: It is still running. That of the parent of a forked process does not run here.
        """
        if self.loop.is_running() and self.pid == os.getpid():
            raise ConfigurationError(
                "a limiter serves one event loop at a time, and another one is running: make a limiter for each"
            )

    @property
    @abstractmethod
    def pause_ends(self) -> float:
        """When the pause is over, on the clock of the loop."""

    @property
    @abstractmethod
    def quota(self) -> Quota:
        """How things stand, as far as is known here."""

    @abstractmethod
    async def _serve(self) -> None:
        """Hand out leases as long as callers wait."""

    @abstractmethod
    def _report(self, report: SlotReport) -> None:
        """See that the window learns the outcome of a request."""

    async def acquire(self, priority: Priority, max_pause: float) -> Lease:
        """Join the queue and wait until the pump hands over a lease."""
        now = self.loop.time()
        if self.pause_ends > max(now, now + max_pause):
            raise paused(self.pause_ends - now)
        future: asyncio.Future[Lease] = self.loop.create_future()
        next_in_line = self.lanes.first()
        self.lanes.join(priority, future, now + max_pause)
        if self.lanes.first() != next_in_line:
            self._wake()
        self._start()
        late = self.loop.call_later(LONG_WAIT, self._log_wait, priority)
        try:
            return await future
        except asyncio.CancelledError:
            # Cancelled in the queue, or between the hand-over and waking up. In the latter case the lease
            # (or the error) is in the future, and no one else will ever look there.
            self.lanes.leave(future)
            self._wake()
            if not future.cancelled() and future.exception() is None:
                future.result().unused()
            raise
        finally:
            late.cancel()

    async def aclose(self) -> None:
        """Send all callers away and wait until the pump has stopped."""
        self.lanes.fail(closed)
        if self._pump is not None:
            self._pump.cancel()
            await asyncio.wait([self._pump])

    def unused(self, ticket: int) -> None:
        """Free the slot at once."""
        self._report(lambda window, now: window.unused(ticket, now))

    def answered(self, ticket: int) -> None:
        """Let the slot cool down."""
        self._report(lambda window, now: window.answered(ticket, now))

    def lost(self, ticket: int, timeout: float) -> None:
        """Let the slot cool down from the end of the timeout."""
        self._report(lambda window, now: window.lost(ticket, now, timeout))

    def rejected(self, ticket: int, retry_after: float | None) -> None:
        """Pause all."""
        jitter = self._random.random()

        def report(window: Window, now: float) -> None:
            if window.rejected(ticket, now, retry_after, jitter):
                self._warn_of_others()

        self._report(report)

    def _warn_of_others(self) -> None:
        """Say once that another party uses the account: then our part of the limit is smaller than was said."""
        if not self._others_seen:
            self._others_seen = True
            logger.warning(
                "The server rejected a request although this program has not used up its limit: another party uses "
                "the account. The limiter makes room for it."
            )

    def _log_wait(self, priority: Priority) -> None:
        """Say that a call has been waiting, and for what."""
        now = self.loop.time()
        if priority == "bulk":
            if now < self._bulk_line_at + BULK_LINE_EVERY:
                return
            self._bulk_line_at = now
        quota = self.quota
        what = (
            f"the pause that the server asked for, {self.pause_ends - now:.0f} s more"
            if self.pause_ends > now
            else f"a slot: {quota.used} of {quota.limit} are taken, the next is free in {quota.next_free_in:.0f} s"
        )
        logger.info("A call (%s) has waited %g s for %s; %d wait", priority, LONG_WAIT, what, len(self.lanes))

    def _start(self) -> None:
        """See that the pump runs."""
        if self._pump is None or self._pump.done():
            self._pump = self.loop.create_task(self._serve(), name="litmos-limiter")
            self._pump.add_done_callback(self._pump_ended)

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        """See that no caller hangs if the pump did not end by itself. A callback is called in every case."""
        error = closed() if pump.cancelled() else pump.exception()
        if error is not None and pump is self._pump:  # else a new pump serves those who wait
            self.lanes.fail(lambda: error)

    def _hand_over(self, future: asyncio.Future[Lease], ticket: int, taken: float, asleep: float) -> None:
        """Give a lease to a caller, with what the clocks showed before it was taken."""
        future.set_result(_Ticket(self, ticket, taken, asleep))

    def _reject_impatient(self) -> None:
        """Tell those at once who cannot wait until the pause is over."""
        now, pause_ends = self.loop.time(), self.pause_ends
        if pause_ends > now:
            self.lanes.fail(lambda: paused(pause_ends - now), pause_until=pause_ends)

    async def _sleep_until(self, when: float) -> None:
        """Sleep until then, or until something happens that may change the time."""
        timer = self.loop.call_at(when, self._changed.set)
        try:
            await self._changed.wait()
        finally:
            timer.cancel()

    def _wake(self) -> None:
        """Let the pump look again; a lease may end after its loop was closed, and then there is none."""
        if not self.loop.is_closed():
            self._changed.set()


class _Ticket:
    """A lease: one ticket, and the first report about it counts."""

    __slots__ = ("_asleep", "_number", "_queue", "_taken")

    def __init__(self, queue: LeaseQueue, number: int, taken: float, asleep: float) -> None:
        self._queue = queue
        self._number = number
        self._taken = taken
        self._asleep = asleep

    @property
    def taken(self) -> float:
        """When the slot was taken, at the latest; the time in which the machine slept since then counts."""
        return self._taken - slept(self._asleep, time_asleep())

    def _end(self) -> int:
        """Return the number the first time, and 0 ever after."""
        number, self._number = self._number, 0
        return number

    def unused(self) -> None:
        if ticket := self._end():
            self._queue.unused(ticket)

    def answered(self) -> None:
        if ticket := self._end():
            self._queue.answered(ticket)

    def lost(self, timeout: float) -> None:
        if ticket := self._end():
            self._queue.lost(ticket, timeout)

    def rejected(self, retry_after: float | None = None) -> None:
        if ticket := self._end():
            self._queue.rejected(ticket, retry_after)


def closed() -> LitmosError:
    """Return the error for a caller of a limiter that was closed."""
    return LitmosError("the limiter was closed")
