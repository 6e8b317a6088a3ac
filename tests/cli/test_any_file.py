"""Any file through every command: an exit code as documented, no traceback, no two accounts of one person."""

from __future__ import annotations

import contextlib
import csv
import io
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from litmos_async.bulk import Bulk
from litmos_async.cli.codes import FAILED, OK, USAGE
from litmos_async.cli.order import Order
from litmos_async.cli.people import IMPORT, ids_of, imported, look_up
from litmos_async.cli.reading import Reading
from litmos_async.cli.sync import PEOPLE, check_members, complete, member, person, teams_of
from litmos_async.cli.sync import look_up as look_managers_up
from litmos_async.cli.table import parse
from litmos_async.cli.tasks import COURSE, LEARNING_PATH, TEAM, USER, USER_NAME, Task
from litmos_async.sandbox import Sandbox
from litmos_async.testing import run_virtual
from tests.cli.small import Desk, organisation

QUIET = {"send_message": False}
BARS = {**QUIET, "deactivate": True, "max_removals": 1.0}

COMMANDS = {
    "assign courses": Task((USER, COURSE), Bulk.assign_courses_to_users, QUIET),
    "assign courses --teams": Task((TEAM, COURSE), Bulk.assign_courses_to_teams, QUIET),
    "assign learning-paths": Task((USER, LEARNING_PATH), Bulk.assign_learning_paths_to_users, QUIET),
    "assign teams": Task((USER, TEAM), Bulk.add_users_to_teams, QUIET),
    "remove courses": Task((USER, COURSE), Bulk.remove_courses_from_users),
    "remove teams": Task((USER, TEAM), Bulk.remove_users_from_teams),
    "deactivate": Task((USER,), Bulk.deactivate_users, {}, ids_of),
    "import users": Task(
        (USER_NAME,),
        Bulk.import_users,
        QUIET,
        IMPORT.read,
        imported,
        IMPORT.check,
        look_up,
        said=IMPORT.said,
    ),
    "sync users": Task(
        (USER_NAME,),
        Bulk.sync_users,
        QUIET,
        PEOPLE.read,
        person,
        PEOPLE.check,
        look_managers_up,
        said=PEOPLE.said,
    ),
    "sync users --deactivate": Task(
        (USER_NAME,),
        Bulk.sync_users,
        BARS,
        complete(PEOPLE.read),
        person,
        PEOPLE.check,
        look_managers_up,
        takes_away=True,
        said=PEOPLE.said,
    ),
    "sync teams": Task((USER, TEAM), Bulk.sync_team_members, QUIET, teams_of, member, check_members),
}
"""Every command that reads a file, as it is made on the command line."""

HEADERS = (
    *(
        "user",
        "user_name",
        "Email Address",
        "employee_id",
        "course",
        "Course Name",
        "team",
        "Team1",
        "learning path",
    ),
    *(
        "First Name",
        "Last Name",
        "Active",
        "Expiration Date",
        "Job Title",
        "Manager",
        "Full Name",
        "shoe size",
    ),
    *("LearningPath1", "Password", "line", "status", "", "us\u200ber"),
)

HIDDEN = "\u200b\u200d\u00ad\ufeff\u00a0\u2028\u202e\x00\x07\t\x85\u3164\u034f"

VALUES = st.one_of(
    st.sampled_from(
        [
            *(
                "",
                " ",
                "user.0@example.com",
                "USER.1@example.com",
                "user.2@example.com",
                "E-0",
                "e-1",
                "00123",
                "123",
            ),
            *("C-1", "c-1", "All about C-1", "North", "north", "Path 1", "1.23E+05", "123.0", "#N/A", "=1+1"),
            *(
                "yes",
                "nein",
                "perhaps",
                "2031-12-24",
                "03/04/2031",
                "46380",
                "weiß@example.com",
                "WEISS@EXAMPLE.COM",
            ),
            *("mu\u0308ller@example.com", "müller@example.com", "new@example.com", "done", "failed", "'=1"),
        ]
    ),
    st.builds(
        lambda text, hidden, place: text[:place] + hidden + text[place:],
        st.sampled_from(["user.0@example.com", "new@example.com", "C-1", "North", "E-0"]),
        st.sampled_from(HIDDEN),
        st.integers(0, 20),
    ),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12),
)


