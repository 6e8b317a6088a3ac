"""Rows of long lists: a list is put together without its records, which are made for one page only.

A page of a million results then costs what its own rows cost. What is put together from links, completions and
logs is kept for the next page, for as long as none of them changes; people, teams and courses are plain records
that a test may change unnoticed, so lists of those are put together for every page.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from attrs import frozen

from litmos_async.sandbox.state.links import Link
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record

_KEPT: Final = 4
"""Lists that are kept for a tenant: as many as an export reads side by side."""


@frozen
class LazyRow:
    """A row of a list before it is a record.

    Attributes:
        changed: When it was last changed: what `since` and `to` are compared with.
        make: Makes the record.
        parts: What it is made of.
    """

    changed: datetime
    make: Callable[..., Record]
    parts: tuple[Any, ...]

    def record(self) -> Record:
        """Return the record."""
        return self.make(*self.parts)


@frozen
class Window:
    """The rows that a list holds, by the time of their last change; None is no bound.

    Attributes:
        since: From when on.
        to: Until when.
        after: Whether a row changed at `since` itself is left out, and one at `to` is in; else the reverse.
    """

    since: datetime | None
    to: datetime | None
    after: bool = False

    def holds(self, when: datetime) -> bool:
        """Return whether a row that changed then belongs to the list."""
        if self.since is not None and (when <= self.since if self.after else when < self.since):
            return False
        return self.to is None or (when <= self.to if self.after else when < self.to)


def kept(tenant: Tenant, rows: Callable[[Tenant], Iterable[LazyRow]], window: Window) -> Sequence[LazyRow]:
    """Return the rows of a window, put together only once for many pages.

    Args:
        tenant: The organisation.
        rows: Yields all rows; they depend on links, completions and logs only.
        window: Which of them.
    """
    lists: OrderedDict[Hashable, tuple[Hashable, list[LazyRow]]] = tenant.long_lists
    audit = tenant.audit
    version = (Link.changes, len(tenant.completions), len(audit.activities), len(audit.logins))
    key = (rows, window)
    found = lists.get(key)
    if found is None or found[0] != version:
        found = (version, within(rows(tenant), window))
        lists[key] = found
    lists.move_to_end(key)
    while len(lists) > _KEPT:
        lists.popitem(last=False)
    return found[1]


def within(rows: Iterable[LazyRow], window: Window) -> list[LazyRow]:
    """Return the rows of a window."""
    return [row for row in rows if window.holds(row.changed)]


def records(rows: Iterable[LazyRow]) -> list[Record]:
    """Return the records of rows."""
    return [row.record() for row in rows]
