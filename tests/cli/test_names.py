"""What people write into the columns of a file."""

from __future__ import annotations

from litmos_async.cli.flow import FAILED
from litmos_async.testing import run_virtual
from tests.cli.small import COURSES, Desk


def test_a_column_of_original_ids(desk: Desk) -> None:
    """The numbers that the web interface shows will do for people and courses, beside names and codes."""
    tenant = desk.sandbox.tenant
    people, courses = list(tenant.users.values()), list(tenant.courses.values())
    desk.write(
        "user,course",
        f"{people[0]['OriginalId']},{courses[0]['OriginalId']}",
        f"{people[1]['UserName']},{courses[1]['OriginalId']}",
        f"{people[0]['UserName']},{COURSES[0]}",
        f"999999,{COURSES[0]}",
    )
    assert run_virtual(desk.run()) == FAILED
    assert desk.outcomes() == [
        ["2", "done", ""],
        ["3", "done", ""],
        ["4", "skipped", "same as line 2"],
        ["5", "failed", "no user goes by '999999'"],
    ]
    assert desk.assigned() == {
        (people[0]["UserName"], COURSES[0]),
        (people[1]["UserName"], COURSES[1]),
    }
    reads = [request.path.rpartition("v1.svc")[2] for request in desk.sandbox.requests][:6]
    assert sorted(reads) == ["/courses"] * 2 + ["/users"] * 2 + ["/users/details"] * 2
