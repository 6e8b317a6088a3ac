"""Jobs over single people and results, on the sandbox and a virtual clock."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest

from litmos_async import ModuleResult, Outcome, RetryPolicy, User, errors
from litmos_async.bulk import ResultOfUser
from litmos_async.bulk.results import numbers_of
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

QUICK = RetryPolicy(max_attempts=2, max_rejections=1)


def make(users: int = 4, courses: int = 1, teams: int = 2) -> tuple[Sandbox, list[str]]:
    """Return a sandbox with active people, each in every team and every course, and their ids."""
    tenant = Tenant()
    for number in range(users):
        tenant.add_user(
            UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}", City="Ulm"
        )
    for number in range(courses):
        course = tenant.add_course(Name=f"Course {number}")
        for module in range(2):
            tenant.add_module(course["Id"], Name=f"Module {module}")
        for user in tenant.users:
            tenant.assign_course(user, course["Id"])
    for number in range(teams):
        team = tenant.add_team(Name=f"Team {number}")
        for user in tenant.users:
            tenant.join_team(team["Id"], user)
    return Sandbox(tenant, latency=lambda: 0.2), list(tenant.users)


def modules_of(sandbox: Sandbox) -> tuple[str, list[str]]:
    """Return the first course and its modules."""
    (course, *_) = sandbox.tenant.courses
    return course, list(sandbox.tenant.course_modules.of_left(course))


def attempts_of(sandbox: Sandbox, user: str) -> list[int]:
    """Return how many results of a person each module of the first course has seen."""
    course, modules = modules_of(sandbox)
    results = sandbox.tenant.user_courses.get(user, course).modules
    return [results[module].attempt if module in results else 0 for module in modules]


async def outcomes_of(job) -> dict[object, Outcome]:
    """Return the outcomes of a job by their items."""
    return {outcome.item: outcome async for outcome in job}


# ------------------------------------------------ deactivate


def test_people_are_deactivated_and_keep_everything_else() -> None:
    """Each active person costs a read and a full write; nothing of the record is blanked, nobody leaves a team."""
    sandbox, users = make()
    sandbox.tenant.change_user(users[2], Active=False)
    before = {user: dict(sandbox.tenant.users[user]) for user in users}

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.deactivate_users(iter([*users, users[0]]))
            plan = await job.plan()
            assert not sandbox.requests
            assert (plan.items, plan.skipped, plan.emails) == (4, {"given twice": 1}, 0)
            assert plan.requests_by_kind == {"GET /users/{user_id}": 4, "PUT /users/{user_id}": 4}
            assert str(plan).startswith("4 deactivations, 8 requests, a few seconds, 1 given twice")
            outcomes = [outcome async for outcome in job]
            assert Counter((o.status, o.reason) for o in outcomes) == {
                ("done", ""): 3,
                ("skipped", "inactive already"): 1,
                ("skipped", "given twice"): 1,
            }
            assert {o.attempts for o in outcomes} == {0, 1, 2}
            assert (job.report.requests, job.progress.requests_planned, job.report.reads) == (7, 7, 0)
            methods = Counter(request.method for request in sandbox.requests)
            assert methods == {"GET": job.report.lookups, "PUT": 3}
            assert (job.progress.done, job.progress.total) == (5, 5)

    run_virtual(main())
    changing = {"Active", "UpdatedDate"}
    for user in users:
        after = sandbox.tenant.users[user]
        assert after["Active"] is False
        assert {k: v for k, v in after.items() if k not in changing} == {
            k: v for k, v in before[user].items() if k not in changing
        }
        assert all(sandbox.tenant.members.get(team, user) for team in sandbox.tenant.teams)


def test_leavers_leave_all_teams_where_that_is_asked_for() -> None:
    """With remove_from_teams everybody leaves in one more request, people who are inactive already too."""
    sandbox, users = make()
    sandbox.tenant.change_user(users[1], Active=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.deactivate_users(users, remove_from_teams=True, verify=True)
            assert (await job.plan()).requests == 12
            report = await job.run()
            assert (report.done, report.ok, report.requests, report.reads) == (4, True, 11, 7)

    run_virtual(main())
    assert not any(sandbox.tenant.members.of_right(user) for user in users)
    assert not any(user["Active"] for user in sandbox.tenant.users.values())


@pytest.mark.parametrize(
    ("fault", "status", "active"),
    [
        ({"method": "PUT", "status": 500}, "failed", True),
        ({"method": "PUT", "status": 500, "after": True}, "done", False),
        ({"method": "PUT", "drop": True, "after": True, "error": httpx.ReadError("x")}, "done", False),
        ({"method": "PUT", "status": 409}, "failed", True),
        ({"method": "PUT", "status": 503}, "failed", True),
        ({"method": "GET", "status": 500}, "failed", True),
        ({"method": "GET", "status": 500, "nth": 2, "times": 9}, "done", False),
        ({"method": "*", "status": 500, "nth": 2}, "unknown", True),
    ],
)
def test_what_stays_broken_for_one_person(fault: dict[str, object], status: str, active: bool) -> None:
    """A lost answer is looked up; it is unknown only where that cannot be read, and the others go on."""
    sandbox, users = make(users=3)
    sandbox.faults.add(Fault(**{"times": 100, **fault}, path=f"/users/{users[1]}"))

    async def main() -> dict[object, Outcome]:
        async with client(sandbox, retry=QUICK) as litmos:
            return await outcomes_of(litmos.bulk.deactivate_users(users))

    outcomes = run_virtual(main())
    assert {item: outcome.status for item, outcome in outcomes.items()} == {
        users[0]: "done",
        users[1]: status,
        users[2]: "done",
    }
    assert sandbox.tenant.users[users[1]]["Active"] is active
    assert (outcomes[users[1]].error is None) is (status == "done")


def test_what_is_half_done_is_said() -> None:
    """Somebody who is inactive now but could not leave the teams is failed, and the reason says both."""
    sandbox, users = make(users=1)
    sandbox.faults.add(Fault(method="DELETE", status=403))

    async def main() -> Outcome:
        async with client(sandbox) as litmos:
            return (await outcomes_of(litmos.bulk.deactivate_users(users, remove_from_teams=True)))[users[0]]

    outcome = run_virtual(main())
    assert (outcome.status, outcome.attempts) == ("failed", 3)
    assert outcome.reason.startswith("inactive, but: 403")
    assert isinstance(outcome.error, errors.Forbidden)
    assert sandbox.tenant.users[users[0]]["Active"] is False


def test_a_write_without_effect_is_found_by_reading_back() -> None:
    """With verify a write that the server took and ignored is failed, and unknown where it cannot be read."""
    sandbox, users = make(users=2)
    sandbox.faults.add(Fault(method="PUT", path=f"/users/{users[0]}", status=200))
    sandbox.faults.add(Fault(method="GET", path=f"/users/{users[1]}", status=500, nth=2, times=9))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            outcomes = await outcomes_of(litmos.bulk.deactivate_users(users, verify=True))
            ignored, unread = (outcomes[user] for user in users)
            assert (ignored.status, ignored.reason) == ("failed", "the server accepted it and ignored it")
            assert unread.status == "unknown"
            assert unread.reason.startswith("it could not be read back: ")

    run_virtual(main())


def test_somebody_who_does_not_exist() -> None:
    """An unknown id is a failed outcome with the server's word, and costs one request."""
    sandbox, _ = make()

    async def main() -> None:
        async with client(sandbox) as litmos:
            await litmos.users.get(next(iter(sandbox.tenant.users)))
            outcome = (await outcomes_of(litmos.bulk.deactivate_users("nobody")))["nobody"]
            assert (outcome.status, outcome.attempts) == ("failed", 1)
            assert isinstance(outcome.error, errors.NotFound)

    run_virtual(main())


