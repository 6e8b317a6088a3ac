"""What programs write in place of a user name, an address or the number of an employee. Pure.

`rewritten` knows what becomes of a number that stays one. These stay none: `1-3` becomes a day, `12:30` a time of
day, `1/2` may become a fraction. What was typed is lost, so such a text is not stored as anyone's name or number.
Of a name in a wrong encoding, and of an address as a mail program copies it, it is known what was meant. But a file
that has one of them has more to be corrected, such as first names, so that is said and not done.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote

from litmos_async.names import bare_number, clean

__all__ = ["escaped", "grouped", "misread", "retyped", "telling_id", "wrapped"]

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

_NO_ID: Final = re.compile(
    "unknown|tb[adc]|t[.]b[.]d[.]|pending|missing|n[.]?a[.]?|none|no id|not assigned|unassigned|temp|temporary|test"
    "|new|new hire|external|contractor|x{1,3}|unbekannt|neu|k[.]a[.]|keine|fehlt|extern|inconnu|nouveau"
    "|externe|desconocido|nuevo|externo|sconosciuto|nuovo|esterno|desconhecido|novo|onbekend"
)
"""What people write where someone has no number, in lower case letters."""

_MARKS: Final = r"\s<>()\[\]{}\"\u201c-\u201e\u00ab\u00bb,;"
"""What an address does not hold unless in quotes of its own, which no directory writes."""
_BETWEEN: Final = f"@{_MARKS}"
# Access writes ann@x.com#mailto:ann@x.com#
_WORDS: Final = re.compile(f"(?:[{_MARKS}]|#?mailto:)+", re.IGNORECASE)
_APOSTROPHE: Final = re.compile("'(?![tsnk][._-])")
"""By which a spreadsheet marks a text. 't.hooft and 's-gravesande have one of their own."""
_ENTITY: Final = re.compile(r"&(?:#\d{1,6}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]{2,8});")
_ADDRESS: Final = re.compile(rf"[^{_BETWEEN}]++@[^{_BETWEEN}]++")
_WRAPPED: Final = re.compile(
    # A display name only before an address in angle brackets: others may be called so.
    rf"(?:[^@]*<)?[\"'(\[{{\u2018\u201c-\u201e\u00ab]*(?:(?i:mailto|smtp|sip):)?"
    rf"([^{_BETWEEN}\u2018\u2019]+@[^{_BETWEEN}'\u2019]*[^{_BETWEEN}'\u2019.])"
    r"[\"')\]}>\u2019\u201c-\u201e\u00bb,;.\s]*"
)
_SPACED: Final = re.compile(rf"([^{_BETWEEN}]+)(?:\s+@\s*|@\s+)([^{_BETWEEN}]++)")
_MISTAKEN: Final = ("cp1252", "latin-1")
"""What UTF-8 is mistaken for: then an umlaut is two characters."""


def wrapped(text: str | None) -> str:
    """Return why a text may be an e-mail address and more; nothing if it is one, or none.

    Mail programs and directories copy `Ann <ann@example.com>`, `mailto:ann@example.com`, `SMTP:ann@example.com`,
    and the `;` between two of them.
    """
    name = clean(text)
    if "@" not in name:
        return ""
    if (found := sum(map(bool, map(_ADDRESS.fullmatch, _WORDS.split(name))))) > 1:
        return f"{name!r} holds {found} e-mail addresses"
    meant = _address_in(name)
    if meant == name or (meant == name[1:] and name[0] == "'" and not _APOSTROPHE.match(name)):
        return ""
    return f"{name!r} is an e-mail address with more around it: is it {meant!r}?"


def _address_in(name: str) -> str:
    """Return the address that a text with one `@` holds; all of it where that is not clear."""
    if around := _WRAPPED.fullmatch(name):
        return around[1]
    if (spaced := _SPACED.fullmatch(name)) and "." in spaced[2]:
        return f"{spaced[1]}@{spaced[2]}"
    words = name.split() if " " in name else []
    return next((word for word in words if _ADDRESS.fullmatch(word) and "." in word.partition("@")[2]), name)


def escaped(text: str | None) -> str:
    """Return why a text may be written for a web page or an address of one; nothing if it does not look so."""
    name = clean(text)
    meant = html.unescape(name) if _ENTITY.search(name) else name
    if "%40" in name and "@" not in name:
        meant = unquote(name)
    return f"{name!r} is written for the web: is it {meant!r}?" if meant != name else ""


def misread(text: str | None) -> str:
    """Return why a text may have been read in a wrong encoding; nothing if it does not look so."""
    name = clean(text)
    for encoding in () if name.isascii() else _MISTAKEN:
        try:
            meant = name.encode(encoding).decode()
        except UnicodeError:
            continue
        # Of letters alone, such as M\u00cd\u0160A, a name is a name, unless others of Western Europe come of it.
        signs = not all(char.isascii() or char.isalpha() for char in name)
        if signs or all(char.isascii() or "\u00c0" <= char <= "\u024f" for char in meant):
            return f"{name!r} was read in a wrong encoding: is it {meant!r}?"
    return ""


def retyped(text: str | None) -> str:
    """Return why a name or number may be what a program has made of it; nothing if it does not look so."""
    name = clean(text)
    if problem := escaped(name) or wrapped(name) or misread(name):
        return problem
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


def telling_id(employee_id: str | None) -> str:
    """Return the number of an employee, cleaned, if it tells that person from others; nothing if it does not.

    `0`, `--` and `TBD` stand for no number, although a single account may have them: it is not that of the next
    person without a number.
    """
    name = clean(employee_id)
    says_something = any(char.isalnum() and char != "0" for char in name)
    return name if says_something and not _NO_ID.fullmatch(name.lower()) else ""
