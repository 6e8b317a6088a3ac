"""Journals of jobs over people, results and imports: what they settle, whom they refuse, and what they hold."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import pytest

from litmos_async import BulkJob, ModuleResult, Outcome, User, UserImport, errors
from litmos_async.bulk import read_summary
from litmos_async.sandbox import Fault, Sandbox
from litmos_async.testing import run_virtual
from tests.bulk.works import KINDS, Work, client, completions, organisation, sandbox_of

CHANGES = ("POST", "PUT", "DELETE")

Make = Callable[..., BulkJob]
"""Makes a job, given what a client offers in bulk."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the journal is."""
    return tmp_path / "night.db"


def run(sandbox: Sandbox, make: Make) -> dict[object, Outcome]:
    """Run a job to its end and return its outcomes by their items."""

    async def main() -> dict[object, Outcome]:
        async with client(sandbox) as litmos:
            return {outcome.item: outcome async for outcome in make(litmos.bulk)}

    return run_virtual(main())


def break_off(sandbox: Sandbox, make: Make, after: float) -> None:
    """Run a job for some seconds and give it up."""

    async def main() -> None:
        async with client(sandbox) as litmos:
            running = asyncio.ensure_future(make(litmos.bulk).run())
            await asyncio.wait([running], timeout=after)
            running.cancel()
            await asyncio.wait([running])

    run_virtual(main())


def statuses(outcomes: dict[object, Outcome]) -> Counter[str]:
    """Count outcomes by status."""
    return Counter(outcome.status for outcome in outcomes.values())


def sent(sandbox: Sandbox, method: str, path: str = "") -> int:
    """Count requests."""
    return sum(each.method == method and path in each.path for each in sandbox.requests)


@pytest.mark.parametrize("kind", KINDS)
def test_no_name_and_no_word_of_the_server_is_in_the_file(kind: Callable[[], Work], tmp_path: Path) -> None:
    """Neither while it is under way, nor afterwards, whatever was refused: ids, hashes and our own words."""
    work, file = kind(), tmp_path / "night.db"
    for method in CHANGES:
        refusal = Fault(method=method, status=409, body='{"Detail": "words of the server"}')
        work.sandbox.faults.add(refusal)
    break_off(work.sandbox, lambda bulk: work.job(SimpleNamespace(bulk=bulk), file), 3.0)
    texts = [_text(file)]
    run(work.sandbox, lambda bulk: work.job(SimpleNamespace(bulk=bulk), file))
    texts.append(_text(file))
    for word in ("example.com", "Ulm", "words of the server", "sandbox-key", "No 1", "Course 1"):
        assert word.casefold() not in "".join(texts).casefold()


def _text(file: Path) -> str:
    with closing(sqlite3.connect(file)) as database:
        return "\n".join(database.iterdump())


def test_a_result_that_cannot_be_told_stays_unknown(file: Path) -> None:
    """It is not written once more: that might count as another attempt. The others are done."""
    tenant = organisation()
    (course, *_) = tenant.courses
    (module,) = tenant.course_modules.of_left(course)
    users = list(tenant.users)[:3]
    for user in users:
        tenant.assign_course(user, course)
    tenant.set_module_result(users[0], course, module, 50, completed=True)
    sandbox = sandbox_of(tenant)
    # The score of one is another one already, and the answers are slow.
    sandbox.faults.add(Fault(method="PUT", times=3, stall=20.0))

    def make(bulk) -> BulkJob:
        results = [ModuleResult(user_id=user, course_id=course, score=80, completed=True) for user in users]
        return bulk.complete_modules([(module, result) for result in results], journal=file)

    break_off(sandbox, make, 5.0)
    assert sent(sandbox, "PUT") == 3
    for _ in range(2):
        outcomes = run(sandbox, make)
        assert statuses(outcomes) == {"done": 2, "unknown": 1}
        assert [item.user_id for item, each in outcomes.items() if each.status == "unknown"] == users[:1]
    assert sent(sandbox, "PUT") == 5
    summary = read_summary(file)
    assert (summary.done, summary.unknown, summary.under_way, summary.left) == (2, 1, 0, 1)


