"""`litmos sync team-tree`: the teams of the account in step with a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import Carry, Desk, organisation

HEADER = "Team Name,Parent Team Name,Parent Team Code,Description,Leaders,Admins"
"""The vendor's own columns, and those who lead."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk whose organisation has `North` with `Sales` below it, led by one person, and `South`."""
    tenant = organisation()
    north = tenant.add_team(Name="North", Description="Up there")
    sales = tenant.add_team(Name="Sales", ParentTeamId=north["Id"])
    tenant.add_team(Name="South")
    leader = next(iter(tenant.users))
    tenant.join_team(sales["Id"], leader)
    tenant.set_role(sales["Id"], leader, "leader", held=True)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def tree(desk: Desk) -> set[str]:
    """Return the teams as paths."""
    teams = desk.sandbox.tenant.teams

    def path(team_id: str) -> str:
        team = teams[team_id]
        above = team["ParentTeamId"]
        return f"{path(above)}/{team['Name']}" if above else team["Name"]

    return {path(team_id) for team_id in teams}


def roles(desk: Desk) -> set[tuple[str, str, str]]:
    """Return team, user name and role."""
    tenant = desk.sandbox.tenant
    return {
        (tenant.teams[team_id]["Name"], tenant.users[user_id]["UserName"], role)
        for team_id, user_id, member in tenant.members.rows()
        for role in ("leader", "admin")
        if member.active and getattr(member, role)
    }


def changes(desk: Desk) -> int:
    """Return how many requests changed something."""
    return sum(each.method != "GET" for each in desk.sandbox.requests)


def test_a_tree_grows(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """A team is created before those below it, in whatever order the lines stand; a second run changes nothing."""
    desk.write(
        HEADER,
        "Team B,Team A,,Below,user.1@example.com;user.2@example.com,user.2@example.com",
        "Team A,West,,,,",
        "West,,,Far,,",
        "North,,,Up there,,",
    )
    assert carry("sync team-tree") == 0
    assert tree(desk) >= {"West", "West/Team A", "West/Team A/Team B", "North/Sales", "South"}
    assert roles(desk) == {
        ("Sales", "user.0@example.com", "leader"),
        ("Team B", "user.1@example.com", "leader"),
        ("Team B", "user.2@example.com", "leader"),
        ("Team B", "user.2@example.com", "admin"),
    }
    assert [outcome[1:] for outcome in desk.outcomes()] == [
        ["done", "create: leaders, admins"],
        ["done", "create"],
        ["done", "create"],
        ["skipped", "as desired"],
    ]
    assert "3 to create" in capsys.readouterr().out
    before = changes(desk)
    assert carry("sync team-tree") == 0
    assert [outcome[1] for outcome in desk.outcomes()] == ["skipped"] * 4
    assert changes(desk) == before


def test_a_team_is_moved_and_described(desk: Desk, carry: Carry) -> None:
    """The only team of its name is moved; by code the team above is known, too."""
    code = next(
        t["TeamCodeForBulkImport"] for t in desk.sandbox.tenant.teams.values() if t["Name"] == "South"
    )
    desk.write(HEADER, f"Sales,,{code},Sells,,", "North,,,,,")
    assert carry("sync team-tree --verify") == 0
    assert tree(desk) == {"North", "South", "South/Sales"}
    sales = next(team for team in desk.sandbox.tenant.teams.values() if team["Name"] == "Sales")
    assert sales["Description"] == "Sells"
    assert desk.outcomes()[0][1:] == ["done", "update: parent, description"]
    assert roles(desk) == {("Sales", "user.0@example.com", "leader")}


def test_a_namesake_elsewhere_is_another_team(desk: Desk, carry: Carry) -> None:
    """Where two lines have the name, each means the team in its place."""
    desk.write(HEADER, "Sales,North,,,,", "Sales,South,,,,")
    assert carry("sync team-tree") == 0
    assert tree(desk) == {"North", "South", "North/Sales", "South/Sales"}


def test_nothing_is_removed_without_being_told(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]
) -> None:
    """Teams and leaders that the file does not name stay, and the plan says so; with --remove they go."""
    desk.write(HEADER, "North,,,,,", "Sales,North,,,user.1@example.com,")
    assert carry("sync team-tree") == 0
    assert tree(desk) == {"North", "North/Sales", "South"}
    assert len(roles(desk)) == 2
    assert (
        "2 teams and roles stay that the input does not name; --remove would remove them"
        in capsys.readouterr().out
    )
    assert carry("sync team-tree --remove") == 2
    assert "1 of 3 teams would be removed: --max-removals 10% does not allow that" in capsys.readouterr().err
    assert carry("sync team-tree --remove --max-removals 50%") == 0
    assert "cannot be undone" in capsys.readouterr().out
    assert tree(desk) == {"North", "North/Sales"}
    assert roles(desk) == {("Sales", "user.1@example.com", "leader")}
    assert desk.order.outcomes_file.read_text("utf-8").splitlines()[-1].startswith(",South,done,remove")


