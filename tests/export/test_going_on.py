"""A run that ends early, at each point where it could, and is started again: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.export import ExportIncomplete, Manifest, state
from litmos_async.export.output import Output
from litmos_async.export.state import StateFile
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.export.fuse import Fuse, Killed, dying
from tests.export.small import crowd, manifest_of, open_sandbox, reach, rows_of, texts_of
from tests.support.amounts import amount

ALLOWED: Final = 7
"""Requests that a list may take beyond those that it needs, by reading ahead."""

ALLOWED_A_KILL: Final = 8
"""Requests that a kill may cost: pages that were on their way."""

SINCE: Final = datetime.now(UTC) - timedelta(days=10)


def organisation() -> Tenant:
    """Return a tenant with several pages of people, teams with members, and results."""
    tenant = crowd(38)
    people = list(tenant.users)
    course = tenant.add_course(Name="Safety", Code="S-1")["Id"]
    for number in range(3):
        team = tenant.add_team(Name=f"Team {number}")["Id"]
        for person in people[number * 10 : number * 10 + 14]:
            tenant.join_team(team, person)
    for person in people[:25]:
        tenant.assign_course(person, course)
    return tenant


async def export(sandbox: Sandbox, folder: Path, names: list[str], **options: Any) -> int:
    """Run an export, and return the requests that the sandbox saw."""
    before = len(sandbox.requests)
    async with reach(sandbox) as litmos:
        try:
            folder.mkdir(exist_ok=True)
            timed = {"since": SINCE} if {"course_results", "sessions"} & set(names) else {}
            await litmos.export.run(names, f"{folder}/w/", **timed, **options)
        finally:
            seen = len(sandbox.requests) - before
    return seen


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read pages of 10 rows, and begin a new file after 25."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=10, pages_ahead=8))
    monkeypatch.setattr("litmos_async.export.list_run.PART_ROWS", 25)


def texts_below(folder: Path) -> dict[str, list[str]]:
    """Return the rows of each list of an export, as texts."""
    return {each.name: texts_of(each) for each in sorted((folder / "w").iterdir()) if each.is_dir()}


CASES: Final = [
    (["users", "team_members"], "jsonl", False),
    (["users", "course_results"], "csv", True),
    pytest.param(["users", "team_members"], "parquet", True, marks=pytest.mark.slow),
    pytest.param(["sessions", "users"], "parquet", False, marks=pytest.mark.slow),
]


@pytest.mark.costly
@pytest.mark.parametrize(("names", "format", "state"), CASES, ids=str)
async def test_ended_at_every_step(names: list[str], format: str, state: bool, tmp_path: Path) -> None:
    """Whatever step to the disk is the last one, started again it comes to what an undisturbed run gives."""
    sandbox = open_sandbox(organisation())

    def options(folder: Path) -> dict[str, Any]:
        return {"format": format, "state": folder / "night.db" if state else None}

    plain = tmp_path / "plain"
    plain.mkdir()
    most = await export(sandbox, plain, names, **options(plain)) + ALLOWED * len(names) + ALLOWED_A_KILL
    wanted = texts_below(plain)
    # In part, every third: an odd number, so that it still ends before a step and behind one in turn.
    for nth in count(1, amount(1, quick=3)):
        folder = tmp_path / str(nth)
        folder.mkdir()
        fuse = Fuse(nth, after=bool(nth % 2))
        before = len(sandbox.requests)
        with dying(fuse), suppress(Killed):
            await export(sandbox, folder, names, **options(folder))
        if not fuse.blown:
            break
        await export(sandbox, folder, names, **options(folder))
        assert texts_below(folder) == wanted, nth
        manifest = manifest_of(folder / "w")
        assert manifest["complete"], nth
        # All that lies in the folder of a list is in the manifest: a reader of the folder finds no row twice.
        listed = {file["name"] for entry in manifest["lists"].values() for file in entry["files"]}
        listed |= {file for entry in manifest["lists"].values() for file in entry["earlier"]}
        found = {
            str(each.relative_to(folder / "w")) for each in (folder / "w").glob("*/*") if each.name[0] != "."
        }
        assert found == listed, nth
        assert not list((folder / "w").rglob("*.part")), nth
        assert (folder / "night.db").exists() == state
        # A run that had come to its end but for the last note is a whole one, and the next one is its successor.
        if not state:
            assert len(sandbox.requests) - before <= most or fuse.left == 0
        shutil.rmtree(folder)
    assert nth > 15


@pytest.mark.costly
async def test_requests_of_a_run_that_was_ended(tmp_path: Path) -> None:
    """No page is asked for twice but the one under way."""
    sandbox = open_sandbox(organisation())
    undisturbed = await export(sandbox, tmp_path / "plain", ["users", "team_members"])
    most = undisturbed + 2 * ALLOWED + ALLOWED_A_KILL
    nth = 0
    while True:
        nth += 1
        folder = tmp_path / str(nth)
        before = len(sandbox.requests)
        with pytest.MonkeyPatch.context() as patch:
            fuse = Fuse(nth, after=True)
            patch.setattr(StateFile, "commit", fuse.guard(StateFile.commit))
            with suppress(Killed):
                await export(sandbox, folder, ["users", "team_members"])
        if not fuse.blown:
            break
        await export(sandbox, folder, ["users", "team_members"])
        assert len(sandbox.requests) - before <= most
    assert nth > 5


async def test_cancelled_at_every_request(tmp_path: Path) -> None:
    """A cancellation, as Ctrl-C makes one, leaves something that goes on, and no task behind."""
    sandbox = open_sandbox(organisation())
    await export(sandbox, tmp_path / "plain", ["users", "team_members"])
    wanted = texts_below(tmp_path / "plain")
    for nth in range(1, 60, amount(1, quick=3)):
        folder = tmp_path / str(nth)
        begin = len(sandbox.requests)
        arrived = asyncio.Event()

        def latency(begin: int = begin, nth: int = nth, arrived: asyncio.Event = arrived) -> float:
            if len(sandbox.requests) - begin >= nth:
                arrived.set()
                return 3600.0
            return 0.0

        sandbox._latency = latency
        task = asyncio.ensure_future(export(sandbox, folder, ["users", "team_members"]))
        waiting = asyncio.ensure_future(arrived.wait())
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if task.done():
            break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        sandbox._latency = None
        await export(sandbox, folder, ["users", "team_members"])
        assert texts_below(folder) == wanted
    else:
        pytest.fail("it took more requests than there are")
    sandbox._latency = None


@pytest.mark.parametrize(
    "problem", [OSError(28, "No space left on device"), sqlite3.OperationalError("disk is full")]
)
@pytest.mark.parametrize(
    "step",
    [
        (Output, "append"),
        (StateFile, "commit"),
        (Output, "finish"),
        (StateFile, "end"),
        (StateFile, "forget_all"),
    ],
)
async def test_full_disk(problem: Exception, step: tuple[Any, str], tmp_path: Path) -> None:
    """It ends with an error that says so, the manifest if it can be written too; with room it goes on."""
    sandbox = open_sandbox(organisation())
    owner, name = step
    # An export without a state forgets everything at its end.
    kept = name == "end"
    options = {"state": tmp_path / "night.db"} if kept else {}
    await export(sandbox, tmp_path / "plain", ["users"], **({"state": tmp_path / "plain.db"} if kept else {}))
    with pytest.MonkeyPatch.context() as patch:
        real, calls = getattr(owner, name), 0

        def full(*args: Any, **kwargs: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= (3 if name in {"append", "commit"} else 1):
                raise problem
            return real(*args, **kwargs)

        patch.setattr(owner, name, full)
        with pytest.raises(ExportIncomplete) as caught:
            await export(sandbox, tmp_path, ["users"], **options)
    assert str(problem.args[-1]) in str(caught.value)
    if name not in {"end", "forget_all"}:
        assert manifest_of(tmp_path / "w")["complete"] is False
        assert str(problem.args[-1]) in manifest_of(tmp_path / "w")["lists"]["users"]["reason"]
    await export(sandbox, tmp_path, ["users"], **options)
    assert texts_of(tmp_path / "w") == texts_of(tmp_path / "plain" / "w")
    assert manifest_of(tmp_path / "w")["complete"] is True


async def test_manifest_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows are there, and yet the run is not complete: nothing says so to whom it concerns."""
    sandbox = open_sandbox(organisation())
    with monkeypatch.context() as patch:
        patch.setattr(
            Manifest, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device"))
        )
        with pytest.raises(ExportIncomplete, match="No space left"):
            await export(sandbox, tmp_path, ["users"])
    before = len(sandbox.requests)
    await export(sandbox, tmp_path, ["users"])
    assert len(sandbox.requests) == before
    assert manifest_of(tmp_path / "w")["complete"] is True


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet"])
async def test_output_that_was_tampered_with(format: str, tmp_path: Path) -> None:
    """A file under way that became shorter is not filled up with nothing: the run says that it cannot go on."""
    sandbox = open_sandbox(organisation())
    with dying(fuse := Fuse(9, after=True)), suppress(Killed):
        await export(sandbox, tmp_path, ["users"], format=format)
    assert fuse.blown
    (part,) = (tmp_path / "w").glob(".*.part")
    part.write_bytes(part.read_bytes()[:10])
    with pytest.raises(ConfigurationError, match="remove the state"):
        await export(sandbox, tmp_path, ["users"], format=format)


