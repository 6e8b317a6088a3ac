"""Requests and time for the same work on the sandbox, in virtual time: one call a pair, one a person, and ours.

Run with `python -m benchmarks.bulk`; `--scale 1.0` is the full size (10,000 people), and takes some minutes. After
each way the sandbox must hold every pair. The exit code is 1 where ours takes more requests than the better
one-sided way, or where the rate limit refused anything.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

import httpx
from attrs import frozen

from litmos_async import LitmosClient
from litmos_async.bulk import BulkJob
from litmos_async.bulk.pairs.planning import TEAMS_PER_USER_REQUEST, USERS_PER_TEAM_REQUEST, lower_bound
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual

Pairs = list[tuple[str, str]]
Calls = Callable[[LitmosClient, Pairs], Iterator[Awaitable[object]]]
Start = Callable[[LitmosClient, Pairs], BulkJob]

ABREAST = 100
"""Calls under way at a time where somebody makes them by hand."""


@frozen
class Way:
    """One way to do the work.

    Attributes:
        name: What it is called in the table.
        by_hand: Makes its calls, one by one; or
        job: makes the job that does it.
        present: The part of the pairs that are there already.
        bounded: Whether it sends lists of ids, so that the lower bound holds for it.
        one_sided: Whether ours must not be above it.
        ours: Whether it must not be above the better one-sided way.
    """

    name: str
    by_hand: Calls | None = None
    job: Start | None = None
    present: float = 0.0
    bounded: bool = True
    one_sided: bool = False
    ours: bool = False

    async def do(self, litmos: LitmosClient, pairs: Pairs) -> None:
        """Do the work."""
        if self.by_hand is not None:
            await side_by_side(self.by_hand(litmos, pairs))
        if self.job is not None:
            report = await self.job(litmos, pairs).run()
            assert report.ok, report


@frozen
class Subject:
    """What is given to whom.

    Attributes:
        title: What the table is called.
        fresh: Makes an organisation that has nothing of it yet, and the pairs that it shall have.
        give: Puts a pair into it.
        has: Tells whether a pair is in it.
        bound: The fewest requests with lists of ids that carry so many pairs.
        ways: The ways to compare.
    """

    title: str
    fresh: Callable[[], tuple[Tenant, Pairs]]
    give: Callable[[Tenant, str, str], object]
    has: Callable[[Tenant, str, str], object]
    bound: Callable[[Pairs], int]
    ways: Sequence[Way]


@frozen
class Result:
    """What one way took."""

    way: Way
    requests: int
    minutes: float
    bound: int | None
    refused: int


def measure(subject: Subject, way: Way) -> Result:
    """Do the work in a new organisation, and count there."""
    tenant, pairs = subject.fresh()
    chance = random.Random(1)
    there = {pair for pair in pairs if chance.random() < way.present}
    for pair in there:
        subject.give(tenant, *pair)
    sandbox = Sandbox(tenant, latency=lambda: 0.3)

    async def main() -> float:
        transport = httpx.ASGITransport(sandbox.app)
        async with LitmosClient(
            "sandbox-key", "bench", base_url="http://127.0.0.1/v1.svc", transport=transport
        ) as litmos:
            began = asyncio.get_running_loop().time()
            await way.do(litmos, pairs)
            return asyncio.get_running_loop().time() - began

    seconds = run_virtual(main())
    assert all(subject.has(tenant, *pair) for pair in pairs), f"{way.name} left something out"
    bound = subject.bound([pair for pair in pairs if pair not in there]) if way.bounded else None
    return Result(way, len(sandbox.quota.arrivals), seconds / 60, bound, len(sandbox.quota.rejections))


async def side_by_side(calls: Iterator[Awaitable[object]]) -> None:
    """Make calls, some at a time."""

    async def make_some() -> None:
        for call in calls:
            await call

    async with asyncio.TaskGroup() as group:
        for _ in range(ABREAST):
            group.create_task(make_some())


def organisation(people: int, *, courses: int = 0, teams: int = 0, paths: int = 0) -> Tenant:
    """Return people and things that nobody has yet."""
    tenant = Tenant()
    for number in range(people):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    for number in range(courses):
        tenant.add_course(Name=f"Course {number}", Code=f"C-{number}")
    for number in range(teams):
        tenant.add_team(Name=f"Team {number}")
    for number in range(paths):
        tenant.add_learning_path(Name=f"Path {number}")
    return tenant


def grouped(pairs: Pairs, end: int, at_most: int) -> Iterator[tuple[str, list[str]]]:
    """Yield the ids of one end with lists of the ids of the other one."""
    groups: dict[str, list[str]] = defaultdict(list)
    for pair in pairs:
        groups[pair[end]].append(pair[1 - end])
    for receiver, members in groups.items():
        for first in range(0, len(members), at_most):
            yield receiver, members[first : first + at_most]


def people_in(pairs: Pairs) -> int:
    """Return how many people there are: none can share a request where only a person carries a list."""
    return len({person for person, _ in pairs})


def courses_to_users(people: int) -> Subject:
    """Five courses for everybody."""

    def fresh() -> tuple[Tenant, Pairs]:
        tenant = organisation(people, courses=5)
        return tenant, [(user, course) for user in tenant.users for course in tenant.courses]

    def by_hand(at_most: int) -> Calls:
        return lambda litmos, pairs: (
            litmos.users.assign_courses(user, courses, send_message=False)
            for user, courses in grouped(pairs, 0, at_most)
        )

    def ours(**options: bool) -> Start:
        return lambda litmos, pairs: litmos.bulk.assign_courses_to_users(
            pairs, send_message=False, skip_existing=options.get("skip", False)
        )

    def imported(litmos: LitmosClient, pairs: Pairs) -> BulkJob:
        return litmos.bulk.assign_courses_to_users(pairs, send_message=False, via="import")

    return Subject(
        f"Courses to people: {people:,} x 5",
        fresh,
        lambda tenant, user, course: tenant.assign_course(user, course),
        lambda tenant, user, course: tenant.user_courses.get(user, course),
        people_in,
        ways_with(
            [Way("one call a person", by_hand(100), one_sided=True)],
            by_hand(1),
            ours(),
            ours(skip=True),
            imported,
        ),
    )


def ways_with(
    one_sided: Sequence[Way], by_pair: Calls, ours: Start, skipping: Start, imported: Start | None
) -> list[Way]:
    """Return all ways to compare."""
    ways = [
        Way("one call a pair", by_pair),
        *one_sided,
        Way("ours", job=ours, ours=True),
        Way("ours, 90 % of it there already", job=ours, present=0.9),
        Way("the same with skip_existing", job=skipping, present=0.9, ours=True),
    ]
    if imported is not None:
        ways.append(Way('ours with via="import"', job=imported, bounded=False, ours=True))
    return ways


def memberships(people: int) -> Subject:
    """200 teams of 5 to 400 people, and 30 people in 20 more teams each."""

    def fresh() -> tuple[Tenant, Pairs]:
        chance = random.Random(2)
        tenant = organisation(people, teams=200)
        users, teams = list(tenant.users), list(tenant.teams)
        chosen: dict[tuple[str, str], None] = {}
        for team in teams:
            for user in chance.sample(users, min(len(users), chance.randint(5, 400))):
                chosen[user, team] = None
        for user in users[:30]:
            for team in chance.sample(teams, 20):
                chosen[user, team] = None
        return tenant, list(chosen)

    def by_team(at_most: int) -> Calls:
        return lambda litmos, pairs: (
            litmos.teams.add_users(team, users) for team, users in grouped(pairs, 1, at_most)
        )

    def by_person(litmos: LitmosClient, pairs: Pairs) -> Iterator[Awaitable[object]]:
        for user, teams in grouped(pairs, 0, TEAMS_PER_USER_REQUEST):
            yield litmos.users.add_to_teams(user, teams)

    def bound(pairs: Pairs) -> int:
        users, teams = (
            {end: place for place, end in enumerate(dict.fromkeys(ends))} for ends in zip(*pairs, strict=True)
        )
        return lower_bound((users[user], teams[team]) for user, team in pairs)

    return Subject(
        "Memberships: 200 teams of 5 to 400, 30 people in 20 more",
        fresh,
        lambda tenant, user, team: tenant.join_team(team, user),
        lambda tenant, user, team: tenant.members.get(team, user),
        bound,
        ways_with(
            [
                Way("one call a person and 25 teams", by_person, one_sided=True),
                Way("one call a team and 100 people", by_team(USERS_PER_TEAM_REQUEST), one_sided=True),
            ],
            by_team(1),
            lambda litmos, pairs: litmos.bulk.add_users_to_teams(pairs, send_message=False),
            lambda litmos, pairs: litmos.bulk.add_users_to_teams(
                pairs, skip_existing=True, send_message=False
            ),
            lambda litmos, pairs: litmos.bulk.add_users_to_teams(pairs, via="import", send_message=False),
        ),
    )


def learning_paths(people: int) -> Subject:
    """Three learning paths for everybody; no import carries them."""

    def fresh() -> tuple[Tenant, Pairs]:
        tenant = organisation(people, paths=3)
        return tenant, [(user, path) for user in tenant.users for path in tenant.learning_paths]

    def by_hand(at_most: int) -> Calls:
        return lambda litmos, pairs: (
            litmos.users.assign_learning_paths(user, paths, send_message=False)
            for user, paths in grouped(pairs, 0, at_most)
        )

    def ours(*, skip: bool) -> Start:
        return lambda litmos, pairs: litmos.bulk.assign_learning_paths_to_users(
            pairs, send_message=False, skip_existing=skip
        )

    return Subject(
        f"Learning paths to people: {people:,} x 3",
        fresh,
        lambda tenant, user, path: tenant.assign_path(user, path),
        lambda tenant, user, path: tenant.user_paths.get(user, path),
        people_in,
        ways_with(
            [Way("one call a person", by_hand(100), one_sided=True)],
            by_hand(1),
            ours(skip=False),
            ours(skip=True),
            None,
        ),
    )


def table(subject: Subject) -> list[Result]:
    """Print how the ways compare, each as soon as it is known."""
    print(f"\n{subject.title}")
    print(f"{'':32}{'requests':>10}{'minutes':>10}{'bound':>10}{'x bound':>10}{'refused':>10}")
    results: list[Result] = []
    for way in subject.ways:
        result = measure(subject, way)
        results.append(result)
        beside = (
            f"{result.bound:>10,}{result.requests / result.bound:>10.2f}"
            if result.bound
            else f"{'-':>10}" * 2
        )
        print(
            f"{way.name:32}{result.requests:>10,}{result.minutes:>10.1f}{beside}{result.refused:>10,}",
            flush=True,
        )
    return results


def complaints(title: str, results: Iterable[Result]) -> Iterator[str]:
    """Yield what is not as it was promised."""
    results = list(results)
    most = min(result.requests for result in results if result.way.one_sided)
    for result in results:
        if result.way.ours and result.requests > most:
            yield f"{title}: {result.way.name} takes {result.requests:,} requests, one side alone {most:,}"
        if result.bound is not None and result.requests < result.bound:
            yield f"{title}: {result.way.name} is below the lower bound"
        if result.refused:
            yield f"{title}: {result.way.name} was refused {result.refused:,} times"


def main() -> int:
    """Print the tables; fail if anything is not as it was promised."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1)
    people = max(50, int(10_000 * parser.parse_args().scale))
    print("bound: the fewest requests with lists of ids that can carry what is missing")
    wrong: list[str] = []
    for subject in courses_to_users(people), memberships(max(people, 1_000)), learning_paths(people):
        wrong += complaints(subject.title, table(subject))
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
