"""Processes that may go on without the store, and what the others keep free for them.

A process with `on_outage="local"` is a member of the account: it comes to the store every now and then, also when
it has nothing to do there. One that stays away may be cut off and be using its part of the limit by itself, unseen.
Two rules, one for each side, keep the sum below the limit, whether the store is away for all or for some:

- The others keep the member's part free, or as much of it as its known slots do not take, from `SILENT` periods
  after its last visit on. They do so until it has come back, with its slots, or is taken for dead.
- The member sends nothing until that time has come. Then it uses its own slots again as they cool down, which no
  other process could take in between. The rest of its part it uses when all that others had taken before is over.

Times are on the account's clock, or on the loop's where it says so; lengths are in periods.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

import attrs

__all__ = ["ALIVE_EVERY", "MEMBERSHIP", "SILENT", "Member", "Members"]

SILENT: Final = 1 / 6
ALIVE_EVERY: Final = 1 / 15

# A member that has not come for so long, while others did, is taken for dead. One that is cut off for longer while
# others are not can pass the limit by its part.
MEMBERSHIP: Final = 5.0


@attrs.define
class Member:
    """A process with a part of its own.

    Attributes:
        requests: How many slots it may use when it is cut off.
        seen: When it came last.
        since: When it came first.
        until: When it is taken for dead.
        tickets: Its slots, as of its last visit.
    """

    requests: int
    seen: float
    since: float
    until: float
    tickets: list[int] = attrs.field(factory=list[int])


@attrs.define
class Members:
    """The members of an account.

    Attributes:
        by_name: Each of them.
        strangers_since: When the record began, or was lost: for some time it may not know all.
    """

    by_name: dict[str, Member] = attrs.field(factory=dict[str, Member])
    strangers_since: float = -math.inf

    def check_in(self, name: str, requests: int, now: float, period: float) -> None:
        """Note that a member is here."""
        known = self.by_name.get(name)
        since, tickets = (known.since, known.tickets) if known else (now, [])
        self.by_name[name] = Member(requests, now, since, now + MEMBERSHIP * period, tickets)

    def leave(self, name: str) -> None:
        """Note that a member has ended."""
        self.by_name.pop(name, None)

    def pass_time(self, then: float, now: float, period: float) -> None:
        """Forget the dead. Time in which no process came says nothing: perhaps none could."""
        away = now - then if now - then > SILENT * period else 0.0
        for member in self.by_name.values():
            member.until += away
        self.by_name = {name: one for name, one in self.by_name.items() if one.until > now}

    def kept_free(
        self, now: float, period: float, settled: float, limit: int, slots: Mapping[int, float]
    ) -> int:
        """Return how many slots are left for members that may be cut off.

        Args:
            now: The time.
            period: Length of the window.
            settled: How long it takes until nothing counts that a process sent before.
            limit: All slots.
            slots: Those that are taken, and until when.
        """
        if not self.by_name:
            return 0
        silent = [one for one in self.by_name.values() if one.seen + SILENT * period < now]
        here = [one for one in self.by_name.values() if one.seen + SILENT * period >= now]
        if now < self.strangers_since + settled:
            return max(0, limit - sum(one.requests for one in here))
        # All that live have no more than the limit together. So where those that are here have all of it, the
        # silent ones are dead; but what they sent counts until those who replaced them have been here for long.
        most = limit - sum(one.requests for one in here if one.since + settled <= now)
        theirs = [
            max(0, one.requests - sum(slots.get(ticket, now) > now for ticket in one.tickets))
            for one in silent
        ]
        return max(0, min(sum(theirs), most))
