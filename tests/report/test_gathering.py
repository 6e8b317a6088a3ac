"""What a report reads while the organisation changes, and what it says of what it left out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import httpx
import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.report import Report, page
from litmos_async.sandbox import Sandbox, Tenant
from tests.export.small import crowd, open_sandbox, reach

NOW: Final = datetime.now(UTC)


async def make(sandbox: Sandbox, kind: Any, **options: Any) -> Report:
    """Make a report."""
    async with reach(sandbox) as litmos:
        made: Report = await litmos.report.make(kind, **options)
        return made


def organisation() -> tuple[Tenant, list[str], list[str]]:
    """Return a tenant, its people, and three courses, of which the last is no one's."""
    tenant = crowd(3)
    people = list(tenant.users)
    courses = [tenant.add_course(Name=f"Course {number}", Code=f"C-{number}")["Id"] for number in range(3)]
    for person in people:
        for course in courses[:2]:
            tenant.assign_course(person, course)
    return tenant, people, courses


async def test_a_course_that_no_one_has() -> None:
    """It is a report without rows, and no error."""
    tenant, _, courses = organisation()
    made = await make(open_sandbox(tenant), "completion", courses=[courses[2]])
    assert made.rows == []
    assert dict(made.figures)["Of all"] == "none"
    made = await make(open_sandbox(tenant), "completion", courses=courses[1:])
    assert {row["course"] for row in made.to_dicts()} == {"Course 1"}


async def test_a_team_that_is_deleted_meanwhile() -> None:
    """It has no row; one whose members have no course has one, and no bar."""
    tenant, people, _ = organisation()
    idle = tenant.add_user(UserName="idle@example.com", FirstName="A", LastName="B")["Id"]
    teams = [tenant.add_team(Name=name)["Id"] for name in ("Gone", "Busy", "Idle")]
    for team, person in zip(teams, (people[0], people[1], idle), strict=True):
        tenant.join_team(team, person)
    sandbox = open_sandbox(tenant)

    def latency() -> float:
        if sandbox.requests[-1].path == "/teams" and teams[0] in tenant.teams:
            tenant.delete_team(teams[0])
        return 0.0

    sandbox._latency = latency
    made = await make(sandbox, "teams")
    found = {row["team"]: (row["people"], row["assigned"], row["percentage"]) for row in made.to_dicts()}
    assert found == {"Busy": (1, 2, 0.0), "Idle": (1, 0, None)}
    assert [bar.label for bar in made.bars] == ["Busy"]


async def test_the_only_team_is_deleted_meanwhile() -> None:
    """The report is about its members, of whom there are none any more, and not about everyone."""
    tenant, people, _ = organisation()
    team = tenant.add_team(Name="Gone")["Id"]
    tenant.join_team(team, people[0])
    sandbox = open_sandbox(tenant)

    def latency() -> float:
        if sandbox.requests[-1].path == "/teams" and team in tenant.teams:
            tenant.delete_team(team)
        return 0.0

    sandbox._latency = latency
    made = await make(sandbox, "completion", teams=[team])
    assert made.rows == []
    assert dict(made.figures)["People"] == "0"


@pytest.mark.parametrize("kind", ["teams", "completion"])
async def test_inactive_members_of_a_team(kind: str) -> None:
    """The API does not list them, so a report that would say that they are in it is refused; nothing is sent."""
    tenant, members, _ = organisation()
    team = tenant.add_team(Name="Team")["Id"]
    for person in members:
        tenant.join_team(team, person)
    tenant.change_user(members[0], Active=False)
    sandbox = open_sandbox(tenant)
    with pytest.raises(ConfigurationError, match="no inactive members"):
        await make(sandbox, kind, teams=[team], inactive=True)
    assert len(sandbox.requests) == 0
    assert len((await make(sandbox, "completion", teams=[team])).rows) == 4


@pytest.mark.costly
async def test_the_time_of_a_report_is_in_utc() -> None:
    """Whatever zone it is asked for in: a page says that it is UTC."""
    tenant, _, _ = organisation()
    noon = datetime(2026, 6, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    made = await make(open_sandbox(tenant), "completion", now=noon)
    assert made.made.isoformat() == "2026-06-01T10:00:00+00:00"
    assert "2026-06-01 10:00 UTC" in page(made)


def dated(request: httpx.Request) -> httpx.Response:
    """Answer with two results that are late; one of the courses is gone when its people are asked for."""
    if request.url.params.get("start", "0") != "0":
        return httpx.Response(200, json=[])
    if request.url.path.endswith("/courses/gone/users"):
        return httpx.Response(404)
    due = f"/Date({(NOW - timedelta(days=3, hours=1)).timestamp() * 1000:.0f})/"
    person = {"Id": "u1", "UserName": "ada@example.com", "Active": True}
    if request.url.path.endswith("/courses/there/users"):
        return httpx.Response(200, json=[person | {"DueDate": due}])
    names = {"there": "Still there", "gone": "Gone"}
    late = {"Complete": False, "Overdue": True}
    return httpx.Response(
        200, json=[person | late | {"CourseId": each, "CourseName": names[each]} for each in names]
    )


async def test_due_dates() -> None:
    """They come from the lists of the courses; one that is deleted meanwhile has none, and its row is there."""
    transport = httpx.MockTransport(dated)
    async with reach(open_sandbox(Tenant()), transport=transport, wire="json") as litmos:
        made = await litmos.report.make("overdue", now=NOW)
    assert {row["course"]: row["days"] for row in made.to_dicts()} == {"Still there": 3, "Gone": None}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "inactive people left out"),
        ({"inactive": True}, "inactive people included"),
        ({"since": datetime(2026, 3, 1, 6, 30, tzinfo=UTC)}, "changed since 2026-03-01 06:30 UTC; inactive"),
        ({"courses": 1}, "1 course chosen; inactive"),
        ({"courses": 2, "teams": 1}, "2 courses chosen; members of 1 team; inactive"),
        ({"teams": 2}, "members of 2 teams; inactive"),
    ],
)
async def test_what_it_is_limited_to(options: dict[str, Any], said: str) -> None:
    """The report says it in words."""
    tenant, _, courses = organisation()
    teams = [tenant.add_team(Name=f"Team {number}")["Id"] for number in range(2)]
    chosen = {
        name: ids[: options[name]]
        for name, ids in (("courses", courses), ("teams", teams))
        if name in options
    }
    made = await make(open_sandbox(tenant), "completion", **options | chosen)
    assert said in made.note
