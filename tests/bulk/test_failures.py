"""What a job of pairs makes of failures: which items have failed, what is sent again, and when it stops."""

from __future__ import annotations

import asyncio
from collections import Counter

import httpx
import pytest

from litmos_async import CourseForUser, LitmosClient, Outcome, RetryPolicy, errors
from litmos_async.sandbox import Fault
from litmos_async.testing import run_virtual
from tests.support.sandboxes import bare, client, example


def test_a_refused_list_is_split_until_the_refused_item_stands_alone() -> None:
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
    sandbox, users, courses = example(users=3)
    sandbox.faults.add(Fault(**{**ALWAYS, **fault}, path=f"/users/{users[1]}/courses"))

    async def main() -> dict[str, str]:
        async with client(sandbox, retry=RetryPolicy(max_attempts=2, max_rejections=1)) as litmos:
            job = litmos.bulk.assign_courses_to_users(dict.fromkeys(users, courses[:2]), send_message=False)
            return {outcome.item.user_id: outcome.status async for outcome in job}

    assert run_virtual(main()) == {users[0]: "done", users[1]: status, users[2]: "done"}


@pytest.mark.parametrize(("key", "kind"), [("wrong", errors.Unauthorized)])
def test_a_key_that_does_not_work_stops_the_job(key: str, kind: type[errors.LitmosError]) -> None:
    """A wrong key will not get better: the job stops at once, without a request for every item."""
    sandbox, users, courses = example(users=200)

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
    sandbox, users, courses = example(users=60)

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


def test_a_job_that_stops_after_failures() -> None:
    """Too many failures end the job: nothing new is sent, and all that was sent has its outcome."""
    sandbox, users, courses = example(users=300)
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


def test_what_is_unknown_stops_a_job_as_well() -> None:
    """Writes whose answers are lost and whose effect cannot be read count as those that have failed."""
    sandbox, users, courses = example(users=300)
    sandbox.faults.add(Fault(method="POST", times=None, status=500, after=True))
    sandbox.faults.add(Fault(method="GET", times=None, status=400))

    async def main() -> None:
        async with client(sandbox, retry=RetryPolicy(max_attempts=1)) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                dict.fromkeys(users, courses[:1]), send_message=False, stop_after_failures=5
            )
            report = await job.run()
            assert 5 <= report.unknown <= 200
            assert (report.failed, report.done) == (0, 0)
            assert report.stopped == f"{report.unknown} items failed"

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
    sandbox, users, courses = example(users=250)

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
