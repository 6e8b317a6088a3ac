"""Ctrl-C, without a traceback."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final

INTERRUPTED: Final = 130
"""The exit code after Ctrl-C: 128 and the number of the signal."""


async def until_interrupted(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, or until Ctrl-C: then cancel the work, and wait until it has cleaned up.

    Call it in the main thread, where signals arrive. After the first Ctrl-C further ones are ignored until the
    process ends: there is nothing left that they could stop, and Python would answer with a traceback. Where
    Ctrl-C is ignored from the start, as for a program in the background, it stays so.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    before = signal.getsignal(signal.SIGINT)
    interrupted = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        """Answer to the first Ctrl-C."""
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        loop.call_soon_threadsafe(task.cancel)

    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not interrupted:
            raise
        return INTERRUPTED
    finally:
        if not interrupted:
            signal.signal(signal.SIGINT, before)
