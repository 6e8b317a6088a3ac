"""The progress of a job."""

from __future__ import annotations

import asyncio
import io
from typing import cast

import attrs
import pytest
from rich.console import Console

from litmos_async import Quota
from litmos_async.bulk import BulkJob, Progress
from litmos_async.cli.progress import describe, shown
from litmos_async.cli.terminal import Terminal
from tests.virtual import run_virtual

QUOTA = Quota(used=87, free=13, next_free_in=0.0, waiting=40, rejected=2, limit=100, period=60.0, budget=100)
STATE = Progress(
    done=1_200, total=5_000, failed=0, requests=360, requests_planned=1_500, seconds_left=684.0, quota=QUOTA
)
TOLD = "1,200/5,000 done, 87/100 requests in 60 s, 11 min 24 s left, 2 rejected"


@attrs.frozen
class Job:
    """As much of a job as progress needs."""

    progress: Progress = STATE


async def watch(terminal: Terminal, seconds: float) -> None:
    """Show the progress of a job that takes so long."""
    async with shown(cast(BulkJob, Job()), terminal):
        await asyncio.sleep(seconds)


def test_what_is_said() -> None:
    """Failures are only spoken of where there are some."""
    assert describe(STATE) == TOLD
    assert describe(attrs.evolve(STATE, failed=3)).startswith("1,200/5,000 done, 3 failed, 87/100")


def test_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain line every ten seconds of the loop's clock, and none after the end."""
    run_virtual(watch(Terminal(), 35.0))
    assert capsys.readouterr() == ("", f"{TOLD}\n" * 3)


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing at all."""
    run_virtual(watch(Terminal(quiet=True), 35.0))
    assert capsys.readouterr() == ("", "")


def test_on_a_terminal() -> None:
    """One line that is drawn again and again, and stays at the end."""
    terminal = Terminal()
    file = io.StringIO()
    terminal.err = Console(file=file, force_terminal=True, width=120)
    run_virtual(watch(terminal, 1.0))
    assert file.getvalue().count(TOLD) > 3
    assert TOLD in file.getvalue().removesuffix("\x1b[?25h").splitlines()[-1]
