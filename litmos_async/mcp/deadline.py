"""How long a plan or a report counts."""

from __future__ import annotations

import asyncio
import time
from typing import Self

from attrs import frozen

__all__ = ["Deadline"]


@frozen
class Deadline:
    """The end of a time, by two clocks: the loop's stops while a machine sleeps, the calendar's can be set.

    Attributes:
        by_loop: By the clock of the running loop.
        by_calendar: By the calendar.
    """

    by_loop: float
    by_calendar: float

    @classmethod
    def after(cls, seconds: float) -> Self:
        """Return the end of a time that begins now."""
        return cls(asyncio.get_running_loop().time() + seconds, time.time() + seconds)

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return self.by_loop <= asyncio.get_running_loop().time() or self.by_calendar <= time.time()
