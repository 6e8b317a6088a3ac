"""The limiter on a virtual clock: queue, lanes, pauses, cancellation, and moving between event loops."""

from __future__ import annotations

import asyncio
import gc
import itertools
import math
import pickle
import random
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from benchmarks.limiter import GOAL, LIMIT, lease_rule, simulate
from litmos_async.errors import ConfigurationError, LitmosError, RateLimited
from litmos_async.limits import Lease, Limiter, MemoryLimiter, Priority, Quota, RateLimit
from tests.virtual import VirtualLoop, run_virtual


class NoJitter(random.Random):
    """Makes every pause exactly as long as its rule says."""

    def random(self) -> float:
        """Return the least jitter."""
        return 0.0


def limiter_of(requests: int, **options: Any) -> MemoryLimiter:
    """Make a limiter without jitter."""
    return MemoryLimiter(RateLimit(requests=requests, **options), random=NoJitter())


def time() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


async def settle() -> None:
    """Let everything happen that happens without waiting."""
    for _ in range(20):
        await asyncio.sleep(0)


async def take(limiter: MemoryLimiter, count: int) -> list[Lease]:
    """Acquire that many leases, one after the other."""
    return [await limiter.acquire() for _ in range(count)]


# What a caller sees


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
        timers = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
        assert all(timer.cancelled() for timer in timers)

    run_virtual(main())


# Pauses


def test_two_hundred_calls_and_one_refusal_make_one_pause() -> None:
    """One pause, nobody starts in it, one probe at its end, and no herd after the probe."""

    async def main() -> None:
        limiter = limiter_of(300)  # the burst of 100 leaves at once, the others follow at 5 a second
        rng = random.Random(5)
        starts: list[float] = []
        answers: list[float] = []
        refused_at: list[float] = []
        begin = time()

        async def call() -> None:
            while True:
                lease = await limiter.acquire()
                starts.append(time())
                number = len(starts)
                await asyncio.sleep(0.3 * rng.lognormvariate(0, 0.5))
                if number != 17:
                    answers.append(time())
                    lease.answered()
                    return
                refused_at.append(time())
                lease.rejected()

        await asyncio.gather(*(call() for _ in range(200)))
        assert len(starts) == 201
        assert limiter.quota.rejected == 1

        (pause_begins,) = refused_at
        pause_ends = pause_begins + 1.0
        after = [start for start in starts if start > pause_begins]
        assert starts[:100] == [begin] * 100
        assert len(after) >= 90
        assert after[0] == pytest.approx(pause_ends)
        assert min(answer for answer in answers if answer > after[0]) <= after[1]

        # Somebody else must be using the account, so 70 % of the limit are ours for the time being.
        gaps = [later - earlier for earlier, later in itertools.pairwise(after)]
        assert gaps[0] >= 60 / 210 - 1e-6
        assert all(gap >= 60 / 225 - 1e-6 for gap in gaps)
        assert sum(gaps) / len(gaps) < 0.4

    run_virtual(main())


def test_any_number_of_refusals_in_one_wave_make_one_pause() -> None:
    """Of 100 requests under way half are refused, over some time: everybody goes on after one second."""

    async def main() -> None:
        limiter = limiter_of(200)
        leases = await take(limiter, 100)
        begin = time()
        for lease in leases[::2]:
            lease.rejected()
            await asyncio.sleep(0.01)
        probe = await limiter.acquire()
        assert time() == pytest.approx(begin + 1.0)
        assert limiter.quota.rejected == 50
        assert limiter.quota.budget == 140
        probe.answered()

    run_virtual(main())


def test_a_refused_probe_makes_the_pause_longer() -> None:
    """1, 2, 4 ... seconds while rejections go on."""

    async def main() -> None:
        limiter = limiter_of(1_000)
        begin = time()
        starts = []
        for _ in range(5):
            lease = await limiter.acquire()
            starts.append(round(time() - begin, 6))
            lease.rejected()
        assert starts == [0, 1, 3, 7, 15]

    run_virtual(main())


