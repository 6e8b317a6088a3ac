"""Writes for which there is no slot, since the limit cannot be asked: they have not left."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from litmos_async import BulkJob, LitmosClient, User
from litmos_async.errors import LimiterUnavailable, LitmosError, RateLimited
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.support.refusing import Away
from tests.support.sandboxes import bare, client


def courses(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Assign a course to four people, in a request for each."""
    (course,) = sandbox.tenant.courses
    pairs = [(user, course) for user in sandbox.tenant.users]
    return litmos.bulk.assign_courses_to_users(pairs, send_message=False)


def teams(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Add a person to each of four teams, in a request for each."""
    pairs = zip(sandbox.tenant.users, sandbox.tenant.teams, strict=True)
    return litmos.bulk.add_users_to_teams(pairs, send_message=False)


def deactivated(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Deactivate four people: a read and a write for each."""
    return litmos.bulk.deactivate_users(sandbox.tenant.users)


def synchronised(litmos: LitmosClient, sandbox: Sandbox) -> BulkJob:
    """Change four people, whom a list of one page names."""
    wanted = [User(user_name=user["UserName"], city="Ulm") for user in sandbox.tenant.users.values()]
    return litmos.bulk.sync_users(wanted, send_message=False)


@pytest.mark.parametrize("slots", [0, 3])
@pytest.mark.parametrize("make", [courses, teams, deactivated, synchronised])
def test_what_got_no_slot_has_failed_and_is_no_request(make: Any, slots: int) -> None:
    """Nothing of it is unknown, nothing is read back, and the report counts what the server saw."""
    sandbox = bare(users=4, courses=1, teams=4)

    async def main() -> None:
        async with client(sandbox, limiter=Away(range(slots, 100))) as litmos:
            job = make(litmos, sandbox)
            try:
                outcomes = [outcome async for outcome in job]
            except LimiterUnavailable:  # the lists that come first could not be read
                assert make is synchronised
                return
            report = job.report
            assert report.requests + report.reads == len(sandbox.requests) == slots
            assert {outcome.status for outcome in outcomes} <= {"done", "failed"}
            assert report.failed >= 4 - slots
            assert sum(outcome.attempts for outcome in outcomes) == report.requests

    run_virtual(main())


@pytest.mark.parametrize("error", [LimiterUnavailable, RateLimited])
def test_a_write_that_was_lost_before_is_read_back(error: type[LitmosError]) -> None:
    """Its first attempt got no answer and had its effect; then there was no slot for a second one."""
    sandbox = bare(users=1, teams=1)
    ((user,), (team,)) = sandbox.tenant.users, sandbox.tenant.teams
    sandbox.tenant.join_team(team, user)
    sandbox.faults.add(Fault(method="DELETE", after=True, drop=True))

    async def main() -> None:
        async with client(sandbox, limiter=Away({1}, error)) as litmos:
            report = await litmos.bulk.remove_users_from_teams([(user, team)]).run()
            assert (report.done, report.requests, report.ok) == (1, 1, True)
        assert [request.method for request in sandbox.requests] == ["DELETE", "GET"]

    run_virtual(main())


def test_the_write_before_it_has_its_answer(tmp_path: Path) -> None:
    """The journal knows the outcome of an item whose second write got no slot, so nothing is left to be read."""
    sandbox = bare(users=1, teams=1)
    ((user,), (team,)) = sandbox.tenant.users, sandbox.tenant.teams
    sandbox.tenant.join_team(team, user)

    async def main() -> None:
        for slots, status in ((2, "failed"), (10, "done")):
            before = len(sandbox.requests)
            async with client(sandbox, limiter=Away(range(slots, 100))) as litmos:
                job = litmos.bulk.deactivate_users(
                    [user], remove_from_teams=True, journal=tmp_path / "journal"
                )
                assert [outcome.status async for outcome in job] == [status]
        methods = Counter(request.method for request in list(sandbox.requests)[before:])
        assert methods == {"GET": 1, "DELETE": 1}

    run_virtual(main())
