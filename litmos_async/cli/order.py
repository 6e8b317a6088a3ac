"""What a bulk command was asked to do, and whether all files that it takes can be used."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Final

from attrs import frozen

from litmos_async.bulk import read_summary
from litmos_async.cli.extras import missing
from litmos_async.cli.outcomes import check_writable, is_open_file
from litmos_async.cli.reading import READING, STDIN, Reading
from litmos_async.cli.tasks import Task
from litmos_async.errors import ConfigurationError
from litmos_async.wording import system_reason

__all__ = ["BESIDE_JOURNAL", "MANY", "Order", "unwritable", "usable"]

MANY: Final = 1_000
"""Changes after which a person at a terminal is asked."""

BESIDE_JOURNAL: Final = ("-lock", "-wal", "-shm", "-journal")
"""How the names of the files end that SQLite and the journal's lock put beside it."""


_WORKBOOKS: Final = frozenset({".xlsx", ".xlsm", ".xls"})
_TABLES: Final = _WORKBOOKS | {".csv", ".tsv", ".tab", ".txt"}
"""How the names of files that hold tables end."""


@frozen
class Order:
    """What a command was asked to do.

    Attributes:
        task: What to do with the lines.
        file: The CSV; `-` is standard input.
        outcomes: Where the outcomes go; beside the file if None.
        dry_run: Whether to stop after the plan.
        plan_json: Where the plan goes, to be approved.
        confirm_above: More changes than this are asked about, where there is a terminal; None for never.
        reading: How the file is read.
    """

    task: Task
    file: Path
    outcomes: Path | None = None
    dry_run: bool = False
    plan_json: Path | None = None
    confirm_above: int | None = MANY
    reading: Reading = READING

    @property
    def outcomes_file(self) -> Path:
        """Where the outcomes go: beside a file, and for what is none, such as a pipe, into the current folder.

        Only the ending of a table is replaced: `team.v1` and `team.v2` are two files, and so are their outcomes.
        A workbook cannot be written line by line: it is made of this file in the end.
        """
        if self.outcomes is not None:
            return self.outcomes.with_suffix(".csv") if _is_workbook(self.outcomes) else self.outcomes
        if self.from_pipe:
            return Path("stdin.outcomes.csv")
        name = self.file.stem if self.file.suffix.lower() in _TABLES else self.file.name
        return self.file.with_name(f"{name}.outcomes.csv")

    @property
    def from_pipe(self) -> bool:
        """Whether the input is no file with a place of its own: standard input, a pipe, another open file."""
        if self.file == STDIN or is_open_file(self.file):
            return True
        return self.file.exists() and not self.file.is_file()

    @property
    def outcomes_workbook(self) -> Path | None:
        """Where the outcomes go as a workbook, too; None where no workbook is involved."""
        if self.outcomes is None:
            return self.outcomes_file.with_suffix(".xlsx") if _is_workbook(self.file) else None
        return self.outcomes if _is_workbook(self.outcomes) else None

    @property
    def journal(self) -> Path | None:
        """Where the job remembers what was sent, if it is to."""
        return self.task.options.get("journal")

    def check(self) -> None:
        """Make sure that everything can be written that is going to be, and nothing over something else.

        Raises:
            ConfigurationError: Something cannot.
        """
        self._check_that_all_differ()
        wanted = {"the outcomes": self.outcomes_file}
        if self.outcomes_workbook is not None:
            if needed := missing("writing a workbook", "cli", "xlsx"):
                raise ConfigurationError(needed)
            wanted["the outcomes as a workbook"] = self.outcomes_workbook
        if self.plan_json is not None:
            wanted["the plan"] = self.plan_json
        journal = None if self.dry_run else self.journal
        if journal is not None:
            wanted["the journal"] = journal
        for what, path in wanted.items():
            try:
                check_writable(path)
            except OSError as problem:
                raise ConfigurationError(unwritable(what, path, problem)) from None
        if journal is not None and journal.exists() and journal.stat().st_size:
            read_summary(journal)  # raises where it is something else

    def _check_that_all_differ(self) -> None:
        """Compare the files that are read and written, with those that the journal has beside it."""
        files = [("the outcomes", self.outcomes_file)]
        if self.outcomes_workbook is not None:
            files.append(("the outcomes as a workbook", self.outcomes_workbook))
        if self.file != STDIN:
            files.insert(0, ("the file to read from", self.file))
        if self.plan_json is not None:
            files.append(("the plan", self.plan_json))
        if self.journal is not None:
            files.append(("the journal", self.journal))
            # SQLite puts them beside what the name leads to.
            journal = self.journal.resolve()
            files += [(f"the journal's {end}", Path(f"{journal}{end}")) for end in BESIDE_JOURNAL]
        for (first, path), (second, other) in combinations(files, 2):
            if _is_same(path, other):
                raise ConfigurationError(f"{first} and {second} cannot be the same file: {path}")


def _is_workbook(path: Path) -> bool:
    return path.suffix.lower() in _WORKBOOKS


def usable(*paths: Path | None) -> None:
    """Make sure that names can be names of files at all.

    Raises:
        ConfigurationError: One is too long, holds a character that no name can hold, or is a link to itself.
    """
    for path in paths:
        if path is None:
            continue
        try:
            path.resolve()
            path.exists()
        except (OSError, ValueError, RuntimeError) as problem:  # RuntimeError: links that lead to each other
            raise ConfigurationError(
                f"{path} cannot be the name of a file: {system_reason(problem)}"
            ) from None


def unwritable(what: str, path: Path, problem: OSError) -> str:
    """Return what is said of a file that cannot be written."""
    return f"cannot write {what} to {path}: {system_reason(problem)}"


def _is_same(path: Path, other: Path) -> bool:
    """Return whether two names lead to one file, whether it is there or not."""
    if path.resolve() == other.resolve():
        return True
    return path.exists() and other.exists() and path.samefile(other)
