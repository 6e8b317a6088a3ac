"""Courses and teams given through imports: thousands of people in a request, and some polling.

A row of an import names its person by user name, and takes codes where everything else takes ids. So the lists of
people and of courses or teams are read first, and afterwards what is there, since an import says no word about a
course that it left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from itertools import islice
from typing import Any

import attrs
from attrs import frozen

from litmos_async.bulk.inputs import Pairs
from litmos_async.bulk.items.import_users import NOTIFIES, POST
from litmos_async.bulk.job import Connect, Options, settled
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.pairs.calls import Call
from litmos_async.bulk.pairs.existing import cheapest_read
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.pair_job import PairJob
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.results import Outcome, Plan, seconds_for
from litmos_async.bulk.server_import import Importer, ImportNotFinished, Trace, check, cut
from litmos_async.bulk.write import JournaledWrite, NotSent
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits import Limiter
from litmos_async.models import UserImport, UserSummary
from litmos_async.reader import requests_of_list
from litmos_async.resources import Resources
from litmos_async.resources.bulk_imports import MOST_USERS
from litmos_async.retry import RetryPolicy
from litmos_async.wording import OptionText

CONDITIONS = (
    "codes instead of ids",
    "no learning paths",
    "the server decides about e-mails",
    NOTIFIES,
)
"""What somebody has to agree with who wants an import."""

_LOOKS, _SECONDS = 8, 60.0
"""What a plan takes an import for: looks until it is through, and how long that takes. Not documented."""


_BREATH = 100


@frozen
class Columns:
    """Where a row of an import takes what people get.

    Attributes:
        name: Begin of the attributes of `UserImport`: `course1`, `course2` ...
        at_most: How many a row holds.
        codes: Reads the codes for bulk imports by id.
        what: What it is, for reasons.
    """

    name: str
    at_most: int
    codes: Callable[[Resources], AsyncGenerator[tuple[str, str | None], None]]
    what: str


async def _codes_of_courses(litmos: Resources) -> AsyncGenerator[tuple[str, str | None], None]:
    async for course in litmos.courses.list():
        yield course.id, course.course_code_for_bulk_import


async def _codes_of_teams(litmos: Resources) -> AsyncGenerator[tuple[str, str | None], None]:
    async for team in litmos.teams.list():
        yield team.id, team.team_code_for_bulk_import


COURSES = Columns("course", 3, _codes_of_courses, "course")
TEAMS = Columns("team", 5, _codes_of_teams, "team")


class OfferingJob(PairJob):
    """A job over pairs, whose plan says where an import would be quicker."""

    def __init__(
        self,
        kind: PairOperation,
        pairs: Pairs,
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        columns: Columns,
    ) -> None:
        super().__init__(kind, pairs, limiter, connect, options)
        self._columns = columns

    async def _plan(self) -> Plan:
        plan = await super()._plan()
        table = await self._prepare()
        requests = requests_for(self._operation, self._columns, table)
        rows_of_all = rows_in(self._columns, table)
        seconds = seconds_for(requests, self._limiter.quota) + _SECONDS * imports_for(rows_of_all)
        if seconds >= plan.seconds:
            return plan
        conditions = "; ".join(CONDITIONS)
        note = OptionText(
            f"{{option}} would take about {requests:,} requests; conditions: {conditions}", "via", "import"
        )
        return attrs.evolve(plan, notes=(*plan.notes, note))


def rows_in(columns: Columns, table: PairTable) -> list[int]:
    """Return how many rows each person takes."""
    return [-(-len(rights) // columns.at_most) for _, rights in table.in_state(State.TODO)]


def imports_for(rows: Sequence[int]) -> int:
    """Return the smallest number of imports that take so many rows of each person, once in each of them."""
    return max(max(rows, default=0), -(-sum(rows) // MOST_USERS))


def requests_for(kind: PairOperation, columns: Columns, table: PairTable) -> int:
    """Return about how many requests a job takes through imports: lists, imports, looks, and reading back."""
    scope = dict(table.in_state(State.TODO))
    # The people, the courses or teams, and the imports so far.
    lists = requests_of_list(len(scope), top_level=True) + 2 * requests_of_list(1, top_level=True)
    return (
        lists
        + imports_for(rows_in(columns, table)) * (1 + _LOOKS)
        + cheapest_read(kind.existing, scope).requests
    )


class PairImportJob(PairJob):
    """Gives courses or teams through imports, one after another, and reads back what became of it."""

    def __init__(
        self,
        kind: PairOperation,
        pairs: Pairs,
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        columns: Columns,
        retry: RetryPolicy,
    ) -> None:
        super().__init__(kind, pairs, limiter, connect, options)
        self._columns = columns
        # No login e-mails: nobody in these rows is new.
        self._importer = Importer(connect, retry=retry, timeout=options.timeout)
        self._naming = asyncio.Lock()
        self._people: dict[str, UserSummary] | None = None
        self._codes: dict[str, str] = {}
        self._imports = 0
        self._late = ""

    # ------------------------------------------------ before

    async def _plan(self) -> Plan:
        plan = await super()._plan()
        table = await self._prepare()
        people = sum(1 for _ in table.in_state(State.TODO))
        return attrs.evolve(
            plan,
            requests_by_kind={POST: self._imports} if self._imports else {},
            skipped={
                **plan.skipped,
                f"without a user name or {self._columns.what} code": len(self._errors) - self._unread,
            },
            seconds=_SECONDS * self._imports + seconds_for(plan.checks, self._limiter.quota),
            emails=people,
            notes=(f"through imports: {'; '.join(CONDITIONS)}",),
        )

    @property
    def _verifies(self) -> bool:
        return True

    async def _settle_under_way(self, journal: Journal, table: PairTable, done: State) -> None:
        """Follow the import of an earlier run to its end; what it did is read afterwards."""
        for request in await journal.under_way(self._options.timeout):
            try:
                await self._importer.go_on(Trace.of(request.note), (), self._litmos)
            except ImportNotFinished as late:
                # It stays under way in the journal: the next run goes on with it.
                self._late = str(late)
                for pair in request.items:
                    table.set(*pair, State.UNKNOWN)
                return
        await super()._settle_under_way(journal, table, done)

    async def _plan_calls(self, table: PairTable) -> None:
        """Plan nothing: imports take the place of lists."""

    def _each_call(self, table: PairTable) -> Iterator[Call]:  # noqa: ARG002 - the same
        return iter(())

    async def _prepare(self) -> PairTable:
        table = await super()._prepare()
        async with self._naming:
            if self._people is None:
                self._people = await self._name(table)
                self._imports = imports_for(rows_in(self._columns, table))
                self._requests_left = self._imports
                self._expect_reads(self._checks(table))
        return table

    async def _name(self, table: PairTable) -> dict[str, UserSummary]:
        """Read names and codes. A pair without them fails: its import would be a row for somebody else."""
        wanted = dict(table.in_state(State.TODO))
        people: dict[str, UserSummary] = {}
        if wanted:
            async for user in self._litmos.users.list():
                if user.id in wanted:
                    people[user.id] = user
            rights = {right for of_one in wanted.values() for right in of_one}
            async for right, code in self._columns.codes(self._litmos):
                if code and right in rights:
                    self._codes[right] = code
        failed: list[Outcome] = []
        for left, rights_of_left in wanted.items():
            problem = _problem_of(left, people.get(left))
            for right in rights_of_left:
                if problem is None and right in self._codes:
                    continue
                missing = f"no {self._columns.what} has the id {right!r} and a code for bulk imports"
                failed.append(
                    self._settle((left, right), "failed", 0, problem or ConfigurationError(missing))
                )
        await self._record(failed)
        return people

    # ------------------------------------------------ while it runs

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        table = await self._prepare()
        for outcome in self._nothing_to_do(table):
            yield outcome
        async with aclosing(self._import(table)) as outcomes:
            async for outcome in outcomes:
                yield outcome
        unknown = dict(table.in_state(State.UNKNOWN))
        async with aclosing(self._verify(table)) as outcomes:
            async for outcome in outcomes:
                yield outcome
        async with aclosing(self._settle_unknown(unknown)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _import(self, table: PairTable) -> AsyncGenerator[Outcome, None]:
        """Hand the imports in; yields what failed. What was taken is told when it was read back."""
        scope = dict(table.in_state(State.TODO))
        for number in range(self._imports):
            # A row each, in turn: those of a person follow one another, so no import holds two of them.
            rows = islice(self._rows(scope), number, None, self._imports)
            for part in self._unless_stopped(cut(await _measured(rows))):
                if self._late:
                    self._report.stopped = self._late
                    return
                for outcome in await self._hand_in(table, part):
                    if outcome.status == "failed":
                        yield outcome

    async def _hand_in(self, table: PairTable, part: Sequence[_Row]) -> list[Outcome]:
        """Carry out one import, whose pairs are "unknown" if the server does not come to its end."""
        pairs = [(row.left, right) for row in part for right in row.rights]

        def mark(state: State) -> None:
            for pair in pairs:
                table.set(*pair, state)

        write = JournaledWrite(
            self._journal,
            pairs,
            stop=self._stop,
            on_leaving=lambda: mark(State.UNDER_WAY),
        )
        records = [row.record for row in part]
        try:
            verdicts = await self._importer.carry_out(
                records, write, self._litmos, answered=self._answered, again=self._expect_again
            )
        except NotSent:
            return []
        except ImportNotFinished as late:
            self._late = self._report.stopped = str(late)
            mark(State.UNKNOWN)
            return []
        except LitmosError:
            await write.settle()  # it was refused, and stops the job
            raise
        outcomes = [
            self._settle((row.left, right), verdict.status, 1, verdict.problem, verdict.reason)
            for row, verdict in zip(part, verdicts, strict=True)
            for right in row.rights
        ]
        await write.settle(settled(outcome.item, outcome) for outcome in outcomes)
        return outcomes

    def _rows(self, scope: Mapping[str, Sequence[str]]) -> Iterator[_Row]:
        """Yield the rows of all people, those of a person one after another."""
        most = self._columns.at_most
        for left, rights in scope.items():
            person = (self._people or {})[left]
            for first in range(0, len(rights), most):
                some = rights[first : first + most]
                codes = (self._codes[right] for right in some)
                yield _Row(left, some, _record(person, self._columns.name, codes))

    async def _settle_unknown(self, scope: Mapping[str, Sequence[str]]) -> AsyncGenerator[Outcome, None]:
        """Read what became of the pairs of imports of which nobody knows: what is there is done."""
        pairs = [(left, right) for left, rights in scope.items() for right in rights]
        try:
            effects, _ = await self._effects(pairs) if pairs else (set[tuple[str, str]](), {})
        except LitmosError:
            effects = set()
        outcomes: list[Outcome] = []
        for pair in pairs:
            problem = self._errors.get(pair)
            if pair in effects:
                outcomes.append(self._settle(pair, "done", 1))
            else:
                reason = str(problem) if problem else "the import may still be under way"
                outcomes.append(self._settle(pair, "unknown", 1, problem, reason))
        await self._record(outcomes)
        for outcome in outcomes:
            yield outcome


@frozen
class _Row:
    """A row of an import, and the pairs in it."""

    left: str
    rights: Sequence[str]
    record: UserImport


async def _measured(rows: Iterable[_Row]) -> list[tuple[_Row, int]]:
    """Return rows with the bytes that they take. Each is encoded for that, so the event loop goes on in between."""
    found: list[tuple[_Row, int]] = []
    for row in rows:
        found.append((row, check(row.record)))
        if len(found) % _BREATH == 0:
            await asyncio.sleep(0)
    return found


def _record(person: UserSummary, column: str, codes: Iterable[str]) -> UserImport:
    columns: dict[str, Any] = {f"{column}{number}": code for number, code in enumerate(codes, start=1)}
    return UserImport(
        username=person.user_name, first_name=person.first_name, last_name=person.last_name, **columns
    )


def _problem_of(user_id: str, person: UserSummary | None) -> ConfigurationError | None:
    """Return why nothing can be imported for a person."""
    if person is None:
        return ConfigurationError(f"no user has the id {user_id!r}")
    try:
        check(_record(person, "", ()))
    except ConfigurationError as problem:
        return problem
    return None
