"""The rules of paging: what is asked for, and what is made of the answers."""

from __future__ import annotations

import base64
import itertools
import math
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.models import User, UserSummary
from litmos_async.reader import Caps, Reader, looks_cut, requests_of_list
from litmos_async.trees import TreeReader
from tests.paging.small import Server, feed_each, ids, read


@pytest.mark.parametrize(
    ("rows", "requests"),
    [
        (0, [(0, 1000)]),
        (1, [(0, 1000), (1, 1000)]),
        (2, [(0, 1000), (1, 1000)]),
        (999, [(0, 1000), (998, 1000)]),
        (1000, [(0, 1000), (999, 1000)]),
        (1001, [(0, 1000), (999, 1000), (1000, 1000)]),
        (1500, [(0, 1000), (999, 1000), (1499, 1000)]),
        (1999, [(0, 1000), (999, 1000), (1998, 1000)]),
        (2500, [(0, 1000), (999, 1000), (1998, 1000), (2499, 1000)]),
    ],
)
def test_the_fewest_requests(rows: int, requests: list[tuple[int, int]]) -> None:
    """A list costs one request a thousand rows and one for its end; all but the first begin with a known row."""
    server = Server(ids(rows))
    assert read(server) == ids(rows)
    assert server.asked == requests
    assert requests_of_list(rows, top_level=True) == len(requests)


def test_small_pages_are_even() -> None:
    """With a small page size the row read twice is asked for on top."""
    server = Server(ids(7))
    assert read(server, page_size=3) == ids(7)
    assert server.asked == [(0, 3), (2, 4), (5, 4), (6, 4)]
    assert read(Server(ids(3)), page_size=1) == ids(3)


@pytest.mark.parametrize(("cap", "full"), [(1000, 7), (4, 4)])
def test_where_the_next_pages_stand(cap: int, full: int) -> None:
    """After a full page: each begins with the last row of the one before it, also where the server caps pages."""
    server = Server(ids(40), cap=cap)
    reader: Reader[UserSummary] = Reader("list", page_size=6)
    assert reader.ahead() is None
    for _ in range(3):
        reader.feed(server.answer(*reader.next_request()))
    ahead = reader.ahead()
    assert ahead is not None
    assert (ahead.limit, ahead.full) == (7, full)
    pages = [server.answer(ahead.start + number * ahead.stride, ahead.limit) for number in range(3)]
    assert reader.fits(pages[0])
    assert all(before[-1] == after[0] for before, after in itertools.pairwise(pages))


@pytest.mark.parametrize(
    ("rows", "asked", "smallest", "cut"),
    [
        (0, 1000, math.inf, False),
        (1, 1000, math.inf, False),
        (24, 1000, math.inf, False),
        (25, 1000, math.inf, True),
        (26, 1000, math.inf, False),
        (99, 1000, math.inf, False),
        (100, 1000, math.inf, True),
        (101, 1000, math.inf, True),
        (17, 20, math.inf, False),
        (18, 20, math.inf, True),
        (23, 1000, 24, False),
        (24, 1000, 24, True),
    ],
)
def test_what_looks_cut(rows: int, asked: int, smallest: float, cut: bool) -> None:
    """A round number, a hundred or more, nine tenths of what was asked for, or as few as the server gave before."""
    assert looks_cut(rows, asked, Caps(smallest)) is cut


def test_how_far_a_known_row_may_stand() -> None:
    """A page that begins further on fits if one of its first sixteen rows is known."""
    reader: Reader[UserSummary] = Reader("list")
    feed_each(reader, [["u0"]])
    page = [UserSummary(id=name) for name in ids(1)]
    new = [UserSummary(id=f"new{number}") for number in range(16)]
    assert reader.fits([*new[:15], *page])
    assert not reader.fits([*new, *page])


@pytest.mark.parametrize("deleted", [63, 64])
def test_how_many_rows_a_token_remembers(deleted: int) -> None:
    """The last 64: as long as one of them is there, another reader finds its place."""
    server = Server(ids(200))
    first: Reader[UserSummary] = Reader("list", page_size=100)
    first.feed(server.answer(*first.next_request()))
    second: Reader[UserSummary] = Reader("list", page_size=100)
    second.go_on(first.token())
    del server.ids[100 - deleted : 100]
    found: list[str] = []

    def read_on() -> None:
        while not second.finished():
            found.extend(row.id for row in second.feed(server.answer(*second.next_request())))

    if deleted < 64:
        read_on()
        assert found == ids(200)[100:]
    else:
        with pytest.raises(IncompleteListing, match="faster"):
            read_on()


