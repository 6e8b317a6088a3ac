"""Every kind of job, broken off at any moment and gone on with: each item once, and an outcome for each."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from litmos_async import BulkJob, Outcome
from litmos_async.bulk import read_summary
from litmos_async.testing import run_virtual
from tests.bulk.works import KINDS, Work, client
from tests.support.amounts import amount

MOMENTS = amount(30, quick=8)


def run(work: Work, file: Path, *, until: int | None = None) -> tuple[list[Outcome], int, int]:
    """Run the job, to its end or to a turn of the loop.

    Returns:
        The outcomes that were told, the requests that it sent to change something, and the turns that it took.
    """
    told: list[Outcome] = []
    turns = 0
    jobs: list[BulkJob] = []

    async def whole() -> None:
        async with client(work.sandbox) as litmos:
            jobs.append(work.job(litmos, file))
            async for outcome in jobs[0]:
                told.append(outcome)  # noqa: PERF401 - what was told before it is broken off counts

    async def main() -> None:
        running.append(asyncio.ensure_future(whole()))
        await asyncio.gather(*running, return_exceptions=until is not None)

    def step(turn: int) -> None:
        nonlocal turns
        turns = turn
        if turn == until and running:
            running[0].cancel()

    running: list[asyncio.Future[None]] = []
    run_virtual(main(), on_step=step)
    return told, jobs[0].report.requests if jobs else 0, turns


@pytest.mark.costly
@pytest.mark.parametrize("kind", KINDS)
def test_broken_off_at_any_moment(kind: Callable[[], Work], tmp_path: Path) -> None:
    """Gone on with, it does what is left: everything is there, nothing happened twice, each item has an outcome."""
    whole = kind()
    _, requests, turns = run(whole, tmp_path / "whole.db")
    assert whole.ends()
    chance = random.Random(4)
    goals = sorted(chance.sample(range(1, turns), min(MOMENTS, turns - 1)))
    resumed = 0
    for goal in goals:
        work, file = kind(), tmp_path / f"{goal}.db"
        first, _, _ = run(work, file, until=goal)
        second, left, _ = run(work, file)
        assert work.ends(), goal
        assert max(work.once().values(), default=1) == 1, goal
        statuses = {outcome.item: outcome.status for outcome in second}
        assert len(statuses) == len(second) == work.items, goal
        assert set(statuses.values()) <= {"done", "skipped"}, goal
        # What was done in the first run is not taken for something that was there before.
        assert all(statuses[each.item] == each.status for each in first if each.item in statuses), goal
        resumed += left < requests
        summary = read_summary(file)
        assert (summary.items, summary.left, summary.under_way) == (work.items, 0, 0), goal
    assert resumed > MOMENTS // 10


@pytest.mark.parametrize("kind", KINDS)
def test_once_more_does_nothing(kind: Callable[[], Work], tmp_path: Path) -> None:
    """A journal whose job is through sends nothing that changes anything, and tells the same."""
    work, file = kind(), tmp_path / "night.db"
    first, requests, _ = run(work, file)
    assert requests > 0
    second, again, _ = run(work, file)
    assert again == 0
    assert work.ends()
    done = [sum(outcome.status == "done" for outcome in outcomes) for outcomes in (first, second)]
    assert done[0] == done[1] > 0