def test_the_jitter_is_at_most_a_quarter() -> None:
    """Pauses without a word from the server differ, so that several processes do not come back together."""

    async def pause(seed: int) -> float:
        limiter = MemoryLimiter(random=random.Random(seed))
        (await limiter.acquire()).rejected()
        begin = time()
        await limiter.acquire()
        return time() - begin

    pauses = [run_virtual(pause(seed)) for seed in range(20)]
    assert 1.0 <= min(pauses) < max(pauses) <= 1.25


def test_requests_that_end_do_not_lift_a_pause() -> None:
    """A pause of two seconds lasts two seconds, whatever else is answered, lost or given back meanwhile."""

    async def main() -> None:
        limiter = limiter_of(100)
        first, *others = await take(limiter, 10)
        begin = time()
        first.rejected(2.0)
        waiter = asyncio.ensure_future(limiter.acquire())
        for i, lease in enumerate(others):
            await asyncio.sleep(0.2)
            (lease.answered, lease.unused, lambda lease=lease: lease.lost(1.0))[i % 3]()
        await waiter
        assert time() == pytest.approx(begin + 2.0)

    run_virtual(main())


def test_cancelling_who_waits_in_a_pause_leaves_nothing_shut() -> None:
    """The pause is a time: it ends although nobody is left to end it."""

    async def main() -> None:
        limiter = limiter_of(100)
        (await limiter.acquire()).rejected(2.0)
        begin = time()
        waiter = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0.5)
        waiter.cancel()
        await settle()
        await limiter.acquire()
        assert time() == pytest.approx(begin + 2.0)

    run_virtual(main())


@pytest.mark.parametrize("end", [lambda lease: lease.unused(), lambda lease: lease.lost(5.0)])
def test_a_probe_without_an_answer_is_followed_by_another(end: Callable[[Lease], None]) -> None:
    """Who comes next is the probe, and the others still wait for it."""

    async def main() -> None:
        limiter = limiter_of(100)
        (await limiter.acquire()).rejected(1.0)
        waiting = [asyncio.ensure_future(limiter.acquire()) for _ in range(3)]
        await asyncio.sleep(2)
        assert [task.done() for task in waiting] == [True, False, False]
        end(waiting[0].result())
        await asyncio.sleep(2)
        assert [task.done() for task in waiting] == [True, True, False]
        waiting[1].result().answered()
        await waiting[2]

    run_virtual(main())


def test_a_caller_who_cannot_wait_for_the_end_of_the_pause_hears_it_at_once() -> None:
    """In a pause longer than `max_pause`, `acquire` raises without waiting and says how long it will be."""

    async def main() -> None:
        limiter = limiter_of(100)
        (await limiter.acquire()).rejected(30.0)
        await asyncio.sleep(10)
        begin = time()
        with pytest.raises(RateLimited, match="paused") as caught:
            await limiter.acquire(max_pause=19.0)
        assert time() == begin
        error = caught.value
        assert (error.status, error.detail, error.attempts) == (503, "paused by the rate limit", 0)
        assert error.retry_after == pytest.approx(20.0)
        assert pickle.loads(pickle.dumps(error)).retry_after == error.retry_after
        await limiter.acquire(max_pause=20.5)
        assert time() == pytest.approx(begin + 20.0)

    run_virtual(main())


