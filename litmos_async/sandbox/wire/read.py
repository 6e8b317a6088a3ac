"""Reads request bodies with the strictness, and the blind spots, of the service.

XML goes through a reader that walks the elements once against the documented order. An element that comes
after its place has passed is skipped without a word and its field keeps its blank value, so a misplaced
`Active` reads as false (api-facts 2).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeGuard
from xml.etree import ElementTree as ET

from litmos_async.sandbox.wire.schema import Element, Field, Record

_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_JSON_DATE: Final = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_SPACED_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TRUE, _FALSE = {"true", "1"}, {"false", "0"}


class BadBody(Exception):
    """A body that is not what the operation expects: 400."""


class BadDate(Exception):
    """A JSON date in a form that the service does not take: 500 and a page of HTML (api-facts 3)."""


def read_record(body: bytes, content_type: str, element: Element) -> Record:
    """Read the one record of a body; fields that it does not name are blank."""
    if _is_json(content_type):
        return _from_object(_parse_json(body), element)
    return _from_node(_parse_xml(body, element.name), element)


def read_records(body: bytes, content_type: str, root: str, element: Element) -> list[Record]:
    """Read a list of records."""
    if _is_json(content_type):
        rows = _parse_json(body)
        if not _is_array(rows):
            raise BadBody("A JSON array is expected")
        return [_from_object(row, element) for row in rows]
    # Items of another name are unknown elements, and those are skipped.
    return [_from_node(node, element) for node in _parse_xml(body, root) if node.tag == element.name]


def read_labelled(body: bytes, content_type: str, root: str, element: Element) -> dict[str, str]:
    """Read values by their labels: one object in JSON, a list of `fieldname` and text in XML."""
    if not _is_json(content_type):
        return {row["fieldname"]: row["Value"] for row in read_records(body, content_type, root, element)}
    values = read_object(body)
    if not all(isinstance(value, str | None) for value in values.values()):
        raise BadBody("A value is not a text")
    return {label: value or "" for label, value in values.items()}


def read_object(body: bytes) -> Record:
    """Read a JSON object as it is, whatever it holds."""
    value = _parse_json(body)
    if not _is_object(value):
        raise BadBody("A JSON object is expected")
    return value


def _is_json(content_type: str) -> bool:
    kind = content_type.partition(";")[0].strip().lower()
    if kind == "application/json":
        return True
    if kind in {"text/xml", "application/xml"}:
        return False
    raise BadBody(f"Content-Type {kind or 'is missing, and'} says neither XML nor JSON")


def _parse_json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadBody("The body is not JSON") from error


def _from_object(value: Any, element: Element) -> Record:
    if not _is_object(value):
        raise BadBody("A JSON object is expected")
    record = element.blank()
    for field in element.fields:
        item = value.get(field.name)
        if item is None:
            if field.name in value:
                _check_null(field)
            continue
        if field.element is not None:
            record[field.name] = _json_part(item, field, field.element)
        elif isinstance(item, str | int | float):
            record[field.name] = _scalar(field, str(item), from_json=True)
        else:
            raise BadBody(f"{field.name} is not a plain value")
    return record


def _json_part(value: Any, field: Field, element: Element) -> Any:
    if field.kind == "one":
        return _from_object(value, element)
    if not _is_array(value):
        raise BadBody(f"{field.name} is not an array")
    return [_from_object(item, element) for item in value]


def _is_array(value: Any) -> TypeGuard[list[Any]]:
    return isinstance(value, list)


def _is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    return isinstance(value, dict)


class _NoDoctype(ET.TreeBuilder):
    """Refuses a DOCTYPE as it opens, before any entity in it is declared."""

    def doctype(self, *_declaration: str | None) -> None:
        raise BadBody("A DOCTYPE is not allowed")


def _parse_xml(body: bytes, root: str) -> ET.Element:
    parser = ET.XMLParser(target=_NoDoctype())  # noqa: S314 - no DOCTYPE, so no entities
    try:
        parser.feed(body)
        node: ET.Element = parser.close()
    except (ET.ParseError, ValueError, LookupError) as error:
        raise BadBody("The body is not well-formed XML") from error
    if node.tag != root:
        raise BadBody(f"The root element must be {root}, without a namespace")
    return node


def _from_node(node: ET.Element, element: Element) -> Record:
    record = element.blank()
    for field in element.fields:
        if field.kind == "attribute" and field.name in node.attrib:
            record[field.name] = node.attrib[field.name]
        elif field.kind == "content":
            record[field.name] = node.text or ""
    for field, child in _in_order(node, element):
        if child.get(_NIL) in _TRUE:
            _check_null(field)
            record[field.name] = None
        elif field.element is None:
            record[field.name] = _scalar(field, child.text or "")
        elif field.kind == "one":
            record[field.name] = _from_node(child, field.element)
        else:
            record[field.name] = [_from_node(item, field.element) for item in child]
    return record


def _in_order(node: ET.Element, element: Element) -> Iterable[tuple[Field, ET.Element]]:
    """Yield the children that stand where the reader still expects them."""
    next_place = 0
    for child in node:
        place = element.places.get(child.tag, -1)
        if place >= next_place:
            next_place = place + 1
            yield element.fields[place], child


def _check_null(field: Field) -> None:
    if field.kind == "stated":
        raise BadBody(f"{field.name} cannot be null")


def _scalar(field: Field, text: str, *, from_json: bool = False) -> Any:
    try:
        match field.kind:
            case "bool":
                return _bool(text)
            case "int":
                return int(text)
            case "float":
                return float(text)
            case "expiry" if not text:
                return None
            case "date" | "expiry" | "us" | "spaced":
                return _date(field, text, from_json=from_json)
            case _:
                text.encode()  # JSON can smuggle in half a character, which no answer could carry
                return text
    except (ValueError, OverflowError) as error:
        raise BadBody(f"{field.name} cannot be {text!r}") from error


def _bool(text: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError(text)


def _date(field: Field, text: str, *, from_json: bool) -> datetime:
    if field.kind in {"us", "spaced"} and _SPACED_DATE.fullmatch(text):
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    if field.kind == "spaced":
        raise BadDate(text) if from_json else ValueError(text)
    return _json_date(text) if from_json else _xml_date(text)


def _json_date(text: str) -> datetime:
    found = _JSON_DATE.fullmatch(text)
    if not found:
        raise BadDate(text)
    return _EPOCH + timedelta(milliseconds=int(found[1]))


def _xml_date(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
