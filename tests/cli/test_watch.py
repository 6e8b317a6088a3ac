"""How far a command is that is no job."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from litmos_async.cli.terminal import Terminal
from litmos_async.cli.watch import watched
from litmos_async.testing import run_virtual


async def watch(terminal: Terminal, seconds: float) -> None:
    """Show how far something is that takes so long."""
    asked = 0

    def describe() -> str:
        nonlocal asked
        asked += 1
        return f"[Look] {asked}"

    async with watched(describe, terminal):
        await asyncio.sleep(seconds)


def test_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A plain line every ten seconds of the loop's clock, and none after the end; none at all where it is quiet."""
    run_virtual(watch(Terminal(), 35.0))
    assert capsys.readouterr() == ("", "[Look] 1\n[Look] 2\n[Look] 3\n")
    run_virtual(watch(Terminal(quiet=True), 35.0))
    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that is drawn again four times a second, and is gone at the end."""
    import pty  # noqa: PLC0415 - not on Windows

    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", stream)
        run_virtual(watch(Terminal(), 0.9))
        stream.flush()
        told = os.read(ours, 100_000).decode(errors="replace")
    os.close(ours)
    assert all(f"[Look] {number}" in told for number in (1, 2, 3, 4))
    assert "[Look] 5" not in told
    assert told.endswith("\x1b[2K")
