"""Timeouts, deadlines and pauses: how long a call takes, and what is known of it then."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import httpx
import pytest

from litmos_async import RateLimit, RetryPolicy, errors
from litmos_async.testing import run_virtual
from tests.transport.server import NEW, Server, client, ok, stall


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
