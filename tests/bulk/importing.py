"""Imports to hand in, and what can be said of them afterwards."""

from __future__ import annotations

from litmos_async import Outcome, RetryPolicy, UserImport
from litmos_async.sandbox import Sandbox

QUICK = RetryPolicy(max_attempts=2, max_rejections=1)


def rows(number: int, **values) -> list[UserImport]:
    """Return rows of new people."""
    return [
        UserImport(username=f"new{each}@example.com", first_name="N", last_name=f"No {each}", **values)
        for each in range(number)
    ]


async def outcomes_of(job) -> list[Outcome]:
    """Return the outcomes of a job."""
    return [outcome async for outcome in job]


def posts(sandbox: Sandbox) -> int:
    """Return how many imports were handed in."""
    return sum(request.method == "POST" and request.path == "/bulkimports" for request in sandbox.requests)
