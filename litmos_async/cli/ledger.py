"""The outcome of each line: pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from attrs import define, frozen

from litmos_async.bulk import Outcome, Resolved
from litmos_async.cli.headings import LineStatus
from litmos_async.cli.table import Line, Table
from litmos_async.cli.words import said
from litmos_async.names import clean

Item: TypeAlias = tuple[str, ...]
"""What a line is about: an id for each of its columns."""


@frozen
class Subject:
    """What an outcome is about.

    Attributes:
        item: The ids.
        did: What was to be done with it, where that is not the same for all.
        names: What its parts are called, if it stands on no line; an empty one is not known.
        part: What of the line it is about, where a line takes several outcomes.
        parts: How many outcomes the line takes.
    """

    item: Item
    did: str = ""
    names: Item = ()
    part: str = ""
    parts: int = 1


def subject_of(item: Any) -> Subject:
    """Return what most outcomes are about: a pair of ids, or one id."""
    return Subject((item,) if isinstance(item, str) else tuple(item))


def nothing_said(_: Table, __: Line) -> Mapping[str, Any]:
    """Return nothing: a line says no more than its item."""
    return {}


def says_no_more(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Return whether one line says nothing that another does not say as well: what is left out says nothing."""
    return all(name in earlier and earlier[name] == value for name, value in later.items())


def nothing_more(_: Table, __: Line) -> Item:
    """Return what else tells a line from others: nothing, where the columns that must be there tell it."""
    return ()


@define
class Entry:
    """The outcome of a line; None while it is not known.

    Attributes:
        line: The line.
        status: The outcome.
        reason: Why.
        remark: What else is to be said of it, if it does not fail.
    """

    line: Line
    status: LineStatus | None = None
    reason: str = ""
    remark: str = ""


