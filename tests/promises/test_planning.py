"""The planner of memberships on any graph, with networkx and plain search as oracles."""

from __future__ import annotations

from collections import Counter
from itertools import product

import networkx as nx
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.bulk.pairs.planning import ListRequest, lower_bound, plan_memberships
from tests.support.amounts import amount

Pair = tuple[int, int]

GRAPHS = st.integers(1, 30).flatmap(
    lambda size: st.lists(st.tuples(st.integers(0, size), st.integers(0, size)), unique=True, max_size=120)
)
SMALL = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), unique=True, max_size=9)
LIMITS = st.integers(1, 6)


def plan_and_bound(pairs: list[Pair], team_limit: int, user_limit: int) -> tuple[list[ListRequest], int]:
    """Plan, and compute the bound, with the same limits."""
    return (
        plan_memberships(pairs, users_per_team_request=team_limit, teams_per_user_request=user_limit),
        lower_bound(pairs, users_per_team_request=team_limit, teams_per_user_request=user_limit),
    )


def cost(users: Counter[int], teams: Counter[int], team_limit: int, user_limit: int) -> int:
    """Return how many requests carry so many pairs of each user and each team."""
    return sum(-(-n // user_limit) for n in users.values()) + sum(-(-n // team_limit) for n in teams.values())


def fewest(pairs: list[Pair], team_limit: int, user_limit: int) -> int:
    """Try every way to give each pair to one of its ends."""
    return min(
        cost(
            Counter(user for (user, _), side in zip(pairs, sides, strict=True) if side == 0),
            Counter(team for (_, team), side in zip(pairs, sides, strict=True) if side == 1),
            team_limit,
            user_limit,
        )
        for sides in product((0, 1), repeat=len(pairs))
    )


@settings(max_examples=amount(300, quick=60), deadline=None)
@given(GRAPHS, LIMITS, LIMITS)
def test_every_pair_once_and_never_worse_than_one_side(
    pairs: list[Pair], team_limit: int, user_limit: int
) -> None:
    """A plan is complete, keeps to the limits, and lies between the bound and the better one-sided plan."""
    plan, bound = plan_and_bound(pairs, team_limit, user_limit)
    carried = Counter(
        (request.receiver, member) if request.side == 0 else (member, request.receiver)
        for request in plan
        for member in request.members
    )
    assert carried == Counter(pairs)
    assert all(1 <= len(request.members) <= (user_limit, team_limit)[request.side] for request in plan)
    by_user = cost(Counter(user for user, _ in pairs), Counter(), team_limit, user_limit)
    by_team = cost(Counter(), Counter(team for _, team in pairs), team_limit, user_limit)
    assert bound <= len(plan) <= min(by_user, by_team)


@settings(max_examples=amount(300, quick=60), deadline=None)
@given(GRAPHS)
def test_without_limits_it_is_a_minimum_vertex_cover(pairs: list[Pair]) -> None:
    """Where no list is too long, the plan is as large as networkx' maximum matching, and so is the bound."""
    graph = nx.Graph((("user", user), ("team", team)) for user, team in pairs)
    users = [vertex for vertex in graph if vertex[0] == "user"]
    matching = nx.bipartite.hopcroft_karp_matching(graph, users)
    plan, bound = plan_and_bound(pairs, 120, 120)
    assert len(plan) == bound == len(matching) // 2


@settings(max_examples=amount(200, quick=40), deadline=None)
@given(SMALL, st.integers(1, 4), st.integers(1, 4))
def test_the_best_plan_lies_between_the_bound_and_ours(
    pairs: list[Pair], team_limit: int, user_limit: int
) -> None:
    """The bound is never above the best of all plans, and ours is never below it."""
    plan, bound = plan_and_bound(pairs, team_limit, user_limit)
    assert bound <= fewest(pairs, team_limit, user_limit) <= len(plan)