async def test_one_list_that_fails_does_not_hold_up_the_others(tmp_path: Path) -> None:
    """The others are finished at once; an hour later they are read again, and not left as they were."""
    sandbox = open_sandbox(organisation())
    fault = sandbox.faults.add(Fault(path="/teams", status=403, times=None))
    state = tmp_path / "night.db"
    with pytest.raises(ExportIncomplete) as caught:
        await export(sandbox, tmp_path, ["users", "teams"], state=state)
    assert caught.value.manifest.lists["users"].complete
    assert not caught.value.manifest.lists["teams"].complete
    assert not caught.value.manifest.complete
    sandbox.tenant.add_user(UserName="later@example.com", FirstName="A", LastName="B")
    with pytest.raises(ExportIncomplete):
        await export(sandbox, tmp_path, ["users", "teams"], state=state)
    assert len(rows_of(tmp_path / "w" / "users")) == 38
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("litmos_async.export.task._FRESH", timedelta(0))
        with pytest.raises(ExportIncomplete):
            await export(sandbox, tmp_path, ["users", "teams"], state=state)
    assert len(rows_of(tmp_path / "w" / "users")) == 39
    fault.times = 0
    await export(sandbox, tmp_path, ["users", "teams"], state=state)
    assert manifest_of(tmp_path / "w")["complete"] is True


