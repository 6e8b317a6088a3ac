"""The limiter of one process on a virtual clock: what a caller sees, and the lanes."""

from __future__ import annotations

import asyncio

import pytest

from benchmarks.limiter import GOAL, LIMIT, lease_rule, simulate
from litmos_async.limits import Limiter, MemoryLimiter, Priority, Quota, RateLimit
from litmos_async.testing import run_virtual
from tests.limits.small import limiter_of, settle, take, time


def test_an_untouched_limiter_is_free() -> None:
    """The quota can be read before any loop runs."""
    assert MemoryLimiter().quota == Quota(
        used=0, free=100, next_free_in=0.0, waiting=0, rejected=0, limit=100, period=60.0, budget=100
    )


def test_the_memory_limiter_is_a_limiter() -> None:
    """It can stand wherever a limiter is asked for; mypy checks this line."""
    limiter: Limiter = MemoryLimiter()
    assert limiter.rate == RateLimit()


def test_free_slots_are_had_without_waiting() -> None:
    """A full burst takes no time; the next one waits for the slot that is freed first."""

    async def main() -> None:
        limiter = limiter_of(3)
        begin = time()
        leases = await take(limiter, 3)
        assert time() == begin
        assert limiter.quota.next_free_in == 60.0
        await asyncio.sleep(5)
        leases[1].answered()
        assert limiter.quota.used == 3
        assert limiter.quota.next_free_in == pytest.approx(60.001)
        await limiter.acquire()
        assert time() == pytest.approx(begin + 65.001)

    run_virtual(main())


def test_an_unused_lease_is_free_again_at_once() -> None:
    """Slot and token go to the next caller in the same moment."""

    async def main() -> None:
        limiter = limiter_of(1, burst=1)
        begin = time()
        for _ in range(50):
            (await limiter.acquire()).unused()
        assert time() == begin
        assert limiter.quota.free == 1

    run_virtual(main())


def test_only_the_first_report_counts() -> None:
    """Reports may stand in `finally` and `except` at once: later ones do nothing."""

    async def main() -> None:
        limiter = limiter_of(2)
        lease = await limiter.acquire()
        lease.answered()
        lease.unused()
        lease.lost(30.0)
        lease.rejected(10.0)
        lease.answered()
        assert limiter.quota.used == 1
        assert limiter.quota.rejected == 0
        assert limiter.quota.next_free_in == 0.0

    run_virtual(main())


def test_a_lost_request_costs_its_timeout_too() -> None:
    """The slot of a request that may still arrive is kept until it no longer can."""

    async def main() -> None:
        limiter = limiter_of(1)
        begin = time()
        (await limiter.acquire()).lost(30.0)
        await limiter.acquire()
        assert time() == pytest.approx(begin + 90.001)

    run_virtual(main())


def test_bursts_are_smoothed() -> None:
    """With `burst=10`, ten start at once and the others at the steady rate."""

    async def main() -> None:
        limiter = limiter_of(100, burst=10)
        begin = time()
        starts = []
        for _ in range(40):
            (await limiter.acquire()).answered()
            starts.append(time() - begin)
        assert starts[9] == 0.0
        assert starts[10:] == pytest.approx([0.6 * n for n in range(1, 31)], abs=1e-6)

    run_virtual(main())


def test_a_token_given_back_is_one_token() -> None:
    """In the middle of a burst, too: one call goes at once in its place, and the next one at the steady rate."""

    async def main() -> None:
        limiter = limiter_of(60, burst=2)
        first, _ = await take(limiter, 2)
        begin = time()
        first.unused()
        await limiter.acquire()
        assert time() == begin
        await limiter.acquire()
        assert time() == pytest.approx(begin + 1.0)

    run_virtual(main())


def test_tokens_given_back_do_not_make_the_next_burst_larger() -> None:
    """Spare tokens spill like those in the bucket, so a burst is never more than `burst`."""

    async def main() -> None:
        limiter = limiter_of(100, burst=5)
        for lease in await take(limiter, 5):
            lease.unused()
        await asyncio.sleep(60)
        begin = time()
        await take(limiter, 5)
        assert time() == begin
        await limiter.acquire()
        assert time() == pytest.approx(begin + 0.6)

    run_virtual(main())


