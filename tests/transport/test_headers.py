"""An answer is what its status and body say, whatever bytes its headers hold, and however its stream is closed."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, User, errors
from litmos_async.testing import run_virtual

NEW = User(user_name="a@example.com", first_name="A", last_name="B")
BODY = b'{"Id": "u1", "UserName": "a@example.com"}'

NAMES = [
    "Retry-After",
    "Content-Type",
    "Date",
    "Content-Encoding",
    "Set-Cookie",
    "Location",
    "Server",
    "X-\xe9",
]
VALUES = [
    b"\xe9",
    b"\xc3\xa9",
    b"\xff\xfe",
    b"",
    b"7 \xe9",
    b"\x80" * 5_000,
    b"text/html; charset=\xe9",
    b"\x07",
]


def ask(*steps: httpx.Response) -> tuple[object, int]:
    """Create a person, with these answers; return what comes of it, and how many requests were sent."""
    sent, waiting = 0, list(steps)

    def answer(_: httpx.Request) -> httpx.Response:
        nonlocal sent
        sent += 1
        return waiting.pop(0)

    async def main() -> object:
        async with LitmosClient(
            "the-key",
            "tests",
            base_url="https://litmos.example.com/v1.svc",
            transport=httpx.MockTransport(answer),
            retry=RetryPolicy(max_attempts=len(steps), max_rejections=len(steps) - 1),
        ) as litmos:
            try:
                return (await litmos.users.create(NEW)).id
            except errors.LitmosError as problem:
                return type(problem)

    return run_virtual(main()), sent


@pytest.mark.parametrize(("name", "value"), [*itertools.product(NAMES, VALUES)])
def test_no_byte_of_a_header_costs_the_answer(name: str, value: bytes) -> None:
    """A success is one, a refusal is sent again, and an error keeps its class."""
    headers = [(name.encode("latin-1"), value)]
    if name == "Content-Encoding" and value:
        # The body cannot be read, and that is said; the status still counts.
        assert ask(httpx.Response(409, headers=headers, content=BODY)) == (errors.Conflict, 1)
        return
    for status, known in [(201, "u1"), (200, "u1"), (409, errors.Conflict), (404, errors.NotFound)]:
        assert ask(httpx.Response(status, headers=headers, content=BODY)) == (known, 1)
    for status in (503, 429):
        steps = [httpx.Response(status, headers=headers), httpx.Response(201, content=BODY)]
        assert ask(*steps) == ("u1", 2)


class Closing(httpx.AsyncByteStream):
    """A body of which all comes, or not, and that cannot be closed."""

    def __init__(self, *, broken: bool) -> None:
        self.broken = broken

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield it."""
        yield BODY
        if self.broken:
            raise httpx.ReadError("the connection was reset")

    async def aclose(self) -> None:
        """Fail."""
        raise RuntimeError("closed before")


def test_a_stream_that_cannot_be_closed() -> None:
    """The answer was there by then; and one that was not is what the error is about."""
    assert ask(httpx.Response(201, stream=Closing(broken=False))) == ("u1", 1)
    assert ask(httpx.Response(201, stream=Closing(broken=True))) == (errors.OutcomeUnknown, 1)
