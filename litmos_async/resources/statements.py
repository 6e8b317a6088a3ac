"""The list of statements of a learning record store, which is continued by links and not by offsets."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from typing import Final

from litmos_async.errors import ConfigurationError, IncompleteListing, LitmosError
from litmos_async.hooks import OnPage, no_page
from litmos_async.iteration import never_cut_short
from litmos_async.models import XapiStatement
from litmos_async.paging import Page, Pages
from litmos_async.tokens import reading, write_token

MOST_EMPTY: Final = 50
"""Parts without a statement in a row: some may come from a store that filters a part after it has cut it off."""

Read = Callable[[str], Awaitable[tuple[list[XapiStatement], str]]]
"""Reads one part: takes the link to it, empty for the first, and returns the statements and the link to more."""


class StatementPages(Pages[XapiStatement]):
    """A list of statements, read lazily, as `Pages` is.

    A token for `by_page(resume=...)` holds the store's link to more, which works for 24 hours at least.
    """

    def __init__(self, read: Read, *, name: str, on_page: OnPage = no_page) -> None:
        self._read = read
        self._on_page = on_page
        self._mark = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).hexdigest()

    async def _first(self) -> Page[XapiStatement]:
        async with aclosing(self.by_page()) as pages:
            return await anext(pages)

    @never_cut_short
    async def by_page(self, *, resume: str | None = None) -> AsyncGenerator[Page[XapiStatement], None]:
        """Yield the parts of the list as the store gives them.

        Args:
            resume: The `resume` of a page or of an error, to go on behind it.

        Raises:
            IncompleteListing: The links go round in a circle, or on and on without a statement.
            ConfigurationError: `resume` is not from this list.
            LitmosError: A request failed, or a link leads to another host. Its `resume` is where to go on.
        """
        link = "" if resume is None else self._link_in(resume)
        circle = _Circle()
        start = empty = 0
        while True:
            begun = asyncio.get_running_loop().time()
            try:
                statements, more = await self._read(link)
                if more and circle.closes(more):
                    raise IncompleteListing("the store's links to more statements form a circle")
                empty = 0 if statements else empty + 1
                if more and empty > MOST_EMPTY:
                    raise IncompleteListing(
                        f"the store gave {empty} parts without a statement, and a link to more"
                    )
            except LitmosError as problem:
                problem.resume = self._token(link) if link else None
                raise
            self._on_page(start, len(statements), None, asyncio.get_running_loop().time() - begun)
            yield Page(statements, start, self._token(more) if more else None)
            if not more:
                return
            start, link = start + len(statements), more

    def _token(self, link: str) -> str:
        return write_token({"list": self._mark, "more": link})

    def _link_in(self, token: str) -> str:
        with reading(token) as plain:
            mark, link = str(plain["list"]), str(plain["more"])
        if mark != self._mark or not link:
            raise ConfigurationError("resume is from another list, or from other filters")
        return link


class _Circle:
    """Finds a link that comes again, in memory that does not grow (R. P. Brent, 1980)."""

    def __init__(self) -> None:
        self._kept = ""
        self._steps = 0
        self._limit = 1

    def closes(self, link: str) -> bool:
        """Return whether a link was seen; a circle of n links is found within 3 n of them."""
        if link == self._kept:
            return True
        self._steps += 1
        if self._steps == self._limit:
            self._kept, self._steps, self._limit = link, 0, 2 * self._limit
        return False
