"""What happens while the store is away, on a virtual clock."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit, outage
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.shared import SharedLimiter
from litmos_async.testing import run_virtual
from tests.limits.small import NoJitter, VirtualStore, die, settle, take, time


def process_of(store: VirtualStore, requests: int = 8, **options: Any) -> SharedLimiter:
    """Return the limiter of a process that is prepared for an outage."""
    guarded = OutageStore(
        store,
        outage_timeout=options.pop("outage_timeout", 0.0),
        share=options.pop("share", None),
        late_after=300.0,
    )
    return SharedLimiter(guarded, RateLimit(requests, **options), account="one", random=NoJitter())


def test_wait_goes_on_trying() -> None:
    """A store that is back within the patience is no error, and is asked again with growing distance."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, outage_timeout=30.0)
        store.away = True
        caller = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(20)
        assert store.visits < 45
        assert not caller.done()
        store.away = False
        await asyncio.sleep(1)
        assert caller.done()
        (await caller).answered()
        await limiter.aclose()

    run_virtual(main())


def test_processes_do_not_knock_at_the_same_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else all of them would come at once when the store is back."""
    monkeypatch.setattr(outage, "random", random.Random(1))

    async def main() -> None:
        knocks: list[list[float]] = [[], []]

        class Away(VirtualStore):
            def __init__(self, knocks: list[float]) -> None:
                super().__init__()
                self.away, self.knocks = True, knocks

            async def _way(self) -> None:
                self.knocks.append(time())
                await super()._way()

        limiters = [process_of(Away(one), outage_timeout=10.0) for one in knocks]
        await asyncio.gather(*(limiter.acquire() for limiter in limiters), return_exceptions=True)
        assert knocks[0][0] == knocks[1][0]
        assert not set(knocks[0][1:]) & set(knocks[1][1:])
        for limiter in limiters:
            await limiter.aclose()

    run_virtual(main())


def test_wait_ends_with_a_typed_error() -> None:
    """After the patience everybody who waits hears it, within a second."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, outage_timeout=30.0)
        store.away = True
        begin = time()
        errors = await asyncio.gather(*(limiter.acquire() for _ in range(3)), return_exceptions=True)
        assert [type(error) for error in errors] == [LimiterUnavailable] * 3
        assert 29 <= time() - begin <= 30
        await limiter.aclose()

    run_virtual(main())


