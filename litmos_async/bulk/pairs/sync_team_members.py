"""The job behind `sync_team_members`."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any, Final, Literal, NamedTuple, Self, TypeAlias, cast

import attrs
from attrs import define, field

from litmos_async.bulk.inputs import UserInTeam, each_pair, flags
from litmos_async.bulk.items.item_job import counted
from litmos_async.bulk.job import EARLIER, FOUND, BulkJob, Connect, Options, settled
from litmos_async.bulk.journal.journal import Past
from litmos_async.bulk.journal.keys import Fingerprint
from litmos_async.bulk.pairs import operations
from litmos_async.bulk.pairs.pair_job import PairJob
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.bulk.results import Outcome, Plan, Progress, seconds_for
from litmos_async.bulk.workers import run_concurrently
from litmos_async.errors import ConfigurationError, NotFound, TooManyRemovals
from litmos_async.hooks import NO_HOOKS
from litmos_async.limits import Limiter
from litmos_async.resources.base import Ref, id_of, several
from litmos_async.wording import OptionText, count

TWICE = "given twice"

_HELPER: Final = "sync_team_members"

Members: TypeAlias = Mapping[str, Iterable[Ref]] | Iterable[tuple[Ref, Ref]] | AsyncIterable[tuple[Ref, Ref]]
"""Who should be where: ids of teams with their people, or any (async) iterable of pairs (person, team)."""

Change: TypeAlias = Literal["add", "remove"]


class _MemberChange(NamedTuple):
    change: Literal["add", "remove", "keep"]
    user_id: str
    team_id: str


class MemberChange(_MemberChange):
    """A membership, and how it is to change.

    A named tuple of `change`, `user_id` and `team_id`, which alone are compared.

    Attributes:
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


@define
class _Members:
    """What should be, what is, and the difference.

    Attributes:
        active: How many active members there are, as the server lists them.
        known: Outcomes for which nothing is sent.
        unchanged: How many people stay.
        left_alone: How many would go with `remove=True`.
        add: Pairs of a person and a team that are missing.
        remove: Pairs that are too many.
        jobs: The jobs that add and remove, in this order.
    """

    active: int = 0
    known: list[Outcome] = field(factory=list[Outcome])
    unchanged: int = 0
    left_alone: int = 0
    add: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    remove: list[tuple[str, str]] = field(factory=list[tuple[str, str]])
    jobs: dict[Change, PairJob] = field(factory=dict[Change, PairJob])

    def pairs(self) -> dict[Change, list[tuple[str, str]]]:
        """Return the pairs by what is to be done with them."""
        return {"add": self.add, "remove": self.remove}


