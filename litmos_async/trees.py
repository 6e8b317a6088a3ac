"""The rules of paging for lists of trees, without I/O.

The lists of all sessions are courses with their sessions inside. Whether an offset counts courses or sessions is
not documented, and the tree of one course may come in parts. So what counts are the leaves: each is handed out
once, and a page without a new one is the end. The first page with more leaves than rows decides what offsets count:
behind as many leaves comes either one that is known, or what is further on than the next row.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, Literal, TypeVar

from attrs import define, field

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.marks import digest, mark_of
from litmos_async.models.record import Record, Tree
from litmos_async.reader import FAR_BEHIND, LARGEST_PAGE, MOST_FRUITLESS, Ahead
from litmos_async.tokens import reading, write_token

R = TypeVar("R", bound=Record)

_TOKEN_LEAVES: Final = 256
"""Leaves that a resume token remembers."""


@define
class TreeReader(Generic[R]):
    """Reads one list of trees from its start to its end: what `Reader` is for lists of plain rows.

    Attributes:
        name: What list it is, with its filters; a resume token fits this list only.
        page_size: Rows to ask for at a time.
        start: Offset of the first row wanted.
    """

    name: str
    page_size: int = LARGEST_PAGE
    start: int = 0
    _next: int = field(init=False)
    _asked: tuple[int, int] = field(default=(0, 0), init=False)
    _known: dict[bytes, None] = field(factory=dict[bytes, None], init=False)
    _by_rows: int | None = field(default=None, init=False)
    _counts: Literal["rows", "leaves"] | None = field(default=None, init=False)
    _widest: int = field(default=0, init=False)
    _bare: bool = field(default=False, init=False)
    _steps_back: int = field(default=0, init=False)
    # Whether there are rows before this point that are not remembered.
    _forgetful: bool = field(init=False)
    _last_page: tuple[int, list[str]] = field(factory=lambda: (0, list[str]()), init=False)
    # One of these came last in it: where leaves of several rows alternate, the order within a tree is another one.
    _last_leaves: frozenset[str] = field(factory=frozenset[str], init=False)
    _probing: bool = field(default=False, init=False)
    _fruitless: int = field(default=0, init=False)
    # Where the last page began that brought something new.
    _fruitful_at: int = field(init=False)
    _done: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._next = self._fruitful_at = self.start
        self._forgetful = self.start > 0

    def finished(self) -> bool:
        """Return whether the end of the list was seen."""
        return self._done

    def next_request(self) -> tuple[int, int]:
        """Return the offset and the number of rows to ask for: a page begins one row early."""
        if self._probing:
            self._asked = self._next + FAR_BEHIND, self.page_size
            return self._asked
        overlap = 1 if self._known and not self._bare else 0
        back = self.page_size * 2 ** (self._steps_back - 1) if self._steps_back else 0
        limit = min(LARGEST_PAGE, self.page_size + overlap)
        self._asked = max(0, self._next - overlap - back), limit
        return self._asked

    def ahead(self) -> Ahead | None:
        """Return None: where the next page begins is known only when this one is there."""
        return None

    def fits(self, rows: Sequence[R]) -> bool:  # noqa: ARG002 - as `Reader` has it
        """Return False: no page was asked for ahead."""
        return False

    def feed(self, rows: Sequence[R], total: int | None = None, *, start: int | None = None) -> list[R]:  # noqa: ARG002
        """Take the trees that came, and return those with new leaves, and these alone.

        Raises:
            IncompleteListing: Rows shift too fast to follow.
        """
        begin, limit = self._asked
        bare, self._bare = self._bare, False
        leaves = [leaf for row in rows for leaf in _leaves_of(row)]
        fresh = [leaf for leaf in leaves if digest(leaf) not in self._known]
        last_begin, page = self._last_page
        if self._probing:
            # From far behind the end comes nothing, unless the server gives all of the list for each start.
            self._probing, self._done = False, leaves == page
            return []
        fits = not self._known or self._follows(rows, leaves)
        if fits or bare or begin == 0:
            self._last_page = begin, leaves
            self._last_leaves = frozenset(leaf for row in rows for leaf in _last_leaves_of(row))
        if self._by_rows is not None:
            self._counts = "leaves" if fits else "rows"
            self._next, self._by_rows = self._next if fits else self._by_rows, None
            if not fits:
                return []
        if not fresh and (fits or not rows):
            # A single row that is known may be all that the server has room for: ask behind it.
            self._bare = len(rows) == self._widest == 1 and not bare and self._counts != "leaves"
            single = len(leaves if self._counts == "leaves" else rows) < 2
            self._done = not self._bare and single
            self._steps_back = 0
            if not (self._bare or single):
                # Rows that were put in have shifted known ones into the place of new ones.
                self._go_on_behind(begin, min(len(rows), limit), min(len(leaves), limit))
                self._probing = leaves == page and begin != last_begin
                self._watch_progress(begin, limit, last_begin)
            return []
        if not fits and not bare and begin > 0:
            self._step_back()
            return []
        self._steps_back = self._fruitless = 0
        self._fruitful_at = begin
        self._widest = max(self._widest, len(rows))
        self._known |= {digest(leaf): None for leaf in fresh}
        self._go_on_behind(begin, min(len(rows), limit), min(len(leaves), limit))
        new = frozenset(fresh)
        return [_only(row, new) for row in rows if not new.isdisjoint(_leaves_of(row))]

    def _follows(self, rows: Sequence[R], leaves: Sequence[str]) -> bool:
        """Return whether nothing was missed before a page: it begins with what is known, and that has not moved.

        Where not all that came before is remembered, any known leaf will do.
        """
        known = [digest(leaf) in self._known for leaf in leaves]
        if self._forgetful or not rows:
            return any(known)
        begins = sum(known[: len(_leaves_of(rows[0]))]) > 0
        last = self._last_leaves
        # Where the last leaf is gone, a step back brings what stood before it.
        return begins and (
            not last or not last.isdisjoint(leaves) or (self._steps_back > 0 and all(known[:2]))
        )

    def _watch_progress(self, begin: int, limit: int, last_begin: int) -> None:
        # So far, what comes again may be the end of the last page with news, of which the server left rows out.
        self._fruitless += not last_begin < begin <= self._fruitful_at + limit
        if self._fruitless > MOST_FRUITLESS:
            raise IncompleteListing("rows are added to the list faster than they can be read")

    def _go_on_behind(self, begin: int, rows: int, leaves: int) -> None:
        """Set the next offset; where it depends on what offsets count, try the leaves."""
        self._next = begin + (rows if self._counts == "rows" else leaves)
        if self._counts is None and leaves > rows:
            self._by_rows = begin + rows

    def _step_back(self) -> None:
        self._steps_back += 1
        if self._steps_back > MOST_FRUITLESS:
            raise IncompleteListing("the rows of the list shift faster than they can be read")

    def token(self) -> str:
        """Return where this reader stands, for another one to go on from."""
        known = [mark.hex() for mark in list(self._known)[-_TOKEN_LEAVES:]]
        plain = {
            "tree": digest(self.name).hex(),
            "next": self._next,
            "known": known,
            # What it has learnt of the offsets, and what its next page is to show of them.
            "counts": self._counts,
            "by_rows": self._by_rows,
            "widest": self._widest,
            "bare": self._bare,
            "all": not self._forgetful and len(self._known) <= _TOKEN_LEAVES,
        }
        return write_token(plain)

    def go_on(self, token: str) -> None:
        """Stand where another reader stood.

        Raises:
            ConfigurationError: The token is none, or of another list.
        """
        with reading(token) as plain:
            name, self._next = str(plain["tree"]), int(plain["next"])
            self._known = dict.fromkeys(map(bytes.fromhex, plain["known"]))
            self._fruitful_at, self._forgetful = self._next, not plain["all"]
            self._counts = {"rows": "rows", "leaves": "leaves", None: None}[plain["counts"]]
            self._by_rows = None if plain["by_rows"] is None else int(plain["by_rows"])
            self._widest, self._bare = int(plain["widest"]), bool(plain["bare"])
        if name != digest(self.name).hex() or self._next < 0:
            raise ConfigurationError("resume is from another list, or from other filters")


def _leaves_of(row: Record) -> tuple[str, ...]:
    leaves = row.leaves if isinstance(row, Tree) else ()
    # A row without any stands for itself, with all that is in it.
    return leaves or (mark_of(row).content.hex(),)


def _last_leaves_of(row: Record) -> tuple[str, ...]:
    return (row.last_leaves if isinstance(row, Tree) else ()) or _leaves_of(row)


def _only(row: R, leaves: frozenset[str]) -> R:
    return row.only(leaves) if isinstance(row, Tree) and not leaves.issuperset(row.leaves) else row
