"""A store that forgets, and one that is away: what a process remembers, and what it reports later."""

from __future__ import annotations

import asyncio

import pytest

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit
from litmos_async.limits.account import Account
from litmos_async.limits.shared import SharedLimiter
from litmos_async.limits.window import Window
from litmos_async.testing import run_virtual
from tests.limits.small import (
    NoJitter,
    VirtualStore,
    die,
    process_of,
    queue,
    settle,
    stop,
    take,
    time,
)

# A store that forgets


def test_if_the_store_loses_its_record_nobody_sends_until_nothing_of_it_counts() -> None:
    """The first process to notice takes every slot: others may have sent what it never heard of, and be gone.

    What they sent last reaches the server within their timeout, and counts for a period from there.
    """

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        (await one.acquire(timeout=5.0)).answered()
        (await two.acquire(timeout=20.0)).answered()
        (await one.acquire(timeout=10.0)).answered()
        await asyncio.sleep(1)
        store.texts.clear()
        begin = time()
        await one.acquire(timeout=1.0)
        assert time() - begin == pytest.approx(80.001)
        await two.acquire(timeout=1.0)
        assert time() - begin == pytest.approx(80.001)
        await stop(one, two)

    run_virtual(main())


@pytest.mark.parametrize("lost", [1, 2])
def test_an_old_copy_of_the_record_is_a_lost_record(lost: int) -> None:
    """A replica that missed the last changes, or only the very last one, is not believed."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 3), process_of(store, 3)
        (await two.acquire()).answered()
        await asyncio.sleep(1)
        old = dict(store.texts)
        await take(one, lost)
        store.texts = old
        begin = time()
        await one.acquire()
        # The slot that is still known, too: after the copy was made its place may have been used again.
        assert time() - begin == pytest.approx(90.001)
        await two.acquire()
        assert time() - begin == pytest.approx(90.001)
        await stop(one, two)

    run_virtual(main())


def test_a_slot_that_only_an_old_copy_knows_stands_for_a_lost_one() -> None:
    """It was free long ago, and used again: what the copy says of it frees nothing."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 3)
        lease = await limiter.acquire()
        old = dict(store.texts)  # here it is under way, until 90 seconds are over
        lease.answered()
        await asyncio.sleep(70)
        for lease in await take(limiter, 3):
            lease.answered()
        await asyncio.sleep(1)
        store.texts = old
        begin = time()
        await limiter.acquire()
        assert time() - begin == pytest.approx(90.001)
        await stop(limiter)

    run_virtual(main())


def test_a_second_loss_is_noticed_as_well() -> None:
    """What replaced an old copy is a record of its own."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 1)
        await limiter.usage()
        for _ in range(2):
            old = dict(store.texts)
            (await limiter.acquire()).unused()
            await settle()
            lease = await limiter.acquire()
            store.texts = old
            begin = time()
            lease.unused()
            await limiter.acquire()
            assert time() - begin == pytest.approx(90.001)
            await asyncio.sleep(100)
        await stop(limiter)

    run_virtual(main())


def test_a_record_that_replaced_several_knows_all_of_them() -> None:
    """Each lost record stops everybody for a period once, whoever remembers it."""
    lost = [Account(Window(RateLimit(1))) for _ in range(3)]
    for one in lost:
        one.window.take(0.0, 1e6)
    new = Account(Window(RateLimit(1)))
    for begin, seen in zip([1_000.0, 2_000.0, 3_000.0], lost, strict=True):
        new.detect_data_loss(seen, then=begin, now=begin)
        assert new.opens_at(begin, "me", "interactive") == pytest.approx(begin + 60.001)
    for seen in lost:
        new.detect_data_loss(seen, then=4_000.0, now=4_000.0)
    assert new.opens_at(4_000.0, "me", "interactive") == 4_000.0


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
    """Damaged, or written by another version: nobody sends for a while. Nothing at all is a fresh start."""

    async def main() -> None:
        store = VirtualStore()
        store.texts["one"] = damage
        limiter = process_of(store, 3)
        begin = time()
        await limiter.acquire()
        assert time() - begin == pytest.approx(90.001 if damage else 0.0)
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
    assert waits[1] - waits[0] == pytest.approx(0.999 * 0.03)


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


def test_reports_are_brought_as_soon_as_the_store_is_back() -> None:
    """Nobody need call for that: the others have the slots as if nothing had been."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 1), process_of(store, 1)
        lease = await one.acquire(timeout=300.0)
        store.away = True
        begin = time()
        lease.answered()
        await asyncio.sleep(10)
        store.away = False
        await two.acquire()
        assert time() - begin == pytest.approx(60.001)
        await stop(one, two)

    run_virtual(main())


def test_a_report_that_comes_while_a_visit_fails_is_brought_when_the_store_is_back() -> None:
    """It was to be brought by the next visit, and there is none after one that failed."""

    async def main() -> None:
        store = VirtualStore()
        one, two = process_of(store, 1), process_of(store, 1)
        lease = await one.acquire(timeout=300.0)
        store.slow_by = 60.0
        waiter = asyncio.ensure_future(one.acquire())
        await settle()
        begin = time()
        lease.answered()
        await asyncio.sleep(1.0)
        store.away = True
        with pytest.raises(LimiterUnavailable):
            await waiter
        store.away, store.slow_by = False, 0.0
        await two.acquire()
        assert time() - begin == pytest.approx(60.001)
        await stop(one, two)

    run_virtual(main())


def test_who_has_nothing_to_report_does_not_go_to_the_store() -> None:
    """Closing costs nothing then."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store)
        await limiter.usage()
        visits = store.visits
        await limiter.aclose()
        assert store.visits == visits

    run_virtual(main())


def test_a_slot_given_back_is_nobodys() -> None:
    """It is not counted for the process that had it."""

    async def main() -> None:
        limiter = process_of(VirtualStore())
        (await limiter.acquire()).unused()
        await settle()
        assert (await limiter.usage()).processes == ()
        await stop(limiter)

    run_virtual(main())
