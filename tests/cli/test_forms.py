"""Files as spreadsheets and HR systems write them, through the commands."""

from __future__ import annotations

import csv

import pytest

from litmos_async.cli.app import run
from litmos_async.cli.headings import name_key
from litmos_async.cli.reading import Reading
from litmos_async.cli.table import parse
from litmos_async.cli.tasks import COURSE, USER, USER_NAME
from tests.cli.small import ASSIGN, COURSES, IMPORT, Carry, Desk, Send


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
        "line 3 failed: not UTF-8; save the file as CSV UTF-8, or use --encoding" in capsys.readouterr().out
    )


@pytest.mark.parametrize("encoding", ["klingon", "hex", "undefined", "rot13", ""])
def test_encodings_that_there_are_not(send: Send, encoding: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused in one line."""
    code = send(b"user,course\n", f"{ASSIGN} --encoding={encoding}")
    assert code == (2 if encoding else 0)
    assert ("is not a text encoding" in capsys.readouterr().err) == bool(encoding)


@pytest.mark.parametrize(
    ("written", "said", "fits"),
    [
        ("utf-8-sig", "utf-8", True),
        ("utf-8-sig", "utf-8-sig", True),
        ("utf-16", "utf-16", True),
        ("utf-16", "utf-16-le", True),
        ("utf-8-sig", "latin1", False),
        ("utf-8-sig", "cp1252", False),
        ("utf-8-sig", "utf-16", False),
        ("utf-16", "cp1252", False),
        ("utf-16", "utf-8", False),
        ("utf-16", "utf-16-be", False),
    ],
)
def test_an_encoding_and_a_byte_order_mark(
    desk: Desk, send: Send, capsys: pytest.CaptureFixture[str], *, written: str, said: str, fits: bool
) -> None:
    """Where they contradict each other, the mark is not read as the name of a column."""
    code = send("user,course\nuser.0@example.com,C-1\n".encode(written), f"{ASSIGN} --encoding {said}")
    assert code == (0 if fits else 2)
    assert len(desk.assigned()) == fits
    told = f"the byte-order mark of {written.removesuffix('-sig').upper()}, so --encoding {said} does not fit"
    assert (told in capsys.readouterr().err) != fits


@pytest.mark.parametrize("said", [";;", "a", "'\"'"])
def test_delimiters_that_there_are_not(send: Send, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """They are refused in one line."""
    assert send(b"user,course\n", f"{ASSIGN} --delimiter {said}") == 2
    assert "is not valid: use one character, or tab" in capsys.readouterr().err


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
        "user,course\nuser.0@example.com,C-1\n\u200b,\u200b\n\ufeff,\n\u2060\n".encode(),
        b"user,course\r\nuser.0@example.com,C-1\r\n\x1a",
        '\ufeff\ufeff"User Name","Course"\nuser.0@example.com,C-1\n'.encode(),
        "\ufeff\ufeffsep=;\nuser;course\nuser.0@example.com;C-1\n".encode(),
    ],
)
def test_what_is_no_part_of_the_table(desk: Desk, send: Send, data: bytes) -> None:
    """Nameless empty columns, rows of separators, short rows, `sep=`, titles: all is read as it is meant."""
    assert send(data, ASSIGN) == 0
    assert desk.assigned() == {("user.0@example.com", "C-1")}


@pytest.mark.parametrize("ghost", [",\n,\n", "\u200b,\n", "\u200b,\ufeff\n", "\u00a0,\u2060\n", "\x1a"])
def test_ghost_rows_stop_no_removal(desk: Desk, send: Send, ghost: str) -> None:
    """They name nobody who would have to be found."""
    team = desk.sandbox.tenant.add_team(Name="North")
    user_id = next(iter(desk.sandbox.tenant.users))
    desk.sandbox.tenant.join_team(team["Id"], user_id)
    assert send(f"user,team\nuser.0@example.com,North\n{ghost}".encode(), "sync teams --remove") == 0


def test_a_file_that_ends_in_zeros_may_have_lost_lines(desk: Desk, send: Send) -> None:
    """A disk that failed leaves them: whom the lines named is not known, so no one is taken out."""
    team = desk.sandbox.tenant.add_team(Name="North")
    user_id = next(iter(desk.sandbox.tenant.users))
    desk.sandbox.tenant.join_team(team["Id"], user_id)
    assert send(b"user,team\nuser.0@example.com,North\n" + bytes(40), "sync teams --remove") == 2


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


@pytest.mark.parametrize(
    "command",
    [
        ("user_name,first_name,last_name", IMPORT),
        ("user_name,first_name,last_name", "sync users"),
        ("user,team", "sync teams"),
        ("team,parent", "sync team-tree"),
        ("user,course,module", "complete"),
        ("course,name,start,end", "sessions create"),
    ],
    ids=lambda command: command[1],
)
@pytest.mark.parametrize("name", ["", "Shoe size"])
def test_a_column_that_means_nothing(
    desk: Desk, send: Send, command: tuple[str, str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is refused by every command in which another one may have been meant, before a request is spent."""
    header, words = command
    columns = header.count(",") + 1
    told = repr(name) if name else f"column {columns + 1}, which has no name"
    assert send(f"{header},{name}\n{'x,' * columns}41\n".encode(), words) == 2
    assert f"columns that are unknown: {told}" in capsys.readouterr().err
    assert not desk.sandbox.requests


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (('"user,course"', '"user.0@example.com,C-1"'), ASSIGN),
        (('"user;course"', '"user.0@example.com;C-1"'), ASSIGN),
        (('"user\tcourse";;', '"user.0@example.com\tC-1";;'), ASSIGN),
        (('"user,""Full Name"""', '"user.0@example.com,""Example, Ada"""'), "deactivate"),
    ],
)
def test_lines_in_quotes_as_a_whole(
    desk: Desk, send: Send, capsys: pytest.CaptureFixture[str], *, lines: tuple[str, ...], words: str
) -> None:
    """As a spreadsheet saves a table that it holds in one column; the error names the cause."""
    assert send("\n".join(lines).encode(), words) == 2
    assert "; each line is in one pair of quotes, or in one cell: " in capsys.readouterr().err
    assert not desk.sandbox.requests


