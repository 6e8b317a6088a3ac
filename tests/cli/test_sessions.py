"""`litmos sessions create`, `register` and `roll-call`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from litmos_async.cli.session_fields import clock
from litmos_async.cli.values import YES_OR_NO, FieldError
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import Carry, Desk, organisation

HEADER = "course,session,date,start time,end time,instructor,location"
LINE = "C-1,First aid,2099-03-01,9:00,5:30 PM,user.2@example.com,Room 1"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a module that has sessions in C-1, which two people have, and a room."""
    tenant = organisation()
    course_id = next(iter(tenant.courses))
    tenant.training.add_module(course_id, Name="Workshop")
    tenant.training.add_location(Location="Room 1")
    for user_id in list(tenant.users)[:2]:
        tenant.assign_course(user_id, course_id)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def add_session(desk: Desk, name: str, year: int = 2099, course: int = 0) -> str:
    """Add a session of one day; return its id."""
    tenant = desk.sandbox.tenant
    course_id = list(tenant.courses)[course]
    if not tenant.course_modules.of_left(course_id):
        tenant.training.add_module(course_id, Name="Seminar")
    module_id = next(iter(tenant.course_modules.of_left(course_id)))
    begins, ends = (datetime(year, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
    day = {"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}
    fields = {"Name": name, "Days": [day], "InstructorUserId": list(tenant.users)[2], "Location": "Room 1"}
    return str(tenant.training.add_session(course_id, module_id, **fields)["Id"])


def registered(desk: Desk) -> set[tuple[str, str, bool, int]]:
    """Return session, user name, completion and score."""
    tenant = desk.sandbox.tenant
    return {
        (
            tenant.training.sessions[session_id]["Name"],
            tenant.users[user_id]["UserName"],
            each.completed,
            each.score,
        )
        for session_id, user_id, each in tenant.training.registrations.rows()
    }


def changes(desk: Desk) -> int:
    """Return how many requests changed something."""
    return sum(each.method != "GET" for each in desk.sandbox.requests)


def test_sessions_are_created(desk: Desk, carry: Carry) -> None:
    """A line is a session, of one day or several; what is there already is left alone."""
    header = f"{HEADER},slots,date 2,start time 2,end time 2"
    line = f"{LINE},12,2099-03-02,9.00,12:00"
    desk.write(header, line, line.replace("03-0", "04-0"))
    assert carry("sessions create --verify") == 0
    first, second = desk.sandbox.tenant.training.sessions.values()
    assert [(day["StartTime"], day["EndTime"]) for day in first["Days"]] == [
        ("9:00AM", "5:30PM"),
        ("9:00AM", "12:00PM"),
    ]
    assert (first["Slots"], first["TimeZone"], first["Location"]) == (12, "UTC", "Room 1")
    assert second["StartDate"] == datetime(2099, 4, 1, 9, tzinfo=UTC)
    before = changes(desk)
    assert carry("sessions create") == 0
    assert [outcome[1:] for outcome in desk.outcomes()] == [["skipped", "there already"]] * 2
    assert changes(desk) == before


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (LINE.replace("Room 1", "Room 9"), "no location goes by 'Room 9'"),
        (LINE.replace("user.2", "user.9"), "no user goes by 'user.9@example.com'"),
        (LINE.replace("C-1", "Größe & Gewicht"), "the course has no module with sessions"),
        (LINE.replace("5:30 PM", "8:30"), "a day ends before it begins"),
        (LINE.replace("9:00", "25:00"), "start time: expected a time such as 9:00 or 5:30 PM"),
        (LINE.replace("2099-03-01", ""), "no date"),
    ],
)
def test_lines_that_cannot_be_used(desk: Desk, carry: Carry, line: str, reason: str) -> None:
    """They fail before anything is sent, in a dry run, too."""
    desk.write(HEADER, line)
    for words in ("sessions create --dry-run", "sessions create"):
        assert carry(words) == 1
        assert desk.outcomes() == [["2", "failed", reason]]
    assert changes(desk) == 0


@pytest.mark.parametrize(
    ("column", "text", "reason"),
    [
        ("slots", "many", "slots: expected a whole number"),
        ("slots", "1.5", "slots: expected a whole number"),
        ("slots", "²", "slots: expected a whole number"),
        ("slots", "1" * 5_000, "slots: expected a whole number"),
        ("Type", "webinar", "Type: expected class room, or the number that the account has for another kind"),
        (
            "Type",
            "2" * 5_000,
            "Type: expected class room, or the number that the account has for another kind",
        ),
        ("date 2", "2099-03-02", "day 2 needs a date, a start time and an end time"),
        ("end time 5", "17:00", "day 5 needs a date, a start time and an end time"),
        ("wait list", "perhaps", f"wait list: {YES_OR_NO}"),
    ],
)
def test_values_that_mean_nothing(desk: Desk, carry: Carry, column: str, text: str, reason: str) -> None:
    """The line fails with what was expected there, and nothing is sent."""
    desk.write(f"{HEADER},{column}", f"{LINE},{text}")
    assert carry("sessions create") == 1
    assert desk.outcomes() == [["2", "failed", reason]]
    assert changes(desk) == 0


@pytest.mark.parametrize(("text", "kind"), [("", 1), ("Class Room", 1), ("in-person", 1), ("2", 2)])
def test_kinds_of_sessions(desk: Desk, carry: Carry, text: str, kind: int) -> None:
    """A class room, unless the line has the number of another kind."""
    desk.write(f"{HEADER},kind", f"{LINE},{text}")
    assert carry("sessions create") == 0
    (session,) = desk.sandbox.tenant.training.sessions.values()
    assert session["SessionType"] == kind


def test_several_modules_with_sessions(desk: Desk, carry: Carry) -> None:
    """The line must say which, in a column of its own."""
    course_id = next(iter(desk.sandbox.tenant.courses))
    desk.sandbox.tenant.training.add_module(course_id, Name="Seminar")
    desk.write(f"{HEADER},module", f"{LINE},", f"{LINE},Seminar".replace("First", "Second"))
    assert carry("sessions create") == 1
    assert [row[1:] for row in desk.outcomes()] == [
        ["failed", "the course has 2 modules with sessions: say which, in a column module"],
        ["done", ""],
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("9:00", "9:00AM"),
        ("09:05", "9:05AM"),
        ("17:30", "5:30PM"),
        ("5:30 PM", "5:30PM"),
        ("5 pm", "5:00PM"),
        ("12:00 am", "12:00AM"),
        ("0:15", "12:15AM"),
        ("12:00", "12:00PM"),
        ("9.30", "9:30AM"),
        ("09:00:00", "9:00AM"),
    ],
)
def test_times_of_day(text: str, said: str) -> None:
    """As people and spreadsheets write them, they become what the server writes."""
    assert clock(text) == said