class SyncTeamMembersJob(BulkJob):
    """Teams brought to the members that they should have: a job that adds, and then one that removes."""

    def __init__(
        self,
        desired: Members,
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        removals: RemovalLimit,
        send_message: bool,
    ) -> None:
        super().__init__(limiter, connect, options)
        self._by_team = _each_team(desired) if isinstance(desired, Mapping) else None
        self._pairs = desired
        self._desired: dict[str, list[str]] = {}
        self._removals = removals
        self._send_message = send_message
        self._agreed = flags(remove=removals.allowed, send_message=send_message)
        self._preparing = asyncio.Lock()
        self._earlier = _Earlier(Past())
        self._found: _Members | None = None
        self._reads_before = 0
        self._names: dict[str, str] = {}

    # ------------------------------------------------ before

    @property
    def _helper(self) -> str:
        return _HELPER

    async def _plan(self) -> Plan:
        found = await self._prepare()
        plans = {change: await job.plan() for change, job in found.jobs.items()}
        requests: Counter[str] = Counter()
        for plan in plans.values():
            requests.update(plan.requests_by_kind)
        checks = sum(plan.checks for plan in plans.values())
        return Plan(
            item_label="membership changes",
            items=sum(plan.items for plan in plans.values()),
            skipped=Counter(outcome.reason for outcome in found.known if outcome.status == "skipped"),
            requests_by_kind=dict(requests),
            reads=self._report.reads,
            checks=checks,
            seconds=seconds_for(requests.total() + checks, self._limiter.quota),
            emails=sum(plan.emails for plan in plans.values()),
            fewest_requests=_fewest(plans.values()),
            inactive=self._options.people.count_inactive(user for user, _ in found.add),
            changes=[
                self._change(change, *pair).to_dict()
                for change, pairs in found.pairs().items()
                for pair in pairs
            ],
            notes=tuple(self._notes(found)),
            refusal=self._refusal(found),
        )

    def _notes(self, found: _Members) -> Iterator[str]:
        numbers = {"to add": len(found.add), "to remove": len(found.remove), "unchanged": found.unchanged}
        yield counted(numbers) or "nothing to do"
        if found.left_alone:
            members = count(
                found.left_alone,
                "member should not be there and stays",
                "members should not be there and stay",
            )
            text = f"{members}: taking them out has to be asked for"
            yield OptionText(f"{members}: {{option}} would take them out", "remove", value=True, text=text)
        failed = sum(outcome.status == "failed" for outcome in found.known)
        if failed:
            yield f"{count(failed, 'person belongs', 'people belong')} to teams that do not exist"

    def _refusal(self, found: _Members) -> TooManyRemovals | None:
        return self._removals.refusal(len(found.remove), found.active, "active members")

    async def _prepare(self) -> _Members:
        """Read who is in the teams, once."""
        async with self._preparing:
            if self._found is None:
                self._found = await self._begin()
                self._reads_before = self._report.reads
                # So that the progress knows how many requests there are.
                for job in self._found.jobs.values():
                    await job.plan()
                self._planned = True
        return self._found

    async def _begin(self) -> _Members:
        """Take the input in, open the journal, if there is to be one, and compare."""
        if not self._desired:
            self._desired = await self._once(self._take_in)
        fingerprint = Fingerprint()
        for team, users in self._desired.items():
            fingerprint.add(team, "", " ".join(sorted(set(users))))
        self._journal = await self._open_journal(_HELPER, fingerprint, self._agreed)
        if self._journal is None:
            return await self._compare()
        past = await self._journal.past(self._options.timeout)
        self._earlier = _Earlier(past)
        found = await self._compare()
        known = {_pair(outcome): outcome for outcome in found.known if outcome.reason != TWICE}
        for request in past.under_way:
            told = [settled(pair, known[pair]) for pair in request.items if pair in known]
            await self._journal.after(request.id, told)
        await self._journal.record(settled(pair, outcome) for pair, outcome in known.items())
        await self._journal.expect(len(known) + len(found.add) + len(found.remove))
        return found

    async def _take_in(self) -> dict[str, list[str]]:
        if self._by_team is not None:
            return self._by_team
        teams: dict[str, list[str]] = {}
        async for user, team in each_pair(self._pairs, UserInTeam._fields):
            teams.setdefault(team, []).append(user)
        return teams

    async def _compare(self) -> _Members:
        found = _Members()
        size = min(self._width(), len(self._desired))
        async with aclosing(run_concurrently(self._read_team, self._desired, size)) as teams:
            async for team, members in teams:
                self._compare_team(found, team, members)
        if found.add:
            kind = operations.users_to_teams(send_message=self._send_message, list_size=None)
            found.jobs["add"] = self._pair_job(kind, found.add)
        if found.remove:
            found.jobs["remove"] = self._pair_job(operations.users_from_teams(), found.remove)
        return found

    def _pair_job(self, kind: operations.PairOperation, pairs: list[tuple[str, str]]) -> PairJob:
        options = attrs.evolve(
            self._options,
            journal=self._journal,
            stop_after_failures=None,
            key_works=True,
            on_request=self._tell,
            hooks=NO_HOOKS,
        )
        return PairJob(kind, pairs, self._limiter, self._connect, options)

    async def _read_team(self, team: str) -> AsyncGenerator[tuple[str, set[str] | NotFound], None]:
        try:
            members = {user.id: user.user_name async for user in self._litmos.teams.list_users(team)}
            self._names.update((id, name) for id, name in members.items() if name)
            yield team, set(members)
        except NotFound as problem:
            yield team, problem

    def _compare_team(self, found: _Members, team: str, members: set[str] | NotFound) -> None:
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
                continue  # an earlier run left it to be done, and meanwhile somebody else has done it
            elif self._removals.allowed:
                found.remove.append((user, team))
            else:
                found.left_alone += 1

    # ------------------------------------------------ while it runs

    def stop(self) -> None:
        """Send nothing new; see `BulkJob.stop`."""
        super().stop()
        if self._found is not None:
            for job in self._found.jobs.values():
                job.stop()

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        if self._found is not None:
            self._mirror(self._found)
        return super().progress

    def _total(self) -> int:
        found = self._found
        return len(found.known) + len(found.add) + len(found.remove) if found else 0

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        found = await self._prepare()
        if refusal := self._refusal(found):
            raise refusal
        for outcome in found.known:
            yield outcome
        for change, job in found.jobs.items():
            async with aclosing(cast(AsyncGenerator[Outcome, None], aiter(job))) as outcomes:
                async for outcome in outcomes:
                    self._mirror(found)
                    yield self._about(outcome, change)
            self._mirror(found)

    def _mirror(self, found: _Members) -> None:
        """Count what the two jobs have done as one's own."""
        steps = [job.progress for job in found.jobs.values()]
        self._report.requests = sum(step.requests for step in steps)
        self._report.reads = self._reads_before + sum(step.reads for step in steps)
        self._requests_left = sum(step.requests_planned - step.requests for step in steps)
        self._expect_reads(sum(step.reads_planned - step.reads for step in steps))

    async def _forget_plan(self) -> None:
        self._found = None
        await super()._forget_plan()

    def _about(self, outcome: Outcome, change: Change) -> Outcome:
        return attrs.evolve(outcome, item=self._change(change, *outcome.item))

    def _change(self, change: Literal["add", "remove", "keep"], user: str, team: str) -> MemberChange:
        return MemberChange(
            change, user, team, self._names.get(user) or self._options.people.names.get(user, "")
        )

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        if self._found is None:
            return
        yield from self._found.known
        for change, job in self._found.jobs.items():
            for outcome in job._so_far(planned=planned):  # noqa: SLF001 - a part of this one
                yield self._about(outcome, change)


