"""Slots a second from a Redis that is far away, beside the ideal, and beside `limits` and PyrateLimiter.

`benchmarks.limiter_shared` runs it. Four limiters with 25 callers each compete for 100 requests in 6 seconds,
behind a relay that delays whatever passes. The ideal is what the limit allows in the time. The last column is the
most that a server counted in any window, each request at a random moment of the 50 ms from its slot to its answer:
a library that counts the moment at which it gave the slot lets more than 100 into some window.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final, TypeAlias

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit, RedisLimiter
from litmos_async.sandbox.quota import most_in_any_window
from tests.limits.slow_redis import delayed

__all__ = ["compare"]

RATE: Final = RateLimit(100, period=6.0)
ROUND_TRIPS: Final = (0.1, 0.5, 1.0)
LIMITERS: Final = 4
CALLERS: Final = 25
SECONDS: Final = 17.0
LATENCY: Final = 0.05

# How often a library that only says yes or no is asked again.
ASK_AGAIN: Final = 0.05

Slot: TypeAlias = Callable[[], Awaitable[Callable[[], None]]]
"""Waits for a slot, and returns what is called when the answer is here."""


def nothing() -> None:
    """Do nothing: the library is not told of answers."""


@asynccontextmanager
async def ours(port: int, account: str) -> AsyncIterator[Slot]:
    """The limiter of this library."""
    limiter = RedisLimiter(f"redis://127.0.0.1:{port}/0", RATE, account=account, timeout=5.0)

    async def slot() -> Callable[[], None]:
        while True:
            try:
                return (await limiter.acquire(timeout=5.0)).answered
            except LimiterUnavailable:
                continue

    yield slot
    await limiter.aclose()


@asynccontextmanager
async def of_limits(port: int, account: str) -> AsyncIterator[Slot]:
    """A moving window of `limits`."""
    from limits import parse  # noqa: PLC0415 - in a group of its own
    from limits.aio.storage import RedisStorage  # noqa: PLC0415
    from limits.aio.strategies import MovingWindowRateLimiter  # noqa: PLC0415

    storage = RedisStorage(f"async+redis://127.0.0.1:{port}/0", implementation="redispy")
    limiter, rate = MovingWindowRateLimiter(storage), parse(f"{RATE.requests} per {RATE.period:.0f} second")

    async def slot() -> Callable[[], None]:
        while True:
            if await limiter.hit(rate, account):
                return nothing
            await asyncio.sleep(ASK_AGAIN)

    yield slot


@asynccontextmanager
async def of_pyrate(port: int, account: str) -> AsyncIterator[Slot]:
    """A bucket of PyrateLimiter."""
    from pyrate_limiter import Limiter, Rate, RedisBucket  # noqa: PLC0415
    from redis.asyncio import Redis  # noqa: PLC0415

    async with Redis(port=port) as client:
        rates = [Rate(RATE.requests, int(RATE.period * 1_000))]
        made: Any = RedisBucket.init(rates, client, account)
        limiter: Any = Limiter(await made)

        async def slot() -> Callable[[], None]:
            while True:
                if await limiter.try_acquire_async(account, blocking=False):
                    return nothing
                await asyncio.sleep(ASK_AGAIN)

        yield slot


WAYS: Final = {"litmos-async": ours, "limits": of_limits, "PyrateLimiter": of_pyrate}


async def end(tasks: set[asyncio.Task[None]]) -> None:
    """Cancel tasks until they have ended: a library may swallow a cancellation, and wait on for its answer."""
    while tasks:
        for task in tasks:
            task.cancel()
        _, tasks = await asyncio.wait(tasks, timeout=1.0)


async def run(port: int, way: str, round_trip: float) -> tuple[int, int]:
    """Return how many slots there were, and the most that the server counted in a window."""
    arrivals: list[float] = []
    chance = random.Random(1)

    async def call(slot: Slot) -> None:
        while True:
            answered = await slot()
            way_there = chance.random() * LATENCY
            await asyncio.sleep(way_there)
            arrivals.append(time.monotonic())
            await asyncio.sleep(LATENCY - way_there)
            answered()

    async with AsyncExitStack() as stack:
        far = await stack.enter_async_context(delayed(port, round_trip))
        account = f"far-{way}-{round_trip}"
        slots = [await stack.enter_async_context(WAYS[way](far, account)) for _ in range(LIMITERS)]
        tasks = [asyncio.ensure_future(call(slot)) for slot in slots for _ in range(CALLERS)]
        _, running = await asyncio.wait(tasks, timeout=SECONDS)
        failed = len(running) < len(tasks)
        await end(running)
        if failed:
            raise RuntimeError(f"{way} has failed")
    return len(arrivals), most_in_any_window(arrivals, RATE.period)


def compare(port: int) -> bool:
    """Print the table; return whether ours kept the limit."""
    ideal = RATE.requests * math.ceil(SECONDS / RATE.period) / SECONDS  # each window all at once
    print(f"\n{f'{LIMITERS} limiters, 100 in 6 s, far away':34}{'a second':>10}{'of ideal':>10}{'most':>10}")
    good = True
    for round_trip in ROUND_TRIPS:
        for way in WAYS:
            slots, most = asyncio.run(run(port, way, round_trip))
            a_second = slots / SECONDS
            print(
                f"{f'{way}, {round_trip:g} s':34}{a_second:10.1f}{a_second / ideal:10.1%}{most:10}",
                flush=True,
            )
            good = good and (way != "litmos-async" or most <= RATE.requests)
    return good
