"""`litmos complete`: completions from elsewhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from litmos_async import RateLimit
from litmos_async.sandbox import Fault, Sandbox
from tests.cli.small import Carry, Desk, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk with a course of two modules, C-1, that two people have, and one with a module that has sessions."""
    tenant = organisation()
    one, two, three = list(tenant.courses)
    for name in ("Theory", "Test"):
        tenant.add_module(one, Name=name, Code=name.upper())
    tenant.add_module(two, Name="Reading")
    tenant.training.add_module(two, Name="Workshop")
    for user_id in list(tenant.users)[:2]:
        for course_id in (one, two, three):
            tenant.assign_course(user_id, course_id)
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


def writes(desk: Desk) -> int:
    """Return how many requests wrote a completion."""
    return sum(each.method == "PUT" for each in desk.sandbox.requests)


def modules_done(desk: Desk) -> dict[str, list[str]]:
    """Return which modules each person has completed, by names."""
    tenant = desk.sandbox.tenant
    return {
        tenant.users[user_id]["UserName"]: sorted(
            tenant.modules[module_id]["Name"]
            for module_id, result in assignment.modules.items()
            if result.completed
        )
        for user_id, course_id, assignment in tenant.user_courses.rows()
        if assignment.modules
    }


def test_a_course_is_all_its_modules(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """A line is done when all modules of its course are."""
    desk.write("E-Mail,Course Code,Date Completed,Score", "user.0@example.com,c-1,2024-03-01,85%")
    assert carry("complete") == 0
    assert desk.outcomes() == [["2", "done", ""]]
    assert modules_done(desk) == {"user.0@example.com": ["Test", "Theory"]}
    shown = capsys.readouterr().out
    assert "2 PUT /results/modules/{module_id}" in shown
    assert "cannot be undone" in shown


def test_one_module(desk: Desk, carry: Carry) -> None:
    """By code, name or id, whatever case."""
    theory = next(each["Id"] for each in desk.sandbox.tenant.modules.values() if each["Name"] == "Theory")
    for module, name in (("test", "Test"), (f" {theory} ", "Theory"), (f"{theory}\u200b", "Theory")):
        desk.write("user,course,module", f"user.0@example.com,C-1,{module}", "user.1@example.com,C-1,Theory")
        assert carry("complete --verify") == 0
        assert modules_done(desk)["user.0@example.com"][-1] == name
    assert modules_done(desk) == {"user.0@example.com": ["Test", "Theory"], "user.1@example.com": ["Theory"]}


def test_the_oldest_goes_first(desk: Desk, carry: Carry, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever their order in the file, so that the last one is what the profile shows; each has its outcome."""
    tenant, scores = desk.sandbox.tenant, list[float]()
    written = tenant.set_module_result

    def note(user_id: str, course_id: str, module_id: str, score: float, **more: Any) -> None:
        scores.append(score)
        written(user_id, course_id, module_id, score, **more)

    monkeypatch.setattr(tenant, "set_module_result", note)
    lines = [f"user.0@example.com,C-1,Test,{year}-05-01,{year - 1950}" for year in (2023, 2019, 2021)]
    desk.write("user,course,module,completed,score", *lines, lines[0])
    assert carry("complete --verify") == 0
    assert scores == [69, 71, 73]
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "done", "done", "skipped"]
    assert desk.outcomes()[3][2] == "same as line 2"


def test_lines_that_mean_the_same(desk: Desk, carry: Carry) -> None:
    """A module by another word, or by its whole course, is written once; the lines say where it stands."""
    day = "2024-03-01"
    desk.write(
        "user,course,module,completed",
        f"user.0@example.com,C-1,Test,{day}",
        f"user.0@example.com,C-1,TEST,{day}",
        f"user.0@example.com,C-1,,{day}",
        f"user.1@example.com,C-1,,{day}",
        f"user.1@example.com,C-1,Theory,{day}",
    )
    assert carry("complete") == 0
    assert [outcome[1:] for outcome in desk.outcomes()] == [
        ["done", ""],
        ["skipped", "same as line 2"],
        ["done", ""],
        ["done", ""],
        ["skipped", "same as line 5"],
    ]
    assert writes(desk) == 4


@pytest.mark.parametrize("score", ["101", "-1", "85.5", "half", "nan", "inf", "1e3"])
def test_scores_that_are_none(desk: Desk, carry: Carry, score: str) -> None:
    """A whole number from 0 to 100; a percent sign and a comma for the point are understood."""
    desk.write("user,course,score", f"user.0@example.com,C-1,{score}", 'user.1@example.com,C-1,"85,0 %"')
    assert carry("complete") == 1
    assert [outcome[1:] for outcome in desk.outcomes()] == [
        ["failed", "score: expected a whole number from 0 to 100"],
        ["done", ""],
    ]


def test_two_columns_about_the_same(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Which of them counts cannot be known."""
    desk.write("user,course,score,grade", "user.0@example.com,C-1,70,80")
    assert carry("complete") == 2
    assert "'score' and 'grade' are about the same" in capsys.readouterr().err


@pytest.mark.parametrize("done", [0, 1])
def test_a_job_that_stops_in_the_middle_of_a_line(desk: Desk, carry: Carry, done: int) -> None:
    """The line says what failed, that the rest was not done, and how much of it is."""
    desk.sandbox.tenant.add_module(next(iter(desk.sandbox.tenant.courses)), Name="Practice")
    desk.rate = RateLimit(1, 0.02, burst=1)
    desk.sandbox.faults.add(Fault(method="PUT", path="/results/*", nth=done + 1, status=400))
    desk.write("user,course", "user.0@example.com,C-1")
    assert carry("complete --stop-after 1") == 1
    ((_, status, reason),) = desk.outcomes()
    assert status == "failed"
    assert "400: Bad Request" in reason
    assert reason.endswith(f"; the job stopped: 1 item failed; {done} of its parts done")
    assert writes(desk) == done + 1


@pytest.mark.parametrize(
    ("fault", "outcomes"),
    [
        ({"after": True, "times": None}, ["done", "done"]),  # the profile shows each with its own date
        ({"nth": 2}, ["done", "unknown"]),  # it shows the first one, which may be all that it ever will
    ],
)
def test_an_answer_that_is_lost(desk: Desk, carry: Carry, fault: dict[str, Any], outcomes: list[str]) -> None:
    """A completion is found by reading, a later one by its date; else it cannot be told. None is sent again."""
    lines = [f"user.0@example.com,C-1,Test,{year}-05-01" for year in (2019, 2023)]
    desk.write("user,course,module,completed", *lines)
    desk.sandbox.faults.add(Fault(method="PUT", path="/results/*", drop=True, **fault))
    assert carry("complete") == ("unknown" in outcomes)
    assert [outcome[1] for outcome in desk.outcomes()] == outcomes
    assert writes(desk) == 2


def test_what_cannot_be_set(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything is sent: modules with sessions, courses without modules, the future; also in a dry run."""
    desk.write(
        "user,course,module,completed",
        "user.0@example.com,Größe & Gewicht,,",
        "user.0@example.com,Größe & Gewicht,Workshop,",
        '"user.0@example.com","Erste Hilfe, Teil 1",,',
        "user.0@example.com,C-1,Practice,",
        "user.0@example.com,C-1,Test,2199-01-01",
    )
    for words in ("complete --dry-run", "complete"):
        assert carry(words) == 1
    assert writes(desk) == 0
    sessions = "has sessions: only a roll call completes it (litmos sessions roll-call)"
    assert [outcome[2] for outcome in desk.outcomes()] == [
        f"module 'Workshop' of the course {sessions}; name the other modules",
        f"module 'Workshop' {sessions}",
        "the course has no module that can be set",
        "no module goes by 'Practice'",
        "completed: it is in the future",
    ]
    assert "unusable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("column", "told"),
    [
        ("Learning Path", "a learning path is complete when its courses are"),
        ("Compliant Till", "it is a setting of the course"),
        ("Percentage", "the server computes it"),
        ("Status", "the server computes it"),
        ("status", "the server computes it"),
    ],
)
def test_columns_that_cannot_be_set(
    desk: Desk, carry: Carry, column: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are refused with the reason, unless they are to be passed over."""
    desk.write(f"user,course,module,{column}", "user.0@example.com,C-1,Test,x")
    assert carry("complete") == 2
    assert told in capsys.readouterr().err
    assert carry("complete --ignore-columns") == 0


@pytest.mark.parametrize(
    "column", ["Learning Path", "Certificate", "Due Date", "Compliant Till", "Percentage"]
)
def test_columns_that_cannot_be_set_and_say_nothing(
    desk: Desk, carry: Carry, column: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They are passed over with a note; those of the outcomes, too."""
    desk.write(f"user,course,module,{column}", "user.0@example.com,C-1,Test, ")
    assert carry("complete") == 0
    assert f"columns passed over: {column!r}" in capsys.readouterr().out


def test_a_column_that_is_misspelt(desk: Desk, carry: Carry, capsys: pytest.CaptureFixture[str]) -> None:
    """Its dates would be lost in silence."""
    desk.write("user,course,complted", "user.0@example.com,C-1,2024-01-01")
    assert carry("complete") == 2
    assert "'complted' (completed?)" in capsys.readouterr().err


def test_part_of_a_course_fails(desk: Desk, carry: Carry) -> None:
    """The line has failed, and says which module and why."""
    desk.write("user,course", "user.2@example.com,C-1")
    assert carry("complete") == 1
    ((_, status, reason),) = desk.outcomes()
    assert status == "failed"
    assert "Course is not assigned" in reason


def test_one_module_of_a_course_fails(desk: Desk, carry: Carry) -> None:
    """So has the line; fed back in, it is tried again."""
    desk.sandbox.faults.add(Fault(method="PUT", path="/results/*", status=406))
    desk.write("user,course", "user.0@example.com,C-1", "user.1@example.com,C-1")
    assert carry("complete") == 1
    bad = [outcome for outcome in desk.outcomes() if outcome[1] == "failed"]
    assert len(bad) == 1
    assert re.match(r"(Theory|Test): 406", bad[0][2])
    desk.order.outcomes_file.rename(desk.folder / "people.csv")
    assert carry("complete --only-failed") == 0
    assert [outcome[1] for outcome in desk.outcomes()] == ["done"]


def test_a_job_that_was_stopped_goes_on(desk: Desk, carry: Carry, tmp_path: Path) -> None:
    """Nothing is written twice: the journal knows what is done."""
    desk.write("user,course", "user.0@example.com,C-1", "user.2@example.com,C-1", "user.1@example.com,C-1")
    words = f"complete --journal {tmp_path / 'history.db'}"
    assert carry(words) == 1
    before = writes(desk)
    tenant = desk.sandbox.tenant
    tenant.assign_course([*tenant.users][2], next(iter(tenant.courses)))
    assert carry(words) == 0
    assert writes(desk) == before + 2
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "done", "done"]


def test_the_plan_names_lines(desk: Desk, carry: Carry, tmp_path: Path) -> None:
    """A plan to be approved has a line for each part."""
    desk.write("user,course", "user.0@example.com,C-1")
    plan = tmp_path / "plan.json"
    assert carry(f"complete --dry-run --plan-json {plan}") == 0
    lines = json.loads(plan.read_text("utf-8"))["lines"]
    assert [line["user"] for line in lines] == ["user.0@example.com"] * 2
    assert writes(desk) == 0


def test_a_line_that_repeats_another_in_other_words(desk: Desk, carry: Carry) -> None:
    """However module and note are written; as where the module is written alike."""
    line = "user.0@example.com,C-1"
    desk.write("user,course,module,note", f"{line},Theory,Ok", f"{line},theory,ok", f"{line},Theory,OK")
    assert carry("complete") == 0
    assert [outcome[1] for outcome in desk.outcomes()] == ["done", "skipped", "skipped"]
