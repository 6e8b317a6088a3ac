"""What an answer means: success, refusal by the rate limit, or an error with the server's own words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, TypeVar

from attrs import field, frozen

from litmos_async.errors import APIError, DecodeError, api_error
from litmos_async.redaction import redact, without_quotes
from litmos_async.wire import json, xml
from litmos_async.wire.converter import TEXT
from litmos_async.wire.text import clean, start_of, text_of, without_declaration

T = TypeVar("T")

ERROR_BODY: Final = 64 * 1024
"""Bytes of an error's body that are looked at: what the server says stands in the first lines."""

_DETAIL_NAMES: Final = ("detail", "message", "error", "text", TEXT)
_DETAIL_LIMIT: Final = 500
# Where the words of a web page begin and end. Apart, since a pattern over both is quadratic where no end comes.
_HTML_WORDS: Final = (
    (re.compile(r"Details?:\s{0,99}(?:</B>)?", re.IGNORECASE), re.compile(r"</P>", re.IGNORECASE)),
    (re.compile(r"<title[^>]{0,99}>", re.IGNORECASE), re.compile(r"</title>", re.IGNORECASE)),
)
# No server means more than some thousand years; and what is longer may not be a number that a float can hold.
_SECONDS: Final = re.compile(r"[+-]?[0-9]{1,12}")
_LONGEST_DATE: Final = 100
_TAGS: Final = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)


@frozen
class Reply:
    """An answer as it arrived. Its body may hold secrets, so the repr leaves it out.

    Attributes:
        status: The HTTP status.
        reason: The reason phrase.
        content_type: The header, which may name an encoding.
        body: The decoded bytes. Of an answer that is no success there may be only the beginning.
        retry_after: Seconds that the server asks to wait.
        unreadable: Why there is no body although one came, such as its size; empty if it is all there.
        host: The host that was asked.
        region: Its region; empty where the address is no region's.
    """

    status: int
    reason: str = ""
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None
    unreadable: str = ""
    host: str = ""
    region: str = ""

    @property
    def success(self) -> bool:
        """Any 2xx: the documents disagree about which (api-facts 11)."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Refused by the rate limit and not carried out: 503, or 429 by one third-party source."""
        return self.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}

    @property
    def start(self) -> str:
        """The first characters that are no blanks: an answer is judged by them, not by what was asked for."""
        return start_of(self.body)


def looks_like_html(body: bytes) -> bool:
    """Return whether a body is a web page: a proxy, a login page or an error page, never the API."""
    return start_of(body).startswith(("<!doctype html", "<html"))


def error_of(reply: Reply, secrets: Iterable[str] = ()) -> APIError:
    """Return the error that an answer stands for, its words cleaned of `secrets`."""
    error = api_error(reply.status, detail_of(reply, secrets))
    error.retry_after = reply.retry_after
    return error


def detail_of(reply: Reply, secrets: Iterable[str] = ()) -> str:
    """Dig out what the server says: JSON, XML, the HTML page's "Details", plain text, the reason phrase.

    The forms are those of api-facts 5. Secrets go out before anything is cut, parsed or cleaned, which would leave
    a part of one or write it otherwise, and again when the words are what is shown.
    """
    known = tuple(secrets)
    body = text_of(reply.body[:ERROR_BODY], reply.content_type)
    body = without_quotes(body, known, cut=len(reply.body) >= ERROR_BODY)
    if looks_like_html(reply.body):
        found = _from_html(body)
    elif reply.start.startswith(("{", "[", '"')):
        found = _named_detail(_or_nothing(json.read, body))
    elif reply.start.startswith("<"):
        root = _or_nothing(xml.read, without_declaration(body))
        found = "" if root is None else _named_detail(xml.plain(root))
    else:
        found = body[: 4 * _DETAIL_LIMIT]
    found = redact(found.strip() or reply.reason or _standard_phrase(reply.status), known)
    text = redact(" ".join(clean(found).split()), known)
    return text if len(text) <= _DETAIL_LIMIT else text[: _DETAIL_LIMIT - 1] + "…"


def _from_html(body: str) -> str:
    for begins, ends in _HTML_WORDS:
        begin = begins.search(body)
        end = begin and ends.search(body, begin.end())
        if begin and end:
            words = body[begin.end() : min(end.start(), begin.end() + 4 * _DETAIL_LIMIT)]
            return _TAGS.sub(" ", words).strip()
    return ""


def _or_nothing(read: Callable[[bytes], T], text: str) -> T | None:
    try:
        return read(text.encode("utf-8", "replace"))
    except DecodeError:
        return None


def _named_detail(found: Any) -> str:
    while isinstance(found, dict):
        lowered = {str(name).lower(): value for name, value in found.items()}
        found = next((lowered[name] for name in _DETAIL_NAMES if lowered.get(name)), "")
    return found if isinstance(found, str) else ""


def _standard_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after_of(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header: seconds, or a date (RFC 9110, 10.2.3).

    Returns:
        Seconds from now, 0 or more and finite; None where there is no header or it is nonsense. Any server or proxy
        may send any text, with any answer, so nothing is raised.
    """
    text = (value or "").strip()
    if _SECONDS.fullmatch(text):
        return max(0.0, float(text))
    moment = http_date_of(text)
    return None if moment is None else max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def http_date_of(value: str | None) -> datetime | None:
    """Read a date of a header (RFC 9110, 5.6.7); None where there is none or it is nonsense."""
    text = (value or "").strip()
    if not text or len(text) > _LONGEST_DATE:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    except (ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
        # The parser of the standard library takes its fields from wherever they stand, and fails in many ways.
        return None
