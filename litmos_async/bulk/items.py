"""What bulk jobs take and give: pairs of ids, in whatever form they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, TypeAlias

from litmos_async.errors import ConfigurationError
from litmos_async.models.record import Record
from litmos_async.resources.base import Ref, id_of


class CourseForUser(NamedTuple):
    """A person and a course."""

    user_id: str
    course_id: str


class CourseForTeam(NamedTuple):
    """A team and a course."""

    team_id: str
    course_id: str


class LearningPathForUser(NamedTuple):
    """A person and a learning path."""

    user_id: str
    learning_path_id: str


class LearningPathForTeam(NamedTuple):
    """A team and a learning path."""

    team_id: str
    learning_path_id: str


class UserInTeam(NamedTuple):
    """A person and a team."""

    user_id: str
    team_id: str


Pair: TypeAlias = CourseForUser | CourseForTeam | LearningPathForUser | LearningPathForTeam | UserInTeam

Pairs: TypeAlias = Mapping[str, Iterable[Ref]] | Iterable[tuple[Ref, Ref]] | AsyncIterable[tuple[Ref, Ref]]
"""Pairs of ids or records: a mapping from an id to many of the other side, or any (async) iterable of pairs."""

_BREATH = 10_000
"""Pairs after which a plain iterable lets the event loop go on."""


async def each_pair(source: Pairs, names: tuple[str, ...]) -> AsyncIterator[tuple[str, str]]:
    """Yield the ids of all pairs, in order.

    Raises:
        ConfigurationError: Something is no pair, or holds no id; the message says which one it was.
    """
    count = 0
    async for pair in in_order(_flat(source) if isinstance(source, Mapping) else source):
        count += 1
        try:
            if isinstance(pair, str):
                raise TypeError  # a text of two characters would be taken apart
            first, second = pair
            yield id_of(first, names[0]), id_of(second, names[1])
        except (TypeError, ValueError) as problem:
            reason = problem if isinstance(problem, ConfigurationError) else f"expected ({', '.join(names)})"
            raise ConfigurationError(f"pair {count}: {reason}") from None


async def in_order(source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    """Yield what an iterable of either kind holds, and let the event loop go on now and then."""
    if isinstance(source, AsyncIterable):
        async for each in source:
            yield each
        return
    for count, each in enumerate(source, start=1):
        yield each
        if count % _BREATH == 0:
            await asyncio.sleep(0)


def _flat(mapping: Mapping[Any, Iterable[Any]]) -> Iterator[tuple[Any, Any]]:
    for first, seconds in mapping.items():
        for second in [seconds] if isinstance(seconds, str | Record) else seconds:
            yield first, second
