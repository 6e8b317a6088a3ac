"""The operations on who takes part in a session: registration, roll call, attendance."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.courses import ilt_module
from litmos_async.sandbox.routes.sessions import SESSIONS, session
from litmos_async.sandbox.rows.sessions import attendance, roll_call
from litmos_async.sandbox.wire.schema import USER_REF, Record
from litmos_async.sandbox.wire.schema_training import EVENT_USER, SESSION_REGISTRATION_STATUS

routes = Routes()

_SESSION: Final = f"{SESSIONS}/{{session_id}}"
_DAY: Final = "/courses/{course_id}/modules/{module_id}/sessiondays/{day_id}"
_MOST_USERS: Final = 25  # a peer's limit (api-facts 12); that more answers 404 is by analogy with teams.
_CLASS_ROOM: Final = 1  # a peer's word (records.yaml, Session)


@routes("POST", f"{_SESSION}/users/{{user_id}}/register")
def register_user(call: Call, course_id: str, module_id: str, session_id: str, user_id: str) -> Response:
    """Register a person; a repeat does no harm, which is a choice of the sandbox."""
    _register(call, session(call, course_id, module_id, session_id), user_id)
    return done()


@routes("POST", f"{_SESSION}/users/register")
def register_users(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Register people as far as it goes: the answer counts and names no one."""
    found = session(call, course_id, module_id, session_id)
    user_ids = call.ids("Users", USER_REF)
    if len(user_ids) > _MOST_USERS:
        raise Refusal(404, f"Maximum UserIds is {_MOST_USERS}")
    failed = 0
    for user_id in user_ids:
        try:
            _register(call, found, user_id)
        except Refusal:
            failed += 1
    counts = {"TotalUsersRegistered": len(user_ids) - failed, "Failed": failed}
    return call.answer(SESSION_REGISTRATION_STATUS, counts)


@routes("GET", f"{_SESSION}/rollcall")
def list_roll_call(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Answer the registered people with score and completion."""
    session(call, course_id, module_id, session_id)
    return call.answer_all("EventUsers", EVENT_USER, call.page(roll_call(call.tenant, session_id)))


@routes("POST", f"{_SESSION}/rollcall")
def mark_roll_call(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Set score and completion of the people named; a score that is left out becomes 0."""
    session(call, course_id, module_id, session_id)
    rows = call.records("EventUsers", EVENT_USER)
    for row in rows:
        _check_registered(call, session_id, row["Id"])
    for row in rows:
        call.tenant.training.mark(session_id, row["Id"], row["Score"] or 0, completed=row["Completed"])
    return done()


@routes("GET", f"{_SESSION}/attendance")
def list_attendance(call: Call, course_id: str, module_id: str, session_id: str) -> Response:
    """Answer the registered people with their attendance."""
    session(call, course_id, module_id, session_id)
    return call.answer_all("EventUsers", EVENT_USER, call.page(attendance(call.tenant, session_id)))


@routes("POST", f"{_DAY}/users/{{user_id}}/attended/{{attended}}")
def mark_attendance(
    call: Call, course_id: str, module_id: str, *, day_id: str, user_id: str, attended: str
) -> Response:
    """Note whether a person came on a day."""
    return _attend(call, _session_on(call, course_id, module_id, day_id), day_id, [user_id], attended)


@routes("POST", f"{_DAY}/attended/{{attended}}")
def mark_attendance_many(call: Call, course_id: str, module_id: str, day_id: str, attended: str) -> Response:
    """Note whether people came on a day."""
    user_ids = call.ids("Users", USER_REF)
    return _attend(call, _session_on(call, course_id, module_id, day_id), day_id, user_ids, attended)


@routes("GET", "/courses/{course_id}/modules/{module_id}/registration")
def list_registrations(call: Call, course_id: str, module_id: str) -> Response:
    """Answer the people who are registered to any session of a module."""
    ilt_module(call, course_id, module_id)
    sessions = call.tenant.training.of_module(module_id)
    rows = [row for each in sessions for row in roll_call(call.tenant, each["Id"])]
    return call.answer_all("EventUsers", EVENT_USER, call.page(rows))


def _register(call: Call, found: Record, user_id: str) -> None:
    tenant = call.tenant
    user = call.user(user_id)
    if tenant.training.registrations.get(found["Id"], user_id):
        return
    if not tenant.user_courses.get(user_id, found["CourseId"]):
        raise Refusal(409, "User is not assigned to the course")
    if found["SessionType"] != _CLASS_ROOM and not user["Email"]:
        raise Refusal(409, "User has no e-mail address")
    # A full session takes no sign-up by learners; those who call the API can still add people (api-facts 15).
    tenant.training.register(found["Id"], user_id)


def _session_on(call: Call, course_id: str, module_id: str, day_id: str) -> str:
    """Return the id of the session that a day belongs to."""
    ilt_module(call, course_id, module_id)
    for found in call.tenant.training.of_module(module_id):
        if any(day["Id"] == day_id for day in found["Days"]):
            return str(found["Id"])
    raise Refusal(404, "Session day not found")


def _attend(call: Call, session_id: str, day_id: str, user_ids: list[str], attended: str) -> Response:
    if attended not in {"true", "false"}:
        raise Refusal(400, "attended must be true or false")
    for user_id in user_ids:
        _check_registered(call, session_id, user_id)
    for user_id in user_ids:
        call.tenant.training.attend(session_id, user_id, day_id, attended=attended == "true")
    return done()


def _check_registered(call: Call, session_id: str, user_id: str) -> None:
    """Refuse people who are not registered; nothing is documented, and 404 is a choice of the sandbox."""
    if not call.tenant.training.registrations.get(session_id, user_id):
        raise Refusal(404, "User is not registered to the session")
