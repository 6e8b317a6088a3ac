"""A spool keeps what waits, through failures, full disks, cancellations and restarts, and knows repeats."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.testing import run_virtual
from litmos_async.webhooks import Event, MemorySpool, Receiver, SpoolFull, SqliteSpool
from litmos_async.webhooks.spool import Waiting
from tests.webhooks.small import SECRET, Log, http, message


def key(number: int) -> Sequence[str]:
    """Return the key of a message."""
    return (f"message {number}",)


@contextmanager
def busy(spool: SqliteSpool) -> Iterator[None]:
    """Let the file of a spool be busy, so that what is asked of it gathers."""
    gate = threading.Event()
    spool._thread.submit(gate.wait)
    try:
        yield
    finally:
        gate.set()


def states(path: Path) -> list[tuple[str, int]]:
    """Return what the file of a spool says of its messages: their state, and how often their handler failed."""
    with closing(sqlite3.connect(path)) as db:
        return db.execute("SELECT state, failures FROM messages ORDER BY number").fetchall()


def test_failures_are_counted_over_restarts(tmp_path: Path) -> None:
    """Two calls before the restart and two after it are four; then the message is set aside, in the file."""
    path = tmp_path / "w.db"

    async def story(seconds: float) -> list[float]:
        begun = asyncio.get_running_loop().time()
        calls: list[float] = []

        async def fails(_: Event) -> None:
            calls.append(asyncio.get_running_loop().time() - begun)
            raise RuntimeError

        receiver = Receiver(fails, secret=SECRET, spool=SqliteSpool(path), attempts=4)
        async with receiver, http(receiver) as client:
            assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
            await asyncio.sleep(seconds)
        return [round(call) for call in calls]

    assert run_virtual(story(2.5)) == [0, 1]
    assert states(path) == [("waiting", 2)]
    assert run_virtual(story(100)) == [0, 4]
    assert states(path) == [("set aside", 3)]
    assert run_virtual(story(100)) == []


def test_a_message_may_fail_as_often_as_wanted() -> None:
    """Pauses grow to 5 minutes and no further, also after a thousand failures."""
    log = Log(failures=2_000)

    async def story() -> None:
        receiver = Receiver(log, secret=SECRET, attempts=10_000)
        async with receiver, http(receiver) as client:
            await client.post(f"/{SECRET}", content=message(1))
            await log.count(1)

    run_virtual(story())
    assert log.calls == 2_001


def test_what_waits_is_never_forgotten(make_spool: Any) -> None:
    """However few handled messages are to be remembered, a repeat of one that waits is one."""

    async def story() -> None:
        spool = make_spool(waiting=2_000, remembered=1)
        assert all(await asyncio.gather(*(spool.put(key(number), b"") for number in range(1, 1_001))))
        taken = [await spool.take() for _ in range(1_000)]
        await spool.done(taken[-1])
        assert not await spool.put(key(1), b"")
        assert not await spool.put(key(1_000), b"")
        await spool.aclose()

    run_virtual(story())


def test_what_was_handled_long_ago_is_forgotten(make_spool: Any) -> None:
    """Else the spool would grow for ever: the newest are remembered, the oldest are not."""

    async def story() -> None:
        spool = make_spool(waiting=1_000, remembered=1)
        for first in range(1, 3_001, 1_000):
            numbers = range(first, first + 1_000)
            await asyncio.gather(*(spool.put(key(number), b"") for number in numbers))
            taken = [await spool.take() for _ in numbers]
            await asyncio.gather(*(spool.done(each) for each in taken))
        assert not await spool.put(key(3_000), b"")
        assert await spool.put(key(1), b"")
        await spool.aclose()

    run_virtual(story())


def test_a_clock_that_is_set_back_forgets_nothing_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest messages are forgotten first, whatever the clock said when they came, also after a restart."""

    async def story() -> None:
        clock = 2e9
        monkeypatch.setattr("litmos_async.webhooks.sqlite_spool.time.time", lambda: clock)
        for first in range(1, 3_001, 1_000):
            spool = SqliteSpool(tmp_path / "w.db", waiting=1_000, remembered=1)
            numbers = range(first, first + 1_000)
            for number in numbers:
                await spool.put(key(number), b"")
            taken = [await spool.take() for _ in numbers]
            await asyncio.gather(*(spool.done(each) for each in taken))
            clock -= 1e6
            assert not await spool.put(key(first), b"")
            assert not await spool.put(key(first + 999), b"")
            await spool.aclose()

    run_virtual(story())


async def test_repeats_that_come_together(make_spool: Any) -> None:
    """One of them is new; a key that a message has twice is no repeat, and one of several keys is enough."""
    spool = make_spool()
    puts = [["a", "b"], ["b", "c"], ["c"], ["d", "d"], ["a"], ["d"]]
    assert await asyncio.gather(*(spool.put(keys, b"") for keys in puts)) == [
        True,
        False,
        True,
        True,
        False,
        False,
    ]
    assert [await spool.put([each], b"") for each in "abcde"] == [False, False, False, False, True]
    await spool.aclose()


