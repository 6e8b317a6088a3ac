"""Files as spreadsheets and HR systems write them, through the commands."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import datetime, time
from pathlib import Path

import pytest
import xlsxwriter

from litmos_async.cli.app import run
from litmos_async.cli.content import Record
from litmos_async.cli.headings import name_key
from litmos_async.cli.reading import Reading
from litmos_async.cli.sheets import sheet_records
from litmos_async.cli.table import TableError, parse
from litmos_async.cli.tasks import COURSE, USER, USER_NAME
from tests.cli.small import COURSES, Carry, Desk

Send = Callable[[bytes, str], int]
"""Writes a file of these bytes, and carries a command out on it."""

ASSIGN = "assign courses --send-message no"
IMPORT = "import users --send-message no"


@pytest.fixture
def send(desk: Desk, carry: Carry) -> Send:
    """Carries commands out on bytes."""

    def sent(data: bytes, words: str) -> int:
        (desk.folder / "people.csv").write_bytes(data)
        return carry(words)

    return sent


def names(desk: Desk) -> list[str]:
    """Return the user names that there are."""
    return [user["UserName"] for user in desk.sandbox.tenant.users.values()]


# ------------------------------------------------ bytes


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("utf-32", ""),
        ("cp1252", " --encoding cp1252"),
        ("mac_roman", " --encoding mac_roman"),
        ("utf-16-le", " --encoding utf-16-le"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_delimiters(desk: Desk, send: Send, encoding: str, words: str, delimiter: str) -> None:
    """They are found, or said; the outcomes can be read again as they are."""
    text = f"user{delimiter}course\r\nuser.0@example.com{delimiter}Größe & Gewicht\r\n"
    assert send(text.encode(encoding), ASSIGN + words) == 0
    assert desk.assigned() == {("user.0@example.com", "Größe & Gewicht")}
    assert run_again(desk) == 0


def run_again(desk: Desk) -> int:
    """Read the outcomes as a file of their own."""
    table = parse(desk.order.outcomes_file.read_bytes(), (USER, COURSE))
    return sum(bool(line.problem) for line in table.lines)


def test_a_file_that_is_not_utf_8_says_what_helps(send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    """Its good lines are carried out."""
    data = "user,course\nuser.0@example.com,C-1\njörg,C-1\n".encode("cp1252")
    assert send(data, ASSIGN) == 1
    assert (
        "line 3 failed: not UTF-8; save the file as CSV UTF-8, or say --encoding" in capsys.readouterr().out
    )


@pytest.mark.parametrize("encoding", ["klingon", "hex", "undefined", "rot13", ""])
def test_encodings_that_there_are_not(send: Send, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused in one line."""
    code = send(b"user,course\n", f"{ASSIGN} --encoding={encoding}")
    assert code == (2 if encoding else 0)
    assert ("is no encoding of texts" in capsys.readouterr().err) == bool(encoding)


