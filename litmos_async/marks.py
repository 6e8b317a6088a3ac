"""What a reader remembers of the rows that it has read, and where they stand in the next answer.

Rows that moved between two requests are found by all that they hold, not by their key: two rows of a list may share
their key (a course taken twice, one person in two sessions), and neither may be taken for the other.
"""

from __future__ import annotations

import hashlib
from collections import Counter, deque
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from attrs import define, field, frozen

from litmos_async.models.record import Record, content_of, key_of

_MEMORY: Final = 10_000
"""Rows that are remembered: memory stays flat, and lists do not shift by ten thousand rows at once."""


@frozen
class Mark:
    """What a row is remembered by.

    Attributes:
        key: What the row is about; all of it where its record has no key.
        content: All that it holds.
    """

    key: bytes
    content: bytes


def mark_of(row: Record) -> Mark:
    """Return what a row is remembered by."""
    content = digest(repr(content_of(row)))
    key = key_of(row)
    return Mark(digest(repr(key)) if any(key or ()) else content, content)


def digest(text: str) -> bytes:
    """Return a short hash that is the same in every process."""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()


@define
class Memory:
    """The rows that were read last, in the order of the list.

    Attributes:
        by_key: Whether the server changes rows from one answer to the next, so that only their keys compare.
        full: Whether something was forgotten.
    """

    by_key: bool = False
    full: bool = False
    _order: deque[Mark] = field(factory=deque[Mark], init=False)
    _contents: Counter[bytes] = field(factory=Counter[bytes], init=False)
    _keys: Counter[bytes] = field(factory=Counter[bytes], init=False)

    def __len__(self) -> int:
        return len(self._order)

    def add(self, marks: Iterable[Mark]) -> None:
        """Remember rows that follow what is known."""
        for mark in marks:
            self._order.append(mark)
            self._contents[self._what(mark)] += 1
            self._keys[mark.key] += 1
        while len(self._order) > _MEMORY:
            self._forget(self._order.popleft())
            self.full = True

    def add_in_front(self, marks: Iterable[Mark]) -> None:
        """Remember rows that stand somewhere before the last known one."""
        for mark in marks:
            last = self._order.pop()
            self._forget(last)
            self.add((mark, last))

    def _forget(self, mark: Mark) -> None:
        _take_one(self._contents, self._what(mark))
        _take_one(self._keys, mark.key)

    def last(self, rows: int) -> list[bytes]:
        """Return what the last rows compare by."""
        return [self._what(self._order[at]) for at in range(max(-rows, -len(self._order)), 0)]

    def compared(self, marks: Sequence[Mark]) -> list[bytes]:
        """Return what rows compare by."""
        return [self._what(mark) for mark in marks]

    def holds(self, mark: Mark) -> bool:
        """Return whether this very row was read."""
        return self._what(mark) in self._contents

    def alike(self, one: Mark, other: Mark) -> bool:
        """Return whether two rows are the same, as far as they compare."""
        return self._what(one) == self._what(other)

    def stood_together(self, one: Mark, other: Mark) -> bool:
        """Return whether a row was read right behind another one."""
        wanted = self._what(one), self._what(other)
        return any((self._what(a), self._what(b)) == wanted for a, b in pairwise(self._order))

    def holds_key(self, mark: Mark) -> bool:
        """Return whether this row was read, or another of the same key."""
        return mark.key in self._keys

    def keys_are_unique(self) -> bool:
        """Return whether no two rows that differ have the same key."""
        return len(self._keys) == len(self._contents)

    def all_differ(self) -> bool:
        """Return whether no two rows are the same, as far as they compare."""
        return len(self._contents) == len(self._order)

    def keys_stand(self, page: Sequence[Mark], overlap: int) -> bool:
        """Return whether a page holds the last rows by their keys, in their order, each key once."""
        overlap = min(overlap, len(self._order))
        keys = [mark.key for mark in page[:overlap]]
        known = [self._order[at].key for at in range(-overlap, 0)]
        return overlap > 1 and keys == known and len(set(keys)) == overlap

    def compare_by_key(self) -> None:
        """Trust the keys from now on."""
        self.by_key = True
        self._contents = Counter(mark.key for mark in self._order)

    def seam(self, page: Sequence[Mark], overlap: int) -> int | None:
        """Return where in a page the last of the known rows stands; None where none is in it.

        Args:
            page: The rows of an answer.
            overlap: How many of its rows are known if nothing has moved.
        """
        places: dict[bytes, list[int]] = {}
        whats = self.compared(page)
        if 0 < overlap <= len(page) and self.last(overlap) == whats[:overlap]:
            return overlap - 1
        for index, what in enumerate(whats):
            places.setdefault(what, []).append(index)
        for back, mark in enumerate(reversed(self._order)):
            found = places.get(self._what(mark))
            if found:
                # Equal rows: the place at which most of the rows before agree, too.
                return (
                    found[0] if len(found) == 1 else max(found, key=lambda at: self._agree(whats, at, back))
                )
        return None

    def _agree(self, whats: Sequence[bytes], at: int, back: int) -> int:
        agree = 0
        known = reversed(self._order)
        for _ in range(back):
            next(known)
        for index, mark in zip(range(at, -1, -1), known, strict=False):
            if whats[index] != self._what(mark):
                break
            agree += 1
        return agree

    def _what(self, mark: Mark) -> bytes:
        return mark.key if self.by_key else mark.content


def _take_one(counts: Counter[bytes], mark: bytes) -> None:
    counts[mark] -= 1
    if not counts[mark]:
        del counts[mark]
