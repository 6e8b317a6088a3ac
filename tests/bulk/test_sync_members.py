"""Members as teams should have them against members as they are, on the sandbox and a virtual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from litmos_async import errors
from litmos_async.bulk import MemberChange
from litmos_async.sandbox import Fault
from litmos_async.testing import run_virtual
from tests.bulk.syncing import make, outcomes_of, writes
from tests.support.sandboxes import client


def test_teams_get_the_members_that_they_should_have() -> None:
    """Only the difference is sent: who is missing joins, who is too many leaves, everybody else is left alone."""
    sandbox, users, teams = make(members=10)
    desired = {teams[0]: [*users[1:12], users[1]], teams[1]: users[:10]}

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_team_members(desired, remove=True, verify=True, send_message=True)
            plan = await job.plan()
            assert plan.notes == ("2 to add, 1 to remove, 19 unchanged",)
            assert (plan.items, plan.emails, plan.reads) == (3, 2, 2)
            assert plan.skipped == {"already there": 19, "given twice": 1}
            assert plan.requests_by_kind == {
                "POST /teams/{team_id}/users": 1,
                "DELETE /teams/{team_id}/users/{user_id}": 1,
            }
            assert writes(sandbox) == []
            assert job.progress.requests_planned == 2
            outcomes = await outcomes_of(job)
            assert outcomes[MemberChange("add", users[10], teams[0])].status == "done"
            assert outcomes[MemberChange("remove", users[0], teams[0])].status == "done"
            assert outcomes[MemberChange("keep", users[0], teams[1])].reason == "already there"
            assert (job.report.done, job.report.skipped, job.report.requests) == (3, 20, 2)
            assert job.report.reads > 2
            assert (job.progress.done, job.progress.total, job.progress.requests_planned) == (23, 23, 2)
            assert Counter(outcome.status for outcome in job.outcomes_so_far()) == {"done": 3, "skipped": 20}

    run_virtual(main())
    assert writes(sandbox) == ["POST", "DELETE"]
    for team, people in desired.items():
        assert set(sandbox.tenant.members.of_left(team)) == set(people)
    assert {mail.to for mail in sandbox.tenant.outbox} == set(users[10:12])


def test_nobody_leaves_unless_that_is_asked_for() -> None:
    """Without remove=True a team only grows, and the plan says how many should not be there."""
    sandbox, users, teams = make(members=10)

    async def main() -> None:
        async with client(sandbox) as litmos:
            someone = await litmos.users.get(users[15])
            job = litmos.bulk.sync_team_members({teams[0]: [someone], teams[1]: []}, send_message=False)
            plan = await job.plan()
            assert plan.notes == (
                "1 to add",
                "20 members should not be there and stay: removing them has to be requested",
            )
            assert (await job.run()).done == 1
            same = litmos.bulk.sync_team_members({teams[1]: users[0]}, send_message=False)
            assert (await same.plan()).notes[0] == "1 unchanged"
            assert (await litmos.bulk.sync_team_members({}, send_message=False).plan()).notes == (
                "nothing to do",
            )

    run_virtual(main())
    assert len(sandbox.tenant.members.of_left(teams[0])) == 11
    assert len(sandbox.tenant.members.of_left(teams[1])) == 10


@pytest.mark.parametrize(
    ("most", "leaving", "refused"),
    [
        (0.1, 2, False),
        (0.1, 3, True),
        (2, 2, False),
        (2, 3, True),
        (0, 1, True),
        (1.0, 10, False),
        (0.0, 0, False),
    ],
)
def test_too_many_removals_are_refused(most: float, leaving: int, refused: bool) -> None:
    """If more people would leave than was allowed, the plan says so and nothing at all is sent."""
    sandbox, users, teams = make(members=10)
    desired = {teams[0]: [*users[leaving:10], users[15]], teams[1]: users[:10]}

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_team_members(desired, remove=True, max_removals=most, send_message=False)
            plan = await job.plan()
            assert (plan.refusal is not None) is refused
            if refused:
                with pytest.raises(
                    errors.ConfigurationError, match=f"{leaving} of 20 active members would be removed"
                ):
                    await job.run()
                assert job.report.counted == 0
            else:
                assert (await job.run()).done == leaving + 1

    run_virtual(main())
    assert bool(writes(sandbox)) is not refused


@pytest.mark.parametrize("most", [-1, 1.5, -0.1, True, "10%", float("nan")])
def test_what_is_no_limit(most: object) -> None:
    """A limit is a fraction or a whole number; anything else is refused when it is given."""
    sandbox, *_ = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match="max_removals"):
                litmos.bulk.sync_team_members({}, max_removals=most, send_message=False)
            with pytest.raises(errors.ConfigurationError, match="max_removals"):
                litmos.bulk.sync_users([], max_removals=most, send_message=False)

    run_virtual(main())


def test_a_list_that_cannot_be_proven_complete_changes_nothing() -> None:
    """If one of the teams cannot be read completely, its error is raised and nothing is sent for any of them."""
    sandbox, users, teams = make(users=250, members=200)
    row = {"Id": users[0], "UserName": "x@example.com"}
    page = [{**row, "Id": f"{row['Id']}{number}"} for number in range(1_000)]

    async def main() -> None:
        async with client(sandbox) as litmos:
            for fault in ({"status": 500}, {"body": httpx.Response(200, json=page).content}):
                sandbox.faults.clear()
                sandbox.faults.add(Fault(path=f"/teams/{teams[1]}/users", times=None, **fault))
                job = litmos.bulk.sync_team_members(
                    {team: [] for team in teams}, remove=True, max_removals=1.0, send_message=False
                )
                with pytest.raises((errors.ServerError, errors.IncompleteListing)):
                    await job.run()
                assert list(job.outcomes_so_far()) == []
                assert job.progress.total == 0

    run_virtual(main())
    assert writes(sandbox) == []


def test_a_team_that_does_not_exist() -> None:
    """People of an unknown team fail with the server's word; the other teams go on."""
    sandbox, users, teams = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_team_members({"gone": users[:2], teams[0]: users[:3]}, send_message=False)
            plan = await job.plan()
            assert plan.notes == ("3 to add", "2 people belong to teams that do not exist")
            outcomes = await outcomes_of(job)
            assert Counter(outcome.status for outcome in outcomes.values()) == {"done": 3, "failed": 2}
            assert isinstance(outcomes[MemberChange("add", users[0], "gone")].error, errors.NotFound)

    run_virtual(main())