# ------------------------------------------------ teams


def test_all_teams_of_a_person_in_one_request() -> None:
    """Whoever is named leaves every team by one request, and is looked up where an answer is lost."""
    sandbox, users = make(users=3)
    sandbox.faults.add(Fault(method="DELETE", path=f"/users/{users[1]}/teams", status=500, times=2))
    sandbox.faults.add(
        Fault(method="DELETE", path=f"/users/{users[2]}/teams", status=500, times=2, after=True)
    )

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            someone = await litmos.users.get(users[0])
            job = litmos.bulk.remove_users_from_all_teams([someone, *users[1:]])
            assert (await job.plan()).requests_by_kind == {"DELETE /users/{user_id}/teams": 3}
            outcomes = await outcomes_of(job)
            assert [outcomes[user].status for user in users] == ["done", "failed", "done"]
            assert outcomes[users[1]].reason.startswith("no effect was found: ")

    run_virtual(main())
    assert [bool(sandbox.tenant.members.of_right(user)) for user in users] == [False, True, False]


# ------------------------------------------------ results


def test_results_are_written_once_each() -> None:
    """Each result is one request, with dates over XML; a second one of the same person and module is skipped."""
    sandbox, users = make()
    course, modules = modules_of(sandbox)
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def result(user: str, **values) -> ModuleResult:
        return ModuleResult(user_id=user, course_id=course, completed=True, **values)

    async def results() -> AsyncIterator[tuple[str, ModuleResult]]:
        for user in users:
            yield modules[0], result(user, score=80, updated_at=when)
        yield modules[0], result(users[0], score=90)
        yield modules[1], result(users[0])

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.complete_modules(results(), verify=True)
            plan = await job.plan()
            assert (plan.items, plan.skipped) == (5, {"given twice": 1})
            assert plan.requests_by_kind == {"PUT /results/modules/{module_id}": 5}
            outcomes = [outcome async for outcome in job]
            assert Counter(o.status for o in outcomes) == {"done": 5, "skipped": 1}
            assert isinstance(outcomes[0].item, ResultOfUser)
            assert job.report.reads == 5

    run_virtual(main())
    assert [attempts_of(sandbox, user) for user in users] == [[1, 1], [1, 0], [1, 0], [1, 0]]


