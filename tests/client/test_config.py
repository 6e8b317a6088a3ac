"""What a client is set up with: refused early, in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from litmos_async import LitmosClient, MemoryLimiter, RateLimit, RedisLimiter, RetryPolicy, SqliteLimiter
from litmos_async.config import BASE_URLS, configure
from litmos_async.errors import ConfigurationError
from litmos_async.limits import limiter_from_url

NOTHING: dict[str, str] = {}


@pytest.mark.parametrize("region", ["us", "eu", "au"])
def test_regions(region: str) -> None:
    """Each region has its address."""
    assert configure("k", "s", region=region, environment=NOTHING).base_url == BASE_URLS[region]


def test_the_environment_fills_the_gaps() -> None:
    """What no argument says is taken from the environment; a region by name goes before an address there."""
    environment = {
        "LITMOS_API_KEY": "k",
        "LITMOS_SOURCE": "s",
        "LITMOS_REGION": "au",
        "LITMOS_BASE_URL": "http://127.0.0.1:8000/v1.svc/",
    }
    config = configure(environment=environment)
    assert (config.api_key, config.source, config.base_url) == ("k", "s", "http://127.0.0.1:8000/v1.svc")
    assert configure(region="eu", environment=environment).base_url == BASE_URLS["eu"]
    del environment["LITMOS_BASE_URL"]
    assert configure(environment=environment).base_url == BASE_URLS["au"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"api_key": None}, "LITMOS_API_KEY"),
        ({"api_key": "k\n"}, "header"),
        ({"api_key": "kü"}, "header"),
        ({"source": None}, "LITMOS_SOURCE"),
        ({"source": "x" * 51}, "51 characters"),
        ({"source": "x\n"}, "line break"),
        ({"source": "\ud800"}, "cannot be shown"),
        ({"region": "moon"}, "region"),
        ({"key_in": "body"}, "key_in"),
        ({"json_dates": "guess"}, "json_dates"),
        ({"base_url": "http://litmos.example.com"}, "https"),
        ({"base_url": "http://10.0.0.1"}, "https"),
        ({"base_url": "ftp://127.0.0.1"}, "https"),
        ({"base_url": "https://"}, "https"),
        ({"base_url": "https://u:p@litmos.example.com"}, "only"),
        ({"base_url": "https://litmos.example.com/?x=1"}, "only"),
        ({"base_url": "https://litmos.example.com:port"}, "not an address"),
        ({"base_url": "http://[::1"}, "not an address"),
    ],
)
def test_what_cannot_work(options: dict[str, str], words: str) -> None:
    """Each thing that is missing or wrong is named, and the key is not shown."""
    with pytest.raises(ConfigurationError, match=words) as caught:
        configure(**{"api_key": "SECRET", "source": "s", "environment": NOTHING, **options})
    assert "SECRET" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1/x", "http://127.0.0.2", "http://[::1]:8000"])
def test_loopback_needs_no_tls(url: str) -> None:
    """Plain HTTP is fine where nothing leaves the machine."""
    assert configure("k", "s", base_url=url, environment=NOTHING).base_url == url


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": 0},
        {"wire": "yaml"},
        {"priority": "high"},
        {"colour": "red"},
        {"timeout": float("nan")},
        {"timeout": float("inf")},
        {"timeout": None},
        {"timeout": "5"},
        {"timeout": True},
        {"retry": None},
        {"retry": 3},
    ],
)
def test_options_of_a_call(options: dict[str, object]) -> None:
    """An option that is unknown or cannot work is refused before anything is sent."""
    with pytest.raises(ConfigurationError):
        LitmosClient("k", "s").with_options(**options)


@pytest.mark.parametrize("option", ["api_key", "source", "region", "base_url"])
@pytest.mark.parametrize("value", [5, b"abc", ["eu"], {}, True])
def test_what_is_no_text(option: str, value: object) -> None:
    """The error names the option and the type, and never the value: it may be the key."""
    with pytest.raises(ConfigurationError) as caught:
        LitmosClient(**{"api_key": "k", "source": "s", option: value})
    assert caught.value.option == option
    assert str(caught.value) == f"{option} must be a text, not {type(value).__name__}"


async def app(scope: object, receive: object, send: object) -> None:
    """Be a bare ASGI app."""


@pytest.mark.parametrize(
    "transport", [5, "http", app, httpx.HTTPTransport(), httpx.AsyncHTTPTransport, httpx.WSGITransport(app)]
)
def test_what_is_no_transport(transport: object) -> None:
    """An app is mounted in a transport; one without `await` cannot be used."""
    with pytest.raises(
        ConfigurationError, match="transport must be an asynchronous httpx transport"
    ) as caught:
        LitmosClient("k", "s", transport=transport)
    assert caught.value.option == "transport"


@pytest.mark.parametrize("value", [True, False, "1", [1], 1.5, None])
def test_what_is_no_whole_number(value: object) -> None:
    """True is an int to Python, and no number of requests, attempts or bytes."""
    for name in ("requests", "burst", "reserve"):
        with pytest.raises(ConfigurationError):
            RateLimit(**{name: value})
    for name in ("max_attempts", "max_rejections"):
        with pytest.raises(ConfigurationError):
            RetryPolicy(**{name: value})
    with pytest.raises(ConfigurationError):
        LitmosClient("k", "s", max_answer_bytes=value)


@pytest.mark.parametrize("value", [True, "1", [1], None])
def test_what_is_no_time(value: object) -> None:
    """True is a number to Python, and no number of seconds."""
    for make in (
        lambda: RateLimit(period=value),
        lambda: RateLimit(bulk_share=value),
        lambda: RetryPolicy(deadline=value),
        lambda: RetryPolicy(initial_backoff=value),
        lambda: RetryPolicy(max_backoff=value),
        lambda: LitmosClient("k", "s", timeout=value),
    ):
        with pytest.raises(ConfigurationError):
            make()


def test_one_limit_only() -> None:
    """A limiter has a rate limit of its own."""
    with pytest.raises(ConfigurationError, match="not both"):
        LitmosClient("k", "s", rate_limit=RateLimit(), limiter=MemoryLimiter())


def test_what_is_no_rate_limit() -> None:
    """A number of requests is no rate limit, and that is said when the client is made."""
    with pytest.raises(ConfigurationError, match="rate_limit must be a RateLimit, not 100"):
        LitmosClient("k", "s", rate_limit=100)


@pytest.mark.parametrize(
    ("limiter", "words"),
    [
        (RateLimit(5), "not RateLimit: give it as rate_limit"),
        (100, "not int"),
        (MemoryLimiter, "not type"),
        (Path("limits.db"), "memory://"),
    ],
)
def test_what_is_no_limiter(limiter: object, words: str) -> None:
    """What keeps no limit is refused when the client is made, and the error says what will do."""
    with pytest.raises(ConfigurationError, match=words):
        LitmosClient("k", "s", limiter=limiter)


@pytest.mark.parametrize(
    "make",
    [
        MemoryLimiter,
        lambda rate: SqliteLimiter("limits.db", rate),
        lambda rate: RedisLimiter("redis://localhost", rate),
        lambda rate: limiter_from_url("memory://", rate),
    ],
    ids=["memory", "sqlite", "redis", "url"],
)
@pytest.mark.parametrize("rate", [100, "100", None])
def test_a_limiter_wants_a_rate_limit(make: Callable[[object], object], rate: object) -> None:
    """A number of requests is no rate limit, and that is said when the limiter is made."""
    with pytest.raises(ConfigurationError, match="rate must be a RateLimit"):
        make(rate)


def test_the_key_is_not_in_the_repr() -> None:
    """Neither the client nor its configuration shows the key."""
    client = LitmosClient("SECRET", "s")
    assert "SECRET" not in repr(client)
    assert "SECRET" not in repr(configure("SECRET", "s", environment=NOTHING))
    assert "SECRET" not in repr(client._sender)


@pytest.mark.parametrize("bad", ["", " ", ".", "..", None, 5, "half \ud800"])
def test_an_id_that_is_none(bad: object) -> None:
    """An empty id or a dot would make a path of another meaning, so it is refused when the call is made."""
    litmos = LitmosClient("k", "s")
    with pytest.raises(ConfigurationError):
        litmos.users.list_courses(bad)


def test_lists_refuse_bad_options_at_once() -> None:
    """A list says what is wrong when it is asked for, not when somebody begins to read it."""
    litmos = LitmosClient("k", "s")
    for options in (
        {"search": "x" * 51},
        {"page_size": 0},
        {"page_size": 1001},
        {"page_size": "50"},
        {"start": -1},
        {"start": None},
        {"search": "half \ud800"},
        {"direction": "up"},
        {"colour": "red"},
    ):
        with pytest.raises(ConfigurationError):
            litmos.users.list(**options)
