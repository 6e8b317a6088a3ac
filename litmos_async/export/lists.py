"""The lists by name, those of the catalogue and any operation that lists."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from litmos_async.errors import ConfigurationError
from litmos_async.export.catalogue import LISTS, unknown
from litmos_async.export.schema import Schema
from litmos_async.export.sources import (
    list_courses,
    list_paths,
    list_people,
    list_teams,
    parents_of,
    since_of,
)
from litmos_async.export.spec import Ask, ListSpec, Open, Since, Unit
from litmos_async.paging import Pages
from litmos_async.resources import Resources
from litmos_async.resources.operations import operations

if TYPE_CHECKING:
    from litmos_async.resources.base import Caller

_PARENTS: Final[Mapping[str, Any]] = {
    "team_id": list_teams,
    "course_id": list_courses,
    "learning_path_id": list_paths,
    "user_id": list_people,
}
"""What lists the parents that an operation's path names."""


def lists() -> tuple[ListSpec, ...]:
    """Return the lists that have a name; any operation that lists can be exported by its id as well.

    ```python
    for each in lists():
        print(each.name, each.since, ", ".join(each.source))
    ```
    """
    return tuple(LISTS.values())


def schema(name: str, *, with_secrets: bool = False) -> Schema:
    """Return the columns of a list, as an export writes them.

    Args:
        name: A list, or the id of an operation that lists.
        with_secrets: Whether log-in links and passwords are among them.

    Raises:
        ConfigurationError: There is none of that name.
    """
    return find_list(name).schema.select(None, secrets=with_secrets)


def find_list(name: str) -> ListSpec:
    """Return a list by its name or by the id of its operation.

    Args:
        name: Its name, or the id of an operation that lists, such as "org.list_users".

    Raises:
        ConfigurationError: There is none.
    """
    found = LISTS.get(name) or _from_operation(name)
    if found is None:
        raise unknown(name)
    return found


@cache
def _from_operation(name: str) -> ListSpec | None:
    """Return the list of an operation; None where the name is none of an operation that lists."""
    operation = operations().get(name)
    if operation is None or operation.answer is None or operation.method != "GET":
        return None
    family, _, method = name.partition(".")
    # Only the class of the family is wanted, which calls nothing.
    kind = type(getattr(Resources(cast("Caller", None)), family))
    read = getattr(kind, method, None)
    if read is None or "Pages" not in str(inspect.signature(read).return_annotation):
        return None
    record = operation.answer.record if operation.answer.many else None
    if record is None:  # a page in an envelope: its plain sibling has the same rows
        return None
    needed = inspect.signature(read).parameters
    windowed = "since" in needed and needed["since"].default is inspect.Parameter.empty and "to" in needed
    windowed = windowed and family in {"org", "activities"}
    columns = operation.path_names
    if len(columns) > 1 or (columns and columns[0] not in _PARENTS):
        raise ConfigurationError(
            f"{name} needs {' and '.join(columns)}, which an export cannot find by itself"
        )
    # What changes when a row does tells states of it apart, and not rows.
    changing = {"updated_date"} | ({"last_login"} if name == "org.list_users" else set())
    key = tuple(each for each in record.key if each not in changing)
    parent = columns[0] if columns else None
    return ListSpec(
        name,
        record,
        (name,),
        _opener(family, method, windowed=windowed, since="since" in needed),
        None if parent is None else parents_of(parent, _PARENTS[parent]),
        since=_meaning(family, method) if "since" in needed else "nothing",
        windowed=windowed,
        parents=columns,
        key=(*columns, *key) if key else (),
        where=columns,
    )


def _meaning(family: str, method: str) -> Since:
    """Return what `since` means for an operation, as its docstring says."""
    if family in {"activities", "achievements"}:
        return "happened" if family == "activities" else "earned"
    return "created" if (family, method) == ("users", "list_details") else "changed"


def _opener(family: str, method: str, *, windowed: bool, since: bool) -> Open:
    def read(litmos: Resources, ask: Ask, unit: Unit) -> Pages[Any]:
        call = getattr(getattr(litmos, family), method)
        spans: dict[str, Any] = {}
        if windowed:
            spans = {"since": since_of(ask), "to": ask.to}
        elif since:
            # Only `results.list_details` demands it without windows.
            spans = {"since": since_of(ask) if family == "results" else ask.since}
        pages: Pages[Any] = call(*([unit.key] if unit.key else []), **spans, **ask.options)
        return pages

    return read
