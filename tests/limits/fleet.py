"""Several processes on one account, against the sandbox over HTTP."""

from __future__ import annotations

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import Final

import attrs
import pytest

from litmos_async.sandbox import Sandbox, Tenant

ROOT: Final = Path(__file__).parents[2]
REQUESTS: Final = 100
PERIOD: Final = 3.0


@attrs.define
class Member:
    """A process that makes calls, and when each of them was done, in seconds after its start."""

    process: Process
    calls: int
    done: list[float] = attrs.field(factory=list)
    ended: asyncio.Task[None] | None = None
    killed: bool = False

    def go(self) -> None:
        """Let it make its calls."""
        assert self.process.stdin is not None
        self.process.stdin.write(b"go\n")
        self.process.stdin.close()
        self.ended = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            self.done.append(float(line))
        await self.process.wait()

    async def end(self) -> None:
        """Wait until it has done everything."""
        assert self.ended is not None
        await self.ended
        assert self.killed or self.process.returncode == 0
        assert len(self.done) == self.calls

    async def kill(self) -> int:
        """End it with SIGKILL; return how many of its calls are not done."""
        assert self.ended is not None
        if self.process.returncode is None:
            self.killed = True
            self.process.kill()
        await self.ended
        return self.calls - len(self.done)


@attrs.frozen
class WrongClocks:
    """The clocks of a host whose time is wrong. `tests.support.shifted` sets them inside the process.

    Attributes:
        by: How many seconds the wall clock is ahead.
        monotonic: Whether the clock that nobody can set is another one as well, as on another host.
    """

    by: float
    monotonic: bool

    @property
    def options(self) -> tuple[str, ...]:
        """Options of Python that run the module after them under these clocks."""
        return "-m", "tests.support.shifted", str(self.by), str(self.by if self.monotonic else 0.0)


class Fleet:
    """Starts the processes. The log of the sandbox is the judge.

    Args:
        limit_url: Where they keep their limit.
        burst: How many requests may start at once. A low number keeps the load even, so that what a busy
            machine costs in speed is not mistaken for what the limiter costs.
        timeout: Seconds that a call may take, and that the slots of a process outlive it.
    """

    def __init__(self, limit_url: str, *, burst: int = REQUESTS, timeout: float = 5.0) -> None:
        self.quota = (sandbox := Sandbox(Tenant.example(users=5), requests=REQUESTS, period=PERIOD)).quota
        self.serve = sandbox.serve
        self._limit_url = limit_url
        self._burst = burst
        self._timeout = timeout

    async def member(self, base_url: str, calls: int, clocks: WrongClocks | None = None) -> Member:
        """Start a process, and wait until it is ready."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *(clocks.options if clocks else ("-m",)), "tests.limits.worker"),
            *(base_url, self._limit_url, str(calls), str(self._burst), str(self._timeout)),
            cwd=ROOT,
            stdin=PIPE,
            stdout=PIPE,
        )
        assert process.stdout is not None
        ready, wall, monotonic = (await process.stdout.readline()).split()
        assert ready == b"ready"
        assert float(wall) - time.time() == pytest.approx(clocks.by if clocks else 0.0, abs=30.0)
        moved = abs(float(monotonic) - time.monotonic()) > 30.0
        assert moved == (clocks is not None and clocks.monotonic)
        return Member(process, calls)

    @property
    def share_of_ideal(self) -> float:
        """How fast they were beside the ideal: the burst, and then as many as the limit allows."""
        arrivals = self.quota.arrivals
        ideal = (len(arrivals) - self._burst) / REQUESTS * PERIOD
        return ideal / (max(arrivals) - min(arrivals))

    def assert_limit_was_kept(self) -> None:
        """No request was refused, and no window held too many."""
        assert self.quota.rejections == []
        assert self.quota.most_in_any_window() <= REQUESTS
