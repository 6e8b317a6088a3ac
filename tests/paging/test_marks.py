"""Where the known rows stand in the next answer, also among rows that are equal in everything."""

from __future__ import annotations

import pytest

from litmos_async.marks import Memory, mark_of
from litmos_async.models import UserSummary


def memory(rows: str) -> Memory:
    """Return what is remembered of rows, of which each letter is one; equal letters are equal rows."""
    known = Memory()
    known.add(mark_of(UserSummary(id=name)) for name in rows)
    return known


@pytest.mark.parametrize(
    ("known", "page", "seam"),
    [
        ("abc", "cde", 0),
        ("abc", "xcde", 1),
        ("abc", "xyz", None),
        ("abc", "xbde", 1),  # the last row is gone: the one before it counts
        ("cac", "xcacde", 3),  # of two equal rows the one that has more known rows before it
        ("cac", "xccacd", 4),
        ("xcac", "yxcacdc", 4),  # not the last one, before which stands something else
        ("cabd", "xcbcabe", 5),  # the last row is gone, and the one before it stands there twice
        ("cc", "xccde", 2),
        ("ac", "xcyc", 1),  # nothing tells them apart: the first, so that no row is lost
    ],
)
def test_the_last_known_row(known: str, page: str, seam: int | None) -> None:
    """It is the one before which most of the other known rows stand as they were read."""
    rows = [mark_of(UserSummary(id=name)) for name in page]
    assert memory(known).seam(rows, 1) == seam


def test_equal_rows_are_forgotten_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where one of two equal rows is forgotten, the other is still known."""
    monkeypatch.setattr("litmos_async.marks._MEMORY", 3)
    known = memory("aabc")
    assert known.full
    assert known.holds(mark_of(UserSummary(id="a")))
    known.add([mark_of(UserSummary(id="d"))])
    assert not known.holds(mark_of(UserSummary(id="a")))
    assert not known.holds_key(mark_of(UserSummary(id="a")))
