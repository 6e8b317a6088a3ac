"""Lists over a span of time: the cuts, and what is read in the windows."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError, Forbidden
from litmos_async.models import OrgTeam
from litmos_async.paging import Pages
from litmos_async.resources.windows import LONGEST, OVERLAP, Span, span_of
from litmos_async.testing import run_virtual

DAY = timedelta(days=1)
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
SINCE = datetime(2024, 5, 1, tzinfo=UTC)

Row = tuple[str, datetime]


class Server:
    """Answers `/org/teams` from rows that have an id and a time; both bounds count."""

    def __init__(self, *rows: Row, dated: bool = True) -> None:
        self.rows = list(rows)
        self.dated = dated
        self.asked: list[tuple[datetime, datetime]] = []
        self.fail_at: int | None = None

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return the rows of a window."""
        query = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
        since, to = (
            datetime.strptime(query[name], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
            for name in ("since", "to")
        )
        self.asked.append((since, to))
        if len(self.asked) == self.fail_at:
            return httpx.Response(403, json={"Detail": "not now"})
        found = [
            {"Id": name}
            | ({"UpdatedDate": f"/Date({int(moment.timestamp() * 1000)})/"} if self.dated else {})
            for name, moment in self.rows
            if since <= moment <= to
        ]
        start, limit = int(query["start"]), int(query["limit"])
        return httpx.Response(200, json=found[start : start + limit])

    def client(self) -> LitmosClient:
        """Return a client of this server."""
        return LitmosClient(
            "key",
            "tests",
            base_url="https://litmos.example/v1.svc",
            transport=httpx.MockTransport(self.answer),
        )


async def read_into(seen: list[str], listing: Pages[Any]) -> None:
    """Read a list, and keep the ids although it fails."""
    async for row in listing:
        seen.append(row.id)  # noqa: PERF401 - a list that fails would leave nothing


moments = st.datetimes(datetime(2010, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(moments, st.timedeltas(timedelta(0), timedelta(days=400)))
def test_windows_cover_the_span(since: datetime, length: timedelta) -> None:
    """Windows of 7 days at most, each overlapping the one before, from the first second to the last."""
    span = span_of(since, since + length, NOW)
    windows = [span.window(index) for index in range(span.windows)]

    assert windows[0].since == span.since <= since
    assert windows[-1].to == span.to >= since + length
    for window in windows:
        assert timedelta(0) <= window.to - window.since <= LONGEST
    for index, (before, after) in enumerate(pairwise(windows), 1):
        assert before.to - after.since == OVERLAP
        assert span.seam(index).since == after.since
        assert span.seam(index).to == min(before.to, after.to)


def test_seven_days_are_one_window() -> None:
    """What the server takes at once is not cut."""
    assert span_of(SINCE, SINCE + LONGEST, NOW).windows == 1
    assert span_of(SINCE, SINCE, NOW).windows == 1
    assert span_of(SINCE, SINCE + LONGEST + timedelta(seconds=1), NOW).windows == 2


def test_until_now_lies_in_the_future() -> None:
    """Without an end, the server is given one of tomorrow; the span is widened to whole seconds."""
    assert span_of(SINCE, None, NOW) == Span(SINCE, NOW + DAY)
    tick = timedelta(microseconds=1)
    assert span_of(SINCE + tick, SINCE + DAY + tick, NOW) == Span(SINCE, SINCE + DAY + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("since", "to"),
    [
        (SINCE, SINCE - DAY),
        (SINCE.replace(tzinfo=None), None),
        (SINCE, NOW.replace(tzinfo=None)),
        (datetime.now(UTC) + 9 * DAY, None),
        (datetime.now(UTC), datetime.max.replace(tzinfo=UTC)),
        (datetime.min.replace(tzinfo=timezone(timedelta(hours=1))), None),
        (SINCE, datetime.max.replace(tzinfo=timezone(-timedelta(hours=1)))),
    ],
)
def test_bad_spans_are_refused(since: datetime, to: datetime | None) -> None:
    """A span that ends before it begins or never, and a time that is none, cost no request."""
    client = Server().client()

    with pytest.raises(ConfigurationError):
        client.org.list_teams(since=since, to=to)


@pytest.mark.parametrize("bad", ["2025-01-01", date(2025, 1, 1), 1735689600, ""])
def test_what_is_no_time(bad: Any) -> None:
    """A text or a bare day names no moment: it is refused when the list is asked for, with what is wanted."""
    client = Server().client()

    for ask in (
        lambda: client.org.list_users(since=bad),
        lambda: client.activities.list_logins(since=bad),
        lambda: client.users.list_details(since=bad),
        lambda: client.results.list_details(since=bad),
        lambda: client.achievements.list(since=bad),
        lambda: client.sessions.list_future(since=bad),
    ):
        with pytest.raises(ConfigurationError, match="since must be a datetime with a time zone"):
            ask()
    with pytest.raises(ConfigurationError, match="to must be a datetime with a time zone"):
        client.org.list_users(since=SINCE, to=bad)


def test_the_wrong_way_round() -> None:
    """The error says which of the two times is the later one."""
    with pytest.raises(ConfigurationError, match="since is later than to"):
        Server().client().org.list_users(since=NOW, to=SINCE)


async def test_no_row_comes_twice() -> None:
    """Rows on a seam lie in two windows and come once; empty windows bring no pages."""
    seam = SINCE + LONGEST - OVERLAP
    server = Server(
        ("a", SINCE),
        ("b", seam),
        ("c", seam + OVERLAP / 2),
        ("d", seam + OVERLAP),
        ("e", seam + 5 * DAY),
        ("f", SINCE + 30 * DAY),
    )
    async with server.client() as client:
        pages = [page async for page in client.org.list_teams(since=SINCE, to=SINCE + 30 * DAY).by_page()]
    assert pages[-1].resume is None
    pages = [page for page in pages if page.items]

    assert [[row.id for row in page.items] for page in pages] == [["a", "b", "c", "d"], ["e"], ["f"]]
    # Five windows, and one request for the end of each of those with rows in it.
    assert len(server.asked) == 8


async def test_equal_rows_on_a_seam_stay_two() -> None:
    """Log rows have no key: two that are the same are two, in either window."""
    moment = SINCE + LONGEST - OVERLAP / 2
    server = Server(("x", moment), ("x", moment))

    async with server.client() as client:
        rows = await client.activities.list_actions(since=SINCE, to=SINCE + 10 * DAY, wire="json").collect()

    assert len(rows) == 2


SEAM = SINCE + LONGEST - OVERLAP / 2


@pytest.mark.parametrize("page_size", [1, 2, 1000])
@pytest.mark.parametrize(
    ("moments", "seams_read"),
    [
        ((SINCE + 3 * DAY, SINCE + 10 * DAY), 1),
        ((SINCE + 3 * DAY, SINCE + 17 * DAY), 0),
        ((SINCE + 3 * DAY, SINCE + 9 * DAY, SINCE + 10 * DAY, SINCE + 17 * DAY), 2),
        ((SEAM,), 1),
        ((SEAM, SEAM), 1),
        ((SEAM, SEAM + DAY), 1),
        ((SEAM - DAY, SEAM), 1),
        ((SEAM - DAY, SEAM, SEAM + DAY), 1),
        ((SEAM - DAY, SEAM - DAY, SEAM + DAY, SEAM + DAY, SEAM + DAY), 1),
    ],
)
def test_equal_rows_of_two_windows(moments: tuple[datetime, ...], seams_read: int, page_size: int) -> None:
    """Somebody leaves a team and comes back: equal rows outside of what two windows share are all of them rows."""
    server = Server(*(("x", moment) for moment in moments), dated=False)

    async def main() -> None:
        async with server.client() as client:

            def listing() -> Pages[OrgTeam]:
                return client.org.list_teams(since=SINCE, to=SINCE + 20 * DAY, page_size=page_size)

            assert len(await listing().collect()) == len(moments)
            seams = {since for since, to in server.asked if to - since == OVERLAP}
            assert len(seams) == seams_read
            # A token within a window does not say which of its equal rows stood before it.
            for fail_at in range(1, len(server.asked) + 1 if page_size > 1 else 1):
                server.asked.clear()
                server.fail_at = fail_at
                seen: list[str] = []
                with pytest.raises(Forbidden) as caught:
                    await read_into(seen, listing())
                async for page in listing().by_page(resume=caught.value.resume):
                    seen += [row.id for row in page.items]
                assert len(seen) == len(moments), fail_at

    run_virtual(main())


async def test_a_date_in_the_seam_saves_its_reading() -> None:
    """Where a row shows that it lies in what two windows share, nothing more is asked for."""
    server = Server(*((str(number), SEAM) for number in range(3)))
    async with server.client() as client:
        assert len(await client.org.list_teams(since=SINCE, to=SINCE + 10 * DAY).collect()) == 3
    assert not [since for since, to in server.asked if to - since == OVERLAP]


@pytest.mark.parametrize("page_size", [1, 2, 3, 1000])
async def test_every_token_goes_on_where_its_page_ended(page_size: int) -> None:
    """Whichever page a reader stops at, its token gives the rest: no row missing, none twice."""
    seam = SINCE + LONGEST - OVERLAP
    times = [SINCE + DAY, seam, seam + OVERLAP / 3, seam + OVERLAP, seam + DAY, SINCE + 20 * DAY]
    server = Server(*((f"row{number}", moment) for number, moment in enumerate(times)))
    everything = [f"row{number}" for number in range(len(times))]

    async with server.client() as client:

        def listing() -> Pages[OrgTeam]:
            return client.org.list_teams(since=SINCE, to=SINCE + 21 * DAY, page_size=page_size)

        seen: list[str] = []
        async for page in listing().by_page():
            seen += [row.id for row in page.items]
            if page.resume is not None:
                rest = [row.id async for more in listing().by_page(resume=page.resume) for row in more.items]
                assert seen + rest == everything

    assert seen == everything


@pytest.mark.parametrize("fail_at", [1, 2, 3, 4])
async def test_an_error_says_where_to_go_on(fail_at: int) -> None:
    """Whichever request fails, the error's token gives the rest."""
    seam = SINCE + LONGEST - OVERLAP / 2
    server = Server(("a", SINCE), ("b", seam), ("c", SINCE + 10 * DAY), ("d", SINCE + 16 * DAY))
    server.fail_at = fail_at

    async with server.client() as client:
        listing = client.org.list_teams(since=SINCE, to=SINCE + 16 * DAY, page_size=2)
        seen: list[str] = []
        with pytest.raises(Forbidden) as caught:
            await read_into(seen, listing)
        async for page in listing.by_page(resume=caught.value.resume):
            seen += [row.id for row in page.items]

    assert seen == ["a", "b", "c", "d"]


async def test_failing_again_keeps_the_place() -> None:
    """If the request that a resumed list begins with fails, its token is still good."""
    server = Server(("a", SINCE), ("b", SINCE + 10 * DAY))

    async with server.client() as client:
        listing = client.org.list_teams(since=SINCE, to=SINCE + 12 * DAY)
        first = await listing
        server.fail_at = len(server.asked) + 1
        with pytest.raises(Forbidden) as caught:
            await listing.by_page(resume=first.resume).__anext__()
        rest = [row.id async for page in listing.by_page(resume=caught.value.resume) for row in page.items]

    assert [row.id for row in first.items] == ["a"]
    assert caught.value.resume == first.resume
    assert rest == ["b"]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda _: "nonsense",
        lambda token: token.partition(".")[2],
        lambda token: "x" + token,
        lambda token: "9" + token,
        lambda token: "1." + token.partition(".")[2],
        lambda token: "9" * 5_000 + "." + token.partition(".")[2],
        lambda token: token.encode(),
        lambda _: 5,
    ],
)
async def test_foreign_tokens_are_refused(spoil: Callable[[str], Any]) -> None:
    """A token that is none, or of another list or window, is refused before a request is spent."""
    server = Server(("a", SINCE), ("b", SINCE + 10 * DAY))

    async with server.client() as client:
        listing = client.org.list_teams(since=SINCE, to=SINCE + 12 * DAY)
        first = await listing
        assert first.resume is not None
        asked = len(server.asked)
        with pytest.raises(ConfigurationError):
            await listing.by_page(resume=spoil(first.resume)).__anext__()
        other = client.org.list_teams(since=SINCE - DAY, to=SINCE + 12 * DAY)
        with pytest.raises(ConfigurationError):
            await other.by_page(resume=first.resume).__anext__()

    assert len(server.asked) == asked


async def test_start_needs_one_window() -> None:
    """An offset counts from the beginning of a window, so a list of several takes none."""
    server = Server(("a", SINCE), ("b", SINCE + DAY))

    async with server.client() as client:
        with pytest.raises(ConfigurationError):
            client.org.list_teams(since=SINCE, to=SINCE + 8 * DAY, start=1)
        rows = await client.org.list_teams(since=SINCE, to=SINCE + 7 * DAY, start=1).collect()

    assert [row.id for row in rows] == ["b"]


async def test_sessions_need_no_span() -> None:
    """`since` alone goes out as it is, both are cut into windows, and `to` alone is refused."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query.decode())
        # The same course in each window, each time with another session.
        session = {"Id": f"s{request.url.params['since'][8:10]}"}
        rows = [{"Id": "course", "Modules": [{"Id": "m", "Sessions": [session]}]}]
        return httpx.Response(200, json=rows[int(request.url.params["start"]) :])

    async with LitmosClient(
        "key", "tests", base_url="https://litmos.example/v1.svc", transport=httpx.MockTransport(answer)
    ) as client:
        await client.sessions.list_future(since=SINCE).collect()
        trees = await client.sessions.list_past(since=SINCE, to=SINCE + 10 * DAY).collect()
        with pytest.raises(ConfigurationError):
            client.sessions.list_past(to=SINCE)

    assert "to=" not in asked[0]
    assert [tree.modules[0].sessions[0].id for tree in trees] == ["s01", "s07"]


@pytest.mark.parametrize("pages_ahead", [0, 8])
def test_a_change_while_the_list_is_read(pages_ahead: int) -> None:
    """It moves a row from an early window to the one that holds now, which must not have been read by then."""
    now = datetime.now(UTC)
    server = Server(*((f"t{number}", now - 12 * DAY) for number in range(40)), ("late", now - DAY))

    async def main() -> set[str]:
        found: set[str] = set()
        async with server.client() as client:
            teams = client.org.list_teams(since=now - 13 * DAY, page_size=10, pages_ahead=pages_ahead)
            async for page in teams.by_page():
                found |= {team.id for team in page.items}
                await asyncio.sleep(60.0)  # what is requested ahead is answered meanwhile
                server.rows[39] = ("t39", datetime.now(UTC))
        return found

    assert run_virtual(main()) == {name for name, _ in server.rows}
