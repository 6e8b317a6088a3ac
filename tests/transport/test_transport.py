"""One request until it has an answer: what is sent, what is repeated, what is never repeated."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise

import attrs
import httpx
import pytest

from litmos_async import LitmosClient, RateLimit, RetryPolicy, User, errors
from litmos_async.testing import run_virtual

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


def test_what_every_call_carries() -> None:
    """Each call names its source, its formats and its key, which stands in a header."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            await litmos.users.get("a b/ü+c@example.com")

    run_virtual(main())
    (request,) = server.seen
    assert str(request.url) == (
        "https://litmos.example.com/v1.svc/users/a%20b%2F%C3%BC%2Bc%40example.com?source=tests%20%26%20more&format=json"
    )
    assert request.headers["apikey"] == "the-key"
    assert request.headers["accept"] == request.headers["content-type"] == "application/json"
    assert request.headers["user-agent"].startswith("litmos-async/")


def test_the_key_in_the_query() -> None:
    """The older form puts the key into the query, and only there."""
    server = Server(ok())

    async def main() -> None:
        async with client(server, key_in="query") as litmos:
            await litmos.users.get("u1")

    run_virtual(main())
    assert server.seen[0].url.params["apikey"] == "the-key"
    assert "apikey" not in server.seen[0].headers


def test_writes_without_a_body_say_so() -> None:
    """A DELETE without a body carries Content-Length: 0, as recordings do; over XML no format is named."""
    server = Server(httpx.Response(200))

    async def main() -> None:
        async with client(server, wire="xml") as litmos:
            await litmos.users.delete("u1")

    run_virtual(main())
    assert server.seen[0].headers["content-length"] == "0"
    assert server.seen[0].headers["content-type"] == "text/xml; charset=utf-8"
    assert "format" not in server.seen[0].url.params


READ, WRITE, CREATE = "read", "repeatable write", "create"
CALLS: dict[str, Callable[[LitmosClient], Awaitable[object]]] = {
    READ: lambda litmos: litmos.users.get("u1"),
    WRITE: lambda litmos: litmos.users.assign_courses("u1", ["c1"], send_message=False),
    CREATE: lambda litmos: litmos.users.create(NEW),
}
LOST = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("reset"),
    httpx.RemoteProtocolError("truncated"),
    httpx.DecodingError("bad gzip"),
    ConnectionResetError("reset"),
    BrokenPipeError(),
    httpx.Response(500),
    httpx.Response(502),
    httpx.Response(504),
    stall,
]
NEVER_LEFT = [
    httpx.ConnectError("refused"),
    httpx.ConnectTimeout("slow"),
    httpx.PoolTimeout("busy"),
    httpx.ProxyError("no"),
]
REFUSED = [httpx.Response(503), httpx.Response(429, headers={"Retry-After": "7"})]
FINAL = [httpx.Response(status) for status in (400, 401, 403, 404, 406, 409, 501, 301)]


