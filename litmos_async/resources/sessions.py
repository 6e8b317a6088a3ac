"""Sessions of instructor-led training: dates, registrations, roll call and attendance."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Unpack

from litmos_async.checks import flags
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.models import (
    EventUser,
    ReminderMetric,
    Session,
    SessionCourse,
    SessionDay,
    SessionRegistrationStatus,
    UserRef,
)
from litmos_async.models.record import check_class
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Direction, Ref, complete, items, records, sort_query
from litmos_async.resources.base import ListOptions
from litmos_async.resources.windows import SpanResource
from litmos_async.wire.operation import Operation, many, one

_SESSIONS: Final = "/courses/{course_id}/modules/{module_id}/sessions"
_DAYS: Final = "/courses/{course_id}/modules/{module_id}/sessiondays/{session_day_id}"

LIST_FUTURE = Operation(
    "sessions.list_future", "GET", "/sessions/future", many(SessionCourse, "SessionCourses")
)
LIST_PAST = Operation("sessions.list_past", "GET", "/sessions/past", many(SessionCourse, "SessionCourses"))
LIST = Operation("sessions.list", "GET", _SESSIONS, many(Session, "Sessions"), json_seen=True)
GET = Operation("sessions.get", "GET", _SESSIONS + "/{session_id}", one(Session))
CREATE = Operation("sessions.create", "POST", _SESSIONS, one(Session), body=one(Session))
UPDATE: Operation[Any] = Operation(
    "sessions.update", "PUT", _SESSIONS + "/{session_id}", body=one(Session), repeatable=True
)
DELETE: Operation[Any] = Operation("sessions.delete", "DELETE", _SESSIONS + "/{session_id}", repeatable=True)
REGISTER_USER: Operation[Any] = Operation(
    "sessions.register_user", "POST", _SESSIONS + "/{session_id}/users/{user_id}/register"
)
REGISTER_USERS = Operation(
    "sessions.register_users",
    "POST",
    _SESSIONS + "/{session_id}/users/register",
    one(SessionRegistrationStatus),
    body=many(UserRef, "Users"),
)
LIST_ROLL_CALL = Operation(
    "sessions.list_roll_call",
    "GET",
    _SESSIONS + "/{session_id}/rollcall",
    many(EventUser, "EventUsers"),
    json_seen=True,
)
MARK_ROLL_CALL: Operation[Any] = Operation(
    "sessions.mark_roll_call",
    "POST",
    _SESSIONS + "/{session_id}/rollcall",
    body=many(EventUser, "EventUsers"),
    repeatable=True,
)
LIST_ATTENDANCE = Operation(
    "sessions.list_attendance",
    "GET",
    _SESSIONS + "/{session_id}/attendance",
    many(EventUser, "EventUsers"),
    json_seen=True,
)
MARK_ATTENDANCE: Operation[Any] = Operation(
    "sessions.mark_attendance", "POST", _DAYS + "/users/{user_id}/attended/{attended}", repeatable=True
)
MARK_ATTENDANCE_MANY: Operation[Any] = Operation(
    "sessions.mark_attendance_many",
    "POST",
    _DAYS + "/attended/{attended}",
    body=many(UserRef, "Users"),
    repeatable=True,
)


class Sessions(SpanResource):
    """Sessions of instructor-led modules, and the people in them."""

    def list_future(
        self,
        *,
        since: datetime | None = None,
        to: datetime | None = None,
        search: str | None = None,
        sort: str | None = None,
        direction: Direction | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[SessionCourse]:
        """List the sessions to come, as a tree: course, modules, sessions, days.

        `GET /sessions/future`

        Args:
            since: Only sessions created or changed after it. Alone, it goes out as it is. None takes all.
            to: Only sessions created or changed up to it; needs `since`. A span over 7 days is read in windows,
                and a course whose sessions changed in several of them comes once for each, with another part of
                its tree. None takes all since then.
            search: Filters by a part of the session's name; at most 50 characters. None takes all.
            sort: Field to sort by; only the start date is documented, without its name. It is the default.
            direction: "asc", the server's default, or "desc".
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call. Whether the
                server counts courses or sessions in a page is not documented.

        Source: seed, openapi, vendor page, vendor collection.
        """
        return self._sessions(
            LIST_FUTURE, since, to, {"search": search} | sort_query(sort, direction), options
        )

    def list_past(
        self,
        *,
        since: datetime | None = None,
        to: datetime | None = None,
        search: str | None = None,
        sort: str | None = None,
        direction: Direction | None = None,
        **options: Unpack[ListOptions],
    ) -> Pages[SessionCourse]:
        """List the sessions that are over, as a tree: course, modules, sessions, days.

        `GET /sessions/past`

        Its form is taken from `list_future`.

        Args:
            since: Only sessions created or changed after it. Alone, it goes out as it is. None takes all.
            to: Only sessions created or changed up to it; needs `since`. A span over 7 days is read in windows, as
                in `list_future`. None takes all since then.
            search: Filters by a part of the session's name; at most 50 characters. None takes all.
            sort: Field to sort by, as in `list_future`. None leaves it to the server.
            direction: "asc", the server's default, or "desc".
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._sessions(LIST_PAST, since, to, {"search": search} | sort_query(sort, direction), options)

    def _sessions(
        self,
        operation: Operation[SessionCourse],
        since: datetime | None,
        to: datetime | None,
        query: dict[str, str | None],
        options: ListOptions,
    ) -> Pages[SessionCourse]:
        if to is None:
            return self._list(operation, query={**query, "since": since}, options=options)
        if since is None:
            raise ConfigurationError("to needs since: give both")
        return self._in_span(operation, since, to, query=query, options=options)

    def list(self, course_id: Ref, module_id: Ref, **options: Unpack[ListOptions]) -> Pages[Session]:
        """List the sessions of a module.

        `GET /courses/{course_id}/modules/{module_id}/sessions`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST, course_id, module_id, options=options)

    async def get(
        self, course_id: Ref, module_id: Ref, session_id: Ref, **options: Unpack[CallOptions]
    ) -> Session:
        """Return one session.

        `GET /courses/{course_id}/modules/{module_id}/sessions/{session_id}`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session_id: The session: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such session.

        Source: seed, openapi, vendor collection.
        """
        return await self._call(GET, course_id, module_id, session_id, options=options)

    async def create(
        self, course_id: Ref, module_id: Ref, session: Session, **options: Unpack[CallOptions]
    ) -> Session | None:
        """Create a session: a class room, or an online meeting.

        `POST /courses/{course_id}/modules/{module_id}/sessions`

        Args:
            course_id: The course.
            module_id: The instructor-led module.
            session: The session, with everything that its record calls required, and with at least one day. A day
                that says nothing of reminders has none. Its `id` is ignored.
            options: The options of every call.

        Returns:
            The session if the server sent it back, else None: what it answers is not documented. `list` shows
            the new id.

        Raises:
            Forbidden: The instructor is not valid, or the account of the meeting service is not authorised.
            OutcomeUnknown: No answer came. Look at `list` before you try again.

        Source: seed, openapi, vendor collection, a peer.
        """
        body = to_create(session).replace(id="")
        return next(iter(await self._created(CREATE, course_id, module_id, body=body, options=options)), None)

    async def update(
        self, course_id: Ref, module_id: Ref, session: Session, **options: Unpack[CallOptions]
    ) -> None:
        """Write a session, whole: change what `get` returned, and give it back.

        `PUT /courses/{course_id}/modules/{module_id}/sessions/{session_id}`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session: The whole record: what `get` returned, with your changes.
            options: The options of every call.

        Raises:
            ConfigurationError: The record has no id, or lacks what a session needs.
            NotFound: There is no such session.

        Source: seed, openapi, vendor collection.
        """
        await self._do(
            UPDATE, course_id, module_id, session, body=_checked(session, update=True), options=options
        )

    async def delete(
        self, course_id: Ref, module_id: Ref, session_id: Ref, **options: Unpack[CallOptions]
    ) -> None:
        """Delete a session.

        `DELETE /courses/{course_id}/modules/{module_id}/sessions/{session_id}`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session_id: The session: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such session; also after a lost answer to a delete that went through.

        Source: seed, openapi, vendor collection.
        """
        await self._do(DELETE, course_id, module_id, session_id, options=options)

    async def register_user(
        self,
        course_id: Ref,
        module_id: Ref,
        session_id: Ref,
        user_id: Ref,
        **options: Unpack[CallOptions],
    ) -> None:
        """Register a person for a session.

        `POST /courses/{course_id}/modules/{module_id}/sessions/{session_id}/users/{user_id}/register`

        Whether the person gets an e-mail is not documented, and there is no switch.

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session_id: The session: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            Conflict: The person is not in the course, or has no e-mail address and the meeting service needs one.
            OutcomeUnknown: No answer came. Look at `list_roll_call` before you try again.

        Source: seed, openapi, vendor collection, a peer.
        """
        await self._do(REGISTER_USER, course_id, module_id, session_id, user_id, options=options)

    async def register_users(
        self,
        course_id: Ref,
        module_id: Ref,
        session_id: Ref,
        user_ids: Iterable[Ref],
        **options: Unpack[CallOptions],
    ) -> SessionRegistrationStatus:
        """Register up to 25 people for a session.

        `POST /courses/{course_id}/modules/{module_id}/sessions/{session_id}/users/register`

        Some may fail and the others not: the answer only counts both; `list_roll_call` names them. Whether
        they get e-mails is not documented, and there is no switch.

        Args:
            course_id: The course.
            module_id: The instructor-led module.
            session_id: The session.
            user_ids: 1 to 25 people.
            options: The options of every call.

        Raises:
            ConfigurationError: The list is empty, or longer than 25.
            OutcomeUnknown: No answer came. Look at `list_roll_call` before you try again.

        Source: openapi, a peer.
        """
        body = items(UserRef, user_ids, "user_ids", at_most=25)
        return await self._call(REGISTER_USERS, course_id, module_id, session_id, body=body, options=options)

    def list_roll_call(
        self, course_id: Ref, module_id: Ref, session_id: Ref, **options: Unpack[ListOptions]
    ) -> Pages[EventUser]:
        """List the people in a session, with score and completion.

        `GET /courses/{course_id}/modules/{module_id}/sessions/{session_id}/rollcall`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session_id: The session: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """
        return self._list(LIST_ROLL_CALL, course_id, module_id, session_id, options=options)

    async def mark_roll_call(
        self,
        course_id: Ref,
        module_id: Ref,
        session_id: Ref,
        users: Iterable[EventUser],
        **options: Unpack[CallOptions],
    ) -> None:
        """Set score and completion of people in a session.

        `POST /courses/{course_id}/modules/{module_id}/sessions/{session_id}/rollcall`

        Args:
            course_id: The course.
            module_id: The instructor-led module.
            session_id: The session.
            users: Who, each with `completed`, and with `score` if there is one: left out, it may become 0. What
                `list_roll_call` returned will do, changed.
            options: The options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """
        body = records(users, EventUser, "users", update=True)
        await self._do(MARK_ROLL_CALL, course_id, module_id, session_id, body=body, options=options)

    def list_attendance(
        self, course_id: Ref, module_id: Ref, session_id: Ref, **options: Unpack[ListOptions]
    ) -> Pages[EventUser]:
        """List the people who attended a session.

        `GET /courses/{course_id}/modules/{module_id}/sessions/{session_id}/attendance`

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            session_id: The session: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """
        return self._list(LIST_ATTENDANCE, course_id, module_id, session_id, options=options)

    async def mark_attendance(
        self,
        course_id: Ref,
        module_id: Ref,
        session_day_id: Ref,
        user_id: Ref,
        *,
        attended: bool = True,
        **options: Unpack[CallOptions],
    ) -> None:
        """Note that a person was there on one day of a session, or was not.

        `POST /courses/{course_id}/modules/{module_id}/sessiondays/{session_day_id}/users/{user_id}/attended/{attended}`

        Args:
            course_id: The course.
            module_id: The instructor-led module.
            session_day_id: The day, one of `Session.days`; not the session.
            user_id: The person.
            attended: False takes it back.
            options: The options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """  # noqa: E501 - the path is the catalogue's
        where = course_id, module_id, session_day_id, user_id
        await self._do(MARK_ATTENDANCE, *where, _flag(attended), options=options)

    async def mark_attendance_many(
        self,
        course_id: Ref,
        module_id: Ref,
        session_day_id: Ref,
        user_ids: Iterable[Ref],
        *,
        attended: bool = True,
        **options: Unpack[CallOptions],
    ) -> None:
        """Note for several people at once that they were there on one day of a session, or were not.

        `POST /courses/{course_id}/modules/{module_id}/sessiondays/{session_day_id}/attended/{attended}`

        Args:
            course_id: The course.
            module_id: The instructor-led module.
            session_day_id: The day, one of `Session.days`; not the session.
            user_ids: The people. No limit is documented; about 100 is a careful one.
            attended: False takes it back.
            options: The options of every call.

        Source: seed, vendor collection, peers.
        """
        body = items(UserRef, user_ids, "user_ids")
        where = course_id, module_id, session_day_id
        await self._do(MARK_ATTENDANCE_MANY, *where, _flag(attended), body=body, options=options)


def _flag(value: bool) -> str:
    """Return a truth value as it stands in a path.

    Raises:
        ConfigurationError: It is none: "false" would be true.
    """
    return "true" if flags(attended=value)["attended"] else "false"


def to_create(session: Session) -> Session:
    """Return a session that lacks nothing; a day without a reminder says so, as one document requires.

    Raises:
        ConfigurationError: Something is missing, or a reminder that is to be sent has no time.
    """
    check_class(session, Session)
    return _checked(session.replace(days=[_with_reminder(day) for day in session.days]))


def _with_reminder(day: SessionDay) -> SessionDay:
    check_class(day, SessionDay)
    if not day.send_reminder:
        # Of what is not sent any number will do: the vendor's own collection sends 0 (api-facts 20).
        return day.replace(
            send_reminder=False,
            reminder_value=1 if day.reminder_value is None else day.reminder_value,
            reminder_metric=day.reminder_metric or ReminderMetric.MINUTES,
        )
    if day.reminder_value is not None and day.reminder_value < 1:
        raise ConfigurationError("SessionDay.reminder_value must be 1 or more where send_reminder is True")
    return day


def _checked(session: Session, *, update: bool = False) -> Session:
    check_class(session, Session)
    for day in session.days:
        complete(day, SessionDay, update=update)
    return complete(session, update=update)
