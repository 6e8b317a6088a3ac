"""Iterators that were broken off: asked for more, they say so, and never look as if the list had ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from litmos_async import LitmosClient, RateLimit
from litmos_async.errors import BadRequest, ConfigurationError
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2024, 1, 1, tzinfo=UTC)

WALKS: dict[str, Callable[[LitmosClient], Any]] = {
    "rows": lambda litmos: aiter(litmos.users.list(page_size=3)),
    "rows with pages ahead": lambda litmos: aiter(litmos.users.list(page_size=3, pages_ahead=2)),
    "pages": lambda litmos: litmos.users.list(page_size=3).by_page(),
    "rows of windows": lambda litmos: aiter(litmos.org.list_users(since=LONG_AGO, page_size=3)),
    "pages of windows": lambda litmos: litmos.org.list_users(since=LONG_AGO, page_size=3).by_page(),
    "rows of a tree": lambda litmos: aiter(litmos.sessions.list_past(page_size=1)),
    "batches": lambda litmos: litmos.export.batches("team_members"),
    "outcomes": lambda litmos: aiter(
        litmos.bulk.assign_courses_to_users(
            ((user, course) for user in ("a", "b", "c") for course in ("d", "e")), send_message=False
        )
    ),
}


def sandbox() -> Sandbox:
    """Return a sandbox in which each list has several pages."""
    tenant = Tenant.example(users=12, courses=8, teams=6)
    for course_id in list(tenant.courses)[:4]:
        module = tenant.training.add_module(course_id, Name="Class")
        day = {"StartDate": SINCE, "EndDate": SINCE}
        tenant.training.add_session(course_id, module["Id"], Name="Monday", Days=[day])
    return Sandbox(tenant, requests=10_000)


def reader(server: Sandbox) -> LitmosClient:
    """Return a client that never waits for the quota: some tests run on the real clock."""
    return client(server, rate_limit=RateLimit(requests=10_000))


async def rest(walk: AsyncGenerator[Any, None]) -> list[Any]:
    """Return what follows."""
    return [each async for each in walk]


async def first(walk: AsyncGenerator[Any, None]) -> object:
    """Return what comes first."""
    return await anext(walk)


def run(*steps: Coroutine[Any, Any, Any]) -> list[Any]:
    """Run each step on an event loop of its own."""
    return [asyncio.run(step) for step in steps]


@pytest.mark.parametrize("name", WALKS)
def test_carried_to_another_loop(name: str) -> None:
    """The end of a loop closes what is left to it: going on is an error, each time, and no short list."""
    walk = WALKS[name](reader(sandbox()))
    run(first(walk))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="broken off before its end"):
            run(rest(walk))


@pytest.mark.parametrize("name", WALKS)
def test_broken_off_by_a_cancellation(name: str) -> None:
    """A time limit around one step ends the iteration, which is not the end of the list."""
    server = sandbox()

    async def main() -> None:
        walk = WALKS[name](reader(server))
        server.faults.add(Fault(stall=20.0, times=None))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5.0):
                await anext(walk)
        with pytest.raises(ConfigurationError, match="broken off before its end"):
            await anext(walk)

    run_virtual(main())


@pytest.mark.parametrize("name", [name for name in WALKS if name != "outcomes"])
def test_broken_off_by_an_error(name: str) -> None:
    """Nor is what follows an error."""
    server = sandbox()
    server.faults.add(Fault(status=400))

    async def main() -> None:
        walk = WALKS[name](reader(server))
        with pytest.raises(BadRequest):
            await rest(walk)
        with pytest.raises(ConfigurationError, match="broken off before its end"):
            await anext(walk)

    run_virtual(main())


@pytest.mark.parametrize("name", WALKS)
def test_at_its_end_and_closed_by_its_caller(name: str) -> None:
    """There it ends as any iterator does, however often it is asked."""

    async def main() -> None:
        litmos = reader(sandbox())
        walk = WALKS[name](litmos)
        assert await rest(walk)
        assert await rest(walk) == []
        await walk.aclose()
        assert await rest(walk) == []
        walk = WALKS[name](litmos)
        await anext(walk)
        await walk.aclose()
        assert await rest(walk) == []
        walk = WALKS[name](litmos)
        await walk.aclose()
        assert await rest(walk) == []

    run_virtual(main())


@pytest.mark.parametrize("name", ["rows", "pages"])
def test_going_on_where_it_was_broken_off(name: str) -> None:
    """The error has the place behind the last page that was given."""
    litmos = reader(sandbox())
    walk = WALKS[name](litmos)
    run(first(walk))
    found: list[Any] = []

    async def take() -> None:
        async for each in walk:
            found.append(each)  # noqa: PERF401 - also where an error ends it

    with pytest.raises(ConfigurationError) as caught:
        run(take())
    assert len(found) == (2 if name == "rows" else 0)  # what was read before is given first

    async def go_on() -> int:
        pages = litmos.users.list(page_size=3).by_page(resume=caught.value.resume)
        return sum([len(page.items) async for page in pages])

    assert asyncio.run(go_on()) == 9
