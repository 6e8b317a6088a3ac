"""Rows that tell of sessions and of the people in them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from litmos_async.sandbox.state.links import Registration
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record

SEVERAL: Final = "0"
"""What stands for the instructor where there are several (records.yaml, Session)."""

# 1 is the one EventStatus that was ever seen; that 2 is the wait list is a choice of the sandbox.
_REGISTERED, _WAITING = 1, 2


def session_row(tenant: Tenant, session: Record) -> Record:
    """Return a session with what its course, its module and its instructor add."""
    instructor = tenant.users.get(session["InstructorUserId"])
    several = session["InstructorUserId"] == SEVERAL
    return session | {
        "InstructorName": "Multiple Instructors" if several else instructor["FullName"] if instructor else "",
        "CourseName": tenant.courses[session["CourseId"]]["Name"],
        "ModuleName": tenant.modules[session["ModuleId"]]["Name"],
        "Accepted": str(accepted(tenant, session)),
    }


def accepted(tenant: Tenant, session: Record) -> int:
    """Return how many of the registered people have a place; where there is a wait list, the others wait."""
    registered = len(tenant.training.registrations.of_left(session["Id"]))
    if session["Slots"] is None or not session["EnableWaitList"]:
        return registered
    return min(registered, int(session["Slots"]))


def sessions_tree(tenant: Tenant, sessions: Iterable[Record]) -> list[Record]:
    """Return sessions inside their modules inside their courses, each in the order of its first session."""
    tree: dict[str, dict[str, list[Record]]] = {}
    for session in sessions:
        modules = tree.setdefault(session["CourseId"], {})
        modules.setdefault(session["ModuleId"], []).append(session_row(tenant, session))
    return [
        tenant.courses[course_id]
        | {
            "OriginalId": str(tenant.courses[course_id]["OriginalId"]),
            "Modules": [
                tenant.modules[module_id] | {"Sessions": rows} for module_id, rows in modules.items()
            ],
        }
        for course_id, modules in tree.items()
    ]


def roll_call(tenant: Tenant, session_id: str) -> list[Record]:
    """Return the people who are registered to a session, with what the roll call said of them."""
    return [row | {"Completed": registration.completed} for row, registration in _people(tenant, session_id)]


def attendance(tenant: Tenant, session_id: str) -> list[Record]:
    """Return the same people; that Completed means they came on every day is a choice of the sandbox."""
    days = {day["Id"] for day in tenant.training.sessions[session_id]["Days"]}
    return [
        row | {"Completed": days <= registration.attended}
        for row, registration in _people(tenant, session_id)
    ]


def _people(tenant: Tenant, session_id: str) -> Iterator[tuple[Record, Registration]]:
    places = accepted(tenant, tenant.training.sessions[session_id])
    registrations = tenant.training.registrations.of_left(session_id)
    for place, (user_id, registration) in enumerate(registrations.items()):
        user = tenant.users[user_id]
        row = {
            "Id": user_id,
            "EventStatus": _REGISTERED if place < places else _WAITING,
            **{name: user[name] for name in ("FirstName", "LastName", "Email", "CompanyName")},
            "Score": registration.score,
        }
        yield row, registration
