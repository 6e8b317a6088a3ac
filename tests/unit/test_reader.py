"""The rules of paging: what is asked for, and what is made of the answers."""

from __future__ import annotations

import pytest

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.models import LoginActivity, UserSummary
from litmos_async.reader import Reader


class Server:
    """A list on a server, which may cap the page size or ignore `start`."""

    def __init__(
        self, ids: list[str], *, cap: int = 1000, ignores_start: bool = False, more: int = 0
    ) -> None:
        self.ids = ids
        self.asked: list[tuple[int, int]] = []
        self._cap, self._ignores_start, self._more = cap, ignores_start, more

    def answer(self, start: int, limit: int) -> list[UserSummary]:
        """Return the rows of one request."""
        self.asked.append((start, limit))
        start = 0 if self._ignores_start else start
        return [UserSummary(id=name) for name in self.ids[start : start + min(limit, self._cap) + self._more]]


def read(server: Server, **options) -> list[str]:
    """Read a list to its end."""
    reader: Reader[UserSummary] = Reader("list", **options)
    found: list[str] = []
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    return found


def ids(count: int) -> list[str]:
    """Return so many ids."""
    return [f"u{number}" for number in range(count)]


def feed_each(reader: Reader[UserSummary], pages: list[list[str]]) -> None:
    """Answer one request after the other."""
    for page in pages:
        reader.next_request()
        reader.feed([UserSummary(id=name) for name in page])


@pytest.mark.parametrize(
    ("rows", "requests"),
    [
        (0, [(0, 1000)]),
        (1, [(0, 1000)]),
        (999, [(0, 1000)]),
        (1000, [(0, 1000), (999, 1000)]),
        (1500, [(0, 1000), (999, 1000)]),
        (2500, [(0, 1000), (999, 1000), (1998, 1000)]),
    ],
)
def test_the_fewest_requests(rows: int, requests: list[tuple[int, int]]) -> None:
    """A list costs one request a thousand rows; each but the first begins with the last row known."""
    server = Server(ids(rows))
    assert read(server) == ids(rows)
    assert server.asked == requests


def test_small_pages_are_even() -> None:
    """With a small page size the row read twice is asked for on top."""
    server = Server(ids(7))
    assert read(server, page_size=3) == ids(7)
    assert server.asked == [(0, 3), (2, 4), (5, 4)]
    assert read(Server(ids(3)), page_size=1) == ids(3)


def test_more_rows_than_asked_for() -> None:
    """A server that sends more than the limit loses no row."""
    assert read(Server(ids(2500), more=7)) == ids(2500)


@pytest.mark.parametrize("rows", [100, 250, 300, 1000])
def test_a_server_that_caps_the_page_size(rows: int) -> None:
    """A short page of exactly 100, 200 ... rows is confirmed by one more request."""
    server = Server(ids(rows), cap=100)
    assert read(server) == ids(rows)


def test_confirming_costs_one_request() -> None:
    """A list of exactly 100 rows takes two requests, one of 99 rows takes one, unless the end is confirmed."""
    for rows, options, requests in (
        (100, {}, 2),
        (99, {}, 1),
        (99, {"confirm_end": True}, 2),
        (0, {"confirm_end": True}, 1),
    ):
        server = Server(ids(rows))
        assert read(server, **options) == ids(rows)
        assert len(server.asked) == requests


def test_a_server_that_ignores_start() -> None:
    """The same rows for every start are an error after a few requests, never an endless loop."""
    server = Server(ids(5000), ignores_start=True)
    with pytest.raises(IncompleteListing, match="every start"):
        read(server)
    assert len(server.asked) <= 3


def test_rows_deleted_before_the_place() -> None:
    """Rows that shift to the left are noticed at the overlap and read after all."""
    reader: Reader[UserSummary] = Reader("list", page_size=10)
    server = Server(ids(30))
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    del server.ids[2:8]
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert found == ids(30)
    assert len(found) == len(set(found))


def test_rows_inserted_before_the_place() -> None:
    """Rows that shift to the right come once."""
    reader: Reader[UserSummary] = Reader("list", page_size=10)
    server = Server(ids(30))
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    server.ids[:0] = [f"new{number}" for number in range(10)]
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert [name for name in found if name.startswith("u")] == ids(30)


