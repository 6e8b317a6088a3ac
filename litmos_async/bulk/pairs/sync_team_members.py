"""The job behind `sync_team_members`."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Literal, NamedTuple, Self, TypeAlias

import attrs
from attrs import define, field, frozen

from litmos_async.bulk.inputs import UserInTeam, each_pair
from litmos_async.bulk.job import EARLIER, FOUND, TWICE, BulkJob
from litmos_async.bulk.journal.journal import Past
from litmos_async.bulk.journal.keys import Fingerprint
from litmos_async.bulk.pairs import operations
from litmos_async.bulk.pairs.direct import Direct
from litmos_async.bulk.pairs.list_sizes import ListSizes
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.bulk.results import Outcome, Plan, numbers_of
from litmos_async.bulk.run import Run
from litmos_async.bulk.workers import run_concurrently
from litmos_async.bulk.write import settled
from litmos_async.checks import flags
from litmos_async.errors import ConfigurationError, NotFound
from litmos_async.resources.arguments import Ref, id_of, several
from litmos_async.wording import OptionText, count

Members: TypeAlias = Mapping[str, Iterable[Ref]] | Iterable[tuple[Ref, Ref]] | AsyncIterable[tuple[Ref, Ref]]
"""The members that teams should have: ids of teams with their people, or an iterable of pairs (person, team)."""

Change: TypeAlias = Literal["add", "remove"]


class _MemberChange(NamedTuple):
    change: Literal["add", "remove", "keep"]
    user_id: str
    team_id: str


class MemberChange(_MemberChange):
    """A membership, and how it is to change.

    A named tuple of `change`, `user_id` and `team_id`, which alone are compared.

    ```python
    async for outcome in litmos.bulk.sync_team_members({team_id: [user_id]}, send_message=False):
        change, member_id, _ = outcome.item
        print(change, member_id, outcome.item.user_name, outcome.status)
    ```

    Attributes:
        change: What is to be done.
        user_id: Id of the person.
        team_id: Id of the team.
        user_name: The user name of the person, where the job knows it; else empty.
    """

    user_name: str

    def __new__(
        cls, change: Literal["add", "remove", "keep"], user_id: str, team_id: str, user_name: str = ""
    ) -> Self:
        """Return such a change."""
        made = super().__new__(cls, change, user_id, team_id)
        made.user_name = user_name
        return made

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data, with the user name where that is known."""
        name = {"user_name": self.user_name} if self.user_name else {}
        return {"change": self.change, "user_id": self.user_id, **name, "team_id": self.team_id}


@frozen
class _Part:
    """The pairs that are added, or those that are removed."""

    pairs: PairOutcomes
    route: Direct


@define
class _Difference:
    """The difference between the members that should be there and those that are.

    Attributes:
        active: How many active members there are, as the server lists them.
        known: Outcomes for which nothing is sent.
        unchanged: How many people stay.
        left_alone: How many would go with `remove=True`.
        add: Pairs of a person and a team that are missing.
        remove: Pairs that are too many.
        parts: What adds and what removes, in this order.
    """

    active: int = 0
    known: list[Outcome] = field(factory=list[Outcome])
    unchanged: int = 0
    left_alone: int = 0
    add: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    remove: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    parts: dict[Change, _Part] = field(factory=dict[Change, _Part])

    def changes(self) -> dict[Change, list[tuple[str, str]]]:
        """Return the pairs by what is to be done with them."""
        return {"add": self.add, "remove": self.remove}


