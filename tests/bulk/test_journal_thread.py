"""A journal in a thread of its own: what waits for it, and what is cancelled."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from litmos_async.bulk.journal.file import JournalFile, Settled, read_summary
from litmos_async.bulk.journal.journal import Journal
from litmos_async.errors import ConfigurationError
from litmos_async.testing import run_virtual
from tests.bulk.journals import BLUE, KIND, OPTIONS, RED, done, fingerprint, names_beside, opened


@pytest.fixture
def threads_end() -> Callable[[], None]:
    """Return what waits until no thread of a journal is left that began in this test."""
    before = set(threading.enumerate())

    def wait() -> None:
        for thread in set(threading.enumerate()) - before:
            if thread.name.startswith("litmos-journal"):
                thread.join()

    return wait


async def open_async(path: Path) -> Journal:
    """Open the journal in its own thread."""
    return await Journal.open(path, KIND, fingerprint(), OPTIONS)


def hold(journal: Journal) -> threading.Event:
    """Let the thread of a journal wait for an event."""
    event = threading.Event()
    journal._pool.submit(event.wait)
    return event


async def test_the_thread_does_what_the_file_does(path: Path) -> None:
    """Every method has its counterpart, and the file holds what came through it."""
    async with await open_async(path) as journal:
        request = await journal.before(RED)
        other = await journal.before(BLUE, "waits")
        _, before = await journal.under_way(0.0)
        await journal.again(other)
        _, again = await journal.under_way(0.0)
        assert again.sent > before.sent
        await journal.note(other, "taken")
        await journal.after(request, [*done(RED[:1]), Settled("bert", "red", "failed", "NotFound")])
        await journal.record([Settled("carl", "blue", "skipped")])
        await journal.expect(5)
        assert [each[1:3] for each in await journal.under_way(0.0)] == [(BLUE, "taken")]
        assert [row async for row in journal.settled()] == [
            Settled("anna", "red", "done"),
            Settled("carl", "blue", "skipped"),
        ]
        assert [row async for row in journal.settled("failed")] == [
            Settled("bert", "red", "failed", "NotFound")
        ]
        during = await journal.summary()
    assert read_summary(path) == during


async def test_many_tasks_share_one_journal(path: Path) -> None:
    """A hundred requests at once: each has a number of its own and its own outcomes."""
    async with await open_async(path) as journal:

        async def call(number: int) -> int:
            request = await journal.before([(f"user{number:03}", "red")])
            await journal.after(request, [Settled(f"user{number:03}", "red", "done", str(request))])
            return request

        requests = await asyncio.gather(*map(call, range(100)))
        assert len(set(requests)) == 100
        assert [row.reason async for row in journal.settled()] == [str(request) for request in requests]


async def test_an_answer_is_written_down_though_nobody_waits_for_it(path: Path) -> None:
    """A cancelled `after` that had not begun is carried out all the same, before the file is closed."""
    async with await open_async(path) as journal:
        request = await journal.before(RED[:1])
        event = hold(journal)
        call = asyncio.ensure_future(journal.after(request, done(RED[:1])))
        await asyncio.sleep(0)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        event.set()
    with opened(path) as file:
        assert file.under_way() == []
        assert list(file.settled()) == [Settled("anna", "red", "done")]


async def test_a_cancelled_close_closes(path: Path, threads_end: Callable[[], None]) -> None:
    """Who gives up waiting for the end does not keep the journal from the next job."""
    journal = await open_async(path)
    event = hold(journal)
    closing = asyncio.ensure_future(journal.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    event.set()
    await asyncio.to_thread(threads_end)
    opened(path).close()


async def test_a_cancelled_opening_leaves_nothing_open(
    path: Path, monkeypatch: pytest.MonkeyPatch, threads_end: Callable[[], None]
) -> None:
    """A file that its thread opens after nobody waits for it any more is closed again."""
    event, real = threading.Event(), JournalFile.open

    def slow(*args: Any) -> JournalFile:
        event.wait()
        return real(*args)

    monkeypatch.setattr(JournalFile, "open", slow)
    opening = asyncio.ensure_future(open_async(path))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    event.set()
    await asyncio.to_thread(threads_end)
    monkeypatch.undo()
    assert names_beside(path) == ["night.db", "night.db-lock"]
    opened(path).close()


async def test_a_refused_journal_leaves_no_thread(path: Path, threads_end: Callable[[], None]) -> None:
    """What keeps the thread from opening the file is raised where it was asked for, and the thread ends."""
    with opened(path), pytest.raises(ConfigurationError, match="in use"):
        await open_async(path)
    await asyncio.to_thread(threads_end)


async def test_a_closed_journal_says_so(path: Path) -> None:
    """Closing again is no error, writing is."""
    journal = await open_async(path)
    await journal.close()
    await journal.close()
    with pytest.raises(ValueError, match="closed"):
        await journal.before(RED)


@pytest.mark.parametrize("closed", [True, False])
def test_a_journal_of_a_loop_that_does_not_run_is_closed_from_another(
    path: Path, closed: bool, threads_end: Callable[[], None]
) -> None:
    """Two jobs that want it: its thread first writes what it was asked to; one job gets it, the other an error."""
    first = asyncio.new_event_loop()

    async def leave() -> tuple[Journal, threading.Event, asyncio.Future[None]]:
        journal = await open_async(path)
        request = await journal.before(RED[:1])
        event = hold(journal)
        noting = asyncio.ensure_future(journal.after(request, done(RED[:1])))
        await asyncio.sleep(0)
        journal.leaving = True
        return journal, event, noting

    journal, event, noting = first.run_until_complete(leave())
    if closed:
        noting.cancel()
        first.run_until_complete(asyncio.sleep(0))
        first.close()

    async def want() -> None:
        wanted = [asyncio.ensure_future(open_async(path)) for _ in range(2)]
        await asyncio.sleep(0)
        event.set()
        opened_by, refused = await asyncio.gather(*wanted, return_exceptions=True)
        if not isinstance(opened_by, Journal):
            opened_by, refused = refused, opened_by
        assert isinstance(opened_by, Journal)
        assert isinstance(refused, ConfigurationError)
        async with opened_by:
            assert await opened_by.under_way(0.0) == []
            assert [row async for row in opened_by.settled()] == [Settled("anna", "red", "done")]
            with pytest.raises(ConfigurationError, match="in use"):
                await open_async(path)

    asyncio.run(want())
    threads_end()
    if not closed:
        first.run_until_complete(journal.close())
        first.close()
    opened(path).close()


def test_reading_waits_until_nothing_can_arrive(path: Path) -> None:
    """A request of a killed process is looked for when its time is up, not before; without one nobody waits."""
    times: list[float] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with await open_async(path) as journal:
            for quiet in (True, False):
                begin = loop.time()
                assert bool(await journal.under_way(30.0)) != quiet
                times.append(loop.time() - begin)
                await journal.before(RED)

    run_virtual(main())
    assert times[0] == 0.0
    assert times[1] == pytest.approx(30.0, abs=5.0)  # less the real time since it was sent


def test_a_clock_that_was_set_makes_nobody_wait_longer(path: Path) -> None:
    """A request from the future is waited for no longer than one that has just been sent."""

    async def main() -> float:
        async with await open_async(path) as journal:
            await journal.before(RED)
            journal._open_file._database.execute("UPDATE requests SET sent = sent + 86400")
            begin = asyncio.get_running_loop().time()
            await journal.under_way(30.0)
            return asyncio.get_running_loop().time() - begin

    assert run_virtual(main()) == 30.0
