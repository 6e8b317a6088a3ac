"""A list that is read while rows come and go: every row that was there throughout, exactly once."""

from __future__ import annotations

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from litmos_async.errors import IncompleteListing
from litmos_async.models import UserSummary
from litmos_async.reader import Reader


class Listing(RuleBasedStateMachine):
    """A sorted list on a server, a reader of it, and somebody who changes it between two requests."""

    @initialize(
        names=st.lists(st.integers(0, 5000), unique=True, max_size=60),
        page_size=st.integers(1, 12),
        cap=st.sampled_from([5, 100, 1000]),
        extra=st.integers(0, 2),
    )
    def begin(self, names: list[int], page_size: int, cap: int, extra: int) -> None:
        """Fill the list and start to read it."""
        self.rows = sorted(names)
        self.throughout = set(names)
        self.page_size, self.cap, self.extra = page_size, max(cap, page_size + 1), extra
        self.reader: Reader[UserSummary] = Reader("list", page_size=page_size)
        self.found: list[int] = []
        self.broken = False
        self.resumed = False
        self.inserted = 0

    @precondition(lambda self: not self.reader.finished() and not self.broken)
    @rule()
    def read(self) -> None:
        """Make one request."""
        start, limit = self.reader.next_request()
        page = self.rows[start : start + min(limit, self.cap) + self.extra]
        try:
            fresh = self.reader.feed([UserSummary(id=str(number)) for number in page])
        except IncompleteListing:
            # Only where the ground is gone: rows put in between two requests, or a reader that went on from a
            # token and of whose rows none is left.
            assert self.inserted or (self.resumed and not set(self.found[-64:]) & set(self.rows))
            self.broken = True
            return
        self.found += [int(row.id) for row in fresh]
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
TestListing.settings = settings(max_examples=400, stateful_step_count=40, deadline=None)