def name_of(value: object) -> str:
    """Return a short name for a fault, for the test's id."""
    return (
        f"{value.status_code}"
        if isinstance(value, httpx.Response)
        else getattr(value, "__name__", type(value).__name__)
    )


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("fault", [*LOST, *NEVER_LEFT, *REFUSED, *FINAL], ids=name_of)
def test_the_matrix_of_faults(call: str, fault) -> None:
    """Each fault once, then success: repeated where that is safe, and only there."""
    server = Server(fault, ok())
    caught: list[BaseException] = []

    async def main() -> None:
        async with client(server) as litmos:
            try:
                await CALLS[call](litmos)
            except errors.LitmosError as problem:
                caught.append(problem)
            assert litmos.quota.waiting == 0
            assert litmos._limiter._queue.window.held == 0

    run_virtual(main())
    if fault in FINAL:
        assert len(server.seen) == 1
        assert isinstance(caught[0], errors.APIError)
        assert (caught[0].status, caught[0].attempts, caught[0].method) == (
            fault.status_code,
            1,
            server.seen[0].method,
        )
    elif fault in LOST and call == CREATE:
        assert len(server.seen) == 1
        assert isinstance(caught[0], errors.OutcomeUnknown)
        assert isinstance(caught[0].__cause__, errors.NetworkError | errors.ServerError)
    else:
        assert not caught
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (httpx.ConnectError("refused"), errors.ConnectError),
        (httpx.ReadError("reset"), errors.NetworkError),
        (ConnectionResetError("reset"), errors.NetworkError),
        (stall, errors.RequestTimeout),
        (httpx.Response(500), errors.ServerError),
        (httpx.Response(503), errors.RateLimited),
    ],
    ids=name_of,
)
def test_a_fault_that_stays(fault, kind: type[errors.LitmosError]) -> None:
    """A fault that does not go away ends in its error, after a bounded number of attempts."""
    server = Server(fault)
    policy = RetryPolicy(max_attempts=3, max_rejections=3)

    async def main() -> errors.LitmosError:
        async with client(server, retry=policy) as litmos:
            with pytest.raises(kind) as caught:
                await litmos.users.get("u1")
            return caught.value

    error = run_virtual(main())
    assert len(server.seen) == (4 if kind is errors.RateLimited else 3)
    assert error.attempts == len(server.seen)
    assert "users.get: GET /users/u1" in str(error)


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        (stall, "no answer within 0.2 s"),
        (httpx.ReadTimeout(""), "no answer within 0.2 s"),
        (httpx.ConnectTimeout("slow"), "no connection within 0.2 s"),
        (RuntimeError("no, the-key"), "RuntimeError: no, ***"),
        (httpx.ConnectError("All connection attempts failed"), "All connection attempts failed"),
        (httpx.ConnectError(""), "ConnectError"),
        (httpx.ReadError(""), "ReadError"),
        (httpx.RemoteProtocolError("cut\noff"), "RemoteProtocolError: cut off"),
        (ConnectionResetError("gone, with the-key"), "ConnectionResetError: gone, with ***"),
    ],
)
def test_what_an_error_says(fault, text: str, caplog: pytest.LogCaptureFixture) -> None:
    """What went wrong stands in the error once, in plain words, and in the log beside each repeat."""
    server = Server(fault)

    async def main() -> errors.NetworkError:
        async with client(server, timeout=0.2, retry=RetryPolicy(max_attempts=2)) as litmos:
            with pytest.raises(errors.NetworkError) as caught:
                await litmos.users.get("u1")
            return caught.value

    with caplog.at_level(logging.INFO, "litmos_async"):
        error = run_virtual(main())
    assert (error.host, error.region) == ("litmos.example.com", "")
    assert str(error) == f"{text} (users.get: GET /users/u1, 2 attempts, host {error.host})"
    (line,) = (record.getMessage() for record in caplog.records if record.name == "litmos_async")
    assert line.startswith(f"users.get: {text}; again in 0.")


def test_the_log_says_what_the_server_said(caplog: pytest.LogCaptureFixture) -> None:
    """A repeat after an answer is logged with its status and words."""
    server = Server(httpx.Response(502, text="tired, the-key"), httpx.Response(503), ok())

    async def main() -> None:
        async with client(server) as litmos:
            await litmos.users.get("u1")

    with caplog.at_level(logging.INFO, "litmos_async"):
        run_virtual(main())
    ours = [record for record in caplog.records if record.name == "litmos_async"]
    first, second = (record.getMessage() for record in ours if record.levelno == logging.INFO)
    assert first.startswith("users.get: 502: tired, ***; again in 0.")
    # The wait of the limiter's pause: a second, and a quarter of one at most.
    assert 1.0 <= float(second.removeprefix("users.get: 503: Service Unavailable (").split()[-2]) <= 1.3


def test_a_timeout_bounds_the_whole_attempt() -> None:
    """An answer that drips for ever is given up after the timeout, and its slot is kept for longer."""

    async def main() -> None:
        server = Server(stall)
        limit = RateLimit(2, 60.0, 2)
        async with client(server, timeout=5.0, rate_limit=limit, retry=RetryPolicy(max_attempts=1)) as litmos:
            loop = asyncio.get_running_loop()
            began = loop.time()
            with pytest.raises(errors.RequestTimeout):
                await litmos.users.get("u1")
            assert loop.time() - began == pytest.approx(5.0)
            await asyncio.sleep(64.0)
            assert litmos.quota.used == 1
            await asyncio.sleep(1.1)
            assert litmos.quota.used == 0

    run_virtual(main())


