"""How the processes of an account share its window: a rule without a clock."""

from __future__ import annotations

from typing import Any

import attrs
import pytest

from litmos_async.limits import Priority, RateLimit, Share
from litmos_async.limits.account import Account
from litmos_async.limits.members import Member
from litmos_async.limits.window import GUARD, Window

NOW = 1_000.0
NO_ONE: dict[Priority, int] = {"interactive": 0, "bulk": 0}


def account(requests: int = 6, **options: Any) -> Account:
    """Return an untouched account."""
    return Account(Window(RateLimit(requests, **options)))


def exactly(seconds: float) -> Any:
    """Return what compares with that time, but for the rounding of floats."""
    return pytest.approx(seconds, abs=1e-6)


# The bucket


def test_after_a_burst_requests_start_one_after_the_other() -> None:
    """Three at once, and then one a second."""
    one = account(60, burst=3)
    for _ in range(2):
        one.take(NOW, "me", 30.0)
    assert one.opens_at(NOW, "me", "interactive") == NOW
    one.take(NOW, "me", 30.0)
    assert one.opens_at(NOW, "me", "interactive") == exactly(NOW + 1.0 - GUARD)
    one.take(NOW + 1.0, "me", 30.0)
    assert one.opens_at(NOW + 1.0, "me", "interactive") == exactly(NOW + 2.0 - GUARD)


def test_the_bucket_fills_up_to_its_burst_only() -> None:
    """However long nothing was sent."""
    one = account(60, burst=1)
    one.take(NOW, "me", 30.0)
    one.take(NOW + 50.0, "me", 30.0)
    assert one.opens_at(NOW + 50.0, "me", "interactive") == exactly(NOW + 51.0 - GUARD)


@pytest.mark.parametrize(("passed", "returned"), [(89.9, True), (90.001, False), (95.0, False)])
def test_the_token_of_a_slot_that_has_expired_is_not_put_back(passed: float, returned: bool) -> None:
    """It has been used again since: a slot is kept for its timeout, a period and a millisecond."""
    one = account(60)
    ticket = one.take(NOW, "me", 30.0)
    full_at = one.paced_until
    one.unused(ticket, NOW + passed)
    assert one.paced_until == exactly(full_at - (1.0 if returned else 0.0))


# Who holds what, and who waits


def test_what_has_ended_has_no_holder() -> None:
    """The names of processes are kept as long as their slots, and the longest timeout for good."""
    one = account()
    first = one.take(NOW, "a", 30.0)
    second = one.take(NOW, "b", 20.0)
    assert one.timeout == 30.0
    assert one.holders == {first: "a", second: "b"}
    third = one.take(NOW + 85.0, "b", 10.0)
    assert one.holders == {first: "a", third: "b"}
    assert one.timeout == 30.0


def test_a_demand_lasts_until_a_second_after_its_process_should_be_back() -> None:
    """Then the others do without it; and who waits for nothing any more has none."""
    one = account()
    one.demand(NOW, "a", 2, 1, back_at=NOW + 5.0)
    assert one.shares(NOW + 5.9) == (Share("a", used=0, waiting=3),)
    assert one.shares(NOW + 6.0) == ()
    one.demand(NOW, "b", 0, 1, back_at=NOW + 5.0)
    assert one.demands.keys() == {"a", "b"}
    one.demand(NOW + 1.0, "a", 0, 0, back_at=NOW + 5.0)
    assert one.demands.keys() == {"b"}
    one.demand(NOW + 6.0, "c", 1, 0, back_at=NOW + 8.0)
    assert one.demands.keys() == {"c"}


def test_shares_are_told_by_size_and_then_by_name() -> None:
    """A slot counts until it has ended, and not at that instant."""
    one = account()
    for name in ("c", "b", "b", "a"):
        one.window.answered(one.take(NOW, name, 30.0), NOW)
    assert one.shares(NOW + 60.0) == (Share("b", 2, 0), Share("a", 1, 0), Share("c", 1, 0))
    assert one.shares(NOW + 60.0 + GUARD) == ()


# Lanes


