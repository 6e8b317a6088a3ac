"""Ctrl-C and the other signals that ask for an end, without a traceback."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, Final

ENDING: Final = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""Ctrl-C, what cron, systemd and containers send, and what a terminal sends that is closed."""

SIGNALLED: Final = 128
"""The exit code after a signal is this and its number: 130 after Ctrl-C, 143 after SIGTERM, 129 after SIGHUP."""


async def until_interrupted(work: Coroutine[Any, Any, int]) -> int:
    """Run to the end, or until a signal asks for one: then cancel the work, and wait until it has cleaned up.

    Call it in the main thread, where signals arrive. After the first one further ones are ignored until the
    process ends: there is nothing left that they could stop, and Python would answer with a traceback. Where
    one is ignored from the start, as Ctrl-C is for a program in the background, it stays so.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    before = {each: signal.getsignal(each) for each in ENDING}
    heard = [each for each, handler in before.items() if handler not in {signal.SIG_IGN, None}]
    caught: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        """Answer to the first signal."""
        caught.append(number)
        for each in heard:
            signal.signal(each, signal.SIG_IGN)
        loop.call_soon_threadsafe(task.cancel)

    for each in heard:
        signal.signal(each, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not caught:
            raise
        return SIGNALLED + caught[0]
    finally:
        if not caught:
            for each in heard:
                signal.signal(each, before[each])
