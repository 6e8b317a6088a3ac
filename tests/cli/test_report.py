"""`litmos report`: pages, CSV and tables, limited by names, and what is refused."""

from __future__ import annotations

import csv
import json
import stat
import sys
from importlib import import_module
from pathlib import Path

import pytest

from litmos_async.cli.app import run
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import ENDINGS, Broken, Ending, organisation, reach


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the commands reach a small organisation, in which the first person has completed the first course."""
    found = Sandbox(organisation(), requests=10_000)
    reach(found, monkeypatch)
    monkeypatch.chdir(tmp_path)
    tenant = found.tenant
    for person in tenant.users:
        for course in tenant.courses:
            tenant.assign_course(person, course)
    first = next(iter(tenant.users))
    tenant.set_progress(first, next(iter(tenant.courses)), 100.0)
    team = tenant.add_team(Name="Küche")["Id"]
    tenant.join_team(team, first)
    return found


def rows(path: str) -> list[dict[str, str]]:
    """Return the rows of a CSV."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_csv(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """All rows, for their owner only, and no cell that a spreadsheet would run."""
    person = list(sandbox.tenant.users)[1]
    sandbox.tenant.change_user(person, FirstName="=cmd()")
    assert run(["report", "completion", "-o", "c.csv"]) == 0
    found = rows("c.csv")
    assert len(found) == 9
    assert {row["standing"] for row in found} == {"completed", "not started"}
    assert not [cell for row in found for cell in row.values() if cell.startswith("=")]
    assert stat.S_IMODE(Path("c.csv").stat().st_mode) == 0o600
    assert "9 rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "count"),
    [
        ("completion --course C-1", 3),
        ("completion --course C-1 --course Größe", 6),
        ("completion --team küche", 3),
        ("completion --team küche --course C-1", 1),
        ("not-started", 8),
        ("not-started --course C-1", 2),
        ("overdue", 0),
        ("teams", 1),
    ],
)
def test_limited(words: str, count: int, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """By courses and teams, which are said by code, name or id."""
    said = [word.replace("Größe", "Größe & Gewicht") for word in words.split()]
    assert run(["report", *said, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == count


@pytest.mark.costly
def test_page(sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One file; where the table is cut, a CSV of the same name holds all of it."""
    assert run(["report", "completion", "-o", "c.html"]) == 0
    assert not Path("c.csv").exists()
    assert "user.0@example.com" in Path("c.html").read_text("utf-8")
    for name in ("litmos_async.cli.report", "litmos_async.report.page"):
        monkeypatch.setattr(import_module(name), "LONGEST_TABLE", 4)
    assert run(["report", "completion", "-o", "c.html"]) == 0
    assert len(rows("c.csv")) == 9
    assert "all of them are in c.csv" in Path("c.html").read_text("utf-8")


def test_table(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """On the terminal, a table."""
    assert run(["report", "teams"]) == 0
    shown = capsys.readouterr()
    assert "Küche" in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("report teams --inactive", "no inactive members"),
        ("report overdue --inactive --team nowhere", "no inactive members"),
        ("report", "missing"),
        ("report everything", "everything"),
        ("report teams -o teams.pdf", "ends in .html or .csv"),
        ("report teams -o missing/teams.csv", "cannot write missing/teams.csv"),
        ("report teams -o t.csv --json", "leave --output out"),
        ("report teams --since 2026-01-01T00:00", "no time zone"),
    ],
)
def test_refused(words: str, said: str, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """One line, exit code 2, no request."""
    assert run(words.split()) == 2
    shown = capsys.readouterr().err
    assert said in shown
    assert shown.count("\n") == 1
    assert not sandbox.requests


def test_names_that_are_not_there(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """They are named, and nothing is written."""
    assert run(["report", "completion", "-o", "c.csv", "--course", "C-9"]) == 2
    assert "--course C-9" in capsys.readouterr().err
    assert run(["report", "completion", "-o", "c.csv", "--team", "Nowhere"]) == 2
    assert "--team Nowhere" in capsys.readouterr().err
    assert not Path("c.csv").exists()


def test_unreachable(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, and what was there before stays."""
    Path("c.csv").write_text("before", "utf-8")
    sandbox.faults.add(Fault(status=403, times=None))
    assert run(["report", "completion", "-o", "c.csv"]) == 1
    assert "403" in capsys.readouterr().err
    assert Path("c.csv").read_text("utf-8") == "before"


def test_a_full_disk(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1 with the system's words; what was there before stays."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    Path("c.csv").write_text("before", "utf-8")
    monkeypatch.setattr("litmos_async.cli.report.write_whole", full)
    assert run(["report", "completion", "-o", "c.csv"]) == 1
    assert "cannot write c.csv: No space left on device" in capsys.readouterr().err
    assert Path("c.csv").read_text("utf-8") == "before"


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("words", [[], ["--json"]])
def test_a_reader_that_goes_away(
    words: list[str],
    ending: Ending,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a result that is lost is a failure, and says so."""
    monkeypatch.setattr(sys, "stdout", Broken(ending))
    assert run(["report", "completion", *words]) == ending.code
    assert ("cannot write to standard output" in capsys.readouterr().err) is (ending.code == 1)


def test_quiet(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The result and nothing about it."""
    assert run(["report", "teams", "--quiet"]) == 0
    shown = capsys.readouterr()
    assert "Küche" in shown.out
    assert shown.err == ""
    assert run(["report", "teams", "-o", "t.csv", "--quiet"]) == 0
    assert capsys.readouterr() == ("", "")
    assert len(rows("t.csv")) == 1


def test_progress(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line now and then says what is used of the quota."""
    monkeypatch.setattr("litmos_async.cli.status_line._PLAIN_SECONDS", 0.0)
    assert run(["report", "completion", "-o", "c.csv"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert "Reading; 1/100 requests in 60 s" in told
