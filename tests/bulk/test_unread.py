"""One list that cannot be read: it costs what is in it, and nothing else."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from litmos_async import BulkJob, LitmosClient, Outcome, errors
from litmos_async.bulk.journal.file import read_summary
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

PEOPLE = 12


def make() -> tuple[Sandbox, list[str]]:
    """Return a sandbox with people who have a learning path of their own each, and their ids."""
    tenant = Tenant()
    for number in range(PEOPLE):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
        tenant.add_learning_path(Name=f"Path {number}")
    return Sandbox(tenant, latency=lambda: 0.2), list(tenant.users)


def job_of(litmos: LitmosClient, sandbox: Sandbox, **options: Any) -> BulkJob:
    """Return a job whose pairs can only be read person by person."""
    pairs = zip(sandbox.tenant.users, sandbox.tenant.learning_paths, strict=True)
    return litmos.bulk.assign_learning_paths_to_users(list(pairs), send_message=False, **options)


async def told_by(job: BulkJob) -> dict[str, Outcome]:
    """Run a job, and return what it tells of each person."""
    return {outcome.item.user_id: outcome async for outcome in job}


UNREADABLE = [{"status": 403}, {"status": 500}, {"body": "<html>", "content_type": "text/html"}]


@pytest.mark.parametrize("fault", UNREADABLE)
def test_verify_tells_the_truth_of_the_others(fault: dict[str, Any]) -> None:
    """What cannot be read back is unknown; all else was read."""
    sandbox, users = make()
    sandbox.faults.add(Fault(method="GET", path=f"/users/{users[5]}/*", times=None, **fault))

    async def main() -> None:
        async with client(sandbox) as litmos:
            told = await told_by(job_of(litmos, sandbox, verify=True))
            assert Counter(outcome.status for outcome in told.values()) == {"done": PEOPLE - 1, "unknown": 1}
            assert isinstance(told[users[5]].error, errors.LitmosError)

    run_virtual(main())


@pytest.mark.parametrize("fault", UNREADABLE)
def test_what_may_be_there_is_not_sent(fault: dict[str, Any]) -> None:
    """With skip_existing, an item whose list cannot be read fails: it might be done a second time."""
    sandbox, users = make()
    sandbox.faults.add(Fault(method="GET", path=f"/users/{users[5]}/*", times=None, **fault))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = job_of(litmos, sandbox, skip_existing=True)
            plan = await job.plan()
            assert (plan.items, plan.skipped["that cannot be read"]) == (PEOPLE - 1, 1)
            told = await told_by(job)
            assert Counter(outcome.status for outcome in told.values()) == {"done": PEOPLE - 1, "failed": 1}
            assert told[users[5]].reason.startswith("what exists could not be read: ")
            assert {outcome.item.user_id for outcome in job.outcomes_so_far()} == set(users)

    run_virtual(main())
    assert not any(users[5] in each.path for each in sandbox.requests if each.method == "POST")


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_list_of_people_is_read_one_by_one(status: int) -> None:
    """Where one of 25 people makes the server refuse to list the courses of all, all are read one by one."""
    sandbox, users = make()
    tenant = sandbox.tenant
    for number in range(PEOPLE):
        tenant.add_course(Name=f"Course {number}", Active=True)
    pairs = list(zip(users, tenant.courses, strict=True))
    tenant.assign_course(*pairs[3])
    sandbox.faults.add(Fault(method="POST", path="/users/courses", times=None, status=status))
    sandbox.faults.add(Fault(method="GET", path=f"/users/{users[5]}/*", times=None, status=status))

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=True, skip_existing=True)
            told = await told_by(job)
            assert told[users[3]].status == "skipped"
            # Of a person who does not exist nothing is there.
            assert told[users[5]].status == ("done" if status == 404 else "failed")
            assert sum(each.status == "done" for each in told.values()) == PEOPLE - (
                1 if status == 404 else 2
            )

    run_virtual(main())
    sent = {each.path for each in sandbox.requests if each.method == "POST"}
    assert f"/users/{users[3]}/courses" not in sent


def test_what_took_no_request_is_in_the_journal(tmp_path: Path) -> None:
    """What was there, and what could not be read, is written down: the next run looks only at what failed."""
    sandbox, users = make()
    tenant, file = sandbox.tenant, tmp_path / "night.db"
    tenant.assign_path(users[3], list(tenant.learning_paths)[3])
    sandbox.faults.add(Fault(method="GET", path=f"/users/{users[5]}/*", times=None, status=403))

    async def main() -> None:
        async with client(sandbox) as litmos:
            first = await job_of(litmos, sandbox, skip_existing=True, journal=file).run()
            assert (first.done, first.skipped, first.failed) == (PEOPLE - 2, 1, 1)
            summary = read_summary(file)
            assert (summary.done, summary.skipped, summary.failed) == (PEOPLE - 2, 1, 1)
            sandbox.faults.clear()
            sandbox.requests.clear()
            async with job_of(litmos, sandbox, skip_existing=True, journal=file) as job:
                plan = await job.plan()
            assert (plan.items, plan.skipped["already there"]) == (1, 1)
            assert {each.path for each in sandbox.requests} == {f"/users/{users[5]}/learningpaths"}

    run_virtual(main())


def test_an_id_that_cannot_be_written_fails_alone() -> None:
    """Also where its list would have to be read first."""
    sandbox, users = make()
    (path, *_) = sandbox.tenant.learning_paths

    async def main() -> None:
        async with client(sandbox) as litmos:
            # One path for each of two people: read by people, as that takes no more requests.
            job = litmos.bulk.assign_learning_paths_to_users(
                [(".", path), (users[0], "other")], send_message=False, skip_existing=True
            )
            told = await told_by(job)
            assert (told["."].status, told[users[0]].status) == ("failed", "done")

    run_virtual(main())


@pytest.mark.parametrize("kind", ["pairs", "people"])
def test_a_journal_goes_on_past_what_cannot_be_read(tmp_path: Path, kind: str) -> None:
    """What was under way and cannot be looked at stays unknown, and the rest is done; later it is settled."""
    sandbox, users = make()
    write, read = ("POST", "GET") if kind == "pairs" else ("DELETE", "GET")
    lost = Fault(method=write, path=f"/users/{users[5]}/*", after=True, status=500, times=None)

    def again(litmos: LitmosClient) -> BulkJob:
        journal = tmp_path / "night.db"
        if kind == "pairs":
            return job_of(litmos, sandbox, journal=journal)
        return litmos.bulk.remove_users_from_all_teams(users, journal=journal)

    async def main() -> None:
        async with client(sandbox) as litmos:
            sandbox.faults.add(lost)
            sandbox.faults.add(Fault(method=read, path=f"/users/{users[5]}/*", times=None, status=403))
            sandbox.faults.add(Fault(method=write, path=f"/users/{users[7]}/*", times=1, status=400))
            first = await again(litmos).run()
            assert (first.done, first.unknown, first.failed) == (PEOPLE - 2, 1, 1)
            job = again(litmos)
            if kind == "pairs":
                assert (await job.plan()).skipped["that cannot be read"] == 1
            second = await job.run()
            assert (second.done, second.unknown, second.failed) == (PEOPLE - 1, 1, 0)
            sandbox.faults.clear()
            third = await again(litmos).run()
            assert (third.done, third.requests) == (PEOPLE, 0)

    run_virtual(main())


def test_without_a_connection_nothing_is_decided() -> None:
    """That is about all lists, not about one of them."""
    sandbox, _ = make()
    sandbox.faults.add(Fault(method="GET", drop=True, error=httpx.ReadError("reset"), times=None))

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(errors.NetworkError):
                await job_of(litmos, sandbox, skip_existing=True).run()

    run_virtual(main())
