"""The progress of a bulk job: requests that read take their time, too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from litmos_async import BulkJob, LitmosClient, Progress
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.bulk import works
from tests.support.sandboxes import bare, client


def one_each(tenant: Tenant) -> list[tuple[str, str]]:
    """Return pairs of which none can be read together with another one."""
    return list(zip(tenant.users, tenant.learning_paths, strict=True))


def test_reading_what_is_there_shows() -> None:
    """While a plan is made, the progress says how many of its reads are behind it, and how long the rest takes."""
    sandbox = bare(users=450, paths=450)
    seen: list[Progress] = []

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = one_each(sandbox.tenant)
            job = litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, skip_existing=True)
            planning = asyncio.ensure_future(job.plan())
            while not planning.done():
                await asyncio.sleep(15.0)
                seen.append(job.progress)
            assert planning.result().reads == 450

    run_virtual(main())
    assert [step.total for step in seen] == [450] * len(seen)
    under_way = seen[:-1]
    assert len(under_way) > 10
    assert {(step.requests_planned, step.reads_planned, step.done) for step in under_way} == {(0, 450, 0)}
    assert [step.reads for step in under_way] == sorted(step.reads for step in under_way)
    # 1 slot every 0.6 s.
    assert [step.seconds_left for step in under_way] == pytest.approx(
        [(450 - step.reads) * 0.6 for step in under_way]
    )


def test_each_read_is_told() -> None:
    """Whoever runs a job with `verify` hears of every request, those that read back included, to the last one."""
    sandbox = bare(users=150, paths=150)
    told: list[Progress] = []

    async def main() -> None:
        async with client(sandbox) as litmos:
            pairs = one_each(sandbox.tenant)
            job = litmos.bulk.assign_learning_paths_to_users(
                pairs, send_message=False, skip_existing=True, verify=True
            )
            assert (await job.run(on_progress=told.append)).ok

    run_virtual(main())
    assert {step.reads for step in told} == {*range(1, 301)}
    assert (told[-1].reads, told[-1].reads_planned, told[-1].seconds_left) == (300, 300, 0.0)
    while_it_writes = [step for step in told if 0 < step.requests < 150]
    assert {step.reads_planned for step in while_it_writes} == {300}


def paths(litmos: LitmosClient, tenant: Tenant) -> BulkJob:
    """A job over pairs that can be read in one way only."""
    pairs = {user: list(tenant.learning_paths) for user in tenant.users}
    return litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, verify=True)


def deactivations(litmos: LitmosClient, tenant: Tenant) -> BulkJob:
    """A job over single items."""
    return litmos.bulk.deactivate_users(tenant.users, remove_from_teams=True, verify=True)


def members(litmos: LitmosClient, tenant: Tenant) -> BulkJob:
    """A job that is made of others."""
    desired = {team: list(tenant.users) for team in tenant.teams}
    return litmos.bulk.sync_team_members(desired, send_message=False, verify=True)


@pytest.mark.costly
@pytest.mark.parametrize("make", [paths, deactivations, members])
@pytest.mark.parametrize("ignored", [False, True])
def test_the_plan_and_the_progress_agree(
    make: Callable[[LitmosClient, Tenant], BulkJob], ignored: bool
) -> None:
    """What a plan counts as checks is what the progress expects, and at the end nothing is left of it."""
    sandbox: Sandbox = bare(users=110, teams=2, paths=1)

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = make(litmos, sandbox.tenant)
            plan, before = await job.plan(), job.progress
            assert plan.checks > 0
            assert before.reads_planned - before.reads == plan.checks
            assert before.requests_planned == plan.requests
            assert before.seconds_left == pytest.approx(plan.seconds)
            if ignored:
                # Nobody exists any more, so much of what was to be read back is not.
                sandbox.tenant.users.clear()
            told: list[Progress] = []
            report = await job.run(on_progress=told.append)
            assert {(step.requests, step.reads) for step in told} >= {(report.requests, report.reads)}
            assert {step.requests for step in told} >= {*range(1, report.requests + 1)}
            assert {step.reads for step in told} >= {*range(before.reads + 1, report.reads + 1)}
            assert job.progress.seconds_left == 0
            assert job.progress.reads == job.progress.reads_planned

    run_virtual(main())


@pytest.mark.parametrize("make", works.KINDS)
def test_the_count_of_requests_ends_where_the_plan_said(
    make: Callable[[], works.Work], tmp_path: Path
) -> None:
    """Each request of the plan is counted once, also those of a job with two parts.

    There are fewer only where an item turns out to need none, and never more.
    """
    work = make()
    seen: list[Progress] = []

    async def main() -> int:
        async with works.client(work.sandbox) as litmos, work.job(litmos, tmp_path / "journal.db") as job:
            plan = await job.plan()
            await job.run(seen.append)
            return plan.requests

    planned = run_virtual(main())
    assert planned > 0
    counts = [step.requests_planned for step in seen]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] == planned
    assert seen[-1].requests == counts[-1]
    assert seen[-1].seconds_left == 0.0
