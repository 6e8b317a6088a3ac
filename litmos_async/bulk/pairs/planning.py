"""The fewest requests for memberships, where either end of a pair can carry a list of the other one.

A request is a star: one user with some of their teams, or one team with some of its users. The fewest stars that
cover a graph are its minimum vertex cover, and in a graph of two sides that is as large as a maximum matching:
Hopcroft and Karp find the matching, König reads the cover from it.

Lists are limited, so a vertex of the cover costs a request for every `limit` pairs that it carries. That problem
is hard in general, and solved in two steps: several covers, among them the one in which every vertex weighs what
all its pairs would cost, and the better of "all by team" and "all by user"; then pairs move between their two ends
wherever that saves a request. On small random graphs the best of these is rarely above the optimum, and then by one
request (tests/bulk/test_planning.py says how rarely).

Everything is numbers: the caller numbers users and teams. Pure: no I/O, no clock, no chance; the same pairs in the
same order give the same plan. 100,000 pairs take about a second and 6 MB.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from itertools import accumulate
from typing import Final, Literal, NamedTuple, TypeAlias

from litmos_async.errors import ConfigurationError

USERS_PER_TEAM_REQUEST: Final = 100
"""Users in one `teams.add_users`: no limit is documented, so a careful one (api-facts 12)."""

TEAMS_PER_USER_REQUEST: Final = 25
"""Teams in one `users.add_to_teams`: the documented limit (api-facts 12)."""


Side: TypeAlias = Literal[0, 1]
"""An end of a pair: 0 the left one, such as the user, 1 the right one, such as the team."""


class ListRequest(NamedTuple):
    """One request of a plan.

    Attributes:
        side: Which end of its pairs is the receiver: 0 the user, 1 the team.
        receiver: The number of that user or team.
        members: The numbers of the other ends, which travel in the list.
    """

    side: Side
    receiver: int
    members: array[int]


def plan_memberships(
    pairs: Iterable[tuple[int, int]],
    *,
    users_per_team_request: int = USERS_PER_TEAM_REQUEST,
    teams_per_user_request: int = TEAMS_PER_USER_REQUEST,
) -> list[ListRequest]:
    """Return few requests that carry every pair (user, team) exactly once, users before teams, each in order.

    As few as there can be while no user or team has more pairs than its limit; otherwise close to it, and never
    more than the better of "all by team" and "all by user".

    Args:
        pairs: Users and teams, each numbered from 0 without large gaps. A pair given twice counts once.
        users_per_team_request: Users in one request to a team at most.
        teams_per_user_request: Teams in one request to a user at most.
    """
    graph = _Graph(pairs, teams_per_user_request, users_per_team_request)
    matching = _Matching(graph, graph.ones())
    bound = max(_stars(graph, matching), _parts(graph))
    best: _Shares | None = None
    for cover in _starts(graph, matching):
        shares = _Shares(graph, cover)
        if shares.cost() > bound:
            shares.improve()
        if best is None or shares.cost() < best.cost():
            best = shares
        if best.cost() == bound:
            break  # a plan that costs the same is not taken
    return list(best.requests()) if best else []


def _starts(graph: _Graph, matching: _Matching) -> Iterator[bytearray]:
    """Yield the covers to begin with, a byte for every vertex; the first one is the last where no limit binds."""
    yield matching.cover()
    alone = graph.requests_alone()
    yield _Matching(graph, alone).cover()
    by_user = sum(alone[: graph.users]) < sum(alone[graph.users :])
    yield bytearray([by_user]) * graph.users + bytearray([not by_user]) * (graph.vertices - graph.users)


def lower_bound(
    pairs: Iterable[tuple[int, int]],
    *,
    users_per_team_request: int = USERS_PER_TEAM_REQUEST,
    teams_per_user_request: int = TEAMS_PER_USER_REQUEST,
) -> int:
    """Return a number of requests that no plan for these pairs can go below.

    The larger of two bounds, both of which hold with limits:

    - Stars: a maximum matching, and every other vertex hung on a matched one, is a forest of stars whose centres
      are a minimum cover. Two stars share no vertex, so no request serves both, and a star of n pairs takes
      n / limit of its centre, rounded up. This is never below the size of the matching, and equals the best plan
      where no limit binds.
    - Parts: a request that carries pair (u, t) carries at most as many pairs as the roomier of u and t has in one
      list. If each pair is counted as one part in so many, no request counts more than 1.

    Args:
        pairs: As for `plan_memberships`.
        users_per_team_request: As for `plan_memberships`.
        teams_per_user_request: As for `plan_memberships`.
    """
    graph = _Graph(pairs, teams_per_user_request, users_per_team_request)
    return max(_stars(graph, _Matching(graph, graph.ones())), _parts(graph))


class _Graph:
    """Pairs as a graph: its vertices are the users, then the teams; its edges are the pairs, each once.

    The pairs of vertex v stand from `first[v]` to before `first[v + 1]` in two arrays.

    Attributes:
        users: Users; the team with number t is vertex `users + t`.
        vertices: Users and teams.
        edges: The number of each pair.
        ends: The vertex at its other end.
        limit: Pairs that one request of the vertex carries.
    """

    def __init__(self, pairs: Iterable[tuple[int, int]], user_limit: int, team_limit: int) -> None:
        if user_limit < 1 or team_limit < 1:
            raise ConfigurationError("a list holds one id at least")
        user_of, team_of = array("i"), array("i")
        for user, team in pairs:
            user_of.append(user)
            team_of.append(team)
        if min(user_of, default=0) < 0 or min(team_of, default=0) < 0:
            raise ConfigurationError("users and teams are numbered from 0")
        self.users = max(user_of, default=-1) + 1
        self.vertices = self.users + max(team_of, default=-1) + 1
        self.limit = array("i", [user_limit]) * self.users
        self.limit.extend(array("i", [team_limit]) * (self.vertices - self.users))
        user_of, team_of = self._by_user(user_of, team_of)
        self._index(user_of, team_of)

    def _by_user(self, user_of: array[int], team_of: array[int]) -> tuple[array[int], array[int]]:
        """Sort the pairs by user and drop those given twice; teams become vertices."""
        teams_of: list[array[int]] = [array("i") for _ in range(self.users)]
        for user, team in zip(user_of, team_of, strict=True):
            teams_of[user].append(self.users + team)
        users, teams = array("i"), array("i")
        for user, of_user in enumerate(teams_of):
            unique = array("i", dict.fromkeys(of_user))
            users.extend(array("i", [user]) * len(unique))
            teams.extend(unique)
        return users, teams

    def _index(self, user_of: array[int], team_of: array[int]) -> None:
        degrees = array("i", bytes(4 * self.vertices))
        for ends in (user_of, team_of):
            for vertex in ends:
                degrees[vertex] += 1
        self.first = array("i", accumulate(degrees, initial=0))
        # By user they are in order already; each team's go to its own next free place.
        self.pairs = len(user_of)
        self.edges = array("i", range(self.pairs)) * 2
        self.ends = team_of + user_of
        place = self.first[:]
        for pair, team in enumerate(team_of):
            self.edges[place[team]] = pair
            self.ends[place[team]] = user_of[pair]
            place[team] += 1

    def degree(self, vertex: int) -> int:
        """Return how many pairs the vertex has."""
        return self.first[vertex + 1] - self.first[vertex]

    def neighbours(self, vertex: int) -> array[int]:
        """Return the other ends of its pairs."""
        return self.ends[self.first[vertex] : self.first[vertex + 1]]

    def ones(self) -> array[int]:
        """Return the same weight for each vertex."""
        return array("i", [1]) * self.vertices

    def requests_alone(self) -> array[int]:
        """Return how many requests each vertex would take to carry all of its pairs."""
        return array("i", (-(-self.degree(v) // self.limit[v]) for v in range(self.vertices)))


class _Matching:
    """Hopcroft and Karp's maximum matching, of vertices that may be matched as often as they weigh.

    With all weights 1 it is the classic one. Otherwise it is a maximum flow whose minimum cut is the lightest
    cover, by the same proof: a team has a seat for each unit of its weight, and a user sits on as many seats.
    """

    def __init__(self, graph: _Graph, weights: array[int]) -> None:
        self._graph = graph
        self._free = weights[:]
        for vertex in range(graph.vertices):
            if not graph.degree(vertex):
                self._free[vertex] = 0
        self._seated: list[list[int]] = [[] for _ in range(graph.vertices)]
        self._level = array("i")
        self._fill()
        while self._layers():
            self._augment_all()

    def _fill(self) -> None:
        """Seat each user who finds a free seat: most do, and the search starts from there."""
        free = self._free
        for user in range(self._graph.users):
            for team in self._graph.neighbours(user) if free[user] else ():
                units = min(free[user], free[team])
                if units:
                    self._seated[team] += [user] * units
                    free[user] -= units
                    free[team] -= units

    def _layers(self) -> bool:
        """Number users and teams by their distance from users who want a seat; return whether there is a free one.

        If there is none, everything within reach has a number, and nothing else has.
        """
        self._level = level = array("i", [-1]) * self._graph.vertices
        layer = [user for user in range(self._graph.users) if self._free[user]]
        depth, found = 0, False
        for user in layer:
            level[user] = 0
        while layer and not found:
            following = []
            for user in layer:
                for team in self._graph.neighbours(user):
                    if level[team] >= 0:
                        continue
                    level[team] = depth
                    found = found or self._free[team] > 0
                    for other in self._seated[team]:
                        if level[other] < 0:
                            level[other] = depth + 1
                            following.append(other)
            layer = following
            depth += 1
        return found

    def _augment_all(self) -> None:
        """Find shortest ways from users who want a seat to free ones, and let everybody move up."""
        places = self._graph.first[:]
        seats = array("i", bytes(4 * self._graph.vertices))
        for user in range(self._graph.users):
            while self._free[user] and self._level[user] == 0 and self._augment(user, places, seats):
                pass

    def _augment(self, root: int, places: array[int], seats: array[int]) -> bool:
        """Look for one such way, depth first; `places` and `seats` say where the search left each vertex."""
        level, first, ends = self._level, self._graph.first, self._graph.ends
        way: list[tuple[int, int]] = []  # the team, and the seat whose user is asked to move
        user = root
        while True:
            while places[user] < first[user + 1]:
                team = ends[places[user]]
                if level[team] == level[user]:
                    if self._free[team]:
                        self._move_up(root, way, team)
                        return True
                    seated = self._seated[team]
                    while seats[team] < len(seated) and level[seated[seats[team]]] != level[user] + 1:
                        seats[team] += 1
                    if seats[team] < len(seated):
                        way.append((team, seats[team]))
                        user = seated[seats[team]]
                        seats[team] += 1
                        break
                places[user] += 1
            else:
                if not way:
                    return False
                way.pop()
                user = self._seated[way[-1][0]][way[-1][1]] if way else root

    def _move_up(self, root: int, way: list[tuple[int, int]], team: int) -> None:
        """Seat the root, each user one further along the way, and the last one on the free seat."""
        user = root
        for asked, seat in way:
            self._seated[asked][seat], user = user, self._seated[asked][seat]
        self._seated[team].append(user)
        self._free[root] -= 1
        self._free[team] -= 1

    def unmatched(self) -> Iterator[int]:
        """Yield the vertices with pairs that are not matched."""
        for vertex in range(self._graph.vertices):
            taken = self._seated[vertex] if vertex >= self._graph.users else not self._free[vertex]
            if not taken and self._graph.degree(vertex):
                yield vertex

    def cover(self) -> bytearray:
        """Return König's cover: the users out of reach of those without a seat, and the teams within."""
        graph, level = self._graph, self._level
        return bytearray(
            graph.degree(v) > 0 and (level[v] >= 0) == (v >= graph.users) for v in range(graph.vertices)
        )