def test_more_rows_than_asked_for() -> None:
    """A server that sends more than the limit loses no row."""
    assert read(Server(ids(2500), more=7)) == ids(2500)


@pytest.mark.parametrize("cap", [2, 3, 7, 25, 99, 100, 250, 777, 999])
@pytest.mark.parametrize("rows", [1, 2, 30, 100, 250, 300, 1000, 2300])
def test_a_server_that_caps_the_page_size(cap: int, rows: int) -> None:
    """Whatever the cap, a list without an id in its path is read to its end."""
    assert read(Server(ids(rows), cap=cap)) == ids(rows)


@pytest.mark.parametrize("hidden", [0, 1, 499, 500, 998, 999, 1000, 1999, 2498, 2499])
@pytest.mark.parametrize("cap", [250, 1000])
def test_a_row_that_is_left_out(hidden: int, cap: int) -> None:
    """A page that is short because the server left a row out after counting it is not the end."""
    server = Server(ids(2500), cap=cap, hidden={f"u{hidden}"})
    assert read(server) == [name for name in ids(2500) if name != f"u{hidden}"]


@pytest.mark.parametrize("visible", [2, 3, 5])
@pytest.mark.parametrize("rows", [600, 900, 3000])
@pytest.mark.parametrize("resumed", [False, True])
def test_most_rows_are_left_out(visible: int, rows: int, resumed: bool) -> None:
    """A list most of whose rows are inactive people is read to its end, however often the last ones come again."""
    server = Server(ids(rows), hidden={name for name in ids(rows) if int(name[1:]) % visible})
    reader: Reader[UserSummary] = Reader("list")
    found: list[str] = []
    while not reader.finished():
        new = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
        found += new
        if resumed and new:
            token, reader = reader.token(), Reader("list")
            reader.go_on(token)
    assert found == ids(rows)[::visible]


def test_a_block_of_rows_that_is_left_out() -> None:
    """900 people in a row have left, and few came after them: that takes many requests, and is no error."""
    server = Server(ids(1010), hidden=set(ids(1000)[100:]))
    assert read(server) == ids(100) + ids(1010)[1000:]
    assert sum(start > 1_000_000 for start, _ in server.asked) == 1


@pytest.mark.costly
@pytest.mark.parametrize("every", [3, 5])
def test_a_token_costs_nothing_where_rows_are_left_out(every: int) -> None:
    """Where many rows are left out, a page begins with some that a token does not remember: no request more."""
    servers = [Server(ids(1500), hidden=set(ids(1500)[::every])) for _ in range(2)]
    for server, resumed in zip(servers, (False, True), strict=True):
        reader: Reader[UserSummary] = Reader("list", page_size=500)
        found: list[str] = []
        while not reader.finished():
            new = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
            found += new
            if resumed and new:
                token, reader = reader.token(), Reader("list", page_size=500)
                reader.go_on(token)
        assert found == [name for name in ids(1500) if name not in set(ids(1500)[::every])]
    assert servers[0].asked == servers[1].asked


def test_one_row_an_answer() -> None:
    """A server that gives single rows gives no overlap to see shifts by: that is said; one row is read."""
    with pytest.raises(IncompleteListing, match="one row per answer"):
        read(Server(ids(5), cap=1))
    assert read(Server(ids(1), cap=1)) == ids(1)


@pytest.mark.parametrize(
    ("rows", "options", "requests"),
    [
        (0, {}, 1),
        (24, {}, 1),
        (25, {}, 2),
        (26, {}, 1),
        (50, {}, 2),
        (99, {}, 1),
        (100, {}, 2),
        (101, {}, 2),
        (999, {}, 2),
        (1000, {}, 2),
        (1500, {}, 3),
        (1001, {}, 2),
        (9, {"page_size": 10}, 2),
        (8, {"page_size": 10}, 1),
        (30, {"caps": Caps(smallest=30)}, 2),
        (29, {"caps": Caps(smallest=30)}, 1),
        (99, {"proven": True}, 2),
        (0, {"proven": True}, 1),
    ],
)
def test_the_price_of_a_list_of_something(rows: int, options: dict[str, object], requests: int) -> None:
    """A list with an id in its path is confirmed only where its last page looks cut."""
    server = Server(ids(rows))
    assert read(server, **({"proven": False} | options)) == ids(rows)
    assert len(server.asked) == requests
    if not options:
        assert requests_of_list(rows, top_level=False) == requests


