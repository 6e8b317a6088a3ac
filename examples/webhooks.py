"""A receiver of webhooks: each completed course into a table of one's own, once.

Install it with `pip install "litmos-async" uvicorn`, and run it with
`uvicorn --factory examples.webhooks:receiver`. The environment says the secret part of the address
(`WEBHOOK_SECRET`), the file in which messages wait (`WEBHOOK_SPOOL`), and the table (`COMPLETIONS`). The address to
enter at Litmos is `https://your.host/<secret>`.

A message is answered when it is on the disk, and handled afterwards. Its handler may be called again if the process
dies before the spool has noted that it was handled, which can happen to as many messages as there are `WORKERS`. So
it writes in a way that a second call does not change.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from typing import Final

from litmos_async.webhooks import Event, Handler, Receiver, SqliteSpool

WORKERS: Final = 30
"""Rows that can share a commit, and messages that may be handled again after a kill."""


class Completions:
    """Who completed what, one row an achievement. Rows that come at the same time share a commit."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, timeout=10, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS completions (id TEXT PRIMARY KEY, person, course)")
        self._rows: list[tuple[str, str, str]] = []
        self._writing = asyncio.Lock()
        self._next: asyncio.Task[None] | None = None

    async def handle(self, event: Event) -> None:
        """Write an achievement down; when this returns, it is on the disk."""
        if (earned := event.achievement) is None:
            return
        # The last of its keys: "achievement 7", or that of the message where the achievement has no number.
        self._rows.append((event.keys[-1], earned.user_name, earned.title))
        if self._next is None:
            self._next = asyncio.create_task(self._write())
        await asyncio.shield(self._next)

    async def _write(self) -> None:
        async with self._writing:  # what comes while one commit runs is in the next
            rows, self._rows, self._next = self._rows, [], None
            await asyncio.to_thread(self._insert, rows)

    def _insert(self, rows: list[tuple[str, str, str]]) -> None:
        with self._db:
            self._db.executemany("INSERT OR IGNORE INTO completions VALUES (?, ?, ?)", rows)


def receiver(handler: Handler | None = None) -> Receiver:
    """Return the app; without a handler, achievements go into the table."""
    return Receiver(
        handler or Completions(os.environ.get("COMPLETIONS", "completions.db")).handle,
        secret=os.environ.get("WEBHOOK_SECRET", ""),
        spool=SqliteSpool(os.environ.get("WEBHOOK_SPOOL", "webhooks.db")),
        workers=WORKERS,
    )
