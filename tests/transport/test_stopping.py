"""What becomes of an attempt that is given up: it ends, as soon as that harms no connection."""

from __future__ import annotations

import asyncio

from litmos_async.attempt import SendProgress, stop
from litmos_async.limits import MemoryLimiter
from litmos_async.testing import run_virtual


def test_stopping_waits_some_turns_and_no_time() -> None:
    """In a moment that httpcore must not be cancelled in, the loop goes round until it is over."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        limiter = MemoryLimiter()
        progress = SendProgress(await limiter.acquire(), 30.0, event="connect_tcp.complete")

        async def send() -> None:
            for _ in range(3):
                await asyncio.sleep(0)
            progress.event = "send_request_headers.started"
            await loop.create_future()

        sending = asyncio.ensure_future(send())
        began = loop.time()
        await stop(sending, progress)
        assert sending.cancelled()
        assert progress.event == "send_request_headers.started"
        assert loop.time() == began
        await limiter.aclose()

    run_virtual(main())
