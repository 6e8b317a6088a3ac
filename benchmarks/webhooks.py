"""The receiver of webhooks under load: 1,000 messages a second for 10 s on loopback, and killed three times.

Run it with `python -m benchmarks.webhooks`. The receiver is `examples/webhooks.py` under uvicorn, in a process of
its own. The sender sends at the rate whatever the answers, over connections that are kept; what was not answered
with 200 it sends again, as Litmos does, and counts its time from when it was first to be sent. Every tenth message
is sent twice. It speaks HTTP by hand, so that it takes little of the CPU that it shares with the receiver.

In the end each achievement has to be in the handler's own table once. A kill between the handler's commit and that
of the spool lets the handler be called again, so its calls are counted as well: at most one more for each worker at
a kill is what the spool promises. The program ends with 1 if a message is missing or a bar is missed.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import signal
import socket
import sqlite3
import sys
import tempfile
import time
from collections import Counter, deque
from contextlib import closing
from pathlib import Path
from typing import Final

from attrs import define, field

from examples import webhooks as example
from litmos_async.webhooks import Event, Receiver

RATE: Final = 1_000
SECONDS: Final = 10
KILLS: Final = 3
CONNECTIONS: Final = 128
BAR: Final = 1.0
"""Seconds in which 99 of 100 answers have to be there."""

PATIENCE: Final = 30
"""Seconds without a row more after which what is missing is taken for lost."""

SECRET: Final = "s3cret-of-the-address"
ROOT: Final = Path(__file__).parents[1]


def counted() -> Receiver:
    """Return the app of the example; each call of its handler is noted before it writes anything."""
    table = example.Completions(os.environ["COMPLETIONS"])
    calls = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle(event: Event) -> None:
        os.write(calls, b"%d\n" % event.id)
        await table.handle(event)

    return example.receiver(handle)


@define(eq=False)
class Message:
    """A message on its way.

    Attributes:
        request: The bytes of the request.
        due: When it was to be sent, by the clock of the loop.
        sent: When it was sent last.
    """

    request: bytes
    due: float
    sent: float = 0.0


class Connection(asyncio.Protocol):
    """A connection that is kept, with one request at a time."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._answer = b""
        self._message: Message | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for a request."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self._load.free.append(self)

    def send(self, message: Message) -> None:
        """Send a message."""
        assert self.transport is not None
        self._message = message
        message.sent = asyncio.get_running_loop().time()
        self.transport.write(message.request)

    def data_received(self, data: bytes) -> None:
        """Read an answer, which has no body."""
        self._answer += data
        if self._message is not None and self._answer.endswith(b"\r\n\r\n"):
            message, status = self._message, int(self._answer.split(b" ", 2)[1])
            self._message, self._answer = None, b""
            self._load.free.append(self)
            self._load.got(message, status)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the base class'
        """Give back what was not answered."""
        self._load.lost(self, self._message)


class Load:
    """What is sent, and how it was answered.

    Attributes:
        messages: How many in all.
        rate: Messages a second.
        answers: Seconds that each answer with 200 took, from its own request on.
        delays: Seconds from the moment at which each was to be sent until its answer with 200: the receiver may
            have been away, or all connections busy.
        broken: How many were sent again because the connection broke.
        refused: How many because the answer was another one: the spool was full.
        offered: Seconds until the last was to be sent.
        answered: Seconds until the last had its answer.
        free: Connections without a request.
    """

    def __init__(self, port: int, rate: int, messages: int) -> None:
        self.messages, self.rate = messages, rate
        self.answers: list[float] = []
        self.delays: list[float] = []
        self.broken = self.refused = 0
        self.offered = self.answered = 0.0
        self.free: list[Connection] = []
        self._port = port
        self._open = 0
        self._wanted = messages + messages // 10
        self._waiting: deque[Message] = deque()
        self._all_answered = asyncio.Event()
        self._begun = 0.0

    async def send(self) -> None:
        """Send everything at the rate."""
        loop = asyncio.get_running_loop()
        requests = [_request(number) for number in range(1, self.messages + 1)]
        connecting = asyncio.ensure_future(self._connect())
        self._begun = loop.time()
        for number, request in enumerate(requests, 1):
            due = self._begun + number / self.rate
            while (early := due - loop.time()) > 0:
                self._deal_out()
                await asyncio.sleep(early)
            self._waiting.extend(Message(request, due) for _ in range(2 if number % 10 == 0 else 1))
        self._deal_out()
        self.offered = loop.time() - self._begun
        await self._all_answered.wait()
        connecting.cancel()
        for connection in self.free:
            assert connection.transport is not None
            connection.transport.close()

    async def _connect(self) -> None:
        """Keep the connections open, and open them anew when the receiver has come back."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                if self._open < CONNECTIONS:
                    await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)
                    self._open += 1
                    self._deal_out()
                    continue
            except OSError:
                pass  # it is away
            await asyncio.sleep(0.02)

    def _deal_out(self) -> None:
        while self._waiting and self.free:
            connection = self.free.pop()
            assert connection.transport is not None
            if not connection.transport.is_closing():
                connection.send(self._waiting.popleft())

    def got(self, message: Message, status: int) -> None:
        """Note an answer."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        if status == 200:
            self.answers.append(now - message.sent)
            self.delays.append(now - message.due)
            if len(self.answers) == self._wanted:
                self.answered = now - self._begun
                self._all_answered.set()
        else:
            self.refused += 1
            loop.call_later(0.1, self._waiting.append, message)
        self._deal_out()

    def lost(self, connection: Connection, message: Message | None) -> None:
        """Send again what was on a connection that broke: it has been due for the longest time."""
        self._open -= 1
        if connection in self.free:
            self.free.remove(connection)
        if message is not None:
            self.broken += 1
            self._waiting.appendleft(message)