def test_all_known_rows_are_gone() -> None:
    """Where nothing known is left, the list is read from its start, and only its new rows are handed out."""
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    server = Server(ids(4))
    reader.feed(server.answer(*reader.next_request()))
    server.ids = ["a", "b", "c"]
    found: list[str] = []
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert found == ["a", "b", "c"]


def test_a_list_that_cannot_be_followed() -> None:
    """A reader that began in the middle and finds no known row any more says so."""
    reader: Reader[UserSummary] = Reader("list", page_size=10, start=100)
    reader.feed([UserSummary(id=f"u{number}") for number in range(10)])
    with pytest.raises(IncompleteListing, match="faster"):
        feed_each(reader, [["other"]] * 20)


def test_rows_put_in_for_ever() -> None:
    """A list that grows in front of the reader for ever ends in an error."""
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    reader.next_request()
    reader.feed([UserSummary(id="a"), UserSummary(id="b")])
    shifted = [[f"new{number}", *("ab" if number % 2 else "ba")] for number in range(20)]
    with pytest.raises(IncompleteListing, match="put into"):
        feed_each(reader, shifted)


def test_memory_is_flat() -> None:
    """However long the list, only so many rows are remembered, and none is lost."""
    server = Server(ids(30_000))
    reader: Reader[UserSummary] = Reader("list")
    count = 0
    while not reader.finished():
        count += len(reader.feed(server.answer(*reader.next_request())))
        assert len(reader._known) <= 10_000
        assert len(reader._order) <= 10_000
    assert count == 30_000


def test_equal_rows_without_a_key_are_two() -> None:
    """Two logins that nothing tells apart are two rows, also at the seam of two pages."""
    rows = [LoginActivity(user_id=name) for name in ("a", "a", "b", "b", "b", "c")]
    reader: Reader[LoginActivity] = Reader("list", page_size=2)
    found: list[LoginActivity] = []
    while not reader.finished():
        start, limit = reader.next_request()
        found += reader.feed(rows[start : start + limit])
    assert found == rows


def test_rows_without_an_id_are_not_one_row() -> None:
    """Rows whose id is missing are told apart by all that they hold."""
    rows = [UserSummary(user_name=name) for name in ("a", "b", "c")]
    reader: Reader[UserSummary] = Reader("list")
    reader.next_request()
    assert reader.feed(rows) == rows


def test_a_total_that_does_not_hold() -> None:
    """Fewer rows than the server says there are is an error; a total that changes proves nothing."""
    reader: Reader[UserSummary] = Reader("list")
    reader.next_request()
    with pytest.raises(IncompleteListing, match="says 3 rows and gave 2"):
        reader.feed([UserSummary(id="a"), UserSummary(id="b")], total=3)
    reader = Reader("list", page_size=2)
    reader.next_request()
    reader.feed([UserSummary(id="a"), UserSummary(id="b")], total=3)
    reader.next_request()
    assert reader.feed([UserSummary(id="b")], total=2) == []
    assert reader.finished()


def test_going_on_from_a_token() -> None:
    """Another reader goes on where the first one stood, also when rows have shifted meanwhile."""
    server = Server(ids(30))
    first: Reader[UserSummary] = Reader("list", page_size=10)
    first.feed(server.answer(*first.next_request()))
    token = first.token()
    for change in (slice(0, 0), slice(0, 3)):
        del server.ids[change]
        second: Reader[UserSummary] = Reader("list", page_size=10)
        second.go_on(token)
        found: list[str] = []
        while not second.finished():
            found += [row.id for row in second.feed(server.answer(*second.next_request()))]
        assert found == ids(30)[10:]


@pytest.mark.parametrize(
    "token", ["", "x", "e30=", "bm9uZQ==", "é", "eyJsaXN0IjoieCIsIm5leHQiOjEsImtub3duIjpbXX0="]
)
def test_a_token_that_is_none(token: str) -> None:
    """A token that is damaged or from another list is refused."""
    with pytest.raises(ConfigurationError, match="resume"):
        Reader("list").go_on(token)
