"""How names of people and things are cleaned and compared: one rule for logins, bulk jobs and the CLI. Pure.

Two kinds of names, two kinds of care. What *identifies* - a user name, an e-mail address, a code, the number of an
employee, an id - is cleaned of what cannot be seen where it is certain that it does not belong there, and refused
where that is not certain. What is only *called* so - a team, a course, a person's first and last name - is never
changed; names of teams and courses are compared without what cannot be seen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias

from litmos_async.errors import ConfigurationError

IDENTIFYING: Final = frozenset(
    {
        *("user_name", "username", "email", "external_employee_id", "manager", "manager_id"),
        *(f"team{number}" for number in range(1, 6)),
        *(f"course{number}" for number in range(1, 4)),
    }
)
"""Attributes of people that identify something; what else a record says is left as it is."""

_WEIGHTLESS: Final = re.compile(
    "[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]"
)
"""Marks for line breaks, for the direction of writing, for the order of bytes: no name needs one."""

_JOINERS: Final = "\u200c\u200d"
"""Between letters of some scripts, and in emoji, they make another word or sign; elsewhere nothing."""

_FIRST_SCRIPT_THAT_JOINS: Final = "\u0590"
"""Latin, Greek and Cyrillic letters come before it."""

_BLANK_LETTERS: Final = frozenset(
    map(chr, (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, *range(0x180B, 0x1810), 0x2800, 0x3164, 0xFFA0))
) | frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
"""Letters, signs and marks that show nothing, although Unicode does not count them among its format characters."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})
"""Control and format characters and separators. Half a character is none: that is refused where it is sent."""

_SCIENTIFIC: Final = re.compile(r"\d+[.,]\d+[eE][+-]?\d+|\d+[eE][+-]\d+")
_WITH_FRACTION: Final = re.compile(r"(\d+)[.,]0+")
_AS_TEXT: Final = re.compile(r"'(\d+)|=\"([^\"]*)\"")
_GROUPED: Final = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*")
"""What spreadsheets, data frames and Java (`Double.toString`) make of an employee's number: 1.23E+05, 1.23E5,
12345.0, '12345, ="12345", 12,345. Not 12E5, which may be a code."""


def clean(text: str | None) -> str:
    """Return what identifies something without what certainly does not belong to it.

    Taken away are blanks, format and control characters around it, and within it those that no name needs: a
    zero-width space, a soft hyphen, a mark of direction. How an umlaut is put together becomes the usual way. What
    else cannot be seen stays, and `doubts` names it.
    """
    if not text:
        return ""
    if text.isascii() and text.isprintable():
        return text.strip()
    bare = _WEIGHTLESS.sub("", text)
    if any(joiner in bare for joiner in _JOINERS):
        bare = "".join(char for place, char in enumerate(bare) if not _is_idle_joiner(bare, place))
    first, last = 0, len(bare)
    while first < last and _is_edge(bare[first]):
        first += 1
    while last > first and _is_edge(bare[last - 1]):
        last -= 1
    return unicodedata.normalize("NFC", bare[first:last])


def doubts(text: str | None) -> tuple[str, ...]:
    """Return the code points, such as `U+00A0`, that cannot be seen in what identifies something, each once.

    None of them can be taken away with certainty: a no-break space may stand for a blank or for nothing, and a line
    feed may stand between two names.
    """
    left = clean(text)
    if left.isascii() and left.isprintable():
        return ()
    return tuple(dict.fromkeys(f"U+{ord(char):04X}" for char in left if _is_unseen(char)))


def hidden(text: str | None) -> tuple[str, ...]:
    """Return the code points of all that cannot be seen in a text, blanks left out, each once."""
    return tuple(dict.fromkeys(f"U+{ord(char):04X}" for char in text or "" if _is_unseen(char)))


