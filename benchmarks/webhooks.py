"""The receiver of webhooks under load: 1,000 messages a second for 10 s on loopback, and killed three times.

Run it with `python -m benchmarks.webhooks`. The receiver is `examples/webhooks.py` under uvicorn, in a process of
its own. As Litmos does, the sender tries again what was not answered with 200; every tenth message is sent twice.
In the end each achievement has to be in the handler's own table once; the program ends with 1 if one is missing.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Final

from attrs import define, field

RATE: Final = 1_000
SECONDS: Final = 10
KILLS: Final = 3
CONNECTIONS: Final = 50
BAR: Final = 1.0
"""Seconds in which 99 of 100 answers have to be there."""

SECRET: Final = "s3cret-of-the-address"
ROOT: Final = Path(__file__).parents[1]


@define
class Load:
    """What is sent, and how it was answered.

    Attributes:
        port: Where the receiver listens.
        rate: Messages a second.
        messages: How many in all.
        answers: Seconds that each answer with 200 took, from its own request on.
        again: How often a message was sent once more because the receiver was away.
    """

    port: int
    rate: int
    messages: int
    answers: list[float] = field(factory=list[float])
    again: int = 0

    async def send(self) -> None:
        """Send everything at the rate, over connections that are kept."""
        queue: asyncio.Queue[int | None] = asyncio.Queue()
        senders = [asyncio.ensure_future(self._work(queue)) for _ in range(CONNECTIONS)]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(1, self.messages + 1):
            if (early := begun + number / self.rate - loop.time()) > 0:
                await asyncio.sleep(early)
            queue.put_nowait(number)
            if number % 10 == 0:
                queue.put_nowait(number)
        for _ in senders:
            queue.put_nowait(None)
        await asyncio.gather(*senders)

    async def _work(self, queue: asyncio.Queue[int | None]) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while (number := await queue.get()) is not None:
            while True:
                try:
                    if streams is None:
                        streams = await asyncio.open_connection("127.0.0.1", self.port)
                    begun = time.perf_counter()
                    if await _post(*streams, number) == 200:
                        self.answers.append(time.perf_counter() - begun)
                        break
                except (OSError, asyncio.IncompleteReadError):
                    if streams is not None:
                        streams[1].close()
                    streams = None
                self.again += 1
                await asyncio.sleep(0.1)
        if streams is not None:
            streams[1].close()


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> int:
    data = {"achievementId": number, "userId": "u", "userName": "user@example.com", "title": "Course"}
    body = json.dumps({"id": number, "type": "achievement.earned", "object": "event", "data": data}).encode()
    head = f"POST /litmos/{SECRET} HTTP/1.1\r\nHost: receiver\r\nContent-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()
    answer = await reader.readuntil(b"\r\n\r\n")
    return int(answer.split(b" ", 2)[1])


async def start(port: int, folder: Path) -> asyncio.subprocess.Process:
    """Start the receiver, and wait until it answers."""
    own = {
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_SPOOL": str(folder / "spool.db"),
        "COMPLETIONS": str(folder / "completions.db"),
    }
    words = [
        "-m",
        "uvicorn",
        "examples.webhooks:app",
        "--port",
        str(port),
        "--log-level",
        "error",
        "--no-access-log",
    ]
    process = await asyncio.create_subprocess_exec(sys.executable, *words, env=os.environ | own, cwd=ROOT)
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if process.returncode is not None:
                raise RuntimeError("the receiver ended") from None
            await asyncio.sleep(0.02)
        else:
            writer.close()
            return process


def rows(folder: Path) -> list[int]:
    """Return which achievements the handler has written down, one entry for each row."""
    with closing(sqlite3.connect(folder / "completions.db", timeout=30)) as db:
        try:
            return [number for (number,) in db.execute("SELECT achievement FROM completions")]
        except sqlite3.OperationalError:
            return []  # no table yet


async def run(
    *, rate: int = RATE, seconds: int = SECONDS, kills: int = KILLS
) -> tuple[Load, list[int], float]:
    """Send, kill, and wait until all is handled; return the load, the handler's rows, and the seconds it took."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        load = Load(port, rate, rate * seconds)
        process = await start(port, folder)
        begun = time.perf_counter()
        sending = asyncio.ensure_future(load.send())
        for kill in range(1, kills + 1):
            while len(load.answers) < kill * load.messages // (kills + 1):  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            process = await start(port, folder)
        await sending
        left = -1
        while (now := len(rows(folder))) < load.messages and now != left:
            left = now
            await asyncio.sleep(2)
        spent = time.perf_counter() - begun
        process.terminate()
        await process.wait()
        return load, rows(folder), spent


def main() -> int:
    """Print what came of it, and return the exit code."""
    load, found, spent = asyncio.run(run())
    wanted = set(range(1, load.messages + 1))
    answers = sorted(load.answers)
    p50, p99 = (answers[int(len(answers) * part)] for part in (0.5, 0.99))
    lost, twice = len(wanted - set(found)), len(found) - len(set(found))
    print(f"{load.messages:,} messages at {load.rate:,}/s, {KILLS} kills, {load.again:,} sent again")
    print(f"lost {lost}, twice {twice}; all handled {spent:.1f} s after the first was sent")
    print(
        f"answers: median {p50 * 1000:.1f} ms, 99th percentile {p99 * 1000:.0f} ms (at most {BAR * 1000:.0f} ms)"
    )
    return int(bool(lost or twice or p99 > BAR))


if __name__ == "__main__":
    sys.exit(main())
