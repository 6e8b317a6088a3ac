"""What an account does with another record of itself: one from before, one from elsewhere, or none."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from litmos_async.limits import RateLimit
from litmos_async.limits.account import Account, ClockReading, dump, load, transact
from litmos_async.limits.window import GUARD, Window

NOW = 1_000.0
RATE = RateLimit(8)


def account(slots: dict[int, float] | None = None, **options: Any) -> Account:
    """Return an account with these slots."""
    window = Window(RATE, slots=slots or {}, taken=max(slots or {0: 0.0}))
    return attrs.evolve(Account(window, record="a"), **options)


# A process that goes on alone, and comes back


def test_alone_a_process_has_its_own_slots_and_the_rest_of_its_part_later() -> None:
    """Of its own those that end after it may begin, and numbers that no ticket has for what others may have."""
    one = account({1: 150.0, 2: 100.0, 3: 200.0, 4: 200.0}, timeout=20.0)
    one.window.base = 6.0
    alone = one.share_of(RATE.part(0.5), {1, 2, 3, 9}, opens_at=100.0, settled_at=300.0)
    assert alone.window.slots == {1: 150.0, 3: 200.0, -1: 300.0, -2: 300.0}
    assert alone.window.rate == RATE.part(0.5)
    assert alone.window.base == 3.0
    assert alone.window.taken >= one.window.taken
    assert (alone.replaces, alone.timeout) == (["a"], 20.0)
    again = one.share_of(RATE.part(0.5), {1}, opens_at=100.0, settled_at=300.0)
    assert again.window.taken != alone.window.taken
    assert again.record != alone.record


def test_what_a_process_did_alone_is_taken_over() -> None:
    """On the clock of the account, each slot for the longer of both times; what has ended is left out."""
    one = account({1: NOW + 10.0, 2: NOW + 50.0}, timeout=20.0, holders={1: "a", 2: "a"})
    slots = {-1: 600.0, 1: 530.0, 2: 530.0, 3: 520.0, 4: 500.0}
    other = account(slots, timeout=30.0, record="b", holders={3: "b"})
    other.window.taken, other.window.rejections = 77, 2
    one.merge(other, then=500.0, now=NOW)
    assert one.window.slots == {1: NOW + 30.0, 2: NOW + 50.0, 3: NOW + 20.0}
    assert one.holders == {1: "a", 2: "a", 3: "b"}
    assert (one.window.taken, one.window.rejections, one.timeout) == (77, 2, 30.0)
    assert one.replaces == ["b"]
    one.merge(account(record="c"), then=500.0, now=NOW)
    assert (one.window.taken, one.window.rejections, one.timeout) == (77, 2, 30.0)


@pytest.mark.parametrize(
    ("ours", "theirs", "ends"),
    [
        (0.0, 500.0, None),
        (0.0, 530.0, NOW + 30.0),
        (NOW + 30.0, 530.0, None),
        (NOW + 29.0, 530.0, NOW + 30.0),
        (NOW + 31.0, 530.0, None),
    ],
)
def test_a_pause_that_ends_later_is_taken_over(ours: float, theirs: float, ends: float | None) -> None:
    """With the probe that goes first after it; and the pause that is in force already begins no other."""
    one, other = account(), account(record="b")
    one.window.not_before, other.window.not_before = ours, theirs
    one.merge(other, then=500.0, now=NOW)
    assert one.window.probing is (ends is not None)
    assert one.window.not_before == (ours if ends is None else ends)


def test_the_last_ten_records_are_remembered() -> None:
    """Of those that came back, and of those that were lost."""
    one = account(replaces=[str(number) for number in range(10)])
    one.merge(account(record="b"), then=NOW, now=NOW)
    assert one.replaces == [*map(str, range(1, 10)), "b"]
    one.detect_data_loss(account({1: NOW + 60.0}, record="c"), NOW, NOW)
    assert one.replaces == [*map(str, range(2, 10)), "b", "c"]


# A record that was lost


@pytest.mark.parametrize(
    ("ours", "seen", "then", "lost"),
    [
        ({"changes": 6}, {"changes": 5}, NOW, False),
        ({"changes": 5}, {"changes": 5}, NOW, True),
        ({"changes": 4}, {"changes": 5}, NOW, True),
        ({"changes": 4}, {"changes": 5}, NOW + 59.9, True),
        ({"changes": 4}, {"changes": 5}, NOW + 60.0, False),
        ({"changes": 6, "record": "b"}, {"changes": 5}, NOW, True),
        ({"changes": 4, "record": "b", "replaces": ["a"]}, {"changes": 5}, NOW, False),
    ],
)
def test_a_loss_is_what_cannot_have_come_after_what_was_seen(
    ours: dict[str, Any], seen: dict[str, Any], then: float, lost: bool
) -> None:
    """The same record with no change since is an old copy; if all that was seen is over, it does not matter."""
    one = account(timeout=10.0, **ours)
    record = one.record
    one.detect_data_loss(account({1: NOW + 60.0}, timeout=20.0, **seen), then, NOW)
    assert one.window.used(NOW) == (8 if lost else 0)
    assert one.timeout == (20.0 if lost else 10.0)
    if lost:
        assert one.window.used(NOW + 80.0) == 8
        assert one.window.used(NOW + 80.0 + 2 * GUARD) == 0
        assert one.members.strangers_since == NOW
        assert min(one.window.slots) > NOW * 1e6
    assert (one.record != record) is (lost and record == "a")


# From one text to the next


def test_a_new_account_begins_above_all_tickets_from_before() -> None:
    """A number for each microsecond; it has changed once."""
    taken, text = transact(None, RATE, NOW, lambda one, _: one.window.take(NOW))
    assert taken == 10**9 + 1
    assert load(text, RATE, NOW).changes == 1
    assert load(text, RATE, NOW).saved == NOW


def test_a_clock_that_was_set_back_is_gone_on_from() -> None:
    """The account's time stands where it was, and goes on from there."""
    times = []
    text = None
    for shown in (NOW, 400.0, 405.0, 300.0):
        _, text = transact(text, RATE, shown, lambda _, now: times.append(now))
    assert times == [NOW, NOW, NOW + 5.0, NOW + 5.0]
    assert text is not None
    assert load(text, RATE, NOW).changes == 4


def test_what_is_saved_is_what_is_loaded() -> None:
    """All of it."""
    one = account({1: NOW + 60.0}, timeout=20.0, holders={1: "a"}, replaces=["b"], changes=3)
    one.demand(NOW, "a", 1, 2, NOW)
    one.check_in("a", 2, NOW)
    one.members.by_name["a"].tickets = [1]
    assert load(dump(one), RATE, NOW) == one


def test_what_cannot_be_read_may_count_for_the_usual_timeout_and_a_period() -> None:
    """Whatever it was."""
    one = load("{}", RATE, NOW)
    assert one.window.used(NOW + 90.0) == 8
    assert one.window.used(NOW + 90.0 + 2 * GUARD) == 0


@pytest.mark.parametrize(("jump", "believed"), [(119.0, True), (120.0, True), (121.0, False)])
def test_after_a_jump_of_more_than_two_periods_what_is_saved_is_not_believed(
    jump: float, believed: bool
) -> None:
    """A smaller one is only kept out of the account's clock."""
    one = account({1: 140.0})
    one.window.pause(130.0)
    one.track_clock(ClockReading(110.0, 10.0, 10.0, record="a"), ClockReading(115.0 + jump, 15.0, 15.0))
    assert one.clock_offset == jump
    assert one.window.used(115.0) == (1 if believed else 8)
    assert one.window.not_before == (130.0 if believed else 0.0)
