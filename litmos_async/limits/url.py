"""A limiter from one line of text, as it stands in `LITMOS_LIMIT`."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import url2pathname

from litmos_async.errors import ConfigurationError

from .memory import MemoryLimiter
from .rate import Limiter, RateLimit
from .redis import RedisLimiter
from .sqlite import SqliteLimiter

__all__ = ["limiter_from_url"]


def limiter_from_url(
    url: str,
    rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
    *,
    account: str | None = None,
) -> Limiter:
    """Return the limiter that a URL names.

    Args:
        url: `memory://` for this process alone; `sqlite:///var/lib/limits.db`, always an absolute path, since
            processes in other folders are to find the same file; `redis://user:password@host:6379/0` or
            `rediss://`.
        rate: The limit to keep.
        account: What tells accounts apart in the store; the client says it if you do not.

    Raises:
        ConfigurationError: There is no such limiter.
    """
    scheme = url.partition(":")[0]
    if scheme in {"redis", "rediss"}:
        return RedisLimiter(url, rate, account=account)
    if url == "memory://":
        return MemoryLimiter(rate)
    if scheme == "sqlite" and (path := _path(url)):
        return SqliteLimiter(path, rate, account=account)
    raise ConfigurationError("A limit is kept at memory://, sqlite:///path or redis://host:port/0")


def _path(url: str) -> str:
    parts = urlsplit(url)
    return "" if parts.netloc or parts.path in {"", "/"} else url2pathname(f"/{parts.path.lstrip('/')}")