def test_fail_raises_at_once() -> None:
    """Without patience the first failure is told."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store)
        store.away = True
        begin = time()
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire()
        assert time() == begin
        store.away = False
        await limiter.acquire()
        await limiter.aclose()

    run_virtual(main())


# A sixth of a period, a tenth of a second for uneven clocks, twice the timeout and a period: then nothing counts
# any more that others sent.
SETTLED = 10.1 + 2 * 30.0 + 60.0


def test_local_keeps_to_its_share() -> None:
    """A store that was never there: others may have used it a moment ago; then a quarter is ours, in any window."""

    async def main() -> None:
        store = VirtualStore()
        store.away = True
        limiter = process_of(store, share=0.25)
        begin = time()
        for lease in await take(limiter, 2):
            lease.answered()
        assert time() - begin == pytest.approx(SETTLED)
        assert limiter.quota.limit == 2
        await limiter.acquire()
        assert time() - begin == pytest.approx(SETTLED + 60.001)
        await limiter.aclose()

    run_virtual(main())


async def members(store: VirtualStore, count: int, share: float, requests: int = 8) -> list[SharedLimiter]:
    """Return processes that have known each other for long."""
    limiters = [process_of(store, requests, share=share) for _ in range(count)]
    for limiter in limiters:
        await limiter.usage()
    await asyncio.sleep(SETTLED)
    return limiters


def test_local_begins_with_its_own_slots() -> None:
    """Those are used again as they cool down, up to the share; what was free may have gone to others."""

    async def main() -> None:
        store = VirtualStore()
        limiters = await members(store, 4, 0.25)
        begin = time()
        for lease in await take(limiters[0], 3) + await take(limiters[1], 1):
            lease.answered()
        await asyncio.sleep(1)
        store.away = True
        cut_off = time()
        callers = [[asyncio.ensure_future(limiter.acquire()) for _ in range(2)] for limiter in limiters]
        await asyncio.sleep(begin + 59 - time())
        assert not any(task.done() for some in callers for task in some)
        await asyncio.sleep(3)
        assert [sum(task.done() for task in some) for some in callers] == [2, 1, 0, 0]
        await asyncio.gather(*callers[2], *callers[3])
        # Each has been at the store within four seconds before.
        assert SETTLED - 4 <= time() - cut_off <= SETTLED + 1
        await asyncio.wait(callers[1])
        for limiter in limiters:
            await limiter.aclose()

    run_virtual(main())


def test_others_keep_the_part_of_one_free_that_is_cut_off() -> None:
    """From a sixth of a period after its last visit on, and until it is back."""

    async def main() -> None:
        store = VirtualStore()
        away = VirtualStore()
        away.texts = store.texts  # the same record, by a way that can be cut alone
        (one,) = await members(away, 1, 0.5)
        (two,) = await members(store, 1, 0.5)
        away.away = True
        begin = time()
        callers = [asyncio.ensure_future(two.acquire(timeout=1.0)) for _ in range(20)]
        await asyncio.sleep(5)
        assert sum(task.done() for task in callers) == 8  # one may have come a moment ago
        for task in callers[:8]:
            task.result().answered()
        await asyncio.sleep(begin + 70 - time())
        assert sum(task.done() for task in callers) == 12
        away.away = False
        await asyncio.sleep(12)
        assert sum(task.done() for task in callers) == 16
        for task in callers:
            task.cancel()
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_a_member_that_ends_or_dies_costs_the_others_nothing_for_long() -> None:
    """Who closes is no member any more; who is killed is taken for dead after five periods."""

    async def free(limiter: SharedLimiter) -> int:
        return (await limiter.usage()).quota.free

    async def main() -> None:
        store = VirtualStore()
        one, two, three = await members(store, 3, 0.25)
        await one.aclose()
        await asyncio.sleep(20)
        assert await free(two) == 8
        die(three)
        await asyncio.sleep(20)
        assert await free(two) == 6
        await asyncio.sleep(300)
        assert await free(two) == 8
        await two.aclose()

    run_virtual(main())


@pytest.mark.parametrize("ahead", [0.0, 5_000.0, -500.0])
def test_a_slot_from_before_that_is_given_back_alone_is_not_free_at_once(ahead: float) -> None:
    """The store may know of that already, from a visit whose answer was lost, and another process have the slot."""

    async def main() -> None:
        store = VirtualStore()
        store.wrong_by = ahead
        (limiter,) = await members(store, 1, 0.25)
        leases = await take(limiter, 2)
        store.away = True
        begin = time()
        leases[0].unused()
        await limiter.acquire()
        assert time() - begin > 60
        await limiter.aclose()

    run_virtual(main())


def test_what_was_done_alone_is_told_when_the_store_is_back() -> None:
    """Slots that were used meanwhile are taken for everybody; leases from before and from meanwhile may end."""

    async def main() -> None:
        store = VirtualStore()
        one, two = (process_of(store, share=0.5) for _ in range(2))
        (before,) = await take(one, 1)
        store.away = True
        meanwhile = await take(one, 3)
        meanwhile[0].answered()
        before.answered()
        await settle()
        store.away = False
        await asyncio.sleep(2)
        (await one.acquire()).answered()
        assert (await two.usage()).quota.used == 5
        for lease in meanwhile[1:]:
            lease.answered()
        await settle()
        begin = time()
        await take(two, 3)
        assert time() == begin
        await two.acquire()
        assert 57 <= time() - begin < 61
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_who_comes_back_shortens_no_slot() -> None:
    """What it remembers of the slot of another is older than what that one has reported since."""

    async def main() -> None:
        store = VirtualStore()
        one, two = (process_of(store, 2, share=0.5) for _ in range(2))
        for limiter in (one, two):
            await limiter.usage()
        begin = time()
        leases = await take(two, 2)
        await one.usage()
        store.away = True
        await asyncio.gather(one.usage(), return_exceptions=True)  # it goes on alone
        await asyncio.sleep(2)
        store.away = False
        await asyncio.sleep(begin + 30 - time())
        for lease in leases:
            lease.lost(30.0)
        await asyncio.sleep(2)
        await one.usage()
        await one.acquire()
        assert time() - begin == pytest.approx(120.001)
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_a_refusal_met_alone_pauses_everybody_when_the_store_is_back() -> None:
    """The pause is known to all, and one call goes first at its end."""

    async def main() -> None:
        store = VirtualStore()
        one, two = (process_of(store, share=0.5) for _ in range(2))
        (await two.acquire()).answered()
        store.away = True
        (await one.acquire()).rejected(30.0)
        await settle()
        begin = time()
        store.away = False
        await asyncio.sleep(2)
        await one.usage()
        await two.acquire()
        assert 29 <= time() - begin <= 31
        assert two.quota.rejected == 1
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_what_was_sent_alone_and_is_refused_later_is_one_wave() -> None:
    """Refusals of it are no new ones each: one pause of a second, and the budget is lowered once."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, 100, share=0.5)
        await limiter.usage()
        store.away = True
        leases = await take(limiter, 10)
        store.away = False
        await asyncio.sleep(2)
        await limiter.usage()
        for lease in leases:
            lease.rejected()
        await settle()
        assert limiter.quota.next_free_in == pytest.approx(1.0)
        assert limiter.quota.budget == 70
        await limiter.aclose()

    run_virtual(main())