@pytest.mark.parametrize(
    ("fault", "values", "status", "sent"),
    [
        ({"status": 500, "after": True}, {"score": 80}, "done", 1),
        ({"status": 500, "after": True}, {"score": None}, "done", 1),
        ({"status": 500}, {"score": 80}, "failed", 0),
        ({"drop": True, "error": httpx.ReadError("x")}, {"score": 80}, "failed", 0),
        ({"drop": True, "error": httpx.ReadError("x"), "after": True}, {"score": 80}, "done", 1),
        ({"html": True, "status": 200, "after": True}, {"score": 80}, "done", 1),
        ({"status": 500, "after": True}, {"completed": False, "score": 30}, "done", 1),
        ({"status": 500, "after": True}, {"completed": False}, "unknown", 1),
        ({"status": 500}, {"completed": False, "score": 30}, "unknown", 0),
        ({"status": 404}, {"score": 80}, "failed", 0),
        ({"method": "*", "path": "*", "status": 500, "after": True, "times": 9}, {"score": 80}, "unknown", 1),
    ],
)
def test_a_result_is_never_repeated_blindly(
    fault: dict[str, object], values: dict[str, object], status: str, sent: int
) -> None:
    """After a lost answer the course is read: the result is there, or not, or nobody can tell; it is sent once."""
    sandbox, users = make(users=1)
    course, modules = modules_of(sandbox)
    sandbox.faults.add(Fault(**{"method": "PUT", "path": "/results/*", **fault}))
    result = ModuleResult(**{"user_id": users[0], "course_id": course, "completed": True, **values})

    async def main() -> Outcome:
        async with client(sandbox, retry=QUICK) as litmos:
            (outcome,) = (await outcomes_of(litmos.bulk.complete_modules([(modules[0], result)]))).values()
            return outcome

    assert run_virtual(main()).status == status
    assert attempts_of(sandbox, users[0])[0] == sent
    assert sum(request.method == "PUT" for request in sandbox.requests) == 1


@pytest.mark.parametrize("completed", [True, False])
def test_an_older_completion_proves_nothing(completed: bool) -> None:
    """Where the module was completed before with another score, a lost answer stays unknown."""
    sandbox, users = make(users=1)
    course, modules = modules_of(sandbox)
    sandbox.tenant.set_module_result(users[0], course, modules[0], 60.0, completed=True)
    sandbox.faults.add(Fault(method="PUT", drop=True, error=httpx.ReadError("x")))
    result = ModuleResult(user_id=users[0], course_id=course, completed=completed, score=90)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.complete_modules([(modules[0], result)])
            (outcome,) = [outcome async for outcome in job]
            assert outcome.status == "unknown"
            assert outcome.reason.startswith("it is not known whether it was carried out: ")
            assert [known.status for known in job.outcomes_so_far()] == ["unknown"]

    run_virtual(main())
    assert attempts_of(sandbox, users[0])[0] == 1


def test_a_module_that_the_course_does_not_show() -> None:
    """Where the course is read and has no such module, a lost answer stays unknown."""
    sandbox, users = make(users=1)
    course, _ = modules_of(sandbox)
    sandbox.faults.add(Fault(method="PUT", status=500))
    result = ModuleResult(user_id=users[0], course_id=course, completed=True)

    async def main() -> None:
        async with client(sandbox) as litmos:
            (outcome,) = (await outcomes_of(litmos.bulk.complete_modules([("other", result)]))).values()
            assert outcome.status == "unknown"

    run_virtual(main())


