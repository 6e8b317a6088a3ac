"""`litmos quota`, and the limit that the commands of a user share."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import httpx
import pytest

from litmos_async import LitmosClient, RateLimit, RetryPolicy
from litmos_async.cli.app import run
from litmos_async.cli.flow import carry_out
from litmos_async.cli.terminal import Terminal
from litmos_async.errors import RateLimited
from litmos_async.profiles import shared_by_this_user
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.cli.small import KEY, Desk


@pytest.fixture(autouse=True)
def account(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that the environment names."""
    monkeypatch.setenv("LITMOS_API_KEY", "sandbox-key")
    monkeypatch.setenv("LITMOS_BASE_URL", "http://127.0.0.1:9/v1.svc")


def test_nothing_used(capsys: pytest.CaptureFixture[str]) -> None:
    """A limit that nobody has used is free, and asking sends nothing."""
    assert run(["quota"]) == 0
    shown = capsys.readouterr().out
    assert "100 requests in 60 s" in shown
    assert "now" in shown


async def test_what_another_process_uses(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What somebody else's calls used up on the same account is shown, with the process."""
    sandbox = Sandbox(Tenant.example(users=3))
    async with sandbox.serve() as base_url:
        monkeypatch.setenv("LITMOS_BASE_URL", base_url)
        async with LitmosClient(
            source="other", limiter=shared_by_this_user(), rate_limit=RateLimit()
        ) as litmos:
            await litmos.users.list().collect()
            await litmos.courses.list().collect()
            usage = await litmos.usage()
    # Two lists, and for each one request more to prove its end.
    assert usage.quota.used == 4
    assert [each.used for each in usage.processes] == [4]


async def refused(sandbox: Sandbox, base_url: str, limiter: str, rate: RateLimit) -> None:
    """Let the server refuse a call of somebody who shares the limit."""
    sandbox.faults.add(Fault(status=503, headers={"Retry-After": "0"}))
    transport = httpx.ASGITransport(app=sandbox.app)
    async with LitmosClient(
        "sandbox-key",
        "other",
        base_url=base_url,
        limiter=limiter,
        rate_limit=rate,
        transport=transport,
        retry=RetryPolicy(max_rejections=0),
    ) as litmos:
        with pytest.raises(RateLimited):
            await litmos.courses.list()


def test_the_budget(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """After a refusal fewer requests are ours, and the numbers add up."""
    sandbox = Sandbox(Tenant.example(users=3))
    asyncio.run(refused(sandbox, "http://127.0.0.1:9/v1.svc", shared_by_this_user(), RateLimit()))
    assert run(["quota"]) == 0
    numbers = dict(re.findall(r"^  (\w+) +(\d+)", capsys.readouterr().out, re.MULTILINE))
    assert int(numbers["budget"]) < int(numbers["limit"]) == 100
    assert int(numbers["used"]) + int(numbers["free"]) == int(numbers["budget"])
    assert numbers["rejected"] == "1"


async def test_rejections_of_other_runs(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A run counts its own ones only."""
    limiter, base_url = shared_by_this_user(), "http://127.0.0.1/v1.svc"
    rate = RateLimit(100, 1.0)
    await refused(desk.sandbox, base_url, limiter, rate)
    desk.write("user,course", "user.0@example.com,C-1")

    def connect() -> LitmosClient:
        """Make a client that shares the limit."""
        transport = httpx.ASGITransport(app=desk.sandbox.app)
        return LitmosClient(
            KEY, "tests", base_url=base_url, limiter=limiter, rate_limit=rate, transport=transport
        )

    assert await carry_out(desk.order, connect, Terminal()) == 0
    assert "0 rejected by the rate limit" in capsys.readouterr().out
    desk.sandbox.faults.add(Fault(method="POST", status=503, headers={"Retry-After": "0"}))
    assert await carry_out(desk.order, connect, Terminal()) == 0
    assert "1 rejected by the rate limit" in capsys.readouterr().out


def test_a_limit_that_cannot_be_reached(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """A place that cannot be reached is an error of one line."""
    (tmp_path / "file").write_text("")
    assert run(["quota", "--limiter", f"sqlite://{tmp_path}/file/limits.db"]) == 1
    assert len(capsys.readouterr().err.strip().splitlines()) == 1
    assert run(["quota", "--limiter", "carrier-pigeon://"]) == 2


@pytest.mark.parametrize("platform", ["linux", "win32"])
def test_where_the_users_limit_is(platform: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file stands in the user's folder for such things; where that cannot be made, each command is alone."""
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))
    assert (
        shared_by_this_user() == f"sqlite://{(tmp_path / 'state' / 'litmos-async' / 'limits.db').as_posix()}"
    )
    (tmp_path / "file").write_text("")
    for name in ("XDG_STATE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    assert shared_by_this_user() == "memory://"
