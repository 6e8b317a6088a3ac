"""Checks of what callers give: ids, records, lists of them and yes or no, before a request is spent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias, TypeVar

from litmos_async.checks import flags
from litmos_async.errors import ConfigurationError
from litmos_async.models.record import Record, check_class, fields_of
from litmos_async.names import IDENTIFYING, identifier
from litmos_async.wire.converter import missing

R = TypeVar("R", bound=Record)
T = TypeVar("T", bound=Record)

Ref: TypeAlias = str | Record
"""An id, or a record that has one."""

Direction = Literal["asc", "desc"]


def id_of(ref: Ref, name: str) -> str:
    """Return the id of a record, or the id itself.

    Raises:
        ConfigurationError: There is none.
    """
    found: object = getattr(ref, _id_name(type(ref)), None) if isinstance(ref, Record) else ref
    if not isinstance(found, str) or not found.strip():
        what = f"a {type(ref).__name__} without an id" if isinstance(ref, Record) else repr(found)
        raise ConfigurationError(f"{name} must be an id or a record that has one, not {what}")
    # What came from the server is left as it is; what a person or a file wrote may hold what cannot be seen.
    return found if isinstance(ref, Record) else _written_id(found, name)


def _written_id(text: str, name: str) -> str:
    cleaned = identifier(text, name)
    if not cleaned:
        raise ConfigurationError(f"{name} must be an id or a record that has one, not {text!r}")
    return cleaned


def _id_name(record: type[Record]) -> str:
    """Return the attribute that holds the id: some records call it otherwise, as `Token.token_id`."""
    only = record.key[0] if len(record.key) == 1 else ""
    return only if only.endswith("_id") else "id"


def several(given: Any, what: str) -> Iterable[Any]:
    """Return what was given as an iterable: one thing stands for a list of one, and a text is not taken apart.

    Args:
        given: An id, a record, or an iterable of either kind of them.
        what: What should be given, for the error.

    Raises:
        ConfigurationError: It is none of them.
    """
    if isinstance(given, str | Record):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, bytes | bytearray | memoryview):
        raise ConfigurationError(f"expected {what}, not {type(given).__name__}")
    return given


def items(
    record: type[T], refs: Iterable[Ref], name: str, *, at_most: int | None = None, **same: Any
) -> list[T]:
    """Return the rows of a request that lists ids.

    Args:
        record: The class of the rows. One that is given as such a row keeps its other attributes.
        refs: Ids or records.
        name: What they are, for the error.
        at_most: How many the server takes in one request, where that is documented (api-facts 12).
        same: Attributes that are the same in all rows.

    Raises:
        ConfigurationError: There is none, there are too many, or one is not a valid id.
    """
    rows: list[T] = []
    for ref in several(refs, f"ids or records for {name}"):
        values = {_id_name(record): id_of(ref, name), **same}
        rows.append(ref.replace(**values) if isinstance(ref, record) else record(**values))
    return _counted(rows, name, at_most)


def records(
    rows: Iterable[T] | T, kind: type[T], name: str, *, at_most: int | None = None, update: bool = False
) -> list[T]:
    """Return the rows of a request that lists whole records.

    Args:
        rows: The records, or a single one.
        kind: Their class.
        name: What they are, for the error.
        at_most: How many the server takes in one request, where that is documented (api-facts 12).
        update: Whether they are there already; see `complete`.

    Raises:
        ConfigurationError: There is none, there are too many, or one is of another class or lacks what it needs.
    """
    given = several(rows, f"records for {name}")
    return _counted([complete(row, kind, update=update) for row in given], name, at_most)


def _counted(rows: list[T], name: str, at_most: int | None) -> list[T]:
    if not rows:
        raise ConfigurationError(f"{name}: the list is empty")
    if at_most is not None and len(rows) > at_most:
        raise ConfigurationError(f"{name}: {len(rows)} in one request; the server accepts {at_most}")
    return rows


def complete(record: R, kind: type[R] | None = None, *, update: bool = False, hint: str = "") -> R:
    """Return the record if it is of the class wanted and has what the write needs.

    Args:
        record: What the caller gave.
        kind: The class wanted; None where that was checked before.
        update: Whether it is there already: what the server left empty in it is not asked for.
        hint: What to do instead, for one who gave another class.

    Raises:
        ConfigurationError: It is of another class, or something is missing.
    """
    check_class(record, kind or Record, hint)
    for attribute, _ in fields_of(type(record)):
        value = getattr(record, attribute.name)
        if attribute.name in IDENTIFYING and not isinstance(value, str | None):
            raise ConfigurationError(f"{attribute.name} must be str, not {type(value).__name__}")
    lacking = missing(record, update=update)
    if lacking:
        raise ConfigurationError(f"{type(record).__name__} needs {', '.join(lacking)}")
    return record


def mail_query(send_message: bool) -> dict[str, bool]:
    """Return the query of a call that can e-mail people.

    Raises:
        ConfigurationError: The answer is neither yes nor no: as None the server would decide, and "false" is true.
    """
    return {"sendmessage": flags(send_message=send_message)["send_message"]}


def asked(wire: str, **option: bool | None) -> dict[str, bool | None]:
    """Return the query of an option that is yes, no, or None: then nothing is sent, and the server decides.

    Args:
        wire: What the server calls it.
        option: It, by the name that callers know.

    Raises:
        ConfigurationError: It is something else.
    """
    (given,) = option.values()
    if given is not None:
        flags(**dict.fromkeys(option, given))
    return {wire: given}


def identified(record: R) -> R:
    """Return a record in which all that identifies something is cleaned of what cannot be seen; see `names`.

    Raises:
        ConfigurationError: Something cannot be seen and cannot be left out with certainty.
    """
    changes = {
        name: cleaned
        for attribute, _ in fields_of(type(record))
        if (name := attribute.name) in IDENTIFYING
        and isinstance(text := getattr(record, name), str)
        and (cleaned := identifier(text, name)) != text
    }
    return record.replace(**changes) if changes else record


def sort_query(sort: str | None, direction: Direction | None) -> dict[str, str | None]:
    """Return the query of a sorted list.

    Raises:
        ConfigurationError: The direction is none.
    """
    if direction not in {None, "asc", "desc"}:
        raise ConfigurationError(f'direction must be "asc" or "desc", not {direction!r}')
    return {"sort": sort, "dir": direction and direction.upper()}


def people_query(
    search: str | None, sort: str | None, direction: Direction | None, show_inactive: bool | None
) -> dict[str, str | bool | None]:
    """Return the query of a list of people.

    Raises:
        ConfigurationError: The direction is none, or `show_inactive` neither yes nor no.
    """
    return {
        "search": search,
        **sort_query(sort, direction),
        **asked("showInactive", show_inactive=show_inactive),
    }
