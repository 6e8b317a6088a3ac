"""Columns that describe people."""

from __future__ import annotations

from datetime import date

import attrs
import pytest

from litmos_async import UserImport
from litmos_async.bulk import Resolved
from litmos_async.cli.fields import Fields
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.reading import Reading
from litmos_async.cli.table import Table, TableError, parse
from litmos_async.cli.tasks import USER_NAME
from litmos_async.cli.values import YES_OR_NO
from litmos_async.names import IDENTIFYING

FIELDS = Fields(UserImport, "username", identifying=IDENTIFYING)


def table(*lines: str) -> Table:
    """Return what is read from these lines, checked."""
    return FIELDS.check(parse("\n".join(lines).encode(), [USER_NAME]))


def test_values() -> None:
    """Columns are attributes, however they are written; what is empty says nothing."""
    found = table(
        "line,user,status,reason,First Name,LAST_NAME,active,InActiveDate,Custom Field 1,email",
        "2,ada,failed,no,Ada, Lovelace ,yes,2031-12-24,7,",
    )
    (line,) = found.lines
    assert line.problem == ""
    ledger = Ledger(found)
    ledger.resolve([Resolved({"ada": "ada"})])
    assert FIELDS.read(ledger) == [
        UserImport(
            username="ada",
            first_name="Ada",
            last_name="Lovelace",
            active=True,
            in_active_date=date(2031, 12, 24),
            custom_field1="7",
        )
    ]


def test_unknown_columns() -> None:
    """The error names them, and what may have been meant."""
    with pytest.raises(TableError, match=r"unknown: 'shoe size', 'First Nam' .first_name\?.$"):
        table("user,shoe size,email,First Nam")


def test_a_column_that_is_there_twice() -> None:
    """It is not clear which of them counts."""
    with pytest.raises(TableError, match="same column twice: 'City', 'city'"):
        table("user,City,email,city")


def test_what_means_nothing() -> None:
    """It costs its line, and the problem says what was expected, without a word of what stood there."""
    found = table(
        "user,active,In Active Date", "ada,maybe,", "ben,NO,soon", "cleo,x,y", ",,", "dora,1,2031-01-01"
    )
    assert [line.problem for line in found.lines] == [
        f"active: {YES_OR_NO}",
        "In Active Date: expected a date such as 2031-12-24",
        f"active: {YES_OR_NO}; In Active Date: expected a date such as 2031-12-24",
        "",
    ]


def statuses(*lines: str) -> list[tuple[str | None, str]]:
    """Return the outcomes of these lines as far as they are settled before the job."""
    found = table(*lines)
    ledger = Ledger(found, said=FIELDS.said)
    ledger.resolve([Resolved({name: name.lower() for name in ledger.named(0)})])
    return [(entry.status, entry.reason) for entry in ledger.entries]


OTHER = ("failed", "line 2 says something else about the same")
SAME = ("skipped", "same as line 2")


def test_two_lines_about_the_same_person() -> None:
    """They must agree; what was added by an earlier run does not matter."""
    rows = "2,ada,done,,Rome", "3,ADA,failed,no,Rome", "4,ada,done,,Oslo"
    assert statuses("line,user,status,reason,city", *rows) == [(None, ""), SAME, OTHER]


@pytest.mark.parametrize(
    ("columns", "first", "later", "told"),
    [
        ("city,company", "Rome,Acme", "Rome,", SAME),
        ("city,company", "Rome,Acme", ",", SAME),
        ("city,company", "Rome,", "Rome,Acme", OTHER),
        ("city", "Rome", " Rome ", SAME),
        ("city", "Rome", "rome", OTHER),
        ("active", "TRUE", "yes", SAME),
        ("active", "TRUE", "no", OTHER),
        ("in_active_date", "2031-12-24", "24.12.2031", SAME),
        ("in_active_date", "2031-12-24", "2031-12-25", OTHER),
        ("email", "ada@example.com", "Ada@Example.com\u200b", SAME),
        ("email", "ada@example.com", "eve@example.com", OTHER),
    ],
)
def test_what_a_later_line_says(columns: str, first: str, later: str, told: tuple[str, str]) -> None:
    """Values are compared, not texts, and an empty field says nothing: as of completions, sessions and teams."""
    assert statuses(f"user,{columns}", f"ada,{first}", f"ada,{later}") == [(None, ""), told]


def test_columns_that_mean_nothing_are_not_compared() -> None:
    """What is passed over is no reason to fail."""
    found = FIELDS.check(
        parse(b"user,city,shoe size\nada,Rome,41\nada,Rome,42\n", [USER_NAME]), Reading(ignore_columns=True)
    )
    assert [FIELDS.said(found, line) for line in found.lines] == [{"city": "Rome"}] * 2


REWRITTEN = (
    *("2026-03-01", "2026-03-01 18:30:00", "01.03.2026", "3/1/2026", "1-Mar", "01. Mrz", "01-mars", "Mar-26"),
    *("09:30:00", "26:30:00", "9:30:00 AM", "TRUE", "FALSE", "WAHR", "0.5", "0,25", "50%", "12.5 %"),
    *("$12,345.00", "12.345 €", "£5", "'E-0012", "1.2E+04", "12345.0", "#N/A"),
)
"""What Excel, LibreOffice and Google Sheets write in place of `1-3`, `1/2`, `12:30`, `E-0012` and the like."""

AS_TYPED = (
    *(
        "00123",
        "E-0012",
        "1-3",
        "12-345",
        "2026-0301",
        "2026-13-01",
        "12.34",
        "1.2.3",
        "TRUE-1",
        "true",
        "9:30",
    ),
    *(
        "Marchetti",
        "1-Marco",
        "jan-01",
        "o'neill-2@example.com",
        "31122026",
        "100%ann",
        "12/2019",
        "32.13.2026",
    ),
)


@pytest.mark.parametrize("column", ["user", "external_employee_id"])
def test_what_a_spreadsheet_has_made_of_a_name_or_number(column: str) -> None:
    """It fails, and the reason says what it is; no other name or number does."""
    for texts, bad in ((REWRITTEN, True), (AS_TYPED, False)):
        for text in texts:
            line = f'"{text}",1' if column == "user" else f'ada,"{text}"'
            other = "custom_field1" if column == "user" else column
            (found,) = table(f"user,{other}", line).lines
            assert bool(found.problem) == bad, text
            assert text in found.problem or not bad


@pytest.mark.parametrize("text", ["12,345", "1'234'567", "12 345"])
def test_marks_between_thousands(text: str) -> None:
    """An import would store them; a comparison sees the number that is there. Points may part a number."""
    for fields, bad in ((FIELDS, False), (attrs.evolve(FIELDS, overwrites=True), True)):
        for number in (text, "12.345"):
            (line,) = fields.check(parse(f'user,employee_id\nada,"{number}"\n'.encode(), [USER_NAME])).lines
            assert ("marks between thousands" in line.problem) == (bad and number == text)


def test_what_is_no_name_may_look_as_it_likes() -> None:
    """A date or an amount is a text like any other."""
    (found,) = table("user,custom_field1,city,zip", "ada,2026-03-01,TRUE,0.5").lines
    assert not found.problem
