"""Pages that are asked for ahead: how long lists take, what is wasted, who waits, and what is left behind."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from attrs import define, field

from litmos_async import LitmosClient, RateLimit, RetryPolicy, errors
from litmos_async.ahead import MOST_AHEAD, AheadBudget
from litmos_async.models import OrgTeam
from litmos_async.paging import Pages
from litmos_async.testing import run_virtual

PAGE = 10
"""Rows of a page here: time and requests do not depend on it."""

SINCE = datetime(2024, 5, 1, tzinfo=UTC)


@define
class Service:
    """A list on a server that takes its time."""

    rows: int
    latency: Callable[[], float] = lambda: 3.0
    surplus: Callable[[], int] = lambda: 0
    cap: int = 1_000
    hidden: Callable[[int], bool] = lambda _: False
    fails: Callable[[int], bool] = lambda _: False
    starts: list[int] = field(factory=list[int])
    under_way: int = 0
    most_under_way: int = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        if "start" not in query:
            return httpx.Response(200, json={"Id": "u0"})
        start, limit = int(query["start"]), int(query["limit"])
        self.starts.append(start)
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(self.latency())
        finally:
            self.under_way -= 1
        if self.fails(start):
            return httpx.Response(404, json={"Detail": "gone"})
        end = min(self.rows, start + min(limit, self.cap) + self.surplus())
        found = [{"Id": f"u{at}"} for at in range(start, end) if not self.hidden(at)]
        if request.url.path.endswith("/paginated"):
            return httpx.Response(200, json={"Pagination": {"TotalCount": self.rows}, "Items": found})
        return httpx.Response(200, json=found)

    def client(self, **options: object) -> LitmosClient:
        """Return a client of this server."""
        return LitmosClient(
            "k",
            "tests",
            base_url="https://litmos.example.com/v1.svc",
            transport=httpx.MockTransport(self),
            retry=RetryPolicy(max_attempts=1),
            **options,
        )

    def budget_of(self, litmos: LitmosClient) -> AheadBudget:
        """Return what the lists of a client share."""
        return litmos.users._caller.ahead


def ids(rows: int) -> list[str]:
    """Return the ids of a list."""
    return [f"u{number}" for number in range(rows)]


def rows_of(pages: int) -> int:
    """Return the rows of a list whose last page is half full."""
    return pages * PAGE - PAGE // 2


def read(
    service: Service, *, lists: int = 1, at_once: int = 1, ahead: int = MOST_AHEAD, total: bool = False
) -> float:
    """Read lists to their ends, and return how long it took."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        expected = [name for name in ids(service.rows) if not service.hidden(int(name[1:]))]
        async with service.client() as litmos:
            gate = asyncio.Semaphore(at_once)

            async def one() -> None:
                ask = litmos.users.list_paginated if total else litmos.users.list
                async with gate:
                    found = [row.id async for row in ask(page_size=PAGE, pages_ahead=ahead, wire="json")]
                assert found == expected

            await asyncio.gather(*(one() for _ in range(lists)))
            budget = service.budget_of(litmos)
            assert (budget.free, budget.lists, budget.requests) == (MOST_AHEAD, 0, set())
            assert len(asyncio.all_tasks()) <= 2  # this one, and the limiter's
        return loop.time() - began

    return run_virtual(main())


def promised(requests: int, latency: float) -> float:
    """Return the seconds that a list may take: what the limiter allows, and 15 latencies to get going."""
    return (requests + 7 - 1) // 100 * (60 + latency) + latency + 15 * latency


@pytest.mark.costly
@pytest.mark.parametrize("latency", [0.2, 1.0, 3.0])
@pytest.mark.parametrize("pages", [1, 2, 3, 5, 8, 9, 20, 37, 93, 100, 450])
def test_a_long_list_at_the_speed_of_the_quota(pages: int, latency: float) -> None:
    """A list takes what the limiter allows and little more, and at most seven requests past its end."""
    service = Service(rows_of(pages), lambda: latency)
    assert read(service) <= promised(pages + 1, latency) + 0.1
    assert len(service.starts) - (pages + 1) <= min(7, pages - 1)
    assert service.most_under_way <= MOST_AHEAD


@pytest.mark.costly
def test_the_example() -> None:
    """450 pages of 3 s: 282 s instead of 1,353 s, where the limiter allows 255 s at best."""
    assert read(Service(rows_of(450))) <= 285
    assert read(Service(rows_of(450)), ahead=0) == pytest.approx(1353, abs=1)