def test_a_pause_that_is_declared_while_waiting_sends_the_hasty_away_at_once() -> None:
    """Each gets an error of its own, and those with more time stay in the queue."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        hasty = [asyncio.ensure_future(limiter.acquire(max_pause=20.0)) for _ in range(2)]
        patient = asyncio.ensure_future(limiter.acquire(max_pause=100.0))
        await asyncio.sleep(10)
        begin = time()
        lease.rejected(15.0)
        errors = await asyncio.gather(*hasty, return_exceptions=True)
        assert time() == begin
        assert [type(error) for error in errors] == [RateLimited, RateLimited]
        assert errors[0] is not errors[1]
        assert [error.retry_after for error in errors] == [15.0, 15.0]  # type: ignore[union-attr]
        assert limiter.quota.waiting == 1
        await patient

    run_virtual(main())


def test_without_a_pause_max_pause_means_nothing() -> None:
    """A long wait for a slot is no pause, and neither is one that is over."""

    async def main() -> None:
        limiter = limiter_of(1)
        (await limiter.acquire(max_pause=0.0)).answered()
        lease = await limiter.acquire(max_pause=0.0)
        lease.rejected(1.0)
        await asyncio.sleep(5)
        await limiter.acquire(max_pause=0.0)

    run_virtual(main())


def test_when_others_use_the_account_we_take_less_and_come_back() -> None:
    """With 60 of 100 slots used by others, a minute of bulk work meets few refusals and wastes little."""

    async def main() -> None:
        limiter = limiter_of(100)
        loop = asyncio.get_running_loop()
        counted: list[float] = []
        refusals = 0
        begin = loop.time()

        async def others() -> None:
            while True:
                counted.append(loop.time())
                await asyncio.sleep(1.0)

        async def call() -> None:
            nonlocal refusals
            while True:
                lease = await limiter.acquire("bulk")
                await asyncio.sleep(0.2)
                if sum(loop.time() - 60 <= one for one in counted) < 100:
                    counted.append(loop.time())
                    lease.answered()
                    return
                refusals += 1
                lease.rejected()

        noise = asyncio.ensure_future(others())
        await asyncio.gather(*(call() for _ in range(400)))
        assert limiter.quota.budget < 100
        assert limiter.quota.rejected == refusals
        assert refusals < 140  # 60 or so of the first burst, then a few an hour
        assert loop.time() - begin < 1.6 * 600  # 40 a minute are left for us
        noise.cancel()
        await asyncio.sleep(3600)
        assert limiter.quota.budget == 100

    run_virtual(main())


# Cancellation


async def scene_idle(limiter: MemoryLimiter) -> None:
    """Nothing is in the way."""


async def scene_full(limiter: MemoryLimiter) -> None:
    """Every slot is taken, and is freed in a while."""
    for lease in await take(limiter, limiter.rate.requests):
        asyncio.get_running_loop().call_later(1.0, lease.answered)


async def scene_given_back(limiter: MemoryLimiter) -> None:
    """Every slot is taken, and is given back in a while."""
    for lease in await take(limiter, limiter.rate.requests):
        asyncio.get_running_loop().call_later(1.0, lease.unused)


async def scene_paced(limiter: MemoryLimiter) -> None:
    """The bucket is empty."""
    (await limiter.acquire()).unused()
    await take(limiter, 1)


async def scene_paused(limiter: MemoryLimiter) -> None:
    """A pause is in force."""
    (await limiter.acquire()).rejected(5.0)


async def scene_pause_to_come(limiter: MemoryLimiter) -> None:
    """Every slot is taken, and a pause will be declared that is too long for the caller."""
    for lease in await take(limiter, limiter.rate.requests):
        asyncio.get_running_loop().call_later(1.0, lease.rejected, 200.0)


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize(
    "scene", [scene_idle, scene_full, scene_given_back, scene_paced, scene_paused, scene_pause_to_come]
)
def test_cancelling_at_every_single_point_leaves_the_limiter_whole(
    scene: Callable[[MemoryLimiter], Awaitable[None]], others: int
) -> None:
    """Whichever turn of the loop cancels the caller: nobody waits afterwards and every slot can be had."""

    def cancel_at(step: int) -> bool:
        """Cancel in that turn of the loop; return whether there was somebody to cancel."""
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
            limiter = limiter_of(3, burst=1 if scene is scene_paced else 3, period=10.0)
            await scene(limiter)
            victims.append(asyncio.ensure_future(limiter.acquire(max_pause=100.0)))
            tasks = victims + [asyncio.ensure_future(limiter.acquire("bulk")) for _ in range(others)]
            for task in tasks:
                try:
                    (await task).unused()
                except (asyncio.CancelledError, RateLimited):
                    assert task is victims[0]
                    assert task.cancelled() == hit
            await asyncio.sleep(600)
            assert limiter.quota.waiting == 0
            assert limiter.quota.used <= (1 if scene is scene_paced else 0)
            assert asyncio.all_tasks() == {asyncio.current_task()}
            # A lowered budget needs time to grow; the probe goes first.
            if limiter.quota.rejected:
                (await limiter.acquire()).answered()
                await asyncio.sleep(100)
            async with asyncio.timeout(30):
                await take(limiter, 3 - limiter.quota.used)
            assert limiter.quota.free == 0

        run_virtual(main(), on_step=on_step)
        return hit

    points = 0
    while cancel_at(points):
        points += 1
    assert points >= 3


def test_a_lease_that_was_handed_over_too_late_is_given_back() -> None:
    """Cancelled between the hand-over and waking up, the slot goes to the next in the queue."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        first = asyncio.ensure_future(limiter.acquire())
        second = asyncio.ensure_future(limiter.acquire())
        await settle()
        begin = time()
        lease.unused()
        await asyncio.sleep(0)  # the pump hands over ...
        assert limiter.quota.waiting == 1
        assert not first.done()  # ... and the caller has not been woken yet
        first.cancel()
        await second
        assert first.cancelled()
        assert time() == begin

    run_virtual(main())


