"""The same tests over memory, SQLite and a real Redis, on the real clock: the three obey the same rule."""

from __future__ import annotations

import asyncio
import random

import pytest

from litmos_async.errors import LitmosError, RateLimited
from litmos_async.limits import Lease, Limiter, Priority, RateLimit
from tests.limits.small import Office, take, time

PERIOD = 0.6


async def test_the_rate_is_told(office: Office) -> None:
    """A limiter says which limit it keeps, and before its first use everything is free."""
    limiter = office.limiter(3, period=PERIOD)
    assert limiter.rate == RateLimit(requests=3, period=PERIOD)
    assert (limiter.quota.used, limiter.quota.free, limiter.quota.next_free_in) == (0, 3, 0.0)


async def test_every_slot_can_be_had_at_once(office: Office) -> None:
    """Nothing is spread over the period, which is long enough to tell that from a busy machine."""
    limiter = office.limiter(3, period=600.0)
    begin = time()
    await take(limiter, 3)
    assert time() - begin < 100  # half the distance of three starts that are spread


@pytest.mark.costly
async def test_a_slot_is_free_a_period_after_its_answer(office: Office) -> None:
    """The next slot can be had when a period has passed since the first answer."""
    limiter = office.limiter(3, period=PERIOD)
    leases = await take(limiter, 3)
    await asyncio.sleep(0.2)
    answered = time()
    leases[1].answered()
    await limiter.acquire()
    assert time() - answered >= PERIOD
    # How much later, a busy machine decides: only that nobody is let in early is asserted.


@pytest.mark.costly
async def test_processes_have_one_window(office: Office) -> None:
    """What one process holds, the other cannot have."""
    one, two = (office.limiter(4, period=PERIOD) for _ in range(2))
    begin = time()
    for lease in [*await take(one, 3), *await take(two, 1)]:
        lease.answered()
    await asyncio.gather(one.acquire(), two.acquire())
    assert time() - begin >= PERIOD


async def test_an_unused_slot_is_free_at_once(office: Office) -> None:
    """What never left costs nothing, as often as one likes."""
    limiter = office.limiter(1, period=60.0, burst=1)
    begin = time()
    for _ in range(20):
        (await limiter.acquire()).unused()
    assert time() - begin < 30


@pytest.mark.costly
async def test_a_lost_request_costs_its_timeout_too(office: Office) -> None:
    """The slot of a request that may still arrive is kept until it no longer can."""
    limiter = office.limiter(1, period=0.3)
    begin = time()
    (await limiter.acquire(timeout=10.0)).lost(0.4)
    await limiter.acquire()
    assert time() - begin >= 0.7


@pytest.mark.costly
async def test_only_the_first_report_counts(office: Office) -> None:
    """Later ones do nothing."""
    limiter = office.limiter(2, period=PERIOD)
    lease = await limiter.acquire()
    lease.answered()
    lease.unused()
    lease.lost(30.0)
    lease.rejected(10.0)
    (await limiter.acquire()).answered()
    await limiter.acquire()
    assert limiter.quota.rejected == 0


async def test_interactive_calls_go_before_bulk(office: Office) -> None:
    """A late interactive call overtakes all bulk ones; in a lane, first come first served."""
    limiter = office.limiter(1, period=0.05)
    served: list[int] = []
    lease = await limiter.acquire()

    async def call(number: int, priority: Priority) -> None:
        one = await limiter.acquire(priority)
        served.append(number)
        one.answered()

    lanes: list[Priority] = ["bulk", "bulk", "interactive", "bulk", "interactive"]
    tasks = []
    for number, lane in enumerate(lanes):
        tasks.append(asyncio.ensure_future(call(number, lane)))
        await asyncio.sleep(0.02)
    lease.answered()
    await asyncio.gather(*tasks)
    assert served == [2, 4, 0, 1, 3]


async def test_bulk_leaves_the_reserve_to_every_process(office: Office) -> None:
    """A bulk job fills the window as far as it may, and a web worker elsewhere has its slots at once."""
    job, web = (office.limiter(6, period=30.0, reserve=2) for _ in range(2))
    bulk = [asyncio.ensure_future(job.acquire("bulk")) for _ in range(10)]
    while sum(task.done() for task in bulk) < 4:
        await asyncio.wait([task for task in bulk if not task.done()], return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.3)
    assert sum(task.done() for task in bulk) == 4
    begin = time()
    await take(web, 2)
    assert time() - begin < 30
    for task in bulk:
        task.cancel()
    await asyncio.wait(bulk)


async def known(limiter: Limiter) -> None:
    """Wait until the store knows of a refusal that was reported to this limiter."""
    while limiter.quota.rejected == 0:  # noqa: ASYNC110 - the report is on its way, and sets no event
        await asyncio.sleep(0.005)


@pytest.mark.costly
async def test_a_refusal_pauses_every_process(office: Office) -> None:
    """After a 503 in one process nobody starts anywhere until the pause is over."""
    one, two = (office.limiter(50, period=1.0) for _ in range(2))
    (await two.acquire()).answered()
    refused = time()
    (await one.acquire()).rejected(0.5)
    await known(one)
    for limiter in (two, one):
        (await limiter.acquire()).answered()
        assert time() - refused >= 0.5
    assert one.quota.rejected == 1


