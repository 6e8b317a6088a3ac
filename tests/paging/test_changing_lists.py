"""Lists whose rows come, go and move while they are read."""

from __future__ import annotations

import itertools

import pytest

from litmos_async.errors import IncompleteListing
from litmos_async.models import UserSummary
from litmos_async.reader import Reader
from tests.paging.small import Server, feed_each, ids


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


@pytest.mark.parametrize("moved", list(itertools.combinations(range(4), 2)))
@pytest.mark.parametrize("place", [-1, 6])
def test_rows_that_move_on_bring_no_ground_with_them(moved: tuple[int, int], place: int) -> None:
    """Two people log in where the latest come last: their known rows turn up behind others that were never seen.

    What stands before them then is read after all, and nobody comes twice.
    """
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    server = Server(ids(12))
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    for name in [server.ids[index] for index in moved]:
        server.ids.remove(name)
        server.ids.insert(len(server.ids) if place < 0 else place, name)
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert sorted(found) == sorted(ids(12))


@pytest.mark.parametrize("cap", [2, 4, 1000])
@pytest.mark.parametrize("place", [8, 12, 19, -1])
@pytest.mark.parametrize("moved", range(4))
def test_a_row_that_moves_far_on_comes_once(moved: int, place: int, cap: int) -> None:
    """A known row that turns up pages further on is the same one, though pages in between fit."""
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    server = Server(ids(20), cap=cap)
    found: list[str] = []
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
        if moved < len(found) <= 4:
            name = server.ids.pop(server.ids.index(f"u{moved}"))
            server.ids.insert(len(server.ids) if place < 0 else place, name)
    assert sorted(found) == sorted(ids(20))


@pytest.mark.parametrize("keys", [1, 2, 12])
@pytest.mark.parametrize(("moved", "place"), [(3, 4), (3, 5), (2, 4), (0, 6)])
def test_a_row_that_moves_hides_none_of_its_key(keys: int, moved: int, place: int) -> None:
    """One person in several sessions: a row between known ones is another one, though its key is known."""
    rows = list(range(12))
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    found: list[str | None] = []
    while not reader.finished():
        start, limit = reader.next_request()
        page = [UserSummary(id=str(row % keys), user_name=str(row)) for row in rows[start : start + limit]]
        found += [row.user_name for row in reader.feed(page)]
        if start == 0 and len(rows) == 12 and rows == sorted(rows):
            rows.insert(place, rows.pop(moved))
    assert len(found) == len(set(found))
    assert {str(row) for row in range(12) if row != moved} <= set(found)


def test_a_row_that_changes_comes_once_where_no_key_is_shared() -> None:
    """Where the reader steps back over a person who was changed meanwhile, that is the same one."""
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    people = dict.fromkeys(ids(8), "old")
    found: list[str] = []
    while not reader.finished():
        start, limit = reader.next_request()
        page = list(people.items())[start : start + limit]
        found += [
            row.id for row in reader.feed([UserSummary(id=each, user_name=name) for each, name in page])
        ]
        people.pop("u3", None)
        people["u1"] = "new"
    assert found == ids(8)


def test_a_row_put_in_at_the_start_is_seen_once() -> None:
    """What stands in front of the known rows at the very start is remembered, so that no page waits for it."""
    server = Server(ids(8), hidden={"u0"})
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    server.ids.insert(1, "new")
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert sorted(found) == ["new", *ids(8)[1:]]


@pytest.mark.parametrize("place", range(8))
def test_a_row_put_in_brings_none_twice_without_keys(place: int) -> None:
    """Rows without a key, no two of them equal: the last one read is known behind the new one, too."""
    rows = [UserSummary(user_name=name) for name in ids(12)]
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    found: list[UserSummary] = []
    while not reader.finished():
        start, limit = reader.next_request()
        found += reader.feed(rows[start : start + limit])
        if len(found) == 8 and len(rows) == 12:
            rows.insert(place, UserSummary(user_name="new"))
    names = [row.user_name for row in found if row.user_name != "new"]
    assert names == ids(12)


def test_all_that_was_read_moves_on() -> None:
    """Where the list begins with what nobody has seen, known rows further on do not hide it."""
    reader: Reader[UserSummary] = Reader("list", page_size=4)
    server = Server(ids(12))
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    server.ids = server.ids[4:] + server.ids[:4]
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert sorted(found) == sorted(ids(12))


def test_a_doubt_about_the_first_rows_is_looked_at_twice() -> None:
    """Where the rows read are gone and one of the same key stands there, that is no list which shifts too fast."""
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    rows = [UserSummary(id="same", user_name=name) for name in "abcde"]
    found = []
    while not reader.finished():
        start, limit = reader.next_request()
        found += [row.user_name for row in reader.feed(rows[start : start + limit])]
        rows = rows[-1:]
    assert found == ["a", "b", "e"]


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
    with pytest.raises(IncompleteListing, match="added to"):
        feed_each(reader, shifted)


def test_a_list_that_grows_by_a_page_for_each_page() -> None:
    """The same rows from one offset after the other may be left out only as far as a page reaches."""
    server = Server(ids(10))
    reader: Reader[UserSummary] = Reader("list", page_size=10)
    reader.feed(server.answer(*reader.next_request()))

    def read_on() -> None:
        for answer in range(100):
            server.ids[:0] = [f"new{answer}-{number}" for number in range(5)]
            page = server.answer(*reader.next_request())
            reader.feed(page)

    with pytest.raises(IncompleteListing, match="added to"):
        read_on()


@pytest.mark.parametrize("rows", [50, 100, 300])
def test_each_step_back_is_twice_as_far(rows: int) -> None:
    """Where the rows read last are gone, few requests find those that are left, on the grid of the pages."""
    server = Server(ids(1000))
    reader: Reader[UserSummary] = Reader("list", page_size=10)
    while len(server.asked) < 50:
        reader.feed(server.answer(*reader.next_request()))
    del server.ids[500 - rows : 500]
    server.asked.clear()
    while not server.asked or server.asked[-1][0] + 10 > 500 - rows:
        reader.feed(server.answer(*reader.next_request()))
    steps = [0, *(10 * 2**step for step in range(6))]
    assert [start for start, _ in server.asked] == [499 - back for back in steps[: len(server.asked)]]


@pytest.mark.parametrize("resumed", [False, True])
def test_how_long_a_list_may_bring_nothing_new(resumed: bool) -> None:
    """Eight answers in a row, after the last new row; then the list is taken for one that cannot be read."""
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    feed_each(reader, [["a", "b"]])
    if resumed:
        token, reader = reader.token(), Reader("list", page_size=2)
        reader.go_on(token)
    feed_each(reader, [[f"new{number}", *("ab" if number % 2 else "ba")] for number in range(8)])
    feed_each(reader, [["b", "c", "d"]])
    shifted = [[f"newer{number}", *("cd" if number % 2 else "dc")] for number in range(9)]
    feed_each(reader, shifted[:8])
    with pytest.raises(IncompleteListing, match="added to"):
        feed_each(reader, shifted[8:])


def test_a_look_far_behind_the_end() -> None:
    """A page that comes twice may mean that `start` is ignored: other rows from far behind show that it may not."""
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    feed_each(reader, [["a", "b", "c"], ["b", "c"], ["b", "c"]])
    start, _ = reader.next_request()
    assert start > 1_000_000
    assert reader.feed([UserSummary(id="x"), UserSummary(id="y"), UserSummary(id="z")]) == []
    assert not reader.finished()
    assert reader.next_request()[0] < 10
