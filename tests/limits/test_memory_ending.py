"""The limiter of one process: failure, closing, and moving between event loops."""

from __future__ import annotations

import asyncio
import gc
import math
import threading

import pytest

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits import Lease, MemoryLimiter
from litmos_async.testing import VirtualLoop, run_virtual
from tests.limits.small import limiter_of, settle, take, time


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
        assert time() == pytest.approx(begin + 90.001)  # it may be on its way for 30 seconds
        await limiter.acquire()
        assert time() == pytest.approx(begin + 90.001)

    held = run_virtual(first(), start=50_000.0)
    run_virtual(second(), start=5.0)
    assert limiter.quota.used == 3


def test_on_another_loop_a_request_may_be_on_its_way_for_its_own_timeout() -> None:
    """For no longer than any request of the first loop might have been."""
    limiter = limiter_of(1)

    async def first() -> None:
        await limiter.acquire(timeout=0.5)

    async def second() -> None:
        begin = time()
        await limiter.acquire()
        assert time() == pytest.approx(begin + 0.5 + 60.001)

    run_virtual(first())
    run_virtual(second())


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
