"""What the types promise. Never run: mypy and pyright read it, and every ignore in it must be needed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, assert_type

from litmos_async import (
    AccessLevel,
    Achievement,
    BulkJob,
    Course,
    LitmosClient,
    OrgCourseResult,
    Outcome,
    Page,
    Pages,
    Plan,
    Progress,
    Quota,
    RateLimit,
    Report,
    Session,
    SessionCourse,
    Team,
    TeamSummary,
    User,
    UserCourse,
    UserSummary,
    UserWithCourses,
    XapiStatement,
    XapiStore,
)


async def lists(litmos: LitmosClient) -> None:
    """A list yields the record of its operation, in each of the ways to read it."""
    assert_type(litmos.users.list(), Pages[UserSummary])
    assert_type(await litmos.users.list(search="a", page_size=50), Page[UserSummary])
    assert_type(await litmos.users.list_details().collect(), list[User])
    async for row in litmos.users.list_courses("id", confirm_end=True):
        assert_type(row, UserCourse)
        assert_type(row.id, str)
        assert_type(row.complete, bool | None)
        assert_type(row.date_completed, datetime | None)
    async for page in litmos.teams.list().by_page(resume=None):
        assert_type(page.items, list[TeamSummary])
        assert_type(page.resume, str | None)
    assert_type(litmos.users.list_paginated(), Pages[UserSummary])
    assert_type(litmos.courses.list(), Pages[Course])
    assert_type(litmos.sessions.list_future(), Pages[SessionCourse])
    assert_type(litmos.achievements.list(since=datetime.now(UTC)), Pages[Achievement])
    assert_type(litmos.org.list_course_results(since=datetime.now(UTC)), Pages[OrgCourseResult])


async def calls(litmos: LitmosClient) -> None:
    """A call returns what its operation answers; ids and records are taken alike."""
    user = await litmos.users.get("id", timeout=5.0, priority="bulk")
    assert_type(user, User)
    assert_type(user.access_level, AccessLevel | str | None)
    assert_type(await litmos.users.create(User(user_name="a@example.com"), send_message=False), User)
    assert_type(await litmos.users.patch(user, job_title="x", active=False), User)
    assert_type(await litmos.users.list_courses_for_many([user, "id"]), list[UserWithCourses])
    assert_type(await litmos.teams.create(Team(name="x")), Team)
    assert_type(await litmos.sessions.create("c", "m", Session()), Session | None)
    await litmos.teams.add_users(Team(id="t"), [user, UserSummary(id="u"), "id"])
    assert_type(await litmos.request("GET", "/x"), Any)
    assert_type(litmos.quota, Quota)
    assert_type(litmos.with_options(wire="xml"), LitmosClient)
    assert_type(user.replace(city="Ulm"), User)
    assert_type(user.to_dict(secrets=True), dict[str, Any])
    await litmos.users.assign_courses(user, ["c"], send_message=False)


async def statements(endpoint: str) -> None:
    """Statements are written one by one or many at once, and read as a list."""
    async with LitmosClient(xapi=XapiStore(endpoint, "name", "password")) as litmos:
        statement = await litmos.xapi.get_statement("id")
        assert_type(statement, XapiStatement)
        assert_type(await litmos.xapi.add_statement(statement), list[str])
        assert_type(await litmos.xapi.add_statement([statement]), list[str])
        assert_type(litmos.xapi.list_statements(page_size=5, timeout=3.0), Pages[XapiStatement])


async def jobs(litmos: LitmosClient, pairs: AsyncIterator[tuple[str, str]]) -> None:
    """A job takes pairs in any form, and says what it does."""
    job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
    assert_type(job, BulkJob)
    assert_type(await job.plan(), Plan)
    assert_type(await job.run(), Report)
    assert_type(job.progress, Progress)
    async for outcome in job:
        assert_type(outcome, Outcome)
    litmos.bulk.add_users_to_teams({"u": [Team(id="t")]}, send_message=False)
    litmos.bulk.add_users_to_teams({"u": ["t"]}, send_message=False)
    litmos.bulk.add_users_to_teams([("u", "t"), (User(id="u"), "t")], send_message=False)


async def mistakes(litmos: LitmosClient) -> None:
    """What cannot work is an error of the types."""
    litmos.users.list(colour="red")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    litmos.users.list(page_size="many")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    litmos.users.list(direction="up")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await litmos.users.get()  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await litmos.users.get("id", retries=3)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await litmos.users.patch("id", full_name="x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await litmos.users.patch("id", active="no")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    await litmos.users.assign_courses("u", [])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    await litmos.teams.assign_learning_paths("t", [])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    litmos.bulk.assign_courses_to_users([])  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    litmos.with_options(priority="high")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    User(user_nam="x")  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    LitmosClient("key", "source", region="moon")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    LitmosClient("key", "source", rate_limit=RateLimit("many"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
