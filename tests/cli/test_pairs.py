"""The commands over pairs: what they change on the server."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from litmos_async import RateLimit
from litmos_async.bulk import Bulk, BulkJob
from litmos_async.cli.jobs import show
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, NameColumn, Options, Task
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.cli.small import Desk, assign_courses, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose organisation has the teams `North` and `South` and the learning paths `Path 1` and `Path 2`."""
    tenant = organisation()
    for name in ("North", "South"):
        tenant.add_team(Name=name)
    for name in ("Path 1", "Path 2"):
        tenant.add_learning_path(Name=name)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


NO_MAIL = {"send_message": False}


@attrs.frozen
class BothWays:
    """A command and its mirror image."""

    columns: tuple[NameColumn, NameColumn]
    give: Callable[..., BulkJob]
    options: Options
    take: Callable[..., BulkJob]
    links: str


BOTH_WAYS = [
    BothWays(
        (USER, COURSE),
        Bulk.assign_courses_to_users,
        NO_MAIL,
        Bulk.remove_courses_from_users,
        "user_courses",
    ),
    BothWays(
        (TEAM, COURSE),
        Bulk.assign_courses_to_teams,
        NO_MAIL,
        Bulk.remove_courses_from_teams,
        "team_courses",
    ),
    BothWays(
        (USER, LEARNING_PATH),
        Bulk.assign_learning_paths_to_users,
        NO_MAIL,
        Bulk.remove_learning_paths_from_users,
        "user_paths",
    ),
    BothWays(
        (TEAM, LEARNING_PATH),
        Bulk.assign_learning_paths_to_teams,
        NO_MAIL,
        Bulk.remove_learning_paths_from_teams,
        "team_paths",
    ),
    BothWays(
        (USER, TEAM),
        Bulk.add_users_to_teams,
        {"send_message": False},
        Bulk.remove_users_from_teams,
        "members",
    ),
]

NAMES = {
    "user": ("user.0@example.com", "user.1@example.com"),
    "course": ("C-1", "Größe & Gewicht"),
    "team": ("North", "South"),
    "learning_path": ("Path 1", "Path 2"),
}


@pytest.mark.parametrize("commands", BOTH_WAYS)
async def test_there_and_back(desk: Desk, commands: BothWays) -> None:
    """Each command does what it says, its mirror image undoes it, and both leave out what is so already."""
    left, right = (NAMES[column.key] for column in commands.columns)
    desk.write(
        ",".join(column.key for column in commands.columns), f"{left[0]},{right[0]}", f"{left[1]},{right[1]}"
    )
    again = {"skip_existing": True, "verify": True}
    for helper, said, there in ((commands.give, commands.options, 2), (commands.take, {}, 0)):
        desk.ask(task=Task(commands.columns, helper, {**said, **again}))
        assert await desk.run() == 0
        assert [outcome[1] for outcome in desk.outcomes()] == ["done", "done"]
        rows = getattr(desk.sandbox.tenant, commands.links).rows()
        assert sum(link.active for _, _, link in rows) == there
        assert await desk.run() == 0
        assert [outcome[1] for outcome in desk.outcomes()] == ["skipped", "skipped"]


async def test_names_that_nobody_has(desk: Desk) -> None:
    """Each list says what it does not know."""
    desk.write("team,path", "North,Path 9", "East,Path 1")
    desk.ask(task=Task((TEAM, LEARNING_PATH), Bulk.assign_learning_paths_to_teams, NO_MAIL))
    assert await desk.run() == 1
    assert [outcome[2] for outcome in desk.outcomes()] == [
        "no learning path goes by 'Path 9'",
        "no team goes by 'East'",
    ]


