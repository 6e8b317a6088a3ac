"""Reading long lists ahead of their turn: time and requests in virtual time, beside the floor and page after page.

    python -m benchmarks.read_ahead

The server takes a while for each page: always the same, or lognormal about a median. The floor is what the limiter
allows at best: a slot is free a period after its answer, so that a hundred requests cost 60 s and a latency. R is the
number of requests that a list needs, the one that proves its end included.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

import httpx
from attrs import define, field

from litmos_async import LitmosClient
from tests.virtual import run_virtual

PAGE = 1_000
SIGMA = 0.6
"""Of the lognormal latencies."""

Latency = Callable[[], float]


def constant(seconds: float) -> Latency:
    """Return a latency that is always the same."""
    return lambda: seconds


def lognormal(median: float, seed: int = 1) -> Latency:
    """Return a latency as servers have it: most answers about the median, a few far behind."""
    source = random.Random(seed)
    return lambda: median * math.exp(source.gauss(0.0, SIGMA))


@define
class Service:
    """Lists on a server, of so many rows each; every path is a list of its own."""

    rows: int
    latency: Latency
    page_size: int = PAGE
    requests: int = 0
    under_way: int = 0
    starts: list[int] = field(factory=list[int])

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        start, limit = int(query["start"]), int(query["limit"])
        self.requests += 1
        self.starts.append(start)
        self.under_way += 1
        try:
            await asyncio.sleep(self.latency())
        finally:
            self.under_way -= 1
        found = [{"Id": f"u{at}"} for at in range(start, min(self.rows, start + limit))]
        if request.url.path.endswith("/paginated"):
            found_too = {"Pagination": {"TotalCount": self.rows}, "Items": found}
            return httpx.Response(200, content=json.dumps(found_too))
        return httpx.Response(200, content=json.dumps(found))

    def client(self) -> LitmosClient:
        """Return a client of this server."""
        return LitmosClient(
            "key",
            "benchmark",
            base_url="https://litmos.example.com/v1.svc",
            transport=httpx.MockTransport(self),
        )


@define
class Result:
    """How the reading of lists went.

    Attributes:
        seconds: Until the last row.
        requests: How many the server got.
        pages: The most pages that were ahead at a time.
        complete: Whether each list came whole, once.
    """

    seconds: float
    requests: int
    pages: int
    complete: bool


def measure(
    rows: int,
    latency: Latency,
    *,
    ahead: int,
    page_size: int = PAGE,
    lists: int = 1,
    at_once: int = 1,
    total: bool = False,
    wire: str = "json",
) -> Result:
    """Read lists and return how it went."""
    service = Service(rows, latency, page_size)

    async def main() -> Result:
        loop = asyncio.get_running_loop()
        began = loop.time()
        complete = True
        most = 0
        async with service.client() as litmos:
            gate = asyncio.Semaphore(at_once)

            async def one() -> None:
                nonlocal complete, most
                async with gate:
                    users = litmos.users
                    ask = users.list_paginated if total else users.list
                    last, count = -1, 0
                    async for page in ask(page_size=page_size, pages_ahead=ahead, wire=wire).by_page():
                        most = max(most, service.under_way)
                        for row in page.items:
                            complete = complete and int(row.id[1:]) == last + 1
                            last, count = last + 1, count + 1
                    complete = complete and count == rows

            await asyncio.gather(*(one() for _ in range(lists)))
            ended = loop.time() - began
        return Result(ended, service.requests, most, complete)

    return run_virtual(main())


def rows_of(pages: int, page_size: int = PAGE) -> int:
    """Return the rows of a list whose last page is half full."""
    overlap = 1
    return page_size + (pages - 1) * (page_size - (overlap if page_size == PAGE else 0)) - page_size // 2


def floor(requests: int, latency: float) -> float:
    """Return the seconds that the limiter allows at best."""
    return (requests - 1) // 100 * (60 + latency) + latency


def bound(requests: int, latency: float) -> float:
    """Return the seconds that are promised, for a constant latency of up to 3 s."""
    return (requests + 7 - 1) // 100 * (60 + latency) + latency + 15 * latency


def main() -> None:
    """Print the table."""
