"""Standard output on a full disk: a result that is lost is a failure, and a job that is done is done."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from cyclopts import App

from litmos_async import LitmosClient
from litmos_async.cli import check, init, options, probe
from litmos_async.cli.app import app, run
from litmos_async.cli.job_records import records
from litmos_async.sandbox import Sandbox
from litmos_async.testing import run_virtual
from tests.cli.small import ENDINGS, KEY, Broken, Ending, organisation

TEAMS = "Team Name,Parent Team Name,Parent Team Code,Description,Leaders,Admins"
SESSIONS = "course,session,date,start time,end time,instructor,location"
FILES = {
    "courses.csv": "user,course\nuser.0@example.com,C-1\n",
    "paths.csv": "user,learning path\nuser.0@example.com,Path\n",
    "teams.csv": "user,team\nuser.0@example.com,Team\n",
    "tree.csv": f"{TEAMS}\nTeam,,,,,\n",
    "people.csv": "user_name,first_name,last_name\nuser.0@example.com,Ada,Example\n",
    "users.csv": "user\nuser.2@example.com\n",
    "done.csv": "user,course,module\nuser.0@example.com,C-1,Theory\n",
    "sessions.csv": f"{SESSIONS}\nC-1,Later,2099-03-01,9:00,5:30 PM,user.2@example.com,Room 1\n",
    "seats.csv": "user,session\nuser.0@example.com,First aid\n",
}
"""For each kind of job a file of one line."""

JOBS = (
    "assign courses courses.csv --send-message no",
    "assign learning-paths paths.csv --send-message no",
    "assign teams teams.csv --send-message no",
    "remove courses courses.csv",
    "remove learning-paths paths.csv",
    "remove teams teams.csv",
    "sync team-tree tree.csv",
    "sync teams teams.csv --send-message no",
    "sync users people.csv",
    "import users people.csv --send-message no",
    "deactivate users.csv",
    "complete done.csv",
    "sessions create sessions.csv",
    "sessions register seats.csv",
    "sessions roll-call seats.csv",
)

RESULTS = (
    "check",
    "check --json",
    "courses list",
    "export users -o -",
    "export users -o - --dry-run",
    "export users -o users.jsonl",
    "init other --yes --region us --source tests --api-key-file key",
    "jobs list",
    "jobs list --json",
    "jobs remove JOB",
    "jobs show JOB",
    "jobs show JOB --json",
    "learning-paths list --csv",
    "lists",
    "lists --json",
    "login-link user.0@example.com",
    "probe probe.json",
    "quota",
    "quota --json",
    "report completion",
    "report completion --json",
    "report completion -o report.html",
    "schema users",
    "schema users --json",
    "sessions list",
    "teams list",
    "users list",
    "users list --json",
    "users show user.0@example.com",
    "users show user.0@example.com --json",
    "--help",
    "--version",
    "jobs --help",
)

ELSEWHERE = {
    "demo",  # over HTTP, see `test_streams_that_cannot_be_written`
    "jobs retry",  # a job as any other, see below
    "mcp",  # these two serve until someone ends them, which is all that their exit codes tell
    "sandbox",
}
"""Commands without a line above."""


class Screen(Broken):
    """A terminal that takes nothing: where none is, a credential is not written."""

    def isatty(self) -> bool:
        """Return that it is one."""
        return True


@pytest.fixture(autouse=True)
def sandbox(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sandbox:
    """Let the commands reach an organisation with something for each of them, in a folder with their files."""
    tenant = organisation()
    first, *_ = tenant.users
    course, *_ = tenant.courses
    tenant.assign_course(first, course)
    tenant.add_learning_path(course, Name="Path")
    tenant.add_team(Name="Team")
    tenant.training.add_location(Location="Room 1")
    module = tenant.training.add_module(course, Name="Workshop")["Id"]
    begins, ends = (datetime(2099, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
    days = [{"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}]
    session = tenant.training.add_session(course, module, Name="First aid", Days=days, Location="Room 1")
    tenant.training.register(session["Id"], first)
    tenant.add_module(course, Name="Theory")
    found = Sandbox(tenant, requests=10_000)

    def client(*words: Any, **given: Any) -> LitmosClient:
        transport = httpx.ASGITransport(app=found.app)
        return LitmosClient(*words, **given | {"transport": transport, "limiter": "memory://"})

    for module_of_client in (check, init, options, probe):
        monkeypatch.setattr(module_of_client, "LitmosClient", client)
    monkeypatch.setattr(asyncio, "run", run_virtual)
    monkeypatch.setenv("LITMOS_API_KEY", KEY)
    monkeypatch.setenv("LITMOS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text, "utf-8")
    Path("key").write_text(KEY, "utf-8")
    return found


def carry_out(
    words: str, ending: Ending | None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, bool]:
    """Carry out a command whose output is lost; return the exit code, and whether it says that it is.

    Args:
        words: The command.
        ending: Why; None where the process has no standard output.
        monkeypatch: Of pytest.
        capsys: Of pytest.
    """
    if "JOB" in words:
        assert run(["assign", "courses", "courses.csv", "--send-message", "no", "--resumable"]) == 0
        words = words.replace("JOB", records()[0].id)
    capsys.readouterr()
    stream = Screen if words.startswith("login-link") else Broken
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", None if ending is None else stream(ending))
        code = run(words.split())
    told = "cannot write to standard output: " + (
        "[Errno 9] Bad file descriptor" if ending is None else "[Errno 28] No space left"
    )
    shown = capsys.readouterr().err
    assert shown.count("cannot write to standard output") == shown.count(told) <= 1
    return code, told in shown


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("words", RESULTS)
def test_a_result_that_is_lost(
    words: str, ending: Ending, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is a failure and says so; a reader that had enough is none."""
    assert carry_out(words, ending, monkeypatch, capsys) == (ending.code, ending.code == 1)


