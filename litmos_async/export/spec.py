"""What a list is that can be exported: where its rows come from, and what `since` means for it.

A list is read in units: one for a plain list, one a parent for lists of which the API has one a team, course or
person. A unit is a paged list of its own with resume tokens of its own, and what identifies its parent goes into
each row.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from attrs import field, frozen

from litmos_async.errors import ConfigurationError
from litmos_async.export.schema import Column, Schema, columns_of
from litmos_async.models.record import Record
from litmos_async.paging import Pages
from litmos_async.resources import Resources
from litmos_async.resources.base import ListOptions

Since: TypeAlias = Literal["created", "changed", "earned", "happened", "nothing"]
"""What `since` picks: rows created, changed, earned or logged from then on, or nothing: the list is read whole."""

BEGINNING: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""Before anything in any account: `since` of lists that demand one when everything is wanted."""


@frozen
class Ask:
    """What is wanted of a list.

    Attributes:
        since: Only rows from then on; None takes all.
        to: Only rows until then; None takes all until now.
        where: Ids that the rows are limited to, by column, such as `course_id`.
        options: The options of every paged list.
    """

    since: datetime | None = None
    to: datetime | None = None
    where: Mapping[str, str] = field(factory=dict[str, str])
    options: ListOptions = field(factory=ListOptions)


@frozen
class Unit:
    """A part of a list that is paged by itself.

    Attributes:
        key: What tells it from the other units of its list; empty where it is the only one.
        parent: Columns that its rows get, such as `team_id`.
        ids: Other ids that it takes to read it.
    """

    key: str = ""
    parent: Mapping[str, str] = field(factory=dict[str, str])
    ids: tuple[str, ...] = ()


@frozen
class Listed:
    """Some of the units of a list.

    Attributes:
        units: The units.
        resume: Where to go on listing behind them; None where that is not possible, or where there are no more.
    """

    units: Sequence[Unit]
    resume: str | None = None


Units: TypeAlias = Callable[[Resources, Ask, str | None], AsyncGenerator[Listed, None]]
"""Yields the units of a list, which may take requests, from where to go on."""

Open: TypeAlias = Callable[[Resources, Ask, Unit], Pages[Any]]
"""Returns the rows of a unit."""

Row: TypeAlias = tuple[Mapping[str, str], Record]
"""A row: the columns of its parents, and its record."""

Flatten: TypeAlias = Callable[[Unit, Any], Iterable[Row]]
"""Makes rows of what a unit holds."""


@frozen
class ListSpec:
    """A list that can be exported.

    ```python
    details = find_list("user_details")
    print(details.since, details.key, details.source)  # created ('id',) ('users.list_details',)
    ```

    Attributes:
        name: What users call it.
        record: The class of its rows.
        source: The operations that it is read with, by their ids.
        since: What `since` means for it.
        windowed: Whether the API demands `since` and takes 7 days in one request.
        open: Returns the rows of a unit.
        units: Yields its units; None where it is one list of the API.
        parents: Columns in front of those of the record, for what a row belongs to.
        key: Columns that tell one row from another.
        where: Columns that `where` can limit it by.
        flatten: Makes rows of what comes, where that is a tree or another record; None takes it as it is.
        shared: Whether two units may hold the same row, which counts once then, and moves from one to the next.
    """

    name: str
    record: type[Record]
    source: tuple[str, ...]
    open: Open
    units: Units | None = None
    since: Since = "nothing"
    windowed: bool = False
    parents: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    where: tuple[str, ...] = ()
    flatten: Flatten | None = None
    shared: bool = False

    @property
    def deletes(self) -> bool:
        """Whether a row that does not come when the list is read whole is gone: logs only ever grow."""
        return bool(self.key) and self.since not in {"happened", "earned"}

    @property
    def cost(self) -> str:
        """The requests that it takes, in words."""
        whole = "1 for 999 rows, and 1 to confirm the end"
        if self.windowed:
            return f"{whole}, for each 7 days{f' of {len(self.source)} logs' if self.units else ''}"
        if self.units is None or self.shared:
            return whole
        return f"{whole}, for each {_PARENT_NAMES.get((self.where or self.key or ('part',))[0], 'session')}"

    @property
    def schema(self) -> Schema:
        """The columns of the list."""
        parents = tuple(Column(name, "text") for name in self.parents)
        own = tuple(column for column in columns_of(self.record) if column.name not in self.parents)
        return Schema(self.name, (*parents, *own), self.key)

    def check(self, ask: Ask) -> None:
        """Refuse what the list cannot do, before a request is spent.

        Args:
            ask: What is wanted of the list.

        Raises:
            ConfigurationError: `since` is missing or means nothing here, a time has no zone, or `where` names
                something that the list cannot be limited by.
        """
        self.check_since(ask.since, ask.to)
        for name, value in ask.where.items():
            if name not in self.where:
                possible = " or ".join(self.where) or "nothing"
                raise ConfigurationError(f"{self.name} can be limited by {possible}, not by {name!r}")
            check_id(name, value)

    def check_since(self, since: datetime | None, to: datetime | None) -> None:
        """Refuse a span of time that the list cannot be asked for.

        Args:
            since: Where the span begins; None where none is asked for.
            to: Where it ends; None for now.

        Raises:
            ConfigurationError: `since` is missing or means nothing here, or a time has no zone.
        """
        check_time("since", since)
        check_time("to", to)
        if since is not None and to is not None and since > to:
            raise ConfigurationError("since is later than to")
        if self.windowed and since is None:
            raise ConfigurationError(f"{self.name} needs since: the API gives it for a span of time only")
        if self.since == "nothing" and since is not None:
            raise ConfigurationError(f"{self.name} has no since: the API can only give the whole list")
        if to is not None and not self.windowed:
            raise ConfigurationError(f"{self.name} has no to: the API takes no end of the span for it")


_PARENT_NAMES: Final[Mapping[str, str]] = {
    "team_id": "team",
    "course_id": "course",
    "user_id": "person",
    "learning_path_id": "learning path",
}


def check_time(name: str, moment: object) -> None:
    """Refuse what is no moment: callers need not be typed.

    Raises:
        ConfigurationError: It is no datetime, or has no time zone.
    """
    if moment is not None and not (isinstance(moment, datetime) and moment.tzinfo is not None):
        raise ConfigurationError(f"{name} must be a datetime with a time zone, not {moment!r}")


def check_id(name: str, value: object) -> None:
    """Refuse what is not a valid id.

    Raises:
        ConfigurationError: It is no text, or empty.
    """
    if not isinstance(value, str) or not value.strip():
        raise ConfigurationError(f"where: {name} must be an id, not {value!r}")


def rows_of(spec: ListSpec, unit: Unit, records: Iterable[Any]) -> Iterator[Row]:
    """Yield the rows of a page of a unit."""
    for record in records:
        if spec.flatten is None:
            yield unit.parent, record
        else:
            for parent, row in spec.flatten(unit, record):
                yield {**unit.parent, **parent}, row
