"""What bulk jobs take: pairs, in whatever form they come, kept in little memory."""

from __future__ import annotations

import asyncio
from array import array
from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from litmos_async.errors import ConfigurationError
from litmos_async.resources.base import Ref, id_of


class CourseForUser(NamedTuple):
    """A course that a person gets."""

    user_id: str
    course_id: str


class UserInTeam(NamedTuple):
    """A person who joins a team."""

    user_id: str
    team_id: str


Pairs: TypeAlias = Mapping[str, Iterable[Ref]] | Iterable[tuple[Ref, Ref]] | AsyncIterable[tuple[Ref, Ref]]
"""Pairs of ids or records: a mapping from an id to many of the other side, or any (async) iterable of pairs."""

_BREATH = 10_000
"""Pairs after which a plain iterable lets the event loop go on."""


async def each_pair(source: Pairs, names: tuple[str, str]) -> AsyncIterator[tuple[str, str]]:
    """Yield the ids of all pairs, in order.

    Raises:
        ConfigurationError: Something is no pair, or holds no id; the message says which one it was.
    """
    count = 0
    async for pair in _in_order(source):
        count += 1
        try:
            first, second = pair
            yield id_of(first, names[0]), id_of(second, names[1])
        except (TypeError, ValueError) as problem:
            reason = problem if isinstance(problem, ConfigurationError) else f"expected {names}"
            raise ConfigurationError(f"pair {count}: {reason}") from None


async def _in_order(source: Any) -> AsyncIterator[Any]:
    if isinstance(source, AsyncIterable):
        async for pair in source:
            yield pair
        return
    for count, pair in enumerate(_flat(source) if isinstance(source, Mapping) else source, start=1):
        yield pair
        if count % _BREATH == 0:
            await asyncio.sleep(0)


def _flat(mapping: Mapping[Any, Iterable[Any]]) -> Iterator[tuple[Any, Any]]:
    for first, seconds in mapping.items():
        for second in [seconds] if isinstance(seconds, str) else seconds:
            yield first, second


class Groups:
    """Pairs grouped by one of their ends, each pair once.

    A million pairs of a hundred thousand people take some 20 MB: every id is kept once, and a pair is one number
    in the array of its group.

    Attributes:
        pairs: Different pairs.
        duplicates: Pairs that were given before.
    """

    def __init__(self) -> None:
        self.pairs = 0
        self.duplicates: list[tuple[str, str]] = []
        self._groups: dict[str, array[int]] = {}
        self._numbers: dict[str, int] = {}
        self._members: list[str] = []

    def __len__(self) -> int:
        return len(self._groups)

    def add(self, group: str, member: str) -> None:
        """Take a pair, which may be there already."""
        number = self._numbers.setdefault(member, len(self._members))
        if number == len(self._members):
            self._members.append(member)
        self._groups.setdefault(group, array("I")).append(number)

    def drop_duplicates(self) -> None:
        """Keep each pair once, in the order of its first time."""
        for group, numbers in self._groups.items():
            unique = array("I", dict.fromkeys(numbers))
            self.pairs += len(unique)
            if len(unique) < len(numbers):
                again = Counter(numbers)
                again.subtract(unique)
                self.duplicates += [(group, self._members[number]) for number in again.elements()]
                self._groups[group] = unique

    def requests(self, at_most: int) -> int:
        """Return how many requests carry all pairs, with so many of a group in one."""
        return sum(-(-len(numbers) // at_most) for numbers in self._groups.values())

    def slices(self, at_most: int) -> Iterator[tuple[str, list[str]]]:
        """Yield the group and the members of each request."""
        for group, numbers in self._groups.items():
            for first in range(0, len(numbers), at_most):
                yield group, [self._members[number] for number in numbers[first : first + at_most]]

    def members(self) -> int:
        """Return how many different members there are."""
        return len(self._members)
