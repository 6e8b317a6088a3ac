"""A list that is read while rows come and go: every row that was there throughout, exactly once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from litmos_async.errors import IncompleteListing
from litmos_async.models import UserSummary
from litmos_async.reader import Reader
from tests.support.amounts import amount


class Listing(RuleBasedStateMachine):
    """A sorted list on a server, a reader of it, and somebody who changes it between two requests.

    The server may cap its pages, send a few rows too many, and leave rows out after it has counted them. Rows may
    share their key: then their names tell them apart.
    """

    @initialize(
        names=st.lists(st.integers(0, 5000), unique=True, max_size=60),
        page_size=st.integers(1, 12),
        cap=st.sampled_from([2, 5, 25, 1000]),
        surplus=st.lists(st.integers(0, 7), min_size=1, max_size=5),
        others=st.tuples(st.sampled_from([0, 0, 5, 9]), st.sampled_from([1, 2, 7, 5001]), st.booleans()),
    )
    def begin(
        self, names: list[int], page_size: int, cap: int, surplus: list[int], others: tuple[int, int, bool]
    ) -> None:
        """Fill the list and start to read it."""
        self.rows = sorted(names)
        self.page_size, self.cap, self.surplus = page_size, cap, surplus
        self.hidden, self.keys, self.block = others
        self.throughout = {number for number in names if not self.is_hidden(number)}
        self.reader: Reader[UserSummary] = Reader("list", page_size=page_size)
        self.found: list[int] = []
        self.requests = 0
        self.broken = False
        self.resumed = False
        self.inserted = 0

    def is_hidden(self, number: int) -> bool:
        """Return whether the server leaves a row out."""
        return bool(self.hidden) and number % self.hidden == 0

    def key_of(self, number: int) -> str:
        """Return the id of a row, which others may have, next to it or far away."""
        return str(number // (5001 // self.keys + 1) if self.block else number % self.keys)

    def answer(self, start: int, limit: int) -> list[UserSummary]:
        """Return the rows of one request."""
        self.requests += 1
        more = self.surplus[self.requests % len(self.surplus)]
        page = self.rows[start : start + min(limit, self.cap) + more]
        return [
            UserSummary(id=self.key_of(number), user_name=str(number))
            for number in page
            if not self.is_hidden(number)
        ]

    def longest_gap(self) -> int:
        """Return how many rows in a row the server leaves out."""
        longest = gap = 0
        for number in self.rows:
            gap = gap + 1 if self.is_hidden(number) else 0
            longest = max(longest, gap)
        return longest

    @precondition(lambda self: not self.reader.finished() and not self.broken)
    @rule()
    def read(self) -> None:
        """Make one request."""
        start, limit = self.reader.next_request()
        if self.longest_gap() + 1 >= min(limit, self.cap):
            # All that a whole request asks for is left out: that looks like the end, to everybody.
            self.broken = True
            return
        try:
            fresh = self.reader.feed(self.answer(start, limit))
        except IncompleteListing:
            # Only where the ground is gone: rows put in between two requests, or a reader that went on from a
            # token and of whose rows none is left.
            assert self.inserted or (self.resumed and not set(self.found[-64:]) & set(self.rows))
            self.broken = True
            return
        self.found += [int(row.user_name or "") for row in fresh]
        self.inserted = 0 if fresh else self.inserted

    @precondition(lambda self: not self.reader.finished())
    @rule(number=st.integers(0, 5000))
    def insert(self, number: int) -> None:
        """Put a row in, at its place."""
        if number not in self.rows:
            self.rows = sorted([*self.rows, number])
            self.throughout.discard(number)
            self.inserted += 1

    @precondition(lambda self: self.rows and not self.reader.finished())
    @rule(place=st.floats(0, 0.999))
    def delete(self, place: float) -> None:
        """Take a row out."""
        self.throughout.discard(self.rows.pop(int(place * len(self.rows))))

    @precondition(lambda self: self.found and not self.reader.finished())
    @rule()
    def delete_the_last_read(self) -> None:
        """Take the row out by which the next page is fitted on."""
        if self.found[-1] in self.rows:
            self.rows.remove(self.found[-1])
            self.throughout.discard(self.found[-1])

    @rule()
    def resume(self) -> None:
        """Go on with another reader, from the token of the first."""
        if not self.reader.finished():
            token = self.reader.token()
            self.reader = Reader("list", page_size=self.page_size)
            self.reader.go_on(token)
            self.resumed = True

    def teardown(self) -> None:
        """Read to the end and compare."""
        if not hasattr(self, "reader"):
            return
        while not self.reader.finished() and not self.broken:
            self.read()
        if not self.broken:
            assert self.throughout <= set(self.found)
        kept = [number for number in self.found if number in self.throughout]
        assert len(kept) == len(set(kept))


TestListing = Listing.TestCase
TestListing.settings = settings(max_examples=amount(400, quick=80), stateful_step_count=40, deadline=None)
