"""What a workbook shows of a number by the format of its cell, where that is what would be typed. Pure.

A format that fills up with zeros, `00000`, is how Excel keeps postal codes and personnel numbers ("Special" among
its formats); `000-00-0000` and `"E-"0000` put something between or before the digits. ECMA-376, part 1, 18.8.31.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeAlias

__all__ = ["Shown", "shown_by", "shown_by_number"]

Shown: TypeAlias = Callable[[float], str | None]
"""Returns what is shown of a number; None where that is no more than the number."""

_LARGEST_EXACT: Final = 10**15
"""Excel keeps 15 digits of a number."""

_TOKEN: Final = re.compile(r'"(?P<quoted>[^"]*)"|\\(?P<escaped>.)|(?P<setting>\[[^\]]*\]|[_*].)|(?P<bare>.)')
_SILENT: Final = re.compile(
    r"\[(?:black|blue|cyan|green|magenta|red|white|yellow|color ?\d+|\$-[0-9a-f,]+)\]|[_*].", re.IGNORECASE
)
"""What sets color, language and distances, and shows nothing that would be typed. Conditions are none of it."""

_UNQUOTED: Final = frozenset("-+ ():'!~^&{}<>=")
"""What is shown as it stands in a format without quotes, places of digits excepted. `/` is that of a fraction."""

_SCIENTIFIC: Final = re.compile(r"[0#?.]+E[+-][0#?]+", re.IGNORECASE)


def shown_by_number(number: str | None) -> Shown | None:
    """Return what a format shows that every workbook has, by its number; None where a number stays what it is."""
    if number in {"9", "10"}:  # 0% and 0.00%
        return _percentage
    return _scientific if number in {"11", "48"} else None


def shown_by(code: str) -> Shown | None:
    """Return what a format shows; None where a number stays what it is, or is no number but a date."""
    tokens = list(_first_section(code))
    bare = "".join(text for kind, text in tokens if kind == "bare")
    if "%" in bare:
        return _percentage
    return _scientific if _SCIENTIFIC.search(bare) else _digits(tokens)


def _first_section(code: str) -> Iterator[tuple[str, str]]:
    """Yield kind and text of each part of a format for positive numbers: what people are called is not below 0."""
    for found in _TOKEN.finditer(code):
        kind = found.lastgroup or ""
        if (kind, found[kind]) == ("bare", ";"):
            return
        yield kind, found[kind]


def _percentage(number: float) -> str:
    return f"{round(number * 100, 10):.15g}%"


def _scientific(number: float) -> str:
    """Return a number so that it looks as it is shown, and loses nothing: Excel makes 1.20E+04 of a text 12E3."""
    digits, _, power = f"{number:.14E}".partition("E")
    return f"{digits.rstrip('0').rstrip('.')}E{power}"


def _digits(tokens: list[tuple[str, str]]) -> Shown | None:
    """Return what a format shows that has places for digits, and texts before, between and behind them.

    Only if it shows more than the number: zeros in front, or a text that is neither a currency nor a unit.
    """
    parts = list[tuple[bool, str]]()
    for kind, text in tokens:
        is_place = kind == "bare" and text in "0#"
        if kind == "setting":
            if not _SILENT.fullmatch(text):
                return None
        elif kind != "bare" or is_place or text in _UNQUOTED:
            parts.append((is_place, text))
        else:
            return None
    last = max((at for at, (is_place, _) in enumerate(parts) if is_place), default=0)
    before = "".join(text for is_place, text in parts[:last] if not is_place).strip()
    if any(unicodedata.category(char) == "Sc" for char in before):
        return None
    return partial(_filled, parts) if before or parts.count((True, "0")) > 1 else None


def _filled(parts: list[tuple[bool, str]], number: float) -> str | None:
    """Return what is shown where these are the places (true) and texts; the first place takes what is left over."""
    if not number.is_integer() or not 0 <= number < _LARGEST_EXACT:
        return None
    places = sum(is_place for is_place, _ in parts)
    digits = f"{number:.0f}" if number else ""
    surplus, given = digits[: max(0, len(digits) - places)], digits[-places:].rjust(places)
    shown, taken = list[str](), iter(given)
    for is_place, text in parts:
        if not is_place:
            shown.append(text)
            continue
        digit = next(taken)
        shown.append(surplus + (digit if digit != " " else text.replace("#", "")))
        surplus = ""
    return "".join(shown).strip()
