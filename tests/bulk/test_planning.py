"""The planner of memberships on graphs whose best plan is known."""

from __future__ import annotations

import random
from collections import Counter

import networkx as nx
import pytest

from litmos_async.bulk.pairs.planning import ListRequest, lower_bound, plan_memberships
from litmos_async.errors import ConfigurationError
from tests.support.amounts import amount

Pair = tuple[int, int]


def carried(plan: list[ListRequest]) -> list[Pair]:
    """Return the pairs that a plan carries."""
    return [
        (request.receiver, member) if request.side == 0 else (member, request.receiver)
        for request in plan
        for member in request.members
    ]


def one_sided(pairs: list[Pair], team_limit: int, user_limit: int) -> int:
    """Return the cost of the better plan that uses one side only."""
    users, teams = Counter(user for user, _ in set(pairs)), Counter(team for _, team in set(pairs))
    return min(
        sum(-(-count // user_limit) for count in users.values()),
        sum(-(-count // team_limit) for count in teams.values()),
    )


def fewest(pairs: list[Pair], team_limit: int, user_limit: int) -> int:
    """Try every plan, and return what the best one costs."""
    best = one_sided(pairs, team_limit, user_limit)
    load: Counter[tuple[str, int]] = Counter()

    def go_on(index: int, cost: int) -> None:
        nonlocal best
        if index == len(pairs) or cost >= best:
            best = min(best, cost)
            return
        user, team = pairs[index]
        for end, limit in ((("user", user), user_limit), (("team", team), team_limit)):
            further = load[end] % limit == 0
            load[end] += 1
            go_on(index + 1, cost + further)
            load[end] -= 1

    go_on(0, 0)
    return best


def organisation(seed: int) -> list[Pair]:
    """Make 200 teams of 5 to 400 out of 12,000 people, 30 of whom are in 20 more teams each."""
    chance = random.Random(seed)
    pairs = {
        (user, team) for team in range(200) for user in chance.sample(range(12_000), chance.randint(5, 400))
    }
    pairs |= {(user, team) for user in range(30) for team in chance.sample(range(200), 20)}
    return sorted(pairs)


def test_nothing_takes_no_request() -> None:
    """No pairs, no plan."""
    assert plan_memberships([]) == []
    assert lower_bound([]) == 0


def test_one_pair_takes_one_request() -> None:
    """One user, one team, whatever their numbers are."""
    [request] = plan_memberships([(7, 3)])
    assert carried([request]) == [(7, 3)]


def test_a_team_takes_one_request() -> None:
    """Many users of one team travel in its list."""
    assert [(r.side, r.receiver, list(r.members)) for r in plan_memberships((u, 2) for u in range(50))] == [
        (1, 2, list(range(50)))
    ]


def test_a_user_takes_one_request() -> None:
    """Many teams of one user travel in the list of the user."""
    assert [(r.side, r.receiver, list(r.members)) for r in plan_memberships((4, t) for t in range(25))] == [
        (0, 4, list(range(25)))
    ]


def test_both_sides_are_used() -> None:
    """A big team and a user of many teams take two requests, even where they meet."""
    pairs = [(user, 0) for user in range(60)] + [(0, team) for team in range(1, 20)]
    plan = plan_memberships(pairs)
    assert [(request.side, request.receiver) for request in plan] == [(0, 0), (1, 0)]
    assert sorted(carried(plan)) == sorted(pairs)


def test_a_chain_takes_half_of_its_pairs() -> None:
    """Of a path every second vertex is enough, which takes the search along the whole path to see."""
    chain = [(n, n) for n in range(1_000)] + [(n + 1, n) for n in range(1_000)]
    random.Random(1).shuffle(chain)
    assert len(plan_memberships(chain)) == lower_bound(chain) == 1_000


def test_a_pair_given_twice_counts_once() -> None:
    """Duplicates are dropped."""
    assert sorted(carried(plan_memberships([(0, 0), (1, 0), (0, 0), (0, 1), (0, 1)]))) == [
        (0, 0),
        (0, 1),
        (1, 0),
    ]


def test_limits_cut_the_lists() -> None:
    """A team of 250 takes three requests of 100 at most, which is also the bound."""
    pairs = [(user, 0) for user in range(250)]
    assert [len(request.members) for request in plan_memberships(pairs)] == [100, 100, 50]
    assert lower_bound(pairs) == 3
    assert len(plan_memberships(pairs, users_per_team_request=1_000)) == 1


def test_lists_of_one_are_no_lists() -> None:
    """If neither side takes more than one, every pair is a request."""
    pairs = [(user, team) for user in range(5) for team in range(4)]
    plan = plan_memberships(pairs, users_per_team_request=1, teams_per_user_request=1)
    assert len(plan) == lower_bound(pairs, users_per_team_request=1, teams_per_user_request=1) == 20


def test_a_dense_block_has_a_bound_by_the_size_of_lists() -> None:
    """40 users in each of 30 teams: the lists are full, so no plan can do better, though the cover is small."""
    pairs = [(user, team) for user in range(40) for team in range(30)]
    plan = plan_memberships(pairs, users_per_team_request=10, teams_per_user_request=5)
    assert len(plan) == lower_bound(pairs, users_per_team_request=10, teams_per_user_request=5) == 120


def test_each_part_of_a_graph_gets_its_own_side() -> None:
    """20 people in the same 30 teams go by team, 50 people in 25 teams of their own by user: 30 and 50."""
    pairs = [(user, team) for user in range(20) for team in range(30)]
    pairs += [(20 + user, 30 + 25 * user + n) for user in range(50) for n in range(25)]
    assert len(plan_memberships(pairs)) == 80
    assert one_sided(pairs, 100, 25) == 90


def test_one_too_many_goes_by_the_other_side() -> None:
    """Four teams of 101 with one member in common: 5 requests instead of 8."""
    pairs = [(0, team) for team in range(4)]
    pairs += [(1 + 100 * team + n, team) for team in range(4) for n in range(100)]
    plan = plan_memberships(pairs)
    assert sorted(carried(plan)) == sorted(pairs)
    assert len(plan) == 5
    assert one_sided(pairs, 100, 25) == 8


def test_a_shared_leaf_counts_where_it_takes_a_request() -> None:
    """Two people of five and four teams, one of them in common, in lists of three: no plan has fewer than four."""
    pairs = [(0, team) for team in (1, 3, 5, 6, 7)] + [(1, team) for team in (0, 2, 4, 7)]
    assert lower_bound(pairs, teams_per_user_request=3) == 4
    assert len(plan_memberships(pairs, teams_per_user_request=3)) == 4


@pytest.mark.parametrize(
    ("pairs", "team_limit", "user_limit", "requests"),
    [
        # A user who wants a seat is reached again from others who have one already.
        ([(0, 3), (0, 4), (1, 0), (1, 3), (2, 0), (2, 2), (2, 3)], 5, 2, 4),
        # Two requests of one pair each are worth less than the pairs that they give up.
        ([(1, 2), (1, 4), (2, 2), (2, 4)], 3, 1, 2),
        ([(0, 1), (1, 0), (2, 1), (2, 2), (2, 3)], 2, 2, 3),
        ([(0, 0), (0, 1), (1, 1), (1, 2), (1, 3), (3, 0)], 3, 2, 3),
    ],
)
def test_small_graphs_with_limits(pairs: list[Pair], team_limit: int, user_limit: int, requests: int) -> None:
    """The plan is the best one."""
    plan = plan_memberships(pairs, users_per_team_request=team_limit, teams_per_user_request=user_limit)
    assert sorted(carried(plan)) == pairs
    assert len(plan) == fewest(pairs, team_limit, user_limit) == requests


def test_without_limits_the_plan_is_as_large_as_a_maximum_matching() -> None:
    """Twenty sparse graphs, in which the search has to go back and forth."""
    for seed in range(20):
        chance = random.Random(seed)
        pairs = sorted({(chance.randrange(100), chance.randrange(100)) for _ in range(200)})
        graph = nx.Graph((("user", user), ("team", team)) for user, team in pairs)
        users = [vertex for vertex in graph if vertex[0] == "user"]
        matching = nx.bipartite.maximum_matching(graph, users)
        assert lower_bound(pairs) == len(plan_memberships(pairs)) == len(matching) // 2


@pytest.mark.costly
def test_the_same_pairs_give_the_same_plan() -> None:
    """Nothing in it is left to chance."""
    pairs = organisation(3)
    assert plan_memberships(pairs) == plan_memberships(iter(pairs))


@pytest.mark.costly
def test_an_organisation() -> None:
    """On 200 teams of 5 to 400 the plan is complete, keeps to the limits, and lies between its bounds."""
    pairs = organisation(1)
    plan = plan_memberships(pairs)
    assert sorted(carried(plan)) == pairs
    assert all(1 <= len(request.members) <= (25, 100)[request.side] for request in plan)
    assert lower_bound(pairs) <= len(plan) <= one_sided(pairs, 100, 25)


@pytest.mark.slow
def test_a_hundred_thousand_pairs() -> None:
    """A sparse graph of 100,000 pairs, the hardest kind for the matching: the plan is as good as can be."""
    chance = random.Random(2)
    pairs = sorted({(chance.randrange(50_000), chance.randrange(50_000)) for _ in range(100_000)})
    plan = plan_memberships(pairs)
    assert sorted(carried(plan)) == pairs
    assert len(plan) == lower_bound(pairs)
    assert len(plan) < 0.92 * one_sided(pairs, 100, 25)


def test_how_far_from_the_best_plan_with_limits() -> None:
    """Of 300 small graphs with tight limits, at most 15 get one request too many, and none gets two."""
    chance = random.Random(7)
    gaps: Counter[int] = Counter()
    graphs = amount(300, quick=60)
    for _ in range(graphs):
        team_limit, user_limit = chance.randint(1, 5), chance.randint(1, 4)
        everything = [
            (user, team) for user in range(chance.randint(2, 8)) for team in range(chance.randint(2, 8))
        ]
        pairs = chance.sample(everything, min(len(everything), chance.randint(8, 15)))
        plan = plan_memberships(pairs, users_per_team_request=team_limit, teams_per_user_request=user_limit)
        gaps[len(plan) - fewest(pairs, team_limit, user_limit)] += 1
    assert set(gaps) <= {0, 1}
    assert gaps[1] <= graphs // 20


@pytest.mark.parametrize("pair", [(-1, 0), (0, -1)])
def test_negative_numbers_are_refused(pair: Pair) -> None:
    """Users and teams are numbered from 0."""
    with pytest.raises(ConfigurationError, match="from 0"):
        plan_memberships([pair])


@pytest.mark.parametrize("limits", [(0, 25), (100, 0)])
def test_a_list_of_none_is_refused(limits: tuple[int, int]) -> None:
    """A request that may carry nothing can carry out nothing."""
    with pytest.raises(ConfigurationError, match="one id"):
        plan_memberships([(0, 0)], users_per_team_request=limits[0], teams_per_user_request=limits[1])
