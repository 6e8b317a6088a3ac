"""The commands that bring the server to the state of a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmos_async.cli.app import run
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import Carry, Desk, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose organisation has the team `North` with `user.0@example.com` and `user.1@example.com` in it."""
    tenant = organisation()
    team = tenant.add_team(Name="North")
    for user_id in list(tenant.users)[:2]:
        tenant.join_team(team["Id"], user_id)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def members(desk: Desk) -> list[str]:
    """Return who is in the team."""
    tenant = desk.sandbox.tenant
    return sorted(
        tenant.users[user_id]["UserName"] for _, user_id, link in tenant.members.rows() if link.active
    )


def active(desk: Desk) -> list[str]:
    """Return who may log in."""
    return [user["UserName"] for user in desk.sandbox.tenant.users.values() if user["Active"]]


TEAM_FILE = ("user,team", "user.1@example.com,North", "user.2@example.com,North")


def test_members_join(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Without more being said nobody has to leave, and the plan says who would."""
    desk.write(*TEAM_FILE)
    assert carry("sync teams") == 0
    assert desk.outcomes() == [["2", "skipped", "already there"], ["3", "done", "add"]]
    assert len(members(desk)) == 3
    shown = capsys.readouterr().out
    assert "1 to add, 1 unchanged" in shown
    assert "1 member should not be there and stays: --remove would remove them" in shown


def test_members_leave(desk: Desk, carry: Carry) -> None:
    """Who was taken out stands behind the lines, by the user names of the server."""
    desk.write(*TEAM_FILE)
    assert carry("sync teams --remove --max-removals 50% --verify") == 0
    text = desk.order.outcomes_file.read_text("utf-8").splitlines()
    assert text[-1] == ",user.0@example.com,North,done,remove"
    assert members(desk) == ["user.1@example.com", "user.2@example.com"]


def test_too_many_would_leave(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is changed then, not even by those who would join."""
    desk.write(*TEAM_FILE)
    assert carry("sync teams --remove") == 2
    told = (
        "1 of 2 active members would be removed: --max-removals 10% does not allow that. If that is intended,"
    )
    assert f"{told} use --max-removals 1\n" in capsys.readouterr().err
    assert [outcome[1] for outcome in desk.outcomes()] == ["skipped", "not done"]
    assert len(members(desk)) == 2


@pytest.mark.parametrize("dry_run", ["", " --dry-run"])
def test_a_name_that_is_misspelt(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str], dry_run: str
) -> None:
    """Nobody has to leave because of it."""
    desk.write("user,team", "user.0@example.com,North", "user.l@example.com,North")
    assert carry(f"sync teams --remove --max-removals 5{dry_run}") == 2
    shown = capsys.readouterr()
    assert "lines that cannot be used: 1" in shown.err
    assert "no user goes by 'user.l@example.com'" in shown.out
    assert len(members(desk)) == 2