@pytest.mark.parametrize("header", [b'"Name, first"\n', b"wer;code\n", b"nothing\n"])
def test_what_is_no_header_in_quotes_either(
    send: Send, capsys: pytest.CaptureFixture[str], header: bytes
) -> None:
    """It is not said that it were one."""
    assert send(header, ASSIGN) == 2
    assert "quotes" not in capsys.readouterr().err


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


@pytest.mark.parametrize("words", [IMPORT, "sync users"])
@pytest.mark.parametrize("column", ["Status", "status", "Reason", "line"])
def test_the_status_of_a_person_is_not_that_of_a_line(
    desk: Desk, send: Send, words: str, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """HR systems have such columns, too: what they say is not passed over in silence, but in outcomes of ours."""
    data = f"user_name,first_name,last_name,{column}\nuser.0@example.com,Ada,New,terminated\n".encode()
    assert send(data, words) == 2
    assert f"unknown: {column!r}" in capsys.readouterr().err
    assert send(data, f"{words} --map {column}=") == 0
    assert send(desk.order.outcomes_file.read_bytes(), f"{words} --map {column}=") == 0


@pytest.mark.parametrize(("words", "header"), [(ASSIGN, "user,course"), ("sync teams", "user,team")])
def test_a_status_that_means_nothing_to_the_command(
    desk: Desk, send: Send, words: str, header: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is passed over with a note; that of an earlier run without."""
    desk.sandbox.tenant.add_team(Name="C-1")
    assert send(f"{header},Status\nuser.0@example.com,C-1,Left\n".encode(), words) == 0
    assert "columns passed over: 'Status'" in capsys.readouterr().out
    assert send(f"line,{header},status,reason\n2,user.0@example.com,C-1,done,\n".encode(), words) == 0
    assert "columns passed over" not in capsys.readouterr().out


@pytest.mark.parametrize("column", ["line", "status", "reason", "Status"])
@pytest.mark.parametrize("times", [1, 3])
def test_columns_of_the_input_that_are_called_as_ours(
    desk: Desk, send: Send, column: str, times: int
) -> None:
    """They are kept, under a name of their own, however often the outcomes are the input."""
    data = f"user,{column},course,Team\nuser.0@example.com,left,C-1,North\n".encode()
    for _ in range(times):
        assert send(data, ASSIGN) == 0
        data = desk.order.outcomes_file.read_bytes()
    called = column if column == "Status" else f"{column} (input)"
    assert data.decode().splitlines()[0].split(",") == [
        *("line", "user", "course", "status", "reason"),
        *(called, "Team"),
    ]
    with desk.order.outcomes_file.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["line"], row["status"], row["reason"]) == ("2", "done", "")
    assert (row[called], row["Team"]) == ("left", "North")


def test_a_column_status_that_is_mapped(desk: Desk, send: Send) -> None:
    """In the outcomes it still means what it was said to mean, and that of the line does not."""
    words = f"{IMPORT} --map status=title"
    data = b"user_name,first_name,last_name,status\nuser.0@example.com,Ada,New,Boss\n"
    for _ in range(2):
        assert send(data, words) == 0
        data = desk.order.outcomes_file.read_bytes()
    assert data.decode().splitlines()[1] == "2,user.0@example.com,done,,Ada,New,Boss"


@pytest.mark.parametrize(
    "header",
    [
        *("line,status,user,course", "status,line,user,course", "line,user,course,status"),
        *("status,reason,user,course", "user,course,line,status,Reason"),
    ],
)
@pytest.mark.parametrize("status", ["done", "failed", "unknown", "skipped"])
def test_lines_of_a_file_that_is_no_outcomes_file(
    desk: Desk, send: Send, header: str, status: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """None is lost, whatever its own columns say: what is no outcome is passed over with a note."""
    values = {"user": "user.0@example.com", "course": "C-1", "status": status}
    line = ",".join(values.get(name, "") for name in header.split(","))
    assert send(f"{header}\n{line}\n".encode(), ASSIGN) == 0
    assert len(desk.assigned()) == 1
    shown = capsys.readouterr().out
    assert "lines of no input" not in shown
    assert "columns passed over: " in shown


@pytest.mark.parametrize("header", ["status,reason,line,user,course", "line,reason,status,user,course"])
def test_outcomes_whose_columns_were_moved(
    desk: Desk, send: Send, header: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are outcomes still: whom a job has removed does not come back."""
    values = {"user": "user.0@example.com", "course": "C-1", "status": "done"}
    line = ",".join(values.get(name, "") for name in header.split(","))
    assert send(f"{header}\n{line}\n".encode(), ASSIGN) == 0
    assert not desk.assigned()
    assert "lines of no input passed over: 1" in capsys.readouterr().out


def test_only_what_failed_is_run_again(desk: Desk, send: Send, capsys: pytest.CaptureFixture[str]) -> None:
    """From the outcomes; who is left out would be removed where the file must be whole."""
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
        assert "would be removed" in capsys.readouterr().err


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


def test_keys_of_names() -> None:
    """Case, blanks, lines, what cannot be seen and the marks of forms do not matter."""
    assert {name_key(name) for name in ("E-Mail", "e_mail *", "E\u2011mail:", " EMAIL\u200b", "e\nmail")} == {
        "email"
    }
    assert USER_NAME.word == "user name"
