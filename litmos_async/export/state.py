"""What an export remembers: the run under way, page by page, and what the runs before it wrote.

One SQLite file. A page of output and the place to go on from are one step: the file is written and flushed first,
then one transaction notes how long it is and which page comes next. A run that was killed cuts its files back to
the length that is noted, and goes on there.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from litmos_async.errors import ConfigurationError
from litmos_async.export.facts import ListProgress, Part, Past, StoredRun
from litmos_async.export.spec import Unit
from litmos_async.wording import system_reason

_FORMAT: Final = 1
"""Version of the tables."""

REQUESTS: Final = "requests"
"""The fact that says how many requests a run has sent, in all of its parts."""

_LISTING: Final = "units of "
"""The fact, with the name of a list behind it, that says how far its units are listed."""

_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE lists (name TEXT PRIMARY KEY, shape TEXT NOT NULL, cursor TEXT, first_since TEXT, whole TEXT,
    started TEXT);
CREATE TABLE runs (name TEXT PRIMARY KEY, detail TEXT NOT NULL, listed INTEGER NOT NULL DEFAULT 0,
    rows INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT NULL DEFAULT 0, done INTEGER NOT NULL DEFAULT 0);
CREATE TABLE units (name TEXT, place INTEGER, unit TEXT NOT NULL, token TEXT, done INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (name, place));
CREATE TABLE parts (name TEXT, place INTEGER, file TEXT NOT NULL, size INTEGER NOT NULL, rows INTEGER NOT NULL,
    phase TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (name, place));
CREATE TABLE known (name TEXT, key TEXT, content BLOB, first TEXT NOT NULL, run TEXT NOT NULL,
    PRIMARY KEY (name, key, content)) WITHOUT ROWID;
"""

_ALL_TABLES: Final = frozenset({"meta", "lists", "runs", "units", "parts", "known"})


