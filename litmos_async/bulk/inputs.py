"""What bulk jobs take and give: pairs of ids, in whatever form they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar, cast, get_args

from litmos_async.errors import ConfigurationError
from litmos_async.models.record import Record, fields_of
from litmos_async.resources.arguments import Ref, id_of, several

T = TypeVar("T")
R = TypeVar("R", bound=Record)


class CourseForUser(NamedTuple):
    """A person and a course.

    ```python
    job = litmos.bulk.assign_courses_to_users([CourseForUser(user_id, course_id)], send_message=False)
    async for outcome in job:
        print(outcome.item.user_id, outcome.item.course_id, outcome.status)
    ```

    Attributes:
        user_id: Id of the person.
        course_id: Id of the course.
    """

    user_id: str
    course_id: str


class CourseForTeam(NamedTuple):
    """A team and a course.

    ```python
    job = litmos.bulk.assign_courses_to_teams([CourseForTeam(team_id, course_id)], send_message=False)
    async for outcome in job:
        print(outcome.item.team_id, outcome.item.course_id, outcome.status)
    ```

    Attributes:
        team_id: Id of the team.
        course_id: Id of the course.
    """

    team_id: str
    course_id: str


class LearningPathForUser(NamedTuple):
    """A person and a learning path.

    ```python
    pair = LearningPathForUser(user_id, learning_path_id)
    async for outcome in litmos.bulk.assign_learning_paths_to_users([pair], send_message=False):
        print(outcome.item.user_id, outcome.item.learning_path_id, outcome.status)
    ```

    Attributes:
        user_id: Id of the person.
        learning_path_id: Id of the learning path.
    """

    user_id: str
    learning_path_id: str


class LearningPathForTeam(NamedTuple):
    """A team and a learning path.

    ```python
    pair = LearningPathForTeam(team_id, learning_path_id)
    async for outcome in litmos.bulk.assign_learning_paths_to_teams([pair], send_message=False):
        print(outcome.item.team_id, outcome.item.learning_path_id, outcome.status)
    ```

    Attributes:
        team_id: Id of the team.
        learning_path_id: Id of the learning path.
    """

    team_id: str
    learning_path_id: str


class UserInTeam(NamedTuple):
    """A person and a team.

    ```python
    job = litmos.bulk.add_users_to_teams([UserInTeam(user_id, team_id)], send_message=False)
    async for outcome in job:
        print(outcome.item.user_id, outcome.item.team_id, outcome.status)
    ```

    Attributes:
        user_id: Id of the person.
        team_id: Id of the team.
    """

    user_id: str
    team_id: str


Pair: TypeAlias = CourseForUser | CourseForTeam | LearningPathForUser | LearningPathForTeam | UserInTeam

Pairs: TypeAlias = Mapping[str, Iterable[Ref]] | Iterable[tuple[Ref, Ref]] | AsyncIterable[tuple[Ref, Ref]]
"""Pairs of ids or records: a mapping from an id to many of the other side, or any (async) iterable of pairs."""

_SCALARS: Final = (bool, str, int, float, datetime)

_NO_PARTS: Final = (str, bytes, Mapping, AbstractSet)
"""What can be taken apart, and is no pair: into characters, into the names of a row, or in no order."""

_YIELD_EVERY: Final = 10_000
"""Pairs after which a plain iterable lets the event loop go on."""


async def each_pair(
    source: Pairs, names: tuple[str, ...], seen: Callable[[object], None] = lambda _: None
) -> AsyncIterator[tuple[str, str]]:
    """Yield the ids of all pairs, in order.

    Args:
        source: The pairs.
        names: What their ends are called, for errors.
        seen: Called with each record that was given for a left end.

    Raises:
        ConfigurationError: Something is no pair, or holds no id; the message says which one it was.
    """

    def read(pair: Any, _: int) -> tuple[str, str]:
        first, second = pair
        ids = id_of(first, names[0]), id_of(second, names[1])
        if not isinstance(first, str):
            seen(first)
        return ids

    pairs = _flat(source) if isinstance(source, Mapping) else source
    async for ids in numbered("pair", pairs, read, expected=f"({', '.join(names)})"):
        yield ids


async def numbered(
    label: str,
    source: Iterable[Any] | AsyncIterable[Any],
    read: Callable[[Any, int], T],
    *,
    expected: str = "",
) -> AsyncIterator[T]:
    """Yield what each item of an input is read as. An error says which one it was.

    Args:
        label: What the items are called, such as "pair".
        source: The input.
        read: Reads one item, which has this number, from 1.
        expected: What an item should be, where `read` takes it apart; for one that cannot be.

    Raises:
        ConfigurationError: An item cannot be read.
    """
    count = 0
    async for given in in_order(source):
        count += 1
        try:
            if expected and isinstance(given, _NO_PARTS):
                raise TypeError
            value = read(given, count)
        except ConfigurationError as problem:
            raise ConfigurationError(f"{label} {count}: {problem}") from None
        except (TypeError, ValueError):
            if not expected:
                raise
            raise ConfigurationError(f"{label} {count}: expected {expected}") from None
        yield value


def record_of(kind: type[R], given: R | Mapping[str, Any]) -> R:
    """Return a record that was given as such, or as a mapping from its attributes to values.

    Raises:
        ConfigurationError: It is neither, or the mapping has other attributes; the message holds no value.
    """
    if isinstance(given, kind):
        return given
    given_kind = type(cast(object, given))
    if not issubclass(given_kind, Mapping):
        raise ConfigurationError(
            f"expected a {kind.__name__}, or a mapping of its attributes, not {given_kind.__name__}"
        )
    try:
        return kind(**cast(Mapping[str, Any], given))
    except TypeError as problem:
        # "User.__init__() got an unexpected keyword argument 'x'"; no value of the row.
        raise ConfigurationError(str(problem).removeprefix(f"{kind.__name__}.__init__() ")) from None


async def in_order(source: Iterable[Any] | AsyncIterable[Any]) -> AsyncIterator[Any]:
    """Yield what an iterable of either kind holds, and let the event loop go on now and then."""
    if isinstance(source, AsyncIterable):
        async for each in source:
            yield each
        return
    if not isinstance(source, Iterable):
        raise ConfigurationError(f"expected an iterable of items, not {type(source).__name__}")
    for count, each in enumerate(source, start=1):
        yield each
        if count % _YIELD_EVERY == 0:
            await asyncio.sleep(0)


def texts(given: Iterable[str]) -> list[str]:
    """Return names as a list: a single text stands for a list of one, and is not taken apart.

    Raises:
        ConfigurationError: It is no iterable, or something in it is no text; the message says which one it was.
    """
    found: list[str] = []
    for count, name in enumerate(several(given, "names"), start=1):
        if not isinstance(name, str):
            raise ConfigurationError(f"name {count}: expected a text, not {type(name).__name__}")
        found.append(name)
    return found


def check_types(record: Record) -> None:
    """Make sure that texts, numbers, dates and yes-or-no are such: a file or a database may hold others.

    Raises:
        ConfigurationError: One is not; the message has no value, which may be a secret.
    """
    for attribute, _ in fields_of(type(record)):
        value = getattr(record, attribute.name)
        kinds = tuple(kind for kind in (get_args(attribute.type) or (attribute.type,)) if kind in _SCALARS)
        if value is None or not kinds:
            continue
        takes = (*kinds, int) if float in kinds else kinds
        # True is an int to Python.
        if not isinstance(value, takes) or (isinstance(value, bool) and bool not in kinds):
            names = " or ".join("True or False" if kind is bool else kind.__name__ for kind in kinds)
            raise ConfigurationError(f"{attribute.name} must be {names}, not {type(value).__name__}")


def _flat(mapping: Mapping[Any, Any]) -> Iterator[tuple[Any, Any]]:
    for first, seconds in mapping.items():
        for second in several(seconds, f"ids or records for {first!r}"):
            yield first, second
