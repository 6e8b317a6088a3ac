"""The lease rule by itself: each test is a few calls with invented times."""

from __future__ import annotations

import itertools
import math

import attrs
import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.limits import RateLimit
from litmos_async.limits.window import GUARD, Window


def window(requests: int = 3, *, period: float = 60.0, reserve: int = 0) -> Window:
    """Make a window in which nothing has happened."""
    return Window(RateLimit(requests=requests, period=period, reserve=reserve))


def take_all(one: Window, now: float) -> list[int]:
    """Take whatever can be had at that moment."""
    tickets = []
    while one.opens_at(now) <= now:
        tickets.append(one.take(now))
    return tickets


def ends(one: Window) -> list[float]:
    """Return when the slots are freed, ascending."""
    return sorted(one.slots.values())


def test_an_untouched_window_is_open() -> None:
    """The first request may start at once."""
    one = window()
    assert one.opens_at(0.0) == 0.0
    assert one.opens_at(5.0) == 5.0
    assert one.used(5.0) == 0
    assert one.budget(5.0) == 3


def test_a_held_slot_stays_taken_however_long_the_answer_takes() -> None:
    """While every slot belongs to a request under way, nobody can say when the next one is free."""
    one = window()
    assert take_all(one, 0.0) == [1, 2, 3]
    assert one.opens_at(1_000_000.0) == math.inf
    assert one.used(1_000_000.0) == one.held == 3


def test_a_slot_is_freed_one_period_after_the_answer() -> None:
    """The period counts from the answer, not from the sending, plus the guard."""
    one = window(1)
    one.answered(one.take(0.0), 7.0)
    assert one.opens_at(7.0) == 67.0 + GUARD
    assert one.used(67.0) == 1
    assert one.used(67.0 + GUARD) == 0
    assert take_all(one, 67.0 + GUARD) == [2]
    assert one.slots == {2: math.inf}


def test_the_slot_of_a_holder_that_died_is_freed_by_expiry() -> None:
    """Without any report it is free when its request can no longer be counted, and not sooner."""
    one = window(1)
    one.take(5.0, timeout=30.0)
    assert one.opens_at(6.0) == 95.0 + GUARD
    assert one.used(95.0) == 1
    assert one.used(95.0 + GUARD) == 0


def test_a_report_after_the_expiry_still_counts() -> None:
    """Who was only slow, not dead, says when the server counted: the slot is taken again, full or not."""
    one = window(1)
    slow = one.take(0.0, timeout=1.0)
    other = one.take(100.0, timeout=1.0)
    one.answered(slow, 100.5)
    one.answered(other, 101.0)
    assert one.used(101.0) == 2
    assert one.opens_at(101.0) == 161.0 + GUARD


def test_slots_are_left_for_others() -> None:
    """Whoever has to leave some for others waits until so many more are free."""
    one = window(3, reserve=1)
    for now in (1.0, 2.0):
        one.answered(one.take(now), now)
    assert one.opens_at(5.0, ahead=1) == 61.0 + GUARD
    assert one.opens_at(5.0, ahead=2) == 62.0 + GUARD
    assert one.opens_at(5.0, "bulk", ahead=1) == 62.0 + GUARD
    assert one.opens_at(5.0, ahead=3) == math.inf


def test_a_lost_record_takes_every_slot_until_nothing_of_it_counts() -> None:
    """If nobody knows what the server may count, it is taken to be as much as it allows, and to be under way."""
    one = window(3)
    one.answered(one.take(0.0), 1.0)
    one.assume_full(10.0, 30.0)
    assert ends(one) == [100.0 + GUARD] * 3  # a slot that is known may be another one by now
    one.assume_full(11.0, 30.0)
    assert ends(one) == [101.0 + GUARD] * 3
    one.assume_full(12.0, 5.0)
    assert ends(one) == [101.0 + GUARD] * 3


