"""Whatever comes of a call, its slot is settled once."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import attrs
import httpx
import pytest

from litmos_async import RateLimit, RetryPolicy, errors
from litmos_async.testing import run_virtual
from tests.transport.server import NEW, USER, Server, client, ok


@pytest.mark.parametrize(
    "value",
    ["9" * 400, "9" * 5_000, "-" + "9" * 400, "Wed, 01 Jan 99999999999999999999 00:00:00 GMT", b"\xff", ""],
)
@pytest.mark.parametrize("status", [200, 201, 404, 429, 500, 503])
def test_no_retry_after_costs_a_slot(status: int, value: str | bytes) -> None:
    """A header that no number can hold is as good as none: the answer is judged, and the slot is free in time."""
    server = Server(
        httpx.Response(
            status,
            headers=[(b"Retry-After", value if isinstance(value, bytes) else value.encode())],
            json=USER,
        ),
        ok(),
    )

    async def main() -> None:
        async with client(server, retry=RetryPolicy(max_attempts=1, max_rejections=1)) as litmos:
            with contextlib.suppress(errors.LitmosError):
                await litmos.users.create(NEW)
            assert litmos._limiter._queue.window.held == 0
            await asyncio.sleep(100.0)
            assert litmos.quota.used == 0

    run_virtual(main())


@pytest.mark.parametrize(
    "value",
    [
        "Wed, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Wed, 01 Jan 2025 99999999999999999999:00:00 GMT",
        "Wed, 01 Jan 2025 00:00:00 +99999999999999999999",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "nonsense",
    ],
)
def test_no_date_header_costs_an_answer(value: str) -> None:
    """A clock that cannot be read is none: the person who was created is returned, and is no unknown outcome."""
    server = Server(httpx.Response(201, headers={"Date": value}, json=USER))

    async def main() -> None:
        async with client(server) as litmos:
            assert (await litmos.users.create(NEW)).id == USER["Id"]
            await asyncio.sleep(2.0)
            assert litmos._sender.server_time is None

    run_virtual(main())
    assert len(server.seen) == 1


def test_whatever_a_transport_raises_settles_the_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lease is settled also where judging an answer fails in a way that nobody foresaw."""
    settled: list[str] = []

    class Lease:
        taken = None

        def __getattr__(self, name: str) -> Callable[..., None]:
            return lambda *_: settled.append(name)

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with client(Server(httpx.Response(404))) as litmos:
            monkeypatch.setattr(litmos._limiter, "acquire", lambda *_, **__: asyncio.sleep(0, Lease()))
            monkeypatch.setattr(litmos._sender, "_judge", fail)
            with pytest.raises(ZeroDivisionError):
                await litmos.users.get("u1")

    run_virtual(main())
    assert settled == ["answered"]


def test_cancelling_at_every_await() -> None:
    """A call that is cancelled at any moment leaves no slot taken and nobody waiting."""

    async def slow(_: httpx.Request) -> httpx.Response:
        for _ in range(5):
            await asyncio.sleep(0.01)
        return ok()

    async def cancelled_after(turns: int) -> bool:
        server = Server(httpx.Response(503), httpx.ReadError("reset"), slow)
        async with client(server, rate_limit=RateLimit(3, 60.0, 3)) as litmos:
            call = asyncio.ensure_future(litmos.users.get("u1"))
            for _ in range(turns):
                if call.done():
                    break
                await asyncio.sleep(0.01 if turns % 2 else 0)
            finished = call.done()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            queue = litmos._limiter._queue
            assert queue is None or queue.window.held == 0
            assert litmos.quota.waiting == 0
            # Everything is free again in the end, and a new call goes through.
            await asyncio.sleep(200)
            assert litmos.quota.used == 0
            assert (await litmos.users.get("u1")).id == "u1"
        return finished

    ends = [run_virtual(cancelled_after(turns)) for turns in [*range(60), 201, 401, 20_001]]
    assert not ends[0]
    assert ends[-1]


def test_a_client_that_is_closed_while_a_call_waits() -> None:
    """A call that was to be repeated is not: it ends with what was done to its client."""
    server = Server(httpx.Response(500, headers={"Retry-After": "1"}))

    async def main() -> None:
        litmos = client(server)
        call = asyncio.ensure_future(litmos.users.get("u1"))
        await asyncio.sleep(0.01)
        await litmos.aclose()
        with pytest.raises(errors.ConfigurationError, match="the client is closed"):
            await call

    run_virtual(main())
    assert len(server.seen) == 1


class Broken(httpx.AsyncByteStream):
    """A body that breaks off."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield the first half."""
        yield b'{"Id": '
        raise httpx.ReadError("connection reset")


def test_an_answer_that_breaks_off() -> None:
    """It is as if none had come: reading is repeated, and a write has an unknown outcome."""
    server = Server(lambda _: httpx.Response(200, stream=Broken()), ok())
    writing = Server(lambda _: httpx.Response(201, stream=Broken()))

    async def main() -> None:
        async with client(server) as litmos, client(writing) as other:
            assert (await litmos.users.get("u1")).id == "u1"
            with pytest.raises(errors.OutcomeUnknown):
                await other.users.create(NEW)

    run_virtual(main())
    assert (len(server.seen), len(writing.seen)) == (2, 1)


