"""All pairs of a job and what is known of each, in little memory."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from enum import IntEnum
from typing import Any, overload

from attrs import define, field


class State(IntEnum):
    """What is known of a pair."""

    TODO = 0
    UNDER_WAY = 1
    DONE = 2
    FAILED = 3
    SKIPPED = 4
    UNKNOWN = 5
    EARLIER = 6
    """Carried out in an earlier run on the same journal."""


@define
class _Group:
    """The pairs of one left end: the numbers of the right ends, and a state for each."""

    numbers: array[int] = field(factory=lambda: array("I"))
    states: bytearray = field(factory=bytearray)


class PairTable:
    """Pairs by their left end, each once, with a state.

    A million pairs of a hundred thousand people take some 40 MB: every id is kept once, and a pair is a number and
    a byte.

    Attributes:
        duplicates: Pairs that were given before.
        counts: How many pairs are in each state.
    """

    def __init__(self) -> None:
        self.duplicates: list[tuple[str, str]] = []
        self.counts: Counter[State] = Counter()
        self._groups: dict[str, _Group] = {}
        self._numbers: dict[str, int] = {}
        self._rights: list[str] = []

    def __len__(self) -> int:
        return self.counts.total()

    def add(self, left: str, right: str) -> None:
        """Take a pair, which may be there already; `close` sorts that out."""
        number = self._numbers.setdefault(right, len(self._rights))
        if number == len(self._rights):
            self._rights.append(right)
        group = self._groups.get(left)
        if group is None:
            group = self._groups[left] = _Group()
        group.numbers.append(number)

    def close(self) -> None:
        """Keep each pair once, in the order of its first time."""
        for left, group in self._groups.items():
            unique = array("I", dict.fromkeys(group.numbers))
            if len(unique) < len(group.numbers):
                again = Counter(group.numbers)
                again.subtract(unique)
                self.duplicates += [(left, self._rights[number]) for number in again.elements()]
                group.numbers = unique
            group.states = bytearray(len(unique))
            self.counts[State.TODO] += len(unique)

    def reset(self) -> None:
        """Forget what is known of the pairs."""
        for group in self._groups.values():
            group.states = bytearray(len(group.numbers))
        self.counts = Counter({State.TODO: self.counts.total()})

    def lefts(self) -> list[str]:
        """Return the left ends."""
        return list(self._groups)

    def rights(self) -> list[str]:
        """Return the right ends."""
        return list(self._rights)

    def set(self, left: str, right: str, state: State) -> None:
        """Change the state of a pair, if there is such a pair."""
        place = self._place(left, right)
        if place is not None:
            group, index = place
            self.counts[State(group.states[index])] -= 1
            self.counts[state] += 1
            group.states[index] = state

    def _place(self, left: str, right: str) -> tuple[_Group, int] | None:
        group, number = self._groups.get(left), self._numbers.get(right)
        if group is None or number is None:
            return None
        try:
            return group, group.numbers.index(number)
        except ValueError:
            return None

    def in_state(self, *states: State) -> Iterator[tuple[str, list[str]]]:
        """Yield the left ends with those of their right ends that are in one of these states."""
        wanted = set(states)
        for left, group in self._groups.items():
            found = [
                self._rights[number]
                for number, state in zip(group.numbers, group.states, strict=True)
                if state in wanted
            ]
            if found:
                yield left, found

    def numbered(self, state: State) -> Iterator[tuple[int, int]]:
        """Yield the pairs in a state as numbers: the place of the left end in `lefts`, of the right in `rights`."""
        for place, group in enumerate(self._groups.values()):
            for number, found in zip(group.numbers, group.states, strict=True):
                if found == state:
                    yield place, number


class Changes(Sequence[Mapping[str, Any]]):
    """The pairs that a plan would carry out, each as plain data, made when it is asked for.

    Args:
        table: The pairs; what happens to them later does not matter.
        fields: What their ends are called, such as "user_id".
        names: The user names of people, by id, as far as they are known.
    """

    def __init__(self, table: PairTable, fields: tuple[str, ...], names: Mapping[str, str]) -> None:
        self._fields = fields
        self._all = table.lefts(), table.rights()
        self._lefts, self._rights = array("I"), array("I")
        for left, right in table.numbered(State.TODO):
            self._lefts.append(left)
            self._rights.append(right)
        of_people = self._all[0] if fields[0] == "user_id" else ()
        self._names = {id: names[id] for id in of_people if id in names} if names else {}

    def __len__(self) -> int:
        return len(self._lefts)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, Any]: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Mapping[str, Any]]: ...

    def __getitem__(self, index: int | slice) -> Mapping[str, Any] | Sequence[Mapping[str, Any]]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        left, right = self._all[0][self._lefts[index]], self._all[1][self._rights[index]]
        name = {"user_name": self._names[left]} if left in self._names else {}
        return {self._fields[0]: left, **name, self._fields[1]: right}
