"""What the state of an export says of a list: its runs, and the files of the one under way."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Literal, TypeAlias

from attrs import frozen

Phase: TypeAlias = Literal["open", "closing", "finished"]
"""How far a file is: rows are added; it is about to get its final name; it has it, and is where it belongs."""


@frozen
class StoredRun:
    """A run of one list, as the state keeps it while it is under way.

    Attributes:
        started: When it began, by the server's clock.
        stamp: The same, as it stands in the names of files.
        since: From when on rows are asked for; None for all.
        whole: Whether it reads the whole list, so that what does not come is gone.
        cursor: Where the next run begins.
        columns: The columns of its files: a later version of this library may know more.
        to: Until when rows are asked for; None where there is no bound.
    """

    started: datetime
    stamp: str
    since: datetime | None
    whole: bool
    cursor: datetime
    columns: tuple[str, ...]
    to: datetime | None = None

    def to_json(self) -> str:
        """Return it as text."""
        return json.dumps(
            {
                "started": self.started.isoformat(),
                "stamp": self.stamp,
                "since": self.since and self.since.isoformat(),
                "whole": self.whole,
                "cursor": self.cursor.isoformat(),
                "columns": self.columns,
                "to": self.to and self.to.isoformat(),
            }
        )

    @classmethod
    def from_json(cls, text: str) -> StoredRun:
        """Return it from text."""
        plain = json.loads(text)
        since, to = plain["since"], plain.get("to")
        return cls(
            datetime.fromisoformat(plain["started"]),
            plain["stamp"],
            since and datetime.fromisoformat(since),
            plain["whole"],
            datetime.fromisoformat(plain["cursor"]),
            tuple(plain["columns"]),
            to and datetime.fromisoformat(to),
        )


@frozen
class Past:
    """What earlier runs of a list left.

    Attributes:
        cursor: Where the next run begins; None before the first has ended.
        first_since: What the first run was given.
        whole: When the list was last read whole.
        started: When the last run began.
    """

    cursor: datetime | None = None
    first_since: datetime | None = None
    whole: datetime | None = None
    started: datetime | None = None


@frozen
class Part:
    """A file of output under way.

    Attributes:
        place: Its number within its list and run.
        file: Its name, without the folder.
        size: Bytes that count.
        rows: Rows in them.
        phase: How far it is.
        bytes: How long it is in its final form, once it is finished.
        sha256: The SHA-256 of its final form, in hexadecimal.
    """

    place: int
    file: str
    size: int = 0
    rows: int = 0
    phase: Phase = "open"
    bytes: int = 0
    sha256: str = ""


@frozen
class ListProgress:
    """How far a list is in the run under way.

    Attributes:
        run: The run.
        listed: Whether all units are known.
        rows: Rows written.
        gone: Those among them that say that something is gone.
        done: Whether the list is finished.
    """

    run: StoredRun
    listed: bool
    rows: int
    gone: int
    done: bool
