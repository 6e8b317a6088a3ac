"""The journal of a job for an event loop: a `JournalFile` at work in a thread of its own.

Writing to a disk can take longer than an event loop should stand still.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Final, ParamSpec, Self, TypeVar
from weakref import WeakValueDictionary

from attrs import field, frozen

from litmos_async.bulk.journal.file import (
    FINAL,
    FilePath,
    JournalFile,
    Settled,
    Summary,
    UnderWay,
    resolved,
)
from litmos_async.bulk.journal.keys import Fingerprint, Key
from litmos_async.bulk.results import Status
from litmos_async.errors import ConfigurationError

logger = logging.getLogger("litmos_async")

P = ParamSpec("P")
T = TypeVar("T")

WAITS_FOR_EARLIER: Final = "waits_for_earlier_requests"
"""The `event` of the log record about that wait; its `requests` and `seconds` are numbers."""

_AT_ONCE: Final = 10_000
"""Outcomes in one transaction."""


@frozen
class Past:
    """What earlier runs left in a journal.

    Attributes:
        settled: The outcomes of items: "done", "skipped" or "unknown". What failed is left out: it is tried again.
        under_way: Requests that were sent and have no answer. None of them can arrive any more.
    """

    settled: Mapping[Key, Status] = field(factory=dict[Key, Status])
    under_way: Sequence[UnderWay] = ()

    @property
    def doubtful(self) -> set[Key]:
        """Items of which it is not known whether they were carried out."""
        unknown = {key for key, status in self.settled.items() if status == "unknown"}
        return unknown.union(*(request.items for request in self.under_way))


class JournalBroken(Exception):
    """The journal cannot be read or written.

    Not a `LitmosError`: it is raised in the middle of requests, and is not about one of them.
    """


class Journal:
    """A `JournalFile` at work in a thread of its own.

    Calls are carried out one after the other, in the order in which they were made. One that is cancelled is
    carried out all the same: an answer that has come is written although nothing waits for that any more.
    """

    leaving: bool = False
    """Whether the job that has it was left, and is about to close it."""

    _open: ClassVar[WeakValueDictionary[Path, Journal]] = WeakValueDictionary()
    """The journals that jobs of this process have open."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()
        self.loop = asyncio.get_running_loop()
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="litmos-journal")
        self._file: JournalFile | None = None

    @classmethod
    async def open(
        cls, path: FilePath, kind: str, fingerprint: Fingerprint, options: Mapping[str, Any]
    ) -> Journal:
        """Begin a journal, or go on with it: see `JournalFile.open`.

        Where another job has it that was left, this waits until that job has let go of it, or closes it where
        the loop of that job no longer runs.
        """
        file = resolved(path)
        await cls._until_left(file)
        journal = cls()

        def work() -> None:
            journal._file = JournalFile.open(file, kind, fingerprint, options)

        try:
            await journal._run(work)
        except BaseException:
            # Cancelled while the thread opens the file: the thread's next work is to close it again.
            journal._pool.submit(journal._close)
            journal._pool.shutdown(wait=False)
            raise
        cls._open[file] = journal
        return journal

    @classmethod
    async def _until_left(cls, file: Path) -> None:
        holder = cls._open.get(file)
        if holder is None or not holder.leaving:
            return
        if holder.loop is asyncio.get_running_loop():
            await holder.closed.wait()
        elif not holder.loop.is_running():
            # Closed, or stopped perhaps for good: its job cannot close the file.
            await holder.close_from_another_loop()

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
        self.closed.set()

    async def close_from_another_loop(self) -> None:
        """Carry out what has been asked for, and close the file. What is written to it afterwards is an error."""
        if self._file is not None:
            with suppress(
                RuntimeError
            ):  # the job, or another one that wants the file, has closed it meanwhile
                await self._run(self._close)
            self._pool.shutdown(wait=False)

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    async def before(self, items: Sequence[Key], note: str = "") -> int:
        """Write down a request that is about to leave: see `JournalFile.before`."""
        return await self._run(self._open_file.before, items, note)

    async def again(self, request: int) -> None:
        """Write down that a request leaves once more: see `JournalFile.again`."""
        await self._run(self._open_file.again, request)

    async def note(self, request: int, text: str) -> None:
        """Write down what has become known of a request: see `JournalFile.note`."""
        await self._run(self._open_file.note, request, text)

    async def after(self, request: int, outcomes: Sequence[Settled] = ()) -> None:
        """Write down the outcome of a request: see `JournalFile.after`."""
        await self._run(self._open_file.after, request, outcomes)

    async def record(self, outcomes: Iterable[Settled]) -> None:
        """Write down outcomes that took no request, some at a time: see `JournalFile.record`."""
        rest = iter(outcomes)
        while some := list(islice(rest, _AT_ONCE)):
            await self._run(self._open_file.record, some)

    async def expect(self, items: int) -> None:
        """Write down how many items there are: see `JournalFile.expect`."""
        await self._run(self._open_file.expect, items)

    async def learned(self, name: str) -> str:
        """Return what `learn` has written down: see `JournalFile.learned`."""
        return await self._run(self._open_file.learned, name)

    async def learn(self, name: str, text: str) -> None:
        """Write down something that the next run is to know, too: see `JournalFile.learn`."""
        await self._run(self._open_file.learn, name, text)

    async def under_way(self, timeout: float) -> list[UnderWay]:  # noqa: ASYNC109 - of requests, not of this call
        """Return the requests that were sent and have no answer, once none of them can arrive any more.

        What a killed process had sent may reach the server after its death: who reads at once may find no effect
        of it and send it a second time.

        Args:
            timeout: For how many seconds after it was sent a request may arrive.
        """
        requests = await self._run(self._open_file.under_way)
        # The clock of the machine may have been set since: never longer than from now.
        left = min(max((each.sent for each in requests), default=0.0) + timeout - time.time(), timeout)
        if requests and left > 0:
            logger.info(
                "%d requests of an earlier run may still arrive: %.1f s",
                len(requests),
                left,
                extra={"event": WAITS_FOR_EARLIER, "requests": len(requests), "seconds": left},
            )
            await asyncio.sleep(left)
        return requests

    async def settled(self, *statuses: Status) -> AsyncIterator[Settled]:
        """Yield the outcomes of items: see `JournalFile.settled`."""
        page = await self._run(self._open_file.settled_page, None, *statuses)
        while page:
            for each in page:
                yield each
            page = await self._run(self._open_file.settled_page, page[-1], *statuses)

    async def past(self, timeout: float) -> Past:  # noqa: ASYNC109 - as for `under_way`
        """Return all that the next run has to know; for jobs whose items fit into memory."""
        under_way = await self.under_way(timeout)
        settled: dict[Key, Status] = {}
        async for each in self.settled(*FINAL, "unknown"):
            settled[each.first, each.second] = each.status
        return Past(settled, under_way)

    async def go_on(
        self,
        past: Past,
        known: Mapping[Key, Settled],
        *,
        items: int,
        still_under_way: Collection[int] = (),
    ) -> None:
        """Write down all that is known before anything new is sent; for jobs whose items fit into memory.

        Args:
            past: What `past` has returned.
            known: The outcomes that are known by now.
            items: How many items the job has.
            still_under_way: Requests of earlier runs whose outcome is still open.
        """
        for request in past.under_way:
            if request.id not in still_under_way:
                await self.after(request.id, [known[key] for key in request.items if key in known])
        await self.record(each for key, each in known.items() if past.settled.get(key) != each.status)
        await self.expect(items)

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
        done: asyncio.Future[T] = loop.run_in_executor(
            self._pool, partial(_explained, work, *args, **options)
        )
        # Where nothing waits for it any more, since the job has ended, its failure is not an unretrieved one.
        done.add_done_callback(lambda done: done.cancelled() or done.exception())
        return await asyncio.shield(done)


def _explained(work: Callable[P, T], *args: P.args, **options: P.kwargs) -> T:
    """Do the work; a disk that is full and a file that was damaged raise an error that says so.

    Raises:
        JournalBroken: The file cannot be read or written.
    """
    try:
        return work(*args, **options)
    except ConfigurationError:
        raise
    except (sqlite3.Error, OSError) as problem:
        raise JournalBroken(f"the journal cannot be used any more: {problem}") from problem
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        # What should be there is missing, or is of another type.
        raise JournalBroken(f"the journal is damaged: {type(problem).__name__}") from problem
