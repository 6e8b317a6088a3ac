"""Columns that describe people."""

from __future__ import annotations

from datetime import date

import pytest

from litmos_async import UserImport
from litmos_async.bulk import Resolved
from litmos_async.cli.fields import Fields
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.table import Table, TableError, parse
from litmos_async.cli.tasks import USER_NAME

FIELDS = Fields(UserImport, "username")


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
        "active: expected yes or no",
        "In Active Date: expected a date such as 2031-12-24",
        "active: expected yes or no; In Active Date: expected a date such as 2031-12-24",
        "",
    ]


def test_two_lines_about_the_same_person() -> None:
    """They must agree; what was added by an earlier run does not matter."""
    rows = "2,ada,done,,Rome", "3,ADA,failed,no,Rome", "4,ada,done,,Oslo"
    found = table("line,user,status,reason,city", *rows)
    assert [line.problem for line in found.lines] == [
        "",
        "",
        "line 2 says something else about the same person",
    ]