def test_an_error_that_was_handed_over_too_late_is_dropped_in_silence() -> None:
    """Cancelled between the refusal and waking up, the caller leaves no "exception was never retrieved"."""

    async def main() -> None:
        complaints: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        waiter = asyncio.ensure_future(limiter.acquire(max_pause=5.0))
        await settle()
        lease.rejected(10.0)
        waiter.cancel()
        await asyncio.wait([waiter])
        assert waiter.cancelled()
        del waiter
        gc.collect()
        assert complaints == []

    run_virtual(main())


def test_a_token_that_came_too_late_is_kept() -> None:
    """If all waiters are cancelled while the pump waits for capacity, the next caller has it at once."""

    async def main() -> None:
        limiter = limiter_of(60, burst=1)
        await limiter.acquire()
        waiter = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0.5)
        waiter.cancel()
        await asyncio.sleep(0.7)
        begin = time()
        await limiter.acquire()
        assert time() == begin

    run_virtual(main())


def test_who_was_cancelled_in_the_same_moment_is_skipped() -> None:
    """A caller who was cancelled but has not left the queue yet gets neither a lease nor an error."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        tasks = [asyncio.ensure_future(limiter.acquire(max_pause=5.0)) for _ in range(3)]
        await settle()
        lease.unused()
        tasks[0].cancel()
        lease = await tasks[1]
        assert limiter.quota.used == 1
        tasks[2].cancel()
        lease.rejected(100.0)
        await asyncio.wait(tasks)
        assert [task.cancelled() for task in tasks] == [True, False, True]
        assert limiter.quota.waiting == 0

    run_virtual(main())


# Failure and closing


def test_if_the_pump_fails_nobody_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error reaches everybody who waits; the next call tries anew."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        waiters = [asyncio.ensure_future(limiter.acquire()) for _ in range(3)]
        await settle()
        with monkeypatch.context() as patch:
            patch.setattr("litmos_async.limits.window.Window.opens_at", lambda *_: 1 / 0)
            lease.unused()
            errors = await asyncio.gather(*waiters, return_exceptions=True)
        assert [type(error) for error in errors] == [ZeroDivisionError] * 3
        await limiter.acquire()

    run_virtual(main())


def pump_of(limiter: MemoryLimiter) -> asyncio.Task[None]:
    """Return the task that serves the queue."""
    return next(task for task in asyncio.all_tasks() if task.get_name() == "litmos-limiter")


@pytest.mark.parametrize("turns", [0, 5])
def test_if_the_pump_is_cancelled_nobody_hangs(turns: int) -> None:
    """Also a pump that is cancelled before its first step sends away those who wait."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        waiter = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        pump_of(limiter).cancel()
        with pytest.raises(LitmosError, match="closed"):
            await waiter
        lease.unused()
        await limiter.acquire()

    run_virtual(main())


