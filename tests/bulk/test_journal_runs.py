"""Runs with a journal: broken off, gone on with, refused where they do not belong together."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from litmos_async import BulkJob, LitmosClient, RateLimit, RetryPolicy, errors
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support import sandboxes

LIMIT = RateLimit(10_000, 1.0, 10_000)


def make(users: int = 30, courses: int = 3) -> Sandbox:
    """Return a sandbox with people and courses, and a limit that is out of the way."""
    tenant = Tenant()
    for number in range(users):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    for number in range(courses):
        tenant.add_course(Name=f"Course {number}")
    return Sandbox(tenant, requests=LIMIT.requests, period=LIMIT.period)


def client(sandbox: Sandbox) -> LitmosClient:
    """Return a client of that sandbox that tries once."""
    once = RetryPolicy(max_attempts=1, max_rejections=0)
    return sandboxes.client(sandbox, rate_limit=LIMIT, retry=once)


def assign(litmos: LitmosClient, sandbox: Sandbox, journal: Path, **options) -> BulkJob:
    """Return the job: all courses to all people."""
    pairs = {user: list(sandbox.tenant.courses) for user in sandbox.tenant.users}
    return litmos.bulk.assign_courses_to_users(pairs, send_message=False, journal=journal, **options)


def writes(sandbox: Sandbox) -> Counter[str]:
    """Return how often each person was sent something. `POST /users/courses` only reads."""
    return Counter(
        each.path for each in sandbox.requests if each.method == "POST" and each.path != "/users/courses"
    )


def test_a_run_that_was_broken_off_goes_on(tmp_path: Path) -> None:
    """A second run with the same input does only what is left, and tells an outcome of every item."""
    sandbox, file = make(), tmp_path / "night.db"

    async def main() -> None:
        async with client(sandbox) as litmos:
            first = aiter(assign(litmos, sandbox, file))
            told = [await anext(first) for _ in range(20)]
            await first.aclose()
            job = assign(litmos, sandbox, file)
            plan = await job.plan()
            assert plan.skipped["done in an earlier run"] >= len(told)
            assert plan.items + plan.skipped["done in an earlier run"] == 90
            outcomes = [outcome async for outcome in job]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 90}
            assert sum(outcome.reason == "in an earlier run" for outcome in outcomes) >= 20
            third = await assign(litmos, sandbox, file).run()
            assert (third.done, third.requests) == (90, 0)

    run_virtual(main())


def test_what_was_under_way_is_found_by_reading(tmp_path: Path) -> None:
    """A request whose answer never came is looked up: what had an effect is not sent again."""
    sandbox, file = make(users=2), tmp_path / "night.db"
    arrived, lost = list(sandbox.tenant.users)
    sandbox.faults.add(Fault(path=f"/users/{arrived}/courses", method="POST", after=True, stall=60))
    sandbox.faults.add(Fault(path=f"/users/{lost}/courses", method="POST", drop=True, stall=60))

    async def main() -> None:
        async with client(sandbox) as litmos:
            running = asyncio.ensure_future(assign(litmos, sandbox, file).run())
            while len(writes(sandbox)) < 2:  # noqa: ASYNC110 - the sandbox has no event for it
                await asyncio.sleep(0)
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            sandbox.faults.clear()
            job = assign(litmos, sandbox, file)
            plan = await job.plan()
            assert (plan.items, plan.skipped["done in an earlier run"]) == (3, 3)
            report = await job.run()
            assert (report.done, report.requests) == (6, 1)

    run_virtual(main())
    assert writes(sandbox) == {f"/users/{arrived}/courses": 1, f"/users/{lost}/courses": 2}


async def test_failures_are_tried_again_and_unknown_ones_looked_up(tmp_path: Path) -> None:
    """A failed item is sent again by the next run; one that was unknown is read first."""
    sandbox, file = make(users=3), tmp_path / "night.db"
    fine, refused, doubtful = list(sandbox.tenant.users)
    sandbox.faults.add(Fault(path=f"/users/{refused}/courses", times=50, status=404))
    sandbox.faults.add(Fault(path=f"/users/{doubtful}/courses", times=50, status=500, after=True))
    async with client(sandbox) as litmos:
        report = await assign(litmos, sandbox, file).run()
        assert (report.done, report.failed, report.unknown) == (3, 3, 3)
        sandbox.faults.clear()
        report = await assign(litmos, sandbox, file).run()
        assert (report.done, report.ok, report.requests) == (9, True, 1)
    assert writes(sandbox)[f"/users/{fine}/courses"] == 1
    assert writes(sandbox)[f"/users/{doubtful}/courses"] == 1


async def test_verify_reads_back_what_an_earlier_run_did(tmp_path: Path) -> None:
    """With verify, what a broken-off run had sent is not taken on trust by the next one."""
    sandbox, file = make(users=5, courses=2), tmp_path / "night.db"
    pairs = {user: [*sandbox.tenant.courses, "no-such-course"] for user in sandbox.tenant.users}
    async with client(sandbox) as litmos:
        for _ in range(2):
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, journal=file, verify=True)
            outcomes = [outcome async for outcome in job]
            assert Counter(outcome.status for outcome in outcomes) == {"done": 10, "failed": 5}


async def test_another_input_or_another_job_is_refused(tmp_path: Path) -> None:
    """A journal goes with one input, one kind of job, and its options; in any order of the pairs."""
    sandbox, file = make(users=2, courses=2), tmp_path / "night.db"
    users, courses = list(sandbox.tenant.users), list(sandbox.tenant.courses)
    pairs = [(user, course) for user in users for course in courses]
    async with client(sandbox) as litmos:
        bulk = litmos.bulk
        await bulk.assign_courses_to_users(pairs, send_message=False, journal=file).run()
        again = await bulk.assign_courses_to_users(pairs[::-1], send_message=False, journal=file).run()
        assert again.requests == 0
        for other in (
            bulk.assign_courses_to_users(pairs[:3], send_message=False, journal=file),
            bulk.assign_courses_to_users(pairs, send_message=True, journal=file),
            bulk.remove_courses_from_users(pairs, journal=file),
        ):
            with pytest.raises(errors.ConfigurationError):
                await other.run()


async def test_one_job_at_a_time(tmp_path: Path) -> None:
    """A journal in use is refused, and let go of when its job is closed."""
    sandbox, file = make(users=2), tmp_path / "night.db"
    async with client(sandbox) as litmos:
        async with assign(litmos, sandbox, file) as job:
            await job.plan()
            with pytest.raises(errors.ConfigurationError, match="use"):
                await assign(litmos, sandbox, file).plan()
        assert (await assign(litmos, sandbox, file).run()).ok


async def test_the_journal_holds_ids_only(tmp_path: Path) -> None:
    """No name, no key and no word of the server is in the file, whatever went wrong."""
    sandbox, file = make(users=2), tmp_path / "night.db"
    secret = "marker words of the server"
    sandbox.faults.add(
        Fault(method="POST", times=50, status=404, body=json.dumps({"Detail": secret}).encode())
    )
    async with client(sandbox) as litmos:
        report = await assign(litmos, sandbox, file).run()
        assert secret in report.problems[0].reason
    with sqlite3.connect(file) as database:
        text = "\n".join(database.iterdump())
    database.close()
    for marker in (secret, "sandbox-key", "user0@example.com", "Course 0"):
        assert marker not in text


async def test_what_cannot_be_read_is_left_to_the_next_run(tmp_path: Path) -> None:
    """If what was under way cannot be looked up now, it stays unknown, and the next run looks again."""
    sandbox, file = make(users=1), tmp_path / "night.db"
    (user,) = sandbox.tenant.users
    sandbox.faults.add(Fault(path=f"/users/{user}/courses", times=50, status=500, after=True))
    async with client(sandbox) as litmos:
        assert (await assign(litmos, sandbox, file).run()).unknown == 3
        sandbox.faults.clear()
        sandbox.faults.add(Fault(path="/courses/*", times=50, status=500))
        sandbox.faults.add(Fault(path="/users/*", times=50, status=500))
        report = await assign(litmos, sandbox, file).run()
        assert (report.unknown, report.counted, report.requests) == (3, 3, 0)
        sandbox.faults.clear()
        report = await assign(litmos, sandbox, file).run()
        assert (report.done, report.requests) == (3, 0)
