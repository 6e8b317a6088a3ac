"""The requests and answers of a learning record store: xAPI 1.0.3, JSON only (api-facts 14)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from litmos_async.errors import ConfigurationError, DecodeError
from litmos_async.models.xapi import XapiStatement
from litmos_async.wire import dates, json
from litmos_async.wire.codec import Request
from litmos_async.wire.converter import structure
from litmos_async.wire.operation import Operation
from litmos_async.wire.verdict import Reply, looks_like_html

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_JSON: Final = "application/json"

# What may stand in the path and the query of a link as it is, besides what `quote` leaves alone in any case:
# RFC 3986, and % for what is encoded already.
_LINK: Final = "/?%:@!$&'()*+,;="


def encode(
    operation: Operation[Any],
    path: str,
    query: Mapping[str, Any] | None = None,
    body: XapiStatement | Sequence[XapiStatement] | None = None,
) -> Request:
    """Return a request to the store: without `source` and `format`, which a store refuses as unknown parameters.

    Args:
        operation: The operation.
        path: Path from the root of the host on, percent-encoded; a link to more has a query of its own.
        query: Query parameters; None is left out.
        body: The statement or statements to send.

    Raises:
        ConfigurationError: A value cannot be written.
    """
    place, _, own_query = path.partition("?")
    return Request(
        operation=operation.id,
        method=operation.method,
        path=place,
        query=own_query or _query_string(query or {}),
        headers={"Accept": _JSON} if body is None else {"Accept": _JSON, "Content-Type": _JSON},
        body=None if body is None else json.write(body, time=_time),
        repeatable=operation.repeatable,
    )


def _query_string(values: Mapping[str, Any]) -> str:
    pairs = [(name, _query_text(name, value)) for name, value in values.items() if value is not None]
    try:
        return urlencode(pairs, quote_via=quote)
    except UnicodeEncodeError:
        raise ConfigurationError("the query holds a lone surrogate, which cannot be sent") from None


def _query_text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return _time(dates.utc(value, name))
    return str(value)


def _time(value: datetime) -> str:
    """Return a time as the specification has it: ISO 8601 with a zone (xAPI 1.0.3, part two, 4.4)."""
    return dates.utc(value).isoformat().replace("+00:00", "Z")


def check_id(statement_id: object) -> str:
    """Return the id of a statement.

    Raises:
        ConfigurationError: It is not a UUID: a store refuses anything else.
    """
    if not isinstance(statement_id, str) or not _UUID.fullmatch(statement_id):
        raise ConfigurationError(f"the id of a statement must be a UUID, not {statement_id!r}")
    return statement_id


def decode_ids(reply: Reply, sent: int) -> list[str]:
    """Return the ids that answer a POST.

    Raises:
        DecodeError: The answer is not a list of as many ids as statements were sent.
    """
    plain = _plain(reply)
    if not isinstance(plain, list) or not all(isinstance(each, str) for each in plain):
        raise DecodeError("the answer is not a list of ids")
    if len(plain) != sent:
        raise DecodeError(f"the answer holds {len(plain)} ids for {sent} statements")
    return plain


def decode_statement(reply: Reply) -> XapiStatement:
    """Return the statement of an answer.

    Raises:
        DecodeError: The answer is something else.
    """
    return _statement(_plain(reply))


def decode_statements(reply: Reply) -> tuple[list[XapiStatement], str]:
    """Return the statements of an answer, and the link to more as the store gave it; empty at the end.

    Raises:
        DecodeError: The answer is something else.
    """
    plain = _plain(reply)
    rows = plain.get("statements") if isinstance(plain, Mapping) else None
    more = plain.get("more") if isinstance(plain, Mapping) else None
    if not isinstance(rows, list) or not isinstance(more, str | None):
        raise DecodeError("the answer is not a list of statements")
    return [_statement(row) for row in rows], more or ""


def _statement(plain: Any) -> XapiStatement:
    if not isinstance(plain, Mapping) or not isinstance(plain.get("id"), str):
        raise DecodeError("the answer is not a statement")
    return structure(plain, XapiStatement)


def _plain(reply: Reply) -> Any:
    if reply.unreadable:
        raise DecodeError(reply.unreadable)
    if looks_like_html(reply.body):
        raise DecodeError("a web page answered instead of the store")
    if not reply.body.strip():
        raise DecodeError("the answer is empty")
    return json.read(reply.body, reply.content_type)


def link_to_more(more: str, base_url: str) -> str:
    """Return where more statements are: the path and query of a link, from the root of the host on.

    The link is relative to the root of the host, whatever the path of the endpoint is. It comes from outside, and
    the credentials go where it leads: so it must not lead to another scheme, host or port.

    Args:
        more: The link as the store gave it.
        base_url: Scheme, host and port of the store.

    Raises:
        DecodeError: It leads elsewhere.
    """
    try:
        # A browser reads a backslash as a slash, and leaves out tabs and line breaks: so would others on the way.
        if any(each in more for each in "\\#") or any(
            each.isspace() or not each.isprintable() for each in more
        ):
            raise ValueError(more)
        link, store = urlsplit(more), urlsplit(base_url)
        elsewhere = (link.scheme or link.netloc) and _origin(link) != _origin(store)
        if elsewhere or link.username is not None or not (link.path or link.query):
            raise ValueError(more)
    except ValueError:
        raise DecodeError("the store continues the list at an address that is not its own") from None
    path = link.path if link.path.startswith("/") else f"/{link.path}"
    if {".", ".."} & set(path.split("/")):
        raise DecodeError("the store continues the list at an address that cannot be followed")
    return quote(f"{path}?{link.query}" if link.query else path, safe=_LINK)


def _origin(parts: Any) -> tuple[str, str, int]:
    scheme = parts.scheme.lower()
    return scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(scheme, 0)


def agent_text(agent: Mapping[str, Any]) -> str:
    """Return an agent as a query has it.

    Raises:
        ConfigurationError: It is not an object, or cannot be written.
    """
    if not isinstance(agent, Mapping):
        raise ConfigurationError(
            'agent must be a mapping, such as {"mbox": "mailto:user@example.com"}, '
            f"not {type(agent).__name__}"
        )
    return json.dump(dict(agent), "agent", time=_time).decode()
