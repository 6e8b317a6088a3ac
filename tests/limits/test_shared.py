"""What processes share, on a virtual clock and a store in memory that many limiters use."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError, LimiterUnavailable, LitmosError, RateLimited
from litmos_async.limits import Lease, RateLimit
from litmos_async.limits.shared import SharedLimiter
from tests.limits.small import NoJitter, VirtualStore, process_of, settle, take, time
from tests.virtual import run_virtual


def die(limiter: SharedLimiter) -> None:
    """Let a process end without a word: nothing of it ever reaches the store again."""
    limiter._store = None  # type: ignore[assignment]
    desk = limiter._desk
    assert desk is not None
    desk._closed = True
    if desk._pump is not None:
        desk._pump.cancel()


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


def test_a_slot_costs_a_finite_timeout() -> None:
    """A lease for ever would be gone for good if its holder died."""

    async def main() -> None:
        limiter = process_of(VirtualStore())
        for wrong in (math.inf, math.nan, -1.0):
            with pytest.raises(ConfigurationError, match="finite"):
                await limiter.acquire(timeout=wrong)

    run_virtual(main())


# Sharing


def counts(*tasks: list[asyncio.Task[Lease]]) -> list[int]:
    """Count who has got a slot."""
    return [sum(task.done() for task in one) for one in tasks]


def queue(limiter: SharedLimiter, count: int, lane: Any = "interactive") -> list[asyncio.Task[Lease]]:
    """Let so many callers wait."""
    return [asyncio.ensure_future(limiter.acquire(lane)) for _ in range(count)]


async def stop(*limiters: SharedLimiter) -> None:
    """Close all, and let those go who wait."""
    for limiter in limiters:
        await limiter.aclose()
    await settle()


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


# Who one is, and the end


def test_a_limiter_keeps_the_limit_of_one_account() -> None:
    """What the constructor was told goes before what the client says; two accounts are refused."""

    async def main() -> None:
        store = VirtualStore()
        limiter = SharedLimiter(store, RateLimit())
        with pytest.raises(ConfigurationError, match="Whose limit"):
            await limiter.acquire()
        limiter.bind("a")
        limiter.bind("a")
        with pytest.raises(ConfigurationError, match="one account"):
            limiter.bind("b")
        told = SharedLimiter(store, RateLimit(), account="mine")
        told.bind("a")
        (await limiter.acquire()).answered()
        (await told.acquire()).answered()
        await stop(limiter, told)
        assert store.texts.keys() == {"a", "mine"}

    run_virtual(main())


def test_accounts_do_not_see_one_another() -> None:
    """One store keeps the limits of several accounts apart."""

    async def main() -> None:
        store = VirtualStore()
        one, two = (SharedLimiter(store, RateLimit(2), account=name) for name in ("a", "b"))
        begin = time()
        await take(one, 2)
        await take(two, 2)
        assert time() == begin
        await stop(one, two)

    run_virtual(main())


def test_closing_brings_the_last_reports_to_the_store() -> None:
    """What was answered just before is known to the others."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.2)
        one, two = process_of(store, 2), process_of(store, 2)
        for lease in await take(one, 2):
            lease.answered()
        begin = time()
        await one.aclose()
        await two.acquire()
        assert time() - begin < 63
        assert store.closed == 1
        await stop(two)

    run_virtual(main())


def test_closing_returns_the_slots_that_are_on_their_way(caplog: pytest.LogCaptureFixture) -> None:
    """Their callers are sent away meanwhile, so the slots are free again for the others."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.1)
        one, two = process_of(store), process_of(store)
        callers = queue(one, 3)
        await asyncio.sleep(0.05)
        await one.aclose()
        errors = await asyncio.gather(*callers, return_exceptions=True)
        assert [type(error) for error in errors] == [LitmosError] * 3
        usage = await two.usage()
        assert (usage.quota.used, usage.quota.waiting) == (0, 0)
        await stop(two)

    run_virtual(main())
    assert caplog.text == ""


def test_closing_does_not_wait_for_a_store_that_is_away(caplog: pytest.LogCaptureFixture) -> None:
    """After some seconds it gives up, and says that slots will be freed by expiry."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 2)
        lease = await limiter.acquire()
        store.slow_by = 1e9
        lease.answered()
        begin = time()
        await limiter.aclose()
        assert time() - begin == pytest.approx(5.0)

    with caplog.at_level(logging.WARNING, "litmos_async"):
        run_virtual(main())
    assert "freed by expiry" in caplog.text


