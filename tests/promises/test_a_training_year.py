"""A year of training, told once over JSON and once over XML, against the sandbox over real HTTP.

It reads like the work of an administrator: people arrive by bulk import, get into teams, are given courses and a
learning path, sit in a class room, finish modules; and in the end everything is read back.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from litmos_async import (
    EventUser,
    ILTModule,
    LitmosClient,
    ModuleResult,
    RateLimit,
    Session,
    SessionDay,
    Team,
    UserImport,
)
from litmos_async.sandbox import Sandbox, Tenant

PEOPLE = 30
LIMIT = RateLimit(requests=500, period=1.0, burst=500)


@pytest.fixture
def sandbox() -> Sandbox:
    """An organisation with two courses and a learning path, and nobody in it yet."""
    tenant = Tenant()
    tenant.import_seconds = 0.2
    for name in ("Safety & you", "Welcome"):
        course = tenant.add_course(Name=name)
        tenant.add_module(course["Id"], Name=f"{name}, part 1")
    path = tenant.add_learning_path(Name="Onboarding")
    for course_id in tenant.courses:
        tenant.path_courses.add(path["Id"], course_id, tenant.now())
    return Sandbox(tenant, requests=LIMIT.requests, period=LIMIT.period)


@pytest.fixture(params=["json", "xml"])
async def litmos(sandbox: Sandbox, request: pytest.FixtureRequest) -> AsyncIterator[LitmosClient]:
    """A client of that organisation, on either wire."""
    async with (
        sandbox.serve() as base_url,
        LitmosClient(
            "sandbox-key", "story", base_url=base_url, wire=request.param, rate_limit=LIMIT
        ) as client,
    ):
        yield client


async def test_a_training_year(litmos: LitmosClient, sandbox: Sandbox) -> None:
    """From the first bulk import to the deltas of the last week, over one wire."""
    began = datetime.now(UTC) - timedelta(minutes=5)

    # People arrive by bulk import; the job is followed to its end, and its errors are read.
    rows = [
        UserImport(
            username=f"learner{number}@example.com",
            first_name="Lea",
            last_name=f"Lerner & Söhne {number}",
            email=f"learner{number}@example.com",
            job_role="No such role" if number == 0 else None,
        )
        for number in range(PEOPLE + 1)
    ]
    job = await litmos.bulk_imports.create_users(rows)
    assert job.status == "Waiting"
    while job.status != "Completed":
        await asyncio.sleep(0.05)
        job = await litmos.bulk_imports.get(job)
    assert job.total_records == PEOPLE + 1
    failed = await litmos.bulk_imports.list_user_errors(job).collect()
    people = [
        row
        async for row in litmos.users.list(search="learner")
        if row.user_name not in {f.username for f in failed}
    ]
    assert len(people) == PEOPLE + 1 - len(failed)
    assert await litmos.sso.find_user_id("LEARNER7@example.com") in {row.id for row in people}

    # A tree of teams.
    sales = await litmos.teams.create(Team(name="Sales"))
    north = await litmos.teams.create_sub_team(sales, Team(name="Sales North", description="Up & up"))
    await litmos.teams.add_users(north, people)
    await litmos.teams.promote_leader(north, people[0])
    assert [team.id async for team in litmos.teams.list_sub_teams(sales)] == [north.id]
    assert [leader.id async for leader in litmos.teams.list_leaders(north)] == [people[0].id]
    assert len(await litmos.teams.list_users(north).collect()) == len(people)

    # Courses and a learning path for the team, without a mail to anybody.
    courses = await litmos.courses.list().collect()
    (path,) = await litmos.learning_paths.list().collect()
    await litmos.teams.assign_courses(north, courses, send_message=False)
    await litmos.teams.assign_learning_paths(north, [path], send_message=False)
    assert {row.id async for row in litmos.users.list_courses(people[3])} == {course.id for course in courses}
    assert [row.id async for row in litmos.users.list_learning_paths(people[3])] == [path.id]
    assert not sandbox.tenant.outbox

    # A class room session on one day, with thirty seats taken and the roll called.
    course = courses[0]
    instructor = people[-1]
    sandbox.tenant.training.add_instructor(instructor.id)
    made = await litmos.ilt_modules.create(course, ILTModule(name="Fire drill"))
    module = made or [row async for row in litmos.ilt_modules.list(course)][-1]
    day = datetime(2031, 5, 2, tzinfo=UTC)
    await litmos.sessions.create(
        course,
        module,
        Session(
            name="Morning",
            instructor_user_id=instructor.id,
            session_type=1,
            time_zone="UTC",
            location="Room 1",
            location_id=0,
            slots=PEOPLE,
            days=[
                SessionDay(
                    start_date=day,
                    end_date=day,
                    start_time="9:00AM",
                    end_time="5:00PM",
                    send_reminder=False,
                    reminder_value=1,
                    reminder_metric="days",
                )
            ],
        ),
    )
    (session,) = await litmos.sessions.list(course, module).collect()
    assert session.days[0].start_date == day
    registered = people[:PEOPLE]
    for first in range(0, PEOPLE, 25):
        status = await litmos.sessions.register_users(course, module, session, registered[first : first + 25])
        assert status.failed == 0
    await litmos.sessions.mark_roll_call(
        course, module, session, [EventUser(id=person.id, score=90, completed=True) for person in registered]
    )
    await litmos.sessions.mark_attendance_many(course, module, session.days[0], registered)
    roll = await litmos.sessions.list_roll_call(course, module, session).collect()
    assert {(row.id, row.score, row.completed) for row in roll} == {(p.id, 90, True) for p in registered}

    # Somebody finishes a module.
    (first_module, *_) = await litmos.courses.list_modules(courses[1]).collect()
    finished = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    await litmos.results.complete_module(
        first_module,
        ModuleResult(
            course_id=courses[1].id, user_id=people[0].id, completed=True, score=88, updated_at=finished
        ),
    )
    details = await litmos.users.get_course(people[0], courses[1])
    assert details.complete is True
    assert [(each.score, each.completed) for each in details.modules] == [(88.0, True)]

    # Everything is read back: results, achievements, and what changed since we began.
    results = await litmos.results.list_details(since=began).collect()
    assert (people[0].id, courses[1].id, True) in {(row.id, row.course_id, row.complete) for row in results}
    achieved = await litmos.achievements.list(user_id=people[0]).collect()
    assert courses[1].id in {row.course_id for row in achieved}
    changed = await litmos.org.list_users(since=began - timedelta(days=30)).collect()
    assert {person.id for person in people} <= {row.id for row in changed}
    members = await litmos.org.list_team_users(since=began).collect()
    assert {(row.team_id, row.id, row.active) for row in members} == {(north.id, p.id, True) for p in people}
    given = await litmos.org.list_team_courses(since=began).collect()
    assert {row.id for row in given} == {each.id for each in courses}
    done = await litmos.org.list_course_results(since=began).collect()
    assert (courses[1].id, people[0].id) in {(row.id, row.user_id) for row in done if row.completed}

    # And the limit was kept all along.
    assert sandbox.quota.rejections == []
    assert litmos.quota.rejected == 0
