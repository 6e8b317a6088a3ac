"""The journal of a job: what it keeps, whom it refuses, and that no moment of dying spoils it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import litmos_async
from litmos_async.bulk.journal.file import JournalFile, Settled, read_summary
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.journal.keys import Fingerprint, nameless
from litmos_async.errors import ConfigurationError
from litmos_async.testing import run_virtual

KIND = "add_users_to_teams"
OPTIONS = {"send_message": False}
PAIRS = [("anna", "red"), ("bert", "red"), ("anna", "blue"), ("carl", "blue")]


RED, BLUE = [("anna", "red"), ("bert", "red")], [("anna", "blue")]
"""What two requests carry."""


def done(items: list[tuple[str, str]]) -> list[Settled]:
    """Return the outcomes of items that were carried out."""
    return [Settled(*item, "done") for item in items]


def fingerprint(pairs: list[tuple[str, str]] | None = None) -> Fingerprint:
    """Return the fingerprint of pairs, of `PAIRS` if none are given."""
    print_ = Fingerprint()
    for pair in PAIRS if pairs is None else pairs:
        print_.add(*pair)
    return print_


def opened(path: Path, **different: Any) -> JournalFile:
    """Open a journal as the same job does each time, or as one that differs in something."""
    values = {"kind": KIND, "fingerprint": fingerprint(), "options": OPTIONS, **different}
    return JournalFile.open(path, **values)


def names_beside(path: Path) -> list[str]:
    """Return the names of all files in the folder of the journal."""
    return sorted(file.name for file in path.parent.iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal of a test is."""
    return tmp_path / "night.db"


def test_outcomes_are_kept_by_pair(path: Path) -> None:
    """Whichever end of the pairs received a request, the outcomes are those of (first, second)."""
    with opened(path) as journal:
        by_team = journal.before(RED)
        journal.after(by_team, [Settled("anna", "red", "done"), Settled("bert", "red", "failed", "NotFound")])
        by_user = journal.before(BLUE)
        journal.after(by_user, done(BLUE))
    with opened(path) as journal:
        assert list(journal.settled()) == [Settled("anna", "blue", "done"), Settled("anna", "red", "done")]
        assert list(journal.settled("failed", "unknown")) == [Settled("bert", "red", "failed", "NotFound")]
        assert journal.under_way() == []


def test_a_request_without_answer_is_under_way(path: Path) -> None:
    """The next run learns of every request that left and was not answered, in order."""
    with opened(path) as journal:
        began = time.time()
        first = journal.before(RED)
        second = journal.before(BLUE, "waits")
        journal.note(second, "taken")
    with opened(path) as journal:
        requests = journal.under_way()
        assert [request[:3] for request in requests] == [(first, RED, ""), (second, BLUE, "taken")]
        assert all(began <= request.sent <= time.time() for request in requests)
        journal.after(second, done(BLUE))
        assert [request.id for request in journal.under_way()] == [first]


def test_a_request_that_leaves_again_is_as_new(path: Path) -> None:
    """The next run waits for the last time that it left: only that one may still arrive."""
    with opened(path) as journal:
        request = journal.before(RED, "kept")
        (once,) = journal.under_way()
        journal.again(request)
        (twice,) = journal.under_way()
    assert twice.sent > once.sent
    assert twice[:3] == once[:3] == (request, RED, "kept")


def test_what_turns_up_is_counted(path: Path) -> None:
    """A job that finds out how many items it has says so, and that holds for the next run."""
    with opened(path) as journal:
        assert (journal.summary().items, journal.summary().left) == (4, 4)
        journal.expect(6)
    with opened(path) as journal:
        journal.expect(5)
        assert (journal.summary().items, journal.summary().left) == (5, 5)


def test_a_later_outcome_replaces_an_earlier_one(path: Path) -> None:
    """What failed is tried again, and its last outcome counts."""
    with opened(path) as journal:
        for status in ("failed", "done"):
            journal.after(journal.before(RED[:1]), [Settled("anna", "red", status)])
        assert list(journal.settled("done", "failed")) == [Settled("anna", "red", "done")]


def test_a_refused_list_goes_on_in_parts(path: Path) -> None:
    """An answer without outcomes ends the request and settles nothing: its items are still to be done."""
    with opened(path) as journal:
        journal.after(journal.before(RED))
        assert journal.under_way() == []
        assert list(journal.settled()) == []
        assert journal.summary().left == 4


def test_outcomes_that_took_no_request(path: Path) -> None:
    """What was there already is written down too, all of it or nothing."""

    def broken() -> Any:
        yield Settled("bert", "red", "skipped", "given twice")
        raise KeyError("no more")

    with opened(path) as journal:
        journal.record([Settled("anna", "red", "skipped", "in the team already")])
        with pytest.raises(KeyError):
            journal.record(broken())
        assert list(journal.settled()) == [Settled("anna", "red", "skipped", "in the team already")]


