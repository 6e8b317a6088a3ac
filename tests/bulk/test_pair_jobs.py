"""Bulk jobs on the sandbox, on a virtual clock: the fewest requests, an outcome for every item."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from litmos_async import (
    BulkJob,
    CourseForUser,
    LitmosClient,
    Outcome,
    RateLimit,
    RetryPolicy,
    UserInTeam,
    errors,
)
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.wording import duration
from tests.support.sandboxes import bare, client


def make(users: int = 20, courses: int = 10, **options) -> tuple[Sandbox, list[str], list[str]]:
    """Return a sandbox, and the ids of its people and courses."""
    sandbox = Sandbox(Tenant.example(users=users, courses=courses), latency=lambda: 0.2, **options)
    return sandbox, list(sandbox.tenant.users), list(sandbox.tenant.courses)


def assigned(sandbox: Sandbox) -> set[tuple[str, str]]:
    """Return the assignments that the sandbox has from these jobs: pairs of person and course."""
    return {
        (user, course)
        for user in sandbox.tenant.users
        for course in sandbox.tenant.courses
        if sandbox.tenant.user_courses.get(user, course)
    }


def test_one_request_a_person() -> None:
    """All courses of a person go in one request, and nobody gets mail that was not wanted."""
    sandbox, users, courses = make()
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
    sandbox, users, courses = make()

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


async def as_stream(pairs: list[tuple[str, str]]) -> AsyncIterator[tuple[str, str]]:
    """Yield pairs one by one."""
    for pair in pairs:
        await asyncio.sleep(0)
        yield pair


def as_iterator(pairs: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Return an iterator, which can be read once."""
    return iter(pairs)


@pytest.mark.parametrize("form", [as_stream, as_iterator, list, tuple])
def test_pairs_in_any_form(form) -> None:
    """Pairs are taken from lists, iterators and async generators; records stand for their ids."""
    sandbox, users, courses = make()
    pairs = [(users[0], courses[0]), (users[1], courses[0]), (users[0], courses[0]), (users[0], courses[0])]

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await litmos.bulk.assign_courses_to_users(form(pairs), send_message=False).run()
            assert (report.done, report.skipped, report.requests) == (2, 2, 2)
            user, course = await litmos.users.get(users[2]), (await litmos.courses.list()).items[0]
            report = await litmos.bulk.assign_courses_to_users([(user, course)], send_message=False).run()
            assert report.done == 1

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


def test_a_refused_list_is_split_until_the_culprit_stands_alone() -> None:
    """One id that the server refuses costs its own item and no other."""
    refused = "c-bad"
    seen: list[list[str]] = []

    async def server(request: httpx.Request) -> httpx.Response:
        ids = [part.split(b"</Id>")[0].decode() for part in request.content.split(b"<Id>")[1:]]
        seen.append(ids)
        return (
            httpx.Response(400, json={"Detail": "no such course"}) if refused in ids else httpx.Response(201)
        )

    courses = [f"c{number}" for number in range(15)]
    courses.insert(6, refused)

    async def main() -> list[Outcome]:
        litmos = LitmosClient(
            "k", "t", base_url="https://x.example.com", transport=httpx.MockTransport(server)
        )
        async with litmos:
            job = litmos.bulk.assign_courses_to_users({"u1": courses}, send_message=False)
            outcomes = [outcome async for outcome in job]
            assert (job.report.requests, job.progress.requests_planned) == (len(seen), len(seen))
            assert (job.report.done, job.report.failed, job.report.ok) == (15, 1, False)
            assert [outcome.item.course_id for outcome in job.report.problems] == [refused]
            return outcomes

    outcomes = run_virtual(main())
    (failed,) = [outcome for outcome in outcomes if outcome.status == "failed"]
    assert failed.item == CourseForUser("u1", refused)
    assert isinstance(failed.error, errors.BadRequest)
    assert "no such course" in failed.reason
    assert failed.attempts == 5
    assert len(seen) == 1 + 2 * 4
    assert sum(len(ids) for ids in seen if refused not in ids) == 15


