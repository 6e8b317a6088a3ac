"""However a job ends, it ends: nothing waits for ever, the journal is free, and no exception is left behind."""

from __future__ import annotations

import asyncio
import gc
import random
import sqlite3
import stat
from collections.abc import Callable, Coroutine
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any

import pytest

from litmos_async import BulkJob, LitmosClient, Progress, RateLimit
from litmos_async.bulk import read_summary
from litmos_async.bulk.journal.file import JournalFile
from litmos_async.errors import ConfigurationError, JournalError, LitmosError, Unauthorized
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from litmos_async.testing.clock import VirtualLoop
from tests.bulk.works import KINDS, Work, client, organisation, sandbox_of
from tests.support import sandboxes
from tests.support.amounts import amount
from tests.support.generators import all_closed

RECORDED = Path(__file__).parent / "recorded"


class Enough(BaseException):
    """What no `except Exception` sees."""


# ------------------------------------------------ by what a callback raises


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("raised", [asyncio.CancelledError, GeneratorExit, Enough, ValueError])
def test_whatever_on_progress_raises_ends_the_job(
    kind: Callable[[], Work], raised: type[BaseException], tmp_path: Path
) -> None:
    """It comes out of `run`, whichever request it was raised at, and the same job goes on from its journal."""
    for moment in (1, 4):
        work, file = kind(), tmp_path / f"{moment}.db"

        async def main(work: Work = work, file: Path = file, moment: int = moment) -> None:
            calls = 0

            def on_progress(_: Progress) -> None:
                nonlocal calls
                calls += 1
                if calls == moment:
                    raise raised

            async with client(work.sandbox) as litmos:
                with pytest.raises(raised):
                    await asyncio.wait_for(work.job(litmos, file).run(on_progress), 1_000)
                assert calls >= moment
                report = await work.job(litmos, file).run()
                assert report.ok

        run_virtual(main())
        assert work.ends()


# ------------------------------------------------ by leaving its loop


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_that_was_left_lets_go_of_its_journal(kind: Callable[[], Work], tmp_path: Path) -> None:
    """After `break` a new job on the same journal goes on at once, as often as one likes."""
    work, file = kind(), tmp_path / "night.db"

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            for number in range(4):
                taken = 0
                job = work.job(litmos, file)
                async for _ in job:
                    taken += 1
                    if taken > number:
                        break
                assert taken
            assert (await work.job(litmos, file).run()).ok

    run_virtual(main())
    assert work.ends()
    assert max(work.once().values(), default=1) == 1
    assert read_summary(file).left == 0


def break_after(work: Work, file: Path, number: int) -> Callable[[], Coroutine[Any, Any, None]]:
    """Return what leaves a job on a journal after so many outcomes, and ends at that very turn of the loop."""

    async def main() -> None:
        taken = 0
        async for _ in work.job(client(work.sandbox), file):
            taken += 1
            if taken == number:
                return

    return main


@pytest.mark.filterwarnings(
    # Python's, of the tasks that such a loop has left in the middle.
    "ignore::pytest.PytestUnraisableExceptionWarning",
    "ignore:coroutine .* was never awaited:RuntimeWarning",
)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "after", ["closed", "stopped", pytest.param("stopped, goes on", marks=pytest.mark.costly)]
)
def test_a_job_whose_loop_has_ended_lets_go_of_its_journal(
    kind: Callable[[], Work], after: str, tmp_path: Path
) -> None:
    """A loop that ends without closing what it has left, closed or only stopped, keeps no journal from the next."""
    work, file = kind(), tmp_path / "night.db"
    loops = [VirtualLoop() for _ in range(3)]

    async def rest() -> None:
        async with client(work.sandbox) as litmos:
            assert (await work.job(litmos, file).run()).ok

    try:
        for number, loop in enumerate(loops[:2], start=1):
            loop.run_until_complete(break_after(work, file, number)())
            if after == "closed":
                loop.close()
        loops[2].run_until_complete(rest())
        if after == "stopped, goes on":
            for loop in loops[:2]:
                loop.run_until_complete(asyncio.sleep(100.0))
    finally:
        for loop in loops:
            loop.close()
        loops.clear()
        gc.collect()
    assert work.ends()
    assert max(work.once().values(), default=1) == 1
    assert read_summary(file).left == 0


