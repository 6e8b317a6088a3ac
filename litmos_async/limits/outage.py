"""A store on another machine: it can be away, and its clock can jump.

While it cannot be reached, one waits for it, or goes on alone with a share of the limit.
"""

from __future__ import annotations

import asyncio
import random
from typing import Final, TypeVar

import attrs

from litmos_async.errors import LimiterUnavailable

from .account import Account, Reading, dump, load, transact
from .rate import RateLimit
from .shared import Change, Seen, Store

__all__ = ["OutageStore"]

T = TypeVar("T")

# The store is asked again after 0.05, 0.1, 0.2 ... seconds, and then once a second.
FIRST_WAIT: Final = 0.05
LONGEST_WAIT: Final = 1.0


@attrs.define
class _Part:
    """What this process keeps by itself during an outage."""

    rate: RateLimit
    state: str | None
    ahead: float  # how much the clock of the store is ahead of that of the loop
    ask_again_at: float

    def apply(self, change: Change[T], time: float) -> T:
        result, self.state = transact(self.state, self.rate, time + self.ahead, change)
        return result


class OutageStore:
    """A store in front of another one that may be away.

    Args:
        store: The other one.
        outage_timeout: For how many seconds to go on trying.
        share: The part of the limit to use after that; None to raise.
    """

    def __init__(self, store: Store, *, outage_timeout: float, share: float | None) -> None:
        self._store = store
        self._outage_timeout = outage_timeout
        self._share = share
        self._seen: Seen | None = None
        self._reading: Reading | None = None
        self._part: _Part | None = None

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen to the account, or to this process's part of it."""
        time = asyncio.get_running_loop().time
        if self._part is None or time() >= self._part.ask_again_at:
            try:
                return await self._keep_trying(account, rate, change)
            except LimiterUnavailable:
                if self._share is None:
                    raise
                self._part = self._part or self._begin(rate, self._share, time())
                self._part.ask_again_at = time() + LONGEST_WAIT
        return self._part.apply(change, time())

    async def aclose(self) -> None:
        """Close the other store."""
        await self._store.aclose()

    async def _keep_trying(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        time = asyncio.get_running_loop().time
        give_up_at, wait = time() + self._outage_timeout, FIRST_WAIT
        while True:
            try:
                return await self._ask(account, rate, change)
            except LimiterUnavailable:
                if time() + wait > give_up_at:
                    raise
            await asyncio.sleep(wait * random.uniform(0.5, 1.0))
            wait = min(2 * wait, LONGEST_WAIT)

    async def _ask(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Go to the other store, and tell it first what happened without it."""
        time, part, last = asyncio.get_running_loop().time, self._part, self._seen
        asked, reading, told = time(), self._reading, None

        def whole(account: Account, now: float) -> tuple[T, Account, float]:
            nonlocal asked, reading, told
            heard = time()
            shown = now + account.clock_offset
            reading = account.track_clock(self._reading, Reading(shown, asked, heard))
            now = shown - account.clock_offset
            asked = heard  # should this be called again, the store was asked again after this
            told = part and part.state
            if part is not None and part.state is not None:
                there = heard + part.ahead
                if last is not None:
                    account.detect_data_loss(last.account, there, now)
                account.merge(load(part.state, part.rate, there), there, now)
            return change(account, now), account, now

        result, seen, at = await self._store.apply(account, rate, whole)
        self._seen, self._reading = Seen(seen, at, time()), reading
        if self._part is part and (part is None or part.state == told):
            self._part = (
                None  # else somebody used it while the answer was on its way, and that is told next time
            )
        return result

    def _begin(self, rate: RateLimit, share: float, time: float) -> _Part:
        """Go on alone, with a share of the limit and of what is known to be taken of it."""
        less = rate.part(share)
        if self._seen is None:
            return _Part(less, None, 0.0, time)
        ahead = self._seen.there(0.0)
        return _Part(less, dump(self._seen.account.share_of(less, share)), ahead, time)