def test_bulk_leaves_a_slot_for_each_interactive_caller_of_the_others() -> None:
    """And of its own process it waits for all of them, since these are asked for first."""
    one = account(3, bulk_share=0.0)
    one.demand(NOW, "web", 2, 0, back_at=NOW)
    assert one.next_lane(NOW, "job", {"interactive": 0, "bulk": 5}) == "bulk"
    one.take(NOW, "job", 30.0, "bulk")
    assert one.next_lane(NOW, "job", {"interactive": 0, "bulk": 5}) is None
    assert one.next_lane(NOW, "job", {"interactive": 1, "bulk": 5}) == "interactive"
    assert one.next_lane(NOW, "job", NO_ONE) is None


def test_interactive_callers_leave_the_slots_that_bulk_has_credit_for() -> None:
    """As many as wait, and no more than there is credit for."""
    one = account(4, bulk_share=0.5)
    one.window.credit_from = NOW - 45.0  # one in 30 s
    one.demand(NOW, "job", 0, 5, back_at=NOW)
    waiting: dict[Priority, int] = {"interactive": 9, "bulk": 0}
    for _ in range(3):
        assert one.next_lane(NOW, "web", waiting) == "interactive"
        one.take(NOW, "web", 30.0)
    assert one.next_lane(NOW, "web", waiting) is None


def test_in_one_process_bulk_goes_first_while_it_has_credit() -> None:
    """And second without."""
    one = account(4, bulk_share=0.5)
    waiting: dict[Priority, int] = {"interactive": 9, "bulk": 9}
    one.window.credit_from = NOW - 30.0
    assert one.next_lane(NOW, "me", waiting) == "bulk"
    one.take(NOW, "me", 30.0, "bulk")
    assert one.next_lane(NOW, "me", waiting) == "interactive"


def test_on_credit_bulk_may_use_what_is_kept_for_interactive_callers() -> None:
    """While such wait anywhere; where none waits, it has all but the reserve anyhow."""
    one = account(2, reserve=1, bulk_share=0.5)
    one.window.credit_from = NOW - 60.0
    one.take(NOW, "web", 30.0)
    assert one.opens_at(NOW, "job", "bulk") == exactly(NOW + 90.0 + GUARD)
    assert one.opens_at(NOW, "job", "bulk", {"interactive": 1, "bulk": 1}) == NOW
    one.demand(NOW, "web", 1, 0, back_at=NOW)
    assert one.opens_at(NOW, "job", "bulk") == NOW
    one.window.credit_from = NOW - 50.0  # it has it in ten seconds
    assert one.opens_at(NOW, "job", "bulk") == exactly(NOW + 10.0)


# Even parts


def test_who_has_its_part_leaves_the_rest_to_those_who_wait() -> None:
    """Of six slots two processes have three each, and one that wants less keeps no more than that free."""
    one = account(6)
    one.demand(NOW, "b", 9, 0, back_at=NOW)
    for _ in range(3):
        assert one.opens_at(NOW, "a", "interactive") == NOW
        one.take(NOW, "a", 30.0)
    assert one.opens_at(NOW, "a", "interactive") > NOW
    assert one.opens_at(NOW, "b", "interactive") == NOW
    one.demand(NOW, "b", 2, 0, back_at=NOW)
    assert one.opens_at(NOW, "a", "interactive") == NOW
    one.take(NOW, "a", 30.0)
    assert one.opens_at(NOW, "a", "interactive") > NOW


def test_a_part_is_for_all_that_wait_in_the_same_lane() -> None:
    """Three processes have two each; one with more than its part keeps nothing back from the others' parts."""
    one = account(6)
    one.demand(NOW, "b", 9, 0, back_at=NOW)
    one.demand(NOW, "c", 9, 0, back_at=NOW)
    one.take(NOW, "a", 30.0)
    assert one.opens_at(NOW, "a", "interactive") == NOW
    one.take(NOW, "a", 30.0)
    for _ in range(3):
        one.take(NOW, "b", 30.0)
    # One slot is left: it is for "c", whatever "b" has too much.
    assert one.opens_at(NOW, "a", "interactive") > NOW
    assert one.opens_at(NOW, "c", "interactive") == NOW