class StateFile:
    """The state of an export in its file. All methods block; they are called from one thread.

    Args:
        path: The file; it is made where there is none, readable for its owner only, since it holds ids of people.
            None keeps it in memory, to see what a first run would do.

    Attributes:
        path: The file.
        created: Whether it was made now.

    Raises:
        ConfigurationError: It cannot be opened, or is something else.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path or Path(":memory:")
        self.created = False
        try:
            if path is not None and not path.exists():
                self.created = True
                os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
            self._db = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
            self._open()
        except (OSError, ValueError, sqlite3.Error) as problem:
            if hasattr(self, "_db"):
                self._db.close()
            raise ConfigurationError(f"cannot use the state {path}: {_reason(problem)}") from None

    def _open(self) -> None:
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        # What is not ours is left as it is: another journal mode would be a change.
        (version,) = self._db.execute("PRAGMA user_version").fetchone()
        (tables,) = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if (version or tables) and (version != _FORMAT or not self._has_tables()):
            raise ValueError("it is not the state of an export")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("BEGIN IMMEDIATE")
        if not tables:
            for statement in _TABLES.split(";"):
                self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version={_FORMAT}")
        self._db.execute("COMMIT")

    def _has_tables(self) -> bool:
        names = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        return names >= _ALL_TABLES

    def only_look(self) -> None:
        """Let nothing that is noted from now on stay in the file."""
        self._db.execute("BEGIN")  # closing ends it without a commit

    def close(self) -> None:
        """Close the file, which other processes may open then."""
        self._db.close()

    def remove(self) -> None:
        """Close the file and take it away."""
        self.close()
        for end in ("", "-wal", "-shm"):
            Path(f"{self.path}{end}").unlink(missing_ok=True)

    # ------------------------------------------------ facts of the whole export

    def fact(self, name: str) -> str | None:
        """Return a fact that was noted."""
        row = self._db.execute("SELECT value FROM meta WHERE name=?", (name,)).fetchone()
        return row and str(row[0])

    def note(self, name: str, value: str | None) -> None:
        """Note a fact; None forgets it."""
        if value is None:
            self._db.execute("DELETE FROM meta WHERE name=?", (name,))
        else:
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    # ------------------------------------------------ what it belongs to

    def belong(self, name: str, value: str, what: str) -> None:
        """Note what the state belongs to, or refuse another.

        Raises:
            ConfigurationError: It belongs to something else.
        """
        before = self.fact(name)
        if before is None:
            self.note(name, value)
        elif before != value:
            raise ConfigurationError(f"the state {self.path} belongs to another {what}")

    def disown(self) -> None:
        """Forget what the state belongs to where nothing was begun: a wrong key owns nothing that it never read."""
        begun = "SELECT 1 FROM runs UNION SELECT 1 FROM lists WHERE cursor IS NOT NULL"
        if self._db.execute(begun).fetchone() is None:
            self._db.execute("DELETE FROM lists")
            self._db.execute("DELETE FROM meta")

    def shape(self, name: str, shape: Mapping[str, Any]) -> None:
        """Note the columns and filters of a list, or refuse others.

        Raises:
            ConfigurationError: The state was begun with others. Columns may have been added.
        """
        row = self._db.execute("SELECT shape FROM lists WHERE name=?", (name,)).fetchone()
        text = json.dumps(shape, sort_keys=True)
        if row is None:
            self._db.execute("INSERT INTO lists (name, shape) VALUES (?, ?)", (name, text))
            return
        before: dict[str, Any] = json.loads(row[0])
        for what, value in shape.items():
            if before.get(what) != value:
                raise ConfigurationError(
                    f"the state {self.path} was begun with other {what} for {name}: "
                    f"{before.get(what)!r}, not {value!r}"
                )

    # ------------------------------------------------ runs

    def past(self, name: str) -> Past:
        """Return what earlier runs left."""
        row = self._db.execute(
            "SELECT cursor, first_since, whole, started FROM lists WHERE name=?", (name,)
        ).fetchone()
        return Past(*(text and datetime.fromisoformat(text) for text in row)) if row else Past()

    def progress(self, name: str) -> ListProgress | None:
        """Return how far the run under way is; None where none is."""
        row = self._db.execute(
            "SELECT detail, listed, rows, gone, done FROM runs WHERE name=?", (name,)
        ).fetchone()
        return row and ListProgress(StoredRun.from_json(row[0]), bool(row[1]), row[2], row[3], bool(row[4]))

    def begin(self, name: str, run: StoredRun, units: Sequence[Unit]) -> None:
        """Begin a run, with all of its units where they are known: a kill finds both or neither.

        Args:
            name: The list.
            run: The run.
            units: Its units; none where they are not known yet.
        """
        with self._step() as change:
            change.execute("INSERT INTO runs (name, detail) VALUES (?, ?)", (name, run.to_json()))
            if units:
                _put_units(change, name, units, first=0)
                _note_listed(change, name)

    def add_units(
        self, name: str, units: Sequence[Unit], *, first: int, resume: str | None = None, last: bool = False
    ) -> None:
        """Note units that are to be read.

        Args:
            name: The list.
            units: The units.
            first: Place of the first of them; what an earlier try noted from there on is forgotten.
            resume: Where to go on listing behind them; None where that is not known.
            last: Whether there are no more.
        """
        with self._step() as change:
            change.execute("DELETE FROM units WHERE name=? AND place>=?", (name, first))
            _put_units(change, name, units, first=first)
            if last:
                _note_listed(change, name)
            elif resume is not None:
                place = json.dumps([first + len(units), resume])
                change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_LISTING + name, place))

    def listing(self, name: str) -> tuple[int, str | None, frozenset[str]]:
        """Return where to go on listing units: the place of the next, the token, and the keys of those before."""
        noted = self.fact(_LISTING + name)
        if noted is None:
            return 0, None, frozenset()
        first, resume = json.loads(noted)
        found = self._db.execute("SELECT unit FROM units WHERE name=? AND place<?", (name, first))
        return first, resume, frozenset(json.loads(text)[0] for (text,) in found)

    def units_left(self, name: str, after: int, most: int) -> list[tuple[int, Unit, str | None]]:
        """Return units that are not read to the end, behind a place: place, unit, and where to go on."""
        found = self._db.execute(
            "SELECT place, unit, token FROM units WHERE name=? AND done=0 AND place>? ORDER BY place LIMIT ?",
            (name, after, most),
        ).fetchall()
        return [
            (place, Unit(key, parent, tuple(ids)), token)
            for place, text, token in found
            for key, parent, ids in [json.loads(text)]
        ]

    def unit_count(self, name: str) -> int:
        """Return how many units of the run under way are known."""
        (count,) = self._db.execute("SELECT count(*) FROM units WHERE name=?", (name,)).fetchone()
        return int(count)

    def commit(
        self,
        name: str,
        place: int,
        token: str | None,
        *,
        part: Part | None,
        rows: int,
        seen: Sequence[tuple[str, bytes]] = (),
        requests: int = 0,
    ) -> None:
        """Note that a page is written: where its unit goes on, and how long the output is.

        Args:
            name: The list.
            place: The unit.
            token: Where it goes on; None at its end.
            part: The file that holds the page; None where nothing was written.
            rows: Rows of the page that were written.
            seen: Key and content of all rows of the page, for a later run to compare with.
            requests: How many requests the run has sent, in all of its parts.
        """
        with self._step() as change:
            change.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (REQUESTS, str(requests)))
            change.execute(
                "UPDATE units SET token=?, done=? WHERE name=? AND place=?",
                (token, token is None, name, place),
            )
            if part is not None:
                _put_part(change, name, part)
            change.execute("UPDATE runs SET rows=rows+? WHERE name=?", (rows, name))
            if seen:
                stamp = _run_of(change, name).stamp
                change.executemany(
                    "DELETE FROM known WHERE name=? AND key=? AND content!=? AND run!=?",
                    [(name, key, content, stamp) for key, content in seen if key],
                )
                change.executemany(
                    "INSERT INTO known VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET run=excluded.run",
                    [(name, key, content, stamp, stamp) for key, content in seen],
                )

    def new_keys(self, name: str, marks: Sequence[tuple[str, bytes]]) -> list[int]:
        """Return the places of rows whose key was not written yet: rows of one page that differ are rows."""
        query = "SELECT 1 FROM known WHERE name=? AND key=?"
        fresh: list[int] = []
        here: set[tuple[str, bytes]] = set()
        for place, mark in enumerate(marks):
            if mark not in here and self._db.execute(query, (name, mark[0])).fetchone() is None:
                fresh.append(place)
                here.add(mark)
        return fresh

    def unknown(self, name: str, stamp: str, marks: Sequence[tuple[str, bytes]]) -> list[int]:
        """Return the places of rows, by key and content, that are not written yet, or are newer than what is.

        Rows without a key may be equal and yet be two, so only what an earlier run wrote is known.
        """
        query = "SELECT first FROM known WHERE name=? AND key=? AND content=?"
        fresh: list[int] = []
        here: set[tuple[str, bytes]] = set()
        for place, (key, content) in enumerate(marks):
            found = self._db.execute(query, (name, key, content)).fetchone()
            if (found is None or (not key and found[0] == stamp)) and (not key or (key, content) not in here):
                fresh.append(place)
                here.add((key, content))
        return fresh

    def gone(self, name: str, stamp: str, most: int) -> list[str]:
        """Return keys of rows that did not come in the run under way."""
        found = self._db.execute(
            "SELECT DISTINCT key FROM known WHERE name=? AND run!=? AND key!='' LIMIT ?", (name, stamp, most)
        )
        return [key for (key,) in found]

    def note_gone(self, name: str, keys: Sequence[str], part: Part) -> None:
        """Note that rows are marked as gone, and how long the output is."""
        with self._step() as change:
            change.executemany("DELETE FROM known WHERE name=? AND key=?", [(name, key) for key in keys])
            _put_part(change, name, part)
            change.execute(
                "UPDATE runs SET rows=rows+?, gone=gone+? WHERE name=?", (len(keys), len(keys), name)
            )

    def parts(self, name: str) -> list[Part]:
        """Return the files of the run under way."""
        found = self._db.execute(
            "SELECT place, file, size, rows, phase, bytes, sha256 FROM parts WHERE name=? ORDER BY place",
            (name,),
        )
        return [Part(*row) for row in found]

    def put_part(self, name: str, part: Part) -> None:
        """Note a file."""
        _put_part(self._db.cursor(), name, part)

    def finish(self, name: str) -> None:
        """Note that the list is finished; its run stays until all lists are."""
        self._db.execute("UPDATE runs SET done=1 WHERE name=?", (name,))

    def end(self, names: Iterable[str]) -> None:
        """End the runs of lists: the next ones begin at their cursors."""
        with self._step() as change:
            change.execute("DELETE FROM meta WHERE name=?", (REQUESTS,))
            for name in names:
                run = _run_of(change, name)
                # What the first run was given, and never what a later one was: it would cut the list short.
                change.execute(
                    "UPDATE lists SET first_since=? WHERE name=? AND cursor IS NULL",
                    (run.since and run.since.isoformat(), name),
                )
                change.execute(
                    "UPDATE lists SET cursor=?, started=? WHERE name=?",
                    (run.cursor.isoformat(), run.started.isoformat(), name),
                )
                if run.whole:
                    change.execute("UPDATE lists SET whole=? WHERE name=?", (run.started.isoformat(), name))
                # Rows without a key cannot be marked as gone, and those before the overlap do not come again.
                change.execute("DELETE FROM known WHERE name=? AND key='' AND run!=?", (name, run.stamp))
                _empty(change, ("runs", "units", "parts"), name)

    def forget(self, name: str) -> None:
        """Forget the run of a list and what it wrote, so that it begins anew."""
        with self._step() as change:
            _empty(change, ("runs", "units", "parts", "known"), name)

    def forget_all(self) -> None:
        """Forget everything, where no later run goes by this state."""
        with self._step() as change:
            _empty(change, _ALL_TABLES)

    @contextmanager
    def _step(self) -> Iterator[sqlite3.Cursor]:
        """Give what changes the state, all of it or nothing."""
        with closing(self._db.cursor()) as change:
            change.execute("BEGIN IMMEDIATE")
            try:
                yield change
                change.execute("COMMIT")
            except BaseException:
                # Else what is noted next would be a part of this step, and be lost with it.
                self._db.rollback()
                raise


def _run_of(change: sqlite3.Cursor, name: str) -> StoredRun:
    (detail,) = change.execute("SELECT detail FROM runs WHERE name=?", (name,)).fetchone()
    return StoredRun.from_json(detail)


def _empty(change: sqlite3.Cursor, tables: Iterable[str], name: str | None = None) -> None:
    """Take all rows out of tables, or those of one list."""
    for table in tables:
        change.execute(f"DELETE FROM {table} WHERE :name IS NULL OR name=:name", {"name": name})  # noqa: S608 - fixed names


def _put_units(change: sqlite3.Cursor, name: str, units: Sequence[Unit], *, first: int) -> None:
    change.executemany(
        "INSERT OR REPLACE INTO units (name, place, unit) VALUES (?, ?, ?)",
        [
            (name, first + place, json.dumps([unit.key, dict(unit.parent), unit.ids]))
            for place, unit in enumerate(units)
        ],
    )


def _note_listed(change: sqlite3.Cursor, name: str) -> None:
    change.execute("UPDATE runs SET listed=1 WHERE name=?", (name,))
    change.execute("DELETE FROM meta WHERE name=?", (_LISTING + name,))


def _put_part(change: sqlite3.Cursor, name: str, part: Part) -> None:
    change.execute(
        "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (name, part.place, part.file, part.size, part.rows, part.phase, part.bytes, part.sha256),
    )


def _reason(problem: Exception) -> str:
    if "locked" in str(problem):
        return "another process is using it"
    return system_reason(problem)