ALWAYS = {"method": "POST", "times": 100}


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"status": 500}, "failed"),
        ({"status": 500, "after": True}, "done"),
        ({"drop": True, "error": httpx.ReadError("reset")}, "failed"),
        ({"drop": True, "error": httpx.ReadError("reset"), "after": True}, "done"),
        ({"drop": True, "error": httpx.ConnectError("refused")}, "failed"),
        ({"status": 503}, "failed"),
        ({"html": True, "after": True, "status": 200}, "done"),
        ({"html": True, "status": 200}, "failed"),
        ({"method": "*", "status": 500, "after": True}, "unknown"),
    ],
)
def test_what_stays_broken(fault: dict[str, object], status: str) -> None:
    """What may be done is looked up; it is unknown only where that cannot be read, and the others go on."""
    sandbox, users, courses = make(users=3)
    sandbox.faults.add(Fault(**{**ALWAYS, **fault}, path=f"/users/{users[1]}/courses"))

    async def main() -> dict[str, str]:
        async with client(sandbox, retry=RetryPolicy(max_attempts=2, max_rejections=1)) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses[:2]), send_message=False)
            return {outcome.item.user_id: outcome.status async for outcome in job}

    assert run_virtual(main()) == {users[0]: "done", users[1]: status, users[2]: "done"}


@pytest.mark.parametrize(("key", "kind"), [("wrong", errors.Unauthorized)])
def test_a_key_that_does_not_work_stops_the_job(key: str, kind: type[errors.LitmosError]) -> None:
    """A wrong key will not get better: the job stops at once, without a request for every item."""
    sandbox, users, courses = make(users=200)

    async def main() -> None:
        async with client(sandbox, key) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=False)
            with pytest.raises(kind):
                await job.run()
            assert job.report.done == 0

    run_virtual(main())
    assert len(sandbox.requests) <= 100


def test_leaving_early_gives_up_what_is_under_way() -> None:
    """Whoever leaves the loop leaves no task, no slot and no connection behind."""
    sandbox, users, courses = make(users=60)

    async def main() -> None:
        async with client(sandbox) as litmos:
            outcomes = aiter(
                litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=False)
            )
            await anext(outcomes)
            await outcomes.aclose()
            assert litmos._limiter._queue.window.held == 0
            assert litmos.quota.waiting == 0
            assert len(asyncio.all_tasks()) <= 2

    run_virtual(main())


def test_the_whole_window_is_used_and_never_exceeded() -> None:
    """A long job uses every slot of the quota, and the server never refuses one."""
    sandbox, users, courses = make(users=450, courses=3)
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


def test_interactive_calls_go_before_a_bulk_job() -> None:
    """With a reserve, a call of a person does not wait for the job, although the job takes all it can."""
    sandbox, users, courses = make(users=400)

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


@pytest.mark.parametrize(
    "pairs",
    [
        [("u1",)],
        [("u1", "c1", "x")],
        [5],
        [("u1", "")],
        [(None, "c1")],
        {"u1": [""]},
        [("u1", "c1"), ("", "c2")],
    ],
)
def test_what_is_no_pair(pairs) -> None:
    """Something that is no pair of ids is refused before anything is sent, with its place."""
    sandbox, *_ = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match="pair"):
                await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run()
            for size in (0, 1001):
                with pytest.raises(errors.ConfigurationError, match="list_size"):
                    litmos.bulk.add_users_to_teams([], list_size=size, send_message=False)

    run_virtual(main())
    assert not sandbox.requests


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


def test_what_is_there_is_skipped() -> None:
    """With skip_existing the cheapest lists are read, and only what is missing is sent."""
    sandbox = bare(users=120, courses=4)
    users, courses = list(sandbox.tenant.users), list(sandbox.tenant.courses)
    for user in users[:90]:
        for course in courses[:2]:
            sandbox.tenant.assign_course(user, course)

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = dict.fromkeys(users, courses[:2])
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, skip_existing=True)
            plan = await job.plan()
            assert (plan.items, plan.requests, plan.reads) == (60, 30, 2)
            assert plan.skipped == {"already there": 180, "given twice": 0, "done in an earlier run": 0}
            assert str(plan) == "60 assignments, 30 requests, a few seconds, 180 already there, no e-mails"
            report = await job.run()
            assert (report.done, report.skipped, report.requests, report.reads) == (60, 180, 30, 2)

    run_virtual(main())
    assert assigned(sandbox) >= {(user, course) for user in users for course in courses[:2]}


def test_what_the_server_ignored_is_found_out() -> None:
    """With verify an id that does not exist ends as failed, though the server took it without a word."""
    sandbox, users, courses = make(users=30)

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = {user: [courses[0], "no-such-course"] for user in users}
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, verify=True)
            outcomes = [outcome async for outcome in job]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 30, "failed": 30}
            assert {o.item.course_id for o in outcomes if o.status == "failed"} == {"no-such-course"}
            assert {o.reason for o in outcomes if o.status == "failed"} == {
                "the server took it and ignored it"
            }
            assert job.report.reads <= 3

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


