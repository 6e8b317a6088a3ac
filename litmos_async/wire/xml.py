"""XML ("POX"): order-sensitive elements, `i:nil` for null, no namespace on elements (api-facts 2)."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from enum import Enum
from typing import Any, Final

from lxml import etree

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.record import Record, Wire
from litmos_async.wire import dates
from litmos_async.wire.converter import TEXT, members
from litmos_async.wire.text import REPAIRABLE, REPAIRABLE_TEXT, repaired_xml, text_of

# What libxml2 and the plain data of it spend at most on what such a byte begins: an element, or its end with a
# text; an attribute. In a text it costs nothing, and is counted all the same: an honest page is far below.
_COST: Final = {b"<": 250, b"=": 1_000}

MOST_MEMORY: Final = 128 * 1024 * 1024
"""Bytes that the elements of one answer may take: 1,000 people with 60 fields each take 30 MB."""

_MANY: Final = 20
_ROW: Final = 2
"""How deep a row of a list stands, below its root."""

_ATTRIBUTES: Final = etree.XPath("@*")

_NIL: Final = "{http://www.w3.org/2001/XMLSchema-instance}nil"

_ABOUT_VALUES: Final = (
    "{http://www.w3.org/2001/XMLSchema-instance}",
    "{http://www.w3.org/XML/1998/namespace}",
    "{http://schemas.microsoft.com/2003/10/Serialization/}",
)
"""What such attributes say is how to read a value, as `i:type` and `xml:space` do: they are none themselves."""


def write(value: Record | Sequence[Record], root: str, item: str) -> bytes:
    """Return a record under its root element, or records as items of one.

    Raises:
        ConfigurationError: A value holds a character that XML cannot carry.
    """
    if isinstance(value, Record):
        element = _record(value, root)
    else:
        element = etree.Element(root)
        element.extend(_record(row, item) for row in value)
    return etree.tostring(element, encoding="utf-8")


def _record(record: Record, name: str) -> etree._Element:
    element = etree.Element(name)
    for member, value, fact in members(record):
        if fact and fact.xml == "attribute":
            element.set(member, _text(value, fact))
        elif fact and fact.xml == "text":
            _set_text(element, _text(value, fact), member)
        else:
            _append(element, member, value, fact)
    return element


def _append(parent: etree._Element, name: str, value: Any, fact: Wire | None) -> None:
    if isinstance(value, Record):
        parent.append(_record(value, name))
    elif isinstance(value, list | tuple) and fact:
        wrapper = etree.SubElement(parent, name)
        for row in value:
            if isinstance(row, Record):
                wrapper.append(_record(row, fact.item or row.xml_element or type(row).__name__))
            else:
                _set_text(etree.SubElement(wrapper, fact.item or "string"), _text(row, None), name)
    elif fact:
        _set_text(etree.SubElement(parent, name), _text(value, fact), name)
    else:
        _unknown(parent, name, value)


def _unknown(parent: etree._Element, name: str, value: Any) -> None:
    """Write back a field of no known kind, as it came over either wire."""
    if isinstance(value, list | tuple):
        for row in value:
            _unknown(parent, name, row)
        return
    try:
        element = etree.SubElement(parent, name)
    except ValueError:
        raise ConfigurationError(
            f'XML cannot carry the name of the unknown field {name!r}: pass wire="json"'
        ) from None
    if value is None:
        element.set(_NIL, "true")
    elif isinstance(value, Mapping):
        _unknown_inner(element, name, value)
    else:
        _set_text(element, _text(value, None), name)


def _unknown_inner(element: etree._Element, name: str, value: Mapping[str, Any]) -> None:
    """Write what stands in such a field: beside a text of its own, what `plain` found are attributes."""
    for child, inner in value.items():
        if child == TEXT and not isinstance(inner, Mapping | list | tuple):
            _set_text(element, _text(inner, None), name)
        elif TEXT in value and isinstance(inner, str):
            try:
                element.set(child, inner)
            except ValueError:
                raise ConfigurationError(
                    f'XML cannot carry the attribute {child!r} of the unknown field {name!r}: pass wire="json"'
                ) from None
        else:
            _unknown(element, child, inner)


def _set_text(element: etree._Element, text: str, name: str) -> None:
    try:
        element.text = text or None
    except ValueError:
        # lxml refuses NUL and control characters; its message would quote the value.
        raise ConfigurationError(f"{name} holds a character that XML cannot carry") from None


def _text(value: Any, fact: Wire | None) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return dates.to_query(value) if fact and fact.query_date else dates.to_xml(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return str(value.value)
    return str(value)


def read(body: bytes, content_type: str = "") -> etree._Element:
    """Return the root element of an XML text.

    Entities are not resolved, nothing is fetched, huge trees are refused, and so is any document type:
    the API sends none.

    Args:
        body: The text, in any encoding.
        content_type: The header, for an encoding that it may name.

    Raises:
        DecodeError: It is not XML, not safe, or has more elements than memory should be spent on. The message does
            not quote it, since it may hold a secret.
    """
    root, reason = _read(body, content_type)
    if root is not None:
        return root
    del body  # else it would be shown where errors are reported with the values of local variables
    raise DecodeError(reason)


def _read(body: bytes, content_type: str) -> tuple[etree._Element | None, str]:
    """Return the root, or what is wrong with the text."""
    if sum(body.count(mark) * cost for mark, cost in _COST.items()) > MOST_MEMORY:
        return None, "the answer holds more values than any page of the API"
    try:
        root = _parse(body)
    except etree.XMLSyntaxError as problem:
        reason = f"damaged XML at line {problem.lineno}"
        if len(body) > REPAIRABLE:
            return None, reason
        text = text_of(body, content_type)
        try:
            root = _parse_repaired(text)
        except etree.XMLSyntaxError:
            return None, reason + _place(text)
    document: Any = root.getroottree()
    if document.docinfo.doctype:
        return None, "an XML answer with a document type is refused"
    return root, ""


def _parse(body: bytes) -> Any:
    return etree.fromstring(body, _parser())


def _parse_repaired(text: str) -> Any:
    parser = _parser("utf-8")
    if sys.getsizeof(text) > REPAIRABLE_TEXT:
        raise etree.XMLSyntaxError("too large to repair", 0, 0, 0)
    for part in repaired_xml(text):
        parser.feed(part.encode("utf-8", "replace"))
    return parser.close()


def _place(text: str) -> str:
    """Return which row and which field a text is damaged in, as far as that can be told.

    Of elements that end nowhere the name is not told: it may be a text, of which a "<" was not escaped.
    """
    events: Any = etree.XMLPullParser(("start", "end"), resolve_entities=False, no_network=True)
    rows, field = 0, ""
    with suppress(etree.XMLSyntaxError):
        if sys.getsizeof(text) <= REPAIRABLE_TEXT:
            for part in repaired_xml(text):
                events.feed(part)
    depth = 0
    with suppress(etree.XMLSyntaxError):
        for event, element in events.read_events():
            depth += 1 if event == "start" else -1
            if event == "end":
                element.clear()
                field = field if depth > _ROW else ""
                rows = rows if depth else 0
            elif depth == _ROW:
                rows, field = rows + 1, ""
            elif depth == _ROW + 1:
                field = local_name(element)
    known = f", field {field}" if field and f"</{field}>" in text else ""
    return f", in row {rows}{known}" if rows else ""


def _parser(encoding: str | None = None) -> etree.XMLParser:
    return etree.XMLParser(
        encoding=encoding,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        load_dtd=False,
        dtd_validation=False,
        # Left in, they would end the text of their element.
        remove_comments=True,
        remove_pis=True,
    )


def _children(element: etree._Element) -> Iterator[etree._Element]:
    """Yield the child elements, without comments and processing instructions."""
    return element.iterchildren(etree.Element)


def local_name(element: etree._Element) -> str:
    """Return the name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _attributes(element: etree._Element) -> Iterator[tuple[str, str]]:
    """Yield the attributes with their names, in linear time: `attrib` looks for each value from the first on."""
    if len(element.attrib) < _MANY:
        return iter((str(name), str(value)) for name, value in element.attrib.items())
    values: Any = _ATTRIBUTES(element)
    return iter((str(value.attrname), str(value)) for value in values)