@pytest.mark.parametrize("line", ["new@example.com,Nora,", "new@example.com,,New"])
def test_nobody_is_barred_while_a_line_fails_in_the_plan(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    """As for a line that cannot be read; a dry run says it, too."""
    desk.sandbox.tenant.add_user(UserName="00123", FirstName="N", LastName="N")
    desk.write("user_name,first_name,last_name", "user.0@example.com,Ada,New", line)
    words = "sync users --deactivate --max-removals 100%"
    told = "lines that cannot be used: 1. The people they name would be taken for people to remove"
    assert carry(words) == 2
    assert told in capsys.readouterr().err
    assert [outcome[1] for outcome in desk.outcomes()[:2]] == ["not done", "failed"]
    assert carry(f"{words} --dry-run") == 1
    assert f"running it would be refused: {told}" in capsys.readouterr().out
    assert len(active(desk)) == 4
    assert {request.method for request in desk.sandbox.requests} == {"GET"}


def test_a_line_that_may_mean_one_account_keeps_that_one(desk: Desk, carry: Carry) -> None:
    """An id that has lost its zeros: whose it is, is not said, and they stay; who is not in the file leaves."""
    desk.sandbox.tenant.add_user(UserName="00123", FirstName="N", LastName="N")
    desk.write("user_name,first_name,last_name", "user.0@example.com,Ada,New", "123,Nora,New")
    assert carry("sync users --deactivate --max-removals 100%") == 1
    assert [outcome[1] for outcome in desk.outcomes()[:2]] == ["done", "failed"]
    assert {"00123", "user.0@example.com"} <= set(active(desk))
    assert len(active(desk)) == 2


@pytest.mark.parametrize("command", ["sync teams --remove", "sync users --deactivate"])
def test_an_empty_file(desk: Desk, carry: Carry, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is no reason to throw everybody out."""
    desk.write("user,team" if "teams" in command else "user")
    assert carry(command) == 2
    assert "so everyone would be removed" in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0


def test_people_are_changed_and_created(desk: Desk, carry: Carry) -> None:
    """Only the difference is written, and the outcomes name its fields and no values."""
    desk.write(
        "user_name,first_name,last_name,job_title",
        "USER.0@example.com,Ada,Example,",
        "user.1@example.com,Ada,Lovelace,Analyst",
        "new@example.com,Nora,Newman,",
    )
    assert carry("sync users") == 0
    assert desk.outcomes() == [
        ["2", "skipped", "as desired"],
        ["3", "done", "update: last_name, job_title"],
        ["4", "done", "create"],
    ]
    people = {user["UserName"]: user for user in desk.sandbox.tenant.users.values()}
    assert people["user.1@example.com"]["LastName"] == "Lovelace"
    assert "new@example.com" in people
    assert len(active(desk)) == 4
    assert desk.sandbox.tenant.outbox == []


def test_people_who_cannot_be_created(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run names their lines, too."""
    desk.write("user_name,first_name", "user.0@example.com,Ada", "new@example.com,Nora")
    for words in ("sync users --dry-run", "sync users"):
        assert carry(words) == 1
        assert "line 3 failed: create: User needs last_name" in capsys.readouterr().out


def test_people_are_barred(desk: Desk, carry: Carry) -> None:
    """Who was barred stands behind the lines, and nobody is created if that is not wanted."""
    desk.write("user_name,city", "user.0@example.com,", "user.1@example.com,", "new@example.com,Rome")
    assert carry("sync users --deactivate --no-create --max-removals 1") == 0
    text = desk.order.outcomes_file.read_text("utf-8").splitlines()
    assert text[-1] == ",user.2@example.com,done,deactivate: active,"
    assert desk.outcomes()[2] == ["4", "skipped", "missing, and --no-create was given"]
    assert active(desk) == ["user.0@example.com", "user.1@example.com"]


def test_a_change_that_fails(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """What stands on no line is told by its name."""
    desk.sandbox.faults.add(Fault(method="PUT", status=400, times=None))
    desk.write("user_name", "user.0@example.com", "user.1@example.com")
    assert carry("sync users --deactivate --max-removals 100%") == 1
    assert "user.2@example.com failed: deactivate: active: 400" in capsys.readouterr().out


@pytest.mark.parametrize(("part", "code"), [("10", 0), ("0", 1), ("2.5%", 1), ("100%", 0)])
def test_how_many_may_go(
    desk: Desk, carry: Carry, part: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a number, or a part of all; a dry run of what would be refused says so, with exit code 1."""
    desk.write(*TEAM_FILE)
    assert carry(f"sync teams --dry-run --remove --max-removals {part}") == code
    assert ("running it would be refused: " in capsys.readouterr().out) == bool(code)
    wanted = float(part[:-1]) / 100 if part.endswith("%") else int(part)
    assert desk.order.task.options["max_removals"] == wanted
    assert type(desk.order.task.options["max_removals"]) is type(wanted)


@pytest.mark.parametrize("part", ["29%", "29.0%", "29"])
def test_as_many_may_go_as_was_said(desk: Desk, carry: Carry, part: str) -> None:
    """29 of 100 are 29%, although 0.29 * 100 is a little less."""
    for number in range(3, 100):
        desk.sandbox.tenant.add_user(UserName=f"user.{number}@example.com")
    desk.write("user_name", *(f"user.{number}@example.com" for number in range(29, 100)))
    assert carry(f"sync users --deactivate --dry-run --max-removals={part}") == 0


@pytest.mark.parametrize("part", ["many", "5.5", "%", "150%", "-1%", "nan%", "-1"])
def test_how_many_may_not_go(carry: Carry, part: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The error says what is expected."""
    assert carry(f"sync teams --max-removals={part}") == 2
    assert "such as 25 or 10%" in capsys.readouterr().err


@pytest.mark.parametrize("words", ["sync teams --remove --max-removals 100%", "sync users"])
def test_a_sync_goes_on_where_it_was(desk: Desk, carry: Carry, words: str) -> None:
    """What a journal calls done stays done; what failed is done by the same command."""
    journal = desk.folder / "night.db"
    desk.write("user_name,user,team,city", *[f"{name},{name},North,Ulm" for name in PEOPLE_TO_COME])
    if words == "sync users":
        desk.write("user_name,city", *[f"{name},Ulm" for name in PEOPLE_TO_COME])
    desk.sandbox.faults.add(Fault(method="DELETE", status=403))
    desk.sandbox.faults.add(Fault(method="PUT", status=404))
    command = f"{words} --journal {journal}"
    assert (carry(command), run(["jobs", "show", str(journal)])) == (1, 1)
    assert (carry(command), run(["jobs", "show", str(journal)])) == (0, 0)
    assert (carry(command), run(["jobs", "show", str(journal)])) == (0, 0)
    writes = [request.method for request in desk.sandbox.requests if request.method in {"PUT", "DELETE"}]
    assert len(writes) == (3 if words == "sync users" else 2)


PEOPLE_TO_COME = ("user.1@example.com", "user.2@example.com")
