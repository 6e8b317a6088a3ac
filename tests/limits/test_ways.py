"""When a process goes to its store and how long it waits there, to the millisecond, on a virtual clock."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from redis.exceptions import MovedError

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit, RedisLimiter, SqliteLimiter, outage
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.redis import RedisStore, _Link
from litmos_async.limits.sqlite import SqliteStore
from litmos_async.testing import run_virtual
from tests.limits.slow_redis import Client, Hash, process_at
from tests.limits.small import VirtualStore, counts, guarded, process_of, queue, settle, stop, take, time
from tests.support.jitter import Pinned


class Steady(VirtualStore):
    """A store to which it is as far each time.

    Attributes:
        there: Seconds until the store does what it is asked to.
        back: Seconds until the answer is here.
        asked_at: When it was asked.
    """

    def __init__(self, there: float = 0.0, back: float = 0.0) -> None:
        super().__init__()
        self.there, self.back = there, back
        self.asked_at: list[float] = []

    async def apply(self, *visit: Any) -> Any:
        """Let a change happen on the way."""
        self.asked_at.append(time())
        await asyncio.sleep(self.there)
        result = await super().apply(*visit)
        await asyncio.sleep(self.back)
        return result


# A process and its store


@pytest.mark.parametrize(("callers", "visits"), [(10, 1), (11, 2), (20, 2), (21, 3)])
def test_ten_slots_are_taken_on_one_way(callers: int, visits: int) -> None:
    """Not more, or other processes that come at the same moment would find nothing left."""

    async def main() -> None:
        store = VirtualStore()
        one = process_of(store, 100)
        queue(one, callers)
        await settle()
        assert store.visits == visits
        assert one.quota.used == callers
        await stop(one)

    run_virtual(main())


def test_on_a_long_way_as_many_are_taken_as_come_free_meanwhile() -> None:
    """A way of 20 seconds there and back, where 100 come free in 60."""

    async def main() -> None:
        one = process_of(Steady(20.0), 100)
        await one.acquire()
        callers = queue(one, 90)
        await asyncio.sleep(20.1)
        assert counts(callers) == [33]
        await stop(one)

    run_virtual(main())


@pytest.mark.parametrize(
    ("way", "next_way", "as_old_as"),
    [
        (3.0, 3.0, 3.0),
        (3.1, 3.1, 0.0),
        (3.1, 8.2, 2.0),
        (14.0, 40.0, 12.0),
        (16.0, 40.0, 10.0),
        (20.0, 40.0, 10.0),
    ],
)
def test_where_the_way_is_long_a_slot_is_kept_for_longer(
    way: float, next_way: float, as_old_as: float
) -> None:
    """After one of more than a tenth of the timeout, by twice what it took and 30 seconds at most."""

    async def main() -> None:
        store = Steady(way)
        one = process_of(store, 100)
        await one.acquire(timeout=30.0)
        store.there = next_way
        lease = await one.acquire(timeout=30.0)
        assert time() - lease.taken == pytest.approx(as_old_as)
        await stop(one)

    run_virtual(main())


def test_answers_are_reported_after_a_two_hundredth_of_a_period() -> None:
    """Those that come meanwhile go along."""

    async def main() -> None:
        store = VirtualStore()
        one = process_of(store, 100)
        first, second = await take(one, 2)
        visits = store.visits
        first.answered()
        await asyncio.sleep(0.2)
        second.answered()
        await asyncio.sleep(0.0999)
        assert store.visits == visits
        await asyncio.sleep(0.0002)
        assert store.visits == visits + 1
        await asyncio.sleep(1.0)
        assert store.visits == visits + 1
        await stop(one)

    run_virtual(main())


def test_what_could_not_be_reported_is_tried_again_every_second() -> None:
    """By itself, as long as the store is away."""

    async def main() -> None:
        store = Steady()
        one = process_of(store, 100)
        (lease,) = await take(one, 1)
        store.away = True
        lease.rejected(5.0)
        await asyncio.sleep(3.5)
        first, *again = store.asked_at[1:]
        assert again == pytest.approx([first + 1.0, first + 2.0, first + 3.0])
        await stop(one)

    run_virtual(main())


@pytest.mark.parametrize(("share", "seconds"), [(None, 5.0), (0.25, 10.0)])
def test_closing_waits_five_seconds_for_a_store(share: float | None, seconds: float) -> None:
    """For the last reports, and for the farewell of a member."""

    async def main() -> None:
        store = Steady()
        one = process_of(guarded(store, share=share), 100)
        (lease,) = await take(one, 1)
        store.there = 1e6
        lease.answered()
        begin = time()
        await one.aclose()
        assert time() - begin == pytest.approx(seconds)

    run_virtual(main())


# A store that may be away


@pytest.mark.parametrize(
    ("jitter", "knocks"),
    [
        (1.0, [0.0, 0.05, 0.15, 0.35, 0.75, 1.55, 2.55, 3.55, 4.55]),
        (0.0, [0.0, 0.025, 0.075, 0.175, 0.375, 0.775, 1.275, 1.775, 2.275, 2.775, 3.275, 3.775, 4.275]),
    ],
)
def test_a_store_that_is_away_is_asked_with_growing_distance(
    jitter: float, knocks: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the last one, up to a second; and jitter makes it shorter by a half at most."""
    monkeypatch.setattr(outage, "random", Pinned(jitter))

    async def main() -> None:
        store = Steady()
        store.away = True
        one = process_of(guarded(store, outage_timeout=5.0), 100)
        begin = time()
        with pytest.raises(LimiterUnavailable, match="away"):
            await one.acquire()
        assert [at - begin for at in store.asked_at] == pytest.approx(knocks)
        assert time() - begin == pytest.approx(knocks[-1])  # the next one would be too late
        await stop(one)

    run_virtual(main())


