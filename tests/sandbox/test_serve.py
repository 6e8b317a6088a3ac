"""The sandbox over real HTTP, on a loopback port."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys

import httpx
import pytest

from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.sandbox.small import ADA

ASKED = {"source": "tests", "format": "json"}
KEY = {"apikey": "sandbox-key"}


async def test_over_http(sandbox: Sandbox) -> None:
    """The base URI is served while the block runs, encoded slashes and empty answers included, and not after."""
    async with sandbox.serve() as base_url, httpx.AsyncClient(headers=KEY, params=ASKED) as http:
        assert (await http.get(f"{base_url}/users/{ADA}")).json()["Id"] == ADA
        assert (await http.get(f"{base_url}/users/a%2Fteams")).status_code == 404
        response = await http.post(f"{base_url}/users/{ADA}/courses", json=[])
        assert (response.status_code, response.headers["content-length"]) == (201, "0")
        assert "content-type" not in response.headers
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(base_url)


async def test_a_drop_over_http_resets_the_connection(sandbox: Sandbox, tenant: Tenant) -> None:
    """The caller sees a broken connection and no answer, the effect having happened or not."""
    sandbox.faults.add(Fault(drop=True))
    sandbox.faults.add(Fault(drop=True, after=True))
    async with sandbox.serve() as base_url, httpx.AsyncClient(headers=KEY, params=ASKED) as http:
        for _ in range(2):
            with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
                await http.post(f"{base_url}/teams", json={"Name": "New"})
        assert (await http.get(f"{base_url}/teams")).status_code == 200
    assert [team["Name"] for team in tenant.teams.values()][2:] == ["New"]


async def test_a_caller_that_goes_before_its_body(
    sandbox: Sandbox, tenant: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    """What came in part is seen but not carried out, and it is the caller's end, not an error of the sandbox."""
    before = len(tenant.teams)
    async with sandbox.serve() as base_url, httpx.AsyncClient(headers=KEY, params=ASKED) as http:
        place = httpx.URL(base_url)
        _, writer = await asyncio.open_connection(place.host, place.port)
        head = f"POST {place.path}/teams?source=tests HTTP/1.1\r\nHost: h\r\nContent-Length: 16\r\n"
        writer.write(f"{head}Content-Type: application/json\r\napikey: sandbox-key\r\n\r\n".encode())
        await writer.drain()
        while not sandbox.requests:  # noqa: ASYNC110 - the log is no event, and gets none for this
            await asyncio.sleep(0)
        writer.close()
        await writer.wait_closed()
        assert (await http.post(f"{base_url}/teams", json={"Name": "New"})).status_code == 201
    assert [(each.status, each.carried_out) for each in sandbox.requests] == [(None, False), (201, True)]
    assert len(tenant.teams) == before + 1
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_the_end_is_quick_and_quiet(sandbox: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    """Leaving the block does not wait for stalled requests, and logs nothing about them."""
    sandbox.faults.add(Fault(stall=1_000.0))
    async with httpx.AsyncClient(headers=KEY, params=ASKED) as http:
        async with sandbox.serve() as base_url:
            stalled = asyncio.ensure_future(http.get(f"{base_url}/users"))
            while not sandbox.requests:  # noqa: ASYNC110 - the log is no event, and gets none for this
                await asyncio.sleep(0)
        with pytest.raises(httpx.HTTPError):
            await stalled
    assert [record for record in caplog.records if record.name.startswith("uvicorn")] == []


async def serve_until_cancelled(sandbox: Sandbox, ready: asyncio.Future[str]) -> None:
    """Serve, say where, and never stop."""
    async with sandbox.serve() as base_url:
        ready.set_result(base_url)
        await asyncio.Event().wait()


async def test_cancelled_while_serving(sandbox: Sandbox) -> None:
    """Cancelling the block closes the port."""
    ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(serve_until_cancelled(sandbox, ready))
    base_url = await ready
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    async with httpx.AsyncClient() as http:
        with pytest.raises(httpx.ConnectError):
            await http.get(base_url)


def test_the_extra_that_is_not_there() -> None:
    """Without starlette the error says what to install; where something else is missing, it is left alone."""
    code = "import sys; sys.modules[{!r}] = None; import litmos_async.sandbox"
    for package, words in (
        ("starlette.routing", 'pip install "litmos-async[sandbox]"'),
        ("xml", "No module named"),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code.format(package)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 1
        assert words in done.stderr.splitlines()[-1]
