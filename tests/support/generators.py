"""Whether asynchronous generators are closed by those who leave them early, or left to the garbage collector."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import AsyncGeneratorType
from typing import Any, Final
from weakref import ref

import litmos_async

PACKAGE: Final = Path(litmos_async.__file__).parent
ON_PURPOSE: Final = "_until_the_loop_ends"
"""Tells the client when its loop ends: `litmos_async/loops.py`."""


@contextmanager
def all_closed() -> Iterator[None]:
    """Fail if a generator of the library that was begun meanwhile is not at its end.

    The loop would close it when nothing refers to it any more, or when the loop ends, and beside whatever runs:
    until then it goes on reading ahead. Use it within a running loop, which has set its own hooks by then.
    """
    before = sys.get_asyncgen_hooks()
    begun: list[ref[AsyncGeneratorType[Any, Any]]] = []
    left: list[str] = []

    def ours(generator: Any) -> bool:
        return PACKAGE in Path(generator.ag_code.co_filename).parents

    def begin(generator: Any) -> None:
        if ours(generator):
            begun.append(ref(generator))
        if before.firstiter is not None:
            before.firstiter(generator)

    def give_up(generator: Any) -> None:
        if ours(generator):
            left.append(generator.__qualname__)
        if before.finalizer is not None:
            before.finalizer(generator)

    sys.set_asyncgen_hooks(begin, give_up)
    try:
        yield
    finally:
        sys.set_asyncgen_hooks(*before)
    alive = [generator for each in begun if (generator := each()) is not None]
    left += [generator.__qualname__ for generator in alive if generator.ag_frame is not None]
    assert set(left) <= {ON_PURPOSE}, left
