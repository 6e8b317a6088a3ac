"""What is answered to an assistant: pages of plain data, bounded, without keys and log-in links."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from litmos_async.errors import ConfigurationError
from litmos_async.models import Record

__all__ = ["LONGEST_PAGE", "MOST_BYTES", "page_of", "short"]

LONGEST_PAGE: Final = 50
"""Rows of a page at most."""

MOST_BYTES: Final = 32 * 1024
"""Bytes of the rows of a page at most, as JSON."""

_LONGEST_TEXT: Final = 300

_NEVER: Final = frozenset({"login_key", "password", "extra"})
"""Never told, whatever asks for it: `extra` may hold a field that no version of this library knows."""


def plain(row: Record | Mapping[str, Any], fields: Sequence[str] = ()) -> dict[str, Any]:
    """Return what is told of a record: the fields wanted, else all that are not empty."""
    data = row.to_dict(secrets=False) if isinstance(row, Record) else dict(row)
    names = fields or list(data)
    return {
        name: short(data[name])
        for name in names
        if name in data and name not in _NEVER and data[name] not in (None, "", [])
    }


def short(value: Any) -> Any:
    """Cut long texts: descriptions of courses can be pages of HTML."""
    if isinstance(value, str) and len(value) > _LONGEST_TEXT:
        return f"{value[:_LONGEST_TEXT]}… ({len(value):,} characters)"
    if isinstance(value, Mapping):
        return {key: short(each) for key, each in value.items() if key not in _NEVER}
    return [short(each) for each in value] if isinstance(value, list) else value


def page_of(
    rows: Iterable[Record | Mapping[str, Any]],
    *,
    start: int,
    page_size: int,
    fields: Sequence[str] = (),
    total: int | None = None,
    more: bool = False,
) -> dict[str, Any]:
    """Return a page, with the number to ask on from where there is more.

    Args:
        rows: What begins at `start`: the page, or more than it.
        start: Offset of the first row.
        page_size: Rows at most.
        fields: What is told of each; all of it if empty.
        total: How many there are in all, if known.
        more: Whether there is more behind `rows`.
    """
    check_page(start, page_size)
    told: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        data = plain(row, fields)
        size += len(json.dumps(data))
        if len(told) >= page_size or (told and size > MOST_BYTES):
            more = True
            break
        told.append(data)
    answer: dict[str, Any] = {"rows": told, "start": start}
    if total is not None:
        answer["total"] = total
    if more:
        answer["next_start"] = start + len(told)
    return answer


def check_page(start: int, page_size: int) -> None:
    """Refuse a page that is none.

    Raises:
        ConfigurationError: It is none.
    """
    if start < 0:
        raise ConfigurationError("start must be 0 or more")
    if not 1 <= page_size <= LONGEST_PAGE:
        raise ConfigurationError(f"page_size must be 1 to {LONGEST_PAGE}")
