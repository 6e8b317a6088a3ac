"""The columns that a file may have beside those that it must have, where they are no fields of people. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import attrs
from attrs import field, frozen

from litmos_async.cli.ledger import Ledger
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.table import Line, Table, TableError, name_key
from litmos_async.cli.unknown_columns import without_unknown
from litmos_async.cli.values import FieldError, text_of
from litmos_async.names import clean, loose

__all__ = ["ExtraColumn", "ExtraColumns", "listed_names", "percent"]


@frozen
class ExtraColumn:
    """A column that may be there.

    Attributes:
        key: What it holds.
        names: Names under which it is found.
        read: Makes its value of a text that is not empty; it raises a `FieldError`.
        must: Whether a line without a value cannot be used.
    """

    key: str
    names: tuple[str, ...]
    read: Callable[[str], Any] = text_of
    must: bool = False


@frozen(slots=False)
class ExtraColumns:
    """The columns that a file may have.

    Attributes:
        columns: The columns.
        refused: Columns of which no request can set what they hold, with the reason; by their names.
        check_line: Returns what is wrong with the values of a line; nothing if it can be used.
    """

    columns: Sequence[ExtraColumn]
    refused: Mapping[str, str] = field(factory=dict[str, str])
    check_line: Callable[[Mapping[str, Any]], str] = lambda _: ""

    @cached_property
    def _known(self) -> dict[str, ExtraColumn]:
        return {name_key(name): column for column in self.columns for name in (column.key, *column.names)}

    @cached_property
    def _reasons(self) -> dict[str, str]:
        return {name_key(name): reason for name, reason in self.refused.items()}

    def check(self, table: Table, reading: Reading = READING) -> Table:
        """Return the table with a problem on each line that holds a value which means nothing.

        Raises:
            TableError: A column is unknown, holds what cannot be set, or is there twice.
        """
        known = {key: column.key for key, column in self._known.items()}
        table = without_unknown(table, reading, known, self._reasons)
        seen = dict[str, str]()
        for name, word in zip(table.extra_columns, table.extra_words, strict=True):
            if column := self._known.get(name_key(word)):
                if column.key in seen:
                    raise TableError(f"{seen[column.key]!r} and {name!r} are about the same")
                seen[column.key] = name
        return attrs.evolve(table, lines=[self._checked(table, line) for line in table.lines])

    def _checked(self, table: Table, line: Line) -> Line:
        if line.problem:
            return line
        problems, found = list[str](), dict[str, Any]()
        for column, name, text in self._texts(table, line):
            try:
                found[column.key] = column.read(text)
            except FieldError as problem:
                problems.append(f"{name}: {problem}")
        missing = [column.key.replace("_", " ") for column in self.columns if column.must]
        given = {column.key.replace("_", " ") for column, _, _ in self._texts(table, line)}
        problems += [f"no {each}" for each in missing if each not in given]
        if not problems and (reason := self.check_line(found)):
            problems.append(reason)
        return attrs.evolve(line, problem="; ".join(problems))

    def values(self, table: Table, line: Line) -> dict[str, Any]:
        """Return what a line says in these columns, as far as it says something."""
        return {column.key: column.read(text) for column, _, text in self._texts(table, line)}

    def said(self, table: Table, line: Line) -> dict[str, Any]:
        """Return what a line says in these columns, so that what means the same is equal."""
        return {key: _alike(value) for key, value in self.values(table, line).items()}

    def _texts(self, table: Table, line: Line) -> list[tuple[ExtraColumn, str, str]]:
        cells = zip(table.extra_columns, table.extra_words, line.extra, strict=True)
        return [
            (self._known[name_key(word)], name, text)
            for name, word, text in cells
            if name_key(word) in self._known and clean(text)
        ]

    def mentioned(self, ledger: Ledger, key: str) -> list[str]:
        """Return what stands in a column on lines that can be used, each text once."""
        texts = (self.values(ledger.table, line).get(key) for line in ledger.lines)
        return list(dict.fromkeys(text for text in texts if text))


def _alike(value: Any) -> Any:
    if isinstance(value, str):
        return loose(value)
    return frozenset(map(loose, value)) if isinstance(value, tuple) else value


_LEAST, _MOST = 0, 100


def percent(text: str) -> int:
    """Return a score from 0 to 100.

    Raises:
        FieldError: It is none.
    """
    said = clean(text).removesuffix("%").strip().replace(",", ".")
    try:
        number = float(said)
    except ValueError:
        number = -1.0
    if not _LEAST <= number <= _MOST or number != int(number):
        raise FieldError("expected a whole number from 0 to 100")
    return int(number)


_BETWEEN: Final = (";", "|", "\n")


def listed_names(text: str) -> tuple[str, ...]:
    """Return names that stand in one field: parted by semicolons, bars or lines, or else by commas."""
    mark = next((each for each in _BETWEEN if each in text), ",")
    return tuple(dict.fromkeys(name for part in text.split(mark) if (name := clean(part))))