def test_what_cannot_be_told_after_a_success() -> None:
    """With verify a result without a score, not completed, is unknown: nothing shows that it was written."""
    sandbox, users = make(users=1)
    course, modules = modules_of(sandbox)
    result = ModuleResult(user_id=users[0], course_id=course, completed=False)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.complete_modules([(modules[0], result)], verify=True)
            (outcome,) = [outcome async for outcome in job]
            assert (outcome.status, outcome.error) == ("unknown", None)
            assert outcome.reason == "it is not known whether it was carried out"

    run_virtual(main())


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"completed": None}, "needs completed"),
        ({"user_id": ""}, "needs user_id"),
        ({"score": 101}, "score must be 0 to 100"),
        ({"note": "x" * 256}, "note has 256"),
        ({"updated_at": datetime(2026, 1, 1)}, "zone"),  # noqa: DTZ001 - that is the point
    ],
)
def test_a_result_that_cannot_be_sent(values: dict[str, object], reason: str) -> None:
    """A result that lacks something, or is out of range, fails alone, before anything is sent."""
    sandbox, users = make(users=1)
    course, modules = modules_of(sandbox)
    result = ModuleResult(**{"user_id": users[0], "course_id": course, "completed": True, **values})

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.complete_modules([(modules[0], result)])
            plan = await job.plan()
            assert plan.items + plan.skipped.get("refused before it was sent", 0) == 1
            (outcome,) = [outcome async for outcome in job]
            assert (outcome.status, outcome.attempts) == ("failed", 0)
            assert reason in outcome.reason
            assert isinstance(outcome.error, errors.ConfigurationError)

    run_virtual(main())
    assert not sandbox.requests


# ------------------------------------------------ what holds for all of them


@pytest.mark.parametrize(
    ("helper", "given", "place"),
    [
        ("deactivate_users", ["u", ""], "person 2"),
        ("remove_users_from_all_teams", [None], "person 1"),
        ("remove_users_from_all_teams", [User(user_name="x")], "person 1"),
        ("complete_modules", [("m",)], "result 1: expected"),
        ("complete_modules", [5], "result 1: expected"),
        ("complete_modules", [("", ModuleResult())], "result 1"),
        ("complete_modules", [("m", {"completed": True})], "result 1: dict is not a ModuleResult"),
    ],
)
def test_what_is_no_item(helper: str, given: list[object], place: str) -> None:
    """Something that is no item is refused before anything is sent, with its place, and stays refused."""
    sandbox, _ = make(users=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = getattr(litmos.bulk, helper)(iter(given))
            for ask in (job.plan, job.plan, job.run):
                with pytest.raises(errors.ConfigurationError, match=place):
                    await ask()
            assert list(job.outcomes_so_far()) == []
            assert job.progress.total == 0

    run_virtual(main())
    assert not sandbox.requests


def test_an_input_that_was_read_in_part() -> None:
    """A plan that is cancelled while the input is read leaves no job that knows half of it."""
    sandbox, users = make(users=2)

    async def slow() -> AsyncIterator[str]:
        for user in users:
            yield user
            await asyncio.sleep(10)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.remove_users_from_all_teams(slow())
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(job.plan(), 5)
            with pytest.raises(errors.ConfigurationError, match="not read to its end"):
                await job.run()

    run_virtual(main())
    assert not sandbox.requests


def test_nothing_to_do_is_nothing() -> None:
    """An empty input is a job without a request."""
    sandbox, _ = make(users=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            report = await litmos.bulk.deactivate_users([]).run()
            assert (report.counted, report.requests, report.ok) == (0, 0, True)

    run_virtual(main())


def test_a_wrong_key_stops_the_job() -> None:
    """A wrong key will not get better: the job stops at once."""
    sandbox, users = make(users=150)

    async def main() -> None:
        async with client(sandbox, key="wrong") as litmos:
            job = litmos.bulk.remove_users_from_all_teams(users)
            with pytest.raises(errors.Unauthorized):
                await job.run()
            assert job.report.counted == 0

    run_virtual(main())
    assert len(sandbox.requests) <= 100


def test_too_many_failures_stop_the_job() -> None:
    """After so many failures nothing new is sent, what was sent has an outcome, and what was not has none."""
    sandbox, users = make(users=250)
    sandbox.faults.add(Fault(method="DELETE", times=None, status=404))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.remove_users_from_all_teams(users, stop_after_failures=3)
            report = await job.run()
            assert 3 <= report.failed == len(sandbox.requests) <= 200
            assert report.stopped == f"{report.failed} items failed"
            assert sum(1 for _ in job.outcomes_so_far()) == report.failed

    run_virtual(main())


@pytest.mark.parametrize(("moment", "expected"), [(60.3, ("unknown", "interrupted")), (60.7, ("done", ""))])
def test_what_is_known_after_a_job_was_stopped(moment: float, expected: tuple[str, str]) -> None:
    """What was under way is unknown, what was answered is known, what only was read or never sent is left out."""
    sandbox, users = make(users=120)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.deactivate_users(users)
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(moment)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            known = Counter((outcome.status, outcome.reason) for outcome in job.outcomes_so_far())
            writes = sum(request.method == "PUT" for request in sandbox.requests)
            assert known == {expected: writes}
            assert 0 < writes < 120
            assert len(asyncio.all_tasks()) <= 2

    run_virtual(main())


def test_numbers_as_people_say_them() -> None:
    """Numbers of things are listed without those that are none."""
    assert numbers_of({"to add": 3, "to remove": 0, "unchanged": 1200}) == "3 to add, 1,200 unchanged"
    assert numbers_of({}) == ""
