"""Where rows come from: the lists of parents, trees made flat, the fewest requests, and what `where` leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async.errors import ConfigurationError, NotFound
from litmos_async.export import find_list
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Sandbox, Tenant
from tests.export.small import crowd, open_sandbox, reach

NOW: Final = datetime.now(UTC)


async def rows(sandbox: Sandbox, name: str, **options: Any) -> list[dict[str, Any]]:
    """Return the rows of a list."""
    async with reach(sandbox) as litmos:
        return [row async for batch in litmos.export.batches(name, **options) for row in batch.rows]


def paths(sandbox: Sandbox) -> list[str]:
    """Return the paths of all requests."""
    return [each.path for each in sandbox.requests]


def training() -> Tenant:
    """Return a tenant with three people and two courses, each with a session that was and one that will be."""
    tenant = crowd(3)
    for course in ("first", "second"):
        tenant.add_course(Id=course, Name=course)
        tenant.training.add_module(course, Id=f"{course}-class", Name="Class")
        for when, days in (("past", -20), ("next", 20)):
            day = {"StartDate": NOW + timedelta(days=days), "EndDate": NOW + timedelta(days=days, hours=8)}
            session = f"{course}-{when}"
            tenant.training.add_session(course, f"{course}-class", Id=session, Name=session, Days=[day])
            for person in list(tenant.users)[: 1 if when == "past" else 2]:
                tenant.training.register(session, person)
    return tenant


SESSIONS: Final = {
    ("first", "first-class", "first-past"),
    ("first", "first-class", "first-next"),
    ("second", "second-class", "second-past"),
    ("second", "second-class", "second-next"),
}


async def test_sessions() -> None:
    """A row a session, with its course and module, whether it was or will be."""
    found = await rows(open_sandbox(training()), "sessions")
    assert {(row["course_id"], row["module_id"], row["id"]) for row in found} == SESSIONS
    assert len(found) == 4


def beginning() -> Sandbox:
    """Return a sandbox in which what is to come begins once the other one of the two lists is asked for."""
    sandbox = open_sandbox(training())

    def now() -> datetime:
        asked = [path for path in paths(sandbox) if path.startswith("/sessions/")]
        return NOW + timedelta(days=30 if asked and asked[-1] != asked[0] else 0)

    sandbox.tenant.now = now
    return sandbox


@pytest.mark.parametrize("size", [1, 2, 999])
async def test_a_session_that_begins_meanwhile(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is to come when the one list is read and was when the other one is: one row, from any batch on, too."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=size))
    sandbox = beginning()
    async with reach(sandbox) as litmos:
        batches = [batch async for batch in litmos.export.batches("sessions")]
        found = [row["id"] for batch in batches for row in batch.rows]
        assert sorted(found) == sorted(session for *_, session in SESSIONS)
        for place, batch in enumerate(batches[:-1]):
            sandbox.requests.clear()
            rest = [
                row["id"]
                async for each in litmos.export.batches("sessions", resume=batch.resume)
                for row in each.rows
            ]
            assert sorted(rest) == sorted(row["id"] for each in batches[place + 1 :] for row in each.rows)


async def test_a_session_that_begins_meanwhile_is_not_missed(tmp_path: Path) -> None:
    """An export and the lists of people have them, too: what is to come is read before what was."""
    sandbox = beginning()
    async with reach(sandbox) as litmos:
        manifest = await litmos.export.run("sessions", tmp_path / "sessions.jsonl")
        sandbox.requests.clear()
        found = [row["id"] async for each in litmos.export.batches("registrations") for row in each.rows]
    assert manifest.rows == 4
    assert len(found) == 6


@pytest.mark.parametrize("name", ["registrations", "attendance"])
async def test_people_of_sessions(name: str) -> None:
    """A row a person and session; `where` asks for the sessions of one course only."""
    sandbox = open_sandbox(training())
    found = await rows(sandbox, name)
    assert {(row["course_id"], row["module_id"], row["session_id"]) for row in found} == SESSIONS
    assert len(found) == 6
    sandbox.requests.clear()
    found = await rows(sandbox, name, where={"course_id": "second"})
    assert {row["session_id"] for row in found} == {"second-past", "second-next"}
    assert not [path for path in paths(sandbox) if "/courses/first/" in path]


async def test_one_parent_of_several() -> None:
    """`where` picks a team, and asks for nothing of the others."""
    tenant = crowd(4)
    teams = [tenant.add_team(Name=name)["Id"] for name in ("A", "B", "C")]
    for place, person in enumerate(tenant.users):
        tenant.join_team(teams[place % 3], person)
    sandbox = open_sandbox(tenant)
    found = await rows(sandbox, "team_members", where={"team_id": teams[0]})
    assert {row["team_id"] for row in found} == {teams[0]}
    assert len(found) == 2
    assert not [path for path in paths(sandbox) if teams[1] in path]


def assigned(people: int, courses: int) -> Tenant:
    """Return a tenant in which everyone has every course."""
    tenant = crowd(people)
    for number in range(courses):
        course = tenant.add_course(Name=f"Course {number}", Code=f"C-{number}")["Id"]
        for person in tenant.users:
            tenant.assign_course(person, course)
    return tenant


@pytest.mark.parametrize(("people", "courses"), [(30, 5), (30, 1), (26, 2), (50, 3), (3, 0)])
async def test_assignments_by_the_fewest_requests(people: int, courses: int) -> None:
    """25 people at a time, or a course at a time, whichever is fewer; the rows are the same ones."""
    tenant = assigned(people, courses)
    sandbox = open_sandbox(tenant)
    found = await rows(sandbox, "assignments")
    assert len(found) == people * courses
    for row in found:
        assert row["user_name"] == tenant.users[row["user_id"]]["UserName"]
        assert row["course_name"] == tenant.courses[row["course_id"]]["Name"]
    by_people = sum(path == "/users/courses" for path in paths(sandbox))
    by_course = len({path for path in paths(sandbox) if path.startswith("/courses/")})
    groups = -(-people // 25)
    assert (by_people, by_course) == ((groups, 0) if groups < courses else (0, courses))


async def test_assignments_of_one() -> None:
    """A person takes two requests, a course its own list; what there is not, is an error and no empty list."""
    tenant = assigned(30, 3)
    sandbox = open_sandbox(tenant)
    person, course = next(iter(tenant.users)), next(iter(tenant.courses))
    found = await rows(sandbox, "assignments", where={"user_id": person})
    assert {row["course_id"] for row in found} == set(tenant.courses)
    assert {row["user_name"] for row in found} == {"user.0@example.com"}
    assert len(sandbox.requests) == 2
    found = await rows(sandbox, "assignments", where={"course_id": course})
    assert {row["user_id"] for row in found} == set(tenant.users)
    with pytest.raises(ConfigurationError, match="no course_id 'nothing'"):
        await rows(sandbox, "assignments", where={"course_id": "nothing"})
    with pytest.raises(NotFound):
        await rows(sandbox, "assignments", where={"user_id": "nobody"})
    with pytest.raises(NotFound):
        await rows(sandbox, "badges", where={"user_id": "nobody"})


async def test_on_behind_a_parent_that_is_gone() -> None:
    """A token within a team that was deleted since cannot be gone on with, and says so."""
    tenant = crowd(2)
    teams = [tenant.add_team(Name=name)["Id"] for name in ("A", "B")]
    for team in teams:
        for person in tenant.users:
            tenant.join_team(team, person)
    sandbox = open_sandbox(tenant)
    async with reach(sandbox) as litmos:
        first = await anext(aiter(litmos.export.batches("team_members")))
        tenant.delete_team(teams[0])
        with pytest.raises(ConfigurationError, match="resume: what team_members was at is gone"):
            await anext(aiter(litmos.export.batches("team_members", resume=first.resume)))


async def test_columns_of_the_parent_alone() -> None:
    """None, one and several of those of the record."""
    sandbox = open_sandbox(training())
    for columns in (["session_id"], ["session_id", "id"], ["session_id", "id", "course_id", "email"]):
        found = await rows(sandbox, "registrations", columns=columns)
        assert {tuple(row) for row in found} == {tuple(columns)}
        assert {row["session_id"] for row in found} == {session for *_, session in SESSIONS}


async def test_cells() -> None:
    """A batch gives its rows as tuples, too, with times as they are."""
    async with reach(open_sandbox(crowd(2))) as litmos:
        batches = litmos.export.batches("user_details", columns=["created_date", "user_name"])
        batch, *_ = [each async for each in batches]
    (first, name), (second, _) = batch.cells
    assert name == "user.0@example.com"
    assert isinstance(first, datetime)
    assert first <= second


def test_what_an_operation_means_by_since() -> None:
    """As its page says: what happened, was earned, was created, or changed; an operation in an envelope is none."""
    operations = {
        "activities.list_actions": "happened",
        "achievements.list": "earned",
        "users.list_details": "created",
        "results.list_details": "changed",
        "teams.list": "nothing",
    }
    assert {name: find_list(name).since for name in operations} == operations
    for name in ("users.list_paginated", "users.get", "users.create"):
        with pytest.raises(ConfigurationError, match=f"no list '{name}'"):
            find_list(name)


@pytest.mark.parametrize("name", ["users.list_details", "results.list_details", "achievements.list"])
async def test_since_of_an_operation(name: str) -> None:
    """It is asked for; without it everything is there."""
    tenant = assigned(3, 2)
    for person in tenant.users:
        tenant.set_progress(person, next(iter(tenant.courses)), 100.0)
    sandbox = open_sandbox(tenant)
    everything = await rows(sandbox, name)
    assert len(everything) == (6 if name == "results.list_details" else 3)
    assert await rows(sandbox, name, since=NOW + timedelta(hours=12)) == []
