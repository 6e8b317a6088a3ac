"""The catalogue of the API as the contract tests read it: `operations.yaml` and `records.yaml` beside this file."""

from __future__ import annotations

import re
from typing import Any

from attrs import field, frozen

from tests.support.catalogue_files import read


@frozen
class Shape:
    """A body or an answer."""

    record: str | None
    list: bool
    xml_root: str | None
    xml_item: str | None
    json: str
    json_seen: str = "no"


@frozen
class Entry:
    """One operation."""

    id: str
    method: str | None
    path: str | None
    paged: bool
    success: list[int]
    idempotent: bool
    query: dict[str, dict[str, Any]]
    request: Shape | None
    response: Shape | None
    alias_of: str | None

    @property
    def family(self) -> str:
        """The attribute of the client."""
        return self.id.partition(".")[0]

    @property
    def name(self) -> str:
        """The method of the family."""
        return self.id.partition(".")[2]

    @property
    def placeholders(self) -> list[str]:
        """The names in the path."""
        return re.findall(r"\{(\w+)\}", self.path or "")


@frozen
class Field:
    """One field of a record."""

    wire: str
    type: str
    enum: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    xml: str = "element"
    secret: bool = False
    read_only: bool = False
    write_only: bool = False
    mandatory_element: bool = False
    required_on_create: bool = False
    ignored_on_create: bool = False

    @property
    def attribute(self) -> str:
        """The name in Python: `IPAddress` -> `ip_address`."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", self.wire).lower()

    @property
    def inner(self) -> str:
        """The type of the items of a list, or the type."""
        return self.type.removeprefix("list[").removesuffix("]")


@frozen
class RecordFacts:
    """One record."""

    name: str
    xml_element: str | None
    fields: list[Field] = field(factory=list)


def _shape(raw: dict[str, Any] | None) -> Shape | None:
    return Shape(**raw) if raw else None


def _entry(raw: dict[str, Any]) -> Entry:
    return Entry(
        id=raw["id"],
        method=raw["method"],
        path=raw["path"],
        paged=raw["paged"],
        success=raw["success"],
        idempotent=raw["idempotent"],
        query=raw["query"],
        request=_shape(raw["request"]),
        response=_shape(raw["response"]),
        alias_of=raw.get("alias_of"),
    )


def _field(raw: dict[str, Any]) -> Field:
    facts: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in raw.items()
        if name not in {"max_length", "nullable", "notes"}
    }
    return Field(**facts)


def _records(raw: dict[str, dict[str, Any]]) -> dict[str, RecordFacts]:
    return {
        name: RecordFacts(name, record["xml_element"], [_field(one) for one in record["fields"]])
        for name, record in raw.items()
    }


ALL: list[Entry] = [_entry(raw) for raw in read("operations.yaml")]
"""Every entry, recipes and second titles too."""

STORE: list[Entry] = [entry for entry in ALL if entry.family == "xapi"]
"""The calls of the learning record store, a service of its own."""

CALLS: list[Entry] = [
    entry for entry in ALL if entry.alias_of is None and entry.method and entry.family != "xapi"
]
"""The entries that are a call of their own, of the API."""

RECORDS: dict[str, RecordFacts] = _records(read("records.yaml"))
