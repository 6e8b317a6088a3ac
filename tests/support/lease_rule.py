"""Crowds of callers under a limit, and a server that judges them by a plain list of arrivals."""

from __future__ import annotations

import asyncio
import math
import random

import attrs
from hypothesis import strategies as st

from litmos_async.errors import RateLimited
from litmos_async.limits import MemoryLimiter, Priority, RateLimit


@attrs.frozen
class Try:
    """One request. Times are in periods, so that they matter for every rate."""

    latency: float  # until the answer, or until the client gives up
    counted: float  # where in the span between sending and end the server counts it, from 0 to 1
    fate: str  # "answered", "refused", "timed out" or "unused"
    retry_after: float | None


@attrs.frozen
class Caller:
    """One task: when it comes, how often it tries, and when somebody cancels it."""

    arrives: float
    priority: Priority
    tries: list[Try]
    cancelled: float | None
    max_pause: float


@attrs.frozen
class World:
    """A rate, the callers, and when others use the same account."""

    rate: RateLimit
    timeout: float
    callers: list[Caller]
    others: list[float]
    seed: int


@st.composite
def rates(draw: st.DrawFn) -> RateLimit:
    """Small limits, so that a few callers fill them."""
    requests = draw(st.integers(1, 6))
    return RateLimit(
        requests=requests,
        period=draw(st.sampled_from([0.5, 10.0, 60.0])),
        burst=draw(st.integers(1, 8)),
        reserve=draw(st.integers(0, requests - 1)),
    )


fractions = st.floats(0, 1)


tries = st.builds(
    Try,
    latency=st.one_of(st.just(0.0), st.floats(0, 1.5)),
    counted=st.one_of(st.sampled_from([0.0, 1.0]), fractions),
    fate=st.sampled_from(["answered"] * 5 + ["refused", "timed out", "unused"]),
    retry_after=st.one_of(st.none(), st.floats(0, 2)),
)


callers = st.builds(
    Caller,
    arrives=st.one_of(st.just(0.0), st.floats(0, 3)),
    priority=st.sampled_from(["interactive", "bulk"]),
    tries=st.lists(tries, min_size=1, max_size=3),
    cancelled=st.one_of(st.none(), st.none(), st.floats(0, 4)),
    max_pause=st.one_of(st.just(math.inf), st.floats(0, 1)),
)


worlds = st.builds(
    World,
    rate=rates(),
    timeout=st.floats(0, 1),
    callers=st.lists(callers, min_size=1, max_size=25),
    others=st.lists(st.floats(0, 6), max_size=6),
    seed=st.integers(0, 9),
)


class Server:
    """Counts requests, ours and those of others, and refuses what is too many."""

    def __init__(self, world: World, begin: float) -> None:
        self.period = world.rate.period
        self.requests = world.rate.requests
        self.others = [begin + time * self.period for time in world.others]
        self.counted: list[float] = []

    def count(self) -> bool:
        """Count a request that arrives now; return whether it is carried out."""
        now = asyncio.get_running_loop().time()
        everything = [*self.counted, *self.others]
        welcome = sum(now - self.period <= time <= now for time in everything) < self.requests
        self.counted.append(now)  # the strictest server: what it refuses counts, too
        return welcome


@attrs.define
class Log:
    """What could be seen from outside."""

    counted: list[float]
    starts: list[float] = attrs.Factory(list)
    pauses: list[tuple[float, float]] = attrs.Factory(list)
    leftover: tuple[int, int] = (0, 0)


async def call(caller: Caller, world: World, limiter: MemoryLimiter, server: Server, log: Log) -> None:
    """Do what the transport does: a lease for each try, and a report of what became of it."""
    loop = asyncio.get_running_loop()
    period = world.rate.period

    def arrive(welcome: list[bool]) -> None:
        welcome.append(server.count())

    await asyncio.sleep(caller.arrives * period)
    for one in caller.tries:
        try:
            lease = await limiter.acquire(caller.priority, max_pause=caller.max_pause * period)
        except RateLimited:
            return
        if one.fate == "unused":
            lease.unused()
            return
        log.starts.append(loop.time())
        welcome: list[bool] = []
        way_there = one.latency * one.counted * period
        arrival = loop.call_later(way_there, arrive, welcome)
        answered = False
        try:
            await asyncio.sleep(one.latency * period)
            answered = one.fate != "timed out"
        finally:
            if not welcome:  # the end came first; the request may still be on its way
                arrival.cancel()
                late = 0.0 if answered else one.counted * world.timeout * period
                if late:
                    loop.call_later(late, server.count)
                else:
                    arrive(welcome)
            if not answered:
                lease.lost(world.timeout * period)
        if answered and one.fate == "answered" and welcome[0]:
            lease.answered()
            return
        if answered:
            wait = None if one.retry_after is None else one.retry_after * period
            log.pauses.append((loop.time(), loop.time() + (wait or 0.0)))
            lease.rejected(wait)


async def run(world: World) -> Log:
    """Let it all happen, then wait until every slot must be free again."""
    loop = asyncio.get_running_loop()
    limiter = MemoryLimiter(world.rate, random=random.Random(world.seed))
    server = Server(world, loop.time())
    log = Log(server.counted)
    tasks = [asyncio.ensure_future(call(one, world, limiter, server, log)) for one in world.callers]
    for task, caller in zip(tasks, world.callers, strict=True):
        if caller.cancelled is not None:
            loop.call_later(caller.cancelled * world.rate.period, task.cancel)
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [one for one in results if isinstance(one, Exception)]
    assert not failed, failed
    await asyncio.sleep(world.rate.period * (1 + world.timeout) + 0.01)
    log.leftover = (limiter.quota.used, limiter.quota.waiting)
    return log
