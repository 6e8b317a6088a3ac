"""How far the job is: a live line on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from rich.progress import BarColumn, Progress, TaskID, TextColumn

from litmos_async.bulk import BulkJob, duration
from litmos_async.bulk import Progress as State
from litmos_async.cli.terminal import Terminal

_LIVE_SECONDS: Final = 0.25
_PLAIN_SECONDS: Final = 10.0


def describe(state: State) -> str:
    """Return where the job stands."""
    quota = state.quota
    parts = [
        f"{state.done:,}/{state.total:,} done",
        f"{quota.used}/{quota.limit} requests in {quota.period:g} s",
        f"{duration(state.seconds_left)} left",
        f"{quota.rejected:,} rejected",
    ]
    if state.failed:
        parts.insert(1, f"{state.failed:,} failed")
    return ", ".join(parts)


@asynccontextmanager
async def shown(job: BulkJob, terminal: Terminal) -> AsyncGenerator[None]:
    """Show the progress of a job while the block runs."""
    if terminal.quiet:
        yield
        return
    show = _live if terminal.err.is_terminal else _plain
    task = asyncio.ensure_future(show(job, terminal))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _live(job: BulkJob, terminal: Terminal) -> None:
    bar = Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        console=terminal.err,
        auto_refresh=False,  # refreshed below: no thread, and no lock that a signal could find taken
    )
    with bar:
        line = bar.add_task("")
        try:
            while True:
                _update(bar, line, job.progress)
                await asyncio.sleep(_LIVE_SECONDS)
        finally:
            _update(bar, line, job.progress)


def _update(bar: Progress, line: TaskID, state: State) -> None:
    bar.update(line, completed=state.done, total=state.total, description=describe(state), refresh=True)


async def _plain(job: BulkJob, terminal: Terminal) -> None:
    while True:
        await asyncio.sleep(_PLAIN_SECONDS)
        terminal.tell(describe(job.progress))