def test_the_team_above_a_line_stays(desk: Desk, carry: Carry) -> None:
    """It is needed, although the file names it as a parent only."""
    desk.write(HEADER, "Sales,North,,,,")
    assert carry("sync team-tree --remove --max-removals 100%") == 0
    assert tree(desk) == {"North", "North/Sales"}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["A,Nowhere,,,,"], "no team goes by 'Nowhere'"),
        (["A,,99-none,,,"], "no team has the code for bulk imports '99-none'"),
        (["A,B,,,,", "B,A,,,,"], "its parent teams form a circle"),
        (["A,,,,nobody@example.com,"], "no user goes by 'nobody@example.com'"),
        (["Sales,Nowhere,,,,", "A,Sales,,,,"], "no team goes by 'Nowhere'"),
    ],
)
def test_lines_that_cannot_be_used(desk: Desk, carry: Carry, lines: list[str], reason: str) -> None:
    """They fail before anything is sent, and so does what stands below them; nothing is removed then."""
    desk.write(HEADER, *lines)
    assert carry("sync team-tree --dry-run") == 1
    assert carry("sync team-tree") == 1
    assert reason in desk.outcomes()[0][2]
    assert {outcome[1] for outcome in desk.outcomes()} == {"failed"}
    assert changes(desk) == 0


def test_what_stands_below_a_team_that_failed(desk: Desk, carry: Carry) -> None:
    """It has failed, too, and says why; the run after it goes on."""
    desk.write(HEADER, "West,,,,,", "Team A,West,,,,")
    desk.sandbox.faults.add(Fault(method="POST", path="/teams", status=406))
    words = f"sync team-tree --journal {desk.folder / 'tree.db'}"
    assert carry(words) == 1
    assert desk.outcomes()[1][2] == "create: 'West', which stands above it, is not there"
    assert carry(words) == 0
    assert tree(desk) >= {"West/Team A"}


def test_an_answer_that_is_lost(desk: Desk, carry: Carry) -> None:
    """The new team is found by reading, so that what stands below it can be created."""
    desk.write(HEADER, "West,,,,,", "Team A,West,,,,")
    desk.sandbox.faults.add(Fault(method="POST", path="/teams", drop=True, after=True))
    assert carry("sync team-tree") == 0
    assert tree(desk) == {"North", "North/Sales", "South", "West", "West/Team A"}


def test_lines_that_are_not_clear(desk: Desk, carry: Carry) -> None:
    """Several teams of a name, two lines that mean one team, a code that is another team's: each says so."""
    tenant = desk.sandbox.tenant
    north = next(team for team in tenant.teams.values() if team["Name"] == "North")
    codes = [tenant.add_team(Name="Twin", ParentTeamId=north["Id"])["TeamCodeForBulkImport"] for _ in "ab"]
    desk.write(
        HEADER,
        "Twin,,,,,",
        "East,Twin,,,,",
        f"West,South,{north['TeamCodeForBulkImport']},,,",
        "Sales,North,,,,",
        "Sales,,,,,",
    )
    assert carry("sync team-tree") == 1
    twin, east, west, first, second = (outcome[2].removeprefix("keep: ") for outcome in desk.outcomes())
    assert twin.startswith("several teams are called 'Twin': ")
    assert all(code in twin for code in codes)
    assert east == "'Twin', which stands above it, cannot be used"
    assert west.endswith("is called 'North'")
    assert (first, second) == ("as desired", "another line means the same team 'Sales'")
    assert changes(desk) == 0


