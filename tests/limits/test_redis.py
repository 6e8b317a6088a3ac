"""What is special about Redis: its script, its restarts, who may use it, and what must not be told."""

from __future__ import annotations

import asyncio
import pickle
import sys
import time as real_time
from typing import Any

import pytest
import redis.asyncio
from redis.exceptions import ConnectionError, MovedError  # noqa: A004

from litmos_async.errors import ConfigurationError, LimiterUnavailable
from litmos_async.limits import RateLimit, RedisLimiter
from litmos_async.limits.redis import SCRIPT, RedisStore
from tests.limits.redis_server import RedisServer
from tests.limits.small import take, time

RATE = RateLimit(5, period=0.6)

# How long an answer may take, who asks, and how long its turn would last, in microseconds.
MINE = (1_000_000, "me", 50_000)


async def test_an_account_is_one_key_with_one_hash_tag(redis_server: RedisServer) -> None:
    """So the script may run in a cluster; the key goes away by itself, and holds no secret."""
    limiter = RedisLimiter(redis_server.url, account="0123abcd")
    (await limiter.acquire()).answered()
    await limiter.aclose()
    async with redis.asyncio.Redis.from_url(redis_server.url) as client:
        assert await client.keys("*0123abcd*") == [b"litmos:{0123abcd}:limit"]
        assert 80_000 < await client.ttl("litmos:{0123abcd}:limit") <= 86_400
        assert set(await client.hkeys("litmos:{0123abcd}:limit")) == {b"version", b"state"}


async def test_only_one_of_two_saves(redis_server: RedisServer) -> None:
    """What was decided on a state that has changed since is not saved, nor what was decided long ago."""
    async with redis.asyncio.Redis.from_url(redis_server.url, decode_responses=True) as client:
        key = "litmos:{script}:limit"

        async def run(*arguments: object) -> list[object]:
            return (await client.eval(SCRIPT, 1, key, *arguments))[1:]

        async def run_in_time(version: str, *new: object) -> list[object]:
            """Run with what was decided less than a second ago, however often the machine is too slow for it."""
            while True:
                now = (await client.eval(SCRIPT, 1, key))[0]
                at, *answer = await client.eval(SCRIPT, 1, key, version, now, *new, *MINE)
                if at - now < 1_000_000:
                    return answer

        now = (await client.eval(SCRIPT, 1, key))[0]
        assert await run() == ["", ""]
        assert await run_in_time("", "v1", "first", 60) == ["v1", "first"]
        assert await run_in_time("", "v2", "second", 60) == ["v1", "first"]
        assert await run("v1", now - 1_000_001, "v2", "second", 60, *MINE) == ["v1", "first"]
        begin = time()
        assert await run_in_time("v1", "v2", "second", 60) == ["v2", "second"]
        assert 59 - (time() - begin) <= await client.ttl(key) <= 60


async def test_those_that_come_too_late_queue(redis_server: RedisServer) -> None:
    """The others wait for them, until each has saved or is late itself: so no process is last for ever."""
    async with redis.asyncio.Redis.from_url(redis_server.url, decode_responses=True) as client:
        key = "litmos:{turns}:limit"
        longest = 50_000_000

        async def save(version: str, new: str, process: str, lasts: int = longest) -> str:
            now = (await client.eval(SCRIPT, 1, key))[0]
            return (
                await client.eval(SCRIPT, 1, key, version, now, new, "state", 60, longest, process, lasts)
            )[1]

        assert await save("", "v1", "fast") == "v1"
        assert await save("", "v2", "slow") == "v1"  # too late
        assert await save("", "v2", "slower") == "v1"
        assert await save("v1", "v2", "fast") == "v1"  # others were here before it
        assert await save("v1", "v2", "slower") == "v1"
        assert await save("v1", "v2", "slow") == "v2"
        assert await save("v2", "v3", "fast") == "v2"
        assert await save("v2", "v3", "slower") == "v3"
        assert await save("v3", "v4", "fast") == "v4"
        assert await save("v3", "v5", "dead", lasts=0) == "v4"
        assert await save("v4", "v5", "fast") == "v5"  # it is late
        assert await client.hget(key, "queue") == ""


