"""Requests and time for the same work on the sandbox, in virtual time: one call a pair, one a person, and ours.

Run with `python -m benchmarks.bulk`; `--scale 1.0` is the full size (10,000 people), and takes some minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from collections.abc import Awaitable, Callable, Iterable

import httpx
from attrs import frozen

from litmos_async import LitmosClient
from litmos_async.bulk.cover import lower_bound
from litmos_async.sandbox import Sandbox, Tenant
from tests.virtual import run_virtual

Pairs = list[tuple[str, str]]


@frozen
class Result:
    """What one way took."""

    way: str
    requests: int
    minutes: float
    refused: int


def measure(way: str, tenant: Tenant, work: Callable[[LitmosClient], Awaitable[object]]) -> Result:
    """Do the work on a sandbox around this tenant, and count there."""
    sandbox = Sandbox(tenant, latency=lambda: 0.3)

    async def main() -> float:
        transport = httpx.ASGITransport(sandbox.app)
        async with LitmosClient(
            "sandbox-key", "bench", base_url="http://127.0.0.1/v1.svc", transport=transport
        ) as litmos:
            began = asyncio.get_running_loop().time()
            await work(litmos)
            return asyncio.get_running_loop().time() - began

    seconds = run_virtual(main())
    return Result(way, len(sandbox.quota.arrivals), seconds / 60, len(sandbox.quota.rejections))


async def side_by_side(calls: Iterable[Awaitable[object]]) -> None:
    """Make calls, a hundred at a time."""
    gate = asyncio.Semaphore(100)

    async def one(call: Awaitable[object]) -> None:
        async with gate:
            await call

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(one(call))


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


def courses_to_users(people: int) -> list[Result]:
    """Five courses for everybody."""

    def fresh(present: float = 0.0) -> Tenant:
        tenant = organisation(people, courses=5)
        chance = random.Random(1)
        for user in tenant.users:
            for course in tenant.courses:
                if chance.random() < present:
                    tenant.assign_course(user, course)
        return tenant

    def pairs(tenant: Tenant) -> Pairs:
        return [(user, course) for user in tenant.users for course in tenant.courses]

    def one_by_one(tenant: Tenant) -> Callable[[LitmosClient], Awaitable[object]]:
        return lambda litmos: side_by_side(
            litmos.users.assign_courses(user, [course], send_message=False) for user, course in pairs(tenant)
        )

    def by_person(tenant: Tenant) -> Callable[[LitmosClient], Awaitable[object]]:
        return lambda litmos: side_by_side(
            litmos.users.assign_courses(user, tenant.courses, send_message=False) for user in tenant.users
        )

    def ours(tenant: Tenant, *, skip: bool = False) -> Callable[[LitmosClient], Awaitable[object]]:
        return lambda litmos: litmos.bulk.assign_courses_to_users(
            pairs(tenant), send_message=False, skip_existing=skip
        ).run()

    def imported(tenant: Tenant) -> Callable[[LitmosClient], Awaitable[object]]:
        return lambda litmos: litmos.bulk.assign_courses_to_users(
            pairs(tenant), send_message=False, via="import"
        ).run()

    made = [fresh(), fresh(), fresh(), fresh(0.9), fresh(0.9), fresh()]
    return [
        measure("one call a pair", made[0], one_by_one(made[0])),
        measure("one call a person", made[1], by_person(made[1])),
        measure("ours", made[2], ours(made[2])),
        measure("ours, 90 % of it there already", made[3], ours(made[3])),
        measure("the same with skip_existing", made[4], ours(made[4], skip=True)),
        measure('ours with via="import"', made[5], imported(made[5])),
    ]


def memberships(people: int) -> tuple[list[Result], int]:
    """200 teams of 5 to 400 people, and 30 people in 20 more teams each."""
    chance = random.Random(2)

    def fresh() -> tuple[Tenant, Pairs]:
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

    def grouped(pairs: Pairs, end: int, at_most: int) -> list[tuple[str, list[str]]]:
        groups: dict[str, list[str]] = {}
        for pair in pairs:
            groups.setdefault(pair[end], []).append(pair[1 - end])
        return [
            (receiver, members[first : first + at_most])
            for receiver, members in groups.items()
            for first in range(0, len(members), at_most)
        ]

    state = chance.getstate()
    tenants: list[tuple[Tenant, Pairs]] = []
    for _ in range(4):
        chance.setstate(state)
        tenants.append(fresh())
    (first, pairs1), (second, pairs2), (third, pairs3), (fourth, pairs4) = tenants
    results = [
        measure(
            "one call a pair",
            first,
            lambda litmos: side_by_side(litmos.teams.add_users(team, [user]) for user, team in pairs1),
        ),
        measure(
            "one call a person and 25 teams",
            second,
            lambda litmos: side_by_side(
                litmos.users.add_to_teams(user, teams) for user, teams in grouped(pairs2, 0, 25)
            ),
        ),
        measure(
            "one call a team and 100 people",
            third,
            lambda litmos: side_by_side(
                litmos.teams.add_users(team, users) for team, users in grouped(pairs3, 1, 100)
            ),
        ),
        measure("ours", fourth, lambda litmos: litmos.bulk.add_users_to_teams(pairs4).run()),
    ]
    numbers: dict[str, int] = {}
    numbered = [
        (numbers.setdefault(user, len(numbers)), list(fourth.teams).index(team)) for user, team in pairs4
    ]
    return results, lower_bound(numbered)


def learning_paths(people: int) -> list[Result]:
    """Three learning paths for everybody."""
    made = [organisation(people, paths=3) for _ in range(2)]
    pairs = [[(user, path) for user in tenant.users for path in tenant.learning_paths] for tenant in made]
    return [
        measure(
            "one call a pair",
            made[0],
            lambda litmos: side_by_side(
                litmos.users.assign_learning_paths(user, [path], send_message=False)
                for user, path in pairs[0]
            ),
        ),
        measure(
            "ours",
            made[1],
            lambda litmos: litmos.bulk.assign_learning_paths_to_users(pairs[1], send_message=False).run(),
        ),
    ]


def show(title: str, results: list[Result], bound: int) -> None:
    """Print a table: requests and minutes, and how many times as many requests as the lower bound."""
    print(f"\n{title}; with nothing there yet, lists take {bound:,} requests at least")
    print(f"{'':34}{'requests':>10}{'minutes':>10}{'x bound':>10}{'refused':>10}")
    for result in results:
        print(
            f"{result.way:34}{result.requests:>10,}{result.minutes:>10.1f}"
            f"{result.requests / max(1, bound):>10.2f}{result.refused:>10,}"
        )


def main() -> int:
    """Print the tables; fail if ours is ever worse than the better one-sided way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scale", type=float, default=0.1)
    people = max(50, int(10_000 * parser.parse_args().scale))
    given = courses_to_users(people)
    show(f"Courses to people: {people:,} x 5", given, people)
    joined, bound = memberships(max(people, 1_000))
    show("Memberships: 200 teams of 5 to 400, 30 people in 20 more", joined, bound)
    paths = learning_paths(people)
    show(f"Learning paths to people: {people:,} x 3", paths, people)
    refused = sum(result.refused for result in (*given, *joined, *paths))
    return 0 if joined[3].requests <= min(joined[1].requests, joined[2].requests) and not refused else 1


if __name__ == "__main__":
    sys.exit(main())
