"""A tree of teams brought to what it should be: teams, what stands above them, leaders and admins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import ClassVar, Final, Literal, NamedTuple, Unpack, cast

import attrs
from attrs import define

from litmos_async.bulk import BulkJob, ItemOptions, Status
from litmos_async.errors import ConfigurationError
from litmos_async.jobs import roles
from litmos_async.jobs.roles import ROLES, RoleChange
from litmos_async.jobs.steps import (
    AS_DESIRED,
    MAX_REMOVALS,
    TWICE,
    Fingerprint,
    InRanks,
    ItemFailed,
    ItemRequests,
    Key,
    RemovalLimit,
    Run,
    Step,
    StepJobs,
    WorkItem,
    nameless,
    numbers_of,
)
from litmos_async.jobs.tree_match import Key as RowKey
from litmos_async.jobs.tree_match import Place, TeamRow, Tree
from litmos_async.models import Team, TeamSummary
from litmos_async.names import loose
from litmos_async.resources import Resources
from litmos_async.resources.arguments import several
from litmos_async.wording import OptionText, count

__all__ = ["TeamChange", "TreeJobs"]

_AT_ONCE: Final = 20
"""Teams whose description, leaders and admins are read side by side."""

_IS_FINAL: Final = (
    "a team that is removed loses its members and what is assigned to it; that cannot be undone"
)

_CREATE: Final = "POST /teams"
_CREATE_BELOW: Final = "POST /teams/{team_id}/teams"
_GET: Final = "GET /teams/{team_id}"
_UPDATE: Final = "PUT /teams/{team_id}"
_DELETE: Final = "DELETE /teams/{team_id}"


class TeamChange(NamedTuple):
    """A team, and how it is to change.

    ```python
    async for outcome in Jobs.of(litmos.bulk).sync_team_tree([TeamRow("Sales North")]):
        print(outcome.item.change, outcome.item.name, outcome.item.fields)
    ```

    Attributes:
        change: What is to be done.
        name: What the team is called.
        key: What tells the row from others; empty for a team that no row names.
        team_id: Id of the team; empty for one that is new.
        fields: The attributes that are to change, and no values.
    """

    change: Literal["create", "update", "remove", "keep"]
    name: str
    key: RowKey
    team_id: str = ""
    fields: tuple[str, ...] = ()


class TreeJobs(StepJobs):
    """The helper `sync_team_tree`."""

    def sync_team_tree(
        self,
        rows: Iterable[TeamRow],
        *,
        remove: bool = False,
        max_removals: float = MAX_REMOVALS,
        **options: Unpack[ItemOptions],
    ) -> BulkJob:
        """Make teams match the rows: their place in the tree, description, leaders and admins.

        `GET /teams`, the whole list; `GET /teams/{team_id}` and the lists of leaders and admins of each team that a
        row says something about; then only the difference is written, a team before those below it.

        A row means the team of its name in its place. Where there is none in that place and one team of the name
        elsewhere, which no other row may mean, that team is moved. People who are to lead a team become members.

        Args:
            rows: What should be.
            remove: True deletes the teams that no row names, but for those above a team of a row; and where a row
                has leaders or admins, all others lose that role.
            max_removals: How many teams and roles may be removed: a fraction of all, or a number. If it
                would be more, the job raises `TooManyRemovals` and changes nothing. If a row cannot be used and
                teams would be removed, it raises `IncompleteInput`: the row may mean one of them.
            options: See `ItemOptions`.

        Returns:
            The job; its items are `TeamChange`.

        Raises:
            ConfigurationError: Something is no `TeamRow`; the message says which one it was.
        """
        given = list(several(rows, "rows"))
        for number, row in enumerate(given, start=1):
            if not isinstance(row, TeamRow):
                raise ConfigurationError(f"row {number}: {type(row).__name__} is not a TeamRow")
        removals = RemovalLimit(allowed=remove, most=max_removals)
        return TreeJob(given, self._item_run(options), removals)


@define
class _Found:
    """What is there of a team that a row means, as far as the row says something about it.

    Attributes:
        description: What is said of it.
        roles: Who has which role, by its name.
    """

    description: str = ""
    roles: dict[str, set[str]] = attrs.field(factory=dict[str, set[str]])


class TreeJob(InRanks):
    """Teams brought to the state that they should have."""

    # What was as desired is compared again, which costs nothing: the list is read anyway.
    final: ClassVar[tuple[Status, ...]] = ("done",)

    def __init__(
        self,
        rows: Sequence[TeamRow],
        run: Run,
        removals: RemovalLimit,
    ) -> None:
        agreed = {"remove": removals.allowed}
        super().__init__("sync_team_tree", "team changes", run, agreed=agreed)
        self._rows = rows
        self._removals = removals
        self._ids: dict[RowKey, str] = {}
        self._teams = self._going = 0
        self._holders = self._demoted = 0
        self._left_alone = 0

    # ------------------------------------------------ the difference

    async def _read_input(self, fingerprint: Fingerprint) -> None:
        for key, row in {row.key: row for row in self._rows}.items():
            people = [sorted(each) if each is not None else None for each in (row.leaders, row.admins)]
            fingerprint.add(*_entry(key), repr((row.description, people)))

    async def _each_work_item(self) -> AsyncIterator[WorkItem]:
        if not (self._rows or self._removals.allowed):
            return  # no team concerns anyone, so their list is not read
        teams = [team async for team in self._run.litmos.teams.list()]
        self._teams = len(teams)
        unique = list({row.key: row for row in self._rows}.values())
        tree = Tree(unique, teams)
        if self._removals.allowed or any(place.names_parent for place in tree.places):
            _check_parents(teams)
        found = await self._read(tree.places)
        for place in tree.places:
            yield self._refused(place) if place.problem else self._matched(place, found.get(id(place)))
        twice = Counter(row.key for row in self._rows)
        for row in unique:
            for _ in range(twice[row.key] - 1):
                yield WorkItem(TeamChange("keep", row.name, row.key), _entry(row.key), skipped=TWICE)
        lowest = max((depth for _, depth in tree.unnamed()), default=0)
        for team, depth in tree.unnamed():
            if (task := self._unnamed(team, len(self._rows) + lowest - depth)) is not None:
                yield task

    async def _read(self, places: Sequence[Place]) -> dict[int, _Found]:
        """Read what the rows speak of, side by side."""
        places = [place for place in places if place.team is not None and not place.problem]
        room = asyncio.Semaphore(_AT_ONCE)

        async def read(place: Place) -> _Found:
            async with room:
                return await _look_at(self._run.litmos, place)

        try:
            async with asyncio.TaskGroup() as group:
                tasks = {id(place): group.create_task(read(place)) for place in places}
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return {key: task.result() for key, task in tasks.items()}

    def _refused(self, place: Place) -> WorkItem:
        row = place.row
        problem = ConfigurationError(place.problem)
        return WorkItem(TeamChange("keep", row.name, row.key), _entry(row.key), rejected=problem)

    def _matched(self, place: Place, found: _Found | None) -> WorkItem:
        """Return what there is to do for a row."""
        row, team = place.row, place.team
        changes = self._role_changes(row, found or _Found())
        fields = tuple(change.role.name for change in changes)
        if team is None:
            change = TeamChange("create", row.name, row.key, "", fields)
            first: tuple[str, ...] = (_CREATE_BELOW if place.names_parent else _CREATE,)
            return self._step(place, change, changes, first)
        self._ids[row.key] = team.id
        moved = ("parent",) if place.moves() else ()
        described = row.description and found is not None and row.description != found.description
        record = (*moved, *(("description",) if described else ()))
        if not record and not changes:
            keep = TeamChange("keep", row.name, row.key, team.id)
            return WorkItem(keep, _entry(row.key), skipped=AS_DESIRED, as_desired=True)
        change = TeamChange("update", row.name, row.key, team.id, (*record, *fields))
        return self._step(place, change, changes, (_GET, _UPDATE) if record else ())

    def _role_changes(self, row: TeamRow, found: _Found) -> tuple[RoleChange, ...]:
        changes = list[RoleChange]()
        for role, wanted in zip(ROLES, (row.leaders, row.admins), strict=True):
            if wanted is None:
                continue
            there = found.roles.get(role.name, set())
            surplus = sorted(there - wanted)
            self._holders += len(there)
            if self._removals.allowed:
                self._demoted += len(surplus)
            else:
                self._left_alone += len(surplus)
                surplus = []
            if wanted - there or surplus:
                changes.append(RoleChange(role, tuple(sorted(wanted - there)), tuple(surplus)))
        return tuple(changes)

    def _step(
        self, place: Place, change: TeamChange, changes: tuple[RoleChange, ...], first: tuple[str, ...]
    ) -> Step:
        async def carry_out(requests: ItemRequests) -> None:
            so_far = ""
            if change.change == "create":
                await self._create(requests, place)
                so_far = "created"
            elif first:
                await self._update(requests, place, change)
                so_far = f"changed: {', '.join(field for field in change.fields if field in _OF_RECORD)}"
            await roles.carry_out(requests, self._ids[place.row.key], changes, so_far)

        requests = (*first, *roles.requests(changes))
        people = tuple(user_id for each in changes for user_id in each.promoted)
        return Step(
            change, _entry(place.row.key), carry_out, requests=requests, receivers=people, rank=place.depth
        )

    def _unnamed(self, team: TeamSummary, rank: int) -> WorkItem | None:
        """Return what there is to do for a team that no row names."""
        if not self._removals.allowed:
            self._left_alone += 1
            return None
        entry: Key = team.id, ""
        self._going += self._past.settled.get(entry) != "done"

        async def is_gone(litmos: Resources) -> bool:
            return all([row.id != team.id async for row in litmos.teams.list()])

        async def carry_out(requests: ItemRequests) -> None:
            await requests.write(lambda litmos: litmos.teams.delete(team.id), is_gone)

        change = TeamChange("remove", team.name or "", (), team.id)
        return Step(change, entry, carry_out, is_gone, (_DELETE,), rank=rank)

    # ------------------------------------------------ the writes

    def _parent_id(self, place: Place) -> str:
        if place.above is None:
            return place.parent_id
        try:
            return self._ids[place.above.row.key]
        except KeyError:
            raise ItemFailed(
                "failed", None, f"{place.above.row.name!r}, which stands above it, is not there"
            ) from None

    async def _create(self, requests: ItemRequests, place: Place) -> None:
        row, parent_id = place.row, self._parent_id(place)
        record = Team(name=row.name, description=row.description or None)

        async def send(litmos: Resources) -> None:
            made = (
                litmos.teams.create_sub_team(parent_id, record) if parent_id else litmos.teams.create(record)
            )
            self._ids[row.key] = (await made).id

        async def is_there(litmos: Resources) -> bool:
            async for team in litmos.teams.list():
                if loose(team.name) == loose(row.name) and (team.parent_team_id or "") == parent_id:
                    self._ids[row.key] = team.id
                    return True
            return False

        await requests.write(send, is_there)

    async def _update(self, requests: ItemRequests, place: Place, change: TeamChange) -> None:
        values: dict[str, str] = {}
        if "parent" in change.fields:
            values["parent_team_id"] = self._parent_id(place)
        if "description" in change.fields:
            values["description"] = place.row.description
        team = await requests.read(lambda litmos: litmos.teams.get(change.team_id))

        async def is_written(litmos: Resources) -> bool:
            now = await litmos.teams.get(change.team_id)
            return all((getattr(now, name) or "") == value for name, value in values.items())

        await requests.write(lambda litmos: litmos.teams.update(team.replace(**values)), is_written)

    # ------------------------------------------------ what is said of it

    def _notes(self, work_items: list[WorkItem]) -> tuple[str, ...]:
        waiting = [cast(TeamChange, each.item) for each in work_items if each.known() is None]
        changes = Counter(each.change for each in waiting)
        moves = sum("parent" in each.fields for each in waiting)
        numbers = {
            "to create": changes["create"],
            "to change": changes["update"],
            "of them to move": moves,
            "to remove": changes["remove"],
        }
        notes: list[str] = [numbers_of(numbers)]
        if changes["remove"]:
            notes.append(_IS_FINAL)
        if self._left_alone:
            others = count(self._left_alone, "team or role stays", "teams and roles stay")
            text = f"{others} that the input does not name; {{option}} would remove them"
            notes.append(OptionText(text, "remove", value=True))
        return tuple(filter(None, notes)) or ("nothing to do",)

    def _refusal(self) -> ConfigurationError | None:
        removals = self._removals
        if not removals.allowed:
            return None
        return (
            removals.incomplete(self._unusable(), self._going)
            or removals.refusal(self._going, self._teams, "teams")
            or removals.refusal(self._demoted, self._holders, "leaders and admins")
        )


_OF_RECORD: Final = ("parent", "description")


def _check_parents(teams: Iterable[TeamSummary]) -> None:
    """Make sure that the list of teams says where each of them stands: what is absent is not the top.

    Raises:
        ConfigurationError: It does not, as in the recordings of 2016: teams would be moved, made anew or removed.
    """
    if any(team.parent_team_id is None for team in teams):
        raise ConfigurationError(
            "the list of teams does not say which team stands above which, so that the tree cannot be compared"
        )


def _entry(key: RowKey) -> Key:
    """Return what a row is called in a journal, which holds no names."""
    return nameless("\0".join(key))


async def _look_at(litmos: Resources, place: Place) -> _Found:
    """Return what is there of a team, as far as its row speaks of it."""
    found, team_id = _Found(), cast(TeamSummary, place.team).id  # only teams that are there are looked at
    if place.row.description:
        found.description = (await litmos.teams.get(team_id)).description or ""
    for role, wanted in zip(ROLES, (place.row.leaders, place.row.admins), strict=True):
        if wanted is not None:
            found.roles[role.name] = await roles.holders(litmos, role, team_id)
    return found
