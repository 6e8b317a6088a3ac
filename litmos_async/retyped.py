"""What spreadsheets take for something else than the number of an employee, and write in its place. Pure.

`rewritten` knows what becomes of a number that stays one. These stay none: `1-3` becomes a day, `12:30` a time of
day, `1/2` may become a fraction. What was typed is lost, so such a text is not stored as anyone's name or number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from litmos_async.names import bare_number, clean

__all__ = ["grouped", "retyped"]

_MONTH: Final = (
    "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
    "|mrz|mär|mai|okt|dez"  # German
    "|janv|févr|mars|avr|juin|juil|août|sept|déc"  # French
    "|ene|abr|ago|dic|gen|mag|giu|lug|set|ott"  # Spanish, Italian
    "|fev|out|mrt|mei"  # Portuguese, Dutch
)
_YEAR: Final = "(?:19|20)[0-9]{2}"
_DAY: Final = "(?:0?[1-9]|[12][0-9]|3[01])"
_TIME: Final = r"(?:[0-9]+ days?, )?[0-9]{1,4}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?: ?[AP]M)?"
_MONEY: Final = "[$€£¥]"
_AMOUNT: Final = "[0-9]+(?:[., '][0-9]+)*"

_KINDS: Final[Mapping[str, re.Pattern[str]]] = {
    "a date": re.compile(
        rf"{_YEAR}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])(?:[ T]{_TIME})?"
        rf"|{_DAY}([./-]){_DAY}\1{_YEAR}(?: {_TIME})?"
        # Excel shows a date without a year as 1-Mar, 01. Mrz or 01-mars, according to its language.
        rf"|{_DAY}[-. /]{{1,2}}(?i:{_MONTH})\.?"
    ),
    # As Excel writes it. `jan-01` may be the user name of a person.
    "a month": re.compile(r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)-[0-9]{2}"),
    "a time": re.compile(_TIME),
    # Only what no one is called: Falso and Vero are names.
    "a truth value": re.compile("TRUE|FALSE|WAHR|FALSCH|VRAI|FAUX|VERDADERO|VERDADEIRO|ONWAAR"),
    "a fraction": re.compile("0[.,][0-9]+"),
    "a percentage": re.compile(r"[0-9]+(?:[.,][0-9]+)?\s?%"),
    "an amount of money": re.compile(rf"{_MONEY}\s?{_AMOUNT}|{_AMOUNT}\s?{_MONEY}"),
    "a text with the mark of a spreadsheet": re.compile("'[^@]*[0-9][^@]*"),
}


def retyped(text: str | None) -> str:
    """Return why a name or number may be what a spreadsheet has made of it; nothing if it does not look so."""
    name = clean(text)
    kind = next((kind for kind, form in _KINDS.items() if form.fullmatch(name)), "")
    if not kind:
        return ""
    return f"{name!r} is {kind}, which a spreadsheet may have made of it: format its column as text"


def grouped(text: str | None) -> str:
    """Return why a number may have marks of a spreadsheet between its thousands; nothing if it has none.

    A point is not taken for one: numbers of employees may have parts.
    """
    name = clean(text)
    if not bare_number(name) or name.isdigit() or "." in name:
        return ""
    return f"{name!r} has marks between thousands, which a spreadsheet adds: is it {bare_number(name)!r}?"
