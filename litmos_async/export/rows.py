"""Rows between a record and a file: typed cells in the order of the columns, and their plain forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from litmos_async.export.schema import DELETED, EXPORTED_AT, Column, Schema, arrow_library, columns_of
from litmos_async.models.record import Record, plain_value

if TYPE_CHECKING:
    import pyarrow as pa

Cells: TypeAlias = tuple[Any, ...]
"""The values of a row, in the order of the columns, as Python has them."""

_LARGEST_INTEGER: Final = 2**63


@frozen
class Rows:
    """Rows of a list, with their columns.

    Attributes:
        schema: The columns.
        cells: The rows.
        count: How many there are.
    """

    schema: Schema
    cells: Iterable[Cells]
    count: int

    def columns(self) -> Sequence[Sequence[Any]]:
        """Return the values column by column."""
        return list(zip(*self.cells, strict=True)) or [()] * len(self.schema.columns)

    def plain(self) -> list[dict[str, Any]]:
        """Return the rows as plain data, as JSON has it: ISO times in UTC, nested objects and lists."""
        names = self.schema.names
        forms = [plain_form(column, secrets=self.schema.secrets) for column in self.schema.columns]
        return [
            {
                name: None if value is None else form(value)
                for name, form, value in zip(names, forms, row, strict=True)
            }
            for row in self.cells
        ]

    def table(self) -> pa.RecordBatch:
        """Return the rows as an Arrow record batch.

        Raises:
            ConfigurationError: pyarrow is not installed.
        """
        pa = arrow_library()
        schema = self.schema.arrow()
        arrays = [
            _array(pa, column, values, kind.type, secrets=self.schema.secrets)
            for column, values, kind in zip(self.schema.columns, self.columns(), schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


class RecordRows(Rows):
    """Rows that are records as they are, of which columns can be made without making rows first.

    Args:
        schema: The columns.
        records: The records.
    """

    def __init__(self, schema: Schema, records: Sequence[Record]) -> None:
        super().__init__(schema, map(_getter(schema.names), records), len(records))
        object.__setattr__(self, "_records", records)

    _records: Sequence[Record]

    def columns(self) -> Sequence[Sequence[Any]]:
        """Return the values column by column."""
        return [list(map(attrgetter(name), self._records)) for name in self.schema.names]


class RowMaker:
    """Makes rows of records.

    Args:
        schema: The columns wanted.
        parents: Names of the columns that come from the parent and not from the record.
        stamp: What the columns of the run hold, if the schema has them.

    Attributes:
        schema: The columns.
        simple: Whether all of them come from the record.
    """

    def __init__(self, schema: Schema, parents: Iterable[str], stamp: datetime | None = None) -> None:
        parents = frozenset(parents)
        self.schema = schema
        own = [
            column.name for column in schema.columns if column.name not in parents | {EXPORTED_AT, DELETED}
        ]
        self._get: Callable[[Record], Cells] = _getter(own)
        places = {name: place for place, name in enumerate(own)}
        # Where each cell comes from: a place in what the record gives, or a name in what the parent gives.
        self._plan = [places.get(name, name) for name in schema.names]
        self.simple = len(own) == len(schema.columns)
        self._run: Mapping[str, Any] = {EXPORTED_AT: stamp, DELETED: False}

    def many(self, records: Sequence[Record]) -> Rows:
        """Return rows of records that have all of the columns."""
        return RecordRows(self.schema, records)

    def row(self, parent: Mapping[str, str], record: Record) -> Cells:
        """Return the cells of a record."""
        own = self._get(record)
        if self.simple:
            return own
        return tuple(
            own[place] if isinstance(place, int) else self._run.get(place, parent.get(place))
            for place in self._plan
        )


def _getter(names: Sequence[str]) -> Callable[[Record], Cells]:
    """Return what reads attributes into a tuple."""
    if not names:
        return lambda _record: ()
    if len(names) == 1:
        one = attrgetter(names[0])
        return lambda record: (one(record),)
    return attrgetter(*names)


def key_text(record: Record, parent: Mapping[str, str], key: Sequence[str]) -> str:
    """Return what identifies a row among those of its list, as text; empty where nothing but the whole row does."""
    if not key:
        return ""
    values = [parent[name] if name in parent else getattr(record, name) for name in key]
    return json.dumps([_key_part(value) for value in values], ensure_ascii=False, separators=(",", ":"))


def _key_part(value: Any) -> Any:
    return plain_value(value, "key", secrets=False)


def content_mark(cells: Cells) -> bytes:
    """Return a mark of what a row holds: rows with the same mark are the same."""
    plain = plain_value(cells, "row", secrets=True)
    text = json.dumps(plain, ensure_ascii=True, separators=(",", ":"), default=str)
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def plain_form(column: Column, *, secrets: bool) -> Callable[[Any], Any]:
    """Return what makes plain data of a value of this column that is not None, as `Record.to_dict` does it."""
    if column.type in {"integer", "number", "boolean"}:
        return _same
    if column.type == "text":
        return _text
    return lambda value: plain_value(value, column.name, secrets=secrets)


def _same(value: Any) -> Any:
    return value


def _text(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else value


def json_text(value: Any) -> str:
    """Return plain data as JSON on one line."""
    text = _ENCODE(value)
    # Some programs take these for the end of a line.
    return text if text.isascii() else text.translate(_LINE_ENDS)


_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str).encode
"""`json.dumps` makes an encoder for each call."""

_LINE_ENDS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


def _array(pa: Any, column: Column, values: Sequence[Any], kind: Any, *, secrets: bool) -> Any:
    """Return a column as Arrow has it."""
    return pa.array(_arrow_values(column, values, secrets=secrets), type=kind)


def extra_text(value: Mapping[str, Any] | None, *, secrets: bool) -> str | None:
    """Return unknown fields as JSON; None where there are none."""
    plain = plain_value(value, "extra", secrets=secrets)
    return json_text(plain) if plain else None


def _arrow_values(column: Column, values: Sequence[Any], *, secrets: bool) -> Sequence[Any]:
    """Return the values of a column as Arrow takes them."""
    match column.type:
        case "json":
            return [extra_text(value, secrets=secrets) if value else None for value in values]
        case "integer":
            return [None if value is None or abs(value) >= _LARGEST_INTEGER else value for value in values]
        case "record":
            return [None if value is None else _nested(column, value, secrets=secrets) for value in values]
        case "records":
            return [
                None if value is None else [_nested(column, each, secrets=secrets) for each in value]
                for value in values
            ]
        case _:
            return values


def _nested(column: Column, record: Record, *, secrets: bool) -> dict[str, Any]:
    """Return a nested record as Arrow takes a struct."""
    return {
        each.name: _arrow_values(each, [getattr(record, each.name)], secrets=secrets)[0]
        for each in columns_of(column.record)
        if secrets or not each.secret
    }