def test_a_member_already_is_nothing_to_do() -> None:
    """A person refuses a list with a team that he or she is in: split, that team is skipped, the others join."""
    sandbox = Sandbox(Tenant.example(users=3, teams=9))
    user, teams = next(iter(sandbox.tenant.users)), list(sandbox.tenant.teams)
    for team in teams:
        sandbox.tenant.leave_team(team, user)
    sandbox.tenant.join_team(teams[3], user)

    async def main() -> None:
        async with client(sandbox) as litmos:
            outcomes = [
                outcome async for outcome in litmos.bulk.add_users_to_teams({user: teams}, send_message=False)
            ]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 8, "skipped": 1}
            (skipped,) = [outcome for outcome in outcomes if outcome.status == "skipped"]
            assert skipped.item == UserInTeam(user, teams[3])

    run_virtual(main())
    assert all(sandbox.tenant.members.get(team, user) for team in teams)


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


def test_inactive_members_are_members() -> None:
    """A team does not list inactive members: before one is taken for missing, the person is asked."""
    sandbox = bare(users=3, teams=1)
    users, (team,) = list(sandbox.tenant.users), sandbox.tenant.teams
    sandbox.tenant.change_user(users[0], Active=False)
    for user in users:
        sandbox.tenant.join_team(team, user)

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = {user: [team] for user in users}
            report = await litmos.bulk.add_users_to_teams(pairs, verify=True, send_message=False).run()
            assert (report.done, report.failed) == (3, 0)
            job = litmos.bulk.remove_users_from_teams(pairs, skip_existing=True)
            assert (await job.plan()).items == 3
            assert (await job.run()).ok

    run_virtual(main())
    assert not sandbox.tenant.members.of_left(team)


def test_what_cannot_be_read_back_is_unknown() -> None:
    """With verify, a reading that fails leaves every item unknown, with the reason."""
    sandbox, users, courses = make(users=3)
    sandbox.faults.add(Fault(method="GET", times=1000, status=403))
    sandbox.faults.add(Fault(path="/users/courses", times=1000, status=403))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                dict.fromkeys(users, courses[:2]), send_message=False, verify=True
            )
            assert list(job.outcomes_so_far()) == []
            report = await job.run()
            assert (report.unknown, report.done) == (6, 0)
            assert all(isinstance(outcome.error, errors.Forbidden) for outcome in job.outcomes_so_far())

    run_virtual(main())


def test_a_job_that_stops_after_failures() -> None:
    """Too many failures end the job: nothing new is sent, and all that was sent has its outcome."""
    sandbox, users, courses = make(users=300)
    sandbox.faults.add(Fault(method="POST", times=1000, status=404))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                dict.fromkeys(users, courses[:1]), send_message=False, stop_after_failures=5
            )
            report = await job.run()
            assert 5 <= report.failed == report.requests == len(sandbox.requests) <= 200
            assert (report.stopped, report.ok) == (f"{report.failed} items failed", False)
            assert str(report).endswith(f"stopped: {report.failed} items failed")
            assert {outcome.status for outcome in job.outcomes_so_far()} == {"failed"}
            with pytest.raises(errors.ConfigurationError):
                litmos.bulk.remove_users_from_teams([], stop_after_failures=0)

    run_virtual(main())


def test_a_job_that_stops_reads_back_what_it_did() -> None:
    """With verify, what the server took before the stop is not taken on trust."""
    sandbox = bare(users=150, paths=1)
    users, (path,) = list(sandbox.tenant.users), sandbox.tenant.learning_paths
    refused = users[20]
    sandbox.faults.add(Fault(method="POST", path=f"/users/{refused}/*", status=400))

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = [(user, "nonsense" if number == 3 else path) for number, user in enumerate(users)]
            job = litmos.bulk.assign_learning_paths_to_users(
                pairs, send_message=False, verify=True, stop_after_failures=1
            )
            outcomes = {outcome.item.user_id: outcome async for outcome in job}
            sent = {user for user in users if f"/users/{user}/learningpaths" in posted(sandbox)}
            assert outcomes.keys() == sent
            assert 20 < len(sent) < 150
            failed = {user for user, outcome in outcomes.items() if outcome.status == "failed"}
            assert failed == {users[3], refused}
            assert {outcome.status for outcome in outcomes.values()} == {"done", "failed"}

    run_virtual(main())


def posted(sandbox: Sandbox) -> set[str]:
    """Return where something was sent to."""
    return {request.path for request in sandbox.requests if request.method == "POST"}


