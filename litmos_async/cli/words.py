"""What the library says, in the words of the command line: pure.

Its messages name arguments of Python, which no one who types a command has seen. What they are about are
attributes of the errors and texts, and of these the sentences here are made.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from litmos_async.errors import IncompleteInput, JournalMismatch, MissingOption, TooManyRemovals
from litmos_async.wording import OptionText

MISSING: Final[Mapping[str, str]] = {
    "api_key": "no API key: set LITMOS_API_KEY, or name a file with --api-key-file; litmos init writes a profile",
    "source": "no source: use --source or set LITMOS_SOURCE",
}
"""What to say where an option that everything needs was not given."""

_NEGATIVE: Final = ("create", "skip_existing")
"""Options that are on by themselves, or can be switched off by name."""


def explain(problem: Exception) -> str:
    """Return what an error means to a person at the command line."""
    if isinstance(problem, TooManyRemovals):
        return _too_many(problem)
    if isinstance(problem, IncompleteInput):
        return (
            f"lines that cannot be used: {problem.unusable:,}. The people they name would be taken for people to "
            "remove. Correct the lines, or run without removals"
        )
    if isinstance(problem, JournalMismatch) and problem.option not in {"job", "input"}:
        then, now = (_as_given(problem.option, value) for value in (problem.then, problem.now))
        return f"{problem.path} was begun {then}, not {now}"
    if isinstance(problem, MissingOption) and problem.option in MISSING:
        return MISSING[problem.option]
    return str(problem) or type(problem).__name__


def said(text: str) -> str:
    """Return a text of the library, with options by their names on the command line."""
    return text.naming(_option) if isinstance(text, OptionText) else text


def _too_many(problem: TooManyRemovals) -> str:
    most: object = problem.max_removals
    allowed = f"{most * 100:g}%" if isinstance(most, float) else str(most)  # a float is a part
    return (
        f"{problem.removals:,} of {problem.total:,} {problem.label} would be removed: --max-removals {allowed} "
        f"does not allow that. If that is intended, use --max-removals {problem.removals}"
    )


def _option(name: str, value: object) -> str:
    """Return an option with its value, as it is typed."""
    flag = name.replace("_", "-")
    if value is False and name in _NEGATIVE:
        return f"--no-{flag} was given"
    if name == "send_message":
        return f"--{flag} {'yes' if value else 'no'}"
    return f"--{flag}" if isinstance(value, bool) else f"--{flag} {value}"


def _as_given(name: str, value: object) -> str:
    """Return how an option was given: with it, with it and a value, or not at all."""
    if name == "send_message":
        return f"with {_option(name, value)}"
    return f"with {_option(name, value)}" if value else f"without {_option(name, value=True)}"
