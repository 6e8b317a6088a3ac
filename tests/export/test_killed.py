"""A process that is killed at random moments and started again until its export is there."""

from __future__ import annotations

import asyncio
import random
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Final

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.export.killed import run
from tests.export.small import crowd, manifest_of, read_folder, texts_of
from tests.support.lives import Life

ROOT: Final = Path(__file__).parents[2]
ALLOWED_A_KILL: Final = 8

pytestmark = pytest.mark.slow

CASES: Final = [
    (["users", "team_members"], "jsonl", False, 17),
    (["users", "course_results"], "csv", True, 17),
    (["users", "team_members", "course_results"], "parquet", True, 16),
]
"""Lists, format, whether there is a state, and how often the process is killed: 50 times in all."""


def organisation() -> Tenant:
    """Return a tenant with many pages of people, team members and results."""
    tenant = crowd(400)
    people = list(tenant.users)
    course = tenant.add_course(Name="Safety", Code="S-1")["Id"]
    for number in range(8):
        team = tenant.add_team(Name=f"Team {number}")["Id"]
        for person in people[number * 40 : number * 40 + 60]:
            tenant.join_team(team, person)
    for person in people[:200]:
        tenant.assign_course(person, course)
    return tenant


async def start(base_url: str, folder: Path, format: str, state: bool, names: list[str]) -> Process:
    """Start an export."""
    words = [base_url, str(folder), format, str(folder / "night.db") if state else "", *names]
    return await asyncio.create_subprocess_exec(sys.executable, "-m", "tests.export.killed", *words, cwd=ROOT)


@pytest.mark.parametrize(("names", "format", "state", "kills"), CASES, ids=str)
async def test_killed(names: list[str], format: str, state: bool, kills: int, tmp_path: Path) -> None:
    """What is there in the end equals an undisturbed run, and no page but those under way was asked for twice."""
    life, chance = Life(quick=0.0, held=36_000.0), random.Random(len(names) * kills)
    sandbox = Sandbox(organisation(), requests=10_000_000, latency=life.latency)
    plain, folder = tmp_path / "plain", tmp_path / "killed"
    plain.mkdir()
    folder.mkdir()
    async with sandbox.serve() as base_url:
        life.begin()
        await run(base_url, str(plain), format, str(plain / "night.db") if state else "", names)
        undisturbed = len(sandbox.requests)
        for _ in range(kills):
            life.begin(chance.randint(1, 4))
            child = await start(base_url, folder, format, state, names)
            ended, over = asyncio.ensure_future(child.wait()), asyncio.ensure_future(life.over.wait())
            await asyncio.wait({ended, over}, return_when=asyncio.FIRST_COMPLETED)
            over.cancel()
            # The page may be on its way into the file: any moment will do.
            for _ in range(chance.randint(0, 200)):
                await asyncio.sleep(0)
            if not ended.done():
                child.kill()
            await ended
        life.begin()
        child = await start(base_url, folder, format, state, names)
        assert await child.wait() == 0
    assert manifest_of(folder / "w")["complete"] is True
    for name in names:
        assert texts_of(folder / "w" / name) == texts_of(plain / "w" / name)
        read_folder(folder / "w" / name, format)
    assert len(sandbox.requests) - undisturbed <= undisturbed + 7 * len(names) + kills * ALLOWED_A_KILL
