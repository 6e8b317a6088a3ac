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

PATIENCE: Final = 30
"""Seconds without a row more after which what is missing is taken for lost."""

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
        delays: Seconds from the moment at which each was to be sent until its answer with 200: the receiver may
            have been away, or all connections busy.
        away: How often a message was sent once more because the connection failed.
        refused: How often because the answer was another one: the spool was full.
        offered: Seconds until the last was to be sent.
        answered: Seconds until the last had its answer.
    """

    port: int
    rate: int
    messages: int
    answers: list[float] = field(factory=list[float])
    delays: list[float] = field(factory=list[float])
    away: int = 0
    refused: int = 0
    offered: float = 0.0
    answered: float = 0.0

    async def send(self) -> None:
        """Send everything at the rate, over connections that are kept."""
        queue: asyncio.Queue[tuple[int, float] | None] = asyncio.Queue()
        senders = [asyncio.ensure_future(self._work(queue)) for _ in range(CONNECTIONS)]
        loop = asyncio.get_running_loop()
        begun = loop.time()
        for number in range(1, self.messages + 1):
            if (early := begun + number / self.rate - loop.time()) > 0:
                await asyncio.sleep(early)
            for _ in range(2 if number % 10 == 0 else 1):
                queue.put_nowait((number, time.perf_counter()))
        self.offered = loop.time() - begun
        for _ in senders:
            queue.put_nowait(None)
        await asyncio.gather(*senders)
        self.answered = loop.time() - begun

    async def _work(self, queue: asyncio.Queue[tuple[int, float] | None]) -> None:
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        while (given := await queue.get()) is not None:
            number, due = given
            while True:
                try:
                    if streams is None:
                        streams = await asyncio.open_connection("127.0.0.1", self.port)
                    begun = time.perf_counter()
                    if await _post(*streams, number) == 200:
                        now = time.perf_counter()
                        self.answers.append(now - begun)
                        self.delays.append(now - due)
                        break
                    self.refused += 1
                except (OSError, asyncio.IncompleteReadError):
                    if streams is not None:
                        streams[1].close()
                    streams = None
                    self.away += 1
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
        left, unchanged = -1, 0
        while (now := len(rows(folder))) < load.messages and unchanged < PATIENCE:
            unchanged = unchanged + 1 if now == left else 0
            left = now
            await asyncio.sleep(1)
        spent = time.perf_counter() - begun
        process.terminate()
        await process.wait()
        return load, rows(folder), spent


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    order = sorted(seconds)
    return order[len(order) // 2], order[int(len(order) * 0.99)]


def main() -> int:
    """Print what came of it, and return the exit code."""
    load, found, spent = asyncio.run(run())
    wanted = set(range(1, load.messages + 1))
    p50, p99 = percentiles(load.answers)
    lost, twice = len(wanted - set(found)), len(found) - len(set(found))
    sent = len(load.answers)
    print(
        f"{load.messages:,} messages and {sent - load.messages:,} repeats, {KILLS} kills, {os.cpu_count()} cores"
    )
    print(
        f"offered  {sent / load.offered:,.0f}/s for {load.offered:.1f} s ({load.rate:,}/s wanted, and the repeats)"
    )
    print(f"achieved {sent / load.answered:,.0f}/s: answered with 200 within {load.answered:.1f} s")
    print(f"sent again: {load.away:,} after a broken connection, {load.refused:,} after another answer")
    print(
        f"answers: median {p50 * 1000:.0f} ms, 99th percentile {p99 * 1000:.0f} ms (at most {BAR * 1000:.0f} ms)"
    )
    late50, late99 = percentiles(load.delays)
    print(
        f"from when it was to be sent, kills included: median {late50:.2f} s, 99th percentile {late99:.2f} s"
    )
    print(f"handled {load.messages / spent:,.0f}/s: all {spent:.1f} s after the first was sent")
    print(f"lost {lost}, twice {twice}")
    return int(bool(lost or twice or p99 > BAR))


if __name__ == "__main__":
    sys.exit(main())
