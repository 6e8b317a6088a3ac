"""A process of its own that makes calls under a shared limit; `fleet.py` starts it.

It says "ready" and what its clocks show, waits for a line, makes its calls all at once, and writes a line when
each is done.
"""

from __future__ import annotations

import asyncio
import sys
import time

from litmos_async import LitmosClient
from litmos_async.limits import RateLimit, limiter_from_url


def say(text: str) -> None:
    """Write a line at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(base_url: str, limit_url: str, calls: int, burst: int, timeout: float) -> None:  # noqa: ASYNC109 - of the client
    """Make the calls."""
    limiter = limiter_from_url(limit_url, RateLimit(requests=100, period=3.0, burst=burst), account="fleet")
    async with LitmosClient(
        "sandbox-key", "tests", base_url=base_url, limiter=limiter, timeout=timeout
    ) as litmos:

        async def call() -> None:
            await litmos.request("GET", "/teams", query={"limit": 1})
            say(f"{time.monotonic() - began}")

        say(f"ready {time.time()} {time.monotonic()}")
        await asyncio.to_thread(sys.stdin.readline)
        began = time.monotonic()
        await asyncio.gather(*(call() for _ in range(calls)))
    await limiter.aclose()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), float(sys.argv[5])))
