"""Files that were used before, were put together, or say two things of one thing."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from litmos_async.cli.app import run
from litmos_async.cli.outcomes import Access, OutcomesFile
from litmos_async.cli.table import TableError, parse
from litmos_async.cli.tasks import COURSE, USER
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import Carry, Desk, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a course of two modules, C-1, and one of which two modules are called the same."""
    tenant = organisation()
    one, two, *_ = tenant.courses
    for name in ("Theory", "Test"):
        tenant.add_module(one, Name=name)
    for name in ("Quiz", "Quiz", "Theory"):
        tenant.add_module(two, Name=name)
    for user_id in tenant.users:
        tenant.assign_course(user_id, one)
        tenant.assign_course(user_id, two)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def again(desk: Desk) -> None:
    """Make the outcomes the input."""
    desk.order.file.write_bytes(desk.order.outcomes_file.read_bytes())


def names(desk: Desk) -> list[str]:
    """Return the user names."""
    return [user["UserName"] for user in desk.sandbox.tenant.users.values()]


def scores(desk: Desk) -> dict[tuple[str, str], float]:
    """Return the scores by user name and module."""
    tenant = desk.sandbox.tenant
    return {
        (tenant.users[user_id]["UserName"], tenant.modules[module_id]["Name"]): result.score
        for user_id, _, assignment in tenant.user_courses.rows()
        for module_id, result in assignment.modules.items()
        if result.completed
    }


def test_who_was_removed_does_not_come_back(desk: Desk, carry: Carry) -> None:
    """The outcomes name them, and are no input for them."""
    tenant = desk.sandbox.tenant
    team = tenant.add_team(Name="North")
    tenant.add_team(Name="Old")
    for user_id in list(tenant.users)[:2]:
        tenant.join_team(team["Id"], user_id)

    def members() -> set[str]:
        return {
            tenant.users[user_id]["UserName"] for _, user_id, member in tenant.members.rows() if member.active
        }

    desk.write("user,team", "user.2@example.com,North")
    for _ in range(2):
        assert carry("sync teams --remove --max-removals 100%") == 0
        assert members() == {"user.2@example.com"}
        again(desk)
    desk.write("Team Name", "North")
    for _ in range(2):
        assert carry("sync team-tree --remove --max-removals 100%") == 0
        assert [each["Name"] for each in tenant.teams.values()] == ["North"]
        again(desk)


def test_who_could_not_be_deactivated_is_again(desk: Desk, carry: Carry) -> None:
    """The outcomes do not make a person of the file of them."""
    tenant = desk.sandbox.tenant
    desk.sandbox.faults.add(Fault(method="PUT", status=406))
    desk.write("user_name,first_name", "user.1@example.com,Ada", "user.2@example.com,Ada")
    assert carry("sync users --deactivate --max-removals 100%") == 1
    again(desk)
    assert carry("sync users --deactivate --max-removals 100%") == 0
    assert [user["Active"] for user in tenant.users.values()] == [False, True, True]


def test_outcomes_of_a_killed_job_are_no_input(tmp_path: Path) -> None:
    """Lines are missing in them, and no one can say which."""
    table = parse(b"user,course\nada,C-1\nben,C-1\n", (USER, COURSE))
    file = tmp_path / "out.csv"
    outcomes = OutcomesFile(file, table, Access())
    outcomes.begin([])
    begun = file.read_bytes()
    outcomes.finish([])
    with pytest.raises(TableError, match="lines are missing"):
        parse(begun, (USER, COURSE))


@pytest.mark.parametrize("words", ["import users --send-message no", "sync users"])
def test_a_lost_character_is_written_nowhere(desk: Desk, carry: Carry, words: str) -> None:
    """Outcomes have a mark in its place: they are refused, as the input was."""
    desk.write(
        "user_name,first_name,last_name", "jö@example.com,A,B", "ok@example.com,Jö,B", encoding="cp1252"
    )
    assert carry(words) == 1
    again(desk)
    assert carry(f"{words} --only-failed") == 1
    assert len(names(desk)) == 3


