"""Reading a CSV of people and courses: pure, and never stopped by a bad line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

MOST_BYTES: Final = 100_000_000
"""A file is read into memory as a whole; a million lines take some 50 MB."""

LONGEST_RECORD: Final = 100
"""Lines that quoted fields of one record may span; what is longer is a quotation mark that nobody closed."""

USER_COLUMNS: Final = ("user", "user_name", "email", "login")
COURSE_COLUMNS: Final = ("course", "course_code", "code", "course_id")
"""Names of the columns, the strongest first: in a file with `user` and `email` it is `user`. Upper and lower
case, blanks, `_` and `-` do not matter."""

_DELIMITERS: Final = (",", ";", "\t")

_BROKEN: Final = re.compile("[\udc80-\udcff]")
"""What a byte becomes that is no UTF-8."""


class TableError(Exception):
    """The file as a whole cannot be used; the message says why."""


@frozen
class Line:
    """One line of the file, empty ones excepted.

    Attributes:
        number: Which line of the file it begins on; the header is line 1.
        user: Who: a user name, an e-mail address or an id.
        course: What: a code, or an id.
        extra: The fields of the other columns.
        problem: Why the line cannot be used; empty if it can.
    """

    number: int
    user: str
    course: str
    extra: tuple[str, ...] = ()
    problem: str = ""


@frozen
class Table:
    """What a file holds.

    Attributes:
        user_column: Name of the column that says who.
        course_column: Name of the column that says what.
        extra_columns: Names of the others.
        lines: The lines, in order.
        delimiter: What stands between fields.
        bom: Whether the file begins with a byte-order mark.
    """

    user_column: str
    course_column: str
    extra_columns: tuple[str, ...]
    lines: list[Line]
    delimiter: str = ","
    bom: bool = False


@frozen
class _Record:
    """The fields of a record and the line it begins on, or why it has none."""

    number: int
    fields: list[str]
    problem: str = ""


@frozen
class _Header:
    names: list[str]
    user: int | None
    course: int | None

    @property
    def found(self) -> int:
        return (self.user is not None) + (self.course is not None)


def read_table(path: Path) -> Table:
    """Read a file.

    Raises:
        TableError: It cannot be read, or its first line is no header that names a user and a course column.
    """
    try:
        # A pipe has no end that one could rely on, and a directory no content.
        if path.exists() and not path.is_file():
            raise TableError("it is no regular file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise TableError(problem.strerror or str(problem)) from None
    if len(data) > MOST_BYTES:
        raise TableError(f"it is larger than {MOST_BYTES // 1_000_000} MB; split it")
    return parse(data)


def parse(data: bytes) -> Table:
    """Read the content of a file: UTF-8, with or without a byte-order mark.

    Raises:
        TableError: The first line is no header that names a user and a course column.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError("it is UTF-16; save it as CSV UTF-8")
    # Bytes that are no UTF-8 become lone surrogates: so only the lines that hold them are bad.
    text = data.decode("utf-8-sig", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise TableError("it is empty")
    delimiter, header = _sniff(lines, first)
    user, course = _columns(header)
    rest = [place for place in range(len(header.names)) if place not in {user, course}]
    records = _records(lines, first, delimiter)
    next(records)
    return Table(
        user_column=header.names[user],
        course_column=header.names[course],
        extra_columns=tuple(header.names[place] for place in rest),
        lines=[_line(record, user, course, rest) for record in records if not _is_empty(record)],
        delimiter=delimiter,
        bom=data.startswith(b"\xef\xbb\xbf"),
    )


def _records(lines: Sequence[str], first: int, delimiter: str) -> Iterator[_Record]:
    """Yield the records. After one that is broken go on with the next line, so that it costs no other."""
    place = first
    while place < len(lines):
        record = map(lines.__getitem__, range(place, min(place + LONGEST_RECORD, len(lines))))
        reader = csv.reader(record, delimiter=delimiter, strict=True)
        number = place + 1
        try:
            fields = next(reader)
        except csv.Error as problem:
            place += 1
            yield _Record(number, [], f"no valid CSV: {problem}")
            continue
        place += reader.line_num
        if any(map(_BROKEN.search, fields)):
            yield _Record(
                number, [_mended(field) for field in fields], "not UTF-8; save the file as CSV UTF-8"
            )
        else:
            yield _Record(number, fields)


def _sniff(lines: Sequence[str], first: int) -> tuple[str, _Header]:
    """Return the delimiter with which the header makes the most sense."""
    candidates = [
        (delimiter, _header(next(_records(lines, first, delimiter)).fields)) for delimiter in _DELIMITERS
    ]
    return max(candidates, key=lambda candidate: (candidate[1].found, len(candidate[1].names)))


def _header(fields: Sequence[str]) -> _Header:
    names = [field.strip() for field in fields]
    keys = [_key(name) for name in names]

    def place_of(wanted: Sequence[str]) -> int | None:
        return next((keys.index(_key(name)) for name in wanted if _key(name) in keys), None)

    return _Header(names, place_of(USER_COLUMNS), place_of(COURSE_COLUMNS))


def _key(name: str) -> str:
    """`Course Code`, `course_code` and `COURSE-CODE` are the same column."""
    return re.sub(r"[\s_-]", "", name).casefold()


def _columns(header: _Header) -> tuple[int, int]:
    """Return the places of the two columns."""
    if header.user is not None and header.course is not None:
        return header.user, header.course
    held = ", ".join(map(repr, header.names)) or "nothing that could be read"
    if not header.found:
        raise TableError(
            f"its first line is no header, which would name a user column ({', '.join(USER_COLUMNS)}) and a "
            f"course column ({', '.join(COURSE_COLUMNS)}); it holds {held}"
        )
    what, wanted = ("user", USER_COLUMNS) if header.user is None else ("course", COURSE_COLUMNS)
    raise TableError(f"its header names no {what} column ({', '.join(wanted)}); it holds {held}")


def _line(record: _Record, user: int, course: int, rest: Sequence[int]) -> Line:
    """Return what a record says, as far as it goes."""
    width = len(rest) + 2
    fields = record.fields + [""] * (width - len(record.fields))
    problem = record.problem
    if not problem and len(record.fields) != width:
        problem = f"{len(record.fields)} instead of {width} fields"
    elif not problem:
        empty = [name for name, place in (("user", user), ("course", course)) if not fields[place].strip()]
        problem = f"no {' and no '.join(empty)}" if empty else ""
    return Line(record.number, fields[user], fields[course], tuple(fields[place] for place in rest), problem)


def _is_empty(record: _Record) -> bool:
    """Tell whether nothing stands on the line. `,` is no empty line: somebody forgot something there."""
    return not record.problem and not (record.fields and (len(record.fields) > 1 or record.fields[0].strip()))


def _mended(text: str) -> str:
    """Return text that can be written again, with a mark for each byte that could not be read."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
