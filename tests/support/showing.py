"""Everything that an error or a value can show."""

from __future__ import annotations

import io
import pickle
import traceback
from collections.abc import Iterator
from typing import Any, Final

from rich.console import Console
from rich.traceback import Traceback

_EVERYTHING: Final = 1_000_000_000
"""Characters of a text and items of a container that are shown, of local variables."""


def locals_of(problem: BaseException) -> Iterator[str]:
    """Yield the local variables of all frames of an error but those of this file, as error reporters send them."""
    for frame in traceback.TracebackException.from_exception(problem, capture_locals=True).stack:
        if "/tests/" not in frame.filename:
            yield f"{frame.name}: {frame.locals}"


def tell_all(problem: BaseException) -> str:
    """Return all that an error can show, its causes and contexts included."""
    chain, seen = [problem], []
    while chain:
        each = chain.pop()
        seen += [repr(each), str(each), repr(each.args), repr(vars(each)), *locals_of(each)]
        chain += [other for other in (each.__cause__, each.__context__) if other is not None]
    return "\n".join(
        [*seen, *traceback.format_exception(problem), repr(pickle.dumps(problem)), in_rich(problem)]
    )


def in_rich(value: Any) -> str:
    """Return how rich shows a value, or an error with its local variables but those of this file."""
    page = io.StringIO()
    console = Console(file=page, width=10_000, color_system=None)
    if isinstance(value, BaseException):
        shown = Traceback.from_exception(
            type(value),
            value,
            value.__traceback__,
            show_locals=True,
            width=10_000,
            locals_max_string=_EVERYTHING,
            locals_max_length=_EVERYTHING,
        )
        for stack in shown.trace.stacks:
            stack.frames = [frame for frame in stack.frames if "/tests/" not in frame.filename]
            # Then it shows no lines of source beside the local variables: to colour them takes most of the time.
            for frame in stack.frames:
                frame.filename = f"<{frame.filename}>"
        console.print(shown)
    else:
        console.print(value)
    return page.getvalue()