@pytest.mark.parametrize("end", ["unused", "answered", "lost", "rejected"])
def test_a_lease_may_end_after_its_limiter(end: str, caplog: pytest.LogCaptureFixture) -> None:
    """It does not raise and opens nothing again; that the store does not learn of it is logged."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 2)
        lease = await limiter.acquire()
        await limiter.aclose()
        visits = store.visits
        with caplog.at_level(logging.WARNING, "litmos_async"):
            getattr(lease, end)(*([30.0] if end == "lost" else []))
        await settle()
        assert store.visits == visits
        assert "freed by expiry" in caplog.text
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())


def test_on_another_loop_the_store_knows() -> None:
    """A second `asyncio.run` with the same limiter goes on where the first one ended."""
    store = VirtualStore()
    limiter = process_of(store, 2)

    async def first() -> Lease:
        one, two = await take(limiter, 2)
        one.answered()
        await asyncio.sleep(1)
        return two

    async def second() -> None:
        begin = time()
        await limiter.acquire()
        assert 59 < time() - begin < 61
        assert limiter.quota.used == 2
        await limiter.aclose()

    run_virtual(first(), start=1_000.0)
    run_virtual(second(), start=1_001.0)


def test_a_task_that_is_cancelled_with_the_pump_hangs_nobody() -> None:
    """If the pump fails or is cancelled, all who wait hear of it, and the next call tries anew."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 1)
        lease = await limiter.acquire()
        waiters = queue(limiter, 2)
        await settle()
        desk = limiter._desk
        assert desk is not None
        assert desk._pump is not None
        desk._pump.cancel()
        errors = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(error) for error in errors] == [LitmosError] * 2
        lease.unused()
        await limiter.acquire()
        await stop(limiter)

    run_virtual(main())


@pytest.mark.parametrize("slow_by", [0.0, 0.5])
def test_cancelling_at_every_single_point_leaves_every_slot_free(slow_by: float) -> None:
    """Whichever turn of the loop cancels the caller: nobody waits afterwards and every slot can be had."""

    def cancel_at(step: int) -> bool:
        victims: list[asyncio.Task[Lease]] = []
        hit = False
        first: list[int] = []

        def on_step(now: int) -> None:
            nonlocal hit
            if victims:
                first.append(now)
                if now == first[0] + step and not victims[0].done():
                    hit = victims[0].cancel()

        async def main() -> None:
            store = VirtualStore(slow_by=slow_by)
            limiter = process_of(store, 3, period=10.0)
            for lease in await take(limiter, 3):
                asyncio.get_running_loop().call_later(1.0, lease.unused)
            victims.append(asyncio.ensure_future(limiter.acquire()))
            tasks = victims + queue(limiter, 2, "bulk")
            for task in tasks:
                try:
                    (await task).unused()
                except asyncio.CancelledError:
                    assert task is victims[0]
            await asyncio.sleep(30)
            assert (await limiter.usage()).quota.used == 0
            assert limiter.quota.waiting == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}
            async with asyncio.timeout(5):
                await take(limiter, 3)
            await stop(limiter)

        run_virtual(main(), on_step=on_step)
        return hit

    points = 0
    while cancel_at(points):
        points += 1
    assert points >= 3


# A store that forgets


def test_if_the_store_loses_its_record_nobody_sends_for_a_period() -> None:
    """The first process to notice takes every slot, since others may have sent what it never heard of."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        (await one.acquire()).answered()
        (await two.acquire()).answered()
        await settle()
        store.texts.clear()
        begin = time()
        await one.acquire()
        assert time() - begin == pytest.approx(60.001)
        await two.acquire()
        assert time() - begin == pytest.approx(60.001)
        await stop(one, two)

    run_virtual(main())


def test_an_old_copy_of_the_record_is_a_lost_record() -> None:
    """A replica that missed the last changes is not believed."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        (await two.acquire()).answered()
        await settle()
        old = dict(store.texts)
        for lease in await take(one, 2):
            lease.answered()
        await settle()
        store.texts = old
        begin = time()
        await one.acquire()
        assert time() - begin == pytest.approx(60.001)
        await two.acquire()
        assert time() - begin == pytest.approx(60.001)
        await stop(one, two)

    run_virtual(main())


