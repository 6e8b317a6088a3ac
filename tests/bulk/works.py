"""Every kind of job that keeps a journal, on a small organisation, and what can be said of it in the end."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx
from attrs import frozen

from litmos_async import BulkJob, LitmosClient, ModuleResult, RateLimit, User, UserImport
from litmos_async.sandbox import Sandbox, Tenant

PEOPLE = 12


@frozen
class Work:
    """A job, and what can be said of it in the end.

    Attributes:
        sandbox: Where it works.
        job: Makes it.
        items: How many items it has.
        ends: Checks what is there in the end.
        once: Counts what must not have happened twice to anybody.
    """

    sandbox: Sandbox
    job: Callable[[LitmosClient, Path], BulkJob]
    items: int
    ends: Callable[[], bool]
    once: Callable[[], Counter[str]] = Counter


def organisation() -> Tenant:
    """Return people in teams, with courses and learning paths to give."""
    tenant = Tenant()
    for number in range(PEOPLE):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    for number in range(3):
        course = tenant.add_course(Name=f"Course {number}")
        tenant.add_module(course["Id"], Name=f"Module {number}")
        tenant.add_learning_path(Name=f"Path {number}")
        team = tenant.add_team(Name=f"Team {number}")
        for user in list(tenant.users)[number::3]:
            tenant.join_team(team["Id"], user)
    return tenant


def sandbox_of(tenant: Tenant) -> Sandbox:
    """Return a sandbox that takes its time, now more, now less."""
    chance = random.Random(1)
    return Sandbox(tenant, latency=lambda: chance.uniform(0.1, 2.0))


def posts(sandbox: Sandbox, path: str) -> Counter[str]:
    """Count the writes to a path that were carried out, by what they were sent to."""
    return Counter(
        each.path
        for each in sandbox.requests
        if each.method in {"POST", "PUT"} and each.path.endswith(path) and each.carried_out
    )


def paths_of_people() -> Work:
    """Learning paths, whose repetition is not known to be harmless."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    pairs = [(user, path) for user in tenant.users for path in tenant.learning_paths]
    return Work(
        sandbox,
        lambda litmos, file: litmos.bulk.assign_learning_paths_to_users(
            pairs, send_message=False, journal=file
        ),
        len(pairs),
        lambda: all(tenant.user_paths.get(*pair) for pair in pairs),
        lambda: posts(sandbox, "/learningpaths"),
    )


def deactivations() -> Work:
    """People who are barred, and leave their teams; two of them are inactive already."""
    tenant = organisation()
    users = list(tenant.users)
    for user in users[:2]:
        tenant.change_user(user, Active=False)
    return Work(
        sandbox_of(tenant),
        lambda litmos, file: litmos.bulk.deactivate_users(users, remove_from_teams=True, journal=file),
        len(users),
        lambda: not any(tenant.users[user]["Active"] or tenant.members.of_right(user) for user in users),
    )


def leaving() -> Work:
    """People who leave all their teams."""
    tenant = organisation()
    users = list(tenant.users)
    return Work(
        sandbox_of(tenant),
        lambda litmos, file: litmos.bulk.remove_users_from_all_teams(users, journal=file),
        len(users),
        lambda: not any(tenant.members.of_right(user) for user in users),
    )


def completions() -> Work:
    """Results, each of which is another attempt."""
    tenant = organisation()
    (course, *_) = tenant.courses
    (module,) = tenant.course_modules.of_left(course)
    for user in tenant.users:
        tenant.assign_course(user, course)
    results = [
        (module, ModuleResult(user_id=user, course_id=course, score=80, completed=True))
        for user in tenant.users
    ]

    def attempts() -> Counter[str]:
        results_of = {user: tenant.user_courses.get(user, course).modules for user in tenant.users}
        return Counter({user: of[module].attempt for user, of in results_of.items() if module in of})

    return Work(
        sandbox_of(tenant),
        lambda litmos, file: litmos.bulk.complete_modules(results, journal=file),
        PEOPLE,
        lambda: len(attempts()) == PEOPLE,
        attempts,
    )


def imports() -> Work:
    """New people and changed ones, in an import that the server works through in its own time."""
    tenant = organisation()
    names = [f"User{number}@example.com" for number in range(2 * PEOPLE)]
    rows = [UserImport(username=name, first_name="New", last_name="Name") for name in names]
    sandbox = sandbox_of(tenant)
    return Work(
        sandbox,
        lambda litmos, file: litmos.bulk.import_users(rows, send_message=False, journal=file),
        len(rows),
        lambda: Counter(user["FirstName"] for user in tenant.users.values()) == {"New": 2 * PEOPLE},
        lambda: posts(sandbox, "/bulkimports"),
    )


def courses_via_import() -> Work:
    """Courses, by an import."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    pairs = [(user, course) for user in tenant.users for course in tenant.courses]
    return Work(
        sandbox,
        lambda litmos, file: litmos.bulk.assign_courses_to_users(
            pairs, send_message=False, via="import", journal=file
        ),
        len(pairs),
        lambda: all(tenant.user_courses.get(*pair) for pair in pairs),
        lambda: posts(sandbox, "/bulkimports"),
    )


def people_in_step() -> Work:
    """People who are created, changed, barred, and left alone."""
    tenant = organisation()
    names = [user["UserName"] for user in tenant.users.values()]
    wanted = [User(user_name=name, first_name="U", city="Ulm") for name in names[:5]]
    wanted += [User(user_name=name, first_name="U") for name in names[5:8]]
    wanted += [User(user_name=f"new{n}@example.com", first_name="N", last_name="N") for n in range(6)]
    sandbox = sandbox_of(tenant)

    def ends() -> bool:
        people = {user["UserName"]: user for user in tenant.users.values()}
        return (
            len(people) == PEOPLE + 6
            and all(people[name]["City"] == "Ulm" for name in names[:5])
            and not any(people[name]["Active"] for name in names[8:])
        )

    def created() -> Counter[str]:
        return Counter(user["UserName"] for user in tenant.users.values())

    return Work(
        sandbox,
        lambda litmos, file: litmos.bulk.sync_users(
            wanted, deactivate=True, max_removals=0.5, journal=file, send_message=False
        ),
        PEOPLE + 6,
        ends,
        created,
    )


def teams_in_step() -> Work:
    """Teams that people join and leave."""
    tenant = organisation()
    users = list(tenant.users)
    desired = {team: users[number : number + 6] for number, team in enumerate(tenant.teams)}
    before = {(user, team) for team in tenant.teams for user in tenant.members.of_left(team)}
    after = {(user, team) for team, people in desired.items() for user in people}
    return Work(
        sandbox_of(tenant),
        lambda litmos, file: litmos.bulk.sync_team_members(
            desired, remove=True, max_removals=1.0, journal=file, send_message=False
        ),
        len(before | after),
        lambda: {(u, team) for team in tenant.teams for u in tenant.members.of_left(team)} == after,
    )


KINDS = [
    paths_of_people,
    deactivations,
    leaving,
    completions,
    imports,
    courses_via_import,
    people_in_step,
    teams_in_step,
]


def client(sandbox: Sandbox, transport: httpx.AsyncBaseTransport | None = None) -> LitmosClient:
    """Return a client that starts a few requests at a time, so that something is done while the rest waits."""
    return LitmosClient(
        "sandbox-key",
        "tests",
        base_url="http://127.0.0.1/v1.svc",
        transport=transport or httpx.ASGITransport(sandbox.app),
        rate_limit=RateLimit(burst=3),
    )
