"""Every paged list of the catalogue, from servers that cut their pages short: complete, and at what price."""

from __future__ import annotations

from functools import cache

import httpx
import pytest
from attrs import define, field

from tests.contract.cases import client_of, method_of, prepare
from tests.contract.catalogue import CALLS, RECORDS, Entry
from tests.support.amounts import amount

PAGED = [entry for entry in CALLS if entry.paged and entry.family != "xapi"]
"""Statements of xAPI go from page to page by links."""

ROWS = 430
PAGE_SIZE = 200


@define
class Server:
    """Serves one list.

    Attributes:
        cap: The most rows of an answer.
        hidden: A row that is left out after it was counted.
    """

    cap: int = 1_000
    hidden: int = -1
    requests: list[tuple[int, int]] = field(factory=list[tuple[int, int]])

    def seen(self) -> list[int]:
        """Return the rows that can be seen."""
        return [number for number in range(ROWS) if number != self.hidden]

    def rows(self, start: int, limit: int) -> list[int]:
        """Return the rows of one answer."""
        self.requests.append((start, limit))
        page = range(start, min(ROWS, start + min(limit, self.cap)))
        return [number for number in page if number != self.hidden]


SERVERS = {
    "all": Server(),
    "25": Server(cap=25),
    "50": Server(cap=50),
    "250": Server(cap=250),
    "hides a row": Server(hidden=100),
}

PRICES = {
    # With no id in the path, with one, before; and how many rows that were before.
    "all": (4, 3, 3, 430),
    "25": (19, 18, 1, 25),
    "50": (10, 9, 1, 50),
    "250": (4, 3, 3, 430),
    "hides a row": (4, 3, 1, 199),
}
"""Requests of a list of 430 rows, in pages of 200."""

CASES = [(entry, name) for entry in PAGED for name in SERVERS][:: amount(1, quick=3)]
"""Each list on each server; in part, each list on one or two, and each server with a third of the lists."""


def fresh(name: str) -> Server:
    """Return a server of that kind that nobody has asked yet."""
    return Server(SERVERS[name].cap, SERVERS[name].hidden)


@cache
def before(name: str) -> tuple[int, int]:
    """Return the requests and rows under the old rule: a short page is the end, but for 100, 200 ... rows."""
    server = fresh(name)
    known: list[int] = []
    start, limit = 0, PAGE_SIZE
    while True:
        rows = server.rows(start, limit)
        known += [row for row in rows if row not in known]
        if len(rows) < limit and (not rows or len(rows) % 100):
            return len(server.requests), len(known)
        start, limit = start + len(rows) - 1, PAGE_SIZE + 1


@pytest.mark.parametrize(("entry", "name"), CASES, ids=lambda each: getattr(each, "id", each))
async def test_complete(entry: Entry, name: str) -> None:
    """All rows that the server shows, though all of them share their key."""
    assert entry.response is not None
    assert entry.response.record is not None
    server = fresh(name)
    paginated = entry.id == "users.list_paginated"
    record = "UserSummary" if paginated else entry.response.record
    first = RECORDS[record].fields[0]

    def answer(request: httpx.Request) -> httpx.Response:
        start, limit = int(request.url.params["start"]), int(request.url.params["limit"])
        same: object = "same" if first.type == "str" else [] if first.type.startswith("list") else 1
        rows = [{first.wire: same, "RowNumber": number} for number in server.rows(start, limit)]
        if paginated:
            total = len(server.seen())
            return httpx.Response(200, json={"Pagination": {"TotalCount": total}, "Items": rows})
        wrapped = entry.response and entry.response.json == "wrapped_collection"
        return httpx.Response(200, json={"Ecommerce": {"Rows": rows}} if wrapped else rows)

    case = prepare(entry, "json")
    case.options = {**case.options, "page_size": PAGE_SIZE, "start": 0}
    async with client_of(answer, wire="json") as client:
        pages = method_of(client, entry)(*case.given, **case.options)
        found = [row.extra["RowNumber"] async for row in pages]
    assert found == server.seen()
    top, below, *old = PRICES[name]
    assert before(name) == tuple(old)
    if not paginated:
        assert len(server.requests) == (below if entry.placeholders else top)


def test_all_lists_are_walked() -> None:
    """The catalogue has so many of them."""
    assert len(PAGED) == 66
