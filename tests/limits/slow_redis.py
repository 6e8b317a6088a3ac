"""A Redis at the end of a long way, on a virtual clock and for real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import attrs
from redis.exceptions import TimeoutError as RedisTimeout

from litmos_async.limits import OnOutage, RateLimit
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.redis import LATE, RedisStore, _Link
from litmos_async.limits.shared import SharedLimiter
from tests.limits.small import NoJitter, time


@attrs.define
class Hash:
    """What the script keeps under one key, and does with it; `test_redis.py` has the real one."""

    version: str = ""
    state: str = ""
    queue: dict[str, float] = attrs.field(factory=dict)

    def run(self, *arguments: Any) -> list[Any]:
        """Compare and set at the virtual time."""
        now = int(time() * 1e6)
        if arguments:
            version, decided, new_version, state, _, longest, process, lasts = arguments
            if process in self.queue:
                self.queue[process] = now + lasts
            self.queue = {name: ends for name, ends in self.queue.items() if ends > now}
            first = next(iter(self.queue), process)
            if first == process and version == self.version and now - decided < longest:
                self.version, self.state = new_version, state
                self.queue.pop(process, None)
            elif self.version:
                self.queue.setdefault(process, now + lasts)
        return [now, self.version, self.state]


@attrs.define
class Client:
    """A connection of one process: each answer takes a round trip, and one that takes too long is given up."""

    hash: Hash
    round_trip: float
    timeout: float

    async def eval(self, _script: str, _keys: int, _key: str, *arguments: Any) -> list[Any]:
        """Run the script half a round trip later, also if its answer is not waited for."""
        answer: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()

        def arrive() -> None:
            result = self.hash.run(*arguments)
            loop.call_later(self.round_trip / 2, lambda: answer.done() or answer.set_result(result))

        loop = asyncio.get_running_loop()
        loop.call_later(self.round_trip / 2, arrive)
        try:
            async with asyncio.timeout(self.timeout):
                return await answer
        except TimeoutError:
            raise RedisTimeout("late") from None

    async def aclose(self) -> None:
        """Do nothing."""


def process_at(
    hash: Hash,
    round_trip: float,
    *,
    on_outage: OnOutage = "wait",
    outage_timeout: float = 30.0,
    timeout: float = 2.0,
    rate: RateLimit,
) -> SharedLimiter:
    """Return the limiter of a process that is so far away from a Redis on the virtual clock."""
    redis = RedisStore("redis://127.0.0.1", timeout=timeout)
    redis._link = _Link(asyncio.get_running_loop(), Client(hash, round_trip, timeout))
    store = OutageStore(
        redis,
        outage_timeout=outage_timeout if on_outage == "wait" else 0.0,
        share=0.25 if on_outage == "local" else None,
        late_after=LATE * timeout,
    )
    return SharedLimiter(store, rate, account="one", random=NoJitter())


@asynccontextmanager
async def delayed(port: int, round_trip: float) -> AsyncIterator[int]:
    """Serve a port on which everything takes so long to a real server and back."""
    tasks: set[asyncio.Task[None]] = set()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(65536):
                loop.call_later(round_trip / 2, writer.write, data)  # timers fire in their order
        except OSError:
            pass
        finally:
            loop.call_later(round_trip / 2, writer.close)

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            back, forth = await asyncio.open_connection("127.0.0.1", port)
        except OSError:  # the server is away
            writer.close()
            return
        for one in (carry(reader, forth), carry(back, writer)):
            task = asyncio.ensure_future(one)
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(connect, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(round_trip)