def test_many_outcomes_come_in_pages(path: Path) -> None:
    """Reading in pages leaves nothing out and gives nothing twice, where the second ids go on or begin anew."""
    everything = [Settled(f"u{user}", f"t{team}", "done") for user in range(4) for team in range(5)]
    with opened(path) as journal:
        journal.record(reversed(everything))
        found, page = [], journal.settled_page(None, at_most=3)
        while page:
            found += page
            page = journal.settled_page(page[-1], at_most=3)
        assert found == everything


@pytest.mark.parametrize("answered", [True, False])
def test_only_a_request_under_way_can_be_answered(path: Path, answered: bool) -> None:
    """A second answer, or one to nothing, is an error of ours."""
    with opened(path) as journal:
        number = 17
        if answered:
            number = journal.before(RED)
            journal.after(number)
        with pytest.raises(ValueError, match=f"request {number} is not under way"):
            journal.after(number, done(RED))
        assert list(journal.settled()) == []


def test_a_full_disk_is_said_and_spoils_nothing(path: Path) -> None:
    """A write that does not fit raises, and the journal holds what it held before."""
    with opened(path) as journal:
        request = journal.before(RED)
        journal._database.execute("PRAGMA max_page_count = 1").fetchall()
        with pytest.raises(sqlite3.OperationalError, match="full"):
            journal.after(request, [Settled(f"{n:01000}", "red", "done") for n in range(100)])
        assert [each.id for each in journal.under_way()] == [request]
        assert list(journal.settled()) == []


@pytest.mark.parametrize(
    ("different", "said"),
    [
        ({"kind": "sync_users"}, "another job: add_users_to_teams, not sync_users"),
        ({"options": {"send_message": True}}, "begun with send_message=False, not True"),
        ({"options": {}}, "begun with send_message=False, not None"),
        ({"options": {**OPTIONS, "library": True}}, "begun with library=None, not True"),
        ({"fingerprint": fingerprint(PAIRS[:3])}, "another input: 4 items, not 3"),
        (
            {"fingerprint": fingerprint([*PAIRS[:3], ("carl", "red")])},
            "another input: as many items, but other ones",
        ),
    ],
)
def test_the_journal_of_another_job_is_refused(path: Path, different: dict[str, Any], said: str) -> None:
    """Another kind, other options or another input: the message says which it is, and nothing stays open."""
    opened(path).close()
    with pytest.raises(ConfigurationError, match=said):
        opened(path, **different)
    opened(path).close()


def test_a_second_job_is_refused(path: Path) -> None:
    """In the same process too, a journal belongs to one job at a time."""
    with opened(path), pytest.raises(ConfigurationError, match="in use"):
        opened(path)
    opened(path).close()


def test_the_same_file_by_another_name_is_the_same_journal(path: Path) -> None:
    """A symbolic link does not get around the lock."""
    other = path.with_name("link.db")
    with opened(path):
        other.symlink_to(path)
        with pytest.raises(ConfigurationError, match="in use"):
            opened(other)


def test_a_file_that_is_no_journal_is_refused_and_left_alone(path: Path) -> None:
    """Somebody's data are not touched, and no lock is left beside them."""
    path.write_text("user,course\n" * 1_000)
    before = path.read_bytes()
    for use in (opened, read_summary):
        with pytest.raises(ConfigurationError, match="is not a journal"):
            use(path)
    assert path.read_bytes() == before
    assert names_beside(path) == [path.name]


