"""What all records have in common: names on the wire, unknown fields, a repr without secrets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import UTC, date, datetime
from enum import Enum
from operator import attrgetter
from typing import Any, ClassVar, Final, Self, get_args

import attrs
from attrs import define, field, frozen

from litmos_async.checks import flags
from litmos_async.errors import ConfigurationError

_REPR_LIMIT: Final = 1_024

MOST_DEPTH: Final = 200
"""Lists and mappings in each other, in a value that is written or turned into plain data: Python has a stack of a
thousand frames, some of them the caller's."""


@frozen(kw_only=True)
class Wire:
    """How one attribute travels.

    Attributes:
        name: XML element and JSON key; empty where it is the attribute's name in Pascal case.
        aliases: Other spellings of the same field, accepted on reading (api-facts 11).
        item: XML element of the items of a list, where it is not that of the item's record.
        xml: Whether the value is an element, an attribute, or the text of the record's own element.
        query_date: The date travels as `yyyy-MM-dd HH:mm:ss` on both wires (api-facts 3).
        read_only: Never written, except as an empty element where `mandatory`.
        mandatory: The element must stand in every write, empty if need be.
        required: A create without it is refused before a request is spent.
        secret: Never shown in a repr, log, error or journal; such an attribute has `repr=False`, too.
        omit_empty: An empty id is left out of a create instead of standing there empty.
    """

    name: str = ""
    aliases: tuple[str, ...] = ()
    item: str | None = None
    xml: str = "element"
    query_date: bool = False
    read_only: bool = False
    mandatory: bool = False
    required: bool = False
    secret: bool = False
    omit_empty: bool = False


_PLAIN: Final = Wire()


def wire(name: str = "", **facts: Any) -> Mapping[str, Wire]:
    """Return the metadata of an attribute that travels in a way of its own."""
    return {"wire": Wire(name=name, **facts)}


