"""Which values can be sent: a wrong one is refused by its place before a request, and is never quoted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Any, Final, cast

from litmos_async.errors import ConfigurationError
from litmos_async.models.record import MOST_DEPTH
from litmos_async.wire.dates import utc

_LONGEST_NUMBER: Final = 4_300
"""Digits of a whole number: Python writes no longer one as a text."""


def problem_of(value: Any, name: str) -> str:
    """Return why neither JSON nor XML can carry a value; empty if both can.

    That is if it is, or holds, something else than texts, numbers, flags, times, lists and mappings; if a time has
    no zone, a number is not finite, or it is nested too deep. Nothing is raised here: the frames of the walk hold
    values, and one may be a secret.

    Args:
        value: A value of a record, or plain data.
        name: What it is.
    """
    problem = _problem(value)
    return f"{name} {problem}" if problem else ""


def _problem(value: Any, depth: int = 0) -> str:
    if depth > MOST_DEPTH:
        return "is nested too deep"
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value)
        if not all(isinstance(key, str) for key in pairs):
            return "has a key that is no text"
        return _first_problem(pairs.values(), depth)
    if isinstance(value, list | tuple):
        return _first_problem(cast("Sequence[object]", value), depth)
    return _problem_of_one(value.value if isinstance(value, Enum) else value)


def _first_problem(values: Iterable[object], depth: int) -> str:
    return next(filter(None, (_problem(each, depth + 1) for each in values)), "")


def _problem_of_one(value: object) -> str:
    if isinstance(value, datetime):
        try:
            utc(value, "")
        except ConfigurationError as problem:
            return str(problem).strip()
    elif isinstance(value, float):
        return "" if math.isfinite(value) else "is a number that is not finite: it cannot be sent"
    elif isinstance(value, int):
        return "is too long a number" if abs(value) >= 10**_LONGEST_NUMBER else ""
    elif not isinstance(value, str | date | None):
        return f"holds a value of the class {type(value).__name__}, which cannot be sent"
    return ""