def test_the_database_of_another_program_is_refused_and_left_alone(path: Path) -> None:
    """Not every SQLite file is a journal."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE meta (name, value)")
    before = path.read_bytes()
    for use in (opened, read_summary):
        with pytest.raises(ConfigurationError, match="is not a journal"):
            use(path)
    assert path.read_bytes() == before


def test_a_journal_of_another_version_is_refused(path: Path) -> None:
    """A form that this version does not know is not guessed at."""
    opened(path).close()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 1")
    with pytest.raises(ConfigurationError, match="another version"):
        opened(path)


def test_a_place_where_no_file_can_be_is_refused(path: Path) -> None:
    """A folder that does not exist is said by name."""
    with pytest.raises(ConfigurationError, match=r"nowhere.*cannot be used as a journal"):
        opened(path.parent / "nowhere" / "night.db")


@pytest.mark.parametrize("kind", ["folder", "text"])
def test_a_lock_that_cannot_be_used_is_said(path: Path, kind: str) -> None:
    """Something else in the place of the lock is no reason to go on without one."""
    lock = path.with_name("night.db-lock")
    if kind == "folder":
        lock.mkdir()
    else:
        lock.write_text("no lock, but a text that is longer than the header of a database\n" * 100)
    with pytest.raises(ConfigurationError, match=r"night\.db-lock cannot be used as a lock"):
        opened(path)


def test_closing_twice_is_no_error(path: Path) -> None:
    """A job that cleans up after an error need not know how far it came; one file and an empty lock stay."""
    journal = opened(path)
    journal.close()
    journal.close()
    assert names_beside(path) == ["night.db", "night.db-lock"]
    assert path.with_name("night.db-lock").stat().st_size == 0


def test_the_summary_counts(path: Path) -> None:
    """All numbers of a job, during it and after it; reading them takes no lock and changes nothing."""
    with opened(path) as journal:
        outcomes = [Settled("anna", "red", "done"), Settled("bert", "red", "failed", "x")]
        journal.after(journal.before(RED), outcomes)
        journal.before(BLUE)
        journal.record([Settled("carl", "blue", "skipped"), Settled("dora", "blue", "unknown")])
        during = journal.summary()
        assert read_summary(path) == during
    assert read_summary(path) == during
    assert (during.kind, during.options, during.items) == (KIND, OPTIONS, 4)
    assert (during.requests, during.under_way, during.left) == (2, 1, 2)
    assert (during.done, during.failed, during.skipped, during.unknown) == (1, 1, 1, 1)
    assert names_beside(path) == ["night.db", "night.db-lock"]


def test_there_is_no_summary_of_nothing(path: Path) -> None:
    """Looking for a journal does not make one."""
    with pytest.raises(ConfigurationError, match="no such file"):
        read_summary(path)
    assert not path.exists()


def test_a_fingerprint_knows_the_pairs_but_not_their_order() -> None:
    """The same pairs in any order are the same; another pair, or the same letters cut elsewhere, are not."""
    assert str(fingerprint(PAIRS)) == str(fingerprint(PAIRS[::-1]))
    assert len(str(Fingerprint())) == len(str(fingerprint())) == 32
    others = [PAIRS[:3], [*PAIRS, *PAIRS], [("ann", "ared"), *PAIRS[1:]], [("red", "anna"), *PAIRS[1:]]]
    assert len({str(fingerprint(pairs)) for pairs in [PAIRS, *others]}) == 5
    assert fingerprint().items == 4


def test_a_fingerprint_knows_what_an_item_holds() -> None:
    """Another content is another input, wherever the letters of key and content are cut."""
    texts = []
    for item in [("anna", "red", ""), ("anna", "", "red"), ("anna", "re", "d"), ("annar", "e", "d")]:
        one = Fingerprint()
        one.add(*item)
        texts.append(str(one))
    assert len(set(texts)) == 4


def test_a_name_becomes_a_key_that_does_not_show_it() -> None:
    """The same name is the same key in every run, another one another; neither can be read from it."""
    key = nameless("user@example.com")
    assert key == nameless("user@example.com") != nameless("other@example.com")
    assert "user" not in key[0]
    assert key[1] == ""


# What a process does that is killed before its nth SQL statement; each child says what it has lived to see.
KILLED_AT_EACH_STATEMENT = """
import itertools, os, signal, sqlite3, sys
from litmos_async.bulk.journal.file import JournalFile, Settled
from litmos_async.bulk.journal.keys import Fingerprint

def live(path, log, last):
    plain, count = sqlite3.connect, itertools.count(1)
    def counted(statement):
        if next(count) == last:
            os.kill(os.getpid(), signal.SIGKILL)
    def connect(*args, **options):
        database = plain(*args, **options)
        database.set_trace_callback(counted)
        return database
    sqlite3.connect = connect
    fingerprint = Fingerprint()
    fingerprint.add("anna", "red")
    file = JournalFile.open(path, "job", fingerprint, {})
    def say(word):
        os.write(log, word.encode() + b" ")
    say("opened")
    for team in ("red", "blue"):
        number = file.before([("anna", team), ("bert", team)])
        say("sent-" + team)
        file.after(number, [Settled("anna", team, "done"), Settled("bert", team, "skipped")])
        say("answered-" + team)
    file.close()
    say("closed")

for last in itertools.count(1):
    path = os.path.join(sys.argv[1], f"{last}.db")
    log = os.open(path + ".log", os.O_WRONLY | os.O_CREAT)
    child = os.fork()
    if not child:
        live(path, log, last)
        os._exit(0)
    if not os.waitpid(child, 0)[1]:
        break
