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
        self.changes = 0
        self.moved = False

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

    def may_look_ended(self, size: int) -> bool:
        """Return whether a request of that many rows can bring none but the known one that it begins with."""
        shown = [not self.is_hidden(number) for number in self.rows]
        return not all(shown) and any(
            sum(shown[at : at + size]) <= 1 for at in range(max(1, len(shown) - size + 1))
        )

    @precondition(lambda self: not self.reader.finished() and not self.broken)
    @rule()
    def read(self) -> None:
        """Make one request."""
        self.changes, self.moved = 0, False
        start, limit = self.reader.next_request()
        if self.may_look_ended(min(limit, self.cap)):
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
        numbers = [int(row.user_name or "") for row in fresh]
        self.found += numbers
        # Rows that were put in bring the reader no further.
        self.inserted = 0 if self.throughout & set(numbers) else self.inserted

    @precondition(lambda self: not self.moved and not self.reader.finished())
    @rule(number=st.integers(0, 5000))
    def insert(self, number: int) -> None:
        """Put a row in, at its place."""
        if number not in self.rows:
            # Before the first greater one, for rows may have moved.
            place = next((at for at, other in enumerate(self.rows) if other > number), len(self.rows))
            self.rows.insert(place, number)
            self.throughout.discard(number)
            self.inserted += 1
            self.changes += 1

    @precondition(lambda self: self.rows and not self.moved and not self.reader.finished())
    @rule(place=st.floats(0, 0.999))
    def delete(self, place: float) -> None:
        """Take a row out."""
        self.changes += 1
        self.throughout.discard(self.rows.pop(int(place * len(self.rows))))

    @precondition(lambda self: self.found and not self.moved and not self.reader.finished())
    @rule()
    def delete_the_last_read(self) -> None:
        """Take the row out by which the next page is fitted on."""
        if self.found[-1] in self.rows:
            self.changes += 1
            self.rows.remove(self.found[-1])
            self.throughout.discard(self.found[-1])

    @precondition(lambda self: self.rows and not self.changes and not self.reader.finished())
    @rule(place=st.floats(0, 0.999), to=st.floats(0, 1))
    def move(self, place: float, to: float) -> None:
        """Put a row elsewhere, unchanged: the list is sorted by something that its rows do not show.

        Together with other changes between the same two requests it can look like none at all.
        """
        self.changes, self.moved = 1, True
        number = self.rows.pop(int(place * len(self.rows)))
        self.throughout.discard(number)
        self.rows.insert(int(to * len(self.rows)), number)
        self.inserted += 1

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
