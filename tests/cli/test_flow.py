"""A command, from the file to the outcomes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import attrs
import pytest

from litmos_async import RateLimit
from litmos_async.bulk import Bulk, BulkJob, Outcome, Plan, Progress, Report
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.outcomes import OutcomesFile, write_whole
from litmos_async.cli.summary import SHOWN
from litmos_async.cli.tasks import COURSE, USER, Task
from litmos_async.errors import OutcomeUnknown
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import Clock, run_virtual
from tests.cli.small import COURSES, STATE, Desk, assign_courses, organisation

HEADER = "user,course"
LISTS = 4
"""Requests that read the two lists, and prove that nothing follows."""
LISTS_FOR_ONE = 3
"""The same where a single person is named, who is looked up."""


async def test_a_file_full_of_surprises(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What can be assigned is assigned, and each line has its outcome."""
    desk.write(
        HEADER,
        "user.0@example.com,C-1",
        "USER.0@EXAMPLE.COM,C-1",
        "user.0@example.com,Größe & Gewicht",
        "",
        'user.1@example.com,"Erste Hilfe, Teil 1"',
        "nobody@example.com,C-1",
        "user.1@example.com,C-9",
        "user.2@example.com",
        encoding="utf-8-sig",
    )
    assert await desk.run() == 1
    assert desk.outcomes() == [
        ["2", "done", ""],
        ["3", "skipped", "same as line 2"],
        ["4", "done", ""],
        ["6", "done", ""],
        ["7", "failed", "no user goes by 'nobody@example.com'"],
        ["8", "failed", "no course goes by 'C-9'"],
        ["9", "failed", "1 instead of 2 fields"],
    ]
    assert desk.order.outcomes_file == desk.folder / "people.outcomes.csv"
    assert desk.order.outcomes_file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert desk.assigned() == {
        ("user.0@example.com", "C-1"),
        ("user.0@example.com", "Größe & Gewicht"),
        ("user.1@example.com", "Erste Hilfe, Teil 1"),
    }
    assert len(desk.sandbox.requests) == LISTS + 2
    assert desk.sandbox.tenant.outbox == []
    shown = capsys.readouterr().out
    assert "people       2, in column 'user'" in shown
    assert "assignments  3\n" in shown
    assert " 2 POST /users/{user_id}/courses\n" in shown
    assert "3 done, 3 failed, 1 skipped" in shown
    assert "line 8 failed: no course goes by 'C-9'" in shown
    assert "Besides the lists: 2 requests to change something, 0 to read, 0 rejected" in shown


