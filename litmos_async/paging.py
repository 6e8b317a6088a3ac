"""Lists that can be trusted: every row that was there throughout, exactly once, or an error that says so.

The rules stand in `reader.py`; here is what people iterate over.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Sequence
from typing import Any, Generic, TypeVar

from attrs import frozen

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.hooks import OnPage, no_page
from litmos_async.models.record import Record
from litmos_async.reader import LARGEST_PAGE, Caps, Reader

R = TypeVar("R", bound=Record)

_AHEAD = 4
"""Pages that are read ahead where the total is known: enough to hide the latency, few enough to waste."""


@frozen
class Batch(Generic[R]):
    """The rows of one answer, and how many there are in all where the server says so."""

    rows: Sequence[R]
    total: int | None = None


Fetch = Callable[[int, int], Awaitable[Batch[R]]]
"""Reads rows: offset of the first, and how many to ask for."""


@frozen
class Page(Generic[R]):
    """One page of a list.

    Attributes:
        items: The rows that no earlier page of this iteration held.
        start: Offset at which the request began.
        resume: Where to go on: pass it to `by_page(resume=...)`. None on the last page.
        total: How many rows there are in all, where the server says so.
    """

    items: list[R]
    start: int
    resume: str | None = None
    total: int | None = None


class Pages(Generic[R]):
    """A list of the server, read lazily.

    `async for row in pages` reads all of it, `async for page in pages.by_page()` page by page,
    `await pages` the first page, and `await pages.collect()` everything into one list.
    """

    def __init__(
        self,
        fetch: Fetch[R],
        *,
        name: str,
        page_size: int = LARGEST_PAGE,
        start: int = 0,
        top_level: bool = True,
        caps: Caps | None = None,
        confirm_end: bool = False,
        on_page: OnPage = no_page,
    ) -> None:
        if not _is_number(page_size, 1, LARGEST_PAGE):
            raise ConfigurationError(f"page_size must be 1 to {LARGEST_PAGE} rows, not {page_size!r}")
        if not _is_number(start, 0, math.inf):
            raise ConfigurationError(f"start must be 0 or more, not {start!r}")
        self._fetch = fetch
        self._name = name
        self._page_size = page_size
        self._start = start
        self._proven = top_level or confirm_end
        self._caps = caps or Caps()
        self._on_page = on_page

    def __await__(self) -> Generator[Any, None, Page[R]]:
        return self._first().__await__()

    async def _first(self) -> Page[R]:
        pages = self.by_page()
        try:
            return await anext(pages)
        finally:
            await pages.aclose()

    def __aiter__(self) -> AsyncIterator[R]:
        return self._rows()

    async def _rows(self) -> AsyncIterator[R]:
        async for page in self.by_page():
            for row in page.items:
                yield row

    async def collect(self) -> list[R]:
        """Return all rows."""
        return [row async for row in self]

    def _reader(self) -> Reader[R]:
        return Reader(
            name=self._name,
            page_size=self._page_size,
            start=self._start,
            proven=self._proven,
            caps=self._caps,
        )

    async def by_page(self, *, resume: str | None = None) -> AsyncGenerator[Page[R], None]:
        """Yield the pages, each after one request as a rule.

        Args:
            resume: The `resume` of a page or of an error, to go on behind it.

        Raises:
            IncompleteListing: The list cannot be read completely.
            ConfigurationError: `resume` is not from this list.
            LitmosError: A request failed. Its `resume` is where to go on.
        """
        reader = self._reader()
        if resume is not None:
            reader.go_on(resume)
        source = _Source(self._fetch)
        try:
            while not reader.finished():
                start, limit = reader.next_request()
                begun = asyncio.get_running_loop().time()
                try:
                    batch = await source.read(start, limit)
                    fresh = reader.feed(batch.rows, batch.total)
                except LitmosError as problem:
                    problem.resume = reader.token()
                    raise
                taken = asyncio.get_running_loop().time() - begun
                self._on_page(start, len(fresh), batch.total, taken)
                if reader.finished():
                    yield Page(fresh, start, None, batch.total)
                    return
                source.read_ahead(*reader.next_request(), batch.total)
                if fresh:
                    yield Page(fresh, start, reader.token(), batch.total)
        finally:
            await source.aclose()


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int) and least <= value <= most


class _Source(Generic[R]):
    """Reads pages; where the total is known, some of those that will be asked for next side by side."""

    def __init__(self, fetch: Fetch[R]) -> None:
        self._fetch = fetch
        self._ahead: dict[tuple[int, int], asyncio.Task[Batch[R]]] = {}

    async def read(self, start: int, limit: int) -> Batch[R]:
        task = self._ahead.pop((start, limit), None)
        if task is None:
            # Rows shifted, and what was read ahead begins in the wrong places.
            await self.aclose()
            return await self._fetch(start, limit)
        try:
            return await task
        finally:
            task.cancel()

    def read_ahead(self, start: int, limit: int, total: int | None) -> None:
        """Begin to read the pages from `start` on, up to `total` rows."""
        for page in range(_AHEAD):
            # Each page begins with the last row of the one before.
            place = (start + page * (limit - 1), limit)
            if total is None or place[0] + 1 >= total:
                return
            if place not in self._ahead:
                self._ahead[place] = asyncio.ensure_future(self._fetch(*place))

    async def aclose(self) -> None:
        """Stop what is still being read."""
        tasks = list(self._ahead.values())
        self._ahead.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
