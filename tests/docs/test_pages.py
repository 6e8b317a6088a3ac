"""The pages about hooks, webhooks and tests of programs are run as they stand there."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from litmos_async.mcp import make_server
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.webhooks import Achievement, Event, SqliteSpool
from tests.support.pages import compiled, samples

ROOT = Path(__file__).parents[2]


async def run(page: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run all samples of a page, one after the other."""
    for text in samples(page):
        done = eval(compiled(text), names)
        if done is not None:
            await done
    return names


async def test_observability() -> None:
    """Metrics of Prometheus are exposed, log lines are JSON."""
    sandbox = Sandbox(Tenant.example(users=20))
    stream = io.StringIO()
    async with sandbox.serve() as base_url:
        names = await run(
            "docs/observability.md", {"api_key": "sandbox-key", "base_url": base_url, "stream": stream}
        )
    names["log"].removeHandler(names["handler"])
    assert 'litmos_request_seconds_count{operation="users.list",status="200"} 1.0' in names["exposed"]
    assert 'litmos_slot_wait_seconds_bucket{lane="interactive",le="0.01"}' in names["exposed"]
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines] == ["Attempt", "PageRead"]
    assert not names["slow"]


async def test_webhooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The handler of the page takes an achievement."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WEBHOOK_SECRET", "s3cret-of-the-address")
    names = await run("docs/webhooks.md", {})
    await names["handle"](Event(1, "achievement.earned", achievement=Achievement(user_name="u", title="t")))
    assert names["earned"] == [("u", "t")]
    await names["receiver"].aclose()
    await names["shared"].aclose()
    assert SqliteSpool is names["SqliteSpool"]


@pytest.mark.costly
def test_testing(tmp_path: Path) -> None:
    """The tests of the page pass, and what is recorded can be replayed."""
    first, *_, second = samples("docs/testing.md")
    (tmp_path / "test_page.py").write_text(first)
    (tmp_path / "pytest.ini").touch()  # the options of no folder above, such as this clone's
    words = ["-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:randomly", "-p", "no:cacheprovider"]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert re.search(r"^2 passed", done.stdout, re.MULTILINE), done.stdout
    assert "replayed" in second


@pytest.mark.costly
async def test_testing_without_pytest() -> None:
    """What is said about the sandbox alone runs, and its faults come."""
    names: dict[str, Any] = {}
    for sample in samples("docs/testing.md")[1:-1]:
        await eval(compiled(sample), names)
    assert [request.status for request in names["sandbox"].requests][-2:] == [503, None]


async def test_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recording of the page is answered again."""
    monkeypatch.chdir(tmp_path)
    sandbox = Sandbox(Tenant.example(users=5))
    async with sandbox.serve() as base_url:
        names: dict[str, Any] = {"api_key": "sandbox-key", "base_url": base_url}
        exec(compiled(samples("docs/testing.md")[-1]), names)
        await names["record"]()
    name = await names["replay"]()
    assert "@" in name
    assert name not in {user["UserName"] for user in sandbox.tenant.users.values()}


async def test_the_tools_of_the_mcp_server() -> None:
    """The page names every tool, and no other."""
    options = {"api_key": "key", "source": "docs", "base_url": "http://127.0.0.1:1/v1.svc"}
    async with make_server(options, allow_writes=True) as server:
        tools = {tool.name for tool in await server.list_tools()}
    page = (ROOT / "docs/mcp.md").read_text("utf-8")
    table = page[page.index("| tool |") : page.index("A page has")]
    assert set(re.findall(r"`([a-z_]+)`", table)) == tools