@pytest.mark.parametrize("said", [";;", "a", "'\"'"])
def test_delimiters_that_there_are_not(send: Send, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused in one line."""
    assert send(b"user,course\n", f"{ASSIGN} --delimiter {said}") == 2
    assert "is none: say one character, or tab" in capsys.readouterr().err


@pytest.mark.parametrize("said", ["tab", "\\t"])
def test_a_tab_can_be_said(desk: Desk, send: Send, said: str) -> None:
    """A shell makes nothing else of it."""
    assert send(b"user\tcourse\nuser.0@example.com\tC-1\n", f"{ASSIGN} --delimiter {said}") == 0
    assert len(desk.assigned()) == 1


# ------------------------------------------------ what spreadsheets put around the table


@pytest.mark.parametrize(
    "data",
    [
        b"sep=;\r\nuser;course\r\nuser.0@example.com;C-1\r\n",
        b'"sep=;"\r\nuser;course\r\nuser.0@example.com;C-1\r\n',
        b"\xef\xbb\xbfsep=,\nuser,course\nuser.0@example.com,C-1\n",
        b"user,course,,\nuser.0@example.com,C-1,,\n",
        b",user,,course\n,user.0@example.com,,C-1\n",
        b"user,course\nuser.0@example.com,C-1,,\n",
        b"user,course,note\nuser.0@example.com,C-1\n",
        b'user,course\nuser.0@example.com,C-1\n,\n , \n"",""\n\xc2\xa0,\n',
        b"Courses of the north\n\nuser,course\nuser.0@example.com,C-1\n",
        b"As of,2031-12-24\nuser,course\nuser.0@example.com,C-1\n",
        b"user,course\r\ruser.0@example.com,C-1\r",
        b"User*,Course:\nuser.0@example.com,C-1\n",
        b'"User\nName",Course Code\nuser.0@example.com,C-1\n',
        "us\u00ader,cour\u200bse\nuser.0@example.com,C-1\n".encode(),
    ],
)
def test_what_is_no_part_of_the_table(desk: Desk, send: Send, data: bytes) -> None:
    """Nameless empty columns, rows of separators, short rows, `sep=`, titles: all is read as it is meant."""
    assert send(data, ASSIGN) == 0
    assert desk.assigned() == {("user.0@example.com", "C-1")}


def test_ghost_rows_stop_no_removal(desk: Desk, send: Send) -> None:
    """They name nobody who would have to be found."""
    team = desk.sandbox.tenant.add_team(Name="North")
    user_id = next(iter(desk.sandbox.tenant.users))
    desk.sandbox.tenant.join_team(team["Id"], user_id)
    assert send(b"user,team\nuser.0@example.com,North\n,\n,\n", "sync teams --remove") == 0


def test_a_column_without_a_name_that_holds_something(
    desk: Desk, send: Send, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is noted where columns are passed over, and refused where they mean something."""
    assert send(b"user,course,\nuser.0@example.com,C-1,x\n", ASSIGN) == 0
    assert "columns passed over: column 3, which has no name" in capsys.readouterr().out
    data = b"user_name,first_name,last_name,\nnew@example.com,N,N,x\n"
    assert send(data, IMPORT) == 2
    assert "unknown: column 4, which has no name" in capsys.readouterr().err
    assert send(data, f"{IMPORT} --ignore-columns") == 0
    assert "new@example.com" in names(desk)


# ------------------------------------------------ pipes


def test_a_file_from_a_pipe_is_read_once(
    desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a shell gives one with <( ), and the key beside it."""
    monkeypatch.chdir(desk.folder)
    pipe, key = desk.folder / "people.csv", desk.folder / "key"
    for path, data in (
        (pipe, b"user,course\nuser.0@example.com,C-1\n"),
        (key, b"\xef\xbb\xbfsandbox-key\r\n"),
    ):
        os.mkfifo(path)
        threading.Thread(target=path.write_bytes, args=(data,), daemon=True).start()
    assert carry_from_pipe(f"{ASSIGN} --api-key-file {key}") == 0
    assert len(desk.assigned()) == 1
    assert Path("stdin.outcomes.csv").exists()


def test_standard_input(desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is called `-`, and the outcomes go into the current folder."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"user,course\nuser.0@example.com,C-1\n")))
    assert run([*ASSIGN.split(), "-"]) == 0
    del carry_from_pipe
    assert len(desk.assigned()) == 1
    assert Path("stdin.outcomes.csv").exists()


def test_a_file_as_standard_input(
    desk: Desk, carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`litmos … - < people.csv`: it is read from the descriptor, in parts, and not beyond what is allowed."""
    monkeypatch.chdir(desk.folder)
    monkeypatch.setattr("litmos_async.cli.reading._PART", 10)
    desk.write("user,course", "user.0@example.com,C-1", "user.1@example.com,C-1")
    assert carry_from_pipe is not None
    with desk.order.file.open() as file:
        monkeypatch.setattr("sys.stdin", file)
        assert run([*ASSIGN.split(), "-"]) == 0
        assert len(desk.assigned()) == 2
        monkeypatch.setattr("litmos_async.cli.table.MOST_BYTES", 20)
        file.seek(0)
        assert run([*ASSIGN.split(), "-"]) == 2
    assert "larger than" in capsys.readouterr().err


def test_ctrl_c_ends_a_command_that_waits_for_a_pipe(tmp_path: Path) -> None:
    """Nothing is written into it, and nothing was sent."""
    pipe = tmp_path / "people.csv"
    os.mkfifo(pipe)
    words = [sys.executable, "-m", "litmos_async.cli", *ASSIGN.split(), "--limiter", "memory://", str(pipe)]
    environment = {**os.environ, "LITMOS_API_KEY": "k", "LITMOS_CONFIG": str(tmp_path / "none")}
    with (
        subprocess.Popen(
            words, env=environment, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as command,
        pipe.open("wb"),
    ):  # until the command has it open, this waits
        command.send_signal(signal.SIGINT)
        out, err = command.communicate()
    assert (command.returncode, err) == (130, b"")
    assert b"Interrupted before anything was sent" in out


def test_no_standard_input(
    carry_from_pipe: Carry, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a service may be started."""
    monkeypatch.setattr("sys.stdin", None)
    assert carry_from_pipe is not None
    assert run([*ASSIGN.split(), "-"]) == 2
    assert "cannot use -: there is no standard input" in capsys.readouterr().err


# ------------------------------------------------ the names of columns


@pytest.mark.parametrize(
    "column",
    [
        *(
            "Email Address",
            "E-Mail",
            "Work Email",
            "work e-mail",
            "WORK_EMAIL_ADDRESS",
            "Business Email",
            "Mail",
        ),
        *("Login", "User Name", "username", "Login Name", "User", "user id"),
    ],
)
def test_words_of_hr_systems_for_people(desk: Desk, send: Send, column: str) -> None:
    """They are known beforehand."""
    assert send(f"{column},course\nuser.0@example.com,C-1\n".encode(), ASSIGN) == 0
    assert len(desk.assigned()) == 1


EMPLOYEE = (
    *("Employee ID", "employee_id", "EmployeeId", "External Employee ID", "Personnel number", "Personnel No"),
    *("Employee Number", "Staff ID"),
)


@pytest.mark.parametrize("column", EMPLOYEE)
@pytest.mark.parametrize(
    ("words", "rest", "value"),
    [
        ("assign courses --send-message no", "course", "C-1"),
        ("remove courses", "course", "C-1"),
        ("assign teams", "team", "North"),
        ("sync teams", "team", "North"),
        ("deactivate", "", ""),
        ("sync users", "city", "Ulm"),
        ("import users --send-message no", "city,first name,last name", "Ulm,A,B"),
    ],
)
def test_people_are_named_by_employee_id_in_every_command(
    desk: Desk, send: Send, column: str, *, words: str, rest: str, value: str
) -> None:
    """By a column of that name; an id that no one has fails its line, and a user name in it is none."""
    tenant = desk.sandbox.tenant
    tenant.add_team(Name="North")
    user = next(iter(tenant.users.values()))
    user["ExternalEmployeeId"] = "00123"
    lines = [f"{column},{rest}", f"00123,{value}", f"E-9,{value}", f"user.1@example.com,{value}"]
    assert send("\n".join(lines).encode(), words) == 1
    assert [outcome[1] for outcome in desk.outcomes()][1:] == ["failed", "failed"]
    assert desk.outcomes()[0][1] in {"done", "skipped"}
    assert "no user has the employee id 'E-9'" in desk.outcomes()[1][2]
    assert len(tenant.users) == 3
    title = desk.order.outcomes_file.read_text("utf-8").partition("\n")[0].split(",")[1]
    assert title == "employee_id"


@pytest.mark.parametrize("column", ["Full Name", "Name", "Display Name", "Employee Name", "First Name"])
def test_names_that_do_not_say_who_is_meant(
    desk: Desk, send: Send, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused with the reason."""
    assert send(f"{column},course\nAda Example,C-1\n".encode(), ASSIGN) == 2
    told = f"'{column}' does not say who is meant: several people may be called the same"
    assert told in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0


def test_a_column_can_be_mapped(
    desk: Desk, send: Send, carry: Carry, capsys: pytest.CaptureFixture[str]
) -> None:
    """And one that is mapped to nothing is passed over; one that is not there is refused."""
    desk.write("Kennung,Kurs,Notiz", "user.0@example.com,C-1,x")
    file = str(desk.order.file)
    mapped = [*ASSIGN.split(), "--map", "Kennung=user", "--map", "kurs = course", "--map", "Notiz="]
    assert run([*mapped, file]) == 0
    assert len(desk.assigned()) == 1
    assert run([*mapped, "--map", "Team=team", file]) == 2
    assert "--map names columns that it does not have: 'team'" in capsys.readouterr().err
    for wrong in ("Kennung", "=user"):
        assert run([*ASSIGN.split(), "--map", wrong, file]) == 2
        assert "say it as --map" in capsys.readouterr().err
    assert run([*ASSIGN.split(), "--map", "Kennung=user", "--map", "kennung=email", file]) == 2
    assert "two things of the column 'kennung'" in capsys.readouterr().err


def test_columns_of_a_profile() -> None:
    """They hold where they are there, and what is said on the command line goes before them."""
    reading = Reading(columns={"Kennung": "user", "Kurs": "course", "Notiz": "team"}, map=("Kurs=note",))
    table = parse(b"kennung,course,kurs\nada,C-1,x\n", (USER, COURSE), reading)
    assert (table.names, table.extra_words) == (("kennung", "course"), ("note",))


@pytest.mark.parametrize("words", ["assign courses --send-message no", "remove courses"])
def test_unknown_columns_are_passed_over_with_a_note(
    send: Send, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where they can mean nothing."""
    assert send(b"user,course,shoe size,Full Name\nuser.0@example.com,C-1,43,x\n", f"{words} --dry-run") == 0
    assert "columns passed over: 'shoe size', 'Full Name'" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "header", "line"),
    [
        (IMPORT, "user_name,first_name,last_name", "new@example.com,N,N"),
        ("sync users", "user_name,first_name,last_name", "new@example.com,N,N"),
        ("sync teams", "user,team", "user.0@example.com,North"),
    ],
)
def test_unknown_columns_are_refused_where_they_may_mean_something(
    desk: Desk, send: Send, words: str, *, header: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Unless that is said not to be so."""
    desk.sandbox.tenant.add_team(Name="North")
    data = f"{header},shoe size\n{line},43\n".encode()
    assert send(data, words) == 2
    assert "unknown: 'shoe size'" in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0
    assert send(data, f"{words} --ignore-columns --dry-run") == 0
    assert "columns passed over: 'shoe size'" in capsys.readouterr().out


def test_only_what_failed_is_run_again(desk: Desk, send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    """From the outcomes; who is left out would be taken away where the file must be whole."""
    desk.sandbox.tenant.add_team(Name="North")
    assert send(b"user,course\nuser.0@example.com,C-1\nnobody,C-1\n", ASSIGN) == 1
    outcomes = desk.order.outcomes_file.read_bytes().replace(b"nobody", b"user.1@example.com")
    before = len([request for request in desk.sandbox.requests if request.method == "POST"])
    assert send(outcomes, f"{ASSIGN} --only-failed") == 0
    assert len([request for request in desk.sandbox.requests if request.method == "POST"]) == before + 1
    assert len(desk.outcomes()) == 1
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --only-failed") == 2
    assert "which have a column status" in capsys.readouterr().err
    for words, header in (
        ("sync teams --remove", "user,team"),
        ("sync users --deactivate", "user_name,city"),
    ):
        assert (
            send(
                f"line,{header},status\n2,user.0@example.com,North,done\n".encode(), f"{words} --only-failed"
            )
            == 2
        )
        assert "would be taken away" in capsys.readouterr().err


# ------------------------------------------------ the names of things


@pytest.mark.parametrize("column", ["course_name", "Course Title", "Course Name"])
def test_courses_by_name(desk: Desk, send: Send, column: str) -> None:
    """Where one course has it; where several do, the line fails and names their codes."""
    for code in ("W-1", "W-2"):
        desk.sandbox.tenant.add_course(Code=code, Name="Welcome")
    data = f"user,{column}\nuser.0@example.com,all about c-1\nuser.0@example.com,Welcome\nuser.0@example.com,C-1\n"
    assert send(data.encode(), ASSIGN) == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "failed", "failed"]
    assert desk.outcomes()[1][2] == "2 courses are called 'Welcome': 'W-1', 'W-2'"
    assert run_again(desk) == 0
    assert "course_name" in desk.order.outcomes_file.read_text("utf-8")


def test_a_name_of_a_course_in_the_wrong_column(desk: Desk, send: Send) -> None:
    """The reason says which column is the right one."""
    assert send(b"user,course\nuser.0@example.com,All about C-1\n", ASSIGN) == 1
    assert "in a column course_name: 'C-1'" in desk.outcomes()[0][2]


@pytest.mark.parametrize("code", [COURSES[0].lower(), COURSES[1].upper(), f"{COURSES[0]}\u200b"])
def test_codes_whatever_their_case(desk: Desk, send: Send, code: str) -> None:
    """Where one is meant."""
    assert send(f'user,course\nuser.0@example.com,"{code}"\n'.encode(), ASSIGN) == 0
    assert len(desk.assigned()) == 1


# ------------------------------------------------ workbooks


def workbook(path: Path, *sheets: tuple[str, list[list[object]]]) -> None:
    """Write a workbook with these sheets."""
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, cell in enumerate(row):
                    if hasattr(cell, "year"):
                        sheet.write_datetime(number, place, cell, day)
                    elif cell != "":
                        sheet.write(number, place, cell)


PEOPLE = [["People of 2031"], [], ["User Name", "Course", "Employee"], ["user.0@example.com", "C-1", 12345]]


def test_a_workbook_is_read_and_written(desk: Desk, carry: Carry) -> None:
    """The sheet by its name or number; the outcomes are a CSV as they come, and a workbook in the end."""
    path = desk.folder / "people.xlsx"
    workbook(path, ("Notes", [["nothing"]]), ("People", PEOPLE))
    for sheet in ("People", "2"):
        assert run([*ASSIGN.split(), "--sheet", sheet, str(path)]) == 0
    assert len(desk.assigned()) == 1
    rows = sheet_records((desk.folder / "people.outcomes.xlsx").read_bytes(), None)
    assert rows[0] == Record(1, ["line", "user", "course", "status", "reason", "Employee"])
    assert rows[1] == Record(2, ["4", "user.0@example.com", "C-1", "done", "", "12345"])
    assert run([*ASSIGN.split(), str(desk.folder / "people.outcomes.xlsx")]) == 0


def test_outcomes_can_be_a_workbook_where_the_file_is_none(desk: Desk, send: Send) -> None:
    """If that is said."""
    path = desk.folder / "told.xlsx"
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    assert sheet_records(path.read_bytes(), None)[1].fields[3] == "done"
    assert (desk.folder / "told.csv").exists()


def test_a_workbook_that_cannot_be_written(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line; the outcomes themselves are where they belong, and the exit code is the job's."""
    path, replace = desk.folder / "told.xlsx", Path.replace

    def full(before: Path, target: Path) -> Path:
        if target == path:
            raise OSError(28, "No space left on device")
        return replace(before, target)

    monkeypatch.setattr(Path, "replace", full)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    shown = capsys.readouterr()
    assert f"cannot write the outcomes as a workbook to {path}: No space left on device" in shown.err
    assert "The same as a workbook" not in shown.err
    assert not path.exists()
    assert "done" in (desk.folder / "told.csv").read_text("utf-8")


def test_outcomes_that_make_a_huge_workbook(desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """Above two gigabytes its parts take another form, which programs for spreadsheets read as well."""
    path = desk.folder / "told.xlsx"
    monkeypatch.setattr("zipfile.ZIP64_LIMIT", 100)
    assert send(b"user,course\nuser.0@example.com,C-1\n", f"{ASSIGN} --outcomes {path}") == 0
    assert sheet_records(path.read_bytes(), None)[1].fields[3] == "done"


def test_cells_as_they_would_be_typed() -> None:
    """Numbers without a fraction, days as ISO has them; a number that Excel has rounded shows it."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "dd.mm.yyyy"})
        for place, cell in enumerate([12345, 1.5, True, "x", 1234567890123456]):
            sheet.write(0, place, cell)
        sheet.write_datetime(0, 5, datetime(2031, 12, 24), day)  # noqa: DTZ001 - a cell has no zone
        sheet.write_datetime(0, 6, datetime(2031, 12, 24, 18, 30), day)  # noqa: DTZ001
        sheet.write_datetime(0, 7, time(18, 30), book.add_format({"num_format": "hh:mm"}))
    (row,) = sheet_records(file.getvalue(), None)
    assert row.fields == [
        "12345",
        "1.5",
        "TRUE",
        "x",
        "1.23456789012346E+15",
        "2031-12-24",
        "2031-12-24 18:30:00",
        "18:30:00",
    ]


@pytest.mark.parametrize(
    ("data", "words", "told"),
    [
        (b"PK\x03\x04 and nothing else", "", "it is no workbook that can be read"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + b"x" * 600, "", "it is no workbook that can be read"),
        (b"user,course\n", " --sheet 1", "--sheet is for workbooks, and it is none"),
    ],
)
def test_no_workbooks(
    send: Send, data: bytes, words: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so."""
    assert send(data, ASSIGN + words) == 2
    assert told in capsys.readouterr().err


def test_a_sheet_that_there_is_not(tmp_path: Path) -> None:
    """The error names those that there are."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE), ("Notes", []))
    with pytest.raises(TableError, match="it has no sheet 'Old'; it has 'People', 'Notes'"):
        sheet_records((tmp_path / "people.xlsx").read_bytes(), "Old")


def test_a_workbook_without_a_sheet(tmp_path: Path) -> None:
    """What has none is no list of people."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    bare = io.BytesIO()
    with zipfile.ZipFile(tmp_path / "people.xlsx") as parts, zipfile.ZipFile(bare, "w") as left:
        for name in parts.namelist():
            left.writestr(name, re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", parts.read(name)))
    with pytest.raises(TableError, match="it has no sheet"):
        sheet_records(bare.getvalue(), None)


def test_ctrl_c_while_a_workbook_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no fault of the workbook."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))

    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("python_calamine.CalamineWorkbook.from_filelike", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sheet_records((tmp_path / "people.xlsx").read_bytes(), None)


def test_outcomes_as_a_workbook_without_the_extra(
    desk: Desk, send: Send, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is said before anything is sent."""
    monkeypatch.setattr("litmos_async.cli.extras.find_spec", lambda _: None)
    data = b"user,course\nuser.0@example.com,C-1\n"
    assert send(data, f"{ASSIGN} --outcomes {desk.folder / 'told.xlsx'}") == 2
    assert 'writing a workbook needs more packages: pip install "litmos-async[cli,xlsx]"' in (
        capsys.readouterr().err
    )
    assert not desk.sandbox.requests


def test_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error says how to get it, and what does without."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    monkeypatch.setattr("litmos_async.cli.extras.find_spec", lambda _: None)
    with pytest.raises(TableError, match=r'pip install "litmos-async\[cli,xlsx\]", or save it as CSV UTF-8'):
        sheet_records((tmp_path / "people.xlsx").read_bytes(), None)


def test_a_workbook_that_would_unpack_to_a_huge_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is refused before it is unpacked."""
    workbook(tmp_path / "people.xlsx", ("People", PEOPLE))
    monkeypatch.setattr("litmos_async.cli.sheets._MOST_UNPACKED", 100)
    with pytest.raises(TableError, match="its parts take more than"):
        sheet_records((tmp_path / "people.xlsx").read_bytes(), None)


def test_keys_of_names() -> None:
    """Case, blanks, lines, what cannot be seen and the marks of forms do not matter."""
    assert {name_key(name) for name in ("E-Mail", "e_mail *", "E\u2011mail:", " EMAIL\u200b", "e\nmail")} == {
        "email"
    }
    assert USER_NAME.word == "user name"
