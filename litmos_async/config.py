"""The configuration of a client, and the options of a single call."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from typing import Final, Literal, TypedDict, get_args
from urllib.parse import quote, unquote, urlencode, urlsplit

from attrs import field, frozen

from litmos_async.checks import duration, is_whole
from litmos_async.environment import is_loopback
from litmos_async.errors import ConfigurationError, MissingOption
from litmos_async.limits import Priority
from litmos_async.retry import RetryPolicy
from litmos_async.wire.codec import SEARCH_LIMIT, WireChoice
from litmos_async.wire.dates import JsonDates

Region = Literal["us", "eu", "au"]
KeyPlace = Literal["header", "query"]

BASE_URLS: Final[Mapping[str, str]] = {
    "us": "https://api.litmos.com/v1.svc",
    "eu": "https://api.litmoseu.com/v1.svc",
    "au": "https://api.litmos.com.au/v1.svc",
}
"""Where the API lives (api-facts 1). A key works in its own region only."""

MAX_ANSWER_BYTES: Final = 32 * 1024 * 1024
"""Decoded bytes of an answer at most: sixteen times a page of 1,000 people."""


class CallOptions(TypedDict, total=False):
    """Options that every method takes.

    Attributes:
        timeout: Seconds for one attempt, from its start to the last byte of its answer.
        retry: What to do when an attempt fails.
        priority: "interactive" takes precedence over "bulk".
        wire: "auto", "json" or "xml".
    """

    timeout: float
    retry: RetryPolicy
    priority: Priority
    wire: WireChoice


@frozen
class Defaults:
    """The options of a call that gives none. The fields are those of `CallOptions`."""

    timeout: float = 30.0
    retry: RetryPolicy = field(factory=RetryPolicy)
    priority: Priority = "interactive"
    wire: WireChoice = "auto"

    def __attrs_post_init__(self) -> None:
        duration("timeout", self.timeout)
        if not isinstance(self.retry, RetryPolicy):
            raise ConfigurationError(f"retry must be a RetryPolicy, not {self.retry!r}")
        if self.priority not in get_args(Priority):
            raise ConfigurationError(f'priority must be "interactive" or "bulk", not {self.priority!r}')
        if self.wire not in get_args(WireChoice):
            raise ConfigurationError(f'wire must be "auto", "json" or "xml", not {self.wire!r}')


# A backslash is a slash to some readers of addresses and none to others (WHATWG URL), and blanks are cut out.
_NOT_IN_URLS: Final = re.compile(r"[\s\\<>\"^`{|}]")


@frozen
class Service:
    """A service that requests are sent to, and what every request to it carries.

    Attributes:
        base_url: What stands in front of the path of each request.
        query: Stands in front of the query of each request, percent-encoded.
        headers: Headers of each request.
        credentials: More of them, which are added at the last moment: no request that is logged or raised has them.
        credential_query: The same in the query: stands behind that of each request.
        secrets: Texts that must not be shown.
        max_answer_bytes: Decoded bytes of an answer at most.
    """

    base_url: str
    query: str = ""
    headers: Mapping[str, str] = field(factory=dict[str, str])
    credentials: Mapping[str, str] = field(factory=dict[str, str], repr=False)
    credential_query: str = field(default="", repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    max_answer_bytes: int = MAX_ANSWER_BYTES

    @property
    def host(self) -> str:
        """The host that is asked, for errors."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def port(self) -> int:
        """The port that is asked."""
        parts = urlsplit(self.base_url)
        return parts.port or (80 if parts.scheme == "http" else 443)

    @property
    def region(self) -> str:
        """The region whose address that is; empty for another one."""
        return region_of(self.base_url)


@frozen
class Config:
    """Where the API is and who calls it."""

    api_key: str = field(repr=False)
    source: str
    base_url: str
    key_in: KeyPlace = "header"
    json_dates: JsonDates = "wall_clock"
    max_answer_bytes: int = MAX_ANSWER_BYTES

    @property
    def account(self) -> str:
        """What tells this account from others, where several share a limiter: a hash, never the key."""
        return account_of(self.base_url, self.api_key)

    @property
    def service(self) -> Service:
        """The API, as requests reach it: with `source`, and with the key in its place."""
        key = quote(self.api_key, safe="")
        return Service(
            self.base_url,
            query=urlencode({"source": self.source}, quote_via=quote),
            credentials={"apikey": self.api_key} if self.key_in == "header" else {},
            credential_query=f"apikey={key}" if self.key_in == "query" else "",
            secrets=(self.api_key,),
            max_answer_bytes=self.max_answer_bytes,
        )


