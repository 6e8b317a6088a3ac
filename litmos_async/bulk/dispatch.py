"""One request on its way, as far as others have to know of it: the journal, and the job that asks what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from attrs import define, field

from litmos_async.bulk.fingerprint import Key
from litmos_async.bulk.journal import Journal
from litmos_async.bulk.journal_file import Settled


class NotSent(Exception):
    """The job was stopped before a request left."""


@define
class Dispatch:
    """A request that changes something: noted before it leaves, and when it is known what became of it.

    Attributes:
        journal: Where it is written down, or None.
        items: What it carries.
        may_leave: Tells whether it may still leave when it has a slot, for which it may have waited a minute.
        on_leaving: Called when its first attempt is about to leave.
        sent_at: When its last attempt left, on the clock of the loop.
    """

    journal: Journal | None
    items: Sequence[Key]
    may_leave: Callable[[], bool]
    on_leaving: Callable[[], None]
    sent_at: float = field(default=0.0, init=False)
    _request: int | None = field(default=None, init=False)

    async def leaves(self, attempt: int, note: str = "") -> None:
        """An attempt has a slot, and nothing of it has left yet.

        Args:
            attempt: Its number, from 1.
            note: What the next run must know to find it again; no names.

        Raises:
            NotSent: It may not leave any more.
        """
        if attempt == 1 and not self.may_leave():
            raise NotSent
        if self.journal is not None:
            if self._request is None:
                self._request = await self.journal.before(self.items, note)
            else:
                await self.journal.again(self._request)
                await self.learn(note)
        if attempt == 1:
            self.on_leaving()
        self.sent_at = asyncio.get_running_loop().time()

    async def learn(self, note: str) -> None:
        """More is known of it."""
        if note and self.journal is not None and self._request is not None:
            await self.journal.note(self._request, note)

    async def ends(self, outcomes: Iterable[Settled] = ()) -> None:
        """It has an answer, or was never sent, and this became of its items.

        What it carried and what became of that are one transaction: no answered write is sent again.
        """
        if self.journal is None:
            return
        if self._request is not None:
            await self.journal.after(self._request, list(outcomes))
        else:
            await self.journal.record(outcomes)