def test_what_the_others_do_not_need_is_for_who_wants_more_than_its_part() -> None:
    """Of nine slots three are a part; one other waits for a single slot, and another has its part already."""
    one = account(9)
    one.demand(NOW, "b", 1, 0, back_at=NOW)
    one.demand(NOW, "c", 9, 0, back_at=NOW)
    for name in ("a", "a", "a", "b", "c", "c", "c"):
        one.take(NOW, name, 30.0)
    assert one.opens_at(NOW, "a", "interactive") == NOW
    one.take(NOW, "a", 30.0)
    assert one.opens_at(NOW, "a", "interactive") > NOW
    assert one.opens_at(NOW, "b", "interactive") == NOW


# When to look again


@pytest.mark.parametrize(
    ("change", "look_in"),
    [
        ({}, 6.0),
        ({"not_before": NOW + 100.0}, 106.0),
        ({"probing": True, "probe_due": NOW + 100.0}, 1.0),
        ({"probing": True, "probe_due": NOW + 100.0, "not_before": NOW + 30.0}, 31.0),
    ],
)
def test_who_waits_looks_again_ten_times_a_period_or_every_second_for_a_probe(
    change: dict[str, Any], look_in: float
) -> None:
    """Counted from the end of the pause."""
    one = account()
    one.window = attrs.evolve(one.window, **change)
    for _ in range(6):
        one.take(NOW, "b", 300.0)
    assert one.look_at(NOW, "a", NO_ONE) == exactly(NOW + look_in)
    assert one.look_at(NOW, "a", {"interactive": 1, "bulk": 1}) == exactly(NOW + look_in)


def test_who_waits_looks_again_when_a_slot_is_free() -> None:
    """For either lane."""
    one = account(2, reserve=1)
    one.window.slots = {1: NOW + 3.0, 2: NOW + 5.0}
    one.window.taken = 2
    assert one.look_at(NOW, "a", {"interactive": 1, "bulk": 0}) == exactly(NOW + 3.0)
    assert one.look_at(NOW, "a", {"interactive": 0, "bulk": 1}) == exactly(NOW + 5.0)


def test_who_leaves_slots_for_others_looks_again_when_they_have_failed_to_come() -> None:
    """The first of them."""
    one = account(2)
    one.demand(NOW, "b", 1, 0, back_at=NOW + 2.0)
    one.demand(NOW, "c", 1, 0, back_at=NOW + 1.0)
    assert one.look_at(NOW, "a", {"interactive": 0, "bulk": 1}) == exactly(NOW + 2.0)
    one.take(NOW, "a", 30.0)
    assert one.look_at(NOW, "a", {"interactive": 1, "bulk": 0}) == exactly(NOW + 2.0)
    assert one.look_at(NOW, "a", NO_ONE) == exactly(NOW + 6.0)


# Members


def test_what_is_kept_free_for_members_is_not_free() -> None:
    """In the quota and for those who wait; and there is never less than nothing free."""
    one = account(6)
    assert one.quota(NOW, 3).free == 6
    one.members.by_name["away"] = Member(2, seen=NOW - 20.0, since=0.0, until=NOW + 100.0)
    assert one.quota(NOW, 3).free == 4
    assert one.quota(NOW, 3).waiting == 3
    for _ in range(4):
        assert one.opens_at(NOW, "a", "interactive") == NOW
        one.take(NOW, "a", 30.0)
    assert one.opens_at(NOW, "a", "interactive") > NOW
    assert one.quota(NOW, 0).free == 0
    one.take(NOW, "b", 30.0)
    assert one.quota(NOW, 0).free == 0


@pytest.mark.parametrize(("changes", "strange"), [(1, True), (2, False)])
def test_a_member_that_comes_first_to_an_empty_record_may_not_be_alone(changes: int, strange: bool) -> None:
    """Others may be on their way there."""
    one = account(6)
    one.changes = changes
    one.check_in("a", 2, NOW)
    assert one.members.by_name["a"].until == NOW + 300.0
    assert (one.members.strangers_since == NOW) is strange


@pytest.mark.parametrize(("timeout", "settled"), [(0.0, 130.0), (20.0, 110.0), (300.0, 670.0)])
def test_what_was_sent_is_over_after_two_timeouts_and_a_period(timeout: float, settled: float) -> None:
    """Counted from when the others keep a part free; the usual timeout where none is known."""
    assert attrs.evolve(account(), timeout=timeout).settled == exactly(settled)
