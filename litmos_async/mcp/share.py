"""A part of the limit: what an assistant asks for leaves the rest to those who work with the account."""

from __future__ import annotations

import math

from attrs import field, frozen

from litmos_async.limits import Lease, Limiter, MemoryLimiter, Priority, Quota, RateLimit, Usage

__all__ = ["ShareOfLimit"]


@frozen
class ShareOfLimit:
    """Takes slots of a limiter, at most its part of them in any window.

    Attributes:
        whole: Keeps the limit of the account.
        part: Keeps the part.
        lane: The lane that every call waits in; None leaves it to the call.
    """

    whole: Limiter
    part: MemoryLimiter
    lane: Priority | None = field(default=None)

    @property
    def rate(self) -> RateLimit:
        """The part of the limit."""
        return self.part.rate

    def bind(self, account: str) -> None:
        """Say whose limit it is."""
        self.whole.bind(account)

    async def acquire(
        self,
        priority: Priority = "interactive",
        *,
        max_pause: float = math.inf,
        timeout: float = 30.0,  # noqa: ASYNC109 - it bounds the request, not this call
    ) -> Lease:
        """Wait for a slot of the part, and then for one of the account."""
        lane = self.lane or priority
        own = await self.part.acquire(lane, max_pause=max_pause, timeout=timeout)
        try:
            return _Both(own, await self.whole.acquire(lane, max_pause=max_pause, timeout=timeout))
        except BaseException:
            own.unused()
            raise

    @property
    def quota(self) -> Quota:
        """How the limit of the account stands."""
        return self.whole.quota

    async def usage(self) -> Usage:
        """Ask who uses what of the account's limit."""
        return await self.whole.usage()

    async def aclose(self) -> None:
        """Stop both."""
        await self.part.aclose()
        await self.whole.aclose()


@frozen
class _Both:
    """A slot of the part and one of the account."""

    part: Lease
    whole: Lease

    @property
    def taken(self) -> float:
        return self.whole.taken

    def unused(self) -> None:
        self.part.unused()
        self.whole.unused()

    def answered(self) -> None:
        self.part.answered()
        self.whole.answered()

    def lost(self, timeout: float) -> None:
        self.part.lost(timeout)
        self.whole.lost(timeout)

    def rejected(self, retry_after: float | None = None) -> None:
        # The pause is the account's; here the request counts like any other.
        self.part.answered()
        self.whole.rejected(retry_after)
