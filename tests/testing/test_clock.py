"""The virtual clock: hours at once, and a test that could never end says so."""

from __future__ import annotations

import asyncio
import os

import pytest

from litmos_async.testing import Clock, run_virtual


def test_hours_at_once() -> None:
    """The clock shows what was slept, and begins where it is told to."""

    async def main() -> float:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await asyncio.gather(asyncio.sleep(3600), asyncio.sleep(7200))
        assert begun == pytest.approx(50)
        return loop.time() - begun

    assert run_virtual(main(), start=50) == pytest.approx(7200)


def test_what_can_never_end() -> None:
    """It is an error at once, and no test that hangs."""
    with pytest.raises(RuntimeError, match="Deadlock: nothing is ready"):
        run_virtual(asyncio.Event().wait())


def test_threads_take_no_time() -> None:
    """Their work is done at once, and their errors come where they are awaited."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        assert await asyncio.to_thread(os.path.basename, "a/b") == "b"
        failing = loop.run_in_executor(None, os.stat, "/no/such/file")
        with pytest.raises(FileNotFoundError):
            await failing
        assert loop.time() == begun

    run_virtual(main())


def test_a_clock_goes_on() -> None:
    """From one coroutine to the next."""
    clock = Clock()
    clock.run(asyncio.sleep(60))
    clock.run(asyncio.sleep(1))
    assert clock.now == pytest.approx(61)
    clock.close()
