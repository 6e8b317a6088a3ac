"""The receiver of the example, with each call of its handler noted in the file `CALLS` before it does anything."""

from __future__ import annotations

import os

from examples import webhooks as example
from litmos_async.webhooks import Event, Receiver


def receiver() -> Receiver:
    """Return the app."""
    table = example.Completions(os.environ["COMPLETIONS"])
    calls = os.open(os.environ["CALLS"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    async def handle(event: Event) -> None:
        os.write(calls, f"{event.keys[-1].replace(' ', '-')}\n".encode())
        await table.handle(event)

    return example.receiver(handle)