def test_a_process_that_was_idle_for_long_does_not_stop_the_others() -> None:
    """What it remembers is over, so it takes the new record as it is."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        (await one.acquire()).answered()
        await settle()
        await asyncio.sleep(100)
        store.texts.clear()
        (await two.acquire()).answered()
        begin = time()
        await one.acquire()
        assert time() == begin
        await stop(one, two)

    run_virtual(main())


@pytest.mark.parametrize("damage", ["", "{}", "[]", "x", '{"window": {"slots": {}, "colour": 1}}'])
def test_a_record_that_cannot_be_read_is_a_lost_record(damage: str) -> None:
    """Damaged, or written by another version: nobody sends for a period. Nothing at all is a fresh start."""

    async def main() -> None:
        store = VirtualStore()
        store.texts["one"] = damage
        limiter = process_of(store, 3)
        begin = time()
        await limiter.acquire()
        assert time() - begin == pytest.approx(60.001 if damage else 0.0)
        await stop(limiter)

    run_virtual(main())


@pytest.mark.parametrize("back", [90.0, 1e6])
def test_a_clock_that_is_set_back_frees_nothing_early_and_shuts_nothing_for_good(back: float) -> None:
    """As after a restart of the machine: every slot is kept for a whole period, and whoever waited is gone."""

    async def main() -> None:
        store = VirtualStore()
        store.wrong_by = 2e6
        limiter, other = (process_of(store, 2, burst=2) for _ in range(2))
        one, _ = await take(limiter, 2)
        one.answered()
        waiting = queue(other, 2)
        await asyncio.sleep(30)
        die(other)
        store.wrong_by -= back
        begin = time()
        await take(limiter, 2)
        assert 60 <= time() - begin < 91
        await asyncio.wait(waiting)
        await stop(limiter)

    run_virtual(main())


def test_random_jitter_is_small() -> None:
    """Processes that wait for the same slot come at different times, within 30 ms."""

    async def wait(jitter: float) -> float:
        class Fixed(NoJitter):
            def random(self) -> float:
                return jitter

        limiter = SharedLimiter(VirtualStore(), RateLimit(1), account="one", random=Fixed())
        (await limiter.acquire()).answered()
        begin = time()
        await limiter.acquire()
        await limiter.aclose()
        return time() - begin

    waits = [run_virtual(wait(jitter)) for jitter in (0.0, 0.999)]
    assert 0.02 < waits[1] - waits[0] <= 10 * 0.03


@pytest.mark.parametrize("mode", ["quota", "usage"])
def test_the_quota_is_the_last_known_and_usage_asks(mode: str) -> None:
    """`quota` costs nothing and may be old; `usage` goes to the store."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 5), process_of(store, 5)
        (await one.acquire()).answered()
        await asyncio.sleep(1)
        await take(two, 2)
        visits = store.visits
        if mode == "quota":
            assert one.quota.used == 1
            await asyncio.sleep(61)
            assert one.quota.used == 0
            assert store.visits == visits
        else:
            assert (await one.usage()).quota.used == 3
            assert one.quota.used == 3
        await stop(one, two)

    run_virtual(main())


def test_usage_names_the_processes() -> None:
    """Each with the slots that it has and the callers who wait there, the largest share first."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 5), process_of(store, 5)
        await take(one, 1)
        await take(two, 4)
        waiting = queue(one, 2)
        await settle()
        usage = await two.usage()
        assert [(share.used, share.waiting) for share in usage.processes] == [(4, 0), (1, 2)]
        assert usage.quota.waiting == 2
        assert len({share.process for share in usage.processes}) == 2
        for task in waiting:
            task.cancel()
        await stop(one, two)

    run_virtual(main())


# A store that is away


def test_what_cannot_be_reported_is_reported_later() -> None:
    """Reports wait until the store is back. They tell how old they are, so no slot is kept longer for that."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 3)
        leases = await take(limiter, 3)
        store.away = True
        begin = time()
        for lease in leases:
            lease.answered()
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire()
        await asyncio.sleep(10)
        store.away = False
        await asyncio.sleep(2)
        visits = store.visits
        await asyncio.sleep(20)
        assert store.visits == visits
        await limiter.acquire()
        assert time() - begin == pytest.approx(60.001)
        await stop(limiter)

    run_virtual(main())


def test_answers_are_reported_together() -> None:
    """Those of a third of a second are one visit; a 503 does not wait for them, nor does the end."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 100)
        leases = await take(limiter, 60)
        visits, begin = store.visits, time()
        for lease in leases[:50]:
            lease.answered()
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        assert store.visits - visits == 2
        leases[50].answered()
        leases[51].rejected(1.0)
        await settle()
        assert store.visits - visits == 3
        assert limiter.quota.rejected == 1
        leases[52].answered()
        await limiter.aclose()
        assert store.visits - visits == 4
        other = process_of(store, 100)
        assert (await other.usage()).quota.used == 60
        await asyncio.sleep(begin + 60.4 - time())
        assert (await other.usage()).quota.used == 20
        await stop(other)

    run_virtual(main())


def test_an_error_in_a_report_reaches_those_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error hangs nobody; the next call tries anew."""

    async def main() -> None:
        limiter = process_of(VirtualStore(), 1)
        lease = await limiter.acquire()
        waiter = asyncio.ensure_future(limiter.acquire())
        await settle()
        with monkeypatch.context() as patch:
            patch.setattr("litmos_async.limits.account.Account.opens_at", lambda *_: 1 / 0)
            lease.unused()
            with pytest.raises(ZeroDivisionError):
                await waiter
        await limiter.acquire()
        await stop(limiter)

    run_virtual(main())


def on_two_loops(limiter: SharedLimiter, use: Callable[[], Any]) -> None:
    """Use the limiter on a second loop while the first one runs."""

    async def main() -> None:
        await limiter.acquire()
        with pytest.raises(ConfigurationError, match="one event loop"):
            await asyncio.to_thread(use)
        await stop(limiter)

    asyncio.run(main())


def test_two_running_loops_cannot_share_a_limiter() -> None:
    """A second thread needs a limiter of its own, on the same store."""
    limiter = process_of(VirtualStore())
    on_two_loops(limiter, lambda: run_virtual(limiter.acquire()))
