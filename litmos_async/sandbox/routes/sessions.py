"""The operations on sessions: the record, the trees of all sessions, and the sessions of an instructor."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.courses import ilt_module
from litmos_async.sandbox.routes.session_checks import written_session
from litmos_async.sandbox.rows.sessions import session_row, sessions_tree
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_training import INSTRUCTOR, LOCATION, SESSION, SESSION_COURSE

routes = Routes()

SESSIONS: Final = "/courses/{course_id}/modules/{module_id}/sessions"
"""Where the sessions of a module are."""


@routes("GET", "/sessions/future")
def list_future(call: Call) -> Response:
    """Answer the sessions that have yet to begin."""
    return _answer_tree(call, future=True)


@routes("GET", "/sessions/past")
def list_past(call: Call) -> Response:
    """Answer the sessions that have begun."""
    return _answer_tree(call, future=False)


@routes("GET", SESSIONS)
def list_sessions(call: Call, course_id: str, module_id: str) -> Response:
    """Answer the sessions of a module."""
    ilt_module(call, course_id, module_id)
    return _answer_sessions(call, call.tenant.training.of_module(module_id))


@routes("GET", f"{SESSIONS}/{{session_id}}")
def get(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Answer one session."""
    return call.answer(SESSION, session_row(call.tenant, session(call, course_id, module_id, session_id)))


@routes("POST", SESSIONS)
def create(call: Call, course_id: str, module_id: str) -> Response:
    """Add a session; the answer is not documented: the record, as other creates do."""
    ilt_module(call, course_id, module_id)
    fields = written_session(call.tenant, call.record(SESSION))
    added = call.tenant.training.add_session(course_id, module_id, **fields)
    return call.answer(SESSION, session_row(call.tenant, added), 201)


@routes("PUT", f"{SESSIONS}/{{session_id}}")
def update(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Write the whole record of a session."""
    session(call, course_id, module_id, session_id)
    body = call.record(SESSION)
    if body["Id"] != session_id:
        raise Refusal(409, "Id does not match")
    call.tenant.training.change_session(session_id, **written_session(call.tenant, body, session_id))
    return done()


@routes("DELETE", f"{SESSIONS}/{{session_id}}")
def delete(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Delete a session."""
    session(call, course_id, module_id, session_id)
    call.tenant.training.delete_session(session_id)
    return done()


@routes("GET", "/instructors")
def list_instructors(call: Call) -> Response:
    """Answer the people who teach."""
    users = call.tenant.users
    people = [users[each] for each in call.tenant.training.instructors if each in users]
    rows = call.matching(people, "UserName", "FirstName", "LastName", "FullName", "Email")
    return call.answer_all("Users", INSTRUCTOR, call.page(rows))


@routes("GET", "/instructors/{user_id}/sessions")
def list_instructor_sessions(call: Call, user_id: str) -> Response:
    """Answer the sessions that a person teaches; that they come flat, not as a tree, is assumed."""
    call.user(user_id)
    held = call.tenant.training.held()
    return _answer_sessions(call, [each for each in held if each["InstructorUserId"] == user_id])


@routes("GET", "/locations")
def list_locations(call: Call) -> Response:
    """Answer the places; the XML names are not documented, Locations and Location are assumed."""
    return call.answer_all("Locations", LOCATION, call.page(call.tenant.training.locations))


def session(call: Call, course_id: str, module_id: str, session_id: str) -> Record:
    """Return a session of a module."""
    ilt_module(call, course_id, module_id)
    found = call.tenant.training.sessions.get(session_id)
    if found is None or found["ModuleId"] != module_id:
        raise Refusal(404, "Session not found")
    return found


def _answer_sessions(call: Call, sessions: list[Record]) -> Response:
    rows = [session_row(call.tenant, each) for each in call.page(sessions)]
    return call.answer_all("Sessions", SESSION, rows)


def _answer_tree(call: Call, *, future: bool) -> Response:
    """Answer a tree; that `start` and `limit` count sessions, not courses, is a choice of the sandbox."""
    tenant = call.tenant
    since, to = (call.moment("since"), call.moment("to"))
    if since is not None and to is not None:
        call.window()
    sessions = [
        each
        for each in call.matching(tenant.training.held(), "Name")
        if (each["StartDate"] > tenant.now()) is future
        and (since is None or since <= each["UpdatedDate"])
        and (to is None or each["UpdatedDate"] < to)
    ]
    sessions.sort(key=lambda each: each["StartDate"], reverse=call.descending())
    return call.answer_all("SessionCourses", SESSION_COURSE, sessions_tree(tenant, call.page(sessions)))
