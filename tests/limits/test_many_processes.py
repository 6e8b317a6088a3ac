"""The promise across processes: never more than `requests` in any window, whoever is slow, cancelled or dies.

Hypothesis invents the traffic of several processes, a virtual loop runs it, and a plain list of the moments at
which the server counted a request is the judge.
"""

from __future__ import annotations

import asyncio
import math
import random
from typing import Any

import attrs
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from litmos_async.limits import Lease, Priority, RateLimit
from litmos_async.limits.shared import LONGEST_WAY, SharedLimiter
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore, guarded
from tests.support.lease_rule import Caller, Log, Server, Try, World, call, callers, rates


@attrs.define
class Process:
    """The limiter of a process as its callers see it, until it dies: then nothing of it is heard any more."""

    limiter: SharedLimiter
    timeout: float
    dead: bool = False

    async def acquire(self, priority: Priority, *, max_pause: float) -> Lease:
        """Wait for a slot."""
        lease = await self.limiter.acquire(priority, max_pause=max_pause, timeout=self.timeout)
        return _Reports(self, lease)

    def die(self) -> None:
        """Stop in the middle of whatever it does."""
        self.dead = True
        queue = self.limiter._queue
        if queue is not None:
            queue._closed = True
            if queue._pump is not None:
                queue._pump.cancel()


@attrs.define
class _Reports:
    """A lease of a process: who is dead reports nothing."""

    process: Process
    lease: Lease

    def __getattr__(self, name: str) -> Any:
        return (lambda *_: None) if self.process.dead else getattr(self.lease, name)


@attrs.frozen
class Crowd:
    """Some processes with their callers, how far away the store is, how its clock jumps, and what it forgets."""

    rate: RateLimit
    timeout: float
    processes: list[list[Caller]]
    deaths: list[float | None]
    slow_by: float
    seed: int
    jumps: list[tuple[float, float]] = attrs.field(factory=list)  # when, and by how much
    # When, and whether an old copy takes its place.
    losses: list[tuple[float, bool]] = attrs.field(factory=list)


crowds = st.builds(
    Crowd,
    rate=rates(),
    timeout=st.floats(0, 1),
    processes=st.lists(st.lists(callers, min_size=1, max_size=10), min_size=1, max_size=4),
    deaths=st.lists(st.one_of(st.none(), st.floats(0, 3)), min_size=4, max_size=4),
    slow_by=st.sampled_from([0.0, 0.001, 0.05]),
    seed=st.integers(0, 9),
)


losses = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=3)
jumps = st.lists(st.tuples(st.floats(0, 3), st.sampled_from([-3.0, -0.8, 0.4, 0.8, 3.0, 50.0])), max_size=4)


async def everybody_looks(processes: list[Process]) -> None:
    """Let all that are alive go to the store."""
    for one in processes:
        if not one.dead:
            await one.limiter.usage()


async def lose(store: VirtualStore, processes: list[Process], at: float, old: bool) -> None:
    """Let the store lose the record, or fall back to half the time until then.

    All have seen what they lose: who was idle for long could not know.
    """
    await asyncio.sleep(at / 2)
    left = dict(store.texts) if old else {}
    await asyncio.sleep(at / 2)
    await everybody_looks(processes)
    store.texts = left


