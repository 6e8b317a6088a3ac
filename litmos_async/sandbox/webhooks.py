"""Sends webhooks as the service does: by POST, without a signature, with repeats and in any order.

How often and how long the service tries again is not documented (api-facts 19): here a few times, with
pauses on the clock of the event loop. The data of `achievement.earned` are the vendor's; those of other events are
not known, so the sandbox sends none of them.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlsplit

from attrs import define, field, frozen

from litmos_async.sandbox.state.links import Completion
from litmos_async.sandbox.state.tenant import Tenant

WAIT: Final = 10.0
"""Seconds that the sender waits for an answer."""

GOOD: Final = frozenset({200, 201, 202})
"""Statuses that the sender takes for success: 204 is not among them."""


@frozen
class Hook:
    """An address that is told of things.

    Attributes:
        url: The address: plain HTTP on this machine.
        repeats: The share of messages that are sent twice although they were answered, 0 to 1.
        shuffled: Whether messages go out in any order.
        attempts: How often a message is sent that is not answered as it should be.
        pause: Seconds before the second attempt; each further pause is twice as long.
        at_once: Messages that are under way at the same time.
    """

    url: str
    repeats: float = 0.0
    shuffled: bool = False
    attempts: int = 5
    pause: float = 1.0
    at_once: int = 16


@frozen
class Delivery:
    """The outcome of one message.

    Attributes:
        id: Its number.
        attempts: How often it was sent.
        status: The last answer; None where none came.
    """

    id: int
    attempts: int
    status: int | None


@define
class Webhooks:
    """The webhooks of a tenant.

    Attributes:
        tenant: What happens there is what is sent.
        hooks: Who is told.
        seed: Which messages are repeated, and their order, depend on it.
    """

    tenant: Tenant
    hooks: list[Hook] = field(factory=list[Hook])
    seed: int = 1
    _sent: int = field(default=0, init=False)
    _numbers: int = field(default=70_000, init=False)

    def add(self, url: str, **options: Any) -> Hook:
        """Tell an address from now on; the options are those of `Hook`."""
        hook = Hook(url, **options)
        self.hooks.append(hook)
        return hook

    async def deliver(self) -> list[Delivery]:
        """Send what happened since the last time, and return the outcome of each message."""
        messages = list(self._messages())
        found: list[Delivery] = []
        for hook in self.hooks:
            found += await self._deliver(hook, messages)
        return found

    def _messages(self) -> Iterator[dict[str, Any]]:
        new, self._sent = self.tenant.completions[self._sent :], len(self.tenant.completions)
        for completion in new:
            if completion.user_id in self.tenant.users:
                yield self.message("achievement.earned", self._achievement(completion))

    def message(self, kind: str, data: dict[str, Any]) -> dict[str, Any]:
        """Return a message with a number of its own."""
        self._numbers += 1
        created = _time(self.tenant.now())
        return {"id": self._numbers, "created": created, "type": kind, "object": "event", "data": data}

    def _achievement(self, completion: Completion) -> dict[str, Any]:
        user = self.tenant.users[completion.user_id]
        course = self.tenant.courses.get(completion.item_id)
        return {
            "userId": completion.user_id,
            "userName": user["UserName"],
            "courseId": completion.item_id if course else None,
            "title": completion.title,
            "code": course["Code"] if course else "",
            "achievementDate": _time(completion.when),
            "compliantTilldate": None,
            "result": "Completed",
            "type": "Course Completed" if course else "Learning Path Completed",
            "firstName": user["FirstName"],
            "lastName": user["LastName"],
            "achievementId": completion.number,
            "certificateId": completion.certificate,
        }

    async def _deliver(self, hook: Hook, messages: list[dict[str, Any]]) -> list[Delivery]:
        chance = random.Random(self.seed + self._numbers)
        queue = [each for each in messages for _ in range(1 + (chance.random() < hook.repeats))]
        if hook.shuffled:
            chance.shuffle(queue)
        turns = asyncio.Semaphore(hook.at_once)

        async def one(message: dict[str, Any]) -> Delivery:
            async with turns:
                return await _send(hook, message)

        return list(await asyncio.gather(*map(one, queue)))


async def _send(hook: Hook, message: dict[str, Any]) -> Delivery:
    status: int | None = None
    for attempt in range(1, hook.attempts + 1):
        try:
            async with asyncio.timeout(WAIT):
                status = await _post(hook.url, json.dumps(message).encode())
        except (OSError, TimeoutError, ValueError):
            status = None
        if status in GOOD:
            return Delivery(message["id"], attempt, status)
        if attempt < hook.attempts:
            await asyncio.sleep(hook.pause * 2 ** (attempt - 1))
    return Delivery(message["id"], hook.attempts, status)


async def _post(url: str, body: bytes) -> int:
    """Post JSON over plain HTTP and return the status: the sandbox shares no HTTP client with what it tests."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
    try:
        head = (
            f"POST {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: application/json\r\n"
        )
        writer.write(f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        await writer.drain()
        line = await reader.readline()
        return int(line.split()[1])
    except IndexError:
        raise ConnectionError("no answer") from None
    finally:
        writer.close()


def _time(moment: datetime) -> str:
    """Write `2024-01-31T23:59:59.990`: UTC without a zone, three digits of a second."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds")
