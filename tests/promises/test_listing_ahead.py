"""Pages of a list are asked for ahead while rows come and go: all that stays, once, and no task left behind."""

from __future__ import annotations

import asyncio
from itertools import cycle

from attrs import define, field
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.ahead import MOST_AHEAD, AheadBudget, Batch, PageRequest
from litmos_async.errors import IncompleteListing
from litmos_async.limits import MemoryLimiter
from litmos_async.models import UserSummary
from litmos_async.paging import Pages
from litmos_async.testing import run_virtual
from tests.support.amounts import amount


@define
class Service:
    """A sorted list that changes at given times; the server may cap, give too many rows, and leave some out."""

    rows: list[int]
    cap: int
    surplus: list[int]
    hidden: int
    keys: int
    latencies: list[float]
    total: bool
    throughout: set[int] = field(init=False)
    requests: int = 0
    under_way: int = 0
    most_under_way: int = 0
    blind: bool = False

    def __attrs_post_init__(self) -> None:
        self.throughout = {number for number in self.rows if not self.is_hidden(number)}
        self._latencies, self._surplus = cycle(self.latencies), cycle(self.surplus)

    _latencies: cycle[float] = field(init=False)
    _surplus: cycle[int] = field(init=False)

    def is_hidden(self, number: int) -> bool:
        """Return whether the server leaves a row out."""
        return bool(self.hidden) and number % self.hidden == 0

    async def fetch(self, page: PageRequest) -> Batch[UserSummary]:
        """Answer one request with the rows of a moment between its sending and its answer."""
        self.requests += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        page.got_slot()
        seconds = next(self._latencies)
        try:
            await asyncio.sleep(seconds / 2)
            wanted = self.rows[page.start : page.start + min(page.limit, self.cap) + next(self._surplus)]
            seen = [number for number in wanted if not self.is_hidden(number)]
            # Where all that a request asks for is left out, that looks like the end, to everybody.
            self.blind = self.blind or (bool(wanted) and len(seen) < 2 < len(wanted))
            await asyncio.sleep(seconds / 2)
        finally:
            self.under_way -= 1
        found = [UserSummary(id=str(number % self.keys), user_name=str(number)) for number in seen]
        return Batch(found, len(self.rows) if self.total else None)

    def change(self, number: int) -> None:
        """Put a row in, or take it out if it is there."""
        self.throughout.discard(number)
        if number in self.rows:
            self.rows.remove(number)
        else:
            self.rows = sorted([*self.rows, number])


async def read(
    service: Service, changes: list[tuple[float, int]], page_size: int, ahead: int
) -> list[int] | None:
    """Read the list while it changes; None where the reader says that it cannot."""
    budget = AheadBudget(MemoryLimiter())
    pages = Pages(service.fetch, name="list", page_size=page_size, pages_ahead=ahead, ahead=budget)

    async def meddle() -> None:
        for seconds, number in changes:
            await asyncio.sleep(seconds)
            service.change(number)

    meddling = asyncio.ensure_future(meddle())
    found: list[int] | None = []
    try:
        async for row in pages:
            found.append(int(row.user_name or ""))
    except IncompleteListing:
        found = None
    meddling.cancel()
    await asyncio.gather(meddling, return_exceptions=True)
    assert len(asyncio.all_tasks()) == 1
    assert (budget.free, budget.lists, budget.requests, service.under_way) == (MOST_AHEAD, 0, set(), 0)
    # A page that stood in the wrong place may still be under way when the right one is asked for.
    assert service.most_under_way <= 2 * MOST_AHEAD
    return found


@settings(max_examples=amount(300, quick=60), deadline=None)
@given(
    service=st.builds(
        Service,
        rows=st.integers(0, 150).map(lambda count: list(range(0, 10 * count, 10))),
        cap=st.sampled_from([4, 7, 1000, 1000]),
        surplus=st.lists(st.integers(0, 7), min_size=1, max_size=4),
        hidden=st.sampled_from([0, 0, 70, 130]),
        keys=st.sampled_from([1, 3, 10_000, 10_000]),
        latencies=st.lists(st.floats(0.1, 5.0), min_size=1, max_size=6),
        total=st.booleans(),
    ),
    page_size=st.integers(3, 12),
    ahead=st.integers(1, MOST_AHEAD),
    changes=st.lists(st.tuples(st.floats(0.0, 4.0), st.integers(0, 1_500)), max_size=12),
)
def test_pages_ahead_lose_nothing(
    service: Service, page_size: int, ahead: int, changes: list[tuple[float, int]]
) -> None:
    """Whatever is asked for ahead: every row that was there throughout, exactly once, or an error."""
    found = run_virtual(read(service, changes, page_size, ahead))
    if found is None or service.blind:
        assert changes or service.hidden
        return
    kept = [number for number in found if number in service.throughout]
    assert len(kept) == len(set(kept))
    assert service.throughout <= set(kept)
