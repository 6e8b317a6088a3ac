"""What a client has read of people when it looked their names up: plans name them, and count the inactive."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from attrs import define, field

from litmos_async.bulk.resolve import Resolved
from litmos_async.models import User, UserSummary


@define
class KnownPeople:
    """The people whose names a client has resolved; nothing of it is written down.

    Attributes:
        names: Their user names, by id.
        inactive: The ids of those who were inactive then.
    """

    names: dict[str, str] = field(factory=dict[str, str])
    inactive: set[str] = field(factory=set[str])

    _of_sender: ClassVar[WeakKeyDictionary[Any, KnownPeople]] = WeakKeyDictionary()

    @classmethod
    def of(cls, sender: Any) -> KnownPeople:
        """Return what the client with this sender knows; all its views share it."""
        return cls._of_sender.setdefault(sender, cls())

    def note(self, given: object) -> None:
        """Take a record that was given for a person into account."""
        if isinstance(given, User | UserSummary) and given.active is not None:
            (self.inactive.discard if given.active else self.inactive.add)(given.id)

    def take(self, resolved: Resolved) -> Resolved:
        """Remember whom names stand for, and return that."""
        self.names.update(resolved.names)
        self.inactive.difference_update(resolved.names)
        self.inactive.update(resolved.inactive)
        return resolved

    def count_inactive(self, user_ids: Iterable[str]) -> int:
        """Return how many of these people were inactive."""
        return len(self.inactive.intersection(user_ids)) if self.inactive else 0
