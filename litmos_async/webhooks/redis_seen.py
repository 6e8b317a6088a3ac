"""What several receivers have handled, in a Redis that they share: needs `pip install "litmos-async[redis]"`."""

from __future__ import annotations

import asyncio
import hashlib
import math
import secrets
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from litmos_async.checks import duration
from litmos_async.errors import ConfigurationError
from litmos_async.redaction import without_frames

if TYPE_CHECKING:
    from redis.asyncio import Redis

__all__ = ["Claim", "RedisSeen", "Seen"]

Claim: TypeAlias = Literal["ours", "handled", "elsewhere"]
"""Whether a message is ours to handle, was handled, or another process is handling it."""


class Seen(Protocol):
    """What receivers that share nothing else tell each other.

    ```python
    seen: Seen = RedisSeen("redis://cache:6379/0")  # or a class of your own with these methods
    receiver = Receiver(handle, secret=secret, seen=seen)
    ```
    """

    async def claim(self, keys: Sequence[str]) -> Claim:
        """Say that a message is about to be handled here.

        Args:
            keys: The keys of the message: each tells it from all others.

        Raises:
            OSError: It cannot be asked.
        """
        ...

    async def done(self, keys: Sequence[str]) -> None:
        """Say that a message is handled.

        Args:
            keys: The keys of the message.
        """
        ...

    async def release(self, keys: Sequence[str]) -> None:
        """Say that a message is not handled here after all.

        Args:
            keys: The keys of the message.
        """
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...


_ANSWER_WITHIN: Final = 5.0
"""Seconds for one answer of Redis, and for connecting to it: a worker must not wait for a silent one for ever."""

# One tag in all keys, so that a cluster keeps them in one place and a script can see all of a message.
_PREFIX: Final = "{litmos-webhooks}:"

_CLAIM: Final = """
for _, key in ipairs(KEYS) do
    local found = redis.call('GET', key)
    if found == 'handled' then return 'handled' end
    if found and found ~= ARGV[1] then return 'elsewhere' end
end
for _, key in ipairs(KEYS) do redis.call('SET', key, ARGV[1], 'PX', ARGV[2]) end
return 'ours'
"""
_RELEASE: Final = """
for _, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then redis.call('DEL', key) end
end
return 0
"""
_DONE: Final = """
for _, key in ipairs(KEYS) do redis.call('SET', key, 'handled', 'PX', ARGV[1]) end
return 0
"""


class RedisSeen:
    """Remembers in Redis which messages were handled, and which one is being handled where.

    ```python
    seen = RedisSeen("redis://cache:6379/0")
    receiver = Receiver(handle, secret=secret, spool=SqliteSpool("webhooks.db"), seen=seen)
    ```

    What it holds is bounded by time: each message for `remember` seconds, as two hashes of 16 bytes.

    Args:
        url: Where it is: "redis://", "rediss://" or "unix://".
        claim: Seconds after which a message whose process died may be handled elsewhere: more than a handler takes.
        remember: Seconds for which a handled message is remembered.

    Raises:
        ConfigurationError: redis is not installed, or the address or a time cannot work.
    """

    def __init__(self, url: str, *, claim: float = 300.0, remember: float = 7 * 86_400.0) -> None:
        try:
            duration("claim", claim)
            duration("remember", remember)
            self._redis = _client_of(url)
        except ConfigurationError as error:
            problem = without_frames(error)
        else:
            # Redis takes whole milliseconds, and none for a refusal.
            self._claim_for, self._remember = math.ceil(claim * 1000), math.ceil(remember * 1000)
            self._owner = secrets.token_hex(8)
            return
        # Some tools show an error with the local variables of its frames.
        del url
        raise problem

    async def claim(self, keys: Sequence[str]) -> Claim:
        """Say that a message is about to be handled here; see `Seen.claim`.

        Args:
            keys: The keys of the message: each tells it from all others.
        """
        found: Claim = await self._run(_CLAIM, keys, self._owner, self._claim_for)
        return found

    async def done(self, keys: Sequence[str]) -> None:
        """Say that a message is handled.

        Args:
            keys: The keys of the message.
        """
        await self._run(_DONE, keys, self._remember)

    async def release(self, keys: Sequence[str]) -> None:
        """Say that a message is not handled here after all.

        Args:
            keys: The keys of the message.
        """
        await self._run(_RELEASE, keys, self._owner)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._redis.aclose()

    async def _run(self, script: str, keys: Sequence[str], *values: str | int) -> Any:
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra

        names = [_PREFIX + hashlib.sha256(key.encode()).hexdigest()[:32] for key in keys]
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                return await self._redis.eval(script, len(names), *names, *values)
        # The latter two come from what is no answer of a Redis.
        except (RedisError, OSError, ValueError, TypeError) as problem:
            name = type(problem).__name__
        # Outside of the handler, whose error may hold the password.
        raise ConnectionError(f"the Redis of the webhooks cannot be asked: {name}")


def _client_of(url: str) -> Redis:
    """Return a client of the Redis at an address."""
    try:
        from redis.asyncio import Redis  # noqa: PLC0415 - an extra
        from redis.exceptions import RedisError  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        raise ConfigurationError('RedisSeen needs redis: pip install "litmos-async[redis]"') from None
    try:
        if not isinstance(url, str):
            raise TypeError
        client = Redis.from_url(url, decode_responses=True)
        pool: Any = client.connection_pool
        pool.make_connection()  # opens nothing, and takes no unknown option
    except (ValueError, TypeError, RedisError):
        raise ConfigurationError(
            "RedisSeen: this is not the address of a Redis, such as redis://user:password@host:port/0"
        ) from None
    return client
