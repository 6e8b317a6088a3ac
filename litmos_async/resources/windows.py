"""Lists over a span of time: the server takes 7 days in one request, callers take any span (api-facts 9)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import MAXYEAR, UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar

import attrs
from attrs import define, field, frozen

from litmos_async.ahead import Batch, Fetch, PageRequest
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.marks import mark_of
from litmos_async.models.record import Record, content_of
from litmos_async.paging import Page, Pages
from litmos_async.resources.base import ListOptions, Resource, in_lane, name_of, split_options
from litmos_async.upcoming import Turn, Upcoming
from litmos_async.wire.dates import utc
from litmos_async.wire.operation import Operation

R = TypeVar("R", bound=Record)

LONGEST: Final = timedelta(days=7)
"""The longest span that the server takes."""

OVERLAP: Final = timedelta(minutes=1)
"""What two windows have in common: whether a row of the very moment of a bound counts is not documented."""

AHEAD: Final = timedelta(days=1)
"""How far `to` lies in the future where everything until now is wanted: the server asks for that."""

_CLOCKS_APART: Final = timedelta(hours=1)
"""How far the server's clock may be behind this one."""

_SECOND: Final = timedelta(seconds=1)

_LONGEST_NUMBER: Final = 9
"""Digits of the number of a window."""


