"""What is kept free for processes that may be cut off: a rule without a clock. Lengths are those of a minute."""

from __future__ import annotations

import pytest

from litmos_async.limits.members import Member, Members

PERIOD = 60.0
SETTLED = 130.0


def member(requests: int, seen: float = 1_000.0, since: float = 0.0, tickets: tuple[int, ...] = ()) -> Member:
    """Return a member that came at these times, and is taken for dead much later."""
    return Member(requests, seen, since, until=9_999.0, tickets=list(tickets))


def kept_free(
    *members: Member,
    now: float = 1_000.0,
    slots: dict[int, float] | None = None,
    strangers_since: float = 0.0,
) -> int:
    """Return how many of eight slots are kept free."""
    known = Members({str(number): one for number, one in enumerate(members)}, strangers_since)
    return known.kept_free(now, PERIOD, SETTLED, 8, slots or {})


def test_a_member_is_known_by_name_until_it_leaves() -> None:
    """It keeps what is known of it, and each visit counts for five periods."""
    members = Members()
    members.check_in("one", 2, 100.0, PERIOD)
    assert members.by_name == {"one": Member(2, seen=100.0, since=100.0, until=400.0)}
    members.by_name["one"].tickets = [7]
    members.check_in("one", 3, 104.0, PERIOD)
    assert members.by_name == {"one": Member(3, seen=104.0, since=100.0, until=404.0, tickets=[7])}
    members.leave("one")
    members.leave("one")
    assert members.by_name == {}


@pytest.mark.parametrize(
    ("then", "now", "lives"),
    [
        (395.0, 399.9, True),
        (395.0, 400.0, False),
        (390.0, 400.0, False),
        (389.9, 400.0, True),
        (300.0, 499.9, True),
        (300.0, 700.0, True),
    ],
)
def test_a_member_is_dead_after_five_periods_in_which_others_came(
    then: float, now: float, lives: bool
) -> None:
    """Where no process came for more than a sixth of a period perhaps none could, and that does not count."""
    members = Members()
    members.check_in("one", 2, 100.0, PERIOD)
    members.pass_time(then, now, PERIOD)
    assert bool(members.by_name) is lives


def test_time_in_which_nobody_came_is_added() -> None:
    """All of it, once."""
    members = Members()
    members.check_in("one", 2, 100.0, PERIOD)
    members.pass_time(300.0, 320.0, PERIOD)
    assert members.by_name["one"].until == 420.0


def test_nothing_is_kept_free_without_members() -> None:
    """Also where the record is new."""
    assert kept_free(strangers_since=1_000.0) == 0


@pytest.mark.parametrize(("silent_for", "free"), [(9.9, 0), (10.0, 0), (10.1, 2)])
def test_the_part_of_a_member_is_kept_free_from_a_sixth_of_a_period_on(silent_for: float, free: int) -> None:
    """So long it may stay away; and it is not cut off at the last instant of that."""
    assert kept_free(member(2, 1_000.0 - silent_for)) == free


@pytest.mark.parametrize(("slots", "free"), [({}, 3), ({1: 1_000.5, 3: 1_001.0}, 2), ({1: 1_000.0}, 3)])
def test_slots_that_a_silent_member_is_known_to_have_are_of_its_part(
    slots: dict[int, float], free: int
) -> None:
    """Those of others are not, nor those that have ended."""
    assert kept_free(member(3, 900.0, tickets=(1, 2)), slots=slots) == free


def test_a_member_with_more_slots_than_its_part_takes_nothing_from_that_of_another() -> None:
    """Nor does one whose slots are just as many as its part."""
    slots = dict.fromkeys(range(5), 2_000.0)
    crowded = member(3, 900.0, tickets=tuple(range(5)))
    assert kept_free(crowded, slots=slots) == 0
    assert kept_free(crowded, member(2, 900.0), slots=slots) == 2
    assert kept_free(member(5, 900.0, tickets=tuple(range(5))), slots=slots) == 0


@pytest.mark.parametrize(("since", "free"), [(1_000.0 - SETTLED, 0), (1_000.1 - SETTLED, 2)])
def test_silent_members_are_dead_where_those_that_are_here_have_the_whole_limit(
    since: float, free: int
) -> None:
    """Once these have been here so long that nothing counts any more which others sent before."""
    assert kept_free(member(2, 900.0), member(8, since=since)) == free
    assert kept_free(member(2, 900.0), member(9, since=since)) == free


def test_silent_members_have_no_more_than_those_that_are_here_leave() -> None:
    """Some of them must be dead."""
    assert kept_free(member(4, 900.0), member(4, 900.0), member(6)) == 2


@pytest.mark.parametrize(("now", "free"), [(1_129.9, 5), (1_130.0, 0)])
def test_a_new_record_may_not_know_all(now: float, free: int) -> None:
    """Until what unknown ones sent is over, each has its own part only."""
    assert kept_free(member(3, seen=now), now=now, strangers_since=1_000.0) == free
    assert kept_free(member(8, seen=now), now=now, strangers_since=1_000.0) == 0
    assert kept_free(member(3, seen=now - 10.0), now=now, strangers_since=1_000.0) == free