def test_a_parent_of_which_there_are_several(desk: Desk, carry: Carry) -> None:
    """The code says which one; its name alone does not."""
    tenant = desk.sandbox.tenant
    code, _ = (tenant.add_team(Name="Twin")["TeamCodeForBulkImport"] for _ in "ab")
    desk.write(HEADER, "East,Twin,,,,", f"West,Twin,{code},,,")
    assert carry("sync team-tree") == 1
    assert [outcome[2] for outcome in desk.outcomes()] == [
        "keep: several teams are called 'Twin': say the code of the one above",
        "create",
    ]
    assert "Twin/West" in tree(desk)


@pytest.mark.parametrize("times", [1, None])
@pytest.mark.parametrize(
    ("request_path", "line"),
    [
        ("POST /teams/*/users", "South,,,,user.1@example.com,"),
        ("PUT /teams/*/leaders/*", "South,,,,user.1@example.com,"),
        ("PUT /teams/*/admins/*", "South,,,,,user.1@example.com"),
        ("PUT /teams/*", "Sales,North,,Sells,,"),
        ("PUT /teams/*", "Sales,South,,,,"),
    ],
)
def test_answers_that_are_lost(
    desk: Desk, carry: Carry, request_path: str, line: str, times: int | None
) -> None:
    """One, or those of all attempts: reading shows that the change was made; a second run finds nothing to do."""
    method, path = request_path.split()
    fault = desk.sandbox.faults.add(Fault(method=method, path=path, drop=True, after=True, times=times))
    desk.write(HEADER, line)
    assert carry("sync team-tree") == 0
    assert fault.seen
    assert desk.outcomes()[0][1] == "done"
    before = changes(desk)
    assert carry("sync team-tree") == 0
    assert desk.outcomes()[0][1:] == ["skipped", "as desired"]
    assert changes(desk) == before


@pytest.mark.parametrize("after", [True, False])
def test_a_deletion_without_an_answer(desk: Desk, carry: Carry, after: bool) -> None:
    """The team is gone in the end, whether the request had arrived or is sent again, and the outcome says so."""
    desk.sandbox.faults.add(Fault(method="DELETE", path="/teams/*", drop=True, after=after))
    desk.write(HEADER, "Sales,North,,,,")
    assert carry("sync team-tree --remove --max-removals 50%") == 0
    assert desk.order.outcomes_file.read_text("utf-8").splitlines()[-1].startswith(",South,done,remove")
    assert tree(desk) == {"North", "North/Sales"}


def test_a_creation_that_did_not_arrive(desk: Desk, carry: Carry) -> None:
    """Reading shows that the team is not there: the line has failed, and what stands below it, too."""
    desk.sandbox.faults.add(Fault(method="POST", path="/teams", drop=True))
    desk.write(HEADER, "West,,,,,", "Team A,West,,,,")
    assert carry("sync team-tree") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["failed", "failed"]
    assert tree(desk) == {"North", "North/Sales", "South"}


def test_leaders_that_cannot_be_read(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """What should change is not known then: the job stops with the server's own error, and changes nothing."""
    desk.sandbox.faults.add(Fault(method="GET", path="/teams/*/leaders", status=403, times=None))
    desk.write(HEADER, "Sales,North,,,user.1@example.com,")
    assert carry("sync team-tree") == 1
    assert "403" in capsys.readouterr().err
    assert changes(desk) == 0


@pytest.mark.parametrize("column", ["Team Code", "Code", "Members", "Id"])
def test_columns_that_cannot_be_set(
    desk: Desk, carry: Carry, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Those of the vendor's template that are empty are passed over with a note; one that is filled is refused."""
    desk.write(f"Team Name,{column},Parent Team Name", "West,,North")
    assert carry("sync team-tree") == 0
    assert f"columns passed over: {column!r}" in capsys.readouterr().out
    assert "North/West" in tree(desk)
    desk.write(f"Team Name,{column},Parent Team Name", "East,,North", "Far,F-1,North")
    assert carry("sync team-tree") == 2
    assert f"{column!r} cannot be set: " in capsys.readouterr().err
    assert "North/East" not in tree(desk)