def test_a_store_that_forgot_while_it_was_away_is_noticed() -> None:
    """A process that went on alone remembers what was in the store before."""

    async def main() -> None:
        store = VirtualStore()
        limiter = process_of(store, share=0.5)
        (await limiter.acquire()).answered()
        await settle()
        store.away = True
        (await limiter.acquire()).answered()
        await settle()
        store.texts.clear()
        store.away = False
        await asyncio.sleep(2)
        begin = time()
        await limiter.acquire()
        assert time() - begin == pytest.approx(90.001)
        await limiter.aclose()

    run_virtual(main())


@pytest.mark.parametrize("alone_before", [True, False])
def test_what_is_done_alone_while_an_answer_is_on_its_way_is_told_too(alone_before: bool) -> None:
    """The store was reached, and is away again when the next one goes there, before the answer is here."""

    class Late(VirtualStore):
        hold: asyncio.Event | None = None

        async def apply(self, *visit: Any) -> Any:
            result = await super().apply(*visit)
            if (hold := self.hold) is not None:
                self.hold = None
                await hold.wait()
            return result

    async def main() -> None:
        store = Late()
        one, two = process_of(store, share=0.5), process_of(store)
        await one.usage()
        if alone_before:
            store.away = True
            (await one.acquire()).answered()
            await asyncio.sleep(3)
            store.away = False
        store.hold = hold = asyncio.Event()
        usage = asyncio.ensure_future(one.usage())
        await settle()
        store.away = True
        for lease in await take(one, 3):
            lease.answered()
        await asyncio.sleep(0.5)  # the answers are told to what is kept here
        hold.set()
        await usage
        store.away = False
        await asyncio.sleep(2)
        await one.usage()
        assert (await two.usage()).quota.used == 3
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_alone_the_store_is_asked_once_a_second() -> None:
    """Callers do not wait for a store that was found away a moment ago."""

    async def main() -> None:
        store = VirtualStore()
        store.away = True
        limiter = process_of(store, 100, share=1.0)
        (await limiter.acquire()).answered()
        visits = store.visits
        for _ in range(50):
            (await limiter.acquire()).answered()
            await asyncio.sleep(0.1)
        assert store.visits - visits <= 7
        await limiter.aclose()

    run_virtual(main())


def test_alone_the_store_is_asked_again_when_a_second_is_over() -> None:
    """Not at the next call after that."""

    async def main() -> None:
        store = VirtualStore()
        store.away = True
        limiter = process_of(store, share=1.0)
        await asyncio.gather(limiter.usage(), return_exceptions=True)
        visits = store.visits
        await asyncio.sleep(outage.LONGEST_WAIT / 2)
        await limiter.usage()
        assert store.visits == visits
        await asyncio.sleep(outage.LONGEST_WAIT / 2)
        await limiter.usage()
        assert store.visits == visits + 1
        await limiter.aclose()

    run_virtual(main())


def test_a_visit_that_takes_long_is_the_only_one_of_its_kind() -> None:
    """An idle process says now and then that it is alive: not again before it was heard, nor after its end."""

    class Slow(VirtualStore):
        async def apply(self, *visit: Any) -> Any:
            if is_member(asyncio.current_task()):
                await asyncio.sleep(100.0)
            return await super().apply(*visit)

    def is_member(task: asyncio.Task[Any] | None) -> bool:
        return task is not None and task.get_name() == "litmos-limiter-member"

    async def main() -> None:
        limiter = process_of(Slow(), share=0.5)
        for _ in range(30):
            await limiter.usage()  # of other visits, each sees to the next one
            await asyncio.sleep(5)
            assert sum(map(is_member, asyncio.all_tasks())) <= 1
        assert any(map(is_member, asyncio.all_tasks()))
        await limiter.aclose()
        await settle()
        assert not any(map(is_member, asyncio.all_tasks()))

    run_virtual(main())
