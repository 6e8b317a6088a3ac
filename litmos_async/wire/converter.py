"""Records to and from plain data. One set of rules for JSON and XML.

Both wires are first brought to the same plain form (texts, numbers, mappings, lists), in which JSON has some
types and XML has none. So every rule accepts both: `true` and `"true"`, `5` and `"5.0"`.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from enum import Enum
from functools import cache
from types import NoneType
from typing import Any, Final, TypeGuard, TypeVar, cast, get_args, get_origin

from attrs import Attribute
from cattrs import Converter

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.record import Extra, Record, Wire, check_extra, fields_of
from litmos_async.wire.dates import JsonDates, parse_date, parse_datetime
from litmos_async.wire.values import problem_of

R = TypeVar("R", bound=Record)
Hook = Callable[[Any, Any], Any]

_EMPTY: Final[tuple[Any, ...]] = (None, "", [])
_NULL: Final = object()
_FLAG: Final[Any] = bool | None

TEXT: Final = "#text"
"""Key of an element's own text in plain data, where the element also has attributes."""

# Only with its semicolon: a link may hold "&copy=1", which html.unescape alone would turn into a sign.
_ENTITY: Final = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")


# ------------------------------------------------ scalars: ValueError means "not of this type"


def _text(value: Any, _: Any = None) -> str:
    if isinstance(value, str):
        # After parsing, value by value: unescaping a whole JSON text would break it at &quot; (api-facts 2).
        return _ENTITY.sub(lambda match: html.unescape(match[0]), value) if "&" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        # OriginalId is a number in some records and a text in others (api-facts 2).
        return str(value)
    raise ValueError("not a text")


def _boolean(value: Any, _: Any = None) -> bool:
    known = {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())
    if known is None:
        raise ValueError("not a truth value")
    return known


def _integer(value: Any, _: Any = None) -> int:
    number = _number(value)
    if not number.is_integer():
        raise ValueError("not a whole number")
    # Straight from the text where that works: a float has 53 bits only.
    return int(value) if not isinstance(value, str) or value.strip().lstrip("+-").isdigit() else int(number)


def _number(value: Any, _: Any = None) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("not a number")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _enumeration(value: Any, kind: type[Enum]) -> Any:
    """Return the known member, or the value as it came: no set of the API is closed."""
    plain = _integer(value) if issubclass(kind, int) else _text(value)
    try:
        return kind(plain)
    except ValueError:
        return plain


# ------------------------------------------------ reading


@cache
def converter_for(json_dates: JsonDates = "wall_clock") -> Converter:
    """Return the converter that reads records, for one way of reading JSON dates."""
    converter = Converter()
    scalars: dict[type[Any], Hook] = {
        str: _text,
        bool: _boolean,
        int: _integer,
        float: _number,
        datetime: lambda value, _: parse_datetime(_text(value), json_dates),
        date: lambda value, _: parse_date(_text(value)),
    }
    for kind, hook in scalars.items():
        converter.register_structure_hook(kind, hook)
    converter.register_structure_hook_factory(_is_optional, lambda kind: _optional_hook(kind, converter))
    converter.register_structure_hook_factory(_is_list, lambda kind: _list_hook(kind, converter))
    converter.register_structure_hook_factory(_is_record, lambda kind: _record_hook(kind, converter))
    return converter


def _is_enumeration(kind: Any) -> TypeGuard[type[Enum]]:
    return isinstance(kind, type) and issubclass(kind, Enum)


def _is_optional(kind: Any) -> bool:
    return NoneType in get_args(kind)


def _is_list(kind: Any) -> bool:
    return get_origin(kind) is list


def _is_record(kind: Any) -> TypeGuard[type[Record]]:
    return isinstance(kind, type) and issubclass(kind, Record)


def _is_single(kind: Any) -> bool:
    """Return whether a value is a single one, such as a text, and not several or a record."""
    return not any(_is_list(each) or _is_record(each) for each in (kind, *get_args(kind)))


def _optional_hook(kind: Any, converter: Converter) -> Hook:
    """Return the hook of `X | None`; in `AccessLevel | str | None` the first one decides."""
    inner = next(member for member in get_args(kind) if member is not NoneType)
    # Not from the converter, whose hook of `str` also takes the enumerations that are texts.
    hook: Hook = cast(Hook, _enumeration) if _is_enumeration(inner) else converter.get_structure_hook(inner)
    if inner is str:
        return hook
    # An empty text is no number, date or flag: the field is empty (api-facts 2).
    return lambda value, _: None if value == "" else hook(value, inner)


def _has_fields(value: Any) -> bool:
    """Return whether plain data is a row, or several."""
    return isinstance(value, Mapping | list)


