"""Pages that are asked for before their turn: a server that takes seconds a page is read at the speed of the quota.

Where a total is known, exactly those that there are; else a few more with each full page, up to what the latency
needs. What `reader.py` says of a page holds all the same: a page that was asked for ahead is looked at when its
turn comes, and one that stands in the wrong place is thrown away.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from litmos_async.limits import Limiter
from litmos_async.models.record import Record
from litmos_async.reader import Ahead

R = TypeVar("R", bound=Record)

MOST_AHEAD: Final = 8
"""Pages ahead of all lists of a client together: a page of 1,000 people takes 5 MB."""

_SPARE: Final = 2.0
"""How many latencies to look ahead: with one, a slow answer leaves slots unused."""

_WASTE: Final = 0.03
"""The part of all pages that may be wasted to read short lists in a hurry: with many of them, waste is time."""

_LATEST: Final = 0.25
"""The weight of the last latency among those before it."""

_GRACE: Final = 2.0
"""Latencies that answers under way are waited for at the end: a cancelled request keeps its slot longer."""

_LONGEST_GRACE: Final = 5.0
"""Seconds that they are waited for at most."""


@define(eq=False)
class PageRequest:
    """One page to ask for.

    Attributes:
        start: Offset of its first row.
        limit: How many rows to ask for.
        ahead: Whether its turn has not come: then it stands in the bulk lane.
        slot_at: When it got a slot, on the clock of the loop; None as long as it waits for one.
    """

    start: int
    limit: int
    ahead: bool = False
    slot_at: float | None = None

    def got_slot(self) -> None:
        """Note that it leaves now."""
        self.slot_at = asyncio.get_running_loop().time()


@frozen
class Batch(Generic[R]):
    """The rows of one answer, and how many there are in all where the server says so."""

    rows: Sequence[R]
    total: int | None = None


Fetch = Callable[[PageRequest], Awaitable[Batch[R]]]
"""Reads one page."""


@define
class AheadBudget:
    """How many pages all lists of a client may have ahead of them.

    Attributes:
        limiter: What all calls of the client wait for.
        free: How many more pages there may be.
        lists: How many lists are read ahead at present.
        useful: Pages that were wanted, so far.
        wasted: Pages that were asked for and not wanted.
        requests: Those that were asked for and whose turn has not come.
    """

    limiter: Limiter | None = None
    free: int = MOST_AHEAD
    lists: int = 0
    useful: int = 0
    wasted: int = 0
    requests: set[PageRequest] = field(factory=set[PageRequest])

    def take(self) -> bool:
        """Return whether one more page may be asked for; if so, `give_back` says when it is no longer ahead."""
        if self.free < 1:
            return False
        self.free -= 1
        return True

    def give_back(self) -> None:
        """Make room for another page."""
        self.free += 1

    def needed(self, latency: float | None) -> int:
        """Return how many pages a list needs under way behind the last one that is known to be full.

        Args:
            latency: Seconds from the slot of a request to its answer.
        """
        if latency is None or self.limiter is None or self.wasted <= _WASTE * self.useful:
            return MOST_AHEAD
        rate = self.limiter.rate
        pages = _SPARE * latency * rate.requests / rate.period
        return max(1, min(MOST_AHEAD, math.ceil(pages / max(1, self.lists))))

    def is_overtaken(self) -> bool:
        """Return whether other bulk work than these pages waits for slots."""
        queued = sum(request.slot_at is None for request in self.requests)
        return self.limiter is not None and self.limiter.quota.waiting > queued


@define(eq=False)
class PageSource(Generic[R]):
    """Reads the pages of one list, some of them ahead of their turn.

    Attributes:
        fetch: Reads one page.
        at_most: How many pages may be ahead.
        budget: How many those of all lists of the client may be.
        urgent: Whether the reader goes before bulk work: then a page whose turn has come does not wait behind that
            of others. Where no one else waits it stays in the bulk lane, and leaves others the reserve.
    """

    fetch: Fetch[R]
    at_most: int = 0
    budget: AheadBudget = field(factory=AheadBudget)
    urgent: bool = False
    _ahead: dict[int, _Asked[R]] = field(factory=dict[int, "_Asked[R]"], init=False)
    # Answers that are no longer wanted.
    _past: set[asyncio.Task[Batch[R]]] = field(factory=set[asyncio.Task[Batch[R]]], init=False)
    _latency: float | None = field(default=None, init=False)
    # Grows with each full page; 0 as long as there was none.
    _depth: int = field(default=0, init=False)
    _number: int = field(default=0, init=False)
    _last: int = field(default=-1, init=False)
    _stride: int = field(default=1, init=False)
    _stepped_back: int | None = field(default=None, init=False)

    async def read(self, start: int, limit: int, fits: Callable[[Sequence[R]], bool]) -> tuple[int, Batch[R]]:
        """Return a page, and the offset at which it begins.

        Args:
            start: Offset of the first row wanted.
            limit: How many rows to ask for.
            fits: Returns whether rows that begin further on follow what was read without a gap.
        """
        if start <= self._last:
            self._step_back()
        elif start not in self._ahead and (found := await self._further_on(start, limit, fits)) is not None:
            return found
        for place, other in list(self._ahead.items()):
            if place < start or (place - start) % self._stride or other.request.limit != limit:
                self._let_go(place)
        self._last = start
        asked = self._ahead.get(start)
        if asked and self.urgent and asked.request.slot_at is None and self.budget.is_overtaken():
            self._let_go(start)
            asked = None
        if asked is not None:
            return start, await self._taken(start)
        self.budget.useful += 1
        return start, await self._timed(PageRequest(start, limit))

    async def _further_on(
        self, start: int, limit: int, fits: Callable[[Sequence[R]], bool]
    ) -> tuple[int, Batch[R]] | None:
        """Return the page that was asked for ahead behind a full one, where a short one came.

        If the server left rows out of the short page, the other one follows all the same. An empty one proves
        nothing, and an error is not met: the list may end before it.
        """
        place = min((place for place in self._ahead if start < place < start + limit), default=None)
        if place is None or self._ahead[place].request.slot_at is None:
            return None
        task = self._ahead[place].task
        await asyncio.wait([task])
        if task.cancelled() or task.exception() or not fits(task.result().rows):
            return None
        self._last = place
        return place, await self._taken(place)

    async def _taken(self, place: int) -> Batch[R]:
        self._is_next(place)
        asked = self._ahead.pop(place)
        self.budget.useful += 1
        try:
            return await asked.task
        finally:
            self.budget.requests.discard(asked.request)

    def ask(self, ahead: Ahead | None, total: int | None) -> None:
        """Ask for pages whose turn has not come.

        Args:
            ahead: Where they are; None where the last page gave no reason to believe in others.
            total: How many rows there are in all, where that is known.
        """
        if ahead is None or not self.at_most:
            return
        if not self._depth:
            self._depth = 1
            self.budget.lists += 1
        self._depth += 1
        self._stride = ahead.stride
        asked = self._ahead
        if any(other.is_short(ahead.full) for other in asked.values()):
            return
        self._is_next(ahead.start)
        # Pages behind the last one that is known to be full may lie behind the end.
        surely = max((place for place, other in asked.items() if other.task.done()), default=ahead.start - 1)
        at_risk = min(self._depth, self.budget.needed(self._latency))
        for page in range(1 + self.at_most):
            place = ahead.start + page * ahead.stride
            if total is None:
                is_enough = sum(each > surely for each in asked) >= at_risk
            else:
                is_enough = (
                    place + 1 >= total or sum(not each.task.done() for each in asked.values()) >= MOST_AHEAD
                )
            if is_enough:
                return
            if place in asked:
                continue
            counted = page > 0
            if counted and not self.budget.take():
                return
            self._number += 1
            request = PageRequest(place, ahead.limit, ahead=True)
            self.budget.requests.add(request)
            task = asyncio.ensure_future(self._timed(request))
            asked[place] = _Asked(request, task, self._number, counted)

    def _is_next(self, place: int) -> None:
        """Note that the turn of a page comes now: it is not ahead any more."""
        asked = self._ahead.get(place)
        if asked is not None and asked.counted:
            asked.counted = False
            self.budget.give_back()

    async def _timed(self, request: PageRequest) -> Batch[R]:
        batch = await self.fetch(request)
        if request.slot_at is not None:
            # From the slot, not from the call: waiting for a slot is no latency.
            seconds = asyncio.get_running_loop().time() - request.slot_at
            before = seconds if self._latency is None else self._latency
            self._latency = before + _LATEST * (seconds - before)
        return batch

    def _step_back(self) -> None:
        # Where rows were taken out, the pages ahead still fit; where rows were put in, none of them does.
        if self._stepped_back is not None and any(
            asked.number <= self._stepped_back for asked in self._ahead.values()
        ):
            for place in list(self._ahead):
                self._let_go(place)
            self._depth = 1
        self._stepped_back = self._number

    def _let_go(self, place: int) -> None:
        self._is_next(place)
        asked = self._ahead.pop(place)
        self.budget.requests.discard(asked.request)
        self._past.add(asked.task)
        asked.task.add_done_callback(self._over)
        if asked.request.slot_at is None:
            asked.task.cancel()
        else:
            self.budget.wasted += 1

    def _over(self, task: asyncio.Task[Batch[R]]) -> None:
        self._past.discard(task)
        if not task.cancelled():
            task.exception()  # looked at, so that asyncio does not report it

    def cancel(self) -> None:
        """Stop all that is under way."""
        for place in list(self._ahead):
            self._let_go(place)
        for task in self._past:
            task.cancel()

    async def aclose(self) -> None:
        """Leave no request behind: those that wait for a slot are cancelled, the others answered or cancelled."""
        for place in list(self._ahead):
            self._let_go(place)
        if self._depth:
            self._depth = 0
            self.budget.lists -= 1
        past = list(self._past)
        if not past:
            return
        try:
            # A request that was answered frees its slot earlier than one that was cancelled.
            await asyncio.wait(past, timeout=min(_GRACE * (self._latency or 0.0), _LONGEST_GRACE))
        finally:
            for task in past:
                task.cancel()
            await asyncio.gather(*past, return_exceptions=True)


@define(eq=False)
class _Asked(Generic[R]):
    """A page that was asked for ahead.

    Attributes:
        request: Which one.
        task: Reads it.
        number: Counts the pages that were asked for.
        counted: Whether it counts for the budget: the next page does not.
    """

    request: PageRequest
    task: asyncio.Task[Batch[R]]
    number: int
    counted: bool

    def is_short(self, full: int) -> bool:
        """Return whether its answer is here and is no full page: then there is nothing to ask for behind it."""
        if not self.task.done():
            return False
        return self.task.cancelled() or bool(self.task.exception()) or len(self.task.result().rows) < full
