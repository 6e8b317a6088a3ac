"""The spool in a file: what was answered with 200 is handled, also after a kill or a power failure.

A sync of the disk takes milliseconds, and there would be two for each message. So all that waits to be written at a
time, new messages and how others ended, shares one transaction; what comes while it runs is in the next.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

from attrs import define, evolve, field

from litmos_async.checks import file
from litmos_async.errors import ConfigurationError
from litmos_async.webhooks.spool import REMEMBERED, WAITING, RetryQueue, SpoolFull, Waiting, keys_to_keep

T = TypeVar("T")

_AT_A_TIME: Final = 100
"""Rows in a statement: each statement waits anew until the event loop lets go of the interpreter."""

_TICK: Final = 1e-6
"""Seconds between two messages at least: what a float tells apart in this century."""

_TABLES: Final = """
CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting');
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_time ON seen (at);
"""
_OURS: Final = 0x4C57484B
"""`application_id` of the file: nothing else is written into."""

_Ending: TypeAlias = Literal["handled", "failed", "set aside"]


@define
class _Put:
    """A message on its way into the file; `number` is its place there, and None for a repeat."""

    keys: Sequence[str]
    body: bytes
    result: asyncio.Future[bool] = field(factory=lambda: asyncio.get_running_loop().create_future())
    number: int | None = None
    full: bool = False


@define
class _End:
    """How the handling of a message ended, on its way into the file."""

    message: Waiting
    ending: _Ending
    result: asyncio.Future[bool] = field(factory=lambda: asyncio.get_running_loop().create_future())


class SqliteSpool:
    """Keeps messages in a file: what waits when the process ends is handled after its next start.

    What is to be written at the same time shares one transaction, so that thousands a second can be synced to
    the disk before they are answered. One process uses the file at a time.

    ```python
    spool = SqliteSpool("webhooks.db", waiting=100_000)
    async with Receiver(handle, secret=secret, spool=spool) as app:
        ...  # serve `app`; what waits here at the end is handled after the next start
    ```

    Args:
        path: The file, made readable for its owner only: messages name people.
        waiting: Messages that may wait.
        remembered: Messages that are remembered after they were handled.

    Attributes:
        closed: Whether it takes no more messages.

    Raises:
        ConfigurationError: The file cannot be used, or is something else.
    """

    def __init__(self, path: str | Path, *, waiting: int = WAITING, remembered: int = REMEMBERED) -> None:
        self._most = waiting
        self._keys = keys_to_keep(waiting, remembered)
        place = file("path", path)
        try:
            self._db = _open(place)
        except (OSError, ValueError, sqlite3.Error) as problem:
            raise ConfigurationError(f"cannot use the spool {path}: {problem}") from None
        self._thread = ThreadPoolExecutor(1, "litmos-webhooks")
        self._queue = RetryQueue()
        waits = "SELECT number, body, failures FROM messages WHERE state='waiting' ORDER BY number"
        self._open = 0
        for row in self._db.execute(waits):
            self._queue.add(Waiting(*row))
            self._open += 1
        (last,) = self._db.execute("SELECT coalesce(max(seq), 0) FROM sqlite_sequence").fetchone()
        self._next = int(last) + 1
        (self._latest,) = self._db.execute("SELECT coalesce(max(at), 0.0) FROM seen").fetchone()
        self._puts: list[_Put] = []
        self._ends: list[_End] = []
        self._writing: asyncio.Task[None] | None = None
        self.closed = False

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, sync it to the disk, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: It is new, and too many are waiting.
            sqlite3.Error: It cannot be written.
        """
        put = _Put(keys, body)
        self._write_soon()
        self._puts.append(put)
        return await put.result

    async def take(self) -> Waiting:
        """Return the next message that waits."""
        return await self._queue.take()

    async def done(self, message: Waiting) -> None:
        """Note that a message is handled; when this returns, it is on the disk.

        Args:
            message: The message.
        """
        await self._end(message, "handled")

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back, to be taken again after a while, or after the next start.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        late = evolve(message, failures=message.failures + 1)
        try:
            await self._end(late, "failed")
        except sqlite3.Error:
            # A failure that is not counted costs one more call; what is not put back would wait for a restart.
            if not self.closed:
                self._queue.add_later(late, seconds)
            raise
        self._queue.add_later(late, seconds)

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside: it stays in the file, where it can be looked at.

        Args:
            message: The message.
        """
        await self._end(message, "set aside")

    async def _end(self, message: Waiting, ending: _Ending) -> None:
        """Write how a message ended; a cancellation waits until it is written."""
        end = _End(message, ending)
        writing = self._write_soon()
        self._ends.append(end)
        try:
            await asyncio.shield(end.result)
        except asyncio.CancelledError:
            # The end of a loop cancels all that runs, what writes too.
            either: list[asyncio.Future[Any]] = [end.result, writing]
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            if end.result.done():
                end.result.exception()  # so that asyncio does not log it as never seen
            raise

    async def aclose(self) -> None:
        """Close the file."""
        if self.closed:
            return
        self.closed = True
        self._queue.close()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._blocking(self._db.close)
        self._thread.shutdown()

    # ------------------------------------------------ the file

    def _write_soon(self) -> asyncio.Task[None]:
        if self.closed:
            raise sqlite3.ProgrammingError("the spool is closed")
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())
        return self._writing

    async def _write(self) -> None:
        """Write what has come so far, and what comes meanwhile after that."""
        while self._puts or self._ends:
            puts, self._puts = self._puts, []
            ends, self._ends = self._ends, []
            problem = await self._try_to_write(puts, ends)
            if problem is not None and puts and ends:
                # A message that has no room on the disk must not hide that another one was handled.
                self._settle([], ends, await self._try_to_write([], ends))
                self._settle(puts, [], await self._try_to_write(puts, []))
            else:
                self._settle(puts, ends, problem)

    async def _try_to_write(self, puts: Sequence[_Put], ends: Sequence[_End]) -> sqlite3.Error | None:
        """Write all of it, or nothing: then return why."""
        try:
            await self._blocking(self._commit, puts, ends)
        except sqlite3.Error as problem:
            return problem
        return None

    def _settle(self, puts: Sequence[_Put], ends: Sequence[_End], problem: sqlite3.Error | None) -> None:
        """Tell those who wait what came of it."""
        self._open -= 0 if problem else sum(end.ending != "failed" for end in ends)
        for put in puts:
            failure = problem or (SpoolFull() if put.full else None)
            if failure is None and put.number is not None:
                self._open += 1
                self._queue.add(Waiting(put.number, put.body))
            _resolve(put.result, failure, new=put.number is not None)
        for end in ends:
            _resolve(end.result, problem, new=False)

    def _commit(self, puts: Sequence[_Put], ends: Sequence[_End]) -> None:
        """Write messages, and how others ended, in one transaction."""
        with self._db as change:
            self._write_ends(change, ends)
            room = self._most - self._open + sum(end.ending != "failed" for end in ends)
            self._write_puts(change, puts, room)

    def _write_ends(self, change: sqlite3.Connection, ends: Sequence[_End]) -> None:
        for end in ends:
            if end.ending == "failed":
                values = (end.message.failures, end.message.number)
                change.execute("UPDATE messages SET failures=? WHERE number=?", values)
            elif end.ending == "set aside":
                change.execute("UPDATE messages SET state='set aside' WHERE number=?", (end.message.number,))
        handled = [(end.message.number,) for end in ends if end.ending == "handled"]
        _each(change, "DELETE FROM messages WHERE number IN ({})", handled)
        if any(number % 1_000 == 0 for (number,) in handled):
            change.execute(
                "DELETE FROM seen WHERE key IN (SELECT key FROM seen ORDER BY at DESC LIMIT -1 OFFSET ?)",
                (self._keys,),
            )

    def _write_puts(self, change: sqlite3.Connection, puts: Sequence[_Put], room: int) -> None:
        """Insert what is new, as far as there is room; a repeat needs none."""
        keys = {(key,) for put in puts for key in put.keys}
        known = {key for (key,) in _each(change, "SELECT key FROM seen WHERE key IN ({})", list(keys))}
        seen: list[tuple[str, float]] = []
        new: list[tuple[int, bytes]] = []
        for put in puts:
            is_new = known.isdisjoint(put.keys)
            put.full = is_new and len(new) >= room
            put.number = self._next if is_new and not put.full else None
            if put.number is not None:
                self._next += 1
                known.update(put.keys)
                # In the order in which they came: the oldest are forgotten, also where the clock is set back.
                self._latest = max(time.time(), self._latest + _TICK)
                seen.extend((key, self._latest) for key in dict.fromkeys(put.keys))
                new.append((put.number, put.body))
        _each(change, "INSERT INTO seen VALUES {}", seen)
        _each(change, "INSERT INTO messages (number, body) VALUES {}", new)

    async def _blocking(self, work: Callable[..., T], *args: Any) -> T:
        """Work in the one thread of the file; a cancellation waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


def _resolve(result: asyncio.Future[bool], problem: Exception | None, *, new: bool) -> None:
    if result.done():  # the one who waited is gone
        return
    if problem is None:
        result.set_result(new)
    else:
        result.set_exception(problem)


def _each(
    db: sqlite3.Connection, statement: str, rows: Sequence[tuple[object, ...]]
) -> list[tuple[Any, ...]]:
    """Execute a statement with many rows in the place of its braces, and return what it finds."""
    found: list[tuple[Any, ...]] = []
    for first in range(0, len(rows), _AT_A_TIME):
        some = rows[first : first + _AT_A_TIME]
        marks = f"({', '.join('?' * len(some[0]))})"
        values = [value for row in some for value in row]
        found += db.execute(statement.format(", ".join([marks] * len(some))), values)
    return found


def _open(path: Path) -> sqlite3.Connection:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
    db = sqlite3.connect(path, timeout=0, check_same_thread=False)
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    (ours,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables and ours != _OURS:
        raise ValueError("it is something else")
    db.execute("PRAGMA locking_mode=EXCLUSIVE")
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    if ours != _OURS:  # it would be written at each start, and wait for the disk
        db.execute(f"PRAGMA application_id={_OURS}")
    db.executescript(_TABLES)
