"""The columns of a file that describe people: which there may be, and what their texts mean. Pure."""

from __future__ import annotations

import typing
from collections.abc import Callable, Collection, Mapping
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from types import UnionType
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.cli.ledger import Ledger
from litmos_async.cli.outcomes import OURS
from litmos_async.cli.table import Line, Table, TableError, name_key
from litmos_async.cli.tasks import fold

_YES_NO: Final = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


class FieldError(ValueError):
    """A text means nothing; the message says what was expected, and does not repeat it."""


def _yes_or_no(text: str) -> bool:
    try:
        return _YES_NO[text.casefold()]
    except KeyError:
        raise FieldError("expected yes or no") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise FieldError("expected a date such as 2031-12-24") from None


def _text(text: str) -> str:
    return text


_READERS: Final[Mapping[type, Callable[[str], Any]]] = {
    str: _text,
    bool: _yes_or_no,
    date: _day,
}
"""How the text of a field becomes a value of the type of its attribute."""


@frozen(slots=False)
class Fields:
    """What a record can be told about a person, by the columns of a file.

    Attributes:
        record: The record.
        name: Its attribute with the user name, which has a column of its own.
        left_out: Attributes that only the server writes.
    """

    record: type[Any]
    name: str
    left_out: Collection[str] = ()

    @cached_property
    def _readers(self) -> dict[str, tuple[str, Callable[[str], Any]]]:
        """Attribute and reader for each name of a column."""
        types = typing.get_type_hints(self.record)
        found: dict[str, tuple[str, Callable[[str], Any]]] = {}
        for attribute in attrs.fields(self.record):
            hint = types[attribute.name]
            kinds = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
            reader = next((_READERS[kind] for kind in kinds if kind in _READERS), None)
            if reader is not None and attribute.name not in {self.name, *self.left_out}:
                found[name_key(attribute.name)] = attribute.name, reader
        return found

    def check(self, table: Table) -> Table:
        """Return the table with a problem on each line that holds a value which means nothing.

        Raises:
            TableError: A column is unknown, or there twice.
        """
        unknown = [name for name in table.extra_columns if name_key(name) not in {*OURS, *self._readers}]
        if unknown:
            held = ", ".join(map(self._with_guess, unknown))
            raise TableError(f"its header names columns that are unknown: {held}")
        keys = [name_key(name) for name in table.extra_columns]
        if twice := [name for name in table.extra_columns if keys.count(name_key(name)) > 1]:
            raise TableError(f"its header names the same column twice: {', '.join(map(repr, twice))}")
        earlier: dict[str, Line] = {}
        lines = [self._checked(line, table.extra_columns, earlier) for line in table.lines]
        return attrs.evolve(table, lines=lines)

    def _with_guess(self, name: str) -> str:
        """Return the name of an unknown column, with the known one that comes nearest."""
        near = get_close_matches(name_key(name), self._readers, 1)
        return f"{name!r} ({self._readers[near[0]][0]}?)" if near else repr(name)

    def _checked(self, line: Line, columns: tuple[str, ...], earlier: dict[str, Line]) -> Line:
        if line.problem:
            return line
        problems = list[str]()
        for column, text in zip(columns, line.extra, strict=True):
            try:
                self._value(column, text)
            except FieldError as problem:
                problems.append(f"{column}: {problem}")
        first = earlier.setdefault(fold(line.values[0]), line)
        if self._said(first, columns) != self._said(line, columns):
            problems.append(f"line {first.number} says something else about the same person")
        return attrs.evolve(line, problem="; ".join(problems))

    def _said(self, line: Line, columns: tuple[str, ...]) -> list[str]:
        """Return the fields that say something about the person."""
        named = zip(columns, line.extra, strict=True)
        return [text.strip() for column, text in named if name_key(column) in self._readers]

    def read(self, ledger: Ledger) -> list[Any]:
        """Return the records of the lines that can be used; an empty field says nothing."""
        return [self._read(line, ledger.table.extra_columns) for line in ledger.lines]

    def _read(self, line: Line, columns: tuple[str, ...]) -> Any:
        values: dict[str, Any] = {self.name: line.values[0].strip()}
        for column, text in zip(columns, line.extra, strict=True):
            if text.strip() and name_key(column) in self._readers:
                values[self._readers[name_key(column)][0]] = self._value(column, text)
        return self.record(**values)

    def _value(self, column: str, text: str) -> Any:
        _, reader = self._readers.get(name_key(column), ("", _text))
        return reader(text.strip()) if text.strip() else None
