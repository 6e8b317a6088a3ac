"""A slot is looked at just before the bytes leave: one that is too old is given back, and another is taken."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import attrs
import httpx
import pytest

from litmos_async import LitmosClient, Quota, RateLimit, RetryPolicy, User, errors
from litmos_async.events import Attempt, Event
from litmos_async.testing import run_virtual

NEW = User(user_name="a@example.com", first_name="A", last_name="B")
Handler = Callable[[httpx.Request], Awaitable[httpx.Response]]


@attrs.define
class Lease:
    """A lease that remembers how it ended."""

    ends: list[str]

    def unused(self) -> None:
        """Nothing left."""
        self.ends.append("unused")

    def answered(self) -> None:
        """An answer came."""
        self.ends.append("answered")

    def lost(self, timeout: float) -> None:
        """No answer came."""
        self.ends.append(f"lost {timeout:g}")

    def rejected(self, retry_after: float | None = None) -> None:
        """The rate limit said no."""
        self.ends.append(f"rejected {retry_after}")


@attrs.define
class AgedLease(Lease):
    """A lease that knows when its slot was taken."""

    taken: float = 0.0


class Limiter:
    """A limiter of the user's own: its slots were taken so many seconds ago; None: its leases have no age."""

    def __init__(self, *ages: float | None) -> None:
        self.ages = list(ages)
        self.ends: list[str] = []
        self.rate = RateLimit()
        self.quota = Quota(0, 100, 0.0, 0, 0, 100, 60.0, 100)

    def bind(self, account: str) -> None:
        """Do nothing."""

    async def acquire(self, priority: str = "interactive", **_: float) -> Lease:
        """Give a slot of the next age, the last one for ever."""
        await asyncio.sleep(0.01)
        age = self.ages.pop(0) if len(self.ages) > 1 else self.ages[0]
        if age is None:
            return Lease(self.ends)
        return AgedLease(self.ends, asyncio.get_running_loop().time() - age)

    async def aclose(self) -> None:
        """Do nothing."""


async def answer(_: httpx.Request) -> httpx.Response:
    """Answer with a person."""
    return httpx.Response(200, json={"Id": "u1"})


def client(limiter: Limiter, handler: Handler = answer, **options) -> LitmosClient:
    """Return a client whose slots are given by that limiter."""
    return LitmosClient(
        "k",
        "t",
        base_url="https://sandbox/v1.svc",
        limiter=limiter,
        transport=httpx.MockTransport(handler),
        timeout=30.0,
        **options,
    )


@pytest.mark.parametrize(
    ("ages", "ends"),
    [
        ([0.0], ["answered"]),
        ([29.9], ["answered"]),
        ([30.1, 0.0], ["unused", "answered"]),
        ([1e9, 31.0, 31.0, 0.0], ["unused", "unused", "unused", "answered"]),
        ([None], ["answered"]),
    ],
)
def test_one_that_is_too_old_is_given_back(ages: list[float | None], ends: list[str]) -> None:
    """As many times as need be, also with a policy that never repeats; a lease without an age is not looked at."""
    limiter = Limiter(*ages)

    async def main() -> None:
        async with client(limiter, retry=RetryPolicy(max_attempts=1)) as litmos:
            assert (await litmos.users.create(NEW)).id == "u1"

    run_virtual(main())
    assert limiter.ends == ends


def test_an_attempt_that_did_not_leave_is_no_event() -> None:
    """Hooks hear of the one that was sent."""
    heard: list[Event] = []

    async def main() -> None:
        async with client(Limiter(31.0, 0.0), on_event=heard.append) as litmos:
            await litmos.users.get("u1")

    run_virtual(main())
    assert [event.error for event in heard if isinstance(event, Attempt)] == [""]


def test_before_is_called_once_an_attempt() -> None:
    """What a job writes down before an attempt is written once, however many slots it takes."""
    limiter = Limiter(31.0, 31.0, 0.0)
    called: list[int] = []

    async def before(attempt: int) -> None:
        called.append(attempt)

    async def main() -> None:
        async with client(limiter) as litmos:
            users = type(litmos.users)(attrs.evolve(litmos._caller, before=before))
            assert (await users.get("u1")).id == "u1"

    run_virtual(main())
    assert called == [1]
    assert limiter.ends == ["unused", "unused", "answered"]