def test_caps_are_remembered() -> None:
    """The cap that one list met makes another one look twice; a row that was put in meanwhile is no cap."""
    caps = Caps()
    assert read(Server(ids(7), cap=3), caps=caps) == ids(7)
    assert caps.smallest == 3
    caps = Caps()
    assert read(Server(ids(40), cap=30), caps=caps) == ids(40)
    assert caps.smallest == 30
    assert read(Server(ids(70), cap=30), caps=caps, proven=False) == ids(70)
    caps = Caps()
    server = Server(ids(3))
    reader: Reader[UserSummary] = Reader("list", caps=caps)
    reader.feed(server.answer(*reader.next_request()))
    server.ids.append("new")
    while not reader.finished():
        reader.feed(server.answer(*reader.next_request()))
    assert caps.smallest > 1000


@pytest.mark.parametrize(
    ("rows", "cap", "proven"), [(5000, 1000, True), (5000, 100, True), (5000, 100, False), (5000, 250, True)]
)
def test_a_server_that_ignores_start(rows: int, cap: int, proven: bool) -> None:
    """The same rows for every start are an error after a few requests, never an endless loop."""
    server = Server(ids(rows), cap=cap, ignores_start=True)
    with pytest.raises(IncompleteListing, match="every start"):
        read(server, proven=proven)
    assert len(server.asked) == 3


@pytest.mark.parametrize("rows", [1, 2, 40])
def test_a_short_list_for_every_start(rows: int) -> None:
    """Where nothing was cut off, a server that ignores `start` gives all of the list each time."""
    server = Server(ids(rows), ignores_start=True)
    assert read(server) == ids(rows)
    assert len(server.asked) == 3


def test_the_first_page_and_then_nothing() -> None:
    """An empty page is the end, also where the row that was asked for with it is missing."""
    for rows in (1, 3, 40):
        reader: Reader[UserSummary] = Reader("list")
        found: list[str] = []
        while not reader.finished():
            start, _ = reader.next_request()
            found += [row.id for row in reader.feed([] if start else [UserSummary(id=n) for n in ids(rows)])]
        assert found == ids(rows)


def test_rows_that_share_their_key() -> None:
    """Rows of one answer are rows, equal or not, wherever they stand."""
    for size in (1, 2, 3, 1000):
        people = [UserSummary(id="u", user_name=str(number)) for number in range(20)]
        reader: Reader[UserSummary] = Reader("list", page_size=size)
        found: list[UserSummary] = []
        while not reader.finished():
            start, limit = reader.next_request()
            found += reader.feed(people[start : start + limit])
        assert found == people
    reader = Reader("list")
    reader.next_request()
    assert len(reader.feed([UserSummary(id="u"), UserSummary(id="u")])) == 2


def test_a_row_that_changes_at_the_seam() -> None:
    """A row that another one of its key may have taken the place of comes again rather than not at all."""
    reader: Reader[UserSummary] = Reader("list", page_size=3)
    people = [UserSummary(id=str(number), user_name="old") for number in range(6)]
    start, limit = reader.next_request()
    found = list(reader.feed(people[start : start + limit]))
    people[2] = UserSummary(id="2", user_name="new")
    while not reader.finished():
        start, limit = reader.next_request()
        found += reader.feed(people[start : start + limit])
    assert [(row.id, row.user_name) for row in found if row.id == "2"] == [("2", "old"), ("2", "new")]
    assert {row.id for row in found} == set("012345")


def test_rows_that_change_with_every_answer() -> None:
    """Where each answer has the rows anew, their keys tell them apart, after one request more."""
    people = [str(number) for number in range(30)]
    answers = 0

    def answer(start: int, limit: int) -> list[UserSummary]:
        nonlocal answers
        answers += 1
        return [UserSummary(id=name, user_name=str(answers)) for name in people[start : start + limit]]

    for size in (3, 10, 1000):
        answers = 0
        reader: Reader[UserSummary] = Reader("list", page_size=size)
        found: list[str] = []
        while not reader.finished():
            found += [row.id for row in reader.feed(answer(*reader.next_request()))]
            if answers == 5:
                token = reader.token()
                reader = Reader("list", page_size=size)
                reader.go_on(token)
        assert found == people


def test_a_token_tells_that_keys_compare() -> None:
    """Where the rows change with every answer, going on costs no further request to find that out again."""

    def requests(*, going_on: bool) -> int:
        reader: Reader[UserSummary] = Reader("list", page_size=3)
        for answer in itertools.count():
            if going_on and answer == 5:
                token, reader = reader.token(), Reader("list", page_size=3)
                reader.go_on(token)
            start, limit = reader.next_request()
            reader.feed(
                [UserSummary(id=name, user_name=str(answer)) for name in ids(30)[start : start + limit]]
            )
            if reader.finished():
                return answer + 1
        raise AssertionError

    assert requests(going_on=True) == requests(going_on=False)


