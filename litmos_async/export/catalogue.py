"""The lists that can be exported: where their rows come from, and what `since` means for each.

A list is read in units: one for a plain list, one a parent for lists of which the API has one a team, course or
person. A unit is a paged list of its own with resume tokens of its own, and what identifies its parent goes into
each row.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from difflib import get_close_matches
from math import ceil
from typing import Any, Final, Literal, TypeAlias, cast

from attrs import define, evolve, field, frozen

from litmos_async import models
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.export.schema import Column, Schema, columns_of
from litmos_async.models.record import Record
from litmos_async.paging import Batch, Pages
from litmos_async.resources import Resources
from litmos_async.resources.base import ListOptions, split_options

Since: TypeAlias = Literal["created", "changed", "earned", "happened", "nothing"]
"""What `since` picks: rows created, changed, earned or logged from then on, or nothing: the list is read whole."""

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything in any account: `since` of lists that demand one when everything is wanted."""


@frozen
class Ask:
    """What is wanted of a list.

    Attributes:
        since: Only rows from then on; None takes all.
        to: Only rows until then; None takes all until now.
        where: Ids that the rows are limited to, by column, such as `course_id`.
        options: The options of every paged list.
    """

    since: datetime | None = None
    to: datetime | None = None
    where: Mapping[str, str] = field(factory=dict[str, str])
    options: ListOptions = field(factory=ListOptions)


@frozen
class Unit:
    """A part of a list that is paged by itself.

    Attributes:
        key: What tells it from the other units of its list; empty where it is the only one.
        parent: Columns that its rows get, such as `team_id`.
        ids: Other ids that it takes to read it.
    """

    key: str = ""
    parent: Mapping[str, str] = field(factory=dict[str, str])
    ids: tuple[str, ...] = ()


Units: TypeAlias = Callable[[Resources, Ask], AsyncIterator[Unit]]
"""Yields the units of a list, which may take requests."""

Open: TypeAlias = Callable[[Resources, Ask, Unit], Pages[Any]]
"""Returns the rows of a unit."""

Row: TypeAlias = tuple[Mapping[str, str], Record]
"""A row: the columns of its parents, and its record."""

Flatten: TypeAlias = Callable[[Unit, Any], Iterable[Row]]
"""Makes rows of what a unit holds."""


@frozen
class ListSpec:
    """A list that can be exported.

    Attributes:
        name: What users call it.
        record: The class of its rows.
        source: The operations that it is read with, by their ids.
        since: What `since` means for it.
        windowed: Whether the API demands `since` and takes 7 days in one request.
        open: Returns the rows of a unit.
        units: Yields its units; None where it is one list of the API.
        parents: Columns in front of those of the record, for what a row belongs to.
        key: Columns that tell one row from another.
        where: Columns that `where` can limit it by.
        flatten: Makes rows of what comes, where that is a tree or another record; None takes it as it is.
    """

    name: str
    record: type[Record]
    source: tuple[str, ...]
    open: Open
    units: Units | None = None
    since: Since = "nothing"
    windowed: bool = False
    parents: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    flatten: Flatten | None = None

    @property
    def schema(self) -> Schema:
        """The columns of the list."""
        parents = tuple(Column(name, "text") for name in self.parents)
        own = tuple(column for column in columns_of(self.record) if column.name not in self.parents)
        return Schema(self.name, (*parents, *own), self.key)

    def check(self, ask: Ask) -> None:
        """Refuse what the list cannot do, before a request is spent.

        Raises:
            ConfigurationError: `since` is missing or means nothing here, a time has no zone, or `where` names
                something that the list cannot be limited by.
        """
        for name, moment in (("since", ask.since), ("to", ask.to)):
            if moment is not None and (not isinstance(moment, datetime) or moment.tzinfo is None):
                raise ConfigurationError(f"{name} must be a datetime with a time zone, not {moment!r}")
        if self.windowed and ask.since is None:
            raise ConfigurationError(f"{self.name} needs since: the API gives it for a span of time only")
        if self.since == "nothing" and ask.since is not None:
            raise ConfigurationError(f"{self.name} has no since: the API can only give the whole list")
        if ask.to is not None and not self.windowed:
            raise ConfigurationError(f"{self.name} has no to")
        for name, value in ask.where.items():
            if name not in self.where:
                possible = ", ".join(self.where) or "nothing"
                raise ConfigurationError(f"{self.name} can be limited by {possible}, not by {name!r}")
            if not isinstance(value, str) or not value.strip():
                raise ConfigurationError(f"where: {name} must be an id, not {value!r}")


