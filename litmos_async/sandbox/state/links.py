"""Which of these belong to which of those, looked up from either side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar, Final, Generic, TypeVar

from attrs import define, field, frozen


@define(kw_only=True)
class Link:
    """One thing belongs to another. A removed link stays, inactive, for the delta queries to report.

    Attributes:
        changes: How often any link was made or changed: what was derived from links holds until it moves.
        created: When it was made.
        updated: When it was last changed.
        active: Whether it still holds.
    """

    changes: ClassVar[int] = 0

    created: datetime
    updated: datetime
    active: bool = True

    def __setattr__(self, name: str, value: Any) -> None:
        Link.changes += 1
        object.__setattr__(self, name, value)


@define(kw_only=True)
class Membership(Link):
    """A person belongs to a team, perhaps in a special role."""

    leader: bool = False
    admin: bool = False


@define(kw_only=True)
class ModuleResult:
    """What a person reached in one module.

    Attributes:
        score: The score, 0 to 100.
        completed: Whether the module is completed.
        created: When it was first written.
        updated: When it was last written.
        reached: When it was reached, as the request said: earlier, where it comes from elsewhere.
        result_id: Id of the result.
        attempt: How often it was written.
    """

    score: float
    completed: bool
    created: datetime
    updated: datetime
    reached: datetime
    result_id: str = ""
    attempt: int = 1


@frozen(kw_only=True)
class Completion:
    """A person was through with a course or a learning path: an achievement, which stays.

    Attributes:
        number: Its own number.
        user_id: Who.
        item_id: The course or learning path.
        title: Its name at that time.
        when: When.
        certificate: Id of the certificate.
        score: The mean score in the modules of a course, if there are any.
    """

    number: int
    user_id: str
    item_id: str
    title: str
    when: datetime
    certificate: str
    score: int | None = None


@define(kw_only=True)
class Registration(Link):
    """A person is registered to a session.

    Attributes:
        score: The score at the roll call.
        completed: Whether the roll call marked the person complete.
        attended: The days that the person came, by their ids.
    """

    score: int = 0
    completed: bool = False
    attended: set[str] = field(factory=set[str])


@define(kw_only=True)
class Assignment(Link):
    """A person has a course or a learning path to learn.

    Attributes:
        origins: Where it came from: `DIRECT`, or the ids of teams and learning paths. It lasts as long as
            one of them does.
        result_id: Id of the result row.
        percentage: Progress, 0 to 100.
        started: When the person began.
        completed: When the person was through.
        modules: Results by the id of the module.
    """

    origins: set[str] = field(factory=set[str])
    result_id: str = ""
    percentage: float = 0.0
    started: datetime | None = None
    completed: datetime | None = None
    modules: dict[str, ModuleResult] = field(factory=dict[str, ModuleResult])


DIRECT: Final = ""
"""The origin of what was assigned to the person, not through anything."""

L = TypeVar("L", bound=Link)


class Links(Generic[L]):
    """Links of one kind between things on the left and things on the right, in the order they were made."""

    def __init__(self, make: Callable[[datetime], L]) -> None:
        self._make = make
        self._by_left: defaultdict[str, dict[str, L]] = defaultdict(dict)
        self._by_right: defaultdict[str, dict[str, L]] = defaultdict(dict)

    def add(self, left: str, right: str, now: datetime) -> tuple[L, bool]:
        """Make the link unless it is there; return it, and whether it is new."""
        link = self.get(left, right)
        if link is not None:
            return link, False
        link = self._make(now)
        self._by_left[left][right] = link
        self._by_right[right][left] = link
        return link, True

    def remove(self, left: str, right: str, now: datetime) -> bool:
        """Take the link away; False if there was none."""
        link = self.get(left, right)
        if link is None:
            return False
        link.active, link.updated = False, now
        return True

    def remove_all(self, thing: str, now: datetime) -> None:
        """Take away every link of a thing, on whichever side it stands."""
        for link in (*self.of_left(thing).values(), *self.of_right(thing).values()):
            link.active, link.updated = False, now

    def get(self, left: str, right: str) -> L | None:
        """Return the link, if it is there."""
        link = self._by_left[left].get(right) if left in self._by_left else None
        return link if link and link.active else None

    def of_left(self, left: str) -> dict[str, L]:
        """Return the links of one on the left, by what they lead to."""
        return _active(self._by_left.get(left))

    def of_right(self, right: str) -> dict[str, L]:
        """Return the links of one on the right, by what they lead to."""
        return _active(self._by_right.get(right))

    def rows(self) -> Iterator[tuple[str, str, L]]:
        """Yield all links as left, right, link, removed ones too."""
        for left, links in self._by_left.items():
            for right, link in links.items():
                yield left, right, link


def _active(links: dict[str, L] | None) -> dict[str, L]:
    return {other: link for other, link in (links or {}).items() if link.active}


def new_link(when: datetime) -> Link:
    """Return a link that says nothing but when it was made."""
    return Link(created=when, updated=when)
