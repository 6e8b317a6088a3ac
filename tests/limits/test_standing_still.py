"""A process that stands still with slots in hand, and a machine that sleeps: no slot is used that is too old."""

from __future__ import annotations

import asyncio
import time as real_time
from pathlib import Path
from typing import cast

import pytest

from litmos_async.limits import Lease, Limiter
from litmos_async.limits.clocks import slept, time_asleep
from litmos_async.limits.shared import SharedLimiter
from litmos_async.testing import VirtualLoop, run_virtual
from tests.limits.files import virtual
from tests.limits.small import (
    VirtualStore,
    guarded,
    limiter_of,
    process_of,
    queue,
    settle,
    take,
    time,
)
from tests.promises.virtual_fleet import most_in_any_window

TIMEOUT = 30.0
LONG = TIMEOUT + 60.0 + 5.0


def stand_still(seconds: float) -> None:
    """Let time pass in which this process does nothing, as under SIGSTOP or in a blocked loop."""
    cast("VirtualLoop", asyncio.get_running_loop()).now += seconds


async def fresh(limiter: Limiter) -> Lease:
    """Do what the transport does just before the bytes leave."""
    while True:
        lease = await limiter.acquire(timeout=TIMEOUT)
        if time() - lease.taken <= TIMEOUT:
            return lease
        lease.unused()


@pytest.mark.parametrize("kind", ["memory", "sqlite", "shared", "guarded"])
def test_a_lease_tells_when_it_was_taken(kind: str, tmp_path: Path) -> None:
    """Never later than it was, whatever the way to the store takes."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.5)
        limiter: Limiter = {
            "memory": lambda: limiter_of(5),
            "sqlite": lambda: virtual(tmp_path / "limits.db", 5),
            "shared": lambda: process_of(store, 5),
            "guarded": lambda: process_of(guarded(store), 5),
        }[kind]()
        begin = time()
        lease = await limiter.acquire(timeout=TIMEOUT)
        assert begin <= lease.taken <= time()
        if kind in {"shared", "guarded"}:
            assert lease.taken == begin
        taken = lease.taken
        stand_still(LONG)
        assert lease.taken == taken
        lease.unused()
        await limiter.aclose()

    run_virtual(main())


@pytest.mark.parametrize("moment", ["in hand", "on the way", "handed over", "in the queue"])
@pytest.mark.parametrize("still_for", [2.0, TIMEOUT + 1.0, LONG, 10_000.0])
def test_a_process_that_stands_still_passes_no_window(moment: str, still_for: float, tmp_path: Path) -> None:
    """Slots that it took before are used by others meanwhile, and it takes others: 100 in a window at most.

    "On the way" is between the taking in the store and its answer; "handed over" before the caller wakes up.
    """

    async def main(kind: str) -> None:
        stores = {"redis": VirtualStore(slow_by=0.05 if moment == "on the way" else 0.0), "sqlite": None}
        arrivals: list[float] = []

        def process() -> SharedLimiter:
            if (store := stores[kind]) is not None:
                return process_of(guarded(store), 100)
            return virtual(tmp_path / f"{moment}{still_for}.db", 100)

        async def call(limiter: SharedLimiter) -> None:
            lease = await fresh(limiter)
            arrivals.append(time())
            lease.answered()

        frozen, other = process(), process()
        calls = [asyncio.ensure_future(call(frozen)) for _ in range(10)] if moment != "in hand" else []
        leases = [await frozen.acquire(timeout=TIMEOUT) for _ in range(10)] if moment == "in hand" else []
        if moment == "on the way":
            await asyncio.sleep(0.06)
        elif moment == "handed over":
            while frozen.quota.used < 10:  # noqa: ASYNC110 - at this very turn of the loop
                await asyncio.sleep(0)
        stand_still(still_for)
        # What the others did meanwhile: they waited for these slots, and have all of them.
        late = asyncio.gather(*(call(other) for _ in range(200)))
        await asyncio.sleep(1)
        for lease in leases:
            if time() - 1 - lease.taken <= TIMEOUT:
                arrivals.append(time())
                lease.answered()
            else:
                lease.unused()
                calls.append(asyncio.ensure_future(call(frozen)))
        await asyncio.gather(*calls)
        await late
        assert most_in_any_window(arrivals, 60.0) <= 100
        assert len(arrivals) == 210
        assert (await other.usage()).quota.used <= 100
        for limiter in (frozen, other):
            await limiter.aclose()

    for kind in ("redis", "sqlite"):
        run_virtual(main(kind))


def test_slots_that_are_too_old_when_they_come_are_not_dealt_out() -> None:
    """The process stood still on its way back from the store: it gives them back and takes others."""

    async def main() -> None:
        store = VirtualStore(slow_by=0.5)
        limiter = process_of(store, 10)
        callers = queue(limiter, 5)
        await asyncio.sleep(0.3)
        stand_still(LONG)
        await asyncio.wait(callers)
        assert all(time() - task.result().taken <= 30.0 for task in callers)
        await asyncio.sleep(5)
        assert (await limiter.usage()).quota.used == 5
        for task in callers:
            task.result().answered()
        await limiter.aclose()

    run_virtual(main())


def test_a_slot_that_has_expired_can_still_be_reported() -> None:
    """Given back it frees nothing of the others; answered or lost it counts from then, beside theirs."""

    async def main() -> None:
        limiter, other = (process_of(store, 2, burst=1_000) for store in [VirtualStore()] * 2)
        leases = await take(limiter, 2)
        stand_still(LONG)
        others = await take(other, 2)
        leases[0].unused()
        leases[1].answered()
        await asyncio.sleep(1)
        assert (await other.usage()).quota.used == 3
        for lease in others:
            lease.answered()
        begin = time()
        await other.acquire()
        assert time() - begin >= 59
        await settle()
        for one in (limiter, other):
            await one.aclose()

    run_virtual(main())


# A machine that sleeps


def test_sleep_is_told_by_a_clock_that_goes_on() -> None:
    """The clock of the loop stands still meanwhile."""
    assert slept(time_asleep(lambda: 5.0, lambda: 7.0), time_asleep(lambda: 6.0, lambda: 108.0)) == 100.0
    # A process that stood between the two looks has not slept.
    assert slept(0.0, time_asleep(iter([5.0, 65.0]).__next__, lambda: 65.0)) == 0.0
    assert slept(time_asleep(), time_asleep()) == 0.0
    # The clocks differ a little anyway; more than a second is sleep.
    assert slept(5.0, 6.0) == 0.0
    assert slept(5.0, 6.25) == 1.25
    assert abs(time_asleep(real_time.monotonic, real_time.monotonic)) < 1.0


@pytest.mark.parametrize("kind", ["memory", "shared"])
def test_a_lease_grows_older_while_the_machine_sleeps(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store's time goes on, on another machine, and so do the slots there."""
    asleep = 0.0
    for module in ("lease_queue", "memory", "shared"):
        monkeypatch.setattr(f"litmos_async.limits.{module}.time_asleep", lambda: asleep)

    async def main() -> None:
        nonlocal asleep
        limiter: Limiter = limiter_of(5) if kind == "memory" else process_of(VirtualStore(), 5)
        lease = await limiter.acquire(timeout=TIMEOUT)
        taken = lease.taken
        asleep += 3_600.0
        assert lease.taken == taken - 3_600.0
        lease.unused()
        lease = await limiter.acquire(timeout=TIMEOUT)
        assert lease.taken == time()
        lease.answered()
        await limiter.aclose()

    run_virtual(main())
