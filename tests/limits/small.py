"""Helpers for the tests of the limiters."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine
from typing import Any, TypeVar

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import (
    Lease,
    Limiter,
    MemoryLimiter,
    RateLimit,
    limiter_from_url,
)
from litmos_async.limits.account import transact
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.shared import Change, SharedLimiter, Store

T = TypeVar("T")


class NoJitter(random.Random):
    """Makes every pause exactly as long as its rule says."""

    def random(self) -> float:
        """Return the least jitter."""
        return 0.0


def limiter_of(requests: int, **options: Any) -> MemoryLimiter:
    """Make a limiter without jitter."""
    return MemoryLimiter(RateLimit(requests=requests, **options), random=NoJitter())


def time() -> float:
    """Return the virtual time."""
    return asyncio.get_running_loop().time()


class Cancelling:
    """Cancels a task in a certain turn of the loop.

    Args:
        step: How many turns after `begin`.

    Attributes:
        hit: Whether the task was still there to be cancelled.
    """

    def __init__(self, step: int) -> None:
        self.hit = False
        self._step = step
        self._task: asyncio.Task[Lease] | None = None
        self._first: int | None = None

    def begin(self, acquiring: Coroutine[Any, Any, Lease]) -> asyncio.Task[Lease]:
        """Make a task, whose turns are counted."""
        self._task = asyncio.ensure_future(acquiring)
        return self._task

    def on_step(self, now: int) -> None:
        """Take a turn, as `run_virtual` counts them."""
        if self._task is not None:
            self._first = now if self._first is None else self._first
            if now == self._first + self._step and not self._task.done():
                self.hit = self._task.cancel()


async def settle() -> None:
    """Let everything happen that happens without waiting."""
    for _ in range(20):
        await asyncio.sleep(0)


async def take(limiter: Limiter, count: int) -> list[Lease]:
    """Acquire that many leases, one after the other."""
    return [await limiter.acquire() for _ in range(count)]


class Office:
    """One account, and the limiters of several processes that use it.

    In memory there is only one process, so there it is always the same limiter.
    """

    def __init__(self, url: str, account: str) -> None:
        self.url = url
        self._account = account
        self._limiters: list[Limiter] = []

    def limiter(self, requests: int, **options: Any) -> Limiter:
        """Return the limiter of another process."""
        if self.url == "memory://" and self._limiters:
            return self._limiters[0]
        limiter = limiter_from_url(self.url, RateLimit(requests=requests, **options), account=self._account)
        self._limiters.append(limiter)
        return limiter

    async def aclose(self) -> None:
        """Close all."""
        for limiter in self._limiters:
            await limiter.aclose()


class VirtualStore:
    """A store in virtual time, with a way there and back, as many processes see it.

    Like Redis it compares and sets: what was decided on an old state is decided anew.

    Attributes:
        texts: What is saved for each account.
        visits: How often somebody came.
        away: Whether it cannot be reached.
        slow_by: The longest way, one way, in seconds.
        wrong_by: What the store's clock is ahead of the loop's.
    """

    def __init__(self, *, slow_by: float = 0.0, seed: int = 1) -> None:
        self.texts: dict[str, str] = {}
        self.visits = 0
        self.away = False
        self.slow_by = slow_by
        self.wrong_by = 0.0
        self.closed = 0
        self._random = random.Random(seed)

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen."""
        while True:
            self.visits += 1
            await self._way()
            before, now = self.texts.get(account), time() + self.wrong_by
            await self._way()
            result, after = transact(before, rate, now, change)
            await self._way()
            if self.texts.get(account) == before:
                self.texts[account] = after
                await self._way()
                return result

    def jump(self, by: float) -> None:
        """Set the clock."""
        self.wrong_by += by

    async def aclose(self) -> None:
        """Note it."""
        self.closed += 1

    async def _way(self) -> None:
        if self.away:
            raise LimiterUnavailable("away")
        if self.slow_by:
            await asyncio.sleep(self._random.random() * self.slow_by)
        if self.away:
            raise LimiterUnavailable("away")


def guarded(store: Store, *, outage_timeout: float = 0.0, share: float | None = None) -> OutageStore:
    """Return the store as a process on another machine sees it."""
    return OutageStore(store, outage_timeout=outage_timeout, share=share, late_after=300.0)


def process_of(store: Store, requests: int = 3, **options: Any) -> SharedLimiter:
    """Return the limiter of a process without jitter."""
    return SharedLimiter(store, RateLimit(requests=requests, **options), account="one", random=NoJitter())


def die(limiter: SharedLimiter) -> None:
    """Let a process end without a word: nothing of it ever reaches the store again."""
    store, limiter._store = limiter._store, None
    if isinstance(store, OutageStore):
        store._come_again = lambda: None
        if store._alive is not None:
            store._alive.cancel()
        if store._report_alive is not None:
            store._report_alive.cancel()
    queue = limiter._queue
    if queue is not None:
        queue._closed = True
        if queue._pump is not None:
            queue._pump.cancel()


def counts(*tasks: list[asyncio.Task[Lease]]) -> list[int]:
    """Count who has got a slot."""
    return [sum(task.done() for task in one) for one in tasks]


def queue(limiter: SharedLimiter, count: int, lane: Any = "interactive") -> list[asyncio.Task[Lease]]:
    """Let so many callers wait."""
    return [asyncio.ensure_future(limiter.acquire(lane)) for _ in range(count)]


async def stop(*limiters: SharedLimiter) -> None:
    """Close all, and let those go who wait."""
    for limiter in limiters:
        await limiter.aclose()
    await settle()