def test_what_a_comparison_finds_done_was_done_by_the_run_before(file: Path) -> None:
    """A change whose answer never came is told as done where the list shows it, not as something that was so."""
    tenant = organisation()
    names = [user["UserName"] for user in tenant.users.values()][:3]
    sandbox = sandbox_of(tenant)
    sandbox.faults.add(Fault(method="PUT", times=3, after=True, stall=20.0))
    wanted = [User(user_name=name, city="Ulm") for name in names]
    wanted.append(User(user_name="new@example.com", first_name="N", last_name="N"))

    def make(bulk) -> BulkJob:
        return bulk.sync_users(wanted, journal=file, send_message=False)

    break_off(sandbox, make, 8.0)
    assert read_summary(file).under_way == 3
    outcomes = run(sandbox, make)
    assert statuses(outcomes) == {"done": 4}
    assert Counter(outcome.reason for outcome in outcomes.values()) == {
        "found by reading": 3,
        "in an earlier run": 1,
    }
    assert (sent(sandbox, "PUT"), sent(sandbox, "POST")) == (3, 1)


def test_somebody_who_is_gone_does_not_keep_a_job_from_going_on(file: Path) -> None:
    """Who was under way and cannot be found is tried once more, and fails alone."""
    tenant = organisation()
    users = list(tenant.users)
    sandbox = sandbox_of(tenant)
    sandbox.faults.add(Fault(method="DELETE", times=None, stall=20.0))

    def make(bulk) -> BulkJob:
        return bulk.remove_users_from_all_teams(users, journal=file)

    break_off(sandbox, make, 3.0)
    sandbox.faults.clear()
    tenant.delete_user(users[0])
    outcomes = run(sandbox, make)
    assert statuses(outcomes) == {"done": len(users) - 1, "failed": 1}
    assert isinstance(outcomes[users[0]].error, errors.NotFound)


def test_pairs_of_somebody_who_is_gone_fail_alone(file: Path) -> None:
    """The same for pairs, also where what is there is read first."""
    tenant = organisation()
    users, paths = list(tenant.users), list(tenant.learning_paths)
    sandbox = sandbox_of(tenant)
    tenant.delete_user(users[0])
    outcomes = run(
        sandbox,
        lambda bulk: bulk.assign_learning_paths_to_users(
            dict.fromkeys(users[:2], paths), send_message=False, skip_existing=True, journal=file
        ),
    )
    assert {item.user_id: each.status for item, each in outcomes.items()} == {
        users[0]: "failed",
        users[1]: "done",
    }


def test_of_an_error_the_journal_keeps_the_kind(file: Path) -> None:
    """And of what went well it keeps no error."""
    tenant = organisation()
    users, paths = list(tenant.users), list(tenant.learning_paths)
    sandbox = sandbox_of(tenant)
    tenant.delete_user(users[0])
    run(
        sandbox,
        lambda bulk: bulk.assign_learning_paths_to_users(
            dict.fromkeys(users[:2], paths[:1]), send_message=False, verify=False, journal=file
        ),
    )
    with closing(sqlite3.connect(file)) as database:
        kept = database.execute("SELECT status, reason FROM outcomes ORDER BY status").fetchall()
    assert kept == [("done", ""), ("failed", "NotFound")]


def test_an_import_that_takes_too_long_is_followed_by_the_next_run(file: Path) -> None:
    """It stays under way in the journal, and is not handed in a second time."""
    sandbox = sandbox_of(organisation())
    sandbox.tenant.import_seconds = 100.0
    rows = [UserImport(username=f"new{n}@example.com", first_name="N", last_name="N") for n in range(3)]
    reports = []

    async def main() -> None:
        async with client(sandbox) as litmos:
            for _ in range(2):
                job = litmos.bulk.import_users(rows, send_message=False, wait_timeout=60.0, journal=file)
                reports.append(await job.run())
                assert read_summary(file).under_way == (not reports[-1].ok)

    run_virtual(main())
    assert [(report.unknown, report.done) for report in reports] == [(3, 0), (0, 3)]
    assert "had not finished after 60 s" in reports[0].stopped
    assert sent(sandbox, "POST") == 1


