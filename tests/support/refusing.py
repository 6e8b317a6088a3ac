"""A limiter that gives no slot to some callers."""

from __future__ import annotations

from collections.abc import Container
from itertools import count
from typing import Any

from litmos_async import Lease, MemoryLimiter, RateLimit
from litmos_async.errors import LimiterUnavailable, LitmosError


class Away(MemoryLimiter):
    """Gives no slot to some callers.

    Args:
        refused: Which, counted from 0.
        error: What they get.
    """

    def __init__(self, refused: Container[int], error: type[LitmosError] = LimiterUnavailable) -> None:
        super().__init__(RateLimit())
        self._refused = refused
        self._error = error
        self._callers = count()

    async def acquire(self, *words: Any, **options: Any) -> Lease:
        """Return a lease, or raise."""
        if next(self._callers) in self._refused:
            raise self._error("no slot")
        return await super().acquire(*words, **options)