async def test_a_note_that_breaks_off_takes_no_other_with_it(tmp_path: Path) -> None:
    """Where the state runs full in the middle of a note, what is noted behind it counts; with room it goes on."""
    sandbox = open_sandbox(organisation())
    names = ["users", "teams"]
    await export(sandbox, tmp_path / "plain", names)
    real, pages = state._put_part, 0

    def full(change: sqlite3.Cursor, name: str, part: Any) -> None:
        nonlocal pages
        pages += name == "users"
        if name == "users" and pages > 3:
            raise sqlite3.OperationalError("database or disk is full")
        real(change, name, part)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "_put_part", full)
        with pytest.raises(ExportIncomplete, match="disk is full") as caught:
            await export(sandbox, tmp_path, names)
    assert caught.value.manifest.lists["teams"].complete
    seen = len(sandbox.requests)
    with pytest.MonkeyPatch.context() as patch:
        # As if it were an hour later, when what was finished then is read again: that it failed was noted.
        patch.setattr("litmos_async.export.task._FRESH", timedelta(0))
        await export(sandbox, tmp_path, names)
    assert texts_below(tmp_path) == texts_below(tmp_path / "plain")
    assert "/teams" in [each.path for each in list(sandbox.requests)[seen:]]


async def test_finished_lists_are_read_again_without_a_state_too(tmp_path: Path) -> None:
    """An hour after a run that failed at another list, and their files of then are replaced."""
    sandbox = open_sandbox(organisation())
    fault = sandbox.faults.add(Fault(path="/teams", status=403, times=None))
    with pytest.raises(ExportIncomplete):
        await export(sandbox, tmp_path, ["users", "teams"])
    assert len(rows_of(tmp_path / "w" / "users")) == 38
    sandbox.tenant.add_user(UserName="later@example.com", FirstName="A", LastName="B")
    fault.times = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("litmos_async.export.task._FRESH", timedelta(0))
        await export(sandbox, tmp_path, ["users", "teams"])
    assert len(rows_of(tmp_path / "w" / "users")) == 39
    listed = {file["name"] for file in manifest_of(tmp_path / "w")["lists"]["users"]["files"]}
    assert {f"users/{each.name}" for each in (tmp_path / "w" / "users").iterdir()} == listed


@pytest.mark.parametrize("names", [["team_members"], ["assignments", "badges"]])
async def test_units_are_noted_some_at_a_time(names: list[str], tmp_path: Path) -> None:
    """However many teams, people and courses there are: the rows are those of a list of all at once."""
    sandbox = open_sandbox(organisation())
    await export(sandbox, tmp_path / "plain", names)
    for step in (1, 2, 3, 38):
        folder = tmp_path / str(step)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("litmos_async.export.run._UNITS_A_STEP", step)
            await export(sandbox, folder, names)
        assert texts_of(folder / "w") == texts_of(tmp_path / "plain" / "w")


async def test_logs_that_answer_at_once(tmp_path: Path) -> None:
    """The four logs take no request to be known: whichever answers first, the run begins once, with all of them."""
    all_asked = asyncio.Barrier(4)
    begun = 0

    async def answer(request: httpx.Request) -> httpx.Response:
        nonlocal begun
        begun += 1
        if begun <= 4:
            await all_asked.wait()
        first = request.url.params["start"] == "0"
        return httpx.Response(200, json=[{"Id": request.url.path}] if first else [])

    async with reach(open_sandbox(Tenant()), transport=httpx.MockTransport(answer), wire="json") as litmos:
        since = datetime.now(UTC) - timedelta(days=1)
        manifest = await litmos.export.run("activities", tmp_path / "log.jsonl", since=since)
    assert manifest.complete
    assert sorted(row["log"] for row in rows_of(tmp_path / "log.jsonl")) == [
        "actions",
        "assignments",
        "content",
        "settings",
    ]


