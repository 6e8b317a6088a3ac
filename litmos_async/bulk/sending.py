"""One request of a job over pairs on its way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

from litmos_async.bulk.calls import Call
from litmos_async.bulk.job import Connect, settled
from litmos_async.bulk.journal import Journal
from litmos_async.bulk.kinds import Kind
from litmos_async.bulk.pairs import PairTable, State
from litmos_async.bulk.report import Outcome


class Sending:
    """One request on its way: noted in the journal before it leaves, and after its answer.

    Attributes:
        sent_at: When its last attempt left, on the clock of the loop.
    """

    def __init__(self, kind: Kind, table: PairTable | None, journal: Journal | None) -> None:
        self.sent_at = 0.0
        self._kind = kind
        self._table = table
        self._journal = journal
        self._number: int | None = None

    async def send(self, call: Call, connect: Connect) -> None:
        """Send it once there is a slot."""

        async def before(attempt: int) -> None:
            await self.before(call.pairs(), attempt)

        await self._kind.ends[call.end].send(connect(before), call.receiver, call.members)

    async def before(self, pairs: Sequence[tuple[str, str]], attempt: int, note: str = "") -> None:
        """Note that pairs are about to leave."""
        if self._journal is not None:
            if self._number is None:
                self._number = await self._journal.before(pairs, note)
            else:
                await self._journal.again(self._number)
        if self._table is not None and attempt == 1:
            for pair in pairs:
                self._table.set(*pair, State.UNDER_WAY)
        self.sent_at = asyncio.get_running_loop().time()

    async def learn(self, note: str) -> None:
        """Note what has become known of it."""
        if self._journal is not None and self._number is not None:
            await self._journal.note(self._number, note)

    async def note(self, outcomes: Iterable[Outcome]) -> None:
        """Note what became of it."""
        if self._journal is not None and self._number is not None:
            await self._journal.after(self._number, [settled(each.item, each) for each in outcomes])