@pytest.mark.parametrize(("stay", "refused"), [(1, True), (2, False)])
def test_nobody_is_removed_while_a_team_does_not_exist(stay: int, refused: bool) -> None:
    """Its people may be those of another team, whose id was meant: the plan says so, and nothing is sent."""
    sandbox, users, teams = make(members=2)

    async def main() -> None:
        async with client(sandbox) as litmos:
            desired = {"gone": users[1:2], teams[0]: users[:stay]}
            job = litmos.bulk.sync_team_members(desired, remove=True, max_removals=1.0, send_message=False)
            plan = await job.plan()
            assert isinstance(plan.refusal, errors.IncompleteInput) is refused
            if refused:
                with pytest.raises(errors.IncompleteInput, match="items that cannot be used: 1"):
                    await job.run()
            else:
                assert (await job.run()).failed == 1

    run_virtual(main())
    assert writes(sandbox) == []


def test_inactive_members_are_not_seen() -> None:
    """An inactive member never leaves, and is added once more where desired, without harm."""
    sandbox, users, teams = make(members=10)
    for user in users[:2]:
        sandbox.tenant.change_user(user, Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            desired = {teams[0]: [*users[1:10], *users[15:17]]}
            job = litmos.bulk.sync_team_members(desired, remove=True, send_message=False)
            assert (await job.plan()).notes == ("3 to add, 8 unchanged",)
            assert (await job.run()).ok

    run_virtual(main())
    assert set(sandbox.tenant.members.of_left(teams[0])) == {*users[:10], *users[15:17]}


@pytest.mark.parametrize("form", ["pairs", "generator", "async generator"])
def test_wishes_may_be_pairs(form: str) -> None:
    """People with their teams, in any order and form, say who should be there; the input is read once."""
    sandbox, users, teams = make()
    wanted = {teams[0]: users[2:14], teams[1]: users[:3]}
    pairs = [(user, team) for team, people in wanted.items() for user in people]

    async def slowly() -> AsyncIterator[tuple[str, str]]:
        for pair in reversed(pairs):
            yield pair

    async def main() -> None:
        async with client(sandbox) as litmos:
            given = {"pairs": pairs, "generator": iter(pairs), "async generator": slowly()}[form]
            job = litmos.bulk.sync_team_members(given, remove=True, max_removals=1.0, send_message=False)
            assert (await job.plan()).items == (await job.plan()).items > 0
            assert (await job.run()).ok

    run_virtual(main())
    for team, people in wanted.items():
        assert set(sandbox.tenant.members.of_left(team)) == set(people)


def test_wishes_that_cannot_be_read_stay_unread() -> None:
    """A pair without an id is named; a second try does not go on behind it, as if nothing had stood before."""
    sandbox, users, teams = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = iter([(users[0], teams[0]), (users[1], ""), (users[2], teams[1])])
            job = litmos.bulk.sync_team_members(pairs, remove=True, send_message=False)
            for _ in range(2):
                with pytest.raises(errors.ConfigurationError, match="pair 2: team_id"):
                    await job.plan()

    run_virtual(main())
    assert not sandbox.requests


@pytest.mark.parametrize("desired", [{"": ["u"]}, {"t": [""]}, {"t": [None]}])
def test_what_is_no_wish(desired: object) -> None:
    """Something that does not say who should be in which team is refused at once."""
    sandbox, *_ = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match="team"):
                litmos.bulk.sync_team_members(desired, send_message=False)

    run_virtual(main())


def test_a_sync_that_was_stopped_knows_what_it_did() -> None:
    """Failures end both steps; what was never sent has no outcome."""
    sandbox, users, teams = make(users=150, members=120)
    sandbox.faults.add(Fault(method="DELETE", status=406, times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_team_members(
                {teams[0]: users[120:]},
                remove=True,
                max_removals=120,
                stop_after_failures=2,
                send_message=False,
            )
            report = await job.run()
            assert (report.done, report.stopped) == (30, f"{report.failed} items failed")
            changes = Counter((each.item.change, each.status) for each in job.outcomes_so_far())
            assert changes["add", "done"] == 30
            assert 2 <= changes["remove", "failed"] == report.failed < 120
            assert len(asyncio.all_tasks()) <= 2

    run_virtual(main())
