"""Rows between a record and a file: typed cells in the order of the columns, and their plain forms."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from attrs import frozen

from litmos_async.export.schema import DELETED, EXPORTED_AT, Column, Schema, arrow_library, columns_of
from litmos_async.models.record import Record

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
    """

    schema: Schema
    cells: Sequence[Cells]

    def plain(self) -> list[dict[str, Any]]:
        """Return the rows as plain data, as JSON has it: ISO times in UTC, nested objects and lists."""
        names, forms = self.schema.names, [plain_form(column) for column in self.schema.columns]
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
        columns = list(zip(*self.cells, strict=True)) or [()] * len(self.schema.columns)
        arrays = [
            pa.array(_arrow_values(column, values), type=kind.type)
            for column, values, kind in zip(self.schema.columns, columns, schema, strict=True)
        ]
        return pa.RecordBatch.from_arrays(arrays, schema=schema)


class RowMaker:
    """Makes rows of records.

    Args:
        schema: The columns wanted.
        parents: Names of the columns that come from the parent and not from the record.
        stamp: What the columns of the run hold, if the schema has them.
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
        self._simple = len(own) == len(schema.columns)
        self._run: Mapping[str, Any] = {EXPORTED_AT: stamp, DELETED: False}

    def row(self, parent: Mapping[str, str], record: Record) -> Cells:
        """Return the cells of a record."""
        own = self._get(record)
        if self._simple:
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
    return iso(value) if isinstance(value, datetime) else value


def content_mark(cells: Cells) -> bytes:
    """Return a mark of what a row holds: rows with the same mark are the same."""
    return hashlib.blake2b(repr(cells).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def iso(moment: datetime) -> str:
    """Return a time in UTC, such as `2026-01-31T23:59:59.990Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def plain_form(column: Column) -> Callable[[Any], Any]:
    """Return what makes plain data of a value of this column that is not None."""
    return _FORMS.get(column.type, _same)


def _same(value: Any) -> Any:
    return value


def _record(value: Record) -> dict[str, Any]:
    return value.to_dict()


def _records(values: Sequence[Record]) -> list[dict[str, Any]]:
    return [value.to_dict() for value in values]


_FORMS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "text": str,  # a known value of an open set is an enum
    "time": iso,
    "date": lambda day: day.isoformat(),
    "record": _record,
    "records": _records,
    "texts": list,
    "json": dict,
}


def json_text(value: Any) -> str:
    """Return plain data as JSON on one line. A lone surrogate becomes U+FFFD: no file can hold it."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)
    return clean_text(text)


def clean_text(text: str) -> str:
    """Return text that can be written as UTF-8."""
    if text.isascii():
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _arrow_values(column: Column, values: Sequence[Any]) -> Sequence[Any]:
    """Return the values of a column as Arrow takes them."""
    match column.type:
        case "json":
            return [json_text(value) if value else None for value in values]
        case "text":
            return [value if value is None else clean_text(value) for value in values]
        case "integer":
            return [None if value is None or abs(value) >= _LARGEST_INTEGER else value for value in values]
        case "record":
            return [None if value is None else _nested(column, value) for value in values]
        case "records":
            return [None if value is None else [_nested(column, each) for each in value] for value in values]
        case _:
            return values


def _nested(column: Column, record: Record) -> dict[str, Any]:
    """Return a nested record as Arrow takes a struct."""
    return {
        each.name: _arrow_values(each, [getattr(record, each.name)])[0]
        for each in columns_of(column.record)
        if not each.secret
    }
