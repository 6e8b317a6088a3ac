"""The limiter of many processes: a queue whose pump goes to a store that all of them share."""

from __future__ import annotations

import asyncio
import logging
import math
import random as _random
import secrets
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol, TypeAlias, TypeVar

import attrs

from litmos_async.errors import ConfigurationError
from litmos_async.limits.account import Account, process_name
from litmos_async.limits.clocks import slept, time_asleep
from litmos_async.limits.lease_queue import LeaseQueue, SlotReport, closed
from litmos_async.limits.rate import Lease, Priority, Quota, RateLimit, Usage
from litmos_async.limits.window import Window

__all__ = ["Change", "SeenAccount", "SharedLimiter", "Store"]

logger = logging.getLogger("litmos_async")

T = TypeVar("T")

Change: TypeAlias = Callable[[Account, float], T]
"""What happens to an account at a time. It may be called again, on the account as another process left it."""

# Slots for several callers are taken on one way to the store, but not so many that other processes which come
# at the same moment find nothing left.
AT_ONCE: Final = 10

# Processes that wait for the same slot come at different times, within this part of a period.
JITTER: Final = 1 / 2_000

# Answers are reported together, within this part of a period. A report tells how old it is, so nothing is lost.
TOGETHER: Final = 1 / 200

# A slot is as old as the way back from the store when it is here. Where that is more than this part of a request's
# timeout, slots are kept for so much longer, up to some seconds; else none would ever be young enough to be used.
SLOW: Final = 1 / 10
LONGEST_WAY: Final = 30.0

# What cannot be reported is tried again after a second, and on closing for a few seconds at most.
REPORT_AGAIN: Final = 1.0
LAST_REPORT: Final = 5.0


class Store(Protocol):
    """Where accounts are kept. It does one change of one account after the other, at a time of its own."""

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen to an account.

        Raises:
            LimiterUnavailable: The store cannot be reached. The change may have happened or not.
        """
        ...

    async def aclose(self) -> None:
        """Let go of files and connections."""
        ...


class SharedLimiter:
    """Keeps the limit for all processes that use the same store.

    Args:
        store: Where the account is kept.
        rate: The limit to keep. Give the same in every process; only `reserve` may differ.
        account: What tells accounts apart in the store; the client says it if you do not.
        random: Where jitter comes from; give a seeded one for repeatable tests.
    """

    def __init__(
        self,
        store: Store,
        rate: RateLimit,
        *,
        account: str | None = None,
        random: _random.Random | None = None,
    ) -> None:
        self.rate = RateLimit.checked(rate)
        if not isinstance(account, str | None):
            raise ConfigurationError(f"account must be a text, or None, not {type(account).__name__}")
        self._store = store
        self._account = account
        self._account_given = account is not None
        self._random = random or _random.Random()
        self._queue: _Queue | None = None
        self._closed = False

    def bind(self, account: str) -> None:
        """Say whose limit is kept; see `Limiter.bind`. What was said to the constructor goes before.

        Raises:
            ConfigurationError: The limiter keeps the limit of another account already.
        """
        if self._account_given:
            return
        if self._account not in {None, account}:
            raise ConfigurationError(
                "a limiter keeps the limit of one account: make another limiter for this account"
            )
        self._account = account

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
            ConfigurationError: `timeout` is infinite, no account was said, or the limiter is used on another loop.
            LimiterUnavailable: The store cannot be reached.
        """
        if self._closed:
            raise closed()
        if not 0 <= timeout < math.inf:
            raise ConfigurationError("a shared slot needs a finite timeout, since its holder may die")
        queue = self._here()
        queue.longest_timeout = max(queue.longest_timeout, timeout)
        return await queue.acquire(priority, max_pause)

    @property
    def quota(self) -> Quota:
        """How things stood when this process last went to the store, and what time has changed since."""
        return self._queue.quota if self._queue is not None else Window(self.rate).quota(0.0, waiting=0)

    async def usage(self) -> Usage:
        """Ask the store who uses what.

        Raises:
            LimiterUnavailable: The store cannot be reached.
        """
        return await self._here().apply(_usage)

    async def aclose(self) -> None:
        """Stop for good, when the last reports are in the store.

        A caller that still waits gets a `LitmosError`. A lease that ends later reports to no one, and its slot is
        freed by expiry.
        """
        self._closed = True
        if self._queue is not None and self._queue.loop is asyncio.get_running_loop():
            await self._queue.aclose()
        await self._store.aclose()

    def _here(self) -> _Queue:
        """Return the queue on the running loop. What it knows is in the store, so a new one begins empty."""
        loop, queue = asyncio.get_running_loop(), self._queue
        if self._account is None:
            raise ConfigurationError(
                "the limiter has no account yet: pass account=..., or give it to a client"
            )
        if queue is not None and queue.loop is loop:
            return queue
        if queue is not None:
            queue.check_left()
        self._queue = _Queue(
            loop, self._random, self.rate, partial(self._store.apply, self._account, self.rate)
        )
        return self._queue


