"""What is special about SQLite: the file, the thread, the clock, and processes that are killed."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time as real_time
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from litmos_async.errors import LimiterUnavailable
from litmos_async.limits import RateLimit, SqliteLimiter
from litmos_async.limits.shared import SharedLimiter
from litmos_async.limits.sqlite import SqliteStore
from litmos_async.testing import run_virtual
from tests.limits.files import virtual
from tests.limits.small import take, time

ROOT = Path(__file__).parents[2]


def test_hours_over_a_file(tmp_path: Path) -> None:
    """The rule over a real file on a virtual clock: windows follow one another at full speed."""

    async def main() -> None:
        one, two = (virtual(tmp_path / "limits.db", 10) for _ in range(2))
        begin = time()
        starts = []

        async def call(limiter: SharedLimiter) -> None:
            lease = await limiter.acquire()
            starts.append(time() - begin)
            await asyncio.sleep(0.5)
            lease.answered()

        await asyncio.gather(*(call(limiter) for _ in range(50) for limiter in (one, two)))
        assert max(sum(first <= one <= first + 60 for one in starts) for first in starts) <= 10
        assert 9 * 60.5 <= max(starts) < 9 * 61
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


def test_after_a_restart_of_the_machine_every_slot_is_kept_for_a_period(tmp_path: Path) -> None:
    """The clock begins anew: nothing is freed early, and nothing is shut for as long as the machine ran."""
    path = tmp_path / "limits.db"

    async def before() -> None:
        limiter = virtual(path)
        (await limiter.acquire()).answered()
        await take(limiter, 2)
        await limiter.aclose()

    async def after() -> None:
        limiter = virtual(path, started=1_000_000.0)
        begin = time()
        await limiter.acquire()
        assert 60 <= time() - begin < 91
        await limiter.aclose()

    run_virtual(before(), start=1_000_000.0)
    run_virtual(after(), start=1_000_010.0)


def empty(folder: Path) -> None:
    """Remove all files."""
    for file in folder.iterdir():
        file.unlink()


@pytest.mark.parametrize("replaced", [False, True])
def test_a_file_that_was_removed_is_a_lost_record(tmp_path: Path, replaced: bool) -> None:
    """Who has it open goes to the new one, as the others do, and remembers there what is lost."""
    path = tmp_path / "limits.db"

    async def main() -> None:
        one, two = virtual(path, 3), virtual(path, 3)
        begin = time()
        (await one.acquire()).answered()
        await asyncio.sleep(1)
        empty(tmp_path)
        if replaced:
            await two.usage()
        await one.usage()
        assert (await two.usage()).quota.used == 3
        await two.acquire()
        assert time() - begin == pytest.approx(91.001)
        for limiter in (one, two):
            await limiter.aclose()

    run_virtual(main())


async def test_the_wall_clock_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall clock that jumps by a day in either direction changes nothing."""
    limiter = SqliteLimiter(tmp_path / "limits.db", RateLimit(2, period=0.5), account="one")
    right = real_time.time
    assert limiter._store._clock is real_time.monotonic
    begin = time()
    for wrong_by in (0.0, 86_400.0, -86_400.0, 90.0):
        monkeypatch.setattr(real_time, "time", lambda wrong_by=wrong_by: right() + wrong_by)
        (await limiter.acquire()).answered()
    assert 0.5 <= time() - begin < 30  # less than any of the jumps
    await limiter.aclose()


async def test_the_loop_is_never_blocked(tmp_path: Path) -> None:
    """While another process holds the file for a moment, only those wait who want a slot."""
    path = tmp_path / "limits.db"
    limiter = SqliteLimiter(path, account="one")
    (await limiter.acquire()).answered()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    threads: set[threading.Thread] = set()

    def clock() -> float:
        """Tell the time, and note who asks: whoever has just waited for the file."""
        threads.add(threading.current_thread())
        return real_time.monotonic()

    limiter._store._clock = clock
    caller = asyncio.ensure_future(limiter.acquire())
    for _ in range(30):
        await asyncio.sleep(0.01)
        assert not caller.done()  # the loop turns, and the file is not free
    assert not threads
    other.execute("ROLLBACK")
    other.close()
    (await caller).answered()
    assert threads
    assert threading.current_thread() not in threads
    await limiter.aclose()


async def test_an_executor_that_was_given_stays_open(tmp_path: Path) -> None:
    """It belongs to whoever gave it."""
    with ThreadPoolExecutor(1) as given:
        store = SqliteStore(tmp_path / "limits.db", executor=given)
        await store.apply("one", RateLimit(), lambda _account, _now: None)
        await store.aclose()
        assert given.submit(int, "5").result() == 5