def test_what_was_not_read_back_is_unknown() -> None:
    """A job with verify that is broken off while it writes has nothing that it may call done."""
    sandbox = bare(users=150, paths=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = dict.fromkeys(sandbox.tenant.users, next(iter(sandbox.tenant.learning_paths)))
            job = litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, verify=True)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(30)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            known = Counter((outcome.status, outcome.reason) for outcome in job.outcomes_so_far())
            assert known == {("unknown", "the server took it, and it was not read back"): 100}
            assert (job.report.stopped, job.report.ok) == ("interrupted", False)

    run_virtual(main())


def test_a_receiver_that_does_not_exist_costs_one_request() -> None:
    """Ids in the list that do not exist are passed over, so a 404 is about who would receive it."""
    sandbox = bare(users=1, courses=100, teams=1, paths=100)
    courses = list(sandbox.tenant.courses)

    async def main() -> None:
        async with client(sandbox) as litmos:
            bulk = litmos.bulk
            for make, status in (
                (lambda: bulk.assign_courses_to_users({"gone": courses}, send_message=False), "failed"),
                (lambda: bulk.assign_courses_to_teams({"gone": courses}, send_message=False), "failed"),
                (lambda: bulk.remove_courses_from_teams({"gone": courses}), "skipped"),
            ):
                job = make()
                assert {outcome.status async for outcome in job} == {status}
                assert (job.report.counted, job.report.requests) == (100, 1)

    run_virtual(main())


def test_what_is_known_after_a_job_was_stopped() -> None:
    """What was under way is unknown, what was answered is known, what was never sent is left out."""
    sandbox, users, courses = make(users=250)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses[:1]), send_message=False)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(60.25)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            known = Counter((outcome.status, outcome.reason) for outcome in job.outcomes_so_far())
            assert known.keys() <= {("done", ""), ("unknown", "interrupted")}
            assert known["done", ""] >= 100
            assert known.total() == len(sandbox.requests)

    run_virtual(main())


def test_an_input_that_is_spoilt_stays_spoilt() -> None:
    """A generator with a mistake in it is not read half and then taken for all."""
    sandbox, users, courses = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                iter([(users[0], courses[0]), ("", "x"), (users[1], courses[0])]), send_message=False
            )
            for _ in range(2):
                with pytest.raises(errors.ConfigurationError, match="pair 2"):
                    await job.plan()

    run_virtual(main())


def test_a_plan_can_be_approved() -> None:
    """A plan is told as JSON, with everything that somebody has to know."""
    sandbox, users, courses = make()

    async def main() -> str:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=True)
            return (await job.plan()).to_json()

    plan = json.loads(run_virtual(main()))
    assert (plan["items"], plan["requests"], plan["emails"]) == (200, 20, 20)
    assert plan["requests_by_kind"] == {"POST /users/{user_id}/courses": 20}


