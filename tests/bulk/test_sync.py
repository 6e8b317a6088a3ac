"""What should be against what is, on the sandbox and a virtual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from litmos_async import AccessLevel, LitmosClient, Outcome, RetryPolicy, User, errors
from litmos_async.bulk import MemberChange, UserChange
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

QUICK = RetryPolicy(max_attempts=2, max_rejections=1)


def make(users: int = 20, teams: int = 2, members: int = 0) -> tuple[Sandbox, list[str], list[str]]:
    """Return a sandbox with active people, of whom the first so many are in every team; and their ids."""
    tenant = Tenant()
    for number in range(users):
        tenant.add_user(
            UserName=f"user{number}@example.com",
            FirstName="U",
            LastName=f"No {number}",
            City="Ulm",
            LastLogin=datetime(2026, 1, 1, tzinfo=UTC),
        )
    people = list(tenant.users)
    for number in range(teams):
        team = tenant.add_team(Name=f"Team {number}")
        for user in people[:members]:
            tenant.join_team(team["Id"], user)
    return Sandbox(tenant, latency=lambda: 0.2), people, list(tenant.teams)


def writes(sandbox: Sandbox) -> list[str]:
    """Return the methods of the requests that changed something."""
    return [request.method for request in sandbox.requests if request.method != "GET"]


async def outcomes_of(job) -> dict[object, Outcome]:
    """Return the outcomes of a job by their items."""
    return {outcome.item: outcome async for outcome in job}


# ------------------------------------------------ members


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
                "20 members should not be there and stay: taking them out has to be asked for",
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
                    errors.ConfigurationError, match=f"{leaving} of 20 active members would go"
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


# ------------------------------------------------ people


def test_people_are_brought_to_what_they_should_be() -> None:
    """One read for all; missing people are created, different ones written whole, others barred, all in one job."""
    sandbox, users, _ = make(users=20)
    names = [f"user{number}@example.com" for number in range(20)]
    before = dict(sandbox.tenant.users[users[3]])

    async def desired() -> AsyncIterator[User | dict[str, object]]:
        for name in names[:18]:
            yield {"user_name": name.upper(), "city": "Ulm"}
        yield User(user_name=names[18], job_title="Analyst", manager_id="", email="", password="secret-1")
        yield User(user_name="new@example.com", first_name="N", last_name="W", password="secret-2")
        yield {"user_name": "New@example.com"}

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users(desired(), deactivate=True, send_message=True, verify=True)
            plan = await job.plan()
            assert plan.notes == ("1 to create, 1 to change, 1 to deactivate, 18 unchanged",)
            assert (plan.items, plan.emails, plan.reads) == (3, 1, 2)
            assert plan.skipped == {"as desired": 18, "given twice": 1}
            assert plan.requests_by_kind == {"POST /users": 1, "PUT /users/{user_id}": 2}
            assert writes(sandbox) == []
            outcomes = await outcomes_of(job)
            update = UserChange("update", names[18], users[18], ("job_title",))
            deactivate = UserChange("deactivate", names[19], users[19], ("active",))
            create = UserChange("create", "new@example.com")
            assert [outcomes[each].status for each in (update, deactivate, create)] == ["done"] * 3
            assert "secret" not in repr(outcomes)
            assert job.report.requests == 3
            again = litmos.bulk.sync_users(
                [{"user_name": names[18], "job_title": "Analyst"}], send_message=False
            )
            assert (await again.plan()).items == 0

    run_virtual(main())
    assert sorted(writes(sandbox)) == ["POST", "PUT", "PUT"]
    tenant = sandbox.tenant
    assert (tenant.users[users[18]]["JobTitle"], tenant.users[users[18]]["City"]) == ("Analyst", "Ulm")
    assert tenant.users[users[19]]["Active"] is False
    assert tenant.users[users[3]] == before
    new = tenant.user_named("new@example.com")
    assert [(mail.to, mail.kind) for mail in tenant.outbox] == [(new["Id"], "login")]


def test_a_person_who_changes_while_the_list_is_read() -> None:
    """Who comes a second time, since something of theirs changed in between, is one person."""
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        start = int(request.url.params["start"])
        people = [{"Id": f"u{n}", "UserName": f"u{n}@example.com", "Active": True} for n in range(3)]
        people[2]["Title"] = "old" if asked == 1 else "new"
        return httpx.Response(200, json=people[start:])

    async def main() -> None:
        transport = httpx.MockTransport(answer)
        async with LitmosClient("k", "t", base_url="https://x.example.com", transport=transport) as litmos:
            rows = await litmos.users.list_details(wire="json").collect()
            assert [row.id for row in rows] == ["u0", "u1", "u2", "u2"]
            nonlocal asked
            asked = 0
            job = litmos.bulk.sync_users(
                [{"user_name": f"u{n}@example.com", "city": "Ulm"} for n in range(3)], send_message=False
            )
            plan = await job.plan()
            assert (plan.items, plan.notes) == (3, ("3 to change",))

    run_virtual(main())


def test_nobody_is_barred_unless_that_is_asked_for() -> None:
    """By default nobody is deactivated for being missing, and the plan says how many are."""
    sandbox, users, _ = make(users=5)
    sandbox.tenant.change_user(users[4], Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users(
                [{"user_name": "user0@example.com"}, {"user_name": "x@example.com"}],
                create=False,
                send_message=False,
            )
            plan = await job.plan()
            assert plan.notes == (
                "1 unchanged",
                "3 active people are not among them; deactivate=True would bar them",
            )
            assert plan.skipped == {"as desired": 1, "missing, and create=False": 1}
            assert (await job.run()).skipped == 2
            empty = await litmos.bulk.sync_users([], send_message=False).plan()
            assert empty.notes[0] == "nothing to do"

    run_virtual(main())
    assert writes(sandbox) == []


def test_an_account_owner_is_never_barred_for_being_missing() -> None:
    """The key belongs to an owner: whoever forgets the owner in a list does not lock the client out."""
    sandbox, users, _ = make(users=3)
    sandbox.tenant.change_user(users[0], AccessLevel="Account_Owner")
    sandbox.tenant.users[users[1]]["UserName"] = ""

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users([], deactivate=True, max_removals=1.0, send_message=False)
            outcomes = await outcomes_of(job)
            assert {outcome.reason for outcome in outcomes.values()} == {
                "",
                "missing, and an account owner",
                "without a user name",
            }

    run_virtual(main())
    assert [sandbox.tenant.users[user]["Active"] for user in users] == [True, True, False]


@pytest.mark.parametrize(
    ("missing", "inactive", "most", "refused"),
    [(2, 0, 0.1, False), (1, 1, 0.1, False), (2, 1, 0.1, True), (0, 3, 2, True), (3, 0, 3, False)],
)
def test_too_many_people_would_go(missing: int, inactive: int, most: float, refused: bool) -> None:
    """Missing people and those desired inactive count alike; if they are too many nothing at all is sent."""
    sandbox, _, _ = make(users=20)
    desired = [
        {"user_name": f"user{number}@example.com", "active": number >= inactive}
        for number in range(20 - missing)
    ]
    desired.append({"user_name": "new@example.com", "first_name": "N", "last_name": "W"})

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users(desired, deactivate=True, max_removals=most, send_message=False)
            plan = await job.plan()
            assert (plan.refusal is not None) is refused
            if refused:
                with pytest.raises(errors.ConfigurationError, match="of 20 active people would go"):
                    await job.run()
            else:
                assert (await job.run()).done == missing + inactive + 1

    run_virtual(main())
    assert bool(writes(sandbox)) is not refused


@pytest.mark.parametrize("fault", [{"status": 500}, {"body": "[", "times": None}])
def test_people_who_cannot_be_listed_change_nothing(fault: dict[str, object]) -> None:
    """If the list of people breaks, its error is raised, again and again, and nothing is sent."""
    sandbox, _, _ = make(users=5)
    sandbox.faults.add(Fault(**{"path": "/users/details", "times": 2, **fault}))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            job = litmos.bulk.sync_users([], deactivate=True, max_removals=1.0, send_message=False)
            for _ in range(2):
                with pytest.raises((errors.ServerError, errors.DecodeError)):
                    await job.plan()
            with pytest.raises(errors.LitmosError):
                await job.run()

    run_virtual(main())
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("fault", "status", "there"),
    [
        ({"status": 500, "after": True}, "done", True),
        ({"drop": True, "error": httpx.ReadError("x")}, "failed", False),
        ({"status": 409}, "failed", False),
        ({"method": "*", "path": "/users", "status": 500, "after": True, "times": 9}, "unknown", True),
    ],
)
def test_a_person_is_created_once(fault: dict[str, object], status: str, there: bool) -> None:
    """After a lost answer the user name is searched for, and nothing is sent again."""
    sandbox, _, _ = make(users=1)
    sandbox.faults.add(Fault(**{"method": "POST", "path": "/users", **fault}))
    # A user name that cannot stand in a path.
    new = User(user_name="new/one+x@example.com", first_name="N", last_name="W")

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            (outcome,) = (await outcomes_of(litmos.bulk.sync_users([new], send_message=False))).values()
            assert outcome.status == status

    run_virtual(main())
    assert writes(sandbox) == ["POST"]
    assert (sandbox.tenant.user_named("new/one+x@example.com") is not None) is there


@pytest.mark.parametrize(
    ("fault", "status"), [({"after": True}, "done"), ({}, "failed"), ({"method": "*"}, "unknown")]
)
def test_a_change_whose_answer_is_lost(fault: dict[str, object], status: str) -> None:
    """After a lost answer the person is read, and the change is there or not."""
    sandbox, users, _ = make(users=1)
    sandbox.faults.add(
        Fault(**{"method": "PUT", "path": "/users/*", "nth": 1, "times": 9, "status": 500, **fault})
    )
    # The list of people is no path of one person.
    sandbox.faults.add(Fault(path="/users/details"))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            desired = [{"user_name": "user0@example.com", "city": "Bonn", "manager_id": "0"}]
            job = litmos.bulk.sync_users(desired, send_message=False)
            if fault.get("method") == "*":
                sandbox.faults.clear()
                await job.plan()
                sandbox.faults.add(Fault(path="/users/*", times=9, status=500))
            (outcome,) = (await outcomes_of(job)).values()
            assert (outcome.status, outcome.item.fields) == (status, ("city",))

    run_virtual(main())
    assert sandbox.tenant.users[users[0]]["City"] == ("Bonn" if status == "done" else "Ulm")


def test_the_first_write_may_be_forbidden_without_an_end() -> None:
    """After the list was read the key works: a 403 to the first write is about that person only."""
    sandbox, users, _ = make(users=2)
    sandbox.faults.add(Fault(method="PUT", path=f"/users/{users[0]}", status=403))

    async def main() -> None:
        async with client(sandbox) as litmos:
            desired = [{"user_name": f"user{number}@example.com", "city": "Bonn"} for number in range(2)]
            outcomes = await outcomes_of(litmos.bulk.sync_users(desired, send_message=False))
            assert Counter(outcome.status for outcome in outcomes.values()) == {"done": 1, "failed": 1}

    run_virtual(main())


def test_who_cannot_be_created() -> None:
    """Somebody new without a name fails alone, before anything is sent."""
    sandbox, _, _ = make(users=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users(
                [{"user_name": "new@example.com", "access_level": AccessLevel.LEARNER}], send_message=False
            )
            assert (await job.plan()).skipped == {"refused before it was sent": 1}
            (outcome,) = (await outcomes_of(job)).values()
            assert (outcome.status, outcome.item.change) == ("failed", "create")
            assert "first_name" in outcome.reason

    run_virtual(main())
    assert writes(sandbox) == []


@pytest.mark.parametrize(
    ("desired", "message"),
    [
        ([{"username": "x"}], "person 1: .*'username'"),
        ([{"user_name": "a@example.com"}, {"city": "Ulm"}], "person 2: user_name is missing"),
        ([User(user_name=" ")], "person 1: user_name is missing"),
        ([5], "person 1: "),
    ],
)
def test_what_is_no_person(desired: list[object], message: str) -> None:
    """Something that is no person, or names nobody, is refused before anything is read."""
    sandbox, _, _ = make(users=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.ConfigurationError, match=message):
                await litmos.bulk.sync_users(desired, send_message=False).run()

    run_virtual(main())
    assert not sandbox.requests


def test_a_change_that_is_forbidden_is_no_wrong_key() -> None:
    """The lists were read with this key: a 403 to the first change concerns that one only."""
    sandbox, users, teams = make(users=5, members=5)
    sandbox.faults.add(Fault(method="DELETE", status=403))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_team_members(
                {teams[0]: users[:1]}, remove=True, max_removals=1.0, send_message=False
            )
            report = await job.run()
            assert (report.done, report.failed) == (3, 1)

    run_virtual(main())
