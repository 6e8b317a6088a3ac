"""What an answer means: success, refusal by the rate limit, or an error with the server's own words."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from attrs import field, frozen

from litmos_async.errors import APIError, DecodeError, api_error
from litmos_async.wire import xml
from litmos_async.wire.converter import TEXT

REDACTED = "***"
_DETAIL_LIMIT = 500
# One-time login links are credentials; a server may quote one in an error (api-facts 8).
_LOGIN_KEY = re.compile(r"(loginkey=)[^\s\"'<>&]+", re.IGNORECASE)
_HTML_DETAILS = re.compile(rb"Details?:\s*(?:</B>)?\s*(.*?)</P>", re.IGNORECASE | re.DOTALL)
_HTML_TITLE = re.compile(rb"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
_TAGS = re.compile(rb"<!--.*?-->|<[^>]*>", re.DOTALL)


@frozen
class Reply:
    """An answer as it arrived. Its body may hold secrets, so the repr leaves it out."""

    status: int
    reason: str = ""
    content_type: str = ""
    body: bytes = field(default=b"", repr=False)
    retry_after: float | None = None

    @property
    def success(self) -> bool:
        """Any 2xx: the documents disagree about which (api-facts 11)."""
        return 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Refused by the rate limit and not carried out: 503, or 429 by one third-party source."""
        return self.status in {HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS}

    @property
    def start(self) -> bytes:
        """The first character that is no blank: an answer is judged by it, not by what was asked for."""
        return self.body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]


def looks_like_html(body: bytes) -> bool:
    """Tell whether a body is a web page: a proxy, a login page or an error page, never the API."""
    start = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:64].lower()
    return start.startswith((b"<!doctype html", b"<html"))


def error_of(reply: Reply, secrets: Iterable[str] = ()) -> APIError:
    """Return the error that an answer stands for, its words cleaned of `secrets`."""
    error = api_error(reply.status, redact(detail_of(reply), secrets))
    error.retry_after = reply.retry_after
    return error


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the secrets and without login keys."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, REDACTED)
    return _LOGIN_KEY.sub(rf"\1{REDACTED}", text)


def detail_of(reply: Reply) -> str:
    """Dig out what the server says: JSON, XML, the HTML page's "Details", plain text, the reason phrase.

    The forms are those of api-facts 5.
    """
    if looks_like_html(reply.body):
        found = _from_html(reply.body)
    elif reply.start in {b"{", b"[", b'"'}:
        found = _from_json(reply.body)
    elif reply.start == b"<":
        found = _from_xml(reply.body)
    else:
        found = reply.body[: 4 * _DETAIL_LIMIT].decode("utf-8", "replace")
    text = " ".join((found or reply.reason or _standard_phrase(reply.status)).split())
    return text if len(text) <= _DETAIL_LIMIT else text[: _DETAIL_LIMIT - 1] + "…"


def _from_html(body: bytes) -> str:
    match = _HTML_DETAILS.search(body) or _HTML_TITLE.search(body)
    return _TAGS.sub(b" ", match[1]).decode("utf-8", "replace").strip() if match else ""


def _from_json(body: bytes) -> str:
    try:
        found: Any = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    return _named_detail(found)


def _from_xml(body: bytes) -> str:
    try:
        found = xml.plain(xml.read(body))
    except DecodeError:
        return ""
    return _named_detail(found)


def _named_detail(found: Any) -> str:
    if isinstance(found, str):
        return found
    if isinstance(found, dict):
        lowered = {str(name).lower(): value for name, value in found.items()}
        for name in ("detail", "message", "error", "text", TEXT):
            if lowered.get(name):
                return _named_detail(lowered[name])
    return ""


def _standard_phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def retry_after_of(value: str | None, now: datetime | None = None) -> float | None:
    """Read a Retry-After header: seconds, or a date; None where there is none or it is nonsense."""
    if not value:
        return None
    try:
        return max(0.0, float(int(value)))
    except ValueError:
        pass
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())
