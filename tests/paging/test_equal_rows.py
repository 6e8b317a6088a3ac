"""Rows that are equal in all they hold: nothing tells them apart, and each is a row."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from litmos_async.errors import IncompleteListing
from litmos_async.models import LoginActivity, UserSummary
from litmos_async.reader import Reader
from tests.paging.small import Server


def test_equal_rows_without_a_key_are_two() -> None:
    """Two logins that nothing tells apart are two rows, also at the seam of two pages."""
    rows = [LoginActivity(user_id=name) for name in ("a", "a", "b", "b", "b", "c")]
    reader: Reader[LoginActivity] = Reader("list", page_size=2)
    found: list[LoginActivity] = []
    while not reader.finished():
        start, limit = reader.next_request()
        found += reader.feed(rows[start : start + limit])
    assert found == rows


@pytest.mark.parametrize("page_size", [2, 13, 24, 1000])
@pytest.mark.parametrize("cap", [2, 3, 25, 50, 1000])
@pytest.mark.parametrize("kinds", [1, 2, 12, 24, 40, 119])
@pytest.mark.parametrize("resumed", [False, True])
def test_equal_rows_with_a_key(page_size: int, cap: int, kinds: int, resumed: bool) -> None:
    """Where a list stands still, such rows are as many as the server has, whatever it caps at."""
    server = Server([f"u{number % kinds}" for number in range(120)], cap=cap)
    reader: Reader[UserSummary] = Reader("list", page_size=page_size)
    found: list[str] = []
    while not reader.finished():
        new = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
        found += new
        if resumed and new:
            token, reader = reader.token(), Reader("list", page_size=page_size)
            reader.go_on(token)
    assert found == server.ids


def test_rows_of_one_key_that_move_and_change() -> None:
    """Where their keys do not stand as they stood, a row is not taken for another one that has its key."""
    rows = [("u0", 0), ("u1", 1), ("u0", 2), ("u1", 3)]
    reader: Reader[UserSummary] = Reader("list", page_size=2)
    found: list[UserSummary] = []
    for answer in itertools.count():
        start, limit = reader.next_request()
        page = [
            UserSummary(id=key, user_name=str(row), email=str(answer > 1))
            for key, row in rows[start : start + limit]
        ]
        found += reader.feed(page)
        if reader.finished():
            break
        rows = rows[-3:]
    assert {row.user_name for row in found} == set("0123")


def test_one_row_alone_does_not_show_that_all_change() -> None:
    """It may as well be another one of its key each time: so it comes again rather than not at all."""
    names = ["u0", "u1", "u2"]
    reader: Reader[UserSummary] = Reader("list", page_size=1)
    found: list[str] = []
    for answer in itertools.count():
        start, limit = reader.next_request()
        page = [UserSummary(id=name, user_name=str(answer)) for name in names[start : start + limit]]
        found += [row.id for row in reader.feed(page)]
        if reader.finished():
            break
    assert found == ["u0", *names]


def test_equal_rows_of_which_the_last_is_removed() -> None:
    """Where the reader steps back, as the row read last is gone, one that stands behind its like comes once."""
    server = Server(["a", "b", "a", "b"])
    reader: Reader[UserSummary] = Reader("list", page_size=6)
    found = [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    server.ids.pop()
    while not reader.finished():
        found += [row.id for row in reader.feed(server.answer(*reader.next_request()))]
    assert found == ["a", "b", "a", "b"]


@pytest.mark.parametrize("rows", [2, 24, 1000])
@pytest.mark.parametrize("kind", [UserSummary(id="u"), LoginActivity(user_id="u")])
def test_equal_rows_for_every_start(rows: int, kind: Any) -> None:
    """Where all rows are equal, a server that ignores `start` is found out before a row is handed out twice."""
    reader: Reader[Any] = Reader("list", page_size=1000)
    found: list[Any] = []

    def read_on() -> None:
        while not reader.finished():
            reader.next_request()
            found.extend(reader.feed([kind] * rows))

    if rows < 1000:
        read_on()
    else:
        with pytest.raises(IncompleteListing, match="every start"):
            read_on()
    assert len(found) == rows
