"""What processes share, on a virtual clock and a store in memory that many limiters use."""

from __future__ import annotations

import asyncio
import math

import pytest

from litmos_async.errors import ConfigurationError, RateLimited
from litmos_async.testing import run_virtual
from tests.limits.small import (
    VirtualStore,
    counts,
    die,
    process_of,
    queue,
    settle,
    stop,
    take,
    time,
)

# Who dies, and who comes late


def test_the_slots_of_a_dead_process_are_freed_by_expiry_and_not_sooner() -> None:
    """They come back `timeout + period` after they were taken."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store), process_of(store)
        begin = time()
        for _ in range(3):
            await one.acquire(timeout=20.0)
        die(one)
        await two.acquire()
        assert time() - begin == pytest.approx(80.001)
        await two.aclose()

    run_virtual(main())


def test_a_dead_process_holds_up_nobody_with_its_queue() -> None:
    """The slots that are left for its callers are taken by others a second after it failed to come."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 4), process_of(store, 4)
        leases = await take(two, 4)
        waiting = queue(one, 3)
        await settle()
        for lease in leases:
            lease.answered()
        begin = time()
        await asyncio.sleep(59.5)
        die(one)
        await take(two, 2)
        assert time() - begin == pytest.approx(60.001)
        await take(two, 2)
        assert 60.5 < time() - begin < 61.5
        await asyncio.wait(waiting)
        await stop(two)

    run_virtual(main())


def test_no_one_waits_where_no_one_has_asked_yet() -> None:
    """The quota of a limiter that has not been used."""
    quota = process_of(VirtualStore()).quota
    assert (quota.used, quota.waiting) == (0, 0)


def test_a_slot_costs_a_finite_timeout() -> None:
    """A lease for ever would be gone for good if its holder died."""

    async def main() -> None:
        limiter = process_of(VirtualStore())
        for wrong in (math.inf, math.nan, -1.0):
            with pytest.raises(ConfigurationError, match="finite"):
                await limiter.acquire(timeout=wrong)

    run_virtual(main())


# Sharing


def test_processes_that_wait_have_even_parts() -> None:
    """However many callers one of them has, and whoever came first."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.01)
        many, few, late = (process_of(store, 60, period=60.0) for _ in range(3))
        first, second = queue(many, 500), queue(few, 30)
        await asyncio.sleep(1)
        assert counts(first, second) == [30, 30]
        third = queue(late, 100)
        for task in [*first, *second]:
            if task.done():
                task.result().answered()
        await asyncio.sleep(62)
        assert counts(third)[0] >= 29
        assert sum(counts(first, second, third)) == 120
        for task in [*first, *second, *third]:
            task.cancel()
        await stop(many, few, late)

    run_virtual(main())


def test_what_one_does_not_want_is_for_the_others() -> None:
    """A process with three callers does not keep its whole part."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.01)
        one, two = process_of(store, 60), process_of(store, 60)
        many, few = queue(one, 100), queue(two, 3)
        await asyncio.sleep(2)
        assert counts(many, few) == [57, 3]
        for task in many:
            task.cancel()
        await stop(one, two)

    run_virtual(main())


def test_bulk_in_one_process_waits_for_interactive_in_another() -> None:
    """The lanes hold across processes: the slot that is freed first goes to the call that somebody waits for."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.001)
        job, web = process_of(store, 2), process_of(store, 2)
        leases = await take(job, 2)
        bulk = queue(job, 20, "bulk")
        await asyncio.sleep(1)
        urgent = queue(web, 2)
        await asyncio.sleep(1)
        for lease in leases:
            lease.answered()
        await asyncio.sleep(61.5)
        assert counts(bulk, urgent) == [0, 2]
        for task in bulk:
            task.cancel()
        await stop(job, web)

    run_virtual(main())


def test_the_bucket_is_shared() -> None:
    """With `burst=10` ten start at once in all processes together, and then one after the other."""

    async def main() -> None:
        store = VirtualStore()
        limiters = [process_of(store, 100, burst=10) for _ in range(4)]
        callers = [queue(limiter, 10) for limiter in limiters]
        await settle()
        assert sum(counts(*callers)) == 10
        await asyncio.sleep(6.1)
        assert sum(counts(*callers)) == 20
        await asyncio.sleep(20)
        assert counts(*callers) == [10] * 4
        await stop(*limiters)

    run_virtual(main())


def test_a_token_given_back_is_used_again() -> None:
    """Requests that were not sent do not slow down the others."""

    async def main() -> None:
        limiter = process_of(VirtualStore(), 100, burst=1)
        begin = time()
        for _ in range(50):
            (await limiter.acquire()).unused()
        assert time() == begin
        await stop(limiter)

    run_virtual(main())


def test_nobody_polls() -> None:
    """Whoever waits for a slot comes again when one can be free, and a few times a period besides."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        for lease in await take(one, 3):
            lease.answered()
        callers = queue(two, 50)
        await settle()
        visits, begin = store.visits, time()
        await asyncio.sleep(59)
        assert store.visits - visits <= 11
        await asyncio.sleep(1.5)
        assert counts(callers) == [3]
        assert time() - begin < 61
        for task in callers:
            task.cancel()
        await stop(one, two)

    run_virtual(main())


