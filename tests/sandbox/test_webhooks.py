"""The sandbox sends webhooks as the service does: again until it is answered as it should be, or gives up."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.webhooks.events import parse


class Receiver:
    """Notes what it gets, and answers from a list; at its end always the last."""

    def __init__(self, *answers: bytes) -> None:
        self.bodies: list[bytes] = []
        self.heads: list[str] = []
        self._answers = list(answers)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a message."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(int(line[15:]) for line in head.splitlines() if line.startswith("Content-Length:"))
        self.heads.append(head.splitlines()[0])
        self.bodies.append(await reader.readexactly(length))
        writer.write(self._answers.pop(0) if len(self._answers) > 1 else self._answers[0])
        writer.close()
        await writer.wait_closed()

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What came, as JSON."""
        return [json.loads(body) for body in self.bodies]


def status(code: int) -> bytes:
    """Return an answer."""
    return f"HTTP/1.1 {code} Any\r\nContent-Length: 0\r\n\r\n".encode()


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[str]:
    """Give the address at which a receiver listens."""
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def finished(people: int = 1) -> Sandbox:
    """Return a sandbox in which people have just completed a course."""
    tenant = Tenant()
    course = tenant.add_course(Name="Safety", Code="SAFE-1")["Id"]
    for number in range(people):
        user = tenant.add_user(UserName=f"user{number}@example.com", FirstName="A", LastName=f"No {number}")[
            "Id"
        ]
        tenant.assign_course(user, course)
        tenant.set_progress(user, course, 100)
    return Sandbox(tenant)


async def test_what_happened_is_sent_once() -> None:
    """The message can be read by the receiver of the library, and what was sent is not sent again."""
    sandbox, receiver = finished(), Receiver(status(200))
    [completion] = sandbox.tenant.completions
    async with listening(receiver) as address:
        sandbox.webhooks.add(f"{address}/hooks/1")
        [delivery] = await sandbox.webhooks.deliver()
        assert await sandbox.webhooks.deliver() == []
    assert (delivery.attempts, delivery.status) == (1, 200)
    assert receiver.heads == ["POST /hooks/1 HTTP/1.1"]
    event = parse(receiver.bodies[0])
    assert event.achievement is not None
    assert (event.id, event.achievement.achievement_id) == (delivery.id, completion.number)
    assert (event.achievement.title, event.achievement.code) == ("Safety", "SAFE-1")
    assert event.achievement.user_name == "user0@example.com"


async def test_people_who_are_gone() -> None:
    """Of a person who was deleted before the message went out nothing is left to send."""
    sandbox, receiver = finished(people=2), Receiver(status(200))
    sandbox.tenant.delete_user(next(iter(sandbox.tenant.users)))
    async with listening(receiver) as address:
        sandbox.webhooks.add(address)
        await sandbox.webhooks.deliver()
    assert [message["data"]["userName"] for message in receiver.messages] == ["user1@example.com"]


@pytest.mark.parametrize(
    ("answers", "attempts", "last"),
    [
        ([status(500), status(503), status(201)], 3, 201),
        ([status(204), status(202)], 2, 202),
        ([b"", status(200)], 2, 200),
        ([b"no\r\n", status(200)], 2, 200),
        ([status(404)], 4, 404),
        ([b"no HTTP at all"], 4, None),
    ],
)
async def test_what_is_sent_again(answers: list[bytes], attempts: int, last: int | None) -> None:
    """All but 200, 201 and 202, also no answer and what is none; after some attempts it gives up."""
    sandbox, receiver = finished(), Receiver(*answers)
    async with listening(receiver) as address:
        sandbox.webhooks.add(address, attempts=4, pause=0)
        [delivery] = await sandbox.webhooks.deliver()
    assert (delivery.attempts, delivery.status) == (attempts, last)
    assert len(receiver.bodies) == attempts
    assert len(set(receiver.bodies)) == 1
    assert receiver.heads[0] == "POST / HTTP/1.1"


async def test_repeats_in_any_order() -> None:
    """As the service may: every message twice, and not in the order in which things happened."""
    sandbox, receiver = finished(people=20), Receiver(status(200))
    async with listening(receiver) as address:
        sandbox.webhooks.add(address, repeats=1.0, shuffled=True, at_once=1)
        deliveries = await sandbox.webhooks.deliver()
    numbers = [each["data"]["achievementId"] for each in receiver.messages]
    assert len(deliveries) == len(numbers) == 40
    assert sorted(numbers) == sorted(2 * [each.number for each in sandbox.tenant.completions])
    assert numbers != sorted(numbers)


async def test_nobody_listens() -> None:
    """It gives up without an answer."""
    sandbox = finished()
    async with listening(Receiver(status(200))) as address:
        pass
    sandbox.webhooks.add(address, attempts=2, pause=0)
    [delivery] = await sandbox.webhooks.deliver()
    assert (delivery.attempts, delivery.status) == (2, None)