@frozen
class Span:
    """A span of time, and how it is cut into windows.

    The cuts depend on `since` alone, so that a resume token still fits when "until now" has moved on.

    Attributes:
        since: Its beginning, in UTC.
        to: Its end, in UTC.
    """

    since: datetime
    to: datetime

    @property
    def windows(self) -> int:
        """How many windows there are; at least one."""
        rest = self.to - self.since - LONGEST
        return 1 + max(0, -(-rest // (LONGEST - OVERLAP)))

    def window(self, index: int) -> Span:
        """Return one of the windows."""
        since = self.since + index * (LONGEST - OVERLAP)
        return Span(since, min(self.to, since + LONGEST))

    def windows_over(self, now: datetime) -> int:
        """Return how many of the windows are over, whatever the server's clock shows.

        What changes while the list is read leaves its window for the one that holds `now`: read before its turn,
        that one would be read too early, and the change be in neither.
        """
        number = self.windows
        while number and self.window(number - 1).to > now - _CLOCKS_APART:
            number -= 1
        return number

    def holds(self, moment: object) -> bool:
        """Return whether this is a moment, and lies in the span."""
        return isinstance(moment, datetime) and bool(moment.tzinfo) and self.since <= moment <= self.to

    def seam(self, index: int) -> Span:
        """Return what a window has in common with the one before it."""
        window = self.window(index)
        return Span(window.since, min(window.to, window.since + OVERLAP))


def span_of(since: datetime, to: datetime | None, now: datetime) -> Span:
    """Return the span between two times; `to=None` is everything until now.

    The query has whole seconds: the span is widened to them.

    Raises:
        ConfigurationError: A time has no zone, or the span ends before it begins, or never.
    """
    begin, end = utc(since, "since"), now + AHEAD if to is None else utc(to, "to")
    if begin > end:
        raise ConfigurationError("since is later than to")
    if end.year == MAXYEAR:
        # A way to write "no end", and each week until then would cost a request.
        raise ConfigurationError("to is in the year 9999: use None for everything until now")
    whole = end.replace(microsecond=0)
    return Span(begin.replace(microsecond=0), whole if whole == end else whole + _SECOND)


class WindowedPages(Pages[R]):
    """A list that is read window by window, the oldest first, and without the rows that two windows share.

    Each page lies in one window, and its `start` counts from there.

    Args:
        fetch: Returns what reads the rows of one window.
        span: Returns the span; asked anew for each iteration, since it may end now.
        options: What `Pages` takes.
    """

    def __init__(self, fetch: Callable[[Span], Fetch[R]], span: Callable[[], Span], **options: Any) -> None:
        first = span()
        super().__init__(fetch(first.window(0)), **options)
        if self._start and first.windows > 1:
            raise ConfigurationError(
                "start needs a span of 7 days at most; by_page(resume=...) works for any"
            )
        self._fetch_in = fetch
        self._span = span

    def by_page(self, *, resume: str | None = None) -> AsyncGenerator[Page[R], None]:
        """Yield the pages of one window after the other.

        Args:
            resume: The `resume` of a page or of an error, to go on behind it. Takes up to two requests more, to
                know which rows were given already.

        Raises:
            IncompleteListing: The list cannot be read completely.
            ConfigurationError: `resume` is not from this list.
            LitmosError: A request failed. Its `resume` says where to resume.
        """
        return super().by_page(resume=resume)

    async def _walk(self, resume: str | None, pages_ahead: int) -> AsyncGenerator[Page[R], None]:
        span = self._span()
        begin, inner = (0, None) if resume is None else self._read_token(resume, span.windows)

        def open_window(index: int, turn: Turn) -> AsyncGenerator[Page[R], None]:
            pages = self._pages_in(span.window(index), index, pages_ahead, turn)
            return pages.by_page(resume=inner if index == begin else None)

        windows = Upcoming(
            open_window, self._looks_last, span.windows_over(datetime.now(UTC)), pages_ahead, self._budget
        )
        place = resume
        before: Counter[int] = Counter()
        try:
            for index in range(begin, span.windows):
                seam = _Seam(span.seam(index), partial(self._marks_in, span.seam(index), index), before)
                if resume is not None and 0 < index <= begin + 1:
                    # What was given before this list was resumed is not remembered. It can come again only here.
                    await seam.take_all_for_given(place)
                given: Counter[int] = Counter()
                following = self._token(index + 1) if index + 1 < span.windows else None
                window = span.window(index)
                try:
                    async with aclosing(windows.pages_of(index)) as pages:
                        async for page in pages:
                            marks = [_mark(row) for row in page.items]
                            given.update(marks)
                            fresh = await seam.without_repeats(page.items, marks)
                            onward = following if page.resume is None else f"{index}.{page.resume}"
                            if fresh or onward is None:
                                yield attrs.evolve(
                                    page, items=fresh, resume=onward, window=(window.since, window.to)
                                )
                                place = onward
                except LitmosError as problem:
                    problem.resume = place if problem.resume is None else f"{index}.{problem.resume}"
                    raise
                before, place = given, following
        except asyncio.CancelledError:
            windows.cancel()
            raise
        finally:
            await windows.aclose()

    def _looks_last(self, page: Page[R]) -> bool:
        return len(page.items) < self._page_size

    async def _marks_in(self, window: Span, index: int) -> Counter[int]:
        """Return the marks of all rows in a window, in the rows that it shares with the one before it."""
        return Counter([_mark(row) async for row in self._pages_in(window, index, 0, Turn())])

    def _pages_in(self, window: Span, index: int, pages_ahead: int, turn: Turn) -> Pages[R]:
        return Pages(
            turn.watched(self._fetch_in(window)),
            name=self._name_in(index),
            page_size=self._page_size,
            start=self._start,
            top_level=self._proven,
            caps=self._caps,
            tree=self._tree,
            on_page=self._on_page,
            ahead=self._budget,
            urgent=self._urgent,
            pages_ahead=pages_ahead,
        )

    def _name_in(self, index: int) -> str:
        return f"{self._name}, window {index}"

    def _token(self, index: int) -> str:
        """Return the token of the beginning of a window."""
        return f"{index}.{self._reader(self._name_in(index)).token()}"

    def _read_token(self, token: str, windows: int) -> tuple[int, str]:
        """Return the window of a resume token, and the token within it."""
        given: object = token
        number, _, inner = given.partition(".") if isinstance(given, str) else ("", "", "")
        if not number.isdecimal() or len(number) > _LONGEST_NUMBER or int(number) >= windows:
            raise ConfigurationError("resume is not a resume token of this list")
        index = int(number)
        self._reader(self._name_in(index)).go_on(inner)
        return index, inner


def _mark(row: Record) -> int:
    """Return a small thing to remember a row by: all of it, since rows of a key may differ."""
    return hash(mark_of(row).content)


@define(eq=False)
class _Seam:
    """The time that a window shares with the one before it: what comes again there was given.

    An equal row that lies elsewhere in the two windows is another one, such as that of a person who left a team and
    came back. What tells is a date in the row that lies in the seam; else the seam is read, which takes a request.

    Attributes:
        span: The time.
        read: Reads the marks of the rows in it.
        before: How often the window before gave each row, less what came again.
    """

    span: Span
    read: Callable[[], Awaitable[Counter[int]]]
    before: Counter[int]
    _inside: Counter[int] | None = field(default=None, init=False)

    async def take_all_for_given(self, place: str | None) -> None:
        """Let all rows in the seam count as given; `place` is where to go on after an error."""
        try:
            self._inside = await self.read()
        except LitmosError as problem:
            problem.resume = place
            raise
        self.before = self._inside.copy()

    async def without_repeats(self, rows: Sequence[R], marks: Sequence[int]) -> list[R]:
        """Return the rows that the window before did not give."""
        return [row for row, mark in zip(rows, marks, strict=True) if not await self._comes_again(row, mark)]

    async def _comes_again(self, row: Record, mark: int) -> bool:
        if self.before[mark] < 1 or not await self._lies_inside(row, mark):
            return False
        self.before[mark] -= 1
        return True

    async def _lies_inside(self, row: Record, mark: int) -> bool:
        if self._inside is None:
            if any(self.span.holds(value) for value in content_of(row)):
                return True
            try:
                self._inside = await self.read()
            except LitmosError as problem:
                problem.resume = None  # that of another list than this one
                raise
        self._inside[mark] -= 1
        return self._inside[mark] >= 0


class SpanResource(Resource):
    """The base of resources with lists over a span of time."""

    def _in_span(
        self,
        operation: Operation[R],
        since: datetime,
        to: datetime | None,
        *,
        query: Mapping[str, Any] | None = None,
        options: ListOptions,
    ) -> Pages[R]:
        """Return a list over a span of any length."""
        paging, call = split_options(options)
        filters = dict(query or {})
        self._check(operation, (), filters, call)

        def span() -> Span:
            return span_of(since, to, datetime.now(UTC))

        def fetch_in(window: Span) -> Fetch[R]:
            async def fetch(page: PageRequest) -> Batch[R]:
                part = {
                    "start": page.start,
                    "limit": page.limit,
                    "since": window.since,
                    "to": window.to,
                }
                asked = filters | part
                return Batch(await self._rows(operation, query=asked, options=in_lane(call, page), page=page))

            return fetch

        asked = {"since": utc(since, "since"), "to": None if to is None else utc(to, "to")}
        name = name_of(operation, (), filters | asked)
        return WindowedPages(
            fetch_in,
            span,
            name=name,
            **self._paging_of(operation, call),
            **paging,
        )