def test_the_promise_on_speed_is_kept() -> None:
    """1,000 calls under jittery latency: at least 98.5 % of the ideal speed, and no refusal."""
    result = simulate(lease_rule, counts_refused=True)
    assert result.share >= GOAL
    assert result.refusals == 0
    assert result.most_in_a_window <= LIMIT


# Lanes


async def order_of(limiter: MemoryLimiter, calls: list[tuple[str, Priority]]) -> list[str]:
    """Queue the calls while the one slot is taken; return the order in which they are served."""
    lease = await limiter.acquire()
    served: list[str] = []

    async def call(name: str, priority: Priority) -> None:
        one = await limiter.acquire(priority)
        served.append(name)
        one.answered()

    tasks = []
    for name, priority in calls:
        tasks.append(asyncio.ensure_future(call(name, priority)))
        await settle()
    lease.answered()
    await asyncio.gather(*tasks)
    return served


def test_interactive_calls_go_before_bulk_and_each_lane_is_a_queue() -> None:
    """A late interactive call overtakes all bulk ones; nobody overtakes in the own lane."""
    calls: list[tuple[str, Priority]] = [
        ("bulk 1", "bulk"),
        ("bulk 2", "bulk"),
        ("web 1", "interactive"),
        ("bulk 3", "bulk"),
        ("web 2", "interactive"),
    ]
    served = run_virtual(order_of(limiter_of(1), calls))
    assert served == ["web 1", "web 2", "bulk 1", "bulk 2", "bulk 3"]


def test_a_late_interactive_call_receives_the_token_that_bulk_waited_for() -> None:
    """Capacity comes first and the choice second, also while the pacer is what everybody waits for."""

    async def main() -> None:
        limiter = limiter_of(100, burst=1)
        begin = time()
        (await limiter.acquire()).answered()
        bulk = [asyncio.ensure_future(limiter.acquire("bulk")) for _ in range(50)]
        await asyncio.sleep(0.5)
        await limiter.acquire("interactive")
        assert time() == pytest.approx(begin + 0.6)
        assert not any(task.done() for task in bulk)
        await asyncio.gather(*bulk)

    run_virtual(main())


def test_bulk_leaves_the_reserve_alone() -> None:
    """An interactive call finds a slot in a window that bulk has filled as far as it may."""

    async def main() -> None:
        limiter = limiter_of(10, reserve=3)
        bulk = [asyncio.ensure_future(limiter.acquire("bulk")) for _ in range(20)]
        await settle()
        assert sum(task.done() for task in bulk) == 7
        begin = time()
        await asyncio.gather(*(limiter.acquire() for _ in range(3)))
        assert time() == begin
        assert limiter.quota.waiting == 13
        for task in bulk:
            task.cancel()
        await asyncio.wait(bulk)
        assert limiter.quota.waiting == 0

    run_virtual(main())


def test_five_thousand_callers_can_be_cancelled_quickly() -> None:
    """Leaving the queue takes constant time wherever one stands in it."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        tasks = [asyncio.ensure_future(limiter.acquire("bulk")) for _ in range(5_000)]
        await settle()
        assert limiter.quota.waiting == 5_000
        for task in reversed(tasks):
            task.cancel()
        await asyncio.wait(tasks)
        assert limiter.quota.waiting == 0
        lease.unused()
        assert limiter.quota.free == 1

    run_virtual(main())


def test_the_pump_lives_only_while_somebody_waits() -> None:
    """A limiter that nobody waits for has no task and no timer."""

    async def main() -> None:
        limiter = limiter_of(1)
        (await limiter.acquire()).answered()
        waiter = asyncio.ensure_future(limiter.acquire())
        await settle()
        assert {task.get_name() for task in asyncio.all_tasks()} >= {"litmos-limiter"}
        waiter.cancel()
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        timers = asyncio.get_running_loop()._scheduled
        assert all(timer.cancelled() for timer in timers)

    run_virtual(main())