def test_a_new_pump_takes_over_from_one_that_was_cancelled() -> None:
    """A caller who comes right after the end of the old pump starts one that serves all who wait."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        first = asyncio.ensure_future(limiter.acquire())
        await settle()
        pump_of(limiter).cancel()
        second = asyncio.ensure_future(limiter.acquire())
        await settle()
        assert not first.done()
        lease.unused()
        (await first).unused()
        await second

    run_virtual(main())


def test_closing_sends_everybody_away() -> None:
    """Whoever waits, and whoever comes later, gets a `LitmosError`; leases under way end as usual."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        waiters = [asyncio.ensure_future(limiter.acquire(priority)) for priority in ("interactive", "bulk")]
        await settle()
        await limiter.aclose()
        errors = await asyncio.gather(*waiters, return_exceptions=True)
        assert [str(error) for error in errors] == ["the limiter was closed"] * 2
        assert [type(error) for error in errors] == [LitmosError] * 2
        assert errors[0] is not errors[1]
        with pytest.raises(LitmosError, match="closed"):
            await limiter.acquire()
        lease.unused()
        assert limiter.quota.free == 1
        assert limiter.quota.waiting == 0
        await limiter.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())


def test_closing_what_was_never_used_is_fine() -> None:
    """`aclose` needs no earlier call."""
    run_virtual(MemoryLimiter().aclose())


def test_a_limiter_can_be_closed_from_another_loop() -> None:
    """What belonged to the first loop went with it, so there is nothing to wait for."""
    limiter = limiter_of(1)
    run_virtual(limiter.acquire())
    run_virtual(limiter.aclose())
    with pytest.raises(LitmosError, match="closed"):
        run_virtual(limiter.acquire())


# Other loops


def test_on_another_loop_the_server_s_count_is_remembered() -> None:
    """A second `asyncio.run`, with a clock that starts anew, still waits for what the first one sent."""
    limiter = limiter_of(3)

    async def first() -> Lease:
        one, two, three = await take(limiter, 3)
        one.answered()
        two.lost(30.0)
        return three

    async def second() -> None:
        begin = time()
        assert begin < 10
        await limiter.acquire()
        assert time() == pytest.approx(begin + 60.001)
        held.rejected(100.0)  # from the loop that is gone: it neither raises nor changes anything here
        await limiter.acquire()
        assert time() == pytest.approx(begin + 60.001)
        await limiter.acquire()
        assert time() == pytest.approx(begin + 90.001)

    held = run_virtual(first(), start=50_000.0)
    run_virtual(second(), start=5.0)
    assert limiter.quota.used == 3


@pytest.mark.parametrize("end", ["unused", "answered", "lost", "rejected"])
def test_a_lease_may_end_after_its_loop(end: str) -> None:
    """Finalizers run at odd times: reporting never raises, even if somebody waited on the closed loop."""
    loop = VirtualLoop()
    limiter = limiter_of(1)
    lease = loop.run_until_complete(limiter.acquire())

    async def wait() -> asyncio.Task[Lease]:
        task = asyncio.ensure_future(limiter.acquire(max_pause=0.0))
        await settle()
        return task

    waiter = loop.run_until_complete(wait())
    loop.close()
    getattr(lease, end)(*([30.0] if end == "lost" else []))
    assert limiter.quota.used == (0 if end == "unused" else 1)

    # Whoever closes a loop under running tasks gets this from asyncio, for ours as for theirs.
    loop.set_exception_handler(lambda *_: None)
    for task in [waiter, *asyncio.all_tasks(loop)]:
        task.get_coro().close()
    del waiter, task
    gc.collect()


def test_the_quota_can_be_read_after_the_loop() -> None:
    """Reporting how things went needs no event loop."""
    limiter = limiter_of(5)

    async def main() -> None:
        (await limiter.acquire()).answered()

    run_virtual(main())
    assert limiter.quota.used == 1
    assert limiter.quota.next_free_in == 0.0


def test_two_running_loops_cannot_share_a_limiter() -> None:
    """From a second thread with a loop of its own the limiter refuses to work instead of losing count."""

    async def main() -> None:
        limiter = limiter_of(5)
        await limiter.acquire()
        caught: list[Exception] = []

        def elsewhere() -> None:
            try:
                run_virtual(limiter.acquire())
            except ConfigurationError as error:
                caught.append(error)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert len(caught) == 1
        assert limiter.quota.used == 1

    run_virtual(main())


def test_the_real_clock_works_as_well() -> None:
    """On asyncio's own loop a short period passes by itself."""

    async def main() -> None:
        limiter = limiter_of(2, period=0.01)
        begin = time()
        for _ in range(6):
            (await limiter.acquire()).answered()
        assert 0.02 <= time() - begin < math.inf

    asyncio.run(main())