class SyncTeamMembersJob(BulkJob):
    """Teams brought to the members that they should have: pairs that are added, and then pairs that are removed.

    Both are parts of this job: they share its run.
    """

    def __init__(
        self, desired: Members, run: Run, sizes: ListSizes, *, limit: RemovalLimit, send_message: bool
    ) -> None:
        super().__init__("sync_team_members", run)
        self._by_team = _each_team(desired) if isinstance(desired, Mapping) else None
        self._given = desired
        self._sizes = sizes
        self._desired: dict[str, list[str]] = {}
        self._limit = limit
        self._send_message = send_message
        self._agreed = flags(remove=limit.allowed, send_message=send_message)
        self._earlier = _Earlier(Past())
        self._found = _Difference()
        self._names: dict[str, str] = {}

    # ------------------------------------------------ before

    async def _plan(self) -> Plan:
        found = self._found
        requests: Counter[str] = Counter()
        for part in found.parts.values():
            requests.update(part.route.requests())
        checks = sum(part.pairs.checks() for part in found.parts.values())
        return Plan(
            item_label="membership changes",
            items=len(found.add) + len(found.remove),
            skipped=Counter(outcome.reason for outcome in found.known if outcome.status == "skipped"),
            requests_by_kind=dict(requests),
            reads=self._run.report.reads,
            checks=checks,
            seconds=self._run.seconds_for(requests.total() + checks),
            emails=sum(part.route.emails() for part in found.parts.values()),
            fewest_requests=_fewest([part.route for part in found.parts.values()]),
            inactive=self._run.people.count_inactive(user for user, _ in found.add),
            changes=[
                self._change(change, *pair).to_dict()
                for change, pairs in found.changes().items()
                for pair in pairs
            ],
            notes=tuple(self._notes(found)),
            refusal=self._refusal(found),
        )

    def _notes(self, found: _Difference) -> Iterator[str]:
        numbers = {"to add": len(found.add), "to remove": len(found.remove), "unchanged": found.unchanged}
        yield numbers_of(numbers) or "nothing to do"
        if found.left_alone:
            members = count(
                found.left_alone,
                "member should not be there and stays",
                "members should not be there and stay",
            )
            text = f"{members}: removing them has to be requested"
            yield OptionText(f"{members}: {{option}} would remove them", "remove", value=True, text=text)
        failed = sum(outcome.status == "failed" for outcome in found.known)
        if failed:
            yield f"{count(failed, 'person belongs', 'people belong')} to teams that do not exist"

    def _refusal(self, found: _Difference) -> ConfigurationError | None:
        failed = sum(outcome.status == "failed" for outcome in found.known)
        incomplete = self._limit.incomplete(failed, len(found.remove))
        return incomplete or self._limit.refusal(len(found.remove), found.active, "active members")

    async def _find_work(self) -> None:
        """Read the members of the teams, and find the requests for the difference."""
        found = await self._compare_all()
        # A list has been read, or a team is not there: the key works.
        self._run.note_key_works()
        for part in found.parts.values():
            await part.route.prepare()
        self._run.expect_reads(sum(part.pairs.checks() for part in found.parts.values()))
        self._found = found

    async def _compare_all(self) -> _Difference:
        """Read the input, open the journal, if there is to be one, and compare."""
        if not self._desired:
            self._desired = await self._once(self._read_input)
        fingerprint = Fingerprint()
        for team, users in self._desired.items():
            fingerprint.add(team, "", " ".join(sorted(set(users))))
        journal = await self._run.open_journal(self._helper, fingerprint, self._agreed)
        if journal is None:
            return await self._compare()
        past = await journal.past(self._run.timeout)
        self._earlier = _Earlier(past)
        found = await self._compare()
        known = {
            pair: settled(pair, outcome)
            for outcome in found.known
            if outcome.reason != TWICE
            for pair in [(outcome.item.user_id, outcome.item.team_id)]
        }
        await journal.go_on(past, known, items=len(known) + len(found.add) + len(found.remove))
        return found

    async def _read_input(self) -> dict[str, list[str]]:
        if self._by_team is not None:
            return self._by_team
        teams: dict[str, list[str]] = {}
        async for user, team in each_pair(self._given, UserInTeam._fields):
            teams.setdefault(team, []).append(user)
        return teams

    async def _compare(self) -> _Difference:
        found = _Difference()
        size = min(self._run.width, len(self._desired))
        async with aclosing(run_concurrently(self._read_team, self._desired, size)) as teams:
            async for team, members in teams:
                self._compare_team(found, team, members)
        if found.add:
            operation = operations.users_to_teams(send_message=self._send_message, list_size=None)
            found.parts["add"] = self._part(operation, found.add)
        if found.remove:
            found.parts["remove"] = self._part(operations.users_from_teams(), found.remove)
        return found

    def _part(self, operation: operations.PairOperation, changes: Iterable[tuple[str, str]]) -> _Part:
        pairs = PairOutcomes(operation, self._run)
        for user, team in changes:
            pairs.table.add(user, team)
        pairs.table.close()
        return _Part(pairs, Direct(pairs, self._sizes))

    async def _read_team(self, team: str) -> AsyncGenerator[tuple[str, set[str] | NotFound], None]:
        try:
            members = {user.id: user.user_name async for user in self._run.litmos.teams.list_users(team)}
            self._names.update((id, name) for id, name in members.items() if name)
            yield team, set(members)
        except NotFound as problem:
            yield team, problem

    def _compare_team(self, found: _Difference, team: str, members: set[str] | NotFound) -> None:
        wanted = Counter(self._desired[team])
        if isinstance(members, NotFound):
            found.known += [
                Outcome(self._change("add", user, team), "failed", members, 0, str(members))
                for user in wanted
            ]
            return
        found.active += len(members)
        for user, times in wanted.items():
            keep = self._change("keep", user, team)
            found.known += [Outcome(keep, "skipped", reason=TWICE)] * (times - 1)
            if done := self._earlier.did((user, team), as_desired=user in members):
                found.known.append(Outcome(self._change("add", user, team), "done", reason=done))
            elif user in members:
                found.unchanged += 1
                found.known.append(Outcome(keep, "skipped", reason="already there"))
            else:
                found.add.append((user, team))
        for user in sorted(members.union(self._earlier.people_in(team)).difference(wanted)):
            if done := self._earlier.did((user, team), as_desired=user not in members):
                found.known.append(Outcome(self._change("remove", user, team), "done", reason=done))
            elif user not in members:
                continue  # an earlier run left it to be done, and it has been done by other means since
            elif self._limit.allowed:
                found.remove.append((user, team))
            else:
                found.left_alone += 1

    # ------------------------------------------------ while it runs

    def _total(self) -> int:
        found = self._found
        return len(found.known) + len(found.add) + len(found.remove)

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        found = self._found
        if refusal := self._refusal(found):
            raise refusal
        for outcome in found.known:
            yield outcome
        for change, part in found.parts.items():
            async with aclosing(part.route.carry_out()) as outcomes:
                async for outcome in outcomes:
                    yield self._about(outcome, change)

    async def _forget_plan(self) -> None:
        self._found = _Difference()
        await super()._forget_plan()

    def _about(self, outcome: Outcome, change: Change) -> Outcome:
        return attrs.evolve(outcome, item=self._change(change, *outcome.item))

    def _change(self, change: Literal["add", "remove", "keep"], user: str, team: str) -> MemberChange:
        return MemberChange(change, user, team, self._names.get(user) or self._run.people.names.get(user, ""))

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        yield from self._found.known
        for change, part in self._found.parts.items():
            for outcome in part.pairs.so_far(planned=planned):
                yield self._about(outcome, change)