async def test_e_mails_to_teams(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The plan does not take a team for a person."""
    desk.write("team,course", "North,C-1", "South,C-1")
    task = Task((TEAM, COURSE), Bulk.assign_courses_to_teams, {"send_message": True})
    desk.ask(task=task, dry_run=True)
    assert await desk.run() == 0
    assert "to members of up to 2 teams" in capsys.readouterr().out


async def test_a_plan_to_approve(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written whether or not it is carried out, and says what is there already."""
    desk.write("user,course", "user.0@example.com,C-1", "user.1@example.com,C-1")
    desk.ask(plan_json=desk.folder / "plan.json", task=assign_courses(skip_existing=True))
    assert await desk.run() == 0
    desk.ask(dry_run=True)
    for items in (2, 0):
        assert json.loads((desk.folder / "plan.json").read_text("utf-8"))["items"] == items
        assert await desk.run() == 0
    shown = capsys.readouterr().out
    assert "already there  2\n" in shown
    assert "that read what exists" in shown


async def test_a_plan_that_cannot_be_written(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """That is found out before anything is sent."""
    desk.write("user,course", "user.0@example.com,C-1")
    desk.ask(plan_json=desk.folder / "none" / "plan.json", dry_run=True)
    assert await desk.run() == 2
    assert "cannot write the plan" in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0


async def test_ids_that_the_server_ignored(desk: Desk) -> None:
    """With a look afterwards they are failures."""
    desk.sandbox.faults.add(Fault(method="POST", status=201, times=None))
    desk.write("user,course", "user.0@example.com,C-1")
    desk.ask(task=assign_courses(verify=True))
    assert await desk.run() == 1
    assert desk.outcomes() == [["2", "failed", "the server accepted it and ignored it"]]


async def test_too_many_failures(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The job stops, says why, and what it did not come to is not done."""
    desk.rate = RateLimit(1, 0.01, burst=1)  # one request after the other
    desk.sandbox.faults.add(Fault(method="POST", status=400, times=None))
    desk.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
    desk.ask(task=assign_courses(stop_after_failures=1))
    assert await desk.run() == 1
    statuses = [outcome[1] for outcome in desk.outcomes()]
    assert statuses[0] == "failed"
    assert statuses[-1] == "not done"
    assert re.fullmatch("the job stopped: [12] items? failed", desk.outcomes()[-1][2])
    assert "Stopped after" in capsys.readouterr().out


async def test_a_journal(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What a run did, the next one leaves out, and `jobs show` tells how the job stands."""
    user_id = next(iter(desk.sandbox.tenant.users))
    desk.sandbox.faults.add(Fault(method="POST", path=f"/users/{user_id}/courses", times=1, status=404))
    desk.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
    journal = desk.folder / "night.db"
    desk.ask(task=assign_courses(journal=journal))
    assert await desk.run() == 1
    assert show(journal) == 1
    # Not "left": done, failed and left would not add up to the items, as what failed is tried again.
    assert "  for the next run  1\n" in capsys.readouterr().out
    assert await desk.run() == 0
    assert [request.method for request in desk.sandbox.requests].count("POST") == 4
    assert show(journal) == 0


async def test_a_journal_of_another_job(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is refused, nothing is done, and the outcomes of the run before stay."""
    desk.write("user,course", "user.0@example.com,C-1")
    desk.ask(task=assign_courses(journal=desk.folder / "night.db"))
    assert await desk.run() == 0
    desk.write("user,course", "user.1@example.com,C-1")
    assert await desk.run() == 2
    assert "was begun with another input" in capsys.readouterr().err
    assert [outcome[1] for outcome in desk.outcomes()] == ["done"]


def test_the_way_through_an_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What one request per person would do, a single one does."""

    async def main() -> Desk:
        desk = Desk(tmp_path, Sandbox(organisation(), requests=10_000))
        desk.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
        desk.ask(task=assign_courses(via="import"))
        assert await desk.run() == 0
        return desk

    desk = run_virtual(main())
    assert len(desk.assigned()) == 3
    assert (
        sum("/bulkimports" in request.path for request in desk.sandbox.requests if request.method == "POST")
        == 1
    )
    assert "message notifications" in capsys.readouterr().out


async def test_a_journal_and_a_dry_run(desk: Desk) -> None:
    """A dry run leaves the journal alone."""
    desk.write("user,course", "user.0@example.com,C-1")
    desk.ask(task=assign_courses(journal=desk.folder / "night.db"), dry_run=True)
    assert await desk.run() == 0
    assert {path.name for path in desk.folder.iterdir()} == {"people.csv", "people.outcomes.csv"}
