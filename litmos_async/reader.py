"""The rules of paging, without I/O: what to ask for next, and what to make of what comes.

The server pages by row offset and promises no order and no total (api-facts 4). Rows that come and go between
two requests shift the rest. So every request after the first starts one row early. Where that page begins with
what was read, nothing between the pages was missed; where it does not, the reader steps back until one does. A
known row further on proves nothing: it may have moved there. What one row cannot show is a move together with other
changes between the same two requests, which happen to put a known row where the page begins.

A page that is shorter than asked for proves nothing: servers cap pages at any size, and leave rows out after they
have counted them (inactive people, rows that the key may not see). What the proof of the end costs:

| the list | its end is proven by | requests more |
|---|---|---|
| has no id in its path: `/users`, `/org/teams` | a page that brings nothing new | 1 |
| the same, without a row | that empty page | 0 |
| gives a total: `/users/paginated` | a page that reaches it (below); else as the first | 0 |
| has an id in its path, and its last page is `looks_cut` | as the first | 1 |
| has an id in its path, and its last page is not | that page: to confirm each would double its price | 0 |
| any, with `confirm_end=True` | as the first | 1 |

A total that lies low would make a prefix of the list. So it is believed only of a page that ends at it and is
shorter than asked for: the first page, if it does not look cut, or a later one that is shorter than one before it,
if all pages before gave the same total. A list whose last page is a full one, or that has one page which looks cut,
costs the request that the first line says.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, Generic, TypeVar

from attrs import define, field, frozen

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.marks import Mark, Memory, digest, mark_of
from litmos_async.models.record import Record
from litmos_async.tokens import reading, write_token

R = TypeVar("R", bound=Record)

LARGEST_PAGE: Final = 1_000
"""Rows that one request may ask for (api-facts 12)."""

_TOKEN_ROWS: Final = 64
"""Rows that a resume token remembers."""

MOST_FRUITLESS: Final = 8
"""Requests in a row that may bring nothing new: steps back (each twice as far), or pages of known rows."""

FAR_BEHIND: Final = 1_000_000
"""Rows behind the last one: no list shifts so far between two requests."""

_SURPLUS: Final = 16
"""Rows of a page among which a known one shows that it fits: more than a server was seen to give too many."""

_ROUND: Final = 25
"""Caps are round numbers: the default page is 100 rows (api-facts 4)."""

_NEARLY: Final = 0.9
"""The part of what was asked for from which on a page looks like a full one with rows left out."""


@define
class Caps:
    """The page sizes that a server was found to cap at. One for all lists of a client.

    Attributes:
        smallest: Rows of the shortest page that had more behind it.
    """

    smallest: float = math.inf

    def met(self, rows: int) -> None:
        """Note a page that was shorter than asked for, though more rows followed."""
        self.smallest = min(self.smallest, rows)


def looks_cut(rows: int, asked: int, caps: Caps) -> bool:
    """Return whether a page that is shorter than asked for may have been cut short.

    Args:
        rows: How many rows it has.
        asked: How many were asked for.
        caps: What is known of the server.
    """
    return rows > 0 and (
        rows >= 4 * _ROUND or rows % _ROUND == 0 or rows >= _NEARLY * asked or rows >= caps.smallest
    )


def requests_of_list(rows: int, *, top_level: bool) -> int:
    """Return how many requests it takes to read a list of so many rows, the proof of its end included."""
    pages = max(1, -(-(rows - 1) // (LARGEST_PAGE - 1)))
    last = rows - (pages - 1) * (LARGEST_PAGE - 1)
    return pages + (rows > 0 if top_level else looks_cut(last, LARGEST_PAGE, Caps()))


@frozen
class Ahead:
    """Where the next pages stand, if nothing moves and none of them is short.

    Attributes:
        start: Offset at which the next one begins.
        limit: Rows to ask for.
        stride: Rows from one to the next. What comes too much comes twice: a page counts for what was asked for.
        full: Rows of a page that has others behind it.
    """

    start: int
    limit: int
    stride: int
    full: int


@define
class Reader(Generic[R]):
    """Reads one list from its start to its end: ask, feed, ask again until it is finished.

    What holds all along: every row that was there throughout, and stands at or before the last row read, has
    been handed out. A page that begins with a known row keeps it so, since the rows behind that one follow without
    a gap; one that holds a known row further on may not, since that one may have moved.

    Attributes:
        name: What list it is, with its filters; a resume token fits this list only.
        page_size: Rows to hand out at a time.
        start: Offset of the first row wanted.
        proven: Whether a short page is confirmed whatever it looks like.
        caps: What is known of the server.
    """

    name: str
    page_size: int = LARGEST_PAGE
    start: int = 0
    proven: bool = True
    caps: Caps = field(factory=Caps)
    _done: bool = field(default=False, init=False)
    _next: int = field(init=False)
    # The offset behind the last row read; beyond `_next` where more rows came than were asked for.
    _end: int = field(init=False)
    _asked: tuple[int, int] = field(default=(0, 0), init=False)
    _memory: Memory = field(factory=Memory, init=False)
    # Whether there are rows before this point that are not remembered.
    _forgetful: bool = field(init=False)
    # The page that was given up last, since nothing showed that it follows, and where its last known row stands.
    _loose: tuple[int, list[Mark], int] = field(factory=lambda: (-1, list[Mark](), -1), init=False)
    _doubt: list[Mark] = field(factory=list[Mark], init=False)
    _empty_at: float = field(default=math.inf, init=False)
    _last_page: tuple[int, list[Mark]] = field(factory=lambda: (0, list[Mark]()), init=False)
    _probing: bool = field(default=False, init=False)
    _probed: bool = field(default=False, init=False)
    _steps_back: int = field(default=0, init=False)
    # Whether each page so far began with the rows that stood there: then none of those read has moved on.
    _still: bool = field(default=True, init=False)
    _restarts: int = field(default=0, init=False)
    _short: int = field(default=0, init=False)
    _full: int = field(default=LARGEST_PAGE, init=False)
    _was_full: bool = field(default=False, init=False)
    _widest: int = field(default=0, init=False)
    _single: int = field(default=0, init=False)
    _fruitless: int = field(default=0, init=False)
    # Where the last page began that brought something new behind the known rows.
    _fruitful_at: int = field(init=False)
    _handed_out: int = field(default=0, init=False)
    _totals: set[int | None] = field(factory=set[int | None], init=False)

    def __attrs_post_init__(self) -> None:
        self._next = self._end = self._fruitful_at = self.start
        self._forgetful = self.start > 0

    def finished(self) -> bool:
        """Return whether the end of the list was seen."""
        return self._done

    def next_request(self) -> tuple[int, int]:
        """Return the offset and the number of rows to ask for."""
        if self._probing:
            self._asked = self._next + FAR_BEHIND, self._asked[1]
            return self._asked
        overlap = 1 if self._memory and not self._is_single() else 0
        limit = min(LARGEST_PAGE, self.page_size + (1 if self._memory else 0))
        # A step back stays on the grid of the pages that may have been asked for ahead.
        # With pages that are cut short, it would take many of them to come back.
        page = limit if self._widest >= limit - 1 else max(2, self._widest)
        back = (page - 1) * 2 ** (self._steps_back - 1) if self._steps_back else 0
        self._asked = max(0, self._next - overlap - back), limit
        return self._asked

    def _is_single(self) -> bool:
        # From a server that gives one row an answer, the overlap would bring that row for ever.
        return self._widest == 1 and self._short == 1 and not self._steps_back

    def ahead(self) -> Ahead | None:
        """Return where the next pages stand, or None where the last one was no full page."""
        if self._done or not self._was_full or self._steps_back or self._probing:
            return None
        start, limit = self.next_request()
        full = min(limit, self._full)
        return Ahead(start, limit, max(1, full - 1), full)

    def fits(self, rows: Sequence[R]) -> bool:
        """Return whether a page that begins further on than the next one follows without a gap."""
        # A row without a key may be another one that is equal in everything, and so may each one where two were.
        if not self._memory.all_differ():
            return False
        marks = map(mark_of, rows[:_SURPLUS])
        return any(self._memory.holds(mark) and mark.key != mark.content for mark in marks)

    def feed(self, rows: Sequence[R], total: int | None = None, *, start: int | None = None) -> list[R]:
        """Take the rows that came, and return the new ones.

        Args:
            rows: The rows of an answer.
            total: How many there are in all, where the server says so.
            start: Offset at which they begin, where that is not what was asked for: only if it `fits`.

        Raises:
            IncompleteListing: Rows shift too fast to follow, the server ignores `start`, or it gave fewer
                rows than it said there are.
        """
        if start is not None:
            self._asked = start, self._asked[1]
        marks = [mark_of(row) for row in rows]
        if self._probing:
            self._take_probe(marks)
            return []
        if self._memory and not marks:
            self._empty_at = min(self._empty_at, self._asked[0])
            if self._is_single():
                self._finish()
                return []
        seam = self._seam(marks)
        if seam is None:
            self._step_back(marks)
            return []
        self._still = self._still and self._stands_still(marks, seam)
        new = self._new(marks, seam)
        begin, limit = self._asked
        if self._may_ignore_start(marks, new):
            self._probing = True
            return []
        ends = self._ends(marks, new, total)
        self._learn_caps(len(rows), len(new))
        self._memory.add_in_front(marks[index] for index in new if index < seam)
        self._memory.add(marks[seam + 1 :])
        # What came too much counts as not asked for: it comes again in front of the next page, and is known.
        self._next, self._end = begin + min(len(rows), limit), begin + len(rows)
        self._short = len(rows) if len(rows) < limit else 0
        self._was_full = len(rows) >= min(limit, self._full)
        self._widest = max(self._widest, len(rows))
        self._steps_back = 0
        self._doubt = []
        self._handed_out += len(new)
        self._totals.add(total)
        if ends:
            self._finish()
        else:
            self._watch_progress(marks, gone_on=any(index > seam for index in new))
        self._last_page = begin, marks
        return [rows[index] for index in new]

    def _seam(self, marks: list[Mark]) -> int | None:
        """Return where the last known row of a page stands, or None where rows may have been missed before it."""
        if not self._memory:
            return -1
        if self._loose[:2] == (self._asked[0], marks) and len(set(marks)) == len(marks):
            # What stood before its known row was read in between; of two equal rows, only one may have been.
            return self._loose[2]
        seam = self._memory.seam(marks, self._end - self._asked[0])
        if seam is None and any(map(self._memory.holds_key, marks)):
            # Either the row that was read last has changed since, or it is gone and another of its key stands
            # in its place. What stays the same in a second answer is not changed by being read.
            if not self._doubt:
                self._doubt = marks
                return None
            if self._changes_by_itself(marks):
                self._memory.compare_by_key()
                seam = self._memory.seam(marks, 0)
        if self._sees_all():
            if seam is None:
                # With everything remembered, unknown rows are new rows and nothing else.
                self._restarts += 1
                return -1 if self._restarts <= MOST_FRUITLESS else None
        elif seam is not None and not self._is_anchored(marks, seam):
            self._loose = self._asked[0], marks, seam
            self._fruitless += 1
            return None
        return seam

    def _sees_all(self) -> bool:
        """Return whether a page stands at the very start of the list, and all that was read is remembered."""
        return self._asked[0] == 0 and self._remembers_all()

    def _remembers_all(self) -> bool:
        return not (self._forgetful or self._memory.full)

    def _is_anchored(self, marks: list[Mark], seam: int) -> bool:
        """Return whether a page with known rows begins where these stood, so that nothing is missed before it.

        A known row may have moved, as that of a person who logs in where the latest come last, and what stands
        before it then was never seen.
        """
        known, (_, page) = self._memory, self._last_page
        overlap = self._end - self._asked[0]
        if overlap > len(known):
            return True  # what stands before it is not remembered
        if 0 < overlap <= len(page) and known.alike(marks[0], page[-overlap]):
            return True  # its first row stands where it stood
        first = next(index for index, mark in enumerate(marks) if known.holds(mark))
        if first > 0 and self._remembers_all():
            return False
        if first == 0 and any(known.alike(mark, last) for last in page[-1:] for mark in marks[: seam + 1]):
            return True  # behind it comes the row that was read last
        # That one is gone, or forgotten rows come first: then two that were read one after the other still do so.
        return first < seam and known.stood_together(marks[first], marks[first + 1])

    def _changes_by_itself(self, marks: list[Mark]) -> bool:
        """Return whether the rows of two answers are those that were read, and no two answers have them alike."""
        keys = {mark.key for mark in self._doubt}
        twice = [mark for mark in marks if mark.key in keys]
        return (
            bool(twice)
            and not any(mark in self._doubt for mark in twice)
            and self._memory.keys_stand(marks, self._end - self._asked[0])
        )

    def _stands_still(self, marks: list[Mark], seam: int) -> bool:
        """Return whether a page begins with the last rows as they were read, and with no fewer of them.

        It may have more, where the server left rows out or some were put in. Had a known row moved on to behind the
        last one, there would be fewer.
        """
        overlap = max(0, self._end - self._asked[0])
        known = self._memory.last(max(overlap, seam + 1))
        return self._memory.compared(marks[: len(known)]) == known[: len(marks)]

    def _may_ignore_start(self, marks: list[Mark], new: list[int]) -> bool:
        """Return whether all of a page was there before, from another offset, and some of it would be new.

        Either its rows are equal in all that they hold, or the server ignores `start`: a probe tells.
        """
        start, page = self._last_page
        return not self._probed and bool(new) and marks == page and start != self._asked[0]

    def _new(self, marks: list[Mark], seam: int) -> list[int]:
        """Return which rows of a page were not handed out yet.

        Unknown rows in front of the known part appeared after we had passed, or are forgotten: not ours. At the
        very start of the list, with nothing forgotten, they may as well have followed a row that has moved.
        """
        known = self._memory
        first = next((index for index in range(seam + 1) if known.holds(marks[index])), seam)
        if self._sees_all():
            first = 0
        # Where no two rows share their key, one of a known key is the known one, changed.
        unique = known.keys_are_unique() and len({mark.key for mark in marks}) == len(set(marks))
        between = [
            index
            for index in range(first, seam)
            if not known.holds(marks[index]) and not (unique and known.holds_key(marks[index]))
        ]
        # A known row that stands behind the last one has moved there, if the list moves and the row has a key: else
        # it is one that nothing tells from the other.
        behind = [
            index
            for index in range(seam + 1, len(marks))
            if self._still or not known.holds(marks[index]) or marks[index].key == marks[index].content
        ]
        return between + behind

    def _ends(self, marks: list[Mark], new: list[int], total: int | None) -> bool:
        """Return whether a page is the last one; the table at the top of this module says why."""
        start, limit = self._asked
        if len(marks) >= limit:
            return False
        if total is not None and start + len(marks) == total and self._bears_out(total, len(marks)):
            return True
        if not self.proven and not looks_cut(len(marks), limit, self.caps):
            return True
        if (
            self._asked[0] == 0
            and start + len(marks) >= self._empty_at
            and all(map(self._memory.holds, marks))
        ):
            # Nothing stood at that offset, nothing was put in since, and everything in front of it is known.
            return True
        # Whatever else shares the page with the last known row may be all that the server had room for.
        return not new and (not marks or (len(marks) == 1 and self._widest > 1))

    def _bears_out(self, total: int, rows: int) -> bool:
        """Return whether a short page that ends at the total shows that the list does.

        It may be the number of rows of this very answer, or of another list: then a page ends there by chance only
        where the server cuts it.
        """
        if not self._totals:
            return not looks_cut(rows, self._asked[1], self.caps)
        return self._totals == {total} and rows < self._widest

    def _learn_caps(self, rows: int, new: int) -> None:
        # A single row may have been put into the list since.
        if self._short and new > 1:
            self.caps.met(self._short)
            if rows == self._short:
                self._full = rows

    def _step_back(self, marks: list[Mark]) -> None:
        # From a page that was asked for ahead, behind a short one, known rows may be missing all the same.
        self._still = self._still and self._asked[0] >= self._end
        if self._is_single():
            self._single += 1
        self._steps_back += 1
        # What is in doubt since this very page is looked at once more.
        if (self._asked[0] == 0 and self._doubt is not marks) or self._steps_back > MOST_FRUITLESS:
            raise IncompleteListing("the rows of the list shift faster than they can be read")
        if self._single > 1:
            raise IncompleteListing(
                "the server returns one row per answer, so rows that shift would go unnoticed"
            )

    def _watch_progress(self, marks: list[Mark], *, gone_on: bool) -> None:
        (begin, limit), (start, page) = self._asked, self._last_page
        if gone_on:
            self._fruitless, self._fruitful_at = 0, begin
        elif not start < begin <= self._fruitful_at + limit:
            # So far, what comes again may be the end of that page, of which the server left rows out.
            self._fruitless += 1
        if self._fruitless > MOST_FRUITLESS:
            raise IncompleteListing("rows are added to the list faster than they can be read")
        # Rows that shifted can bring the same page from another offset. From far behind the end they cannot.
        self._probing = not (gone_on or self._probed) and marks == page and start != begin

    def _take_probe(self, marks: list[Mark]) -> None:
        """Judge what came from far behind the end: nothing, unless the server ignores `start`."""
        self._probing, self._probed = False, True
        _, page = self._last_page
        if marks and marks == page:
            if len(marks) >= self._asked[1] or looks_cut(len(marks), self._asked[1], self.caps):
                raise IncompleteListing("the server returns the same rows for every start")
            self._finish()  # all of the list, each time

    def _finish(self) -> None:
        # A total that stayed the same all the way is a promise about a list that stood still.
        if self.start == 0 and len(self._totals) == 1:
            (total,) = self._totals
            if total is not None and self._handed_out < total:
                raise IncompleteListing(f"the server announced {total} rows and returned {self._handed_out}")
        self._done = True

    def token(self) -> str:
        """Return where this reader stands, for another one to go on from."""
        plain = {
            "list": digest(self.name).hex(),
            "next": self._next,
            "end": self._end,
            "known": [mark.hex() for mark in self._memory.last(_TOKEN_ROWS)],
            "by_key": self._memory.by_key,
            "still": self._still,
            "all": self._remembers_all() and len(self._memory) <= _TOKEN_ROWS,
        }
        return write_token(plain)

    def go_on(self, token: str) -> None:
        """Stand where another reader stood.

        Raises:
            ConfigurationError: The token is none, or of another list.
        """
        with reading(token) as plain:
            name, self._next, self._end = str(plain["list"]), int(plain["next"]), int(plain["end"])
            marks = [Mark(key, key) for key in map(bytes.fromhex, plain["known"])]
            self._memory.by_key = bool(plain["by_key"])
            self._forgetful, self._still = not plain["all"], bool(plain["still"])
        if name != digest(self.name).hex() or self._next < 0:
            raise ConfigurationError("resume is from another list, or from other filters")
        self._memory.add(marks)
        self._last_page = 0, marks
        self._fruitful_at = self._next
        self._totals.add(None)
