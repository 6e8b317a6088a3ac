"""What every form of the limiter shares: the rate, how much of it is used, and the two protocols."""

from __future__ import annotations

import math
from typing import Literal, Protocol, TypeAlias

import attrs

from litmos_async.checks import is_number, is_whole
from litmos_async.errors import ConfigurationError

__all__ = ["Lease", "Limiter", "Priority", "Quota", "RateLimit", "Share", "Usage"]

Priority: TypeAlias = Literal["interactive", "bulk"]


@attrs.frozen
class RateLimit:
    """At most `requests` in any window of `period` seconds, wherever it begins.

    ```python
    rate = RateLimit(requests=100, period=60.0, burst=20, reserve=10)
    async with LitmosClient(rate_limit=rate) as litmos:
        await litmos.users.get("user@example.com")
    ```

    Attributes:
        requests: Requests that the server allows in a window.
        period: Length of the window in seconds.
        burst: How many may start at once; more than that are smoothed to `requests / period`.
        reserve: Slots that bulk work does not use, so that an interactive call need not wait for it.
        bulk_share: The part of the limit, from 0 to 1, that bulk work of all processes together gets even while
            interactive calls could use every slot, so that a job makes progress, slowly, however busy the
            account is. 0.05 of 100 requests is five per period, or one every 12 seconds if slots come free
            evenly. Bulk work may take these from the reserve, but no more: beyond its share it waits for the
            next window. With 0, a job waits until no interactive call is waiting.
    """

    requests: int = 100
    period: float = 60.0
    burst: int = 100
    reserve: int = 0
    bulk_share: float = 0.05

    def __attrs_post_init__(self) -> None:
        """Refuse what cannot work, before the first request meets it."""
        for name in ("requests", "burst", "reserve"):
            if not is_whole(getattr(self, name)):
                raise ConfigurationError(f"RateLimit.{name} must be a whole number")
        if self.requests < 1 or self.burst < 1:
            raise ConfigurationError("RateLimit.requests and RateLimit.burst must be at least 1")
        if not is_number(self.period) or not 0 < self.period < math.inf:
            raise ConfigurationError("RateLimit.period must be a positive number of seconds")
        if not is_number(self.bulk_share) or not 0 <= self.bulk_share <= 1:
            raise ConfigurationError("RateLimit.bulk_share must be a number from 0 to 1")
        if not 0 <= self.reserve < self.requests:
            raise ConfigurationError("RateLimit.reserve must be at least 0 and less than RateLimit.requests")

    @classmethod
    def checked(cls, rate: object) -> RateLimit:
        """Return a rate limit that a caller gave.

        Args:
            rate: What the caller gave.

        Raises:
            ConfigurationError: It is none: a bare number says nothing of the window.
        """
        if isinstance(rate, RateLimit):
            return rate
        raise ConfigurationError(
            f"rate must be a RateLimit, such as RateLimit(requests=100), not {type(rate).__name__}"
        )

    def part(self, share: float) -> RateLimit:
        """Return a part of this limit, from 0 to 1: never more of it than that.

        Args:
            share: How much of it: more than 0, at most 1.

        Raises:
            ConfigurationError: It is less than one request.
        """
        # 0.29 of 100 is 29, although the product of the floats is a little less.
        requests = math.floor(self.requests * share + 1e-9)
        if requests < 1:
            raise ConfigurationError(f"{share:g} of {self.requests} requests is less than one request")
        return attrs.evolve(
            self,
            requests=requests,
            burst=max(1, self.burst * requests // self.requests),
            reserve=self.reserve * requests // self.requests,
        )


@attrs.frozen
class Quota:
    """The state of the limit at one moment.

    ```python
    quota = litmos.quota
    print(
        f"{quota.used} of {quota.limit} used, {quota.waiting} waiting, the next in {quota.next_free_in:.0f} s"
    )
    ```

    Attributes:
        used: Slots taken: requests in flight, and answered ones that the server may still count.
        free: Slots that can be taken now.
        next_free_in: Seconds until an interactive call could get a slot, including any pause; 0.0 if it could
            get one now. If every slot belongs to a request in flight, that is not known, and the value is
            `period`: the earliest moment if one of them is answered right now.
        waiting: Callers in the queue.
        rejected: Requests that the server rejected since the limiter was made.
        limit: `RateLimit.requests`.
        period: `RateLimit.period`.
        budget: How many of the `limit` are ours at present; less while another party uses the account.
        paused_for: Seconds until the end of a pause after a rejection; 0.0 if there is none.
    """

    used: int
    free: int
    next_free_in: float
    waiting: int
    rejected: int
    limit: int
    period: float
    budget: int
    paused_for: float = 0.0


@attrs.frozen
class Share:
    """How much of the limit one process uses.

    ```python
    usage = await litmos.usage()
    print([(share.process, share.used) for share in usage.processes])
    ```

    Attributes:
        process: Its host and process number.
        used: Slots that it holds, or whose requests the server may still count.
        waiting: Callers in its queue, as of the last time that it looked for a slot.
    """

    process: str
    used: int
    waiting: int


@attrs.frozen
class Usage:
    """How much of the limit each process uses.

    ```python
    usage = await litmos.usage()
    print(usage.quota.used, "of", usage.quota.limit)
    for share in usage.processes:
        print(share.process, share.used, share.waiting)
    ```

    Attributes:
        quota: The state of the limit for all processes together.
        processes: The share of each process, the largest first.
    """

    quota: Quota
    processes: tuple[Share, ...]


class Lease(Protocol):
    """The permission to send one request.

    ```python
    lease = await limiter.acquire(timeout=30.0)
    if asyncio.get_running_loop().time() - lease.taken > 30.0:  # the process stood still with it
        lease.unused()  # and take another
    ```

    Exactly one of its methods is called, once, when the outcome of the request is known. None of them raises,
    and a second call does nothing, so they are safe in any `except` or `finally`.
    """

    @property
    def taken(self) -> float:
        """When the slot was taken, on the clock of the loop; never later than it was.

        A slot is kept for its holder for `timeout + period` seconds from here, and then others have it. So what is
        older than `timeout` must not be used: check this last, just before the bytes leave. Time
        in which the machine was suspended counts, where the system tells it: the value goes back by it.
        """
        ...

    def unused(self) -> None:
        """Nothing was sent to the server: the slot is free again at once."""

    def answered(self) -> None:
        """An answer arrived, good or bad: the slot is free `period` from now."""

    def lost(self, timeout: float) -> None:
        """Bytes may have left and no answer came: the slot is free `period + timeout` from now.

        Args:
            timeout: Seconds that the request may still take to reach the server. It must be finite: a slot that
                is lost forever would never come back.
        """

    def rejected(self, retry_after: float | None = None) -> None:
        """503 or 429: the slot is free `period` from now, and all pause.

        Args:
            retry_after: Seconds that the server asks to wait; None where it does not say.
        """


class Limiter(Protocol):
    """Hands out leases so that the server never sees more than the rate allows.

    ```python
    limiter: Limiter = MemoryLimiter(RateLimit(reserve=10))
    lease = await limiter.acquire("bulk", timeout=30.0)
    ...  # send the request, and wait at most 30 s for its answer
    lease.answered()
    ```
    """

    @property
    def rate(self) -> RateLimit:
        """The limit that is kept."""
        ...

    def bind(self, account: str) -> None:
        """Set the account. The client does so before the first call.

        Args:
            account: A hash of what tells accounts apart; never the key itself. It is the same in every
                process that uses the account.
        """
        ...

    async def acquire(
        self,
        priority: Priority = "interactive",
        *,
        max_pause: float = math.inf,
        timeout: float = 30.0,  # noqa: ASYNC109 - it bounds the request, not this call
    ) -> Lease:
        """Wait for a slot.

        Args:
            priority: The lane to wait in.
            max_pause: The longest pause, in seconds, that the caller is willing to wait for.
            timeout: The longest that the request will take, in seconds. If the process dies, its slot is freed
                `timeout + period` after it was taken.

        Raises:
            RateLimited: A pause that is in force, or was declared while waiting, ends later than `max_pause`
                seconds after this call. This is raised at once, not when the time is up.
        """
        ...

    @property
    def quota(self) -> Quota:
        """The current state."""
        ...

    async def usage(self) -> Usage:
        """Return how much each process uses.

        Raises:
            LimiterUnavailable: The store cannot be reached.
        """
        ...

    async def aclose(self) -> None:
        """Stop. A caller that still waits gets a `LitmosError`."""
