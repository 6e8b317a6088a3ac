"""Random schedules on a virtual clock: processes that are cut off, killed, replaced, under each `on_outage`."""

from __future__ import annotations

import asyncio
import random
from typing import get_args

from litmos_async.limits import OnOutage, RateLimit
from litmos_async.testing import run_virtual
from tests.limits.small import VirtualStore, process_of
from tests.promises.attack_fleet import Verdict
from tests.promises.virtual_fleet import Process, Server
from tests.promises.virtual_fleet import process_of as start

PROCESSES = 4
TIMEOUT = 10.0


def run_schedule(seed: int, *, outages: int = 8, requests: int = 20) -> Verdict:
    """Run one schedule; the window is as small as the number of requests, and is counted as one of 100."""
    chance = random.Random(seed)
    mode: OnOutage = chance.choice(get_args(OnOutage))
    server, left, processes = run_virtual(_run(chance, mode, outages, RateLimit(requests, reserve=2)))
    return Verdict(
        most=100 - requests + server.most,
        rejected=server.rejected,
        slots_left=left,
        untyped=sum(len(process.errors) for process in processes),
        requests=len(server.arrivals),
    )


async def _run(
    chance: random.Random, mode: OnOutage, outages: int, rate: RateLimit
) -> tuple[Server, int, list[Process]]:
    store = VirtualStore(slow_by=chance.choice([0.0, 0.05, 0.5]), seed=chance.randrange(1_000))
    server = Server(rate)

    def process() -> Process:
        one = start(
            store,
            server,
            chance.randrange(10**6),
            timeout=TIMEOUT,
            share=1.0 / PROCESSES if mode == "local" else None,
            outage_timeout=30.0 if mode == "wait" else 0.0,
        )
        one.start(5)
        return one

    alive, dead = [process() for _ in range(PROCESSES)], []
    for _ in range(outages):
        await asyncio.sleep(chance.random() * 100)
        if chance.random() < 0.3:
            number = chance.randrange(PROCESSES)
            alive[number].kill()
            dead.append(alive[number])
            alive[number] = process()
        # Alone may go on whom the others know: see docs/threats.md for one that began while only it was cut off.
        known = [
            one for one in alive if one.limiter._queue is not None and one.limiter._queue.seen is not None
        ]
        some = chance.sample(known, min(len(known), chance.randint(1, PROCESSES - 1)))
        cut = alive if chance.random() < 0.5 else some
        for one in cut:
            one.link.cut = True
        await asyncio.sleep(chance.choice([0.1, 5.0, 60.0, 200.0]) * chance.random())
        for one in [*cut, *alive]:
            one.link.cut = False
    for one in alive:
        await one.stop()
    witness = process_of(store, rate.requests)
    await witness.usage()
    await asyncio.sleep(rate.period + 3 * TIMEOUT + 1)
    left = (await witness.usage()).quota.used
    await witness.aclose()
    return server, left, [*alive, *dead]