async def test_nothing_fails(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 0, a second time too; and a quiet run shows the summary only."""
    desk.write(HEADER, "user.0@example.com,C-1", "user.0@example.com,C-1")
    for _ in range(2):
        assert await desk.run(quiet=True) == 0
    shown = capsys.readouterr()
    assert "Plan" not in shown.out
    assert "1 done, 1 skipped" in shown.out
    assert shown.err == ""


async def test_e_mails_are_sent_if_and_only_if_asked_for(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """With yes people get their e-mails, and the plan says to how many."""
    desk.write(HEADER, "user.0@example.com,C-1", "user.1@example.com,C-1")
    desk.ask(task=assign_courses(send_message=True))
    assert await desk.run() == 0
    assert len(desk.sandbox.tenant.outbox) == 2
    assert "to up to 2 people" in capsys.readouterr().out


@pytest.mark.parametrize(("line", "code"), [("user.0@example.com,C-1", 0), ("user.0@example.com,C-9", 1)])
async def test_a_dry_run(desk: Desk, capsys: pytest.CaptureFixture[str], line: str, code: int) -> None:
    """The plan and the bad lines are shown, quiet or not, nothing is sent, and the outcomes say what would be."""
    desk.write(HEADER, line)
    desk.ask(dry_run=True)
    assert await desk.run(quiet=True) == code
    assert [request.method for request in desk.sandbox.requests] == ["GET"] * LISTS_FOR_ONE
    assert [row[:2] for row in desk.outcomes()] == [["2", "failed" if code else "planned"]]
    shown = capsys.readouterr().out
    assert "Plan for" in shown
    assert str(desk.order.outcomes_file) in shown
    assert ("line 2 failed: no course goes by 'C-9'" in shown) == bool(code)


@pytest.mark.parametrize(("lines", "code"), [([], 0), ([",C-1"], 1)])
async def test_nothing_to_assign(desk: Desk, lines: list[str], code: int) -> None:
    """A file without a usable line costs no request."""
    desk.write(HEADER, *lines)
    assert await desk.run() == code
    assert len(desk.outcomes()) == len(lines)
    assert len(desk.sandbox.requests) == 0


async def test_many_bad_lines(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """The terminal names the first ones and counts the rest."""
    desk.write(HEADER, *[f"nobody.{number}@example.com,C-1" for number in range(SHOWN + 1)])
    assert await desk.run() == 1
    shown = capsys.readouterr().out
    assert shown.count(" failed: ") == SHOWN
    assert "and 1 more line\n" in shown


async def test_a_request_that_fails(desk: Desk) -> None:
    """One person's failure stops nobody else."""
    user_id = next(iter(desk.sandbox.tenant.users))
    desk.sandbox.faults.add(Fault(method="POST", path=f"/users/{user_id}/courses", times=None, status=404))
    desk.write(HEADER, "user.0@example.com,C-1", "user.1@example.com,C-1")
    assert await desk.run() == 1
    (failed, done) = desk.outcomes()
    assert failed[:2] == ["2", "failed"]
    assert failed[2].startswith("404")
    assert done == ["3", "done", ""]


async def test_a_wrong_key(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """One line says so, the key is not in it, and every line is noted as not done."""
    desk.key = "marker-of-a-key"
    desk.write(HEADER, "user.0@example.com,C-1", ",C-1")
    assert await desk.run() == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["not done", "failed"]
    shown = capsys.readouterr()
    assert shown.err.count("litmos: 401") == 1
    assert "Stopped" in shown.out
    written = desk.order.outcomes_file.read_text("utf-8")
    assert "marker-of-a-key" not in shown.out + shown.err + written


async def test_a_wrong_key_in_a_dry_run(desk: Desk) -> None:
    """A dry run that breaks off writes nothing either."""
    desk.key = "wrong"
    desk.write(HEADER, "user.0@example.com,C-1")
    desk.ask(dry_run=True)
    assert await desk.run() == 1
    assert not desk.order.outcomes_file.exists()


async def test_a_start_that_fails_leaves_the_outcomes_of_the_last_run(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refused journal, a wrong key, a dead server: nothing was changed, so the file still tells what was."""
    journal = desk.folder / "night.db"
    desk.write(HEADER, "user.0@example.com,C-1", "nobody@example.com,C-1")
    desk.ask(task=assign_courses(journal=journal))
    assert await desk.run() == 1
    before = desk.order.outcomes_file.read_bytes()
    assert b"done" in before
    desk.ask(task=assign_courses(journal=journal, send_message=True))
    assert await desk.run() == 2
    desk.ask(task=assign_courses())
    desk.key = "wrong"
    assert await desk.run() == 1
    assert desk.order.outcomes_file.read_bytes() == before
    shown = capsys.readouterr().out
    assert shown.count("is left as it was: it tells of an earlier run\n") == 2
    assert shown.count("Outcomes of all lines") == 1


async def test_a_key_that_dies_on_the_way(tmp_path: Path) -> None:
    """What was done by then is noted as done, and what was not yet sent as not done."""
    desk = Desk(tmp_path, Sandbox(organisation(20), requests=10_000))
    # Three requests at a time, the third of which finds the key withdrawn.
    desk.rate = RateLimit(3, 0.01, burst=3)
    desk.sandbox.faults.add(Fault(method="POST", nth=5, times=None, status=401))
    desk.write(HEADER, *[f"user.{number}@example.com,C-1" for number in range(20)])
    assert await desk.run() == 1
    statuses = [outcome[1] for outcome in desk.outcomes()]
    assert set(statuses[:4]) <= {"done", "unknown"}
    assert statuses[-1] == "not done"
    assert {name for name, _ in desk.assigned()} >= names_with(desk, "done")
    assert not {name for name, _ in desk.assigned()} & names_with(desk, "not done")


async def test_usage_errors(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot work is found out before a request is spent on it: exit code 2."""
    assert await desk.run() == 2
    assert "cannot use" in capsys.readouterr().err
    desk.write(HEADER, "user.0@example.com,C-1")
    for path in (desk.folder, desk.folder / "none" / "out.csv"):
        desk.ask(outcomes=path)
        assert await desk.run() == 2
        assert "cannot write the outcomes" in capsys.readouterr().err
        desk.ask(outcomes=None, task=assign_courses(journal=path))
        assert await desk.run() == 2
        assert "cannot write the journal" in capsys.readouterr().err
    desk.ask(task=assign_courses(journal=Path(__file__)))
    assert await desk.run() == 2
    assert "test_flow.py is not a journal" in capsys.readouterr().err
    desk.ask(task=assign_courses())
    desk.key = " "
    assert await desk.run() == 2
    assert "API key" in capsys.readouterr().err
    assert len(desk.sandbox.requests) == 0
    assert os.listdir(desk.folder) == ["people.csv"]  # noqa: PTH208 - the names are wanted


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize(
    "named",
    [
        {"outcomes": "night.db", "journal": "night.db"},
        {"plan_json": "night.db", "journal": "night.db"},
        {"outcomes": "night.db-lock", "journal": "night.db"},
        {"plan_json": "sub/../night.db-wal", "journal": "night.db"},
        {"outcomes": "link.db-lock", "journal": "symbolic.db"},
        {"outcomes": "people.csv"},
        {"plan_json": "hard.csv"},
        {"journal": "people.csv"},
        {"journal": "people.outcomes.csv"},
        {"outcomes": "same.csv", "plan_json": "same.csv"},
    ],
)
async def test_two_files_of_one_name(
    desk: Desk, capsys: pytest.CaptureFixture[str], named: dict[str, str], dry_run: bool
) -> None:
    """No file is written over another one, under whatever name: exit code 2, and nothing is touched."""
    desk.write(HEADER, "user.0@example.com,C-1")
    (desk.folder / "sub").mkdir()
    (desk.folder / "hard.csv").hardlink_to(desk.order.file)
    (desk.folder / "symbolic.db").symlink_to(desk.folder / "link.db")
    before = sorted(desk.folder.iterdir())
    paths = {what: desk.folder / name for what, name in named.items()}
    options = {"journal": paths.pop("journal")} if "journal" in named else {}
    desk.ask(task=assign_courses(**options), dry_run=dry_run, **paths)
    assert await desk.run() == 2
    assert "cannot be the same file" in capsys.readouterr().err
    assert sorted(desk.folder.iterdir()) == before
    assert len(desk.sandbox.requests) == 0


@pytest.mark.parametrize("everywhere", [False, True])
async def test_a_disk_that_fills_up(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, everywhere: bool
) -> None:
    """Outcomes that cannot be written where they belong are a failure, and go where there is room."""

    def full(path: Path, *rest: Any) -> None:
        if everywhere or path == desk.order.outcomes_file:
            raise OSError(28, "No space left on device")
        write_whole(path, *rest)

    elsewhere = desk.folder / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(elsewhere))
    monkeypatch.setattr("litmos_async.cli.outcomes.write_whole", full)
    desk.write(HEADER, "user.0@example.com,C-1")
    assert await desk.run() == 1
    shown = capsys.readouterr()
    assert f"cannot write the outcomes to {desk.order.outcomes_file}: No space left on device" in shown.err
    assert "1 done" in shown.out
    assert desk.assigned() == {("user.0@example.com", "C-1")}
    rescued = list(elsewhere.glob("*/people.outcomes.csv"))
    assert [f"Outcomes of all lines: {path}\n" in shown.out for path in rescued] == [True] * (not everywhere)
    assert ("Outcomes of all lines" in shown.out) is not everywhere


async def test_a_full_disk_in_a_dry_run(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The plan is shown all the same; that it is nowhere else is a failure."""

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.tempdir", str(desk.folder))
    monkeypatch.setattr("litmos_async.cli.outcomes.write_whole", full)
    desk.write(HEADER, "user.0@example.com,C-1")
    desk.ask(dry_run=True)
    assert await desk.run() == 1
    shown = capsys.readouterr()
    assert "Plan for" in shown.out
    assert "Planned outcome of each line" not in shown.out
    assert "No space left on device" in shown.err
    assert not desk.assigned()


async def test_outcomes_as_they_come(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first answer on each outcome is in the file, so that a run that is killed leaves them."""
    seen = list[list[str]]()
    note = Ledger.note

    def and_look(ledger: Ledger, outcome: Outcome) -> Any:
        if desk.order.outcomes_file.exists():
            seen.append([row[1] for row in desk.outcomes()])
        return note(ledger, outcome)

    monkeypatch.setattr(Ledger, "note", and_look)
    desk.write(HEADER, *[f"user.{number}@example.com,C-1" for number in range(3)], "none,C-1")
    assert await desk.run() == 1
    # Each look is before an outcome is taken; those at the end find all of them.
    begun = "not done"  # the first row says that the job has not ended
    assert seen[:2] == [[begun, "done", "failed"], [begun, "done", "failed", "done"]]
    assert [row[0] for row in desk.outcomes()] == ["2", "3", "4", "5"]


async def test_a_fault_of_the_command(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its traceback is wanted; the outcomes of what was sent are written before it."""

    def broken(*_: object) -> str:
        raise KeyError("a fault")

    monkeypatch.setattr(OutcomesFile, "begin", broken)
    desk.write(HEADER, "user.0@example.com,C-1")
    with pytest.raises(KeyError):
        await desk.run()
    assert desk.outcomes() == [["2", "done", ""]]
    assert desk.assigned() == {("user.0@example.com", "C-1")}


@pytest.mark.parametrize("name", ["a\0b", "x" * 5_000, "loop/x"])
@pytest.mark.parametrize("what", ["file", "outcomes", "plan_json", "journal"])
async def test_what_can_be_no_file(
    desk: Desk, capsys: pytest.CaptureFixture[str], name: str, what: str
) -> None:
    """A name with a NUL, one that is too long, links that lead to each other: one line, and exit code 2."""
    (desk.folder / "loop").symlink_to(desk.folder / "loop")
    desk.write(HEADER, "user.0@example.com,C-1")
    path = desk.folder / name
    if what == "journal":
        desk.ask(task=assign_courses(journal=path))
    else:
        desk.ask(**{what: path})
    assert await desk.run() == 2
    shown = capsys.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert len(desk.sandbox.requests) == 0


async def test_cancelled_on_the_way(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Done is what was answered, unknown what was under way, not done what never left: the sandbox agrees."""
    desk = Desk(tmp_path, Sandbox(organisation(30), requests=10_000))
    desk.rate = RateLimit(10, 60.0, burst=10)
    # Carried out, but the answer never comes.
    desk.sandbox.faults.add(Fault(method="POST", nth=3, after=True, stall=1_000.0))
    desk.write(HEADER, *[f"user.{number}@example.com,{COURSES[0]}" for number in range(30)])
    task = asyncio.ensure_future(desk.run())
    while len(desk.sandbox.requests) < 10:  # noqa: ASYNC110 - the log is no event
        await asyncio.sleep(0)
    for _ in range(200):  # in process nothing takes time but turns of the loop
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    counts = {status: len(names_with(desk, status)) for status in ("done", "unknown", "not done")}
    assert counts == {"done": 5, "unknown": 1, "not done": 24}
    assert {name for name, _ in desk.assigned()} == names_with(desk, "done") | names_with(desk, "unknown")
    shown = capsys.readouterr().out
    assert "Interrupted" in shown
    assert "5 done, 1 unknown, 24 not done" in shown


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"skip_existing": False}, "run the same command again with --skip-existing\n"),
        ({"skip_existing": True}, "run the same command again\n"),
        ({"journal": "night.db"}, "Run the same command again to resume\n"),
    ],
)
def test_how_to_go_on(
    desk: Desk, capsys: pytest.CaptureFixture[str], options: dict[str, Any], told: str
) -> None:
    """An interrupted command says it; with a journal, the next one tells of what it waits for."""
    if "journal" in options:
        options = {"journal": desk.folder / "night.db"}
    desk.sandbox.faults.add(Fault(method="POST", stall=1_000.0))
    desk.write(HEADER, "user.0@example.com,C-1")
    desk.ask(task=assign_courses(**options))

    async def interrupted() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.run(), 20.0)

    run_virtual(interrupted())
    shown = capsys.readouterr()
    assert told in shown.out
    assert "may still arrive" not in shown.err
    assert run_virtual(desk.run()) == 0
    err = capsys.readouterr().err
    assert (": 1 request of an earlier run may still arrive\n" in err) == ("journal" in options)


