"""Real processes under one limit of 100 requests in 3 seconds, judged by the log of the sandbox."""

from __future__ import annotations

import asyncio
import itertools
import signal
import sys

import pytest

from litmos_async.limits import RateLimit, limiter_from_url
from litmos_async.limits.shared import SharedLimiter
from tests.limits.fleet import ROOT, Fleet, WrongClocks
from tests.limits.redis_server import RedisServer
from tests.limits.small import time

pytestmark = pytest.mark.slow


async def four_processes(url: str, clocks: WrongClocks | None = None) -> Fleet:
    """Let four processes make 400 calls in all, one of them under clocks of its own."""
    fleet = Fleet(url, burst=10, timeout=60.0)  # nobody is killed, and none is sent twice
    async with fleet.serve() as base_url:
        members = [await fleet.member(base_url, 100) for _ in range(3)]
        members.append(await fleet.member(base_url, 100, clocks))
        for member in members:
            member.go()
        for member in members:
            await member.end()
    return fleet


async def test_four_processes_share_the_limit(shared_url: str) -> None:
    """400 calls, none refused; how fast and how evenly, `benchmarks.limiter_shared` tells."""
    fleet = await four_processes(shared_url)
    fleet.assert_limit_was_kept()
    assert len(fleet.quota.arrivals) == 400


async def test_one_process_has_a_clock_that_is_90_seconds_wrong(shared_url: str) -> None:
    """No clock that somebody can set matters; over Redis, no clock of the host does."""
    fleet = await four_processes(shared_url, WrongClocks(90.0, monotonic=shared_url.startswith("redis")))
    fleet.assert_limit_was_kept()
    assert len(fleet.quota.arrivals) == 400


async def test_a_process_is_killed_every_second(shared_url: str) -> None:
    """Each is replaced by one that does the rest. The limit is kept throughout, and the others go on."""
    fleet = Fleet(shared_url)
    async with fleet.serve() as base_url:
        members = [await fleet.member(base_url, 100) for _ in range(4)]
        for member in members:
            member.go()
        for victim in itertools.islice(itertools.cycle(range(4)), 6):
            await asyncio.sleep(1)
            if left := await members[victim].kill():
                members[victim] = await fleet.member(base_url, left)
                members[victim].go()
        for member in members:
            await member.end()
    fleet.assert_limit_was_kept()


@pytest.mark.parametrize("keeps", [True, False])
async def test_redis_is_restarted_in_the_middle(own_redis_server: RedisServer, *, keeps: bool) -> None:
    """With its data or without: no request is refused, and everybody gets through."""
    own_redis_server.stop()
    own_redis_server.start(keeps=keeps)
    fleet = Fleet(own_redis_server.url)
    async with fleet.serve() as base_url:
        members = [await fleet.member(base_url, 60) for _ in range(4)]
        for member in members:
            member.go()
        await asyncio.sleep(1.5)
        await asyncio.to_thread(own_redis_server.stop)
        await asyncio.sleep(0.5)
        await asyncio.to_thread(own_redis_server.start, keeps=keeps)
        for member in members:
            await member.end()
    fleet.assert_limit_was_kept()


KILLED = """
import asyncio, os, signal, sys
from litmos_async.limits import RateLimit, limiter_from_url

async def main():
    print(asyncio.get_running_loop().time(), flush=True)
    limiter = limiter_from_url(sys.argv[1], RateLimit(3, period=1.0), account="one")
    for _ in range(3):
        await limiter.acquire(timeout=0.5)
    waiting = [asyncio.ensure_future(limiter.acquire()) for _ in range(5)]
    await asyncio.sleep(0.1)
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_the_slots_of_a_killed_process_come_back_by_expiry(shared_url: str) -> None:
    """A process with three slots and five callers in its queue is killed: the slots are free after 1.5 s."""
    limiter = limiter_from_url(shared_url, RateLimit(3, period=1.0), account="one")
    assert isinstance(limiter, SharedLimiter)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, shared_url, cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    begin = float(await process.stdout.readline())  # on the clock of this loop, too: that of the host
    assert await process.wait() == -signal.SIGKILL
    await limiter.acquire()
    assert time() - begin >= 1.5
    await limiter.aclose()
