"""A journal as the same job opens it each time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from litmos_async.bulk.journal.file import JournalFile, Settled
from litmos_async.bulk.journal.keys import Fingerprint

KIND = "add_users_to_teams"
OPTIONS = {"send_message": False}
PAIRS = [("anna", "red"), ("bert", "red"), ("anna", "blue"), ("carl", "blue")]

RED, BLUE = [("anna", "red"), ("bert", "red")], [("anna", "blue")]
"""What two requests carry."""


def done(items: list[tuple[str, str]]) -> list[Settled]:
    """Return the outcomes of items that were carried out."""
    return [Settled(*item, "done") for item in items]


def fingerprint(pairs: list[tuple[str, str]] | None = None) -> Fingerprint:
    """Return the fingerprint of pairs, of `PAIRS` if none are given."""
    print_ = Fingerprint()
    for pair in PAIRS if pairs is None else pairs:
        print_.add(*pair)
    return print_


def opened(path: Path, **different: Any) -> JournalFile:
    """Open a journal as the same job does each time, or as one that differs in something."""
    values = {"kind": KIND, "fingerprint": fingerprint(), "options": OPTIONS, **different}
    return JournalFile.open(path, **values)


def names_beside(path: Path) -> list[str]:
    """Return the names of all files in the folder of the journal."""
    return sorted(file.name for file in path.parent.iterdir())
