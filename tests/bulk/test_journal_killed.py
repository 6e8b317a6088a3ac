"""A journal whose process is killed: no moment of dying spoils it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import litmos_async
from litmos_async.bulk.journal.file import read_summary
from litmos_async.errors import ConfigurationError
from tests.bulk.journals import RED, fingerprint, opened

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


@pytest.mark.costly
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
