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
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.bulk.journal.file import UnderWay
from litmos_async.bulk.pairs.existing import cheapest_read
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.results import Outcome, Plan
from litmos_async.bulk.run import NotSent
from litmos_async.bulk.server_import import (
    NOTIFIES,
    POST,
    Importer,
    ImportNotFinished,
    Trace,
    check,
    cut,
)
from litmos_async.bulk.write import JournaledWrite, settled
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.models import UserImport, UserSummary
from litmos_async.reader import requests_of_list
from litmos_async.resources import Resources
from litmos_async.resources.bulk_imports import MOST_USERS
from litmos_async.wording import OptionText, duration

CONDITIONS: Final = (
    "codes instead of ids",
    "no learning paths",
    "the server decides about e-mails",
    NOTIFIES,
)
"""What a caller who wants an import has to agree with."""

_POLLS, _SECONDS = 8, 60.0
"""What a plan takes an import for: requests until it is through, and how long that takes. Not documented."""

_YIELD_EVERY: Final = 100
"""Rows after which the event loop goes on: each is encoded once, to be measured."""


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

    def offer(self, plan: Plan, pairs: PairOutcomes) -> Plan:
        """Return the plan of another route with a note of what an import takes, where that is quicker."""
        requests = self._requests_for(pairs)
        imports = imports_for(rows_in(self, pairs.table))
        seconds = pairs.run.seconds_for(requests) + _SECONDS * imports
        if seconds >= plan.seconds:
            return plan
        conditions = "; ".join(CONDITIONS)
        note = OptionText(
            f"{{option}} would take about {requests:,} requests and {duration(seconds)} instead of "
            f"{duration(plan.seconds)}; conditions: {conditions}",
            "via",
            "import",
        )
        return attrs.evolve(plan, notes=(*plan.notes, note))

    def _requests_for(self, pairs: PairOutcomes) -> int:
        """Return about how many requests a job takes through imports: lists, imports, polls, and reading back."""
        scope = dict(pairs.table.in_state(State.TODO))
        # The people, the courses or teams, and the imports so far.
        lists = requests_of_list(len(scope), top_level=True) + 2 * requests_of_list(1, top_level=True)
        imports = imports_for(rows_in(self, pairs.table))
        return lists + imports * (1 + _POLLS) + cheapest_read(pairs.operation.existing, scope).requests


async def _codes_of_courses(litmos: Resources) -> AsyncGenerator[tuple[str, str | None], None]:
    async for course in litmos.courses.list():
        yield course.id, course.course_code_for_bulk_import


async def _codes_of_teams(litmos: Resources) -> AsyncGenerator[tuple[str, str | None], None]:
    async for team in litmos.teams.list():
        yield team.id, team.team_code_for_bulk_import


COURSES: Final = Columns("course", 3, _codes_of_courses, "course")
TEAMS: Final = Columns("team", 5, _codes_of_teams, "team")