def test_who_finds_free_slots_waits_for_nothing() -> None:
    """However many callers there are, and in how many visits they get their slots."""

    async def main() -> None:
        limiter = process_of(VirtualStore(), 50)
        begin = time()
        callers = queue(limiter, 50)
        await asyncio.wait(callers)
        assert time() == begin
        await stop(limiter)

    run_virtual(main())


def test_who_joins_a_queue_that_waits_makes_nobody_look() -> None:
    """Only a caller who is first now can change what the process looks for in the store."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 1)
        await limiter.acquire()
        callers = queue(limiter, 1, "bulk")
        await settle()
        visits = store.visits
        for _ in range(50):
            callers += queue(limiter, 1, "bulk")
            await settle()
        assert store.visits == visits
        callers += queue(limiter, 1)
        await settle()
        assert store.visits == visits + 1
        for task in callers:
            task.cancel()
        await stop(limiter)

    run_virtual(main())


def test_slots_that_came_too_late_are_returned() -> None:
    """Callers who are cancelled while their slots are on the way cost nothing, and nothing is counted twice."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.1)
        limiter = process_of(store, 10)
        callers = queue(limiter, 10)
        await asyncio.sleep(0.05)
        for task in callers[:7]:
            task.cancel()
        await asyncio.wait(callers)
        await asyncio.sleep(1)
        assert (await limiter.usage()).quota.used == 3
        await stop(limiter)

    run_virtual(main())


def test_a_slot_taken_for_an_interactive_caller_is_not_given_to_bulk() -> None:
    """If that caller is gone, the slot goes back: bulk may not have it, for it belongs to the reserve."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.1)
        limiter = process_of(store, 3, reserve=2)
        (lease,) = await take(limiter, 1)
        (urgent,) = queue(limiter, 1)
        await asyncio.sleep(0.01)
        bulk = queue(limiter, 2, "bulk")
        urgent.cancel()
        await asyncio.sleep(1)
        assert counts(bulk) == [0]
        lease.unused()
        await asyncio.sleep(1)
        assert counts(bulk) == [1]
        for task in bulk:
            task.cancel()
        await stop(limiter)

    run_virtual(main())


def test_a_slot_taken_for_bulk_goes_to_an_interactive_caller_who_came_meanwhile() -> None:
    """Bulk work goes first only where others waited already, and it had a slot on credit."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.1)
        limiter = process_of(store, 1)
        bulk = queue(limiter, 1, "bulk")
        await asyncio.sleep(0.01)
        urgent = queue(limiter, 1)
        await asyncio.sleep(1)
        assert counts(urgent, bulk) == [1, 0]
        for task in bulk:
            task.cancel()
        await stop(limiter)

    run_virtual(main())


def test_the_answer_of_a_probe_is_noticed_elsewhere() -> None:
    """A process that waits for the probe of another goes on about a second after its answer."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 100), process_of(store, 100)
        (await one.acquire()).rejected(5.0)
        await settle()
        probe = await one.acquire()
        others = queue(two, 2)
        await asyncio.sleep(3.2)
        assert counts(others) == [0]
        probe.answered()
        await asyncio.sleep(1.1)
        assert counts(others)[0] >= 1
        await asyncio.sleep(2)
        await stop(one, two)

    run_virtual(main())


def test_a_pause_declared_elsewhere_is_told_to_those_who_cannot_sit_it_out() -> None:
    """They hear of it when their process next goes to the store, not when the pause is over."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 1), process_of(store, 1)
        lease = await one.acquire()
        waiter = asyncio.ensure_future(two.acquire(max_pause=30.0))
        await asyncio.sleep(1)
        lease.rejected(200.0)
        begin = time()
        with pytest.raises(RateLimited, match="paused"):
            await waiter
        assert time() - begin < 7
        with pytest.raises(RateLimited, match="paused"):
            await two.acquire(max_pause=1.0)
        await stop(one, two)

    run_virtual(main())


def test_who_cannot_sit_out_a_pause_may_come_first_of_all() -> None:
    """A process that has not been at the store yet knows of no pause."""

    async def main() -> None:
        limiter = process_of(VirtualStore())
        (await limiter.acquire(max_pause=0.0)).answered()
        await stop(limiter)

    run_virtual(main())


def test_usage_counts_those_who_wait_in_both_lanes() -> None:
    """Two interactive callers and three of bulk are five."""

    async def main() -> None:
        limiter = process_of(VirtualStore(), 1)
        await limiter.acquire()
        callers = queue(limiter, 2) + queue(limiter, 3, "bulk")
        await settle()
        usage = await limiter.usage()
        assert (usage.quota.waiting, usage.processes[0].waiting) == (5, 5)
        for task in callers:
            task.cancel()
        await stop(limiter)

    run_virtual(main())
