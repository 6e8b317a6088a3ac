"""How far a command is that is no job."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import suppress
from itertools import count

import pytest

from litmos_async.cli.status_line import watched
from litmos_async.cli.terminal import Terminal
from litmos_async.testing import run_virtual


async def watch(terminal: Terminal, seconds: float) -> None:
    """Show how far something is that takes so long: each look is another one."""
    looks = count(1)
    async with watched(lambda: f"look {next(looks)}", terminal):
        await asyncio.sleep(seconds)


@pytest.mark.parametrize(
    ("quiet", "told"), [(False, "look 1\nlook 2\nlook 3\n"), (True, "")], ids=["plain", "quiet"]
)
def test_without_a_terminal(quiet: bool, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A line every ten seconds of the loop's clock, and none after the end; nothing where that is asked for."""
    run_virtual(watch(Terminal(quiet=quiet), 35.0))
    assert capsys.readouterr() == ("", told)


def test_what_fails_meanwhile(capsys: pytest.CaptureFixture[str]) -> None:
    """It is raised as it is, and the lines end."""

    async def broken() -> None:
        async with watched(lambda: "a line", Terminal()):
            await asyncio.sleep(15.0)
            raise ZeroDivisionError

    async def and_on() -> None:
        with pytest.raises(ZeroDivisionError):
            await broken()
        await asyncio.sleep(100.0)

    run_virtual(and_on())
    assert capsys.readouterr().err == "a line\n"


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
def test_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line is drawn again and again, four times a second, and is gone in the end."""
    import pty  # noqa: PLC0415 - not on Windows

    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()
    with open(theirs, "w", encoding="utf-8") as screen:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", screen)
        run_virtual(watch(Terminal(), 1.1))
    parts = list[bytes]()
    with suppress(OSError):  # Linux: the other end is closed
        while part := os.read(ours, 65_536):
            parts.append(part)
    os.close(ours)
    shown = b"".join(parts).decode()
    assert [f"look {number}" in shown for number in range(1, 7)] == [True] * 5 + [False]
    assert shown.endswith("\x1b[2K")  # the line is erased
