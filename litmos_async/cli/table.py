"""The table of a file: its header, and what each line says. Never stopped by a bad line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path
from typing import Final, get_args

import attrs
from attrs import frozen

from litmos_async.cli.cells import unguarded
from litmos_async.cli.content import LONGEST_ROW, RawRow, TableError, decode, delimiters, raw_rows
from litmos_async.cli.headings import (
    NO_NAMES,
    OURS,
    UNFINISHED,
    LineStatus,
    as_input,
    is_nameless,
    is_unused,
    name_key,
    places_of_ours,
)
from litmos_async.cli.reading import READING, Reading, read_bytes
from litmos_async.cli.sheets import is_workbook, sheet_rows
from litmos_async.names import clean

__all__ = [
    "LONGEST_ROW",
    "MOST_BYTES",
    "Column",
    "Line",
    "Table",
    "TableError",
    "name_key",
    "parse",
    "read_table",
]

MOST_BYTES: Final = 100_000_000
"""A file is read into memory as a whole; a million lines take some 50 MB."""

_LINES_ABOVE: Final = 10
"""Lines among which a header is looked for: people write a title above it."""

_EXAMPLES: Final = 5

_DONE: Final = "done"
_PLANNED: Final = "planned"


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
    def examples(self) -> tuple[str, ...]:
        """Some of its names, for a message."""
        return (*self.names[:_EXAMPLES], *(["..."] if len(self.names) > _EXAMPLES else []))

    @property
    def word(self) -> str:
        """What it holds, as a person says it."""
        return self.key.replace("_", " ")

    def title(self, word: str) -> str:  # noqa: ARG002 - for columns that are read in several ways
        """Return what a column that is found under a word is called in the outcomes."""
        return self.key


@frozen
class Line:
    """One line of the file, blank ones excepted.

    Attributes:
        number: Which line of the file it begins on; 0: it stands in no file.
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
        bom: Whether the outcomes begin with a byte-order mark, as the file does.
        words: Under which of their names the columns were found.
        extra_words: As what the other columns are read; as what they are called, if nothing else was said.
        extra_places: Which columns of the file they are, from 1.
        titles: What the columns are called in the outcomes.
        notes: What was passed over.
        workbook: Whether the file is a workbook.
        ours: Which columns of the file, from 1, are those that the outcomes of an earlier run have of their own.
    """

    columns: tuple[Column, ...]
    names: tuple[str, ...]
    extra_columns: tuple[str, ...]
    lines: list[Line]
    delimiter: str = ","
    bom: bool = False
    words: tuple[str, ...] = ()
    extra_words: tuple[str, ...] = ()
    extra_places: tuple[int, ...] = ()
    titles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    workbook: bool = False
    ours: tuple[int, ...] = ()

    def is_ours(self, place: int) -> bool:
        """Return whether one of the other columns is that of an earlier run: the status of a person is not."""
        return bool(self.ours) and self.extra_places[place] in self.ours

    def is_filled(self, place: int) -> bool:
        """Return whether one of the other columns says something on any line."""
        return any(clean(line.extra[place]) for line in self.lines if line.extra)

    def called(self, place: int) -> str:
        """Return what one of the other columns is called in a message."""
        name = self.extra_columns[place]
        return repr(name) if name else f"column {self.extra_places[place]}, which has no name"

    def noted(self, *notes: str) -> Table:
        """Return the table with more that was passed over."""
        return attrs.evolve(self, notes=(*self.notes, *notes))


@frozen
class _Header:
    """The names of the columns.

    Attributes:
        names: As they stand there.
        words: As what they are read; empty for one that is passed over.
        places: Where those stand that must be there, and under which of their names.
        ours: Where the columns are that the outcomes of an earlier run have of their own; none in another file.
    """

    names: list[str]
    words: list[str]
    places: list[tuple[int, str] | None]
    ours: tuple[int, ...] = ()

    @property
    def found(self) -> int:
        """How many of them there are."""
        return sum(place is not None for place in self.places)

    def called(self, place: int) -> str:
        """Return what the input calls a column."""
        return as_input(self.names[place]) if self.ours else self.names[place]


@frozen
class _Grid:
    """The rows of a file with one delimiter.

    Attributes:
        rows: From the header on.
        header: The first of them that is one.
        above: How many of those before it are not blank.
        delimiter: What stands between fields.
    """

    rows: Iterator[RawRow]
    header: _Header
    above: int
    delimiter: str


def read_table(path: Path, columns: Sequence[Column], reading: Reading = READING) -> Table:
    """Read a file, once: it may be a pipe.

    Raises:
        TableError: It cannot be read, or has no header that names each of these columns once.
        ConfigurationError: What was said about it cannot be meant so.
    """
    return parse(read_bytes(path, MOST_BYTES), columns, reading)


def parse(data: bytes, columns: Sequence[Column], reading: Reading = READING) -> Table:
    """Read the content of a file: a workbook, or a CSV with or without a byte-order mark.

    Raises:
        TableError: It has no header that names each of these columns once.
        ConfigurationError: What was said about it cannot be meant so.
    """
    mapping = reading.mapping_if_there()
    bom = workbook = is_workbook(data)
    if workbook:
        grid = _grid(iter(sheet_rows(data, reading.sheet)), ",", columns, mapping)
    else:
        if reading.sheet is not None:
            raise TableError("--sheet is for workbooks, and this is not one")
        text = decode(data, reading.encoding)
        bom = text.bom or text.encoding != "utf-8"
        first = next((place for place, line in enumerate(text.lines) if clean(line)), None)
        if first is None:
            raise TableError("it is empty")
        candidates, first = delimiters(text.lines, first, reading.delimiter)
        grids = (_grid(raw_rows(text, first, each), each, columns, mapping) for each in candidates)
        grid = max(grids, key=lambda each: (each.header.found, -each.above, len(each.header.names)))
    return _table(grid, columns, reading, bom=bom, workbook=workbook)


def _grid(
    rows: Iterator[RawRow], delimiter: str, columns: Sequence[Column], mapping: Mapping[str, str]
) -> _Grid:
    """Look for the header: the first row that names all columns; the first of all if none does."""
    above = [row for row in islice(rows, _LINES_ABOVE) if not row.is_blank]
    headers = [_header(row.fields, columns, mapping) for row in above]
    place = next((place for place, header in enumerate(headers) if header.found == len(columns)), 0)
    header = headers[place] if headers else _header([], columns, mapping)
    rest = above[place + 1 :]

    def below() -> Iterator[RawRow]:
        yield from rest
        yield from rows

    return _Grid(below(), header, place, delimiter)


def _header(fields: Sequence[str], columns: Sequence[Column], mapping: Mapping[str, str]) -> _Header:
    names = [clean(field) for field in fields]
    ours = places_of_ours(names)
    said = [as_input(name) for name in names] if ours else names
    words = [
        name if place in ours else "" if ours and is_unused(name) else mapping.get(name_key(name), name)
        for place, name in enumerate(said)
    ]
    keys = [name_key(word) for word in words]

    def place_of(wanted: Sequence[str]) -> tuple[int, str] | None:
        return next(((keys.index(name_key(name)), name) for name in wanted if name_key(name) in keys), None)

    return _Header(names, words, [place_of(column.names) for column in columns], ours)


def _table(
    grid: _Grid,
    columns: Sequence[Column],
    reading: Reading,
    *,
    bom: bool,
    workbook: bool,
) -> Table:
    header, rows = grid.header, [row for row in grid.rows if not row.is_blank]
    places = _found(header, columns, reading)
    if header.ours:  # its texts are guarded against spreadsheets
        header = attrs.evolve(header, names=[*map(unguarded, header.names)])
        rows = [attrs.evolve(row, fields=[*map(unguarded, row.fields)]) for row in rows]
        rows, added = _without_added(header, rows)
    else:
        added = 0
    rows = [_unless_header(row, header) for row in rows]
    if reading.only_failed:
        header, rows = _without_done(header, rows)
    rest = [
        place
        for place, name in enumerate(header.names)
        if place not in places and (not is_nameless(name) or any(clean(field) for field in _at(rows, place)))
    ]
    width = len(header.names)
    found = [place for place in header.places if place is not None]
    title = f"{grid.above} above the header passed over" if grid.above else ""
    return Table(
        columns=tuple(columns),
        names=tuple(header.names[place] for place in places),
        extra_columns=tuple(header.called(place) for place in rest),
        lines=[_line(row, columns, places, rest, width) for row in rows],
        delimiter=grid.delimiter,
        bom=bom,
        words=tuple(word for _, word in found),
        extra_words=tuple(header.words[place] for place in rest),
        extra_places=tuple(place + 1 for place in rest),
        titles=tuple(column.title(word) for column, (_, word) in zip(columns, found, strict=True)),
        notes=tuple(
            note
            for note in (
                f"lines {title}" if title else "",
                f"lines of no input passed over: {added:,}" if added else "",
            )
            if note
        ),
        workbook=workbook,
        ours=tuple(place + 1 for place in header.ours),
    )


def _at(rows: Sequence[RawRow], place: int) -> Iterator[str]:
    return (row.fields[place] for row in rows if place < len(row.fields))


def _without_added(header: _Header, rows: Sequence[RawRow]) -> tuple[list[RawRow], int]:
    """Leave out what a job did that stood on no line of its input: whom it has removed must not come back.

    A column `status` of another system says other things than ours.

    Raises:
        TableError: The job was killed, so lines are missing.
    """
    line, status, reason = header.ours

    def at(row: RawRow, place: int) -> str:
        return row.fields[place].strip() if place < len(row.fields) else ""

    of_no_line = [
        row
        for row in rows
        if not row.problem and not at(row, line) and at(row, status) in get_args(LineStatus)
    ]
    if any(at(row, reason) == UNFINISHED for row in of_no_line):
        raise TableError(
            "it holds the outcomes of a job that was killed, or is still running: lines are missing. Run the "
            "command on the original file again"
        )
    added = {id(row) for row in of_no_line}
    return [row for row in rows if id(row) not in added], len(added)


def _unless_header(row: RawRow, header: _Header) -> RawRow:
    """Return a row, with a problem if it is the header once more: two files that were put together have two."""
    if row.problem:
        return row
    if any(clean(field) != name for field, name in zip_longest(row.fields, header.names, fillvalue="")):
        return row
    return attrs.evolve(row, problem="it is the header once more")


def _without_done(header: _Header, rows: Sequence[RawRow]) -> tuple[_Header, list[RawRow]]:
    """Return the lines of an outcomes file that are not done; it is one, whatever is left of its columns."""
    if "status" not in header.names:
        raise TableError("--only-failed is for outcomes files, which have a column status")
    ours = header.ours or tuple(header.names.index(name) for name in OURS if name in header.names)
    place = next(place for place in ours if header.names[place] == "status")
    statuses = [[*row.fields, *[""] * (place + 1)][place] for row in rows]
    if _PLANNED in statuses:
        raise TableError("it holds a plan, which does not say what failed: leave out --only-failed")
    left = [row for row, status in zip(rows, statuses, strict=True) if status != _DONE]
    return attrs.evolve(header, ours=ours), left


def _found(header: _Header, columns: Sequence[Column], reading: Reading) -> list[int]:
    """Return the places of the columns."""
    mapping = reading.mapping()
    known = {name_key(name) for name in header.names}
    if strange := [name for name in mapping if name not in known]:
        raise TableError(f"--map names columns that it does not have: {', '.join(map(repr, strange))}")
    places = [place for place, _ in filter(None, header.places)]
    keys = [name_key(word) for word in header.words]
    if twice := [header.names[place] for place in places if keys.count(keys[place]) > 1]:
        # Which of them is meant is not known, and to take the first one would be a guess about people.
        raise TableError(f"its header names the same column twice: {', '.join(map(repr, twice))}")
    if len(places) == len(columns):
        return places
    missing = " and ".join(
        f"{'no' if places else 'a'} {column.word} column ({', '.join(column.examples)})"
        for column, place in zip(columns, header.places, strict=True)
        if place is None
    )
    held = ", ".join(repr(name) for name in header.names if name) or "nothing that could be read"
    if not places:
        raise TableError(
            f"its first line is not a header, which would name {missing}; it holds {held}"
            f"{_in_one_field(header, columns, reading)}"
        )
    raise TableError(f"its header names {missing}; it holds {held}{_reasons(header)}")


def _in_one_field(header: _Header, columns: Sequence[Column], reading: Reading) -> str:
    """Return that the header would be one with another delimiter, or out of quotes, if that is so."""
    names = [name for name in header.names if name]
    if len(names) != 1:
        return ""
    text = decode(names[0].encode("utf-8"), "utf-8")
    candidates, first = delimiters(text.lines, 0, None)
    split = ((each, row.fields) for each in candidates for row in raw_rows(text, first, each))
    mapping = reading.mapping()
    fitting = next(
        (each for each, fields in split if _header(fields, columns, mapping).found and fields[1:]), ""
    )
    if not fitting:
        return ""
    if reading.delimiter is not None:
        return f"; its fields are separated by {fitting!r}: leave out --delimiter"
    return "; each line is in one pair of quotes, or in one cell: take the quotes away, or split the column"


def _reasons(header: _Header) -> str:
    """Return why columns that look as if they said who is meant do not say it."""
    reasons = {name_key(name): reason for name, reason in NO_NAMES.items()}
    found = [name for name in header.names if name_key(name) in reasons]
    return "".join(f"; {name!r} does not say who is meant: {reasons[name_key(name)]}" for name in found[:1])


def _line(
    row: RawRow, columns: Sequence[Column], places: Sequence[int], rest: Sequence[int], width: int
) -> Line:
    """Return what a row says, as far as it goes. Spreadsheets leave out separators at the end of a line."""
    fields = row.fields + [""] * (width - len(row.fields))
    values = tuple(fields[place] for place in places)
    problem = row.problem
    if not problem and any(map(clean, fields[width:])):
        problem = f"{len(row.fields)} instead of {width} fields"
    elif not problem:
        empty = [column.word for column, value in zip(columns, values, strict=True) if not value.strip()]
        cut_short = len(row.fields) < width
        missing = (
            f"{len(row.fields)} instead of {width} fields" if cut_short else f"no {' and no '.join(empty)}"
        )
        problem = missing if empty else ""
    return Line(row.number, values, tuple(fields[place] for place in rest), problem)
