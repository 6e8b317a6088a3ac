"""The limiter for the processes of one host: the account in a row of an SQLite file."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random as _random
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Final, TypeVar

from litmos_async.checks import file
from litmos_async.errors import LimiterUnavailable
from litmos_async.limits.account import transact
from litmos_async.limits.rate import RateLimit
from litmos_async.limits.shared import Change, SharedLimiter

__all__ = ["SqliteLimiter"]

T = TypeVar("T")

# A transaction takes some milliseconds, so a process that waits that long waits for something broken.
BUSY_TIMEOUT: Final = 10.0

# It may be in the queue behind another one that is stuck.
LATE: Final = 2 * BUSY_TIMEOUT + 5.0

_TABLE: Final = "CREATE TABLE IF NOT EXISTS litmos_limits (account TEXT PRIMARY KEY, state TEXT NOT NULL)"
_READ: Final = "SELECT state FROM litmos_limits WHERE account = ?"
_WRITE: Final = "INSERT OR REPLACE INTO litmos_limits VALUES (?, ?)"


class SqliteLimiter(SharedLimiter):
    """Keeps the limit for all processes of one host that name the same file.

    Several accounts may share a file. It must be on a disk of this host: SQLite's locks do not hold on network
    file systems. Close the limiter at the end, so that it reports the last answers; otherwise their slots are
    freed later, when they expire.

    ```python
    limiter = SqliteLimiter("litmos.db", RateLimit(reserve=10))
    async with LitmosClient(limiter=limiter) as litmos:
        print(await litmos.usage())
    await limiter.aclose()
    ```

    Args:
        path: The file; it is created if it does not exist. A relative path is one in the folder that the process
            is in now.
        rate: The limit to keep. Give the same in every process; only `reserve` may differ.
        account: What tells accounts apart in the file; None leaves it to the client.
        random: Where jitter comes from; give a seeded one for repeatable tests. None is Python's own.

    Raises:
        ConfigurationError: No file can have this name.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
        *,
        account: str | None = None,
        random: _random.Random | None = None,
    ) -> None:
        self.path = file("path", path)
        super().__init__(SqliteStore(self.path), rate, account=account, random=random)

    def __repr__(self) -> str:
        return f"SqliteLimiter({str(self.path)!r})"


class SqliteStore:
    """Accounts in a file, and one thread that goes there.

    Its clock is that of the machine since it was started, which is the same for all processes and which no one
    can set. After a restart it begins anew; `transact` notices, because what was saved lies in the future.

    Args:
        path: The file.
        clock: What tells the time, for tests.
        executor: Where the file is read and written; a thread of its own if None.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], float] = time.monotonic, executor: Executor | None = None
    ) -> None:
        self._path = path
        self._clock = clock
        self._given = executor
        self._executor: Executor | None = None
        self._file: sqlite3.Connection | None = None
        self._inode: tuple[int, int] | None = None
        self._pid = 0

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen to an account, in one transaction."""
        if self._executor is None or self._pid != os.getpid():
            # Neither a thread nor an open file of SQLite may be used on the other side of a fork.
            self._file, self._pid = None, os.getpid()
            self._executor = self._given or ThreadPoolExecutor(1, thread_name_prefix="litmos-limiter")
        work = asyncio.get_running_loop().run_in_executor(
            self._executor, self._transaction, account, rate, change
        )
        try:
            async with asyncio.timeout(LATE):
                return await work
        except TimeoutError:  # the thread is stuck in the file system, which no lock's timeout can end
            raise LimiterUnavailable(f"the limiter's file {self._path} does not answer") from None

    async def aclose(self) -> None:
        """Close the file and end the thread."""
        executor, self._executor = self._executor, None
        if executor is not None and self._pid == os.getpid():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATE):
                    await asyncio.get_running_loop().run_in_executor(executor, self._close)
            if executor is not self._given:
                executor.shutdown(wait=False)

    def _transaction(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        try:
            if self._file is not None and self._inode != self._find():
                # Removed or replaced. The open one would go on for us alone, beside that of the others.
                self._close()
            file = self._file = self._file or self._open()
            with file:
                file.execute("BEGIN IMMEDIATE")
                row = file.execute(_READ, (account,)).fetchone()
                result, state = transact(row and row[0], rate, self._clock(), change)
                file.execute(_WRITE, (account, state))
                return result
        except (sqlite3.Error, OSError) as problem:
            self._close()
            raise LimiterUnavailable(
                f"the limiter's file {self._path} cannot be used: {problem}"
            ) from problem

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # Opened in one thread and, if the executor is a given one, used in another: never in two at once.
        file = sqlite3.connect(
            self._path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        try:
            # No write-ahead log: where only the files beside this one are deleted, those who have them open and
            # newcomers would go on side by side, each with a limit of its own. A rollback journal is there for
            # the moment of a transaction only, and who reads here writes, too.
            file.execute("PRAGMA journal_mode = DELETE")
            # A lost last transaction (a power cut) is no harm.
            file.execute("PRAGMA synchronous = NORMAL")
            file.execute("BEGIN IMMEDIATE")  # else one of two that begin a file at once would not wait
            file.execute(_TABLE)
            file.execute("COMMIT")
        except sqlite3.Error:
            file.close()
            raise
        self._inode = self._find()
        return file

    def _find(self) -> tuple[int, int] | None:
        """Return what tells the file from another one of its name; None if there is none."""
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino

    def _close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
