"""The example with an engine: two accounts, parts of their jobs as tasks, one of which fails in the middle."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections import Counter
from pathlib import Path
from types import ModuleType

import dramatiq
import pytest

from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.limits.redis_server import RedisServer

PEOPLE, PARTS = 60, 3
RATE = "40/1"


def make() -> Sandbox:
    """Return an account with people and a course."""
    tenant = Tenant()
    for number in range(PEOPLE):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    tenant.add_course(Name="Welcome")
    requests, _, seconds = RATE.partition("/")
    return Sandbox(tenant, requests=int(requests), period=float(seconds))


def load(monkeypatch: pytest.MonkeyPatch, url: str, folder: Path, accounts: dict[str, str]) -> ModuleType:
    """Import the example with this environment."""
    known = {name: {"api_key": "sandbox-key", "base_url": base_url} for name, base_url in accounts.items()}
    for name, value in {
        "REDIS_URL": url,
        "JOURNALS": str(folder),
        "LITMOS_ACCOUNTS": json.dumps(known),
        "RATE": RATE,
    }.items():
        monkeypatch.setenv(name, value)
    return importlib.reload(importlib.import_module("examples.many_accounts"))


@pytest.mark.costly
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_parts_of_two_accounts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_server: RedisServer
) -> None:
    """Both accounts keep their own limit, every part is done once, and a part that failed goes on where it was."""
    north, south = make(), make()
    # A while into the work one account refuses somebody: the task fails, and is run again.
    north.faults.add(Fault(method="POST", path="/users/*/courses", nth=5, status=404))
    async with north.serve() as north_url, south.serve() as south_url:
        example = load(monkeypatch, redis_server.url, tmp_path, {"north": north_url, "south": south_url})
        for name, sandbox in (("north", north), ("south", south)):
            (course,) = sandbox.tenant.courses
            pairs = [[user, course] for user in sandbox.tenant.users]
            for part in range(PARTS):
                example.assign.send(name, str(part), pairs[part::PARTS])
        worker = dramatiq.Worker(example.broker, worker_threads=4, worker_timeout=50)
        worker.start()
        try:
            await asyncio.to_thread(example.broker.join, example.assign.queue_name, timeout=60_000)
            await asyncio.to_thread(worker.join)
        finally:
            await asyncio.to_thread(worker.stop)
            example.broker.close()
    for sandbox in (north, south):
        (course,) = sandbox.tenant.courses
        assert all(sandbox.tenant.user_courses.get(user, course) for user in sandbox.tenant.users)
        effects = Counter(
            each.path for each in sandbox.requests if each.method == "POST" and each.carried_out
        )
        assert set(effects.values()) == {1}
        assert sandbox.quota.rejections == []
    assert len([each for each in north.requests if each.method == "POST"]) == PEOPLE + 1


@pytest.mark.costly
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
async def test_exports_of_two_accounts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, redis_server: RedisServer
) -> None:
    """Each list of each account has a folder of its own; one that fails is run again."""
    north, south = make(), make()
    north.faults.add(Fault(method="GET", path="/users", nth=1, status=403))
    monkeypatch.setenv("EXPORTS", str(tmp_path / "exports"))
    span = ("2026-01-01T00:00:00+00:00", "2026-01-20T00:00:00+00:00")
    async with north.serve() as north_url, south.serve() as south_url:
        example = load(monkeypatch, redis_server.url, tmp_path, {"north": north_url, "south": south_url})
        for name in ("north", "south"):
            example.export.send(name, "users")
            example.export.send(name, "course_results", *span)
        worker = dramatiq.Worker(example.broker, worker_threads=4, worker_timeout=50)
        worker.start()
        try:
            await asyncio.to_thread(example.broker.join, example.export.queue_name, timeout=60_000)
            await asyncio.to_thread(worker.join)
        finally:
            await asyncio.to_thread(worker.stop)
            example.broker.close()
    for name in ("north", "south"):
        manifest = tmp_path / "exports" / name / "users" / "all--now" / "_manifest.json"
        plain = json.loads(manifest.read_text("utf-8"))
        assert plain["complete"]
        assert plain["rows"] == PEOPLE
        folder = "2026-01-01T000000Z--2026-01-20T000000Z"
        assert (tmp_path / "exports" / name / "course_results" / folder / "_manifest.json").exists()
