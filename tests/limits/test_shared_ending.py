"""Whose limit a shared limiter keeps, and how it ends: closed, cancelled, or on another loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits import Lease, RateLimit
from litmos_async.limits.shared import SharedLimiter
from litmos_async.testing import run_virtual
from tests.limits.small import (
    Cancelling,
    VirtualStore,
    die,
    process_of,
    queue,
    settle,
    stop,
    take,
    time,
)


def test_a_limiter_keeps_the_limit_of_one_account() -> None:
    """What the constructor was told goes before what the client says; two accounts are refused."""

    async def main() -> None:
        store = VirtualStore()
        limiter = SharedLimiter(store, RateLimit())
        with pytest.raises(ConfigurationError, match="has no account yet"):
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


def test_closing_waits_for_no_slot() -> None:
    """Those who wait for one are sent away at once."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 1)
        (await limiter.acquire()).answered()
        await asyncio.sleep(1.0)
        callers = queue(limiter, 2)
        await asyncio.sleep(1.0)
        begin = time()
        await limiter.aclose()
        assert time() == begin
        for caller in callers:
            with pytest.raises(LitmosError, match="closed"):
                await caller

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
        pumping = limiter._queue
        assert pumping is not None
        assert pumping._pump is not None
        pumping._pump.cancel()
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
        cancelling = Cancelling(step)

        async def main() -> None:
            store = VirtualStore(slow_by=slow_by)
            limiter = process_of(store, 3, period=10.0)
            for lease in await take(limiter, 3):
                asyncio.get_running_loop().call_later(1.0, lease.unused)
            victim = cancelling.begin(limiter.acquire())
            tasks = [victim, *queue(limiter, 2, "bulk")]
            for task in tasks:
                try:
                    (await task).unused()
                except asyncio.CancelledError:
                    assert task is victim
            await asyncio.sleep(30)
            assert (await limiter.usage()).quota.used == 0
            assert limiter.quota.waiting == 0
            assert asyncio.all_tasks() == {asyncio.current_task()}
            async with asyncio.timeout(5):
                await take(limiter, 3)
            await stop(limiter)

        run_virtual(main(), on_step=cancelling.on_step)
        return cancelling.hit

    points = 0
    while cancel_at(points):
        points += 1
    assert points >= 3


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


def test_a_slot_is_kept_as_long_as_the_request_that_got_it_may_take() -> None:
    """Who comes while a slot is brought for somebody with less time gets one of his own: his process may die."""

    class Slow(VirtualStore):
        async def _way(self) -> None:
            await asyncio.sleep(0.01)

    async def main() -> None:
        store = Slow()
        one, two = process_of(store, 1), process_of(store, 1)
        patient = asyncio.ensure_future(one.acquire("bulk", timeout=30.0))
        await asyncio.sleep(0.035)  # the slot is taken, and on its way
        urgent = asyncio.ensure_future(one.acquire("interactive", timeout=300.0))
        await urgent
        assert time() < 1_001.0
        patient.cancel()
        await asyncio.sleep(0.2)
        die(one)
        begin = time()
        await two.acquire(timeout=1.0)
        assert 359 <= time() - begin <= 361
        await stop(two)

    run_virtual(main())
