"""The rules of paging, without I/O: what to ask for next, and what to make of what comes.

The server pages by row offset and promises no order and no total (api-facts 4). Rows that come and go between
two requests shift the rest. So every request after the first starts one row early. Where a row of that page
is known, nothing between the pages was missed; where none is, the reader steps back until it finds ground.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import deque
from collections.abc import Sequence
from typing import Generic, TypeVar

import attrs
from attrs import define, field

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.models.record import Record, key_of

R = TypeVar("R", bound=Record)

LARGEST_PAGE = 1_000
"""Rows that one request may ask for (api-facts 12)."""

_MEMORY = 10 * LARGEST_PAGE
"""Rows that are remembered: memory stays flat, and lists do not shift by ten thousand rows at once."""

_TOKEN_ROWS = 64
"""Rows that a resume token remembers."""

_PATIENCE = 8
"""Requests in a row that may bring nothing new: steps back (each twice as far), or pages of known rows."""


@define
class Reader(Generic[R]):
    """Reads one list from its start to its end: ask, feed, ask again until it is finished.

    What holds all along: every row that was there throughout, and stands at or before the last row read, has
    been handed out. A page that holds a known row keeps it so, since the rows behind that one follow without
    a gap.

    Attributes:
        name: What list it is, with its filters; a resume token fits this list only.
        page_size: Rows to hand out at a time.
        start: Offset of the first row wanted.
        confirm_end: Ask once more behind every short page.
    """

    name: str
    page_size: int = LARGEST_PAGE
    start: int = 0
    confirm_end: bool = False
    _done: bool = field(default=False, init=False)
    _next: int = field(init=False)
    _asked: tuple[int, int] = field(default=(0, 0), init=False)
    _order: deque[bytes] = field(factory=deque[bytes], init=False)
    _known: set[bytes] = field(factory=set[bytes], init=False)
    _last: bytes | None = field(default=None, init=False)
    _forgetful: bool = field(init=False)
    _steps_back: int = field(default=0, init=False)
    _fruitless: int = field(default=0, init=False)
    _fruitless_page: list[bytes] = field(factory=list[bytes], init=False)
    _handed_out: int = field(default=0, init=False)
    _totals: set[int | None] = field(factory=set[int | None], init=False)

    def __attrs_post_init__(self) -> None:
        self._next = self.start
        # Whether there are rows before this point that are not remembered.
        self._forgetful = self.start > 0

    def finished(self) -> bool:
        """Tell whether the end of the list was seen."""
        return self._done

    def next_request(self) -> tuple[int, int]:
        """Return the offset and the number of rows to ask for."""
        overlap = 1 if self._order else 0
        back = self.page_size * 2 ** (self._steps_back - 1) if self._steps_back else 0
        self._asked = max(0, self._next - overlap - back), min(LARGEST_PAGE, self.page_size + overlap)
        return self._asked

    def feed(self, rows: Sequence[R], total: int | None = None) -> list[R]:
        """Take the rows that came, and return the new ones.

        Raises:
            IncompleteListing: Rows shift too fast to follow, the server ignores `start`, or it gave fewer
                rows than it said there are.
        """
        marks = [_mark(row) for row in rows]
        ground = self._ground(marks)
        if ground is None:
            self._step_back()
            return []
        fresh = self._take(rows, marks, ground)
        start, limit = self._asked
        self._next = start + len(rows)
        self._steps_back = 0
        self._totals.add(total)
        # Exactly 100, 200 ... rows look like a server that caps or ignores `limit`; more than asked for may
        # come too (api-facts 4).
        capped = len(rows) > 0 and len(rows) % 100 == 0
        if len(rows) >= limit or capped or (self.confirm_end and fresh):
            self._watch_progress(fresh, marks)
        else:
            self._finish()
        return fresh

    def _ground(self, marks: Sequence[bytes]) -> int | None:
        """Return where the known part of a page begins, or None where rows may have been missed before it."""
        if not self._order:
            return 0
        for index, mark in enumerate(marks):
            if mark in self._known:
                return index
        # At the very start, with everything remembered, unknown rows are new rows and nothing else.
        return 0 if self._asked[0] == 0 and not self._forgetful else None

    def _take(self, rows: Sequence[R], marks: Sequence[bytes], ground: int) -> list[R]:
        """Return the rows that were not handed out yet, and remember them.

        Unknown rows in front of the known part appeared after we had passed, or are forgotten: not ours.
        """
        if rows and not _has_key(rows[0]) and self._last in {None, marks[0]}:
            # Rows that nothing tells apart may be equal and yet be two: where the pages fit together, none of
            # them is dropped.
            fresh = list(range(0 if self._last is None else 1, len(rows)))
        else:
            seen: set[bytes] = set()
            fresh = []
            for index in range(ground, len(rows)):
                if marks[index] not in self._known and marks[index] not in seen:
                    seen.add(marks[index])
                    fresh.append(index)
        for index in fresh:
            self._learn(marks[index])
        if marks:
            self._last = marks[-1]
        self._handed_out += len(fresh)
        return [rows[index] for index in fresh]

    def _learn(self, mark: bytes) -> None:
        self._order.append(mark)
        self._known.add(mark)
        if len(self._order) > _MEMORY:
            self._known.discard(self._order.popleft())
            self._forgetful = True

    def _step_back(self) -> None:
        self._steps_back += 1
        if self._asked[0] == 0 or self._steps_back > _PATIENCE:
            raise IncompleteListing("the rows of the list shift faster than they can be read")

    def _watch_progress(self, fresh: Sequence[R], marks: list[bytes]) -> None:
        if fresh:
            self._fruitless = 0
            self._fruitless_page = []
            return
        self._fruitless += 1
        if marks == self._fruitless_page:
            # Rows that shifted can bring the same page once, from another offset not twice.
            raise IncompleteListing("the server sends the same rows for every start")
        if self._fruitless > _PATIENCE:
            raise IncompleteListing("rows are put into the list faster than they can be read")
        self._fruitless_page = marks

    def _finish(self) -> None:
        # A total that stayed the same all the way is a promise about a list that stood still.
        if self.start == 0 and len(self._totals) == 1:
            (total,) = self._totals
            if total is not None and self._handed_out < total:
                raise IncompleteListing(f"the server says {total} rows and gave {self._handed_out}")
        self._done = True

    def token(self) -> str:
        """Return where this reader stands, for another one to go on from."""
        marks = [mark.hex() for mark in list(self._order)[-_TOKEN_ROWS:]]
        plain = {"list": _digest(self.name).hex(), "next": self._next, "known": marks}
        return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()

    def go_on(self, token: str) -> None:
        """Stand where another reader stood.

        Raises:
            ConfigurationError: The token is none, or of another list.
        """
        try:
            plain = json.loads(base64.urlsafe_b64decode(token.encode()))
            name, self._next = str(plain["list"]), int(plain["next"])
            marks = [bytes.fromhex(mark) for mark in plain["known"]]
        except (ValueError, TypeError, KeyError):
            raise ConfigurationError("resume is no token of this library") from None
        if name != _digest(self.name).hex() or self._next < 0:
            raise ConfigurationError("resume is from another list, or from other filters")
        for mark in marks:
            self._learn(mark)
        self._last = marks[-1] if marks else None
        self._totals.add(None)
        self._forgetful = self._next > 0


def _mark(row: Record) -> bytes:
    """Return what a row is remembered by: its key, or all of it where nothing tells it from others."""
    return _digest(repr(key_of(row)) if _has_key(row) else repr(attrs.astuple(row)))


def _has_key(row: Record) -> bool:
    return any(key_of(row) or ())


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
