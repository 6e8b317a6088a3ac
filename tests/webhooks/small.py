"""What the tests of webhooks share: messages, a handler that notes them, and a client of a receiver."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx

from litmos_async.webhooks import Event, Receiver

SECRET = "s3cret-of-the-address"


def message(number: int, **changes: Any) -> bytes:
    """Return a message about an achievement of the same number."""
    data = {"achievementId": number, "userId": "u", "achievementDate": "2025-03-14T08:20:55.900"}
    return json.dumps({"id": number, "type": "achievement.earned", "data": data} | changes).encode()


async def until(holds: Callable[[], bool]) -> None:
    """Wait for what has no event: a spool, a log."""
    while not holds():  # noqa: ASYNC110 - there is none
        await asyncio.sleep(0.001)


def http(receiver: Receiver) -> httpx.AsyncClient:
    """Return a client of the receiver."""
    transport = httpx.ASGITransport(app=receiver)
    return httpx.AsyncClient(transport=transport, base_url="http://receiver")


class Log:
    """A handler that notes what it gets and fails when it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.events: list[Event] = []
        self.handled = asyncio.Condition()
        self.failures = failures
        self.calls = 0

    async def __call__(self, event: Event) -> None:
        """Handle an event."""
        self.calls += 1
        if self.calls <= self.failures:
            raise RuntimeError("not now")
        async with self.handled:
            self.events.append(event)
            self.handled.notify_all()

    async def count(self, number: int) -> None:
        """Wait until that many were handled."""
        async with self.handled:
            await self.handled.wait_for(lambda: len(self.events) >= number)
