"""A few rounds of what `nox -s attack` runs for as long as one likes."""

from __future__ import annotations

from typing import get_args

import pytest

from litmos_async.limits import OnOutage
from tests.promises.attack_fleet import Plan, Verdict, attack
from tests.promises.virtual_attack import run_schedule
from tests.support.amounts import amount


@pytest.mark.costly
@pytest.mark.parametrize("seed", range(amount(20, quick=4)))
def test_no_schedule_on_the_virtual_clock_breaks_a_promise(seed: int) -> None:
    """Processes that are cut off, killed and replaced: 100 in a window at most, and nothing else."""
    verdict = run_schedule(seed)
    assert verdict.good, verdict


PLANS = [
    Plan("sqlite", kills=1, turns=(0, 3, 6, 9, 12, 15), processes=3, calls=60),
    Plan("redis", kills=1, turns=(1, 4, 7, 10, 13, 16), processes=3, calls=60),
    *(Plan("redis", mode, freezes=1, outages=1, processes=3, calls=50) for mode in get_args(OnOutage)),
    Plan("redis", processes=4, calls=30, round_trip=0.5),
]


@pytest.mark.slow
@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: f"{plan.store}-{plan.on_outage}-{plan.round_trip}")
async def test_no_attack_on_real_processes_breaks_a_promise(plan: Plan) -> None:
    """Kills, freezes at every turn from the slot to the first byte, restarts, a slow way: the log is the judge."""
    verdict = await attack(plan)
    assert verdict.good, verdict


def test_a_broken_promise_is_seen() -> None:
    """Each figure counts by itself, and one bad round spoils all."""
    assert Verdict(most=100, requests=500).good
    for broken in ("rejected", "hung", "slots_left", "untyped"):
        assert not (Verdict(most=100) + Verdict(**{broken: 1})).good
    assert not (Verdict(most=101) + Verdict(most=99)).good
