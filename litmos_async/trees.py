"""The rules of paging for lists of trees, without I/O.

The lists of all sessions are courses with their sessions inside. Whether an offset counts courses or sessions is
not documented, and the tree of one course may come in parts. So what counts are the leaves: each is handed out
once, and a page without a new one is the end. The first page with more leaves than rows decides what offsets count:
behind as many leaves comes either one that is known, or what is further on than the next row.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Final, Generic, Literal, TypeVar

from attrs import define, field

from litmos_async.errors import ConfigurationError, IncompleteListing
from litmos_async.marks import digest, mark_of
from litmos_async.models.record import Record, Tree
from litmos_async.reader import LARGEST_PAGE, Ahead

R = TypeVar("R", bound=Record)

_TOKEN_LEAVES: Final = 256
"""Leaves that a resume token remembers."""

_PATIENCE: Final = 8
"""Steps back in a row, each twice as far."""


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
    _done: bool = field(default=False, init=False)

    def __attrs_post_init__(self) -> None:
        self._next = self.start

    def finished(self) -> bool:
        """Return whether the end of the list was seen."""
        return self._done

    def next_request(self) -> tuple[int, int]:
        """Return the offset and the number of rows to ask for: a page begins one row early."""
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
        fits = not self._known or len(fresh) < len(leaves)
        if self._by_rows is not None:
            self._counts = "leaves" if fits else "rows"
            self._next, self._by_rows = self._next if fits else self._by_rows, None
            if not fits:
                return []
        if not fresh:
            # A single row that is known may be all that the server has room for: ask behind it.
            self._bare = len(rows) == self._widest == 1 and not bare and self._counts != "leaves"
            self._done = not self._bare
            return []
        if not fits and not bare and begin > 0:
            self._step_back()
            return []
        self._steps_back = 0
        self._widest = max(self._widest, len(rows))
        self._known |= {digest(leaf): None for leaf in fresh}
        self._go_on_behind(begin, min(len(rows), limit), min(len(leaves), limit))
        new = frozenset(fresh)
        return [_only(row, new) for row in rows if not new.isdisjoint(_leaves_of(row))]

    def _go_on_behind(self, begin: int, rows: int, leaves: int) -> None:
        """Set the next offset; where it depends on what offsets count, try the leaves."""
        self._next = begin + (rows if self._counts == "rows" else leaves)
        if self._counts is None and leaves > rows:
            self._by_rows = begin + rows

    def _step_back(self) -> None:
        self._steps_back += 1
        if self._steps_back > _PATIENCE:
            raise IncompleteListing("the rows of the list shift faster than they can be read")

    def token(self) -> str:
        """Return where this reader stands, for another one to go on from."""
        known = [mark.hex() for mark in list(self._known)[-_TOKEN_LEAVES:]]
        plain = {"tree": digest(self.name).hex(), "next": self._next, "known": known}
        return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()

    def go_on(self, token: str) -> None:
        """Stand where another reader stood.

        Raises:
            ConfigurationError: The token is none, or of another list.
        """
        try:
            plain = json.loads(base64.urlsafe_b64decode(token.encode()))
            name, self._next = str(plain["tree"]), int(plain["next"])
            self._known = dict.fromkeys(map(bytes.fromhex, plain["known"]))
        except (ValueError, TypeError, KeyError):
            raise ConfigurationError("resume is not a resume token of this list") from None
        if name != digest(self.name).hex() or self._next < 0:
            raise ConfigurationError("resume is from another list, or from other filters")


def _leaves_of(row: Record) -> tuple[str, ...]:
    leaves = row.leaves if isinstance(row, Tree) else ()
    # A row without any stands for itself, with all that is in it.
    return leaves or (mark_of(row).content.hex(),)


def _only(row: R, leaves: frozenset[str]) -> R:
    return row.only(leaves) if isinstance(row, Tree) and not leaves.issuperset(row.leaves) else row
