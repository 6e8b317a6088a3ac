"""One request until it has an answer: what is sent, what is repeated, what is never repeated."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

import httpx
import pytest

from litmos_async import LitmosClient, RetryPolicy, errors
from litmos_async.testing import run_virtual
from tests.transport.server import NEW, Server, client, ok, stall


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