@pytest.mark.parametrize("via", [True, False])
def test_an_import_that_is_still_not_through_stops_the_next_run(file: Path, *, via: bool) -> None:
    """Nothing more is handed in behind it, and its items are unknown, said aloud."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    tenant.import_seconds = 1e6
    people = list(tenant.users.items())[:2]
    rows = [UserImport(username=user["UserName"], first_name="N", last_name="N") for _, user in people]
    (course, *_) = tenant.courses

    async def main() -> None:
        async with client(sandbox) as litmos:
            for _ in range(2):
                if via:
                    job = litmos.bulk.assign_courses_to_users(
                        [(user, course) for user, _ in people], send_message=False, via="import", journal=file
                    )
                else:
                    job = litmos.bulk.import_users(rows, send_message=False, wait_timeout=60.0, journal=file)
                report = await job.run()
                assert (report.unknown, report.ok) == (2, False)
                assert read_summary(file).under_way == 1

    run_virtual(main())
    assert sent(sandbox, "POST", "/bulkimports") == 1


def test_an_import_that_may_be_another_ones_is_not_claimed(file: Path) -> None:
    """Of two imports that nobody knew before, the next run takes neither for its own: the rows are unknown."""
    sandbox = sandbox_of(organisation())
    rows = [UserImport(username=f"new{n}@example.com", first_name="N", last_name="N") for n in range(3)]
    sandbox.faults.add(Fault(method="POST", after=True, stall=20.0))

    def make(bulk) -> BulkJob:
        return bulk.import_users(rows, send_message=False, journal=file)

    break_off(sandbox, make, 8.0)
    others = [row.replace(username=f"other-{row.username}") for row in rows]
    run(sandbox, lambda bulk: bulk.import_users(others, send_message=False))
    assert statuses(run(sandbox, make)) == {"unknown": 3}
    assert sent(sandbox, "POST") == 2
    # Nobody can tell, and a repeat has the same effect: so the run after that hands them in.
    assert statuses(run(sandbox, make)) == {"done": 3}


def test_an_import_that_came_between_two_attempts_is_not_claimed(file: Path) -> None:
    """The second attempt writes down what was there before it, also where the server still counts its rows."""
    sandbox = sandbox_of(organisation())
    rows = [UserImport(username=f"new{n}@example.com", first_name="N", last_name="N") for n in range(3)]
    sandbox.faults.add(Fault(method="POST", stall=2.0, status=500))
    sandbox.faults.add(Fault(method="POST", nth=2, stall=60.0, drop=True))

    async def main() -> None:
        async with client(sandbox) as litmos, client(sandbox) as other:
            running = asyncio.ensure_future(
                litmos.bulk.import_users(rows, send_message=False, journal=file).run()
            )
            await asyncio.sleep(1.0)
            others = [row.replace(username=f"other-{row.username}") for row in rows[:2]]
            await other.bulk_imports.create_users(others)
            await asyncio.wait([running], timeout=30.0)
            running.cancel()
            await asyncio.wait([running])

    run_virtual(main())
    assert sent(sandbox, "POST") == 3
    (theirs,) = sandbox.tenant.imports
    theirs.rows.append(theirs.rows[0])
    sandbox.faults.clear()
    outcomes = run(sandbox, lambda bulk: bulk.import_users(rows, send_message=False, journal=file))
    assert statuses(outcomes) == {"done": 3}
    assert {row.username for row in rows} <= {user["UserName"] for user in sandbox.tenant.users.values()}


def test_another_content_is_another_input(file: Path) -> None:
    """The same people with other values belong to another journal; so do other options."""
    work = completions()
    run(work.sandbox, lambda bulk: work.job(SimpleNamespace(bulk=bulk), file))
    (course, *_) = work.sandbox.tenant.courses
    (module,) = work.sandbox.tenant.course_modules.of_left(course)
    users = list(work.sandbox.tenant.users)

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            bulk = litmos.bulk
            others = [
                (module, ModuleResult(user_id=user, course_id=course, score=79, completed=True))
                for user in users
            ]
            row = UserImport(username="new@example.com", first_name="N", last_name="N")
            files = {name: file.with_name(name) for name in ("import.db", "sync.db", "teams.db", "away.db")}
            await bulk.import_users([row], send_message=False, journal=files["import.db"]).run()
            await bulk.sync_users(
                [User(user_name="new@example.com")], journal=files["sync.db"], send_message=False
            ).run()
            (team, *_) = work.sandbox.tenant.teams
            await bulk.sync_team_members(
                {team: users[:2]}, journal=files["teams.db"], send_message=False
            ).run()
            await bulk.deactivate_users(users[:1], journal=files["away.db"]).run()
            refused = {
                "other ones": bulk.complete_modules(others, journal=file),
                "but other": bulk.import_users(
                    [row.replace(last_name="M")], send_message=False, journal=files["import.db"]
                ),
                "another input": bulk.sync_users(
                    [User(user_name="new@example.com", city="Ulm")],
                    journal=files["sync.db"],
                    send_message=False,
                ),
                "with deactivate=False": bulk.sync_users(
                    [User(user_name="new@example.com")],
                    deactivate=True,
                    journal=files["sync.db"],
                    send_message=False,
                ),
                "as many items": bulk.sync_team_members(
                    {team: users[:3]}, journal=files["teams.db"], send_message=False
                ),
                "remove=False": bulk.sync_team_members(
                    {team: users[:2]}, remove=True, journal=files["teams.db"], send_message=False
                ),
                "remove_from_teams=False": bulk.deactivate_users(
                    users[:1], remove_from_teams=True, journal=files["away.db"]
                ),
                "another job": bulk.remove_users_from_all_teams(users[:1], journal=files["away.db"]),
            }
            requests = len(work.sandbox.requests)
            for words, job in refused.items():
                with pytest.raises(errors.ConfigurationError, match=words):
                    await job.plan()
            assert len(work.sandbox.requests) == requests

    run_virtual(main())


@pytest.mark.parametrize("kind", KINDS)
def test_a_key_that_stops_working_leaves_nothing_under_way(kind: Callable[[], Work], tmp_path: Path) -> None:
    """The job stops at once; what was refused has an answer, and the next run, with the right key, does it all."""
    work, file = kind(), tmp_path / "night.db"
    for method in CHANGES:
        work.sandbox.faults.add(Fault(method=method, nth=2 if method == "PUT" else 1, status=401))

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            with pytest.raises(errors.Unauthorized) as stopped:
                await work.job(litmos, file).run()
            assert stopped.value.resume == str(file)

    run_virtual(main())
    work.sandbox.faults.clear()
    run(work.sandbox, lambda bulk: work.job(SimpleNamespace(bulk=bulk), file))
    assert work.ends()
    assert max(work.once().values(), default=1) == 1
    assert (read_summary(file).left, read_summary(file).under_way) == (0, 0)


@pytest.mark.parametrize("via", [None, "import"])
def test_what_could_not_be_sent_is_in_the_journal(file: Path, via: str | None) -> None:
    """An item that was refused before it left has failed there, too, and the rest is done."""
    tenant = organisation()
    (user, *_), (course, *_) = tenant.users, tenant.courses
    pairs = [(user, course), (user, "half \ud800 a character"), ("nobody", course)][: 2 if via is None else 3]

    def make(bulk) -> BulkJob:
        return bulk.assign_courses_to_users(pairs, send_message=False, via=via, journal=file)

    assert statuses(run(sandbox_of(tenant), make)) == {"done": 1, "failed": len(pairs) - 1}
    summary = read_summary(file)
    assert (summary.done, summary.failed, summary.left) == (1, len(pairs) - 1, len(pairs) - 1)


def test_who_has_left_meanwhile_is_nobodys_doing(file: Path) -> None:
    """Whom an earlier run could not take out, and who has gone by himself since, is no change of this job."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    (team, *_) = tenant.teams
    stays, goes, *_ = tenant.members.of_left(team)
    for user in tenant.members.of_left(team):
        if user not in {stays, goes}:
            tenant.leave_team(team, user)
    sandbox.faults.add(Fault(method="DELETE", status=406))

    def make(bulk) -> BulkJob:
        return bulk.sync_team_members(
            {team: [stays]}, remove=True, max_removals=1.0, send_message=False, journal=file
        )

    assert statuses(run(sandbox, make)) == {"skipped": 1, "failed": 1}
    tenant.leave_team(team, goes)
    assert statuses(run(sandbox, make)) == {"skipped": 1}
    assert sent(sandbox, "DELETE") == 1


