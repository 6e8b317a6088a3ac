"""What a job reads: what is there before it, and what the server has made of its writes."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from litmos_async import UserInTeam, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import WithoutParents, assigned, bare, client, example


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
    sandbox, users, courses = example(users=30)

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = {user: [courses[0], "no-such-course"] for user in users}
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, verify=True)
            outcomes = [outcome async for outcome in job]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 30, "failed": 30}
            assert {o.item.course_id for o in outcomes if o.status == "failed"} == {"no-such-course"}
            assert {o.reason for o in outcomes if o.status == "failed"} == {
                "the server accepted it and ignored it"
            }
            assert job.report.reads <= 3

    run_virtual(main())


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
    sandbox, users, courses = example(users=3)
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
            assert known == {("unknown", "the server accepted it, but it was not read back"): 100}
            assert (job.report.stopped, job.report.ok) == ("interrupted", False)

    run_virtual(main())


def test_a_plan_counts_what_will_be_read_back() -> None:
    """With verify the time holds the reads, which are the ones that are made; without it there are none."""
    sandbox, users, courses = example(users=60, courses=2)
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


@pytest.mark.parametrize("deep", [True, False])
@pytest.mark.parametrize("lacking", [None, 0, 1, 4])
def test_teams_whose_list_does_not_say_what_is_above(lacking: int | None, deep: bool) -> None:
    """A parent that is absent is not the top: the teams below are asked for, whatever that list holds."""
    sandbox, top, below, courses = tree()
    tenant = sandbox.tenant
    other = tenant.add_team(Name="Other")["Id"]
    for number, team in enumerate([top, *below, other]):
        if number != lacking:
            tenant.assign_team_course(team, courses[0])

    async def main() -> None:
        async with client(sandbox, transport=WithoutParents(sandbox, deep=deep)) as litmos:
            job = litmos.bulk.assign_courses_to_teams(
                [(top, courses[0]), (other, courses[0])],
                send_message=False,
                include_sub_teams=True,
                skip_existing=True,
            )
            plan = await job.plan()
            # The list of teams to its end, and of each of six the teams below and the courses.
            assert plan.reads == 2 + 6 + 6
            assert plan.items == (lacking is not None)
            report = await job.run()
            assert (report.skipped, report.done) == ((2, 0) if lacking is None else (1, 1))

    run_virtual(main())
    assert all(tenant.team_courses.get(team, courses[0]) for team in [top, *below])


@pytest.mark.parametrize("level", [0, 1, 3])
def test_teams_below_that_cannot_be_asked_for(level: int) -> None:
    """Of a team whose teams below cannot be read it is not known whether all have it: never skipped, never done."""
    sandbox, top, below, courses = tree()
    tenant = sandbox.tenant
    for team in (top, *below):
        tenant.assign_team_course(team, courses[0])
    unread = [top, *below][level]
    sandbox.faults.add(Fault(method="GET", path=f"/teams/{unread}/teams", status=403, times=None))

    async def main(**options: bool) -> dict[str, str]:
        async with client(sandbox, transport=WithoutParents(sandbox)) as litmos:
            job = litmos.bulk.assign_courses_to_teams(
                {top: courses}, send_message=False, include_sub_teams=True, **options
            )
            return {each.item.course_id: each.status async for each in job}

    assert run_virtual(main(skip_existing=True)) == dict.fromkeys(courses, "failed")
    assert run_virtual(main(verify=True)) == dict.fromkeys(courses, "unknown")


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