@pytest.mark.parametrize(
    ("outage_timeout", "late_after", "knocks", "end"),
    [
        (0.0, 5.0, [0.0], 5.0),
        (3.0, 5.0, [0.0], 3.0),
        (5.0, 5.0, [0.0], 5.0),
        (12.0, 5.0, [0.0, 5.05, 10.15], 12.0),
    ],
)
def test_an_answer_that_does_not_come_in_time_is_an_outage(
    outage_timeout: float,
    late_after: float,
    knocks: list[float],
    end: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each visit has its time, and all of them together have theirs, if that is any."""
    monkeypatch.setattr(outage, "random", Pinned(1.0))

    async def main() -> None:
        store = Steady(1e6)
        one = process_of(
            OutageStore(store, outage_timeout=outage_timeout, share=None, late_after=late_after), 100
        )
        begin = time()
        with pytest.raises(LimiterUnavailable, match="in time"):
            await one.acquire()
        assert [at - begin for at in store.asked_at] == pytest.approx(knocks)
        assert time() - begin == pytest.approx(end)
        await stop(one)

    run_virtual(main())


# Redis


@pytest.mark.parametrize(("round_trip", "turn"), [(0.0, 0.05), (0.01, 0.05), (0.1, 0.4), (1.0, 2.0)])
def test_redis_is_told_how_long_a_change_may_take_and_how_long_its_turn_lasts(
    round_trip: float, turn: float
) -> None:
    """The others wait for four ways there and back: 0.05 s at least, and at most what an answer may take."""
    told: list[Any] = []

    class Told(Hash):
        def run(self, *arguments: Any) -> list[Any]:
            if arguments:
                lifetime, longest, _, lasts = arguments[4:]
                told.append((lifetime, longest, lasts))
            return super().run(*arguments)

    async def main() -> None:
        one = process_at(Told(), round_trip, rate=RateLimit(100), timeout=2.0)
        await one.acquire()
        await one.aclose()

    run_virtual(main())
    assert told == [(86_400, 2_000_000, pytest.approx(turn * 1e6, abs=2))]


@pytest.mark.parametrize(
    ("options", "end"),
    [
        ({}, 30.0),
        ({"outage_timeout": 5.0}, 5.0),
        ({"on_outage": "fail"}, 20.0),
        ({"on_outage": "fail", "outage_timeout": 5.0, "timeout": 1.0}, 10.0),
    ],
)
def test_how_long_a_limiter_waits_for_redis(options: dict[str, Any], end: float) -> None:
    """Half a minute unless it is told otherwise; or, for one change, ten times what an answer may take."""

    async def main() -> None:
        limiter = RedisLimiter("redis://127.0.0.1", account="one", **options)
        redis: Any = limiter._store
        never = Client(Hash(), round_trip=1e6, timeout=1e6)
        redis._store._link = _Link(asyncio.get_running_loop(), never)
        begin = time()
        with pytest.raises(LimiterUnavailable, match="in time"):
            await limiter.acquire()
        assert time() - begin == pytest.approx(end)
        await limiter.aclose()

    run_virtual(main())


def test_a_cluster_that_sends_one_in_circles_is_left_after_five_redirections() -> None:
    """Each node says that another one has the key."""

    class Elsewhere(Client):
        asked = 0

        async def eval(self, *_: Any) -> list[Any]:
            Elsewhere.asked += 1
            raise MovedError("1 127.0.0.1:1")

    async def main() -> None:
        store: Any = RedisStore("redis://127.0.0.1", timeout=2.0)
        store._client = lambda _: Elsewhere(Hash(), 0.0, 2.0)
        one = process_of(store, 100)
        with pytest.raises(LimiterUnavailable, match="do not agree"):
            await one.acquire()
        assert Elsewhere.asked == 5
        await stop(one)

    run_virtual(main())


# A file


def test_a_file_that_does_not_answer_is_waited_for_as_long_as_two_transactions_may_take(
    tmp_path: Path,
) -> None:
    """Each waits ten seconds for the others; and five are for all the rest."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.run_in_executor = lambda *_: loop.create_future()  # a thread that is stuck
        store = SqliteStore(tmp_path / "limits.db")
        one = process_of(store, 100)
        begin = time()
        with pytest.raises(LimiterUnavailable, match="does not answer"):
            await one.acquire()
        assert time() - begin == pytest.approx(25.0)
        await store.aclose()
        assert time() - begin == pytest.approx(50.0)

    run_virtual(main())


async def test_a_file_is_made_with_its_folders_and_waits_ten_seconds_for_its_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And another process may have made the folders meanwhile."""
    given: list[float] = []
    connect: Any = sqlite3.connect

    def connecting(*arguments: Any, timeout: float, **options: Any) -> Any:
        given.append(timeout)
        return connect(*arguments, timeout=timeout, **options)

    monkeypatch.setattr(sqlite3, "connect", connecting)
    for name in ("one", "two"):
        limiter = SqliteLimiter(tmp_path / "a" / "b" / name, account="one")
        (await limiter.acquire()).answered()
        await limiter.aclose()
    assert given == [10.0, 10.0]
