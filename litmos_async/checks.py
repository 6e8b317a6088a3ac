"""What options may be: one rule for each kind, for all who take them."""

from __future__ import annotations

import inspect
import math
import os
import sys
from pathlib import Path
from typing import Any, Final

from litmos_async.errors import ConfigurationError

_LARGEST: Final = int(sys.float_info.max)
"""A whole number beyond it is no float, and nothing can be counted with it."""


def flags(**given: bool) -> dict[str, bool]:
    """Return options that are yes or no, once it is clear that they are: "no" would be taken for yes.

    Raises:
        ConfigurationError: One is something else.
    """
    for name, value in given.items():
        if value is not True and value is not False:
            raise ConfigurationError(f"{name} must be True or False, not {value!r}", option=name, value=value)
    return given


def is_whole(value: object) -> bool:
    """Return whether a value is a whole number. True is an int to Python."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_number(value: object) -> bool:
    """Return whether a value is a number, whole or not, that can be counted with."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return isinstance(value, float) or -_LARGEST <= value <= _LARGEST


def is_duration(value: object) -> bool:
    """Return whether a value is a time in seconds that is more than 0 and ends."""
    return isinstance(value, int | float) and is_number(value) and 0 < value < math.inf


def duration(name: str, value: float) -> float:
    """Return an option that is a time in seconds, once it is clear that it is more than 0 and ends.

    Raises:
        ConfigurationError: It is something else.
    """
    if is_duration(value):
        return value
    raise ConfigurationError(f"{name} must be more than 0 seconds, not {value!r}", option=name, value=value)


def count(name: str, value: int, least: int = 1) -> int:
    """Return an option that is a whole number, once it is clear that it is at least so large.

    Raises:
        ConfigurationError: It is something else.
    """
    if is_whole(value) and value >= least:
        return value
    problem = f"{name} must be a whole number of {least} or more, not {value!r}"
    raise ConfigurationError(problem, option=name, value=value)


def file(name: str, value: Any) -> Path:
    """Return the path of a file, absolute: a process that changes its folder goes on with the same file.

    Raises:
        ConfigurationError: No file can have this name.
    """
    try:
        path = os.fspath(value)
        # SQLite keeps ":memory:" in no file.
        if isinstance(path, str) and path not in {"", ":memory:"} and "\0" not in path:
            os.fsencode(path)
            return Path(path).absolute()
    except (TypeError, UnicodeError):
        pass
    raise ConfigurationError(f"{name} must name a file, not {value!r}", option=name, value=value)


def called(name: str, value: Any) -> Any:
    """Return what is to be called with news, once it is clear that it can be.

    Raises:
        ConfigurationError: It cannot be called, or is a coroutine function, which nothing would await.
    """
    if not callable(value):
        raise ConfigurationError(f"{name} must be callable, not {type(value).__name__}", option=name)
    kinds = (inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    # The second is that of an object that is called as a function.
    if any(kind(each) for each in (value, getattr(value, "__call__", None)) for kind in kinds):  # noqa: B004
        raise ConfigurationError(
            f"{name} is called, not awaited: give it a function without async", option=name
        )
    return value


def size(name: str, value: int | None, most: float = math.inf) -> int | None:
    """Return an option that is a whole number from 1 on, or None, once it is clear that it is.

    Args:
        name: What it is called.
        value: What was given.
        most: The largest that it may be.

    Raises:
        ConfigurationError: It is something else.
    """
    if value is None or (is_whole(value) and 1 <= value <= most):
        return value
    span = "1 or more" if most == math.inf else f"1 to {most:,}"
    raise ConfigurationError(f"{name} must be {span}, or None, not {value!r}", option=name, value=value)
