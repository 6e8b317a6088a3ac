"""A limiter from one line of text."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.limits import (
    Limiter,
    MemoryLimiter,
    RateLimit,
    RedisLimiter,
    SqliteLimiter,
    limiter_from_url,
)

RATE = RateLimit(7)


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory://", MemoryLimiter),
        ("sqlite:///var/lib/limits.db", SqliteLimiter),
        ("redis://user:secret@host:6379/1", RedisLimiter),
        ("rediss://host", RedisLimiter),
    ],
)
def test_a_url_names_a_limiter(url: str, kind: type[Limiter]) -> None:
    """Each kind has its scheme, and keeps the rate that was given."""
    limiter = limiter_from_url(url, RATE)
    assert type(limiter) is kind
    assert limiter.rate == RATE


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///var/lib/limits.db", "/var/lib/limits.db"),
        ("sqlite:////var/lib/limits.db", "/var/lib/limits.db"),
        ("sqlite:///var/a%20b.db", "/var/a b.db"),
    ],
)
def test_the_path_of_a_file_is_absolute(url: str, path: str) -> None:
    """Processes that were started in different folders find the same file."""
    limiter = limiter_from_url(url)
    assert isinstance(limiter, SqliteLimiter)
    assert limiter.path == Path(path)


@pytest.mark.parametrize(
    "url", ["", "sqlite://", "sqlite:///", "sqlite://limits.db", "memory", "postgres://user:secret@host", "x"]
)
def test_other_urls_are_refused(url: str) -> None:
    """The error says what there is, and does not repeat what may hold a password."""
    with pytest.raises(ConfigurationError, match="memory://") as caught:
        limiter_from_url(url)
    assert "secret" not in str(caught.value)
