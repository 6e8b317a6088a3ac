"""`import_users`: people created or changed, 2,000 in a request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias

import attrs
from attrs import define

from litmos_async.bulk.inputs import in_order
from litmos_async.bulk.items.item_job import GivenJob
from litmos_async.bulk.items.work_item import Task
from litmos_async.bulk.job import Connect, Options, settled
from litmos_async.bulk.journal.keys import Key, nameless
from litmos_async.bulk.results import Outcome
from litmos_async.bulk.server_import import (
    Importer,
    ImportNotFinished,
    RowResult,
    Trace,
    check,
    cut,
)
from litmos_async.bulk.write import JournaledWrite, NotSent
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits import Limiter
from litmos_async.models import UserImport
from litmos_async.names import fold
from litmos_async.resources.base import identified

ImportRow: TypeAlias = UserImport | Mapping[str, Any]
"""A row of an import: a record, or a mapping from its attributes (`username`, `first_name`) to their values."""

ImportRows: TypeAlias = Iterable[ImportRow] | AsyncIterable[ImportRow]

POST = "POST /bulkimports"

_BREATH = 100
"""Rows after which the event loop goes on: each is encoded once, to be measured."""

NOTIFIES = "the import turns message notifications on for everyone it touches"


@define
class RowTask(Task):
    """A row, and the bytes that it takes."""

    row: UserImport | None = None
    size: int = 0


class ImportUsersJob(GivenJob):
    """Imports of many rows, one after another."""

    item_name = "user_name"

    def __init__(
        self, rows: ImportRows, importer: Importer, limiter: Limiter, connect: Connect, options: Options
    ) -> None:
        super().__init__(
            "import_users",
            "users",
            limiter,
            connect,
            options,
            tasks=_each_row(rows),
            mails=importer.send_message,
            agreed={"send_message": importer.send_message, "skip_first_login": importer.skip_first_login},
        )
        self._importer = importer
        self._late = ""

    def _requests(self, waiting: list[Task]) -> Counter[str]:
        return Counter({POST: sum(1 for _ in _parts(waiting))})

    def _notes(self, tasks: list[Task]) -> tuple[str, ...]:  # noqa: ARG002 - holds for all of them
        return (f"{NOTIFIES}; the server works in its own time, and is asked now and then how far it is",)

    async def _settle_doubtful(self, tasks: Mapping[Key, Task]) -> None:
        """Follow the imports that an earlier run had handed in. A row that is still unknown goes in once more."""
        for request in self._past.under_way:
            part = [task for entry in request.items if isinstance(task := tasks.get(entry), RowTask)]
            try:
                verdicts = await self._importer.go_on(Trace.of(request.note), _rows(part), self._litmos)
            except ImportNotFinished as late:
                # It stays under way in the journal: the next run goes on with it.
                self._late = str(late)
                verdicts = [RowResult("unknown", None, self._late)] * len(part)
            for task, verdict in zip(part, verdicts or (), strict=False):
                task.settle(verdict.status, verdict.problem, verdict.reason, 1)
            if not self._late:
                await self._note(request.id, part)

    async def _do(self, waiting: list[Task]) -> AsyncGenerator[Outcome, None]:
        for part in self._unless_stopped(_parts(waiting)):
            if self._late:
                self._report.stopped = self._late
                return
            async with aclosing(self._import(part)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _import(self, part: list[RowTask]) -> AsyncGenerator[Outcome, None]:
        def leaves() -> None:
            for task in part:
                task.mark_sent()

        write = JournaledWrite(
            self._journal,
            [task.entry for task in part],
            stop=self._stop,
            on_leaving=leaves,
        )
        try:
            verdicts = await self._importer.carry_out(
                _rows(part), write, self._litmos, answered=self._answered, again=self._expect_again
            )
        except NotSent:
            return
        except ImportNotFinished as late:
            self._late = self._report.stopped = str(late)
            for task in part:
                yield task.settle("unknown", None, self._late, 1)
            return
        except LitmosError:
            await write.settle()  # it was refused, and stops the job
            raise
        outcomes = [
            task.settle(verdict.status, verdict.problem, verdict.reason, 1)
            for task, verdict in zip(part, verdicts, strict=True)
        ]
        await write.settle(settled(task.entry, outcome) for task, outcome in zip(part, outcomes, strict=True))
        for outcome in outcomes:
            yield outcome


def _rows(part: Iterable[RowTask]) -> list[UserImport]:
    return [task.row for task in part if task.row is not None]


def _parts(tasks: Iterable[Task]) -> Iterator[list[RowTask]]:
    return cut((task, task.size) for task in tasks if isinstance(task, RowTask))


async def _each_row(rows: ImportRows) -> AsyncIterator[Task]:
    """Yield a task for each row.

    Raises:
        ConfigurationError: Something is no row; the message says which one it was.
    """
    count = 0
    async for given in in_order(rows):
        count += 1
        try:
            row = given if isinstance(given, UserImport) else UserImport(**given)
        except TypeError as problem:
            # "UserImport.__init__() got an unexpected keyword argument 'x'"; no value of the row.
            raise ConfigurationError(
                f"row {count}: {str(problem).removeprefix('UserImport.__init__() ')}"
            ) from None
        refused: ConfigurationError | None = None
        try:
            row = identified(row)
        except ConfigurationError as problem:
            refused = problem
        name = str(row.username or "")
        # Without a user name it is nobody's: its place in the input tells it from others.
        entry = nameless(fold(name)) if fold(name) else ("row", str(count))
        content = repr(attrs.astuple(row))
        try:
            size = 0 if refused else check(row)
        except ConfigurationError as problem:
            size, refused = 0, problem
        yield RowTask(name, entry, content=content, refused=refused, row=row, size=size)
        if count % _BREATH == 0:
            await asyncio.sleep(0)
