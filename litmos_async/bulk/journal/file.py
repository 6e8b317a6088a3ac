"""The journal of a job: a SQLite file that says what was sent and what came of it.

A request is written down before it leaves and again after its answer. So whenever a run ends, killed or not, each
of its requests was never sent, or is answered, or was sent and has no answer. The next run on the same file leaves
out what is settled, reads the outcome of the requests that were under way, and does the rest.

`JournalFile` is all of it, synchronous, for one thread; `Journal` lets it work beside an event loop.

The file holds ids, and no names, keys or texts of the server. Where an item has no id, a hash
stands for it: see `keys.py`.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from itertools import starmap
from os import PathLike
from pathlib import Path
from typing import Any, Final, NamedTuple, ParamSpec, Self, TypeAlias, TypeVar

from attrs import frozen

from litmos_async.bulk.journal.keys import Fingerprint, Key
from litmos_async.bulk.results import Status
from litmos_async.errors import ConfigurationError, JournalMismatch
from litmos_async.wording import system_reason

P = ParamSpec("P")
T = TypeVar("T")

FilePath: TypeAlias = str | PathLike[str]

FINAL: Final[tuple[Status, ...]] = ("done", "skipped")
"""What the next run leaves out. "failed" is tried again, "unknown" has to be settled first."""

_APPLICATION: Final = 0x4C4A4E4C  # "LJNL": SQLite keeps it in the header of the file
_VERSION: Final = 2
_PAGE: Final = 10_000
"""Outcomes that are read at once."""

_SCHEMA: Final = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    # The items are needed until the answer; after it each of them has a row of its own.
    """CREATE TABLE requests (
        id INTEGER PRIMARY KEY, items TEXT, note TEXT NOT NULL, sent REAL NOT NULL
    )""",
    "CREATE INDEX under_way ON requests (id) WHERE items IS NOT NULL",
    """CREATE TABLE outcomes (
        first TEXT, second TEXT, status TEXT NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (first, second)
    ) WITHOUT ROWID""",
    f"PRAGMA application_id = {_APPLICATION}",
    f"PRAGMA user_version = {_VERSION}",
)


class Settled(NamedTuple):
    """The outcome of an item.

    Attributes:
        first: The first part of its key.
        second: The second one; empty where the items of a job are no pairs.
        status: As in `Outcome`.
        reason: A few words of ours, such as the name of an error: never the server's, which may hold names.
    """

    first: str
    second: str
    status: Status
    reason: str = ""


class UnderWay(NamedTuple):
    """A request that was sent and has no answer.

    Attributes:
        id: Its number.
        items: The keys of what it carried.
        note: What else was noted of it; empty where there is nothing.
        sent: When it was sent last, in seconds since 1970.
    """

    id: int
    items: list[Key]
    note: str
    sent: float


@frozen
class Summary:
    """The state of a job, according to its journal.

    ```python
    await litmos.bulk.assign_courses_to_users(pairs, send_message=False, journal="night.db").run()
    summary = read_summary("night.db")
    print(summary.kind, f"{summary.done} of {summary.items} done, {summary.under_way} under way")
    ```

    Attributes:
        kind: What the job does, such as "add_users_to_teams".
        options: The options it was started with.
        created: When that was, in seconds since 1970.
        items: How many items it has.
        requests: Requests that were sent, answered or not.
        under_way: Those without an answer.
        done: Items that were carried out.
        failed: Items that were not; the next run tries them again.
        skipped: Items for which there was nothing to do.
        unknown: Items that may or may not have been carried out; the next run reads.
    """

    kind: str
    options: dict[str, Any]
    created: float
    items: int
    requests: int
    under_way: int
    done: int
    failed: int
    skipped: int
    unknown: int

    @property
    def left(self) -> int:
        """How many items have no final outcome yet."""
        return self.items - self.done - self.skipped


class JournalFile:
    """The journal of one job; use it in one thread only, and close it.

    Every write is on the disk when its method returns, so not even a power cut makes a request that left look like
    one that was never sent. A write that fails (`sqlite3.OperationalError`: the disk is full) is raised as it is.
    """

    def __init__(self, database: sqlite3.Connection, lock: sqlite3.Connection) -> None:
        self._database = database
        self._lock = lock

    @classmethod
    def open(
        cls, path: FilePath, kind: str, fingerprint: Fingerprint, options: Mapping[str, Any]
    ) -> JournalFile:
        """Begin a journal, or go on with it.

        Args:
            path: The file; a new one is readable and writable for its owner alone. Beside it appear `-lock`, which
                is empty and stays, and SQLite's `-wal` and `-shm` while it is open. On a network drive, locks
                cannot be relied on.
            kind: What the job does.
            fingerprint: Of its input.
            options: What else makes it the same job; in JSON.

        Raises:
            ConfigurationError: The file is something else, is damaged, cannot be used, or is in use.
            JournalMismatch: It is the journal of another job.
        """
        file = resolved(path)
        meta = {
            "kind": kind,
            "fingerprint": str(fingerprint),
            "items": str(fingerprint.items),
            "options": json.dumps(options, sort_keys=True),
        }
        with _explained(file), ExitStack() as opened:
            _create(file)
            database = opened.enter_context(closing(sqlite3.connect(file, isolation_level=None)))
            if not _is_new(database):
                _check(database, file)
            lock = opened.enter_context(closing(_lock(file)))
            _prepare(database, file, meta)
            opened.pop_all()
        return cls(database, lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and let others have it; again is no error."""
        # A clean end leaves one file, which can be shown from a place where nothing can be written. Not while
        # another process reads it, and not again.
        with suppress(sqlite3.Error):
            self._database.execute("PRAGMA journal_mode = DELETE").fetchall()
        self._database.close()
        self._lock.close()

    def before(self, items: Sequence[Key], note: str = "") -> int:
        """Write down a request that is about to leave; return its number.

        Args:
            items: The keys of what it carries.
            note: What else the next run must know to find its outcome; no names.
        """
        cursor = self._database.execute(
            "INSERT INTO requests (items, note, sent) VALUES (?, ?, ?)",
            (json.dumps(items), note, time.time()),
        )
        return cursor.lastrowid or 0

    def again(self, request: int) -> None:
        """Write down that a request is about to leave once more: rejected by the limit, or safe to repeat."""
        self._database.execute("UPDATE requests SET sent = ? WHERE id = ?", (time.time(), request))

    def note(self, request: int, text: str) -> None:
        """Write down what has become known of a request; it takes the place of its note."""
        self._database.execute("UPDATE requests SET note = ? WHERE id = ?", (text, request))

    def after(self, request: int, outcomes: Iterable[Settled] = ()) -> None:
        """Write down that a request is no longer under way, and the outcomes of its items.

        Args:
            request: Its number.
            outcomes: The outcomes of its items. One that is left out is still to be done: so it is with all of
                them when a list was rejected and goes on in parts.
        """
        with _transaction(self._database):
            changed = self._database.execute(
                "UPDATE requests SET items = NULL, note = '' WHERE id = ? AND items IS NOT NULL", (request,)
            )
            if not changed.rowcount:
                raise ValueError(f"request {request} is not under way")
            self._write(outcomes)

    def record(self, outcomes: Iterable[Settled]) -> None:
        """Write down outcomes that took no request, all or none of them."""
        with _transaction(self._database):
            self._write(outcomes)

    def _write(self, outcomes: Iterable[Settled]) -> None:
        self._database.executemany(
            "INSERT OR REPLACE INTO outcomes VALUES (?, ?, ?, ?)",
            ((_storable(each.first), _storable(each.second), *each[2:]) for each in outcomes),
        )

    def under_way(self) -> list[UnderWay]:
        """Return the requests that were sent and have no answer, the oldest first."""
        rows = self._database.execute(
            "SELECT id, items, note, sent FROM requests WHERE items IS NOT NULL ORDER BY id"
        ).fetchall()
        return [
            UnderWay(
                id, [(str(first), str(second)) for first, second in json.loads(items)], note, float(sent)
            )
            for id, items, note, sent in rows
        ]

    def expect(self, items: int) -> None:
        """Write down how many items there are, where the input alone does not tell."""
        self._database.execute("INSERT OR REPLACE INTO meta VALUES ('expected', ?)", (str(items),))

    def learned(self, name: str) -> str:
        """Return what `learn` has written down last; empty if nothing."""
        row = self._database.execute("SELECT value FROM meta WHERE name = ?", (f"learned {name}",)).fetchone()
        return str(row[0]) if row else ""

    def learn(self, name: str, text: str) -> None:
        """Write down something that the next run is to know, too."""
        self._database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"learned {name}", text))

    def settled(self, *statuses: Status) -> Iterator[Settled]:
        """Yield the outcomes of items, in the order of their ids.

        Args:
            statuses: Only these; without any, the final ones: "done" and "skipped".
        """
        page = self.settled_page(None, *statuses)
        while page:
            yield from page
            page = self.settled_page(page[-1], *statuses)

    def settled_page(self, last: Settled | None, *statuses: Status, at_most: int = _PAGE) -> list[Settled]:
        """Return some of what `settled` yields: what comes after `last`."""
        wanted = statuses or FINAL
        marks = ", ".join("?" * len(wanted))
        rows = self._database.execute(
            # The first part of a key is not empty, so everything comes after two empty ones.
            f"SELECT * FROM outcomes WHERE (first, second) > (?, ?) AND status IN ({marks}) "  # noqa: S608 - question marks
            "ORDER BY first, second LIMIT ?",
            (*(last[:2] if last else ("", "")), *wanted, at_most),
        )
        return list(starmap(Settled, rows))

    def summary(self) -> Summary:
        """Return how the job stands."""
        return _summary(self._database)


