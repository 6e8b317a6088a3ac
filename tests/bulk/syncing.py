"""Teams and people to compare with what they should be."""

from __future__ import annotations

from datetime import UTC, datetime

from litmos_async import Outcome, RetryPolicy
from litmos_async.sandbox import Sandbox, Tenant

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
