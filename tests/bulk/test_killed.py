"""A process that is killed at random moments and started again until its job is done."""

from __future__ import annotations

import asyncio
import json
import random
import sys
from asyncio.subprocess import Process
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

from litmos_async.bulk import read_summary
from litmos_async.sandbox import Sandbox, Tenant
from tests.bulk.killed import TIMEOUT
from tests.support.lives import Life

ROOT: Final = Path(__file__).parents[2]
ABREAST: Final = 8
"""Requests that a process which is to be killed may have under way."""
MOST: Final = 16
"""Answers that such a process gets at most."""

pytestmark = pytest.mark.slow


def people_for(kills: int) -> Tenant:
    """Return a tenant with more people than so many processes can come to, however quick the machine is."""
    tenant = Tenant()
    for each in range(kills * (MOST + ABREAST) + 1):
        tenant.add_user(UserName=f"user{each}@example.com", FirstName="U", LastName=f"No {each}")
    return tenant


class Killer:
    """Starts a job again and again.

    Attributes:
        given: The items of the job.
        outcomes: Where the job writes what it reported, once it is through.
        journal: The job's journal.
    """

    def __init__(self, kind: str, given: list[list[str]], folder: Path) -> None:
        self.given = given
        self.outcomes, self.journal = folder / "outcomes.json", folder / "night.db"
        self._kind, self._source = kind, folder / "input.json"
        self._source.write_text(json.dumps(given), encoding="utf-8")
        self._started = 0

    async def start(self, base_url: str, requests: int) -> Process:
        """Start the job.

        What a killed process had sent might still arrive within the timeout, and the next one waits for so long,
        by the wall clock. Here nothing is under way any more, and the clock of each process is ahead by that.
        """
        self._started += 1
        clock = str(2 * TIMEOUT * self._started)
        return await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.support.shifted", clock, "0", "tests.bulk.killed"),
            *(self._kind, base_url, self.journal, self._source, self.outcomes, str(requests)),
            cwd=ROOT,
        )

    async def kill(self, child: Process, life: Life, moment: float | None) -> None:
        """Kill a process a moment after its start; or, without one, shortly after its last answer."""
        ended, over = asyncio.ensure_future(child.wait()), asyncio.ensure_future(life.over.wait())
        await asyncio.wait({ended, over}, timeout=moment, return_when=asyncio.FIRST_COMPLETED)
        assert not ended.done(), f"it came to an end, with exit code {child.returncode}"
        over.cancel()
        child.kill()
        await ended
        for _ in range(100):  # what it had sent is read and carried out
            await asyncio.sleep(0)


async def kill_until_done(killer: Killer, sandbox: Sandbox, life: Life, kills: int) -> None:
    """Kill the process so often, let the last one come to its end, and check that it reported every item."""
    chance = random.Random(4)
    async with sandbox.serve() as base_url:
        for _ in range(kills):
            life.begin(answers := chance.randint(0, MOST))
            child = await killer.start(base_url, ABREAST)
            # Some end before the job begins, or while it opens its journal.
            await killer.kill(child, life, None if answers else chance.uniform(0.0, 1.0))
        life.begin()
        child = await killer.start(base_url, 200)
        assert await child.wait() == 0
    told = json.loads(killer.outcomes.read_text(encoding="utf-8"))
    assert sorted(told) == sorted([*item, "done"] for item in killer.given)
    summary = read_summary(killer.journal)
    assert (summary.left, summary.under_way) == (0, 0)


async def test_killed_fifty_times(tmp_path: Path) -> None:
    """Every assignment is there, each write had its effect once, and every item has an outcome."""
    tenant, life = people_for(50), Life(quick=0.01, held=10 * TIMEOUT)
    path = tenant.add_learning_path(Name="Onboarding")["Id"]
    sandbox = Sandbox(tenant, requests=1_000_000, latency=life.latency)
    killer = Killer("paths", [[user, path] for user in tenant.users], tmp_path)
    await kill_until_done(killer, sandbox, life, 50)
    assert all(tenant.user_paths.get(user, path) for user in tenant.users)
    # A kill can fall between the head of a request and its body: that one came in part, and has no effect.
    effects = Counter(each.path for each in sandbox.requests if each.method == "POST" and each.carried_out)
    assert len(effects) == len(tenant.users)
    assert set(effects.values()) == {1}


async def test_killed_while_it_writes_results(tmp_path: Path) -> None:
    """Each result counts as one attempt, however often the process is killed and started again."""
    tenant, life = people_for(15), Life(quick=0.01, held=10 * TIMEOUT)
    course = tenant.add_course(Name="Onboarding")["Id"]
    module = tenant.add_module(course, Name="Test")["Id"]
    for user in tenant.users:
        tenant.assign_course(user, course)
    sandbox = Sandbox(tenant, requests=1_000_000, latency=life.latency)
    killer = Killer("results", [[user, course, module] for user in tenant.users], tmp_path)
    await kill_until_done(killer, sandbox, life, 15)
    results = [tenant.user_courses.get(user, course).modules[module] for user in tenant.users]
    assert Counter(result.attempt for result in results) == {1: len(tenant.users)}
