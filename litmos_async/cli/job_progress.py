"""How far the job is: a live line on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

import attrs
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from litmos_async.bulk import BulkJob
from litmos_async.bulk import Progress as State
from litmos_async.cli.status_line import LIVE_SECONDS, alongside, plain
from litmos_async.cli.terminal import Terminal
from litmos_async.wording import duration


def describe(state: State) -> str:
    """Return where the job stands."""
    quota = state.quota
    parts = [f"{state.done:,}/{state.total:,} done"]
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if state.reads < state.reads_planned:
        parts.append(f"{state.reads:,}/{state.reads_planned:,} read")
    parts.append(f"{quota.used}/{quota.limit} requests in {quota.period:g} s")
    # While the plan is being made, no one knows how long the rest takes.
    if state.planned and state.requests_planned and state.done < state.total:
        parts.append(
            f"{duration(state.seconds_left)} left" if state.seconds_left >= 1 else "a few seconds left"
        )
    parts.append(f"{quota.rejected:,} rejected")
    return ", ".join(parts)


@asynccontextmanager
async def shown(
    job: BulkJob, terminal: Terminal, *, rejected_before: int = 0, stays: bool = True
) -> AsyncGenerator[None]:
    """Show the progress of a job while the block runs.

    Args:
        job: The job.
        terminal: Where to.
        rejected_before: Rejections that other runs have met: the limiter counts all that it ever heard of.
        stays: Whether the live line stays there afterwards.
    """

    def state() -> State:
        """Return how far the job is."""
        progress = job.progress
        rejected = progress.quota.rejected - rejected_before
        return attrs.evolve(progress, quota=attrs.evolve(progress.quota, rejected=rejected))

    def line() -> str:
        """Return how far the job is, in a line."""
        return describe(state())

    if terminal.quiet:
        yield
        return
    async with alongside(_live(state, terminal, stays=stays) if terminal.lives else plain(line, terminal)):
        yield


async def _live(state: Callable[[], State], terminal: Terminal, *, stays: bool) -> None:
    bar = Progress(
        BarColumn(bar_width=24),
        TextColumn("{task.description}", markup=False),
        console=terminal.err,
        transient=not stays,
        auto_refresh=False,  # refreshed below: no thread, and no lock that a signal could find taken
    )
    with bar:
        line = bar.add_task("")
        try:
            while True:
                _update(bar, line, state())
                await asyncio.sleep(LIVE_SECONDS)
        finally:
            _update(bar, line, state())


def _update(bar: Progress, line: TaskID, state: State) -> None:
    # By requests: they take the time, also where items are told only when all was read back.
    completed, total = state.requests + state.reads, state.requests_planned + state.reads_planned
    bar.update(line, completed=completed, total=total, description=describe(state), refresh=True)
