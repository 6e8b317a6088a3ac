"""A server in the process, and a client of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import httpx

from litmos_async import LitmosClient, User

Answer = Callable[[httpx.Request], httpx.Response | Awaitable[httpx.Response]]

USER = {"Id": "u1", "UserName": "a@example.com", "FirstName": "A", "LastName": "B"}
NEW = User(user_name="a@example.com", first_name="A", last_name="B")


class Server:
    """A server in the process: answers by a list of steps, the last one for ever."""

    def __init__(self, *steps: Answer | httpx.Response | Exception) -> None:
        self.steps = list(steps)
        self.seen: list[httpx.Request] = []
        self.times: list[float] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        """Take the next step."""
        self.seen.append(request)
        self.times.append(asyncio.get_running_loop().time())
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        if isinstance(step, httpx.Response):
            return httpx.Response(step.status_code, headers=step.headers, content=step.content)
        answer = step(request)
        return answer if isinstance(answer, httpx.Response) else await answer


def client(server: Server, **options) -> LitmosClient:
    """Return a client of that server."""
    return LitmosClient(
        "the-key",
        "tests & more",
        base_url="https://litmos.example.com/v1.svc",
        transport=httpx.MockTransport(server),
        **options,
    )


async def stall(_: httpx.Request) -> httpx.Response:
    """Answer never."""
    await asyncio.sleep(10_000)
    raise AssertionError


def ok(content: object = USER, status: int = 200) -> httpx.Response:
    """Return an answer of success."""
    return httpx.Response(status, json=content)