def test_names_are_resolved_through_the_lists() -> None:
    """Names become ids with a request a thousand rows and one for the end; unknown ones are named, not raised."""
    sandbox = Sandbox(Tenant.example(users=30, courses=5))
    tenant = sandbox.tenant
    known = list(tenant.users.values())
    twin = {"FirstName": "T", "LastName": "W", "Email": "twin@example.com"}
    first = tenant.add_user(UserName="t1@example.com", **twin)
    tenant.add_user(UserName="t2@example.com", **twin)
    owner = tenant.add_user(UserName="JÜRGEN@example.com", **{**twin, "Email": "t1@example.com"})
    course = next(iter(tenant.courses.values()))

    async def main() -> None:
        async with client(sandbox) as litmos:
            names = [
                known[0]["UserName"].upper(),
                "t1@example.com",
                "twin@example.com",
                " ju\u0308rgen@EXAMPLE.com ",
                "nobody",
                known[1]["Id"],
            ]
            users = await litmos.bulk.resolve_users(names)
            assert users.ids == {
                names[0]: known[0]["Id"],
                "t1@example.com": first["Id"],
                names[3]: owner["Id"],
                names[5]: known[1]["Id"],
            }
            assert users.problems == {
                "twin@example.com": "2 users go by 'twin@example.com'",
                "nobody": "no user goes by 'nobody'",
            }
            courses = await litmos.bulk.resolve_courses(
                [
                    course["Code"],
                    course["CourseCodeForBulkImport"],
                    course["Id"],
                    str(course["OriginalId"]),
                    "x",
                ]
            )
            assert set(courses.ids.values()) == {course["Id"]}
            assert list(courses.problems) == ["", "x"]
            team = next(iter(tenant.teams.values()))
            teams = await litmos.bulk.resolve_teams([team["TeamCodeForBulkImport"], "?"])
            assert teams.ids == {team["TeamCodeForBulkImport"]: team["Id"]}
            path = next(iter(tenant.learning_paths.values()))
            paths = await litmos.bulk.resolve_learning_paths([path["Name"], str(path["OriginalId"]), "?"])
            assert set(paths.ids.values()) == {path["Id"]}
            # Four lists, and for each one more to prove its end.
            assert len(sandbox.requests) == 8

    run_virtual(main())


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 0 s"), (128.4, "2 min 8 s"), (3600, "1 h 0 min"), (7325, "2 h 2 min")],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    """A duration is said in hours, minutes and seconds, as far as they matter."""
    assert duration(seconds) == text


def test_a_plan_counts_what_will_be_read_back() -> None:
    """With verify the time holds the reads, which are the ones that are made; without it there are none."""
    sandbox, users, courses = make(users=60, courses=2)
    pairs = [(user, course) for user in users for course in courses]

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, verify=True)
            plan = await job.plan()
            assert (plan.requests, plan.checks, plan.reads) == (60, 2, 0)
            assert "60 requests and 2 to read back" in str(plan)
            assert (await job.run()).reads == plan.checks
            barred = await litmos.bulk.deactivate_users(users, verify=True).plan()
            assert (barred.requests, barred.checks) == (120, 60)
            assert barred.seconds > 60
            plain = await litmos.bulk.deactivate_users(users).plan()
            assert (plain.requests, plain.checks, "read back" in str(plain)) == (120, 0, False)

    run_virtual(main())


# ------------------------------------------------ teams below


def tree() -> tuple[Sandbox, str, list[str], list[str]]:
    """Return a team, the teams below it on two levels, and courses."""
    sandbox = bare(courses=2, paths=2)
    tenant = sandbox.tenant
    top = tenant.add_team(Name="Top")["Id"]
    middle = [tenant.add_team(Name=f"Middle {n}", ParentTeamId=top)["Id"] for n in range(2)]
    low = [tenant.add_team(Name=f"Low {n}", ParentTeamId=middle[n])["Id"] for n in range(2)]
    return sandbox, top, [*middle, *low], list(tenant.courses)


@pytest.mark.parametrize("what", ["courses", "learning_paths"])
@pytest.mark.parametrize("lacking", [None, 0, 1, 2, 3, 4])
def test_what_a_team_below_lacks_is_not_there(what: str, lacking: int | None) -> None:
    """With include_sub_teams a pair is skipped only where all teams below have it, on every level."""
    sandbox, top, below, _ = tree()
    tenant = sandbox.tenant
    assign = tenant.assign_team_course if what == "courses" else tenant.assign_team_path
    first, second = list(tenant.courses if what == "courses" else tenant.learning_paths)
    for number, team in enumerate([top, *below]):
        assign(team, first)
        if number != lacking:
            assign(team, second)

    async def main() -> None:
        async with client(sandbox) as litmos:
            helper = getattr(litmos.bulk, f"assign_{what}_to_teams")
            job = helper(
                {top: [first, second]},
                send_message=False,
                include_sub_teams=True,
                skip_existing=True,
                verify=True,
            )
            report = await job.run()
            assert report.ok
            assert (report.skipped, report.done) == ((2, 0) if lacking is None else (1, 1))

    run_virtual(main())
    has = tenant.team_courses if what == "courses" else tenant.team_paths
    assert all(has.get(team, second) for team in [top, *below])


@pytest.mark.parametrize("level", [0, 3])
def test_what_a_team_below_was_not_given_is_no_success(level: int) -> None:
    """With verify, what one team below lacks afterwards has failed; where it cannot be read, it is unknown."""
    sandbox, top, below, courses = tree()
    tenant = sandbox.tenant

    async def main() -> dict[str, str]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_teams(
                {top: courses}, send_message=False, include_sub_teams=True, verify=True
            )
            plan = await job.plan()
            # The list of teams, and the courses of the one that is named, at least.
            assert plan.checks == 2
            statuses = {}
            async for outcome in job:
                statuses[outcome.item.course_id] = outcome.status
            return statuses

    plain = tenant.assign_team_course
    tenant.assign_team_course = lambda team, course: (
        [] if (team, course) == (below[level], courses[1]) else plain(team, course)
    )
    assert run_virtual(main()) == {courses[0]: "done", courses[1]: "failed"}
    sandbox.faults.add(Fault(method="GET", path=f"/teams/{below[level]}/courses", status=403, times=None))
    assert run_virtual(main()) == {courses[0]: "unknown", courses[1]: "unknown"}
