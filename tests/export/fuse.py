"""A process that ends at one of the steps of an export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from litmos_async.export.output import Output
from litmos_async.export.state import StateFile


class Killed(BaseException):
    """The end of a process: nothing that the program could do happens after it."""


class Fuse:
    """Ends the process at the nth step of those that it guards."""

    def __init__(self, nth: int, *, after: bool) -> None:
        self.left = nth
        self.after = after
        self.blown = False

    def guard(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """Return the step, at which the process may end: before it, or after it."""

        def guarded(*args: Any, **kwargs: Any) -> Any:
            if self.blown:  # the process is dead: nothing reaches the disk any more
                raise Killed
            self.left -= 1
            if self.left > 0:
                return step(*args, **kwargs)
            self.blown = True
            if self.after:
                step(*args, **kwargs)
            raise Killed

        return guarded


STEPS: Final[tuple[tuple[Any, str], ...]] = (
    (Output, "append"),
    (Output, "finish"),
    (StateFile, "begin"),
    (StateFile, "add_units"),
    (StateFile, "commit"),
    (StateFile, "put_part"),
    (StateFile, "note_gone"),
    (StateFile, "finish"),
    (StateFile, "note"),
    (StateFile, "end"),
    (StateFile, "forget_all"),
    (StateFile, "remove"),
    (Path, "replace"),
    (Path, "unlink"),
)
"""All that an export does to a disk."""


@contextmanager
def dying(fuse: Fuse) -> Iterator[None]:
    """Let the process end at one of the steps while the block runs. Its files are closed with it."""
    opened: list[StateFile] = []
    begin = StateFile.__init__

    def init(self: StateFile, path: Path | None) -> None:
        opened.append(self)
        begin(self, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "__init__", init)
        for owner, name in STEPS:
            patch.setattr(owner, name, fuse.guard(getattr(owner, name)))
        yield
    for each in opened:
        each._db.close()
