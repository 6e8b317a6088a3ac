"""The book that is kept of the lines."""

from __future__ import annotations

from typing import Any

from litmos_async.bulk import CourseForUser, Outcome, Resolved
from litmos_async.cli.ledger import Ledger, Subject
from litmos_async.cli.table import Column, Line, Table

COLUMNS = (Column("user", ("user",)), Column("course", ("course",)))


def ledger(*rows: tuple[str, str], known: str = "abc") -> Ledger:
    """Return a ledger of these lines, resolved: the id of a name is the name in capitals."""
    lines = [
        Line(number, row, problem="" if row[0] else "no user") for number, row in enumerate(rows, start=2)
    ]
    book = Ledger(Table(COLUMNS, ("user", "course"), (), lines))
    names = {*book.named(0), *book.named(1)}
    problems = {name: f"no {name}" for name in names if name.lower() not in known}
    resolved = Resolved({name: name.upper() for name in names - set(problems)}, problems)
    book.resolve([resolved, resolved])
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
    assert book.items == [CourseForUser("A", "B"), CourseForUser("B", "B")]
    assert [line.number for line in book.lines] == [2, 7]
    assert book.counts() == {"failed": 3, "skipped": 1}


def test_the_end_before_the_end() -> None:
    """What has no outcome in the end was not done; the first outcome of an item counts."""
    book = ledger(("a", "a"), ("b", "a"), ("c", "a"))
    book.note(Outcome(CourseForUser("A", "A"), "skipped", reason="already there"))
    book.note(Outcome(CourseForUser("A", "A"), "skipped"))
    book.note(Outcome(CourseForUser("B", "A"), "unknown", reason="interrupted"))
    book.close("interrupted")
    assert told(book) == [
        (2, "skipped", "already there"),
        (3, "unknown", "interrupted"),
        (4, "not done", "interrupted"),
    ]


def test_the_end_before_names_were_looked_up() -> None:
    """What was never planned is not done."""
    lines = [Line(2, ("a", "b")), Line(3, ("", ""), problem="no user")]
    book = Ledger(Table(COLUMNS, ("user", "course"), (), lines))
    book.close("interrupted")
    assert told(book) == [(2, "not done", "interrupted"), (3, "failed", "no user")]


def test_what_stands_on_no_line() -> None:
    """What a job does on its own comes behind the lines, with names where they are known."""
    book = ledger(("a", "b"))
    book.note(Outcome(CourseForUser("X", "B"), "done"))
    assert [(entry.line.number, entry.line.values) for entry in book.entries] == [
        (2, ("a", "b")),
        (0, ("X", "b")),
    ]


def test_one_column() -> None:
    """Where a line is about one thing, so are the outcomes."""
    lines = [Line(2, ("a",)), Line(3, ("b",))]
    book = Ledger(Table(COLUMNS[:1], ("user",), (), lines))
    book.resolve([Resolved({"a": "A", "b": "B"})])
    book.note(Outcome("B", "done"))
    assert told(book) == [(2, None, ""), (3, "done", "")]


def test_the_end_in_the_middle_of_a_line() -> None:
    """What is known of its parts decides where it is bad; else the line is not done, and says how much of it is."""
    lines = [Line(number, (name, "a")) for number, name in enumerate("abc", start=2)]

    def part_of(outcome: Any) -> Subject:
        return Subject((outcome[0], "A"), part=outcome[1], parts=2)

    book = Ledger(Table(COLUMNS, ("user", "course"), (), lines), part_of)
    resolved = Resolved({name: name.upper() for name in "abc"})
    book.resolve([resolved, resolved])
    book.note(Outcome(("A", "Theory"), "done"))
    book.note(Outcome(("B", "Theory"), "unknown", reason="interrupted"))
    book.note(Outcome(("C", "Theory"), "done"))
    book.note(Outcome(("C", "Test"), "done"))
    book.close("interrupted")
    assert told(book) == [
        (2, "not done", "interrupted; 1 of its parts done"),
        (3, "unknown", "interrupted; 0 of its parts done"),
        (4, "done", ""),
    ]
