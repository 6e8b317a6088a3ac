"""Bulk jobs on the sandbox, on a virtual clock: the fewest requests, an outcome for every item."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections import Counter
from collections.abc import Iterator

import pytest

from litmos_async import BulkJob, CourseForUser, LitmosClient, Outcome, RateLimit, UserInTeam, errors
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import assigned, bare, client, example


def test_one_request_a_person() -> None:
    """All courses of a person go in one request, and nobody gets mail that was not wanted."""
    sandbox, users, courses = example()
    pairs = [(user, course) for course in courses for user in users]

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
            plan = await job.plan()
            assert (plan.items, plan.requests, plan.emails) == (200, 20, 0)
            assert not sandbox.requests
            assert str(plan) == "200 assignments, 20 requests, a few seconds, no e-mails"
            report = await job.run()
            assert (report.done, report.ok, report.requests) == (200, True, 20)

    run_virtual(main())
    assert assigned(sandbox) >= set(pairs)
    assert len(sandbox.requests) == 20
    assert not sandbox.tenant.outbox


def test_outcomes_are_streamed() -> None:
    """Each item has one outcome, of the class that names its ends, as soon as it is known."""
    sandbox, users, courses = example()

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = dict.fromkeys(users, courses[:2])
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
            outcomes = [outcome async for outcome in job]
            assert outcomes[0] == Outcome(CourseForUser(users[0], courses[0]), "done", None, 1)
            assert {outcome.item for outcome in outcomes} == {(u, c) for u in users for c in courses[:2]}
            with pytest.raises(errors.ConfigurationError, match="once"):
                await job.run()

    run_virtual(main())


def test_memberships_go_by_team() -> None:
    """People join a team a hundred in a request, whichever way the pairs were sorted."""
    sandbox = Sandbox(Tenant.example(users=250, teams=3))
    users, teams = list(sandbox.tenant.users), list(sandbox.tenant.teams)
    pairs = [(user, team) for user in users for team in teams[:2]]

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.add_users_to_teams(pairs, send_message=True)
            plan = await job.plan()
            assert (plan.items, plan.requests, plan.emails) == (500, 6, 250)
            outcomes = [outcome async for outcome in job]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 500}
            assert isinstance(outcomes[0].item, UserInTeam)
            assert outcomes[0].item.team_id == teams[0]

    run_virtual(main())
    assert all(sandbox.tenant.members.get(team, user) for user, team in pairs)


@pytest.mark.costly
def test_the_whole_window_is_used_and_never_exceeded() -> None:
    """A long job uses every slot of the quota, and the server never refuses one."""
    sandbox, users, courses = example(users=450, courses=3)
    seen = []

    async def main() -> float:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=False)
            plan = await job.plan()
            assert plan.requests == 450
            assert plan.seconds == pytest.approx(270)
            report = await job.run(on_progress=seen.append)
            assert report.ok
            return report.seconds

    assert run_virtual(main()) < 240 / 0.985 + 1
    assert sandbox.quota.rejections == []
    assert sandbox.quota.most_in_any_window() == 100
    assert seen[-1].done == seen[-1].total == 1350
    assert (seen[-1].requests, seen[-1].requests_planned, seen[-1].seconds_left) == (450, 450, 0.0)
    assert [step.requests for step in seen[:-1]] == sorted(step.requests for step in seen[:-1])


@pytest.mark.costly
def test_interactive_calls_go_before_a_bulk_job() -> None:
    """With a reserve, a call of a person does not wait for the job, although the job takes all it can."""
    sandbox, users, courses = example(users=400)

    async def main() -> None:
        async with client(sandbox, rate_limit=RateLimit(reserve=5)) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=False)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(30)
            began = asyncio.get_running_loop().time()
            await litmos.users.get(users[0])
            assert asyncio.get_running_loop().time() - began < 1
            await running

    run_virtual(main())
    assert sandbox.quota.rejections == []


@pytest.mark.slow
def test_many_pairs_in_little_memory() -> None:
    """Two hundred thousand pairs from a generator are planned in a few megabytes."""

    def generate() -> Iterator[tuple[str, str]]:
        for number in range(200_000):
            yield f"user-{number % 20_000:05}", f"course-{number // 20_000}"

    async def main() -> None:
        litmos = LitmosClient("k", "t", base_url="https://x.example.com")
        tracemalloc.start()
        job: BulkJob = litmos.bulk.assign_courses_to_users(generate(), send_message=False)
        plan = await job.plan()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (plan.items, plan.requests) == (200_000, 20_000)
        assert peak < 15_000_000
        await litmos.aclose()

    run_virtual(main())


def test_memberships_are_mixed_for_the_fewest_requests() -> None:
    """A person in many teams is one request, a team of many people another: both in one job."""
    sandbox = bare(users=60, teams=30)
    users, teams = list(sandbox.tenant.users), list(sandbox.tenant.teams)
    sandbox.tenant.join_team(teams[0], users[7])
    pairs = [(user, teams[0]) for user in users] + [(users[0], team) for team in teams[1:20]]
    expected = set(pairs)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.add_users_to_teams(pairs, skip_existing=True, send_message=False)
            plan = await job.plan()
            assert plan.items == len(pairs) - 1
            assert plan.requests_by_kind == {
                "POST /users/{user_id}/teams": 1,
                "POST /teams/{team_id}/users": 1,
            }
            report = await job.run()
            assert report.ok
            assert report.requests == 2

    run_virtual(main())
    assert all(sandbox.tenant.members.get(team, user) for user, team in expected)


def test_removals_are_the_mirror_image() -> None:
    """What is there is removed, what is not there is skipped, and verify finds what is still there."""
    sandbox = bare(users=6, courses=3)
    users, courses = list(sandbox.tenant.users), list(sandbox.tenant.courses)
    for user in users[:4]:
        sandbox.tenant.assign_course(user, courses[0])

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = dict.fromkeys(users[:4], courses[:2])
            job = litmos.bulk.remove_courses_from_users(pairs, skip_existing=True, verify=True)
            plan = await job.plan()
            assert (plan.items, plan.skipped["not there"]) == (4, 4)
            report = await job.run()
            assert (report.done, report.skipped, report.ok) == (4, 4, True)
            report = await litmos.bulk.remove_courses_from_users(pairs).run()
            assert (report.done, report.skipped) == (0, 8)

    run_virtual(main())
    assert not {(user, courses[0]) for user in users[:4]} & assigned(sandbox)


def test_team_and_learning_path_jobs() -> None:
    """Every other kind of job is planned, run, verified and undone in one request a receiver."""
    sandbox = bare(users=8, teams=4, courses=4, paths=3)
    tenant = sandbox.tenant
    users, teams, courses, paths = map(
        list, (tenant.users, tenant.teams, tenant.courses, tenant.learning_paths)
    )

    async def main() -> None:
        async with client(sandbox) as litmos:
            bulk = litmos.bulk
            library = {"send_message": False, "library": True}
            steps = [
                (bulk.add_users_to_teams, dict.fromkeys(users, teams[:2]), {"send_message": False}),
                (bulk.assign_courses_to_teams, dict.fromkeys(teams, courses), {"send_message": False}),
                (bulk.assign_courses_to_teams, dict.fromkeys(teams, courses[:1]), library),
                (bulk.assign_learning_paths_to_users, dict.fromkeys(users, paths), {"send_message": False}),
                (bulk.assign_learning_paths_to_teams, dict.fromkeys(teams, paths), {"send_message": False}),
                (bulk.remove_learning_paths_from_teams, dict.fromkeys(teams, paths), {}),
                (bulk.remove_learning_paths_from_users, dict.fromkeys(users, paths[:2]), {}),
                (bulk.remove_courses_from_teams, dict.fromkeys(teams, courses[:1]), {"library": True}),
                (bulk.remove_courses_from_teams, dict.fromkeys(teams, courses), {}),
                (bulk.remove_users_from_teams, dict.fromkeys(users, teams[:1]), {"skip_existing": True}),
            ]
            for helper, pairs, options in steps:
                report = await helper(pairs, verify=True, **options).run()
                assert report.ok, (helper.__name__, report.problems)
                assert report.requests <= 16

    run_virtual(main())
    assert not tenant.members.of_left(teams[0])
    assert set(tenant.members.of_left(teams[1])) == set(users)
    assert not any(tenant.team_courses.of_left(team) for team in teams)
    assert not tenant.outbox