def test_what_cannot_be_sent_takes_no_slot() -> None:
    """An address that is too long, or half a character, is refused, and the slot is free again."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            half = attrs.evolve(NEW, first_name="half \ud800")
            for call in (
                lambda: litmos.users.get("x" * 70_000),
                lambda: litmos.users.get("u1", timeout=True),
                lambda: litmos.request("GET", "/line\nbreak"),
                lambda: litmos.request("GET", "/half\ud800"),
                lambda: litmos.request("GET", "/a/\ud800/b"),
                lambda: litmos.request("GET", "/users\0"),
                lambda: litmos.request("GET", "/users/%2e%2e/x"),
                lambda: litmos.request("GET", "/users", query={"search": "\udfff"}),
                lambda: litmos.request("POST", "/users", body={"FirstName": half.first_name}),
                lambda: litmos.users.create(half, wire="json"),
                lambda: litmos.users.create(half, wire="xml"),
            ):
                with pytest.raises(errors.ConfigurationError):
                    await call()
                assert litmos.quota.used == 0

    run_virtual(main())
    assert not server.seen


@pytest.mark.parametrize(
    "method",
    [
        "GET\r\nX-Injected: y",
        "G E T",
        "",
        "get",
        "GET ",
        "TRACE",
        "CONNECT",
        "FOO",
        b"GET",
        None,
        5,
        ["GET"],
        {},
    ],
)
def test_what_is_no_verb(method: Any) -> None:
    """It is refused before a slot is taken, and no line break gets into the message."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            with pytest.raises(errors.ConfigurationError, match="method must be GET, ") as caught:
                await litmos.request(method, "/users")
            assert str(caught.value).isprintable()
            assert litmos.quota.used == 0

    run_virtual(main())
    assert not server.seen


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
def test_every_verb_reaches_the_server(method: Any) -> None:
    """Also those that no described operation has."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            await litmos.request(method, "/users")

    run_virtual(main())
    assert [each.method for each in server.seen] == [method]


@pytest.mark.parametrize("path", [5, None, b"/x", True, ["/x"], ""])
def test_what_is_no_path(path: Any) -> None:
    """It is refused before a slot is taken."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            with pytest.raises(errors.ConfigurationError, match="path must begin with a slash"):
                await litmos.request("GET", path)
            assert litmos.quota.used == 0

    run_virtual(main())
    assert not server.seen


@pytest.mark.parametrize("value", [[1, 2], ("a",), {"a"}, {"a": 1}, b"a", frozenset(), bytearray()])
def test_a_query_has_one_value_a_name(value: Any) -> None:
    """What Python would write of another one, as `[1, 2]`, the server would look for."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            with pytest.raises(errors.ConfigurationError, match="ids must be one value of a query"):
                await litmos.request("GET", "/users", query={"ids": value})
            assert litmos.quota.used == 0

    run_virtual(main())
    assert not server.seen


def test_what_is_not_wrapped() -> None:
    """Any path is reached, with decoding to plain data and without a repeat that could do harm."""
    server = Server(
        httpx.Response(200, text="<A><B>1</B><B>2</B></A>"), ok([1]), httpx.Response(200), httpx.Response(500)
    )

    async def main() -> None:
        async with client(server) as litmos:
            assert await litmos.request("GET", "/new", wire="xml") == {"B": ["1", "2"]}
            assert await litmos.request("GET", "/new/a%2Fb", query={"x": True, "y": None}) == [1]
            assert await litmos.request("PUT", "/new", body={"a": "ü"}) is None
            with pytest.raises(errors.OutcomeUnknown):
                await litmos.request("POST", "/new", body=b"raw")
            for path in ("new", "/a?b=1", "/../x", "/a b"):
                with pytest.raises(errors.ConfigurationError):
                    await litmos.request("GET", path)
            with pytest.raises(errors.ConfigurationError):
                await litmos.request("POST", "/new", body=object())
            with pytest.raises(errors.ConfigurationError):
                await litmos.request("POST", "/new", body={}, wire="xml")

    run_virtual(main())
    assert server.seen[1].url.query == b"source=tests%20%26%20more&format=json&x=true"
    assert server.seen[1].url.raw_path.startswith(b"/v1.svc/new/a%2Fb?")
    assert server.seen[2].content == '{"a":"ü"}'.encode()
    assert server.seen[3].content == b"raw"


def test_a_hook_that_fails_gives_its_slot_back() -> None:
    """What a job does before a request leaves may fail: nothing is sent then, and the slot is free again."""
    server = Server(ok())

    async def fail(attempt: int) -> None:
        assert attempt == 1
        raise OSError("the disk is full")

    async def main() -> None:
        async with client(server) as litmos:
            users = type(litmos.users)(attrs.evolve(litmos._caller, before=fail))
            with pytest.raises(OSError, match="full"):
                await users.get("u1")
            assert litmos.quota.used == 0

    run_virtual(main())
    assert not server.seen
