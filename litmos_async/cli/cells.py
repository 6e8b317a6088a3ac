"""The cells of the files that the command writes: what a spreadsheet must not run, what a text must not hold. Pure.

A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula. A name that the
server sent is enough. An apostrophe in front makes it a text again.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["guarded", "tidy", "unguarded"]

_FORMULA: Final = re.compile(r"'*[=+@\t\r-]")
"""How a text begins that a spreadsheet runs, or that `guarded` could have made."""

_NUMBER: Final = re.compile(r"[+-]?(\d[\d.,'\u00a0\u202f ]*|[.,]\d+)([eE][+-]?\d+)?\s?%?")
_TELEPHONE: Final = re.compile(r"\+(?=(?:\D*\d){6})[\d ()/.\u00a0-]+")
"""An international number: a plus and six digits at least, since `+1-2` is a sum."""

_STEERS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""The control characters C0 and C1, but for tab and line ends; and halves of characters, which no file can hold."""


def tidy(text: str) -> str:
    """Return a text with a mark in place of each character that steers a terminal or cannot be written."""
    return _STEERS.sub("\N{REPLACEMENT CHARACTER}", text)


def guarded(text: str) -> str:
    """Return what to write for a text: with an apostrophe in front if a spreadsheet would run it."""
    text = tidy(text)
    return f"'{text}" if _is_run(text) else text


def unguarded(cell: str) -> str:
    """Return the text for which `guarded` writes this cell."""
    return cell[1:] if cell.startswith("'") and _is_run(cell[1:]) else cell


def _is_run(text: str) -> bool:
    return _FORMULA.match(text) is not None and not (_NUMBER.fullmatch(text) or _TELEPHONE.fullmatch(text))
