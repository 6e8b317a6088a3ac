"""A dry run names everyone whom the real one would touch, by name, and changes nothing."""

from __future__ import annotations

import csv
import json

import pytest

from tests.cli.small import Carry, Desk

NAMES = [f"user.{number}@example.com" for number in range(3)]


def rows(desk: Desk) -> list[tuple[str, ...]]:
    """Return the outcomes: line, names, status and reason."""
    with desk.order.outcomes_file.open(encoding="utf-8-sig", newline="") as file:
        names = [column.key for column in desk.order.task.columns]
        return [
            tuple(row[name] for name in ("line", *names, "status", "reason")) for row in csv.DictReader(file)
        ]


def add_team(desk: Desk, *members: str) -> str:
    """Make a team of these people; return its id."""
    tenant = desk.sandbox.tenant
    team = tenant.add_team(Name="Sales")
    by_name = {user["UserName"]: id for id, user in tenant.users.items()}
    for name in members:
        tenant.join_team(team["Id"], by_name[name])
    return str(team["Id"])


def changed(desk: Desk) -> list[str]:
    """Return the requests that were no reads."""
    return [request.path for request in desk.sandbox.requests if request.method != "GET"]


def test_who_would_join_and_leave(desk: Desk, carry: Carry) -> None:
    """Also those who stand on no line: by their user names, not only by ids."""
    add_team(desk, *NAMES[:2])
    desk.write("user,team", f"{NAMES[2]},Sales", f"{NAMES[0]},Sales", "nobody,Sales")
    assert carry("sync teams --dry-run") == 1
    assert rows(desk) == [
        ("2", NAMES[2], "Sales", "planned", "add"),
        ("3", NAMES[0], "Sales", "skipped", "already there"),
        ("4", "nobody", "Sales", "failed", "no user goes by 'nobody'"),
    ]
    desk.write("user,team", f"{NAMES[2]},Sales", f"{NAMES[0]},Sales")
    assert (
        carry(f"sync teams --dry-run --remove --max-removals 100% --plan-json {desk.folder}/plan.json") == 0
    )
    assert rows(desk)[-1] == ("", NAMES[1], "Sales", "planned", "remove")
    assert json.loads((desk.folder / "plan.json").read_text())["lines"] == [
        {"line": 2, "user": NAMES[2], "team": "Sales", "change": "add"},
        {"line": None, "user": NAMES[1], "team": "Sales", "change": "remove"},
    ]
    assert changed(desk) == []


def test_who_would_be_made_changed_and_barred(desk: Desk, carry: Carry) -> None:
    """With the fields that would change, and those whom the file does not name."""
    desk.write(
        "user_name,first_name,last_name,email",
        f"{NAMES[0]},Ben,Example,{NAMES[0]}",
        f"{NAMES[1]},Ada,Example,{NAMES[1]}",
        "new@example.com,New,Example,new@example.com",
    )
    words = "sync users --deactivate --max-removals 1 --dry-run"
    assert carry(f"{words} --plan-json {desk.folder}/plan.json") == 0
    assert [row[:3] for row in rows(desk)] == [
        ("2", NAMES[0], "planned"),
        ("3", NAMES[1], "skipped"),
        ("4", "new@example.com", "planned"),
        ("", NAMES[2], "planned"),
    ]
    assert [row[3] for row in rows(desk)] == [
        "update: first_name",
        "as desired",
        "create",
        "deactivate: active",
    ]
    changes = json.loads((desk.folder / "plan.json").read_text())["lines"]
    assert sorted(change["user_name"] for change in changes) == sorted(
        [NAMES[0], NAMES[2], "new@example.com"]
    )
    assert changed(desk) == []


@pytest.mark.parametrize("words", ["assign courses --send-message no", "remove courses"])
def test_pairs(desk: Desk, carry: Carry, words: str) -> None:
    """What would be assigned or taken away, and the refusal that would stop the job."""
    desk.write("user,course", f"{NAMES[0]},C-1", f"{NAMES[0]},C-1")
    assert carry(f"{words} --dry-run --plan-json {desk.folder}/plan.json") == 0
    assert [row[0] + row[3] for row in rows(desk)] == ["2planned", "3skipped"]
    changes = json.loads((desk.folder / "plan.json").read_text())["lines"]
    assert changes == [{"line": 2, "user": NAMES[0], "course": "C-1"}]
    assert changed(desk) == []


def test_too_many(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal is the exit code, and the file still names who would go."""
    add_team(desk, *NAMES)
    desk.write("user,team", f"{NAMES[0]},Sales")
    assert carry("sync teams --remove --dry-run") == 1
    assert (
        "running it would be refused: 2 of 3 active members would be removed: --max-removals 10%"
        in capsys.readouterr().out
    )
    assert {row[1] for row in rows(desk) if row[3] == "planned"} == {*NAMES[1:]}


@pytest.mark.parametrize(
    ("words", "header", "rest"),
    [("sync users --deactivate", "user_name,manager", ""), ("sync teams --remove", "user,team", ",Sales")],
)
@pytest.mark.parametrize("real_before", [False, True])
def test_lines_for_which_a_removal_is_refused(
    desk: Desk, carry: Carry, words: str, *, header: str, rest: str, real_before: bool
) -> None:
    """A dry run writes down all of them, though the terminal shows the first ones only."""
    add_team(desk, *NAMES)
    bad = [f"nobody.{n},{'Sales' if rest else 'no.manager'}" for n in range(14)]
    desk.write(header, f"{NAMES[0]}{rest or ','}", *bad)
    if real_before:
        desk.order.outcomes_file.write_text("earlier", "utf-8")
    assert carry(f"{words} --dry-run") == 2
    found = [row[-2] for row in rows(desk)]
    assert found.count("failed") == 14
    assert len(found) == 15
    assert changed(desk) == []


def test_a_dry_run_that_knows_nothing_of_the_lines(desk: Desk, carry: Carry) -> None:
    """It leaves what an earlier run has written."""
    desk.write("user,course", f"{NAMES[0]},C-1", "cut off")
    desk.order.outcomes_file.write_text("earlier", "utf-8")
    desk.key = "wrong"
    assert carry("assign courses --send-message no --dry-run") == 1
    assert desk.order.outcomes_file.read_text("utf-8") == "earlier"


def test_an_interrupted_plan(desk: Desk, carry: Carry, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was only planned is "not done" where the real run stops before it begins."""
    add_team(desk, *NAMES)
    desk.write("user,team", f"{NAMES[0]},Sales")
    assert carry("sync teams --remove") == 2
    assert [row[3] for row in rows(desk)] == ["skipped"]
    assert changed(desk) == []
