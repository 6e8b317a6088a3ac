"""The limiter of one process on a virtual clock: 503, the pause, the probe, and the others who use the account."""

from __future__ import annotations

import asyncio
import itertools
import math
import pickle
import random
from collections.abc import Callable

import pytest

from litmos_async.errors import RateLimited
from litmos_async.limits import Lease, MemoryLimiter
from litmos_async.testing import run_virtual
from tests.limits.small import limiter_of, settle, take, time


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


def test_only_those_who_cannot_sit_out_a_pause_are_sent_away() -> None:
    """Wherever they stand in the queue."""

    async def main() -> None:
        limiter = limiter_of(1)
        lease = await limiter.acquire()
        patience = (math.inf, 5.0, 100.0, 5.0)
        callers = [asyncio.ensure_future(limiter.acquire(max_pause=each)) for each in patience]
        await settle()
        lease.rejected(retry_after=30.0)
        await settle()
        assert [caller.done() for caller in callers] == [False, True, False, True]
        for caller in callers[1::2]:
            with pytest.raises(RateLimited):
                await caller
        for caller in callers[::2]:
            caller.cancel()

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
        assert [error.retry_after for error in errors] == [15.0, 15.0]
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
