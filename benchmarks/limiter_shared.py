"""What a slot costs in each store, beside a bare round trip to Redis.

Run it with `python -m benchmarks.limiter_shared`; it starts a Redis of its own.
The exit code is 1 where the rate limit refused a request. How fast it goes depends on what else the machine does,
and is judged with `--speed` only, on an idle one: 95 % of the ideal, no process half as long again as another.
90 of 100 slots are taken, as in the middle of a busy minute, and the other ten are taken and given back again.
The account allows a slot every 600 ms, so what matters is that these numbers are small beside that. The last table
is of a Redis that is far away, beside two other libraries.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import attrs

from benchmarks import limiter_far
from litmos_async.limits import Limiter, RateLimit, limiter_from_url
from tests.limits.fleet import REQUESTS, Fleet
from tests.limits.redis_server import NO_REDIS, PROGRAMS, RedisServer

SECONDS: Final = 2.0
TAKEN: Final = 90
LIMITERS: Final = 4

# How often the default burst is tried until a run reaches what is promised for an even load.
BURST_RUNS: Final = 3
BURST_NOTE: Final = """
The speed is promised with burst=10. With the default burst a hundred requests start at the same moment, and what
they cost in CPU, here and in the sandbox, is a few per cent of 3 seconds: it depends on how busy the machine is,
so that number is only shown, best of up to three runs. Of a real period of 60 seconds it is some thousandths."""


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
        if not PROGRAMS:
            print(f"{NO_REDIS}: Redis is left out.\n")
            yield urls
            return
        with RedisServer(Path(folder)) as server:
            yield {**urls, "redis": server.url}


@attrs.frozen
class Run:
    """How four processes fared that made 100 calls each at a sandbox of 100 requests in 3 seconds."""

    of_ideal: float
    uneven: float  # the slowest process beside the fastest
    refused: int

    @property
    def good(self) -> bool:
        """Whether it is what is promised."""
        return self.of_ideal >= 0.95 and self.uneven <= 1.5 and not self.refused

    def __str__(self) -> str:
        return f"{self.of_ideal:>10.1%}{self.uneven:>10.2f}{self.refused:>10}"


async def of_fleet(url: str, burst: int) -> Run:
    """Let the four processes run."""
    fleet = Fleet(url, burst=burst)
    async with fleet.serve() as base_url:
        members = [await fleet.member(base_url, 100) for _ in range(4)]
        for member in members:
            member.go()
        for member in members:
            await member.end()
    took = [max(member.done) for member in members]
    return Run(fleet.share_of_ideal, max(took) / min(took), len(fleet.quota.rejections))


def fleets(urls: dict[str, str], *, speed: bool) -> bool:
    """Print how fleets fare; return whether that is what is promised."""
    good = True
    print(f"\n{'4 processes, 100 in 3 s':34}{'of ideal':>10}{'uneven':>10}{'refused':>10}")
    for name, url in urls.items():
        print(f"{f'{name}, burst=10':34}{(run := asyncio.run(of_fleet(url, 10)))}")
        good = good and (run.good if speed else not run.refused)
    for name, url in urls.items():
        runs: list[Run] = []
        while len(runs) < BURST_RUNS and not any(run.good for run in runs):
            runs.append(asyncio.run(of_fleet(url, REQUESTS)))
        best = max(runs, key=lambda run: run.of_ideal)
        print(f"{f'{name}, burst={REQUESTS}, best of {len(runs)}':34}{best}")
        good = good and not any(run.refused for run in runs)
    print(BURST_NOTE)
    return good


def main() -> int:
    """Print the tables; fail if a request is refused or, where that is asked for, a fleet is slow or uneven."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--speed", action="store_true", help="Fail too if it is slower than promised.")
    speed = parser.parse_args().speed
    with stores() as urls:
        print(f"{'':34}{'median ms':>10}{'95 % ms':>10}{'a second':>10}")
        if "redis" in urls:
            print(f"{'bare Redis round trip':34}{asyncio.run(of_redis_itself(urls['redis']))}")
        for name, url in urls.items():
            alone, together = asyncio.run(of_store(url))
            print(f"{name:34}{alone}")
            if name != "memory":
                print(f"{f'{name}, {LIMITERS} limiters at once':34}{together}")
        good = fleets({name: url for name, url in urls.items() if name != "memory"}, speed=speed)
        if "redis" in urls:
            port = urlsplit(urls["redis"]).port
            good = (port is not None and limiter_far.compare(port)) and good
        return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
