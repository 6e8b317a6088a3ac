"""Invented rows, and their JSON and XML, written by the test's own hand: it shares no code with the library."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from attrs import define

from litmos_async import models
from tests.contract.catalogue import RECORDS, Field

ISO_IN_JSON = {("User", "CreatedDate"), ("User", "LastLogin")}
"""The two fields that were recorded as ISO text in JSON."""

LIST_ITEMS = {
    "GamificationLearningPathItemList": "GamificationLearningPathItem",
    "GamificationCourseItemList": "GamificationCourseItem",
}
"""Names of the items of lists whose record has no element name of its own."""


@define
class Row:
    """An invented record: its fields by their names on the wire."""

    record: str
    values: dict[str, Any]

    def facts(self) -> Iterator[tuple[Field, Any]]:
        """Yield the fields with their values, in the order of the catalogue."""
        for fact in RECORDS[self.record].fields:
            if fact.wire in self.values:
                yield fact, self.values[fact.wire]

    def model(self) -> models.Record:
        """Return the record of the library."""
        kind: type[models.Record] = getattr(models, self.record)
        return kind(**{fact.attribute: _in_python(value) for fact, value in self.facts()})


def _in_python(value: Any) -> Any:
    if isinstance(value, list):
        return [_in_python(one) for one in value]
    return value.model() if isinstance(value, Row) else value


class Inventor:
    """Invents rows, no two values alike where the type allows."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def row(self, record: str) -> Row:
        """Return a row with a value in every field."""
        return Row(record, {fact.wire: self._value(fact) for fact in RECORDS[record].fields})

    def rows(self, record: str) -> list[Row]:
        """Return two rows; of a date and its span, which exclude one another, each has one."""
        first, second = self.row(record), self.row(record)
        for name in [name for name in first.values if f"{name}Span" in first.values]:
            del first.values[f"{name}Span"], second.values[name]
        return [first, second]

    def _value(self, fact: Field) -> Any:
        if fact.type.startswith("list["):
            return [self._single(fact), self._single(fact)]
        return self._single(fact)

    def _single(self, fact: Field) -> Any:
        number = next(self._numbers)
        if fact.inner in RECORDS:
            return self.row(fact.inner)
        if fact.enum:
            return fact.enum[number % len(fact.enum)]
        moment = datetime(2024, 2, 28, 22, 15, 7, tzinfo=UTC) + timedelta(hours=number)
        return {
            "str": f'{fact.wire} {number}: ä "quoted" & <marked>',
            "int": number,
            "float": number + 0.25,
            "bool": number % 2 == 0,
            "datetime": moment,
            "date": moment.date(),
        }[fact.inner]


# ------------------------------------------------ answers


def answer_json(value: Row | list[Row]) -> bytes:
    """Return the JSON of an answer: a bare object, or a bare array."""
    plain = [_object(row) for row in value] if isinstance(value, list) else _object(value)
    # The server escapes slashes.
    return json.dumps(plain).replace("/", "\\/").encode()


def _object(row: Row) -> dict[str, Any]:
    return {fact.wire: _json_value(row.record, fact, value) for fact, value in row.facts()}


def _json_value(record: str, fact: Field, value: Any) -> Any:
    if isinstance(value, list):
        return [_json_value(record, fact, one) for one in value]
    if isinstance(value, Row):
        return _object(value)
    if isinstance(value, datetime):
        if (record, fact.wire) in ISO_IN_JSON:
            return value.strftime("%Y-%m-%dT%H:%M:%SZ")
        return f"/Date({milliseconds(value)}+0000)/"
    return value.isoformat() if isinstance(value, date) else value


def answer_xml(value: Row | list[Row], root: str, item: str) -> bytes:
    """Return the XML of an answer; `Outer > Inner` is a root within a root."""
    outer, _, inner = root.partition(" > ")
    top = ET.Element(outer, {"xmlns:i": "http://www.w3.org/2001/XMLSchema-instance"})
    place = ET.SubElement(top, inner) if inner else top
    if isinstance(value, list):
        for row in value:
            _fill(ET.SubElement(place, item), row)
    else:
        _fill(place, value)
    return ET.tostring(top)


def _fill(element: ET.Element, row: Row) -> None:
    for fact, value in row.facts():
        if fact.xml == "attribute":
            element.set(fact.wire, _xml_text(value))
        elif fact.xml == "text":
            element.text = _xml_text(value)
        elif isinstance(value, Row):
            _fill(ET.SubElement(element, fact.wire), value)
        elif isinstance(value, list):
            wrapper = ET.SubElement(element, fact.wire)
            for one in value:
                child = ET.SubElement(wrapper, item_name(fact))
                if isinstance(one, Row):
                    _fill(child, one)
                else:
                    child.text = _xml_text(one)
        else:
            ET.SubElement(element, fact.wire).text = _xml_text(value)


def item_name(fact: Field) -> str:
    """Return the XML name of the items of a list field."""
    if fact.wire in LIST_ITEMS:
        return LIST_ITEMS[fact.wire]
    return (RECORDS[fact.inner].xml_element or fact.inner) if fact.inner in RECORDS else "string"


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        # A fraction as the server writes it: as long as need be.
        return value.strftime("%Y-%m-%dT%H:%M:%S") + ".0"
    return value.isoformat() if isinstance(value, date) else str(value)


def milliseconds(moment: datetime) -> int:
    """Return the milliseconds since 1970."""
    return int(moment.timestamp() * 1000)


# ------------------------------------------------ requests, as plain data that both wires can be brought to


def sent_json(body: bytes) -> Any:
    """Return a JSON body as lists of pairs, so that the order of the fields counts."""
    return json.loads(body, object_pairs_hook=list)


def sent_xml(body: bytes) -> tuple[str, Any]:
    """Return the name of an XML body's root, and its content as lists of pairs."""
    root = ET.fromstring(body)
    return root.tag, _pairs(root)


def _pairs(element: ET.Element) -> Any:
    attributes = list(element.attrib.items())
    if len(element):
        return attributes + [(child.tag, _pairs(child)) for child in element]
    return [*attributes, ("#text", element.text or "")] if attributes else element.text or ""


def expected_json(row: Row) -> list[tuple[str, Any]]:
    """Return what a row looks like in a JSON body."""
    return [(fact.wire, _sent_value(row.record, fact, value, "json")) for fact, value in row.facts()]


def expected_xml(row: Row) -> list[tuple[str, Any]]:
    """Return what a row looks like in an XML body."""
    pairs: list[tuple[str, Any]] = []
    for fact, value in row.facts():
        name = "#text" if fact.xml == "text" else fact.wire
        if isinstance(value, list):
            pairs.append((name, [(item_name(fact), expected_xml(one)) for one in value]))
        else:
            pairs.append((name, _sent_value(row.record, fact, value, "xml")))
    return pairs


def _sent_value(record: str, fact: Field, value: Any, wire: str) -> Any:
    if isinstance(value, list):
        return [expected_json(one) for one in value]
    if isinstance(value, datetime):
        if (record, fact.wire) == ("Token", "TokenExpiration"):
            return value.strftime("%Y-%m-%d %H:%M:%S")
        return f"/Date({milliseconds(value)})/" if wire == "json" else value.strftime("%Y-%m-%dT%H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    return _xml_text(value) if wire == "xml" else value
