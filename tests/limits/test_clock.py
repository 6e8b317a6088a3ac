"""A store's clock that jumps, or is pulled, while others measure the time for it."""

from __future__ import annotations

import asyncio

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from litmos_async.limits import RateLimit, clocks
from litmos_async.limits.account import JUMP, Account, ClockReading
from litmos_async.limits.shared import SharedLimiter
from litmos_async.limits.window import GUARD, Window
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore, guarded, process_of, settle, take, time


def account() -> Account:
    """Return an account of three slots, two of which were answered when its clock showed 100 and 110."""
    window = Window(RateLimit(3))
    for now in (100.0, 110.0):
        window.answered(window.take(now, 30.0), now)
    return Account(window, record="a")


def reading(shown: float, at: float, lag: float = 0.0, **more: float | str) -> ClockReading:
    """Return what a clock showed, asked for at one time and heard a little later."""
    return attrs.evolve(ClockReading(shown, at, at + lag), **{"record": "a", **more})


FIRST = reading(110.0, 10.0)


def test_the_clock_of_the_account_does_not_jump() -> None:
    """It goes as the clock of the process goes, so every time in the account stays right."""
    one = account()
    one.track_clock(FIRST, reading(175.0, 15.0))
    assert 175.0 - one.clock_offset == pytest.approx(115.0)
    assert one.window == account().window


def test_after_a_great_jump_nothing_is_believed_and_nothing_lasts_for_hours() -> None:
    """A newcomer who came after it and could not know may have shut the account until the day after."""
    one = account()
    one.window.answered(one.window.take(10_000.0), 10_000.0)
    one.window.pause(10_300.0)
    one.demand(10_000.0, "newcomer", 1, 0, 10_001.0)
    one.track_clock(FIRST, reading(10_001.0, 11.0))
    now = 10_001.0 - one.clock_offset
    assert now == pytest.approx(111.0)
    assert one.opens_at(now, "me", "interactive") == pytest.approx(now + 60.0 + GUARD)
    assert one.window.used(now) == 3
    assert one.window.used(now + 60.0 + 2 * GUARD) == 0
    assert one.demands == {}


def test_the_second_process_to_notice_does_not_correct_again() -> None:
    """What the first one has seen to is in the account."""
    one = account()
    one.track_clock(FIRST, reading(175.0, 15.0))
    again = one.track_clock(FIRST, reading(176.0, 16.0))
    assert one.clock_offset == pytest.approx(60.0)
    one.track_clock(again, reading(237.0, 17.0))
    assert one.clock_offset == pytest.approx(120.0)


def test_what_another_record_says_is_counted_from_its_beginning() -> None:
    """A record that replaced the lost one knows only what happened since."""
    one = account()
    one.clock_offset = 60.0
    one.track_clock(reading(110.0, 10.0, record="lost", clock_offset=500.0), reading(175.0, 15.0))
    assert one.clock_offset == 60.0


@pytest.mark.parametrize("lag", [0.0, 0.05, 3.0])
def test_lag_is_not_mistaken_for_a_jump(lag: float) -> None:
    """However long an answer was on its way, or the event loop busy, before or after the clock was read."""
    one = account()
    one.track_clock(reading(110.0, 10.0, lag), reading(115.0 + lag, 15.0, lag))
    one.track_clock(reading(110.0 + lag, 10.0, lag), reading(115.0, 15.0))
    assert one.clock_offset == 0.0


@pytest.mark.parametrize(("jump", "noticed"), [(0.09, 0.0), (0.11, 0.11), (-0.09, 0.0), (-0.11, -0.11)])
def test_a_tenth_of_a_second_is_noticed(jump: float, noticed: float) -> None:
    """Less is left to the unevenness of clocks."""
    one = account()
    one.track_clock(FIRST, reading(115.0 + jump, 15.0))
    assert one.clock_offset == pytest.approx(noticed)


def test_a_tenth_of_a_second_is_no_jump() -> None:
    """Only more than that is."""
    one = account()
    one.track_clock(reading(0.0, 0.0), reading(JUMP, 0.0))
    one.track_clock(reading(0.0, 0.0), reading(-JUMP, 0.0))
    assert one.clock_offset == 0.0


def test_in_doubt_the_clock_is_kept_behind() -> None:
    """What may have been lag is counted to a jump ahead, and not to one back."""
    one, two = account(), account()
    first = reading(110.0, 9.5, 1.0)
    one.track_clock(first, reading(175.0, 14.5, 1.0))
    assert one.clock_offset == pytest.approx(61.0)
    two.track_clock(first, reading(55.0, 14.5, 1.0))
    assert two.clock_offset == pytest.approx(-59.0)


def test_the_reading_that_tells_most_is_compared_with() -> None:
    """A quick answer takes the place of a slow one, so that a jump of half a second is no longer hidden."""
    one = account()
    last = one.track_clock(None, reading(110.0, 9.0, 1.0))
    last = one.track_clock(last, reading(115.0, 15.0))
    last = one.track_clock(last, reading(120.0, 19.0, 1.0))
    assert one.clock_offset == 0.0
    one.track_clock(last, reading(125.5, 25.0))
    assert one.clock_offset == pytest.approx(0.5)


def test_a_clock_that_is_pulled_is_noticed_in_the_end() -> None:
    """A clock 8 % too fast is never far ahead of the last time that it was read, but of the first time."""
    one = account()
    last = FIRST
    for second in range(1, 50):
        last = one.track_clock(last, reading(110.0 + 1.08 * second, 10.0 + second))
    assert 0.08 * 49 - JUMP <= one.clock_offset <= 0.08 * 49 + 1e-6


