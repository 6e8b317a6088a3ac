"""How far the job is: a live line on a terminal, now and then a plain line elsewhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import attrs
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from litmos_async.bulk import BulkJob
from litmos_async.bulk import Progress as State
from litmos_async.cli.terminal import Terminal
from litmos_async.cli.words import translate
from litmos_async.wording import duration

_LOGGER: Final = logging.getLogger("litmos_async")
_LIVE_SECONDS: Final = 0.25
_PLAIN_SECONDS: Final = 10.0


def describe(state: State) -> str:
    """Return where the job stands."""
    quota = state.quota
    parts = [f"{state.done:,}/{state.total:,} done"]
    if state.failed:
        parts.append(f"{state.failed:,} failed")
    if state.reads < state.reads_planned:
        parts.append(f"{state.reads:,}/{state.reads_planned:,} read")
    parts += [
        f"{quota.used}/{quota.limit} requests in {quota.period:g} s",
        f"{duration(state.seconds_left)} left",
        f"{quota.rejected:,} rejected",
    ]
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

    if terminal.quiet:
        yield
        return
    show = _live(state, terminal, stays=stays) if terminal.err.is_terminal else _plain(state, terminal)
    task = asyncio.ensure_future(show)
    try:
        with _waits_told(terminal):
            yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class _Waits(logging.Handler):
    """Tells of the wait for what an earlier run had under way: of that, the progress knows nothing."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(logging.INFO)
        self._terminal = terminal

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of a record, if it is about that."""
        if record.module == "journal":
            self._terminal.tell(translate(record.getMessage()))


@contextmanager
def _waits_told(terminal: Terminal) -> Iterator[None]:
    handler, level = _Waits(terminal), _LOGGER.level
    _LOGGER.addHandler(handler)
    if not _LOGGER.isEnabledFor(logging.INFO):
        _LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LOGGER.setLevel(level)
        _LOGGER.removeHandler(handler)


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
                await asyncio.sleep(_LIVE_SECONDS)
        finally:
            _update(bar, line, state())


def _update(bar: Progress, line: TaskID, state: State) -> None:
    # By requests: they take the time, also where items are told only when all was read back.
    completed, total = state.requests + state.reads, state.requests_planned + state.reads_planned
    bar.update(line, completed=completed, total=total, description=describe(state), refresh=True)


async def _plain(state: Callable[[], State], terminal: Terminal) -> None:
    while True:
        await asyncio.sleep(_PLAIN_SECONDS)
        terminal.tell(describe(state()))
