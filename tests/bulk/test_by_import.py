"""Courses and teams of people through bulk imports, on the sandbox and a virtual clock."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from litmos_async import CourseForUser, Outcome, UserInTeam, errors
from litmos_async.bulk.pairs.by_import import imports_for
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.bulk.importing import QUICK, outcomes_of, posts
from tests.support.sandboxes import bare, client


def everything(sandbox: Sandbox) -> dict[str, list[str]]:
    """Return all people with all courses."""
    return {user: list(sandbox.tenant.courses) for user in sandbox.tenant.users}


@pytest.mark.slow
def test_courses_through_imports() -> None:
    """Thousands of people get their courses by a few imports, no person twice in one, and all is read back."""
    sandbox = bare(users=1_500, courses=7)
    pairs = everything(sandbox)
    first, *_ = pairs
    sandbox.tenant.change_user(first, DisableMessages=True)

    async def main() -> None:
        async with client(sandbox) as litmos:
            plain = await litmos.bulk.assign_courses_to_users(pairs, send_message=False).plan()
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, via="import")
            plan = await job.plan()
            assert (plan.items, plan.requests_by_kind) == (10_500, {"POST /bulkimports": 3})
            assert plan.emails == 1_500
            assert "the server decides about e-mails" in plan.notes[0]
            assert not posts(sandbox)
            report = await job.run()
            assert (report.done, report.ok, report.requests) == (10_500, True, 3)
            assert job.progress.requests_planned == 3
            everything_asked = len(sandbox.requests)
            assert everything_asked < 40 < plain.requests
            offered = int(plain.notes[0].partition("about ")[2].partition(" requests")[0])
            assert everything_asked - 15 <= offered <= everything_asked + 25

    run_virtual(main())
    for job in sandbox.tenant.imports:
        names = [row["Username"] for row in job.rows]
        assert len(set(names)) == len(names) <= 2_000
    assert all(len(sandbox.tenant.user_courses.of_left(user)) == 7 for user in pairs)
    assert sandbox.tenant.users[first]["DisableMessages"] is False
    assert sandbox.tenant.users[first]["LastName"] == "No 0"


def test_teams_through_imports() -> None:
    """A row holds five teams; what is there already is left out where that is asked for."""
    sandbox = bare(users=30, teams=7)
    users, teams = list(sandbox.tenant.users), list(sandbox.tenant.teams)
    sandbox.tenant.join_team(teams[0], users[0])

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.add_users_to_teams(
                dict.fromkeys(users, teams), skip_existing=True, via="import", send_message=False
            )
            outcomes = await outcomes_of(job)
            assert Counter(o.status for o in outcomes) == {"done": 209, "skipped": 1}
            assert isinstance(outcomes[0].item, UserInTeam)

    run_virtual(main())
    assert [len(job.rows) for job in sandbox.tenant.imports] == [30, 30]
    assert all(sandbox.tenant.members.get(team, user) for team in teams for user in users)


def test_an_import_is_offered_where_it_saves_time() -> None:
    """Small jobs, and jobs of few requests, have no hint; nobody gets an import without asking for it."""
    sandbox = bare(users=1_000, courses=2, teams=2)
    users, courses, teams = map(list, (sandbox.tenant.users, sandbox.tenant.courses, sandbox.tenant.teams))

    async def main() -> None:
        async with client(sandbox) as litmos:
            bulk = litmos.bulk
            few = await bulk.assign_courses_to_users(
                dict.fromkeys(users[:90], courses), send_message=True
            ).plan()
            assert few.notes == ()
            joining = await bulk.add_users_to_teams(dict.fromkeys(users, teams), send_message=False).plan()
            assert joining.notes == ()
            many = await bulk.assign_courses_to_users(dict.fromkeys(users, courses), send_message=True).plan()
            assert many.notes[0].startswith('via="import" would take about ')
            assert re.search(r"requests and \d+ min.* instead of \d+ ", many.notes[0])
            assert many.notes[0].endswith("turns message notifications on for everyone it touches")
            assert "no learning paths" in str(many)
            assert json.loads(many.to_json())["notes"] == list(many.notes)

    run_virtual(main())
    assert not sandbox.requests


def test_who_has_no_name_or_code_fails_before_the_import() -> None:
    """Unknown people and courses, and user names that an import cannot take, fail alone."""
    sandbox = bare(users=3, courses=2)
    users, courses = list(sandbox.tenant.users), list(sandbox.tenant.courses)
    sandbox.tenant.change_user(users[1], UserName=f"{'x' * 50}@example.com")
    sandbox.tenant.courses[courses[1]]["CourseCodeForBulkImport"] = ""

    async def main() -> dict[object, Outcome]:
        async with client(sandbox) as litmos:
            pairs = {users[0]: courses, users[1]: courses[:1], "nobody": courses[:1]}
            job = litmos.bulk.assign_courses_to_users(pairs, send_message=False, via="import")
            plan = await job.plan()
            assert (plan.items, plan.skipped["without a user name or course code"]) == (1, 3)
            return {outcome.item: outcome for outcome in await outcomes_of(job)}

    outcomes = run_virtual(main())
    assert outcomes[CourseForUser(users[0], courses[0])].status == "done"
    for item, reason in (
        ((users[0], courses[1]), "a code for bulk imports"),
        ((users[1], courses[0]), "62 characters"),
        (("nobody", courses[0]), "no user has the id 'nobody'"),
    ):
        outcome = outcomes[CourseForUser(*item)]
        assert (outcome.status, outcome.attempts) == ("failed", 0)
        assert reason in outcome.reason


def test_what_an_import_left_out_is_found() -> None:
    """A course that the server did not assign is failed, though it named no error; a row it named is failed too."""
    sandbox = bare(users=3, courses=1)
    users, (course,) = list(sandbox.tenant.users), sandbox.tenant.courses

    async def main() -> dict[str, Outcome]:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(
                {user: [course] for user in users}, send_message=False, via="import"
            )
            running = asyncio.ensure_future(outcomes_of(job))
            await asyncio.sleep(3)
            (waiting,) = sandbox.tenant.imports
            waiting.rows[0]["Course1"] = ""
            waiting.rows[1]["Course1"] = "9-gone"
            return {outcome.item.user_id: outcome for outcome in await running}

    outcomes = run_virtual(main())
    assert [outcomes[user].status for user in users] == ["failed", "failed", "done"]
    assert outcomes[users[0]].reason == "the server accepted it and ignored it"
    assert outcomes[users[1]].reason == "Failed - Unknown Course 9-gone"


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"path": "/bulkimports/*", "status": 400, "times": 9}, "unknown"),
        ({"path": "/bulkimports/*", "status": 400, "times": 9, "stall": 6}, "done"),
        ({"method": "POST", "path": "/users/courses", "status": 500, "times": 9}, "done"),  # one by one
        ({"method": "*", "path": "/users/*courses", "status": 500, "times": None}, "unknown"),
    ],
)
def test_what_nobody_knows_of_an_import_is_read(fault: dict[str, object], status: str) -> None:
    """Where an import cannot be followed the assignments are read: what is there is done, the rest unknown."""
    sandbox = bare(users=3, courses=1)
    sandbox.faults.add(Fault(**{"method": "GET", **fault}))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            job = litmos.bulk.assign_courses_to_users(everything(sandbox), send_message=False, via="import")
            outcomes = await outcomes_of(job)
            assert Counter(outcome.status for outcome in outcomes) == {status: 3}

    run_virtual(main())


@pytest.mark.costly
def test_patience_ends_for_pairs_too() -> None:
    """An import that takes too long stops the job; pairs that are there are done, the others unknown."""
    sandbox = bare(users=2_100, courses=1)
    sandbox.tenant.import_seconds = 10_000
    (course,) = sandbox.tenant.courses

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(everything(sandbox), send_message=False, via="import")
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(60)
            (first,) = (
                sandbox.tenant.user_named(row["Username"]) for row in sandbox.tenant.imports[0].rows[:1]
            )
            sandbox.tenant.assign_course(first["Id"], course)
            report = await running
            assert (report.done, report.unknown, report.stopped) == (
                1,
                1_049,
                "an import had not finished after 1,800 s",
            )
            unknown = [outcome for outcome in job.outcomes_so_far() if outcome.status == "unknown"]
            assert len(unknown) == 1_049
            assert report.problems[0].reason == "the import may still be running"

    run_virtual(main())
    assert posts(sandbox) == 1


def test_pairs_that_cannot_be_read_back_after_an_import() -> None:
    """Where neither the import nor the assignments can be read, the pairs are unknown."""
    sandbox = bare(users=2, courses=1)
    sandbox.faults.add(Fault(method="GET", path="/bulkimports/*", status=400, times=9))
    sandbox.faults.add(Fault(method="POST", path="/users/courses", status=500, times=9))

    async def main() -> None:
        async with client(sandbox, retry=QUICK) as litmos:
            job = litmos.bulk.assign_courses_to_users(everything(sandbox), send_message=False, via="import")
            outcomes = await outcomes_of(job)
            assert [outcome.status for outcome in outcomes] == ["unknown", "unknown"]
            assert isinstance(outcomes[0].error, errors.BadRequest)

    run_virtual(main())


def test_the_way_must_be_named_right() -> None:
    """An unknown way is refused; an empty input sends nothing."""
    sandbox = bare()

    async def main() -> None:
        async with client(sandbox) as litmos:
            bulk = litmos.bulk
            with pytest.raises(errors.ConfigurationError, match="via"):
                bulk.assign_courses_to_users([], send_message=False, via="post")
            job = bulk.assign_courses_to_users([], send_message=False, via="import")
            assert (await job.plan()).requests_by_kind == {}
            assert (await job.run()).counted == 0

    run_virtual(main())
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("each", "imports"),
    [([], 0), ([1], 1), ([1] * 2_000, 1), ([1] * 2_001, 2), ([3, 1], 3), ([2] * 3_000, 3)],
)
def test_the_fewest_imports(each: list[int], imports: int) -> None:
    """As many imports as the longest person needs, or as the rows fill, whichever is more."""
    assert imports_for(each) == imports


def test_rows_go_round_so_that_no_import_holds_a_person_twice() -> None:
    """However the rows of people are spread, each import holds each person once."""
    sandbox = bare(users=40, courses=12)
    courses = list(sandbox.tenant.courses)

    def pairs() -> Iterator[tuple[str, str]]:
        for number, user in enumerate(sandbox.tenant.users):
            for course in courses[: 1 + number % 12]:
                yield user, course

    async def main() -> None:
        async with client(sandbox) as litmos:
            job = litmos.bulk.assign_courses_to_users(pairs(), send_message=False, via="import")
            report = await job.run()
            assert (report.ok, report.requests) == (True, 4)

    run_virtual(main())
    assert all(len({row["Username"] for row in job.rows}) == len(job.rows) for job in sandbox.tenant.imports)
