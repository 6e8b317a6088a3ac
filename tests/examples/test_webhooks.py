"""The example receives what the sandbox sends, over real HTTP, through kills: every event once in its table."""

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

from litmos_async.sandbox import Sandbox, Tenant

SECRET = "s3cret-of-the-address"
PEOPLE = 120


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
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "examples.webhooks:app",
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


def rows(folder: Path) -> list[tuple[int]]:
    """Return what the example has written down."""
    path = folder / "completions.db"
    if not path.exists():
        return []
    with closing(sqlite3.connect(path, timeout=10)) as db:
        try:
            return db.execute("SELECT achievement FROM completions").fetchall()
        except sqlite3.OperationalError:
            return []  # no table yet


async def until(folder: Path, count: int) -> None:
    """Wait until the example has written down so many."""
    while len(rows(folder)) < count:  # noqa: ASYNC110 - of another process there are no events
        await asyncio.sleep(0.01)


@pytest.mark.slow
async def test_killed_in_the_middle(tmp_path: Path) -> None:
    """Messages come twice and in any order, the receiver is killed three times: each achievement is there once."""
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
    for kill in range(1, 4):
        await until(tmp_path, kill * PEOPLE // 5)
        process.send_signal(signal.SIGKILL)
        await process.wait()
        process = await start(port, tmp_path)
    deliveries = await sending
    wanted = {completion.number for completion in tenant.completions}
    await until(tmp_path, len(wanted))
    process.terminate()
    await process.wait()
    assert {number for (number,) in rows(tmp_path)} == wanted
    assert all(delivery.status == 200 for delivery in deliveries)
