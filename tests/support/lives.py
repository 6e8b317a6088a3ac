"""How long a process lives that is killed and started again."""

from __future__ import annotations

import asyncio
import math


class Life:
    """How many answers a process gets. All others are held back, after the request had its effect.

    Args:
        quick: Seconds that an answer takes.
        held: Seconds that an answer takes that is held back: longer than the process waits.

    Attributes:
        over: An answer was held back.
    """

    def __init__(self, *, quick: float, held: float) -> None:
        self.over = asyncio.Event()
        self._quick, self._held = quick, held
        self._left: float = 0

    def begin(self, answers: float = math.inf) -> None:
        """Begin the life of another process: with all answers, if no number is given."""
        self.over.clear()
        self._left = answers

    def latency(self) -> float:
        """Return the seconds that an answer takes."""
        self._left -= 1
        if self._left >= 0:
            return self._quick
        self.over.set()
        return self._held
