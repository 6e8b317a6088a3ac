"""Reports to show: with as many rows as one likes, and texts that a page must not run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from litmos_async.report import Bar, Column, Report

EVIL: Final = '<script>alert("x")</script>&"\''


def sample(rows: int = 3, bars: int = 3, text: str = "Ada") -> Report:
    """Return a report."""
    columns = (Column("name", "Name"), Column("count", "Count", "number"), Column("when", "When", "time"))
    table = [
        (f"{text} {number}", number * 7 % 10, datetime(2026, 1, 1 + number % 28, tzinfo=UTC))
        for number in range(rows)
    ]
    return Report(
        "completion",
        "Completion",
        datetime(2026, 6, 1, tzinfo=UTC),
        "https://api.example.com",
        [("Rows", f"{rows:,}")],
        [Bar(f"{text} {number}", number, 10) for number in range(bars)],
        columns,
        table,
    )
