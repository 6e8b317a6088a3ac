"""The example receives what the sandbox sends, over real HTTP, through kills: every event once in its table.

A kill may let the handler be called again for as many messages as there are workers, so its calls are counted too.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from examples.webhooks import WORKERS, Completions
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.webhooks import parse

SECRET = "s3cret-of-the-address"
PEOPLE = 120
KILLS = 3


def free_port() -> int:
    """Return a port that nothing uses."""
    with closing(socket.socket()) as server:
        server.bind(("127.0.0.1", 0))
        return int(server.getsockname()[1])


async def start(port: int, folder: Path) -> asyncio.subprocess.Process:
    """Start the example, and wait until it answers."""
    own = {
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_SPOOL": str(folder / "spool.db"),
        "COMPLETIONS": str(folder / "completions.db"),
        "CALLS": str(folder / "calls"),
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "tests.examples.counted_webhooks:receiver",
        "--port",
        str(port),
        "--log-level",
        "error",
    ]
    process = await asyncio.create_subprocess_exec(*command, env=os.environ | own)
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            assert process.returncode is None, "the example ended"
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return process


def rows(folder: Path) -> list[str]:
    """Return what the example has written down."""
    with closing(sqlite3.connect(folder / "completions.db", timeout=10)) as db:
        return [key for (key,) in db.execute("SELECT id FROM completions")]


async def until(folder: Path, count: int) -> None:
    """Wait until the example has written down so many."""
    while len(rows(folder)) < count:  # noqa: ASYNC110 - of another process there are no events
        await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Messages come twice and in any order, the receiver is killed three times: each achievement is there once.

    Its handler is called for each, and again for those at most that the workers had in hand at a kill.
    """
    tenant = Tenant.example(users=PEOPLE)
    course_id = next(iter(tenant.courses))
    for user_id in tenant.users:
        tenant.assign_course(user_id, course_id)
        tenant.set_progress(user_id, course_id, 100)
    sandbox = Sandbox(tenant)
    port = free_port()
    sandbox.webhooks.add(
        f"http://127.0.0.1:{port}/litmos/{SECRET}", repeats=0.5, shuffled=True, attempts=40, pause=0.05
    )
    process = await start(port, tmp_path)
    sending = asyncio.ensure_future(sandbox.webhooks.deliver())
    for kill in range(1, KILLS + 1):
        await until(tmp_path, kill * PEOPLE // 5)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        process = await start(port, tmp_path)
    deliveries = await sending
    wanted = {f"achievement {completion.number}" for completion in tenant.completions}
    await until(tmp_path, len(wanted))
    process.terminate()
    await process.wait()
    assert sorted(rows(tmp_path)) == sorted(wanted)
    assert all(delivery.status == 200 for delivery in deliveries)
    calls = (tmp_path / "calls").read_text().split()
    assert len(set(calls)) == len(wanted)
    assert len(calls) <= len(wanted) + KILLS * WORKERS


async def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    """An achievement is one row, whatever message it comes in; without a number its message is one."""
    bodies = [
        b'{"id": 1, "type": "achievement.earned", "data": {"achievementId": 7, "title": "Safety"}}',
        b'{"id": 2, "type": "achievement.earned", "data": {"achievementId": 7, "title": "Safety"}}',
        b'{"id": 7, "type": "achievement.earned", "data": {"title": "A path"}}',
        b'{"id": 3, "type": "session.created", "data": {}}',
    ]
    completions = Completions(str(tmp_path / "completions.db"))
    await asyncio.gather(*(completions.handle(parse(body)) for body in bodies * 2))
    await completions.handle(parse(bodies[0]))
    completions._db.close()
    assert sorted(rows(tmp_path)) == ["achievement 7", "message 7"]