async def test_cancelled_while_the_lists_are_read(desk: Desk, litmos_clock: Clock) -> None:
    """Nothing was done, and the outcomes say so."""
    desk.sandbox.faults.add(Fault(method="GET", stall=1_000.0, times=None))
    desk.write(HEADER, "user.0@example.com,C-1")
    task = asyncio.ensure_future(desk.run())
    await asyncio.sleep(1)
    assert len(desk.sandbox.requests) == 2  # both lists are asked for, and nothing answers
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert desk.outcomes() == [["2", "not done", "interrupted"]]


async def test_cancelled_while_the_file_is_read(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is known yet, so nothing is written; the terminal says so."""
    desk.write(HEADER, "user.0@example.com,C-1")
    task = asyncio.ensure_future(desk.run())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert capsys.readouterr().out == "Interrupted before anything was sent\n"
    assert not desk.order.outcomes_file.exists()


async def test_the_window_of_the_server_is_kept(tmp_path: Path) -> None:
    """Against a sandbox that counts, nothing is rejected."""
    desk = Desk(tmp_path, Sandbox(organisation(30), requests=10, period=0.05))
    desk.rate = RateLimit(10, 0.05, burst=10)
    desk.write(HEADER, *[f"user.{number}@example.com,C-1" for number in range(30)])
    assert await desk.run() == 0
    assert len(desk.sandbox.quota.arrivals) == LISTS + 30
    assert desk.sandbox.quota.rejections == []


@attrs.frozen
class Breaking:
    """As much of a job as the flow needs: it breaks off before it has told of anything."""

    pairs: list[tuple[str, str]]
    problem: BaseException
    report: Report = attrs.field(factory=lambda: Report(requests=1))
    progress: Progress = STATE

    async def plan(self) -> Plan:
        """Return the plan."""
        return Plan(item_label="assignments", items=len(self.pairs))

    async def __aiter__(self) -> AsyncIterator[Outcome]:
        raise self.problem
        yield

    def outcomes_so_far(self) -> list[Outcome]:
        """Return what was answered and what was under way."""
        return [Outcome(self.pairs[0], "done"), Outcome(self.pairs[1], "unknown", reason="interrupted")]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (OutcomeUnknown("the answer was lost"), "the answer was lost"),
        (sqlite3.OperationalError("database or disk is full"), "disk is full"),
        (asyncio.CancelledError(), ""),
    ],
    ids=["error", "disk", "interrupted"],
)
async def test_what_the_job_knows_is_not_lost(
    desk: Desk, capsys: pytest.CaptureFixture[str], problem: BaseException, told: str
) -> None:
    """However a job ends, what was answered by then is noted although nobody took its outcome."""

    def helper(_: Bulk, pairs: list[tuple[str, str]]) -> BulkJob:
        return cast(BulkJob, Breaking(pairs, problem))

    desk.ask(task=Task((USER, COURSE), helper))
    desk.write(HEADER, *[f"user.{number}@example.com,C-1" for number in range(3)])
    if isinstance(problem, asyncio.CancelledError):
        with pytest.raises(asyncio.CancelledError):
            await desk.run(quiet=True)
    else:
        assert await desk.run(quiet=True) == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "unknown", "not done"]
    assert told in capsys.readouterr().err


async def test_what_an_earlier_run_did_is_written_down_again(desk: Desk) -> None:
    """A run that breaks off before it sends anything still knows what its journal tells."""

    def helper(_: Bulk, pairs: list[tuple[str, str]]) -> BulkJob:
        return cast(BulkJob, Breaking(pairs, OutcomeUnknown("the answer was lost"), Report()))

    desk.ask(task=Task((USER, COURSE), helper))
    desk.write(HEADER, *[f"user.{number}@example.com,C-1" for number in range(3)])
    desk.order.outcomes_file.write_text("", "utf-8")
    assert await desk.run() == 1
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "unknown", "not done"]


def names_with(desk: Desk, status: str) -> set[str]:
    """Return the users of the lines with a status."""
    users = [line.split(",")[0] for line in desk.order.file.read_text("utf-8").splitlines()]
    return {users[int(line) - 1] for line, found, _ in desk.outcomes() if found == status}
