"""A Redis that is slow: every wait has an end, whatever the round trip, and lateness is an outage."""

from __future__ import annotations

import asyncio

import pytest

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import OnOutage, RateLimit, RedisLimiter
from litmos_async.testing import run_virtual
from tests.limits.redis_server import RedisServer
from tests.limits.slow_redis import Hash, delayed, process_at
from tests.limits.small import time

RATE = RateLimit(100, period=60.0)
ROUND_TRIPS = [0.1, 0.5, 1.0, 1.5]


def test_a_redis_at_a_round_trip_gives_slots_to_four_processes_that_compete() -> None:
    """With 25 callers each, a window of slots is out after some turns, and no process has fewer than the others."""

    async def main(round_trip: float) -> float:
        hash = Hash()
        limiters = [process_at(hash, round_trip, rate=RATE) for _ in range(4)]
        begin = time()
        took = []

        async def call(number: int) -> None:
            (await limiters[number % 4].acquire()).answered()
            took.append((time() - begin, number % 4))

        await asyncio.gather(*(call(number) for number in range(100)))
        halfway = [number for _, number in sorted(took)[:60]]
        assert min(halfway.count(number) for number in range(4)) >= 5
        for limiter in limiters:
            await limiter.aclose()
        return max(when for when, _ in took)

    for round_trip in ROUND_TRIPS:
        # A hundred slots are ten visits of ten, each of which may have to try twice.
        assert run_virtual(main(round_trip)) <= 30 * round_trip


@pytest.mark.parametrize("round_trip", [2.5, 3.0, 30.0])
@pytest.mark.parametrize("on_outage", ["wait", "fail", "local"])
def test_a_redis_whose_answers_are_late_is_an_outage(round_trip: float, on_outage: OnOutage) -> None:
    """Later than `timeout`: as if it were away."""

    async def main() -> None:
        hash = Hash()
        limiters = [process_at(hash, round_trip, on_outage=on_outage, rate=RATE) for _ in range(4)]
        begin = time()
        calls = [
            asyncio.ensure_future(limiter.acquire(timeout=5.0)) for limiter in limiters for _ in range(5)
        ]
        if on_outage == "local":
            await asyncio.gather(*calls)
            assert time() - begin <= 150
        else:
            errors = await asyncio.gather(*calls, return_exceptions=True)
            assert {type(error) for error in errors} == {LimiterUnavailable}
            assert time() - begin <= (2.1 if on_outage == "fail" else 32.1)
        for limiter in limiters:
            await limiter.aclose()

    run_virtual(main())


@pytest.mark.parametrize("on_outage", ["wait", "fail", "local"])
def test_a_redis_that_never_lets_one_save_is_an_outage(on_outage: OnOutage) -> None:
    """Others come between each time: a change must be through in ten times the longest answer."""

    class Busy(Hash):
        def run(self, *arguments: object) -> list[object]:
            answer = super().run()
            self.version += "x"
            return answer

    async def main() -> None:
        limiter = process_at(Busy(), 0.1, on_outage=on_outage, rate=RATE)
        begin = time()
        if on_outage == "local":
            await limiter.acquire(timeout=5.0)
        else:
            with pytest.raises(LimiterUnavailable, match="in time"):
                await limiter.acquire()
        assert time() - begin <= {"wait": 31, "fail": 20, "local": 400}[on_outage]
        await limiter.aclose()

    run_virtual(main())


def test_a_redis_far_away_gives_slots_for_requests_that_time_out_sooner() -> None:
    """A slot that is as old as the timeout when it is here would never be used: it is kept for longer."""

    async def main() -> None:
        limiter = process_at(Hash(), 1.5, rate=RATE)
        for _ in range(3):
            lease = await limiter.acquire(timeout=1.0)
            assert time() - lease.taken <= 1.0
            lease.answered()
        await limiter.aclose()

    run_virtual(main())


@pytest.mark.costly
@pytest.mark.parametrize("round_trip", [0.01, 0.05, 0.1])
async def test_a_real_redis_behind_a_slow_way(redis_server: RedisServer, round_trip: float) -> None:
    """Four processes that compete all get their slots, however often they have to try."""
    async with delayed(redis_server.port, round_trip) as port:
        url, account = f"redis://127.0.0.1:{port}/0", f"slow{round_trip}"
        limiters = [
            RedisLimiter(url, RATE, account=account, timeout=60.0, outage_timeout=600.0) for _ in range(4)
        ]
        leases = await asyncio.gather(*(limiter.acquire() for limiter in limiters for _ in range(10)))
        assert (await limiters[0].usage()).quota.used == len(leases)
        for lease in leases:
            lease.answered()
        for limiter in limiters:
            await limiter.aclose()


@pytest.mark.costly
@pytest.mark.parametrize("on_outage", ["wait", "fail"])
async def test_a_real_redis_whose_answers_are_late(redis_server: RedisServer, on_outage: OnOutage) -> None:
    """The error is typed, and comes."""
    async with delayed(redis_server.port, 0.3) as port:
        limiter = RedisLimiter(
            f"redis://127.0.0.1:{port}/0",
            RATE,
            account="late",
            timeout=0.1,
            on_outage=on_outage,
            outage_timeout=0.5,
        )
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire()
        await limiter.aclose()
