"""How many ids a request takes is learned from the first long list, and nothing is lost by it."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from litmos_async import BulkJob, LitmosClient, RateLimit, Report, RetryPolicy
from litmos_async.bulk import ListSize, ListSizes, Plan, read_summary
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.amounts import amount
from tests.support.sandboxes import client

TEAM_USERS = "POST /teams/{team_id}/users"


def teams_of(sizes: list[int], **options: Any) -> tuple[Sandbox, dict[str, list[str]]]:
    """Return a sandbox with empty teams, and people for each of them, each in one team."""
    tenant = Tenant()
    wanted: dict[str, list[str]] = {}
    for number, size in enumerate(sizes):
        team = tenant.add_team(Name=f"Team {number}")["Id"]
        wanted[team] = [
            tenant.add_user(UserName=f"user{number}.{each}@example.com", FirstName="U", LastName="E")["Id"]
            for each in range(size)
        ]
    return Sandbox(tenant, latency=lambda: 0.2, **options), wanted


def joining(litmos: LitmosClient, wanted: dict[str, list[str]], **options: Any) -> BulkJob:
    """Return a job that puts people into teams."""
    pairs = [(user, team) for team, users in wanted.items() for user in users]
    return litmos.bulk.add_users_to_teams(pairs, **{"send_message": False} | options)


def lists(sandbox: Sandbox, path: str = "/users") -> list[str]:
    """Return the paths of the lists that were sent."""
    return [each.path for each in sandbox.requests if each.method == "POST" and each.path.endswith(path)]


def run(sandbox: Sandbox, wanted: dict[str, list[str]], **options: Any) -> tuple[Plan, Report, ListSizes]:
    """Run such a job on a new client, and see that everybody is in their team."""

    async def main() -> tuple[Plan, Report, ListSizes]:
        async with client(sandbox) as litmos:
            job = joining(litmos, wanted, **options)
            plan = await job.plan()
            statuses = Counter[str]()
            async for outcome in job:
                statuses[outcome.status] += 1
            assert statuses == {"done": sum(map(len, wanted.values()))}
            assert job.progress.requests == job.progress.requests_planned
            return plan, job.report, litmos.bulk.list_sizes

    result = run_virtual(main())
    for team, users in wanted.items():
        assert set(sandbox.tenant.members.of_left(team)) == set(users)
    return result


def test_long_lists_save_requests() -> None:
    """The plan says both numbers, and the job needs the smaller one."""
    sandbox, wanted = teams_of([400, 5, 250, 130, 90])
    plan, report, sizes = run(sandbox, wanted)
    assert (plan.requests, plan.fewest_requests) == (11, 5)
    assert "11 requests (5 if the server takes longer lists)" in str(plan)
    assert json.loads(plan.to_json())["fewest_requests"] == 5
    assert (report.requests, report.reads, len(lists(sandbox))) == (5, 2, 5)
    assert sizes[TEAM_USERS] == ListSize(400, 1_000)


@pytest.mark.parametrize("removed", [False, True])
@pytest.mark.parametrize("status", [400, 403, 404, 406, 409, 500])
def test_a_list_that_is_rejected_is_sent_in_short_ones(status: int, removed: bool) -> None:
    """It falls back to the careful size, whatever the rejection is called, and the next job tries half of it."""
    sandbox, wanted = teams_of([400, 250], list_limit=120, list_refusal=status)
    if removed:  # a person who does not exist is passed over, and does not change what is learned
        del sandbox.tenant.users[next(reversed(wanted.values()))[-1]]
        next(reversed(wanted.values())).pop()
    plan, report, sizes = run(sandbox, wanted)
    assert (plan.requests, plan.fewest_requests) == (7, 2)
    assert report.requests == 1 + 4 + 3
    assert sizes[TEAM_USERS] == ListSize(100, 200)


@pytest.mark.parametrize(("limit", "learned"), [(250, 250), (101, 101), (100, 100)])
def test_a_list_that_is_cut_in_silence_loses_nothing(limit: int, learned: int) -> None:
    """What the server left out is sent once more; the job goes on with as many as it kept, if over 100."""
    sandbox, wanted = teams_of([600, 500], list_limit=limit, list_refusal=None)
    _, report, sizes = run(sandbox, wanted)
    assert sizes[TEAM_USERS].proven == learned
    rest = -(-(600 - limit) // 100)
    assert report.requests == 1 + rest + -(-500 // learned)


@pytest.mark.parametrize("verify", [False, True])
@pytest.mark.parametrize("limit", [99, 60, 50, 30, 7, pytest.param(1, marks=pytest.mark.costly)])
def test_the_careful_size_is_cut_as_well(limit: int, verify: bool, tmp_path: Path) -> None:
    """What the job has seen to be missing is not told as done: shorter lists go out, there and everywhere after."""
    sandbox, wanted = teams_of([450, 338], list_limit=limit, list_refusal=None)
    file = tmp_path / "night.db"
    _, _, sizes = run(sandbox, wanted, verify=verify, journal=file)
    assert sizes[TEAM_USERS].proven <= limit
    assert json.loads(sizes.to_json()) == {TEAM_USERS: [sizes[TEAM_USERS].proven] * 2}
    again = ListSizes()
    again.learn(sizes.to_json())
    assert again[TEAM_USERS] == sizes[TEAM_USERS]
    summary = read_summary(file)
    assert (summary.done, summary.left) == (788, 0)


@pytest.mark.parametrize("inactive", [1, 3, 40])
def test_people_whom_a_list_does_not_show_where_it_is_cut_too(inactive: int) -> None:
    """The job cannot see them, whatever it sends; all others get in, and it comes to an end."""
    sandbox, wanted = teams_of([450, 338], list_limit=50, list_refusal=None)
    users = next(iter(wanted.values()))
    for user in users[::inactive][:200]:
        sandbox.tenant.change_user(user, Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await joining(litmos, wanted).run()
            assert report.done == 788

    run_virtual(main())
    for team, members in wanted.items():
        active = {user for user in members if sandbox.tenant.users[user]["Active"]}
        assert active <= set(sandbox.tenant.members.of_left(team))


def test_what_is_missing_is_sent_and_refused() -> None:
    """What the server has left out and refuses the second time has failed, and the rest is done."""
    sandbox, wanted = teams_of([450], list_limit=50, list_refusal=None)
    sandbox.faults.add(Fault(method="POST", nth=6, status=404, times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = joining(litmos, wanted)
            statuses = Counter([each.status async for each in job])
            # The long list and four short ones, 50 of each.
            assert statuses == {"done": 250, "failed": 200}
            assert litmos.bulk.list_sizes.to_json() == "{}"
            assert job.progress.requests == job.progress.requests_planned

    run_virtual(main())


def test_people_whom_a_list_does_not_show_cut_nothing_short() -> None:
    """Inactive people are missing after short lists, too: the long list was taken as a whole."""
    sandbox, wanted = teams_of([400, 390])
    first = next(iter(wanted.values()))
    for user in first[-30:]:
        sandbox.tenant.change_user(user, Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await joining(litmos, wanted).run()
            assert report.done == 790
            assert litmos.bulk.list_sizes[TEAM_USERS] == ListSize(400, 1_000)
            assert report.requests == 1 + 1 + 1

    run_virtual(main())


def test_nothing_is_learned_with_e_mails() -> None:
    """Lists of a job that e-mails people are never longer than what a job without e-mails has read back."""
    sandbox, wanted = teams_of([300])
    plan, report, sizes = run(sandbox, wanted, send_message=True)
    assert (plan.requests, plan.fewest_requests, report.requests, report.reads) == (3, None, 3, 0)
    assert sizes[TEAM_USERS] == ListSize()
    sandbox, wanted = teams_of([300])

    async def main() -> None:
        async with client(sandbox) as litmos:
            litmos.bulk.list_sizes.learn(json.dumps({TEAM_USERS: [400, 1_000]}))
            assert (await joining(litmos, wanted, send_message=True).run()).requests == 1

    run_virtual(main())
    assert len(sandbox.tenant.outbox) == 300


def test_what_was_learned_stays_with_the_client_and_can_be_kept() -> None:
    """The next job of the client, or of a view of it, sends long lists at once; so does a client that is told."""
    sandbox, wanted = teams_of([300, 200])
    others = teams_of([300, 200])

    async def main() -> str:
        async with client(sandbox) as litmos:
            assert (await joining(litmos, wanted).run()).reads == 2
            again = {team: users[:50] + users[60:] for team, users in wanted.items()}
            view = litmos.with_options(timeout=10.0)
            plan = await joining(view, again).plan()
            assert (plan.requests, plan.fewest_requests) == (2, None)
            return litmos.bulk.list_sizes.to_json()

    kept = run_virtual(main())

    async def later() -> None:
        async with client(others[0]) as litmos:
            litmos.bulk.list_sizes.learn(kept)
            report = await joining(litmos, others[1]).run()
            assert (report.requests, report.reads) == (2, 0)

    run_virtual(later())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "[]",
        "{}",
        '{"POST /x": 5}',
        '{"POST /x": [5, 4]}',
        '{"POST /x": [100, 99]}',
        '{"POST /x": [100, true]}',
        '{"POST /x": [0, 100]}',
        '{"POST /x": [-5, 100]}',
        '{"POST /x": [100, 2000]}',
        '{"POST /x": ["100", 200]}',
        '{"POST /x": [100]}',
        "null",
        '{"POST /x": null}',
        "[" * 100_000,
    ],
)
def test_what_makes_no_sense_is_not_learned(text: str) -> None:
    """A file that was written by something else changes nothing."""
    sizes = ListSizes()
    sizes.learn(text)
    assert sizes.to_json() == "{}"


def test_a_size_that_was_given_is_kept() -> None:
    """With `list_size` nothing is tried and nothing is read back."""
    sandbox, wanted = teams_of([300])
    plan, report, _ = run(sandbox, wanted, list_size=150)
    assert (plan.requests, plan.fewest_requests, report.requests, report.reads) == (2, None, 2, 0)


def test_nothing_is_tried_that_saves_nothing() -> None:
    """One short request more is as good as reading back."""
    sandbox, wanted = teams_of([150, 99])
    plan, report, _ = run(sandbox, wanted)
    assert (plan.requests, plan.fewest_requests, report.requests, report.reads) == (3, None, 3, 0)


def test_one_bad_id_is_not_taken_for_a_limit() -> None:
    """A long list that is rejected for what is in it teaches nothing; the id stands alone in the end."""
    tenant = Tenant()
    user = tenant.add_user(UserName="user@example.com", FirstName="U", LastName="E")["Id"]
    paths = [tenant.add_learning_path(Name=f"Path {number}")["Id"] for number in range(400)]
    paths[217] = "\ud800"
    sandbox = Sandbox(tenant, latency=lambda: 0.2)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_learning_paths_to_users({user: paths}, send_message=False)
            report = await job.run()
            assert (report.done, report.failed) == (399, 1)
            assert job.progress.requests == job.progress.requests_planned
            assert litmos.bulk.list_sizes.to_json() == "{}"

    run_virtual(main())
    assert set(tenant.user_paths.of_left(user)) == {path for path in paths if path != "\ud800"}


def test_a_receiver_that_does_not_exist_costs_two_requests() -> None:
    """Not one for each short list."""
    sandbox, wanted = teams_of([700])
    (users,) = wanted.values()

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await joining(litmos, {"gone": users}).run()
            assert (report.failed, report.requests) == (700, 2)
            assert litmos.bulk.list_sizes.to_json() == "{}"

    run_virtual(main())


@pytest.mark.parametrize(
    "fault", [{"status": 500, "after": True}, {"drop": True, "error": httpx.ReadTimeout("x")}]
)
def test_a_long_list_whose_answer_is_lost(fault: dict[str, Any]) -> None:
    """It is read back; what is not there goes out in short lists."""
    sandbox, wanted = teams_of([300, 200])
    sandbox.faults.add(Fault(method="POST", times=1, **fault))
    run(sandbox, wanted)


@pytest.mark.parametrize("lost", [False, True])
@pytest.mark.parametrize(
    "fault", [{"status": 400}, {"status": 500}, {"drop": True, "error": httpx.ReadTimeout("x")}]
)
def test_a_long_list_that_cannot_be_read_back(fault: dict[str, Any], lost: bool) -> None:
    """No one knows how much of it is there, answer or not. Nothing is learned; careful lists go on."""
    sandbox, wanted = teams_of([400, 250])
    sandbox.faults.add(Fault(method="GET", times=None, **fault))
    if lost:
        sandbox.faults.add(Fault(method="POST", status=500, after=True, times=1))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = joining(litmos, wanted)
            unknown = Counter([each.item[1] async for each in job if each.status == "unknown"])
            assert list(unknown.values()) == [400]
            assert (job.report.done, job.report.failed) == (250, 0)
            assert litmos.bulk.list_sizes.to_json() == "{}"
            assert len(lists(sandbox)) == 1 + lost + 3  # a join is repeated where its answer is lost

    run_virtual(main())


@pytest.mark.parametrize("fault", [{"status": 400}, {"drop": True, "error": httpx.ReadTimeout("x")}])
def test_a_rest_that_cannot_be_read_back(fault: dict[str, Any]) -> None:
    """Whether the server has cut the long list is not known then: no other long list is sent, and nothing lost."""
    sandbox, wanted = teams_of([600, 500], list_limit=250, list_refusal=None)

    async def main() -> None:
        async with client(sandbox) as litmos:
            done = 0
            job = joining(litmos, wanted)
            async for outcome in job:
                if not done:  # the long list was read, and what it lacks was not sent yet
                    sandbox.faults.add(Fault(method="GET", times=None, **fault))
                done += outcome.status == "done"
            assert done == 1_100
            assert litmos.bulk.list_sizes.to_json() == "{}"

    run_virtual(main())
    for team, users in wanted.items():
        assert set(sandbox.tenant.members.of_left(team)) == set(users)


def test_a_long_list_that_never_left() -> None:
    """No connection is no limit of the server's: the short lists go out, and nothing is learned."""
    sandbox, wanted = teams_of([400, 250])
    sandbox.faults.add(Fault(method="POST", drop=True, error=httpx.ConnectError("x"), times=1))

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await joining(litmos.with_options(retry=RetryPolicy(max_attempts=1)), wanted).run()
            assert (report.done, report.failed) == (650, 0)
            assert litmos.bulk.list_sizes.to_json() == "{}"

    run_virtual(main())
    assert len(lists(sandbox)) == 1 + 4 + 3  # the sandbox notes what it drops, too