async def test_no_more_wait_than_may(make_spool: Any) -> None:
    """However many come at once: what is known needs no room, and what ends makes some."""
    spool = make_spool(waiting=3)
    puts = [spool.put(key(number), b"") for number in (1, 2, 1, 3, 4, 5, 3)]
    first = await asyncio.gather(*puts, return_exceptions=True)
    assert [each if isinstance(each, bool) else type(each) for each in first] == [
        *(True, True, False, True),
        *(SpoolFull, SpoolFull, False),
    ]
    await spool.again(await spool.take(), 1_000)
    with pytest.raises(SpoolFull):
        await spool.put(key(4), b"")
    await spool.done(await spool.take())
    await spool.give_up(await spool.take())
    later = await asyncio.gather(*(spool.put(key(n), b"") for n in (4, 5, 6)), return_exceptions=True)
    assert later[:2] == [True, True]
    assert isinstance(later[2], SpoolFull)
    await spool.aclose()


async def test_what_comes_together_shares_a_transaction(tmp_path: Path) -> None:
    """Each waits for the disk, so what has come while it was busy is written at once, new or ended."""
    spool = SqliteSpool(tmp_path / "w.db", waiting=4)
    assert all(await asyncio.gather(*(spool.put(key(number), b"") for number in range(1, 5))))
    taken = [await spool.take() for _ in range(4)]
    statements: list[str] = []
    spool._db.set_trace_callback(statements.append)
    with busy(spool):
        ends = [
            spool.done(taken[0]),
            spool.done(taken[1]),
            spool.again(taken[2], 1_000),
            spool.give_up(taken[3]),
        ]
        puts = [spool.put(key(number), b"") for number in range(5, 8)]
        both = [asyncio.ensure_future(each) for each in (*puts, *ends)]
        await asyncio.sleep(0)
    await asyncio.gather(*both)
    assert statements.count("COMMIT") == 1
    await spool.aclose()
    assert states(tmp_path / "w.db") == [("waiting", 1), ("set aside", 0), *[("waiting", 0)] * 3]


async def test_what_does_not_fit_hides_nothing(tmp_path: Path) -> None:
    """That a message was handled is noted, though there is no room for one that comes at the same time."""
    spool = SqliteSpool(tmp_path / "w.db")
    await spool.put(key(1), b"")
    taken = await spool.take()
    spool._db.execute("PRAGMA max_page_count=1")
    with busy(spool):
        large = asyncio.ensure_future(spool.put(key(2), b"x" * 50_000))
        noting = asyncio.ensure_future(spool.done(taken))
        await asyncio.sleep(0)
    with pytest.raises(sqlite3.OperationalError, match="full"):
        await large
    await noting
    await spool.aclose()
    assert states(tmp_path / "w.db") == []


async def test_a_receiver_does_not_start_on_a_closed_spool(tmp_path: Path) -> None:
    """A second start of one app, as in tests: it fails, and does not answer each message with 503 for ever."""
    receiver = Receiver(Log(), secret=SECRET, spool=SqliteSpool(tmp_path / "w.db"))
    async with receiver:
        pass
    with pytest.raises(ConfigurationError, match="the spool is closed: make a new one"):
        await receiver.__aenter__()
    sent: list[Any] = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        sent.append(message)

    await receiver({"type": "lifespan"}, receive, send)
    assert [(each["type"], "closed" in each["message"]) for each in sent] == [
        ("lifespan.startup.failed", True)
    ]


async def test_closed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What comes then is refused at once, so that it is sent again; closing it once more changes nothing."""
    spool = SqliteSpool(tmp_path / "w.db")
    receiver = Receiver(Log(), secret=SECRET, spool=spool)
    await spool.put(key(1), b"")
    taken = await spool.take()
    async with receiver, http(receiver) as client:
        await receiver.aclose()
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 503
        with pytest.raises(sqlite3.ProgrammingError):
            await spool.done(taken)
    assert "a webhook could not be kept: the spool is closed" in caplog.text
    assert states(tmp_path / "w.db") == [("waiting", 0)]


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    """Also when nothing waits: the number of a message that was handled is not given to another one."""
    numbers: list[int] = []
    for start in range(3):
        spool = SqliteSpool(tmp_path / "w.db")
        await asyncio.gather(*(spool.put(key(10 * start + each), b"") for each in range(2)))
        set_aside, handled = await spool.take(), await spool.take()
        await spool.give_up(set_aside)
        await spool.done(handled)
        numbers += [set_aside.number, handled.number]
        await spool.aclose()
    assert len(set(numbers)) == 6
    assert states(tmp_path / "w.db") == [("set aside", 0)] * 3


async def test_a_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be written is refused, so that it is sent again; when there is room, it is taken."""
    log, spool = Log(), SqliteSpool(tmp_path / "w.db")
    receiver = Receiver(log, secret=SECRET, spool=spool)
    large = message(1, data={"filling": "x" * 50_000})
    async with receiver, http(receiver) as client:
        spool._db.execute("PRAGMA max_page_count=1")
        full = await asyncio.gather(*(client.post(f"/{SECRET}", content=large) for _ in range(2)))
        spool._db.execute("PRAGMA max_page_count=1000000")
        assert not log.calls
        assert (await client.post(f"/{SECRET}", content=large)).status_code == 200
        await log.count(1)
    assert [answer.status_code for answer in full] == [503, 503]
    assert "a webhook could not be kept: database or disk is full" in caplog.text


