"""The limiter of one process on a virtual clock: cancelled at any point, it stays whole."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from litmos_async.errors import RateLimited
from litmos_async.limits import MemoryLimiter
from litmos_async.testing import run_virtual
from tests.limits.small import Cancelling, limiter_of, settle, take, time


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
        """Cancel in that turn of the loop; return whether there was a task to cancel."""
        cancelling = Cancelling(step)

        async def main() -> None:
            limiter = limiter_of(3, burst=1 if scene is scene_paced else 3, period=10.0)
            await scene(limiter)
            victim = cancelling.begin(limiter.acquire(max_pause=100.0))
            tasks = [victim] + [asyncio.ensure_future(limiter.acquire("bulk")) for _ in range(others)]
            for task in tasks:
                try:
                    (await task).unused()
                except (asyncio.CancelledError, RateLimited):
                    assert task is victim
                    assert task.cancelled() == cancelling.hit
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

        run_virtual(main(), on_step=cancelling.on_step)
        return cancelling.hit

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