@pytest.mark.costly
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_some_answers_are_slow(seed: int) -> None:
    """With lognormal latencies a list takes at most 1.45 of what the limiter allows."""
    source = random.Random(seed)
    service = Service(rows_of(450), lambda: 3.0 * math.exp(source.gauss(0.0, 0.6)))
    assert read(service) <= 1.45 * (4 * 63 + 3)
    assert len(service.starts) - 451 <= 7


@pytest.mark.costly
@pytest.mark.parametrize(("lists", "pages"), [(40, 12), (160, 3)])
@pytest.mark.parametrize(
    "latency", [1.0, *(pytest.param(each, marks=pytest.mark.slow) for each in (0.3, 3.0))]
)
def test_many_lists_side_by_side(lists: int, pages: int, latency: float) -> None:
    """Where the quota is the bound already, what is asked for in vain makes nothing slower."""
    plain, ahead = (Service(rows_of(pages), lambda: latency) for _ in range(2))
    seconds = read(plain, lists=lists, at_once=4, ahead=0)
    assert len(plain.starts) == lists * (pages + 1)
    assert read(ahead, lists=lists, at_once=4) <= 1.05 * seconds
    assert ahead.most_under_way <= MOST_AHEAD + 4


@pytest.mark.parametrize("pages", [1, 2, 5, 20, 100])
def test_a_total_wastes_nothing(pages: int) -> None:
    """Where the total is known, exactly the pages that there are."""
    service = Service(rows_of(pages))
    seconds = read(service, total=True)
    assert len(service.starts) == len(set(service.starts)) == pages
    assert seconds <= 3 * (1 + math.ceil((pages - 1) / MOST_AHEAD)) + 0.1


def test_a_few_rows_too_many() -> None:
    """A server that gives up to seven rows too many wastes nothing: what it repeats is known."""
    source = random.Random(1)
    for surplus in (lambda: 7, lambda: source.randint(0, 7)):
        for total in (False, True):
            service = Service(rows_of(100), lambda: 1.0, surplus)
            seconds = read(service, ahead=3 if total else MOST_AHEAD, total=total)
            assert len(service.starts) <= 102 + 7 * (not total)
            assert seconds <= (30 if total else 66)


@pytest.mark.parametrize("cap", [4, 5, 7])
def test_a_server_that_caps(cap: int) -> None:
    """Once two pages were capped at the same size, that size is read ahead."""
    plain, ahead = (Service(600, lambda: 1.0, cap=cap) for _ in range(2))
    seconds = read(plain, ahead=0)
    assert read(ahead) <= seconds / 1.4
    assert len(ahead.starts) <= len(plain.starts) + 8


def test_rows_that_are_left_out() -> None:
    """The page ahead of one that came short fits, and is not thrown away."""
    service = Service(rows_of(100), lambda: 1.0, hidden=lambda row: row % 47 == 46)
    plain = Service(rows_of(100), lambda: 1.0, hidden=lambda row: row % 47 == 46)
    read(plain, ahead=0)
    read(service)
    assert len(service.starts) <= len(plain.starts) + 8


@pytest.mark.parametrize("seed", range(8))
def test_equal_rows_without_a_key_prove_no_seam(seed: int) -> None:
    """A page ahead of one that was cut short holds rows like those that were read, and others stand between."""
    chance = random.Random(seed)
    login = {"UserName": "user@example.com", "LoginDate": "2024-01-02T08:00:00"}

    def answer(request: httpx.Request) -> httpx.Response:
        start, limit = int(request.url.params["start"]), int(request.url.params["limit"])
        page = [login] * max(0, min(90 - start, limit, chance.choice([3, 7, 1_000])))
        return httpx.Response(200, json=page)

    async def main() -> int:
        transport = httpx.MockTransport(answer)
        async with LitmosClient("k", "t", base_url="https://sandbox/v1.svc", transport=transport) as litmos:
            logins = litmos.activities.list_logins(
                since=SINCE, to=SINCE + timedelta(days=4), page_size=10, pages_ahead=8, wire="json"
            )
            return len(await logins.collect())

    assert run_virtual(main()) == 90


@pytest.mark.parametrize("cap", [4, 7, 11])
@pytest.mark.parametrize("kinds", [3, 30])
def test_equal_rows_with_a_key_prove_no_seam(cap: int, kinds: int) -> None:
    """Nor do equal rows that have one, where the list has shown that there are such."""

    def answer(request: httpx.Request) -> httpx.Response:
        start, limit = int(request.url.params["start"]), int(request.url.params["limit"])
        rows = [{"Id": f"u{number % kinds}"} for number in range(90)]
        return httpx.Response(200, json=rows[start : start + min(limit, cap)])

    async def main() -> int:
        transport = httpx.MockTransport(answer)
        async with LitmosClient("k", "t", base_url="https://sandbox/v1.svc", transport=transport) as litmos:
            return len(await litmos.users.list(page_size=10, pages_ahead=8, wire="json").collect())

    assert run_virtual(main()) == 90


