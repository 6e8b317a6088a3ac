"""Who did what, and when: what the activity logs and the audit fields of delta queries tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen

Log: TypeAlias = Literal["actions", "assignments", "content", "settings"]

CALLER_NUMBER: Final = 5_000_000
"""Number of the person whose key is used: what `CreatedBy` and `UpdatedBy` say (api-facts 7)."""

CALLER_NAME: Final = "account.owner@example.com"


@frozen
class Thing:
    """What is remembered of a person, team, course and so on, also when it is gone.

    Attributes:
        id: Its id.
        kind: Its kind, as the activity logs call it.
        number: Its `OriginalId`.
        name: Its name; of a person the user name.
    """

    id: str
    kind: str
    number: int
    name: str


@frozen(kw_only=True)
class Activity:
    """Something that was done.

    Attributes:
        log: The log that it belongs to.
        kind: What was done.
        when: When.
        thing: To what.
        target: For whom or where, if that makes sense.
        old: The value before, of a setting.
        new: The value after, of a setting.
    """

    log: Log
    kind: str
    when: datetime
    thing: Thing
    target: Thing | None = None
    old: str | None = None
    new: str | None = None


@frozen(kw_only=True)
class Login:
    """A person logged in.

    Attributes:
        user: Who.
        when: When.
        address: From which IP address.
    """

    user: Thing
    when: datetime
    address: str


class Audit:
    """The book in which the tenant writes what is done to it.

    Args:
        now: The clock that stamps entries.

    Attributes:
        activities: What was done, oldest first.
        logins: Who logged in, oldest first.
        things: What was ever there, by id.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.activities: list[Activity] = []
        self.logins: list[Login] = []
        self.things: dict[str, Thing] = {}

    def know(self, kind: str, record: dict[str, Any]) -> None:
        """Remember a thing under its present name."""
        name = record["UserName"] if kind == "User" else record["Name"]
        self.things[record["Id"]] = Thing(record["Id"], kind, record["OriginalId"], name)

    def number(self, thing_id: str) -> int:
        """Return the `OriginalId` of a thing, whether or not it is still there."""
        return self.things[thing_id].number

    def note(self, log: Log, kind: str, thing_id: str, target_id: str | None = None) -> None:
        """Write down that something was done to a thing."""
        target = self.things[target_id] if target_id else None
        self.activities.append(
            Activity(log=log, kind=kind, when=self._now(), thing=self.things[thing_id], target=target)
        )

    def note_setting(self, name: str, old: object, new: object) -> None:
        """Write down that a setting was changed."""
        setting = Thing("0", "Setting", 0, name)
        self.activities.append(
            Activity(
                log="settings", kind="Updated", when=self._now(), thing=setting, old=str(old), new=str(new)
            )
        )

    def note_login(self, user_id: str, when: datetime, address: str) -> None:
        """Write down that a person logged in."""
        self.logins.append(Login(user=self.things[user_id], when=when, address=address))