"""

# Does one half of a request, says so, and waits for its end.
KILLED_FROM_OUTSIDE = """
import sys
from litmos_async.bulk.journal.file import JournalFile, Settled
from litmos_async.bulk.journal.keys import Fingerprint

fingerprint = Fingerprint()
for pair in (("anna", "red"), ("bert", "red"), ("anna", "blue"), ("carl", "blue")):
    fingerprint.add(*pair)
file = JournalFile.open(sys.argv[1], "add_users_to_teams", fingerprint, {"send_message": False})
number = file.before([("anna", "red"), ("bert", "red")])
if sys.argv[2] == "after":
    file.after(number, [Settled("anna", "red", "done"), Settled("bert", "red", "done")])
print("ready", flush=True)
sys.stdin.read()
"""


def child(code: str, *args: str) -> subprocess.Popen[str]:
    """Start a Python process that can import the package."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *args],
        cwd=Path(litmos_async.__file__).parents[1],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="takes a process to pieces, cheaply")
def test_killed_before_any_statement(tmp_path: Path) -> None:
    """Wherever SIGKILL strikes, what was said to be written is there, and nothing is there by half."""
    with child(KILLED_AT_EACH_STATEMENT, str(tmp_path)) as process:
        assert process.wait() == 0
    logs = sorted(tmp_path.glob("*.log"))
    assert len(logs) > 15
    for log in logs:
        words = log.read_text().split()
        only = fingerprint([("anna", "red")])
        with opened(log.with_suffix(""), kind="job", options={}, fingerprint=only) as journal:
            under_way = {request.items[0][1]: request.items for request in journal.under_way()}
            settled = {(first, second) for first, second, *_ in journal.settled()}
            requests = journal.summary().requests
        for team in ("red", "blue"):
            of_team = {pair for pair in settled if pair[1] == team}
            if f"answered-{team}" in words:
                assert team not in under_way
                assert len(of_team) == 2
            elif f"sent-{team}" in words:
                assert (under_way.get(team) == [("anna", team), ("bert", team)]) != (len(of_team) == 2)
            else:
                assert not of_team
        assert requests >= sum(word.startswith("sent") for word in words)
    assert [log.name for log in logs if "closed" in log.read_text()]


@pytest.mark.parametrize("moment", ["before", "after"])
def test_killed_from_outside(path: Path, moment: str) -> None:
    """The lock dies with its process, however that ends, and its journal tells how far it came."""
    with child(KILLED_FROM_OUTSIDE, str(path), moment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(ConfigurationError, match="in use"):
            opened(path)
        during = read_summary(path)
        process.kill()
    assert process.returncode != 0
    assert read_summary(path) == during
    with opened(path) as journal:
        if moment == "before":
            assert [request.items for request in journal.under_way()] == [RED]
            assert list(journal.settled()) == []
        else:
            assert journal.under_way() == []
            assert [settled[:2] for settled in journal.settled()] == [("anna", "red"), ("bert", "red")]


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


async def test_a_cancelled_close_closes(path: Path) -> None:
    """Who gives up waiting for the end does not keep the journal from the next job."""
    journal = await open_async(path)
    event = hold(journal)
    closing = asyncio.ensure_future(journal.close())
    await asyncio.sleep(0)
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    event.set()
    await wait_for_threads()
    opened(path).close()


async def test_a_cancelled_opening_leaves_nothing_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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
    await wait_for_threads()
    monkeypatch.undo()
    assert names_beside(path) == ["night.db", "night.db-lock"]
    opened(path).close()


async def test_a_refused_journal_leaves_no_thread(path: Path) -> None:
    """What keeps the thread from opening the file is raised where it was asked for, and the thread ends."""
    with opened(path), pytest.raises(ConfigurationError, match="in use"):
        await open_async(path)
    await wait_for_threads()


async def test_a_closed_journal_says_so(path: Path) -> None:
    """Closing again is no error, writing is."""
    journal = await open_async(path)
    await journal.close()
    await journal.close()
    with pytest.raises(ValueError, match="closed"):
        await journal.before(RED)


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


async def wait_for_threads() -> None:
    """Wait until no thread of a journal is left."""
    for thread in threading.enumerate():
        if thread.name.startswith("litmos-journal"):
            await asyncio.to_thread(thread.join)


def test_nothing_but_ids_is_in_the_file(path: Path) -> None:
    """The options that were given, ids, numbers and our own words: an answered request keeps no list."""
    with opened(path) as journal:
        journal.after(journal.before(RED, "a note"), done(RED))
        rows = journal._database.execute("SELECT id, items, note FROM requests").fetchall()
        assert rows == [(1, None, "")]
        names = journal._database.execute("SELECT name FROM meta").fetchall()
        assert names == [("created",), ("fingerprint",), ("items",), ("kind",), ("options",)]