class Ledger:
    """The outcomes of a job, line by line.

    Args:
        table: What was read.
        about: Returns what an item of an outcome is about.
        apart: Returns what else tells a line from others, beside the ids of its columns.
        said: Returns what a line says about its item: a later line that says no more is skipped, another one fails.

    Attributes:
        table: What was read.
        entries: The outcome of each line, in order; behind them what the job did that stands on no line.
    """

    def __init__(
        self,
        table: Table,
        about: Callable[[Any], Subject] = subject_of,
        apart: Callable[[Table, Line], Item] = nothing_more,
        said: Callable[[Table, Line], Mapping[str, Any]] = nothing_said,
    ) -> None:
        self.table = table
        self._about = about
        self._apart = apart
        self._said = said
        self._parts: dict[Item, dict[str, Outcome]] = {}
        self.entries = [
            Entry(line, "failed", line.problem) if line.problem else Entry(line) for line in table.lines
        ]
        self._by_item: dict[Item, Entry] = {}
        self._names: list[dict[str, str]] = [{} for _ in table.columns]
        self._called_there: list[Mapping[str, str]] = [{} for _ in table.columns]
        self._replacements: dict[str, Mapping[str, Any]] = {}

    def named(self, place: int) -> list[str]:
        """Return what a column names on the lines that can be used, each name once, in order."""
        return list(dict.fromkeys(entry.line.values[place] for entry in self._open()))

    def resolve(self, found: Sequence[Resolved]) -> None:
        """Turn names into ids; a line with a name that has none, or that is there already, is settled now.

        Args:
            found: What the names of each column stand for.
        """
        self._names = [{id: name for name, id in resolved.ids.items()} for resolved in found]
        self._called_there = [resolved.names for resolved in found]
        for entry in self._open():
            named = list(zip(found, entry.line.values, strict=True))
            problems = [resolved.problems[name] for resolved, name in named if name in resolved.problems]
            if problems:
                entry.status, entry.reason = "failed", "; ".join(problems)
                continue
            ids = tuple(resolved.ids[name] for resolved, name in named)
            item = (*ids, *self._apart(self.table, entry.line))
            earlier = self._by_item.setdefault(item, entry)
            if earlier is entry:
                continue
            number = earlier.line.number
            if says_no_more(self._said(self.table, entry.line), self._said(self.table, earlier.line)):
                entry.status, entry.reason = "skipped", f"same as line {number}"
            else:
                entry.status, entry.reason = "failed", f"line {number} says something else about the same"

    def fail(self, place: int, problems: Mapping[str, str]) -> None:
        """Settle the lines that name something which is not there.

        Args:
            place: The column, among those that need not be there.
            problems: What is wrong with a name, by the name as it stands in the file.
        """
        for entry in self._open():
            if problem := problems.get(entry.line.extra[place]):
                name = self.table.extra_columns[place]
                entry.status, entry.reason = "failed", f"{name}: {problem}"
        self._by_item = {item: entry for item, entry in self._by_item.items() if entry.status is None}

    def remark(self, place: int, name: str, text: str) -> None:
        """Say something more of the lines that name this, unless they fail.

        Args:
            place: The column, among those that need not be there.
            name: The name as it stands in the file.
            text: What to say.
        """
        for entry in self._open():
            if entry.line.extra[place] == name:
                entry.remark = f"{self.table.extra_columns[place]}: {text}"

    def called_there(self, place: int, id: str) -> str:
        """Return what the server calls a thing of a column, by its id: the id where that was not looked up."""
        return self._called_there[place].get(id, id)

    def settle(self, item: Item, status: LineStatus, reason: str) -> None:
        """Settle a line before the job begins: it is no item of the job any more."""
        entry = self._by_item.pop(item)
        entry.status, entry.reason = status, reason

    def replace(self, attribute: str, values: Mapping[str, Any]) -> None:
        """Remember what texts about an attribute stand for, where that had to be looked up."""
        self._replacements[attribute] = {**self._replacements.get(attribute, {}), **values}

    def replaced(self, attribute: str, text: str, value: Any) -> Any:
        """Return what a text stands for: the value that was read, where nothing else was found."""
        return self._replacements.get(attribute, {}).get(text, value)

    def mentioned(self, place: int) -> list[str]:
        """Return what stands in a column that need not be there, on lines that can be used, each text once."""
        texts = (entry.line.extra[place] for entry in self._open())
        return [text for text in dict.fromkeys(texts) if clean(text)]

    @property
    def items(self) -> list[Item]:
        """What the job is about, each item once, in order."""
        return list(self._by_item)

    @property
    def lines(self) -> list[Line]:
        """The line of each item, in the same order."""
        return [entry.line for entry in self._by_item.values()]

    def note(self, outcome: Outcome) -> Entry | None:
        """Take an outcome into account; return what it settles, or None: the first one of an item counts."""
        subject = self._about(outcome.item)
        entry = self._by_item.get(subject.item)
        if entry is None:
            entry = self._by_item[subject.item] = Entry(Line(0, self._called(subject)))
            self.entries.append(entry)
        if entry.status is not None:
            return None
        if subject.parts == 1:
            remark = entry.remark if outcome.status in {"done", "skipped", "planned"} else ""
            entry.status = outcome.status
            entry.reason = "; ".join(filter(None, (_reason(outcome, subject), remark)))
            return entry
        noted = self._parts.setdefault(subject.item, {})
        noted.setdefault(subject.part, outcome)
        if len(noted) < subject.parts:
            return None
        entry.status, entry.reason = _together(noted)
        return entry

    def _called(self, subject: Subject) -> Item:
        """Return what the parts of a subject are called: by the subject, else in the file, else by their ids."""
        called = (*subject.names, *[""] * len(subject.item))
        each = zip(called, self._names, subject.item, strict=False)
        return tuple(name or names.get(id, id) for name, names, id in each)

    def change(self, outcome: Outcome) -> dict[str, Any]:
        """Return what an outcome would change, for those who approve a plan: by the names in the file."""
        subject = self._about(outcome.item)
        entry = self._by_item.get(subject.item)
        names = entry.line.values if entry else self._called(subject)
        columns = [column.key for column in self.table.columns]
        change = {
            "line": entry.line.number or None if entry else None,
            **dict(zip(columns, names, strict=True)),
        }
        return change | ({"change": subject.did} if subject.did else {})

    def close(self, reason: str, status: LineStatus = "not done") -> None:
        """Settle the lines without an outcome: nothing was sent for them, or not all of it."""
        for item, noted in self._parts.items():
            entry = self._by_item[item]
            if entry.status is None:
                found, told = _together(noted)
                done = sum(outcome.status == "done" for outcome in noted.values())
                entry.status = found if found in {"unknown", "failed"} else status
                why = dict.fromkeys((told, reason, f"{done:,} of its parts done"))
                entry.reason = "; ".join(filter(None, why))
        for entry in self._open():
            entry.status, entry.reason = status, reason

    def counts(self) -> Counter[str]:
        """Return how many lines have which status."""
        return Counter(entry.status for entry in self.entries if entry.status)

    def _open(self) -> Iterator[Entry]:
        return (entry for entry in self.entries if entry.status is None)


_WEIGHT: Final[Sequence[LineStatus]] = ("unknown", "failed", "planned", "done", "skipped")
"""Outcomes of the parts of a line: the first one that any has is that of the line."""


def _together(parts: Mapping[str, Outcome]) -> tuple[LineStatus, str]:
    """Return the outcome of a line that has several, and why."""
    status: LineStatus = next(
        each for each in _WEIGHT if any(outcome.status == each for outcome in parts.values())
    )
    reasons = [(part, said(outcome.reason)) for part, outcome in parts.items() if outcome.status == status]
    if status in {"planned", "done"}:
        return status, ""
    if len({reason for _, reason in reasons}) == 1 and len(reasons) == len(parts):
        return status, reasons[0][1]
    return status, "; ".join(f"{part}: {reason}" for part, reason in reasons)


def _reason(outcome: Outcome, subject: Subject) -> str:
    """Return why, and of something that was attempted also what it was."""
    did = "" if outcome.status == "skipped" else subject.did
    return ": ".join(filter(None, (did, said(outcome.reason))))
