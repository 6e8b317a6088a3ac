"""A job in a process of its own, to be killed: `python killed.py KIND BASE_URL JOURNAL INPUT OUTCOMES TIMEOUT`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from litmos_async import BulkJob, LitmosClient, ModuleResult, RateLimit


def job_of(kind: str, litmos: LitmosClient, given: list[list[str]], journal: str) -> BulkJob:
    """Return a job whose writes must not be repeated: learning paths of people, or their results in modules."""
    if kind == "paths":
        pairs = [(user, path) for user, path in given]
        return litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, journal=journal)
    results = [
        (module, ModuleResult(user_id=user, course_id=course, score=80, completed=True))
        for user, course, module in given
    ]
    return litmos.bulk.complete_modules(results, journal=journal)


async def run(
    kind: str,
    base_url: str,
    journal: str,
    given: list[list[str]],
    timeout: float,  # noqa: ASYNC109 - of the client
) -> list[list[str]]:
    """Run the job, and return what became of each item once it is through."""
    async with LitmosClient(
        "sandbox-key",
        "killed",
        base_url=base_url,
        rate_limit=RateLimit(8, 1.0, 8),
        # What a killed process had sent may still wait in the server's socket: the next one looks after this time.
        timeout=timeout,
    ) as litmos:
        return [[*outcome.item, outcome.status] async for outcome in job_of(kind, litmos, given, journal)]


kind, base_url, journal, source, outcomes, timeout = sys.argv[1:]
given = json.loads(Path(source).read_text(encoding="utf-8"))
told = asyncio.run(run(kind, base_url, journal, given, float(timeout)))
Path(outcomes).write_text(json.dumps(told), encoding="utf-8")
