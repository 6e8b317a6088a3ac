"""How the file of a command is to be read: what can be said about that, and the reading itself."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Final, TypeVar

import attrs
from attrs import frozen
from cyclopts import Group, Parameter

from litmos_async.cli.content import TableError
from litmos_async.cli.headings import name_key
from litmos_async.errors import ConfigurationError
from litmos_async.wording import system_reason

__all__ = ["READING", "STDIN", "Reading", "apart", "read_bytes"]

T = TypeVar("T")

STDIN: Final = Path("-")
"""The name for standard input."""


_PART: Final = 1_048_576
"""Bytes of standard input that are read at a time."""

FILE: Final = Group("The file", sort_key=1)
"""The group of the help."""


@Parameter(name="*", group=FILE)
@frozen
class Reading:
    """How the file is read."""

    encoding: Annotated[
        str | None,
        Parameter(help="The encoding of a CSV that is neither UTF-8 nor UTF-16, such as cp1252."),
    ] = None
    delimiter: Annotated[
        str | None,
        Parameter(help="What separates the fields: one character, or tab. [default: detected]"),
    ] = None
    sheet: Annotated[
        str | None,
        Parameter(help="The name or number of the sheet of a workbook (.xlsx). [default: the first]"),
    ] = None
    map: Annotated[
        tuple[str, ...],
        Parameter(
            help='Read a column as another one: --map "Work E-mail=email". With nothing after the = the column is '
            "ignored. Can be given several times.",
            negative=(),
        ),
    ] = ()
    ignore_columns: Annotated[
        bool, Parameter(help="Ignore columns that mean nothing to the command, instead of refusing them.")
    ] = False
    only_failed: Annotated[
        bool,
        Parameter(help="With an outcomes file as input: leave out the lines that are done."),
    ] = False

    columns: Annotated[Mapping[str, str], Parameter(parse=False)] = attrs.field(factory=dict[str, str])
    """As what columns are to be read that may be there: what the profile says."""

    def mapping(self) -> Mapping[str, str]:
        """Return as what columns must be read, by the keys of their names.

        Raises:
            ConfigurationError: It was not said as `name=field`, or of one column twice.
        """
        said: dict[str, str] = {}
        for text in self.map:
            name, equals, field = text.rpartition("=")
            if not equals or not name_key(name):
                raise ConfigurationError(f'--map {text!r}: say it as --map "name of the column=field"')
            if said.setdefault(name_key(name), field.strip()) != field.strip():
                raise ConfigurationError(f"--map says two things of the column {name.strip()!r}")
        return said

    def mapping_if_there(self) -> Mapping[str, str]:
        """Return as what columns are read where they are there, by the keys of their names."""
        profile = {name_key(name): field.strip() for name, field in self.columns.items()}
        return {**profile, **self.mapping()}


READING: Final = Reading()
"""What holds where nothing is said."""


def read_bytes(path: Path, most: int) -> bytes:
    """Return the content of a file, of a pipe, or of standard input. It is read once.

    Args:
        path: The file.
        most: How many bytes it may have.

    Raises:
        TableError: It cannot be read, or is too large.
    """
    try:
        if path.is_dir():
            raise TableError("it is a directory, not a regular file")
        if path == STDIN:
            data = _read_stdin(most + 1)
        else:
            with path.open("rb") as file:
                data = file.read(most + 1)
    except (OSError, ValueError) as problem:  # the last one: it is closed
        raise TableError(system_reason(problem)) from None
    if len(data) > most:
        raise TableError(f"it is larger than {most // 1_000_000} MB; split it")
    return data


def _read_stdin(most: int) -> bytes:
    """Return what standard input holds, so many bytes at most."""
    if sys.stdin is None:
        raise TableError("there is no standard input")
    try:
        number = sys.stdin.fileno()
    except OSError:  # a stand-in without a file
        return sys.stdin.buffer.read(most)
    # Not through its buffer: a thread that still waits there at the end of the process brings the interpreter down.
    with io.FileIO(number, closefd=False) as raw, io.BytesIO() as data:
        while (left := most - data.tell()) and (part := raw.read(min(left, _PART))):
            data.write(part)
        return data.getvalue()


def _may_wait(path: Path) -> bool:
    """Return whether what is read comes from another program, or from a person who types."""
    return path == STDIN or (path.exists() and not path.is_file())


async def apart(path: Path, work: Callable[[], T]) -> T:
    """Read a file in a thread, and return what comes of it.

    A pipe into which nothing is written is read for ever. So of that, and of standard input, the thread is one that
    ends with the process: one of the loop's own would be waited for, and Ctrl-C with it.
    """
    if not _may_wait(path):
        return await asyncio.to_thread(work)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(settled: Callable[[], None]) -> None:
        if not done.done():
            settled()

    def run() -> None:
        try:
            settled = partial(done.set_result, work())
        except Exception as problem:  # noqa: BLE001 - raised again where it is waited for
            settled = partial(done.set_exception, problem)
        with suppress(RuntimeError):  # the loop is closed: no one waits any more
            loop.call_soon_threadsafe(settle, settled)

    threading.Thread(target=run, name="litmos-reading", daemon=True).start()
    return await done
