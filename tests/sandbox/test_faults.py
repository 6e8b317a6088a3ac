"""Faults on demand, in process."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, Team, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.sandbox.small import ADA, SAFETY, SALES, WELCOME, Client, on_a_virtual_clock, reach


async def assign(client: Client) -> httpx.Response:
    """Assign a course to Ada."""
    return await client.send("POST", f"/users/{ADA}/courses", [{"Id": SAFETY}])


def has_it(tenant: Tenant) -> bool:
    """Say whether the assignment took place."""
    return tenant.user_courses.get(ADA, SAFETY) is not None


@pytest.mark.parametrize("after", [False, True])
async def test_a_status_before_or_after_the_effect(
    client: Client, sandbox: Sandbox, tenant: Tenant, after: bool
) -> None:
    """A refused request has no effect; with `after` it has, and only the answer is false."""
    sandbox.faults.add(
        Fault(status=503, body="busy", headers={"Retry-After": "7"}, content_type="text/x", after=after)
    )
    response = await assign(client)
    assert (response.status_code, response.text, response.headers["retry-after"]) == (503, "busy", "7")
    assert response.headers["content-type"] == "text/x"
    assert has_it(tenant) is after
    assert (await assign(client)).status_code == 201


@pytest.mark.parametrize("after", [False, True])
async def test_a_dropped_connection(client: Client, sandbox: Sandbox, tenant: Tenant, after: bool) -> None:
    """In process a drop raises: a reset, or whatever error the test wants to see."""
    sandbox.faults.add(Fault(drop=True, after=after))
    with pytest.raises(ConnectionResetError):
        await assign(client)
    assert has_it(tenant) is after
    assert sandbox.requests[-1].status is None
    sandbox.faults.add(Fault(drop=True, error=httpx.ReadError("gone")))
    with pytest.raises(httpx.ReadError):
        await assign(client)


async def test_only_the_named_requests_are_hit(client: Client, sandbox: Sandbox) -> None:
    """Method, path and count choose the requests; faults wait in the order they were added."""
    fault = sandbox.faults.add(Fault(method="GET", path="/users/*", nth=2, times=2, status=500))
    sandbox.faults.add(Fault(path="/teams", times=None, status=504))
    paths = ["/users", f"/users/{ADA}", "/teams", f"/users/{ADA}", f"/users/{ADA}", f"/users/{ADA}", "/teams"]
    statuses = [(await client.send("GET", path)).status_code for path in paths]
    assert statuses == [200, 200, 504, 500, 500, 200, 504]
    assert fault.seen == 4
    sandbox.faults.clear()
    assert (await client.send("GET", "/teams")).status_code == 200


async def test_faults_hit_one_after_the_other(client: Client, sandbox: Sandbox) -> None:
    """A request that one fault hits is left alone by the next, which waits for a request of its own."""
    sandbox.faults.add(Fault(status=503))
    sandbox.faults.add(Fault(status=504))
    assert [(await client.send("GET", "/teams")).status_code for _ in range(3)] == [503, 504, 200]


async def test_answers_out_of_shape(client: Client, sandbox: Sandbox, tenant: Tenant) -> None:
    """A body can be cut, a content type be wrong, a page of HTML come instead; the first two after the effect."""
    sandbox.faults.add(Fault(truncate=10))
    response = await client.send("POST", "/teams", {"Name": "New"})
    assert (response.status_code, len(response.content)) == (201, 10)
    sandbox.faults.add(Fault(content_type="text/html"))
    response = await client.send("POST", "/teams", {"Name": "Newer"})
    assert (response.headers["content-type"], response.json()["Name"]) == ("text/html", "Newer")
    assert [team["Name"] for team in tenant.teams.values()][2:] == ["New", "Newer"]
    sandbox.faults.add(Fault(html=True))
    response = await client.send("POST", "/teams", {"Name": "Newest"})
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html")
    assert "<TITLE>Request Error</TITLE>" in response.text
    assert len(tenant.teams) == 4


async def test_headers_are_added_to_the_true_answer(client: Client, sandbox: Sandbox) -> None:
    """A fault that only adds headers leaves status, body and content type alone."""
    sandbox.faults.add(Fault(headers={"X-Odd": "1"}, body=b"[]"))
    response = await client.send("GET", f"/teams/{SALES}")
    assert (response.status_code, response.content, response.headers["x-odd"]) == (200, b"[]", "1")
    assert response.headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("after", [False, True])
@on_a_virtual_clock
async def test_a_stalled_request(tenant: Tenant, after: bool) -> None:
    """A caller who gives up on a stalled request cannot know whether it took effect."""
    sandbox = Sandbox(tenant)
    sandbox.faults.add(Fault(stall=100.0, after=after))
    async with reach(sandbox) as client:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(assign(client), 30)
        assert has_it(tenant) is after
        assert sandbox.requests[-1].status is None
        assert (await client.send("POST", f"/users/{ADA}/courses", [{"Id": WELCOME}])).status_code == 201


@pytest.mark.parametrize("after", [False, True])
async def test_a_drop_in_process_is_a_network_error_to_the_client(
    sandbox: Sandbox, tenant: Tenant, after: bool
) -> None:
    """What ends as a reset over HTTP ends in the same errors where the sandbox is mounted in process."""
    async with LitmosClient(
        "sandbox-key",
        "tests",
        base_url="https://sandbox/v1.svc",
        transport=httpx.ASGITransport(sandbox.app),
        retry=RetryPolicy(max_attempts=1),
    ) as litmos:
        sandbox.faults.add(Fault(method="POST", drop=True, after=after))
        with pytest.raises(errors.OutcomeUnknown):
            await litmos.teams.create(Team(name="South"))
        sandbox.faults.add(Fault(method="GET", drop=True))
        with pytest.raises(errors.NetworkError):
            await litmos.users.get(ADA)

    assert after is any(team["Name"] == "South" for team in tenant.teams.values())
