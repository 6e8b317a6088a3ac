"""`import_users`: people created or changed, 2,000 in a request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, TypeAlias, Unpack, cast

import attrs
from attrs import define

from litmos_async.bulk.base import JobOptions, PairJobs
from litmos_async.bulk.dispatch import Dispatch, NotSent
from litmos_async.bulk.fingerprint import Key, nameless
from litmos_async.bulk.importer import WAIT_TIMEOUT, Importer, NotThrough, Trace, Verdict, check, cut
from litmos_async.bulk.item_job import GivenJob
from litmos_async.bulk.items import in_order
from litmos_async.bulk.job import BulkJob, Connect, Options, settled
from litmos_async.bulk.journal_file import FilePath
from litmos_async.bulk.report import Outcome
from litmos_async.bulk.task import Task
from litmos_async.config import CallOptions
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


class ImportOptions(CallOptions, total=False):
    """What an import takes, beside the options of every call.

    Attributes:
        stop_after_failures: Hand in no other import when so many rows have failed or are unknown; None, the
            default, never stops.
        journal: A file in which every import is written down before it leaves, when the server has taken it, and
            at its end. Killed at any moment and started again with the same rows and the same file, the job
            leaves out what is done, follows the import that the server had to its end, and does the rest. It
            holds no names: rows are told apart by hashes.
    """

    stop_after_failures: int | None
    journal: FilePath | None


class ImportJobs(PairJobs):
    """The helper `import_users`."""

    def import_users(
        self,
        rows: ImportRows,
        *,
        send_message: bool,
        skip_first_login: bool = False,
        wait_timeout: float = WAIT_TIMEOUT,
        **options: Unpack[ImportOptions],
    ) -> BulkJob:
        """Create or change people through imports: one request for up to 2,000 of them, and some polling.

        `POST /bulkimports`
        `GET /bulkimports`
        `GET /bulkimports/{bulk_import_id}`
        `GET /bulkimports/{bulk_import_id}/usererrors`

        Each row creates the person with its user name, or changes that person: fields that are empty or left out
        keep their value. A row can also put the person into up to 5 teams and 3 courses, by their codes for bulk
        imports. The import turns message notifications on for everyone it touches.

        The server works through an import in its own time; the job looks less and less often, and hands the next
        one in when one is through. Rows that it names as wrong are "failed", with its words. A row that lacks
        something, or is too long, is "failed" before anything is sent; a user name that was given before is
        "skipped". If the answer to an import is lost, the job looks for it in the list of imports, and hands it
        in once more only where it is not there.

        Args:
            rows: `UserImport` records, or mappings from their attributes to values; from any (async) iterable.
            send_message: Whether the server e-mails the login to new people. Required; its own default is no.
            skip_first_login: True asks new people for no password at the first login.
            wait_timeout: Seconds to wait for one import. Its rows are "unknown" after that, and the job stops:
                another one would only queue up behind it.
            options: See `ImportOptions`.
        """
        if not wait_timeout > 0:
            raise ConfigurationError(f"wait_timeout must be more than 0 seconds, not {wait_timeout}")
        connect, of_job = self._parted(cast(JobOptions, options))
        importer = Importer(
            connect,
            retry=options.get("retry", self._caller.defaults.retry),
            timeout=of_job.timeout,
            wait_timeout=wait_timeout,
            send_message=send_message,
            skip_first_login=skip_first_login,
        )
        return ImportJob(rows, importer, self._limiter, connect, of_job)


@define
class RowTask(Task):
    """A row, and the bytes that it takes."""

    row: UserImport | None = None
    size: int = 0


class ImportJob(GivenJob):
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
            except NotThrough as late:
                # It stays under way in the journal: the next run goes on with it.
                self._late = str(late)
                verdicts = [Verdict("unknown", None, self._late)] * len(part)
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

        dispatch = Dispatch(
            self._journal,
            [task.entry for task in part],
            stop=self._stop,
            on_leaving=leaves,
        )
        try:
            verdicts = await self._importer.carry_out(
                _rows(part), dispatch, self._litmos, answered=self._answered, again=self._expect_again
            )
        except NotSent:
            return
        except NotThrough as late:
            self._late = self._report.stopped = str(late)
            for task in part:
                yield task.settle("unknown", None, self._late, 1)
            return
        except LitmosError:
            await dispatch.ends()  # it was refused, and stops the job
            raise
        outcomes = [
            task.settle(verdict.status, verdict.problem, verdict.reason, 1)
            for task, verdict in zip(part, verdicts, strict=True)
        ]
        await dispatch.ends(
            settled(task.entry, outcome) for task, outcome in zip(part, outcomes, strict=True)
        )
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
