"""What people and spreadsheets write into fields."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime

import pytest

from litmos_async.cli.values import (
    FieldError,
    access_level,
    day,
    import_access_level,
    moment,
    text_of,
    yes_or_no,
)

YES_OR_NO = (
    "expected yes or no, true or false, 1 or 0, active or inactive, or such a word in German, French, Spanish, "
    "Italian, Portuguese or Dutch"
)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "Y",
        "TRUE",
        "true",
        "1",
        " ja ",
        "J",
        "WAHR",
        "Oui",
        "vrai",
        "Sí",
        "si",
        "sim",
        "Active",
        "ja\u200b",
        *("Sì", "si\u0300", "attiva", "attivo", "activa", "activo", "ativa", "ativo", "aktiv", "actief"),
    ],
)
def test_yes(text: str) -> None:
    """In the languages in which spreadsheets are written."""
    assert yes_or_no(text) is True


@pytest.mark.parametrize(
    "text",
    [
        *("no", "N", "FALSE", "0", "nein", "FALSCH", "non", "FAUX", "falso", "não", "inactive", "\u00a0no"),
        *("inattiva", "inattivo", "inactiva", "inactivo", "inativa", "inativo", "inaktiv", "inactief"),
    ],
)
def test_no(text: str) -> None:
    """In the same ones."""
    assert yes_or_no(text) is False


@pytest.mark.parametrize("text", ["maybe", "2", "yess", "-", "n/a", "10", "ja nein"])
def test_neither_yes_nor_no(text: str) -> None:
    """It is refused by what is expected, and not repeated: it may be in the wrong column."""
    with pytest.raises(FieldError, match=rf"^{re.escape(YES_OR_NO)}$"):
        yes_or_no(text)


@pytest.mark.parametrize(
    "text",
    [
        *("2031-12-24", "2031/12/24", "2031.12.24", "24.12.2031", "24. 12. 2031", "24/12/2031", "12/24/2031"),
        *("12-24-2031", "24-12-2031", "24-Dec-2031", "24 December 2031", "Dec 24, 2031", "December 24 2031"),
        *(
            "2031-12-24 00:00:00",
            "2031-12-24T00:00:00Z",
            "24.12.2031 00:00",
            "12/24/2031 0:00:00",
            "2031-12-24\u200b",
        ),
    ],
)
def test_days_of_which_one_can_be_meant(text: str) -> None:
    """As ISO has it, and as spreadsheets write them in many countries."""
    assert day(text) == date(2031, 12, 24)
    assert moment(text) == datetime(2031, 12, 24, tzinfo=UTC)


def test_a_day_and_a_month_of_one_number() -> None:
    """Whichever comes first, it is the same day."""
    assert day("05/05/2031") == date(2031, 5, 5)


@pytest.mark.parametrize("text", ["03/04/2031", "3-4-2031", "12/11/2031"])
def test_days_of_which_two_can_be_meant(text: str) -> None:
    """They are refused, and the reason says why."""
    with pytest.raises(FieldError, match=r"such as 2031-12-24: it may be day .* of a month"):
        day(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("soon", "such as 2031-12-24$"),
        ("24.12.31", "such as 2031-12-24$"),
        ("12/24/31", "such as 2031-12-24$"),
        ("2031-02-30", "there is no such day"),
        ("0000-01-01", "there is no such day"),
        ("47841", "the number by which a spreadsheet counts days"),
        ("2031-12-24 18:00+02:00", "in UTC"),
        ("2031-12-24 25:00", "there is no such day"),
        ("24 Foo 2031", "such as 2031-12-24$"),
        ("24 Decade 2031", "such as 2031-12-24$"),
        ("\u0662\u0660\u0663\u0661-12-24x", "such as"),
    ],
)
def test_no_days(text: str, told: str) -> None:
    """The reason says what is expected."""
    with pytest.raises(FieldError, match=told):
        day(text)


@pytest.mark.parametrize(
    "text",
    [
        *("0001-01-01", "0001-01-01 00:00:00", "01.01.0001", "1/1/0001", "1601-01-01", "1753-01-01 00:00"),
        *("1899-12-30", "1899-12-31", "1900-01-01", "01/01/1900", "1 Jan 1970", "1970-01-01T00:00:00Z"),
    ],
)
def test_a_day_that_stands_for_none(text: str) -> None:
    """Databases and systems write the first day that they know: a person who expires then could not log in."""
    for read in (moment, day):
        with pytest.raises(FieldError, match="what a program writes for no date"):
            read(text)
    assert day("1970-01-02") == date(1970, 1, 2)


def test_times() -> None:
    """They are in UTC, and a day has none."""
    assert moment("2031-12-24 18:30") == datetime(2031, 12, 24, 18, 30, tzinfo=UTC)
    assert moment("24.12.2031 18:30:15.250 UTC") == datetime(2031, 12, 24, 18, 30, 15, tzinfo=UTC)
    with pytest.raises(FieldError, match="without a time"):
        day("2031-12-24 18:30")


@pytest.mark.parametrize(
    "text", ["#N/A", "#NV", "#REF!", "#NAME?", "#DIV/0!", "#WERT!", "#####", "#N/D", "#¡VALOR!", "Loading..."]
)
def test_errors_of_a_spreadsheet(text: str) -> None:
    """They are no text that anyone wrote."""
    with pytest.raises(FieldError, match="it is a spreadsheet error"):
        text_of(text)


def test_texts_as_they_are() -> None:
    """But for blanks around them; joiners are right in some names, and Null is a surname."""
    texts = (" Ann ", "#1", "\u0645\u06cc\u200c\u062e", "=1", "Null", "None", "#great!", "-")
    assert [text_of(text) for text in texts] == [text.strip() for text in texts]


@pytest.mark.parametrize(
    ("text", "record", "row"),
    [
        ("L", "Learner", "L"),
        ("learner", "Learner", "L"),
        ("Team Leader", "Team_Leader", "TL"),
        ("TA", "Team_Leader", "TA"),
        ("Account_Owner", "Account_Owner", "2"),
        ("3", "Administrator", "3"),
        ("Trainer", "Trainer", "Trainer"),
    ],
)
def test_access_levels(text: str, record: str, row: str) -> None:
    """An import and a record of a person call them otherwise; the set is open."""
    assert (access_level(text), import_access_level(text)) == (record, row)