@pytest.mark.parametrize("words", ["import users --send-message no", "sync users"])
def test_two_files_put_together(desk: Desk, carry: Carry, words: str) -> None:
    """The second header is no person."""
    header = "user_name,first_name,last_name"
    desk.write(header, "a@example.com,A,B", header, "b@example.com,A,B")
    assert carry(words) == 1
    assert desk.outcomes()[1] == ["3", "failed", "it is the header once more"]
    assert names(desk)[3:] == ["a@example.com", "b@example.com"]


def test_two_things_about_one_completion(desk: Desk, carry: Carry) -> None:
    """Which of them counts cannot be known."""
    desk.write(
        "user,course,module,score",
        "user.0@example.com,C-1,,40",
        "user.0@example.com,C-1,Test,90",
        "user.1@example.com,C-1,Test,40",
        "user.1@example.com,C-1,Test,90",
        "user.1@example.com,C-1,test,40",
    )
    assert carry("complete") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "failed", "done", "failed", "skipped"]


def test_two_leaders_on_two_lines(desk: Desk, carry: Carry) -> None:
    """The second one is not taken for one who is no leader any more."""
    tenant = desk.sandbox.tenant
    team = tenant.add_team(Name="North")
    for user_id in list(tenant.users)[:2]:
        tenant.join_team(team["Id"], user_id)
        tenant.set_role(team["Id"], user_id, "leader", held=True)
    desk.write("Team Name,Leaders", "North,user.0@example.com", "North,user.1@example.com")
    assert carry("sync team-tree --remove --max-removals 100%") == 2
    assert all(member.leader for _, _, member in tenant.members.rows())


def test_two_things_about_one_session(desk: Desk, carry: Carry) -> None:
    """Nor where its module stands there by two words."""
    tenant = desk.sandbox.tenant
    tenant.training.add_module(next(iter(tenant.courses)), Name="Workshop")
    for room in ("Room 1", "Room 2"):
        tenant.training.add_location(Location=room)
    line = "C-1,First aid,2099-03-01,9:00,17:00,user.2@example.com"
    desk.write(
        "course,session,date,start time,end time,instructor,location,module",
        f"{line},Room 1,",
        f"{line},Room 2,",
        f"{line},Room 1,Workshop",
        f"{line},Room 2,Workshop",
    )
    assert carry("sessions create") == 1
    assert [outcome[1:] for outcome in desk.outcomes()] == [
        ["done", ""],
        ["failed", "line 2 says something else about the same"],
        ["skipped", "same as line 2"],
        ["failed", "line 4 says something else about the same"],
    ]


def test_a_plan_does_not_say_what_failed(
    desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]
) -> None:
    """A dry run does not know what an earlier run did: the lines that are done would be sent once more."""
    desk.write("user,course", "user.0@example.com,C-1", "ghost,C-1")
    assert carry("complete") == 1
    assert carry("complete --dry-run") == 1
    again(desk)
    before = sum(request.method == "PUT" for request in desk.sandbox.requests)
    assert carry("complete --only-failed") == 2
    assert "leave out --only-failed" in capsys.readouterr().err
    assert sum(request.method == "PUT" for request in desk.sandbox.requests) == before


def test_two_marks_of_one_person(desk: Desk, carry: Carry) -> None:
    """Who was there and was not is marked by no guess."""
    tenant = desk.sandbox.tenant
    course_id = next(iter(tenant.courses))
    module = tenant.training.add_module(course_id, Name="Workshop")
    day = {"StartDate": tenant.now(), "EndDate": tenant.now(), "StartTime": "9:00AM", "EndTime": "5:00PM"}
    tenant.training.add_session(
        course_id, module["Id"], Name="S", Days=[day], InstructorUserId=list(tenant.users)[2], Location="R"
    )
    desk.write("user,session", "user.0@example.com,S")
    assert carry("sessions register") == 0
    desk.write("user,session,completed", "user.0@example.com,S,yes", "user.0@example.com,S,no")
    assert carry("sessions roll-call") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "failed"]


def test_a_column_that_is_there_twice(desk: Desk, carry: Carry) -> None:
    """Which of them counts cannot be known, whatever they are called."""
    desk.write("user,course,score,score", "user.0@example.com,C-1,90,10")
    assert carry("complete") == 2
    assert not scores(desk)


