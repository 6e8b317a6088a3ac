"""Reading a CSV: pure, and never stopped by a bad line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import attrs
from attrs import frozen

from litmos_async.cli.cells import unguarded

MOST_BYTES: Final = 100_000_000
"""A file is read into memory as a whole; a million lines take some 50 MB."""

LONGEST_RECORD: Final = 100
"""Lines that quoted fields of one record may span; what is longer is a quotation mark that nobody closed."""

_DELIMITERS: Final = (",", ";", "\t")

_BROKEN: Final = re.compile("[\udc80-\udcff]")
"""What a byte becomes that is no UTF-8."""


class TableError(Exception):
    """The file as a whole cannot be used; the message says why."""


@frozen
class Column:
    """A column that must be there.

    Attributes:
        key: What it holds, such as "user": so it is called in the outcomes.
        names: Names under which it is found, the strongest first: in a file with `user` and `email` it is `user`.
            Upper and lower case, blanks, `_` and `-` do not matter.
    """

    key: str
    names: tuple[str, ...]

    @property
    def word(self) -> str:
        """What it holds, as a person says it."""
        return self.key.replace("_", " ")


@frozen
class Line:
    """One line of the file, empty ones excepted.

    Attributes:
        number: Which line of the file it begins on; the header is line 1. 0: it stands in no file.
        values: The fields of the columns that must be there.
        extra: The fields of the other columns.
        problem: Why the line cannot be used; empty if it can.
    """

    number: int
    values: tuple[str, ...]
    extra: tuple[str, ...] = ()
    problem: str = ""


@frozen
class Table:
    """What a file holds.

    Attributes:
        columns: What was looked for, and found.
        names: What the file calls these columns.
        extra_columns: What it calls the others.
        lines: The lines, in order.
        delimiter: What stands between fields.
        bom: Whether the file begins with a byte-order mark.
    """

    columns: tuple[Column, ...]
    names: tuple[str, ...]
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
    """The names of the columns, and where those stand that must be there."""

    names: list[str]
    places: list[int | None]

    @property
    def found(self) -> int:
        """How many of them there are."""
        return sum(place is not None for place in self.places)


def read_table(path: Path, columns: Sequence[Column]) -> Table:
    """Read a file.

    Raises:
        TableError: It cannot be read, or its first line is no header that names each of these columns once.
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
    return parse(data, columns)


def parse(data: bytes, columns: Sequence[Column]) -> Table:
    """Read the content of a file: UTF-8, with or without a byte-order mark.

    Raises:
        TableError: The first line is no header that names each of these columns once.
    """
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise TableError("it is UTF-16; save it as CSV UTF-8")
    # Bytes that are no UTF-8 become lone surrogates: so only the lines that hold them are bad.
    text = data.decode("utf-8-sig", "surrogateescape")
    lines = list(io.StringIO(text, newline=""))
    first = next((index for index, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise TableError("it is empty")
    delimiter, header = _sniff(lines, first, columns)
    places = _found(header, columns)
    rest = [place for place in range(len(header.names)) if place not in places]
    records = _records(lines, first, delimiter)
    next(records)
    if {"line", "status"} <= set(
        header.names
    ):  # an outcomes file: its texts are guarded against spreadsheets
        header = attrs.evolve(header, names=[*map(unguarded, header.names)])
        records = (attrs.evolve(record, fields=[*map(unguarded, record.fields)]) for record in records)
    return Table(
        columns=tuple(columns),
        names=tuple(header.names[place] for place in places),
        extra_columns=tuple(header.names[place] for place in rest),
        lines=[_line(record, columns, places, rest) for record in records if not _is_empty(record)],
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


def _sniff(lines: Sequence[str], first: int, columns: Sequence[Column]) -> tuple[str, _Header]:
    """Return the delimiter with which the header makes the most sense."""
    candidates = [
        (delimiter, _header(next(_records(lines, first, delimiter)).fields, columns))
        for delimiter in _DELIMITERS
    ]
    return max(candidates, key=lambda candidate: (candidate[1].found, len(candidate[1].names)))


def _header(fields: Sequence[str], columns: Sequence[Column]) -> _Header:
    names = [field.strip() for field in fields]
    keys = [name_key(name) for name in names]

    def place_of(wanted: Sequence[str]) -> int | None:
        return next((keys.index(name_key(name)) for name in wanted if name_key(name) in keys), None)

    return _Header(names, [place_of(column.names) for column in columns])


def name_key(name: str) -> str:
    """Return what names of columns are compared by: `Course Code` and `course_code` are the same."""
    return re.sub(r"[\s_-]", "", name).casefold()


def _found(header: _Header, columns: Sequence[Column]) -> list[int]:
    """Return the places of the columns."""
    places = [place for place in header.places if place is not None]
    keys = [name_key(name) for name in header.names]
    if twice := [header.names[place] for place in places if keys.count(keys[place]) > 1]:
        # Which of them is meant nobody can tell, and to take the first one would be a guess about people.
        raise TableError(f"its header names the same column twice: {', '.join(map(repr, twice))}")
    if len(places) == len(columns):
        return places
    missing = " and ".join(
        f"{'no' if places else 'a'} {column.word} column ({', '.join(column.names)})"
        for column, place in zip(columns, header.places, strict=True)
        if place is None
    )
    held = ", ".join(map(repr, header.names)) or "nothing that could be read"
    if not places:
        raise TableError(f"its first line is no header, which would name {missing}; it holds {held}")
    raise TableError(f"its header names {missing}; it holds {held}")


def _line(record: _Record, columns: Sequence[Column], places: Sequence[int], rest: Sequence[int]) -> Line:
    """Return what a record says, as far as it goes."""
    width = len(places) + len(rest)
    fields = record.fields + [""] * (width - len(record.fields))
    values = tuple(fields[place] for place in places)
    problem = record.problem
    if not problem and len(record.fields) != width:
        problem = f"{len(record.fields)} instead of {width} fields"
    elif not problem:
        empty = [column.word for column, value in zip(columns, values, strict=True) if not value.strip()]
        problem = f"no {' and no '.join(empty)}" if empty else ""
    return Line(record.number, values, tuple(fields[place] for place in rest), problem)


def _is_empty(record: _Record) -> bool:
    """Tell whether nothing stands on the line. `,` is no empty line: somebody forgot something there."""
    return not record.problem and not (record.fields and (len(record.fields) > 1 or record.fields[0].strip()))


def _mended(text: str) -> str:
    """Return text that can be written again, with a mark for each byte that could not be read."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
