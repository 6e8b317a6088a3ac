"""Ways to read which pairs are there already, and what each of them costs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import aclosing
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.bulk.workers import run_concurrently
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    DecodeError,
    IncompleteListing,
    LitmosError,
    NotFound,
    RateLimited,
    Unauthorized,
)
from litmos_async.paging import Pages
from litmos_async.reader import requests_of_list
from litmos_async.resources import Resources
from litmos_async.resources.user_learning import PEOPLE_PER_REQUEST

Found = AsyncGenerator[tuple[str, str], None]
"""Pairs that are there, and perhaps others."""

MustStop = Callable[[LitmosError], Awaitable[bool]]
"""Returns whether an error is about the key, so that all else will fail, too."""


@frozen
class ExistingPairs:
    """How the pairs of a kind can be read.

    Attributes:
        by_left: The list of right ends of a left end, such as the courses of a person. What it does not hold is
            not there.
        by_right: The list of left ends of a right end, such as the people in a course.
        by_right_is_complete: Whether what `by_right` does not hold is not there: the members of a team are listed
            without inactive people.
        for_many: Whether `users.list_courses_for_many` reads the right ends of 25 left ends in one request.
        counts: Whether a row of `by_left` stands for such a pair.
        sub_teams: Whether the left ends are teams, and a pair is there only where all teams below have it, too.
    """

    by_left: Callable[[Resources, str], Pages[Any]]
    by_right: Callable[[Resources, str], Pages[Any]] | None = None
    by_right_is_complete: bool = True
    for_many: bool = False
    counts: Callable[[Any], bool] = lambda _: True
    sub_teams: bool = False


@frozen
class ReadPlan:
    """One way to read one scope of pairs.

    Attributes:
        way: "by_left", "by_right" or "for_many".
        requests: What it takes at least; a list longer than a page takes more.
        parts: The ends to read, one request or list each.
        complete: Whether what it does not find is not there.
    """

    way: str
    requests: int
    parts: Sequence[Any]
    complete: bool


def cheapest_read(existing: ExistingPairs, scope: Mapping[str, Sequence[str]]) -> ReadPlan:
    """Return the way that takes the fewest requests to read the pairs of a scope."""
    lefts = list(scope)
    if existing.sub_teams:
        # And the teams below, once the list of teams has said which they are.
        return ReadPlan("by_left", len(lefts) + 1 if lefts else 0, lefts, True)
    ways = [ReadPlan("by_left", len(lefts), lefts, True)]
    if existing.for_many:
        parts = [
            lefts[first : first + PEOPLE_PER_REQUEST] for first in range(0, len(lefts), PEOPLE_PER_REQUEST)
        ]
        ways.append(ReadPlan("for_many", len(parts), parts, True))
    if existing.by_right is not None:
        people: dict[str, int] = {}
        for rights in scope.values():
            for right in rights:
                people[right] = people.get(right, 0) + 1
        requests = sum(requests_of_list(count, top_level=False) for count in people.values())
        ways.append(ReadPlan("by_right", requests, list(people), existing.by_right_is_complete))
    return min(ways, key=lambda plan: plan.requests)


class Unreadable:
    """What could not be read, and why: the lists of single people, teams or courses.

    One of them must not spoil what is known of the others. What is about all of them (no connection, a key that is
    rejected) is raised, and is not in here.
    """

    def __init__(self) -> None:
        self._lefts: dict[str, LitmosError] = {}
        self._rights: dict[str, LitmosError] = {}

    def __len__(self) -> int:
        return len(self._lefts) + len(self._rights)

    def add(self, plan: ReadPlan, part: Any, problem: LitmosError) -> None:
        """Note a part of a plan that could not be read."""
        ends = self._rights if plan.way == "by_right" else self._lefts
        ends[part] = problem

    def spread(self, lefts: Iterable[str], left: str) -> None:
        """Take a left end for unreadable where one of others is on which it depends."""
        problem = next((self._lefts[each] for each in lefts if each in self._lefts), None)
        if problem is not None:
            self._lefts.setdefault(left, problem)

    def problem_of(self, left: str, right: str) -> LitmosError | None:
        """Return why it is not known whether a pair is there, or None where it is."""
        return self._lefts.get(left) or self._rights.get(right)


def _is_about_one_list(problem: LitmosError) -> bool:
    """Return whether other lists may be read all the same. An id that cannot be written has none."""
    if isinstance(problem, APIError):
        return not isinstance(problem, Unauthorized | RateLimited)
    return isinstance(problem, ConfigurationError | DecodeError | IncompleteListing)


def reader(
    existing: ExistingPairs, plan: ReadPlan, resources: Resources, unreadable: Unreadable, must_stop: MustStop
) -> Callable[[Any], Found]:
    """Return what reads one part of a plan."""
    read_part = _way(existing, plan, resources)

    async def one_list(end: Any) -> Found:
        try:
            async for pair in read_part(end):
                yield pair
        except NotFound:
            return  # of what does not exist nothing is there; what is to be done with it will say so for itself
        except LitmosError as problem:
            if not _is_about_one_list(problem) or await must_stop(problem):
                raise
            unreadable.add(plan, end, problem.with_traceback(None))

    if plan.way != "for_many":
        return one_list
    one_person = reader(existing, attrs.evolve(plan, way="by_left"), resources, unreadable, must_stop)
    return _else_one_by_one(read_part, one_person, must_stop)


def _else_one_by_one(
    read_many: Callable[[Any], Found], read_one: Callable[[Any], Found], must_stop: MustStop
) -> Callable[[Any], Found]:
    """Return what reads the lists of several people, and each by itself where these are refused: one may be why."""

    async def lists_of_many(people: Sequence[str]) -> Found:
        try:
            async for pair in read_many(people):
                yield pair
        except LitmosError as problem:
            if not _is_about_one_list(problem) or await must_stop(problem):
                raise
        else:
            return
        for person in people:
            async with aclosing(read_one(person)) as pairs:
                async for pair in pairs:
                    yield pair

    return lists_of_many


def _way(existing: ExistingPairs, plan: ReadPlan, resources: Resources) -> Callable[[Any], Found]:
    """Return what yields the pairs in one part of a plan."""

    async def by_left(left: str) -> Found:
        async for row in existing.by_left(resources, left):
            if existing.counts(row):
                yield left, row.id

    async def by_right(right: str) -> Found:
        if existing.by_right is not None:
            async for row in existing.by_right(resources, right):
                yield row.id, right

    async def for_many(lefts: Sequence[str]) -> Found:
        for person in await resources.users.list_courses_for_many(lefts):
            for course in person.courses:
                yield person.id, course.id

    return {"by_left": by_left, "by_right": by_right, "for_many": for_many}[plan.way]


async def read(
    existing: ExistingPairs,
    plan: ReadPlan,
    scope: Mapping[str, Sequence[str]],
    resources: Resources,
    unreadable: Unreadable,
    *,
    must_stop: MustStop,
    certain: bool,
    width: int,
) -> Found:
    """Yield the pairs of a scope that are there, read side by side.

    Args:
        existing: How they can be read.
        plan: The way to do it.
        scope: The pairs that matter: left ends with their right ends.
        resources: Makes the requests.
        unreadable: Takes what could not be read.
        must_stop: Returns whether an error is about the key.
        certain: Whether what is not found must certainly not be there: then left ends of which something is
            missing are read one by one where that way leaves a doubt.
        width: Requests under way at a time at most.
    """
    if existing.sub_teams:
        whole = _with_sub_teams(existing, scope, resources, unreadable, must_stop=must_stop, width=width)
        async with aclosing(whole) as found:
            async for pair in found:
                yield pair
        return
    # A set a person takes three times as much as all their pairs: only where something is read again.
    missing = {left: set(rights) for left, rights in scope.items()} if certain and not plan.complete else {}
    part_of = reader(existing, plan, resources, unreadable, must_stop)
    async with aclosing(_side_by_side(part_of, plan, width)) as pairs:
        async for left, right in pairs:
            if right in scope.get(left, ()):
                if missing:
                    missing[left].discard(right)
                yield left, right
    doubtful = [left for left, rights in missing.items() if rights]
    if doubtful:
        again = ReadPlan("by_left", len(doubtful), doubtful, True)
        part_of = reader(existing, again, resources, unreadable, must_stop)
        async with aclosing(_side_by_side(part_of, again, width)) as pairs:
            async for left, right in pairs:
                if right in missing.get(left, ()):
                    missing[left].discard(right)
                    yield left, right


async def _with_sub_teams(
    existing: ExistingPairs,
    scope: Mapping[str, Sequence[str]],
    resources: Resources,
    unreadable: Unreadable,
    *,
    must_stop: MustStop,
    width: int,
) -> Found:
    """Yield the pairs of teams that they and all teams below them have. Each of these is read once."""
    if not scope:
        return
    children = await _children_listed(resources)
    if children is None:
        children = await _children_asked_for(scope, resources, unreadable, must_stop=must_stop, width=width)
    below = _all_below(scope, children)
    teams = list(dict.fromkeys(team for top in scope for team in (top, *below[top])))
    wanted = dict.fromkeys(teams, frozenset[str]())
    for top, rights in scope.items():
        for team in (top, *below[top]):
            wanted[team] |= frozenset(rights)
    found: dict[str, set[str]] = {team: set() for team in teams}
    plan = ReadPlan("by_left", len(teams), teams, True)
    part_of = reader(existing, plan, resources, unreadable, must_stop)
    async with aclosing(_side_by_side(part_of, plan, width)) as pairs:
        async for team, right in pairs:
            if right in wanted[team]:
                found[team].add(right)
    for top, rights in scope.items():
        unreadable.spread(below[top], top)
        for right in rights:
            # Where one cannot say which teams are below it, those that are known are perhaps not all.
            if unreadable.problem_of(top, right) is None and all(
                right in found[team] for team in (top, *below[top])
            ):
                yield top, right


async def _children_listed(resources: Resources) -> dict[str, list[str]] | None:
    """Return the teams right below each team, as the list of all teams has them; None where it does not say.

    `GET /teams` gives the whole tree for one request a thousand teams. At the top a parent is empty. One that is
    absent, as in the recordings of 2016, says nothing.
    """
    children: dict[str, list[str]] = {}
    says_parents = True
    async for team in resources.teams.list():
        says_parents = says_parents and team.parent_team_id is not None
        if team.parent_team_id:
            children.setdefault(team.parent_team_id, []).append(team.id)
    return children if says_parents else None


async def _children_asked_for(
    tops: Iterable[str],
    resources: Resources,
    unreadable: Unreadable,
    *,
    must_stop: MustStop,
    width: int,
) -> dict[str, list[str]]:
    """Return the teams below some teams and below those, one request each; one that cannot be read is noted.

    Only a client tells that `GET /teams/{team_id}/teams` gives more than the next level (api-facts 4), so those
    below are asked as well.
    """
    children: dict[str, list[str]] = {}
    asked = dict.fromkeys(tops)
    rank = list(asked)
    while rank:
        plan = ReadPlan("by_left", len(rank), rank, True)
        part_of = reader(_SUB_TEAMS, plan, resources, unreadable, must_stop)
        async with aclosing(_side_by_side(part_of, plan, width)) as pairs:
            async for above, team in pairs:
                children.setdefault(above, []).append(team)
        found = (team for above in rank for team in children.get(above, ()))
        rank = [team for team in dict.fromkeys(found) if team not in asked]
        asked.update(dict.fromkeys(rank))
    return children


_SUB_TEAMS: Final = ExistingPairs(by_left=lambda litmos, team: litmos.teams.list_sub_teams(team))


def _all_below(tops: Iterable[str], children: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Return the teams below each of some teams, on all levels."""
    below: dict[str, list[str]] = {}
    for top in tops:
        # A dict, and not a set, for its order; a circle in the tree ends where it began.
        seen = {top: None}
        stack = [top]
        while stack:
            for child in children.get(stack.pop(), ()):
                if child not in seen:
                    seen[child] = None
                    stack.append(child)
        below[top] = list(seen)[1:]
    return below


async def _side_by_side(part_of: Callable[[Any], Found], plan: ReadPlan, width: int) -> Found:
    async with aclosing(run_concurrently(part_of, plan.parts, min(width, len(plan.parts)))) as pairs:
        async for pair in pairs:
            yield pair
