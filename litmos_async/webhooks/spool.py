"""Where messages wait between the answer to Litmos and the handler, and what has been there before.

A spool takes a message once, keeps it until it is handled, and remembers it afterwards, for repeats come late. The
one in memory loses what waits when its process ends; the one in SQLite does not.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from attrs import define, field, frozen

from litmos_async.errors import ConfigurationError

T = TypeVar("T")

REMEMBERED: Final = 100_000
"""Messages that a spool remembers after they were handled."""

WAITING: Final = 10_000
"""Messages that may wait in a spool."""


class SpoolFull(Exception):
    """No more messages can wait: the sender has to try again.

    ```python
    spool = MemorySpool(waiting=1)
    await spool.put(["message 1"], body)
    try:
        await spool.put(["message 2"], body)
    except SpoolFull:
        print("the receiver answers 503, and the sender tries again")
    ```
    """


@frozen
class Waiting:
    """A message that waits.

    ```python
    spool = MemorySpool()
    await spool.put(["message 1"], body)
    message = await spool.take()
    print(parse(message.body).type, message.failures)
    ```

    Attributes:
        number: Its place in the spool.
        body: The message.
        failures: How often its handler failed.
    """

    number: int
    body: bytes
    failures: int = 0


class Spool(Protocol):
    """What a receiver keeps messages in.

    ```python
    spool: Spool = SqliteSpool("webhooks.db")  # or a class of your own with these methods
    receiver = Receiver(handle, secret=secret, spool=spool)
    await receiver.aclose()
    ```
    """

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: Too many are waiting.
        """
        ...

    async def take(self) -> Waiting:
        """Return the next message that waits, and wait for one if there is none."""
        ...

    async def done(self, message: Waiting) -> None:
        """Note that a message is handled.

        Args:
            message: The message.
        """
        ...

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back whose handler failed, to be taken again after a while.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        ...

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside whose handler failed too often.

        Args:
            message: The message.
        """
        ...

    async def aclose(self) -> None:
        """Close it."""
        ...


class MemorySpool:
    """Keeps messages in memory: what waits is lost when the process ends.

    ```python
    spool = MemorySpool(waiting=1_000)
    receiver = Receiver(handle, secret=secret, spool=spool)
    ```

    Args:
        waiting: Messages that may wait.
        remembered: Messages that are remembered after they were handled.
    """

    def __init__(self, *, waiting: int = WAITING, remembered: int = REMEMBERED) -> None:
        self._most = waiting
        self._keys = _keys(waiting, remembered)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._queue: asyncio.Queue[Waiting] = asyncio.Queue()
        self._open = 0
        self._numbers = 0
        self._timers: set[asyncio.TimerHandle] = set()
        self.set_aside: deque[bytes] = deque(maxlen=1_000)
        """The last messages whose handler failed too often."""

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: Too many are waiting.
        """
        if any(key in self._seen for key in keys):
            return False
        if self._open >= self._most:
            raise SpoolFull
        for key in keys:
            self._seen[key] = None
        while len(self._seen) > self._keys:
            self._seen.popitem(last=False)
        self._open += 1
        self._numbers += 1
        self._queue.put_nowait(Waiting(self._numbers, body))
        return True

    async def take(self) -> Waiting:
        """Return the next message that waits."""
        return await self._queue.get()

    async def done(self, message: Waiting) -> None:  # noqa: ARG002 - the protocol's
        """Note that a message is handled.

        Args:
            message: The message.
        """
        self._open -= 1

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back, to be taken again after a while.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        late = Waiting(message.number, message.body, message.failures + 1)

        def back() -> None:
            self._timers.discard(timer)
            self._queue.put_nowait(late)

        timer = asyncio.get_running_loop().call_later(seconds, back)
        self._timers.add(timer)

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside.

        Args:
            message: The message.
        """
        self._open -= 1
        self.set_aside.append(message.body)

    async def aclose(self) -> None:
        """Stop what would be taken again."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


@define
class _Put:
    """A message on its way into the file."""

    keys: Sequence[str]
    body: bytes
    result: asyncio.Future[bool] = field(factory=lambda: asyncio.get_running_loop().create_future())


_TABLES: Final = """
CREATE TABLE IF NOT EXISTS messages (number INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL DEFAULT 'waiting');
CREATE TABLE IF NOT EXISTS seen (key TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS by_state ON messages (state, number);
CREATE INDEX IF NOT EXISTS by_time ON seen (at);
"""
_OURS: Final = 0x4C57484B
"""`application_id` of the file: nothing else is written into."""