def test_a_job_that_goes_on_keeps_its_journal(tmp_path: Path) -> None:
    """As long as a job is iterated over, or only planned, its journal is in use for others."""
    tenant = organisation()
    pairs = [(user, path) for user in tenant.users for path in tenant.learning_paths]

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:

            def job() -> BulkJob:
                return litmos.bulk.assign_learning_paths_to_users(
                    pairs, send_message=False, journal=tmp_path / "night.db"
                )

            async with aclosing(aiter(job())) as outcomes:
                await anext(outcomes)
                with pytest.raises(ConfigurationError, match="in use"):
                    await job().plan()
            planned = job()
            await planned.plan()
            with pytest.raises(ConfigurationError, match="in use"):
                await job().plan()
            await planned.aclose()
            for again in (planned.plan, planned.run):
                with pytest.raises(ConfigurationError, match="closed"):
                    await again()
            assert (await job().run()).ok

    run_virtual(main())


def test_closing_a_job_gives_up_what_is_under_way(tmp_path: Path) -> None:
    """`aclose` stops a job that is iterated over, and refuses where another task is in the middle of it."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    pairs = [(user, path) for user in tenant.users for path in tenant.learning_paths]

    async def main() -> None:
        async with client(sandbox) as litmos:

            def job() -> BulkJob:
                return litmos.bulk.assign_learning_paths_to_users(
                    pairs, send_message=False, journal=tmp_path / "night.db"
                )

            first = job()
            async for _ in first:
                await first.aclose()
            assert first.report.stopped == "interrupted"
            second = job()
            running = asyncio.ensure_future(second.run())
            await asyncio.sleep(0.5)
            with pytest.raises(ConfigurationError, match="is running"):
                await second.aclose()
            assert (await running).ok

    run_virtual(main())


@pytest.mark.parametrize("kind", KINDS)
def test_what_reads_and_writes_is_closed_by_who_leaves(kind: Callable[[], Work], tmp_path: Path) -> None:
    """A job that is left after its first outcome has nothing open any more."""
    work = kind()

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            with all_closed():
                async with aclosing(aiter(work.job(litmos, tmp_path / "job.db"))) as outcomes:
                    await anext(outcomes)

    run_virtual(main())


@pytest.mark.costly
def test_leaving_the_loop_leaves_no_exception_behind(tmp_path: Path) -> None:
    """A loop that is left, a client that is closed and a journal: asyncio has nothing to report."""
    work, told = KINDS[0](), list[dict[str, Any]]()

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with client(work.sandbox) as litmos:
            async for _ in work.job(litmos, tmp_path / "night.db"):
                break

    asyncio.run(main())
    gc.collect()
    assert told == []
    read_summary(tmp_path / "night.db")


# ------------------------------------------------ by being stopped


@pytest.mark.parametrize("by", ["failures", "stop"])
@pytest.mark.parametrize("name", ["pairs", "items"])
def test_what_waits_for_a_slot_is_not_waited_for(by: str, name: str) -> None:
    """A job that stops ends when what has left is answered, not when the limit has a slot for what has not."""
    tenant = Tenant()
    course = tenant.add_course(Name="Course")["Id"]
    users = [
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName="E")["Id"]
        for number in range(60)
    ]
    sandbox = Sandbox(tenant, latency=lambda: 0.5)
    if by == "failures":
        sandbox.faults.add(Fault(method="POST", status=400, times=None))
        sandbox.faults.add(Fault(method="DELETE", status=400, times=None))

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with sandboxes.client(sandbox, rate_limit=RateLimit(20)) as litmos:
            pause = 0.0
            options: dict[str, Any] = {"stop_after_failures": 3} if by == "failures" else {}
            job = (
                litmos.bulk.assign_courses_to_users(
                    [(user, course) for user in users], send_message=False, **options
                )
                if name == "pairs"
                else litmos.bulk.remove_users_from_all_teams(users, **options)
            )
            began = loop.time()
            running = asyncio.ensure_future(job.run())
            if by == "stop":
                await asyncio.sleep(1.0)
                assert not running.done()
                assert litmos.quota.waiting
                job.stop()
                pause = 1.0
            report = await running
            assert loop.time() - began < pause + 1.0
            assert report.stopped
            assert litmos.quota.waiting == 0
            # Of all that has left, the outcome is known; the rest was never sent, and is left out.
            assert report.counted == report.requests == len(sandbox.requests) == 20
            assert len(list(job.outcomes_so_far())) == 20

    run_virtual(main())


def test_a_cancelled_job_is_not_taken_for_a_stopped_one() -> None:
    """Cancelling the task of a job at the moment at which it is stopped is a cancellation."""
    tenant = organisation()

    async def main() -> None:
        async with client(sandbox_of(tenant)) as litmos:
            job = litmos.bulk.remove_users_from_all_teams(list(tenant.users))
            running = asyncio.ensure_future(job.run())
            await asyncio.sleep(0.1)
            job.stop()
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
            assert job.report.stopped == "interrupted"

    run_virtual(main())


# ------------------------------------------------ by a plan that fails


@pytest.mark.parametrize("name", ["skip_existing", "via", "sync_users", "sync_teams"])
def test_a_plan_that_fails_lets_go_of_its_journal(name: str, tmp_path: Path) -> None:
    """The next job on the same journal finds it free, and so does the same one where that can plan again."""
    tenant = organisation()
    sandbox = sandbox_of(tenant)
    users, courses, teams = list(tenant.users), list(tenant.courses), list(tenant.teams)
    file = tmp_path / "night.db"

    def job(litmos: LitmosClient) -> BulkJob:
        pairs = [(user, course) for user in users for course in courses]
        if name == "skip_existing":
            return litmos.bulk.assign_courses_to_users(
                pairs, send_message=False, skip_existing=True, journal=file
            )
        if name == "via":
            return litmos.bulk.assign_courses_to_users(pairs, send_message=False, via="import", journal=file)
        if name == "sync_users":
            return litmos.bulk.sync_users(
                [{"user_name": "a@x.com"}], create=False, send_message=False, journal=file
            )
        return litmos.bulk.sync_team_members({teams[0]: users}, send_message=False, journal=file)

    async def main() -> None:
        async with client(sandbox) as litmos:
            first = job(litmos)
            sandbox.faults.add(Fault(status=401, times=None))
            with pytest.raises(Unauthorized):
                await first.plan()
            planning = asyncio.ensure_future(job(litmos).plan())
            await asyncio.sleep(0)
            planning.cancel()
            with pytest.raises(asyncio.CancelledError):
                await planning
            sandbox.faults.clear()
            second = job(litmos)
            plan = await second.plan()
            await second.aclose()
            if name != "sync_users":
                again = await first.plan()
                assert (again.items, again.requests, again.skipped) == (
                    plan.items,
                    plan.requests,
                    plan.skipped,
                )
            await first.aclose()
            assert (await job(litmos).run()).ok

    run_virtual(main())


# ------------------------------------------------ by an import that is refused


def test_an_import_that_is_refused_again_and_again_has_failed() -> None:
    """The server says 500 and has no such import: nothing was done, and the progress never passes its plan."""
    work = next(kind for kind in KINDS if kind.__name__ == "imports")()
    work.sandbox.faults.add(Fault(method="POST", path="/bulkimports", status=500, times=None))
    told: list[Progress] = []

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            job = litmos.bulk.import_users(
                [{"username": "new@example.com", "first_name": "N", "last_name": "N"}], send_message=False
            )
            report = await job.run(told.append)
            assert (report.failed, report.unknown, report.requests) == (1, 0, 3)
            (outcome,) = report.problems
            assert "500" in outcome.reason
            assert outcome.reason.startswith("the server has no such import")

    run_virtual(main())
    assert told[-1].requests == told[-1].requests_planned == 3
    assert all(step.requests <= step.requests_planned for step in told)


# ------------------------------------------------ by its journal


@pytest.mark.parametrize("write", ["before", "after"])
def test_a_full_disk_is_one_typed_error(write: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job ends with it, and asyncio has nothing to report of the writes that nobody waits for any more."""
    told: list[dict[str, Any]] = []
    plain = getattr(JournalFile, write)
    calls = 0

    def full(journal: JournalFile, *args: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls > 2:
            raise sqlite3.OperationalError("database or disk is full")
        return plain(journal, *args)

    monkeypatch.setattr(JournalFile, write, full)
    work = KINDS[0]()
    sandbox = Sandbox(work.sandbox.tenant)

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        async with sandboxes.client(sandbox) as litmos:
            job = work.job(litmos, tmp_path / "night.db")
            with pytest.raises(JournalError, match="full") as caught:
                await job.run()
            assert isinstance(caught.value.__cause__, sqlite3.OperationalError)
            assert caught.value.resume == str(tmp_path / "night.db")
            assert "full" in job.report.stopped

    asyncio.run(main())
    gc.collect()
    assert told == []


@pytest.mark.parametrize("path", ["a\0b", "\ud800", "x" * 5_000, "/no/such/folder/night.db", ".", ""])
def test_a_journal_that_cannot_be_is_refused(path: str) -> None:
    """Whatever is given for its path, the error is one line of ours."""
    work = KINDS[0]()

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            with pytest.raises(ConfigurationError):
                await work.job(litmos, path).plan()
            with pytest.raises(ConfigurationError):
                read_summary(path)

    run_virtual(main())
    assert not work.sandbox.requests


@pytest.mark.parametrize("kind", KINDS)
def test_a_damaged_journal_is_a_typed_error(kind: Callable[[], Work], tmp_path: Path) -> None:
    """Bytes changed at random in a journal: it is refused, or the job goes on with what is left of it."""
    chance = random.Random(kind.__name__)
    whole = (RECORDED / f"{kind.__name__}.db").read_bytes()
    used = [place for place, byte in enumerate(whole) if byte]
    refused = 0

    async def main(file: Path) -> None:
        nonlocal refused
        work = kind()
        async with client(work.sandbox) as litmos:
            job = work.job(litmos, file)
            try:
                await job.plan()
            except LitmosError:
                refused += 1
            finally:
                await job.aclose()

    for number in range(amount(60, quick=15)):
        damaged = bytearray(whole)
        for _ in range(chance.choice((1, 3, 30))):
            damaged[chance.choice(used)] = chance.randrange(256)
        file = tmp_path / f"{number}.db"
        file.write_bytes(damaged)
        run_virtual(main(file))
        with suppress(ConfigurationError):
            read_summary(file)
    assert refused


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM meta",
        "DELETE FROM meta WHERE name = 'kind'",
        "UPDATE meta SET value = 'x' WHERE name != 'kind'",
        "UPDATE meta SET value = '[]' WHERE name = 'options'",
        "DROP TABLE outcomes",
        "UPDATE requests SET items = 'x'",
        "UPDATE requests SET items = '[1]'",
        "UPDATE requests SET sent = 'x'",
        "UPDATE requests SET note = 'x'",
        "UPDATE requests SET note = '[]'",
        "ALTER TABLE outcomes RENAME COLUMN status TO state",
    ],
)
@pytest.mark.parametrize("name", ["paths_of_people", "imports"])
def test_a_journal_that_lacks_something_is_a_typed_error(name: str, statement: str, tmp_path: Path) -> None:
    """What is missing or of another type is an error of ours, or does not matter."""
    file = tmp_path / "night.db"
    file.write_bytes((RECORDED / f"{name}.db").read_bytes())
    with sqlite3.connect(file) as database:
        database.execute(statement)
    database.close()
    work = next(kind for kind in KINDS if kind.__name__ == name)()

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            expected = () if "note" in statement else (ConfigurationError, JournalError)
            job = work.job(litmos, file)
            with suppress(JournalError) if "note" in statement else pytest.raises(expected):
                await job.plan()
            await job.aclose()

    run_virtual(main())
    with suppress(ConfigurationError):
        read_summary(file)


def test_a_journal_is_for_its_owner_alone(tmp_path: Path) -> None:
    """It holds ids of people: what the job creates can be read by nobody else, also while it is open."""
    file = tmp_path / "night.db"
    work = KINDS[0]()
    modes: set[int] = set()

    def look(_: Progress) -> None:
        modes.update(stat.S_IMODE(each.stat().st_mode) for each in tmp_path.iterdir())

    async def main() -> None:
        async with client(work.sandbox) as litmos:
            await work.job(litmos, file).run(look)

    run_virtual(main())
    look(None)
    assert modes == {0o600}
    assert {each.name for each in tmp_path.iterdir()} == {"night.db", "night.db-lock"}
