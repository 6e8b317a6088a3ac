"""What the rows of a list look like: one description, from the record class, for JSON Schema and Arrow.

Columns come from the record classes and never from the data: a column that is empty tonight has the type that it
had yesterday. Columns are only ever added.
"""

from __future__ import annotations

import types
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, Union, get_args, get_origin

from attrs import frozen

from litmos_async.checks import flags
from litmos_async.errors import ConfigurationError
from litmos_async.models.record import Record, fields_of

if TYPE_CHECKING:
    import pyarrow as pa

ColumnType: TypeAlias = Literal[
    "text", "integer", "number", "boolean", "time", "date", "texts", "record", "records", "json"
]

EXTRA: Final = "extra"
"""The column that holds fields unknown to this version, as JSON."""

EXPORTED_AT: Final = "_exported_at"
"""When the run began that wrote the row, by the server's clock."""

DELETED: Final = "_deleted"
"""Whether the row is gone from the list since an earlier run."""

_JSON_TYPES: Final[Mapping[str, dict[str, Any]]] = {
    "text": {"type": ["string", "null"]},
    "integer": {"type": ["integer", "null"]},
    "number": {"type": ["number", "null"]},
    "boolean": {"type": ["boolean", "null"]},
    "time": {"type": ["string", "null"], "format": "date-time"},
    "date": {"type": ["string", "null"], "format": "date"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "json": {"type": "object"},
}


@frozen
class Column:
    """One column of a list.

    ```python
    for column in schema("users").columns:
        print(column.name, column.type, column.secret)
    ```

    Attributes:
        name: Its name: the attribute of the record.
        type: What its values are. Times are UTC.
        record: The record class of nested records, where the type is "record" or "records"; else None.
        secret: Whether it is left out by default.
    """

    name: str
    type: ColumnType
    record: Any = None
    secret: bool = False


@frozen
class Schema:
    """The columns of a list, in order.

    ```python
    columns = schema("users").names
    as_json = schema("users").json_schema()  # a JSON Schema of one row
    as_arrow = schema("users").arrow()  # a pyarrow.Schema (extra "parquet")
    ```

    Attributes:
        name: The list.
        columns: Its columns.
        key: The columns that tell one row from another; empty where only the whole row does.
        secrets: Whether records within a row keep their secrets, and unknown fields too.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    secrets: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def select(self, names: Sequence[str] | None, *, secrets: bool) -> Schema:
        """Return the schema with some columns only.

        Args:
            names: The columns wanted, in this order; None takes all that are no secret.
            secrets: Whether secret columns are among all.

        Raises:
            ConfigurationError: The list has no such column, one is named twice, or `secrets` is neither True nor
                False.
        """
        flags(with_secrets=secrets)
        if names is None:
            kept = tuple(column for column in self.columns if secrets or not column.secret)
            return Schema(self.name, kept, self.key, secrets)
        known = {column.name: column for column in self.columns}
        if not names:
            raise ConfigurationError("columns must be a list of at least one name")
        missing = [name for name in names if name not in known]
        if missing:
            raise ConfigurationError(
                f"{self.name} has no column {', '.join(map(repr, missing))}; it has {', '.join(known)}"
            )
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise ConfigurationError(f"name each column once, not twice: {', '.join(map(repr, twice))}")
        return Schema(self.name, tuple(known[name] for name in names), self.key, secrets)

    def with_run(self) -> Schema:
        """Return the schema of a list with a state: each row says when it was exported, and whether it is gone."""
        own = (Column(EXPORTED_AT, "time"), Column(DELETED, "boolean"))
        return Schema(self.name, (*self.columns, *own), self.key, self.secrets)

    def json_schema(self) -> dict[str, Any]:
        """Return a JSON Schema (2020-12) of one row, as `Record.to_dict` and JSON Lines have it."""
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": self.name,
            **_object(self.columns, secrets=self.secrets),
        }

    def arrow(self) -> pa.Schema:
        """Return the Arrow schema of the list.

        Raises:
            ConfigurationError: pyarrow is not installed.
        """
        pa = arrow_library()
        return pa.schema(
            [(column.name, _arrow_type(pa, column, secrets=self.secrets)) for column in self.columns]
        )


def arrow_library() -> Any:
    """Return the module pyarrow.

    Raises:
        ConfigurationError: It is not installed.
    """
    try:
        import pyarrow as pa  # noqa: PLC0415 - it takes longer to import than all the rest
    except ModuleNotFoundError as problem:
        raise ConfigurationError('Parquet needs pyarrow: pip install "litmos-async[parquet]"') from problem
    return pa


def columns_of(record: type[Record]) -> tuple[Column, ...]:
    """Return the columns of a record class: its attributes in order, and `extra`."""
    if record not in _columns:
        _columns[record] = _read_columns(record)
    return _columns[record]


_columns: dict[type[Record], tuple[Column, ...]] = {}


def _read_columns(record: type[Record]) -> tuple[Column, ...]:
    columns = [
        Column(attribute.name, *_type_of(attribute.type), secret=fact.secret)
        for attribute, fact in fields_of(record)
    ]
    return (*columns, Column(EXTRA, "json"))


def _type_of(annotation: Any) -> tuple[ColumnType, type[Record] | None]:
    """Return the column type of an attribute's annotation."""
    if get_origin(annotation) in {Union, types.UnionType}:
        choices = [each for each in get_args(annotation) if each is not type(None)]
        # An open set of known values, as `AccessLevel | str`: the plain type.
        plain = [each for each in choices if each in {str, int, float, bool, date, datetime}]
        return _type_of(plain[0] if plain else choices[0])
    if get_origin(annotation) is list:
        (item,) = get_args(annotation)
        return ("texts", None) if item is str else ("records", item)
    if isinstance(annotation, type) and issubclass(annotation, Record):
        return "record", annotation
    return _PLAIN_TYPES[annotation], None


_PLAIN_TYPES: Final[Mapping[Any, ColumnType]] = {
    str: "text",
    int: "integer",
    float: "number",
    bool: "boolean",
    datetime: "time",
    date: "date",
}


def _object(columns: Sequence[Column], *, secrets: bool) -> dict[str, Any]:
    shown = [column for column in columns if secrets or not column.secret]
    return {
        "type": "object",
        "properties": {column.name: _json_type(column, secrets=secrets) for column in shown},
    }


def _json_type(column: Column, *, secrets: bool) -> dict[str, Any]:
    if column.record is None:
        return _JSON_TYPES[column.type]
    inner = _object(columns_of(column.record), secrets=secrets)
    return (
        {"type": "array", "items": inner}
        if column.type == "records"
        else {"anyOf": [inner, {"type": "null"}]}
    )


def _arrow_type(pa: Any, column: Column, *, secrets: bool) -> Any:
    if column.record is not None:
        inner = pa.struct(
            [
                (each.name, _arrow_type(pa, each, secrets=secrets))
                for each in columns_of(column.record)
                if secrets or not each.secret
            ]
        )
        return pa.list_(inner) if column.type == "records" else inner
    return {
        "text": pa.string(),
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "time": pa.timestamp("us", tz="UTC"),
        "date": pa.date32(),
        "texts": pa.list_(pa.string()),
        "json": pa.string(),
    }[column.type]