@pytest.mark.parametrize("text", ["9", "24:00", "9:60", "13:00 pm", "0:00 am", "noon", "9:00 a", "-1:00"])
def test_no_times_of_day(text: str) -> None:
    """A guess would send people to a session at the wrong hour."""
    with pytest.raises(FieldError):
        clock(text)


def test_people_are_registered(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Each has an outcome with the reason of the server; those who are registered are left out."""
    session_id = add_session(desk, "First aid")
    add_session(desk, "First aid", 2001)
    desk.write(
        "user,session",
        "user.0@example.com,first aid",
        f"user.1@example.com,{session_id}",
        "user.2@example.com,First aid",
        "user.0@example.com,Second aid",
    )
    assert carry("sessions register") == 1
    assert [outcome[1:] for outcome in desk.outcomes()][:2] == [["done", ""]] * 2
    assert "User is not assigned to the course" in desk.outcomes()[2][2]
    assert desk.outcomes()[3][2] == "no session goes by 'Second aid'"
    shown = capsys.readouterr().out
    assert "e-mails        to up to 3 people" in shown
    assert "cannot be undone" in shown
    assert carry("sessions register") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["skipped", "skipped", "failed", "failed"]
    assert {each[1] for each in registered(desk)} == {"user.0@example.com", "user.1@example.com"}


def test_a_name_that_several_sessions_have(desk: Desk, carry: Carry) -> None:
    """It fails, and names them with their beginnings and ids."""
    ids = [add_session(desk, "First aid", 2098, course=number) for number in (0, 1)]
    desk.write("user,session", "user.0@example.com,First aid")
    assert carry("sessions register --dry-run") == 1
    assert desk.outcomes()[0][2] == (
        f"several sessions are called 'First aid': 2098-03-01 09:00 ({ids[0]}), 2098-03-01 09:00 ({ids[1]}); "
        "say the id"
    )


def test_a_roll_call(desk: Desk, carry: Carry) -> None:
    """Who is named has completed it, if nothing else is said; a score that is not named stays."""
    session_id = add_session(desk, "First aid", 2001)
    tenant = desk.sandbox.tenant
    for user_id in list(tenant.users)[:2]:
        tenant.training.register(session_id, user_id)
    tenant.training.mark(session_id, next(iter(tenant.users)), 77, completed=False)
    desk.write(
        "user,session,completed,score",
        "user.0@example.com,First aid,,",
        "user.1@example.com,First aid,no,40",
        "user.2@example.com,First aid,yes,",
        "user.1@example.com,Second aid,yes,",
    )
    assert carry("sessions roll-call --verify") == 1
    assert registered(desk) == {
        ("First aid", "user.0@example.com", True, 77),
        ("First aid", "user.1@example.com", False, 40),
    }
    assert [outcome[1:] for outcome in desk.outcomes()] == [
        ["done", ""],
        ["done", ""],
        ["failed", "not registered for the session"],
        ["failed", "no session goes by 'Second aid'"],
    ]
    assert carry("sessions roll-call") == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["skipped", "skipped", "failed", "failed"]


@pytest.mark.parametrize("command", ["register", "roll-call"])
def test_a_job_that_was_cut_off_goes_on(desk: Desk, carry: Carry, command: str) -> None:
    """What was under way is found by reading, and the next run sends nothing."""
    session_id = add_session(desk, "First aid", 2001)
    tenant = desk.sandbox.tenant
    if command == "roll-call":
        for user_id in list(tenant.users)[:2]:
            tenant.training.register(session_id, user_id)
    desk.write("user,session", "user.0@example.com,First aid", "user.1@example.com,First aid")
    words = f"sessions {command} --journal {desk.folder / 'session.db'}"
    desk.sandbox.faults.add(Fault(method="POST", drop=True, after=True, times=2))
    assert carry(words) == 0
    sent = changes(desk)
    if command == "register":
        assert sent == 2  # a repeat is not known to be safe
    assert carry(words) == 0
    assert changes(desk) == sent
    assert {each[1] for each in registered(desk)} == {"user.0@example.com", "user.1@example.com"}


def test_a_mark_that_says_nothing_says_yes(desk: Desk, carry: Carry) -> None:
    """So a line that says yes repeats it."""
    session_id = add_session(desk, "First aid", 2001)
    desk.sandbox.tenant.training.register(session_id, next(iter(desk.sandbox.tenant.users)))
    desk.write("user,session,completed", "user.0@example.com,First aid,", "user.0@example.com,First aid,yes")
    assert carry("sessions roll-call") == 0
    assert desk.outcomes()[1] == ["3", "skipped", "same as line 2"]
