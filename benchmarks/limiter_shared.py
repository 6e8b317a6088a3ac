"""What a slot costs in each store, beside a bare round trip to Redis.

Run it with `python -m benchmarks.limiter_shared`; it starts a Redis of its own if `redis-server` is installed.
90 of 100 slots are taken, as in the middle of a busy minute, and the other ten are taken and given back again.
The account allows a slot every 600 ms, so what matters is that these numbers are small beside that.
"""

from __future__ import annotations

import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from litmos_async.limits import Limiter, RateLimit, limiter_from_url
from tests.limits.fleet import Fleet
from tests.limits.redis_server import RedisServer

SECONDS: Final = 2.0
TAKEN: Final = 90
LIMITERS: Final = 4


@attrs.frozen
class Result:
    """How long one slot took, and how many could be had in a second."""

    latencies: list[float]
    a_second: float

    def __str__(self) -> str:
        median = statistics.median(self.latencies) * 1e3
        slowest = statistics.quantiles(self.latencies, n=20)[-1] * 1e3
        return f"{median:10.2f}{slowest:10.2f}{self.a_second:10,.0f}"


async def repeat(do: Callable[[], Awaitable[None]]) -> Result:
    """Do it over and over, and time each."""
    latencies: list[float] = []
    begin = time.perf_counter()
    while (now := time.perf_counter()) - begin < SECONDS:
        await do()
        latencies.append(time.perf_counter() - now)
    return Result(latencies, len(latencies) / (time.perf_counter() - begin))


async def one_after_the_other(limiter: Limiter) -> Result:
    """Take a slot and give it back; only the taking is waited for."""

    async def slot() -> None:
        (await limiter.acquire()).unused()

    return await repeat(slot)


async def of_store(url: str) -> tuple[Result, Result]:
    """Measure one process that is alone, and the first of several that compete."""
    limiters = [limiter_from_url(url, RateLimit(burst=1_000_000), account="bench") for _ in range(LIMITERS)]
    for _ in range(TAKEN):
        (await limiters[0].acquire()).answered()
    alone = await one_after_the_other(limiters[0])
    together = await asyncio.gather(*(one_after_the_other(limiter) for limiter in limiters))
    for limiter in limiters:
        await limiter.aclose()
    latencies = [latency for result in together for latency in result.latencies]
    return alone, Result(latencies, sum(result.a_second for result in together))


async def of_redis_itself(url: str) -> Result:
    """Measure the shortest way there and back: PING."""
    from redis.asyncio import Redis  # noqa: PLC0415 - only where a Redis was found

    async with Redis.from_url(url) as client:

        async def ping() -> None:
            await client.execute_command("PING")  # type: ignore[no-untyped-call]

        await ping()
        return await repeat(ping)


@contextmanager
def stores() -> Iterator[dict[str, str]]:
    """Give the URL of each store that can be measured here."""
    with tempfile.TemporaryDirectory() as folder:
        urls = {"memory": "memory://", "sqlite": f"sqlite://{folder}/limits.db"}
        if shutil.which("redis-server") is None:
            print("No redis-server is installed: Redis is left out.\n")
            yield urls
            return
        with RedisServer(Path(folder)) as server:
            yield {**urls, "redis": server.url}


async def of_fleet(url: str) -> tuple[float, float, int]:
    """Let four processes make 100 calls each at a sandbox of 100 requests in 3 seconds.

    Returns:
        The share of the ideal speed, the slowest process beside the fastest, and requests that were refused.
    """
    fleet = Fleet(url, burst=10)
    async with fleet.serve() as base_url:
        members = [await fleet.member(base_url, 100) for _ in range(4)]
        for member in members:
            member.go()
        for member in members:
            await member.end()
    took = [max(member.done) for member in members]
    return fleet.share_of_ideal, max(took) / min(took), len(fleet.quota.rejections)


def main() -> int:
    """Print the tables; fail if a fleet is refused, slower than 95 % of the ideal, or uneven."""
    good = True
    with stores() as urls:
        print(f"{'':34}{'median ms':>10}{'95 % ms':>10}{'a second':>10}")
        if "redis" in urls:
            print(f"{'bare Redis round trip':34}{asyncio.run(of_redis_itself(urls['redis']))}")
        for name, url in urls.items():
            alone, together = asyncio.run(of_store(url))
            print(f"{name:34}{alone}")
            if name != "memory":
                print(f"{f'{name}, {LIMITERS} limiters at once':34}{together}")
        print(f"\n{'4 processes, 100 in 3 s':34}{'of ideal':>10}{'uneven':>10}{'refused':>10}")
        for name, url in urls.items():
            if name != "memory":
                share, uneven, refused = asyncio.run(of_fleet(url))
                print(f"{name:34}{share:>10.1%}{uneven:>10.2f}{refused:>10}")
                good = good and share >= 0.95 and uneven <= 1.5 and not refused
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
