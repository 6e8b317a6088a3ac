"""A process that is killed at random moments and started again until its job is done."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sys
from collections import Counter
from pathlib import Path

from litmos_async.sandbox import Sandbox, Tenant

USERS = 300
KILLS = 50


async def test_killed_fifty_times(tmp_path: Path) -> None:
    """Every assignment is there, each write had its effect once, and every item has an outcome."""
    tenant = Tenant()
    for number in range(USERS):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    path = tenant.add_learning_path(Name="Onboarding")["Id"]
    sandbox = Sandbox(tenant, requests=10_000, latency=lambda: 0.05)
    given, journal, outcomes = tmp_path / "input.json", tmp_path / "night.db", tmp_path / "outcomes.json"
    given.write_text(json.dumps([[user, path] for user in tenant.users]), encoding="utf-8")
    chance = random.Random(4)
    kills = 0
    async with sandbox.serve() as base_url:
        while not outcomes.exists():
            child = await asyncio.create_subprocess_exec(
                sys.executable, Path(__file__).with_name("killed.py"), base_url, journal, given, outcomes
            )
            # From before the job begins until it is well under way: starting takes a part of it, and so does
            # waiting until nothing that the one before had sent can arrive any more.
            moment = chance.uniform(0.2, 1.6) if kills < KILLS else 60
            try:
                await asyncio.wait_for(child.wait(), moment)
            except TimeoutError:
                child.send_signal(signal.SIGKILL)
                await child.wait()
                kills += 1
            else:
                assert child.returncode == 0
    assert all(tenant.user_paths.get(user, path) for user in tenant.users)
    effects = Counter(each.path for each in sandbox.requests if each.method == "POST")
    assert len(effects) == USERS
    assert set(effects.values()) == {1}
    told = json.loads(outcomes.read_text(encoding="utf-8"))
    assert sorted(told) == sorted([user, path, "done"] for user in tenant.users)
    assert kills == KILLS
