"""`on_outage="local"`: the limit holds while the store goes away and comes back, for all processes or for some."""

from __future__ import annotations

import asyncio
import random

import attrs
import pytest

from litmos_async.limits import RateLimit
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore
from tests.promises.virtual_fleet import Process, Server, process_of

RATE = RateLimit(10, period=60.0)
TIMEOUT = 10.0


@attrs.frozen
class Plan:
    """How the store is cut off, how many processes share the limit, and how large their parts are together."""

    seed: int
    shares: float
    together: bool  # for all at the same time, or for each by itself
    outages: int = 50
    longest: float = 200.0


async def cut(processes: list[Process], plan: Plan, rng: random.Random) -> None:
    """Cut and mend as often as is planned."""
    for _ in range(plan.outages):
        await asyncio.sleep(rng.random() * 60.0)
        length = rng.choice([0.1, 1.0, 5.0, 20.0, 60.0, plan.longest]) * rng.random()
        chosen = processes if plan.together else rng.sample(processes, rng.randint(1, len(processes) - 1))
        for process in chosen:
            process.link.cut = True
        await asyncio.sleep(length)
        for process in chosen:
            process.link.cut = False


async def run(plan: Plan) -> Server:
    """Keep four processes busy through all outages."""
    rng = random.Random(plan.seed)
    store, server = VirtualStore(slow_by=0.05, seed=plan.seed), Server(RATE)
    processes = [
        process_of(store, server, plan.seed + n, timeout=TIMEOUT, share=plan.shares / 4) for n in range(4)
    ]
    for process in processes:
        process.start(4)
    await cut(processes, plan, rng)
    done = sum(process.done for process in processes)
    await asyncio.sleep(600.0)
    assert sum(process.done for process in processes) > done + 9 * RATE.requests  # at full speed again
    for process in processes:
        await process.stop()
        assert not process.errors
    return server


@pytest.mark.slow
@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("shares", [0.8, 1.0])
def test_no_window_holds_too_many_through_fifty_outages(shares: float, together: bool) -> None:
    """All busy, outages of 0.1 to 200 seconds, for all at once or for some: never more than the limit."""
    server = run_virtual(run(Plan(1, shares, together)))
    assert server.most <= RATE.requests
    assert server.rejected == 0
