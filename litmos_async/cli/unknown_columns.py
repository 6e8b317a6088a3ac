"""Columns that a command has no use for: passed over with a note, or refused where they may be misspelt. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from litmos_async.cli.reading import READING, Reading
from litmos_async.cli.table import Table, TableError, name_key

__all__ = ["passed_over", "without_unknown"]

_UNKNOWN: Final = "without --ignore-columns none may be unknown; its header names columns that are unknown: "


def without_unknown(
    table: Table, reading: Reading, known: Mapping[str, str], refused: Mapping[str, str]
) -> Table:
    """Return the table with a note of the columns that are passed over.

    Args:
        table: The table.
        reading: Whether all of them are.
        known: The columns that mean something, by the keys of their names; what each is called in a guess.
        refused: Columns of which no request can set what they hold, with the reason: passed over if empty.

    Raises:
        TableError: A column is unknown, or holds what cannot be set.
    """
    over, unusable, unknown = list[str](), list[str](), list[str]()
    for place, word in _others(table):
        key, shown = name_key(word), table.called(place)
        if key in known:
            continue
        if reading.ignore_columns or (key in refused and not table.is_filled(place)):
            over.append(shown)
        elif key in refused:
            unusable.append(f"{shown} cannot be set: {refused[key]}")
        else:
            unknown.append(shown + _guess(key, known))
    if unusable:
        raise TableError(f"{'; '.join(unusable)}; --ignore-columns passes over them")
    if unknown:
        raise TableError(f"{_UNKNOWN}{', '.join(unknown)}")
    return _noted(table, over)


def passed_over(table: Table, reading: Reading = READING) -> Table:  # noqa: ARG001 - as all checks of tables
    """Return the table with a note of all columns beside those that the command must have."""
    return _noted(table, [table.called(place) for place, _ in _others(table)])


def _others(table: Table) -> Iterator[tuple[int, str]]:
    """Yield place and word of each column, but for our own and those that `--map` has taken the meaning of."""
    for place, (name, word) in enumerate(zip(table.extra_columns, table.extra_words, strict=True)):
        if (word or not name) and not table.is_ours(place):
            yield place, word


def _noted(table: Table, over: list[str]) -> Table:
    return table.noted(f"columns passed over: {', '.join(over)}") if over else table


def _guess(key: str, known: Mapping[str, str]) -> str:
    """Return the known name that comes nearest to that of an unknown column."""
    near = get_close_matches(key, known, 1, cutoff=0.75)
    return f" ({known[near[0]]}?)" if near else ""