def test_modules_of_one_name(desk: Desk, carry: Carry) -> None:
    """Each of them has its outcome."""
    code = list(desk.sandbox.tenant.courses.values())[1]["Code"]
    desk.write("user,course", f"user.0@example.com,{code}")
    assert carry("complete") == 0
    assert desk.outcomes() == [["2", "done", ""]]
    desk.sandbox.faults.add(Fault(method="PUT", status=406))
    desk.write("user,course", f"user.1@example.com,{code}")
    assert carry("complete") == 1
    assert desk.outcomes()[0][1] == "failed"


@pytest.mark.parametrize("words", ["import users --send-message no", "sync users"])
def test_an_employee_id_means_the_account_that_has_it(desk: Desk, carry: Carry, words: str) -> None:
    """And none whose user name looks the same, or would if it were written otherwise."""
    tenant = desk.sandbox.tenant
    for number, name in enumerate(
        ["user.0\u200b@example.com", "Mu\u0308ller@example.com", "νίκος@example.com"]
    ):
        tenant.add_user(UserName=name, FirstName="Real", LastName="One", ExternalEmployeeId=f"E{number}")
    desk.write("employee_id,first_name,last_name", *(f"E{number},New,One" for number in range(3)))
    assert carry(words) == 1
    users = list(tenant.users.values())
    assert len(users) == 6
    assert users[0]["FirstName"] == "Ada"
    assert users[5]["FirstName"] == "New"


def test_a_double_takes_no_ones_outcome(desk: Desk, carry: Carry) -> None:
    """A change that failed is said to have failed, although an account that looks the same is kept."""
    tenant = desk.sandbox.tenant
    for name in ("zoe@example.com", "zoe\u200b@example.com"):
        tenant.add_user(UserName=name, FirstName="Z", LastName="Z")
    desk.write(
        "user_name,first_name",
        *(f"user.{number}@example.com,Ada" for number in range(3)),
        "zoe@example.com,New",
    )
    desk.sandbox.faults.add(Fault(method="PUT", status=406))
    assert carry("sync users --deactivate --max-removals 100%") == 1
    assert [outcome[:2] for outcome in desk.outcomes()][3:] == [["5", "failed"], ["", "skipped"]]
    desk.write("user_name,first_name", *(f"user.{number}@example.com,Ada" for number in range(3)))
    assert carry("sync users --deactivate --max-removals 100%") == 0
    assert [user["Active"] for user in tenant.users.values()] == [True] * 3 + [False] * 2


def test_errors_and_percentages_of_a_workbook(desk: Desk, carry: Carry) -> None:
    """What a formula could not find says nothing; 100 % is kept by Excel as 1."""
    path = desk.folder / "done.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet()
        part = book.add_format({"num_format": "0%"})
        for row, cells in enumerate(
            [
                ["user", "course", "module", "score"],
                ["user.0@example.com", "C-1"],
                ["user.1@example.com", "C-1"],
            ]
        ):
            sheet.write_row(row, 0, cells)
        sheet.write_formula(1, 2, "=NA()", None, "#N/A")
        sheet.write_number(2, 3, 1, part)
    assert run(["complete", str(path)]) == 1
    assert scores(desk) == {("user.1@example.com", "Test"): 100, ("user.1@example.com", "Theory"): 100}


def test_a_status_and_a_line_of_another_system(desk: Desk, carry: Carry) -> None:
    """No person is passed over for an empty cell in a column `line` that is not ours."""
    desk.write(
        "user,course,line,status", "user.0@example.com,C-1,Night,active", "user.1@example.com,C-1,,active"
    )
    assert carry("assign courses --send-message no") == 0
    assert [outcome[0] for outcome in desk.outcomes()] == ["2", "3"]


