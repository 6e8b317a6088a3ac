"""Cancelling over real connections: the pool is empty afterwards, and the limiter whole."""

from __future__ import annotations

import asyncio

from litmos_async import LitmosClient, RateLimit
from litmos_async.sandbox import Sandbox, Tenant
from tests.support.amounts import amount


async def test_the_pool_is_empty_after_cancelling_at_every_turn() -> None:
    """A call that is cancelled after any number of turns of the loop leaves no connection in use."""
    sandbox = Sandbox(Tenant.example(users=50), requests=10_000)
    plenty = RateLimit(10_000, 60.0, 10_000)
    finished = 0
    async with (
        sandbox.serve() as base_url,
        LitmosClient("sandbox-key", "tests", base_url=base_url, rate_limit=plenty) as litmos,
    ):
        pool = litmos._sender._http._transport._inner._pool
        assert len(await litmos.users.list().collect()) == 50
        for turns in range(0, 120, amount(1, quick=3)):
            call = asyncio.ensure_future(litmos.users.list().collect())
            for _ in range(turns):
                await asyncio.sleep(0)
            finished += call.done()
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            assert litmos._limiter._queue.window.held == 0
            assert litmos.quota.waiting == 0
            assert not pool._requests
            assert len(pool.connections) <= 2
            assert all(connection.is_idle() or connection.is_closed() for connection in pool.connections)
        assert finished
        assert len(await litmos.users.list().collect()) == 50