def test_a_timeout_while_connecting_is_no_unknown_outcome() -> None:
    """While httpcore says that it is still connecting, nothing left, and a create may be tried again."""

    async def connecting(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("connection.connect_tcp.started", {})
        return await stall(request)

    async def sent(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"]("connection.connect_tcp.started", {})
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        return await stall(request)

    async def main() -> None:
        server = Server(connecting, ok())
        async with client(server) as litmos:
            assert (await litmos.users.create(NEW)).id == "u1"
        server = Server(sent, ok())
        async with client(server) as litmos:
            with pytest.raises(errors.OutcomeUnknown):
                await litmos.users.create(NEW)

    run_virtual(main())


@pytest.mark.parametrize("step", ["connect_tcp", "start_tls"])
def test_a_timeout_at_the_end_of_connecting_is_an_unknown_outcome(step: str) -> None:
    """That moment is let pass, and the request leaves in it: a create is not tried again, its slot is kept."""

    async def connected(request: httpx.Request) -> httpx.Response:
        await request.extensions["trace"](f"connection.{step}.complete", {})
        await asyncio.sleep(5.0)  # until the time is up
        await asyncio.sleep(0)
        await request.extensions["trace"]("http11.send_request_headers.started", {})
        return await stall(request)

    async def main() -> None:
        server = Server(connected, ok())
        async with client(server, timeout=5.0) as litmos:
            with pytest.raises(errors.OutcomeUnknown):
                await litmos.users.create(NEW)
            assert litmos.quota.used == 1
        assert len(server.seen) == 1

    run_virtual(main())


def test_two_hundred_calls_and_one_503() -> None:
    """One refusal pauses everybody once; then one call goes first, and no herd follows."""
    refused_at: list[float] = []

    async def sometimes(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(0.3)
        if len(server.seen) >= 50 and not refused_at:
            refused_at.append(asyncio.get_running_loop().time())
            return httpx.Response(503, headers={"Retry-After": "20"})
        return ok()

    server = Server(sometimes)

    async def main() -> None:
        async with client(server, rate_limit=RateLimit(100, 60.0, 10)) as litmos:
            await asyncio.gather(*(litmos.users.get(f"u{number}") for number in range(200)))
            assert litmos.quota.rejected == 1

    run_virtual(main())
    assert len(server.seen) == 201
    (pause,) = refused_at
    later = [moment for moment in server.times if moment > pause]
    assert later[0] >= pause + 20
    assert later[1] >= later[0] + 0.3
    assert all(b - a >= 0.59 for a, b in pairwise(later[1:21]))


def test_a_pause_beyond_the_deadline_raises_at_once() -> None:
    """A caller who cannot wait as long as the pause is told so without waiting."""
    server = Server(httpx.Response(503, headers={"Retry-After": "120"}))

    async def main() -> None:
        async with client(server, retry=RetryPolicy(deadline=30.0)) as litmos:
            loop = asyncio.get_running_loop()
            began = loop.time()
            with pytest.raises(errors.RateLimited) as caught:
                await litmos.users.get("u1")
            assert loop.time() == began
            assert caught.value.retry_after == pytest.approx(120.0)
            assert caught.value.operation == "users.get"

    run_virtual(main())
    assert len(server.seen) == 1


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


def test_one_pool_for_all_views_and_tasks() -> None:
    """Views share the pool and the limiter, and keep what they were not told anew."""
    server = Server(ok())

    async def main() -> None:
        async with client(server, timeout=7.0) as litmos:
            view = litmos.with_options(priority="bulk").with_options(wire="xml")
            assert view._sender is litmos._sender
            assert view._caller.defaults.timeout == 7.0
            assert view._caller.defaults.priority == "bulk"
            await asyncio.gather(*(each.users.get("u1") for each in (litmos, view) for _ in range(5)))
            assert litmos.quota.used == view.quota.used == 10
            assert repr(view) == "LitmosClient('https://litmos.example.com/v1.svc')"

    run_virtual(main())


def test_a_closed_client_refuses_calls() -> None:
    """A closed client sends nothing; a limiter of somebody else's stays open."""
    server = Server(ok())

    async def main() -> None:
        litmos = client(server)
        await litmos.aclose()
        with pytest.raises(errors.ConfigurationError, match="closed"):
            await litmos.users.get("u1")

    run_virtual(main())
    assert not server.seen


def test_a_client_that_is_closed_while_a_call_waits() -> None:
    """A call that was to be repeated is not: it ends with what was done to its client."""
    server = Server(httpx.Response(500))

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


def test_only_what_can_be_written_is_patched() -> None:
    """An attribute that does not exist, or that the server keeps to itself, is refused before anything is sent."""
    server = Server(ok())

    async def main() -> None:
        async with client(server) as litmos:
            for name in ("colour", "full_name", "id", "login_key"):
                with pytest.raises(errors.ConfigurationError, match=name):
                    await litmos.users.patch("u1", **{name: "x"})

    run_virtual(main())
    assert not server.seen


def test_a_web_page_is_no_success() -> None:
    """A page that a proxy sends with status 200 is no answer of the API, neither to a read nor to a write."""
    server = Server(httpx.Response(200, html="<html>Log in</html>"))

    async def main() -> None:
        async with client(server) as litmos:
            with pytest.raises(errors.DecodeError, match=r"users\.get: a web page"):
                await litmos.users.get("u1")
            with pytest.raises(errors.DecodeError, match="probably carried it out"):
                await litmos.users.delete("u1")

    run_virtual(main())