@pytest.mark.costly
async def test_after_a_pause_one_goes_first_in_all(office: Office) -> None:
    """While the probe is out, nobody starts in any process; after its answer the others follow, spread out."""
    one, two = (office.limiter(50, period=5.0) for _ in range(2))
    (await one.acquire()).rejected(0.2)
    await known(one)
    callers = [asyncio.ensure_future(limiter.acquire()) for limiter in (one, two, one, two)]
    done, _ = await asyncio.wait(callers, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.sleep(0.6)
    assert [task.done() for task in callers].count(True) == len(done) == 1
    answered = time()
    done.pop().result().answered()
    starts = []
    for task in asyncio.as_completed([task for task in callers if not task.done()]):
        (await task).answered()
        starts.append(time())
    # 70 % of 50 slots in 5 seconds are ours. From the answer on, since who hears late of his start is not late:
    # the first may follow at once, and each of the others a distance after the one before.
    assert all(start - answered > number * 5 / 36 for number, start in enumerate(starts))


async def test_who_cannot_sit_out_the_pause_hears_it_at_once(office: Office) -> None:
    """`max_pause` is shorter than the pause: the error says how long it is."""
    limiter = office.limiter(50, period=5.0)
    lease = await limiter.acquire()
    refused = time()
    lease.rejected(30.0)
    await known(limiter)
    with pytest.raises(RateLimited, match="paused") as caught:
        await limiter.acquire(max_pause=10.0)
    ended = time()
    assert ended - refused < 30  # it did not sit out the pause
    assert caught.value.retry_after is not None
    assert 29.9 - (ended - refused) <= caught.value.retry_after <= 31.0


async def test_a_pause_sends_those_away_who_wait_and_cannot_sit_it_out(office: Office) -> None:
    """A pause that is declared while they wait is told at once, each an error of its own."""
    limiter = office.limiter(1, period=30.0)
    lease = await limiter.acquire()
    hasty = [asyncio.ensure_future(limiter.acquire(max_pause=1.0)) for _ in range(2)]
    await asyncio.sleep(0.1)
    lease.rejected(20.0)
    errors = await asyncio.gather(*hasty, return_exceptions=True)
    assert [type(error) for error in errors] == [RateLimited, RateLimited]
    assert errors[0] is not errors[1]


async def test_cancelled_callers_leave_nothing_behind(office: Office) -> None:
    """Cancelled at any moment, nobody waits and every slot can be had."""
    limiter = office.limiter(5, period=30.0)
    rng = random.Random(3)
    for _ in range(20):
        tasks = [asyncio.ensure_future(limiter.acquire()) for _ in range(8)]
        await asyncio.sleep(rng.random() * 0.004)
        for task in tasks:
            if not task.cancel():
                task.result().unused()
        await asyncio.wait(tasks)
    async with asyncio.timeout(20):  # less than a period
        await take(limiter, 5)
    assert limiter.quota.waiting == 0


async def test_closing_sends_everybody_away(office: Office) -> None:
    """Whoever waits, and whoever comes later, gets a `LitmosError`."""
    limiter = office.limiter(1, period=30.0)
    lease = await limiter.acquire()
    waiter = asyncio.ensure_future(limiter.acquire())
    await asyncio.sleep(0.05)
    lease.answered()
    await limiter.aclose()
    with pytest.raises(LitmosError, match="closed"):
        await waiter
    with pytest.raises(LitmosError, match="closed"):
        await limiter.acquire()
    await limiter.aclose()


async def test_who_uses_what(office: Office) -> None:
    """Everybody can ask for the slots of all, process by process."""
    one, two = (office.limiter(10, period=30.0) for _ in range(2))
    await take(one, 3)
    await take(two, 2)
    usage = await two.usage()
    assert (usage.quota.used, usage.quota.free, usage.quota.limit) == (5, 5, 10)
    shares = [share.used for share in usage.processes]
    assert shares == ([5] if one is two else [3, 2])
    assert one.quota.limit == 10


async def traffic(limiter: Limiter, lane: Priority, server: list[float], seed: int) -> None:
    """Make calls of random length; the server counts each at a random moment of it."""
    rng = random.Random(seed)

    async def call() -> None:
        lease: Lease = await limiter.acquire(lane, timeout=60.0)
        await asyncio.sleep(rng.random() * 0.02)
        server.append(time())
        await asyncio.sleep(rng.random() * 0.02)
        lease.answered()

    await asyncio.gather(*(call() for _ in range(20)))


@pytest.mark.costly
async def test_no_window_holds_too_many(office: Office) -> None:
    """Three processes with random traffic: the server never sees more than the limit, and all get through."""
    limiters = [office.limiter(10, period=0.4, reserve=2) for _ in range(3)]
    server: list[float] = []
    lanes: list[Priority] = ["bulk", "interactive", "bulk"]
    await asyncio.gather(
        *(
            traffic(limiter, lane, server, i)
            for i, (limiter, lane) in enumerate(zip(limiters, lanes, strict=True))
        )
    )
    assert max(sum(first <= one <= first + 0.4 for one in server) for first in server) <= 10