class SqliteSpool:
    """Keeps messages in a file: what waits when the process ends is handled after its next start.

    Messages that come at the same time share one transaction, so that thousands a second can be seen onto the disk
    before they are answered. One process uses the file at a time.

    ```python
    spool = SqliteSpool("webhooks.db", waiting=100_000)
    async with Receiver(handle, secret=secret, spool=spool) as app:
        ...  # serve `app`; what waits here at the end is handled after the next start
    ```

    Args:
        path: The file, made readable for its owner only: messages name people.
        waiting: Messages that may wait.
        remembered: Messages that are remembered after they were handled.

    Raises:
        ConfigurationError: The file cannot be used, or is something else.
    """

    def __init__(self, path: str | Path, *, waiting: int = WAITING, remembered: int = REMEMBERED) -> None:
        self._path = Path(path)
        self._most = waiting
        self._keys = _keys(waiting, remembered)
        self._thread = ThreadPoolExecutor(1, "litmos-webhooks")
        try:
            self._db = _open(self._path)
        except (OSError, ValueError, sqlite3.Error) as problem:
            raise ConfigurationError(f"cannot use the spool {path}: {problem}") from None
        rows = self._db.execute("SELECT number, body, failures FROM messages WHERE state='waiting'")
        self._ready = deque(Waiting(*row) for row in rows.fetchall())
        self._open = len(self._ready)
        self._arrived = asyncio.Event()
        self._puts: list[_Put] = []
        self._writing: asyncio.Task[None] | None = None
        self._timers: set[asyncio.TimerHandle] = set()

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, see it onto the disk, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: Too many are waiting.
        """
        if self._open + len(self._puts) >= self._most:
            raise SpoolFull
        put = _Put(keys, body)
        self._puts.append(put)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.ensure_future(self._write())
        return await put.result

    async def _write(self) -> None:
        """Write what has come so far, and what comes meanwhile after that."""
        while self._puts:
            some, self._puts = self._puts, []
            try:
                numbers = await self._blocking(self._insert, some)
            except sqlite3.Error as problem:
                for put in some:
                    if not put.result.done():
                        put.result.set_exception(problem)
                continue
            for put, number in zip(some, numbers, strict=True):
                if number is not None:
                    self._open += 1
                    self._ready.append(Waiting(number, put.body))
                if not put.result.done():
                    put.result.set_result(number is not None)
            self._arrived.set()

    def _insert(self, puts: Sequence[_Put]) -> list[int | None]:
        """Insert messages in one transaction; None stands for a repeat."""
        numbers: list[int | None] = []
        now = time.time()
        with self._db as change:
            for put in puts:
                marks = ",".join("?" * len(put.keys))
                query = f"SELECT 1 FROM seen WHERE key IN ({marks})"  # noqa: S608 - question marks only
                if change.execute(query, tuple(put.keys)).fetchone():
                    numbers.append(None)
                    continue
                change.executemany("INSERT INTO seen VALUES (?, ?)", [(key, now) for key in put.keys])
                numbers.append(
                    change.execute("INSERT INTO messages (body) VALUES (?)", (put.body,)).lastrowid
                )
        return numbers

    async def take(self) -> Waiting:
        """Return the next message that waits."""
        while not self._ready:
            self._arrived.clear()
            await self._arrived.wait()
        return self._ready.popleft()

    async def done(self, message: Waiting) -> None:
        """Note that a message is handled.

        Args:
            message: The message.
        """
        await self._blocking(self._settle, message.number)
        self._open -= 1

    def _settle(self, number: int) -> None:
        with self._db as change:
            change.execute("DELETE FROM messages WHERE number=?", (number,))
            if number % 1_000 == 0:
                change.execute(
                    "DELETE FROM seen WHERE key IN (SELECT key FROM seen ORDER BY at DESC LIMIT -1 OFFSET ?)",
                    (self._keys,),
                )

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back, to be taken again after a while, or after the next start.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        late = Waiting(message.number, message.body, message.failures + 1)
        await self._blocking(
            self._execute, "UPDATE messages SET failures=? WHERE number=?", late.failures, late.number
        )

        def back() -> None:
            self._timers.discard(timer)
            self._ready.append(late)
            self._arrived.set()

        timer = asyncio.get_running_loop().call_later(seconds, back)
        self._timers.add(timer)

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside: it stays in the file, where it can be looked at.

        Args:
            message: The message.
        """
        await self._blocking(
            self._execute, "UPDATE messages SET state='set aside' WHERE number=?", message.number
        )
        self._open -= 1

    def _execute(self, statement: str, *values: Any) -> None:
        with self._db as change:
            change.execute(statement, values)

    async def aclose(self) -> None:
        """Close the file."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()
        if self._writing is not None:
            await asyncio.wait([self._writing])
        await self._blocking(self._db.close)
        self._thread.shutdown()

    async def _blocking(self, work: Callable[..., T], *args: Any) -> T:
        """Work in the one thread of the file; a cancellation waits for its end."""
        future = asyncio.get_running_loop().run_in_executor(self._thread, work, *args)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            await asyncio.wait([future])
            raise


def _keys(waiting: int, remembered: int) -> int:
    """Return how many keys to keep: a message has up to two, and one that waits must not be forgotten."""
    return 2 * (waiting + remembered)


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
    db.execute(f"PRAGMA application_id={_OURS}")
    db.executescript(_TABLES)
