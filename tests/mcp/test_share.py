"""A part of the limit: whatever becomes of a request, the part and the whole know of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import httpx
import pytest

from litmos_async import LitmosClient, MemoryLimiter, RateLimit, RetryPolicy, errors
from litmos_async.mcp.share import ShareOfLimit
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.transport import mounted

ONCE = RetryPolicy(max_attempts=1, max_rejections=0)


def share(requests: int = 4, whole: int = 10) -> ShareOfLimit:
    """Return a part of a limit."""
    return ShareOfLimit(
        MemoryLimiter(RateLimit(whole)), MemoryLimiter(RateLimit(requests)), lane="interactive"
    )


def run(limiter: ShareOfLimit, work: Callable[[LitmosClient], Awaitable[None]], *faults: Fault) -> Sandbox:
    """Do something with a client that has a part of the limit."""
    sandbox = Sandbox(Tenant.example(users=2))
    for fault in faults:
        sandbox.faults.add(fault)

    async def main() -> None:
        async with LitmosClient(
            "sandbox-key",
            "tests",
            base_url="http://127.0.0.1/v1.svc",
            transport=mounted(sandbox.app),
            limiter=limiter,
            retry=ONCE,
        ) as litmos:
            await work(litmos)
        await limiter.aclose()

    run_virtual(main())
    return sandbox


async def get(litmos: LitmosClient) -> None:
    """Make a request that may fail."""
    with suppress(errors.LitmosError):
        await litmos.courses.list()


def test_an_answer_counts_in_both() -> None:
    """The quota and the usage are those of the account."""
    limiter = share()

    async def work(litmos: LitmosClient) -> None:
        await get(litmos)
        assert (litmos.quota.limit, litmos.quota.used, limiter.part.quota.used) == (10, 1, 1)
        assert (await litmos.usage()).quota.used == 1

    run(limiter, work)


def test_a_request_that_was_lost_counts_in_both() -> None:
    """It may still arrive, so its slots are not free one window after it was sent."""
    limiter = share()

    async def work(litmos: LitmosClient) -> None:
        await get(litmos)
        await asyncio.sleep(61)
        assert (litmos.quota.used, limiter.part.quota.used) == (1, 1)

    run(limiter, work, Fault(drop=True))


def test_a_rejected_request_stops_the_account_and_not_the_part() -> None:
    """Others with the same account wait, too; in the part the request is one like any other."""
    limiter = share()

    async def work(litmos: LitmosClient) -> None:
        await get(litmos)
        assert litmos.quota.paused_for > 0
        assert (limiter.part.quota.paused_for, limiter.part.quota.used) == (0, 1)

    run(limiter, work, Fault(status=503, headers={"Retry-After": "30"}))


def test_a_request_that_never_left_counts_in_neither() -> None:
    """Nothing answers at the address: both slots are free again."""
    limiter = share()

    class Closed(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused", request=request)

    async def main() -> None:
        async with LitmosClient(
            "k", "tests", base_url="http://127.0.0.1/v1.svc", transport=Closed(), limiter=limiter, retry=ONCE
        ) as litmos:
            with pytest.raises(errors.ConnectError):
                await litmos.courses.list()
            assert (litmos.quota.used, limiter.part.quota.used) == (0, 0)

    run_virtual(main())


def test_a_wait_for_the_account_that_ends() -> None:
    """A slot of the part is given back where the account gives none."""
    limiter = share(whole=1)

    async def main() -> None:
        first = await limiter.acquire("bulk")
        waiting = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(1)
        assert limiter.part.quota.used == 2
        waiting.cancel()
        await asyncio.wait([waiting])
        assert limiter.part.quota.used == 1
        first.unused()
        assert (limiter.part.quota.used, limiter.whole.quota.used) == (0, 0)
        await limiter.aclose()

    run_virtual(main())
