"""A limiter that counts."""

from __future__ import annotations

from typing import Literal

from litmos_async import Lease, Limiter, MemoryLimiter, Quota, RateLimit


class CountingLimiter:
    """Passes everything on to another limiter, and counts the requests: each one needs a lease.

    Attributes:
        sent: Leases that were handed out: as many requests were sent, or fewer.
    """

    def __init__(self, rate: RateLimit) -> None:
        self._inner: Limiter = MemoryLimiter(rate)
        self.sent = 0

    @property
    def rate(self) -> RateLimit:
        """The limit that is kept."""
        return self._inner.rate

    @property
    def quota(self) -> Quota:
        """How things stand now."""
        return self._inner.quota

    async def acquire(
        self, priority: Literal["interactive", "bulk"] = "interactive", *, max_pause: float = float("inf")
    ) -> Lease:
        """Wait for a slot."""
        lease = await self._inner.acquire(priority, max_pause=max_pause)
        self.sent += 1
        return lease

    async def aclose(self) -> None:
        """Stop."""
        await self._inner.aclose()
