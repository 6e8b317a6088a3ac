"""The limiter for many hosts: the account under a key of Redis or Valkey."""

from __future__ import annotations

import asyncio
import contextlib
import random as _random
import secrets
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, TypeVar, get_args
from urllib.parse import unquote, urlsplit

import attrs

from litmos_async.checks import duration, is_number
from litmos_async.errors import ConfigurationError, LimiterUnavailable, LitmosError
from litmos_async.limits.account import transact
from litmos_async.limits.outage import OutageStore
from litmos_async.limits.rate import RateLimit
from litmos_async.limits.shared import Change, SharedLimiter
from litmos_async.redaction import without_frames, without_secrets

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.exceptions import AskError

__all__ = ["OnOutage", "RedisLimiter"]

OnOutage: TypeAlias = Literal["wait", "local", "fail"]

T = TypeVar("T")

# Compare and set, on the clock of Redis. A change is decided on what was read, and saved if no other process has
# saved one since, and no more time has passed than an answer may take; else it is decided anew, on what is
# answered here. So it is as if it had happened at the moment of reading. Without arguments the script only reads.
# What a change is, is no business of Redis: the rule is written once, in window.py and account.py.
#
# The slower the way, the likelier it is that another process comes between, and one that has just saved would be
# first again and again. So those that came too late queue, each with the time until which it is waited for, and
# only the first of them can save.
SCRIPT: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local saved = redis.call('HMGET', KEYS[1], 'version', 'state', 'queue')
local version, state, queue = saved[1] or '', saved[2] or '', saved[3] or ''
if ARGV[1] then
    local decided, longest, process, lasts = ARGV[2], tonumber(ARGV[6]), ARGV[7], ARGV[8]
    local waiting, first, known = {}, nil, false
    local mine = process .. '=' .. string.format('%.0f', now + lasts)
    for name, ends in string.gmatch(queue, '(%w+)=(%d+)') do
        local left = tonumber(ends) - now
        if name == process or (left > 0 and left < 60000000) then
            first, known = first or name, known or name == process
            waiting[#waiting + 1] = name == process and mine or name .. '=' .. ends
        end
    end
    if (first or process) == process and ARGV[1] == version and now - decided < longest then
        version, state = ARGV[3], ARGV[4]
        redis.call('HSET', KEYS[1], 'version', version, 'state', state)
        redis.call('EXPIRE', KEYS[1], ARGV[5])
        table.remove(waiting, 1)
    elseif version ~= '' and not known then
        waiting[#waiting + 1] = mine
    end
    waiting = table.concat(waiting, ' ')
    if waiting ~= queue then redis.call('HSET', KEYS[1], 'queue', waiting) end
end
return {now, version, state}
"""

# How long the others wait for one of them: some times its way there and back, but no shorter than it may be busy.
TURN: Final = 4
SHORTEST_TURN: Final = 0.05

# In how many times the longest answer a change must be through, however many processes compete.
LATE: Final = 10

# Nodes of a cluster that disagree may send one round in circles.
MOST_REDIRECTIONS: Final = 5

# An account that is not used is forgotten after a day; nothing in it matters so long.
LIFETIME: Final = 86_400


class RedisLimiter(SharedLimiter):
    """Keeps the limit for all processes, on any host, that name the same Redis.

    Several accounts may share a Redis: each has one key. Close the limiter at the end, so that it reports the
    last answers; otherwise their slots are freed later, when they expire.

    A user of Redis' access control needs `~litmos:* +eval +time +hmget +hset +expire`.

    If Redis was emptied, or came back as an old copy, any process that remembers a slot which is no longer
    there notices it, and no process sends for `timeout + period` seconds. A process that starts just then, or
    was idle for long, cannot know if it comes before one that remembers, and takes it for a fresh start. If
    that matters, let Redis write to disk (`appendonly yes`). The clock of Redis may be wrong, and may be
    corrected while the limiter is in use; that is noticed in the same way.

    With `on_outage="local"`, a process that is cut off continues after a sixth of a period, with its own slots
    as they cool down, and has all of its share after another `2 * timeout + period` seconds. Meanwhile the
    others keep that share free; for some periods they also do so for a process that ended without closing its
    limiter. On a new or emptied Redis, all processes keep to their shares for the first `2 * timeout + period`
    seconds. One gap remains: a process that is cut off for more than five periods while others are not can
    exceed the limit by its share.

    ```python
    limiter = RedisLimiter("redis://cache:6379/0", on_outage="local", local_share=0.25)  # of four processes
    async with LitmosClient(limiter=limiter) as litmos:
        print(litmos.quota.limit)
    await limiter.aclose()
    ```

    Args:
        url: `redis://user:password@host:6379/0`, or `rediss://` for TLS, with the options that redis-py takes
            (`?ssl_ca_certs=/path`). Any node of a cluster works; a name that all its nodes share is best.
        rate: The limit to keep. Give the same in every process; only `reserve` may differ.
        account: What tells accounts apart in Redis; None leaves it to the client.
        on_outage: What to do while Redis cannot be reached. "wait": keep trying for `outage_timeout` seconds,
            then raise `LimiterUnavailable`. "fail": raise it at once. "local": keep to `local_share` of the
            limit without Redis, and report to Redis when it is back. An answer that takes longer than `timeout`
            counts as an outage, and so does a change that takes more than ten times that.
        outage_timeout: How many seconds "wait" waits.
        local_share: The share of the limit for "local", at least one request. The shares of all processes that
            run at the same time must not add up to more than 1. Required for "local"; otherwise None.
        timeout: Seconds for one answer of Redis, and for connecting to it.
        random: Where jitter comes from; give a seeded one for repeatable tests. None is Python's own.

    Raises:
        ConfigurationError: An option cannot work, or redis-py is not installed.
    """

    _place = "redis://"

    def __init__(
        self,
        url: str,
        rate: RateLimit = RateLimit(),  # noqa: B008 - frozen, so one for all is fine
        *,
        account: str | None = None,
        on_outage: OnOutage = "wait",
        outage_timeout: float = 30.0,
        local_share: float | None = None,
        timeout: float = 2.0,
        random: _random.Random | None = None,
    ) -> None:
        try:
            redis = RedisStore(url, timeout=duration("timeout", timeout))
            self._place = redis.place
            store = OutageStore(
                redis,
                outage_timeout=_wait_of(on_outage, outage_timeout),
                share=_share_of(on_outage, local_share, rate),
                late_after=LATE * timeout,
            )
            super().__init__(store, rate, account=account, random=random)
        except ConfigurationError as error:
            problem = without_frames(error)
        else:
            return
        # Some tools show an error with the local variables of its frames.
        del url
        raise problem

    def __repr__(self) -> str:
        return f"RedisLimiter({self._place!r})"


@attrs.define
class _Link:
    """What belongs to one event loop."""

    loop: asyncio.AbstractEventLoop
    client: Redis = attrs.field(repr=False)  # older ones of redis-py show the password
    redirected: bool = False  # the client is that of another node than the URL names
    asking: bool = False  # and that node has the key before it has its slot
    lock: asyncio.Lock = attrs.field(factory=asyncio.Lock)


class RedisStore:
    """Accounts in Redis: each is a hash with a version, and a state that Redis does not look into.

    Args:
        url: Where Redis is.
        timeout: Seconds for one answer.

    Attributes:
        place: The address without user and password.
    """

    def __init__(self, url: str, *, timeout: float) -> None:
        try:
            import redis  # noqa: PLC0415 - an extra, and slow to import
        except ImportError as problem:
            raise ConfigurationError(
                'RedisLimiter needs redis-py: pip install "litmos-async[redis]"'
            ) from problem
        self.place = _place(url)
        self._url = url
        password = urlsplit(url).password or ""
        self._secrets = (password, unquote(password))
        self._timeout = timeout
        self._name = secrets.token_hex(4)
        self._link: _Link | None = None
        try:
            pool: Any = self._client({}).connection_pool
            pool.make_connection()
        except (TypeError, ValueError, redis.RedisError):
            raise ConfigurationError(
                f"the URL of {self.place} has an option that redis-py does not know, or a value that it refuses"
            ) from None

    async def apply(self, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Let a change happen to an account, as often as it takes until no other process comes between."""
        from redis import exceptions as errors  # noqa: PLC0415

        link = self._here()
        try:
            async with link.lock:  # this process does not compete with itself
                return await self._where_the_key_is(link, account, rate, change)
        except LitmosError:
            raise
        # What the server says about a user may name it, so it is not passed on.
        except (errors.AuthenticationError, errors.AuthorizationError):
            refused: LitmosError = ConfigurationError(f"{self.place} does not accept user and password")
        except errors.NoPermissionError:
            refused = ConfigurationError(f"{self.place} does not let this user run EVAL on litmos:*")
        except (errors.RedisError, OSError, ValueError, TypeError) as problem:
            # The latter two come from what is no answer of a Redis.
            refused = LimiterUnavailable(f"{self.place} cannot be used: {type(problem).__name__}")
            refused.__cause__ = without_secrets(problem, self._secrets)
        # Outside the handler, for the frames of its error hold user and password.
        raise refused

    async def aclose(self) -> None:
        """Close the connections of this loop."""
        link, self._link = self._link, None
        if link is not None and link.loop is asyncio.get_running_loop():
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._timeout):
                    await link.client.aclose()

    async def _where_the_key_is(self, link: _Link, account: str, rate: RateLimit, change: Change[T]) -> T:
        """Compare and set at the node of the key, if this is a cluster; any node tells which one that is."""
        from redis.exceptions import AskError, RedisError  # noqa: PLC0415

        for _ in range(MOST_REDIRECTIONS):
            try:
                return await self._compare_and_set(link, account, rate, change)
            except AskError as elsewhere:  # MOVED is one, too
                await self._redirect(link, elsewhere)
            except (RedisError, OSError):
                if link.redirected:  # another node may have the key by now, so ask again at the URL
                    await self._redirect(link, None)
                raise
        raise LimiterUnavailable(f"{self.place} is a cluster whose nodes do not agree where a key is")

    async def _compare_and_set(self, link: _Link, account: str, rate: RateLimit, change: Change[T]) -> T:
        key = f"litmos:{{{account}}}:limit"
        time = link.loop.time
        asked = time()
        now, version, state = await self._run(link, key)
        while True:
            result, new_state = transact(state or None, rate, now / 1e6, change)
            new_version = secrets.token_hex(8)
            way = min(time() - asked, self._timeout)
            turn = min(max(TURN * way, SHORTEST_TURN), self._timeout)
            decided, asked = (version, now, new_version, new_state, LIFETIME), time()
            times = (int(self._timeout * 1e6), self._name, int(turn * 1e6))
            now, version, state = await self._run(link, key, *decided, *times)
            if version == new_version:
                return result
            await asyncio.sleep(_random.random() * min(way, SHORTEST_TURN))  # others may be before us

    async def _run(self, link: _Link, key: str, *arguments: Any) -> Any:
        """Run the script. It goes there as a whole each time, so no Redis need know it from before."""
        if not link.asking:
            return await link.client.eval(SCRIPT, 1, key, *arguments)
        both = link.client.pipeline(transaction=False)
        both.execute_command("ASKING")
        both.eval(SCRIPT, 1, key, *arguments)
        return (await both.execute())[-1]

    def _here(self) -> _Link:
        """Return the connections of the running loop."""
        loop = asyncio.get_running_loop()
        if self._link is None or self._link.loop is not loop:
            self._link = _Link(loop, self._client({}))
        return self._link

    async def _redirect(self, link: _Link, to: AskError | None) -> None:
        """Go on with another node, or with that of the URL."""
        from redis.exceptions import MovedError  # noqa: PLC0415

        before = link.client
        # A node that does not know its own name says no host, and means itself.
        host = to and (to.host or before.connection_pool.connection_kwargs["host"])
        link.client = self._client({"host": host, "port": to.port} if to else {})
        link.redirected = to is not None
        link.asking = link.redirected and not isinstance(to, MovedError)
        await before.aclose()

    def _client(self, place: dict[str, Any]) -> Redis:
        """Return a client of the Redis that the URL names, or of one at another place."""
        from redis.asyncio import ConnectionPool, Redis  # noqa: PLC0415
        from redis.asyncio.connection import parse_url  # noqa: PLC0415
        from redis.asyncio.retry import Retry  # noqa: PLC0415
        from redis.backoff import NoBackoff  # noqa: PLC0415
        from redis.exceptions import ConnectionError  # noqa: A004, PLC0415

        ours = {
            "decode_responses": True,
            "socket_timeout": self._timeout,
            "socket_connect_timeout": self._timeout,
            # A connection that broke while no one used it is no outage; an answer that does not come is one.
            "retry": Retry(NoBackoff(), 1, supported_errors=(ConnectionError,)),
        }
        return Redis.from_pool(ConnectionPool(**{**ours, **parse_url(self._url), **place}))


def _wait_of(on_outage: OnOutage, outage_timeout: float) -> float:
    """Return for how many seconds to wait for a Redis that is away."""
    if on_outage not in get_args(OnOutage):
        raise ConfigurationError(f'on_outage must be "wait", "local" or "fail", not {on_outage!r}')
    if not is_number(outage_timeout) or not outage_timeout >= 0:
        raise ConfigurationError(f"outage_timeout must be 0 seconds or more, not {outage_timeout!r}")
    return outage_timeout if on_outage == "wait" else 0.0


def _share_of(on_outage: OnOutage, local_share: float | None, rate: RateLimit | None) -> float | None:
    """Return the share of the limit to keep to without Redis."""
    if (on_outage == "local") != (local_share is not None):
        raise ConfigurationError('on_outage="local" and local_share=... need each other')
    if local_share is None:
        return None
    if not is_number(local_share) or not 0 < local_share <= 1:
        raise ConfigurationError(f"local_share must be more than 0 and at most 1, not {local_share!r}")
    try:
        RateLimit.checked(rate).part(local_share)
    except ConfigurationError as problem:
        raise ConfigurationError(f"local_share is too small: {problem}") from None
    return local_share


def _place(url: str) -> str:
    """Return the address without secrets, and see that it can be used."""
    from redis.asyncio.connection import parse_url  # noqa: PLC0415

    refused = ConfigurationError(
        "this is not the address of a Redis, such as redis://user:password@host:port/0"
    )
    if not isinstance(url, str):
        raise refused
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
        parse_url(url)
    except ValueError:
        raise refused from None  # what the parsers say may quote a part of the password
    if parts.fragment or (parts.scheme != "unix" and not parts.netloc):
        raise refused  # a number sign in a password ends the address there
    if parts.scheme != "unix" and parts.path.strip("/") and not parts.path[1:].isdecimal():
        raise refused  # so may a path, if a slash in the password was not quoted
    return f"{parts.scheme}://{parts.hostname or ''}{port}{parts.path}"
