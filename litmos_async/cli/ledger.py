"""What became of each line: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from attrs import define

from litmos_async.bulk import CourseForUser, Outcome, Resolved
from litmos_async.cli.table import Line, Table

LineStatus = Literal["done", "failed", "skipped", "unknown", "not done"]
"""Those of an `Outcome`, and "not done": the job ended before this line was sent."""


@define
class Entry:
    """What became of a line; None while that is not known."""

    line: Line
    status: LineStatus | None = None
    reason: str = ""


class Ledger:
    """Keeps book of a job.

    Attributes:
        table: What was read.
        entries: What became of each line, in order.
        pairs: What is to be assigned, each pair once, in order.
    """

    def __init__(self, table: Table) -> None:
        self.table = table
        self.entries = [
            Entry(line, "failed", line.problem) if line.problem else Entry(line) for line in table.lines
        ]
        self._by_pair: dict[CourseForUser, Entry] = {}

    def users(self) -> set[str]:
        """Return who is named."""
        return {entry.line.user for entry in self._open()}

    def courses(self) -> set[str]:
        """Return what is named."""
        return {entry.line.course for entry in self._open()}

    def resolve(self, users: Resolved, courses: Resolved) -> None:
        """Turn names into pairs of ids; what has none, or is there already, is settled now."""
        for entry in self._open():
            line = entry.line
            problems = [
                resolved.problems[name]
                for resolved, name in ((users, line.user), (courses, line.course))
                if name in resolved.problems
            ]
            if problems:
                entry.status, entry.reason = "failed", "; ".join(problems)
                continue
            pair = CourseForUser(users.ids[line.user], courses.ids[line.course])
            earlier = self._by_pair.setdefault(pair, entry)
            if earlier is not entry:
                entry.status, entry.reason = "skipped", f"same as line {earlier.line.number}"

    @property
    def pairs(self) -> list[CourseForUser]:
        """What is to be assigned."""
        return list(self._by_pair)

    def note(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        entry = self._by_pair[outcome.item]
        entry.status, entry.reason = outcome.status, outcome.reason

    def close(self, reason: str, sent: int) -> None:
        """Settle the lines without an outcome, because the job ended early.

        A job sends its requests in the order of its pairs, one or more a person. After `sent` requests nothing
        was sent for anybody behind the first `sent` people. What was sent for the others is not known: the
        server may have carried it out although nobody waited for the answer.
        """
        people = dict.fromkeys(pair.user_id for pair in self._by_pair)
        begun = {user_id for _, user_id in zip(range(sent), people, strict=False)}
        for pair, entry in self._by_pair.items():
            if entry.status is None and pair.user_id in begun:
                entry.status, entry.reason = "unknown", reason
        for entry in self._open():
            entry.status, entry.reason = "not done", reason

    def counts(self) -> Counter[str]:
        """Return how many lines have which status."""
        return Counter(entry.status for entry in self.entries if entry.status)

    def _open(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.status is None)
