"""What a run draws where the library waits by chance: the least, the most, or something between them.

A test that passes by chance is red at one of the two ends, at once and every time.
"""

from __future__ import annotations

from typing import Literal

from litmos_async import retry
from litmos_async.limits import memory, outage, shared


class Pinned:
    """In place of the module `random`, or of one of its generators: every draw is at one end."""

    def __init__(self, at: float) -> None:
        self.at = at

    def random(self) -> float:
        """Return that end of what lies between 0 and 1."""
        return self.at

    def uniform(self, least: float, most: float) -> float:
        """Return that end of what lies between these two."""
        return least + self.at * (most - least)

    def Random(self) -> Pinned:  # noqa: N802 - the name of a class, which this stands for
        """Return itself as the generator."""
        return self


# `random.random()` is always below 1.
ENDS = {"least": Pinned(0.0), "most": Pinned(1.0 - 2**-53)}


def pin(end: Literal["least", "most"]) -> None:
    """Let every pause and backoff of this process be the shortest or the longest that it can be."""
    for module in (retry, memory, shared):
        setattr(module, "_random", ENDS[end])  # noqa: B010 - to a type checker the module is one for good
    setattr(outage, "random", ENDS[end])  # noqa: B010
