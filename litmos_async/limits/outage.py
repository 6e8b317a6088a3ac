"""A store on another machine: it can be away or slow, and its clock can jump.

While it cannot be reached, one waits for it, or goes on alone with a part of the limit; `members.py` says how that
stays below the limit. An answer that does not come in time is an outage, too.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import secrets
from typing import Final, TypeVar

import attrs

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits.account import JUMP, UNKNOWN_TIMEOUT, Account, ClockReading, dump, load, transact
from litmos_async.limits.members import ALIVE_EVERY, MEMBERSHIP, SILENT
from litmos_async.limits.rate import RateLimit
from litmos_async.limits.shared import LAST_REPORT, Change, SeenAccount, Store
from litmos_async.limits.window import Window

__all__ = ["OutageStore"]

T = TypeVar("T")

# The store is asked again after 0.05, 0.1, 0.2 ... seconds, and then once a second.
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 1.0
BACKOFF: Final = 4
MOST_BACKOFFS: Final = 3


@attrs.define
class _Part:
    """What this process keeps by itself during an outage."""

    rate: RateLimit
    state: str
    first: set[int]  # the slots that it began with
    made: float  # when that was, on the clock of the loop
    ahead: float  # how much the clock of the store is ahead of that of the loop
    opens_at: float  # when it may be used, on the clock of the loop
    settled_at: float  # when nothing counts any more that others had taken before, on the clock of the store
    ask_again_at: float

    def apply(self, change: Change[T], time: float) -> T:
        def gated(account: Account, now: float) -> T:
            account.window.next_start = max(account.window.next_start, self.opens_at + self.ahead)
            return change(account, now)

        result, self.state = transact(self.state, self.rate, time + self.ahead, gated)
        return result


@attrs.define
class _Known:
    """What a process knows of the store. It is not taken along into a fork.

    Attributes:
        name: What the store calls this process as a member.
        seen: The account as it was when this process last changed it.
        reading: What the store's clock is compared with.
        contact: When something was last heard from the store: whatever this process did there was before that.
        half_heard: How often in a row the store was heard, and then away before all was done.
        mine: The slots of this process.
        part: What it goes on with alone, while it does.
        use: The account and the rate that were asked for last.
    """

    pid: int = attrs.field(factory=os.getpid)
    name: str = attrs.field(factory=lambda: secrets.token_hex(4))
    seen: SeenAccount | None = None
    reading: ClockReading | None = None
    contact: float = 0.0
    half_heard: int = 0
    mine: set[int] = attrs.field(factory=set[int])
    part: _Part | None = None
    use: tuple[str, RateLimit] | None = None


class OutageStore:
    """A store in front of another one that may be away.

    Args:
        store: The other one.
        outage_timeout: For how many seconds to go on trying.
        share: The part of the limit to use after that; None to raise.
        late_after: How many seconds one change may take. What takes longer is an outage.
    """

    def __init__(
        self, store: Store, *, outage_timeout: float, share: float | None, late_after: float
    ) -> None:
        self._store = store
        self._outage_timeout = outage_timeout
        self._share = share
        self._late_after = late_after
        self._known = _Known()
        self._alive: asyncio.TimerHandle | None = None
        self._report_alive: asyncio.Task[None] | None = None

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen to the account, or to this process's part of it."""
        if self._known.pid != os.getpid():
            self._known, self._alive = _Known(), None
        known, time = self._known, asyncio.get_running_loop().time
        known.use = (account, rate)
        if known.part is None or time() >= known.part.ask_again_at:
            try:
                result = await self._keep_trying(account, rate, change)
            except LimiterUnavailable:
                if self._share is None:
                    raise
                known.part = known.part or self._go_on_alone(rate, time(), self._share)
                known.part.ask_again_at = max(known.part.ask_again_at, time() + LONGEST_WAIT)
            else:
                self._come_again()
                return result
        # Also if another visit is still under way.
        if self._share is not None and known.contact > known.part.made:
            known.part = self._go_on_alone(rate, time(), self._share)
        self._come_again()
        return self._alone(known.part, change, time())

    async def aclose(self) -> None:
        """Say that this process is no member any more, and close the other store."""
        if self._alive is not None:
            self._alive.cancel()
        if self._report_alive is not None:
            self._report_alive.cancel()
            await asyncio.wait([self._report_alive])
        known = self._known
        if self._share is not None and known.use is not None and known.pid == os.getpid():
            with contextlib.suppress(LimiterUnavailable, TimeoutError):
                async with asyncio.timeout(LAST_REPORT):
                    await self._ask(*known.use, lambda account, _: account.members.leave(known.name))
        await self._store.aclose()

    async def _keep_trying(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        time = asyncio.get_running_loop().time
        give_up_at, wait = time() + self._outage_timeout, FIRST_WAIT
        while True:
            begin, left = time(), give_up_at - time()
            longest = min(left, self._late_after) if left > 0 else self._late_after
            try:
                async with asyncio.timeout(longest):
                    return await self._ask(account, rate, change)
            except LimiterUnavailable:
                if time() + wait > give_up_at:
                    raise
            except TimeoutError:
                if time() - begin > longest + LONGEST_WAIT:
                    give_up_at = time() + self._outage_timeout  # it was this process that stood still
                elif time() + wait > give_up_at:
                    raise LimiterUnavailable("the store of the limit does not answer in time") from None
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(2 * wait, LONGEST_WAIT)

    async def _ask(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Go to the other store, and tell it first what happened without it."""
        known, time = self._known, asyncio.get_running_loop().time
        part, last = known.part, known.seen
        asked, reading, told = time(), known.reading, ""
        mine: set[int] = set()

        def whole(account: Account, now: float) -> tuple[T, Account, float]:
            nonlocal asked, reading, told, mine
            heard = known.contact = time()
            shown = now + account.clock_offset
            reading = account.track_clock(known.reading, ClockReading(shown, asked, heard))
            now = shown - account.clock_offset
            asked = heard  # should this be called again, the store was asked again after this
            if part is not None:
                told = part.state
                there = heard + part.ahead
                if last is not None:
                    account.detect_data_loss(last.account, there, now)
                account.merge(load(part.state, part.rate, there), there, now)
            result, mine = self._as_member(account, now, known, change)
            return result, account, now

        result, seen, at = await self._store.apply(account, rate, whole)
        known.seen, known.reading, known.mine = SeenAccount(seen, at, time()), reading, mine
        known.half_heard = 0
        # Else the part was used while the answer was on its way, and that is told next time.
        if known.part is part and (part is None or part.state == told):
            known.part = None
        return result

    def _as_member(
        self, account: Account, now: float, known: _Known, change: Change[T]
    ) -> tuple[T, set[int]]:
        """Let a change happen; return its result and the slots that are this process's after it."""
        if self._share is None:
            return change(account, now), set()
        account.check_in(known.name, account.window.rate.part(self._share).requests, now)
        before = account.window.slots.keys() - known.mine
        result = change(account, now)
        mine = account.window.slots.keys() - before
        if known.name in account.members.by_name:
            account.members.by_name[known.name].tickets = sorted(mine)
        return result, mine

    def _alone(self, part: _Part, change: Change[T], time: float) -> T:
        """Let a change happen to the part of this process."""
        tickets: set[int] = set()

        def noted(account: Account, now: float) -> T:
            before = dict(account.window.slots)
            result = change(account, now)
            slots = account.window.slots
            tickets.update(slots.keys() - before)
            # A slot from before that is given back may be known there as free already, and another process have it.
            given_back = [one for one in part.first if before.get(one, now) > now and one not in slots]
            slots.update((-one, part.settled_at) for one in given_back)
            return result

        result = part.apply(noted, time)
        self._known.mine |= tickets
        return result

    def _go_on_alone(self, rate: RateLimit, time: float, share: float) -> _Part:
        """Begin with a part of the limit, or anew, if the store was heard meanwhile."""
        known, period = self._known, rate.period
        less = rate.part(share)
        # Who was no member for long, or never one, is not expected by the others: it counts from now.
        expected = known.seen is not None and time < known.contact + MEMBERSHIP / 2 * period
        since = known.contact if expected else time
        opens_at = since + SILENT * period + JUMP
        if known.part is not None:
            ahead, account = known.part.ahead, load(known.part.state, less, time + known.part.ahead)
        elif known.seen is not None:
            ahead, account = known.seen.there(0.0), known.seen.account
        else:
            ahead, account = 0.0, Account(Window(rate, taken=int(time * 1e6)), timeout=UNKNOWN_TIMEOUT)
        settled_at = since + JUMP + account.settled
        alone = account.share_of(less, known.mine, opens_at + ahead, settled_at + ahead)
        if known.part is not None:  # its earlier state is known to those who ask here by its record
            alone = attrs.evolve(
                alone, record=account.record, changes=account.changes, replaces=account.replaces
            )
        ask_again_at = time
        if known.part is not None:
            # What this process did there may have been kept or not, so the part is shut again for some time. Where
            # that happens again and again the store is asked ever more seldom, or the part would never open.
            known.half_heard = min(known.half_heard + 1, MOST_BACKOFFS)
            ask_again_at = opens_at + SILENT * period * BACKOFF**known.half_heard
        return _Part(
            rate=less,
            state=dump(alone),
            first={ticket for ticket in alone.window.slots if ticket > 0},
            made=time,
            ahead=ahead,
            opens_at=opens_at,
            settled_at=settled_at + ahead,
            ask_again_at=ask_again_at,
        )

    def _come_again(self) -> None:
        """See that the store hears of this process also when it has nothing to do there."""
        if self._share is None or self._known.use is None:
            return
        if self._alive is not None:
            self._alive.cancel()
        account, rate = self._known.use

        def start() -> None:
            last = self._report_alive
            if last is not None and not last.done() and last.get_loop() is loop:
                return  # it takes that long, and at its end it sees to the next one
            visit = self.apply(account, rate, _nothing)
            self._report_alive = loop.create_task(visit, name="litmos-limiter-member")

        loop = asyncio.get_running_loop()
        self._alive = loop.call_later(ALIVE_EVERY * rate.period, start)


def _nothing(_account: Account, _now: float) -> None:
    """Change nothing."""
