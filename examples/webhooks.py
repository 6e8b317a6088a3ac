"""A receiver of webhooks: each completed course into a table of one's own, once.

Install it with `pip install "litmos-async" starlette uvicorn`, and run it with `uvicorn examples.webhooks:app`. The
environment says the secret part of the address (`WEBHOOK_SECRET`), the file in which messages wait
(`WEBHOOK_SPOOL`), and the table (`COMPLETIONS`). The address to enter at Litmos is `https://your.host/litmos/<secret>`.

A message is answered when it is on the disk, and handled afterwards. The handler may be called twice for a message
if the process dies at the wrong moment, so it writes in a way that a second call does not change.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing

from starlette.applications import Starlette
from starlette.routing import Mount

from litmos_async.webhooks import Event, Receiver, SqliteSpool

TABLE = os.environ.get("COMPLETIONS", "completions.db")


async def handle(event: Event) -> None:
    """Write down who completed what. One row a message, whatever happens."""
    earned = event.achievement
    if earned is None:
        return
    with closing(sqlite3.connect(TABLE, timeout=10)) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS completions (achievement INTEGER PRIMARY KEY, person, course)")
        row = (earned.achievement_id, earned.user_name, earned.title)
        db.execute("INSERT OR IGNORE INTO completions VALUES (?, ?, ?)", row)


receiver = Receiver(
    handle,
    secret=os.environ.get("WEBHOOK_SECRET", ""),
    spool=SqliteSpool(os.environ.get("WEBHOOK_SPOOL", "webhooks.db")),
)
app = Starlette(routes=[Mount("/litmos", receiver)], lifespan=receiver.lifespan)
