"""What the service refuses in a session.

403 for an invalid instructor is documented (operations.yaml, sessions.create); that what is missing is 400
is a choice of the sandbox, as with people.
"""

from __future__ import annotations

from typing import Final

from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.rows.sessions import SEVERAL
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record

_REQUIRED: Final = ("Name", "SessionType", "TimeZone", "Location", "Days")
_OF_A_DAY: Final = ("StartDate", "EndDate")
_OF_A_NEW_DAY: Final = (*_OF_A_DAY, "StartTime", "EndTime")
_METRICS: Final = ("minutes", "hours", "days")
_LENGTHS: Final = {"Name": 100, "TimeZone": 100, "Location": 1_000}
_READ_ONLY: Final = ("Id", "InstructorName", "CourseName", "ModuleName", "Accepted", "StartDate", "EndDate")


def written_session(tenant: Tenant, body: Record, session_id: str = "") -> Record:
    """Return the fields that a create or an update writes.

    The dates of the session follow from its days.

    Args:
        tenant: The organisation.
        body: The record as read.
        session_id: The session that is updated, whose days may lack times that a test left out. Empty for a new
            one.

    Raises:
        Refusal: The record is not acceptable.
    """
    session = {name: value for name, value in body.items() if name not in _READ_ONLY}
    for name in _REQUIRED:
        if not session[name]:
            raise Refusal(400, f"{name} is required")
    for name, most in _LENGTHS.items():
        if len(session[name]) > most:
            raise Refusal(400, f"{name} is longer than {most} characters")
    for day in session["Days"]:
        _check_day(day, _OF_A_DAY if session_id else _OF_A_NEW_DAY)
    instructor = session["InstructorUserId"]
    if instructor != SEVERAL and instructor not in tenant.users:
        raise Refusal(403, "Invalid instructor")
    return session


def _check_day(day: Record, required: tuple[str, ...]) -> None:
    for name in required:
        if not day[name]:
            raise Refusal(400, f"{name} is required")
    if day["EndDate"] < day["StartDate"]:
        raise Refusal(409, "EndDate lies before StartDate")
    # A reminder that is not sent may be of any time, and a client of 2026 leaves it out (api-facts 20).
    if day["SendReminder"] and (day["ReminderValue"] < 1 or day["ReminderMetric"] not in _METRICS):
        raise Refusal(400, "ReminderValue must be 1 or more, and ReminderMetric minutes, hours or days")
