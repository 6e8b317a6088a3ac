"""What a total that the server gives proves, and what it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from litmos_async.errors import IncompleteListing
from litmos_async.models import UserSummary
from litmos_async.reader import Reader
from tests.paging.small import Server, ids


def test_a_total_that_does_not_hold() -> None:
    """Fewer rows than the server says there are is an error; a total that changes proves nothing."""
    reader: Reader[UserSummary] = Reader("list")
    reader.next_request()
    reader.feed([UserSummary(id="a"), UserSummary(id="b")], total=3)
    reader.next_request()
    with pytest.raises(IncompleteListing, match="announced 3 rows and returned 2"):
        reader.feed([UserSummary(id="b")], total=3)
    reader = Reader("list", page_size=2)
    reader.next_request()
    reader.feed([UserSummary(id="a"), UserSummary(id="b")], total=3)
    reader.next_request()
    assert reader.feed([UserSummary(id="b")], total=2) == []
    assert reader.finished()


@pytest.mark.parametrize("page_size", [100, 125, 999, 1000])
@pytest.mark.parametrize("cap", [50, 250, 1000])
@pytest.mark.parametrize(
    "lie",
    [
        *(lambda start, rows: rows, lambda start, rows: start + rows),
        *(lambda start, rows: 1250, lambda start, rows: 1000, lambda start, rows: 300, lambda start, rows: 0),
        *(lambda start, rows: 999 if start else rows, lambda start, rows: 1999 if start else 2500),
    ],
)
def test_a_total_that_lies_low(lie: Callable[[int, int], int], cap: int, page_size: int) -> None:
    """A page that ends where the total says is not the end where it is as full as others, or looks cut."""
    server = Server(ids(2500), cap=cap)
    reader: Reader[UserSummary] = Reader("list", page_size=page_size)
    found: list[str] = []
    while not reader.finished():
        start, limit = reader.next_request()
        rows = server.answer(start, limit)
        found += [row.id for row in reader.feed(rows, lie(start, len(rows)))]
    assert found == ids(2500)


@pytest.mark.parametrize(
    ("rows", "page_size", "requests"),
    [
        *((0, 1000, 1), (1, 1000, 1), (99, 1000, 1), (26, 1000, 1)),
        *((25, 1000, 2), (100, 1000, 2), (901, 1000, 2), (1000, 1000, 2)),
        *((1001, 1000, 2), (1100, 1000, 2), (1998, 1000, 2), (1999, 1000, 3), (7300, 1000, 8)),
        *((9, 10, 2), (8, 10, 1), (18, 10, 2), (20, 10, 3), (25, 10, 3)),
    ],
)
def test_the_price_of_a_list_with_a_total(rows: int, page_size: int, requests: int) -> None:
    """A total costs nothing, but where the last page is full, or the only one looks cut: then one request."""
    server = Server(ids(rows))
    reader: Reader[UserSummary] = Reader("list", page_size=page_size)
    found: list[str] = []
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()), rows)]
    assert found == ids(rows)
    assert len(server.asked) == requests