def test_a_slot_is_free_at_the_very_instant_at_which_it_ends() -> None:
    """Whatever looks at the slots, at that time it is free; and just before, it is not."""
    one = window(1)
    one.answered(one.take(0.0), 1.0)
    end = one.opens_at(1.0)
    before = math.nextafter(end, 0.0)
    assert (one.used(before), one.used(end)) == (1, 0)
    assert (one.quota(before, 0).free, one.quota(end, 0).free) == (0, 1)
    assert (len(one.rebased(before, 0.0, 5.0).slots), len(one.rebased(end, 0.0, 5.0).slots)) == (1, 0)
    full = attrs.evolve(one, slots=dict(one.slots))
    full.assume_full(end, 5.0)
    assert full.slots == {2: end + 65.0 + GUARD}
    assert one.take(end) == 2
    assert list(one.slots) == [2]


def test_the_slot_of_a_lost_request_waits_for_its_timeout_too() -> None:
    """A request that may still be on its way is counted from the last moment at which it can arrive."""
    one = window(1)
    one.lost(one.take(0.0), 30.0, 30.0)
    assert one.opens_at(30.0) == 120.0 + GUARD


@pytest.mark.parametrize("timeout", [-5.0, math.nan])
def test_a_senseless_timeout_counts_as_none(timeout: float) -> None:
    """Reporting a loss never raises and never frees a slot before its period."""
    one = window(1)
    one.lost(one.take(0.0), 30.0, timeout)
    assert one.opens_at(30.0) == 90.0 + GUARD


def test_an_unused_slot_is_free_at_once() -> None:
    """What never left does not count."""
    one = window(1)
    one.unused(one.take(0.0), 1.0)
    assert one.opens_at(1.0) == 1.0
    assert one.used(1.0) == 0


def test_answers_out_of_order_free_the_slots_in_the_order_of_the_answers() -> None:
    """The next slot is that of the earliest answer, whichever request it belonged to."""
    one = window()
    first, second, third = take_all(one, 0.0)
    one.answered(third, 1.0)
    one.answered(first, 3.0)
    one.answered(second, 2.0)
    assert ends(one) == [61.0 + GUARD, 62.0 + GUARD, 63.0 + GUARD]
    assert one.opens_at(3.0) == 61.0 + GUARD


def test_the_reserve_is_for_interactive_calls_only() -> None:
    """Bulk work gets a slot only while more than the reserve are free."""
    one = window(3, reserve=1)
    assert one.opens_at(0.0, "bulk") == 0.0
    one.answered(one.take(0.0), 1.0)
    one.answered(one.take(0.0), 2.0)
    assert one.opens_at(2.0, "bulk") == 61.0 + GUARD
    assert one.opens_at(2.0, "interactive") == 2.0


def test_bulk_work_sees_no_end_if_the_reserve_depends_on_an_answer() -> None:
    """With too few slots cooling down, only an answer can make room for bulk work."""
    one = window(2, reserve=1)
    one.take(0.0)
    assert one.opens_at(0.0, "bulk") == math.inf


def test_a_refusal_pauses_everybody() -> None:
    """The first pause is one second, longer by up to a quarter for the jitter."""
    one = window(100)
    one.rejected(one.take(0.0), 1.0, None, jitter=0.0)
    assert one.opens_at(1.0) == 2.0
    other = window(100)
    other.rejected(other.take(0.0), 1.0, None, jitter=1.0)
    assert other.opens_at(1.0) == 2.25


def test_a_refused_request_keeps_its_slot_for_a_period() -> None:
    """A server may count what it refuses."""
    one = window(1)
    one.rejected(one.take(0.0), 1.0, None, jitter=0.0)
    assert one.opens_at(1.0) == 61.0 + GUARD
    assert one.rejections == 1


@pytest.mark.parametrize(
    ("said", "pause"), [(10.0, 10.0), (0.0, 0.0), (-3.0, 0.0), (math.nan, 0.0), (86_400.0, 300.0)]
)
def test_the_server_s_own_word_is_obeyed(said: float, pause: float) -> None:
    """`Retry-After` sets the pause, without jitter, up to five minutes."""
    one = window(100)
    one.rejected(one.take(0.0), 1.0, said, jitter=1.0)
    assert one.opens_at(1.0) == 1.0 + pause