def account_of(base_url: str, credential: str) -> str:
    """Return a hash that tells accounts apart."""
    return hashlib.sha256(f"{base_url}\n{credential}".encode()).hexdigest()[:32]


def configure(
    api_key: str | None = None,
    source: str | None = None,
    *,
    region: str | None = None,
    base_url: str | None = None,
    key_in: KeyPlace = "header",
    json_dates: JsonDates = "wall_clock",
    max_answer_bytes: int = MAX_ANSWER_BYTES,
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Return the configuration from arguments, or from `LITMOS_*` variables if they are None.

    Raises:
        ConfigurationError: Something is missing or cannot work.
    """
    _check_texts(api_key=api_key, source=source, region=region, base_url=base_url)
    key = api_key or environment.get("LITMOS_API_KEY", "")
    name = source or environment.get("LITMOS_SOURCE", "")
    where = region or environment.get("LITMOS_REGION") or "us"
    if not key:
        raise MissingOption("no API key: pass api_key or set LITMOS_API_KEY", option="api_key")
    if not key.isascii() or not key.isprintable() or " " in key:
        # It travels in a header, and no key has a space: something was copied along with it.
        raise ConfigurationError("the API key has a space, or a character that a header cannot hold")
    if not name.strip():
        raise MissingOption(
            "no source: pass source or set LITMOS_SOURCE, a short name of your program", option="source"
        )
    if not name.isprintable():
        raise ConfigurationError("source has a line break or another character that cannot be shown")
    if len(name) > SEARCH_LIMIT:
        raise ConfigurationError(f"source has {len(name)} characters; the server accepts {SEARCH_LIMIT}")
    if where not in BASE_URLS:
        raise ConfigurationError(f"region must be one of {', '.join(BASE_URLS)}, not {where!r}")
    if key_in not in get_args(KeyPlace):
        raise ConfigurationError(f'key_in must be "header" or "query", not {key_in!r}')
    if json_dates not in get_args(JsonDates):
        raise ConfigurationError(f'json_dates must be "wall_clock" or "epoch", not {json_dates!r}')
    if not is_whole(max_answer_bytes) or max_answer_bytes < 1:
        raise ConfigurationError(
            f"max_answer_bytes must be a whole number of bytes, 1 or more, not {max_answer_bytes!r}"
        )
    # A region that was asked for by name goes before an address from the environment.
    address = base_url or ("" if region else environment.get("LITMOS_BASE_URL", "")) or BASE_URLS[where]
    return Config(key, name, checked_address(address, "base_url"), key_in, json_dates, max_answer_bytes)


def _check_texts(**given: object) -> None:
    for name, value in given.items():
        if not isinstance(value, str | None):
            # Without the value: it may be the key, in bytes.
            raise ConfigurationError(f"{name} must be a text, not {type(value).__name__}", option=name)


def region_of(base_url: str) -> str:
    """Return the region whose address this is; empty for another one."""
    return next((region for region, url in BASE_URLS.items() if url == base_url), "")


def checked_address(base_url: str, name: str) -> str:
    """Return an address without a trailing slash; no credential must travel in the clear.

    Args:
        base_url: The address.
        name: What it is called, for the error.

    Raises:
        ConfigurationError: It is not an address of scheme, host and path, or its scheme is not https.
    """
    if not base_url.isprintable() or _NOT_IN_URLS.search(base_url):
        raise ConfigurationError(f"{name} is not an address: it has characters that an address cannot have")
    try:
        parts = urlsplit(base_url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        raise ConfigurationError(f"{name} is not an address") from None
    if port == 0 or not parts.path.isascii():
        raise ConfigurationError(f"{name} is not an address: its port or path is not valid")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must be scheme, host and path only")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        # With an "@" it may hold a password, at a place where a parser of addresses sees none.
        quoted = "" if "@" in unquote(base_url) else f": {base_url!r}"
        raise ConfigurationError(f"{name} must be https, or http on a loopback address{quoted}")
    return base_url.rstrip("/")
