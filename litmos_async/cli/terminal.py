"""What a person sees: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import json
import os
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import IO, Any, TextIO, cast

from rich.console import Console

__all__ = ["Outlet", "Terminal", "listed", "plain"]


class Outlet:
    """A stream whose reader may go away: from then on what is written is dropped, and nothing is raised.

    `litmos … | head -1` closes the pipe while the job runs, and a log file can fill its disk. Neither says anything
    about the job, which goes on.

    Args:
        stream: Where to; None where the process was started without one.

    Attributes:
        problem: Why nothing can be written any more; None while it can.
    """

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self.problem: Exception | None = None
        if isinstance(stream, io.TextIOWrapper):
            # A name that the terminal cannot show must not end a job.
            stream.reconfigure(errors="backslashreplace")

    @property
    def encoding(self) -> str:
        """The encoding of the stream."""
        return getattr(self._stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        """Write a text, if it can be written."""
        if self._stream is not None and self.problem is None:
            try:
                self._stream.write(text)
            except (OSError, ValueError) as problem:  # ValueError: the stream was closed within the process
                self._give_up(problem)
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, if anything takes it."""
        if self._stream is not None and self.problem is None:
            try:
                self._stream.flush()
            except (OSError, ValueError) as problem:
                self._give_up(problem)

    def isatty(self) -> bool:
        """Return whether it is a terminal."""
        try:
            return self._stream is not None and self._stream.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        """Return the file descriptor.

        Raises:
            OSError: There is none.
        """
        if self._stream is None:
            raise io.UnsupportedOperation("no stream")
        return self._stream.fileno()

    def _give_up(self, problem: Exception) -> None:
        self.problem = problem
        # What is still in the buffer would fail again when Python flushes it at its end: exit code 120.
        with suppress(OSError, ValueError):
            number = self.fileno()
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, number)
            os.close(nothing)


class Terminal:
    """Where the command writes to.

    Attributes:
        quiet: Whether only results and errors are shown.
        out: The console of results.
        err: The console of the live progress.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet = quiet
        self._results = Outlet(sys.stdout)
        self.out = _console(self._results)
        self.err = _console(Outlet(sys.stderr))

    @property
    def lost(self) -> Exception | None:
        """Why results could not be written; None if they were, or if their reader had enough of them."""
        problem = self._results.problem
        return None if isinstance(problem, BrokenPipeError) else problem

    def say(self, text: str) -> None:
        """Write a result."""
        self.out.print(plain(text))

    def document(self, content: Any) -> None:
        """Write a result for programs: one JSON document."""
        self.out.print(json.dumps(content, indent=2, default=str))

    def tell(self, text: str) -> None:
        """Write something that is of interest while the command runs."""
        if not self.quiet:
            self.err.print(plain(text))

    def complain(self, text: str) -> None:
        """Write an error."""
        self.err.print(plain(f"litmos: {text}"))


def _console(outlet: Outlet) -> Console:
    """Return a console that changes nothing in what it is given: names hold [brackets] and :colons:."""
    options: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False, "soft_wrap": True}
    if not outlet.isatty():
        options["force_interactive"] = (
            False  # FORCE_COLOR makes a pipe a terminal for rich, not for its reader
        )
    return Console(file=cast("IO[str]", outlet), **options)


def plain(text: str) -> str:
    """Return text without what could steer the terminal: names and messages come from elsewhere."""
    return "".join(
        letter if letter == "\n" or unicodedata.category(letter)[0] != "C" else "\N{REPLACEMENT CHARACTER}"
        for letter in text
    )


def listed(title: str, rows: Sequence[tuple[str, str]]) -> str:
    """Return a small table: a title, and below it names with their values."""
    width = max(len(name) for name, _ in rows)
    return "\n".join([title, *(f"  {name:<{width}}  {value}" for name, value in rows)])
