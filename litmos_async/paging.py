"""Complete lists: every row that was there throughout, exactly once, or an error.

The rules are in `reader.py`; this is what callers iterate over.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import aclosing
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from attrs import frozen

from litmos_async.ahead import MOST_AHEAD, AheadBudget, Fetch, PageSource
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.hooks import OnPage, no_page
from litmos_async.iteration import Iteration
from litmos_async.models.record import Record
from litmos_async.reader import LARGEST_PAGE, Caps, Reader
from litmos_async.trees import TreeReader

R = TypeVar("R", bound=Record)


@frozen
class Page(Generic[R]):
    """One page of a list.

    ```python
    async for page in litmos.users.list(page_size=500).by_page():
        print(len(page.items), page.resume)  # keep page.resume to go on here
    ```

    Attributes:
        items: The rows that no earlier page of this iteration held.
        start: Offset at which the request began.
        resume: Where to resume: pass it to `by_page(resume=...)`. None on the last page.
        total: How many rows there are in total, if the server says so; otherwise None.
        window: The span of time that the page covers, if a list over a span is read in windows of 7 days;
            otherwise None. The last window ends in the future if the list goes up to now.
    """

    items: list[R]
    start: int
    resume: str | None = None
    total: int | None = None
    window: tuple[datetime, datetime] | None = None


class Pages(Generic[R]):
    """A list of the server, read lazily.

    `async for row in pages` reads all of it, `async for page in pages.by_page()` page by page,
    `await pages` the first page, and `await pages.collect()` everything into one list.

    ```python
    async for user in litmos.users.list():
        print(user.user_name)
    first = await litmos.users.list(page_size=50)
    everyone = await litmos.users.list().collect()
    ```
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
        ahead: AheadBudget | None = None,
        urgent: bool = False,
        confirm_end: bool = False,
        tree: bool = False,
        on_page: OnPage = no_page,
        pages_ahead: int = 0,
    ) -> None:
        if not _is_number(page_size, 1, LARGEST_PAGE):
            raise ConfigurationError(f"page_size must be 1 to {LARGEST_PAGE} rows, not {page_size!r}")
        if not _is_number(start, 0, math.inf):
            raise ConfigurationError(f"start must be 0 or more, not {start!r}")
        if not _is_number(pages_ahead, 0, MOST_AHEAD):
            raise ConfigurationError(f"pages_ahead must be 0 to {MOST_AHEAD} pages, not {pages_ahead!r}")
        self._fetch = fetch
        self._name = name
        self._page_size = page_size
        self._start = start
        self._proven = top_level or confirm_end
        self._caps = caps or Caps()
        self._tree = tree
        self._on_page = on_page
        self._budget = ahead or AheadBudget()
        self._urgent = urgent
        self._pages_ahead = pages_ahead

    def __await__(self) -> Generator[Any, None, Page[R]]:
        return self._first().__await__()

    async def _first(self) -> Page[R]:
        async with aclosing(self._walk(None, pages_ahead=0)) as pages:
            return await anext(pages)

    def __aiter__(self) -> AsyncIterator[R]:
        return _Rows(self.by_page())

    async def collect(self) -> list[R]:
        """Return all rows."""
        return [row async for row in self]

    def _reader(self, name: str = "") -> Reader[R] | TreeReader[R]:
        """Return the rules that this list is read by; `name` is that of one of its windows."""
        if self._tree:
            return TreeReader(name=name or self._name, page_size=self._page_size, start=self._start)
        return Reader(
            name=name or self._name,
            page_size=self._page_size,
            start=self._start,
            proven=self._proven,
            caps=self._caps,
        )

    def by_page(self, *, resume: str | None = None) -> AsyncGenerator[Page[R], None]:
        """Yield the pages, usually one per request. The last one may be empty, and proves the end.

        An iterator that an error, a cancellation or the end of its event loop has broken off raises an error when
        it is asked for more; one that you have closed with `aclose` ends.

        Args:
            resume: The `resume` of a page or an error, to continue after it. None starts at the beginning.

        Raises:
            IncompleteListing: The list cannot be read completely.
            ConfigurationError: `resume` is not from this list; or the iteration was broken off before.
            LitmosError: A request failed. Its `resume` says where to resume.
        """
        return Iteration(self._walk(resume, self._pages_ahead))

    async def _walk(self, resume: str | None, pages_ahead: int) -> AsyncGenerator[Page[R], None]:
        reader = self._reader()
        if resume is not None:
            reader.go_on(resume)
        source = PageSource(self._fetch, pages_ahead, self._budget, self._urgent)
        try:
            while not reader.finished():
                begun = asyncio.get_running_loop().time()
                try:
                    start, batch = await source.read(*reader.next_request(), reader.fits)
                    fresh = reader.feed(batch.rows, batch.total, start=start)
                except LitmosError as problem:
                    problem.resume = reader.token()
                    raise
                taken = asyncio.get_running_loop().time() - begun
                self._on_page(start, len(fresh), batch.total, taken)
                if reader.finished():
                    yield Page(fresh, start, None, batch.total)
                    return
                source.ask(reader.ahead(), batch.total)
                if fresh:
                    yield Page(fresh, start, reader.token(), batch.total)
        except asyncio.CancelledError:
            source.cancel()
            raise
        finally:
            await source.aclose()


class _Rows(AsyncGenerator[R, None]):
    """The rows of the pages, one by one: a class, so that a row passes through one frame only."""

    def __init__(self, pages: AsyncGenerator[Page[R], None]) -> None:
        self._pages = pages
        self._rows: Iterator[R] = iter(())

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> R:
        while True:
            for row in self._rows:
                return row
            self._rows = iter((await anext(self._pages)).items)

    async def asend(self, value: None) -> R:  # noqa: ARG002 - a generator of these types takes nothing else
        return await self.__anext__()

    async def athrow(self, *thrown: Any) -> R:
        self._rows = iter(())
        await self._pages.athrow(*thrown)
        return await self.__anext__()

    async def aclose(self) -> None:
        self._rows = iter(())
        await self._pages.aclose()


def _is_number(value: object, least: float, most: float) -> bool:
    return isinstance(value, int) and least <= value <= most
