"""What plans and reports say to a person."""

from __future__ import annotations

import pytest

from litmos_async.bulk import Plan, Report
from litmos_async.wording import count, duration


def test_counts() -> None:
    """A number agrees with its noun."""
    assert [count(1, "line"), count(2_500, "line"), count(0, "person", "people")] == [
        "1 line",
        "2,500 lines",
        "0 people",
    ]


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (
            Plan(
                item_label="assignments",
                items=1,
                requests_by_kind={"POST /users/{user_id}/courses": 1},
                emails=1,
            ),
            "1 assignment, 1 request, a few seconds, e-mails to up to 1 person",
        ),
        (
            Plan(
                item_label="user changes",
                items=1_500,
                requests_by_kind={"PUT": 1_500, "GET": 2},
                checks=15,
                seconds=905,
            ),
            "1,500 user changes, 1,502 requests and 15 to read back, about 15 min 5 s, no e-mails",
        ),
        (
            Plan(
                item_label="users",
                items=2,
                skipped={"given twice": 3, "already there": 0},
                notes=("Take an import.",),
            ),
            "2 users, 0 requests, a few seconds, 3 given twice, no e-mails\nTake an import.",
        ),
    ],
)
def test_plans(plan: Plan, text: str) -> None:
    """A plan reads like a sentence, with what is nothing left out, and its notes below it."""
    assert str(plan) == text


def test_reports() -> None:
    """A report says what happened, with what is nothing left out."""
    assert str(Report(done=1, requests=1, seconds=0.4)) == "1 done; 1 request in 0 s"
    report = Report(
        done=1_200, skipped=1, failed=2, unknown=3, requests=1_300, seconds=3_725, stopped="2 items failed"
    )
    assert str(report) == (
        "1,200 done, 1 skipped, 2 failed, 3 unknown; 1,300 requests in 1 h 2 min; stopped: 2 items failed"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0 s"), (59.6, "1 min 0 s"), (128.4, "2 min 8 s"), (3600, "1 h 0 min"), (7325, "2 h 2 min")],
)
def test_durations_as_people_say_them(seconds: float, text: str) -> None:
    """A duration is said in hours, minutes and seconds, as far as they matter."""
    assert duration(seconds) == text