def _fewest(routes: Iterable[Direct]) -> int | None:
    """Return the fewest requests of several routes, where one of them may take fewer than it plans."""
    routes = list(routes)
    if all(route.fewest is None for route in routes):
        return None
    return sum(route.requests().total() if route.fewest is None else route.fewest for route in routes)


class _Earlier:
    """What earlier runs on the same journal had to do with."""

    def __init__(self, past: Past) -> None:
        self._settled = past.settled
        self._doubtful = past.doubtful
        self._by_team: dict[str, set[str]] = {}
        for user, team in {*self._settled, *self._doubtful}:
            self._by_team.setdefault(team, set()).add(user)

    def people_in(self, team: str) -> set[str]:
        """Return the people that they added to a team, took out of it, or meant to."""
        return self._by_team.get(team, set())

    def did(self, pair: tuple[str, str], *, as_desired: bool) -> str:
        """Return why a change is done that is theirs; nothing if it is not done, or not theirs."""
        if self._settled.get(pair) == "done":
            return EARLIER
        return FOUND if as_desired and pair in self._doubtful else ""


def _each_team(desired: Mapping[Any, Iterable[Any]]) -> dict[str, list[str]]:
    """Return the ids of the people who should be in each team.

    Raises:
        ConfigurationError: Something is not a valid id.
    """
    teams: dict[str, list[str]] = {}
    for team, users in desired.items():
        try:
            people = several(users, "ids or records")
            teams[id_of(team, "team_id")] = [id_of(user, "user_id") for user in people]
        except ConfigurationError as problem:
            raise ConfigurationError(f"team {team!r}: {problem}") from None
    return teams
