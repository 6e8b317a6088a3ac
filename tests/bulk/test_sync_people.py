"""People as they should be against people as they are, on the sandbox and a virtual clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest

from litmos_async import AccessLevel, LitmosClient, User, errors
from litmos_async.bulk import UserChange
from litmos_async.sandbox import Fault
from litmos_async.testing import run_virtual
from tests.bulk.syncing import QUICK, make, outcomes_of, writes
from tests.support.sandboxes import client


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
                "3 active people are not in the input; deactivate=True would deactivate them",
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
                with pytest.raises(errors.ConfigurationError, match="of 20 active people would be removed"):
                    await job.run()
            else:
                assert (await job.run()).done == missing + inactive + 1

    run_virtual(main())
    assert bool(writes(sandbox)) is not refused


@pytest.mark.parametrize(
    "bad", [{"user_name": "new@example.com"}, {"user_name": "1.23E5"}, {"user_name": "1-Mar"}]
)
@pytest.mark.parametrize(("named", "refused"), [(3, True), (4, False)])
def test_nobody_is_barred_while_someone_of_the_input_cannot_be_used(
    bad: dict[str, str], named: int, refused: bool
) -> None:
    """That may be the person who would be taken for missing: the plan says so, and nothing at all is sent."""
    sandbox, _, _ = make(users=4)
    sandbox.tenant.add_user(UserName="007", FirstName="J", LastName="B")
    desired = [{"user_name": f"user{number}@example.com", "city": "Graz"} for number in range(named)]

    async def main() -> None:
        async with client(sandbox) as litmos:
            everybody = [*desired, bad, {"user_name": "007"}]
            job = litmos.bulk.sync_users(everybody, deactivate=True, max_removals=1.0, send_message=False)
            plan = await job.plan()
            assert isinstance(plan.refusal, errors.IncompleteInput) is refused
            if refused:
                with pytest.raises(errors.IncompleteInput, match="items that cannot be used: 1") as caught:
                    await job.run()
                assert caught.value.unusable == 1
            else:
                assert (await job.run()).failed == 1
            without = litmos.bulk.sync_users(everybody, send_message=False)
            assert (await without.plan()).refusal is None

    run_virtual(main())
    assert len(writes(sandbox)) == (0 if refused else named)
    assert all(user["Active"] for user in sandbox.tenant.users.values())


@pytest.mark.parametrize(
    "bad",
    [
        {"user_name": "7", "first_name": "J", "last_name": "B"},
        {"user_name": "new@example.com", "external_employee_id": "7"},
        {"user_name": "user0@example.com", "external_employee_id": "007"},
    ],
)
def test_whom_a_failure_may_mean_stays_and_others_may_go(bad: dict[str, str]) -> None:
    """A person who fails because two accounts may be theirs is neither of those who are barred."""
    sandbox, _, _ = make(users=4)
    sandbox.tenant.add_user(UserName="007", FirstName="J", LastName="B", ExternalEmployeeId="007")
    desired = [{"user_name": f"user{number}@example.com"} for number in range(1, 3)]

    async def main() -> None:
        async with client(sandbox) as litmos:
            first = [] if bad["user_name"] == "user0@example.com" else [{"user_name": "user0@example.com"}]
            job = litmos.bulk.sync_users(
                [*first, *desired, bad], deactivate=True, max_removals=1.0, send_message=False
            )
            report = await job.run()
            assert (report.failed, report.done) == (1, 1)

    run_virtual(main())
    inactive = [user["UserName"] for user in sandbox.tenant.users.values() if not user["Active"]]
    assert inactive == ["user3@example.com"]


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


@pytest.mark.parametrize("deactivate", [False, True])
def test_a_comparison_with_no_one(deactivate: bool) -> None:
    """It reads the list of people only if someone could be deactivated."""
    sandbox, *_ = make(users=3)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.sync_users([], deactivate=deactivate, max_removals=3, send_message=False)
            plan = await job.plan()
            assert (plan.items, plan.reads) == ((3, 2) if deactivate else (0, 0))

    run_virtual(main())
