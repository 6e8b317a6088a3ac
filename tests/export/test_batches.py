"""Batches: pages of plain data, and on behind any of them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import cycle
from typing import Any, Final

import pytest

from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.export import lists, schema
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.export.small import crowd, open_sandbox, reach
from tests.support.amounts import amount
from tests.support.generators import all_closed

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
    for place in range(0, len(whole) - 1, max(1, len(whole) // amount(4, quick=2))):
        rest = await read(sandbox, name, whole[place].resume)
        found = [row for each in rest for row in each.rows]
        assert sorted(map(str, found)) == sorted(str(row) for each in whole[place + 1 :] for row in each.rows)
        assert rest[-1].resume is None


@pytest.mark.parametrize("name", NAMES)
async def test_left_early(name: str, sandbox: Sandbox) -> None:
    """When `aclose` returns, all that reads is closed: nothing more is asked for."""
    async with reach(sandbox) as litmos:
        with all_closed():
            batches = litmos.export.batches(name, **options_of(name))
            await anext(batches)
            await batches.aclose()
            asked = len(sandbox.requests)
            await asyncio.sleep(0.01)
            assert len(sandbox.requests) == asked


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


async def test_the_window_of_a_batch() -> None:
    """Lists in windows of 7 days say which one a batch is from; one after the other they cover the span."""
    tenant = crowd(20)
    course = tenant.add_course(Name="Safety", Code="S-1")["Id"]
    for person, day in zip(tenant.users, cycle((1, 9)), strict=False):
        tenant.now = lambda day=day: SINCE + timedelta(days=day)
        tenant.assign_course(person, course)
    sandbox = open_sandbox(tenant)
    async with reach(sandbox) as litmos:
        batches = [each async for each in litmos.export.batches("course_results", since=SINCE)]
        windows = list(dict.fromkeys(each.window for each in batches))
        assert len(windows) == 2
        (begin, first_to), (second, end) = (window for window in windows if window is not None)
        assert begin == SINCE.replace(microsecond=0)
        assert begin < second < first_to == begin + timedelta(days=7) < end
        assert end > datetime.now(UTC)
        for batch in batches:
            assert batch.window is not None
            since, to = (moment.isoformat().replace("+00:00", "Z") for moment in batch.window)
            assert all(since <= row["updated_date"] <= to for row in batch.rows)
        rest = [
            each
            async for each in litmos.export.batches("course_results", since=SINCE, resume=batches[0].resume)
        ]
        # The last window ends a day after its reading began, which may be later this time.
        again = [(begin, min(to, end)) for begin, to in (each.window for each in rest if each.window)]
        assert again == [each.window for each in batches[1:]]
        assert {each.window async for each in litmos.export.batches("users")} == {None}


async def test_the_window_of_a_page(sandbox: Sandbox) -> None:
    """Pages say it, too, the first one alone as well."""
    since = SINCE.replace(microsecond=0)
    async with reach(sandbox) as litmos:
        page = await litmos.org.list_teams(since=since, to=since + timedelta(days=2))
        assert page.window == (since, since + timedelta(days=2))
        assert (await litmos.teams.list()).window is None
