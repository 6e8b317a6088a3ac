"""People who are inactive are given nothing without a word: each plan that gives something says so."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from litmos_async.sandbox import Sandbox
from tests.cli.small import Carry, Desk, organisation


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk at which user.0 is inactive, has the course C-1 and stands on the roll call of a session."""
    tenant = organisation()
    gone, course_id = next(iter(tenant.users)), next(iter(tenant.courses))
    module_id = tenant.training.add_module(course_id, Name="Workshop")["Id"]
    tenant.add_module(course_id, Name="Theory")
    tenant.assign_course(gone, course_id)
    begins, ends = (datetime(2099, 3, 1, hour, tzinfo=UTC) for hour in (9, 17))
    day = {"StartDate": begins, "EndDate": ends, "StartTime": "9:00AM", "EndTime": "5:00PM"}
    for name in ("Day one", "Day two"):
        session = tenant.training.add_session(course_id, module_id, Name=name, Days=[day])
        if name == "Day two":
            tenant.training.register(session["Id"], gone)
    tenant.add_team(Name="North")
    tenant.add_learning_path(Name="Basics")
    tenant.users[gone]["Active"] = False
    return Desk(tmp_path, Sandbox(tenant, requests=10_000))


@pytest.mark.parametrize(
    ("words", "header", "line"),
    [
        ("assign courses --send-message no", "user,course", "user.0@example.com,C-1"),
        ("assign learning-paths --send-message no", "user,learning_path", "user.0@example.com,Basics"),
        ("assign teams", "user,team", "user.0@example.com,North"),
        ("sync teams", "user,team", "user.0@example.com,North"),
        ("sync team-tree", "Team Name,Leaders", "North,user.0@example.com"),
        ("sync team-tree", "Team Name,Admins", "South,user.0@example.com"),
        ("complete", "user,course,module", "user.0@example.com,C-1,Theory"),
        ("sessions register", "user,session", "user.0@example.com,Day one"),
        ("sessions roll-call", "user,session,attended", "user.0@example.com,Day two,yes"),
    ],
)
def test_a_plan_counts_inactive_people(
    desk: Desk, carry: Carry, words: str, *, header: str, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for each person, and those only who are inactive."""
    for name in ("user.0@example.com", "user.1@example.com"):
        desk.write(header, line.replace("user.0@example.com", name))
        skip = " --no-skip-existing" if words.startswith("assign courses") else ""
        assert carry(f"{words}{skip} --dry-run") == 0, desk.outcomes()
        assert ("1 of the people" in capsys.readouterr().out) is (name == "user.0@example.com")
