"""Several receivers on one Redis: a message that comes to two of them is handled by one."""

from __future__ import annotations

import asyncio
import sys
from typing import Any
from uuid import uuid4

import httpx
import pytest
from redis.asyncio import Redis

from litmos_async.errors import ConfigurationError
from litmos_async.webhooks import Event, Receiver, RedisSeen
from tests.limits.redis_server import RedisServer
from tests.webhooks.small import SECRET, Log, http, message, until


def numbers() -> tuple[int, int]:
    """Return numbers of messages that no other test has."""
    first = uuid4().int % 2**60
    return first, first + 1


async def post(client: httpx.AsyncClient, number: int) -> None:
    """Send a message."""
    assert (await client.post(f"/{SECRET}", content=message(number))).status_code == 200


async def test_a_repeat_that_comes_to_another_process(redis_server: RedisServer) -> None:
    """Each of two receivers is sent everything: each message is handled once."""
    log = Log()
    first, second = (Receiver(log, secret=SECRET, seen=RedisSeen(redis_server.url)) for _ in range(2))
    one, other = numbers()
    async with first, second, http(first) as a, http(second) as b:
        await post(a, one)
        await log.count(1)
        await post(b, one)
        await post(b, other)
        await log.count(2)
        await post(a, other)
        spools: list[Any] = [first._spool, second._spool]
        await until(lambda: not any(spool._open for spool in spools))
    assert [event.id for event in log.events] == [one, other]


async def test_one_that_is_being_handled_elsewhere_waits(redis_server: RedisServer) -> None:
    """The second receiver waits, and takes it over only when the first has failed for good."""
    begun, may_fail = asyncio.Event(), asyncio.Event()

    async def failing(_: Event) -> None:
        begun.set()
        await may_fail.wait()
        raise RuntimeError

    log = Log()
    first = Receiver(failing, secret=SECRET, seen=RedisSeen(redis_server.url), attempts=1)
    second = Receiver(log, secret=SECRET, seen=RedisSeen(redis_server.url), first_pause=0.01, attempts=2)
    one, _ = numbers()
    async with first, second, http(first) as a, http(second) as b:
        await post(a, one)
        await begun.wait()
        await post(b, one)
        seen: Any = second._spool
        await until(lambda: bool(seen._queue._timers))
        assert not log.events
        may_fail.set()
        await log.count(1)
    assert [event.id for event in log.events] == [one]


async def test_the_claim_of_a_process_that_died_ends(redis_server: RedisServer) -> None:
    """Its end is Redis' own: until then nobody else has the message, and afterwards anybody may."""
    one, _ = numbers()
    keys = [f"message {one}"]
    dead, alive = RedisSeen(redis_server.url, claim=1000.0), RedisSeen(redis_server.url)
    redis = Redis.from_url(redis_server.url, decode_responses=True)
    try:
        before = set(await redis.keys("*"))
        assert await dead.claim(keys) == "ours"
        assert await dead.claim(keys) == "ours"
        assert await alive.claim([*keys, "achievement 1"]) == "elsewhere"
        await alive.release(keys)
        assert await alive.claim(keys) == "elsewhere"
        [name] = set(await redis.keys("*")) - before
        assert str(one) not in name
        assert 900_000 < await redis.pttl(name) <= 1_000_000
        await redis.delete(name)  # what its expiry does
        assert await alive.claim(keys) == "ours"
        await alive.done(keys)
        assert await dead.claim(keys) == "handled"
        assert await redis.pttl(name) > 6 * 86_400_000
    finally:
        await redis.aclose()
        await dead.aclose()
        await alive.aclose()


async def test_a_redis_that_cannot_be_reached(unused_port: int) -> None:
    """The message waits, and no failure of the handler is counted; the password is not in the log."""
    seen = RedisSeen(f"redis://:marker-password@127.0.0.1:{unused_port}/0")
    log = Log()
    receiver = Receiver(log, secret=SECRET, seen=seen, first_pause=1000.0)
    spool: Any = receiver._spool
    with pytest.raises(ConnectionError) as raised:
        await seen.claim(["message 1"])
    assert "marker" not in repr(raised.value) + repr(raised.value.__context__) + repr(raised.value.__cause__)
    async with receiver, http(receiver) as client:
        await post(client, 1)
        await until(lambda: bool(spool._queue._timers))
    assert not log.calls


async def test_a_redis_that_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker does not wait for it for ever, however long redis-py would."""
    monkeypatch.setattr("litmos_async.webhooks.redis_seen._ANSWER_WITHIN", 0.01)
    left = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        left.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        seen = RedisSeen(f"redis://127.0.0.1:{port}/0?socket_timeout=3600")
        with pytest.raises(ConnectionError, match="TimeoutError"):
            await seen.claim(["message 1"])
        await seen.aclose()
        await left.wait()


@pytest.fixture
def unused_port() -> int:
    """A port on which nothing answers."""
    import socket  # noqa: PLC0415

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("url", "times"),
    [
        ("http://:marker@127.0.0.1", {}),
        ("redis://127.0.0.1/0?nonsense=marker", {}),
        ("redis://127.0.0.1", {"claim": 0.0}),
        ("redis://127.0.0.1", {"remember": -1.0}),
    ],
)
def test_what_cannot_work(url: str, times: dict[str, float]) -> None:
    """It is refused at once, without the password."""
    with pytest.raises(ConfigurationError) as raised:
        RedisSeen(url, **times)
    assert "marker" not in str(raised.value)


def test_without_redis(monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    with pytest.raises(ConfigurationError, match=r'pip install "litmos-async\[redis\]"'):
        RedisSeen("redis://127.0.0.1")
