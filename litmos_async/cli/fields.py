"""The columns of a file that describe people: which there may be, and what their texts mean. Pure."""

from __future__ import annotations

import typing
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property
from types import UnionType
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.cli.headings import ALIKE, NO_FIELD
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.table import Line, Table, TableError, name_key
from litmos_async.cli.unknown_columns import without_unknown
from litmos_async.cli.values import LOST, FieldError, day, moment, text_of, yes_or_no
from litmos_async.names import clean, doubts, fold, hidden, rewritten
from litmos_async.retyped import escaped, grouped, misread, retyped, wrapped

Reader = Callable[[str], Any]

_READERS: Final[Mapping[type, Reader]] = {str: text_of, bool: yes_or_no, datetime: moment, date: day}
"""How the text of a field becomes a value of the type of its attribute."""

_NUMBERS: Final = ("user_name", "username", "external_employee_id")
"""Attributes in which the number of an employee stands, which a spreadsheet may have rewritten."""


@frozen(slots=False)
class Fields:
    """What a record can be told about a person, by the columns of a file.

    Attributes:
        record: The record.
        name: Its attribute with the user name, which has a column of its own.
        identifying: Attributes that identify something: what cannot be seen in them is no part of them.
        left_out: Attributes that only the server writes.
        readers: How the texts of some attributes are read, where not by their type.
        elsewhere: What else a file may say about people, and where that is done; by the names of columns.
        overwrites: Whether what is said replaces what is there, without a look at it: a comparison sees that
            `12,345` is the 12345 that is there.
    """

    record: type[Any]
    name: str
    identifying: Collection[str] = ()
    left_out: Collection[str] = ()
    readers: Mapping[str, Reader] = attrs.field(factory=dict[str, Reader])
    elsewhere: Mapping[str, str] = attrs.field(factory=dict[str, str])
    overwrites: bool = False

    @cached_property
    def _known(self) -> dict[str, tuple[str, Reader]]:
        """Attribute and reader for each name of a column."""
        found: dict[str, tuple[str, Reader]] = {}
        for attribute, reader in self._attributes():
            found[name_key(attribute)] = attribute, reader
        for words in ALIKE:
            keys = [name_key(word) for word in words]
            known = next(found[key] for key in keys if key in found)
            found |= {key: found.get(key, known) for key in keys}
        return found

    def _attributes(self) -> Iterator[tuple[str, Reader]]:
        types = typing.get_type_hints(self.record)
        for attribute in attrs.fields(self.record):
            hint = types[attribute.name]
            kinds = typing.get_args(hint) if isinstance(hint, UnionType) else (hint,)
            reader = next((_READERS[kind] for kind in kinds if kind in _READERS), None)
            if reader is not None and attribute.name not in {self.name, *self.left_out}:
                yield attribute.name, self.readers.get(attribute.name, reader)

    @cached_property
    def _refused(self) -> dict[str, str]:
        """Why a column that says something about people cannot be taken, by its key."""
        reasons = {name_key(name): reason for name, reason in (*self.elsewhere.items(), *NO_FIELD.items())}
        return {key: reason for key, reason in reasons.items() if key not in self._known}

    @property
    def columns(self) -> dict[str, str]:
        """The attributes that columns may be about, by the keys of the names of these."""
        return {key: attribute for key, (attribute, _) in self._known.items()}

    def attribute(self, word: str) -> str:
        """Return the attribute that a column is about; nothing if it is about none."""
        return self._known.get(name_key(word), ("", text_of))[0]

    def check(self, table: Table, reading: Reading = READING) -> Table:
        """Return the table with a problem on each line that holds a value which means nothing.

        Raises:
            TableError: A column is unknown, holds what cannot be set, or is there twice.
        """
        table = without_unknown(table, reading, self.columns, self._refused)
        attributes: dict[str, str] = {}
        for name, word in zip(table.extra_columns, table.extra_words, strict=True):
            attribute = self.attribute(word)
            if attribute and (first := attributes.setdefault(attribute, name)) is not name:
                raise TableError(f"its header names the same column twice: {first!r}, {name!r}")
        return attrs.evolve(table, lines=[self._checked(line, table) for line in table.lines])

    def _checked(self, line: Line, table: Table) -> Line:
        if line.problem:
            return line
        problems = [*self._problems_of_name(line.values[0])]
        for column, word, text in zip(table.extra_columns, table.extra_words, line.extra, strict=True):
            try:
                self._value(word, text)
            except FieldError as problem:
                problems.append(f"{column}: {problem}")
        return attrs.evolve(line, problem="; ".join(problems))

    def _problems_of_name(self, text: str) -> Iterator[str]:
        if unseen := doubts(text) if clean(text) else hidden(text):
            yield f"the name holds {' and '.join(unseen)}, which cannot be seen"
        if problem := self._problem_of_number(text):
            yield problem
        if LOST in text:
            yield "the name holds U+FFFD, which stands for a character that is lost"

    def _problem_of_number(self, text: str) -> str:
        return rewritten(text) or retyped(text) or (grouped(text) if self.overwrites else "")

    def said(self, table: Table, line: Line) -> dict[str, Any]:
        """Return what a line says about the person, so that what means the same is equal.

        What identifies is compared as user names are. A first name in other letters is another text to store.
        """
        return {
            attribute: fold(value) if attribute in self.identifying else value
            for attribute, _, value in self._values(table, line)
        }

    def _values(self, table: Table, line: Line) -> Iterator[tuple[str, str, Any]]:
        """Yield attribute, text and value of each field that says something."""
        for word, text in zip(table.extra_words, line.extra, strict=True):
            attribute = self.attribute(word)
            if attribute and clean(text):
                yield attribute, text, self._value(word, text)

    def read(self, ledger: Ledger) -> list[Any]:
        """Return the records of the lines that can be used; an empty field says nothing."""
        return [
            self._read(line, item[0], ledger) for item, line in zip(ledger.items, ledger.lines, strict=True)
        ]

    def _read(self, line: Line, name: str, ledger: Ledger) -> Any:
        # A name that was not looked up is folded; a new person keeps the case in which it is written.
        written = clean(line.values[0])
        there = ledger.called_there(0, name)
        values: dict[str, Any] = {self.name: written if fold(written) == name else there}
        for attribute, text, value in self._values(ledger.table, line):
            values[attribute] = ledger.replaced(attribute, text, value)
        return self.record(**values)

    def _value(self, word: str, text: str) -> Any:
        attribute, reader = self._known.get(name_key(word), ("", str.strip))
        if not attribute or not clean(text):
            return None
        if attribute not in self.identifying:
            return reader(text)
        if unseen := doubts(text):
            raise FieldError(f"it holds {' and '.join(unseen)}, which cannot be seen")
        if attribute in _NUMBERS and (problem := self._problem_of_number(text)):
            raise FieldError(problem)
        if attribute == "email" and (problem := escaped(text) or wrapped(text) or misread(text)):
            raise FieldError(problem)
        return reader(clean(text))