@pytest.mark.parametrize("words", RESULTS)
def test_a_result_for_which_there_is_no_stream(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`litmos … >&-`: it is lost as on a full disk; a credential is refused beforehand, as no terminal is there."""
    code, told = carry_out(words, None, monkeypatch, capsys)
    assert (code, told) == ((2, False) if words.startswith("login-link") else (1, True))


@pytest.mark.parametrize("words", JOBS)
def test_a_job_without_a_stream(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its summary may be lost, its plan and its document may not."""
    assert carry_out(words, None, monkeypatch, capsys) == (0, False)
    assert carry_out(f"{words} --dry-run", None, monkeypatch, capsys)[1]
    assert carry_out(f"{words} --json", None, monkeypatch, capsys)[1]


@pytest.mark.parametrize("option", ["--dry-run", "--json"])
@pytest.mark.parametrize("words", JOBS)
def test_a_plan_that_is_lost(
    words: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A plan is a result, and so is the document that a program asked for."""
    assert carry_out(f"{words} {option}", ENDINGS[1], monkeypatch, capsys) == (1, True)


@pytest.mark.parametrize("words", [*JOBS, "jobs retry JOB"])
def test_a_summary_that_is_lost(
    words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The result of a job is in its outcomes: it need not be repeated because a log has no room for the rest."""
    assert carry_out(words, ENDINGS[1], monkeypatch, capsys) == (0, False)


def commands(parent: App = app, before: str = "") -> Iterator[str]:
    """Yield the words of each command."""
    for name in parent:
        if not name.startswith("-"):
            command = parent[name]
            words = f"{before}{name}"
            yield from commands(command, f"{words} ") if command.default_command is None else [words]


def test_every_command_is_here() -> None:
    """One that is new has to say what becomes of its result."""
    lines = [f"{words} " for words in (*RESULTS, *JOBS)]
    assert {
        each for each in commands() if not any(line.startswith(f"{each} ") for line in lines)
    } == ELSEWHERE
