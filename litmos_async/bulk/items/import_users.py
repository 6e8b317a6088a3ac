"""`import_users`: people created or changed, 2,000 in a request."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Final, TypeAlias

import attrs
from attrs import define

from litmos_async.bulk.inputs import numbered, record_of
from litmos_async.bulk.items.accounts import Accounts, is_rewritten
from litmos_async.bulk.items.item_job import GivenJob
from litmos_async.bulk.items.sync_users import each_account
from litmos_async.bulk.items.work_item import WorkItem
from litmos_async.bulk.journal.keys import Key, nameless
from litmos_async.bulk.results import Outcome
from litmos_async.bulk.run import NotSent, Run
from litmos_async.bulk.server_import import (
    NOTIFIES,
    POST,
    Importer,
    ImportNotFinished,
    RowResult,
    Trace,
    check,
    cut,
)
from litmos_async.bulk.write import JournaledWrite, settled
from litmos_async.errors import ConfigurationError
from litmos_async.models import User, UserImport
from litmos_async.names import fold
from litmos_async.resources.arguments import identified
from litmos_async.retyped import telling_id
from litmos_async.wording import count

ImportRow: TypeAlias = UserImport | Mapping[str, Any]
"""A row of an import: a record, or a mapping from its attributes (`username`, `first_name`) to their values."""

ImportRows: TypeAlias = Iterable[ImportRow] | AsyncIterable[ImportRow]

_YIELD_EVERY: Final = 100
"""Rows after which the event loop goes on: each is encoded once, to be measured."""


@define
class RowItem(WorkItem):
    """A row, and the bytes that it takes."""

    row: UserImport | None = None
    size: int = 0

    @property
    def user_name(self) -> str:
        """Its user name."""
        return (self.row.username if self.row else None) or ""

    @property
    def employee_id(self) -> str:
        """Its employee id; empty if it has none that tells who it is."""
        return telling_id(self.row.external_employee_id if self.row else None)

    def keep_employee_id(self) -> None:
        """Leave out its employee id: an import keeps what is absent (api-facts 8)."""
        if self.row is not None:
            self.row = attrs.evolve(self.row, external_employee_id=None)

    def reject(self, problem: ConfigurationError) -> None:
        """Leave it out of the import."""
        self.rejected = problem
        self.settle("failed", problem)


class ImportUsersJob(GivenJob):
    """Imports of many rows, one after another."""

    item_name: ClassVar[str] = "user_name"

    def __init__(self, rows: ImportRows, run: Run, importer: Importer) -> None:
        super().__init__(
            "import_users",
            "users",
            run,
            _each_row(rows),
            mails=importer.send_message,
            agreed={"send_message": importer.send_message, "skip_first_login": importer.skip_first_login},
        )
        self._importer = importer
        self._late = ""
        self._with_id = 0
        self._renamed = 0

    async def _each_work_item(self) -> AsyncIterator[WorkItem]:
        await self._compare_employee_ids()
        async for each in super()._each_work_item():
            yield each

    async def _compare_employee_ids(self) -> None:
        """Reject the rows whose employee id does not go with their user name, and leave out what was rewritten.

        An import goes by the user name alone. So it would make a second account for a person whose user name is
        another one by now, give two people one employee id, and replace 00123 with what a spreadsheet made of it.
        """
        rows: dict[str, RowItem] = {}
        for each in self._given:
            if isinstance(each, RowItem) and each.rejected is None and each.employee_id:
                rows.setdefault(fold(each.user_name), each)
        if not rows:
            return
        self._with_id = len(rows)
        accounts = Accounts(
            {
                name: User(user_name=row.user_name, external_employee_id=row.employee_id)
                for name, row in rows.items()
            }
        )
        async for account in each_account(self._run.litmos):
            accounts.take(account)
        for match in accounts.rest():
            row, problem = rows[match.name], match.problem
            if match.row is not None and match.by_id:
                self._renamed += 1
                problem = (
                    f"the employee id {row.employee_id!r} is that of the account {match.row.user_name!r}: "
                    f"an import cannot rename it to {row.user_name!r}, and would make a second one"
                )
            if problem:
                row.reject(ConfigurationError(problem))
            elif match.row is not None and is_rewritten(row.employee_id, match.row.external_employee_id):
                row.keep_employee_id()

    def _requests(self, waiting: list[WorkItem]) -> Counter[str]:
        return Counter({POST: sum(1 for _ in _parts(waiting))})

    def _notes(self, work_items: list[WorkItem]) -> tuple[str, ...]:  # noqa: ARG002 - holds for all of them
        notes = [f"{NOTIFIES}; the server works at its own pace, and is polled for its progress"]
        if self._with_id:
            has = count(self._with_id, "row has an employee id", "rows have an employee id")
            renamed = count(self._renamed, "account", "accounts")
            verb = "has" if self._renamed == 1 else "have"
            notes.append(
                f"{has}, so the list of all people was read: {renamed} of another user name {verb} one"
            )
        return tuple(notes)

    async def _settle_doubtful(self, work_items: Mapping[Key, WorkItem]) -> None:
        """Follow the imports that an earlier run has sent. A row that is still unknown is sent once more."""
        for request in self._past.under_way:
            part = [row for entry in request.items if isinstance(row := work_items.get(entry), RowItem)]
            try:
                results = await self._importer.go_on(Trace.of(request.note), _records(part))
            except ImportNotFinished as late:
                self._late = str(late)
                results = [RowResult("unknown", None, self._late)] * len(part)
            for row, result in zip(part, results or (), strict=False):
                row.settle(result.status, result.problem, result.reason, 1)
            if self._late:
                # It stays under way in the journal: the next run goes on with it.
                self._still_under_way.add(request.id)

    async def _do(self, waiting: list[WorkItem]) -> AsyncGenerator[Outcome, None]:
        for part in self._run.unless_stopped(_parts(waiting)):
            if self._late:
                self._run.report.stopped = self._late
                return
            async with aclosing(self._import(part)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _import(self, part: list[RowItem]) -> AsyncGenerator[Outcome, None]:
        def mark_sent() -> None:
            for row in part:
                row.mark_sent()

        write = JournaledWrite(self._run, [row.entry for row in part], on_leaving=mark_sent)
        try:
            results = await self._importer.carry_out(_records(part), write)
        except NotSent:
            return
        except ImportNotFinished as late:
            self._late = self._run.report.stopped = str(late)
            for row in part:
                yield row.settle("unknown", None, self._late, 1)
            return
        outcomes = [
            row.settle(result.status, result.problem, result.reason, 1)
            for row, result in zip(part, results, strict=True)
        ]
        await write.settle(settled(row.entry, outcome) for row, outcome in zip(part, outcomes, strict=True))
        for outcome in outcomes:
            yield outcome


def _records(part: Iterable[RowItem]) -> list[UserImport]:
    return [row.row for row in part if row.row is not None]


def _parts(work_items: Iterable[WorkItem]) -> Iterator[list[RowItem]]:
    return cut((row, row.size) for row in work_items if isinstance(row, RowItem))


async def _each_row(rows: ImportRows) -> AsyncIterator[WorkItem]:
    """Yield a work item for each row.

    Raises:
        ConfigurationError: Something is no row; the message says which one it was.
    """
    taken = 0
    async for row_item in numbered("row", rows, _row_item):
        yield row_item
        taken += 1
        if taken % _YIELD_EVERY == 0:
            await asyncio.sleep(0)


def _row_item(given: ImportRow, number: int) -> RowItem:
    row = record_of(UserImport, given)
    rejected: ConfigurationError | None = None
    size = 0
    try:
        row = identified(row)
    except ConfigurationError as problem:
        rejected = problem
    name = str(row.username or "")
    # Without a user name it has no key but its place in the input.
    entry = nameless(fold(name)) if fold(name) else ("row", str(number))
    content = repr(attrs.astuple(row))
    if rejected is None:
        try:
            size = check(row)
        except ConfigurationError as problem:
            rejected = problem
    return RowItem(name, entry, content=content, rejected=rejected, row=row, size=size)
