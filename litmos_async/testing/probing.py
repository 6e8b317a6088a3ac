"""Which fields the answers of an account have, and of what types: nothing of what they hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

from litmos_async.client import LitmosClient
from litmos_async.errors import APIError, ConfigurationError, LimiterUnavailable, LitmosError, Unauthorized
from litmos_async.models.record import fields_of
from litmos_async.resources.operations import operations
from litmos_async.retry import RetryPolicy
from litmos_async.version import __version__
from litmos_async.wire.operation import Operation

__all__ = ["MOST_REQUESTS", "probe"]

MOST_REQUESTS: Final = 60
"""Requests that a probe makes at most: it leaves others a part of a minute's limit."""

_ROWS: Final = 5
_IN_A_SPAN: Final = re.compile(r"^/org/|^/achievements$|^/results/details$")
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?|/Date\(-?\d+([+-]\d{4})?\)/")
_NUMBER: Final = re.compile(r"-?\d+(\.\d+)?")
_FIELD: Final = re.compile(r"[A-Za-z_@$][\w:.-]{0,63}", re.ASCII)
# No repeats: each would be a request more.
_ONCE: Final = RetryPolicy(max_attempts=1, max_rejections=0, deadline=90.0)


async def probe(
    litmos: LitmosClient,
    *,
    most_requests: int = MOST_REQUESTS,
    on_request: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Read a little of everything, and return which fields the answers have: for a report of a bug.

    Only reading calls are made, each once, with five rows of a list at most. Ids that they need are taken from
    the answers before, and are in no report.

    Args:
        litmos: The client.
        most_requests: Requests at most, 1 to 60.
        on_request: Called with the id of each operation before its request.

    Returns:
        Plain data: of each operation its result and, of each field, its types and whether the library knows it.

    Raises:
        Unauthorized: The key does not work.
        ConfigurationError: `most_requests` is out of range, or the client cannot send anything as it is set up.
        LimiterUnavailable: Where the limit is kept cannot be reached.
    """
    if not 1 <= most_requests <= MOST_REQUESTS:
        raise ConfigurationError(f"most_requests must be 1 to {MOST_REQUESTS}, not {most_requests!r}")
    run = _Run(litmos.with_options(retry=_ONCE, timeout=30.0), most_requests, on_request)
    return {
        "version": 1,
        "litmos_async": __version__,
        "made": datetime.now(UTC).date().isoformat(),
        "operations": await run.report(),
        "requests": run.requests,
    }


class _Run:
    """One probe.

    Attributes:
        requests: How many were made.
    """

    def __init__(self, litmos: LitmosClient, most: int, on_request: Callable[[str], None]) -> None:
        self.requests = 0
        self._litmos = litmos
        self._most = most
        self._on_request = on_request
        self._ids: dict[str, str] = {}

    async def report(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        # Those that need fewer ids give ids to those that need more.
        for operation in sorted(_reading(), key=_turn):
            if self.requests >= self._most:
                found[operation.id] = {"result": "left out: enough requests"}
            elif missing := [name for name in operation.path_names if name not in self._ids]:
                found[operation.id] = {"result": f"left out: no {', '.join(missing)} is known"}
            else:
                found[operation.id] = await self._ask(operation)
        return found

    async def _ask(self, operation: Operation[Any]) -> dict[str, Any]:
        ids = {name: quote(self._ids[name], safe="") for name in operation.path_names}
        self._on_request(operation.id)
        self.requests += 1
        try:
            plain = await self._litmos.request("GET", operation.path.format(**ids), query=_query(operation))
        except (Unauthorized, ConfigurationError, LimiterUnavailable):
            raise  # it is in the way of all operations, and says nothing of this one
        except APIError as problem:
            return {"result": type(problem).__name__, "status": problem.status}
        except LitmosError as problem:
            return {"result": type(problem).__name__}
        rows = list(_rows(plain))
        self._learn(operation, rows)
        return {"result": "ok", "shape": _type(plain), "rows": len(rows), "fields": _fields(operation, rows)}

    def _learn(self, operation: Operation[Any], rows: list[Mapping[str, Any]]) -> None:
        """Keep the ids of the first row, for the operations that need them."""
        if not rows:
            return
        row = {str(name).lower(): value for name, value in rows[0].items()}
        family = operation.id.partition(".")[0]
        own = _ID_NAMES.get(family if operation.is_top_level else operation.path.rsplit("/", 1)[-1])
        for name, value in row.items():
            if isinstance(value, str | int) and str(value).strip():
                known = own if name == "id" else _snake(name)
                if known:
                    self._ids.setdefault(known, str(value))


_ID_NAMES: Final[Mapping[str, str]] = {
    "users": "user_id",
    "teams": "team_id",
    "courses": "course_id",
    "learning_paths": "learning_path_id",
    "learningpaths": "learning_path_id",
    "modules": "module_id",
    "sessions": "session_id",
    "instructors": "instructor_id",
    "locations": "location_id",
    "bulk_imports": "bulk_import_id",
    "collections": "collection_id",
}


def _snake(name: str) -> str:
    return f"{name.removesuffix('id').rstrip('_')}_id" if name.endswith("id") and len(name) > 2 else ""


def _reading() -> Iterator[Operation[Any]]:
    """Yield the operations of the API that read; those of the learning record store are another service's."""
    for operation in operations().values():
        if operation.method == "GET" and operation.path.startswith("/") and "?" not in operation.path:
            yield operation


def _turn(operation: Operation[Any]) -> tuple[bool, int, str]:
    """Return when an operation has its turn: what changed in a span comes last, as there is most of it."""
    return bool(_IN_A_SPAN.search(operation.path)), len(operation.path_names), operation.id


def _query(operation: Operation[Any]) -> dict[str, Any]:
    query: dict[str, Any] = {}
    if operation.answer is None or operation.answer.many:
        query |= {"limit": _ROWS, "start": 0}
    if _IN_A_SPAN.search(operation.path):
        now = datetime.now(UTC).replace(microsecond=0)
        query |= {"since": now - timedelta(days=6), "to": now + timedelta(hours=12)}
    return query


def _rows(plain: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the records of an answer, however it is wrapped."""
    if isinstance(plain, Mapping):
        inner = next((each for each in plain.values() if isinstance(each, list) and each), None)
        rows = inner if inner is not None and len(plain) <= 5 else [plain]
    else:
        rows = plain if isinstance(plain, list) else []
    for row in rows[:_ROWS]:
        if isinstance(row, Mapping):
            yield row


def _fields(operation: Operation[Any], rows: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the types of each field, and whether the library knows it where it is one of the record itself."""
    answer, fields = operation.answer, dict[str, set[str]]()
    for row in rows:
        for name, value in row.items():
            # A name that is no identifier was made up by the account: a custom field.
            shown = name if _FIELD.fullmatch(name) else "(a name of the account)"
            fields.setdefault(shown, set()).add(_type(value))
    known = {wire.name.lower() for _, wire in fields_of(answer.record)} if answer is not None else set()
    within = answer is not None and not answer.many and not known & {name.lower() for name in fields}
    return {
        name: {"types": sorted(types), "known": None if within else name.lower() in known}
        for name, types in sorted(fields.items())
    }


def _type(value: Any) -> str:
    """Return the type of a value, and of a text what it looks like."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return _type_of_text(value)
        case list():
            return "list" if value else "empty list"
    return "object"


def _type_of_text(text: str) -> str:
    if not text.strip():
        return "empty text"
    if _DATE.fullmatch(text):
        # Digits tell when; which form it is tells how to read it.
        return f"date as {re.sub(r'[0-9]+', '9', text)}"
    if text.lower() in {"true", "false"}:
        return "boolean as text"
    return "number as text" if _NUMBER.fullmatch(text) else "text"
