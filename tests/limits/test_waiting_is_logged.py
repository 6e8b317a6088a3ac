"""What the log says of those who wait, and of others on the account."""

from __future__ import annotations

import asyncio
import logging

import pytest

from litmos_async.limits import Limiter
from litmos_async.limits.lease_queue import BULK_LINE_EVERY
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore, limiter_of, process_of, settle, time


@pytest.fixture(params=["memory", "shared"])
def kind(request: pytest.FixtureRequest) -> str:
    """Where the limit is kept."""
    return request.param


def make(kind: str, requests: int) -> Limiter:
    """Return a limiter."""
    return limiter_of(requests) if kind == "memory" else process_of(VirtualStore(), requests)


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return the lines of a level."""
    return [record.getMessage() for record in caplog.records if record.levelno == level]


@pytest.mark.parametrize(("wait", "expected"), [(4.9, 0), (5.1, 1), (60.0, 1)])
def test_an_interactive_call_that_waits_for_a_slot(
    kind: str, wait: float, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    """Once it has waited for five seconds there is one line, that says what for."""
    caplog.set_level(logging.INFO, "litmos_async")

    async def main() -> None:
        limiter = make(kind, 1)
        lease = await limiter.acquire()
        caller = asyncio.ensure_future(limiter.acquire())
        await asyncio.sleep(wait)
        assert len(lines(caplog, logging.INFO)) == expected
        lease.unused()
        (await caller).answered()
        await limiter.aclose()

    run_virtual(main())
    for line in lines(caplog, logging.INFO):
        assert "interactive" in line
        assert "has waited 5 s for a slot: 1 of 1 are taken, the next is free in" in line


def test_a_call_that_waits_for_the_end_of_a_pause(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """The line says how long the pause lasts."""
    caplog.set_level(logging.INFO, "litmos_async")

    async def main() -> None:
        limiter = make(kind, 100)
        (await limiter.acquire()).rejected(40.0)
        await settle()
        (await limiter.acquire()).answered()
        await limiter.aclose()

    run_virtual(main())
    assert len(lines(caplog, logging.INFO)) == 1
    assert "pause that the server asked for, 35 s more" in lines(caplog, logging.INFO)[0]


def test_bulk_work_that_waits_has_one_line_a_minute(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """However many of its calls wait."""
    caplog.set_level(logging.INFO, "litmos_async")

    async def main() -> None:
        limiter = make(kind, 1)
        await limiter.acquire("bulk")
        begin = time()
        callers = []
        while time() - begin < 600:
            callers.append(asyncio.ensure_future(limiter.acquire("bulk")))
            await asyncio.sleep(2)
            for caller in callers:
                if caller.done() and not caller.cancelled():
                    caller.result().answered()
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        await limiter.aclose()

    run_virtual(main())
    assert 9 <= len(lines(caplog, logging.INFO)) <= 10


def test_bulk_work_that_waits_a_minute_later_has_the_next_line(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One a minute: not one every other."""
    caplog.set_level(logging.INFO, "litmos_async")

    async def main() -> None:
        limiter = make(kind, 1)
        await limiter.acquire("bulk")
        callers = []
        for _ in range(4):
            callers.append(asyncio.ensure_future(limiter.acquire("bulk")))
            await asyncio.sleep(BULK_LINE_EVERY)
        for caller in callers:
            caller.cancel()
        await asyncio.wait(callers)
        await limiter.aclose()

    run_virtual(main())
    assert len(lines(caplog, logging.INFO)) == 4


def test_another_party_on_the_account_is_warned_of_once(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """A rejection although our own window is not full; when it is full, it was our doing."""

    async def main(requests: int) -> None:
        limiter = make(kind, requests)
        for _ in range(3):
            (await limiter.acquire()).rejected(1.0)
            await settle()
        await limiter.aclose()

    run_virtual(main(1))
    assert lines(caplog, logging.WARNING) == []
    run_virtual(main(100))
    assert len(lines(caplog, logging.WARNING)) == 1
    assert "another party uses the account" in lines(caplog, logging.WARNING)[0]
