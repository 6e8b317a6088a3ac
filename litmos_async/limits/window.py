"""The lease rule, as a state machine: no clock, no I/O, no asyncio.

The server counts a request at some moment between its sending and its answer. Only the end of that span is
known to be late enough, so a slot is taken before the request leaves and is freed one `period` after its
answer arrived. Then no latency, jitter or reordering puts one request too many into a window of the server.

Every method takes `now`. The state is plain numbers, so the same rule runs on state that is kept in this object,
in a file or in a database: `account.py` saves and loads it.
"""

from __future__ import annotations

import math
from typing import Final

import attrs

from litmos_async.limits.rate import Priority, Quota, RateLimit

__all__ = ["Window"]

# A server may count both ends of its window, and sums of floats round. One millisecond covers both and costs
# a hundredth of a percent.
GUARD: Final = 0.001

# A proxy's "come back tomorrow" must not stop a job until then.
LONGEST_RETRY_AFTER: Final = 300.0

# Without a word from the server: 1, 2, 4 ... 60 seconds.
LONGEST_BACKOFF: Final = 60.0

# The budget shrinks by a factor and grows by a step, as in TCP: several clients that do so on one account
# come to share it evenly.
SHRINK: Final = 0.7
PERIODS_TO_GROW: Final = 20


@attrs.define
class Window:
    """Which slots are taken, until when none may be taken, and how much of the limit is ours.

    `opens_at` tells when the next request may start, `take` starts it and gives it a ticket, and one of
    `unused`, `answered`, `lost` and `rejected` ends it. Tickets are numbered in the order of taking.
    """

    rate: RateLimit

    # The slots: the ticket of each, and when it is freed if nothing else is heard of it. For a request under way
    # that is when its holder must have died, or never, where holder and window can only die together.
    slots: dict[int, float] = attrs.field(factory=dict[int, float])
    taken: int = 0  # the last ticket

    # The pause. It is a time and not a flag: no one has to reopen it, or can reopen it too early.
    not_before: float = 0.0
    last_ticket_before_pause: int = 0
    consecutive_rejections: int = 0  # pauses without a quiet period between them
    rejections: int = 0

    # After the pause: first one request as a probe, then the others, spread out.
    probing: bool = False
    probe: int = 0  # the ticket that went as the probe
    probe_due: float = 0.0  # a probe that is still out at this time no longer holds up the others
    spread_until: float = 0.0
    next_start: float = 0.0

    # What bulk callers may take before interactive ones that wait: it grows from here, see `bulk_credit`. Until
    # the first slot is taken there is nothing to share.
    credit_from: float = math.inf

    # What was ours at the end of the last pause; it grows with time from there.
    base: float = attrs.Factory(lambda self: float(self.rate.requests), takes_self=True)

    @property
    def held(self) -> int:
        """How many slots only a report can free; none, where a holder may die and its slots expire."""
        return sum(end == math.inf for end in self.slots.values())

    def used(self, now: float) -> int:
        """Count the slots that are taken."""
        return sum(end > now for end in self.slots.values())

    def budget(self, now: float) -> float:
        """Return how many slots are ours at present."""
        grown = (now - self.not_before) / self.rate.period * self.rate.requests / PERIODS_TO_GROW
        return min(self.rate.requests, self.base + max(0.0, grown))

    def bulk_credit(self, now: float) -> int:
        """Return how many slots bulk callers may take before interactive ones that wait.

        A bucket that `bulk_share` of the limit flows into in each period and that holds no more than that: so bulk
        work goes on, slowly, while interactive calls could use every slot.
        """
        bulk_share = self.rate.bulk_share * self.rate.requests
        grown = bulk_share * (now - self.credit_from) / self.rate.period
        return int(min(max(grown, 0.0) + GUARD, max(bulk_share, 1.0))) if bulk_share else 0

    def credit_at(self) -> float:
        """Return when bulk callers may take a slot before interactive ones; infinity if they never may."""
        return self.credit_from + self._credit_costs

    def opens_at(
        self, now: float, priority: Priority = "interactive", ahead: int = 0, on_credit: bool = False
    ) -> float:
        """Return when the next request may start, `now` or later; infinity if that depends on an answer.

        Args:
            now: The time.
            priority: The lane of the request. Bulk work leaves the reserve alone.
            ahead: How many slots must be left for others besides.
            on_credit: Interactive callers use the reserve and all the rest, and the request takes a slot that
                bulk work has credit for.
        """
        gate = max(now, self.not_before, self.next_start, self.probe_due if self.probing else 0.0)
        reserve = self.rate.reserve if priority == "bulk" and not on_credit else 0
        return max(gate, self._slot_at(ahead + reserve))

    def take(self, now: float, timeout: float = math.inf, priority: Priority = "interactive") -> int:
        """Take a slot, once `opens_at` says that it is time, and return the ticket for it.

        If no one reports back, the request reached the server within `timeout` or never.
        """
        self.slots = {ticket: end for ticket, end in self.slots.items() if end > now}
        self.taken += 1
        if self.credit_from == math.inf:
            self.credit_from = now
        if priority == "bulk" and self.rate.bulk_share:
            costs = self._credit_costs
            full = max(self.rate.bulk_share * self.rate.requests, 1.0) * costs
            # Bulk work that had its share of this window has no credit before the next one: `reserve` holds.
            self.credit_from = min(now + self.rate.period, max(self.credit_from, now - full) + costs)
        self._cool(self.taken, now + timeout)
        if self.probing:
            # A probe whose holder never reports back must not shut the gate for good: this is a time, too.
            self.probe, self.probe_due = self.taken, now + self.rate.period
        if self.probing or now < self.spread_until:
            self.next_start = now + self.rate.period / self.budget(now)
        return self.taken

    def unused(self, ticket: int, now: float) -> None:
        """Nothing was sent: free the slot at once."""
        self.slots.pop(ticket, None)
        self._probe_failed(ticket)
        if ticket == self.taken:  # the last start did not take place, so none need keep a distance from it
            self.next_start = min(self.next_start, now)

    def answered(self, ticket: int, now: float) -> None:
        """An answer came: free the slot a period from now; after a pause, let the others follow."""
        self._cool(ticket, now)
        if self.probing and ticket > self.last_ticket_before_pause:
            self.probing = False
            self.spread_until = now + self.rate.period

    def lost(self, ticket: int, now: float, timeout: float) -> None:
        """No answer came: the request may reach the server until `timeout` from now, and counts from then."""
        self._cool(ticket, now + max(0.0, timeout))
        self._probe_failed(ticket)

    def rejected(self, ticket: int, now: float, retry_after: float | None, jitter: float) -> bool:
        """The server said no: pause all; return whether another party must have used the account.

        `jitter` is a random number from 0 to 1. Of 100 requests under way all may be rejected for the same reason.
        What was sent before the pause began is one rejection with it: only a `retry_after` that says more than is
        known already makes the pause longer.
        """
        self.rejections += 1
        budget = self.budget(now)
        new_pause = ticket > self.last_ticket_before_pause
        if new_pause:
            quiet = not self.probing and now >= self.spread_until
            self.consecutive_rejections = 1 if quiet else self.consecutive_rejections + 1
        # Rejected although our own window was not full: not our doing.
        others = new_pause and self.used(now) < self.rate.requests
        if others:
            budget = max(1.0, budget * SHRINK)
        self._cool(ticket, now)

        if retry_after is not None:
            until = now + min(max(0.0, retry_after), LONGEST_RETRY_AFTER)
        elif new_pause:
            # The exponent is bounded because the power is computed before it is cut.
            until = now + min(2.0 ** min(self.consecutive_rejections - 1, 10), LONGEST_BACKOFF) * (
                1 + jitter / 4
            )
        else:
            return others
        if new_pause or until > self.not_before:
            self.base = budget
            self.pause(until)
        return others

    def pause(self, until: float) -> None:
        """Let none start until then, and one request go first after it."""
        self.not_before = max(self.not_before, until)
        self.last_ticket_before_pause = self.taken
        self.probing, self.probe_due = True, 0.0

    def rebased(self, then: float, now: float, timeout: float) -> Window:
        """Return this state for another clock, which shows `now` where the old one showed `then`.

        No one may be left to report on the requests that were under way, which reach the server within
        `timeout` or never, and the old clock may have stood still for a while. So every slot is kept for a whole
        period at least.
        """
        whole = self.rate.period + GUARD
        left = {ticket: end - then for ticket, end in self.slots.items() if end > then}
        return attrs.evolve(
            self,
            slots={
                ticket: now + (max(whole, seconds) if seconds < math.inf else timeout + whole)
                for ticket, seconds in left.items()
            },
            not_before=now + max(0.0, self.not_before - then),
            probe_due=0.0,
            spread_until=now + max(0.0, self.spread_until - then),
            next_start=now + max(0.0, self.next_start - then),
            credit_from=now + self.credit_from - then,
            base=self.budget(then),
        )

    def assume_full(self, now: float, timeout: float) -> None:
        """The record of the slots was lost: the server may count as many as it allows, so take them all.

        Some of those requests may be under way still: they reach the server within `timeout` or never. A slot that
        is known, from an old copy, may have been given back since and used for one of them, so it is kept as long.
        """
        late = now + timeout + self.rate.period + GUARD
        self.slots = {ticket: max(end, late) for ticket, end in self.slots.items() if end > now}
        for _ in range(self.rate.requests - self.used(now)):
            self.taken += 1
            self._cool(self.taken, now + timeout)

    def quota(self, now: float, waiting: int) -> Quota:
        """Return what of the window is used, and what is free."""
        used, budget = self.used(now), int(self.budget(now))
        opens_in = self.opens_at(now) - now
        return Quota(
            used=used,
            free=max(0, budget - used),
            next_free_in=opens_in if opens_in < math.inf else self.rate.period,
            waiting=waiting,
            rejected=self.rejections,
            limit=self.rate.requests,
            period=self.rate.period,
            budget=budget,
            paused_for=max(0.0, self.not_before - now),
        )

    @property
    def _credit_costs(self) -> float:
        """How long it takes until bulk work has credit for one slot."""
        bulk_share = self.rate.bulk_share * self.rate.requests
        return self.rate.period / bulk_share if bulk_share else math.inf

    def _cool(self, ticket: int, counted_by: float) -> None:
        """Free a slot a period after the last moment at which the server may count its request."""
        self.slots[ticket] = counted_by + self.rate.period + GUARD

    def _probe_failed(self, ticket: int) -> None:
        """Let the next request be the probe, if this one was, for it has told nothing."""
        if ticket == self.probe:
            self.probe_due = 0.0

    def _slot_at(self, reserve: int) -> float:
        """Return when a slot is free and leaves `reserve` others free; infinity if only an answer can tell.

        Two things make room as time goes by: slots cool down and the budget grows. When the first `n` slots
        have cooled down, the budget must have grown to hold the rest, the newcomer and the reserve.
        """
        rest = len(self.slots) + 1 + reserve
        opens_at = math.inf
        for n, end in enumerate([0.0, *sorted(self.slots.values())]):
            opens_at = min(opens_at, max(end, self._grown_to(rest - n)))
            if end >= opens_at:
                break  # the others cool down later still
        return opens_at

    def _grown_to(self, slots: int) -> float:
        """Return when the budget holds that many slots."""
        if slots <= self.base:
            return 0.0
        if slots > self.rate.requests:
            return math.inf
        return self.not_before + (slots - self.base) / self.rate.requests * PERIODS_TO_GROW * self.rate.period