def rows_of(spec: ListSpec, unit: Unit, records: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of a page of a unit."""
    for record in records:
        if spec.flatten is None:
            yield unit.parent, record
        else:
            for parent, row in spec.flatten(unit, record):
                yield {**unit.parent, **parent}, row


@define(kw_only=True, repr=False)
class Assignment(Record):
    """A course assigned to a person, done or not: what `courses.list_users` and `users.list_courses` share.

    Attributes:
        user_id: The person.
        course_id: The course.
        complete: Whether the course is completed.
        percentage_complete: 0 to 100.
        due_date: The server removes it on completion.
    """

    key = ("user_id", "course_id")

    user_id: str = ""
    course_id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    course_code: str | None = None
    course_name: str | None = None
    complete: bool | None = None
    percentage_complete: float | None = None
    due_date: datetime | None = None
    compliant_till: datetime | None = None
    access_till_date: datetime | None = None


def _plain(read: Callable[[Resources, Ask], Pages[Any]]) -> Open:
    """Return what opens a list that is one list of the API."""
    return lambda litmos, ask, _unit: read(litmos, ask)


def _span(read: Callable[[Resources], Callable[..., Pages[Any]]]) -> Open:
    """Return what opens a list over a span of time."""
    return lambda litmos, ask, _unit: read(litmos)(since=since_of(ask), to=ask.to, **ask.options)


def _each(read: Callable[[Resources, str], Callable[..., Pages[Any]]]) -> Open:
    """Return what opens the list of one parent."""
    return lambda litmos, ask, unit: read(litmos, unit.key)(unit.key, **ask.options)


def since_of(ask: Ask) -> datetime:
    """Return `since` for a list that demands one."""
    return ask.since or BEGINNING


def parents_of(column: str, read: Callable[[Resources, Ask], Pages[Any]]) -> Units:
    """Return the units of a list of which the API has one a parent.

    Args:
        column: The column of the parent's id.
        read: Lists the parents.
    """

    async def units(litmos: Resources, ask: Ask) -> AsyncIterator[Unit]:
        only, found = ask.where.get(column), False
        async for parent in read(litmos, ask):
            if only is None or parent.id == only:
                found = True
                yield Unit(parent.id, {column: parent.id})
        if only is not None and not found:
            raise ConfigurationError(f"where: there is no {column} {only!r}")

    return units


def list_teams(litmos: Resources, ask: Ask) -> Pages[Any]:
    """Return all teams."""
    return litmos.teams.list(**ask.options)


def list_courses(litmos: Resources, ask: Ask) -> Pages[Any]:
    """Return all courses."""
    return litmos.courses.list(**ask.options)


def list_paths(litmos: Resources, ask: Ask) -> Pages[Any]:
    """Return all learning paths."""
    return litmos.learning_paths.list(**ask.options)


def list_people(litmos: Resources, ask: Ask) -> Pages[Any]:
    """Return all people, inactive ones too."""
    return litmos.users.list(**ask.options)


_LOGS: Final = ("actions", "assignments", "content", "settings")


async def _logs(_litmos: Resources, _ask: Ask) -> AsyncIterator[Unit]:
    for log in _LOGS:
        yield Unit(log, {"log": log})


def _open_log(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    read = getattr(litmos.activities, f"list_{unit.key}")
    return cast("Pages[Any]", read(since=since_of(ask), to=ask.to, **ask.options))


async def _past_and_future(_litmos: Resources, _ask: Ask) -> AsyncIterator[Unit]:
    yield Unit("past")
    yield Unit("future")


def _open_sessions(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    read = litmos.sessions.list_past if unit.key == "past" else litmos.sessions.list_future
    return read(since=ask.since, **ask.options)


def _flat_sessions(_unit: Unit, tree: Any) -> Iterator[tuple[Mapping[str, str], models.Session]]:
    """Yield the sessions of a course."""
    for module in tree.modules:
        for session in module.sessions:
            yield {"course_id": tree.id, "module_id": module.id}, session


async def _each_session(litmos: Resources, ask: Ask) -> AsyncIterator[Unit]:
    """Yield a unit for each session, once: a session of today may be in both lists."""
    seen: set[str] = set()
    course = ask.where.get("course_id")
    everything = evolve(ask, since=None)
    async for half in _past_and_future(litmos, everything):
        async for tree in _open_sessions(litmos, everything, half):
            for parent, session in _flat_sessions(half, tree):
                if session.id not in seen and course in {None, parent["course_id"]}:
                    seen.add(session.id)
                    yield Unit(session.id, {**parent, "session_id": session.id})


def _of_session(read: Callable[[Resources], Callable[..., Pages[Any]]]) -> Open:
    return lambda litmos, ask, unit: read(litmos)(*unit.parent.values(), **ask.options)


async def _holders(litmos: Resources, ask: Ask) -> AsyncIterator[Unit]:
    """Yield the units of the assignments: one a course, or one for 25 people where that is fewer requests."""
    courses = [course async for course in list_courses(litmos, ask)]
    only_course, only_user = ask.where.get("course_id"), ask.where.get("user_id")
    if only_course is not None:
        courses = [course for course in courses if course.id == only_course]
        if not courses:
            raise ConfigurationError(f"where: there is no course_id {only_course!r}")
    elif only_user is not None:
        yield Unit(only_user, ids=(only_user,))
        return
    else:
        people = (await litmos.users.list_paginated(page_size=1, **_call_options(ask))).total
        if people is not None and ceil(people / PEOPLE_A_CALL) < len(courses):
            ids = [person.id async for person in list_people(litmos, ask)]
            for first in range(0, len(ids), PEOPLE_A_CALL):
                some = tuple(ids[first : first + PEOPLE_A_CALL])
                yield Unit(some[0], ids=some)
            return
    for course in courses:
        yield Unit(
            course.id,
            {"course_id": course.id, "course_code": course.code or "", "course_name": course.name or ""},
        )


def _open_holders(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    if not unit.ids:
        return litmos.courses.list_users(unit.key, **ask.options)
    read: list[Sequence[Any]] = []

    async def fetch(start: int, limit: int) -> Batch[Any]:
        """Give the rows of the one answer page by page."""
        if not read:
            read.append(await litmos.users.list_courses_for_many(unit.ids, **_call_options(ask)))
        return Batch(read[0][start : start + limit], len(read[0]))

    return Pages(fetch, name=f"assignments of {' '.join(unit.ids)}")


def _flat_holders(unit: Unit, row: Any) -> Iterator[tuple[Mapping[str, str], Assignment]]:
    if not unit.ids:
        yield (
            {},
            Assignment(
                user_id=row.id,
                course_id=unit.parent["course_id"],
                user_name=row.user_name,
                first_name=row.first_name,
                last_name=row.last_name,
                course_code=unit.parent["course_code"],
                course_name=unit.parent["course_name"],
                complete=row.completed,
                percentage_complete=row.percentage_complete,
                due_date=row.due_date,
                compliant_till=row.compliant_till,
                access_till_date=row.access_till_date,
                extra=row.extra,
            ),
        )
        return
    for course in row.courses:
        yield (
            {},
            Assignment(
                user_id=row.id,
                course_id=course.id,
                course_code=course.code,
                course_name=course.name,
                complete=course.complete,
                percentage_complete=course.percentage_complete,
                compliant_till=course.compliant_till,
                access_till_date=course.access_till_date,
                extra=course.extra,
            ),
        )


def _call_options(ask: Ask) -> CallOptions:
    return split_options(ask.options)[1]


PEOPLE_A_CALL: Final = 25
"""People that `users.list_courses_for_many` takes in one request."""

_COURSE_RESULT: Final = ("user_id", "id")

_SPECS: Final = (
    ListSpec(
        "users",
        models.UserSummary,
        ("users.list",),
        _plain(list_people),
        key=("id",),
    ),
    ListSpec(
        "user_details",
        models.User,
        ("users.list_details",),
        _plain(lambda litmos, ask: litmos.users.list_details(since=ask.since, **ask.options)),
        since="created",
        key=("id",),
    ),
    ListSpec("teams", models.TeamSummary, ("teams.list",), _plain(list_teams), key=("id",)),
    ListSpec(
        "team_members",
        models.UserSummary,
        ("teams.list", "teams.list_users"),
        _each(lambda litmos, _: litmos.teams.list_users),
        parents_of("team_id", list_teams),
        parents=("team_id",),
        key=("team_id", "id"),
        where=("team_id",),
    ),
    ListSpec(
        "team_leaders",
        models.UserSummary,
        ("teams.list", "teams.list_leaders"),
        _each(lambda litmos, _: litmos.teams.list_leaders),
        parents_of("team_id", list_teams),
        parents=("team_id",),
        key=("team_id", "id"),
        where=("team_id",),
    ),
    ListSpec("courses", models.Course, ("courses.list",), _plain(list_courses), key=("id",)),
    ListSpec(
        "modules",
        models.Module,
        ("courses.list", "courses.list_modules"),
        _each(lambda litmos, _: litmos.courses.list_modules),
        parents_of("course_id", list_courses),
        parents=("course_id",),
        key=("course_id", "id"),
        where=("course_id",),
    ),
    ListSpec(
        "learning_paths", models.LearningPath, ("learning_paths.list",), _plain(list_paths), key=("id",)
    ),
    ListSpec(
        "learning_path_courses",
        models.LearningPathCourse,
        ("learning_paths.list", "learning_paths.list_courses"),
        _each(lambda litmos, _: litmos.learning_paths.list_courses),
        parents_of("learning_path_id", list_paths),
        parents=("learning_path_id",),
        key=("learning_path_id", *models.LearningPathCourse.key),
        where=("learning_path_id",),
    ),
    ListSpec(
        "results",
        models.ResultDetail,
        ("results.list_details",),
        _plain(lambda litmos, ask: litmos.results.list_details(since=since_of(ask), **ask.options)),
        since="changed",
        key=models.ResultDetail.key,
    ),
    ListSpec(
        "course_results",
        models.OrgCourseResult,
        ("org.list_course_results",),
        _span(lambda litmos: litmos.org.list_course_results),
        since="changed",
        windowed=True,
        key=models.OrgCourseResult.key,
    ),
    ListSpec(
        "module_results",
        models.OrgModuleResult,
        ("org.list_module_results",),
        _span(lambda litmos: litmos.org.list_module_results),
        since="changed",
        windowed=True,
        key=models.OrgModuleResult.key,
    ),
    ListSpec(
        "assignments",
        Assignment,
        ("courses.list", "courses.list_users", "users.list_courses_for_many"),
        _open_holders,
        _holders,
        key=Assignment.key,
        where=("course_id", "user_id"),
        flatten=_flat_holders,
    ),
    ListSpec(
        "learning_path_results",
        models.OrgLearningPathResult,
        ("org.list_learning_path_results",),
        _span(lambda litmos: litmos.org.list_learning_path_results),
        since="changed",
        windowed=True,
        key=models.OrgLearningPathResult.key,
    ),
    ListSpec(
        "achievements",
        models.Achievement,
        ("achievements.list",),
        _plain(
            lambda litmos, ask: litmos.achievements.list(
                since=ask.since, user_id=ask.where.get("user_id"), **ask.options
            )
        ),
        since="earned",
        key=models.Achievement.key,
        where=("user_id",),
    ),
    ListSpec(
        "badges",
        models.Badge,
        ("users.list", "users.list_badges"),
        _each(lambda litmos, _: litmos.users.list_badges),
        parents_of("user_id", list_people),
        parents=("user_id",),
        key=("user_id", *models.Badge.key),
        where=("user_id",),
    ),
    ListSpec(
        "logins",
        models.LoginActivity,
        ("activities.list_logins",),
        _span(lambda litmos: litmos.activities.list_logins),
        since="happened",
        windowed=True,
    ),
    ListSpec(
        "activities",
        models.ActionActivity,
        tuple(f"activities.list_{log}" for log in _LOGS),
        _open_log,
        _logs,
        since="happened",
        windowed=True,
        parents=("log",),
    ),
    ListSpec(
        "sessions",
        models.Session,
        ("sessions.list_past", "sessions.list_future"),
        _open_sessions,
        _past_and_future,
        since="changed",
        parents=("course_id", "module_id"),
        key=("course_id", "module_id", "id"),
        flatten=_flat_sessions,
    ),
    ListSpec(
        "registrations",
        models.EventUser,
        ("sessions.list_past", "sessions.list_future", "sessions.list_roll_call"),
        _of_session(lambda litmos: litmos.sessions.list_roll_call),
        _each_session,
        parents=("course_id", "module_id", "session_id"),
        key=("session_id", "id"),
        where=("course_id",),
    ),
    ListSpec(
        "attendance",
        models.EventUser,
        ("sessions.list_past", "sessions.list_future", "sessions.list_attendance"),
        _of_session(lambda litmos: litmos.sessions.list_attendance),
        _each_session,
        parents=("course_id", "module_id", "session_id"),
        key=("session_id", "id"),
        where=("course_id",),
    ),
)

LISTS: Final[Mapping[str, ListSpec]] = {spec.name: spec for spec in _SPECS}
"""The lists by name, in the order in which people meet them."""


def find(name: str) -> ListSpec:
    """Return a list by its name.

    Raises:
        ConfigurationError: There is none of that name.
    """
    spec = LISTS.get(name)
    if spec is None:
        close = get_close_matches(str(name), LISTS, n=1)
        hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(LISTS)}"
        raise ConfigurationError(f"there is no list {name!r}{hint}")
    return spec
