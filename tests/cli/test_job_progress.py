"""The progress of a job."""

from __future__ import annotations

import asyncio
import io
import os
import sys
from typing import cast

import attrs
import pytest
from rich.console import Console

from litmos_async.bulk import BulkJob, Progress
from litmos_async.cli.job_progress import describe, shown
from litmos_async.cli.terminal import Terminal
from litmos_async.testing import run_virtual
from tests.cli.small import STATE

TOLD = "1,200/5,000 done, 87/100 requests in 60 s, 11 min 24 s left, 2 rejected"
READING = attrs.evolve(STATE, done=0, requests=0, requests_planned=0, reads=50, reads_planned=200)
VERIFIED = attrs.evolve(STATE, done=0, requests=300, requests_planned=400, reads=200, reads_planned=600)


@attrs.frozen
class Job:
    """As much of a job as progress needs."""

    progress: Progress = STATE


async def watch(terminal: Terminal, seconds: float, state: Progress = STATE, *, stays: bool = True) -> None:
    """Show the progress of a job that takes so long."""
    async with shown(cast(BulkJob, Job(state)), terminal, stays=stays):
        await asyncio.sleep(seconds)


def test_what_is_said() -> None:
    """Failures are only spoken of where there are some."""
    assert describe(STATE) == TOLD
    assert describe(attrs.evolve(STATE, failed=3)).startswith("1,200/5,000 done, 3 failed, 87/100")
    assert describe(READING).startswith("0/5,000 done, 50/200 read, 87/100")
    assert describe(attrs.evolve(STATE, reads=200, reads_planned=200)) == TOLD


def test_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain line every ten seconds of the loop's clock, and none after the end."""
    run_virtual(watch(Terminal(), 35.0))
    assert capsys.readouterr() == ("", f"{TOLD}\n" * 3)


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
@pytest.mark.parametrize(
    ("term", "lives"), [("dumb", False), ("unknown", False), ("xterm", True), ("xterm-256color", True)]
)
def test_kinds_of_terminals(term: str, lives: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that can draw nothing gets lines as a pipe does."""
    import pty  # noqa: PLC0415 - not on Windows

    monkeypatch.setenv("TERM", term)
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", stream)
        run_virtual(watch(Terminal(), 0.3 if lives else 11.0))
        stream.flush()
        told = os.read(ours, 100_000).decode(errors="replace")
    os.close(ours)
    assert ("\x1b" in told) is lives
    assert lives or told == f"{TOLD}\r\n"


def test_colour_in_a_pipe(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """FORCE_COLOR makes no terminal of it."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    run_virtual(watch(Terminal(), 15.0))
    assert capsys.readouterr().err == f"{TOLD}\n"


def test_time_that_is_left() -> None:
    """It is told once there is a plan, and never as nothing."""
    assert " left" not in describe(attrs.evolve(READING, seconds_left=0.0))
    assert ", a few seconds left, " in describe(attrs.evolve(STATE, seconds_left=0.2))
    assert "left" not in describe(attrs.evolve(STATE, done=STATE.total, seconds_left=0.0))


def test_rejections_of_other_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """They are left out: the limiter counts all that it ever heard of."""

    async def main() -> None:
        async with shown(cast(BulkJob, Job()), Terminal(), rejected_before=2):
            await asyncio.sleep(15.0)

    run_virtual(main())
    assert capsys.readouterr().err == f"{TOLD.replace('2 rejected', '0 rejected')}\n"


def test_quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing at all."""
    run_virtual(watch(Terminal(quiet=True), 35.0))
    assert capsys.readouterr() == ("", "")


def live(state: Progress, *, stays: bool) -> str:
    """Return what goes to a terminal within a second."""
    terminal = Terminal()
    file = io.StringIO()
    terminal.err = Console(file=file, force_terminal=True, width=200, color_system=None)
    run_virtual(watch(terminal, 1.0, state, stays=stays))
    return file.getvalue()


def test_on_a_terminal() -> None:
    """One line that is drawn again and again, and stays at the end."""
    text = live(STATE, stays=True)
    assert text.count(TOLD) > 3
    assert TOLD in text.removesuffix("\x1b[?25h").splitlines()[-1]


@pytest.mark.parametrize(("state", "part"), [(READING, 6), (VERIFIED, 12)])
def test_while_nothing_is_done_yet(state: Progress, part: int) -> None:
    """The bar shows how far the requests are, whatever they are for, and the line is taken away again."""
    text = live(state, stays=False)
    assert text.count(f"{'━' * part}{' ' * (24 - part)} 0/5,000 done, {state.reads}/") > 3
    assert text.endswith("\x1b[1A\x1b[2K")