def test_a_list_of_people_whom_no_list_shows() -> None:
    """Of 400 inactive people none is seen after the long list, nor after the short ones: nothing is learned."""
    sandbox, wanted = teams_of([400])
    for user in next(iter(wanted.values())):
        sandbox.tenant.change_user(user, Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            assert (await joining(litmos, wanted).run()).done == 400
            assert litmos.bulk.list_sizes.to_json() == "{}"

    run_virtual(main())
    assert len(lists(sandbox)) == 1 + 4


def test_a_job_that_is_stopped_before_its_long_list_leaves() -> None:
    """The list waits for a slot and is not sent: nothing is changed, and all is there for the next run."""
    sandbox, wanted = teams_of([400, 250])

    async def main() -> None:
        async with client(sandbox, rate_limit=RateLimit(2, 60.0)) as litmos:
            job = joining(litmos, wanted)
            await job.plan()
            for _ in range(2):
                await litmos.users.list_paginated(page_size=1)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(10.0)
            job.stop()
            report = await running
            assert (report.stopped, report.requests, report.done) == ("asked to stop", 0, 0)

    run_virtual(main())
    assert lists(sandbox) == []


@pytest.mark.costly
@pytest.mark.parametrize("after", [1, 2, 4, 6, 8, 9, 11, 13, 17, 25][:: amount(1, quick=3)])
def test_a_run_that_ends_in_its_trial_loses_nothing(after: int, tmp_path: Path) -> None:
    """Broken off at any turn around the long list, the next run on the journal finds out what was cut."""
    sandbox, wanted = teams_of([600, 500], list_limit=250, list_refusal=None)
    file = tmp_path / "night.db"

    async def first() -> None:
        async with client(sandbox) as litmos:
            job = joining(litmos, wanted, journal=file)
            async for _ in job:
                raise KeyError

    async def broken() -> None:
        running = asyncio.ensure_future(first())
        await asyncio.sleep(0.05 * after)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    run_virtual(broken())

    async def second() -> None:
        async with client(sandbox) as litmos:
            assert (await joining(litmos, wanted, journal=file).run()).ok

    run_virtual(second())
    for team, users in wanted.items():
        assert set(sandbox.tenant.members.of_left(team)) == set(users)
    assert read_summary(file).left == 0


def test_the_journal_remembers_for_its_job(tmp_path: Path) -> None:
    """A run that goes on does not learn again what the first one has learned."""
    sandbox, wanted = teams_of([400, 300, 300])
    file = tmp_path / "night.db"
    sandbox.faults.add(Fault(method="POST", nth=2, status=401, times=None))

    async def main() -> tuple[int, int]:
        async with client(sandbox) as litmos:
            try:
                await joining(litmos, wanted, journal=file).run()
            except Exception:  # noqa: BLE001 - the key does not work any more
                sandbox.faults.clear()
        async with client(sandbox) as litmos:
            report = await joining(litmos, wanted, journal=file).run()
            return report.requests, report.reads

    assert run_virtual(main()) == (2, 0)


@pytest.mark.parametrize("kind", ["courses", "learning_paths"])
@pytest.mark.parametrize("remove", [False, True])
def test_all_lists_learn(kind: str, remove: bool) -> None:
    """Courses and learning paths of teams, given and taken, with a limit and without."""
    for limit, refusal in ((None, None), (150, 400), (150, None)):
        tenant = Tenant()
        teams = [tenant.add_team(Name=f"Team {number}")["Id"] for number in range(2)]
        add = tenant.add_course if kind == "courses" else tenant.add_learning_path
        things = [add(Name=f"Thing {number}")["Id"] for number in range(340)]
        assign = tenant.assign_team_course if kind == "courses" else tenant.assign_team_path
        if remove:
            for team in teams:
                for thing in things:
                    assign(team, thing)
        sandbox = Sandbox(tenant, latency=lambda: 0.2, list_limit=limit, list_refusal=refusal)
        pairs = dict.fromkeys(teams, things)

        async def main(sandbox: Sandbox = sandbox, pairs: dict[str, list[str]] = pairs) -> Report:
            async with client(sandbox) as litmos:
                if remove:
                    return await getattr(litmos.bulk, f"remove_{kind}_from_teams")(pairs).run()
                return await getattr(litmos.bulk, f"assign_{kind}_to_teams")(pairs, send_message=False).run()

        report = run_virtual(main())
        assert report.ok
        assert report.done == 680
        has = tenant.team_courses if kind == "courses" else tenant.team_paths
        assert all(bool(has.get(team, thing)) is not remove for team in teams for thing in things)
        assert report.requests <= {None: 2, 150: 1 + 4 + 4}[limit]
