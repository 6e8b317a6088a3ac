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

_REQUIRED: Final = ("Name", "TimeZone", "Location", "Days")
_LENGTHS: Final = {"Name": 100, "TimeZone": 100, "Location": 1_000}
_READ_ONLY: Final = ("Id", "InstructorName", "CourseName", "ModuleName", "Accepted", "StartDate", "EndDate")


def written_session(tenant: Tenant, body: Record) -> Record:
    """Return the fields that a create or an update writes.

    The dates of the session follow from its days.

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
        if day["StartDate"] is None or day["EndDate"] is None:
            raise Refusal(400, "StartDate and EndDate are required")
        if day["EndDate"] < day["StartDate"]:
            raise Refusal(409, "EndDate lies before StartDate")
    instructor = session["InstructorUserId"]
    if instructor != SEVERAL and instructor not in tenant.users:
        raise Refusal(403, "Invalid instructor")
    return session
