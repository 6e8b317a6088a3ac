"""Ctrl-C, and SIGTERM."""

from __future__ import annotations

import asyncio
import signal

import pytest

from litmos_async.cli.interrupt import ENDING, until_interrupted


async def press(number: int = signal.SIGINT) -> None:
    """Press Ctrl-C, or send another signal, and let the loop see it."""
    signal.raise_signal(number)
    await asyncio.sleep(0)


async def test_work_that_is_left_alone() -> None:
    """Its exit code is passed on, and afterwards the signals do what they did before."""

    async def work() -> int:
        return 7

    before = [signal.getsignal(each) for each in ENDING]
    assert await until_interrupted(work()) == 7
    assert [signal.getsignal(each) for each in ENDING] == before


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_the_first_one_cancels_and_the_second_one_is_ignored(number: int, code: int) -> None:
    """The work may clean up, however impatient somebody is, and whatever they try next."""
    cleaned = False

    async def work() -> int:
        nonlocal cleaned
        try:
            await press(number)
            return await asyncio.Future[int]()
        finally:
            await press()
            await press(signal.SIGTERM)
            cleaned = True

    assert await until_interrupted(work()) == code
    assert cleaned


async def test_work_that_ends_all_the_same() -> None:
    """If the work is through when Ctrl-C comes, its own exit code stands."""

    async def work() -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    assert await until_interrupted(work()) == 0


async def test_where_it_is_ignored_from_the_start() -> None:
    """A program in the background does not hear of the Ctrl-C for another one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    async def work() -> int:
        await press()
        return 3

    assert await until_interrupted(work()) == 3
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


async def test_cancelled_from_outside() -> None:
    """A cancellation that is no Ctrl-C is passed on to the work and back."""
    ended = asyncio.Event()

    async def work() -> int:
        try:
            return await asyncio.Future[int]()
        finally:
            ended.set()

    task = asyncio.ensure_future(until_interrupted(work()))
    await asyncio.sleep(0.0)
    await asyncio.sleep(0.0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
