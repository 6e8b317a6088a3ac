"""How a process counts from the last time that it heard of its store, on a virtual clock."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import TypeVar

import pytest

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit
from litmos_async.limits.shared import Change
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore, guarded, process_of, stop, time

T = TypeVar("T")

# A sixth of a period, a tenth of a second for uneven clocks, twice the timeout and a period: then nothing counts
# any more that others sent.
SETTLED = 10.1 + 2 * 30.0 + 60.0

# How often a member comes to the store, with a period of a minute.
TICK = 4.0


class HalfHeard(VirtualStore):
    """Does what it is asked to, and its answers are lost while it is away.

    Attributes:
        answers: Whether answers arrive.
        keeps: Whether it has done what was asked where its answer is lost.
        heard: When somebody was there meanwhile.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answers = self.keeps = True
        self.heard: list[float] = []

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen, and lose the answer."""
        before = dict(self.texts)
        result = await super().apply(account, rate, change)
        if not self.answers:
            if not self.keeps:
                self.texts = before
            self.heard.append(time())
            raise LimiterUnavailable("the answer is lost")
        return result

    def distances(self) -> list[float]:
        """Return the seconds between two visits whose answers were lost, and begin anew."""
        heard, self.heard = self.heard, []
        return [after - before for before, after in pairwise(heard)]


class Hanging(VirtualStore):
    """Says nothing for some time, and then that it is away."""

    silent_until = 0.0

    async def _way(self) -> None:
        if self.silent_until:
            await asyncio.sleep(max(0.0, self.silent_until - time()))
            raise LimiterUnavailable("away")


@pytest.mark.parametrize("heard_before", [True, False])
def test_a_store_whose_answers_are_lost_is_asked_ever_more_seldom(heard_before: bool) -> None:
    """After each such visit the part is shut again for some time; asked every second, it would never be open."""

    async def main() -> None:
        store = HalfHeard()
        one = process_of(guarded(store, share=0.25), 8)
        if heard_before:
            await one.usage()
        for _ in range(2):  # after an answer that came, it begins anew
            store.answers = False
            (await one.acquire()).answered()
            await asyncio.sleep(2_000)
            store.answers = True
            await asyncio.sleep(1_000)
            first, *then = store.distances()
            assert first == TICK
            for distance, longer in zip(then, [4, 16, 64, 64], strict=False):
                assert 0 <= distance - (10.1 + 10.0 * longer) < TICK
            assert len(then) >= 4
        await stop(one)

    run_virtual(main())


def test_slots_of_an_outage_stay_its_own_when_an_answer_is_lost() -> None:
    """They are used again as they cool down, long before all is over that others may have sent."""

    async def main() -> None:
        store = HalfHeard()
        one = process_of(guarded(store, share=0.5), 8)
        await one.usage()
        store.away = True
        for _ in range(2):
            (await one.acquire()).answered()
        answered = time()
        store.away = store.answers = False
        await asyncio.sleep(2 * TICK)
        assert store.heard
        store.away = True
        for _ in range(2):
            (await one.acquire()).answered()
        assert 60.0 <= time() - answered < 60.0 + TICK < SETTLED
        await stop(one)

    run_virtual(main())


def test_a_part_that_is_begun_anew_is_no_loss() -> None:
    """What the store has never kept is told later, under the name that the process knows: nobody pauses for it."""

    async def main() -> None:
        store = HalfHeard()
        store.keeps = False
        one = process_of(guarded(store, share=0.5), 8)
        await one.usage()
        store.away = True
        lease = await one.acquire()
        store.away = store.answers = False
        await asyncio.sleep(TICK)
        assert store.heard
        store.answers = True
        await asyncio.sleep(60.0)
        began = time()
        await one.acquire()
        assert time() == began
        lease.answered()
        await stop(one)

    run_virtual(main())


@pytest.mark.parametrize(("silence", "counts_from_now"), [(149.0, False), (151.0, True)])
def test_a_process_that_heard_nothing_for_long_counts_from_now(silence: float, counts_from_now: bool) -> None:
    """The others may take it for dead soon, and keep nothing free for it: half of five periods is the border."""

    async def main() -> None:
        store = Hanging()
        one = process_of(guarded(store, share=0.25), 8)
        await one.usage()
        store.silent_until = time() + silence
        await one.acquire()
        assert time() - store.silent_until == pytest.approx(SETTLED if counts_from_now else 0.0)
        await stop(one)

    run_virtual(main())


def test_without_a_part_of_its_own_a_process_comes_to_the_store_only_for_something() -> None:
    """It is no member, so nobody waits for a sign of it."""

    async def main() -> None:
        store = VirtualStore()
        one = process_of(guarded(store), 8)
        (await one.acquire()).answered()
        await asyncio.sleep(1.0)
        visits = store.visits
        await asyncio.sleep(600.0)
        assert store.visits == visits
        await stop(one)

    run_virtual(main())


def test_nothing_goes_on_after_the_end() -> None:
    """Also where a visit is under way, and the store is away by then."""

    async def main() -> None:
        store = VirtualStore()
        one = process_of(guarded(store, share=0.25), 8)
        await one.usage()
        store.slow_by = 60.0
        await asyncio.sleep(TICK + 0.1)
        assert len(asyncio.all_tasks()) == 2
        store.away = True
        await one.aclose()
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run_virtual(main())
