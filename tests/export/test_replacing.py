"""An export without a state takes the place of the one before it: all of it, once, whenever a run ends."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from litmos_async.export import ExportIncomplete, Manifest
from litmos_async.export.state import StateFile
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.export.small import crowd, manifest_of, open_sandbox, reach, rows_of


class Killed(BaseException):
    """The end of a process."""


async def export(sandbox: Sandbox, names: str | list[str], dest: Path | str) -> Manifest:
    """Run an export without a state."""
    async with reach(sandbox) as litmos:
        return await litmos.export.run(names, dest)


def later(sandbox: Sandbox, by: timedelta) -> None:
    """Set the clock of a server forward."""
    before = sandbox.tenant.now
    sandbox.tenant.now = lambda: before() + by


def learners() -> Tenant:
    """Return a tenant whose people all have a result."""
    tenant = crowd(12)
    course = tenant.add_course(Name="Safety", Code="S-1")["Id"]
    for person in tenant.users:
        tenant.assign_course(person, course)
    return tenant


@pytest.mark.parametrize("dest", ["w/", "results.jsonl"])
async def test_a_run_that_was_killed_behind_its_last_note_is_no_past(dest: str, tmp_path: Path) -> None:
    """The next export is whole again, and not what changed since in the place of everything."""
    sandbox = open_sandbox(learners())
    later(sandbox, timedelta(hours=5))

    def kill(self: StateFile) -> None:
        self.close()
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "remove", kill)
        with suppress(Killed):
            await export(sandbox, "results", f"{tmp_path}/{dest}")
    assert manifest_of(tmp_path / dest)["complete"] is True
    later(sandbox, timedelta(days=1))
    manifest = await export(sandbox, "results", f"{tmp_path}/{dest}")
    assert (manifest.rows, manifest.lists["results"].since) == (12, None)
    assert len(rows_of(tmp_path / dest)) == 12
    assert not list(tmp_path.glob("*.state*"))


async def test_what_was_left_of_an_export_binds_no_other(tmp_path: Path) -> None:
    """Where only the removal of its state failed, the place takes another choice of columns."""
    sandbox = open_sandbox(crowd(3))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(StateFile, "remove", StateFile.close)
        await export(sandbox, "users", tmp_path / "users.csv")
    async with reach(sandbox) as litmos:
        await litmos.export.run("users", tmp_path / "users.csv", columns=["id"])
    assert list(rows_of(tmp_path / "users.csv")[0]) == ["id"]


async def test_a_plan_leaves_what_was_left_as_it_is(tmp_path: Path) -> None:
    """It binds nobody: what it would do is written nowhere."""
    sandbox = open_sandbox(crowd(3))
    StateFile(tmp_path / "users.csv.state").close()
    async with reach(sandbox) as litmos:
        await litmos.export.plan("users", tmp_path / "users.csv", columns=["id"])
        manifest = await litmos.export.run("users", tmp_path / "users.csv")
    assert manifest.complete
    assert len(rows_of(tmp_path / "users.csv")[0]) > 1


async def test_a_list_that_is_complete_is_replaced_although_another_fails(tmp_path: Path) -> None:
    """Who reads its folder finds each row once; what the other had stays, until a run completes it."""
    sandbox, folder = open_sandbox(crowd(5)), tmp_path / "w"
    sandbox.tenant.add_team(Name="Team")
    await export(sandbox, ["users", "teams"], folder)
    later(sandbox, timedelta(days=1))
    fault = sandbox.faults.add(Fault(path="/teams", status=403, times=None))
    with pytest.raises(ExportIncomplete):
        await export(sandbox, ["users", "teams"], folder)
    assert len(rows_of(folder / "users")) == 5
    assert len(rows_of(folder / "teams")) == 1
    assert _listed(folder) == _found(folder)
    (tmp_path / "w.state").unlink()  # lost, and nothing but the manifest knows of what is to be replaced
    fault.times = 0
    later(sandbox, timedelta(days=1))
    await export(sandbox, ["users", "teams"], folder)
    assert len(rows_of(folder / "teams")) == 1
    assert _listed(folder) == _found(folder)


@pytest.mark.parametrize("format", ["jsonl", "parquet"])
async def test_rows_are_not_doubled_while_another_list_is_read(format: Any, tmp_path: Path) -> None:
    """However long that takes: the files of before stay until all of the new ones are there."""
    sandbox, folder = open_sandbox(crowd(5)), tmp_path / "w"
    for number in range(3):
        sandbox.tenant.add_team(Name=f"Team {number}")
    names, seen = ["users", "team_members"], set[int]()

    def latency() -> float:
        if (folder / "users").is_dir() and len(sandbox.requests) > first > 0:
            seen.add(len(rows_of(folder / "users")))
        return 0.0

    first = 0
    sandbox._latency = latency
    async with reach(sandbox) as litmos:
        await litmos.export.run(names, folder, format=format)
        later(sandbox, timedelta(days=1))
        first = len(sandbox.requests)
        finished: list[frozenset[str]] = []
        await litmos.export.run(
            names, folder, format=format, on_progress=lambda progress: finished.append(progress.finished)
        )
    assert frozenset({"users"}) in finished
    assert seen == {5}
    assert len(rows_of(folder / "users")) == 5
    assert _listed(folder) == _found(folder)


async def test_killed_where_a_finished_list_is_begun_anew(tmp_path: Path) -> None:
    """An hour after a run that failed at another list: the files of then are replaced all the same."""
    sandbox, folder = open_sandbox(crowd(5)), tmp_path / "w"
    await export(sandbox, ["users", "teams"], folder)
    later(sandbox, timedelta(days=1))
    fault = sandbox.faults.add(Fault(path="/teams", status=403, times=None))
    with pytest.raises(ExportIncomplete):
        await export(sandbox, ["users", "teams"], folder)
    fault.times = 0
    later(sandbox, timedelta(days=1))
    forget = StateFile.forget

    def kill(self: StateFile, name: str) -> None:
        forget(self, name)
        raise Killed

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("litmos_async.export.task._FRESH", timedelta(0))
        with patch.context() as deadly, suppress(Killed):
            deadly.setattr(StateFile, "forget", kill)
            await export(sandbox, ["users", "teams"], folder)
        await export(sandbox, ["users", "teams"], folder)
    assert len(rows_of(folder / "users")) == 5
    assert _listed(folder) == _found(folder)


def _listed(folder: Path) -> set[str]:
    """Return the files that the manifest of a folder names."""
    lists: Any = manifest_of(folder)["lists"].values()
    return {
        file for entry in lists for file in [*entry["earlier"], *(each["name"] for each in entry["files"])]
    }


def _found(folder: Path) -> set[str]:
    """Return the files that lie in the folders of lists."""
    return {str(each.relative_to(folder)) for each in folder.glob("*/*") if each.name[0] != "."}
