"""A job in a process of its own, to be killed: `python killed.py BASE_URL JOURNAL INPUT OUTCOMES`."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from litmos_async import LitmosClient, RateLimit


async def run(base_url: str, journal: str, pairs: list[tuple[str, str]]) -> list[list[str]]:
    """Assign learning paths, and return what became of each once the job is through."""
    async with LitmosClient(
        "sandbox-key",
        "killed",
        base_url=base_url,
        rate_limit=RateLimit(8, 0.5, 8),
        # What a killed process had sent may still wait in the server's socket: the next one looks after this time.
        timeout=1.0,
    ) as litmos:
        job = litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, journal=journal)
        return [[*outcome.item, outcome.status] async for outcome in job]


base_url, journal, given, outcomes = sys.argv[1:]
pairs = json.loads(Path(given).read_text(encoding="utf-8"))
told = asyncio.run(run(base_url, journal, [tuple(pair) for pair in pairs]))
Path(outcomes).write_text(json.dumps(told), encoding="utf-8")