def test_rows_that_begin_to_change() -> None:
    """A row that changed before says nothing of those that change with every answer from some page on."""
    reader: Reader[UserSummary] = Reader("list", page_size=3)
    found: list[str] = []
    for answer in itertools.count():
        start, limit = reader.next_request()
        name = str(answer) if answer > 7 else ("new" if answer else "old")
        page = [UserSummary(id=id, user_name=name if answer > 7 or id == "u2" else "") for id in ids(40)]
        found += [row.id for row in reader.feed(page[start : start + limit])]
        if reader.finished():
            break
    assert sorted(found) == sorted([*ids(40), "u2"])


def test_rows_that_nothing_holds_together() -> None:
    """A list that is another one in each answer ends in an error, not in a stream without an end."""
    reader: Reader[UserSummary] = Reader("list")

    def read_on() -> None:
        for answer in range(100):
            start, _ = reader.next_request()
            reader.feed([UserSummary(id="u", user_name=f"{answer} {n}") for n in range(start, 3)])

    with pytest.raises(IncompleteListing, match="faster"):
        read_on()


def test_a_secret_that_changes() -> None:
    """A log-in link may be another one in each answer: it does not make another row."""
    reader: Reader[User] = Reader("list", page_size=2)
    count = 0
    while not reader.finished():
        start, limit = reader.next_request()
        rows = [User(id=str(n), login_key=f"{start} {n}") for n in range(start, min(7, start + limit))]
        count += len(reader.feed(rows))
    assert count == 7


@pytest.mark.costly
def test_memory_is_flat() -> None:
    """However long the list, only so many rows are remembered, and none is lost."""
    server = Server(ids(30_000))
    reader: Reader[UserSummary] = Reader("list")
    count = 0
    while not reader.finished():
        count += len(reader.feed(server.answer(*reader.next_request())))
        assert len(reader._memory) <= 10_000
        assert len(reader._memory._contents) <= 10_000
        assert len(reader._memory._keys) <= 10_000
    assert count == 30_000


def test_rows_without_an_id_are_not_one_row() -> None:
    """Rows whose id is missing are told apart by all that they hold."""
    rows = [UserSummary(user_name=name) for name in ("a", "b", "c")]
    reader: Reader[UserSummary] = Reader("list")
    reader.next_request()
    assert reader.feed(rows) == rows


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


@pytest.mark.parametrize("rows", [1, 64, 65])
def test_going_on_where_nothing_is_known_any_more(rows: int) -> None:
    """A reader whose token does not hold all that stood before says so, and hands nothing out a second time."""
    first: Reader[UserSummary] = Reader("list", page_size=65)
    first.next_request()
    first.feed([UserSummary(id=name) for name in ids(rows)])
    second: Reader[UserSummary] = Reader("list", page_size=65)
    second.go_on(first.token())
    server = Server(["a", "b", "c"])
    found: list[str] = []

    def read_on() -> None:
        while not second.finished():
            found.extend(row.id for row in second.feed(server.answer(*second.next_request())))

    if rows <= 64:
        read_on()
        assert found == ["a", "b", "c"]
    else:
        with pytest.raises(IncompleteListing, match="faster"):
            read_on()


def test_going_on_from_the_very_start() -> None:
    """A token of a reader that has read nothing is as good as none: what comes is new, also all of it anew."""
    second: Reader[UserSummary] = Reader("list", page_size=3)
    second.go_on(Reader("list", page_size=3).token())
    found: list[str] = []
    for page in (["a", "b", "c"], ["d", "e"], ["d", "e"], ["d", "e"], ["e"]):
        second.next_request()
        found += [row.id for row in second.feed([UserSummary(id=name) for name in page])]
    assert found == ["a", "b", "c", "d", "e"]


@pytest.mark.parametrize(
    "token",
    [
        *(
            "",
            "x",
            "e30=",
            "bm9uZQ==",
            "é",
            "eyJsaXN0IjoieCIsIm5leHQiOjEsImtub3duIjpbXX0=",
            Reader("x").token(),
        ),
        *("\ud800", 5, None, b"e30=", base64.b64encode(b"[" * 100_000).decode()),
        base64.b64encode(b'{"list": "x", "tree": "x", "next": Infinity, "end": 0}').decode(),
        base64.b64encode(b'{"list": "x", "tree": "x", "next": 1, "end": 0, "known": 5}').decode(),
    ],
    ids=itertools.count(),
)
@pytest.mark.parametrize("reader", [Reader, TreeReader])
def test_a_token_that_is_none(reader: type[Reader[UserSummary]], token: Any) -> None:
    """A token that is damaged, made up or from another list is refused: a link may carry it."""
    with pytest.raises(ConfigurationError, match="resume"):
        reader("list").go_on(token)
