"""`RateLimit(bulk_share=...)`: what bulk work has while interactive calls could use every slot."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.limits import Limiter, MemoryLimiter, Priority, RateLimit
from litmos_async.limits.shared import SharedLimiter
from litmos_async.limits.window import Window
from litmos_async.testing import run_virtual
from tests.limits.files import virtual
from tests.limits.slow_redis import Hash, process_at
from tests.limits.small import NoJitter, VirtualStore, time

HOUR = 3_600.0


def processes(kind: str, rate: RateLimit, folder: Path) -> Callable[[], Limiter]:
    """Return what makes a limiter of a process; in memory there is only one."""
    if kind == "memory":
        limiter = MemoryLimiter(rate, random=NoJitter())
        return lambda: limiter
    if kind == "sqlite":
        options = {"burst": rate.burst, "reserve": rate.reserve, "bulk_share": rate.bulk_share}
        return lambda: virtual(folder / "limits.db", rate.requests, **options)
    if kind == "redis":
        hash = Hash()
        return lambda: process_at(hash, 0.01, rate=rate)
    store = VirtualStore(slow_by=0.01)
    return lambda: SharedLimiter(store, rate, account="one", random=NoJitter())


async def saturate(
    limiters: list[tuple[Limiter, Priority]], seconds: float, spread: float
) -> dict[Priority, int]:
    """Let 60 callers of each lane make calls; return how many each made in some time, from when all are there."""
    made: dict[Priority, int] = {"interactive": 0, "bulk": 0}
    begin = time() + 60 * spread + 60.0

    async def call(limiter: Limiter, lane: Priority, number: int) -> None:
        await asyncio.sleep(number * spread)
        while True:
            lease = await limiter.acquire(lane)
            await asyncio.sleep(0.2)
            lease.answered()
            made[lane] += time() >= begin

    tasks = [
        asyncio.ensure_future(call(limiter, lane, number))
        for limiter, lane in limiters
        for number in range(60)
    ]
    await asyncio.sleep(begin + seconds - time())
    counted = dict(made)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    for one in {id(limiter): limiter for limiter, _ in limiters}.values():
        with contextlib.suppress(Exception):
            await one.aclose()
    return counted


@pytest.mark.costly
@pytest.mark.parametrize("kind", ["memory", "sqlite", "shared", "redis"])
@pytest.mark.parametrize("spread", [0.0, 0.6])
@pytest.mark.parametrize(("share", "reserve"), [(0.05, 0), (0.05, 20), (0.2, 0), (0.0, 0)])
def test_bulk_has_its_share_of_a_saturated_hour(
    kind: str, spread: float, share: float, reserve: int, tmp_path: Path
) -> None:
    """Over all processes, whether slots come free all at once or one by one, and also out of the reserve."""

    async def main() -> dict[Priority, int]:
        rate = RateLimit(40, reserve=reserve, bulk_share=share)
        process = processes(kind, rate, tmp_path)
        web, job, other_job = process(), process(), process()
        return await saturate([(web, "interactive"), (job, "bulk"), (other_job, "bulk")], 600.0, spread)

    made = run_virtual(main())
    of_all = made["bulk"] / sum(made.values())
    assert share * 0.8 <= of_all <= share * 1.2


def test_bulk_that_shares_a_process_with_interactive_calls_has_its_share(tmp_path: Path) -> None:
    """As in a web worker that runs a job as well."""

    async def main(kind: str) -> dict[Priority, int]:
        limiter = processes(kind, RateLimit(40), tmp_path)()
        return await saturate([(limiter, "interactive"), (limiter, "bulk")], 600.0, 0.0)

    for kind in ("memory", "shared"):
        made = run_virtual(main(kind))
        assert 0.04 <= made["bulk"] / sum(made.values()) <= 0.06


def test_a_small_limit_has_its_share_now_and_then() -> None:
    """Half a request a period is one in two periods."""

    async def main() -> dict[Priority, int]:
        limiter = MemoryLimiter(RateLimit(10), random=NoJitter())
        return await saturate([(limiter, "interactive"), (limiter, "bulk")], HOUR, 0.0)

    made = run_virtual(main())
    assert 0.04 <= made["bulk"] / sum(made.values()) <= 0.06


def test_credit_grows_with_time_up_to_a_share_of_the_limit() -> None:
    """A bulk slot costs one; what bulk takes without it costs nothing later."""
    window = Window(RateLimit(bulk_share=0.05))
    assert window.bulk_credit(1e9) == 0
    window.take(1_000.0)
    assert [window.bulk_credit(1_000.0 + passed) for passed in (0, 11.9, 12, 24, 60, 1e6)] == [
        0,
        0,
        1,
        2,
        5,
        5,
    ]
    window.take(1_060.0, priority="bulk")
    assert window.bulk_credit(1_060.0) == 4
    for _ in range(20):
        window.take(1_060.0, priority="bulk")
    # It had more than its share: the next slot comes with the next window, so that `reserve` holds in this one.
    assert [window.bulk_credit(now) for now in (1_060.0, 1_131.0, 1_132.0)] == [0, 0, 1]
    assert Window(RateLimit(bulk_share=0.0), taken=1, credit_from=0.0).bulk_credit(1e9) == 0


@pytest.mark.parametrize("wrong", [-0.1, 1.1, float("nan"), "5 %", None])
def test_a_share_that_cannot_work_is_refused(wrong: object) -> None:
    """It is a part of the limit, from 0 to 1."""
    with pytest.raises(ConfigurationError, match="bulk_share"):
        RateLimit(bulk_share=wrong)
