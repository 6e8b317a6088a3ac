"""Four ways to keep the limit of 100 requests in any 60 seconds, side by side.

Run it with `python -m benchmarks.limiter`. 1,000 calls are started at once; each takes a lognormal time, and
the server counts it at a random moment between its sending and its answer. A refused call is tried again.
All runs on a virtual clock, so the hours below take seconds.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

import attrs
from aiolimiter import AsyncLimiter

from litmos_async.limits import MemoryLimiter
from litmos_async.testing import run_virtual

CALLS: Final = 1_000
LIMIT: Final = 100
PERIOD: Final = 60.0
MEDIAN_LATENCY: Final = 0.3
SIGMA: Final = 0.5

# The first 100 leave at once, so ten windows' worth of calls need nine periods, whatever one does.
IDEAL: Final = (CALLS / LIMIT - 1) * PERIOD
GOAL: Final = 0.985


class Server:
    """Refuses a request if it finds `LIMIT` others in the `PERIOD` before it."""

    def __init__(self, *, counts_refused: bool, seed: int) -> None:
        self.arrivals: list[float] = []
        self.refusals = 0
        self._counts_refused = counts_refused
        self._counted: deque[float] = deque()
        self._random = random.Random(seed)

    async def request(self) -> bool:
        """Send one request; return whether it was carried out."""
        loop = asyncio.get_running_loop()
        latency = MEDIAN_LATENCY * self._random.lognormvariate(0, SIGMA)
        way_there = latency * self._random.random()
        await asyncio.sleep(way_there)
        now = loop.time()
        self.arrivals.append(now)
        while self._counted and self._counted[0] < now - PERIOD:
            self._counted.popleft()
        welcome = len(self._counted) < LIMIT
        if welcome or self._counts_refused:
            self._counted.append(now)
        self.refusals += not welcome
        await asyncio.sleep(latency - way_there)
        return welcome

    def most_in_a_window(self) -> int:
        """Return the largest number of requests that reached the server within one period."""
        times = sorted(self.arrivals)
        return max(sum(start <= time <= start + PERIOD for time in times) for start in times)


Call = Callable[[], Awaitable[None]]


def bare_bucket(server: Server) -> Call:
    """`AsyncLimiter(100, 60)`, as its documentation suggests; after a 503 a minute's wait."""
    return _paced(server, AsyncLimiter(LIMIT, PERIOD))


def steady_pace(server: Server) -> Call:
    """1.65 requests a second, a little below the limit."""
    return _paced(server, AsyncLimiter(1, 1 / 1.65))


def _paced(server: Server, limiter: AsyncLimiter) -> Call:
    async def call() -> None:
        while True:
            await limiter.acquire()
            if await server.request():
                return
            await asyncio.sleep(PERIOD)

    return call


def log_of_sendings(server: Server) -> Call:
    """An exact rolling log, but of the moments of sending."""
    sent: deque[float] = deque()
    turn = asyncio.Lock()

    async def call() -> None:
        loop = asyncio.get_running_loop()
        while True:
            async with turn:
                if len(sent) == LIMIT:
                    await asyncio.sleep(sent.popleft() + PERIOD - loop.time())
                sent.append(loop.time())
            if await server.request():
                return
            await asyncio.sleep(PERIOD)

    return call


def lease_rule(server: Server) -> Call:
    """This library's limiter: a slot is freed a period after its answer."""
    limiter = MemoryLimiter(random=random.Random(1))

    async def call() -> None:
        while True:
            lease = await limiter.acquire("bulk")
            if await server.request():
                lease.answered()
                return
            lease.rejected()

    return call


@attrs.frozen
class Result:
    """How one way went."""

    seconds: float
    refusals: int
    most_in_a_window: int

    @property
    def share(self) -> float:
        """How much of the ideal speed was reached."""
        return IDEAL / self.seconds


def simulate(way: Callable[[Server], Call], *, counts_refused: bool, seed: int = 7) -> Result:
    """Send the calls one way, in virtual time."""

    async def run() -> Result:
        loop = asyncio.get_running_loop()
        server = Server(counts_refused=counts_refused, seed=seed)
        call = way(server)
        start = loop.time()
        await asyncio.gather(*(call() for _ in range(CALLS)))
        return Result(loop.time() - start, server.refusals, server.most_in_a_window())

    return run_virtual(run())


WAYS: Final = {
    "bare AsyncLimiter(100, 60)": bare_bucket,
    "steady 1.65 a second": steady_pace,
    "rolling log of sendings": log_of_sendings,
    "litmos_async.MemoryLimiter": lease_rule,
}


def main() -> int:
    """Print the tables; return 1 if our own limiter misses its goal."""
    missed = False
    for counts_refused in (False, True):
        print(f"A server that {'counts' if counts_refused else 'does not count'} the calls that it refuses")
        print(f"{'':30}{'seconds':>9}{'of ideal':>10}{'refused':>9}{'most in 60 s':>14}")
        for name, way in WAYS.items():
            result = simulate(way, counts_refused=counts_refused)
            numbers = f"{result.seconds:9.1f}{result.share:10.1%}{result.refusals:9}"
            print(f"{name:30}{numbers}{result.most_in_a_window:14}")
            if way is lease_rule:
                missed |= result.share < GOAL or result.refusals > 0 or result.most_in_a_window > LIMIT
        print()
    print(f"The goal, at least {GOAL:.1%} and no refusal, is {'MISSED' if missed else 'reached'}.")
    return int(missed)


if __name__ == "__main__":
    raise SystemExit(main())
