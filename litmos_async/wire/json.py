"""JSON: bare arrays and bare objects, dates as `/Date(ms)/` (api-facts 2 and 3)."""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime
from typing import Any, Final

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.record import Record, Wire
from litmos_async.wire import dates
from litmos_async.wire.converter import members
from litmos_async.wire.text import (
    MOST_TEXT,
    REPAIRABLE,
    REPAIRABLE_TEXT,
    clean_plain,
    repaired_json,
    suspicious_json,
    text_of,
)
from litmos_async.wire.values import problem_of

# What CPython spends at most on what such a byte begins: a mapping of one key, a list, a key with its place in the
# mapping, a value. In a text it costs nothing, and is counted all the same: an honest page is far below.
_COST: Final = {b"{": 200, b"[": 90, b":": 150, b",": 90}

_BEGIN: Final = re.compile(r"\s*\[\s*")
_NEXT: Final = re.compile(r"\s*,\s*")
_FIELD: Final = re.compile(r'"([A-Za-z]\w{0,40})"\s*:')

MOST_MEMORY: Final = 64 * 1024 * 1024
"""Bytes that the values of one answer may take: 1,000 people with 60 fields each take 15 MB."""


def write(
    value: Record | Sequence[Record],
    labels: tuple[str, str] | None = None,
    *,
    time: Callable[[datetime], str] = dates.to_json,
) -> bytes:
    """Return a record as a bare object, or records as a bare array.

    Args:
        value: The record or records.
        labels: Write the records as one object instead: the names of the fields with its keys and values.
        time: How a time is written.
    """
    plain: Any = _plain(value) if isinstance(value, Record) else [_plain(row) for row in value]
    if labels is not None:
        name, content = labels
        plain = {row[name]: row.get(content, "") for row in plain}
    return _dumped(plain, time)


def dump(plain: Any, name: str, *, time: Callable[[datetime], str] = dates.to_json) -> bytes:
    """Return plain data as JSON.

    Args:
        plain: The data.
        name: What it is, for the error.
        time: How a time is written.

    Raises:
        ConfigurationError: It holds what JSON cannot carry, or is nested too deep.
    """
    if problem := problem_of(plain, name):
        raise ConfigurationError(problem)
    return _dumped(plain, time)


def _dumped(plain: Any, time: Callable[[datetime], str]) -> bytes:
    def other(value: Any) -> Any:
        if isinstance(value, datetime):
            return time(value)
        if isinstance(value, date):
            return value.isoformat()
        return dict(value) if isinstance(value, Mapping) else value.value  # of an enumeration

    text = json.dumps(plain, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=other)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("a text holds a lone surrogate, which cannot be sent") from None


def _plain(record: Record) -> dict[str, Any]:
    return {name: _member(value, fact) for name, value, fact in members(record)}


def _member(value: Any, fact: Wire | None) -> Any:
    if isinstance(value, Record):
        return _plain(value)
    if isinstance(value, list | tuple):
        return [_member(row, None) for row in value]
    if isinstance(value, datetime) and fact and fact.query_date:
        return dates.to_query(value)
    return value


def read(body: bytes, content_type: str = "") -> Any:
    """Return the plain data of a JSON text.

    Args:
        body: The text, in any encoding.
        content_type: The header, for an encoding that it may name.

    Raises:
        DecodeError: It is not JSON, or has more values than memory should be spent on. The message does not quote
            it, since it may hold a secret.
    """
    plain, reason = _read(body, content_type)
    if not reason:
        return plain
    del body  # else it would be shown where errors are reported with the values of local variables
    raise DecodeError(reason)


def _read(body: bytes, content_type: str) -> tuple[Any, str]:
    """Return the data, or what is wrong with the text."""
    if sum(body.count(mark) * cost for mark, cost in _COST.items()) > MOST_MEMORY:
        # Before parsing: the parser has no bound of its own, and holds up everything else meanwhile.
        return None, "the answer holds more values than any page of the API"
    text = text_of(body, content_type)
    if sys.getsizeof(text) > MOST_TEXT:
        return None, "the answer is too large a text"
    try:
        return _parse(text), ""
    except ValueError as problem:
        reason = _damage(problem)
    except RecursionError:
        return None, "damaged JSON: nested too deep"
    if len(body) <= REPAIRABLE and sys.getsizeof(text) <= REPAIRABLE_TEXT:
        repaired = "".join(repaired_json(text))
        with suppress(ValueError, RecursionError):
            return _parse(repaired, parse_int=_number), ""
        reason += _place(repaired)
    return None, reason


def _parse(text: str, **hooks: Any) -> Any:
    # Not strict: a raw control character costs itself, and not the list; so does NaN, which stays a text.
    plain = json.loads(text, strict=False, parse_constant=str, parse_float=_finite, **hooks)
    return clean_plain(plain) if suspicious_json(text) else plain


def _damage(problem: ValueError) -> str:
    where = f" at character {problem.pos}" if isinstance(problem, json.JSONDecodeError) else ""
    return f"damaged JSON{where}"


def _place(text: str) -> str:
    """Return which row and which field a list is damaged in; nothing of what is no list."""
    decoder = json.JSONDecoder(strict=False, parse_int=_number)
    row, start, after = 0, 0, _BEGIN.match(text)
    try:
        while after:
            row, start = row + 1, after.end()
            after = _NEXT.match(text, decoder.raw_decode(text, start)[1])
    except json.JSONDecodeError as problem:
        *_, field = "", *(found[1] for found in _FIELD.finditer(text, start, problem.pos))
        return f", in row {row}" + (f", field {field}" if field else "")
    except RecursionError:
        return f", in row {row}"
    return f", behind row {row}" if row else ""


def _finite(text: str) -> float | str:
    """Read a number with a point or an exponent; one that no float can hold stays a text, and can be written."""
    number = float(text)
    return number if math.isfinite(number) else text


def _number(text: str) -> int | str:
    """Read a whole number; one of thousands of digits, which Python refuses, stays a text."""
    try:
        return int(text)
    except ValueError:
        return text


def unwrap(plain: Any, item: str) -> Any:
    """Return the rows of a list that came wrapped in an object.

    The rule is a bare array; one document describes `{"User": [...]}`, and no recording agrees (api-facts 2).
    """
    while isinstance(plain, Mapping):
        if item in plain and isinstance(plain[item], list | Mapping):
            plain = plain[item]
        elif len(plain) == 1 and isinstance(only := next(iter(plain.values())), list | Mapping):
            plain = only
        else:
            # A list of one that came as its only row.
            return [plain]
    return plain
