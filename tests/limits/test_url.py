"""A limiter from one line of text."""

from __future__ import annotations

import os
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.errors import ConfigurationError
from litmos_async.limits import (
    Limiter,
    MemoryLimiter,
    RateLimit,
    RedisLimiter,
    SqliteLimiter,
    limiter_from_url,
)
from litmos_async.limits.url import sqlite_path, sqlite_url

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


def test_no_url_is_that_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """One rule for clients, and for whoever makes a limiter for them."""
    for said, kind in (("", MemoryLimiter), ("sqlite:///var/lib/limits.db", SqliteLimiter)):
        monkeypatch.setenv("LITMOS_LIMIT", said)
        assert type(limiter_from_url(None, RATE)) is kind
    monkeypatch.delenv("LITMOS_LIMIT")
    assert type(limiter_from_url(None, RATE)) is MemoryLimiter


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


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:relative.db",
        "sqlite://user:secret@host/0",
        "sqlite://user:se/cret@host",
        "sqlite:user:secret@host",
        "sqlite:/limits.db",
        "sqlite://C:/limits.db",
        "sqlite://localhost/limits.db",
        "sqlite:///limits.db?timeout=5",
        "sqlite:///limits.db?",
        "sqlite:///limits.db#one",
        "sqlite:///100%.db",
        "sqlite:///a%zz.db",
        "sqlite:///a%00.db",
        "sqlite:///a%ff.db",
        "sqlite:///a\nb.db",
        "sqlite:///var/lib/",
        "memory://here",
        "memory://?requests=5",
        "redis:host",
        "redis://",
        "redis://host:port/0",
        "redis://:se#cret@host:6379/0",
        "redis://host/0#one",
        "redis://host/0?tiemout=5",
        "redis://host/zero",
    ],
)
def test_what_is_not_understood_is_refused(url: str) -> None:
    """Never dropped, and never taken for another place."""
    with pytest.raises(ConfigurationError) as caught:
        limiter_from_url(url)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        (PurePosixPath("/var/lib/limits.db"), "sqlite:///var/lib/limits.db"),
        (PurePosixPath("/home/ann lee/50%#1?.db"), "sqlite:///home/ann%20lee/50%25%231%3F.db"),
        (PureWindowsPath("C:/Users/ann lee/limits.db"), "sqlite:///C:/Users/ann%20lee/limits.db"),
        (PureWindowsPath(r"C:\Users\50%#1\limits.db"), "sqlite:///C:/Users/50%25%231/limits.db"),
        (PureWindowsPath(r"\\server\share\limits.db"), "sqlite:////server/share/limits.db"),
    ],
)
def test_the_url_of_a_path_leads_back_to_it(path: PurePath, url: str) -> None:
    """Also with what means something in a URL, and with a drive."""
    assert sqlite_url(path) == url
    assert sqlite_path(url, type(path)) == path


names = st.text(st.characters(exclude_characters="/\\\0:"), min_size=1).filter(
    lambda name: name.strip(". ") and name not in {".", ".."}
)


@given(st.lists(names, min_size=1, max_size=4), st.sampled_from([PurePosixPath("/"), PureWindowsPath("D:/")]))
def test_any_path_leads_back_to_itself(parts: list[str], root: PurePath) -> None:
    """Whatever characters a file's name has, half ones of an undecodable name included."""
    path = root.joinpath(*parts, os.fsdecode(b"\xff.db"))
    assert sqlite_path(sqlite_url(path), type(root)) == path


@pytest.mark.parametrize(
    "path", [PurePosixPath("limits.db"), PureWindowsPath("C:limits.db"), PureWindowsPath("/l.db")]
)
def test_a_path_that_depends_on_the_process_has_no_url(path: PurePath) -> None:
    """Other processes would look for it elsewhere."""
    with pytest.raises(ConfigurationError, match="absolute"):
        sqlite_url(path)


@pytest.mark.parametrize("url", ["sqlite:///var/lib/limits.db", "sqlite:///C:limits.db"])
def test_on_windows_a_path_has_a_drive(url: str) -> None:
    """Without one it depends on the folder that a process was started in."""
    with pytest.raises(ConfigurationError, match="absolute"):
        sqlite_path(url, PureWindowsPath)