class _Shares:
    """Which of its two ends carries each pair, and how that gets better."""

    def __init__(self, graph: _Graph, cover: Sequence[int]) -> None:
        self._graph = graph
        self._changed: set[int] = set()
        self._load = array("i", bytes(4 * graph.vertices))
        self._carrier = array("i", bytes(4 * graph.pairs))
        for vertex in range(graph.vertices):
            # Where both ends are in the cover, the team wins: it comes last.
            if cover[vertex]:
                for place in range(graph.first[vertex], graph.first[vertex + 1]):
                    self._carrier[graph.edges[place]] = vertex
        for vertex in self._carrier:
            self._load[vertex] += 1

    def cost(self) -> int:
        """Return how many requests that takes."""
        return sum(-(-load // limit) for load, limit in zip(self._load, self._graph.limit, strict=True))

    def improve(self) -> None:
        """Give up requests until no single one can be given up any more."""
        visit: Sequence[int] = range(self._graph.vertices)
        while visit:
            self._changed.clear()
            for vertex in visit:
                while self._dissolve(vertex) or self._open(vertex):
                    pass
            # What a vertex can give up depends on itself and its neighbours only.
            near = {other for vertex in self._changed for other in self._graph.neighbours(vertex)}
            visit = sorted(near | self._changed)

    def _surplus(self, vertex: int) -> int:
        """Return how many pairs its last request carries."""
        return (self._load[vertex] - 1) % self._graph.limit[vertex] + 1 if self._load[vertex] else 0

    def _room(self, vertex: int) -> int:
        """Return how many more pairs its last request can carry; 0 where it has none."""
        return -self._load[vertex] % self._graph.limit[vertex]

    def _dissolve(self, vertex: int) -> bool:
        """Empty the last request of a vertex into the lists of the other ends, if they have room for all of it."""
        surplus = self._surplus(vertex)
        if not surplus:
            return False
        graph = self._graph
        movable = [
            place
            for place in range(graph.first[vertex], graph.first[vertex + 1])
            if self._carrier[graph.edges[place]] == vertex and self._room(graph.ends[place])
        ]
        if len(movable) < surplus:
            return False
        movable.sort(key=lambda place: -self._room(graph.ends[place]))
        for place in movable[:surplus]:
            self._move(place, vertex, graph.ends[place])
        return True

    def _open(self, vertex: int) -> bool:
        """Open one more request of a vertex, if it takes over two or more that carry a single pair."""
        graph = self._graph
        if graph.degree(vertex) < 2 or self._room(vertex):
            return False
        single = [
            place
            for place in range(graph.first[vertex], graph.first[vertex + 1])
            if self._carrier[graph.edges[place]] != vertex and self._surplus(graph.ends[place]) == 1
        ]
        if len(single) < 2:
            return False
        for place in single[: graph.limit[vertex]]:
            self._move(place, graph.ends[place], vertex)
        return True

    def _move(self, place: int, giver: int, taker: int) -> None:
        self._carrier[self._graph.edges[place]] = taker
        self._load[giver] -= 1
        self._load[taker] += 1
        self._changed |= {giver, taker}

    def requests(self) -> Iterator[ListRequest]:
        """Yield the requests, in the order of their receivers."""
        graph = self._graph
        for vertex in range(graph.vertices):
            side: Literal[0, 1] = 0 if vertex < graph.users else 1
            members = array(
                "i",
                (
                    graph.ends[place] - (0 if side else graph.users)
                    for place in range(graph.first[vertex], graph.first[vertex + 1])
                    if self._carrier[graph.edges[place]] == vertex
                ),
            )
            for begin in range(0, len(members), graph.limit[vertex]):
                yield ListRequest(
                    side, vertex - graph.users * side, members[begin : begin + graph.limit[vertex]]
                )


def _stars(graph: _Graph, matching: _Matching) -> int:
    """Return how many requests a forest of stars takes: see `lower_bound`."""
    size = array("i", list(matching.cover()))  # every centre has the vertex that it is matched with
    for vertex in matching.unmatched():
        # It is not in the cover, so all its neighbours are. A leaf does most for the one that is nearest to a
        # further request.
        centre = min(graph.neighbours(vertex), key=lambda other: -size[other] % graph.limit[other])
        size[centre] += 1
    return sum(-(-leaves // limit) for leaves, limit in zip(size, graph.limit, strict=True))


def _parts(graph: _Graph) -> int:
    """Return the sum of all pairs as parts of a request: see `lower_bound`."""
    roomy = array("i", (min(graph.degree(v), graph.limit[v]) for v in range(graph.vertices)))
    sizes = Counter(
        max(roomy[user], roomy[team]) for user in range(graph.users) for team in graph.neighbours(user)
    )
    return math.ceil(sum(Fraction(pairs, size) for size, pairs in sizes.items()))
