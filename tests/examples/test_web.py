"""The web example under uvicorn with two workers, next to a bulk job, on one shared limit."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from examples import web
from litmos_async import RateLimit
from litmos_async.sandbox import Fault, Sandbox, Tenant

ROOT = Path(__file__).parents[2]
USERS = 400
REQUESTS, PERIOD = 100, 3.0


async def answers(client: httpx.AsyncClient) -> bool:
    """Return whether the server has been started."""
    try:
        await client.get("/")
    except httpx.ConnectError:
        return False
    return True


@asynccontextmanager
async def served(base_url: str, limit: Path, reserve: int) -> AsyncIterator[httpx.AsyncClient]:
    """Run the example with two workers, and return a client of it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "LITMOS_API_KEY": "sandbox-key",
        "LITMOS_SOURCE": "web",
        "LITMOS_BASE_URL": base_url,
        "LITMOS_LIMIT": f"sqlite://{limit}",
        "REQUESTS": str(REQUESTS),
        "PERIOD": str(PERIOD),
        "RESERVE": str(reserve),
        "PATIENCE": "300",
        "COVERAGE_PROCESS_START": "",
    }
    options = ["--workers", "2", "--port", str(port), "--log-level", "warning"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "uvicorn", "examples.web:app", *options, cwd=ROOT, env=environment
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=600) as client:
            while not await answers(client):
                assert process.returncode is None
                await asyncio.sleep(0.05)
            yield client
    finally:
        process.terminate()
        await process.wait()


async def visit(base_url: str, limit: Path, reserve: int, sandbox: Sandbox) -> None:
    """Ask for fifty learners while a bulk job runs."""
    emails = [user["UserName"] for user in sandbox.tenant.users.values()][:50]
    async with served(base_url, limit, reserve) as client:
        (course_id,) = sandbox.tenant.courses
        assert (await client.post(f"/courses/{course_id}")).status_code == 202
        before = len(sandbox.requests)
        # The job has used up what there was, and asks for more than there is.
        while len(sandbox.requests) < before + REQUESTS // 2:  # noqa: ASYNC110 - the sandbox has no event for it
            await asyncio.sleep(0.05)
        for email in emails:
            assert (await client.get(f"/learners/{email}")).status_code == 200
            await asyncio.sleep(0.1)
        assert (await client.get("/learners/nobody@example.com")).status_code == 404


def most_writes(sandbox: Sandbox) -> int:
    """Return how many requests of the bulk job were in any window, at most."""
    times = [each.time for each in sandbox.requests if each.method == "POST"]
    return max(sum(first <= time <= first + PERIOD for time in times) for first in times)


@pytest.mark.slow
@pytest.mark.parametrize("reserve", [0, 30])
async def test_visitors_next_to_a_bulk_job(tmp_path: Path, reserve: int) -> None:
    """Visitors are answered while the job runs; it leaves them the reserve, and both workers keep the limit."""
    tenant = Tenant()
    for number in range(USERS):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    tenant.add_course(Name="Welcome")
    sandbox = Sandbox(tenant, requests=REQUESTS, period=PERIOD)
    async with sandbox.serve() as base_url:
        await visit(base_url, tmp_path / "limit.db", reserve, sandbox)
    assert sandbox.quota.rejections == []
    assert sandbox.quota.most_in_any_window() <= REQUESTS
    assert 0 < most_writes(sandbox) <= REQUESTS - reserve


@asynccontextmanager
async def visitor(monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """Run the example in process, and return a client of it."""
    async with sandbox.serve() as base_url:
        for name, value in (("API_KEY", "sandbox-key"), ("SOURCE", "web"), ("BASE_URL", base_url)):
            monkeypatch.setenv(f"LITMOS_{name}", value)
        async with (
            web.lifespan(web.app),
            httpx.AsyncClient(transport=httpx.ASGITransport(web.app), base_url="http://web") as client,
        ):
            yield client


def one_person() -> Sandbox:
    """Return a sandbox in which somebody can be asked for."""
    tenant = Tenant()
    tenant.add_user(UserName="ann@example.com", FirstName="Ann", LastName="Example")
    return Sandbox(tenant)


@pytest.mark.parametrize("wait", [120, 240])
async def test_a_visitor_is_not_held_by_a_pause(monkeypatch: pytest.MonkeyPatch, wait: int) -> None:
    """The server asks for a pause: the visitor hears of it at once, and so does the next one, whom it outlasts."""
    monkeypatch.setattr(web, "PATIENCE", 60.0)
    sandbox = one_person()
    sandbox.faults.add(Fault(status=503, headers={"Retry-After": str(wait)}))

    async with visitor(monkeypatch, sandbox) as client, asyncio.timeout(50):  # less than the patience
        began = asyncio.get_running_loop().time()
        for _ in range(2):
            answer = await client.get("/learners/ann@example.com")
            passed = asyncio.get_running_loop().time() - began
            assert answer.status_code == 503
            assert wait - passed <= int(answer.headers["retry-after"]) <= wait * 1.5 + 2

    assert len(sandbox.requests) == 1


async def test_a_visitor_is_not_held_by_the_limit(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No slot is free for a minute: the visitor hears of it when the patience is over."""
    monkeypatch.setattr(web, "RATE", RateLimit(requests=1))
    sandbox = one_person()

    async with visitor(monkeypatch, sandbox) as client, asyncio.timeout(50):  # less than a period
        began = asyncio.get_running_loop().time()
        monkeypatch.setattr(web, "PATIENCE", 60.0)  # the first one is in no hurry
        assert (await client.get("/learners/ann@example.com")).json()["name"] == "Ann Example"
        monkeypatch.setattr(web, "PATIENCE", 0.3)
        answer = await client.get("/learners/ann@example.com")
        passed = asyncio.get_running_loop().time() - began

    assert (answer.status_code, answer.json()) == (503, {"detail": "busy"})
    assert 60 - passed <= int(answer.headers["retry-after"]) <= 61
    assert [each.levelname for each in caplog.records if each.name == "examples.web"] == ["WARNING"]


@pytest.mark.parametrize(
    "fault", [Fault(stall=30), Fault(drop=True, times=None), Fault(status=500, times=None)]
)
async def test_a_visitor_is_not_held_by_an_outage(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Fault
) -> None:
    """No answer comes, or none that helps: the visitor hears of it, and so does the log."""
    monkeypatch.setattr(web, "PATIENCE", 0.3)
    sandbox = one_person()
    sandbox.faults.add(fault)

    async with visitor(monkeypatch, sandbox) as client, asyncio.timeout(25):  # less than the stall
        answer = await client.get("/learners/ann@example.com")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json() == {"detail": "unavailable"}
    assert [each.levelname for each in caplog.records if each.name == "examples.web"] == ["ERROR"]
