"""Writing what became of each line: the whole file or none of it."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from litmos_async.cli.ledger import Entry
from litmos_async.cli.table import Table, name_key

OURS: Final = ("line", "status", "reason")
"""Columns that an outcomes file has, whatever was done."""

_SECRET: Final = ("password",)
"""Columns that are left out: one file with passwords is bad enough."""


def check_writable(path: Path) -> None:
    """Make sure that a file can be written, before anything is done that it would tell of.

    Raises:
        OSError: It cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    temporary = _temporary(path)
    temporary.touch()
    temporary.unlink()


def write_outcomes(path: Path, table: Table, entries: Iterable[Entry]) -> None:
    """Write the file, in the form of the input: its delimiter, a byte-order mark if it had one.

    The columns that the job needs are called so that the file, cut down to what failed, can be run again.

    Values are written as they came. A spreadsheet may take one that begins with `=` for a formula, but no such
    value is put there by us or by the server: it stood in the input already, and a changed one would not fit
    when the file is run again.
    """
    keys = [column.key for column in table.columns]
    # The input may be an earlier outcomes file; it must not end up with every column twice.
    kept = [
        place
        for place, name in enumerate(table.extra_columns)
        if name not in {*OURS, *keys} and name_key(name) not in _SECRET
    ]
    temporary = _temporary(path)
    try:
        with temporary.open("w", encoding="utf-8-sig" if table.bom else "utf-8", newline="") as file:
            writer = csv.writer(file, delimiter=table.delimiter)
            extra_names = (table.extra_columns[place] for place in kept)
            writer.writerow(["line", *keys, "status", "reason", *extra_names])
            for entry in entries:
                line = entry.line
                extra = (line.extra[place] for place in kept) if line.extra else ("" for _ in kept)
                writer.writerow([line.number or "", *line.values, entry.status, entry.reason, *extra])
        temporary.replace(path)
    finally:
        with suppress(FileNotFoundError):
            temporary.unlink()


def _temporary(path: Path) -> Path:
    """Return a name beside the file: only within one file system a rename is atomic."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