def test_a_process_that_slept_through_two_jumps_puts_things_right() -> None:
    """The clock went back and forth meanwhile, and only another process has seen it go back."""
    one = account()
    awake = one.track_clock(FIRST, reading(55.0, 15.0))
    assert one.clock_offset == pytest.approx(-60.0)
    one.track_clock(FIRST, reading(120.0, 20.0))
    assert one.clock_offset == pytest.approx(0.0)
    one.track_clock(awake, reading(121.0, 21.0))
    assert one.clock_offset == pytest.approx(0.0)


def test_processes_that_do_not_agree_end_in_peace() -> None:
    """If what two remember cannot both be true, the clock ends behind, and is not pulled back and forth."""
    one = account()
    mine, yours = reading(110.0, 10.0), reading(112.0, 10.0)
    ahead = []
    for second in range(1, 10):
        mine = one.track_clock(mine, reading(110.0 + second, 10.0 + second))
        yours = one.track_clock(yours, reading(110.0 + second, 10.0 + second))
        ahead.append(one.clock_offset)
    assert ahead[1:] == [ahead[1]] * 8


steps = st.tuples(
    st.floats(0, 100),  # time that passes
    st.sampled_from([0.0, 0.0, 0.0, -100.0, 0.2, 7.0, 100.0]),  # jump of the store's clock
    st.one_of(st.just(0.0), st.floats(0, 2)),  # the way there and back
    st.floats(0, 1),  # where on this way the clock is read
)


@given(st.lists(steps, min_size=2, max_size=30))
@example([(0.0, 0.0, 0.0, 0.0), (0.0, -100.0, 2.0, 0.0), (0.0, 100.0, 0.0, 0.0)])
def test_the_clock_of_the_account_is_never_fast(history: list[tuple[float, ...]]) -> None:
    """Whatever the store's clock does: not by more than the tolerance, but for what a slow way hides."""
    here, ahead, slowest = 1_000.0, 5_000.0, 0.0
    one, last = account(), None
    times: list[tuple[float, float]] = []
    for passes, jump, way, part in history:
        slowest = max(slowest, way)
        asked = here + passes
        ahead += jump
        read_at, here = asked + way * part, asked + way
        last = one.track_clock(last, ClockReading(read_at + ahead, asked, here))
        now = read_at + ahead - one.clock_offset
        for real, then in times:
            assert now - then <= read_at - real + JUMP + 2 * slowest + 1e-6
        times.append((read_at, now))


def test_a_slow_network_alone_shifts_nothing() -> None:
    """A thousand readings with ways of up to two seconds, and a steady clock."""
    one = account()
    last: ClockReading | None = None
    for number in range(1_000):
        lag = number * 37 % 20 / 10
        last = one.track_clock(last, reading(5_000.0 + number + lag * (number % 3) / 2, float(number), lag))
    assert one.clock_offset == 0.0


# Through the limiter


def process(store: VirtualStore, requests: int = 3) -> SharedLimiter:
    """Return the limiter of a process on another machine than the store."""
    return process_of(guarded(store), requests)


@pytest.mark.parametrize("slow_by", [0.0, 0.3])
def test_a_jump_of_the_store_frees_nothing_early(slow_by: float) -> None:
    """Whichever process comes first after it, and also for the second one."""

    async def main(first: int) -> None:
        store = VirtualStore(slow_by=slow_by)
        limiters = [process(store) for _ in range(3)]
        begin = time()
        for limiter in limiters:
            lease = await limiter.acquire()
            await asyncio.sleep(2.0)
            lease.answered()
            await asyncio.sleep(2.0)
        for limiter in limiters:
            await limiter.usage()
        store.jump(45.0)
        await limiters[first].acquire()
        assert 62.0 <= time() - begin < 62.1 + 9 * slow_by
        await limiters[first - 1].acquire()
        assert 66.0 <= time() - begin < 66.1 + 18 * slow_by
        for limiter in limiters:
            await limiter.aclose()

    for first in range(3):
        run_virtual(main(first))


def test_a_store_that_stood_still_and_is_put_right_frees_nothing_early() -> None:
    """As after a virtual machine was resumed: first its clock is behind, and then it steps to the right time."""

    async def main() -> None:
        store = VirtualStore()
        awake, asleep = process(store), process(store)
        await asleep.usage()
        (await awake.acquire()).answered()
        await settle()
        await asyncio.sleep(10)
        store.jump(-9.5)  # no earlier than what was saved, so the store itself cannot tell
        begin = time()
        for lease in await take(awake, 2):
            lease.answered()
        await asyncio.sleep(1)
        store.jump(9.5)
        await take(asleep, 1)
        assert time() - begin >= 50.0
        await take(asleep, 2)
        assert time() - begin >= 60.0
        for limiter in (awake, asleep):
            await limiter.aclose()

    run_virtual(main())


@pytest.mark.parametrize(("number", "asleep"), [(7, 2.0), (None, 6.0)])
def test_which_clock_shows_the_time_asleep(
    number: int | None, asleep: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one that goes on meanwhile; where the system has none of the kind, that of the loop does."""
    monkeypatch.setattr(clocks, "_ALL_TIME", number)
    monkeypatch.setattr(clocks.time, "clock_gettime", {7: 5.0}.__getitem__, raising=False)
    monkeypatch.setattr(clocks.time, "monotonic", lambda: 9.0)
    assert clocks.time_asleep(awake=lambda: 3.0) == asleep
