"""Lists that cannot be proven complete: an error, exit code 1 and a manifest that says so, never a quiet prefix."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from litmos_async import RetryPolicy
from litmos_async.errors import IncompleteListing, NotFound
from litmos_async.export import ExportIncomplete
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Fault, Tenant
from tests.export.small import crowd, manifest_of, open_sandbox, reach, rows_of

PEOPLE: Final = [{"Id": f"u{number:04}", "UserName": f"user.{number}@example.com"} for number in range(1_234)]

Answer = Callable[[int, int, int], httpx.Response]
"""Answers a request for rows: its number, `start` and `limit`."""


def rows(found: list[dict[str, str]]) -> httpx.Response:
    """Return rows as the server does."""
    return httpx.Response(200, json=found)


def ignores_start(_number: int, _start: int, limit: int) -> httpx.Response:
    """Give the first rows, whatever was asked for."""
    return rows(PEOPLE[:limit])


def inserts_always(number: int, start: int, limit: int) -> httpx.Response:
    """Put so many rows in front that no page fits to the one before."""
    fresh = [{"Id": f"n{number}-{place}", "UserName": "new@example.com"} for place in range(5_000)]
    return rows([*fresh, *PEOPLE][start : start + limit])


def breaks_off(number: int, start: int, limit: int) -> httpx.Response:
    """Answer the second request with half a document."""
    if number >= 2:
        return httpx.Response(200, text='[{"Id": "u', headers={"content-type": "application/json"})
    return rows(PEOPLE[start : start + limit])


def forbids(number: int, start: int, limit: int) -> httpx.Response:
    """Refuse the second request."""
    return httpx.Response(403) if number >= 2 else rows(PEOPLE[start : start + limit])


def is_tired(number: int, start: int, limit: int) -> httpx.Response:
    """Fail from the second request on."""
    return httpx.Response(500) if number >= 2 else rows(PEOPLE[start : start + limit])


def pauses_for_ever(number: int, start: int, limit: int) -> httpx.Response:
    """Reject from the second request on."""
    return httpx.Response(503) if number >= 2 else rows(PEOPLE[start : start + limit])


FAULTY: Final = [ignores_start, inserts_always, breaks_off, forbids, is_tired, pauses_for_ever]


def serve(answer: Answer, sent: list[str]) -> httpx.MockTransport:
    """Return a server that has nothing but people."""

    def handle(request: httpx.Request) -> httpx.Response:
        sent.append(request.url.path)
        query = request.url.params
        return answer(len(sent), int(query["start"]), int(query["limit"]))

    return httpx.MockTransport(handle)


async def export(answer: Answer, dest: str, sent: list[str] | None = None, **options: Any) -> Any:
    """Export the people of such a server."""
    sent = [] if sent is None else sent
    retry = RetryPolicy(max_attempts=1, max_rejections=1, deadline=0.01)
    async with reach(
        open_sandbox(Tenant()), transport=serve(answer, sent), retry=retry, wire="json"
    ) as litmos:
        return await litmos.export.run("users", dest, **options)


@pytest.mark.costly
@pytest.mark.parametrize("answer", FAULTY, ids=lambda each: each.__name__)
@pytest.mark.parametrize("state", [False, True])
async def test_said_aloud(answer: Answer, state: bool, tmp_path: Path) -> None:
    """The error carries the manifest, which names the list and the reason; started again it is said again."""
    options = {"state": tmp_path / "night.db"} if state else {}
    sent: list[str] = []
    for _ in range(2):
        with pytest.raises(ExportIncomplete) as caught:
            await export(answer, f"{tmp_path}/w/", sent, **options)
        assert isinstance(caught.value, IncompleteListing)
        assert not caught.value.manifest.complete
        assert "users" in str(caught.value)
        plain = manifest_of(tmp_path / "w")
        assert plain["complete"] is False
        assert plain["lists"]["users"]["reason"]
        assert plain["lists"]["users"]["files"] == []
        assert not [each for each in (tmp_path / "w").iterdir() if each.name[0] not in "._"]


@pytest.mark.parametrize("cap", [7, 100, 250, 333, 999])
async def test_a_server_that_caps_pages_at_any_size(cap: int, tmp_path: Path) -> None:
    """All rows are there: a short page proves nothing."""

    def capped(_number: int, start: int, limit: int) -> httpx.Response:
        return rows(PEOPLE[start : start + min(limit, cap)])

    manifest = await export(capped, str(tmp_path / "users.jsonl"))
    assert manifest.complete
    assert manifest.rows == len(PEOPLE)
    assert sorted(row["id"] for row in rows_of(tmp_path / "users.jsonl")) == [each["Id"] for each in PEOPLE]


async def test_an_incomplete_run_goes_on_and_is_complete(tmp_path: Path) -> None:
    """When the server is well again, the same call does the rest."""
    with pytest.raises(ExportIncomplete):
        await export(forbids, str(tmp_path / "users.jsonl"))
    assert not (tmp_path / "users.jsonl").exists()
    sent: list[str] = []

    def well(_number: int, start: int, limit: int) -> httpx.Response:
        return rows(PEOPLE[start : start + limit])

    transport = serve(well, sent)
    async with reach(open_sandbox(Tenant()), transport=transport, wire="json") as litmos:
        manifest = await litmos.export.run("users", tmp_path / "users.jsonl")
    assert manifest.complete
    assert len(rows_of(tmp_path / "users.jsonl")) == len(PEOPLE)
    assert json.loads((tmp_path / "users.jsonl.manifest.json").read_text())["complete"] is True


async def test_rows_that_are_equal_are_kept(tmp_path: Path) -> None:
    """Rows of one answer are rows, also where nothing tells them apart."""

    def logins(_number: int, start: int, limit: int) -> httpx.Response:
        found = [{"UserId": "u1", "Message": "in"}] * 5
        return httpx.Response(200, json=found[start : start + limit])

    since = datetime.now(UTC) - timedelta(days=1)
    async with reach(open_sandbox(Tenant()), transport=serve(logins, []), wire="json") as litmos:
        manifest = await litmos.export.run("logins", tmp_path / "logins.csv", since=since)
    assert manifest.rows == 5


@pytest.mark.parametrize("state", [False, True])
async def test_rows_of_one_key_that_differ_are_kept(state: bool, tmp_path: Path) -> None:
    """A person can have two results in a course: both are rows, and none comes again in the next window."""

    def results(_number: int, start: int, limit: int) -> httpx.Response:
        found = [{"UserId": "u1", "Id": "c1", "PercentageComplete": percent} for percent in (100.0, 20.0)]
        return httpx.Response(200, json=found[start : start + limit])

    since = datetime.now(UTC) - timedelta(days=10)
    async with reach(open_sandbox(Tenant()), transport=serve(results, []), wire="json") as litmos:
        options = {"state": tmp_path / "night.db"} if state else {}
        manifest = await litmos.export.run("course_results", f"{tmp_path}/w/", since=since, **options)
    assert manifest.rows == 2


@pytest.mark.parametrize("where", ["units", "rows"])
async def test_parents_that_vanish(where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A team that is deleted while the teams are read has no rows any more, and that is no fault."""
    tenant = crowd(6)
    teams = [tenant.add_team(Name=f"Team {number}")["Id"] for number in range(5)]
    for team in teams:
        for person in tenant.users:
            tenant.join_team(team, person)
    sandbox = open_sandbox(tenant)
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=3))

    def latency() -> float:
        if len(sandbox.requests) == (3 if where == "units" else 9):
            tenant.delete_team(teams[-1])
        return 0.0

    sandbox._latency = latency
    async with reach(sandbox) as litmos:
        manifest = await litmos.export.run("team_members", tmp_path / "members.csv")
    assert manifest.complete
    found = {row["team_id"] for row in rows_of(tmp_path / "members.csv")}
    assert found >= set(teams[:-1])


async def test_a_parent_that_vanishes_from_batches() -> None:
    """It has no rows any more there, too; the one that was asked for by name is an error."""
    tenant = crowd(4)
    teams = [tenant.add_team(Name=f"Team {number}")["Id"] for number in range(3)]
    for team in teams:
        for person in tenant.users:
            tenant.join_team(team, person)
    sandbox = open_sandbox(tenant)
    for gone in teams:
        fault = sandbox.faults.add(Fault(path=f"/teams/{gone}/users", status=404, times=None))
        async with reach(sandbox) as litmos:
            batches = [each async for each in litmos.export.batches("team_members")]
            with pytest.raises(NotFound):
                await anext(aiter(litmos.export.batches("team_members", where={"team_id": gone})))
        assert {row["team_id"] for each in batches for row in each.rows} == set(teams) - {gone}
        assert [each.resume is None for each in batches] == [False] * (len(batches) - 1) + [True]
        fault.times = 0