async def test_the_clock_of_the_host_is_not_used(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What one host took is taken for another one whose clock is 90 seconds ahead or behind."""
    limiter = RedisLimiter(redis_server.url, RateLimit(5), account="clock")
    begin = time()
    await take(limiter, 5)
    right = real_time.time
    for wrong_by in (90.0, -90.0):
        monkeypatch.setattr(real_time, "time", lambda wrong_by=wrong_by: right() + wrong_by)
        wrong = RedisLimiter(redis_server.url, RateLimit(5), account="clock")
        assert (await wrong.usage()).quota.used == 5
        free_in = wrong.quota.next_free_in
        assert 89.9 - (time() - begin) < free_in <= 91
        await wrong.aclose()
    await limiter.aclose()


@pytest.mark.slow
async def test_a_restart_that_keeps_the_data_is_only_a_delay(own_redis_server: RedisServer) -> None:
    """Leases, reports and callers outlast it."""
    own_redis_server.stop()
    own_redis_server.start(keeps=True)
    limiter = RedisLimiter(own_redis_server.url, RateLimit(5, period=3.0), account="one")
    leases = await take(limiter, 5)
    begin = time()
    own_redis_server.stop()
    for lease in leases:
        lease.answered()
    caller = asyncio.ensure_future(limiter.acquire())
    await asyncio.sleep(0.5)
    own_redis_server.start(keeps=True)
    (await caller).answered()
    assert time() - begin >= 3.0
    await limiter.aclose()


@pytest.mark.slow
async def test_a_restart_that_loses_the_data_stops_everybody_for_a_period(
    own_redis_server: RedisServer,
) -> None:
    """What was sent before may still count, so nobody sends until it no longer does."""
    one, two = (RedisLimiter(own_redis_server.url, RateLimit(5, period=1.0), account="one") for _ in range(2))
    for limiter in (one, two):
        (await limiter.acquire()).answered()
        await limiter.usage()
    own_redis_server.stop()
    own_redis_server.start()
    begin = time()
    await asyncio.gather(one.acquire(), two.acquire())
    assert time() - begin >= 1.0
    for limiter in (one, two):
        await limiter.aclose()


@pytest.mark.slow
async def test_a_connection_that_broke_in_idle_times_is_no_outage(own_redis_server: RedisServer) -> None:
    """Also where an outage fails at once, the connection is made anew first."""
    limiter = RedisLimiter(own_redis_server.url, RATE, account="one", on_outage="fail", timeout=60.0)
    (await limiter.acquire()).answered()
    await limiter.usage()
    own_redis_server.stop()
    own_redis_server.start()
    (await limiter.acquire()).answered()
    await limiter.aclose()


async def test_fail_tells_at_once_and_where(own_redis_server: RedisServer) -> None:
    """The error is typed, names the address, and can travel to another process."""
    own_redis_server.stop()
    limiter = RedisLimiter(own_redis_server.url, RATE, account="one", on_outage="fail")
    begin = time()
    with pytest.raises(LimiterUnavailable, match=f"redis://127.0.0.1:{own_redis_server.port}/0") as caught:
        await limiter.acquire()
    assert time() - begin < 30
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
    await limiter.aclose()


async def test_wait_is_bounded(own_redis_server: RedisServer) -> None:
    """After its patience it raises the same error."""
    own_redis_server.stop()
    limiter = RedisLimiter(own_redis_server.url, RATE, account="one", outage_timeout=0.5)
    begin = time()
    with pytest.raises(LimiterUnavailable):
        await limiter.acquire()
    assert time() - begin > 0.17  # jitter may halve the waits of 0.05, 0.1 and 0.2 seconds
    await limiter.aclose()


@pytest.mark.costly
async def test_local_goes_on_with_its_share(own_redis_server: RedisServer) -> None:
    """Without Redis two of five slots are ours; when it is back, it knows of them."""
    limiter = RedisLimiter(
        own_redis_server.url, RateLimit(5, period=1.0), account="one", on_outage="local", local_share=0.4
    )
    for lease in await take(limiter, 2):  # a new Redis: others may be there that it does not know yet
        lease.answered()
    own_redis_server.stop()
    for _ in range(3):  # its own slots cool down, and are used again
        for lease in await take(limiter, 2):
            lease.answered()
    assert limiter.quota.limit == 2
    own_redis_server.start()
    while limiter.quota.limit == 2:  # until it has found its way back
        await limiter.usage()
        await asyncio.sleep(0.1)
    assert (await limiter.usage()).quota.limit == 5
    await limiter.aclose()


async def test_a_silent_redis_is_an_outage() -> None:
    """One that accepts connections and says nothing is given up after `timeout`."""

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limiter = RedisLimiter(f"redis://127.0.0.1:{port}", account="one", on_outage="fail", timeout=0.1)
    begin = time()
    with pytest.raises(LimiterUnavailable, match="TimeoutError"):
        await limiter.acquire()
    assert time() - begin < 30
    await limiter.aclose()
    server.close()


async def test_its_clock_counts_seconds(redis_server: RedisServer) -> None:
    """What a change is told is the time of Redis, as it was when the answer was on its way."""
    store = RedisStore(redis_server.url, timeout=60.0)
    times: list[float] = []

    async with redis.asyncio.Redis.from_url(redis_server.url) as client:

        async def clock() -> float:
            seconds, micros = await client.time()
            return seconds + micros / 1e6

        before = await clock()
        await store.apply("seconds", RATE, lambda _account, now: times.append(now))
        after = await clock()
    await store.aclose()
    assert times
    assert all(before <= now <= after for now in times)


@pytest.mark.parametrize("redirected", [True, False])
async def test_after_an_error_at_another_node_the_one_of_the_url_is_asked(redirected: bool) -> None:
    """Another node may have the key by then. An error at that of the URL keeps its connections."""
    store = RedisStore("redis://127.0.0.1:1", timeout=60.0)
    answers: list[Exception] = [MovedError("1 127.0.0.1:2")] * redirected + [ConnectionError("x")]
    asked: list[int] = []

    async def compare(link: Any, *_: object) -> None:
        asked.append(link.client.connection_pool.connection_kwargs["port"])
        raise answers.pop(0)

    store._compare_and_set = compare
    first = (link := store._here()).client
    with pytest.raises(LimiterUnavailable):
        await store.apply("one", RATE, lambda _account, _now: None)
    assert asked == [1, 2][: 1 + redirected]
    assert (link.redirected, link.client.connection_pool.connection_kwargs["port"]) == (False, 1)
    assert (link.client is first) is not redirected
    await store.aclose()


async def test_a_redis_that_breaks_every_connection_is_asked_twice(redis_server: RedisServer) -> None:
    """The first connection may have broken in idle times; the second one is new, so that is an outage."""
    asked = 0

    async def carry(answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while words := await answers.read(65_536):
            writer.write(words)

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what is said to begin with, and break off at the question."""
        nonlocal asked
        answers, questions = await asyncio.open_connection("127.0.0.1", redis_server.port)
        carrying = asyncio.ensure_future(carry(answers, writer))
        while words := await reader.read(65_536):
            if b"EVAL" in words:
                asked += 1
                break
            questions.write(words)
        carrying.cancel()
        questions.close()
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limiter = RedisLimiter(f"redis://127.0.0.1:{port}", account="one", on_outage="fail", timeout=60.0)
    async with server:
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire()
        await limiter.aclose()
    assert asked == 2


def test_not_to_wait_at_all_is_a_choice() -> None:
    """Zero seconds is as good as any time."""
    RedisLimiter("redis://127.0.0.1", outage_timeout=0.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"on_outage": "panic"},
        {"on_outage": "local"},
        {"local_share": 0.5},
        {"timeout": 0.0},
        {"outage_timeout": -1.0},
        {"on_outage": "local", "local_share": 0.0},
        {"on_outage": "local", "local_share": 1.1},
        {"on_outage": "local", "local_share": 0.0099},
    ],
)
def test_options_that_cannot_work_are_refused(wrong: dict[str, object]) -> None:
    """Before anything is sent."""
    with pytest.raises(ConfigurationError, match=r"on_outage|local_share|timeout"):
        RedisLimiter("redis://127.0.0.1", **wrong)


def test_without_redis_py_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra."""
    monkeypatch.setitem(sys.modules, "redis", None)
    with pytest.raises(ConfigurationError, match=r"litmos-async\[redis\]"):
        RedisLimiter("redis://127.0.0.1")


def test_a_second_run_makes_connections_of_its_own(redis_server: RedisServer) -> None:
    """Connections belong to a loop; what is in Redis does not."""
    limiter = RedisLimiter(redis_server.url, account="runs")

    async def use(*, last: bool) -> int:
        (await limiter.acquire()).answered()
        used = (await limiter.usage()).quota.used
        await (limiter if last else limiter._store).aclose()
        return used

    assert asyncio.run(use(last=False)) == 1
    assert asyncio.run(use(last=True)) == 2
