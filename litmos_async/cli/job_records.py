"""What is kept of jobs with a journal, so that they can be listed, gone on with and taken away.

Each has a file in the folder `jobs` of the user's state, for its owner alone: the words of the command line, which
hold no key and no password, and where its files are.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import attrs
from attrs import frozen

from litmos_async.cli.codes import OK
from litmos_async.cli.order import BESIDE_JOURNAL, Order
from litmos_async.cli.outcomes import Access, write_whole
from litmos_async.errors import ConfigurationError
from litmos_async.profiles import state_folder
from litmos_async.wording import system_reason

__all__ = ["JobRecord", "find", "in_use", "make_folder", "new_id", "path_in_state", "records"]

_SUFFIX: Final = ".json"


@frozen
class JobRecord:
    """A job with a journal.

    Attributes:
        id: What it is called.
        words: The words of the command line.
        folder: Where it was called.
        file: Its input; empty for standard input.
        journal: Its journal.
        outcomes: Where its outcomes are.
        began: When it was called first, in seconds since 1970.
        ended: When it ended last; None while it runs, and where it was killed.
        code: Its exit code; None as long as there is none.
        unsent: Whether it ended before it had a journal, and so before it changed anything.
    """

    id: str
    words: list[str]
    folder: str
    file: str
    journal: str
    outcomes: str
    began: float
    ended: float | None = None
    code: int | None = None
    unsent: bool = False

    @classmethod
    def of(cls, order: Order, words: Sequence[str]) -> JobRecord | None:
        """Return the record of a job that is about to run, an earlier one if it goes on; None without a journal."""
        if order.journal is None or order.dry_run or not words:
            return None
        journal = str(order.journal.absolute())
        earlier = next((each for each in records() if each.journal == journal), None)
        return cls(
            earlier.id if earlier else new_id(words),
            [*words],
            str(Path.cwd()),
            "" if order.from_pipe else str(order.file.absolute()),
            journal,
            str(order.outcomes_file.absolute()),
            earlier.began if earlier else time.time(),
        )

    @property
    def command(self) -> str:
        """The command, without its options and files."""
        return " ".join(word for word in self.words[:2] if not word.startswith("-"))

    def save(self) -> None:
        """Write it down; where that cannot be done, the job is none the worse."""
        path = path_in_state(f"{self.id}{_SUFFIX}")
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_whole(path, Access(), lambda file: file.write(json.dumps(attrs.asdict(self), indent=2)))

    def finished(self, code: int) -> JobRecord:
        """Return it with its end."""
        unsent = code != OK and not Path(self.journal).exists()
        return attrs.evolve(self, ended=time.time(), code=code, unsent=unsent)

    def remove(self, others: Sequence[JobRecord]) -> None:
        """Take away the journal, the outcomes and the record itself.

        Outcomes that another job has written over since are that job's.

        Args:
            others: The other records.

        Raises:
            OSError: Something cannot be taken away.
        """
        journal = Path(self.journal)
        files = [journal, *(Path(f"{journal}{end}") for end in BESIDE_JOURNAL)]
        if all(other.outcomes != self.outcomes for other in others):
            files.append(Path(self.outcomes))
        for file in (*files, path_in_state(f"{self.id}{_SUFFIX}")):
            file.unlink(missing_ok=True)


def path_in_state(name: str) -> Path:
    """Return where a file with this name is, in the folder for jobs."""
    return state_folder() / "jobs" / name


def make_folder(journal: Path | None) -> None:
    """Make the folder for jobs, if that is where a journal is going to be.

    Raises:
        ConfigurationError: It cannot be made.
    """
    if journal is None or journal.parent != path_in_state(""):
        return
    try:
        journal.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise ConfigurationError(
            f"cannot make the folder {journal.parent} for journals: {system_reason(problem)}; name a file with "
            "--journal instead of --resumable"
        ) from None


def new_id(words: Sequence[str]) -> str:
    """Return a name for a job, which says when it began and what it does."""
    moment = datetime.now().astimezone()
    what = "-".join(
        word for word in words[:2] if word.replace("-", "").isalpha() and not word.startswith("-")
    )
    name = f"{moment:%Y%m%d-%H%M%S}-{what or 'job'}"
    number = 2
    unique = name
    while any(_is_there(path_in_state(f"{unique}{end}")) for end in (_SUFFIX, ".db")):
        unique, number = f"{name}-{number}", number + 1
    return unique


def _is_there(path: Path) -> bool:
    with suppress(OSError):  # a folder that may not be entered: what needs it says so
        return path.exists()
    return False


def records() -> list[JobRecord]:
    """Return what is kept, the oldest first; what cannot be read is left out."""
    return sorted(_read(), key=lambda each: each.began)


def _read() -> Iterator[JobRecord]:
    try:
        files = list(path_in_state("").iterdir())
    except OSError:
        return
    for file in files:
        if file.suffix == _SUFFIX and not file.name.startswith("."):
            with suppress(OSError, ValueError, TypeError):
                data: Any = json.loads(file.read_text("utf-8"))
                yield JobRecord(**data)


def find(id: str) -> JobRecord:
    """Return a record.

    Args:
        id: Its name, or the beginning of it.

    Raises:
        ConfigurationError: There is none, or there are several.
    """
    kept = records()
    found = [each for each in kept if each.id == id] or [each for each in kept if each.id.startswith(id)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(f"several jobs begin with {id!r}: {', '.join(each.id for each in found)}")
    raise ConfigurationError(f"there is no job {id!r}: litmos jobs list shows all jobs")


def in_use(journal: Path) -> bool:
    """Return whether a job is at work with a journal: it holds SQLite's lock on the file beside it."""
    lock = Path(f"{journal}-lock")
    if not lock.exists():
        return False
    with closing(sqlite3.connect(lock, timeout=0, isolation_level=None)) as database:
        try:
            database.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error:
            return True
        database.rollback()
    return False
