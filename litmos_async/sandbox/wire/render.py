"""Writes records the way the service does: its JSON, its XML, its dates.

The facts are in api-facts 2 and 3.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final
from xml.sax.saxutils import escape, quoteattr

from litmos_async.sandbox.wire.schema import Element, Field, Record

NAMESPACE: Final = ' xmlns:i="http://www.w3.org/2001/XMLSchema-instance"'

# A carriage return that is not escaped is read back as a line feed.
_ENTITIES: Final = {"\r": "&#xD;"}


def record_to_json(element: Element, record: Record) -> bytes:
    """Write one record as a bare object."""
    return json_text(_plain(element, record))


def list_to_json(element: Element, records: Iterable[Record]) -> bytes:
    """Write records as a bare array."""
    return json_text([_plain(element, record) for record in records])


def json_text(value: Any) -> bytes:
    """Write JSON with the escaped slashes that the recordings show."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("/", "\\/").encode()


def record_to_xml(element: Element, record: Record) -> bytes:
    """Write one record under its own name."""
    return "".join(_tree(element, record, element.name, NAMESPACE)).encode()


def list_to_xml(element: Element, records: Iterable[Record], root: str) -> bytes:
    """Write records inside a root; an empty list is the bare root."""
    return _wrapped(root, _items(element, records), NAMESPACE).encode()


def _plain(element: Element, record: Record) -> Record:
    return {
        field.json_name: _json_value(field, record[field.name])
        for field in element.fields
        if field.name in record  # a field that the record has not is one that this answer does not carry
    }


def _json_value(field: Field, value: Any) -> Any:
    if field.kind == "iso":
        return iso(value)
    if value is None:
        return "" if field.kind == "expiry" else None
    if field.element is None:
        return _JSON_FORMS.get(field.kind, _as_it_is)(value)
    if field.kind == "many":
        return [_plain(field.element, record) for record in value]
    return _plain(field.element, value)


def _as_it_is(value: Any) -> Any:
    return value


def _tree(element: Element, record: Record, name: str, extra: str = "") -> Iterator[str]:
    attributes = "".join(
        f" {field.name}={quoteattr(str(record[field.name]), _ENTITIES)}"
        for field in element.fields
        if field.kind == "attribute"
    )
    yield f"<{name}{extra}{attributes}>"
    for field in element.fields:
        if field.name in record and field.kind != "attribute":
            yield from _xml_field(field, record[field.name])
    yield f"</{name}>"


def _xml_field(field: Field, value: Any) -> Iterator[str]:
    if field.kind == "content":
        yield escape(value, _ENTITIES)
    elif value is None and field.kind not in {"iso", "expiry"}:
        yield f'<{field.name} i:nil="true"/>'
    else:
        yield _xml_value(field, value)


def _xml_value(field: Field, value: Any) -> str:
    if field.kind == "texts":
        return _wrapped(field.name, "".join(_wrapped("string", escape(text, _ENTITIES)) for text in value))
    if field.element is None:
        return _wrapped(field.name, escape(_xml_text(field, value), _ENTITIES))
    if field.kind == "many":
        return _wrapped(field.name, _items(field.element, value))
    return "".join(_tree(field.element, value, field.name))


def _items(element: Element, records: Iterable[Record]) -> str:
    return "".join(part for record in records for part in _tree(element, record, element.name))


def _wrapped(name: str, inside: str, extra: str = "") -> str:
    return f"<{name}{extra}>{inside}</{name}>" if inside else f"<{name}{extra}/>"


def _xml_text(field: Field, value: Any) -> str:
    match field.kind:
        case "bool":
            return "true" if value else "false"
        case "float":
            return f"{value:.2f}"
        case "date" | "expiry":
            return xml_date(value) if value else ""
        case "iso":
            return iso(value)
        case "us" | "spaced":
            return us_date(value)
        case _:
            return str(value)


def json_date(value: datetime) -> str:
    """Write `/Date(1603756359593+0000)/`."""
    since_epoch = value - datetime(1970, 1, 1, tzinfo=UTC)
    milliseconds = (
        since_epoch.days * 86_400 + since_epoch.seconds
    ) * 1_000 + since_epoch.microseconds // 1_000
    return f"/Date({milliseconds}+0000)/"


def xml_date(value: datetime) -> str:
    """Write `2021-05-11T18:27:24.763`: UTC without a zone, trailing zeros of the fraction cut."""
    whole = f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
    fraction = f"{value.microsecond // 1_000:03}".rstrip("0")
    return f"{whole}.{fraction}" if fraction else whole


def iso(value: datetime | None) -> str:
    """Write `2016-12-20T15:24:16Z`, and nothing for never."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if value else ""


def us_date(value: datetime) -> str:
    """Write `12/31/2025 12:00:00 AM`."""
    moment = value.astimezone(UTC)
    return f"{moment.month}/{moment.day}/{moment.year} {moment.hour % 12 or 12}:{moment:%M:%S %p}"


_JSON_FORMS: Final[dict[str, Callable[[Any], Any]]] = {
    "date": json_date,
    "expiry": json_date,
    "us": us_date,
    "spaced": us_date,
}