class _Apply(Protocol):
    """`Store.apply` for one account."""

    async def __call__(self, change: Change[T]) -> T: ...


@attrs.frozen
class SeenAccount:
    """An account as it was in the store, and when that was, there and on the clock of the loop."""

    account: Account
    at: float
    when: float

    def there(self, time: float) -> float:
        """Return what the clock of the store shows at that time of the loop, at least."""
        return self.at + time - self.when

    def here(self, time: float) -> float:
        """Return what the clock of the loop shows at that time of the store, at most."""
        return self.when + time - self.at


@attrs.frozen
class _Taken:
    """A slot on its way to a caller: the lane that it was taken for, and whether bulk work has it on credit."""

    ticket: int
    lane: Priority
    for_bulk: bool


class _Queue(LeaseQueue):
    """A queue whose pump goes to the store and back."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, random: _random.Random, rate: RateLimit, apply: _Apply
    ) -> None:
        super().__init__(loop, random)
        self.seen: SeenAccount | None = None
        self.longest_timeout = 0.0
        self._rate = rate
        self._apply = apply
        self._name = f"{process_name()}:{secrets.token_hex(3)}"
        self._reports: list[tuple[float, Change[None]]] = []  # each with the time at which it was made
        self._flush_timer: asyncio.TimerHandle | None = None  # brings them to the store at the latest
        self._expected = False  # the others leave slots for us
        self._took = 0.0  # how long the last visit to the store took
        self._allowance = 0.0  # how much longer slots are kept for us, since the way to the store is long
        self._closing = self._closed = False

    @property
    def pause_ends(self) -> float:
        """When the pause is over, as far as is known here."""
        return self.seen.here(self.seen.account.window.not_before) if self.seen else -math.inf

    @property
    def quota(self) -> Quota:
        """How things stood in the store, and what time has changed since."""
        if self.seen is None:
            return Window(self._rate).quota(0.0, waiting=len(self.lanes))
        return self.seen.account.quota(self.seen.there(self.loop.time()), waiting=len(self.lanes))

    async def apply(self, change: Change[T]) -> T:
        """Let a change happen in the store, and remember what was found there."""
        last = self.seen

        def look(account: Account, now: float) -> tuple[T, Account, float]:
            if last is not None:
                account.detect_data_loss(last.account, last.there(self.loop.time()), now)
            return change(account, now), account, now

        result, account, at = await self._apply(look)
        self.seen = SeenAccount(account, at, self.loop.time())
        return result

    async def aclose(self) -> None:
        """Send all callers away and go to the store for the last time."""
        self._closing = True
        self.lanes.fail(closed)
        self._wake()
        if self._reports or self._expected:
            self._start()
        if self._pump is not None:
            await asyncio.wait([self._pump], timeout=LAST_REPORT)
        self._closed = True
        await super().aclose()
        self._cancel_flush()
        if self._reports:
            self._give_up_reports()

    def unused(self, ticket: int) -> None:
        """Free the slot at once, and let its token be used again."""
        self._queue_report(lambda account, now: account.unused(ticket, now), within=0.0)

    def rejected(self, ticket: int, retry_after: float | None) -> None:
        """Pause all, and do not wait with that."""
        super().rejected(ticket, retry_after)
        self._flush()

    def _report(self, report: SlotReport) -> None:
        self._queue_report(
            lambda account, now: report(account.window, now), within=TOGETHER * self._rate.period
        )

    def _queue_report(self, report: Change[None], within: float) -> None:
        """See that the store learns it in so many seconds, or as soon as it can be reached."""
        self._reports.append((self.loop.time(), report))
        if self._closed or self.loop.is_closed():
            self._give_up_reports()
        elif self._closing or not within:
            self._flush()
        elif self._flush_timer is None:
            self._flush_timer = self.loop.call_later(within, self._flush)

    def _flush(self) -> None:
        """Go to the store now, or once more if the pump is there already."""
        self._cancel_flush()
        if self._reports:
            self._wake()
            self._start()

    def _cancel_flush(self) -> None:
        if self._flush_timer is not None:
            self._flush_timer.cancel()
            self._flush_timer = None

    def _give_up_reports(self) -> None:
        logger.warning("A limiter was closed too early: %d slots are freed by expiry", len(self._reports))
        self._reports.clear()

    async def _serve(self) -> None:
        """Go to the store whenever there is something to report, or a slot may be free for those who wait."""
        self._wake()
        while self.lanes or self._expected or self._changed.is_set():
            self._changed.clear()
            look_in = await self._sync()
            self._reject_impatient()
            if self.lanes and look_in > 0:
                jitter = self._random.random() * JITTER * self._rate.period
                await self._sleep_until(self.loop.time() + look_in + jitter)

    async def _sync(self) -> float:
        """Report, take slots for those who are next, and say who is left; return in how long to look again."""
        reports, self._reports = self._reports, []
        self._cancel_flush()
        here, asleep = self.loop.time(), time_asleep()
        timeout, allowance = self.longest_timeout, self._allowance
        waiting = self.lanes.waiting()
        # Where the way is long, as many as become free until it has been there and back.
        at_once = max(AT_ONCE, int(self._took / self._rate.period * self._rate.requests))

        def sync(account: Account, now: float) -> tuple[list[_Taken], float]:
            for made, report in reports:
                report(account, now - (here - made))
            left = dict(waiting)
            tickets: list[_Taken] = []
            while len(tickets) < at_once and (lane := account.next_lane(now, self._name, left)):
                left[lane] -= 1
                ticket = account.take(now, self._name, timeout + allowance, lane)
                tickets.append(_Taken(ticket, lane, for_bulk=lane == "bulk" and left["interactive"] > 0))
            look_at = account.look_at(now, self._name, left)
            account.demand(now, self._name, left["interactive"], left["bulk"], look_at)
            return tickets, look_at - now

        try:
            tickets, look_in = await self.apply(sync)
        except BaseException:
            self._reports[:0] = reports
            raise
        took = self._took = self.loop.time() - here + slept(asleep, time_asleep())
        self._expected = sum(waiting.values()) > len(tickets)
        stood_still = took > timeout + allowance
        self._allowance = min(2 * took, LONGEST_WAY) if took > SLOW * timeout else 0.0
        if tickets and (stood_still or self.longest_timeout > timeout):
            # They are too old to be used, or a caller came meanwhile whose request may take longer than these slots
            # are kept should we die. Give them back, and take others.
            for one in tickets:
                self.unused(one.ticket)
            return 0.0
        for one in tickets:
            self._assign(one, min(here + allowance, self.loop.time()), asleep)
        return look_in

    def _assign(self, taken: _Taken, at: float, asleep: float) -> None:
        """Give a slot to the first caller now, or back, if only bulk callers are left for one of the others."""
        while lane := self._lane_for(taken):
            future = self.lanes.pop(lane)
            if not future.done():
                self._hand_over(future, taken.ticket, at, asleep)
                return
        self.unused(taken.ticket)

    def _lane_for(self, taken: _Taken) -> Priority | None:
        """Return the lane that a slot is for; callers may have come and gone since it was taken."""
        if taken.for_bulk and self.lanes.waiting()["bulk"]:
            return "bulk"
        first = self.lanes.first()
        return first if first == "interactive" or taken.lane == "bulk" else None

    def _pump_ended(self, pump: asyncio.Task[None]) -> None:
        super()._pump_ended(pump)
        if self._reports and self._flush_timer is None and not self._closed:
            self._flush_timer = self.loop.call_later(REPORT_AGAIN, self._flush)


def _usage(account: Account, now: float) -> Usage:
    shares = account.shares(now)
    return Usage(account.quota(now, sum(one.waiting for one in shares)), shares)
