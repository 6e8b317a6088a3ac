"""What the processes of one account share: the window, and who of them holds and waits for its slots.

Pure, like `window.py`: a store loads it, lets one change happen, and saves it, all in one transaction. `transact`
is that change of text into text, the same for every store. A store brings a clock, which may jump; the account
has one of its own on top of it, which does not.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import attrs

from litmos_async.limits.members import SILENT, Member, Members
from litmos_async.limits.rate import Priority, Quota, RateLimit, Share
from litmos_async.limits.window import GUARD, Window

__all__ = ["Account", "ClockReading", "Demand", "dump", "load", "process_name", "transact"]

T = TypeVar("T")

# A process is not told when another one gives back a slot unused, or when a probe is answered there. So one that
# waits looks again after this part of a period, however far off the next slot seems to be.
LOOK_AGAIN: Final = 1 / 10
LOOK_FOR_PROBE: Final = 1 / 60

# How much longer than it said a process may need to come back, before the others take what was left for it.
LATE: Final = 1 / 60

# A store's clock that is further ahead than this was set, or is being pulled to the right time. Ways there and
# back are not mistaken for it, however long; only that clocks run unevenly is: some tenths of a second an hour.
JUMP: Final = 0.1

# How long a request is under way at most, where the record that would tell cannot be read: the client's default.
UNKNOWN_TIMEOUT: Final = 30.0

# After a jump of more periods than this nothing that is saved is believed.
LONG_JUMP: Final = 2


def _new_record() -> str:
    return secrets.token_hex(8)


Waiting: TypeAlias = Mapping[Priority, int]
"""How many callers of a process wait in each lane."""

NO_ONE: Final[Waiting] = {"interactive": 0, "bulk": 0}


@attrs.define
class Demand:
    """How many callers of a process wait in each lane, and until when the others allow for that."""

    interactive: int
    bulk: int
    until: float

    def __getitem__(self, priority: Priority) -> int:
        return self.interactive if priority == "interactive" else self.bulk


@attrs.frozen
class ClockReading:
    """What the clock of a store showed at some moment between asking for it and hearing it, here.

    Attributes:
        shown: The time there.
        asked: When it was asked for, on the clock of this process.
        heard: When the answer was here, on the same clock.
        record: The account's record at that time.
        clock_offset: `Account.clock_offset` at that time.
    """

    shown: float
    asked: float
    heard: float
    record: str = ""
    clock_offset: float = 0.0

    def gained(self, since: ClockReading) -> tuple[float, float]:
        """Return how much further that clock has come than ours since then: at least, and at most."""
        shown = self.shown - since.shown
        return shown - (self.heard - since.asked), shown - (self.asked - since.heard)


@attrs.define
class Account:
    """The window of an account, and how its processes share it.

    Lanes hold across processes: bulk callers leave a slot for each interactive caller anywhere, and interactive
    ones those that bulk work has credit for. Inside a lane every process that waits has an even part of the slots;
    what one does not want is for the others.
    """

    window: Window
    holders: dict[int, str] = attrs.field(factory=dict[int, str])  # the process of each ticket
    demands: dict[str, Demand] = attrs.field(factory=dict[str, Demand])
    paced_until: float = 0.0  # when the bucket of `burst` tokens will be full again
    timeout: float = 0.0  # how long a request is under way at most, by what its processes have said
    members: Members = attrs.field(factory=Members)  # those of its processes that may go on without the store

    # Which record this is, so that its loss is noticed: see `detect_data_loss`.
    record: str = attrs.Factory(_new_record)
    changes: int = 0
    replaces: list[str] = attrs.field(factory=list[str])
    saved: float = 0.0

    # How far the store's clock is ahead of this account's, which goes as time does, and never back. All times
    # of the account are on the latter.
    clock_offset: float = 0.0

    def opens_at(self, now: float, process: str, priority: Priority, waiting: Waiting = NO_ONE) -> float:
        """Return when a process may start its next request.

        Args:
            now: The time.
            process: Which process.
            priority: The lane of the request.
            waiting: Who waits in that process.
        """
        kept_free = self._kept_free(now)
        opens_at = self.window.opens_at(now, priority, self._ahead(now, process, priority) + kept_free)
        if priority == "bulk" and self._interactive_waits(now, process, waiting):
            on_credit = self.window.opens_at(now, "bulk", kept_free, True)
            opens_at = min(opens_at, max(on_credit, self.window.credit_at()))
        pace = self.paced_until - (self.window.rate.burst - 1) * self._pace - GUARD
        return max(pace, opens_at)

    def next_lane(self, now: float, process: str, waiting: Waiting) -> Priority | None:
        """Return the lane whose first caller in a process may start now, or None."""
        if waiting["bulk"] and (not waiting["interactive"] or self.window.bulk_credit(now)):
            bulk = self.opens_at(now, process, "bulk", waiting) <= now
            if bulk or not waiting["interactive"]:
                return "bulk" if bulk else None
        if waiting["interactive"] and self.opens_at(now, process, "interactive") <= now:
            return "interactive"
        return None

    def look_at(self, now: float, process: str, waiting: Waiting) -> float:
        """Return when a process that waits shall look again: when a slot can be free, as far as is known."""
        part = LOOK_FOR_PROBE if self.window.probing else LOOK_AGAIN
        look_at = max(now, self.window.not_before) + part * self.window.rate.period
        others = self._others(now, process)
        for priority in ("interactive", "bulk"):
            if waiting[priority]:
                if others and self._ahead(now, process, priority):
                    look_at = min(look_at, *(one.until for one in others.values()))
                look_at = min(look_at, self.opens_at(now, process, priority, waiting))
        return look_at

    def take(self, now: float, process: str, timeout: float, priority: Priority = "interactive") -> int:
        """Take a slot for a process."""
        ticket = self.window.take(now, timeout, priority)
        self.holders = {one: name for one, name in self.holders.items() if one in self.window.slots}
        self.holders[ticket] = process
        self.paced_until = max(self.paced_until, now) + self._pace
        self.timeout = max(self.timeout, timeout)
        return ticket

    def unused(self, ticket: int, now: float) -> None:
        """Nothing was sent: free the slot at once, and put its token back into the bucket."""
        # A slot that has expired gives nothing back: its token has long been used again.
        if self.window.slots.get(ticket, now) > now:
            self.paced_until -= self._pace
        self.window.unused(ticket, now)

    def demand(self, now: float, process: str, interactive: int, bulk: int, back_at: float) -> None:
        """Note how many callers of a process wait, and when it will be back to look for a slot."""
        self.demands = self._others(now, process)
        if interactive or bulk:
            until = back_at + LATE * self.window.rate.period
            self.demands[process] = Demand(interactive, bulk, until)

    def shares(self, now: float) -> tuple[Share, ...]:
        """Return what each process has, the largest share first."""
        used = self._used(now)
        waiting = {name: one.interactive + one.bulk for name, one in self.demands.items() if one.until > now}
        shares = [Share(name, used[name], waiting.get(name, 0)) for name in {*used, *waiting}]
        return tuple(sorted(shares, key=lambda share: (-share.used, share.process)))

    def detect_data_loss(self, seen: Account, then: float, now: float) -> None:
        """Compare with what a process saw last: the store may have lost what others sent since, or all of it.

        Then none sends until nothing that was sent can count any more: for a period after the longest timeout.
        The first process to notice sees to that for all.

        Args:
            seen: This account as it was then.
            then: What the clock would show now that stood at `seen.saved`.
            now: The time.
        """
        if not seen.window.used(then):  # it is so long ago that nothing of it matters
            return
        if (self.record == seen.record and self.changes > seen.changes) or seen.record in self.replaces:
            return
        self.window.taken = max(self.window.taken, _first_ticket(now))
        self.timeout = max(self.timeout, seen.timeout)
        self.window.assume_full(now, self.timeout)
        self.members.strangers_since = now
        self.replaces = [*self.replaces[-9:], seen.record]
        if self.record == seen.record:
            self.record = _new_record()

    def track_clock(self, last: ClockReading | None, now: ClockReading) -> ClockReading:
        """Notice that the store's clock went faster or slower than time, and keep that out of this account.

        Else a clock that is set to the right time, or pulled there, would free every slot too early. The first
        process to notice sees to that for all: the others know from `clock_offset` what has been seen to. In doubt
        the account's clock is kept behind, for then slots are only kept longer.

        Args:
            last: What the process compares with; None if it has nothing yet.
            now: What it has read now.

        Returns:
            What to compare with next.
        """
        if last is not None:
            known = self.clock_offset - (last.clock_offset if last.record == self.record else 0.0)
            least, most = (gained - known for gained in now.gained(last))
            if least > JUMP:
                self._hold_back(most, now.shown)
            elif not known and most < -JUMP:
                self.clock_offset += most
            elif not known and last.shown - last.asked <= now.shown - now.asked:
                return last  # the oldest reading notices the slowest pull
        return attrs.evolve(now, record=self.record, clock_offset=self.clock_offset)

    def share_of(self, rate: RateLimit, mine: Collection[int], opens_at: float, settled_at: float) -> Account:
        """Return what a process goes on with alone, on the same clock.

        Args:
            rate: Its part of the limit.
            mine: Its slots. Others may have taken those that are free before `opens_at`.
            opens_at: When it may begin.
            settled_at: When nothing counts any more that others had taken before: then it has all of its part.
        """
        slots = self.window.slots
        own = {ticket: slots[ticket] for ticket in mine if slots.get(ticket, 0.0) > opens_at}
        window = attrs.evolve(
            self.window,
            rate=rate,
            # Those that are not its own yet have numbers that no ticket has.
            slots={**own, **{-number: settled_at for number in range(1, rate.requests - len(own) + 1)}},
            # Others go on alone, too, and the tickets are to be told apart when they meet again.
            taken=self.window.taken + secrets.randbelow(2**50),
            base=self.window.base * rate.requests / self.window.rate.requests,
        )
        return Account(window, replaces=[self.record], timeout=self.timeout)

    def merge(self, other: Account, then: float, now: float) -> None:
        """Take over what a process did alone, on a clock that shows `then` now."""
        self.replaces = [*self.replaces[-9:], other.record]
        for ticket, end in other.window.slots.items():
            if ticket > 0 and end > then:
                # Others may have reported meanwhile that the same request can count for longer.
                self.window.slots[ticket] = max(now + end - then, self.window.slots.get(ticket, 0.0))
        self.holders.update(other.holders)
        # What was sent alone was sent before whatever begins now: many rejections of it are one pause.
        self.window.taken = max(self.window.taken, other.window.taken)
        self.window.rejections = max(self.window.rejections, other.window.rejections)
        self.timeout = max(self.timeout, other.timeout)
        pause_ends = now + other.window.not_before - then
        if pause_ends > max(now, self.window.not_before):
            self.window.pause(pause_ends)

    @property
    def settled(self) -> float:
        """How long it takes until nothing counts any more that the processes have sent.

        A slot may be used until it is as old as the longest timeout, and its request be under way as long again.
        """
        period = self.window.rate.period
        return SILENT * period + 2 * (self.timeout or UNKNOWN_TIMEOUT) + period

    def check_in(self, name: str, requests: int, now: float) -> None:
        """Note that a process is here that may go on without the store, with so many requests."""
        if self.changes == 1:  # an empty store, or one that was emptied
            self.members.strangers_since = now
        self.members.check_in(name, requests, now, self.window.rate.period)

    def quota(self, now: float, waiting: int) -> Quota:
        """Return how things stand for all its processes."""
        quota = self.window.quota(now, waiting)
        return attrs.evolve(quota, free=max(0, quota.free - self._kept_free(now)))

    def _kept_free(self, now: float) -> int:
        rate = self.window.rate
        return self.members.kept_free(now, rate.period, self.settled, rate.requests, self.window.slots)

    def _interactive_waits(self, now: float, process: str, waiting: Waiting) -> bool:
        return bool(waiting["interactive"]) or any(
            one.interactive for one in self._others(now, process).values()
        )

    def _hold_back(self, by: float, shown: float) -> None:
        """Let the account's clock show what it would show had the store's not jumped."""
        self.clock_offset += by
        if by > LONG_JUMP * self.window.rate.period:
            # A process that could not know may have come after the jump; what it saved must not last for hours.
            rate, now = self.window.rate, shown - self.clock_offset
            self.window = Window(rate, taken=self.window.taken, rejections=self.window.rejections)
            self.window.assume_full(now, self.timeout)
            self.demands, self.paced_until = {}, now

    @property
    def _pace(self) -> float:
        return self.window.rate.period / self.window.rate.requests

    def _used(self, now: float) -> Counter[str]:
        """Count the slots of each process."""
        slots = self.window.slots
        return Counter(name for ticket, name in self.holders.items() if slots.get(ticket, now) > now)

    def _others(self, now: float, process: str) -> dict[str, Demand]:
        """Return the demands of the other processes."""
        return {name: one for name, one in self.demands.items() if name != process and one.until > now}

    def _ahead(self, now: float, process: str, priority: Priority) -> int:
        """Count the slots that a process has to leave for others which wait, too."""
        waiting = self._others(now, process)
        if priority == "bulk":
            ahead = sum(one.interactive for one in waiting.values())
        else:
            ahead = min(sum(one.bulk for one in waiting.values()), self.window.bulk_credit(now))
        rivals = {name: one[priority] for name, one in waiting.items() if one[priority]}
        if rivals:
            used = self._used(now)
            part = self.window.budget(now) / (len(rivals) + 1)
            if used[process] >= part:
                ahead += sum(max(0, min(count, round(part) - used[name])) for name, count in rivals.items())
        return ahead


def process_name() -> str:
    """Return the name of this process, as people see it in `Usage`."""
    return f"{socket.gethostname()}:{os.getpid()}"


def transact(
    text: str | None, rate: RateLimit, shown: float, change: Callable[[Account, float], T]
) -> tuple[T, str]:
    """Let a change happen to a saved account; return its result and what is to be saved.

    Args:
        text: What was saved, or None.
        rate: The limit to keep.
        shown: What the clock of the store shows.
        change: What to do. It may be called again on the account as another process has left it.
    """
    account = load(text, rate, shown) if text else _new(rate, shown)
    # If the store's clock was set back, or began anew with the machine, the account's goes on from here. All its
    # slots are freed by expiry at the latest, so it does no harm that it stood still meanwhile.
    account.clock_offset = min(account.clock_offset, shown - account.saved)
    account.changes += 1
    account.members.pass_time(account.saved, shown - account.clock_offset, rate.period)
    result = change(account, shown - account.clock_offset)
    account.saved = shown - account.clock_offset
    return result, dump(account)


def dump(account: Account) -> str:
    """Return what `load` understands."""
    return json.dumps(
        {
            **attrs.asdict(account, recurse=False),
            "window": attrs.asdict(
                account.window, recurse=False, filter=lambda field, _: field.name != "rate"
            ),
            "demands": {name: attrs.astuple(one) for name, one in account.demands.items()},
            "members": attrs.asdict(account.members),
        },
        separators=(",", ":"),
    )


def load(text: str, rate: RateLimit, now: float) -> Account:
    """Return a saved account."""
    try:
        state: dict[str, Any] = json.loads(text)
        window = state.pop("window")
        slots = {int(ticket): end for ticket, end in window.pop("slots").items()}
        members = state.pop("members")
        known = {name: Member(**one) for name, one in members.pop("by_name").items()}
        return Account(
            Window(rate, slots, **window),
            {int(ticket): name for ticket, name in state.pop("holders").items()},
            {name: Demand(*one) for name, one in state.pop("demands").items()},
            members=Members(known, **members),
            **state,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        # Damaged, or of another version of this library. What it held may still count.
        account = _new(rate, now)
        account.window.assume_full(now, UNKNOWN_TIMEOUT)
        return account


def _new(rate: RateLimit, now: float) -> Account:
    return Account(Window(rate, taken=_first_ticket(now)))


def _first_ticket(now: float) -> int:
    """Return a number above all tickets of an earlier record: no account takes a million a second."""
    return int(now * 1e6)