def _fewest(plans: Iterable[Plan]) -> int | None:
    """Return the fewest requests of several plans together, where one of them may take fewer than it says."""
    if all(plan.fewest_requests is None for plan in plans):
        return None
    return sum(plan.requests if plan.fewest_requests is None else plan.fewest_requests for plan in plans)


class _Earlier:
    """What earlier runs on the same journal had to do with."""

    def __init__(self, past: Past) -> None:
        self._settled = past.settled
        self._doubtful = past.doubtful
        self._by_team: dict[str, set[str]] = {}
        for user, team in {*self._settled, *self._doubtful}:
            self._by_team.setdefault(team, set()).add(user)

    def people_in(self, team: str) -> set[str]:
        """Return whom they added to a team, took out of it, or meant to."""
        return self._by_team.get(team, set())

    def did(self, pair: tuple[str, str], *, as_desired: bool) -> str:
        """Return why a change is done that is theirs; nothing if it is not done, or not theirs."""
        if self._settled.get(pair) == "done":
            return EARLIER
        return FOUND if as_desired and pair in self._doubtful else ""


def _pair(outcome: Outcome) -> tuple[str, str]:
    return outcome.item.user_id, outcome.item.team_id


def _each_team(desired: Mapping[Any, Iterable[Any]]) -> dict[str, list[str]]:
    """Return the ids of the people who should be in each team.

    Raises:
        ConfigurationError: Something is no id.
    """
    teams: dict[str, list[str]] = {}
    for team, users in desired.items():
        try:
            people = several(users, "ids or records")
            teams[id_of(team, "team_id")] = [id_of(user, "user_id") for user in people]
        except ConfigurationError as problem:
            raise ConfigurationError(f"team {team!r}: {problem}") from None
    return teams
