"""`litmos jobs`: the jobs that were kept, and what can be done with them."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from litmos_async.cli import options
from litmos_async.cli.app import run
from litmos_async.cli.flow import carry_out
from litmos_async.cli.job_records import JobRecord, in_use, records
from litmos_async.sandbox import Fault
from tests.cli.small import KEY, Carry, Desk

WORDS = "assign courses --send-message no --resumable"


@pytest.fixture
def live(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Let commands work at the sandbox with their own files."""

    async def at_the_desk(order: Any, _: Any, terminal: Any) -> int:
        desk.order = order
        return await carry_out(order, desk.connect, terminal)

    monkeypatch.setattr(options, "carry_out", at_the_desk)
    monkeypatch.chdir(desk.folder)
    return desk


def listed(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what `jobs list` tells programs."""
    capsys.readouterr()
    assert run(["jobs", "list", "--json"]) == 0
    return list(json.loads(capsys.readouterr().out))


def test_a_job_that_is_gone_on_with(live: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """What failed is tried again, from anywhere, and what is done is not sent twice."""
    live.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
    live.sandbox.faults.add(Fault(method="POST", nth=2, status=400))
    assert run([*WORDS.split(), "people.csv"]) == 1
    (job,) = listed(capsys)
    assert (job["code"], job["left"], job["items"], job["finished"], job["running"]) == (
        1,
        1,
        3,
        False,
        False,
    )
    assert job["words"] == [*WORDS.split(), "people.csv"]
    assert run(["jobs", "show", job["id"][:12]]) == 1
    assert "for the next run  1" in capsys.readouterr().out
    assert run(["jobs", "remove", job["id"]]) == 2
    assert "is not finished" in capsys.readouterr().err
    (live.folder / "elsewhere").mkdir()
    monkeypatch.chdir(live.folder / "elsewhere")
    live.sandbox.requests.clear()
    assert run(["jobs", "retry", job["id"]]) == 0
    assert [request.method for request in live.sandbox.requests if request.method != "GET"] == ["POST"]
    assert len(live.assigned()) == 3
    (again,) = listed(capsys)
    assert (again["id"], again["code"], again["finished"]) == (job["id"], 0, True)
    assert again["began"] == job["began"] < again["ended"]


def test_what_is_kept_is_its_owners_alone(live: Desk) -> None:
    """The journal, the record and their folder."""
    live.write("user,course", "user.0@example.com,C-1")
    assert run([*WORDS.split(), "people.csv"]) == 0
    folder = live.folder / "state" / "litmos-async" / "jobs"
    if sys.platform != "win32":
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert "user.0" not in "".join(path.read_text("latin-1") for path in folder.iterdir())


def test_a_journal_elsewhere(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It is listed, too; a dry run and a job without a journal are not."""
    live.write("user,course", "user.0@example.com,C-1")
    words = ["assign", "courses", "--send-message", "no", "people.csv"]
    for more in (
        [],
        ["--dry-run", "--journal", "dry.db"],
        ["--journal", "night.db"],
        ["--journal", "night.db"],
    ):
        assert run([*words, *more]) == 0
    (job,) = listed(capsys)
    assert job["journal"] == str(live.folder / "night.db")
    assert run(["jobs", "list"]) == 0
    assert f"assign courses {live.folder / 'people.csv'}: finished" in capsys.readouterr().out
    assert run(["jobs", "show", "night.db", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["done"] == 1


def test_taking_jobs_away(live: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    """Old ones that are finished go, with journals and outcomes; the others stay."""
    live.write("user,course", "user.0@example.com,C-1")
    assert run([*WORDS.split(), "people.csv"]) == 0
    (live.folder / "other.csv").write_text("user,course\nuser.1@example.com,C-1\nnone,C-1\n")
    assert run([*WORDS.split(), "other.csv"]) == 1
    folder = live.folder / "state" / "litmos-async" / "jobs"
    assert run(["jobs", "remove", "--older-than", "90d"]) == 0
    assert len(listed(capsys)) == 2
    for each in records():
        old = {**json.loads((folder / f"{each.id}.json").read_text()), "ended": 1.0}
        (folder / f"{each.id}.json").write_text(json.dumps(old))
    assert run(["jobs", "remove", "--older-than", "90d"]) == 0
    assert "2 jobs removed" in capsys.readouterr().out
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in live.folder.glob("*.csv")) == ["other.csv", "people.csv"]


def test_outcomes_that_are_another_jobs(live: Desk) -> None:
    """They stay, for that job has written over them."""
    live.write("user,course", "user.0@example.com,C-1")
    for _ in range(2):
        assert run([*WORDS.split(), "people.csv"]) == 0
    first, second = records()
    assert run(["jobs", "remove", first.id]) == 0
    assert (live.folder / "people.outcomes.csv").exists()
    assert not Path(first.journal).exists()
    assert run(["jobs", "remove", second.id, "--yes"]) == 0
    assert not (live.folder / "people.outcomes.csv").exists()


def test_a_journal_that_is_gone(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The job is still listed, with what is known of it, and it can be taken away."""
    live.write("user,course", "user.0@example.com,C-1")
    assert run([*WORDS.split(), "people.csv"]) == 0
    (record,) = records()
    Path(record.journal).unlink()
    (job,) = listed(capsys)
    assert (job["items"], job["left"], job["finished"]) == (None, None, True)
    assert run(["jobs", "list"]) == 0
    assert capsys.readouterr().out.endswith("people.csv: its journal is gone\n")
    assert run(["jobs", "remove", record.id]) == 0
    assert records() == []


@pytest.mark.parametrize("named", [["--resumable"], ["--journal", "night.db"]])
def test_a_job_whose_journal_is_gone_is_not_sent_again(
    live: Desk, named: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """What it has sent is known no more: one line says so, and nothing is sent."""
    live.write("user,course", "user.0@example.com,C-1", "nobody,C-1")
    assert run(["assign", "courses", "--send-message", "no", "people.csv", *named]) == 1
    (record,) = records()
    Path(record.journal).unlink()
    live.sandbox.requests.clear()
    capsys.readouterr()
    assert run(["jobs", "retry", record.id]) == 2
    shown = capsys.readouterr()
    assert shown.err.count("\n") == 1
    assert f"the journal of job {record.id} is gone" in shown.err
    assert str(live.order.outcomes_file) in shown.err
    assert (shown.out, len(live.sandbox.requests)) == ("", 0)
    assert not Path(record.journal).exists()


def test_a_job_that_ended_before_it_had_a_journal(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It has sent nothing, says so, and can be tried again: the key was wrong."""
    live.write("user,course", "user.0@example.com,C-1")
    live.key = "wrong"
    assert run([*WORDS.split(), "people.csv"]) == 1
    (record,) = records()
    assert run(["jobs", "list"]) == 0
    assert capsys.readouterr().out.endswith("people.csv: nothing was sent\n")
    live.key = KEY
    assert run(["jobs", "retry", record.id]) == 0
    assert len(live.assigned()) == 1
    (job,) = listed(capsys)
    assert (job["id"], job["finished"], job["left"]) == (record.id, True, 0)


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("place", ["a file", "below a file", "a folder that takes none", "not to be entered"])
def test_a_state_folder_that_cannot_be_made(
    live: Desk, place: str, dry_run: bool, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line says so before anything is sent; a dry run needs none, and makes none."""
    live.write("user,course", "user.0@example.com,C-1")
    folder = live.folder / "there"
    folder.touch()
    if place == "a folder that takes none":
        monkeypatch.setattr(Path, "mkdir", raising(PermissionError(13, "Permission denied")))
    elif place == "not to be entered":
        # Path.exists() raises this error, unlike those that say that nothing is there.
        monkeypatch.setattr(Path, "exists", raising(PermissionError(13, "Permission denied"), below=folder))
    monkeypatch.setenv("XDG_STATE_HOME", str(folder / "below" if place == "below a file" else folder))
    words = [*WORDS.split(), "people.csv", *(["--dry-run"] if dry_run else [])]
    assert run(words) == (2 if not dry_run or place == "not to be entered" else 0)
    shown = capsys.readouterr()
    if not dry_run:
        assert shown.err.count("\n") == 1
        assert len(live.sandbox.requests) == 0
    if not dry_run and place != "not to be entered":
        assert f"cannot make the folder {folder}" in shown.err
    assert live.assigned() == set()
    assert run(["jobs", "list"]) == 0


def raising(problem: OSError, below: Path | None = None) -> Any:
    """Return a stand-in for a method of paths that raises; only below a folder if one is named."""
    before = Path.exists

    def method(path: Path, *_: Any, **__: Any) -> Any:
        if below is None or path.is_relative_to(below):
            raise problem
        return before(path)

    return method


def test_a_dry_run_makes_no_state_folder(live: Desk) -> None:
    """Nothing is kept of it."""
    live.write("user,course", "user.0@example.com,C-1")
    assert run([*WORDS.split(), "people.csv", "--dry-run"]) == 0
    assert not (live.folder / "state" / "litmos-async" / "jobs").exists()


def test_no_jobs(capsys: pytest.CaptureFixture[str]) -> None:
    """What would keep one is said."""
    assert run(["jobs", "list"]) == 0
    assert capsys.readouterr().out == "There are no jobs: --journal or --resumable keeps one\n"
    assert listed(capsys) == []


def test_a_file_of_a_job_that_cannot_be_removed(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Its job stays and can be named again; the other ones go."""
    for name in ("people.csv", "other.csv"):
        (live.folder / name).write_text("user,course\nuser.0@example.com,C-1\n")
        assert run([*WORDS.split(), name]) == 0
    stays, goes = records()
    outcomes = Path(stays.outcomes)
    outcomes.unlink()
    outcomes.mkdir()
    assert run(["jobs", "remove", stays.id, goes.id]) == 1
    shown = capsys.readouterr()
    assert f"cannot remove job {stays.id}: " in shown.err
    assert "1 job removed" in shown.out
    assert [record.id for record in records()] == [stays.id]


def test_a_job_whose_files_are_gone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its record alone is left, and is taken away."""
    files = [str(tmp_path / name) for name in ("people.csv", "job.db", "outcomes.csv")]
    JobRecord("ab", ["assign"], str(tmp_path), *files, began=1.0).save()
    assert run(["jobs", "remove", "ab", "--yes"]) == 0
    assert capsys.readouterr().out == "1 job removed\n"
    assert records() == []


@pytest.mark.parametrize("named", [["--journal", "night"], ["--journal=night"]])
def test_going_on_with_a_journal_of_its_own(
    live: Desk, named: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is the same file from any folder; without an end to its name it is found where it is."""
    live.write("user,course", "user.0@example.com,C-1", "user.1@example.com,C-1")
    live.sandbox.faults.add(Fault(method="POST", nth=2, status=400))
    assert run(["assign", "courses", "--send-message", "no", "people.csv", *named]) == 1
    (job,) = listed(capsys)
    assert run(["jobs", "show", "night", "--json"]) == 1
    shown = json.loads(capsys.readouterr().out)
    assert (shown["job"], shown["journal"], shown["left"]) == (None, "night", 1)
    (live.folder / "elsewhere").mkdir()
    monkeypatch.chdir(live.folder / "elsewhere")
    assert run(["jobs", "retry", job["id"]]) == 0
    assert len(live.assigned()) == 2
    assert [record.journal for record in records()] == [str(live.folder / "night")]
    assert list((live.folder / "elsewhere").iterdir()) == []


def test_a_job_at_work(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """It cannot be taken away."""
    live.write("user,course", "user.0@example.com,C-1")
    assert run([*WORDS.split(), "people.csv"]) == 0
    (record,) = records()
    lock = sqlite3.connect(f"{record.journal}-lock", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")
    assert in_use(Path(record.journal))
    assert run(["jobs", "remove", record.id]) == 1
    assert "is running" in capsys.readouterr().err
    assert run(["jobs", "list"]) == 0
    assert "at work, 0 of 1 left" in capsys.readouterr().out
    lock.close()
    assert not in_use(Path(record.journal))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["jobs", "show", "none"], "there is no job 'none'"),
        (["jobs", "retry", "none"], "there is no job 'none'"),
        (["jobs", "remove"], "name a job, or use --older-than 90d"),
        (["jobs", "remove", "--older-than", "soon"], "such as 12h, 90d or 4w"),
        (["jobs", "retry", "a"], "several jobs begin with 'a'"),
        (["jobs", "retry", "ab"], "read standard input"),
        (["jobs", "retry", "ac"], "cannot go to /none"),
    ],
)
def test_what_cannot_be_done(
    words: list[str], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line, and exit code 2."""
    folder = tmp_path / "state" / "litmos-async" / "jobs"
    folder.mkdir(parents=True)
    for id, file in (("ab", ""), ("ac", "/none/x.csv")):
        JobRecord(id, ["assign"], "/none", file, "/none/j.db", "/none/o.csv", 1.0).save()
    (folder / "broken.json").write_text("{")
    assert run(words) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.err.count("\n") == 1


def test_for_programs(live: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One document on standard output, whatever happens; all else on standard error."""
    live.write("user,course", "user.0@example.com,C-1", "none,C-1")
    words = ["assign", "courses", "--send-message", "no", "people.csv", "--json"]
    assert run([*words, "--dry-run"]) == 1
    planned = json.loads(capsys.readouterr().out)
    assert planned["plan"]["lines"] == [{"line": 2, "user": "user.0@example.com", "course": "C-1"}]
    assert (planned["ended"], planned["lines"]) == ("planned", {"planned": 1, "failed": 1})
    assert run(words) == 1
    shown = capsys.readouterr()
    done = json.loads(shown.out)
    assert (done["ended"], done["lines"], done["reason"]) == ("finished", {"done": 1, "failed": 1}, "")
    assert done["requests"] == {"changes": 1, "reads": 0, "rejected": 0}
    assert done["outcomes"] == "people.outcomes.csv"
    assert "Plan for people.csv" in shown.err
    live.key = "wrong"
    assert run([*words, "--log-format", "json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["ended"] == "stopped"
    logged = [json.loads(line) for line in shown.err.splitlines()]
    assert any(each["level"] == "error" and each["message"].startswith("401: ") for each in logged)


def everything(ours: int) -> str:
    """Return all that was written to a pseudo-terminal whose other end is closed; a read gives a part of it."""
    parts = list[bytes]()
    with suppress(OSError):  # Linux: the other end is closed
        while part := os.read(ours, 65_536):
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode(errors="replace")


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo-terminal of POSIX")
@pytest.mark.parametrize(
    ("answer", "more", "code"),
    [("y\n", "", 0), ("n\n", "", 1), ("\n", "", 1), ("", "--yes", 0), ("", "3", 0)],
)
@pytest.mark.parametrize("setting", ["TERM=xterm", "TERM=dumb", "TTY_INTERACTIVE=0", "NO_COLOR=1"])
def test_a_person_is_asked(
    live: Desk, monkeypatch: pytest.MonkeyPatch, answer: str, more: str, code: int, *, setting: str
) -> None:
    """Before much is changed, on whatever terminal; a no changes nothing."""
    import pty  # noqa: PLC0415 - not on Windows

    live.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
    monkeypatch.setenv(*setting.split("="))
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    limit = more if more.isdigit() else "2"
    words = ["assign", "courses", "--send-message", "no", "people.csv", "--confirm-above", limit]
    with open(theirs, encoding="utf-8") as keys, open(os.dup(theirs), "w", encoding="utf-8") as screen:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", keys)
        monkeypatch.setattr(sys, "stderr", screen)
        assert run([*words, *(["--yes"] if more == "--yes" else [])]) == code
    shown = everything(ours)
    assert ("3 assignments. Continue? [y/N]" in shown) is bool(answer)
    assert len(live.assigned()) == (0 if code else 3)
    assert {row[1] for row in live.outcomes()} == {"not done" if code else "done"}


def test_no_one_is_asked_in_a_pipe(desk: Desk, carry: Carry, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cron job goes on."""
    unread: Callable[[], str] = lambda: pytest.fail("it was asked")  # noqa: E731
    monkeypatch.setattr(sys.stdin, "readline", unread, raising=False)
    desk.write("user,course", *[f"user.{number}@example.com,C-1" for number in range(3)])
    assert carry("assign courses --send-message no --confirm-above 0") == 0
