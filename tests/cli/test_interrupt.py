"""Ctrl-C."""

from __future__ import annotations

import asyncio
import signal

import pytest

from litmos_async.cli.interrupt import INTERRUPTED, until_interrupted


async def press() -> None:
    """Press Ctrl-C, and let the loop see it."""
    signal.raise_signal(signal.SIGINT)
    await asyncio.sleep(0)


async def test_work_that_is_left_alone() -> None:
    """Its exit code is passed on, and afterwards Ctrl-C does what it did before."""

    async def work() -> int:
        return 7

    before = signal.getsignal(signal.SIGINT)
    assert await until_interrupted(work()) == 7
    assert signal.getsignal(signal.SIGINT) is before


async def test_the_first_one_cancels_and_the_second_one_is_ignored() -> None:
    """The work may clean up, however impatient somebody is."""
    cleaned = False

    async def work() -> int:
        nonlocal cleaned
        try:
            await press()
            return await asyncio.Future[int]()
        finally:
            await press()
            await press()
            cleaned = True

    assert await until_interrupted(work()) == INTERRUPTED == 130
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