def _list_hook(kind: Any, converter: Converter) -> Hook:
    (inner,) = get_args(kind)
    hook = converter.get_structure_hook(inner)
    names = {fact.name.lower() for _, fact in fields_of(inner)} if _is_record(inner) else set[str]()

    def is_row(value: Any) -> bool:
        """Return whether a mapping is no wrapper but the only row of a list."""
        return isinstance(value, Mapping) and any(
            str(name).lower() in names and not isinstance(inside, Mapping | list)
            for name, inside in value.items()
        )

    def structure(value: Any, _: Any = None) -> list[Any]:
        # Tags and topics are a text in one source and a list in another (api-facts 11).
        if bool(value) if inner is str and isinstance(value, str) else is_row(value):
            rows = [value]
        elif names and isinstance(value, Mapping) and any(map(_has_fields, value.values())):
            # The texts beside rows are attributes of the element around them.
            rows = rows_of({name: row for name, row in value.items() if not isinstance(row, str)})
        else:
            rows = rows_of(value)
        # What is null in a list says nothing, nor does an empty element that should be a record.
        return [hook(row, inner) for row in rows if row is not None and (row != "" or inner is str)]

    return structure


def _known_fields(record: type[Record], converter: Converter) -> dict[str, tuple[str, Any, Hook, bool]]:
    """Return the attribute, type and hook of each field, and whether it is a single value; by lower-case name."""
    known: dict[str, tuple[str, Any, Hook, bool]] = {}
    for attribute, fact in fields_of(record):
        hook = converter.get_structure_hook(attribute.type)
        entry = (attribute.name, attribute.type, hook, _is_single(attribute.type))
        for name in (fact.name, *fact.aliases, *([TEXT] if fact.xml == "text" else [])):
            known[name.lower()] = entry
    return known


def _record_hook(record: type[R], converter: Converter) -> Hook:
    """Return the hook of one record: known fields by name, everything else into `extra`."""
    known = _known_fields(record, converter)
    required = [attribute.name for attribute, fact in fields_of(record) if fact.required]
    flags = {attribute.name for attribute, fact in fields_of(record) if _is_flag(attribute, fact)}

    def structure(raw: Any, _: Any = None) -> R:
        if not isinstance(raw, Mapping):
            raise ValueError(f"not a {record.__name__}")
        values: dict[str, Any] = {}
        extra = Extra()
        null: set[str] = set()
        came: set[str] = set()
        previous: str | None = None
        for name, value in raw.items():
            entry = known.get(str(name).lower())
            try:
                if entry is None:
                    raise ValueError("unknown field")
                attribute, kind, hook, single = entry
                came.add(attribute)
                # The attributes of a known element mean nothing.
                inner = value[TEXT] if single and type(value) is dict and TEXT in value else value
                read = None if inner is None else hook(inner, kind)
                # Of two spellings of one field, the one that says something wins.
                if read is not None and (read not in _EMPTY or attribute not in values):
                    values[attribute] = read
                elif attribute in flags:
                    null.add(attribute)
            except (ValueError, OverflowError):
                # Unknown, or not of its type: nothing is lost, and one odd value does not cost a whole page.
                extra[name] = value
                extra.after[name] = previous
            previous = name
        extra.null = frozenset(null | (flags - came))
        extra.lacking = frozenset(name for name in required if values.get(name) in _EMPTY)
        return record(extra=extra, **values)

    return structure


def rows_of(value: Any) -> list[Any]:
    """Return the rows of a list in any of its wrappings.

    A bare array; a wrapper element with its children, of which a single one is no list in plain data; an
    empty element or null.
    """
    if value is None or value == "":
        return []
    if isinstance(value, Mapping):
        children: list[Any] = []
        for child in value.values():
            children.extend(child if isinstance(child, list) else [child])
        return children
    if isinstance(value, list):
        return value
    raise ValueError("not a list")


def structure(
    plain: Any, record: type[R], json_dates: JsonDates = "wall_clock", what: str = "the answer"
) -> R:
    """Return the record that plain data stands for.

    Args:
        plain: The data.
        record: The class.
        json_dates: How JSON dates are read.
        what: What the data is, for the error.

    Raises:
        DecodeError: It is no mapping of fields.
    """
    try:
        found: R = converter_for(json_dates).structure(plain, record)
    except ValueError as problem:
        reason = f"{what} is {problem}"
    else:
        return found
    del plain  # else it would be shown where errors are reported with the values of local variables
    raise DecodeError(reason)


def check_known(plain: Any, record: type[Record], what: str = "the answer") -> None:
    """Check that a mapping holds a field of the record, whatever its value.

    A message that came with a status of success would make a record in which everything is empty.

    Args:
        plain: What came.
        record: The class of the record.
        what: What it is, for the error.

    Raises:
        DecodeError: It holds none.
    """
    if isinstance(plain, Mapping):
        if record not in _known_names:
            names = (name for _, fact in fields_of(record) for name in (fact.name, *fact.aliases, TEXT))
            _known_names[record] = frozenset(map(str.lower, names))
        known = _known_names[record]
        if not any(str(name).lower() in known for name in plain):
            raise DecodeError(f"{what} holds nothing of a {record.__name__}")


_known_names: dict[type[Record], frozenset[str]] = {}


# ------------------------------------------------ writing


