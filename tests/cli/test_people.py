"""The commands about people as such."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import attrs
import pytest

from litmos_async.bulk import Bulk
from litmos_async.cli import options
from litmos_async.cli.app import run
from litmos_async.cli.flow import Order
from litmos_async.cli.people import IMPORT, ids_of, imported
from litmos_async.cli.tasks import USER, USER_NAME, Task
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.cli.small import Carry, Desk, organisation

IMPORTING = Task(
    (USER_NAME,), Bulk.import_users, {"send_message": False}, IMPORT.read, imported, IMPORT.check
)


def test_people_are_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """New people are created and others changed, in one import, and each line has its outcome."""

    async def main() -> Desk:
        desk = Desk(tmp_path, Sandbox(organisation(), requests=10_000))
        desk.write(
            "user_name,first_name,last_name,email,title,password",
            "new@example.com,Nora,Newman,new@example.com,,secret-1",
            "User.0@example.com,Ada,Example,,Analyst,",
            "user.0@EXAMPLE.com,Ada,Example,,Analyst,",
            "nobody@example.com,,Newman,,,",
        )
        desk.ask(task=IMPORTING)
        assert await desk.run() == 1
        return desk

    desk = run_virtual(main())
    statuses = [outcome[1] for outcome in desk.outcomes()]
    assert statuses == ["done", "done", "skipped", "failed"]
    people = {user["UserName"]: user for user in desk.sandbox.tenant.users.values()}
    assert people["new@example.com"]["FirstName"] == "Nora"
    assert people["user.0@example.com"]["JobTitle"] == "Analyst"
    assert [request.method for request in desk.sandbox.requests].count("POST") == 1
    shown = capsys.readouterr()
    assert "3, in column 'user_name'" in shown.out
    assert "message notifications" in shown.out
    assert "Reading" not in shown.err
    written = desk.order.outcomes_file.read_text("utf-8")
    assert "secret-1" not in shown.out + shown.err + written
    assert "password" not in written


def test_rows_that_are_refused(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """A dry run names them as the real one does, and sends nothing."""
    desk.write("user_name,first_name,last_name", "new@example.com,N,N", "nobody@example.com,N,")
    desk.ask(task=IMPORTING, dry_run=True)
    assert run_virtual(desk.run()) == 1
    assert "line 3 failed: UserImport needs last_name" in capsys.readouterr().out
    assert len(desk.sandbox.requests) == 0


async def test_an_unknown_column(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is named, before anything is sent."""
    desk.write("user_name,shoe size", "new@example.com,43")
    desk.ask(task=IMPORTING)
    assert await desk.run() == 2
    assert "columns that are unknown: 'shoe size'" in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0


async def test_people_are_deactivated(desk: Desk) -> None:
    """They cannot log in any more; who could not before is skipped."""
    desk.write("email", "user.0@example.com", "user.1@example.com", "nobody")
    desk.ask(task=Task((USER,), Bulk.deactivate_users, {"verify": True}, ids_of))
    for status in ("done", "skipped"):
        assert await desk.run() == 1
        assert [outcome[1] for outcome in desk.outcomes()] == [status, status, "failed"]
    assert [user["Active"] for user in desk.sandbox.tenant.users.values()] == [False, False, True]


@pytest.mark.parametrize("column", ["email", "Work Email", "E-Mail"])
@pytest.mark.parametrize("lines", [1, 3, 60])
def test_an_address_that_is_the_user_name_of_another_person(
    desk: Desk, carry: Carry, column: str, lines: int
) -> None:
    """The line fails and names both; neither is deactivated."""
    tenant = desk.sandbox.tenant
    tenant.add_user(UserName="ann@example.com", Email="ann.new@example.com", FirstName="A", LastName="E")
    tenant.add_user(UserName="ann.corp", Email="ann@example.com", FirstName="A", LastName="E")
    desk.write(column, "ann@example.com", *(f"user.{number}@example.com" for number in range(lines - 1)))
    assert carry("deactivate") == 1
    ((_, status, reason), *_) = desk.outcomes()
    assert (status, reason) == (
        "failed",
        "2 users have the user name or the e-mail address 'ann@example.com': 'ann.corp', 'ann@example.com'",
    )
    assert {user["UserName"] for user in tenant.users.values() if user["Active"]} >= {
        "ann@example.com",
        "ann.corp",
    }
    desk.write("user_name", "ann@example.com")
    assert carry("deactivate") == 0


@pytest.mark.parametrize(
    ("words", "helper", "said"),
    [
        (
            "import users --send-message yes --skip-first-login --stop-after 9",
            Bulk.import_users,
            {"send_message": True, "skip_first_login": True, "stop_after_failures": 9},
        ),
        (
            "deactivate",
            Bulk.deactivate_users,
            {"remove_from_teams": False, "verify": False, "stop_after_failures": None},
        ),
        (
            "deactivate --remove-from-teams --verify --journal night.db",
            Bulk.deactivate_users,
            {
                "remove_from_teams": True,
                "verify": True,
                "stop_after_failures": None,
                "journal": Path("night.db"),
            },
        ),
    ],
)
def test_the_command_lines(
    monkeypatch: pytest.MonkeyPatch, words: str, helper: object, said: dict[str, object]
) -> None:
    """Each command starts its helper and passes on what was said."""
    orders: list[Order] = []

    async def note(order: Order, *_: object) -> int:
        orders.append(order)
        return 0

    monkeypatch.setattr(options, "carry_out", note)
    assert run([*words.split(), "people.csv"]) == 0
    assert orders[0].task.helper is helper
    assert orders[0].task.options == said


@pytest.mark.parametrize("words", ["import users people.csv", "deactivate people.csv --skip-existing"])
def test_what_cannot_be_said(words: str) -> None:
    """An import needs to know about e-mails, and whether somebody is inactive is read anyway."""
    assert run(words.split()) == 2


def test_deactivations_go_on_where_they_were(desk: Desk, carry: Carry) -> None:
    """What a journal calls done is not sent again, and `jobs show` tells what is left."""
    journal = desk.folder / "night.db"
    barred = f"deactivate --journal {journal}"
    desk.write("user", "user.0@example.com", "user.1@example.com")
    users = list(desk.sandbox.tenant.users)
    desk.sandbox.faults.add(Fault(method="PUT", path=f"/users/{users[1]}", status=404))
    assert (carry(barred), run(["jobs", "show", str(journal)])) == (1, 1)
    assert (carry(barred), run(["jobs", "show", str(journal)])) == (0, 0)
    writes = Counter(request.path for request in desk.sandbox.requests if request.method == "PUT")
    assert writes == {f"/users/{users[0]}": 1, f"/users/{users[1]}": 2}


def test_an_import_goes_on_where_it_was(desk: Desk) -> None:
    """Run again with its journal, it hands nothing in a second time."""
    journal = desk.folder / "night.db"
    desk.write("user_name,first_name,last_name", "new@example.com,N,N")
    desk.ask(task=attrs.evolve(IMPORTING, options={**IMPORTING.options, "journal": journal}))
    assert [run_virtual(desk.run()) for _ in range(2)] == [0, 0]
    assert len(desk.sandbox.tenant.imports) == 1
    assert run(["jobs", "show", str(journal)]) == 0
    assert b"new@example.com" not in journal.read_bytes()
