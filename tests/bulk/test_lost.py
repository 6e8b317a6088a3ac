"""A repeated request whose first attempt was carried out, without an answer that arrived."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from litmos_async import BulkJob, Outcome, RetryPolicy
from litmos_async.bulk import Bulk
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

LOST: list[dict[str, Any]] = [{"status": 500}, {"drop": True, "error": httpx.ReadError("reset")}]


def tenant() -> Tenant:
    """Return a person who has a course and a learning path, and is in a team."""
    tenant = Tenant()
    user = tenant.add_user(UserName="user@example.com", FirstName="U", LastName="Example")["Id"]
    course = tenant.add_course(Name="Onboarding")["Id"]
    path = tenant.add_learning_path(Name="Onboarding")["Id"]
    tenant.add_team(Name="Everybody")
    tenant.assign_course(user, course)
    tenant.assign_path(user, path)
    tenant.join_team(next(iter(tenant.teams)), user)
    return tenant


def told(sandbox: Sandbox, make: Callable[[Bulk], BulkJob]) -> list[Outcome]:
    """Return what a job tells."""

    async def main() -> list[Outcome]:
        async with client(sandbox) as litmos:
            return [outcome async for outcome in make(litmos.bulk)]

    return run_virtual(main())


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("after", [True, False])
def test_what_was_removed_by_the_first_attempt_is_done(lost: dict[str, Any], after: bool) -> None:
    """The second attempt finds nothing there, since the first one took it away; or it does so itself."""
    for name, left, right in (
        ("remove_courses_from_users", "users", "courses"),
        ("remove_learning_paths_from_users", "users", "learning_paths"),
        ("remove_users_from_teams", "users", "teams"),
    ):
        sandbox = Sandbox(tenant(), latency=lambda: 0.2)
        sandbox.faults.add(Fault(method="DELETE", after=after, **lost))
        pair = next(iter(getattr(sandbox.tenant, left))), next(iter(getattr(sandbox.tenant, right)))
        (outcome,) = told(sandbox, lambda bulk, name=name, pair=pair: getattr(bulk, name)([pair]))
        assert (outcome.item, outcome.status) == (pair, "done")


def test_what_was_not_there_is_skipped() -> None:
    """A refusal by the rate limit is no attempt that may have been carried out."""
    sandbox = Sandbox(tenant(), latency=lambda: 0.2)
    sandbox.faults.add(Fault(method="DELETE", status=503))
    user = next(iter(sandbox.tenant.users))
    (outcome,) = told(sandbox, lambda bulk: bulk.remove_courses_from_users([(user, "elsewhere")]))
    assert (outcome.status, outcome.reason) == ("skipped", "not there")


def test_somebody_who_was_created_by_the_first_attempt_is_done() -> None:
    """The second one is refused for the name, which the first one has taken."""
    sandbox = Sandbox(Tenant(), latency=lambda: 0.2)
    sandbox.faults.add(Fault(method="POST", path="/users", after=True, status=500))
    ada = {"user_name": "ada@example.com", "first_name": "Ada", "last_name": "Example"}

    def make(bulk: Bulk) -> BulkJob:
        return bulk.sync_users([ada], send_message=False, retry=RetryPolicy(max_attempts=3))

    (outcome,) = told(sandbox, make)
    assert (outcome.item.change, outcome.status) == ("create", "done")
    assert len(sandbox.tenant.users) == 1
