"""What a journal says of a bulk import: enough to find it again at the server after the process has died."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence

from attrs import define, field, frozen

from litmos_async.bulk.fingerprint import Key
from litmos_async.bulk.journal import Journal
from litmos_async.bulk.journal_file import Settled


@frozen
class Trace:
    """What is known of an import that was sent.

    Attributes:
        rows: How many rows it has.
        known: Ids of imports that were there before: it is none of them.
        id: Its own id, once the server has said it.
    """

    rows: int
    known: frozenset[str] = frozenset()
    id: str = ""

    def to_text(self) -> str:
        """Return it for a journal."""
        found = {"id": self.id} if self.id else {"known": sorted(self.known)}
        return json.dumps({"rows": self.rows, **found})

    @classmethod
    def of(cls, text: str) -> Trace:
        """Return what `to_text` has written down."""
        found = json.loads(text)
        return cls(found["rows"], frozenset(found.get("known", ())), found.get("id", ""))


@define
class ImportLog:
    """Follows one import on its way, and writes it down where there is a journal.

    Attributes:
        journal: Where it is written down, or None.
        items: What it carries.
        leaves: Called when it is about to leave.
    """

    journal: Journal | None
    items: Sequence[Key]
    leaves: Callable[[], None]
    _request: int | None = field(default=None, init=False)

    async def before(self, trace: Trace) -> None:
        """It has a slot and nothing of it has left yet; called again for each further attempt."""
        if self.journal is not None:
            if self._request is None:
                self._request = await self.journal.before(self.items, trace.to_text())
            else:
                await self.journal.again(self._request)
                await self.learn(trace)
        self.leaves()

    async def learn(self, trace: Trace) -> None:
        """More is known of it, such as its id."""
        if self.journal is not None and self._request is not None:
            await self.journal.note(self._request, trace.to_text())

    async def note(self, outcomes: Iterable[Settled]) -> None:
        """It is over, or was never sent, and this became of its items."""
        if self.journal is None:
            return
        if self._request is None:
            await self.journal.record(outcomes)
        else:
            await self.journal.after(self._request, list(outcomes))
