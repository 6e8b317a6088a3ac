"""The journal of a job: what it keeps, and whom it refuses."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from litmos_async.bulk.journal.file import Settled, read_summary
from litmos_async.bulk.journal.keys import Fingerprint, nameless
from litmos_async.errors import ConfigurationError
from tests.bulk.journals import BLUE, KIND, OPTIONS, PAIRS, RED, done, fingerprint, names_beside, opened


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


def test_nothing_but_ids_is_in_the_file(path: Path) -> None:
    """The options that were given, ids, numbers and our own words: an answered request keeps no list."""
    with opened(path) as journal:
        journal.after(journal.before(RED, "a note"), done(RED))
        rows = journal._database.execute("SELECT id, items, note FROM requests").fetchall()
        assert rows == [(1, None, "")]
        names = journal._database.execute("SELECT name FROM meta").fetchall()
        assert names == [("created",), ("fingerprint",), ("items",), ("kind",), ("options",)]
