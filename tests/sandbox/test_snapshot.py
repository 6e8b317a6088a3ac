"""The state of the sandbox is put back, answers carry its clock, and long lists cost what a page costs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
import pytest

from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.sandbox.state.links import Link

SINCE = {"source": "t", "format": "json", "since": "2000-01-01", "limit": "1000"}


def http(sandbox: Sandbox) -> httpx.AsyncClient:
    """Return a plain client of the sandbox, in process."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox.app),
        base_url="http://127.0.0.1/v1.svc",
        headers={"apikey": "sandbox-key"},
    )


def test_a_snapshot_is_restored_again_and_again() -> None:
    """What was changed, added and deleted since is undone, in records and in links, each time."""
    sandbox = Sandbox(Tenant.example(users=5))
    tenant = sandbox.tenant
    first, second = list(tenant.users)[:2]
    team = next(iter(tenant.teams))
    members = set(tenant.members.of_left(team))
    before = sandbox.snapshot()
    for _ in range(2):
        tenant.users[first]["City"] = "Elsewhere"
        tenant.delete_user(second)
        for user_id in list(tenant.members.of_left(team)):
            tenant.leave_team(team, user_id)
        sandbox.restore(before)
        assert sandbox.tenant is tenant
        assert tenant.users[first]["City"] != "Elsewhere"
        assert second in tenant.users
        assert set(tenant.members.of_left(team)) == members
    # What hangs on the organisation refers to it, and not to a copy.
    course = next(iter(tenant.courses))
    session = tenant.training.add_module(course)
    assert session["Id"] in tenant.modules


def test_a_snapshot_of_another_organisation_is_refused() -> None:
    """A snapshot fits the organisation that it was taken of."""
    with pytest.raises(ValueError, match="another organisation"):
        Sandbox(Tenant()).restore(Sandbox(Tenant()).snapshot())


async def test_answers_carry_the_clock_of_the_server() -> None:
    """The Date header is the tenant's clock, which a test may set apart from its own."""
    tenant = Tenant(now=lambda: datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC))
    async with http(Sandbox(tenant)) as client:
        response = await client.get("/users", params=SINCE)
    assert response.headers["Date"] == "Mon, 03 Feb 2031 04:05:06 GMT"


async def test_a_long_list_is_put_together_once() -> None:
    """The pages of one list share what it is made of, until a link changes."""
    sandbox = Sandbox(Tenant.example(users=30))
    tenant = sandbox.tenant
    async with http(sandbox) as client:

        async def rows(start: int) -> list[str]:
            answer = await client.get("/results/details", params=SINCE | {"start": str(start)})
            return [f"{row['Id']} {row['CourseId']}" for row in answer.json()]

        everything = await rows(0)
        assert await rows(3) == everything[3:]
        assert len(tenant.long_lists) == 1
        (version, _), changes = next(iter(tenant.long_lists.values())), Link.changes
        assert version[0] == changes
        user_id, course_id = everything[0].split()
        for origin in list(tenant.user_courses.of_left(user_id)[course_id].origins):
            tenant.withdraw_course(user_id, course_id, origin)
        assert await rows(0) == everything[1:]


async def test_a_change_made_past_the_methods_is_seen() -> None:
    """A test that sets the time of a link by hand moves its row out of the window."""
    sandbox = Sandbox(Tenant.example(users=30))
    async with http(sandbox) as client:
        before = (await client.get("/results/details", params=SINCE)).json()
        link = next(link for _, _, link in sandbox.tenant.user_courses.rows() if link.active)
        link.updated = datetime(1999, 1, 1, tzinfo=UTC) - timedelta(days=1)
        after = (await client.get("/results/details", params=SINCE)).json()
    assert len(after) == len(before) - 1