def rows_in(columns: Columns, table: PairTable) -> list[int]:
    """Return how many rows each person takes."""
    return [-(-len(rights) // columns.at_most) for _, rights in table.in_state(State.TODO)]


def imports_for(rows: Sequence[int]) -> int:
    """Return the smallest number of imports that take so many rows of each person, once in each of them."""
    return max(max(rows, default=0), -(-sum(rows) // MOST_USERS))


class ByImport:
    """Gives courses or teams through imports, one after another, and reads back what is there.

    Args:
        pairs: The pairs of the job, which reads them back.
        columns: What they are given.
        importer: Sends no login e-mails: all people in these rows are there.
    """

    def __init__(self, pairs: PairOutcomes, columns: Columns, importer: Importer) -> None:
        self._pairs = pairs
        self._run = pairs.run
        self._columns = columns
        self._importer = importer
        self._people: dict[str, UserSummary] = {}
        self._codes: dict[str, str] = {}
        self._imports = 0
        self._late = ""

    # ------------------------------------------------ before

    async def prepare(self) -> None:
        """Read names and codes, and find the number of imports."""
        await self._name()
        self._imports = imports_for(rows_in(self._columns, self._pairs.table))
        self._run.expect(self._imports)

    def complete(self, plan: Plan) -> Plan:
        """Return the plan of a job with what this route takes."""
        return attrs.evolve(
            plan,
            requests_by_kind={POST: self._imports} if self._imports else {},
            skipped={
                **plan.skipped,
                f"without a user name or {self._columns.what} code": (
                    len(self._pairs.errors) - self._pairs.unreadable
                ),
            },
            seconds=_SECONDS * self._imports + self._run.seconds_for(plan.checks),
            emails=self._pairs.receivers(),
            notes=(f"through imports: {'; '.join(CONDITIONS)}",),
        )

    async def follow(self, request: UnderWay) -> bool:
        """Follow the import of an earlier run to its end; what it did is read afterwards."""
        try:
            await self._importer.go_on(Trace.of(request.note), ())
        except ImportNotFinished as late:
            self._late = str(late)
            return False
        return True

    async def _name(self) -> None:
        """Read names and codes. A pair without them fails: its row would be for another person."""
        wanted = dict(self._pairs.table.in_state(State.TODO))
        if wanted:
            async for user in self._run.litmos.users.list():
                if user.id in wanted:
                    self._people[user.id] = user
            rights = {right for of_one in wanted.values() for right in of_one}
            async for right, code in self._columns.codes(self._run.litmos):
                if code and right in rights:
                    self._codes[right] = code
        failed: list[Outcome] = []
        for left, rights_of_left in wanted.items():
            problem = _problem_of(left, self._people.get(left))
            for right in rights_of_left:
                if problem is None and right in self._codes:
                    continue
                missing = f"no {self._columns.what} has the id {right!r} and a code for bulk imports"
                failed.append(
                    self._pairs.settle((left, right), "failed", 0, problem or ConfigurationError(missing))
                )
        await self._pairs.record(failed)

    # ------------------------------------------------ while it runs

    async def carry_out(self) -> AsyncGenerator[Outcome, None]:
        """Send the imports, and read back what is there."""
        async with aclosing(self._import()) as outcomes:
            async for outcome in outcomes:
                yield outcome
        unknown = dict(self._pairs.table.in_state(State.UNKNOWN))
        async with aclosing(self._pairs.verify()) as outcomes:
            async for outcome in outcomes:
                yield outcome
        async with aclosing(self._settle_unknown(unknown)) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _import(self) -> AsyncGenerator[Outcome, None]:
        """Send the imports; yields what failed. What was taken has its outcome when it was read back."""
        scope = dict(self._pairs.table.in_state(State.TODO))
        for number in range(self._imports):
            # A row each, in turn: those of a person follow one another, so no import holds two of them.
            rows = islice(self._rows(scope), number, None, self._imports)
            for part in self._run.unless_stopped(cut(await _measured(rows))):
                if self._late:
                    self._run.report.stopped = self._late
                    return
                for outcome in await self._import_part(part):
                    if outcome.status == "failed":
                        yield outcome

    async def _import_part(self, part: Sequence[_Row]) -> list[Outcome]:
        """Carry out one import, whose pairs are "unknown" if the server does not come to its end."""
        pairs = [(row.left, right) for row in part for right in row.rights]
        write = JournaledWrite(self._run, pairs, on_leaving=lambda: self._pairs.mark(pairs, State.UNDER_WAY))
        try:
            results = await self._importer.carry_out([row.record for row in part], write)
        except NotSent:
            return []
        except ImportNotFinished as late:
            self._late = self._run.report.stopped = str(late)
            self._pairs.mark(pairs, State.UNKNOWN)
            return []
        outcomes = [
            self._pairs.settle((row.left, right), result.status, 1, result.problem, result.reason)
            for row, result in zip(part, results, strict=True)
            for right in row.rights
        ]
        await write.settle(settled(outcome.item, outcome) for outcome in outcomes)
        return outcomes

    def _rows(self, scope: Mapping[str, Sequence[str]]) -> Iterator[_Row]:
        """Yield the rows of all people, those of a person one after another."""
        most = self._columns.at_most
        for left, rights in scope.items():
            person = self._people[left]
            for first in range(0, len(rights), most):
                some = rights[first : first + most]
                codes = (self._codes[right] for right in some)
                yield _Row(left, some, _record(person, self._columns.name, codes))

    async def _settle_unknown(self, scope: Mapping[str, Sequence[str]]) -> AsyncGenerator[Outcome, None]:
        """Read the pairs of imports whose outcome is not known: what is there is done."""
        pairs = [(left, right) for left, rights in scope.items() for right in rights]
        try:
            effects, _ = await self._pairs.effects(pairs) if pairs else (set[tuple[str, str]](), {})
        except LitmosError:
            effects = set()
        outcomes: list[Outcome] = []
        for pair in pairs:
            problem = self._pairs.errors.get(pair)
            if pair in effects:
                outcomes.append(self._pairs.settle(pair, "done", 1))
            else:
                reason = str(problem) if problem else "the import may still be running"
                outcomes.append(self._pairs.settle(pair, "unknown", 1, problem, reason))
        await self._pairs.record(outcomes)
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
        if len(found) % _YIELD_EVERY == 0:
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
