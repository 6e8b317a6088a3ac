"""Sessions: created, and the people in them registered and marked at the roll call."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple, Unpack

import attrs

from litmos_async.bulk import BulkJob, ItemOptions
from litmos_async.errors import ConfigurationError
from litmos_async.jobs.steps import (
    ItemFailed,
    ItemRequests,
    Step,
    StepJobs,
    check_types,
    nameless,
    numbered,
)
from litmos_async.models import EventUser, Session, SessionDay
from litmos_async.models.record import check_class
from litmos_async.names import loose
from litmos_async.resources import Resources
from litmos_async.resources.arguments import Ref, id_of
from litmos_async.resources.sessions import to_create

__all__ = ["NewSession", "SessionJobs", "SessionPlace", "UserInSession"]

_SESSION: Final = "/courses/{course_id}/modules/{module_id}/sessions"
_CREATE: Final = f"POST {_SESSION}"
_REGISTER: Final = f"POST {_SESSION}/{{session_id}}/users/{{user_id}}/register"
_MARK: Final = f"POST {_SESSION}/{{session_id}}/rollcall"

_NO_TAKING_BACK: Final = "the API has no call that cancels a registration; that cannot be undone here"
_LAST_WORD: Final = "a completed roll call completes the module, and an achievement that follows stays"


class SessionPlace(NamedTuple):
    """A session, and where it is.

    ```python
    place = SessionPlace(course_id, ilt_module_id, session_id)
    report = await Jobs.of(litmos.bulk).register_for_sessions([(user_id, place)]).run()
    ```

    Attributes:
        course_id: Id of the course.
        module_id: Id of the instructor-led module.
        session_id: Id of the session.
    """

    course_id: str
    module_id: str
    session_id: str

    @classmethod
    def parse(cls, text: str) -> SessionPlace:
        """Return what `str` has made a text of.

        Args:
            text: What `str` of a place returned.
        """
        return cls(*text.split("/"))

    def __str__(self) -> str:
        """Return it as one text: a slash is in no id."""
        return "/".join(self)


class UserInSession(NamedTuple):
    """A person and a session.

    ```python
    place = SessionPlace(course_id, ilt_module_id, session_id)
    async for outcome in Jobs.of(litmos.bulk).register_for_sessions([(user_id, place)]):
        print(outcome.item.user_id, outcome.item.place.session_id, outcome.status)
    ```

    Attributes:
        user_id: Id of the person.
        place: The session.
    """

    user_id: str
    place: SessionPlace


class NewSession(NamedTuple):
    """A session to be created; `start` is the day and the time, as in `2031-09-24 9:00AM`.

    ```python
    session = (await litmos.sessions.get(course_id, ilt_module_id, session_id)).replace(name="First aid II")
    async for outcome in Jobs.of(litmos.bulk).create_sessions([(course_id, ilt_module_id, session)]):
        print(outcome.item.name, outcome.item.start, outcome.status)
    ```

    Attributes:
        course_id: Id of the course.
        module_id: Id of the instructor-led module.
        name: What it is called.
        start: The day and the time of its beginning, as in `2031-09-24 9:00AM`.
    """

    course_id: str
    module_id: str
    name: str
    start: str

    @classmethod
    def of(cls, course_id: str, module_id: str, session: Session) -> NewSession:
        """Return what tells a session from others of its module.

        Args:
            course_id: Id of the course.
            module_id: Id of the instructor-led module.
            session: The session, with at least one day.
        """
        return cls(course_id, module_id, session.name or "", _begins(session))


class SessionJobs(StepJobs):
    """The helpers `create_sessions`, `register_for_sessions` and `mark_roll_calls`."""

    def create_sessions(
        self, sessions: Iterable[tuple[Ref, Ref, Session]], **options: Unpack[ItemOptions]
    ) -> BulkJob:
        """Create sessions: one request each. One with the same name and beginning in the same module is "skipped".

        `GET /courses/{course_id}/modules/{module_id}/sessions`
        `POST /courses/{course_id}/modules/{module_id}/sessions`

        Args:
            sessions: Triples (course, instructor-led module, session); ids or records.
            options: See `ItemOptions`.

        Returns:
            The job; its items are `NewSession`.
        """
        steps = numbered("session", sessions, _read_session, expected="(course, module, Session)")
        return self._step_job("create_sessions", "sessions", steps, options)

    def register_for_sessions(
        self, people: Iterable[tuple[Ref, SessionPlace]], **options: Unpack[ItemOptions]
    ) -> BulkJob:
        """Register people for sessions, one request each: an answer to a list does not name those it refused.

        `POST /courses/{course_id}/modules/{module_id}/sessions/{session_id}/users/{user_id}/register`

        Whether people get an e-mail is not documented, and there is no switch. Those who are registered are
        "skipped", after one look at the roll call of each session.

        Args:
            people: Pairs (person or their id, session).
            options: See `ItemOptions`.

        Returns:
            The job; its items are `UserInSession`.
        """
        read = partial(_read_registration, RollCalls())
        steps = numbered("registration", people, read, expected="(user, SessionPlace)")
        return self._step_job(
            "register_for_sessions", "registrations", steps, options, mails=True, notes=(_NO_TAKING_BACK,)
        )

    def mark_roll_calls(
        self, marks: Iterable[tuple[SessionPlace, EventUser]], **options: Unpack[ItemOptions]
    ) -> BulkJob:
        """Set score and completion of people in sessions: one request each, so that each has an outcome.

        `POST /courses/{course_id}/modules/{module_id}/sessions/{session_id}/rollcall`

        People who are not registered are "failed", and those already marked so are "skipped", after one look
        at the roll call of each session.

        Args:
            marks: Pairs (session, mark). A mark has the `id` of a person, `completed`, and a score of 0 to 100:
                left out, the existing one stays.
            options: See `ItemOptions`.

        Returns:
            The job; its items are `UserInSession`.
        """
        read = partial(_read_mark, RollCalls())
        steps = numbered("mark", marks, read, expected="(SessionPlace, EventUser)")
        return self._step_job("mark_roll_calls", "marks", steps, options, notes=(_LAST_WORD,))


class RollCalls:
    """The roll calls of sessions, each read once in a job, before the first write about it."""

    def __init__(self) -> None:
        self._locks: dict[SessionPlace, asyncio.Lock] = {}
        self._rows: dict[SessionPlace, dict[str, EventUser]] = {}

    async def row(self, requests: ItemRequests, item: UserInSession) -> EventUser | None:
        """Return what the roll call says of a person; None of one who is not registered."""
        place = item.place
        async with self._locks.setdefault(place, asyncio.Lock()):
            if place not in self._rows:
                self._rows[place] = await requests.read(lambda litmos: _roll_call(litmos, place))
            return self._rows[place].get(item.user_id)


async def _roll_call(litmos: Resources, place: SessionPlace) -> dict[str, EventUser]:
    return {row.id: row async for row in litmos.sessions.list_roll_call(*place)}


def _read_registration(calls: RollCalls, pair: Any, _number: int) -> Step:
    user, place = pair
    return _register(UserInSession(id_of(user, "user_id"), _checked_place(place)), calls)


def _read_mark(calls: RollCalls, pair: Any, _number: int) -> Step:
    place, mark = pair
    check_class(mark, EventUser)
    return _mark(UserInSession(id_of(mark.id, "EventUser.id"), _checked_place(place)), mark, calls)


def _checked_place(place: object) -> SessionPlace:
    if not isinstance(place, SessionPlace):
        raise ConfigurationError(f"{type(place).__name__} is not a SessionPlace")
    course_id, module_id, session_id = place
    return SessionPlace(
        id_of(course_id, "course_id"), id_of(module_id, "module_id"), id_of(session_id, "session_id")
    )


def _register(item: UserInSession, calls: RollCalls) -> Step:
    async def is_done(litmos: Resources) -> bool:
        return item.user_id in await _roll_call(litmos, item.place)

    async def carry_out(requests: ItemRequests) -> str | None:
        if await calls.row(requests, item) is not None:
            return "registered already"
        await requests.write(lambda litmos: litmos.sessions.register_user(*item.place, item.user_id), is_done)
        return None

    return Step(item, _entry(item), carry_out, is_done, (_REGISTER,), receivers=(item.user_id,))


def _mark(item: UserInSession, wanted: EventUser, calls: RollCalls) -> Step:
    content = repr((wanted.completed, wanted.score))
    try:
        check_types(wanted)
        if wanted.score is not None and not 0 <= wanted.score <= 100:
            raise ConfigurationError(f"score must be 0 to 100, not {wanted.score}")
    except ConfigurationError as problem:
        return Step(item, _entry(item), content=content, rejected=problem)

    def is_marked(row: EventUser | None) -> bool:
        return (
            row is not None
            and row.completed is wanted.completed
            and (wanted.score is None or row.score == wanted.score)
        )

    async def is_done(litmos: Resources) -> bool:
        return is_marked((await _roll_call(litmos, item.place)).get(item.user_id))

    async def carry_out(requests: ItemRequests) -> str | None:
        row = await calls.row(requests, item)
        if row is None:
            raise ItemFailed("failed", None, "not registered for the session")
        if is_marked(row):
            return "marked so already"
        score = row.score if wanted.score is None else wanted.score
        written = row.replace(completed=wanted.completed, score=score)
        await requests.write(lambda litmos: litmos.sessions.mark_roll_call(*item.place, [written]), is_done)
        return None

    return Step(item, _entry(item), carry_out, is_done, (_MARK,), content, receivers=(item.user_id,))


def _entry(item: UserInSession) -> tuple[str, str]:
    return item.user_id, str(item.place)


def _read_session(triple: Any, _number: int) -> Step:
    course, module, session = triple
    check_class(session, Session)
    check_types(session)
    for day in session.days:
        check_class(day, SessionDay)
        check_types(day)
    return _creation(id_of(course, "course_id"), id_of(module, "module_id"), session)


def _creation(course_id: str, module_id: str, session: Session) -> Step:
    item = NewSession.of(course_id, module_id, session)
    # A journal holds no names.
    entry = module_id, nameless(f"{loose(session.name)}/{item.start}")[0]
    content = repr(attrs.astuple(session))
    try:
        body = to_create(session)
    except ConfigurationError as problem:
        return Step(item, entry, content=content, rejected=problem)

    async def is_done(litmos: Resources) -> bool:
        rows = litmos.sessions.list(course_id, module_id)
        return any([loose(row.name) == loose(item.name) and _begins(row) == item.start async for row in rows])

    async def carry_out(requests: ItemRequests) -> str | None:
        if await requests.read(is_done):
            return "there already"
        await requests.write(lambda litmos: litmos.sessions.create(course_id, module_id, body), is_done)
        return None

    requests = f"GET {_SESSION}", _CREATE
    return Step(item, entry, carry_out, is_done, requests, content)


def _begins(session: Session) -> str:
    days = [day for day in session.days if day.start_date]
    first = min(days, key=lambda day: str(day.start_date), default=None)
    if first is None:
        return ""
    time = "".join((first.start_time or "").split()).upper()
    return f"{first.start_date:%Y-%m-%d} {time}"
