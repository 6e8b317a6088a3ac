"""Lists that are read one after the other, the next ones begun before their turn, such as windows of time.

Each of them will be read, so nothing is wasted. What they may hold ahead is shared with the pages of `ahead.py`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final, Generic, TypeVar

from attrs import define, field

from litmos_async.ahead import AheadBudget, Batch, Fetch, PageRequest
from litmos_async.models.record import Record

R = TypeVar("R", bound=Record)
T = TypeVar("T")

_GRACE: Final = 5.0
"""Seconds that answers under way are waited for at the end: a cancelled request keeps its slot longer."""

_PAGES: Final = 2
"""Pages that a list is read before its turn: one, and where that is short the one that proves the end."""


@define(eq=False)
class Turn:
    """Whether it is the turn of a list, and what it asked for last.

    Attributes:
        ahead: Whether its turn has not come.
        request: Its last request.
    """

    ahead: bool = False
    request: PageRequest | None = None

    def watched(self, fetch: Fetch[R]) -> Fetch[R]:
        """Return what reads a page, in the bulk lane as long as the turn has not come."""

        def read(page: PageRequest) -> Awaitable[Batch[R]]:
            page.ahead = page.ahead or self.ahead
            self.request = page
            return fetch(page)

        return read


@define(eq=False)
class _Begun(Generic[T]):
    """A list that was begun before its turn."""

    turn: Turn
    pages: AsyncGenerator[T, None]
    is_last: Callable[[T], bool]
    read: deque[T] = field(factory=deque[T], init=False)
    task: asyncio.Task[None] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.task = asyncio.ensure_future(self._begin())

    async def _begin(self) -> None:
        async for page in self.pages:
            self.read.append(page)
            if len(self.read) == _PAGES or not self.is_last(page):
                return


@define(eq=False)
class Upcoming(Generic[T]):
    """Reads lists in their order, some of them ahead.

    Attributes:
        open: Begins to read the list of that number.
        is_last: Returns whether a page looks like the last one of its list.
        lists: How many there are.
        at_most: How many may be begun before their turn.
        budget: How many pages all lists of the client may have ahead.
    """

    open: Callable[[int, Turn], AsyncGenerator[T, None]]
    is_last: Callable[[T], bool]
    lists: int
    at_most: int
    budget: AheadBudget
    _begun: dict[int, _Begun[T]] = field(factory=dict[int, "_Begun[T]"], init=False)
    _next: int = field(default=0, init=False)

    async def pages_of(self, number: int) -> AsyncGenerator[T, None]:
        """Yield the pages of a list whose turn has come."""
        begun = self._begun.pop(number, None)
        self._begin_after(number)
        if begun is None:
            async with aclosing(self.open(number, Turn())) as pages:
                async for page in pages:
                    yield page
            return
        self.budget.give_back()
        begun.turn.ahead = False
        try:
            await asyncio.wait([begun.task])
            while begun.read:
                yield begun.read.popleft()
            await begun.task  # its error, in its turn
            async for page in begun.pages:
                yield page
        except asyncio.CancelledError:
            begun.task.cancel()
            raise
        finally:
            await _stop([begun])

    def _begin_after(self, number: int) -> None:
        self._next = max(self._next, number + 1)
        while self._next < min(self.lists, number + 1 + self.at_most) and self.budget.take():
            turn = Turn(ahead=True)
            self._begun[self._next] = _Begun(turn, self.open(self._next, turn), self.is_last)
            self._next += 1

    def cancel(self) -> None:
        """Stop all that is under way."""
        for begun in self._begun.values():
            begun.task.cancel()

    async def aclose(self) -> None:
        """Leave no request behind."""
        begun = list(self._begun.values())
        self._begun.clear()
        for _ in begun:
            self.budget.give_back()
        await _stop(begun)


async def _stop(lists: list[_Begun[T]]) -> None:
    """Let what is under way be answered, and cancel the rest."""
    for begun in lists:
        request = begun.turn.request
        if request is None or request.slot_at is None:
            begun.task.cancel()
    tasks = [begun.task for begun in lists]
    try:
        if tasks:
            await asyncio.wait(tasks, timeout=_GRACE)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for begun in lists:
            await begun.pages.aclose()
