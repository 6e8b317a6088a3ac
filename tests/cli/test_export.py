"""`litmos lists`, `litmos schema`, `litmos export`: what is said, what is written, and the exit code."""

from __future__ import annotations

import csv
import io
import json
import signal
import sys
from pathlib import Path

import pytest

from litmos_async.cli.app import run
from litmos_async.resources.base import ListOptions
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import ENDINGS, Broken, Ending, organisation, reach
from tests.support.disk import files_end_at


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the commands reach a small organisation, in a folder of their own."""
    found = Sandbox(organisation(), requests=10_000)
    reach(found, monkeypatch)
    monkeypatch.chdir(tmp_path)
    tenant = found.tenant
    for person in tenant.users:
        tenant.assign_course(person, next(iter(tenant.courses)))
    team = tenant.add_team(Name="Küche")["Id"]
    tenant.join_team(team, next(iter(tenant.users)))
    return found


def test_lists(capsys: pytest.CaptureFixture[str]) -> None:
    """Each has a line with what `since` takes; as JSON with its key and its operations."""
    assert run(["lists"]) == 0
    text = capsys.readouterr().out
    assert "user_details" in text
    assert "created since" in text
    assert "for each team" in text
    assert run(["lists", "--json"]) == 0
    plain = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert plain["course_results"]["since_required"] is True
    assert plain["team_members"]["where"] == ["team_id"]
    assert plain["results"]["operations"] == ["results.list_details"]


def test_schema(capsys: pytest.CaptureFixture[str]) -> None:
    """The columns with their types; as JSON a JSON Schema. A wrong name gets a hint."""
    assert run(["schema", "results"]) == 0
    assert "percentage_complete" in capsys.readouterr().out
    assert run(["schema", "users", "--json"]) == 0
    assert "user_name" in json.loads(capsys.readouterr().out)["properties"]
    assert run(["schema", "user"]) == 2
    assert "did you mean users" in capsys.readouterr().err


def test_export(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A file, its manifest, and a line that says how much."""
    assert run(["export", "users", "-o", "out/users.csv"]) == 0
    shown = capsys.readouterr().out
    assert "Complete" in shown
    assert "3 rows" in shown
    assert json.loads(Path("out/users.csv.manifest.json").read_text("utf-8"))["complete"] is True
    with Path("out/users.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3
    assert (
        run(["export", "users", "courses", "-o", "w/", "--format", "parquet", "--state", "n.db", "--quiet"])
        == 0
    )
    assert capsys.readouterr().out == ""
    assert sorted(each.name for each in Path("w").iterdir()) == ["_manifest.json", "courses", "users"]


def test_standard_output(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON Lines, CSV with one head, and a table for people."""
    assert run(["export", "users", "-o", "-"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["user_name"] for row in rows] == [f"user.{number}@example.com" for number in range(3)]
    assert run(["export", "users", "-o", "-", "--format", "csv", "--columns", "id,user_name"]) == 0
    found = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [list(row) for row in found] == [["id", "user_name"]] * 3
    assert run(["export", "users", "--format", "table"]) == 0
    title, *lines = capsys.readouterr().out.splitlines()
    assert "user name" in title
    assert len(lines) == 3


def test_where(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """By the name of a team, the code of a course, or an id."""
    assert run(["export", "team_members", "-o", "-", "--where", "team=küche"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
    assert run(["export", "assignments", "-o", "-", "--where", "course=C-1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    course = next(iter(sandbox.tenant.courses))
    assert run(["export", "assignments", "-o", "-", "--where", f"course_id={course}"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3


def test_dry_run(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what would be asked for and what others get of the limit; nothing is sent or written."""
    assert (
        run(["export", "users", "results", "-o", "w/", "--since", "7d", "--state", "n.db", "--dry-run"]) == 0
    )
    shown = capsys.readouterr().out
    assert "all of it" in shown
    assert "UTC on" in shown
    assert "reserved for other calls" in shown
    assert not sandbox.requests
    assert list(Path().iterdir()) == [] or {each.name for each in Path().iterdir()} <= {"state"}


def test_all_of(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A file says everything; its paths begin at its folder."""
    Path("jobs").mkdir()
    Path("jobs/nightly.toml").write_text(
        'lists = ["users", "results"]\noutput = "w/"\nstate = "night.db"\nformat = "jsonl"\nfull-every = "3d"\n',
        "utf-8",
    )
    assert run(["export", "--all-of", "jobs/nightly.toml"]) == 0
    assert Path("jobs/w/_manifest.json").exists()
    assert Path("jobs/night.db").exists()
    sandbox.tenant.add_user(UserName="new@example.com", FirstName="A", LastName="B")
    assert run(["export", "--all-of", "jobs/nightly.toml"]) == 0
    capsys.readouterr()
    assert run(["export", "--merge", "jobs/w/users", "-o", "users.jsonl"]) == 0
    assert "4 rows" in capsys.readouterr().out
    assert len(Path("users.jsonl").read_text("utf-8").splitlines()) == 4


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("export", "name a list"),
        ("export users", "give the destination"),
        ("export user -o w/", "did you mean users"),
        ("export users -o w/ --columns id,nmae", "no column 'nmae'"),
        ("export users -o w/ --since 7d", "has no since"),
        ("export results -o w/ --since 2026-01-01T00:00", "has no time zone"),
        ("export results -o w/ --since yesterday", "is not a time"),
        ("export logins -o w/ --since 2026-01-01 --to 9999-12-31T23:59-12:00", "outside the years 1 to 9999"),
        ("export results -o w/ --since 0001-01-01T00:00+14:00", "outside the years 1 to 9999"),
        ("export results -o w/ --overlap 1", "time span"),
        ("export logins -o w/", "needs since"),
        ("export logins -o -", "needs since"),
        ("export users -o w/ --where team", "course=SAFE-1"),
        ("export users -o w/ --where team=x", "by nothing, not by team"),
        ("export team_members -o - --where team=Küche --where team=x", "once for each column"),
        ("export team_members -o - --where team=Küche --where team_id=x", "once for each column"),
        ("export team_members -o - --where course=x", "by team, not by course"),
        ("export users courses -o -", "one list at a time"),
        ("export users -o - --format parquet", "needs a file"),
        ("export users -o - --state n.db", "standard output"),
        ("export users -o w.csv --format table", "standard output"),
        ("export users -o w.csv --format jsonl", "says csv"),
        ("export --all-of missing.toml", "cannot use missing.toml"),
        ("export users --all-of x.toml", "gives the lists and options"),
        ("export --merge w -o x.csv", "no files of one export"),
        ("export --merge w", "--output"),
        ("export users -o s3://bucket?colour=red", "s3://bucket"),
        ("export users -o w/ --format xlsx", "xlsx"),
    ],
)
def test_refused(words: str, said: str, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """One line and exit code 2, before a request is spent."""
    assert run(words.split()) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.err.count("\n") == 1
    assert shown.out == ""
    assert not sandbox.requests


@pytest.mark.parametrize(
    "text",
    [
        "lists = [3]",
        'lists = ["team_members"]\noutput = "-"\nwhere = { team = 1 }',
        "lists = 3",
        'lists = ["users"]',
        'output = "w/"',
        'lists = ["users"]\noutput = "w/"\nspeed = 9',
        "[",
    ],
)
def test_nightly_files_that_make_no_sense(
    text: str, sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is named, in one line."""
    Path("n.toml").write_text(text, "utf-8")
    assert run(["export", "--all-of", "n.toml"]) == 2
    shown = capsys.readouterr().err
    assert "n.toml" in shown
    assert shown.count("\n") == 1


def test_a_name_that_is_not_there(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """A team of that name does not exist: one line, exit code 2, nothing written."""
    assert run(["export", "team_members", "-o", "m.csv", "--where", "team=Nowhere"]) == 2
    assert "--where team=Nowhere" in capsys.readouterr().err
    assert not Path("m.csv").exists()


def test_incomplete(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, the list and the reason, and how to go on; the same command then does."""
    fault = sandbox.faults.add(Fault(path="/courses", status=403, times=None))
    words = ["export", "users", "courses", "-o", "w/"]
    assert run(words) == 1
    shown = capsys.readouterr()
    assert "courses is not complete" in shown.err
    assert "403" in shown.err
    assert "to resume" in shown.err
    assert json.loads(Path("w/_manifest.json").read_text("utf-8"))["complete"] is False
    fault.times = 0
    assert run(words) == 0
    assert json.loads(Path("w/_manifest.json").read_text("utf-8"))["complete"] is True
    fault.times = None
    assert run(["export", "courses", "-o", "-"]) == 1


def test_full_disk(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with the system's words; with room again the same command goes on."""
    for person in sandbox.tenant.users:
        sandbox.tenant.change_user(person, Email="x" * 100_000)
    with files_end_at(200_000):
        assert run(["export", "users", "-o", "users.csv"]) == 1
    shown = capsys.readouterr().err
    assert "users is not complete: " in shown
    assert "File too large" in shown
    assert not Path("users.csv").exists()
    assert run(["export", "users", "-o", "users.csv"]) == 0
    csv.field_size_limit(200_000)
    with Path("users.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("format", ["jsonl", "csv", "table"])
def test_a_reader_that_goes_away(
    format: str,
    ending: Ending,
    sandbox: Sandbox,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nothing more is read for it; only a result that is lost is a failure, and says so."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=50))
    for number in range(500):
        sandbox.tenant.add_user(UserName=f"more.{number}@example.com")
    monkeypatch.setattr(sys, "stdout", Broken(ending))
    assert run(["export", "users", "-o", "-", "--format", format]) == ending.code
    assert ("cannot write to standard output" in capsys.readouterr().err) is (ending.code == 1)
    assert len(sandbox.requests) < 10


def test_interrupted(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C ends with its exit code, and says that the same command goes on, which standard output does not."""
    monkeypatch.setattr("litmos_async.export.export.OPTIONS", ListOptions(page_size=1))
    for output in ("users.csv", "-"):
        sent = len(sandbox.requests)

        def latency(sent: int = sent) -> float:
            if len(sandbox.requests) - sent < 3:
                return 0.0
            signal.raise_signal(signal.SIGINT)
            return 3600.0

        sandbox._latency = latency
        signal.signal(signal.SIGINT, signal.default_int_handler)
        assert run(["export", "users", "-o", output]) == 130
        assert ("to resume" in capsys.readouterr().out) is (output != "-")
    sandbox._latency = None
    assert run(["export", "users", "-o", "users.csv"]) == 0
    with Path("users.csv").open(encoding="utf-8", newline="") as file:
        assert len(list(csv.DictReader(file))) == 3


def test_progress(
    sandbox: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line now and then says how far it is: lists, rows, requests, and what is used of the quota."""
    monkeypatch.setattr("litmos_async.cli.status_line._PLAIN_SECONDS", 0.0)
    assert run(["export", "users", "courses", "-o", "w/"]) == 0
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("Beginning; ")
    assert "2/2 lists done, 6 rows, 4 requests, 4/100 requests in 60 s" in told
    assert run(["export", "users", "-o", "w2/", "--quiet"]) == 0
    assert capsys.readouterr().err == ""


def test_dry_run_of_standard_output(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """The requests that the list takes, and where it would go; none is sent."""
    assert run(["export", "team_members", "-o", "-", "--where", "team=Küche", "--dry-run"]) == 0
    shown = capsys.readouterr().out
    assert "for each team" in shown
    assert "standard output" in shown
    assert not sandbox.requests


def test_all_of_to_standard_output(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Columns and filters stand in the file as lists and tables."""
    Path("n.toml").write_text(
        'lists = ["team_members"]\noutput = "-"\ncolumns = ["id", "team_id"]\nwhere = { team = "küche" }\n',
        "utf-8",
    )
    assert run(["export", "--all-of", "n.toml"]) == 0
    (row,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert list(row) == ["id", "team_id"]


def test_merge_into_a_folder_that_is_not_there(sandbox: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 with the system's words."""
    assert run(["export", "users", "-o", "w/", "--state", "n.db"]) == 0
    capsys.readouterr()
    assert run(["export", "--merge", "w", "-o", "missing/users.jsonl"]) == 1
    assert capsys.readouterr().err.startswith(
        "litmos: cannot merge w into missing/users.jsonl: [Errno 2] No such file or directory: "
    )
