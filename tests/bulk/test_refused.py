"""A 403 as the first answer: it may be about the key, or about this one request."""

from __future__ import annotations

import pytest

from litmos_async import Outcome
from litmos_async.errors import Forbidden
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import bare, client


def test_the_first_one_may_be_refused_for_what_it_is() -> None:
    """A course that came through a learning path cannot be taken from its team; the others can."""
    tenant = Tenant()
    through_path, direct, other = (tenant.add_course(Name=f"Course {number}")["Id"] for number in range(3))
    path = tenant.add_learning_path(through_path, Name="Path")["Id"]
    team = tenant.add_team(Name="Team")["Id"]
    tenant.assign_team_path(team, path)
    for course in (direct, other):
        tenant.assign_team_course(team, course)
    sandbox = Sandbox(tenant, latency=lambda: 0.2)
    sandbox.faults.add(Fault(method="DELETE", path="/teams/*/courses", status=403, times=2))

    async def main() -> dict[str, Outcome]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.remove_courses_from_teams({team: [through_path, direct, other]})
            told = {outcome.item.course_id: outcome async for outcome in job}
            assert job.report.reads == 1  # whether the key works is asked once
            assert job.progress.requests_planned == job.report.requests
            return told

    told = run_virtual(main())
    assert {course: outcome.status for course, outcome in told.items()} == {
        through_path: "failed",
        direct: "done",
        other: "done",
    }


@pytest.mark.parametrize("name", ["assign_courses_to_users", "deactivate_users"])
def test_a_key_that_is_refused_everywhere_stops_the_job(name: str) -> None:
    """One look tells; what was refused has failed, and the rest is left to be done."""
    tenant = Tenant()
    course = tenant.add_course(Name="Course")["Id"]
    users = [
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName="E")["Id"]
        for number in range(300)
    ]
    sandbox = Sandbox(tenant, latency=lambda: 0.2)
    sandbox.faults.add(Fault(status=403, times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            helper = getattr(litmos.bulk, name)
            job = (
                helper([(user, course) for user in users], send_message=False)
                if name == "assign_courses_to_users"
                else helper(users)
            )
            with pytest.raises(Forbidden):
                await job.run()
            assert job.report.reads == 1
            assert job.report.stopped.startswith("403")
            assert not job.report.ok
            assert {outcome.status for outcome in job.outcomes_so_far()} <= {"failed", "unknown"}
            assert any(outcome.status == "failed" for outcome in job.outcomes_so_far())

    run_virtual(main())
    assert len(sandbox.requests) <= 101


def test_where_it_cannot_be_told_the_refused_one_has_failed_alone() -> None:
    """The list that would tell whether the key works cannot be read: the job goes on."""
    sandbox = bare(users=3, courses=1)
    ((course,), users) = sandbox.tenant.courses, list(sandbox.tenant.users)
    for user in users:
        sandbox.tenant.assign_course(user, course)
    sandbox.faults.add(Fault(method="DELETE", status=403))
    sandbox.faults.add(Fault(method="GET", path="/courses", status=500, times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await litmos.bulk.remove_courses_from_users([(user, course) for user in users]).run()
            assert (report.done, report.failed, report.stopped) == (2, 1, "")

    run_virtual(main())