def identifier(text: str, what: str) -> str:
    """Return what identifies something, cleaned.

    Args:
        text: What was given.
        what: What it is, for the error.

    Raises:
        ConfigurationError: Something in it cannot be seen, and cannot be taken away with certainty.
    """
    left = clean(text)
    if not left.isascii() or not left.isprintable():
        _refuse_doubts(left, what)
    return left


def _refuse_doubts(text: str, what: str) -> None:
    if found := doubts(text):
        raise ConfigurationError(f"{what} holds {' and '.join(found)}, which cannot be seen: type it again")


def fold(text: str | None) -> str:
    """Return what user names are compared by: the server does not tell upper from lower case.

    Not `casefold`, for which weiß is weiss: taking two people for one would write one over the other.
    """
    lower = clean(text).lower().replace("\N{GREEK SMALL LETTER FINAL SIGMA}", "\N{GREEK SMALL LETTER SIGMA}")
    return unicodedata.normalize("NFC", lower)


def written(text: str | None) -> str:
    """Return a name as it is written: blanks around it, and how an umlaut is put together, do not matter."""
    return unicodedata.normalize("NFC", (text or "").strip())


def loose(text: str | None) -> str:
    """Return what names of teams and courses are compared by where nothing is called exactly so.

    Upper and lower case, what cannot be seen, and how many blanks of which kind stand between two words do not
    matter. Letters that show nothing and joiners between letters that join count like any other letter.
    """
    spaced = "".join(" " if char.isspace() else char for char in _WEIGHTLESS.sub("", text or ""))
    kept = "".join(char for char in spaced if unicodedata.category(char) not in {"Cc", "Cs"})
    return fold(" ".join(kept.split()))


def in_capitals(text: str | None) -> str:
    """Return what a name in lower case letters turns into in capitals, folded: müßig is MÜSSIG."""
    return fold(clean(text).upper())


def if_in_capitals(text: str | None) -> str:
    """Return a name that is written in capitals, folded; nothing if it is not.

    A name such as MÜSSIG may be that of müßig, where nothing is called müssig. Of müssig that would be a guess.
    """
    name = clean(text)
    return fold(name) if name == name.upper() and name != name.lower() else ""


_ERROR: Final = re.compile(
    r"#[¡¿]?[^\W\d_]\S*[!?]|#[^\W\d_]{1,2}/[^\W\d_]{1,2}|#(?:NA|NV|YOK|HIÁNYZIK|NENÍ_K_DISPOZICI|GETTING_DATA)|##+"
)
"""What a spreadsheet shows in place of a value that it could not find or compute: in capitals of its language."""

_LOADING: Final = frozenset({"Loading...", "Loading…"})
"""What a spreadsheet on the web shows until it has a value."""

_NOTHING: Final = frozenset(
    {
        *("null", "(null)", "<null>", "nil", "nan", "<na>", "none", "undefined", "n/a", "\\n"),
        *("#", "-", "\u2013", "\u2014"),
    }
)
"""What databases, data frames and programs write where there is no value, in lower case letters."""

_WIDTHS: Final = frozenset({"<wide>", "<narrow>"})
_DASHES: Final = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63), "-")
"""Hyphens, dashes and a minus that look like the one on the keyboard, and that programs put in its place."""


def is_spreadsheet_error(text: str | None) -> bool:
    """Return whether a text is what a spreadsheet shows in place of a value, such as `#N/A`."""
    shown = clean(text)
    if not shown.startswith("#"):
        return shown in _LOADING
    return shown == shown.upper() and _ERROR.fullmatch(shown) is not None