class ThreadForEach(Executor):
    """Does each piece of work in a thread of its own."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        """Begin the work."""
        pool = ThreadPoolExecutor(1)
        done = pool.submit(work, *args, **options)
        pool.shutdown(wait=False)
        return done


async def test_an_executor_with_many_threads(tmp_path: Path) -> None:
    """One that was given may use another thread each time, never two at once."""
    store = SqliteStore(tmp_path / "limits.db", executor=ThreadForEach())
    for _ in range(3):
        await store.apply("one", RateLimit(), lambda _account, _now: None)
    await store.aclose()


async def test_nothing_is_left_open(tmp_path: Path) -> None:
    """After closing there is no thread and no journal beside the file."""
    before = set(threading.enumerate())
    limiter = SqliteLimiter(tmp_path / "deep" / "limits.db", account="one")
    (await limiter.acquire()).answered()
    own = [
        one for one in threading.enumerate() if one.name.startswith("litmos-limiter") and one not in before
    ]
    assert len(own) == 1
    await limiter.aclose()
    await asyncio.to_thread(own[0].join, 60.0)  # it was told to end, and is not waited for
    assert not own[0].is_alive()
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["limits.db"]
    assert repr(limiter).startswith("SqliteLimiter('")


@pytest.mark.parametrize("kind", ["folder", "no database", "forbidden"])
async def test_a_file_that_cannot_be_used_is_a_typed_error(tmp_path: Path, kind: str) -> None:
    """The error names the file; the next call tries anew."""
    path = tmp_path / "limits.db"
    if kind == "folder":
        path.mkdir()
    elif kind == "no database":
        path.write_text("this is no database" * 100)
    else:
        (tmp_path / "file").touch()
        path = tmp_path / "file" / "limits.db"
    limiter = SqliteLimiter(path, account="one")
    for _ in range(2):
        with pytest.raises(LimiterUnavailable, match=r"limits\.db"):
            await limiter.acquire()
    await limiter.aclose()


FORKED = """
import asyncio, os, sys
from litmos_async.limits import RateLimit, SqliteLimiter

limiter = SqliteLimiter(sys.argv[1], RateLimit(10), account="one")

async def use(count):
    for _ in range(count):
        (await limiter.acquire()).answered()
    await asyncio.sleep(0.05)
    return (await limiter.usage()).quota.used

assert asyncio.run(use(3)) == 3
if child := os.fork():
    status = os.waitpid(child, 0)[1]
    assert asyncio.run(use(1)) == 6
    asyncio.run(limiter.aclose())
    sys.exit(os.waitstatus_to_exitcode(status))
assert asyncio.run(use(2)) == 5
os._exit(0)
"""


def test_it_may_be_inherited_by_a_forked_worker(tmp_path: Path) -> None:
    """As servers do that load the application and then fork: the child opens the file anew."""
    path = str(tmp_path / "limits.db")
    subprocess.run([sys.executable, "-c", FORKED, path], check=True, timeout=600, cwd=ROOT)


@pytest.mark.costly
async def test_many_begin_a_file_at_the_same_moment(tmp_path: Path) -> None:
    """Workers that start together find no file yet, and none of them is told that it is locked."""
    for number in range(20):
        stores = [SqliteStore(tmp_path / f"{number}.db") for _ in range(12)]
        changes = (store.apply("one", RateLimit(), lambda account, _: account.changes) for store in stores)
        assert sorted(await asyncio.gather(*changes)) == list(range(1, 13))
        for store in stores:
            await store.aclose()


@pytest.mark.parametrize("beside", [["-wal", "-shm"], ["-journal"], ["-wal", "-shm", "-journal"]])
def test_what_lies_beside_the_file_can_be_deleted(tmp_path: Path, beside: list[str]) -> None:
    """Those who have it open and newcomers go on under one limit: all that matters is in the file itself."""
    path = tmp_path / "limits.db"

    async def main() -> None:
        old = [virtual(path, 100) for _ in range(2)]
        begin = time()
        for limiter in old:
            for lease in await take(limiter, 40):
                lease.answered()
        await asyncio.sleep(1)
        for end in beside:
            path.with_name(path.name + end).unlink(missing_ok=True)
        new = [virtual(path, 100) for _ in range(2)]
        callers = [asyncio.ensure_future(limiter.acquire()) for limiter in [*new, *old] for _ in range(25)]
        await asyncio.sleep(50)
        assert sum(task.done() for task in callers) == 20
        for task in callers:
            if task.done():
                task.result().answered()
        await asyncio.sleep(begin + 62 - time())
        assert sum(task.done() for task in callers) == 100
        for limiter in [*new, *old]:
            await limiter.aclose()

    run_virtual(main())


async def test_a_file_system_that_does_not_answer_is_a_typed_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No lock's timeout ends that: the callers hear of it, and closing does not wait for it."""
    monkeypatch.setattr("litmos_async.limits.sqlite.LATE", 0.01)
    stuck = threading.Event()

    class Stuck(SqliteStore):
        def _transaction(self, *_: Any) -> Any:
            stuck.wait()

    limiter = SharedLimiter(Stuck(tmp_path / "limits.db"), RateLimit(), account="one")
    with pytest.raises(LimiterUnavailable, match="does not answer"):
        await limiter.acquire()
    await limiter.aclose()
    stuck.set()
