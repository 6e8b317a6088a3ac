"""The rules of due dates and compliance, as a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from litmos_async.report import Result, Standing, is_overdue, standing_of

NOW: Final = datetime(2026, 6, 1, tzinfo=UTC)
PAST, FUTURE = NOW - timedelta(days=1), NOW + timedelta(days=1)

TABLE: Final = [
    # complete, percentage, overdue, due, compliant till -> standing, overdue
    (False, 0, None, None, None, Standing.NOT_STARTED, False),
    (None, None, None, None, None, Standing.NOT_STARTED, False),
    (False, 40, None, None, None, Standing.IN_PROGRESS, False),
    (False, 0, None, FUTURE, None, Standing.NOT_STARTED, False),
    (False, 40, None, FUTURE, None, Standing.IN_PROGRESS, False),
    (False, 0, None, PAST, None, Standing.OVERDUE, True),
    (False, 99, None, PAST, None, Standing.OVERDUE, True),
    # What the server says goes before our own arithmetic.
    (False, 0, True, None, None, Standing.OVERDUE, True),
    (False, 0, True, FUTURE, None, Standing.OVERDUE, True),
    (False, 0, False, PAST, None, Standing.NOT_STARTED, False),
    # A completed course is never overdue: the server removes the due date.
    (True, 100, None, None, None, Standing.COMPLETED, False),
    (True, 100, True, PAST, None, Standing.COMPLETED, False),
    (True, 100, None, None, FUTURE, Standing.COMPLIANT, False),
    (True, 100, None, None, NOW, Standing.COMPLIANT, False),
    (True, 100, None, None, PAST, Standing.LAPSED, False),
    # An automatic retake puts it back to incomplete while the person stays compliant.
    (False, 0, None, None, FUTURE, Standing.RETAKE_OPEN, False),
    (False, 0, True, PAST, FUTURE, Standing.RETAKE_OPEN, False),
    (False, 50, True, PAST, NOW, Standing.RETAKE_OPEN, False),
    (False, 0, None, None, PAST, Standing.LAPSED, False),
    (False, 0, True, None, PAST, Standing.LAPSED, True),
    (False, 0, None, PAST, PAST, Standing.LAPSED, True),
]


@pytest.mark.parametrize(("complete", "percentage", "overdue", "due", "till", "standing", "late"), TABLE)
def test_table(  # noqa: PLR0917 - the columns of the table
    complete: bool | None,
    percentage: float | None,
    overdue: bool | None,
    due: datetime | None,
    till: datetime | None,
    standing: Standing,
    late: bool,
) -> None:
    """Each line is a rule of the vendor, or follows from one."""
    result = Result(complete, percentage, overdue, due, till)
    assert standing_of(result, NOW) is standing
    assert is_overdue(result, NOW) is late