def test_an_import_whose_id_is_not_said_is_found(file: Path) -> None:
    """An answer without an id is as good as none: the import is found in the list, and not handed in again."""
    sandbox = sandbox_of(organisation())
    sandbox.faults.add(Fault(method="POST", body='{"Status": "Waiting"}', content_type="application/json"))
    rows = [UserImport(username=f"new{n}@example.com", first_name="N", last_name="N") for n in range(3)]
    outcomes = run(sandbox, lambda bulk: bulk.import_users(rows, send_message=False, journal=file))
    assert statuses(outcomes) == {"done": 3}
    assert sent(sandbox, "POST") == 1


def test_somebody_who_vanished_is_not_called_changed(file: Path) -> None:
    """A change that was under way to somebody who is missing now is no change that the list shows."""
    tenant = organisation()
    names = {user["UserName"]: id for id, user in list(tenant.users.items())[:2]}
    sandbox = sandbox_of(tenant)
    sandbox.faults.add(Fault(method="PUT", times=2, after=True, stall=20.0))

    def make(bulk) -> BulkJob:
        wanted = [User(user_name=name, city="Ulm") for name in names]
        return bulk.sync_users(wanted, create=False, send_message=False, journal=file)

    break_off(sandbox, make, 8.0)
    assert read_summary(file).under_way == 2
    stays, goes = names
    tenant.delete_user(names[goes])
    outcomes = run(sandbox, make)
    assert {item.user_name: each.reason for item, each in outcomes.items()} == {
        stays: "found by reading",
        goes: "missing, and create=False",
    }
