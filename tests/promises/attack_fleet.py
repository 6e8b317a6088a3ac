"""Real processes under one limit, attacked: killed, frozen, with a store that is slow, restarted or away.

The log of the sandbox is the judge.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import attrs

from litmos_async.errors import LitmosError
from litmos_async.limits import Limiter, OnOutage, RateLimit, RedisLimiter, SqliteLimiter
from litmos_async.sandbox import Sandbox, Tenant
from tests.limits.redis_server import RedisServer
from tests.limits.slow_redis import delayed

ROOT: Final = Path(__file__).parents[2]
RATE: Final = RateLimit(100, period=3.0)
TIMEOUT: Final = 1.0

# Longer than a slot that is in hand is kept for its holder.
FREEZE: Final = TIMEOUT + RATE.period + 0.5

# A member that does not end by then hangs.
PATIENCE: Final = 180.0


@attrs.define
class Verdict:
    """What the judge saw; `+` puts two of them together."""

    most: int = 0
    rejected: int = 0
    hung: int = 0
    slots_left: int = 0
    untyped: int = 0
    requests: int = 0

    def __add__(self, other: Verdict) -> Verdict:
        sums = [a + b for a, b in zip(attrs.astuple(self)[1:], attrs.astuple(other)[1:], strict=True)]
        return Verdict(max(self.most, other.most), *sums)

    @property
    def good(self) -> bool:
        """Whether it is what is promised."""
        return self.most <= RATE.requests and not (
            self.rejected or self.hung or self.slots_left or self.untyped
        )

    def __str__(self) -> str:
        return (
            f"most in a window {self.most:3}, rejected {self.rejected}, hung {self.hung}, slots left "
            f"{self.slots_left}, untyped errors {self.untyped} ({self.requests:,} requests)"
        )


@attrs.frozen
class Plan:
    """What is done to them.

    Attributes:
        store: "sqlite" or "redis".
        on_outage: For Redis.
        processes: How many.
        calls: How many calls each makes.
        kills: How many are killed, and replaced.
        freezes: How many are frozen at any moment.
        turns: At which turns of its loop after it took a slot the first process freezes itself.
        round_trip: Seconds to Redis and back.
        outages: How often Redis is stopped and started again.
        seed: Where all chance comes from.
    """

    store: str
    on_outage: OnOutage = "wait"
    processes: int = 5
    calls: int = 100
    kills: int = 0
    freezes: int = 0
    turns: tuple[int, ...] = ()
    round_trip: float = 0.0
    outages: int = 0
    seed: int = 1


@attrs.define
class Member:
    """A process, and how many of its calls are not done."""

    process: Process
    left: int
    untyped: int = 0
    killed: bool = False
    reader: asyncio.Task[None] | None = None

    async def read(self) -> None:
        """Follow what it says, and wake it up a while after it stopped itself."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            what = line.split()[0].decode()
            self.left -= what == "done"
            self.untyped += what == "untyped"
            if what == "stop":
                asyncio.get_running_loop().call_later(FREEZE, self.signal, signal.SIGCONT)
        await self.process.wait()

    def signal(self, number: int) -> None:
        """Send a signal, if it still runs."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)


class Attack:
    """One plan, from its beginning to the verdict."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self.plan = plan
        self.folder = folder
        self.random = random.Random(plan.seed)
        self.sandbox = Sandbox(Tenant.example(users=5), requests=RATE.requests, period=RATE.period)
        self.members: list[Member] = []
        self.gone: list[Member] = []
        self.redis: RedisServer | None = None
        self.place = ""
        self.base_url = ""

    async def run(self) -> Verdict:
        """Let it all happen."""
        async with self._store() as self.place, self.sandbox.serve() as self.base_url:
            for number in range(self.plan.processes):
                self.members.append(await self._start(self.plan.calls, self.plan.turns if not number else ()))
            for member in self.members:
                self._go(member)
            await asyncio.gather(self._kill(), self._freeze(), self._stop_redis())
            hung = await self._wait()
            left = await self._slots_left()
        log = self.sandbox.quota
        return Verdict(
            log.most_in_any_window(),
            len(log.rejections),
            hung,
            left,
            sum(member.untyped for member in [*self.members, *self.gone]),
            len(log.arrivals),
        )

    @contextlib.asynccontextmanager
    async def _store(self) -> AsyncIterator[str]:
        if self.plan.store == "sqlite":
            yield str(self.folder / "limits.db")
            return
        with RedisServer(self.folder, "--appendonly", "yes", "--appendfsync", "always") as self.redis:
            async with contextlib.AsyncExitStack() as stack:
                port = self.redis.port
                if self.plan.round_trip:
                    port = await stack.enter_async_context(delayed(port, self.plan.round_trip))
                yield f"redis://127.0.0.1:{port}/0"

    def _options(self) -> dict[str, Any]:
        local = {"local_share": 1.0 / self.plan.processes} if self.plan.on_outage == "local" else {}
        return {"on_outage": self.plan.on_outage, "outage_timeout": 60.0, **local}

    async def _start(self, calls: int, turns: tuple[int, ...] = ()) -> Member:
        orders = {
            "store": self.plan.store,
            "place": self.place,
            "options": self._options(),
            "requests": RATE.requests,
            "period": RATE.period,
            "timeout": TIMEOUT,
            "base_url": self.base_url,
            "calls": calls,
            "turns": turns,
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.promises.attack_worker", json.dumps(orders)),
            cwd=ROOT,
            stdin=PIPE,
            stdout=PIPE,
        )
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
        return Member(process, calls)

    def _go(self, member: Member) -> None:
        assert member.process.stdin is not None
        member.process.stdin.write(b"go\n")
        member.process.stdin.close()
        member.reader = asyncio.ensure_future(member.read())

    async def _kill(self) -> None:
        for _ in range(self.plan.kills):
            await asyncio.sleep(0.3 + self.random.random() * 2)
            number = self.random.randrange(len(self.members))
            member = self.members[number]
            assert member.reader is not None
            member.killed = True
            member.signal(signal.SIGKILL)
            await member.reader
            if member.left:
                self.gone.append(member)
                self.members[number] = await self._start(member.left)
                self._go(self.members[number])

    async def _freeze(self) -> None:
        for _ in range(self.plan.freezes):
            await asyncio.sleep(self.random.random() * 2)
            member = self.random.choice(self.members)
            member.signal(signal.SIGSTOP)
            await asyncio.sleep(FREEZE + self.random.random())
            member.signal(signal.SIGCONT)

    async def _stop_redis(self) -> None:
        for _ in range(self.plan.outages):
            await asyncio.sleep(self.random.random() * 3)
            assert self.redis is not None
            await asyncio.to_thread(self.redis.stop)
            await asyncio.sleep(self.random.choice([0.2, 2.0, 8.0]) * self.random.random())
            await asyncio.to_thread(self.redis.start)

    async def _wait(self) -> int:
        """Return how many do not end, or not as they should."""
        readers = [member.reader for member in self.members if member.reader is not None]
        _, hung = await asyncio.wait(readers, timeout=PATIENCE)
        for member in self.members:
            member.signal(signal.SIGCONT)
            if member.process.returncode is None:
                member.signal(signal.SIGKILL)
        await asyncio.wait(readers)
        return len(hung) + sum(member.left > 0 and not member.killed for member in self.members)

    async def _slots_left(self) -> int:
        """Return how many slots are still taken when every one must be free."""
        limiter: Limiter = (
            SqliteLimiter(self.place, RATE, account="attack")
            if self.plan.store == "sqlite"
            else RedisLimiter(self.place, RATE, account="attack", outage_timeout=60.0)
        )
        used = (await limiter.usage()).quota.used
        for _ in range(60):
            if not used:
                break
            await asyncio.sleep(1)
            with contextlib.suppress(LitmosError):
                used = (await limiter.usage()).quota.used
        await limiter.aclose()
        return used


async def attack(plan: Plan) -> Verdict:
    """Carry out a plan in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return await Attack(plan, Path(folder)).run()
