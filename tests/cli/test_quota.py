"""`litmos quota`, and the limit that the commands of a user share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from litmos_async import LitmosClient, RateLimit
from litmos_async.cli.app import run
from litmos_async.cli.options import shared_by_this_user
from litmos_async.sandbox import Sandbox, Tenant


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
    assert usage.quota.used == 2
    assert [each.used for each in usage.processes] == [2]


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