def test_pages_in_memory_are_bounded() -> None:
    """However slowly the caller takes the rows, no more than nine pages wait."""
    service = Service(rows_of(60), lambda: 0.1)

    async def main() -> None:
        async with service.client() as litmos:
            taken = 0
            async for page in litmos.users.list(page_size=PAGE, pages_ahead=8).by_page():
                taken += 1
                await asyncio.sleep(5)
                assert len(service.starts) <= taken + 9
                assert page.start < 600

    run_virtual(main())


def test_two_lists_share_the_pages() -> None:
    """All lists of a client together have eight pages ahead."""
    service = Service(rows_of(80))
    read(service, lists=5, at_once=5)
    assert service.most_under_way <= MOST_AHEAD + 5


def test_an_interactive_call_does_not_wait() -> None:
    """What is asked for ahead stands in the bulk lane, though the list is read in the other one."""
    service = Service(rows_of(300), lambda: 1.0)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        worst = 0.0
        async with service.client(rate_limit=RateLimit(reserve=10)) as litmos:
            reading = asyncio.ensure_future(litmos.users.list(page_size=PAGE, pages_ahead=8).collect())
            while not reading.done():
                began = loop.time()
                await litmos.users.get("u0")
                worst = max(worst, loop.time() - began)
                await asyncio.sleep(7)
            assert len(await reading) == service.rows
        return worst

    assert run_virtual(main()) < 0.1


def test_a_list_does_not_wait_behind_bulk_work() -> None:
    """A page whose turn has come goes before the bulk work of others, as it would without being asked for ahead."""
    service = Service(rows_of(12), lambda: 0.2)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        async with service.client(rate_limit=RateLimit(reserve=5)) as litmos:
            others = [asyncio.ensure_future(litmos.users.get("u0", priority="bulk")) for _ in range(400)]
            await asyncio.sleep(1)
            began = loop.time()
            await litmos.users.list(page_size=PAGE, pages_ahead=8).collect()
            seconds = loop.time() - began
            await asyncio.gather(*others)
        return seconds

    assert run_virtual(main()) < 62


def test_errors_in_their_turn() -> None:
    """An error of a page ahead is raised when the rows before it were given, and says where to go on."""
    service = Service(rows_of(30), fails=lambda start: start >= 99)

    async def main() -> None:
        async with service.client() as litmos:
            pages = litmos.users.list(page_size=PAGE, pages_ahead=8)
            found: list[str] = []

            async def reading() -> None:
                async for page in pages.by_page():
                    found.extend(row.id for row in page.items)

            with pytest.raises(errors.NotFound) as caught:
                await reading()
            assert found == ids(100)
            assert service.under_way == 0
            service.fails = lambda _: False
            rest = [row.id async for page in pages.by_page(resume=caught.value.resume) for row in page.items]
            assert found + rest == ids(service.rows)

    run_virtual(main())


def test_errors_past_the_end_are_not_met() -> None:
    """What a server says of pages behind the end does not matter."""
    service = Service(95, fails=lambda start: start >= 100)
    assert read(service) < 60


def test_resuming_at_each_page() -> None:
    """Any page's token leads to the rows behind it, with pages ahead and without."""
    service = Service(rows_of(20))

    async def main() -> None:
        async with service.client() as litmos:
            seen: list[str] = []
            async for page in litmos.users.list(page_size=PAGE, pages_ahead=8).by_page():
                seen += [row.id for row in page.items]
                if page.resume is not None:
                    for ahead in (0, 8):
                        pages = litmos.users.list(page_size=PAGE, pages_ahead=ahead)
                        rest = [
                            row.id async for more in pages.by_page(resume=page.resume) for row in more.items
                        ]
                        assert seen + rest == ids(service.rows)

    run_virtual(main())