def test_a_line_that_says_less_repeats_and_one_that_says_more_fails(desk: Desk, carry: Carry) -> None:
    """Empty fields say nothing; what the second line adds would be lost."""
    desk.write(
        "user,course,module,score,note",
        "user.0@example.com,C-1,Test,40,",
        "user.0@example.com,C-1,test,,",
        "user.1@example.com,C-1,Test,40,",
        "user.1@example.com,C-1,Test,40,late",
    )
    assert carry("complete") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "skipped", "done", "failed"]
    desk.sandbox.tenant.add_team(Name="South")
    desk.write("Team Name,Description,Leaders", "South,far,", "South,,", "South,far,user.0@example.com")
    assert carry("sync team-tree") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "skipped", "failed"]


@pytest.mark.parametrize("words", ["import users --send-message no", "sync users"])
def test_lines_about_one_person(desk: Desk, carry: Carry, words: str) -> None:
    """The same holds of them, whichever way they are named."""
    for number, user in enumerate(desk.sandbox.tenant.users.values()):
        user["ExternalEmployeeId"] = f"E-{number}"
    desk.write(
        "employee_id,first_name,last_name,active",
        *("E-0,Ann,Example,TRUE", "e-0,Ann,,", "E-0,Ann,Example,yes", "E-0,Ann,Other,TRUE"),
        *("E-1,Bo,Example,", "E-1,Bo,Example,yes"),
    )
    assert carry(words) == 1
    told = [outcome[1] for outcome in desk.outcomes()]
    assert told == ["done", "skipped", "skipped", "failed", "done", "failed"]


def test_a_repeated_line_refuses_no_removal(desk: Desk, carry: Carry) -> None:
    """It says nothing that the job would have to know."""
    desk.write(
        "user_name,first_name,last_name,active,shoe size",
        *("user.0@example.com,Ann,Example,TRUE,41", "user.0@example.com,Ann,,yes,42"),
        *(f"user.{number}@example.com,Ada,Example,," for number in (1, 2)),
    )
    assert carry("sync users --deactivate --max-removals 100% --ignore-columns") == 0
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "skipped", "skipped", "skipped"]


def test_sessions_whose_lines_say_less(desk: Desk, carry: Carry) -> None:
    """Also where the module stands there by another word."""
    tenant = desk.sandbox.tenant
    tenant.training.add_module(next(iter(tenant.courses)), Name="Workshop")
    tenant.training.add_location(Location="Room 1")
    line = "C-1,First aid,2099-03-01,9:00,17:00,user.2@example.com,Room 1"
    desk.write(
        "course,session,date,start time,end time,instructor,location,module,details,slots",
        *(f"{line},,Bring shoes,12", f"{line},,,12", f"{line},Workshop,,", f"{line},Workshop,Bring boots,"),
    )
    assert carry("sessions create") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "skipped", "skipped", "failed"]


def test_a_line_that_means_an_account_that_hides_something(desk: Desk, carry: Carry) -> None:
    """Its outcome is that of the line, also where nothing is to change."""
    desk.sandbox.tenant.add_user(UserName="zoe\u200b@example.com", FirstName="Z", LastName="Z")
    for status in ("done", "skipped"):
        desk.write("user_name,first_name", "zoe@example.com,New")
        assert carry("sync users") == 0
        assert [outcome[:2] for outcome in desk.outcomes()] == [["2", status]]


@pytest.mark.parametrize("ignored", ["user", "User Name", "login", "employee_id", "status"])
def test_a_column_that_was_ignored_stays_so_in_the_outcomes(desk: Desk, carry: Carry, ignored: str) -> None:
    """Used as input again, without --map, they mean the same people, however often."""
    key = ignored.replace(" ", "")
    tenant = desk.sandbox.tenant
    desk.write(f"{ignored},{ignored},email,,course", "user.1@example.com,E-1,user.0@example.com,x,C-1")
    words = "assign courses --send-message no --no-skip-existing"
    assert carry(f"{words} --map {key}=") == 0
    header = desk.order.outcomes_file.read_text("utf-8").splitlines()[0]
    for _ in range(2):
        again(desk)
        desk.sandbox.requests.clear()
        assert carry(words) == 0
        asked = [each.path for each in desk.sandbox.requests if each.method == "POST"]
        assert asked == [f"/users/{next(iter(tenant.users))}/courses"]
        assert desk.order.outcomes_file.read_text("utf-8").splitlines()[0] == header
