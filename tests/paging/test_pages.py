"""Lists as people use them: awaited, iterated, by page, resumed, side by side."""

from __future__ import annotations

import asyncio
import tracemalloc
from urllib.parse import parse_qs

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, errors
from litmos_async.testing import run_virtual
from tests.support.amounts import amount


class Server:
    """A list of people on a server."""

    def __init__(self, count: int, *, claims: int | None = None) -> None:
        self.ids = [f"u{number}" for number in range(count)]
        self.claims = claims
        self.asked: list[tuple[str, int, int]] = []
        self.under_way = self.most_under_way = 0
        self.fail_at: int | None = None

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        start, limit = int(query["start"]), int(query["limit"])
        self.asked.append((request.url.path, start, limit))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(0.3)
        finally:
            self.under_way -= 1
        if self.fail_at is not None and start >= self.fail_at:
            return httpx.Response(404, json={"Detail": "gone"})
        rows = [{"Id": name} for name in self.ids[start : start + limit]]
        if request.url.path.endswith("/paginated"):
            total = len(self.ids) if self.claims is None else self.claims
            return httpx.Response(200, json={"Pagination": {"TotalCount": total}, "Items": rows})
        return httpx.Response(200, json=rows)


def client(server: Server) -> LitmosClient:
    """Return a client of that server."""
    return LitmosClient(
        "k",
        "tests",
        base_url="https://litmos.example.com/v1.svc",
        transport=httpx.MockTransport(server),
        retry=RetryPolicy(max_attempts=1),
    )


def test_the_ways_to_read_a_list() -> None:
    """Awaiting gives the first page, iterating all rows, by_page the pages, collect a list."""
    server = Server(250)

    async def main() -> None:
        async with client(server) as litmos:
            first = await litmos.users.list(page_size=50)
            assert [len(first.items), first.start, first.total] == [50, 0, None]
            assert first.resume is not None
            assert [row.id async for row in litmos.users.list(page_size=120)] == server.ids
            pages = [page async for page in litmos.users.list(page_size=120).by_page()]
            # The last one is empty: it proves that nothing follows.
            assert [len(page.items) for page in pages] == [120, 120, 10, 0]
            assert [page.resume is None for page in pages] == [False, False, False, True]
            assert len(await litmos.users.list().collect()) == 250
            assert len(await litmos.users.list(start=240).collect()) == 10

    run_virtual(main())


def test_an_empty_list_has_one_empty_page() -> None:
    """A list without rows is one page without rows, in one request."""
    server = Server(0)

    async def main() -> None:
        async with client(server) as litmos:
            page = await litmos.users.list()
            assert page.items == []
            assert page.resume is None
            assert await litmos.users.list().collect() == []

    run_virtual(main())
    assert len(server.asked) == 2


def test_what_is_sent_for_a_list() -> None:
    """People are sorted by user name, so that the order is steady; nothing that was not said is sent."""
    server = Server(1)
    seen: list[httpx.Request] = []

    async def look(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return await server(request)

    async def main() -> None:
        litmos = LitmosClient("k", "t", base_url="https://x.example.com", transport=httpx.MockTransport(look))
        async with litmos:
            await litmos.users.list(search="gar & co", direction="desc", show_inactive=False)
            await litmos.users.list(sort=None)

    run_virtual(main())
    assert seen[0].url.query == (
        b"source=t&format=json&search=gar%20%26%20co&sort=UserName&dir=DESC&showInactive=false&start=0&limit=1000"
    )
    assert seen[1].url.query == b"source=t&format=json&start=0&limit=1000"


def test_a_list_that_breaks_off_can_be_resumed() -> None:
    """An error in the middle carries the place, and another iteration goes on behind it."""
    server = Server(300)

    async def main() -> None:
        async with client(server) as litmos:
            found: list[str] = []
            server.fail_at = 150
            with pytest.raises(errors.NotFound) as caught:
                found.extend([row.id async for row in litmos.users.list(page_size=100)])
            server.fail_at = None
            assert caught.value.resume is not None
            rest = [
                row.id
                async for page in litmos.users.list(page_size=100).by_page(resume=caught.value.resume)
                for row in page.items
            ]
            assert rest == server.ids[200:]
            with pytest.raises(errors.ConfigurationError, match="another list"):
                await anext(litmos.users.list(search="x").by_page(resume=caught.value.resume))

    run_virtual(main())


def test_each_page_tells_where_to_go_on() -> None:
    """Any page's token leads to the rows behind it."""
    server = Server(300)

    async def main() -> None:
        async with client(server) as litmos:
            pages = [page async for page in litmos.users.list(page_size=130).by_page()]
            rest = litmos.users.list(page_size=130).by_page(resume=pages[0].resume)
            assert [row.id async for page in rest for row in page.items] == server.ids[130:]

    run_virtual(main())


def test_pages_are_read_side_by_side_where_the_total_is_known() -> None:
    """A list with a total is read several pages at a time, in order, with no request more than needed."""
    server = Server(7300)

    async def main() -> None:
        async with client(server) as litmos:
            rows = await litmos.users.list_paginated().collect()
            assert [row.id for row in rows] == server.ids

    run_virtual(main())
    assert len(server.asked) == 8
    assert server.most_under_way == 4


def test_rows_that_shift_while_pages_are_read_ahead() -> None:
    """Pages that were read ahead in the wrong place are read again in the right one."""
    server = Server(5000)

    async def main() -> None:
        async with client(server) as litmos:
            found: list[str] = []
            async for page in litmos.users.list_paginated().by_page():
                found += [row.id for row in page.items]
                if len(found) == 1000:
                    await asyncio.sleep(0.1)
                    del server.ids[:200]
            assert found == [f"u{number}" for number in range(5000)]

    run_virtual(main())


def test_leaving_early_stops_what_was_read_ahead() -> None:
    """Whoever leaves the loop leaves no request under way."""
    server = Server(9000)

    async def main() -> None:
        async with client(server) as litmos:
            page = await litmos.users.list_paginated()
            assert (page.total, len(page.items)) == (9000, 1000)
            assert server.under_way == 0
            assert litmos._limiter._queue.window.held == 0

    run_virtual(main())


def test_a_total_that_is_not_reached() -> None:
    """A server that gives fewer rows than it says is not believed."""
    server = Server(1500, claims=1600)

    async def main() -> None:
        async with client(server) as litmos:
            with pytest.raises(errors.IncompleteListing, match="announced 1600 rows and returned 1500"):
                await litmos.users.list_paginated().collect()

    run_virtual(main())


@pytest.mark.costly
def test_memory_stays_flat() -> None:
    """Reading a long list row by row keeps no more than a few pages."""
    server = Server(amount(60_000, quick=20_000))

    async def main() -> int:
        async with client(server) as litmos:
            tracemalloc.start()
            try:
                peak = 0
                async for page in litmos.users.list().by_page():
                    if page.start > 15_000:
                        peak = max(peak, tracemalloc.get_traced_memory()[0])
                    if page.start < 15_000:
                        base = tracemalloc.get_traced_memory()[0]
                return peak - base
            finally:
                tracemalloc.stop()

    assert run_virtual(main()) < 3_000_000