@pytest.mark.parametrize("cancelled", [False, True])
def test_leaving_early(cancelled: bool) -> None:
    """A reader that leaves, or is cancelled, leaves no task and no request behind, and no slot without an end."""
    service = Service(rows_of(100))

    async def main() -> None:
        async with service.client() as litmos:

            async def reading() -> None:
                pages = litmos.users.list(page_size=PAGE, pages_ahead=8).by_page()
                async for page in pages:
                    if page.start > 100 and not cancelled:
                        break
                await pages.aclose()

            task = asyncio.ensure_future(reading())
            await asyncio.wait([task], timeout=13 if cancelled else None)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            assert service.under_way == 0
            budget = service.budget_of(litmos)
            assert (budget.free, budget.lists, budget.requests) == (MOST_AHEAD, 0, set())
            assert len(asyncio.all_tasks()) <= 2
            assert litmos.quota.used == len(service.starts)
            await asyncio.sleep(200)
            assert litmos.quota.used == 0

    run_virtual(main())


@pytest.mark.parametrize("bad", [-1, 9, 1.5, "8", None, True + 8])
def test_how_many_pages_there_can_be(bad: object) -> None:
    """A number of pages that cannot be is refused before a request is spent."""
    service = Service(1)
    with pytest.raises(errors.ConfigurationError, match="pages_ahead must be 0 to 8"):
        service.client().users.list(pages_ahead=bad)
    assert service.starts == []


class Windows:
    """Answers `/org/teams` with one row a window, after a while."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.under_way = self.most_under_way = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        since, start = request.url.params["since"], int(request.url.params["start"])
        self.asked.append((since, start))
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            await asyncio.sleep(3.0)
        finally:
            self.under_way -= 1
        # Those of a window lie in its middle.
        middle = str(datetime.fromisoformat(since) + timedelta(hours=1))
        rows = [{"Id": f"{since} {number}"} for number in range(3) if middle < request.url.params["to"]]
        return httpx.Response(200, json=rows[start:])

    def client(self) -> LitmosClient:
        """Return a client of this server."""
        return LitmosClient(
            "k", "tests", base_url="https://litmos.example.com", transport=httpx.MockTransport(self)
        )


def test_windows_side_by_side() -> None:
    """The windows of a span are begun ahead of their turn: the same rows and requests in a fraction of the time."""
    listed: list[list[str]] = []
    asked: list[list[tuple[str, int]]] = []
    times: list[float] = []

    async def main(ahead: int) -> None:
        server = Windows()
        loop = asyncio.get_running_loop()
        async with server.client() as litmos:
            began = loop.time()
            pages = litmos.org.list_teams(since=SINCE, to=SINCE + timedelta(days=150), pages_ahead=ahead)
            listed.append([row.id async for row in pages])
            times.append(loop.time() - began)
            asked.append(sorted(server.asked))
            assert server.most_under_way <= MOST_AHEAD + 1
            assert litmos.org._caller.ahead.free == MOST_AHEAD
            assert len(asyncio.all_tasks()) <= 2

    for ahead in (0, 8):
        run_virtual(main(ahead))
    assert listed[0] == listed[1]
    assert asked[0] == asked[1]
    assert times[0] == pytest.approx(2 * 3 * 22, abs=1)
    assert times[1] <= times[0] / 6


@pytest.mark.parametrize("seconds", [1, 4, 8])
def test_windows_that_are_cancelled(seconds: float) -> None:
    """Whatever window it is at, nothing is asked for afterwards, and no request is left without an end."""

    async def main() -> None:
        server = Windows()
        async with server.client() as litmos:
            span = {"since": SINCE, "to": SINCE + timedelta(days=150)}
            reading = asyncio.ensure_future(litmos.org.list_teams(**span, pages_ahead=8).collect())
            await asyncio.wait([reading], timeout=seconds)
            reading.cancel()
            await asyncio.wait([reading])
            assert reading.cancelled()
            assert server.under_way == 0
            asked = len(server.asked)
            await asyncio.sleep(200)
            assert len(server.asked) == asked
            assert litmos.quota.used == 0

    run_virtual(main())


@pytest.mark.parametrize("stop_after", [1, 5, 12])
def test_windows_that_are_left_and_gone_on_with(stop_after: int) -> None:
    """A token of any window goes on, and leaving ends what was begun."""

    async def main() -> None:
        server = Windows()
        async with server.client() as litmos:

            def listing() -> Pages[OrgTeam]:
                return litmos.org.list_teams(since=SINCE, to=SINCE + timedelta(days=150), pages_ahead=8)

            everything = [row.id async for row in listing()]
            seen: list[str] = []
            token = None
            pages = listing().by_page()
            async for page in pages:
                seen += [row.id for row in page.items]
                token = page.resume
                if len(seen) >= 3 * stop_after:
                    break
            await pages.aclose()
            assert server.under_way == 0
            assert litmos.org._caller.ahead.free == MOST_AHEAD
            rest = [row.id async for page in listing().by_page(resume=token) for row in page.items]
            assert seen + rest == everything

    run_virtual(main())
