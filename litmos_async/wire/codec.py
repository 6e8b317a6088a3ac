"""An operation and its values to the bytes of a request; the bytes of an answer to records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal, TypeVar, cast
from urllib.parse import quote, unquote, urlencode

from attrs import field, frozen

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.record import SECRET_NAMES, Record, check_class, key_of
from litmos_async.wire import dates, json, xml
from litmos_async.wire.converter import check_known, has_dates, secrets_of, structure
from litmos_async.wire.operation import Method, Operation, Shape
from litmos_async.wire.verdict import Reply, looks_like_html

Wire = Literal["json", "xml"]
WireChoice = Literal["auto", "json", "xml"]
Body = Record | Sequence[Record] | None
R = TypeVar("R", bound=Record)

SEARCH_LIMIT: Final = 50
"""Characters that `search` and `source` may have at most (api-facts 12)."""

MOST_ROWS: Final = 10_000
"""Rows of one answer at most. A page has 1,000 (api-facts 4); some servers pass over the limit asked for."""

_VERBS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")
"""What a request of no described operation may be, as HTTP spells it: verbs have no lower case (RFC 9110, 9.1)."""

_ACCEPTED: Final[dict[Wire, str]] = {"json": "application/json", "xml": "text/xml, application/xml"}
"""Both names of XML are taken and given (api-facts 2)."""

_SENT: Final[dict[Wire, str]] = {"json": "application/json", "xml": "text/xml; charset=utf-8"}
"""The charset of `text/xml` is US-ASCII where nothing is said (RFC 2046 and 3023)."""


@frozen
class Request:
    """What is sent: everything but the address, the key and `source`.

    Attributes:
        operation: Id of the operation.
        method: The HTTP verb.
        path: Path below the base URL, percent-encoded.
        query: Query string, percent-encoded; empty where there is none.
        headers: Accept and Content-Type. Every call carries the latter, GET too (api-facts 2).
        body: The bytes, or None for no body.
        repeatable: Whether sending it again after a lost answer does no harm.
        secrets: Values of the body that must not be shown.
    """

    operation: str
    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes | None = field(default=None, repr=False)
    repeatable: bool = False
    secrets: tuple[str, ...] = field(default=(), repr=False)


def choose(operation: Operation[Any], wire: WireChoice, body: Body = None) -> Wire:
    """Return the wire for a call: the one asked for, or the best attested one.

    An operation without a known XML form goes over JSON whatever was asked for. "auto" is JSON where a client
    has seen the operation's JSON, XML elsewhere, since some older endpoints ignore JSON (api-facts 2), and XML
    for a body that carries dates (api-facts 3).
    """
    if operation.json_only:
        return "json"
    if wire != "auto":
        return wire
    rows = [body] if isinstance(body, Record) else body or []
    return "json" if operation.json_seen and not any(has_dates(row) for row in rows) else "xml"


def encode(
    operation: Operation[Any],
    path_values: Mapping[str, str],
    query: Mapping[str, Any] | None = None,
    body: Body = None,
    *,
    wire: Wire,
) -> Request:
    """Return the request of an operation.

    Raises:
        ConfigurationError: A path value is empty or cannot travel in a path, a text is too long, a time has
            no zone, a value cannot be written, a record is of another class than the operation takes.
    """
    rows = [body] if isinstance(body, Record) else body or []
    if operation.body is not None:
        for row in rows:
            check_class(row, operation.body.record)
    written, reason = None, ""
    try:
        if operation.body is not None:
            written = _write(body, operation, operation.body, wire)
    except ConfigurationError as problem:
        reason = str(problem)
    if reason:
        # Anew, for the frames and the cause of the first one hold the value, which may be a password.
        raise ConfigurationError(reason)
    return Request(
        operation=operation.id,
        method=operation.method,
        path=operation.path.format_map({name: segment(text, name) for name, text in path_values.items()}),
        query=query_string(query or {}, wire),
        headers=headers_for(wire),
        body=written,
        repeatable=operation.repeatable,
        secrets=tuple(secret for row in rows for secret in secrets_of(row)),
    )


def encode_plain(
    method: Method, path: str, query: Mapping[str, Any], body: Any, *, wire: Wire, repeatable: bool
) -> Request:
    """Return a request of no described operation.

    Raises:
        ConfigurationError: The verb is unknown, the path does not begin with a slash or leaves the API, or the body
            cannot be written.
    """
    reason, secrets = "", tuple[str, ...]()
    given: tuple[object, object] = method, path
    if given[0] not in _VERBS:
        reason = f"method must be {', '.join(_VERBS[:-1])} or {_VERBS[-1]}, not {method!r}"
    elif not isinstance(given[1], str) or not _is_plain_path(path):
        reason = "path must begin with a slash and be percent-encoded, without a query or dot segments"
    elif body is not None and not isinstance(body, bytes):
        try:
            body, secrets = json.dump(body, "body"), tuple(_secrets_in(body))
        except ConfigurationError as problem:
            reason = str(problem)
        if wire == "xml":
            reason = "an XML body is given as bytes"
    if reason:
        # Outside the handler, whose error holds the text.
        del body
        raise ConfigurationError(reason)
    return Request(
        "request", method, path, query_string(query, wire), headers_for(wire), body, repeatable, secrets
    )


def _secrets_in(value: object) -> Iterator[str]:
    """Yield what stands under a name of a secret, at any depth."""
    if isinstance(value, Mapping):
        for name, below in value.items():
            if str(name).lower() in SECRET_NAMES and isinstance(below, str):
                yield below
            else:
                yield from _secrets_in(below)
    elif isinstance(value, (list, tuple)):
        for below in cast("Sequence[Any]", value):
            yield from _secrets_in(below)


def _is_plain_path(path: str) -> bool:
    if not path.startswith("/") or not path.isprintable() or any(mark in path for mark in "?# \\"):
        return False
    return not {".", ".."} & {unquote(part) for part in path.split("/")}


def _write(body: Body, operation: Operation[Any], shape: Shape[Record], wire: Wire) -> bytes:
    value = [] if body is None else body
    written = json.write(value, shape.labels) if wire == "json" else xml.write(value, shape.root, shape.item)
    if operation.largest_body is not None and len(written) > operation.largest_body:
        raise ConfigurationError(
            f"{operation.id}: a body of {len(written):,} bytes; the server accepts {operation.largest_body:,}"
        )
    return written


def headers_for(wire: Wire) -> dict[str, str]:
    """Return Accept and Content-Type: some endpoints go by the one, some by the other (api-facts 2)."""
    return {"Accept": _ACCEPTED[wire], "Content-Type": _SENT[wire]}


def segment(value: object, name: str) -> str:
    """Return a value as one percent-encoded path segment.

    Raises:
        ConfigurationError: It is empty, or a dot segment, which would make a path of another meaning: with an
            empty id `DELETE /users/{id}` reads `DELETE /users/`.
    """
    text = str(value)
    if not text.strip() or text in {".", ".."}:
        raise ConfigurationError(f"{name} is {text!r}: this cannot be part of a path")
    try:
        return quote(text, safe="")
    except UnicodeEncodeError:
        raise ConfigurationError(f"{name} is {text!r}: a lone surrogate cannot be sent") from None


def query_string(values: Mapping[str, Any], wire: Wire) -> str:
    """Return a query string; None is left out, flags are lower case, times are UTC (api-facts 2 and 3).

    Raises:
        ConfigurationError: `search` is too long, a time has no zone, a text cannot be encoded, or a value is many.
    """
    pairs = [("format", "json")] if wire == "json" else []
    for name, value in values.items():
        if value is None:
            continue
        text = _query_text(name, value)
        if name == "search" and len(text) > SEARCH_LIMIT:
            raise ConfigurationError(f"search has {len(text)} characters; the server accepts {SEARCH_LIMIT}")
        pairs.append((name, text))
    try:
        return urlencode(pairs, quote_via=quote)
    except UnicodeEncodeError:
        raise ConfigurationError("the query holds a lone surrogate, which cannot be sent") from None


def _query_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return dates.to_query(dates.utc(value, name))
    if isinstance(value, bytes | bytearray | Mapping | set | frozenset | list | tuple):
        raise ConfigurationError(f"{name} must be one value of a query, not {type(value).__name__}")
    return str(value)


def decode_one(reply: Reply, shape: Shape[R], json_dates: dates.JsonDates = "wall_clock") -> R:
    """Return the record of an answer.

    Raises:
        DecodeError: The answer is empty, damaged, or holds no such record.
    """
    plain = _plain(reply)
    if isinstance(plain, dict) and list(plain) == [shape.root] and isinstance(plain[shape.root], dict):
        plain = plain[shape.root]
    if isinstance(plain, list) and len(plain) == 1:
        # A single token comes wrapped in a list (api-facts 10).
        plain = plain[0]
    check_known(plain, shape.record)
    return structure(plain, shape.record, json_dates)


def decode_many(reply: Reply, shape: Shape[R], json_dates: dates.JsonDates = "wall_clock") -> list[R]:
    """Return the records of a list; see `each_of_many`."""
    return list(each_of_many(reply, shape, json_dates))


def each_of_many(reply: Reply, shape: Shape[R], json_dates: dates.JsonDates = "wall_clock") -> Iterator[R]:
    """Yield the records of a list one by one, so that an event loop can do other things in between.

    Raises:
        DecodeError: The answer is empty, damaged, or no list. An empty body is no empty list: a list without
            rows is `[]` or a bare root element (api-facts 4).
    """
    rows: Iterable[Any]
    if _wire_of(reply) == "xml":
        root = xml.read(reply.body, reply.content_type)
        if not len(root) and (root.text or "").strip():
            raise DecodeError("the answer is a text, not a list")
        holder = xml.list_in(root, shape.root)
        rows, expected = xml.rows(holder), xml.local_name(holder) == shape.root
    else:
        plain = json.read(reply.body, reply.content_type)
        rows, expected = json.unwrap(plain, shape.item), isinstance(plain, list)
        if not isinstance(rows, list):
            raise DecodeError("the answer is not a list")
    for number, row in enumerate(rows, 1):
        if number > MOST_ROWS:
            raise DecodeError(f"the answer holds more than {MOST_ROWS:,} rows, which no page can hold")
        what = f"row {number}"
        if not expected:
            check_known(row, shape.record, what)
        yield structure(row, shape.record, json_dates, what)


def decode_any(reply: Reply, shape: Shape[R], json_dates: dates.JsonDates) -> list[R]:
    """Return the records of an answer that no source describes; none where it is empty or something else."""
    try:
        found = (
            decode_many(reply, shape, json_dates) if shape.many else [decode_one(reply, shape, json_dates)]
        )
    except DecodeError:
        return []
    # A mapping of something else, such as a message, would leave every known field empty.
    return [row for row in found if any(key_of(row) or ())]


def check_done(reply: Reply) -> None:
    """Check the answer of a write that returns nothing: any body of the API's own will do, and none too.

    Raises:
        DecodeError: A web page came back with a success status: that was not the API; or more than may be read.
    """
    if reply.unreadable:
        raise DecodeError(reply.unreadable)
    if looks_like_html(reply.body):
        raise DecodeError("a web page answered instead of the API")


def decode_plain(reply: Reply) -> Any:
    """Return any answer as plain data; None for an empty one.

    Raises:
        DecodeError: The answer is damaged.
    """
    return _plain(reply) if reply.start or reply.unreadable else None


def _plain(reply: Reply) -> Any:
    if _wire_of(reply) == "json":
        return json.read(reply.body, reply.content_type)
    root = xml.read(reply.body, reply.content_type)
    plain = xml.plain(root)
    if isinstance(plain, dict) and len(plain) == 1 and xml.local_name(root).startswith(next(iter(plain))):
        # `Tokens > Token`: a single record wrapped in the root of its list (api-facts 10).
        inner = next(iter(plain.values()))
        return inner if isinstance(inner, dict | list) else plain
    return plain


def _wire_of(reply: Reply) -> Wire:
    """Judge an answer by what it is: what was asked for and what the header says may both be wrong."""
    if reply.unreadable:
        raise DecodeError(reply.unreadable)
    if looks_like_html(reply.body):
        raise DecodeError("a web page answered instead of the API")
    start = reply.start
    if not start:
        raise DecodeError("the answer is empty")
    return "xml" if start.startswith("<") else "json"
