"""A plan names what it would do: for an approval, and for the outcomes of a dry run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest

from litmos_async import BulkJob, LitmosClient, Progress, User
from litmos_async.bulk import MemberChange, UserChange
from litmos_async.testing import run_virtual
from tests.bulk.works import KINDS, Work, client, organisation, sandbox_of
from tests.support.sandboxes import example


@pytest.mark.parametrize("kind", KINDS)
def test_a_planned_job_names_all_that_it_would_do(kind: Callable[[], Work], tmp_path: Path) -> None:
    """What is planned, in the job and in the plan, is what is done; and a job that has begun plans nothing."""
    work = kind()

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            job = work.job(litmos, tmp_path / "night.db")
            assert list(job.outcomes_so_far()) == []
            plan = await job.plan()
            so_far = list(job.outcomes_so_far())
            planned = [outcome.item for outcome in so_far if outcome.status == "planned"]
            assert len(planned) == plan.items == len(plan.changes)
            assert len(so_far) == work.items
            written = json.loads(plan.to_json())
            assert written["changes"] == [dict(change) for change in plan.changes]
            assert pickle.loads(pickle.dumps(plan)).to_json() == plan.to_json()
            done = [outcome async for outcome in job]
            assert {each.item for each in done if each.status == "done"} <= set(planned)
            assert not [each for each in job.outcomes_so_far() if each.status == "planned"]

    run_virtual(main())


def test_people_are_named_by_user_name() -> None:
    """Those who leave a team by its list, the others as far as the client has resolved their names."""
    tenant = organisation()
    users, teams = list(tenant.users), list(tenant.teams)
    names = {user: tenant.users[user]["UserName"] for user in users}

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:
            resolved = await litmos.bulk.resolve_users([names[users[1]], names[users[2]]])
            desired = {teams[0]: [*resolved.ids.values(), users[4]]}
            job = litmos.bulk.sync_team_members(desired, remove=True, max_removals=1.0, send_message=False)
            plan = await job.plan()
            planned = {each.item for each in job.outcomes_so_far() if each.status == "planned"}
            assert {(each.change, each.user_name) for each in planned} == {
                ("add", names[users[1]]),
                ("add", names[users[2]]),
                ("add", ""),
                *(("remove", names[user]) for user in users[0::3]),
            }
            assert {
                "change": "add",
                "user_id": users[1],
                "user_name": names[users[1]],
                "team_id": teams[0],
            } in (plan.changes)
            assert {"change": "add", "user_id": users[4], "team_id": teams[0]} in plan.changes
            pairs = await litmos.bulk.assign_courses_to_users(
                dict.fromkeys(users[:2], list(tenant.courses)[:1]), send_message=False
            ).plan()
            assert [change.get("user_name") for change in pairs.changes] == [None, names[users[1]]]
            barred = await litmos.bulk.deactivate_users(users[:2]).plan()
            assert list(barred.changes) == [
                {"user_id": users[0]},
                {"user_id": users[1], "user_name": names[users[1]]},
            ]

    run_virtual(main())


def test_a_comparison_of_people_says_what_would_change() -> None:
    """Each person with the change and the names of the fields, and no values."""
    tenant = organisation()
    names = [user["UserName"] for user in tenant.users.values()]
    desired = [User(user_name=name) for name in names[2:]]
    desired += [User(user_name=names[0], city="Ulm", password="s3cret!")]
    desired += [User(user_name="new@example.com", first_name="N", last_name="E", password="s3cret!")]

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:
            job = litmos.bulk.sync_users(desired, deactivate=True, send_message=False)
            plan = await job.plan()
            changes = [(each["change"], each["user_name"], tuple(each["fields"])) for each in plan.changes]
            assert sorted(changes) == [
                ("create", "new@example.com", ()),
                ("deactivate", names[1], ("active",)),
                ("update", names[0], ("city",)),
            ]
            assert "s3cret" not in plan.to_json()
            planned = [each.item for each in job.outcomes_so_far() if each.status == "planned"]
            assert {type(item) for item in planned} == {UserChange}

    run_virtual(main())


def test_a_change_of_a_membership_is_told_apart_by_its_ids() -> None:
    """The user name is said, and is not compared; it survives a pickle."""
    change = MemberChange("add", "u", "t", "user@example.com")
    assert change == MemberChange("add", "u", "t") == ("add", "u", "t")
    assert hash(change) == hash(MemberChange("add", "u", "t"))
    assert pickle.loads(pickle.dumps(change)).user_name == "user@example.com"
    assert MemberChange("add", "u", "t").user_name == ""


@pytest.mark.parametrize("known", ["resolved", "records", "not"])
@pytest.mark.parametrize("name", ["assign", "teams", "sync", "import", "remove"])
def test_a_plan_says_how_many_people_are_inactive(known: str, name: str) -> None:
    """Where the client has read it in resolving names, or was given records that say it."""
    tenant = organisation()
    users, course, team = list(tenant.users), next(iter(tenant.courses)), next(iter(tenant.teams))
    for user in users[:3]:
        tenant.change_user(user, Active=False)
    names = [tenant.users[user]["UserName"] for user in users]

    def job(litmos: LitmosClient, people: list) -> BulkJob:
        bulk = litmos.bulk
        match name:
            case "assign":
                return bulk.assign_courses_to_users([(each, course) for each in people], send_message=False)
            case "import":
                pairs = [(each, course) for each in people]
                return bulk.assign_courses_to_users(pairs, send_message=False, via="import")
            case "teams":
                return bulk.add_users_to_teams([(each, team) for each in people], send_message=False)
            case "remove":
                return bulk.remove_courses_from_users([(each, course) for each in people])
        return bulk.sync_team_members({team: people}, send_message=False)

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:
            people: list = users
            if known == "resolved":
                resolved = await litmos.bulk.resolve_users(names)
                assert resolved.inactive == set(users[:3])
            elif known == "records":
                people = await litmos.users.list().collect()
                if name == "sync":
                    return  # of a mapping to people only the ids are read
            plan = await job(litmos, people).plan()
            expected = 0 if known == "not" or name == "remove" else 3
            assert plan.inactive == expected
            assert ("3 of the people inactive" in str(plan)) is (expected == 3)
            assert json.loads(plan.to_json())["inactive"] == expected
            if known == "resolved":  # and once they are active again, and were read again, they are
                for user in users[:3]:
                    tenant.change_user(user, Active=True)
                await litmos.bulk.resolve_users(names)
                assert (await job(litmos, people).plan()).inactive == 0

    run_virtual(main())


def test_nothing_is_said_of_the_time_before_anything_is_known() -> None:
    """While the plan is being made, the progress says so: that no time is left is true only after it."""
    tenant = organisation()
    told: list[Progress] = []

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:
            pairs = [(user, path) for user in tenant.users for path in tenant.learning_paths]
            job = litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, skip_existing=True)
            assert not job.progress.planned
            report = await job.run(told.append)
            assert report.ok

    run_virtual(main())
    assert {step.planned for step in told if not step.requests_planned} == {False}
    assert {step.planned for step in told if step.requests_planned} == {True}
    assert told[-1].seconds_left == 0


def test_a_plan_can_be_approved() -> None:
    """A plan is told as JSON, with everything that somebody has to know."""
    sandbox, users, courses = example()

    async def main() -> str:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=True)
            return (await job.plan()).to_json()

    plan = json.loads(run_virtual(main()))
    assert (plan["items"], plan["requests"], plan["emails"]) == (200, 20, 20)
    assert plan["requests_by_kind"] == {"POST /users/{user_id}/courses": 20}
