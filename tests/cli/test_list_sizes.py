"""What a command has learned of the lists of a service is known to the next one."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from litmos_async.bulk import Bulk
from litmos_async.cli.tasks import TEAM, USER, Task
from litmos_async.sandbox import Sandbox, Tenant
from tests.cli.small import Desk

PEOPLE = 340


def joining(folder: Path) -> Desk:
    """Return a command that puts many people into an empty team, and its file."""
    tenant = Tenant()
    tenant.add_team(Name="Team")
    names = [f"user.{number}@example.com" for number in range(PEOPLE)]
    for name in names:
        tenant.add_user(UserName=name, FirstName="U", LastName="E")
    desk = Desk(folder, Sandbox(tenant, requests=10_000))
    desk.ask(task=Task((USER, TEAM), Bulk.add_users_to_teams, {"send_message": False}))
    desk.write("user,team", *[f"{name},Team" for name in names])
    return desk


def sent(desk: Desk) -> int:
    """Return how many lists the command has sent."""
    return sum(each.method == "POST" for each in desk.sandbox.requests)


async def test_the_next_command_sends_long_lists_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first one says both numbers and reads its list back; the second one knows, for that service alone."""
    file = tmp_path / "state" / "litmos-async" / "list-sizes.json"
    desk = joining(tmp_path)
    assert await desk.run() == 0
    assert "4 (1 if the server takes longer lists)" in capsys.readouterr().out
    assert sent(desk) == 1
    ((base_url, learned),) = json.loads(file.read_text("utf-8")).items()
    assert learned == {"POST /teams/{team_id}/users": [PEOPLE, 1_000]}
    assert stat.S_IMODE(file.stat().st_mode) == 0o600

    again = joining(tmp_path)
    assert await again.run() == 0
    shown = capsys.readouterr().out
    assert "longer lists" not in shown
    assert ", 0 to read, " in shown
    assert sent(again) == 1

    file.write_text(json.dumps({base_url + "x": learned}), "utf-8")
    assert await joining(tmp_path).run() == 0
    assert "longer lists" in capsys.readouterr().out
    assert json.loads(file.read_text("utf-8")) == {base_url + "x": learned, base_url: learned}


@pytest.mark.parametrize("content", ["", "[]", "null", '{"http://127.0.0.1/v1.svc": 5}', "\0", "{"])
async def test_a_file_that_makes_no_sense(tmp_path: Path, content: str) -> None:
    """It is learned anew, and written over."""
    file = tmp_path / "state" / "litmos-async" / "list-sizes.json"
    file.parent.mkdir(parents=True)
    file.write_text(content, "utf-8")
    assert await joining(tmp_path).run(quiet=True) == 0
    assert len(json.loads(file.read_text("utf-8"))) == 1


async def test_a_state_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The command does without."""
    (tmp_path / "state").write_text("", "utf-8")
    assert await joining(tmp_path).run(quiet=True) == 0


async def test_few_services_are_remembered(tmp_path: Path) -> None:
    """The file does not grow with every port of a test server."""
    file = tmp_path / "state" / "litmos-async" / "list-sizes.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({f"http://127.0.0.1:{port}": {} for port in range(50)}), "utf-8")
    assert await joining(tmp_path).run(quiet=True) == 0
    assert len(json.loads(file.read_text("utf-8"))) == 20


async def test_a_one_line_file_in_a_large_account(tmp_path: Path) -> None:
    """One person costs a look-up and no list of all people."""
    tenant = Tenant()
    team = tenant.add_team(Name="Team")["Id"]
    for number in range(5_000):
        tenant.add_user(UserName=f"user.{number}@example.com", FirstName="U", LastName="E")
    desk = Desk(tmp_path, Sandbox(tenant, requests=10_000))
    desk.ask(task=Task((USER, TEAM), Bulk.add_users_to_teams, {"send_message": False}))
    desk.write("user,team", "user.4711@example.com,Team")
    assert await desk.run(quiet=True) == 0
    assert len(tenant.members.of_left(team)) == 1
    # The person, the teams and the end of their list, the membership.
    assert len(desk.sandbox.requests) <= 4
