"""One rule in three places: the same history gives the same window, step by step, wherever the window is kept."""

from __future__ import annotations

import asyncio
import random
import secrets
import tempfile
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litmos_async.limits import RateLimit
from litmos_async.limits.account import Account
from litmos_async.limits.redis import RedisStore
from litmos_async.limits.shared import Store
from litmos_async.limits.sqlite import SqliteStore
from litmos_async.limits.window import Window
from tests.limits.redis_server import RedisServer
from tests.support.amounts import amount

ME = "me"


@attrs.frozen
class Step:
    """Something that happens to a window. Time is given in periods."""

    what: str
    later: float  # after the step before
    which: int  # of the tickets that are out
    number: float


def do(window: Window, step: Step, now: float, tickets: list[int]) -> Any:
    """Do one step; return what a caller would see of it."""
    period = window.rate.period
    ticket = tickets[step.which % len(tickets)] if tickets else 0
    match step.what:
        case "take" if window.opens_at(now) <= now:
            return window.take(now, step.number * period)
        case "unused" if ticket:
            window.unused(ticket, now)
        case "answered" if ticket:
            window.answered(ticket, now)
        case "lost" if ticket:
            window.lost(ticket, now, step.number * period)
        case "refused" if ticket:
            window.rejected(ticket, now, None if step.number > 1 else step.number * period, step.number / 2)
        case _:
            pass
    return window.opens_at(now), window.opens_at(now, "bulk"), window.used(now), window.budget(now)


steps = st.builds(
    Step,
    what=st.sampled_from(["take"] * 4 + ["unused", "answered", "answered", "lost", "refused"]),
    later=st.one_of(st.just(0.0), st.floats(0, 1.5)),
    which=st.integers(0, 20),
    number=st.floats(0, 2),
)
histories = st.lists(steps, max_size=40)
rates = st.builds(
    RateLimit, requests=st.integers(2, 5), period=st.sampled_from([0.5, 60.0]), reserve=st.integers(0, 1)
)


async def compare(store: Store, rate: RateLimit, history: list[Step], wait: Any) -> None:
    """Walk through a history in the store and on a bare window at the same times, and compare each step."""
    account = secrets.token_hex(8)
    bare: Window | None = None
    out: list[int] = []
    for step in history:
        await wait(step.later * rate.period)
        seen: list[Any] = []

        def change(kept: Account, now: float, step: Step = step, seen: list[Any] = seen) -> None:
            before = attrs.evolve(kept.window, slots=dict(kept.window.slots))
            seen[:] = [now, do(kept.window, step, now, out), before, kept.window]

        await store.apply(account, rate, change)
        now, result, before, after = seen
        if bare is None:
            bare = before  # tickets begin with a number of the store
        assert before == bare
        assert do(bare, step, now, out) == result
        assert bare == after
        if step.what == "take" and isinstance(result, int):
            out.append(result)


@settings(max_examples=amount(150, quick=40), deadline=None)
@given(rates, histories)
def test_sqlite_keeps_the_rule(rate: RateLimit, history: list[Step]) -> None:
    """Whatever happens, the window in the file is the bare window, to the last bit."""

    async def main() -> None:
        now = 5_000.0

        async def wait(seconds: float) -> None:
            nonlocal now
            now += seconds

        with tempfile.TemporaryDirectory() as folder:
            store = SqliteStore(Path(folder) / "limits.db", clock=lambda: now)
            await compare(store, rate, history, wait)
            await store.aclose()

    asyncio.run(main())


@settings(
    max_examples=amount(60, quick=20),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(rates, histories)
def test_redis_keeps_the_rule(redis_server: RedisServer, rate: RateLimit, history: list[Step]) -> None:
    """The same through the script, at the times that Redis tells; these are real, so periods are short."""

    async def main() -> None:
        store = RedisStore(redis_server.url, timeout=60.0)
        await compare(store, attrs.evolve(rate, period=rate.period / 5_000), history, asyncio.sleep)
        await store.aclose()

    asyncio.run(main())


@pytest.mark.costly
async def test_changes_that_come_together_happen_one_after_the_other(shared_url: str) -> None:
    """Twenty writers at once: none is lost, and each sees what the one before it left."""

    def store() -> Store:
        if shared_url.startswith("sqlite://"):
            return SqliteStore(Path(shared_url.removeprefix("sqlite://")))
        return RedisStore(shared_url, timeout=60.0)

    rate, stores = RateLimit(1_000), [store() for _ in range(5)]
    rng, account = random.Random(1), secrets.token_hex(8)

    async def write(one: Store) -> list[int]:
        taken = []
        for _ in range(10):
            taken.append(await one.apply(account, rate, lambda kept, now: kept.take(now, ME, 30.0)))
            await asyncio.sleep(rng.random() * 0.002)
        return taken

    tickets = [ticket for row in await asyncio.gather(*(write(one) for one in stores * 4)) for ticket in row]
    assert sorted(tickets) == list(range(min(tickets), min(tickets) + 200))
    for one in stores:
        await one.aclose()
