"""Writing what became of each line: the whole file or none of it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from litmos_async.cli.ledger import Entry
from litmos_async.cli.table import Table

COLUMNS: Final = ("line", "user", "course", "status", "reason")
"""`user` and `course` are called so that the file, cut down to what failed, can be run again."""


def check_writable(path: Path) -> None:
    """Make sure that the outcomes can be written, before anything is done that they would tell of.

    Raises:
        OSError: They cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    temporary = _temporary(path)
    temporary.touch()
    temporary.unlink()


def write_outcomes(path: Path, table: Table, entries: Iterable[Entry]) -> None:
    """Write the file, in the form of the input: its delimiter, a byte-order mark if it had one.

    Values are written as they came. A spreadsheet may take one that begins with `=` for a formula, but no such
    value is put there by us or by the server: it stood in the input already, and a changed one would not fit
    when the file is run again.
    """
    # The input may be an earlier outcomes file; it must not end up with every column twice.
    kept = [place for place, name in enumerate(table.extra_columns) if name not in COLUMNS]
    temporary = _temporary(path)
    try:
        with temporary.open("w", encoding="utf-8-sig" if table.bom else "utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=table.delimiter)
            writer.writerow([*COLUMNS, *(table.extra_columns[place] for place in kept)])
            for entry in entries:
                line = entry.line
                extra = (line.extra[place] for place in kept)
                writer.writerow([line.number, line.user, line.course, entry.status, entry.reason, *extra])
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _temporary(path: Path) -> Path:
    """Return a name beside the file: only within one file system a rename is atomic."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