async def run(crowd: Crowd) -> Log:
    """Let it all happen, then wait until every slot must be free again."""
    loop = asyncio.get_running_loop()
    period = crowd.rate.period
    store = VirtualStore(slow_by=crowd.slow_by * period, seed=crowd.seed)
    world = World(crowd.rate, crowd.timeout, [], [], crowd.seed)
    server = Server(world, loop.time())
    log = Log(server.counted)
    # A call lasts 1.5 periods at most, and what is lost may reach the server some time later.
    longest = (1.5 + crowd.timeout) * period
    processes, tasks = [], []
    for number, (some, dies_at) in enumerate(zip(crowd.processes, crowd.deaths, strict=False)):
        link = guarded(store)  # as if the store were on another machine
        limiter = SharedLimiter(link, crowd.rate, account="one", random=random.Random(crowd.seed + number))
        process = Process(limiter, longest)
        await limiter.usage()  # a newcomer could not know that the clock jumped before it came
        processes.append(process)
        mine = [asyncio.ensure_future(call(one, world, process, server, log)) for one in some]
        tasks += mine
        for task, one in zip(mine, some, strict=True):
            if one.cancelled is not None:
                loop.call_later(one.cancelled * period, task.cancel)
        if dies_at is not None:
            loop.call_later(dies_at * period, process.die)
            for task in mine:
                loop.call_later(dies_at * period, task.cancel)
    for jumps_at, by in crowd.jumps:
        loop.call_later(jumps_at * period, store.jump, by * period)
    tasks += [asyncio.ensure_future(lose(store, processes, at * period, old)) for at, old in crowd.losses]
    results = await asyncio.gather(*tasks, return_exceptions=True)
    failed = [one for one in results if isinstance(one, Exception)]
    assert not failed, failed
    await everybody_looks(processes)
    # Where the way to the store is long, a slot may be used so much later, and is kept for so much longer.
    await asyncio.sleep(period + longest + LONGEST_WAY + 1.0)
    witness = SharedLimiter(store, crowd.rate, account="one")
    if crowd.jumps:  # one back, which nobody has noticed yet, keeps slots for another period
        await witness.usage()
        await asyncio.sleep(4 * period)
    usage = await witness.usage()
    log.leftover = (usage.quota.used, usage.quota.waiting)
    for one in [*processes, Process(witness, 0.0)]:
        if not one.dead:
            await one.limiter.aclose()
    return log


@pytest.mark.slow
@settings(max_examples=400, deadline=None)
@given(crowds)
def test_no_window_of_the_server_holds_too_many(crowd: Crowd) -> None:
    """Any traffic of any processes: no window overfull, everybody served, no slot or waiter left over."""
    judge(crowd, run_virtual(run(crowd)))


SHORT = RateLimit(2, 0.5, burst=2)
SWIFT, SLOW = (
    Caller(0.0, "interactive", [Try(latency, latency, "answered", None)], None, math.inf)
    for latency in (0.0, 1.0)
)
# The first process dies while a request of its is under way, which counts a period after it was sent, and shortly
# before that the clock jumps so far that nothing which was saved is believed.
UNDER_WAY = Crowd(SHORT, 0.0, [[SWIFT, SWIFT, SLOW], [SWIFT], [SWIFT] * 3], [2.0, 0.0, None, None], 0.0, 0)
# The way to the store takes so long that slots are kept longer than their timeout, and the holder of one dies.
EARLY, LATER = (
    Caller(arrives, "interactive", [Try(0.0, 0.0, "answered", None)], None, math.inf)
    for arrives in (0.0, 0.25)
)
FAR_AWAY = Crowd(
    RateLimit(3, 60.0, burst=2), 0.0, [[EARLY, LATER], [EARLY]], [0.75, None, None, None], 0.05, 0
)


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(crowds, jumps)
@example(FAR_AWAY, [])
@example(UNDER_WAY, [(1.5, 3.0)])
def test_nor_does_one_if_the_clock_of_the_store_jumps(crowd: Crowd, jumps: list[tuple[float, float]]) -> None:
    """Ahead, back, and to the right time again, as often as one likes."""
    crowd = attrs.evolve(crowd, rate=attrs.evolve(crowd.rate, period=60.0), jumps=jumps)
    judge(crowd, run_virtual(run(crowd)))


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(crowds, losses)
def test_nor_does_one_if_the_store_forgets(crowd: Crowd, losses: list[tuple[float, bool]]) -> None:
    """All, or what happened last, as often as one likes, and whoever dies before or after it."""
    crowd = attrs.evolve(crowd, rate=attrs.evolve(crowd.rate, period=60.0), slow_by=0.0, losses=losses)
    judge(crowd, run_virtual(run(crowd)))


def judge(crowd: Crowd, log: Log) -> None:
    """No window is overfull, and nothing is left over."""
    times = sorted(log.counted)
    for begin in times:
        inside = [time for time in times if begin <= time <= begin + crowd.rate.period]
        assert len(inside) <= crowd.rate.requests, inside
    assert log.leftover == (0, 0)
