"""Busy processes on a virtual clock, whose store is cut off, slow or forgetful, and which stand still or die.

The log of the server is the judge: it counts each request at a random moment between sending and answer. Nothing
here shares code with the limiter.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Iterable
from typing import TypeVar

import attrs

from litmos_async.errors import LimiterUnavailable, LitmosError
from litmos_async.limits import Lease, Priority, RateLimit
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.shared import Change, SharedLimiter
from tests.limits.small import VirtualStore, die, time

T = TypeVar("T")


def most_in_any_window(times: Iterable[float], period: float) -> int:
    """Return how many of the times lie, at most, within a period of one another."""
    window: deque[float] = deque()
    most = 0
    for one in sorted(times):
        window.append(one)
        while window[0] <= one - period:
            window.popleft()
        most = max(most, len(window))
    return most


@attrs.define
class Server:
    """Counts requests, and rejects what is too many.

    Attributes:
        arrivals: When each request came.
        rejected: How many were too many.
    """

    rate: RateLimit
    arrivals: list[float] = attrs.field(factory=list)
    rejected: int = 0
    _window: deque[float] = attrs.field(factory=deque)

    def count(self) -> bool:
        """Count a request that arrives now; return whether it is carried out."""
        now = time()
        self.arrivals.append(now)
        while self._window and self._window[0] <= now - self.rate.period:
            self._window.popleft()
        self._window.append(now)
        welcome = len(self._window) <= self.rate.requests
        self.rejected += not welcome
        return welcome

    @property
    def most(self) -> int:
        """The most requests in any window."""
        return most_in_any_window(self.arrivals, self.rate.period)


class Link:
    """The way of one process to the store, which can be cut.

    Attributes:
        cut: Whether nothing passes at present. What is on its way is lost, and its sender hears nothing of it.
        silent_for: How long a process waits for an answer that does not come.
    """

    def __init__(self, store: VirtualStore, silent_for: float = 2.0) -> None:
        self.cut = False
        self.silent_for = silent_for
        self._store = store

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen, if it gets there; the answer may get lost."""
        await self._pass()
        try:
            async with asyncio.timeout(10 * self.silent_for):
                result = await self._store.apply(account, rate, change)
        except TimeoutError:
            raise LimiterUnavailable("late") from None
        await self._pass()
        return result

    async def _pass(self) -> None:
        if self.cut:
            await asyncio.sleep(self.silent_for)
            raise LimiterUnavailable("cut")

    async def aclose(self) -> None:
        """Do nothing: the store is for all."""


@attrs.define
class Process:
    """A process with callers that make one request after the other."""

    limiter: SharedLimiter
    store: OutageStore
    link: Link
    server: Server
    random: random.Random
    timeout: float
    done: int = 0
    errors: list[BaseException] = attrs.field(factory=list)
    tasks: list[asyncio.Task[None]] = attrs.field(factory=list)
    running: bool = True
    dead: bool = False

    def start(self, callers: int) -> None:
        """Let so many callers run."""
        lanes: list[Priority] = ["interactive", "bulk"]
        for number in range(callers):
            self.tasks.append(asyncio.ensure_future(self._call(lanes[number % 2])))

    async def _call(self, lane: Priority) -> None:
        while self.running:
            try:
                await self._request(lane)
                self.done += 1
            except LimiterUnavailable:
                await asyncio.sleep(self.random.random())
            except (LitmosError, asyncio.CancelledError):
                raise
            except Exception as problem:  # noqa: BLE001 - an untyped one is what is looked for
                self.errors.append(problem)

    async def _request(self, lane: Priority) -> None:
        lease = await self._fresh(lane)
        latency = self.random.choice([0.05, 0.3, 0.3, 1.0]) * self.random.random()
        if self.random.random() < 0.02:
            # No answer came; the request has arrived, or arrives in the end.
            await asyncio.sleep(self.timeout)
            if not self.dead:
                self.server.count()
                lease.lost(self.timeout)
            return
        moment = self.random.random() * latency
        await asyncio.sleep(moment)
        if self.dead:
            return
        welcome = self.server.count()
        await asyncio.sleep(latency - moment)
        if not self.dead:
            (lease.answered if welcome else lease.rejected)()

    async def _fresh(self, lane: Priority) -> Lease:
        """Return a lease that is young enough, as the transport does."""
        while True:
            lease = await self.limiter.acquire(lane, timeout=self.timeout)
            if self.dead:
                raise asyncio.CancelledError
            if time() - lease.taken <= self.timeout:
                return lease
            lease.unused()

    def kill(self) -> None:
        """Let it stop at once; what has arrived has arrived, and nothing of it is heard any more."""
        self.dead, self.running = True, False
        die(self.limiter)
        for task in self.tasks:
            task.cancel()

    async def stop(self) -> None:
        """Let every call end, and close."""
        self.running = False
        await asyncio.wait(self.tasks)
        await self.limiter.aclose()


def process_of(
    store: VirtualStore,
    server: Server,
    seed: int,
    *,
    timeout: float,
    share: float | None = None,
    outage_timeout: float = 0.0,
) -> Process:
    """Return a process on another machine than the store."""
    link = Link(store)
    guarded = OutageStore(link, outage_timeout=outage_timeout, share=share, late_after=20.0)
    chance = random.Random(seed)
    limiter = SharedLimiter(guarded, server.rate, account="one", random=chance)
    return Process(limiter, guarded, link, server, chance, timeout)
