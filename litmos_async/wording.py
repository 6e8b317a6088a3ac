"""How numbers, times, options and reasons are written for people: one rule for the library and the command line."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self


class OptionText(str):
    """A text that names an option of a helper, by its name in Python.

    It is that text. A program that calls the option by another name, as a command line does, asks `naming` for it.

    Args:
        template: The text, with `{option}` where the option stands.
        option: The name of the option.
        value: The value that is spoken of.
        text: The text, where it is not the template with the option as it is written in Python.
    """

    __slots__ = ("option", "template", "value")

    template: str
    option: str
    value: Any

    def __new__(cls, template: str, option: str, value: Any, text: str = "") -> Self:
        """Return the text."""
        said = f'"{value}"' if isinstance(value, str) else repr(value)
        self = super().__new__(cls, text or template.replace("{option}", f"{option}={said}"))
        self.template, self.option, self.value = template, option, value
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return OptionText, (self.template, self.option, self.value, str(self))

    def naming(self, name: Callable[[str, Any], str]) -> str:
        """Return the text with another name for the option, made of its name and value."""
        return self.template.replace("{option}", name(self.option, self.value))


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


def system_reason(problem: Exception) -> str:
    """Return what an exception says, for a sentence that names the file: what the system says, if it does."""
    return (
        (problem.strerror if isinstance(problem, OSError) else None) or str(problem) or type(problem).__name__
    )