def test_a_wave_of_refusals_is_one_pause() -> None:
    """What was sent before the pause began neither doubles nor lengthens it, and lowers the budget once."""
    one = window(100)
    tickets = [one.take(0.0) for _ in range(50)]
    for i, ticket in enumerate(tickets):
        one.rejected(ticket, 1.0 + i / 10, None, jitter=0.0)
    assert one.not_before == 2.0
    assert one.consecutive_rejections == 1
    assert one.base == 70.0
    assert one.rejections == 50


def test_a_straggler_of_a_wave_that_is_over_starts_no_new_pause() -> None:
    """A slow 503 from before the pause says nothing about the time after it."""
    one = window(100)
    early, slow = one.take(0.0), one.take(0.0)
    one.rejected(early, 1.0, None, jitter=0.0)
    one.answered(one.take(2.0), 2.5)
    before = attrs.evolve(one)
    one.rejected(slow, 20.0, None, jitter=0.0)
    assert (one.not_before, one.base, one.probing) == (before.not_before, before.base, False)


def test_a_later_word_of_the_server_lengthens_the_pause() -> None:
    """Within a wave only a `Retry-After` that ends later counts, and it is no further strike."""
    one = window(100)
    tickets = [one.take(0.0) for _ in range(3)]
    one.rejected(tickets[0], 1.0, 30.0, jitter=0.0)
    one.rejected(tickets[1], 2.0, 10.0, jitter=0.0)
    assert one.not_before == 31.0
    one.rejected(tickets[2], 3.0, 40.0, jitter=0.0)
    assert one.not_before == 43.0
    assert one.consecutive_rejections == 1
    assert one.base == 70.0


def test_growth_is_not_counted_twice_when_a_straggler_lengthens_the_pause() -> None:
    """What the budget had regained is kept, and grows from the end of the new pause only."""
    one = window(100)
    early, slow = one.take(0.0), one.take(0.0)
    one.rejected(early, 0.0, 0.0, jitter=0.0)
    one.rejected(slow, 60.0, 60.0, jitter=0.0)
    assert one.base == pytest.approx(75.0)
    assert one.budget(120.0) == pytest.approx(75.0)
    assert one.budget(180.0) == pytest.approx(80.0)


def test_refused_probes_double_the_pause_up_to_a_minute() -> None:
    """1, 2, 4 ... 60 seconds, and it stays there."""
    one = window(1_000)
    now, pauses = 0.0, []
    for _ in range(9):
        one.rejected(one.take(now), now, None, jitter=0.0)
        pauses.append(one.not_before - now)
        now = one.opens_at(now)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_very_long_row_of_refusals_does_not_overflow() -> None:
    """The power is bounded before it is computed."""
    one = window()
    one.consecutive_rejections = 10_000
    one.probing = True
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    assert one.not_before == 60.0


def test_a_refusal_while_the_others_follow_continues_the_row() -> None:
    """Only a whole period without a refusal forgives the earlier ones."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    one.answered(one.take(1.0), 1.5)
    one.rejected(one.take(31.0), 31.0, None, jitter=0.0)
    assert one.consecutive_rejections == 2
    one.answered(one.take(33.0), 33.5)
    one.rejected(one.take(93.5), 93.5, None, jitter=0.0)
    assert one.consecutive_rejections == 1


def test_after_the_pause_one_goes_first() -> None:
    """While the probe is out, nobody else starts."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    probe = one.take(1.0)
    assert one.opens_at(1.0) == 61.0
    one.answered(probe, 1.2)
    assert one.opens_at(1.2) == pytest.approx(1.0 + 60 / 70)


