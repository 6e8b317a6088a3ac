"""What people and spreadsheets write into the fields of a file: yes and no, dates, access levels. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from litmos_async.names import clean, is_spreadsheet_error

__all__ = [
    "YES_OR_NO",
    "FieldError",
    "access_level",
    "day",
    "import_access_level",
    "moment",
    "text_of",
    "yes_or_no",
]

_YES: Final = (
    *("yes", "y", "true", "t", "1", "on", "active", "enabled"),
    *("ja", "j", "wahr", "aktiv", "oui", "o", "vrai", "actif", "sí", "si", "s", "verdadero"),
    *("activo", "activa", "sì", "vero", "attivo", "attiva", "sim", "verdadeiro", "ativo", "ativa"),
    *("waar", "actief"),
)
_NO: Final = (
    *("no", "n", "false", "f", "0", "off", "inactive", "disabled"),
    *("nein", "falsch", "inaktiv", "non", "faux", "inactif", "falso", "inactivo"),
    *("inactiva", "inattivo", "inattiva", "não", "nao", "inativo", "inativa", "nee", "onwaar", "inactief"),
)
_YES_NO: Final = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
YES_OR_NO: Final = (
    "expected yes or no, true or false, 1 or 0, active or inactive, or such a word in German, French, Spanish, "
    "Italian, Portuguese or Dutch"
)

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST: Final = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})")
"""With dots the day comes first, wherever dates are written so."""
_EITHER: Final = re.compile(r"(\d{1,2})([/-])(\d{1,2})\2(\d{4})")
_BY_NAME: Final = re.compile(r"(\d{1,2})[-. /]+([a-z]+)[-. /,]+(\d{4})")
_NAME_FIRST: Final = re.compile(r"([a-z]+)[. -]+(\d{1,2}),?[ -]+(\d{4})")
_TIME: Final = re.compile(
    r"[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*(Z|UTC|[+-]00:?00)?", re.IGNORECASE
)
_SERIAL: Final = re.compile(r"\d{5}(?:\.\d+)?")

_MONTHS: Final = (
    *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october"),
    *("november", "december"),
)

LOST: Final = "\N{REPLACEMENT CHARACTER}"
"""What a program writes for a character that it could not read; the outcomes hold it, too."""

_EXPECTED: Final = "expected a date such as 2031-12-24"

_FIRST_YEAR: Final = 1900
_NO_DAYS: Final = frozenset({(1900, 1, 1), (1970, 1, 1)})
"""Where the clocks of databases and systems begin, which they write for nothing; who expires then cannot log in."""

_LEVELS: Final[Mapping[str, tuple[str, str]]] = {
    **dict.fromkeys(("l", "learner"), ("Learner", "L")),
    **dict.fromkeys(("tl", "teamleader"), ("Team_Leader", "TL")),
    # A profile shows Team Leader for both (api-facts 7).
    **dict.fromkeys(("ta", "teamadmin"), ("Team_Leader", "TA")),
    **dict.fromkeys(("2", "accountowner"), ("Account_Owner", "2")),
    **dict.fromkeys(("3", "administrator", "admin"), ("Administrator", "3")),
}
"""Levels as they are written, with what a record of a person has for them, and what an import takes."""


class FieldError(ValueError):
    """A text means nothing; the message says what was expected, and does not repeat it."""


def text_of(text: str) -> str:
    """Return a text as it is, but for blanks around it.

    Raises:
        FieldError: It is what a spreadsheet shows in place of a value.
    """
    if is_spreadsheet_error(text):
        raise FieldError("it is a spreadsheet error")
    if LOST in text:
        raise FieldError("it holds U+FFFD, which stands for a character that is lost: type it again")
    return text.strip()


def yes_or_no(text: str) -> bool:
    """Return what is said with one of the words for it.

    Raises:
        FieldError: It is none of them.
    """
    try:
        return _YES_NO[clean(text).lower()]
    except KeyError:
        raise FieldError(YES_OR_NO) from None


def day(text: str) -> date:
    """Return a day, if only one can be meant.

    Raises:
        FieldError: It is no date, has a time of day, or may be two days.
    """
    found = moment(text)
    if (found.hour, found.minute, found.second) != (0, 0, 0):
        raise FieldError(f"{_EXPECTED}, without a time")
    return found.date()


def moment(text: str) -> datetime:
    """Return a moment, if only one can be meant: a date is its beginning, and times are in UTC.

    Raises:
        FieldError: It is no date, or may be two.
    """
    said = clean(text)
    hour = minute = second = 0
    if clock := _TIME.search(said):
        if clock.end() != len(said):
            raise FieldError(f"{_EXPECTED}, or 2031-12-24 18:00 in UTC")
        hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
        said = said[: clock.start()]
    year, month, number = _parts(said.lower())
    if 0 < year < _FIRST_YEAR or (year, month, number) in _NO_DAYS:
        raise FieldError(f"{_EXPECTED}: this is what a program writes for no date, so leave it empty")
    try:
        return datetime(year, month, number, hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise FieldError(f"{_EXPECTED}: there is no such day") from None


def _parts(said: str) -> tuple[int, int, int]:
    """Return year, month and day of a date."""
    if found := _ISO.fullmatch(said):
        return int(found[1]), int(found[2]), int(found[3])
    if found := _DAY_FIRST.fullmatch(said):
        return int(found[3]), int(found[2]), int(found[1])
    if found := _EITHER.fullmatch(said):
        first, second, year = int(found[1]), int(found[3]), int(found[4])
        if first != second and max(first, second) <= 12:
            raise FieldError(f"{_EXPECTED}: it may be day {first} of a month, or day {second}")
        return (year, second, first) if first > 12 else (year, first, second)
    if (found := _BY_NAME.fullmatch(said)) and (month := _month(found[2])):
        return int(found[3]), month, int(found[1])
    if (found := _NAME_FIRST.fullmatch(said)) and (month := _month(found[1])):
        return int(found[3]), month, int(found[2])
    if _SERIAL.fullmatch(said):
        raise FieldError(f"{_EXPECTED}: it is the number by which a spreadsheet counts days")
    raise FieldError(_EXPECTED)


def _month(name: str) -> int:
    """Return the number of an English month, by its first letters or in full; 0 if it is none."""
    long_enough = len(name) >= 3
    return next((at for at, month in enumerate(_MONTHS, 1) if long_enough and month.startswith(name)), 0)


def access_level(text: str) -> str:
    """Return what a record of a person has for a level; another text as it is, for the set is open."""
    return _level(text, 0)


def import_access_level(text: str) -> str:
    """Return what an import takes for a level; another text as it is, for the set is open."""
    return _level(text, 1)


def _level(text: str, place: int) -> str:
    known = _LEVELS.get(re.sub(r"[\s_-]", "", clean(text)).lower())
    return known[place] if known else text_of(text)