def _request(number: int) -> bytes:
    data = {"achievementId": number, "userId": "u", "userName": "user@example.com", "title": "Course"}
    body = json.dumps({"id": number, "type": "achievement.earned", "object": "event", "data": data}).encode()
    head = f"POST /{SECRET} HTTP/1.1\r\nHost: receiver\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def start(port: int, folder: Path) -> asyncio.subprocess.Process:
    """Start the receiver, and wait until it answers."""
    own = {
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_SPOOL": str(folder / "spool.db"),
        "COMPLETIONS": str(folder / "completions.db"),
        "CALLS": str(folder / "calls"),
    }
    words = ["-m", "uvicorn", "--factory", "benchmarks.webhooks:counted", "--port", str(port)]
    words += ["--log-level", "error", "--no-access-log"]
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


def rows(folder: Path) -> list[str]:
    """Return what the handler has written down, one entry for each row."""
    with closing(sqlite3.connect(folder / "completions.db", timeout=30)) as db:
        return [key for (key,) in db.execute("SELECT id FROM completions")]


@define
class Result:
    """What came of it.

    Attributes:
        load: What was sent.
        rows: The handler's own record.
        calls: How often the handler was called, by message.
        spent: Seconds from the first message until the last was handled.
        starts: Seconds that each start of the receiver took until it answered.
        receiver_cpu: Seconds of CPU that the receiver took, its starts included.
        sender_cpu: Seconds of CPU that the sender took.
    """

    load: Load
    rows: list[str] = field(factory=list[str])
    calls: Counter[int] = field(factory=Counter[int])
    spent: float = 0.0
    starts: list[float] = field(factory=list[float])
    receiver_cpu: float = 0.0
    sender_cpu: float = 0.0


async def run(*, rate: int = RATE, seconds: int = SECONDS, kills: int = KILLS) -> Result:
    """Send, kill, and wait until all is handled."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        result = Result(load := Load(port, rate, rate * seconds))

        async def started() -> asyncio.subprocess.Process:
            begun = time.perf_counter()
            process = await start(port, folder)
            result.starts.append(time.perf_counter() - begun)
            return process

        process = await started()
        begun, cpu = time.perf_counter(), time.process_time()
        sending = asyncio.ensure_future(load.send())
        for kill in range(1, kills + 1):
            while len(load.answers) < kill * load.messages // (kills + 1):  # noqa: ASYNC110 - no event for it
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGKILL)
            await process.wait()
            process = await started()
        await sending
        result.sender_cpu = time.process_time() - cpu
        left, unchanged = -1, 0.0
        while (now := len(rows(folder))) < load.messages and unchanged < PATIENCE:
            unchanged = unchanged + 0.1 if now == left else 0.0
            left = now
            await asyncio.sleep(0.1)
        result.spent = time.perf_counter() - begun
        process.terminate()
        await process.wait()
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        result.receiver_cpu = used.ru_utime + used.ru_stime
        result.rows = rows(folder)
        result.calls = Counter(int(line) for line in (folder / "calls").read_text().split())
        return result


def percentiles(seconds: list[float]) -> tuple[float, float]:
    """Return the median and the 99th percentile."""
    order = sorted(seconds)
    return order[len(order) // 2], order[int(len(order) * 0.99)]


def main() -> int:
    """Print what came of it, and return the exit code."""
    result = asyncio.run(run())
    load, found = result.load, result.rows
    wanted = {f"achievement {number}" for number in range(1, load.messages + 1)}
    (p50, p99), (late50, late99) = percentiles(load.answers), percentiles(load.delays)
    lost, twice = len(wanted - set(found)), len(found) - len(set(found))
    again = result.calls.total() - len(result.calls)
    may_be_again = KILLS * example.WORKERS
    sent = len(load.answers)
    receiver, sender = result.receiver_cpu / sent * 1000, result.sender_cpu / sent * 1000
    starts = ", ".join(f"{seconds:.1f}" for seconds in result.starts)
    load_of_machine = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    lines = [
        f"{load.messages:,} messages and {sent - load.messages:,} repeats, {KILLS} kills; starts took {starts} s",
        f"{os.cpu_count()} cores, load of the machine over 1, 5, 15 min: {load_of_machine}",
        f"offered  {sent / load.offered:,.0f}/s for {load.offered:.1f} s ({load.rate:,}/s wanted, and the repeats)",
        f"achieved {sent / load.answered:,.0f}/s: answered with 200 within {load.answered:.1f} s",
        f"sent again: {load.broken:,} after a broken connection, {load.refused:,} after another answer",
        f"answers: median {p50 * 1000:.0f} ms, 99th percentile {p99 * 1000:.0f} ms (at most {BAR * 1000:.0f} ms)",
        f"from when it was to be sent, kills included: median {late50:.2f} s, 99th percentile {late99:.2f} s",
        f"handled {load.messages / result.spent:,.0f}/s: all {result.spent:.1f} s after the first was sent",
        f"CPU a message: receiver {receiver:.2f} ms with its {len(result.starts)} starts, sender {sender:.2f} ms",
        f"lost {lost}; in the handler's record twice {twice}; called again {again} times (at most {may_be_again})",
    ]
    print("\n".join(lines))
    return int(bool(lost or twice or again > may_be_again or p99 > BAR))


if __name__ == "__main__":
    sys.exit(main())
