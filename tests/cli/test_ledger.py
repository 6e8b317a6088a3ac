"""The book that is kept of the lines."""

from __future__ import annotations

from litmos_async.bulk import CourseForUser, Outcome, Resolved
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.table import Line, Table


def ledger(*rows: tuple[str, str], known: str = "abc") -> Ledger:
    """Return a ledger of these lines, resolved: the id of a name is the name in capitals."""
    lines = [
        Line(number, *row, problem="" if row[0] else "no user") for number, row in enumerate(rows, start=2)
    ]
    book = Ledger(Table("user", "course", (), lines))
    names = book.users() | book.courses()
    problems = {name: f"no {name}" for name in names if name.lower() not in known}
    resolved = Resolved({name: name.upper() for name in names - set(problems)}, problems)
    book.resolve(resolved, resolved)
    return book


def told(book: Ledger) -> list[tuple[int, str | None, str]]:
    """Return the entries in short."""
    return [(entry.line.number, entry.status, entry.reason) for entry in book.entries]


def test_what_is_settled_before_anything_is_sent() -> None:
    """Bad lines and unknown names have failed, and what is given again is skipped, however it is written."""
    book = ledger(("a", "b"), ("", "b"), ("A", "b"), ("x", "y"), ("x", "b"), ("b", "b"))
    assert told(book) == [
        (2, None, ""),
        (3, "failed", "no user"),
        (4, "skipped", "same as line 2"),
        (5, "failed", "no x; no y"),
        (6, "failed", "no x"),
        (7, None, ""),
    ]
    assert book.pairs == [CourseForUser("A", "B"), CourseForUser("B", "B")]
    assert book.counts() == {"failed": 3, "skipped": 1}


def test_the_end_before_the_end() -> None:
    """After two requests the third person has certainly got nothing, and the others may have."""
    book = ledger(("a", "a"), ("b", "a"), ("a", "b"), ("c", "a"))
    book.note(Outcome(CourseForUser("A", "A"), "done"))
    book.close("interrupted", sent=2)
    assert told(book) == [
        (2, "done", ""),
        (3, "unknown", "interrupted"),
        (4, "unknown", "interrupted"),
        (5, "not done", "interrupted"),
    ]


def test_the_end_before_names_were_looked_up() -> None:
    """What was never planned is not done."""
    book = Ledger(Table("user", "course", (), [Line(2, "a", "b"), Line(3, "", "", problem="no user")]))
    book.close("interrupted", sent=0)
    assert told(book) == [(2, "not done", "interrupted"), (3, "failed", "no user")]
