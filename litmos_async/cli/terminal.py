"""What a person sees: results on standard output, everything else on standard error."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import IO, Any, Final, TextIO, cast

from rich.console import Console

from litmos_async.cli.cells import tidy
from litmos_async.cli.words import explain

__all__ = ["IN_USE", "Outlet", "Terminal", "listed", "plain"]


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
        if self._stream is None and self.problem is None:
            # The process was started without one: what is written is lost as on a full disk.
            self.problem = OSError(errno.EBADF, os.strerror(errno.EBADF))
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
        profile: The profile of the account; empty if there is none.
        kept: Whether what is said is a summary of what stands in a file: then nothing is lost with it.
        machine: Whether standard output is for one JSON document, and results for people go to standard error.
        err: The console of the live progress.
    """

    def __init__(
        self, *, quiet: bool = False, machine: bool = False, json_logs: bool = False, profile: str = ""
    ) -> None:
        self.profile = profile
        self.quiet = quiet
        self.kept = False
        self.machine = machine
        self._json_logs = json_logs
        self._results = Outlet(sys.stdout)
        self.out = _console(self._results)
        self._told = Outlet(sys.stderr)
        self.err = _console(self._told)
        if (in_use := IN_USE.get()) is not None:
            in_use.append(self)

    @property
    def lost(self) -> Exception | None:
        """Why results could not be written; None if they were, or if their reader had enough of them."""
        problem = self._results.problem
        return None if self.kept or isinstance(problem, BrokenPipeError) else problem

    @property
    def closed(self) -> bool:
        """Whether no one takes results any more: the rest need not be asked for."""
        return self._results.problem is not None

    def say(self, text: str) -> None:
        """Write a result."""
        if not self.machine:
            self.out.print(plain(text))
        elif not self.quiet:
            self._log("info", text)

    def write(self, text: str) -> None:
        """Write a part of a result for programs as it is, but for what steers a terminal where one is there."""
        self._results.write(plain(text) if self._results.isatty() else tidy(text))
        self._results.flush()

    def data(self, text: str) -> None:
        """Write a part of a result as it is, for programs; where a terminal is there, without what steers it."""
        self._results.write(plain(text) if self._results.isatty() else text)
        self._results.flush()

    def document(self, content: Any) -> None:
        """Write a result for programs: one JSON document."""
        self.out.print(json.dumps(content, indent=2, default=str))

    def tell(self, text: str) -> None:
        """Write something that is of interest while the command runs."""
        if not self.quiet:
            self._log("info", text)

    def complain(self, text: str) -> None:
        """Write an error."""
        self._log("error", text if self._json_logs else f"litmos: {text}")

    def fail(self, problem: Exception) -> None:
        """Write an error of the library; one that a server gave with the profile by which it was asked."""
        asked = f"profile {self.profile}: " if self.profile and getattr(problem, "host", "") else ""
        self.complain(f"{asked}{explain(problem)}")

    @property
    def lives(self) -> bool:
        """Whether a line can be drawn again and again."""
        return self.err.is_interactive and not self._json_logs

    def asks(self) -> bool:
        """Return whether there is a person who can be asked."""
        # And not whether a line can be drawn again: on TERM=dumb a person can answer, too.
        return sys.stdin is not None and sys.stdin.isatty() and self._told.isatty()

    async def agrees(self, question: str) -> bool:
        """Ask a person a question, and return whether the answer is a yes; no answer is a no."""
        self.err.print(plain(question), end="")
        loop = asyncio.get_running_loop()
        if sys.platform == "win32":
            answer = await asyncio.to_thread(sys.stdin.readline)
        else:
            ready = asyncio.Event()  # and no thread: that would wait for a line also after Ctrl-C
            loop.add_reader(sys.stdin, ready.set)
            try:
                await ready.wait()
            finally:
                loop.remove_reader(sys.stdin)
            answer = sys.stdin.readline()
        return answer.strip().casefold() in {"y", "yes"}

    def _log(self, level: str, text: str) -> None:
        if self._json_logs:
            moment = datetime.now(UTC).isoformat(timespec="milliseconds")
            self.err.print(json.dumps({"time": moment, "level": level, "message": text}))
        else:
            self.err.print(plain(text))


IN_USE: Final[ContextVar[list[Terminal] | None]] = ContextVar("IN_USE", default=None)
"""The terminals that the command line has made, in which it looks at its end whether a result was lost."""


_USUAL: Final = (80, 25)
_POSSIBLE: Final = re.compile("0*[1-9][0-9]{0,3}")
"""A size that a terminal can have: where one is not known, some programs set it to 0."""


def _console(outlet: Outlet) -> Console:
    """Return a console that changes nothing in what it is given: names hold [brackets] and :colons:."""
    options: dict[str, Any] = {"markup": False, "highlight": False, "emoji": False, "soft_wrap": True}
    if not outlet.isatty():
        # FORCE_COLOR makes a pipe a terminal for rich, not for its reader.
        options["force_interactive"] = False
    said = [os.environ.get(variable, "") for variable in ("COLUMNS", "LINES")]
    if any(each.isdigit() and not _POSSIBLE.fullmatch(each) for each in said):
        options["width"], options["height"] = _USUAL  # else rich tries them, and shows nothing at all
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
