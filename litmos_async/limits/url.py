"""A limiter from one line of text, as it stands in `LITMOS_LIMIT`, and the text for a file."""

from __future__ import annotations

import os
import re
from pathlib import PurePath
from typing import Final
from urllib.parse import quote, unquote

from litmos_async.errors import ConfigurationError
from litmos_async.limits.memory import MemoryLimiter
from litmos_async.limits.rate import Limiter, RateLimit
from litmos_async.limits.redis import RedisLimiter
from litmos_async.limits.sqlite import SqliteLimiter
from litmos_async.redaction import without_frames

__all__ = ["limiter_from_url", "sqlite_path", "sqlite_url"]

# What a path may hold unquoted. A number sign, a question mark and a half of an escape mean something else.
_QUOTED_PATH: Final = re.compile(r"(?:[^#?%\x00-\x1f\x7f]|%[0-9A-Fa-f]{2})+")
_DRIVE: Final = re.compile(r"/[A-Za-z]:/")


def limiter_from_url(
    url: str | None,
    rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
    *,
    account: str | None = None,
) -> Limiter:
    """Return the limiter that a URL names.

    ```python
    limiter = limiter_from_url("sqlite:///var/lib/limits.db", RateLimit(reserve=10))
    ```

    Args:
        url: `memory://` for this process alone; `sqlite:///var/lib/limits.db` (`sqlite:///C:/limits.db` on
            Windows), always an absolute path, since processes in other folders are to find the same file, with
            `#`, `?` and `%` as `%23`, `%3F` and `%25`; `redis://user:password@host:6379/0` or `rediss://`. None is
            `LITMOS_LIMIT`, else `memory://`.
        rate: The limit to keep.
        account: What tells accounts apart in the store; None leaves it to the client.

    Raises:
        ConfigurationError: There is no such limiter, or a part of the URL is not understood.
    """
    try:
        return _limiter(os.environ.get("LITMOS_LIMIT") or "memory://" if url is None else url, rate, account)
    except ConfigurationError as error:
        problem = without_frames(error)
    # Some tools show an error with the local variables of its frames.
    del url
    raise problem


def _limiter(url: str, rate: RateLimit, account: str | None) -> Limiter:
    scheme = url.partition(":")[0].lower()
    if scheme in {"redis", "rediss"}:
        return RedisLimiter(url, rate, account=account)
    if url == "memory://":
        return MemoryLimiter(rate)
    if scheme == "sqlite":
        return SqliteLimiter(sqlite_path(url), rate, account=account)
    raise ConfigurationError("a limit is kept at memory://, sqlite:///path or redis://host:port/0")


def sqlite_url(path: PurePath) -> str:
    """Return the URL of a file, such as `sqlite:///var/lib/limits.db` or `sqlite:///C:/limits.db`.

    Raises:
        ConfigurationError: The path is not absolute, so another process would look for it elsewhere.
    """
    if not path.is_absolute():
        raise ConfigurationError(f"a limiter's file needs an absolute path, not {str(path)!r}")
    text = path.as_posix()
    # Half a character, which no encoding has, stands for a byte of the file's name.
    quoted = quote(text, safe="/:", errors="surrogatepass")
    return f"sqlite://{'' if text.startswith('/') else '/'}{quoted}"


def sqlite_path(url: str, flavour: type[PurePath] = PurePath) -> PurePath:
    """Return the file that a URL names.

    Args:
        url: Such as `sqlite_url` makes.
        flavour: The kind of paths; that of this system if it is not given.

    Raises:
        ConfigurationError: The URL does not name an absolute path, or has something that is not understood.
    """
    rest = url[len("sqlite:") :]
    # No file has a user: what stands there is likely a password, of a Redis for example.
    shown = repr(url) if rest.startswith("///") or "@" not in rest else "this"
    refused = ConfigurationError(
        f"{shown} names no file: a limit is kept at memory://, sqlite:///absolute/path (with %23 for #, %3F for ? "
        "and %25 for %; no options) or redis://host:port/0"
    )
    if not rest.startswith("///") or rest.endswith("/") or _QUOTED_PATH.fullmatch(rest) is None:
        raise refused
    try:
        text = unquote(rest[2:], errors="surrogatepass")
    except UnicodeDecodeError:
        raise refused from None
    if "\0" in text:
        raise refused
    # Windows: a drive, or a share with two slashes; anywhere else any number of slashes is one.
    windows = not flavour("/").is_absolute()
    path = flavour(text[1 if _DRIVE.match(text) else 0 :] if windows else f"/{text.lstrip('/')}")
    if not path.is_absolute() or not path.name:
        raise refused
    return path