def test_the_others_follow_at_a_distance_for_one_period() -> None:
    """After the probe each start keeps a distance of `period / budget` from the one before."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    one.answered(one.take(1.0), 1.2)
    starts = []
    now = 1.2
    while now < 61.2:
        now = one.opens_at(now)
        starts.append(now)
        one.answered(one.take(now), now)
    gaps = [after - before for before, after in itertools.pairwise(starts)]
    assert min(gaps) >= 60 / 76
    assert len(take_all(one, 70.0)) > 1


def test_an_answer_from_before_the_pause_opens_nothing() -> None:
    """Only what was sent after the pause shows that the server accepts requests again."""
    one = window(100)
    early, other = one.take(0.0), one.take(0.0)
    one.rejected(early, 0.5, None, jitter=0.0)
    one.answered(other, 0.6)
    assert one.opens_at(0.6) == 1.5
    probe = one.take(1.5)
    assert one.opens_at(1.6) == 61.5
    one.answered(probe, 1.7)
    assert one.opens_at(1.7) < 61.5


@pytest.mark.parametrize("fate", ["unused", "lost"])
def test_a_probe_that_tells_nothing_is_replaced(fate: str) -> None:
    """If the probe was not sent or got no answer, the next request is the probe."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    probe = one.take(1.0)
    if fate == "unused":
        one.unused(probe, 2.0)
    else:
        one.lost(probe, 2.0, 30.0)
    assert one.opens_at(2.0) == 2.0
    one.take(2.0)
    assert one.opens_at(2.0) == 62.0


def test_a_probe_that_never_reports_back_does_not_shut_the_gate() -> None:
    """After a period without word from the probe, the next request is the probe."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    forgotten = one.take(1.0)
    assert one.opens_at(2.0) == 61.0
    one.take(61.0)
    assert one.opens_at(61.0) == 121.0
    one.unused(forgotten, 62.0)
    assert one.opens_at(62.0) == 121.0


def test_a_start_that_did_not_take_place_needs_no_distance() -> None:
    """The distance is kept from real starts: one given back does not delay the next."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    one.answered(one.take(1.0), 1.0)
    earlier, last = one.take(10.0), one.take(20.0)
    one.unused(earlier, 20.1)
    assert one.opens_at(20.1) > 20.5
    one.unused(last, 20.2)
    assert one.opens_at(20.2) == 20.2


def test_a_refusal_with_a_full_window_of_our_own_does_not_lower_the_budget() -> None:
    """It may have been ourselves (an earlier run), so nobody else is blamed."""
    one = window(3)
    tickets = take_all(one, 0.0)
    one.rejected(tickets[0], 1.0, None, jitter=0.0)
    assert one.base == 3


def test_the_budget_shrinks_by_a_factor_and_grows_by_a_step() -> None:
    """Each wave takes 30 %, each period without one gives back 5 % of the limit, up to all of it."""
    one = window(100)
    one.rejected(one.take(0.0), 0.0, 10.0, jitter=0.0)
    assert one.budget(5.0) == 70.0
    assert one.budget(10.0) == 70.0
    assert one.budget(70.0) == pytest.approx(75.0)
    assert one.budget(10.0 + 6 * 60.0) == pytest.approx(100.0)
    assert one.budget(1e6) == 100.0
    now = 70.0
    one.rejected(one.take(now), now, 0.0, jitter=0.0)
    assert one.base == pytest.approx(75.0 * 0.7)


def test_the_budget_never_falls_below_one() -> None:
    """However busy the others are, we go on trying."""
    one = window(100)
    one.base = 1.2
    one.rejected(one.take(0.0), 0.0, 0.0, jitter=0.0)
    assert one.base == 1.0
    assert one.opens_at(0.0) < 100.0


def test_a_lowered_budget_is_kept() -> None:
    """No more slots are given than the budget holds, until one cools down or the budget has grown."""
    one = window(10)
    one.rejected(one.take(0.0), 0.0, 0.0, jitter=0.0)
    one.answered(one.take(0.0), 0.0)
    one.spread_until = one.next_start = 0.0  # leave the distances out of this test
    assert len(take_all(one, 0.0)) == 5  # of 7, two are cooling down
    assert one.opens_at(0.0) == pytest.approx(60.0 + GUARD)
    one.slots = {101: 500.0, 102: 500.0, **dict.fromkeys(range(5), math.inf)}
    # Half a slot in 60 seconds: the eighth is there after 120.
    assert one.opens_at(0.0) == pytest.approx(120.0)
    assert len(take_all(one, one.opens_at(0.0))) == 1


