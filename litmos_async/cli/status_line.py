"""How far a command is that is no job: a live line on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from rich.progress import Progress, TextColumn

from litmos_async.cli.terminal import Terminal

__all__ = ["LIVE_SECONDS", "alongside", "plain", "watched"]

LIVE_SECONDS: Final = 0.25
_PLAIN_SECONDS: Final = 10.0


@asynccontextmanager
async def watched(describe: Callable[[], str], terminal: Terminal) -> AsyncGenerator[None]:
    """Show how far something is while the block runs.

    Args:
        describe: Returns how far it is, in a line.
        terminal: Where to.
    """
    if terminal.quiet:
        yield
        return
    async with alongside(_live(describe, terminal) if terminal.lives else plain(describe, terminal)):
        yield


@asynccontextmanager
async def alongside(show: Coroutine[Any, Any, None]) -> AsyncGenerator[None]:
    """Run what shows how far something is while the block runs.

    Args:
        show: Goes on until it is cancelled.
    """
    task = asyncio.ensure_future(show)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _live(describe: Callable[[], str], terminal: Terminal) -> None:
    text = TextColumn("{task.description}", markup=False)
    # Refreshed below: no thread, and no lock that a signal could find taken.
    with Progress(text, console=terminal.err, transient=True, auto_refresh=False) as bar:
        line = bar.add_task("")
        while True:
            bar.update(line, description=describe(), refresh=True)
            await asyncio.sleep(LIVE_SECONDS)


async def plain(describe: Callable[[], str], terminal: Terminal) -> None:
    """Tell now and then how far something is, for ever.

    Args:
        describe: Returns how far it is, in a line.
        terminal: Where to.
    """
    while True:
        await asyncio.sleep(_PLAIN_SECONDS)
        terminal.tell(describe())
