"""How numbers and times are written for people: one rule for the library's messages and the command line."""

from __future__ import annotations


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with what it counts: `1 line`, `2,500 lines`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def duration(seconds: float) -> str:
    """Return a time as a person says it: `2 min 8 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
