"""What the account holds, for people, spreadsheets and programs."""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from litmos_async.cli import lists as listing
from litmos_async.cli.app import run
from litmos_async.cli.lists import as_table
from litmos_async.cli.terminal import Terminal
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import organisation, reach
from tests.support.generators import all_closed

NAMES = [f"user.{number}@example.com" for number in range(3)]


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """Let the commands reach a small organisation."""
    found = Sandbox(organisation(), requests=10_000)
    reach(found, monkeypatch)
    return found


def test_a_table(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Aligned, with ids that are whole; an empty list says so, and nothing steers the terminal."""
    sandbox.tenant.add_user(UserName="evil\x1b[2J\u202e" + "x" * 60, FirstName="A\nB")
    assert run(["users", "list"]) == 0
    title, *rows = capsys.readouterr().out.splitlines()
    assert title.split() == ["user", "name", "first", "name", "last", "name", "email", "active", "id"]
    ids = [row[title.rindex("id") :] for row in rows]
    assert sorted(ids) == sorted(sandbox.tenant.users)
    assert "\x1b" not in "".join(rows)
    assert "\u202e" not in "".join(rows)
    assert run(["teams", "list"]) == 0
    assert capsys.readouterr() == ("", "There are none\n")


async def test_a_table_of_many_rows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes after the first rows stands below them, and what has no value is left blank."""
    monkeypatch.setattr("litmos_async.cli.lists._FIRST", 2)

    async def rows() -> AsyncIterator[dict[str, object]]:
        for number in range(5):
            yield {"name": None if number == 3 else f"n{number}", "id": number}

    await as_table(rows(), ("name", "id"), Terminal())
    assert capsys.readouterr().out.splitlines() == [
        "name  id",
        *(f"n{n}    {n}" for n in range(3)),
        "      3",
        "n4    4",
    ]


def test_json(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """An array of records without credentials, and of nothing."""
    assert run(["users", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["user_name"] for row in rows] == NAMES
    assert run(["users", "list", "--json", "--search", "user.1"]) == 0
    assert [row["user_name"] for row in json.loads(capsys.readouterr().out)] == [NAMES[1]]
    assert run(["teams", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


def test_csv(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """All fields; what a spreadsheet would run has an apostrophe in front, numbers have none."""
    sandbox.tenant.add_course(Code="=1+1", Name="-5\x07")
    assert run(["courses", "list", "--csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out, newline="")))
    assert len(rows) == 4
    (odd,) = (row for row in rows if row["code"] == "'=1+1")
    assert odd["name"].startswith("'-5")
    assert "\x07" not in odd["name"]
    assert odd["active"] in {"true", "false"}
    assert run(["courses", "list", "--csv", "--json"]) == 2


def test_sessions_stand_beside_their_courses(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """To come and over; none is an empty array."""
    for words in (["sessions", "list", "--json"], ["sessions", "list", "--past", "--json"]):
        assert run(words) == 0
        assert json.loads(capsys.readouterr().out) == []
    assert [request.path.rpartition("/")[2] for request in sandbox.requests][:2] == ["future", "past"]


def test_a_person(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """By name, with what is known, and without a link that logs in."""
    user = next(iter(sandbox.tenant.users.values()))
    assert run(["users", "show", NAMES[0].upper()]) == 0
    shown = capsys.readouterr().out
    assert f"  id {' ' * 3}" in shown
    assert str(user["LoginKey"]) not in shown
    assert run(["users", "show", NAMES[0], "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["user_name"], "login_key" in found) == (NAMES[0], False)
    assert run(["users", "show", "none"]) == 1
    assert "no user goes by 'none'" in capsys.readouterr().err


def test_a_list_that_breaks_off(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, one line that names the host, and no document that a program could take for whole."""
    sandbox.faults.add(Fault(status=400, times=10))
    assert run(["users", "list", "--json"]) == 1
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert "host api.litmos.com, region us" in shown.err
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(shown.out)


@pytest.mark.parametrize(("problem", "code"), [(BrokenPipeError(), 0), (OSError(28, "No space left"), 1)])
@pytest.mark.parametrize("form", ["", " --json", " --csv", " --search more", " --search more --json"])
def test_a_reader_that_goes_away(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, problem: OSError, code: int, form: str
) -> None:
    """Nothing more is read for it; only a result that is lost is a failure."""
    for number in range(5_500):
        sandbox.tenant.add_user(UserName=f"more.{number}@example.com")

    class Stream(io.StringIO):
        """A pipe that is closed."""

        def flush(self) -> None:
            """Fail."""
            raise problem

    carry_out = listing.with_client

    async def and_look(account: Any, terminal: Any, work: Any) -> int:
        async def watched(litmos: Any) -> int:
            with all_closed():
                return await work(litmos)

        return await carry_out(account, terminal, watched)

    monkeypatch.setattr(listing, "with_client", and_look)
    monkeypatch.setattr(sys, "stdout", Stream())
    assert run(f"users list{form}".split()) == code
    # Of seven requests: the first, and what was asked for ahead while its rows were written.
    assert len(sandbox.requests) <= 3


def test_the_quota_for_programs(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """One document, and no request."""
    assert run(["quota", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["limit"], found["used"], [each["used"] for each in found["processes"]]) == (100, 0, [0])
    assert len(sandbox.requests) == 0
