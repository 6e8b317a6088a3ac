"""JSON: bare arrays and bare objects, dates as `/Date(ms)/` (api-facts 2 and 3)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.record import Record, Wire
from litmos_async.wire import dates
from litmos_async.wire.converter import members


def write(value: Record | Sequence[Record], labels: tuple[str, str] | None = None) -> bytes:
    """Return a record as a bare object, or records as a bare array.

    Args:
        value: The record or records.
        labels: Write the records as one object instead: the names of the fields with its keys and values.
    """
    plain: Any = _plain(value) if isinstance(value, Record) else [_plain(row) for row in value]
    if labels is not None:
        name, content = labels
        plain = {row[name]: row.get(content, "") for row in plain}
    return dump(plain)


def dump(plain: Any) -> bytes:
    """Return plain data as JSON.

    Raises:
        ConfigurationError: A text cannot be encoded.
    """
    text = json.dumps(plain, ensure_ascii=False, separators=(",", ":"), default=_date)
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError("a text holds half a character, which cannot be sent") from None


def _plain(record: Record) -> dict[str, Any]:
    return {name: _member(value, fact) for name, value, fact in members(record)}


def _member(value: Any, fact: Wire | None) -> Any:
    if isinstance(value, Record):
        return _plain(value)
    if isinstance(value, list):
        return [_member(row, None) for row in value]
    if isinstance(value, datetime) and fact and fact.query_date:
        return dates.to_query(value)
    return value


def _date(value: Any) -> str:
    if isinstance(value, datetime):
        return dates.to_json(value)
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def read(body: bytes) -> Any:
    """Return the plain data of a JSON text.

    Raises:
        DecodeError: It is not JSON. The message does not quote it, since it may hold a secret.
    """
    try:
        return json.loads(body.removeprefix(b"\xef\xbb\xbf"), parse_constant=_refuse)
    except json.JSONDecodeError as problem:
        reason = f"damaged JSON at character {problem.pos}"
    except (ValueError, RecursionError):
        reason = "damaged JSON"
    del body  # else it would be shown where errors are reported with the values of local variables
    raise DecodeError(reason)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


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
