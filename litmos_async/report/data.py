"""What a report holds, before it is a page, a file or a table on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

Kind: TypeAlias = Literal["completion", "overdue", "not-started", "teams"]

KINDS: Final[tuple[Kind, ...]] = ("completion", "overdue", "not-started", "teams")


@frozen
class Column:
    """A column of a report.

    ```python
    report = await litmos.report.make("overdue")
    print([column.title for column in report.columns])
    ```

    Attributes:
        name: Its name in CSV and JSON.
        title: Its title for people.
        type: What its values are: text, whole numbers, percentages, times.
    """

    name: str
    title: str
    type: Literal["text", "number", "percent", "time"] = "text"


@frozen
class Bar:
    """A bar of the chart: something of which a part is done.

    ```python
    report = await litmos.report.make("teams")
    for bar in report.bars:
        print(f"{bar.label}: {bar.percent:.0f} %")
    ```

    Attributes:
        label: What it is.
        done: How many are done.
        total: How many there are.
    """

    label: str
    done: int
    total: int

    @property
    def percent(self) -> float:
        """How much is done, 0 to 100."""
        return 100 * self.done / self.total if self.total else 0.0


@frozen
class Report:
    """A report.

    ```python
    report = await litmos.report.make("not-started", courses=[course_id])
    print(report.title, dict(report.figures))
    for row in report.to_dicts():
        print(row)
    ```

    Attributes:
        kind: Which one.
        title: Its title.
        made: When it was made, in UTC.
        account: The address of the account's API.
        figures: Numbers that sum it up, with their names.
        bars: What its chart shows, the least done first.
        columns: The columns of its table.
        rows: The rows of its table, in the order of the columns.
        note: What it is limited to, in words; empty where it is everything.
    """

    kind: Kind
    title: str
    made: datetime
    account: str
    figures: Sequence[tuple[str, str]]
    bars: Sequence[Bar]
    columns: Sequence[Column]
    rows: Sequence[tuple[Any, ...]] = field(repr=False)
    note: str = ""

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return the rows as plain data, with ISO times."""
        names = [column.name for column in self.columns]
        return [
            {
                name: value.isoformat() if isinstance(value, datetime) else value
                for name, value in zip(names, row, strict=True)
            }
            for row in self.rows
        ]