def read_summary(path: FilePath) -> Summary:
    """Return how the job of a journal stands, without disturbing a run that uses it.

    Args:
        path: The journal.

    Raises:
        ConfigurationError: There is no journal there, or it is damaged.
    """
    file = resolved(path)
    with _explained(file):
        if not file.exists():
            raise ConfigurationError(f"{file}: there is no such file")
    with (
        _explained(file),
        closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, isolation_level=None)) as database,
    ):
        _check(database, file)
        # One transaction: all numbers are from the same moment.
        database.execute("BEGIN")
        return _summary(database)


def resolved(path: FilePath) -> Path:
    """Return the one name of a file.

    Raises:
        ConfigurationError: That can be no name of a file.
    """
    try:
        if isinstance(path, str) and not path.strip():
            raise ValueError("it is blank")
        return Path(path).resolve()
    except (OSError, ValueError, TypeError, RuntimeError) as problem:
        # A NUL, half a character, bytes; a circle of links.
        raise ConfigurationError(
            f"{path!r} cannot be used as a journal: {problem}", option="journal", value=path
        ) from None


def _create(file: Path) -> None:
    """Create a file for its owner alone: it holds ids of people. One that is there keeps its mode."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _summary(database: sqlite3.Connection) -> Summary:
    meta = dict(database.execute("SELECT name, value FROM meta").fetchall())
    count = Counter(
        dict(database.execute("SELECT status, count(*) FROM outcomes GROUP BY status").fetchall())
    )
    requests, under_way = database.execute("SELECT count(*), count(items) FROM requests").fetchone()
    return Summary(
        kind=meta["kind"],
        options=json.loads(meta["options"]),
        created=float(meta["created"]),
        items=int(meta["expected"] if "expected" in meta else meta["items"]),
        requests=requests,
        under_way=under_way,
        done=count["done"],
        failed=count["failed"],
        skipped=count["skipped"],
        unknown=count["unknown"],
    )


def _lock(file: Path) -> sqlite3.Connection:
    """Take the journal for this job alone, or raise.

    The lock is SQLite's own, on a file beside the journal: it works everywhere, against other processes and other
    jobs of this one, and dies with the process. It is not on the journal itself, so that others can read that.
    """
    # The file stays: taking it away while another process opens it would let both of them in.
    path = file.with_name(f"{file.name}-lock")
    try:
        _create(path)
        with ExitStack() as opened:
            lock = opened.enter_context(closing(sqlite3.connect(path, timeout=0, isolation_level=None)))
            lock.execute("BEGIN EXCLUSIVE")
            opened.pop_all()
    except sqlite3.Error as problem:
        if _code(problem) == sqlite3.SQLITE_BUSY:
            raise ConfigurationError(f"{file} is in use by another job or process") from None
        raise ConfigurationError(f"{path} cannot be used as a lock: {problem}") from problem
    return lock


def _prepare(database: sqlite3.Connection, file: Path, meta: dict[str, str]) -> None:
    """Begin the journal, or make sure that it is the one of this job."""
    # FULL, as a request must be on the disk before it leaves.
    database.execute("PRAGMA synchronous = FULL")
    if _is_new(database):
        with _transaction(database):
            for statement in _SCHEMA:
                database.execute(statement)
            rows = {**meta, "created": repr(time.time())}
            database.executemany("INSERT INTO meta VALUES (?, ?)", rows.items())
    else:
        _compare(dict(database.execute("SELECT name, value FROM meta").fetchall()), meta, file)
    database.execute("PRAGMA journal_mode = WAL").fetchall()


def _is_new(database: sqlite3.Connection) -> bool:
    return database.execute("SELECT 1 FROM sqlite_master").fetchone() is None


def _check(database: sqlite3.Connection, file: Path) -> None:
    if database.execute("PRAGMA application_id").fetchone() != (_APPLICATION,):
        raise ConfigurationError(f"{file} is not a journal")
    if database.execute("PRAGMA user_version").fetchone() != (_VERSION,):
        raise ConfigurationError(f"{file} was written by another version of litmos-async")


def _compare(then: dict[str, str], now: dict[str, str], file: Path) -> None:
    """Say what is different, if anything is: the wrong journal would leave out the wrong items."""
    if then["kind"] != now["kind"]:
        raise JournalMismatch(
            f"{file} is the journal of another job: {then['kind']}, not {now['kind']}",
            path=str(file),
            option="job",
            then=then["kind"],
            now=now["kind"],
        )
    options_then, options_now = json.loads(then["options"]), json.loads(now["options"])
    for name in sorted({*options_then, *options_now}):
        if options_then.get(name) != options_now.get(name):
            raise JournalMismatch(
                f"{file} was begun with {name}={options_then.get(name)!r}, not {options_now.get(name)!r}",
                path=str(file),
                option=name,
                then=options_then.get(name),
                now=options_now.get(name),
            )
    if then["fingerprint"] != now["fingerprint"]:
        counts = (
            f"{int(then['items']):,} items, not {int(now['items']):,}"
            if then["items"] != now["items"]
            else "as many items, but other ones"
        )
        raise JournalMismatch(
            f"{file} was begun with another input: {counts}",
            path=str(file),
            option="input",
            then=int(then["items"]),
            now=int(now["items"]),
        )


def _storable(key: str) -> str:
    """Return a part of a key in a form that SQLite takes: half a character, which no id has, is spelt out."""
    return key.encode("utf-8", "backslashreplace").decode()


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        database.rollback()
        raise


@contextmanager
def _explained(file: Path) -> Iterator[None]:
    """Turn whatever comes of a file that cannot be used, or holds something unexpected, into an error of ours."""
    try:
        yield
    except ConfigurationError:
        raise
    except sqlite3.Error as problem:
        if _code(problem) == sqlite3.SQLITE_NOTADB:
            raise ConfigurationError(f"{file} is not a journal") from None
        raise ConfigurationError(f"{file} cannot be used as a journal: {problem}") from problem
    except OSError as problem:
        raise ConfigurationError(f"{file} cannot be used as a journal: {system_reason(problem)}") from problem
    except (LookupError, ValueError, TypeError, AttributeError) as problem:
        # What should be there is missing, or is of another type.
        raise ConfigurationError(f"{file} is damaged: {type(problem).__name__}") from problem


def _code(problem: sqlite3.Error) -> int | None:
    """Return SQLite's number of an error. Errors of the module itself have none."""
    return getattr(problem, "sqlite_errorcode", None)