@pytest.mark.parametrize("step", ["commit", "close"])
async def test_cancelled_again_and_again(step: str, tmp_path: Path) -> None:
    """More than one Ctrl-C does not cut a page in two: the note is made, the state is closed, and it goes on."""
    sandbox = open_sandbox(organisation())
    await export(sandbox, tmp_path / "plain", ["users"])
    loop, under_way, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    real = getattr(StateFile, step)

    def slow(*args: Any, **kwargs: Any) -> None:
        loop.call_soon_threadsafe(under_way.set)
        go_on.wait()
        real(*args, **kwargs)

    state = tmp_path / "night.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, step, slow)
        task = asyncio.ensure_future(export(sandbox, tmp_path, ["users"], state=state))
        await under_way.wait()
        for _ in range(3):
            task.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
            assert not task.done()
        go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await task
    before = len(sandbox.requests)
    await export(sandbox, tmp_path, ["users"], state=state)
    wanted = {row["id"] for row in rows_of(tmp_path / "plain" / "w")}
    assert sorted(row["id"] for row in rows_of(tmp_path / "w")) == sorted(wanted)
    assert ("start=0&" in list(sandbox.requests)[before].query) is (step == "close")


async def test_all_tasks_cancelled_at_the_very_end(tmp_path: Path) -> None:
    """Programs end by cancelling all tasks, the one that closes the state with them: that is an end, too."""
    sandbox = open_sandbox(organisation())
    loop, closing, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()
    close = StateFile.close

    def slow(self: StateFile) -> None:
        loop.call_soon_threadsafe(closing.set)
        go_on.wait()
        close(self)

    state = tmp_path / "night.db"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "close", slow)
        task = asyncio.ensure_future(export(sandbox, tmp_path, ["users"], state=state))
        await closing.wait()
        for each in asyncio.all_tasks() - {asyncio.current_task()}:
            each.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        go_on.set()
    assert manifest_of(tmp_path / "w")["complete"] is True


async def ended_at(sandbox: Sandbox, path: str, nth: int, folder: Path, names: list[str]) -> None:
    """Run an export that is cancelled at the nth request for a path."""
    arrived, asked = asyncio.Event(), 0

    def latency() -> float:
        nonlocal asked
        asked += sandbox.requests[-1].path == path
        if asked < nth:
            return 0.0
        arrived.set()
        return 3600.0

    sandbox._latency = latency
    task = asyncio.ensure_future(export(sandbox, folder, names))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sandbox._latency = None


@pytest.mark.parametrize("nth", [2, 3, 4, 5])
async def test_ended_while_parents_are_listed(
    nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was listed of them is kept: the next run goes on listing at the page, whoever came or went meanwhile."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=10))
    tenant = organisation()
    sandbox = open_sandbox(tenant)
    course = next(iter(tenant.courses))
    for person in tenant.users:
        tenant.award(person, course, 5.0, f"Badge of {person}")
    await ended_at(sandbox, "/users", nth, tmp_path, ["badges"])
    sandbox.requests.clear()
    tenant.add_user(UserName="a.first@example.com", FirstName="A", LastName="B")
    await export(sandbox, tmp_path, ["badges"])
    found = [row["title"] for row in rows_of(tmp_path / "w")]
    assert sorted(found) == sorted(f"Badge of {person}" for person in list(tenant.users)[:-1])
    starts = [
        each.query.partition("start=")[2].partition("&")[0]
        for each in sandbox.requests
        if each.path == "/users"
    ]
    assert int(starts[0]) >= 9 * (nth - 2)
    assert starts == sorted(set(starts), key=int)


async def test_parents_that_were_noted_and_are_listed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where their list cannot be gone on with, what was noted of it is forgotten: no parent is read twice."""
    monkeypatch.setattr("litmos_async.export.run._UNITS_A_STEP", 1)
    tenant = crowd(2)
    tenant.add_course(Id="course", Name="Course")
    tenant.training.add_module("course", Id="class", Name="Class")
    for name in ("first", "second"):
        day = {"StartDate": SINCE + timedelta(days=90), "EndDate": SINCE + timedelta(days=90)}
        tenant.training.add_session("course", "class", Id=name, Days=[day])
        for person in tenant.users:
            tenant.training.register(name, person)
    sandbox = open_sandbox(tenant)
    await ended_at(sandbox, "/sessions/past", 1, tmp_path, ["registrations"])
    tenant.training.delete_session("first")
    await export(sandbox, tmp_path, ["registrations"])
    assert [row["session_id"] for row in rows_of(tmp_path / "w")] == ["second", "second"]