def plain(element: etree._Element) -> Any:
    """Return an element as plain data: None, a text, or a mapping of its children and attributes."""
    if not len(element) and not element.attrib:
        # Nearly all elements of a page are like this.
        return element.text or ""
    if (element.get(_NIL) or "").strip().lower() in {"true", "1"}:
        return None
    found: dict[str, Any] = {
        name.rpartition("}")[2]: value
        for name, value in _attributes(element)
        if not name.startswith(_ABOUT_VALUES)
    }
    attributes = len(found)
    for child in _children(element):
        name, value = local_name(child), plain(child)
        if name not in found:
            found[name] = value
        elif isinstance(found[name], list):
            found[name].append(value)
        else:
            found[name] = [found[name], value]
    if len(found) > attributes:
        return found
    text = element.text or ""
    return {**found, TEXT: text} if found else text


def rows(root: etree._Element) -> Iterator[Any]:
    """Yield the children of a list's root as plain data; one child is a list of one (api-facts 2)."""
    return map(plain, _children(root))


def list_in(root: etree._Element, name: str) -> etree._Element:
    """Return the element that holds the rows: the root, or the one child of that name, as `Ecommerce > Courses`."""
    inner = [child for child in _children(root) if local_name(child) == name]
    return inner[0] if len(inner) == 1 and local_name(root) != name else root
