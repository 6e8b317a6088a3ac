"""Batches: pages of plain data, and on behind any of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.export import lists, schema
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.export.small import open_sandbox, reach

SINCE: Final = datetime.now(UTC) - timedelta(days=10)
NAMES: Final = [each.name for each in lists()]


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of 7 rows."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=7))


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """A small organisation."""
    return open_sandbox(Tenant.example(users=20, seed=5))


def options_of(name: str) -> dict[str, Any]:
    """Return what a list needs."""
    return {"since": SINCE} if name in {each.name for each in lists() if each.windowed} else {}


async def read(sandbox: Sandbox, name: str, resume: str | None = None) -> list[Any]:
    """Return the batches of a list from somewhere on."""
    async with reach(sandbox) as litmos:
        return [each async for each in litmos.export.batches(name, resume=resume, **options_of(name))]


@pytest.mark.parametrize("name", NAMES)
async def test_on_behind_each(name: str, sandbox: Sandbox) -> None:
    """Resumed behind any batch, the rest comes, and nothing else; the last one has no `resume`."""
    whole = await read(sandbox, name)
    assert [each.resume is None for each in whole] == [False] * (len(whole) - 1) + [True]
    for place in range(0, len(whole) - 1, max(1, len(whole) // 4)):
        rest = await read(sandbox, name, whole[place].resume)
        found = [row for each in rest for row in each.rows]
        assert sorted(map(str, found)) == sorted(str(row) for each in whole[place + 1 :] for row in each.rows)
        assert rest[-1].resume is None


@pytest.mark.parametrize("name", ["users", "team_members", "course_results", "sessions"])
async def test_on_behind_an_error(name: str, sandbox: Sandbox) -> None:
    """An error carries where to go on: what came before it and what comes from there on is the whole list."""
    whole = sorted(str(row) for each in await read(sandbox, name) for row in each.rows)
    for nth in (1, 2, 4):
        fault = sandbox.faults.add(Fault(nth=nth, status=400))
        found: list[str] = []
        resume: str | None = None
        try:
            async with reach(sandbox) as litmos:
                async for each in litmos.export.batches(name, **options_of(name)):
                    found += map(str, each.rows)
        except LitmosError as problem:
            resume = problem.resume
        fault.times = 0
        if resume is None and found:
            continue
        found += [str(row) for each in await read(sandbox, name, resume) for row in each.rows]
        assert sorted(found) == whole
    sandbox.faults.clear()


async def test_rows_are_those_of_to_dict(sandbox: Sandbox) -> None:
    """A batch is what `to_dict` gives, with the parent's id in front where there is one."""
    async with reach(sandbox) as litmos:
        told = [user.to_dict() async for user in litmos.users.list_details()]
        async for batch in litmos.export.batches("user_details"):
            for row in batch.rows:
                assert row == told.pop(0)
            assert batch.table().schema == schema("user_details").arrow()
            assert batch.table().num_rows == len(batch.rows)
    assert not told


async def test_token_of_another_list(sandbox: Sandbox) -> None:
    """It is refused, and so is what is no token."""
    first, *_ = await read(sandbox, "users")
    for name, resume in [("courses", first.resume), ("users", "nonsense"), ("users", "W10="), ("users", "é")]:
        with pytest.raises(ConfigurationError, match="resume"):
            await read(sandbox, name, resume)


async def test_an_operation_by_its_id(sandbox: Sandbox) -> None:
    """Any operation that lists can be read, with the ids of its parent found by itself."""
    async with reach(sandbox) as litmos:
        found = [row async for each in litmos.export.batches("courses.list_users") for row in each.rows]
        assert {row["course_id"] for row in found} <= set(sandbox.tenant.courses)
        assert len(found) == len({(row["course_id"], row["id"]) for row in found})
        some = [
            row async for each in litmos.export.batches("org.list_users", since=SINCE) for row in each.rows
        ]
        assert len(some) == 20
