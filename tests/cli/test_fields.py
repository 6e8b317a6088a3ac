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
from litmos_async.cli.values import YES_OR_NO

FIELDS = Fields(UserImport, "username")


def table(*lines: str) -> Table:
    """Return what is read from these lines, checked."""
    return FIELDS.check(parse("\n".join(lines).encode(), [USER_NAME]))


def test_values() -> None:
    """Columns are attributes, however they are written; what is empty says nothing."""
    found = table(
        "user,First Name,LAST_NAME,active,InActiveDate,Custom Field 1,email,line,status",
        "ada,Ada, Lovelace ,yes,2031-12-24,7,,2,failed",
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


def test_two_lines_about_the_same_person() -> None:
    """They must agree; what was added by an earlier run does not matter."""
    found = table("user,city,line,status", "ada,Rome,2,done", "ADA,Rome,3,failed", "ada,Oslo,4,done")
    assert [line.problem for line in found.lines] == [
        "",
        "",
        "line 2 says something else about the same person",
    ]
