"""A job in a process of its own, to be killed: `killed.py KIND BASE_URL JOURNAL INPUT OUTCOMES REQUESTS`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from litmos_async import BulkJob, LitmosClient, ModuleResult, RateLimit

TIMEOUT: Final = 300.0
"""Seconds that a call may take, on the busiest machine."""


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
    kind: str, base_url: str, journal: str, given: list[list[str]], requests: int
) -> list[list[str]]:
    """Run the job with so many requests under way at most; return the status of each item at its end."""
    rate = RateLimit(requests, 0.1, requests)
    async with LitmosClient(
        "sandbox-key", "killed", base_url=base_url, rate_limit=rate, timeout=TIMEOUT
    ) as litmos:
        return [[*outcome.item, outcome.status] async for outcome in job_of(kind, litmos, given, journal)]


if __name__ == "__main__":
    kind, base_url, journal, source, outcomes, requests = sys.argv[1:]
    given = json.loads(Path(source).read_text(encoding="utf-8"))
    told = asyncio.run(run(kind, base_url, journal, given, int(requests)))
    Path(outcomes).write_text(json.dumps(told), encoding="utf-8")
