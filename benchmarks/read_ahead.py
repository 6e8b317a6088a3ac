"""Reading long lists ahead of their turn: time and requests in virtual time, beside the floor and page after page.

    python -m benchmarks.read_ahead

The server takes a while for each page: always the same, or lognormal about a median. The floor is what the limiter
allows at best: a slot is free a period after its answer, so that a hundred requests cost 60 s and a latency. R is
the number of requests that a list needs, the one that proves its end included.
"""

from __future__ import annotations

import asyncio
import json
import math
import random
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

import httpx
from attrs import define

from litmos_async import LitmosClient
from litmos_async.ahead import MOST_AHEAD
from litmos_async.testing import run_virtual

PAGE: Final = 10
"""Rows of a page: time and requests do not depend on it."""

SIGMA: Final = 0.6
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
    requests: int = 0
    under_way: int = 0
    most_under_way: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        start, limit = int(query["start"]), int(query["limit"])
        self.requests += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
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
        under_way: The most of them that were under way at a time.
        held: The most pages that were in memory, the one at hand included.
        complete: Whether each list came whole, once.
    """

    seconds: float
    requests: int
    under_way: int
    held: int
    complete: bool


def measure(
    rows: int, latency: Latency, *, ahead: int, lists: int = 1, at_once: int = 1, total: bool = False
) -> Result:
    """Read lists and return how it went."""
    service = Service(rows, latency)

    async def main() -> Result:
        loop = asyncio.get_running_loop()
        began = loop.time()
        complete = True
        held = 0
        async with service.client() as litmos:
            gate = asyncio.Semaphore(at_once)

            async def one() -> None:
                nonlocal complete, held
                ask = litmos.users.list_paginated if total else litmos.users.list
                async with gate:
                    ids: list[str] = []
                    async for page in ask(page_size=PAGE, pages_ahead=ahead, wire="json").by_page():
                        held = max(held, 1 + MOST_AHEAD - litmos.users._caller.ahead.free)  # noqa: SLF001
                        ids += [row.id for row in page.items]
                complete = complete and ids == [f"u{number}" for number in range(rows)]

            await asyncio.gather(*(one() for _ in range(lists)))
        return Result(loop.time() - began, service.requests, service.most_under_way, held, complete)

    return run_virtual(main())


def rows_of(pages: int) -> int:
    """Return the rows of a list whose last page is half full."""
    return pages * PAGE - PAGE // 2


def floor(requests: int, latency: float) -> float:
    """Return the seconds that the limiter allows at best."""
    return (requests - 1) // 100 * (60 + latency) + latency


LATENCIES: Final[Mapping[str, tuple[float, Callable[[], Latency]]]] = {
    "0.2 s": (0.2, lambda: constant(0.2)),
    "1 s": (1.0, lambda: constant(1.0)),
    "3 s": (3.0, lambda: constant(3.0)),
    "3 s lognormal": (3.0, lambda: lognormal(3.0)),
}


def show(name: str, needed: int, latency: float, plain: Result, ahead: Result) -> None:
    """Print one line of the table."""
    print(
        f"{name:28} {needed:4} {floor(needed, latency):8.1f} {plain.seconds:8.1f} {ahead.seconds:8.1f}"
        f" {ahead.requests - needed:6} {ahead.held:6} {'yes' if plain.complete and ahead.complete else 'NO':>9}"
    )


def main() -> None:
    """Print the table."""
    print(
        f"{'':28} {'R':>4} {'floor':>8} {'one by 1':>8} {'ahead 8':>8} {'waste':>6} {'held':>6} {'complete':>9}"
    )
    for name, (latency, of) in LATENCIES.items():
        for pages in (1, 2, 5, 20, 100, 450, 500):
            plain, ahead = (measure(rows_of(pages), of(), ahead=ahead) for ahead in (0, 8))
            show(f"{pages} pages, {name}", pages + 1, latency, plain, ahead)
    for pages in (5, 20, 100, 450):
        plain, ahead = (measure(rows_of(pages), constant(3.0), ahead=ahead, total=True) for ahead in (0, 8))
        show(f"{pages} pages, 3 s, with a total", pages, 3.0, plain, ahead)
    for lists, pages in ((40, 12), (160, 3), (4, 120)):
        for seconds in (0.3, 1.0, 3.0):
            plain, ahead = (
                measure(rows_of(pages), constant(seconds), ahead=ahead, lists=lists, at_once=4)
                for ahead in (0, 8)
            )
            show(
                f"{lists} x {pages} pages, {seconds:g} s, 4 at once",
                lists * (pages + 1),
                seconds,
                plain,
                ahead,
            )


if __name__ == "__main__":
    main()