@pytest.mark.parametrize("pages", [1, 1_000_000])
async def test_one_whose_sender_is_gone(tmp_path: Path, pages: int) -> None:
    """A message that nobody waits for any more is written, or is not, and what comes after it is not hurt."""
    spool = SqliteSpool(tmp_path / "w.db")
    spool._db.execute(f"PRAGMA max_page_count={pages}")
    gone = asyncio.ensure_future(spool.put(key(1), b"x" * 50_000))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.wait([gone])
    assert spool._writing is not None
    await spool._writing
    spool._db.execute("PRAGMA max_page_count=1000000")
    assert await spool.put(key(2), b"2")
    kept = [await spool.take() for _ in range(2 if pages > 1 else 1)]
    assert [each.body[:1] for each in kept] == ([b"x", b"2"] if pages > 1 else [b"2"])
    await spool.aclose()


async def test_a_cancellation_waits_for_the_file(tmp_path: Path) -> None:
    """What is being noted when a worker is cancelled is noted."""
    spool = SqliteSpool(tmp_path / "w.db")
    await spool.put(key(1), b"1")
    taken = await spool.take()
    with busy(spool):
        noting = asyncio.ensure_future(spool.done(taken))
        await asyncio.sleep(0)
        noting.cancel()
        await asyncio.sleep(0)
        assert not noting.done()
    await asyncio.wait([noting])
    assert noting.cancelled()
    await spool.aclose()
    assert states(tmp_path / "w.db") == []


def test_a_program_that_does_not_close_it(tmp_path: Path) -> None:
    """It ends all the same, and what is being noted then is noted."""
    spool = SqliteSpool(tmp_path / "w.db")

    async def story() -> asyncio.Future[None]:
        await spool.put(key(1), b"1")
        taken = await spool.take()
        with busy(spool):
            noting = asyncio.ensure_future(spool.done(taken))
            await asyncio.sleep(0)
        return noting

    assert asyncio.run(story()).cancelled()
    spool._db.close()
    spool._thread.shutdown()
    assert states(tmp_path / "w.db") == []


async def test_a_failure_that_cannot_be_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The handler is called again all the same, and not only after a restart."""
    spool = SqliteSpool(tmp_path / "w.db")
    log = Log()

    async def handle(event: Event) -> None:
        log.calls += 1
        # Full as long as the first call is noted: a file that is only read takes no failure.
        spool._db.execute(f"PRAGMA query_only={int(log.calls == 1)}")
        if log.calls == 1:
            raise RuntimeError("not now")
        await log(event)

    receiver = Receiver(handle, secret=SECRET, spool=spool, workers=1, first_pause=0.001)
    async with receiver, http(receiver) as client:
        assert (await client.post(f"/{SECRET}", content=message(1))).status_code == 200
        async with asyncio.timeout(10):
            await log.count(1)
    assert "the outcome of a webhook cannot be noted" in caplog.text
    assert states(tmp_path / "w.db") == []


class _NotNoting(MemorySpool):
    """Cannot note anything, until it is mended."""

    broken = True

    async def done(self, message: Waiting) -> None:
        """Fail."""
        if self.broken:
            raise sqlite3.OperationalError("disk I/O error")
        await super().done(message)


async def test_a_spool_that_cannot_note_what_is_handled(caplog: pytest.LogCaptureFixture) -> None:
    """It is logged, and the messages after it are handled all the same, however many cannot be noted."""
    log, spool = Log(), _NotNoting()
    receiver = Receiver(log, secret=SECRET, spool=spool, workers=2)
    async with receiver, http(receiver) as client:
        for number in range(1, 6):
            assert (await client.post(f"/{SECRET}", content=message(number))).status_code == 200
            async with asyncio.timeout(10):
                await log.count(number)
    assert [event.id for event in log.events] == [1, 2, 3, 4, 5]
    assert {record.levelno for record in caplog.records} == {logging.ERROR}
    assert "disk I/O error" in caplog.text


def test_a_file_that_is_something_else(tmp_path: Path) -> None:
    """It is refused and left as it is."""
    path = tmp_path / "x.db"
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE t (x)")
    before = path.read_bytes()
    with pytest.raises(ConfigurationError, match="it is something else"):
        SqliteSpool(path)
    assert path.read_bytes() == before


async def test_one_process_at_a_time(tmp_path: Path) -> None:
    """A second spool on the same file is refused until the first is closed."""
    spool = SqliteSpool(tmp_path / "w.db")
    with pytest.raises(ConfigurationError, match="locked"):
        SqliteSpool(tmp_path / "w.db")
    await spool.aclose()
    await SqliteSpool(tmp_path / "w.db").aclose()
