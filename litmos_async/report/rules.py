"""Who is done, who is overdue, who is compliant: the rules of due dates and compliance, without I/O.

The vendor's rules (due-dates-and-compliance, and the older compliance pages):

- After the due date a course is overdue; access stays. On completion the server removes the due date, so a
  completed course is never overdue, and "completed late" cannot be told afterwards.
- Compliance is a setting of its own: a person stays compliant until `compliant_till`, also while an automatic
  retake has put the course back to incomplete. Compliant for ever has no `compliant_till`.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from attrs import frozen


class Standing(StrEnum):
    """Where a person stands in a course.

    ```python
    result = Result(complete=True)
    assert standing_of(result, datetime.now(UTC)) is Standing.COMPLETED
    ```
    """

    COMPLETED = "completed"
    """Completed, and nothing runs out."""

    COMPLIANT = "compliant"
    """Completed, and compliant until a date that is still to come."""

    RETAKE_OPEN = "retake open"
    """To be done again, and compliant until then: not overdue."""

    LAPSED = "lapsed"
    """No longer compliant."""

    OVERDUE = "overdue"
    """Not completed, and due before now."""

    IN_PROGRESS = "in progress"
    """Begun and not due yet."""

    NOT_STARTED = "not started"
    """Not begun and not due yet."""


GOOD: Final = frozenset({Standing.COMPLETED, Standing.COMPLIANT, Standing.RETAKE_OPEN})
"""Standings of people from whom nothing is missing today."""


@frozen
class Result:
    """What is known of one person in one course.

    ```python
    result = Result(complete=False, percentage=40.0, due_date=datetime(2026, 1, 31, tzinfo=UTC))
    print(is_overdue(result, datetime.now(UTC)))
    ```

    Attributes:
        complete: Whether the course is completed; None is taken for no.
        percentage: Progress, 0 to 100. None is not known.
        overdue: What the server says; it is believed before any date. None where it says nothing.
        due_date: When it is due, where that is known. Else None.
        compliant_till: Until when a completion counts. None where it counts for ever, or that is not known.
    """

    complete: bool | None = None
    percentage: float | None = None
    overdue: bool | None = None
    due_date: datetime | None = None
    compliant_till: datetime | None = None


def standing_of(result: Result, now: datetime) -> Standing:
    """Return where a person stands at a time.

    Args:
        result: What is known of the person in the course.
        now: The time to judge at, with its time zone.
    """
    if result.compliant_till is not None:
        if result.compliant_till < now:
            return Standing.LAPSED
        return Standing.COMPLIANT if result.complete else Standing.RETAKE_OPEN
    if result.complete:
        return Standing.COMPLETED
    if is_overdue(result, now):
        return Standing.OVERDUE
    return Standing.IN_PROGRESS if result.percentage else Standing.NOT_STARTED


def is_overdue(result: Result, now: datetime) -> bool:
    """Return whether a course should have been completed by now.

    An incomplete course of a person who is still compliant is not overdue, whatever the server says of it.

    Args:
        result: What is known of the person in the course.
        now: The time to judge at, with its time zone.
    """
    if result.complete or (result.compliant_till is not None and result.compliant_till >= now):
        return False
    if result.overdue is not None:
        return result.overdue
    return result.due_date is not None and result.due_date < now
