"""`litmos probe` writes its report, and says what is in the way."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from litmos_async import LitmosClient
from litmos_async.cli import main, probe
from litmos_async.cli.app import run
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import MOST_REQUESTS
from litmos_async.transport import mounted
from tests.cli.small import KEY


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the command reach a small organisation, in a folder of its own."""
    found = Sandbox(Tenant.example(users=5), api_key=KEY, requests=1_000)

    def client(**options: Any) -> LitmosClient:
        return LitmosClient(**options | {"transport": mounted(found.app), "limiter": "memory://"})

    monkeypatch.setattr(probe, "LitmosClient", client)
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    return found


def test_without_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written where the account cannot be read."""
    for name in ("LITMOS_API_KEY", "LITMOS_BASE_URL", "LITMOS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["litmos", "probe", str(tmp_path / "probe.json")])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert not (tmp_path / "probe.json").exists()
    assert "LITMOS_API_KEY" in capsys.readouterr().err


@pytest.mark.costly
async def test_a_report(tmp_path: Path) -> None:
    """Sixty requests to a sandbox over HTTP, and a file of plain data."""
    sandbox = Sandbox(Tenant.example(users=5))
    own = {"LITMOS_API_KEY": "sandbox-key", "LITMOS_LIMIT": "memory://", "XDG_CONFIG_HOME": str(tmp_path)}
    path = tmp_path / "probe.json"
    async with sandbox.serve() as base_url:
        words = ["-m", "litmos_async.cli", "probe", str(path)]
        environment = {**os.environ, **own, "LITMOS_BASE_URL": base_url}
        process = await asyncio.create_subprocess_exec(sys.executable, *words, env=environment)
        assert await process.wait() == 0
    assert json.loads(path.read_text())["requests"] == len(sandbox.requests) == MOST_REQUESTS


def test_fewer_requests(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """As many as are allowed, to the file of the usual name; it holds no value of the account."""
    assert run(["probe", "--most-requests", "4"]) == 0
    assert len(sandbox.requests) == 4
    text = Path("litmos-probe.json").read_text("utf-8")
    answered = sum(each["result"] == "ok" for each in json.loads(text)["operations"].values())
    told = f"litmos-probe.json: {answered} operations answered, in 4 requests"
    assert capsys.readouterr().out.splitlines() == [told]
    assert not [user["UserName"] for user in sandbox.tenant.users.values() if user["UserName"] in text]


@pytest.mark.parametrize("name", ["none/report.json", ".", "x" * 300])
def test_a_file_that_cannot_be_written(
    sandbox: Sandbox, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line and exit code 2, before a request is sent."""
    assert run(["probe", name]) == 2
    shown = capsys.readouterr()
    assert name in shown.err
    assert shown.err.count("\n") == 1
    assert not sandbox.requests


def test_a_disk_that_fills_up(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and exit code 1: the account was read, and the report is not there."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    assert run(["probe", "--most-requests", "1"]) == 1
    assert capsys.readouterr().err == (
        "litmos: cannot write the report to litmos-probe.json: No space left on device\n"
    )
    assert len(sandbox.requests) == 1


def test_a_server_that_answers_nothing(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The report is written, for it says how each operation failed; the exit code says that nothing was read."""
    sandbox.faults.add(Fault(status=500, times=1_000))
    assert run(["probe", "--most-requests", "4"]) == 1
    assert "0 operations answered" in capsys.readouterr().out
    assert Path("litmos-probe.json").exists()


def test_a_key_that_does_not_work(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and no report of an account that could not be read."""
    monkeypatch.setenv("LITMOS_API_KEY", "wrong")
    assert run(["probe"]) == 1
    shown = capsys.readouterr().err
    assert "401" in shown
    assert shown.count("\n") == 1
    assert not Path("litmos-probe.json").exists()
    assert len(sandbox.requests) == 1