def members(record: Record) -> Iterator[tuple[str, Any, Wire | None]]:
    """Yield what is written of a record, in wire order: name, value, and the facts of a known field.

    None is left out, since the server fills what is missing; a read-only field stands empty where its element
    is mandatory and is left out elsewhere; unknown fields stand where they stood.

    A mandatory flag that came as null, or did not come, goes back as null, under no facts.

    Raises:
        ConfigurationError: A mandatory flag is None otherwise: the server would read a missing one as false. Or a
            value cannot be sent.
    """
    check_extra(record)
    problems = (problem_of(value, f"{type(record).__name__}.{what}") for value, what in _values(record))
    if problem := next(filter(None, problems), ""):
        raise ConfigurationError(problem)
    unknown = _Unknown(record)
    yield from unknown.after(None)
    for attribute, fact in fields_of(type(record)):
        value = _written(record, attribute, fact)
        if value is _NULL:
            yield fact.name, None, None
        elif value is not None:
            # A list or an element with others in it that could not be read is of no known kind.
            odd = isinstance(value, Mapping) or (
                isinstance(value, list) and value is record.extra.get(fact.name)
            )
            yield fact.name, value, None if odd else fact
        for spelling in (fact.name, *fact.aliases):
            yield from unknown.after(spelling)
    yield from unknown.rest()


def _values(record: Record) -> Iterator[tuple[Any, str]]:
    """Yield what may be written of a record, and what it is; records within are checked where they are written."""
    for attribute, fact in fields_of(type(record)):
        if not fact.read_only:
            value = getattr(record, attribute.name)
            rows = value if isinstance(value, list | tuple) else [value]
            yield [row for row in rows if not isinstance(row, Record)], attribute.name
    for name, value in record.extra.items():
        yield value, f"extra[{name!r}]"


def _is_flag(attribute: Attribute[Any], fact: Wire) -> bool:
    return fact.mandatory and "bool" in str(attribute.type)


def _written(record: Record, attribute: Attribute[Any], fact: Wire) -> Any:
    """Return what is written of one attribute, or None where it is left out."""
    if fact.read_only:
        return "" if fact.mandatory else None
    value = getattr(record, attribute.name)
    if attribute.type == _FLAG and not isinstance(value, bool | None):
        # The server could take "no" for either.
        raise ConfigurationError(
            f"{type(record).__name__}.{attribute.name} must be True or False, not {type(value).__name__}"
        )
    if value is None or value == []:
        # A value that could not be read as its type goes back as it came.
        value = record.extra.get(fact.name, value)
    if value is None and fact.mandatory:
        if _is_flag(attribute, fact):
            if isinstance(record.extra, Extra) and attribute.name in record.extra.null:
                return _NULL
            raise ConfigurationError(
                f"{type(record).__name__}.{attribute.name} must be True or False: the server would read a "
                "missing one as false"
            )
        return ""
    return None if value == [] or (value == "" and fact.omit_empty) else value


class _Unknown:
    """The unknown fields of a record, each handed out once, behind the field that preceded it."""

    def __init__(self, record: Record) -> None:
        self._values = record.extra
        places = record.extra.after if isinstance(record.extra, Extra) else {}
        known = {fact.name for _, fact in fields_of(type(record))}
        self._waiting: dict[str | None, list[str]] = {}
        for name in record.extra:
            if name not in known:
                self._waiting.setdefault(places.get(name, ""), []).append(name)

    def after(self, place: str | None) -> Iterator[tuple[str, Any, None]]:
        for name in self._waiting.pop(place, []):
            yield name, self._values[name], None
            yield from self.after(name)

    def rest(self) -> Iterator[tuple[str, Any, None]]:
        """Those whose place is not known, such as fields that the caller added."""
        for place in list(self._waiting):
            yield from self.after(place)


def missing(record: Record, *, update: bool = False) -> list[str]:
    """Return the attributes that a create needs and this record lacks.

    Args:
        record: What is to be written.
        update: Whether it is there already: then what the server itself left empty may stay so.
    """
    allowed = record.extra.lacking if update and isinstance(record.extra, Extra) else ()
    return [
        attribute.name
        for attribute, fact in fields_of(type(record))
        # A value that could not be read as its type goes back as it came.
        if fact.required
        and attribute.name not in allowed
        and getattr(record, attribute.name) in _EMPTY
        and not record.extra.get(fact.name)
    ]


def secrets_of(record: Record) -> Iterator[str]:
    """Yield the secret values of a record, so that they can be kept out of what is shown."""
    for attribute, fact in fields_of(type(record)):
        value = getattr(record, attribute.name)
        if fact.secret and value:
            yield str(value)


def has_dates(record: Record) -> bool:
    """Return whether writing the record would carry a date: then XML is the safer wire (api-facts 3)."""
    for _, value, _ in members(record):
        if isinstance(value, date):
            return True
        if isinstance(value, list) and any(isinstance(row, Record) and has_dates(row) for row in value):
            return True
    return False
