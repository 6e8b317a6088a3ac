"""Where the rows of lists come from: operations, the parents of which there is a list each, trees made flat."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from math import ceil
from typing import Any, Final, cast

from attrs import define, evolve

from litmos_async.ahead import Batch, PageRequest
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.export.spec import BEGINNING, Ask, Listed, Open, Unit, Units
from litmos_async.models import Course, Session, User, UserSummary
from litmos_async.models.record import Record
from litmos_async.paging import Pages
from litmos_async.resources import Resources
from litmos_async.resources.base import split_options
from litmos_async.resources.user_learning import PEOPLE_PER_REQUEST


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


def plain(read: Callable[[Resources, Ask], Pages[Any]]) -> Open:
    """Return what opens a list that is one list of the API."""
    return lambda litmos, ask, _unit: read(litmos, ask)


def over_span(read: Callable[[Resources], Callable[..., Pages[Any]]]) -> Open:
    """Return what opens a list over a span of time."""
    return lambda litmos, ask, _unit: read(litmos)(since=since_of(ask), to=ask.to, **ask.options)


def of_parent(read: Callable[[Resources, str], Callable[..., Pages[Any]]]) -> Open:
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

    async def units(litmos: Resources, ask: Ask, resume: str | None) -> AsyncGenerator[Listed, None]:
        only, found = ask.where.get(column), False
        if only is not None and column == "user_id":
            # One request in place of hundreds: the list of a person that is not there says so itself.
            yield Listed([Unit(only, {column: only})])
            return
        async with aclosing(read(litmos, ask).by_page(resume=resume)) as pages:
            async for page in pages:
                some = [Unit(each.id, {column: each.id}) for each in page.items if only in {None, each.id}]
                found = found or bool(some)
                # Of one that is looked for it must be known at the end whether it came.
                yield Listed(some, page.resume if only is None else None)
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


LOGS: Final = ("actions", "assignments", "content", "settings")


async def each_log(_litmos: Resources, _ask: Ask, _resume: str | None) -> AsyncGenerator[Listed, None]:
    """Yield a unit for each log of activities."""
    yield Listed([Unit(log, {"log": log}) for log in LOGS])


def open_log(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    """Return the rows of a log."""
    read = getattr(litmos.activities, f"list_{unit.key}")
    return cast("Pages[Any]", read(since=since_of(ask), to=ask.to, **ask.options))


_HALVES: Final = (Unit("future"), Unit("past"))
"""The two lists that hold all sessions, in this order: one that begins meanwhile is in both, and never in none."""


async def future_and_past(_litmos: Resources, _ask: Ask, _resume: str | None) -> AsyncGenerator[Listed, None]:
    """Yield the two lists of sessions."""
    yield Listed(_HALVES)


def open_sessions(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    """Return the courses with sessions of one of the two lists."""
    read = litmos.sessions.list_past if unit.key == "past" else litmos.sessions.list_future
    return read(since=ask.since, **ask.options)


def flat_sessions(_unit: Unit, tree: Any) -> Iterator[tuple[Mapping[str, str], Session]]:
    """Yield the sessions of a course."""
    for module in tree.modules:
        for session in module.sessions:
            yield {"course_id": tree.id, "module_id": module.id}, session


async def each_session(litmos: Resources, ask: Ask, _resume: str | None) -> AsyncGenerator[Listed, None]:
    """Yield a unit for each session, once: a session of today may be in both lists."""
    seen: set[str] = set()
    course = ask.where.get("course_id")
    everything = evolve(ask, since=None)
    for half in _HALVES:
        async with aclosing(open_sessions(litmos, everything, half).by_page()) as pages:
            async for page in pages:
                for parent, session in (each for tree in page.items for each in flat_sessions(half, tree)):
                    if session.id not in seen and course in {None, parent["course_id"]}:
                        seen.add(session.id)
                        yield Listed([Unit(session.id, {**parent, "session_id": session.id})])


def of_session(read: Callable[[Resources], Callable[..., Pages[Any]]]) -> Open:
    """Return what opens the list of one session."""
    return lambda litmos, ask, unit: read(litmos)(*unit.parent.values(), **ask.options)


async def each_holder(litmos: Resources, ask: Ask, _resume: str | None) -> AsyncGenerator[Listed, None]:
    """Yield the units of the assignments: one a course, or one for 25 people where that is fewer requests."""
    only_course, only_user = ask.where.get("course_id"), ask.where.get("user_id")
    if only_user is not None:
        person = await litmos.users.get(only_user, **_call_options(ask))
        yield Listed([Unit(only_user, _names_of(person), ids=(only_user,))])
        return
    courses = [course async for course in list_courses(litmos, ask)]
    if only_course is not None:
        courses = [course for course in courses if course.id == only_course]
        if not courses:
            raise ConfigurationError(f"where: there is no course_id {only_course!r}")
    else:
        people = (await litmos.users.list_paginated(page_size=1, **_call_options(ask))).total
        if people is not None and ceil(people / PEOPLE_PER_REQUEST) < len(courses):
            some: list[UserSummary] = []
            async with aclosing(list_people(litmos, ask).by_page()) as pages:
                async for page in pages:
                    some += page.items
                    while len(some) >= PEOPLE_PER_REQUEST:
                        yield Listed([_together(some[:PEOPLE_PER_REQUEST])])
                        del some[:PEOPLE_PER_REQUEST]
            if some:
                yield Listed([_together(some)])
            return
    yield Listed([Unit(course.id, _names_of_course(course)) for course in courses])


def _names_of_course(course: Course) -> dict[str, str]:
    return {"course_id": course.id, "course_code": course.code or "", "course_name": course.name or ""}


def _together(people: Sequence[UserSummary]) -> Unit:
    names = {key: value for person in people for key, value in _names_of(person).items()}
    return Unit(people[0].id, names, ids=tuple(person.id for person in people))


def _names_of(person: UserSummary | User) -> dict[str, str]:
    """Return the names of a person, which the courses of 25 people do not hold."""
    names = {"user_name": person.user_name, "first_name": person.first_name, "last_name": person.last_name}
    return {f"{person.id} {name}": value for name, value in names.items() if value is not None}


def open_holders(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
    """Return the people of a course, or 25 people with their courses."""
    if not unit.ids:
        return litmos.courses.list_users(unit.key, **ask.options)

    answer: list[Sequence[Any]] = []

    async def fetch(request: PageRequest) -> Batch[Any]:
        """Give rows of the one answer, which holds all of them: to look for its end takes no request."""
        if not answer:
            answer.append(await litmos.users.list_courses_for_many(unit.ids, **_call_options(ask)))
        (rows,) = answer
        return Batch(rows[request.start : request.start + request.limit], len(rows))

    return Pages(fetch, name=f"assignments of {' '.join(unit.ids)}")


def flat_holders(unit: Unit, row: Any) -> Iterator[tuple[Mapping[str, str], Assignment]]:
    """Yield the assignments of one such row."""
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
                user_name=unit.parent.get(f"{row.id} user_name"),
                first_name=unit.parent.get(f"{row.id} first_name"),
                last_name=unit.parent.get(f"{row.id} last_name"),
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