@st.composite
def tables(draw: st.DrawFn, command: str) -> bytes:
    """Return a table in one of the forms in which people write them, with what they make of it by accident."""
    needed = [draw(st.sampled_from(column.names[:3])) for column in COMMANDS[command].columns]
    if command.endswith("users"):
        needed += ["first_name", "last_name"]
    header = draw(st.sampled_from([needed, needed, needed, []]))
    header = [
        *header,
        *draw(st.lists(st.sampled_from(HEADERS), min_size=not header, max_size=3, unique=True)),
    ]
    rows = draw(st.lists(st.lists(VALUES, max_size=len(header) + 1), max_size=6))
    delimiter = draw(st.sampled_from([",", ";", "\t", "|"]))
    text = io.StringIO(newline="")
    text.write(draw(st.sampled_from(["", "sep=;\r\n", f"sep={delimiter}\r\n", "People of 2031\r\n\r\n"])))
    quoting = draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    end = draw(st.sampled_from(["\r\n", "\n", "\r"]))
    csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting).writerows([header, *rows])
    encoding = draw(
        st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252", "latin-1", "utf-32"])
    )
    data = bytearray(text.getvalue().encode(encoding, "replace"))
    for place, byte in draw(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=2)):
        if place < len(data):
            data[place] = byte
    return bytes(data)


READINGS = st.builds(
    Reading,
    encoding=st.sampled_from([*[None] * 12, "cp1252", "utf-16", "klingon"]),
    delimiter=st.sampled_from([*[None] * 12, ";", "tab", "xx"]),
    sheet=st.sampled_from([*[None] * 12, "1"]),
    map=st.sampled_from([*[()] * 12, ("shoe size=user",), ("user=",), ("nothing",)]),
    ignore_columns=st.sampled_from([True, True, False]),
    only_failed=st.sampled_from([*[False] * 8, True]),
)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return a folder for all of them."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def desk_with_people(folder: Path) -> Desk:
    """Return a small organisation in which names can be taken for others."""
    tenant = organisation()
    for number, user in enumerate(tenant.users.values()):
        user["ExternalEmployeeId"] = ("E-0", "E-1", "00123")[number]
    for name in ("weiß@example.com", "müller@example.com"):
        tenant.add_user(UserName=name, FirstName="Ada", LastName="Example")
    team = tenant.add_team(Name="North")
    tenant.join_team(team["Id"], next(iter(tenant.users)))
    tenant.add_learning_path(Name="Path 1")
    return Desk(folder, Sandbox(tenant, requests=100_000))


def seen(name: str) -> str:
    """Return what a person sees of a user name, whatever the client makes of it."""
    normal = unicodedata.normalize("NFC", name)
    return "".join(char for char in normal if unicodedata.category(char) not in {"Cc", "Cf"}).strip().lower()


def carry_out(command: str, data: bytes, reading: Reading, *, dry_run: bool, folder: Path) -> None:
    """Carry a command out on a file, and check what must hold whatever it is."""
    desk = desk_with_people(folder)
    tenant = desk.sandbox.tenant
    before = {user["UserName"] for user in tenant.users.values()}
    names = {user["Id"]: user["UserName"] for user in tenant.users.values()}
    desk.order = Order(COMMANDS[command], folder / "people.csv", dry_run=dry_run, reading=reading)
    desk.order.file.write_bytes(data)
    desk.order.outcomes_file.unlink(missing_ok=True)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_virtual(desk.run())  # an import asks how far it is, after seconds
    told = f"{command}: {out.getvalue()}{err.getvalue()}"
    assert code in {OK, FAILED, USAGE}, told
    assert "Traceback" not in told
    after = [user["UserName"] for user in tenant.users.values()]
    # Nobody has two accounts that only a machine tells apart, and nobody has become someone else.
    assert len(set(map(seen, after))) == len(after), (told, after)
    assert before <= set(after) or command.startswith("sync users"), told
    assert all(map(seen, after))
    if dry_run:
        assert after == list(names.values())
    if desk.order.outcomes_file.exists():
        # They can be read again.
        outcomes = parse(desk.order.outcomes_file.read_bytes(), COMMANDS[command].columns)
        place = outcomes.extra_columns.index("status")
        statuses = {line.extra[place] for line in outcomes.lines}
        assert code != OK or statuses <= {"done", "skipped", "planned"}, told


MANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("command", COMMANDS)
@MANY
@given(data=st.data(), reading=READINGS, dry_run=st.sampled_from([False, False, True]))
def test_any_table(
    command: str, data: st.DataObject, reading: Reading, *, dry_run: bool, folder: Path
) -> None:
    """Whatever stands in it, in whatever form."""
    carry_out(command, data.draw(tables(command)), reading, dry_run=dry_run, folder=folder)


@pytest.mark.parametrize("command", COMMANDS)
@MANY
@given(
    head=st.sampled_from(
        [b"", b"user,course,team,learning_path\n", b"user_name,first_name,last_name\n", b"PK\x03\x04"]
    ),
    data=st.binary(max_size=200),
)
def test_any_bytes(command: str, head: bytes, data: bytes, folder: Path) -> None:
    """They need be no table at all."""
    carry_out(command, head + data, Reading(), dry_run=False, folder=folder)
