"""What is no input of a job is refused before a request is spent, and the error says which item it was."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from litmos_async import BulkJob, EventUser, ModuleResult, Session
from litmos_async.errors import ConfigurationError
from litmos_async.jobs import Jobs, SessionPlace, TeamRow
from litmos_async.testing import run_virtual
from tests.support.sandboxes import bare, client

PLACE = SessionPlace("c", "m", "s")
MARK = EventUser(id="u", completed=True)
RESULT = ModuleResult(user_id="u", course_id="c", completed=True)


def wrong(value: Any) -> Any:
    """Return a value of a type that a caller's type checker would refuse."""
    return value


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda jobs: jobs.sync_team_tree(wrong("Sales")), "row 1: str is not a TeamRow"),
        (lambda jobs: jobs.sync_team_tree([TeamRow("A"), wrong({"name": "B"})]), "row 2: dict is not"),
        (lambda jobs: jobs.sync_team_tree(wrong(None)), "expected rows, not NoneType"),
        (lambda _: TeamRow(wrong(5)), "name must be str, not int"),
        (lambda _: TeamRow("A", parent=wrong(None)), "parent must be str, not NoneType"),
        (lambda _: TeamRow("A", description=wrong(b"x")), "description must be str, not bytes"),
        (lambda _: TeamRow("A", leaders=wrong([5])), "name 1: expected a text, not int"),
        (
            lambda jobs: jobs.create_sessions([wrong(("c", "m"))]),
            r"session 1: expected \(course, module, Sess",
        ),
        (
            lambda jobs: jobs.create_sessions([("c", "m", wrong(None))]),
            "session 1: this takes Session, not None",
        ),
        (
            lambda jobs: jobs.create_sessions([("c", "m", Session(name=wrong(5)))]),
            "1: name must be str, not int",
        ),
        (
            lambda jobs: jobs.create_sessions([("c", "m", Session(days=wrong("x")))]),
            "this takes SessionDay, not",
        ),
        (lambda jobs: jobs.create_sessions([(wrong(5), "m", Session())]), "course_id must be an id"),
        (lambda jobs: jobs.register_for_sessions([("u", PLACE), wrong(None)]), "registration 2: expected"),
        (
            lambda jobs: jobs.register_for_sessions([wrong({"user": "u", "place": PLACE})]),
            "registration 1: expected",
        ),
        (lambda jobs: jobs.register_for_sessions([wrong({"u", PLACE})]), "registration 1: expected"),
        (lambda jobs: jobs.create_sessions([wrong("cms")]), "session 1: expected"),
        (lambda jobs: jobs.create_sessions([wrong({"c": 1, "m": 2, "s": 3})]), "session 1: expected"),
        (lambda jobs: jobs.mark_roll_calls([wrong({"place": PLACE, "mark": MARK})]), "mark 1: expected"),
        (lambda jobs: jobs.register_for_sessions([("u", wrong("c/m/s"))]), "str is not a SessionPlace"),
        (lambda jobs: jobs.register_for_sessions([(wrong(5), PLACE)]), "user_id must be an id"),
        (
            lambda jobs: jobs.register_for_sessions([("u", SessionPlace("c", "m", ""))]),
            "session_id must be an id",
        ),
        (lambda jobs: jobs.mark_roll_calls([(PLACE, wrong("u"))]), "mark 1: this takes EventUser, not str"),
        (lambda jobs: jobs.mark_roll_calls([(wrong("c/m/s"), MARK)]), "str is not a SessionPlace"),
        (
            lambda jobs: jobs.mark_roll_calls([(PLACE, EventUser(completed=True))]),
            r"EventUser\.id must be an id",
        ),
        (
            lambda jobs: jobs.write_completions([("m", RESULT), wrong(("m", "x"))]),
            "result 2: this takes Module",
        ),
        (lambda jobs: jobs.write_completions([(wrong(5), RESULT)]), "module_id must be an id"),
        (lambda jobs: jobs.write_completions([wrong(None)]), r"result 1: expected \(module, ModuleResult\)"),
    ],
)
def test_what_is_no_input(make: Callable[[Jobs], BulkJob], told: str) -> None:
    """One typed error, and not a request."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            with pytest.raises(ConfigurationError, match=told):
                await make(Jobs.of(litmos.bulk)).plan()

    run_virtual(main())
    assert not sandbox.requests


def test_ids_are_cleaned() -> None:
    """What cannot be seen in an id that a file brought is no part of it, as in the helpers of `litmos.bulk`."""
    sandbox = bare(users=1)
    (user,) = sandbox.tenant.users

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = Jobs.of(litmos.bulk).register_for_sessions(
                [(f"{user}\u200b", SessionPlace("c\u200b", "m", "s "))]
            )
            (outcome,) = [outcome async for outcome in job]
            assert outcome.item == (user, SessionPlace("c", "m", "s"))

    run_virtual(main())
