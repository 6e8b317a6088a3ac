"""What the log says of waiting: for a slot, for a pause, and because another program uses the account."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from litmos_async.limits import Limiter, Priority

logger = logging.getLogger("litmos_async")

LONG: Final = 5.0
"""Seconds after which an interactive call that waits is worth a line."""

BULK_EVERY: Final = 60.0
"""Seconds between two lines about bulk work that waits: it does so most of its time."""


class WaitLog:
    """Writes what waits, at level INFO, and once at level WARNING that another program uses the account."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._bulk_again = -math.inf
        self._shared_said = False

    @contextmanager
    def waiting(self, operation: str, priority: Priority) -> Iterator[None]:
        """Say that a call waits for its slot, if it does so for long."""
        loop = asyncio.get_running_loop()
        timer = loop.call_later(LONG, self._say, loop, operation, priority)
        try:
            yield
        finally:
            timer.cancel()

    def _say(self, loop: asyncio.AbstractEventLoop, operation: str, priority: Priority) -> None:
        now = loop.time()
        if priority == "bulk":
            if now < self._bulk_again:
                return
            self._bulk_again = now + BULK_EVERY
        quota = self._limiter.quota
        logger.info(
            "%s: has waited %.0f s for a slot of the rate limit (%s); the next is free in %.0f s, %d waiting",
            operation,
            LONG,
            priority,
            quota.next_free_in,
            quota.waiting,
        )

    def until_again(self, wait: float) -> float:
        """Return how long a rejected call will wait: for the pause, too, as far as the limiter knows it here."""
        return max(wait, self._limiter.quota.next_free_in)

    def rejected(self) -> None:
        """Say once, of a rejection that is not our doing, that another program uses the account."""
        quota = self._limiter.quota
        if not self._shared_said and quota.budget < quota.limit:
            self._shared_said = True
            logger.warning(
                "the server rejected a request although only %d of %d slots were in use: another program uses the "
                "account, and this one makes room for it",
                quota.used,
                quota.limit,
            )
