"""An export in a process of its own, to be killed: `killed.py BASE_URL FOLDER FORMAT STATE NAME...`."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from typing import Final
from unittest.mock import patch

from litmos_async import LitmosClient, RateLimit
from litmos_async.export import export as module
from litmos_async.resources.base import ListOptions

ROWS: Final = 20
"""Rows of a page."""


async def run(base_url: str, folder: str, format: str, state: str, names: list[str]) -> None:
    """Export into a folder."""
    rate = RateLimit(100_000, 60.0, 100_000)
    client = LitmosClient("sandbox-key", "killed", base_url=base_url, rate_limit=rate, timeout=600.0)
    # Some tests call this in their own process.
    with patch.object(module, "OPTIONS", ListOptions(page_size=ROWS, pages_ahead=8)):
        async with client as litmos:
            await litmos.export.run(
                names,
                f"{folder}/w/",
                format=format,
                state=state or None,
                since=datetime.now(UTC) - timedelta(days=10) if "course_results" in names else None,
            )


if __name__ == "__main__":
    base_url, folder, format, state, *names = sys.argv[1:]
    asyncio.run(run(base_url, folder, format, state, names))
