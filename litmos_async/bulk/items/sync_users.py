"""The job behind `sync_users`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, cast

import attrs

from litmos_async.bulk.inputs import check_types, numbered, record_of
from litmos_async.bulk.items.accounts import Accounts, Match, is_rewritten
from litmos_async.bulk.items.item_job import ItemJob
from litmos_async.bulk.items.work_item import ItemRequests, WorkItem
from litmos_async.bulk.job import AS_DESIRED, TWICE
from litmos_async.bulk.journal.keys import Fingerprint, Key, nameless
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.bulk.results import Status, numbers_of
from litmos_async.bulk.run import Run
from litmos_async.errors import ConfigurationError
from litmos_async.models import AccessLevel, User
from litmos_async.models.record import fields_of
from litmos_async.names import IDENTIFYING, as_written, clean, fold
from litmos_async.resources import Resources
from litmos_async.resources.arguments import complete, identified
from litmos_async.wire.codec import SEARCH_LIMIT
from litmos_async.wording import OptionText, count

DesiredUsers: TypeAlias = Iterable[User | Mapping[str, Any]] | AsyncIterable[User | Mapping[str, Any]]
"""People as they should be: records, or mappings from attributes of `User` to values."""


class UserChange(NamedTuple):
    """A person, and how the record is to change.

    ```python
    desired = [User(user_name="user@example.com", city="Graz")]
    async for outcome in litmos.bulk.sync_users(desired, send_message=False):
        change = outcome.item
        print(change.change, change.user_name, change.fields)  # update user@example.com ('city',)
    ```

    Attributes:
        change: What is to be done.
        user_name: The user name: of the account as it is there, of one that is new or renamed as it should be.
        user_id: Id of the person; empty for one who is missing.
        fields: The attributes that are to change, and no values.
        old_name: The user name of an account that is found by employee id, and gets `user_name`; else empty.
        given_name: The user name of the input, where that of its account hides what cannot be seen; else empty.
    """

    change: Literal["create", "update", "deactivate", "keep"]
    user_name: str
    user_id: str = ""
    fields: tuple[str, ...] = ()
    old_name: str = ""
    given_name: str = ""


_CREATE, _UPDATE = "POST /users", "PUT /users/{user_id}"


_MOST_NAMED: Final = 5
"""How many new user names a plan says."""

_NEW_ONLY: Final = {"password", "skip_first_login"}
"""Answers never hold the one, and the other came back as False where True was sent (api-facts 8)."""

_COMPARED: Final = tuple(
    attribute.name
    for attribute, fact in fields_of(User)
    if not fact.read_only and attribute.name not in {"id", "user_name", *_NEW_ONLY}
)


class SyncUsersJob(ItemJob):
    """People brought to the state that they should have."""

    # What was as desired is compared again, which costs nothing: the list is read anyway.
    final: ClassVar[tuple[Status, ...]] = ("done",)

    def __init__(
        self,
        desired: DesiredUsers,
        run: Run,
        *,
        limit: RemovalLimit,
        create: bool,
        send_message: bool,
    ) -> None:
        super().__init__(
            "sync_users",
            "user changes",
            run,
            agreed={"create": create, "deactivate": limit.allowed, "send_message": send_message},
        )
        self._wanted = desired
        self._desired: dict[str, User] = {}
        self._twice: list[str] = []
        self._limit = limit
        self._create = create
        self._send_message = send_message
        self._active = 0
        self._going = 0
        self._barred = 0
        self._among = 0
        self._left_alone = 0
        self._renamed: list[tuple[str, str]] = []

    # ------------------------------------------------ the difference

    async def _read_input(self, fingerprint: Fingerprint) -> None:
        async for user in _each_desired(self._wanted):
            name = fold(user.user_name)
            if name in self._desired:
                self._twice.append(user.user_name or "")
            else:
                self._desired[name] = user
                fingerprint.add(*_entry(name), repr(attrs.astuple(user)))

    async def _each_work_item(self) -> AsyncIterator[WorkItem]:
        if not (self._desired or self._limit.allowed):
            return  # no account concerns anyone, so their list is not read
        accounts = Accounts(self._desired)
        async for row in each_account(self._run.litmos):
            self._active += row.active is not False
            match = accounts.take(row)
            if isinstance(match, Match):
                yield self._matched(match)
            elif match == "no one" and (work_item := self._not_desired(row)) is not None:
                yield work_item
        for match in accounts.rest():
            yield self._matched(match)
        for row, may_be_meant in accounts.left():
            work_item = self._in_doubt(row) if may_be_meant else self._not_desired(row)
            if work_item is not None:
                yield work_item
        for user_name in self._twice:
            yield WorkItem(UserChange("keep", user_name), _entry(user_name), skipped=TWICE)

    def _matched(self, match: Match) -> WorkItem:
        """Return what there is to do for a person of the input."""
        user = self._desired[match.name]
        if match.problem:
            self._among += match.among
            change = UserChange("keep", user.user_name or "")
            return WorkItem(change, _entry(match.name), rejected=ConfigurationError(match.problem))
        return self._missing(user) if match.row is None else self._changed(user, match.row, by_id=match.by_id)

    def _changed(self, user: User, row: User, *, by_id: bool) -> WorkItem:
        """Return what there is to do for a person who is there."""
        name, old_name = row.user_name or "", ""
        changes = _differences(user, row)
        if by_id:
            name, old_name = user.user_name or "", name
            changes = _renaming(user, row) | changes
            self._renamed.append((old_name, name))
        given = "" if as_written(name) else user.user_name or ""
        if not changes:
            kept = UserChange("keep", name, row.id, given_name=given)
            return WorkItem(kept, _entry(name), skipped=AS_DESIRED, as_desired=True)
        self._going += changes.get("active") is False and not self._is_done(_entry(name))
        change = UserChange("update", name, row.id, tuple(changes), old_name, given)
        return WorkItem(change, _entry(name), _writing(row, changes), requests=(_UPDATE,))

    def _in_doubt(self, row: User) -> WorkItem | None:
        """Return that an account stays, of which it is not clear whether it is that of a person in the input."""
        if not self._limit.allowed or row.active is False:
            return None
        keep = UserChange("keep", row.user_name or "", row.id)
        return WorkItem(keep, (row.id, ""), skipped="kept: the input may mean this person")

    def _is_done(self, entry: Key) -> bool:
        """Return whether an earlier run did what there was to do for a person."""
        return self._past.settled.get(entry) == "done"

    def _not_desired(self, row: User) -> WorkItem | None:
        """Return what there is to do for a person who is there and should not."""
        name = row.user_name or ""
        # Of two accounts whose names differ by what cannot be seen, each is a person of its own.
        entry = _entry(name) if as_written(name) else (row.id, "")
        change = UserChange("deactivate", name, row.id, ("active",))
        if row.active is False:
            # Only an earlier run makes that news.
            mine = self._is_done(entry) or entry in self._past.doubtful
            barred = WorkItem(change, entry, skipped="inactive already", as_desired=True)
            return barred if mine else None
        if not self._limit.allowed:
            self._left_alone += 1
            return None
        keep = UserChange("keep", name, row.id)
        if row.access_level == AccessLevel.ACCOUNT_OWNER:
            return WorkItem(keep, entry, skipped="missing, and an account owner")
        if not name:
            return WorkItem(keep, (row.id, ""), skipped="without a user name")
        going = not self._is_done(entry)
        self._going += going
        self._barred += going
        return WorkItem(change, entry, _writing(row, {"active": False}), requests=(_UPDATE,))

    def _missing(self, user: User) -> WorkItem:
        """Return what there is to do for a person who is not there."""
        name = user.user_name or ""
        if not self._create:
            reason = OptionText("missing, and {option}", "create", value=False)
            return WorkItem(UserChange("keep", name), _entry(name), skipped=reason)
        change = UserChange("create", name)
        try:
            complete(user)
        except ConfigurationError as problem:
            return WorkItem(change, _entry(name), rejected=problem)

        async def carry_out(requests: ItemRequests) -> None:
            await requests.write(
                lambda litmos: litmos.users.create(user, send_message=self._send_message),
                lambda litmos: _is_there(litmos, name),
            )

        return WorkItem(change, _entry(name), carry_out, requests=(_CREATE,))

    # ------------------------------------------------ what is said of it

    def _emails(self, waiting: list[WorkItem]) -> int:
        return sum(_CREATE in work_item.requests for work_item in waiting) if self._send_message else 0

    def _notes(self, work_items: list[WorkItem]) -> tuple[str, ...]:
        waiting = [work_item for work_item in work_items if work_item.known() is None]
        changes = Counter(cast(UserChange, work_item.item).change for work_item in waiting)
        numbers = {
            "to create": changes["create"],
            "to change": changes["update"],
            "to deactivate": changes["deactivate"],
            "unchanged": sum(_is_as_desired(work_item) for work_item in work_items),
        }
        notes: list[str] = [numbers_of(numbers) or "nothing to do"]
        if self._renamed:
            people = count(len(self._renamed), "account is", "accounts are")
            shown = ", ".join(f"{old!r} to {new!r}" for old, new in self._renamed[:_MOST_NAMED])
            more = ", ..." if len(self._renamed) > _MOST_NAMED else ""
            notes.append(f"{people} found by employee id and renamed: {shown}{more}")
        if self._left_alone:
            people = count(self._left_alone, "active person is", "active people are")
            notes.append(
                OptionText(f"{people} not in the input; {{option}} would deactivate them", "deactivate", True)
            )
        return tuple(notes)

    def _refusal(self) -> ConfigurationError | None:
        # Of some who cannot be used it is known whose accounts they may mean, and these stay.
        incomplete = self._limit.incomplete(self._unusable() - self._among, self._barred)
        return incomplete or self._limit.refusal(self._going, self._active, "active people")


async def each_account(litmos: Resources) -> AsyncIterator[User]:
    """Yield all accounts, each once: what changes while the list is read may come in it a second time."""
    seen = set[str]()
    async for row in litmos.users.list_details():
        if row.id not in seen:
            seen.add(row.id)
            yield row


def _entry(user_name: str) -> Key:
    """Return the key of a person: not the id, which people who are missing do not have."""
    return nameless(fold(user_name))


async def _each_desired(desired: DesiredUsers) -> AsyncIterator[User]:
    """Yield the people as records.

    Raises:
        ConfigurationError: Something is no person, or has no user name; the message says which one it was.
    """
    async for user in numbered("person", desired, lambda given, _: _desired_user(given)):
        yield user


def _desired_user(given: User | Mapping[str, Any]) -> User:
    user = record_of(User, given)
    check_types(user)
    user = identified(user)
    if not fold(user.user_name):
        raise ConfigurationError("user_name is missing")
    return user


def _is_as_desired(work_item: WorkItem) -> bool:
    outcome = work_item.known()
    return outcome is not None and outcome.reason == AS_DESIRED


def _differences(user: User, row: User) -> dict[str, Any]:
    """Return what the desired record names and the server has otherwise."""
    return {
        name: wanted
        for name in _COMPARED
        if (wanted := getattr(user, name)) is not None
        and _plain(name, wanted) != _plain(name, getattr(row, name))
        and not (name == "external_employee_id" and is_rewritten(wanted, getattr(row, name)))
    }


def _renaming(user: User, row: User) -> dict[str, Any]:
    """Return what changes with a user name: the server takes one that is no e-mail address as a custom one only."""
    custom = (
        "@" not in (user.user_name or "") and not row.is_custom_username and user.is_custom_username is None
    )
    return {"user_name": user.user_name} | ({"is_custom_username": True} if custom else {})


def _plain(name: str, value: Any) -> Any:
    """Return a value so that what means the same is equal."""
    if name in IDENTIFYING and isinstance(value, str):
        value = clean(value)
    if name == "manager_id" and value == "0":
        # "0" means none (records.yaml, User).
        return ""
    return "" if value is None else value


def _writing(row: User, changes: Mapping[str, Any]) -> Any:
    """Return what writes changes into a record as the server has it."""

    async def is_written(litmos: Resources) -> bool:
        now = await litmos.users.get(row)
        return all(_plain(name, getattr(now, name)) == _plain(name, changes[name]) for name in changes)

    async def carry_out(requests: ItemRequests) -> None:
        await requests.write(lambda litmos: litmos.users.update(row.replace(**changes)), is_written)

    return carry_out


async def _is_there(litmos: Resources, user_name: str) -> bool:
    """Return whether there is a person of this user name, which a path may not be able to carry (api-facts 7)."""
    rows = litmos.users.list(search=user_name.strip()[:SEARCH_LIMIT])
    return any([fold(row.user_name) == fold(user_name) async for row in rows])
