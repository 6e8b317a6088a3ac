"""The journal of a job for an event loop: a `JournalFile` at work in a thread of its own.

Writing to a disk can take longer than an event loop should stand still.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, Self, TypeVar

from litmos_async.bulk.journal_file import (
    FilePath,
    Fingerprint,
    JournalFile,
    Settled,
    Side,
    Summary,
    UnderWay,
)
from litmos_async.bulk.report import Status

P = ParamSpec("P")
T = TypeVar("T")


class Journal:
    """A `JournalFile` at work in a thread of its own.

    Calls are carried out one after the other, in the order in which they were made. One that is cancelled is
    carried out all the same: an answer that has come is not forgotten because nobody waits for it to be written.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="litmos-journal")
        self._file: JournalFile | None = None

    @classmethod
    async def open(
        cls, path: FilePath, kind: str, fingerprint: Fingerprint, options: Mapping[str, Any]
    ) -> Journal:
        """Begin a journal, or go on with it: see `JournalFile.open`."""
        journal = cls()

        def work() -> None:
            journal._file = JournalFile.open(path, kind, fingerprint, options)

        try:
            await journal._run(work)
        except BaseException:
            # Cancelled while the thread opens the file: the thread's next work is to close it again.
            journal._pool.submit(journal._close)
            journal._pool.shutdown(wait=False)
            raise
        return journal

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Carry out what has been asked for, and close the file; again is no error."""
        if self._file is not None:
            try:
                await self._run(self._close)
            finally:
                self._pool.shutdown(wait=False)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def before(self, side: Side, receiver: str, members: Sequence[str]) -> int:
        """Write down a request that is about to leave: see `JournalFile.before`."""
        return await self._run(self._open_file.before, side, receiver, members)

    async def after(self, request: int, outcomes: Sequence[tuple[str, Status, str]] = ()) -> None:
        """Write down what became of a request: see `JournalFile.after`."""
        await self._run(self._open_file.after, request, outcomes)

    async def record(self, outcomes: Sequence[Settled]) -> None:
        """Write down outcomes that took no request: see `JournalFile.record`."""
        await self._run(self._open_file.record, outcomes)

    async def under_way(self) -> list[UnderWay]:
        """Return the requests that were sent and have no answer: see `JournalFile.under_way`."""
        return await self._run(self._open_file.under_way)

    async def settled(self, *statuses: Status) -> AsyncIterator[Settled]:
        """Yield what became of items: see `JournalFile.settled`."""
        page = await self._run(self._open_file.settled_page, None, *statuses)
        while page:
            for each in page:
                yield each
            page = await self._run(self._open_file.settled_page, page[-1], *statuses)

    async def summary(self) -> Summary:
        """Return how the job stands."""
        return await self._run(self._open_file.summary)

    @property
    def _open_file(self) -> JournalFile:
        if self._file is None:
            raise ValueError("the journal is closed")
        return self._file

    async def _run(self, work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
        """Let the thread do it; the shield keeps what waits for the thread from being cancelled."""
        loop = asyncio.get_running_loop()
        return await asyncio.shield(loop.run_in_executor(self._pool, partial(work, *args, **options)))
