"""Names: what is cleaned of them, what is refused, and which are the same."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.errors import ConfigurationError
from litmos_async.names import (
    EXACT,
    PEOPLE,
    SAME_PERSON,
    THINGS,
    bare_number,
    clean,
    closeness,
    doubts,
    fold,
    identifier,
    if_unusual,
    loose,
    plain,
    rewritten,
    unusual,
)

CERTAIN = (
    "\u00ad\u061c\u180e\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
    "\u2060\u2061\u2066\u2069\ufeff"
)
"""Anywhere in a name of Latin letters."""

AROUND = "\t\n\r\x00\x07\x1f\x7f\x85\u00a0\u1680\u2003\u2007\u2028\u2029\u202f\u205f\u3000\ufff9\U000e0041"
"""Before and behind a name only."""

BLANK = "\u034f\u115f\u2800\u3164\ufe0f\uffa0"
"""Letters and signs that show nothing."""


@pytest.mark.parametrize("hidden", CERTAIN, ids=ascii)
def test_what_no_name_needs_is_taken_away(hidden: str) -> None:
    """A zero-width space, a soft hyphen, a mark of direction: anywhere."""
    for text in (f"{hidden}ann@example.com", f"ann@example.com{hidden}", f"ann@exam{hidden}ple.com"):
        assert identifier(text, "user_name") == "ann@example.com"
        assert fold(text.upper()) == "ann@example.com"


@pytest.mark.parametrize("hidden", AROUND, ids=ascii)
def test_blanks_and_controls_around_a_name_are_taken_away(hidden: str) -> None:
    """Within it they may mean something: that is refused, with the code point."""
    assert identifier(f" {hidden}ann@example.com{hidden} ", "user_name") == "ann@example.com"
    with pytest.raises(
        ConfigurationError, match=rf"^user_name holds U\+{ord(hidden):04X}, which cannot be seen"
    ):
        identifier(f"ann{hidden}ben", "user_name")


@pytest.mark.parametrize("hidden", BLANK, ids=ascii)
def test_letters_that_show_nothing_are_refused(hidden: str) -> None:
    """They are letters to Unicode, and nothing to a reader."""
    assert doubts(f"ann{hidden}") == (f"U+{ord(hidden):04X}",)


@pytest.mark.parametrize(
    "name", ["ada lovelace", "o'hara, sinéad", "山田.太郎", "नमस्ते", "c++/x=1", "می‌خواهم"[:2]]
)
def test_names_as_they_are(name: str) -> None:
    """What can be seen stays, a blank between two words included."""
    assert identifier(name, "user_name") == name


def test_joiners_between_letters_that_join() -> None:
    """They make another word there: whether it is meant is not for a program to say."""
    assert doubts("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645") == ("U+200C",)


@pytest.mark.parametrize(
    ("forms", "wanted", "there", "way"),
    [
        (SAME_PERSON, "MU\u0308LLER", "müller", 0),
        (SAME_PERSON, "ann", "ann\u200b", 1),
        (SAME_PERSON, "weiß", "weiss", None),
        (SAME_PERSON, "WEISS", "weiß", None),
        (SAME_PERSON, "ΣΑΣ.A", "σας.a", 0),
        (SAME_PERSON, "\u212a1", "k1", 0),
        (SAME_PERSON, "", "", None),
        (PEOPLE, "WEISS", "weiß", 2),
        (PEOPLE, "weiss", "weiß", None),
        (PEOPLE, "weiß", "weiss", None),
        (THINGS, "C-003", "C-003", 0),
        (THINGS, "c-003", "C-003", 1),
        (THINGS, "First\u00a0 aid", "first aid", 2),
        (THINGS, "KÜSSE", "küße", 3),
        (THINGS, "1.0", "10", None),
        (EXACT, "c-003", "C-003", None),
        (EXACT, " C-003\u200b", "C-003", 0),
    ],
)
def test_ways_of_being_the_same(forms: object, wanted: str, there: str, way: int | None) -> None:
    """The strictest one counts."""
    assert closeness(wanted, there, forms) == way


@pytest.mark.parametrize(
    "text",
    [
        *("1.23E+05", "1,23E+5", "4E-10", "12345.0", "12345,00", "'12345", '="00123"'),
        # Double.toString of Java has no sign, and so have the programs that are written in it.
        *("7.77E2", "1.2345678E7", "1.23e5", "1,23E5"),
        # In the languages of Excel, LibreOffice and Google Sheets.
        *(
            "#N/A",
            "#WERT!",
            "#N/D",
            "#N/B",
            "#I/T",
            "#\u041d/Д",
            "#NOM?",
            "#NAAM?",
            "#¿NOMBRE?",
            "#VALEUR!",
            "#VALOR!",
        ),
        *("#¡VALOR!", "#¡REF!", "#ЗНАЧ!", "#ИМЯ?", "#VÆRDI!", "#DIVISION/0!", "#ERROR!", "#SPILL!", "#YOK"),
        *("#GETTING_DATA", "##", "########", "Loading...", "Loading…"),
        # Of databases, data frames and programs.
        *(
            "NULL",
            "null",
            "(null)",
            "NaN",
            "nan",
            "<NA>",
            "None",
            "nil",
            "undefined",
            "\\N",
            "n/a",
            "N/A",
        ),
        *("-", "\u2013", "#"),
    ],
)
def test_numbers_that_a_spreadsheet_rewrote(text: str) -> None:
    """They are told from numbers, and from codes that look a little like them."""
    assert rewritten(f" {text}\u200b")


@pytest.mark.parametrize(
    "text",
    [
        *("", "12345", "4E10", "12E3", "1.5", "E+05", "1.23E+05a", "v1.0", "'a", "12,345"),
        *("#anna", "#Anna!", "#anna?", "#1", "#1!", "# !", "#a/b/c", "a#N/A", "N/A-1", "Loading", "#NA-17"),
        *("null@example.com", "c.null", "nano", "nonesuch", "-1", "--", "ana", "NA"),
    ],
)
def test_what_no_spreadsheet_rewrote(text: str) -> None:
    """Codes may hold an E, or a dot; and a name may begin with a number sign."""
    assert not rewritten(text)


def test_zeros_in_front() -> None:
    """Of numbers only."""
    assert [bare_number(text) for text in ("00123", "123", "000", "0a", "\u0661", "")] == [
        "123",
        "123",
        "0",
        "",
        "",
        "",
    ]


@pytest.mark.parametrize("text", ["1,234,567", "1.234.567", "1 234 567", "1'234'567", "01,234,567"])
def test_marks_between_thousands(text: str) -> None:
    """As spreadsheets put them, of one kind each."""
    assert bare_number(text) == "1234567"


@pytest.mark.parametrize("text", ["1,234.567", "1,23", "1234,567", "1,234,56", ",123", "1,234a", "12-345"])
def test_no_marks_between_thousands(text: str) -> None:
    """What only looks a little like it."""
    assert bare_number(text) == ""


@pytest.mark.parametrize(
    ("text", "usual", "codes"),
    [
        ("\uff17\uff17\uff17", "777", ("U+FF17",)),
        ("\uff25\uff0d1", "e-1", ("U+FF25", "U+FF0D")),
        ("E\u20111", "e-1", ("U+2011",)),
        ("E\u20131", "e-1", ("U+2013",)),
        ("\uff41nn\uff20example.com", "ann@example.com", ("U+FF41", "U+FF20")),
        # Other letters, and digits of other scripts, are others.
        ("ﬁnn", "ﬁnn", ()),
        ("m²", "m²", ()),
        ("\u0661", "\u0661", ()),
        ("E-1", "e-1", ()),
        ("", "", ()),
    ],
)
def test_forms_that_only_look_otherwise(text: str, usual: str, codes: tuple[str, ...]) -> None:
    """Letters and digits of another width, and the hyphens of word processors, are told from the usual ones."""
    assert (plain(text), unusual(text)) == (usual, codes)
    assert if_unusual(text) == (usual if codes else "")
    assert closeness(text, usual, SAME_PERSON) == (None if codes or not text else 0)
    assert closeness(text, usual, PEOPLE) == (3 if codes else 0 if text else None)


@given(st.text())
def test_cleaning_is_done_after_one_time(text: str) -> None:
    """What is clean stays so, nothing hidden is left at its ends, and comparing changes nothing more."""
    once = clean(text)
    assert clean(once) == once
    assert fold(once) == fold(text) == fold(fold(text))
    assert loose(loose(text)) == loose(text)
    assert plain(plain(text)) == plain(text) == plain(fold(text))
    if once:
        assert unicodedata.category(once[0])[0] != "Z"
        assert unicodedata.category(once[-1]) not in {"Cc", "Cf"}


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Cf", "Cc", "Zs"])))
def test_nobody_gets_visible_letters_of_another(text: str) -> None:
    """Cleaning takes nothing away that can be seen."""

    def seen(given: str) -> list[str]:
        normal = unicodedata.normalize("NFD", given)
        return [char for char in normal if unicodedata.category(char)[0] in "LNPS"]

    assert seen(clean(text)) == seen(text)
