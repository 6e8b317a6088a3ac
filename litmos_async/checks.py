"""What options may be: one rule for each kind, for all who take them."""

from __future__ import annotations

import math

from litmos_async.errors import ConfigurationError


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
    """Return whether a value is a number, whole or not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_duration(value: object) -> bool:
    """Return whether a value is a time in seconds that is more than 0 and ends."""
    return isinstance(value, int | float) and is_number(value) and 0 < value < math.inf


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
