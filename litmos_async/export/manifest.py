"""What a run of an export left, for those who read its files: which they are, and whether they are complete."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from attrs import define, field, frozen

from litmos_async.version import __version__

OURS: Final = "litmos-async export"
"""What the manifest says that it is, so that no foreign file is replaced."""


@frozen
class FileEntry:
    """A file of output.

    ```python
    manifest = await litmos.export.run("users", "people/", format="csv")
    for file in manifest.lists["users"].files:
        print(file.name, file.rows, file.sha256)
    ```

    Attributes:
        name: Its path below the folder of the manifest.
        rows: How many rows it holds.
        bytes: How long it is.
        sha256: Its SHA-256, in hexadecimal.
    """

    name: str
    rows: int
    bytes: int
    sha256: str


@define
class ListEntry:
    """What a run did for one list.

    ```python
    manifest = await litmos.export.run(["users", "courses"], "warehouse/")
    for name, entry in manifest.lists.items():
        print(name, entry.rows, entry.complete, entry.reason)
    ```

    Attributes:
        rows: Rows that it wrote.
        complete: Whether nothing is missing.
        reason: Why not, where it is not.
        since: The time since which it asked for rows; None for all.
        windows: How many windows of 7 days, teams, courses … it read.
        gone: How many of these rows mark something as gone.
        files: The files.
        earlier: The names of the files in the same place from earlier runs: with this state, or not replaced yet
            because the list is not complete.
    """

    rows: int = 0
    complete: bool = False
    reason: str = ""
    since: datetime | None = None
    windows: int = 0
    gone: int = 0
    files: list[FileEntry] = field(factory=list[FileEntry])
    earlier: list[str] = field(factory=list[str])


@define
class Manifest:
    """The result of an export run.

    ```python
    manifest = await litmos.export.run(["users", "results"], "warehouse/", format="parquet", state="night.db")
    assert manifest.complete
    print(manifest.lists["results"].rows, manifest.requests)
    ```

    Attributes:
        format: "jsonl", "csv" or "parquet".
        base_url: The account's address.
        account: A hash that tells accounts apart.
        started: When the run began, by the server's clock.
        changes: Whether it has a state, so that each run adds files with what changed.
        finished: When it ended. None while it has not.
        requests: How many requests it sent, in all parts of a run that was interrupted.
        lists: What it did, list by list.
    """

    format: str
    base_url: str
    account: str
    started: datetime
    changes: bool = False
    finished: datetime | None = None
    requests: int = 0
    lists: dict[str, ListEntry] = field(factory=dict[str, ListEntry])

    @property
    def complete(self) -> bool:
        """Whether all lists are complete."""
        return all(entry.complete for entry in self.lists.values())

    @property
    def rows(self) -> int:
        """Rows of all lists."""
        return sum(entry.rows for entry in self.lists.values())

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "kind": OURS,
            "version": __version__,
            "complete": self.complete,
            "format": self.format,
            "base_url": self.base_url,
            "account": self.account,
            "changes": self.changes,
            "started": _text(self.started),
            "finished": _text(self.finished),
            "requests": self.requests,
            "rows": self.rows,
            "lists": {
                name: {
                    "complete": entry.complete,
                    "reason": entry.reason,
                    "rows": entry.rows,
                    "since": _text(entry.since),
                    "windows": entry.windows,
                    "gone": entry.gone,
                    "files": [
                        {"name": each.name, "rows": each.rows, "bytes": each.bytes, "sha256": each.sha256}
                        for each in entry.files
                    ],
                    "earlier": entry.earlier,
                }
                for name, entry in self.lists.items()
            },
        }

    def write(self, path: Path) -> None:
        """Write it atomically: a reader finds either the old one or the new one.

        Args:
            path: The file.
        """
        working = path.with_name(f".{path.name}.part")
        with working.open("w", encoding="utf-8") as file:
            json.dump(self.to_dict(), file, ensure_ascii=False, indent=2)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        working.replace(path)


@frozen
class Earlier:
    """What the manifest of an earlier export says of it.

    Attributes:
        account: A hash that tells accounts apart.
        format: The format of its files.
        changes: Whether it has a state.
        files: The paths of all its files below the folder, by list.
    """

    account: str
    format: str
    changes: bool
    files: Mapping[str, list[str]]


def read_manifest(text: bytes) -> Earlier | None:
    """Return what a manifest says; None where it is none of ours."""
    try:
        plain = json.loads(text)
        if plain["kind"] != OURS:
            return None
        files = {
            str(name): [*map(str, entry["earlier"]), *(str(each["name"]) for each in entry["files"])]
            for name, entry in plain["lists"].items()
        }
        return Earlier(str(plain["account"]), str(plain["format"]), bool(plain["changes"]), files)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