class Extra(dict[str, Any]):
    """Fields that the server sent and this version does not know, by their names on the wire.

    They are written back where they stood: the server reads XML in order and drops what comes too late
    (api-facts 2), so `after` keeps the name of the field that preceded each, or None for the first.

    What a create needs and a flag that every write must carry may come empty all the same. A write gives them back
    as they came, so they are remembered here, where a copy of the record finds them.

    Attributes:
        after: Where each unknown field stood.
        lacking: Attributes that a create needs and the server left empty.
        null: Flags that the server gave as null, or left out.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.after: dict[str, str | None] = {}
        self.lacking: frozenset[str] = frozenset()
        self.null: frozenset[str] = frozenset()


@define(kw_only=True, repr=False)
class Record:
    """The base of all records.

    Every attribute but `id` may be None: the server did not say. An `id` is an opaque text, empty as long as
    the server has not given one.

    A repr holds no secrets, nor does what rich prints; a pickled record holds what it holds, passwords and login
    keys too.

    ```python
    user = await litmos.users.get("user@example.com")
    print(user.user_name, user.created_date)  # attributes as the API has them, in snake_case; times in UTC
    user.job_title = "Analyst"
    await litmos.users.update(user)
    print(user.to_dict(), user.extra)  # plain data; what this version does not know
    ```

    Attributes:
        extra: Fields unknown to this version, and values that could not be read as their type, under their
            names on the wire and as they came. They are written back unchanged.
    """

    xml_element: ClassVar[str] = ""
    key: ClassVar[tuple[str, ...]] = ("id",)
    """Attributes that name what a row is about. Two rows of one list may share it and yet be two."""

    # An unknown value may be a secret. rich goes by this flag and not by `__repr__`.
    extra: dict[str, Any] = field(factory=Extra, kw_only=True, repr=False)

    def replace(self, **changes: Any) -> Self:
        """Return a copy with some attributes changed.

        Args:
            changes: Attributes with their new values.
        """
        return attrs.evolve(self, **changes)

    def to_dict(self, *, secrets: bool = False) -> dict[str, Any]:
        """Return plain data, for JSON, a table or a web answer: texts, numbers, lists and dicts, nothing else.

        ```python
        rows = [user.to_dict() async for user in litmos.users.list_details()]
        ```

        The keys are the attributes in their order, and `extra` at the end: the same for all records of a class,
        whatever the server said. Times are texts by ISO 8601 in UTC (`2024-05-01T06:30:00Z`), days `2024-05-01`;
        members of enumerations are their values, records and lists of them are plain data too.

        Args:
            secrets: True keeps passwords and log-in links, which are credentials. False leaves their keys out, in
                records within and in unknown fields too.

        Raises:
            ConfigurationError: A time has no zone, a value is nested too deep, or `secrets` is neither True nor
                False.
        """
        flags(secrets=secrets)
        found = {
            attribute.name: plain_value(getattr(self, attribute.name), attribute.name, secrets=secrets)
            for attribute, fact in fields_of(type(self))
            if secrets or not fact.secret
        }
        return found | {"extra": plain_value(self.extra, "extra", secrets=secrets)}

    def __repr__(self) -> str:
        # Secrets never; None says nothing; and no repr longer than a screen.
        shown = ", ".join(
            f"{attribute.name}={value!r}"
            for attribute, fact in fields_of(type(self))
            if (value := getattr(self, attribute.name)) is not None and not fact.secret
        )
        if self.extra:
            shown += f", extra={sorted(self.extra)}"
        text = f"{type(self).__name__}({shown})"
        return text if len(text) <= _REPR_LIMIT else text[: _REPR_LIMIT - 1] + "…"


SECRET_NAMES: Final = frozenset({"loginkey", "password"})
"""Wire names of secrets in lower case: in one record or another they may come as an unknown field."""


def plain_value(value: Any, name: str, *, secrets: bool, depth: int = 0) -> Any:
    """Return a value as plain data: the rule of `Record.to_dict`, and of the rows of exports.

    Args:
        value: A value of an attribute.
        name: The attribute, for the error.
        secrets: Whether secrets within it are kept.
        depth: In how many lists and mappings it is.

    Raises:
        ConfigurationError: A time has no zone, or the value is nested too deep.
    """
    if depth > MOST_DEPTH:
        raise ConfigurationError(f"{name} is nested too deep")
    if isinstance(value, Record):
        return value.to_dict(secrets=secrets)
    if isinstance(value, Mapping):
        return {
            str(key): plain_value(each, name, secrets=secrets, depth=depth + 1)
            for key, each in value.items()
            if secrets or str(key).lower() not in SECRET_NAMES
        }
    if isinstance(value, list | tuple):
        return [plain_value(each, name, secrets=secrets, depth=depth + 1) for each in value]
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ConfigurationError(f"{name} has no time zone: it is not known which moment is meant")
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


class Tree(Record):
    """A row that holds others, of which a page may have a part only: what counts are its leaves.

    No source says whether the offsets of such a list count rows or leaves.
    """

    @property
    def leaves(self) -> tuple[str, ...]:
        """What tells its leaves from others; empty where it has none."""
        raise NotImplementedError

    @property
    def last_leaves(self) -> tuple[str, ...]:
        """The last leaf of each of its branches; empty where it has none."""
        raise NotImplementedError

    def only(self, leaves: Collection[str]) -> Self:
        """Return the row with these of its leaves alone."""
        raise NotImplementedError


def fields_of(record: type[Record]) -> tuple[tuple[attrs.Attribute[Any], Wire], ...]:
    """Return the attributes of a record with their facts, in wire order."""
    if record not in _fields:
        _fields[record] = tuple(_read_fields(record))
    return _fields[record]


def _read_fields(record: type[Record]) -> Iterator[tuple[attrs.Attribute[Any], Wire]]:
    # Annotations are strings (from __future__ import annotations): resolve them once a class.
    attrs.resolve_types(record)
    for attribute in attrs.fields(record):
        if attribute.name == "extra":
            continue
        fact: Wire = attribute.metadata.get("wire", _PLAIN)
        yield attribute, fact if fact.name else attrs.evolve(fact, name=pascal(attribute.name))


_fields: dict[type[Record], tuple[tuple[attrs.Attribute[Any], Wire], ...]] = {}


def pascal(attribute: str) -> str:
    """Return the name on the wire of a regular attribute: `user_name` -> `UserName`."""
    return "".join(part[0].upper() + part[1:] for part in attribute.split("_") if part)


def key_of(row: Record) -> tuple[Any, ...] | None:
    """Return what identifies a row, or None where its record has nothing of the kind."""
    return tuple(getattr(row, name) for name in row.key) if row.key else None


def content_of(row: Record) -> tuple[Any, ...]:
    """Return all that a row holds but its secrets, which change by themselves: log-in links do (api-facts 8)."""
    kind = type(row)
    if kind not in _contents:
        fields = fields_of(kind)
        names = [attribute.name for attribute, fact in fields if not fact.secret]
        _contents[kind] = attrgetter(*names, "extra"), any(_holds_records(each.type) for each, _ in fields)
    values, nested = _contents[kind]
    # The repr of a record is cut at a screen's length, so those inside are unfolded.
    return tuple(map(_unfolded, values(row))) if nested else values(row)


def _unfolded(value: Any) -> Any:
    if isinstance(value, Record):
        return content_of(value)
    return [_unfolded(item) for item in value] if isinstance(value, list) else value


def _holds_records(kind: Any) -> bool:
    return (isinstance(kind, type) and issubclass(kind, Record)) or any(map(_holds_records, get_args(kind)))


_contents: dict[type[Record], tuple[Callable[[Record], tuple[Any, ...]], bool]] = {}


def check_class(row: object, kind: type[Record], hint: str = "") -> None:
    """Refuse to write anything but a record of that class.

    A row of a list often looks like the record and has its id, but not all of its attributes: written in its
    place it would blank them.

    Raises:
        ConfigurationError: It is something else. Only classes are named: the values may be secrets.
    """
    if not isinstance(row, kind):
        text = f"this takes {kind.__name__}, not {type(row).__name__}"
        raise ConfigurationError(f"{text}: {hint}" if hint else text)
    check_extra(row)


def check_extra(record: Record) -> None:
    """Refuse unknown fields that are none.

    Raises:
        ConfigurationError: They are no mapping, or a name in it is no text.
    """
    extra: object = record.extra
    if not isinstance(extra, Mapping) or not all(isinstance(name, str) for name in extra):
        raise ConfigurationError(f"{type(record).__name__}.extra must be a mapping whose keys are texts")
