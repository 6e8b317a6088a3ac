"""The job behind `sync_users`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterable, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Literal, NamedTuple, cast

import attrs

from litmos_async.bulk.inputs import check_types, in_order
from litmos_async.bulk.items.accounts import Accounts, Match
from litmos_async.bulk.items.item_job import ItemJob, counted
from litmos_async.bulk.items.work_item import ItemRequests, Task
from litmos_async.bulk.job import Connect, Options
from litmos_async.bulk.journal.keys import Fingerprint, Key, nameless
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.bulk.results import Outcome, Status
from litmos_async.errors import ConfigurationError, TooManyRemovals
from litmos_async.limits import Limiter
from litmos_async.models import AccessLevel, User
from litmos_async.models.record import fields_of
from litmos_async.names import IDENTIFYING, clean, fold, without_zeros
from litmos_async.resources import Resources
from litmos_async.resources.base import complete, identified
from litmos_async.wire.codec import SEARCH_LIMIT
from litmos_async.wording import OptionText, count


class UserChange(NamedTuple):
    """A person, and what is to become of the record.

    `fields` names the attributes that are to change, and no values. `user_id` is empty for somebody who is missing.
    `old_name` is the user name of an account that is found by employee id, and gets `user_name`.
    """

    change: Literal["create", "update", "deactivate", "keep"]
    user_name: str
    user_id: str = ""
    fields: tuple[str, ...] = ()
    old_name: str = ""


_CREATE, _UPDATE = "POST /users", "PUT /users/{user_id}"

AS_DESIRED = "as desired"

_MOST_NAMED = 5
"""How many new user names a plan says."""

_NEW_ONLY = {"password", "skip_first_login"}
"""Answers never hold the one, and the other came back as False where True was sent (api-facts 8)."""

_COMPARED = tuple(
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
        desired: Iterable[User | Mapping[str, Any]] | AsyncIterable[User | Mapping[str, Any]],
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        removals: RemovalLimit,
        create: bool,
        send_message: bool,
    ) -> None:
        super().__init__(
            "sync_users",
            "user changes",
            limiter,
            connect,
            options,
            agreed={"create": create, "deactivate": removals.allowed, "send_message": send_message},
        )
        self._wanted = desired
        self._desired: dict[str, User] = {}
        self._twice: list[str] = []
        self._removals = removals
        self._create = create
        self._send_message = send_message
        self._active = 0
        self._going = 0
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

    async def _each_task(self) -> AsyncIterator[Task]:
        accounts = Accounts(self._desired)
        seen = set[str]()
        async for row in self._litmos.users.list_details():
            if row.id in seen:
                continue  # changed while the list was read: such a row may come a second time
            seen.add(row.id)
            self._active += row.active is not False
            match = accounts.take(row)
            if isinstance(match, Match):
                yield self._matched(match)
            elif match == "nobody" and (task := self._not_desired(row)) is not None:
                yield task
        for match in accounts.rest():
            yield self._matched(match)
        for row, may_be_meant in accounts.left():
            task = self._in_doubt(row) if may_be_meant else self._not_desired(row)
            if task is not None:
                yield task
        for user_name in self._twice:
            yield Task(UserChange("keep", user_name), _entry(user_name), skipped="given twice")

    def _matched(self, match: Match) -> Task:
        """Return what there is to do for a person of the input."""
        user = self._desired[match.name]
        if match.problem:
            change = UserChange("keep", user.user_name or "")
            return Task(change, _entry(match.name), refused=ConfigurationError(match.problem))
        return self._missing(user) if match.row is None else self._changed(user, match.row, by_id=match.by_id)

    def _changed(self, user: User, row: User, *, by_id: bool) -> Task:
        """Return what there is to do for somebody who is there."""
        name, old_name = row.user_name or "", ""
        changes = _differences(user, row)
        if by_id:
            name, old_name = user.user_name or "", name
            changes = _renaming(user, row) | changes
            self._renamed.append((old_name, name))
        if not changes:
            return Task(UserChange("keep", name, row.id), _entry(name), skipped=AS_DESIRED, as_desired=True)
        self._going += changes.get("active") is False and not self._is_done(name)
        change = UserChange("update", name, row.id, tuple(changes), old_name)
        return Task(change, _entry(name), _writing(row, changes), requests=(_UPDATE,))

    def _in_doubt(self, row: User) -> Task | None:
        """Return that an account stays, of which it is not clear whether it is that of a person in the input."""
        if not self._removals.allowed or row.active is False:
            return None
        keep = UserChange("keep", row.user_name or "", row.id)
        return Task(keep, (row.id, ""), skipped="kept: a person of the input may be meant")

    def _is_done(self, user_name: str) -> bool:
        """Tell whether an earlier run did what there was to do for somebody."""
        return self._past.settled.get(_entry(user_name)) == "done"

    def _not_desired(self, row: User) -> Task | None:
        """Return what there is to do for somebody who is there and should not."""
        name = row.user_name or ""
        change = UserChange("deactivate", name, row.id, ("active",))
        if row.active is False:
            # Only an earlier run makes that news.
            mine = self._is_done(name) or _entry(name) in self._past.doubtful
            barred = Task(change, _entry(name), skipped="inactive already", as_desired=True)
            return barred if mine else None
        if not self._removals.allowed:
            self._left_alone += 1
            return None
        keep = UserChange("keep", name, row.id)
        if row.access_level == AccessLevel.ACCOUNT_OWNER:
            return Task(keep, _entry(name), skipped="missing, and an account owner")
        if not name:
            return Task(keep, (row.id, ""), skipped="without a user name")
        self._going += not self._is_done(name)
        return Task(change, _entry(name), _writing(row, {"active": False}), requests=(_UPDATE,))

    def _missing(self, user: User) -> Task:
        """Return what there is to do for somebody who is not there."""
        name = user.user_name or ""
        if not self._create:
            reason = OptionText("missing, and {option}", "create", value=False)
            return Task(UserChange("keep", name), _entry(name), skipped=reason)
        change = UserChange("create", name)
        try:
            complete(user)
        except ConfigurationError as problem:
            return Task(change, _entry(name), refused=problem)

        async def carry_out(requests: ItemRequests) -> None:
            await requests.write(
                lambda litmos: litmos.users.create(user, send_message=self._send_message),
                lambda litmos: _is_there(litmos, name),
            )

        return Task(change, _entry(name), carry_out, requests=(_CREATE,))

    # ------------------------------------------------ what is said of it

    def _emails(self, waiting: list[Task]) -> int:
        return sum(_CREATE in task.requests for task in waiting) if self._send_message else 0

    def _notes(self, tasks: list[Task]) -> tuple[str, ...]:
        waiting = [task for task in tasks if task.known() is None]
        changes = Counter(cast(UserChange, task.item).change for task in waiting)
        numbers = {
            "to create": changes["create"],
            "to change": changes["update"],
            "to deactivate": changes["deactivate"],
            "unchanged": sum(_is_as_desired(task) for task in tasks),
        }
        notes: list[str] = [counted(numbers) or "nothing to do"]
        if self._renamed:
            people = count(len(self._renamed), "account is", "accounts are")
            shown = ", ".join(f"{old!r} to {new!r}" for old, new in self._renamed[:_MOST_NAMED])
            more = ", ..." if len(self._renamed) > _MOST_NAMED else ""
            notes.append(f"{people} found by employee id and renamed: {shown}{more}")
        if self._left_alone:
            people = count(self._left_alone, "active person is", "active people are")
            notes.append(
                OptionText(f"{people} not among them; {{option}} would bar them", "deactivate", True)
            )
        return tuple(notes)

    def _refusal(self) -> TooManyRemovals | None:
        return self._removals.refusal(self._going, self._active, "active people")

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        await self._prepare()
        if refusal := self._refusal():
            raise refusal
        async with aclosing(super()._work()) as outcomes:
            async for outcome in outcomes:
                yield outcome


def _entry(user_name: str) -> Key:
    """Return what tells somebody from others: not the id, which people who are missing do not have."""
    return nameless(fold(user_name))


async def _each_desired(
    desired: Iterable[User | Mapping[str, Any]] | AsyncIterable[User | Mapping[str, Any]],
) -> AsyncIterator[User]:
    """Yield the people as records.

    Raises:
        ConfigurationError: Something is no person, or has no user name; the message says which one it was.
    """
    count = 0
    async for given in in_order(desired):
        count += 1
        try:
            user = given if isinstance(given, User) else User(**given)
        except TypeError as problem:
            # "User.__init__() got an unexpected keyword argument 'x'"; no value of the row.
            reason = str(problem).removeprefix("User.__init__() ")
            raise ConfigurationError(f"person {count}: {reason}") from None
        try:
            check_types(user)
            user = identified(user)
        except ConfigurationError as problem:
            raise ConfigurationError(f"person {count}: {problem}") from None
        if not fold(user.user_name):
            raise ConfigurationError(f"person {count}: user_name is missing")
        yield user


def _is_as_desired(task: Task) -> bool:
    outcome = task.known()
    return outcome is not None and outcome.reason == AS_DESIRED


def _differences(user: User, row: User) -> dict[str, Any]:
    """Return what the desired record names and the server has otherwise."""
    return {
        name: wanted
        for name in _COMPARED
        if (wanted := getattr(user, name)) is not None
        and _plain(name, wanted) != _plain(name, getattr(row, name))
        and not _has_lost_zeros(name, wanted, getattr(row, name))
    }


def _has_lost_zeros(name: str, wanted: Any, there: Any) -> bool:
    """Return whether an employee id is the one that is there without its zeros, as a spreadsheet writes it."""
    if name != "external_employee_id" or not there or len(clean(there)) <= len(clean(wanted)):
        return False
    return without_zeros(wanted) == without_zeros(there) != ""


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
    """Tell whether there is somebody of this user name, which may not be able to travel in a path (api-facts 7)."""
    rows = litmos.users.list(search=user_name.strip()[:SEARCH_LIMIT])
    return any([fold(row.user_name) == fold(user_name) async for row in rows])