def test_what_a_job_does_with_a_slot_in_hand_makes_it_older() -> None:
    """A journal on a slow disk, or a loop that stood still meanwhile, counts."""
    limiter = Limiter(0.0)
    waits = [31.0, 0.0]

    async def before(_: int) -> None:
        await asyncio.sleep(waits.pop(0))

    async def main() -> None:
        async with client(limiter) as litmos:
            users = type(litmos.users)(attrs.evolve(litmos._caller, before=before))
            assert (await users.get("u1")).id == "u1"

    run_virtual(main())
    assert limiter.ends == ["unused", "answered"]


@pytest.mark.parametrize(
    "event", ["http11.send_request_headers.started", "http2.send_request_headers.started"]
)
def test_a_process_that_stands_still_behind_connecting(event: str) -> None:
    """The look is httpcore's last word before the bytes leave; the timeout that is over as well does not matter."""
    limiter = Limiter(0.0)
    sent: list[str] = []
    frozen = [True]

    async def connect(request: httpx.Request) -> httpx.Response:
        trace = request.extensions["trace"]
        await trace("connection.connect_tcp.started", {})
        await asyncio.sleep(0.1)
        await trace("connection.connect_tcp.complete", {"return_value": None})
        if frozen and frozen.pop():
            asyncio.get_running_loop().now += 100.0
        await trace(event, {"request": None})
        sent.append(request.method)
        return httpx.Response(200, json={"Id": "u1"})

    async def main() -> None:
        async with client(limiter, connect) as litmos:
            assert (await litmos.users.create(NEW)).id == "u1"

    run_virtual(main())
    assert sent == ["POST"]
    assert limiter.ends == ["unused", "answered"]


def test_a_process_that_stands_still_while_sending() -> None:
    """Behind the look nothing can be called back: the slot is kept, and a create is of unknown outcome."""
    limiter = Limiter(0.0)

    async def send(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        await request.extensions["trace"]("http11.send_request_headers.complete", {})
        asyncio.get_running_loop().now += 100.0
        await asyncio.sleep(1.0)
        raise AssertionError

    async def main() -> None:
        async with client(limiter, send) as litmos:
            with pytest.raises(errors.OutcomeUnknown):
                await litmos.users.create(NEW)

    run_virtual(main())
    assert limiter.ends == ["lost 30"]


def test_a_process_that_only_stands_still() -> None:
    """It ends at the deadline of the call, with nothing sent."""
    limiter = Limiter(31.0)

    async def main() -> None:
        async with client(limiter, retry=RetryPolicy(deadline=5.0)) as litmos:
            began = asyncio.get_running_loop().time()
            with pytest.raises(errors.ConnectError, match="too old") as caught:
                await litmos.users.create(NEW)
            assert asyncio.get_running_loop().time() - began == pytest.approx(5.0, abs=0.1)
            assert caught.value.attempts == 0

    run_virtual(main())
    assert set(limiter.ends) == {"unused"}


async def test_over_a_real_connection() -> None:
    """An attempt is stopped before its first byte, its connection closed, and the next one goes through."""
    heard: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        try:
            heard.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"Id": "u1"}')
            await writer.drain()
        except asyncio.IncompleteReadError as problem:
            heard.append(problem.partial)
        writer.close()

    class Aging(AgedLease):
        """A lease whose slot grows old between the transport and the connection."""

        looks = 0

        def __getattribute__(self, name: str) -> object:
            if name == "taken":
                type(self).looks += 1
                return asyncio.get_running_loop().time() - (100.0 if type(self).looks == 2 else 0.0)
            return super().__getattribute__(name)

    class Ages(Limiter):
        async def acquire(self, priority: str = "interactive", **_: float) -> Lease:
            return Aging(self.ends)

    limiter = Ages()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        base_url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with LitmosClient("k", "t", base_url=base_url, limiter=limiter) as litmos:
            assert (await litmos.users.get("u1")).id == "u1"
    assert limiter.ends == ["unused", "answered"]
    assert connections == 2
    assert min(map(len, heard)) == 0
