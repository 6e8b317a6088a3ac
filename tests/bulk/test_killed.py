"""A process that is killed at random moments and started again until its job is done."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path

from litmos_async.bulk import read_summary
from litmos_async.sandbox import Sandbox, Tenant


def people(number: int) -> Tenant:
    """Return a tenant with so many people."""
    tenant = Tenant()
    for each in range(number):
        tenant.add_user(UserName=f"user{each}@example.com", FirstName="U", LastName=f"No {each}")
    return tenant


async def kill_until_done(
    kind: str, sandbox: Sandbox, given: list[list[str]], folder: Path, kills: int
) -> None:
    """Kill the process so often, let the last one come to its end, and check that it told of every item."""
    source, journal, outcomes = folder / "input.json", folder / "night.db", folder / "outcomes.json"
    source.write_text(json.dumps(given), encoding="utf-8")
    chance = random.Random(4)
    killed = 0
    script = Path(__file__).with_name("killed.py")
    async with sandbox.serve() as base_url:
        while not outcomes.exists():
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, script, kind, base_url, journal, source, outcomes),
                # Who is killed is not given time. The last one is: a write of its own that a busy machine holds up
                # for longer would truly have failed.
                "1" if killed < kills else "30",
            )
            # From before the job begins until it is well under way: starting takes a part of it, and so does
            # waiting until nothing that the one before had sent can arrive any more. With 8 requests a second
            # not even the quickest machine comes to an end before the last kill.
            moment = chance.uniform(0.2, 1.4) if killed < kills else 120
            try:
                await asyncio.wait_for(child.wait(), moment)
            except TimeoutError:
                child.send_signal(signal.SIGKILL)
                await child.wait()
                killed += 1
            else:
                assert child.returncode == 0
    told = json.loads(outcomes.read_text(encoding="utf-8"))
    assert sorted(told) == sorted([*item, "done"] for item in given)
    assert killed == kills
    assert (read_summary(journal).left, read_summary(journal).under_way) == (0, 0)


async def test_killed_fifty_times(tmp_path: Path) -> None:
    """Every assignment is there, each write had its effect once, and every item has an outcome."""
    tenant = people(300)
    path = tenant.add_learning_path(Name="Onboarding")["Id"]
    sandbox = Sandbox(tenant, requests=10_000, latency=lambda: 0.05)
    await kill_until_done("paths", sandbox, [[user, path] for user in tenant.users], tmp_path, 50)
    assert all(tenant.user_paths.get(user, path) for user in tenant.users)
    # A kill can fall between the head of a request and its body: that one came in part, and has no effect.
    effects = Counter(each.path for each in sandbox.requests if each.method == "POST" and each.carried_out)
    assert len(effects) == len(tenant.users)
    assert set(effects.values()) == {1}


async def test_killed_while_it_writes_results(tmp_path: Path) -> None:
    """Each result counts as one attempt, however often the process is killed and started again."""
    tenant = people(120)
    course = tenant.add_course(Name="Onboarding")["Id"]
    module = tenant.add_module(course, Name="Test")["Id"]
    for user in tenant.users:
        tenant.assign_course(user, course)
    sandbox = Sandbox(tenant, requests=10_000, latency=lambda: 0.05)
    await kill_until_done("results", sandbox, [[user, course, module] for user in tenant.users], tmp_path, 15)
    results = [tenant.user_courses.get(user, course).modules[module] for user in tenant.users]
    assert Counter(result.attempt for result in results) == {1: len(tenant.users)}
