"""What a person sees: results on standard output, everything else on standard error."""

from __future__ import annotations

import io
import sys
import unicodedata
from collections.abc import Sequence

from rich.console import Console

from litmos_async.cli.words import translate


class Terminal:
    """Where the command writes to.

    Attributes:
        quiet: Whether only results and errors are shown.
        err: The console of the live progress.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # A name that the terminal cannot show must not end a job.
                stream.reconfigure(errors="backslashreplace")
        self.quiet = quiet
        self._out = _console(stderr=False)
        self.err = _console(stderr=True)

    def say(self, text: str) -> None:
        """Write a result."""
        self._out.print(plain(text))

    def tell(self, text: str) -> None:
        """Write something that is of interest now, and only to somebody who looks on."""
        if not self.quiet:
            self.err.print(plain(text))

    def complain(self, text: str) -> None:
        """Write an error, which may be the library's."""
        self.err.print(plain(f"litmos: {translate(text)}"))


def _console(*, stderr: bool) -> Console:
    """Return a console that changes nothing in what it is given: names hold [brackets] and :colons:."""
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False, soft_wrap=True)


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