def test_another_clock_keeps_what_the_server_may_still_count() -> None:
    """On another clock every slot is kept for a period at least, and a pause for what is left of it.

    What nobody can report any more may be under way for another 20 seconds.
    """
    one = window(5)
    held, answered, lost, refused = (one.take(100.0) for _ in range(4))
    one.answered(answered, 130.0)
    one.lost(lost, 130.0, 30.0)
    one.rejected(refused, 130.0, 50.0, jitter=0.0)
    moved = one.rebased(then=140.0, now=3.0, timeout=20.0)
    assert ends(moved) == pytest.approx([63.0 + GUARD, 63.0 + GUARD, 83.0 + GUARD, 83.0 + GUARD])
    assert moved.not_before == 43.0
    assert moved.probing
    assert moved.rejections == 1
    assert moved.opens_at(3.0) == pytest.approx(63.0 + GUARD)
    assert held == 1


def test_another_clock_keeps_the_distance_after_a_pause() -> None:
    """What is left of the spreading, and of the time to the next start, is left on the new clock, too."""
    one = window(100)
    one.pause(100.0)
    one.answered(one.take(100.0), 101.0)
    one.take(102.0)
    moved = one.rebased(then=102.1, now=3.0, timeout=0.0)
    assert moved.next_start == pytest.approx(3.5)
    assert moved.spread_until == pytest.approx(3.0 + 161.0 - 102.1)


def test_another_clock_keeps_the_credit_of_bulk_work() -> None:
    """What bulk work may take before interactive calls is as much as before, and is more as much later."""
    one = Window(RateLimit(requests=10, period=60.0, bulk_share=0.2))
    one.take(100.0)
    moved = one.rebased(then=140.0, now=3.0, timeout=0.0)
    assert moved.bulk_credit(3.0) == one.bulk_credit(140.0) == 1
    assert moved.credit_at() - 3.0 == pytest.approx(one.credit_at() - 140.0)


def test_a_share_below_one_request_saves_up_for_one_at_most() -> None:
    """Half a request a period: after any time without bulk work, one, and the next one two periods later."""
    one = Window(RateLimit(requests=10, period=60.0, bulk_share=0.05))
    one.take(100.0)
    assert one.bulk_credit(9_000.0) == 1
    one.take(9_000.0, priority="bulk")
    assert one.bulk_credit(9_000.0) == 0
    assert one.credit_at() == pytest.approx(9_000.0 + 120.0)


def test_another_clock_forgets_what_is_over() -> None:
    """Slots that are free and pauses that are over do not come back to life."""
    one = window(5)
    one.rejected(one.take(0.0), 0.0, None, jitter=0.0)
    one.answered(one.take(1.0), 1.0)
    moved = one.rebased(then=500.0, now=3.0, timeout=30.0)
    assert moved.slots == {}
    assert moved.opens_at(3.0) == 3.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests": 0},
        {"requests": -1},
        {"requests": 1.5},
        {"burst": 0},
        {"burst": "10"},
        {"period": 0.0},
        {"period": -1.0},
        {"period": math.inf},
        {"period": math.nan},
        {"reserve": -1},
        {"reserve": 100},
        {"reserve": 0.5},
    ],
)
def test_a_rate_that_cannot_work_is_refused(wrong: dict[str, float]) -> None:
    """A senseless limit is an error where it is written down, not where it is used."""
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        RateLimit(**wrong)


def test_a_part_of_a_rate_is_a_rate() -> None:
    """Requests, burst and reserve become smaller, never larger than their part; what is no request is refused."""
    whole = RateLimit(requests=100, burst=10, reserve=20)
    assert whole.part(0.25) == RateLimit(requests=25, burst=2, reserve=5)
    assert whole.part(0.019) == RateLimit(requests=1, burst=1)
    assert [whole.part(n / 100).requests for n in range(1, 101)] == list(range(1, 101))
    with pytest.raises(ConfigurationError, match="less than one request"):
        whole.part(0.009)
    assert whole.part(1.0) == whole


def test_the_default_rate_is_that_of_the_service() -> None:
    """100 requests in 60 seconds, all of them at once if need be, none held back."""
    assert RateLimit() == RateLimit(requests=100, period=60.0, burst=100, reserve=0)