def rewritten(text: str | None) -> str:
    """Return why a text may be no user name or number of an employee, but what a program wrote in place of one.

    Nothing is returned of what does not look so. Not for first and last names: Null is one.
    """
    name = clean(text)
    if name.lower() in _NOTHING:
        return f"{name!r} is what a program writes for nothing"
    if is_spreadsheet_error(name):
        return f"{name!r} is a spreadsheet error"
    if _SCIENTIFIC.fullmatch(name):
        return f"{name!r} looks like a number that a spreadsheet has shortened: format its column as text"
    if found := _WITH_FRACTION.fullmatch(name):
        return f"{name!r} looks like a number that a spreadsheet has rewritten: is it {found[1]!r}?"
    if found := _AS_TEXT.fullmatch(name):
        return f"{name!r} is how a text is marked for a spreadsheet: is it {found[1] or found[2]!r}?"
    return ""


def bare_number(text: str | None) -> str:
    """Return a number without what spreadsheets take away or put in: zeros in front, marks between thousands.

    Of what is no number, nothing is returned.
    """
    name = clean(text)
    if _GROUPED.fullmatch(name):
        name = re.sub("[^0-9]", "", name)
    return (name.lstrip("0") or "0") if name.isascii() and name.isdigit() else ""


def plain(text: str | None) -> str:
    """Return a name, folded, with letters and digits of the usual width and the hyphen of the keyboard."""
    name = fold(text)
    return name if name.isascii() else fold("".join(map(_plain_char, name)))


def if_unusual(text: str | None) -> str:
    """Return what `plain` makes of a name that holds other widths or hyphens; nothing if it does not."""
    name = plain(text)
    return name if name != fold(text) else ""


def unusual(text: str | None) -> tuple[str, ...]:
    """Return the code points of the letters, digits and hyphens of another form than the usual one, each once."""
    return tuple(dict.fromkeys(f"U+{ord(char):04X}" for char in clean(text) if _plain_char(char) != char))


def _plain_char(char: str) -> str:
    if char.isascii():
        return char
    width = unicodedata.decomposition(char).partition(" ")[0] in _WIDTHS
    return (unicodedata.normalize("NFKC", char) if width else char).translate(_DASHES)


def as_written(text: str | None) -> str:
    """Return the user name of an account, folded, if nothing in it is hidden; nothing else.

    An account whose name holds a zero-width space is the double of another: it is found where that person is not
    there, and never in place of that person.
    """
    return fold(text) if written(text) == clean(text) else ""


Form: TypeAlias = Callable[[str | None], str]
Forms: TypeAlias = Sequence[tuple[Form, Form]]
"""How names are compared, the strictest way first: what becomes of the name wanted, and of one that is there."""

SAME_PERSON: Final[Forms] = ((fold, as_written), (fold, fold))
"""For user names where a wrong one does harm, as at a login: nothing is guessed."""

PEOPLE: Final[Forms] = (*SAME_PERSON, (if_in_capitals, in_capitals), (if_unusual, fold))
"""For the names of people in a file."""

THINGS: Final[Forms] = ((written, written), (fold, fold), (loose, loose), (if_in_capitals, in_capitals))
"""For codes and names of things, which the server may tell apart by case: what is written just so comes first."""

EXACT: Final[Forms] = ((clean, written),)
"""For what is handed to the server as it is, and compared there."""


def closeness(wanted: str, name: str | None, forms: Forms) -> int | None:
    """Return in which way a name is the one wanted: the place in `forms`, or None if it is another one."""
    pairs = ((of_wanted(wanted), of_name(name)) for of_wanted, of_name in forms)
    return next((place for place, (one, other) in enumerate(pairs) if one and one == other), None)


def _is_edge(char: str) -> bool:
    """Return whether a character that begins or ends a name does not belong to it."""
    return unicodedata.category(char) in _UNSEEN


def _is_unseen(char: str) -> bool:
    return char != " " and (unicodedata.category(char) in _UNSEEN or char in _BLANK_LETTERS)


def _is_idle_joiner(text: str, place: int) -> bool:
    """Return whether a character is a joiner that has nothing to join."""
    around = text[max(0, place - 1) : place] + text[place + 1 : place + 2]
    return text[place] in _JOINERS and all(char < _FIRST_SCRIPT_THAT_JOINS for char in around)
