"""Jobs over pairs: each end may carry a list of the other one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing

from litmos_async.bulk.calls import (
    Call,
    certainly_not_done,
    has_waited,
    is_refused_list,
    is_there_already,
    may_yet_arrive,
)
from litmos_async.bulk.cover import ListRequest, plan_memberships
from litmos_async.bulk.dispatch import Dispatch, NotSent
from litmos_async.bulk.fingerprint import Fingerprint
from litmos_async.bulk.items import Pairs, each_pair
from litmos_async.bulk.job import EARLIER, FOUND, BulkJob, Connect, Options, settled
from litmos_async.bulk.journal import Journal
from litmos_async.bulk.journal_file import Settled
from litmos_async.bulk.kinds import Kind
from litmos_async.bulk.looks import Unread, cheapest, read
from litmos_async.bulk.pairs import PairTable, State
from litmos_async.bulk.report import Outcome, Plan, Status, seconds_for
from litmos_async.bulk.workers import run_concurrently
from litmos_async.errors import LitmosError
from litmos_async.limits import Limiter

_FINAL: Mapping[State, Status] = {
    State.DONE: "done",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.UNKNOWN: "unknown",
    State.UNDER_WAY: "unknown",
    State.EARLIER: "done",
}
_STATES: Mapping[Status, State] = {
    "done": State.DONE,
    "failed": State.FAILED,
    "skipped": State.SKIPPED,
    "unknown": State.UNKNOWN,
}


class PairJob(BulkJob):
    """A job over many pairs. Memory holds them in a compact form."""

    def __init__(
        self, kind: Kind, pairs: Pairs, limiter: Limiter, connect: Connect, options: Options
    ) -> None:
        super().__init__(limiter, connect, options)
        self._kind = kind
        self._pairs = pairs
        self._preparing = asyncio.Lock()
        self._table: PairTable | None = None
        self._looked = False
        self._mixed: list[ListRequest] = []
        self._errors: dict[tuple[str, str], LitmosError] = {}
        self._reasons: dict[tuple[str, str], str] = {}
        self._read_back = False
        self._unread = 0  # pairs that are left out because nobody could read what is there

    # ------------------------------------------------ before

    async def _plan(self) -> Plan:
        table = await self._prepare()
        requests: Counter[str] = Counter()
        for call in self._each_call(table):
            requests[self._kind.ends[call.end].request] += 1
        people = sum(1 for _ in table.in_state(State.TODO))
        checks = self._checks(table)
        return Plan(
            item_label=self._kind.item_label,
            items=table.counts[State.TODO],
            skipped={
                self._there: table.counts[State.SKIPPED],
                "given twice": len(table.duplicates),
                f"done {EARLIER}": table.counts[State.EARLIER] + table.counts[State.DONE],
                **({"that cannot be read": self._unread} if self._unread else {}),
            },
            requests_by_kind=dict(requests),
            reads=self._report.reads,
            checks=checks,
            seconds=seconds_for(requests.total() + checks, self._limiter.quota),
            emails=people if self._kind.mails else 0,
        )

    def _checks(self, table: PairTable) -> int:
        """Return how many requests read back what was done, at least."""
        scope = dict(table.in_state(State.TODO, State.DONE)) if self._verifies else {}
        return cheapest(self._kind.looks, scope).requests

    @property
    def _there(self) -> str:
        return "not there" if self._kind.removes else "already there"

    async def _prepare(self) -> PairTable:
        """Read the input and what is there, once."""
        async with self._preparing:
            if self._table is None:
                self._table = await self._once(self._take_in)
            if self._options.journal is not None and self._journal is None:
                self._journal = await self._go_on(self._table)
            if not self._looked:
                if self._options.skip_existing:
                    await self._skip_existing(self._table)
                if len(self._kind.ends) > 1:
                    # Off the loop: a hundred thousand pairs take a second.
                    self._mixed = await asyncio.to_thread(self._mix, self._table)
                self._requests_left = sum(1 for _ in self._each_call(self._table))
                self._expect_reads(self._checks(self._table))
                self._looked = self._planned = True
        return self._table

    async def _forget_plan(self) -> None:
        if self._table is not None:
            self._table.reset()
        self._looked, self._unread = False, 0
        self._errors.clear()
        self._reasons.clear()
        await super()._forget_plan()

    async def _take_in(self) -> PairTable:
        table = PairTable()
        async for left, right in each_pair(self._pairs, self._kind.item._fields):
            table.add(left, right)
        table.close()
        return table

    @property
    def _verifies(self) -> bool:
        """Whether what the server took is read back."""
        return self._options.verify

    async def _go_on(self, table: PairTable) -> Journal | None:
        """Open the journal; leave out what is settled there, and find out what was under way."""
        fingerprint = Fingerprint()
        for left, rights in table.in_state(State.TODO):
            for right in rights:
                fingerprint.add(left, right)
        journal = await self._open_journal(self._kind.name, fingerprint, self._kind.options)
        if journal is None or journal is self._options.journal:
            return journal  # of a job whose part this one is: it has left out what is settled
        self._journal = journal
        # What is read back is so whether this run sent it or an earlier one.
        done = State.DONE if self._verifies else State.EARLIER
        async for each in journal.settled():
            table.set(each.first, each.second, done if each.status == "done" else State.SKIPPED)
        await self._settle_under_way(journal, table, done)
        doubtful = [(each.first, each.second) async for each in journal.settled("unknown")]
        effects, unknown = await self._effects(doubtful)
        await journal.record(_found(effects))
        self._note_past(table, effects, unknown, done)
        return journal

    async def _settle_under_way(self, journal: Journal, table: PairTable, done: State) -> None:
        """Find out by reading what became of the requests that an earlier run had sent."""
        requests = await journal.under_way(self._options.timeout)
        effects, unknown = await self._effects([pair for request in requests for pair in request.items])
        for request in requests:
            told = _found(effects.intersection(request.items))
            told += [
                Settled(*pair, "unknown", type(unknown[pair]).__name__)
                for pair in request.items
                if pair in unknown
            ]
            await journal.after(request.id, told)
        self._note_past(table, effects, unknown, done)

    def _note_past(
        self,
        table: PairTable,
        effects: Iterable[tuple[str, str]],
        unknown: Mapping[tuple[str, str], LitmosError],
        done: State,
    ) -> None:
        """Remember what became of what earlier runs had sent. What cannot be read now is left to the next run."""
        for pair in effects:
            table.set(*pair, done)
        for pair, problem in unknown.items():
            table.set(*pair, State.UNKNOWN)
            self._errors[pair] = problem
            self._unread += 1

    async def _effects(
        self, pairs: Sequence[tuple[str, str]]
    ) -> tuple[set[tuple[str, str]], dict[tuple[str, str], LitmosError]]:
        """Read what is there now.

        Returns:
            The pairs for which the job's work is done, and those of which nobody can tell, each with the reason.
        """
        scope: dict[str, list[str]] = {}
        for left, right in pairs:
            scope.setdefault(left, []).append(right)
        unread = Unread()
        async with aclosing(self._read(scope, unread, sure=True)) as found:
            there = {pair async for pair in found}
        unknown: dict[tuple[str, str], LitmosError] = {}
        if unread:
            unknown = {
                pair: problem
                for pair in pairs
                if pair not in there and (problem := unread.problem_of(*pair)) is not None
            }
        effects = {
            pair for pair in pairs if pair not in unknown and (pair in there) is not self._kind.removes
        }
        return effects, unknown

    async def _skip_existing(self, table: PairTable) -> None:
        """Leave out what is there, or what is not where the job removes, and fail what nobody can tell of."""
        scope = dict(table.in_state(State.TODO))
        there = set[tuple[str, str]]()
        removes, unread = self._kind.removes, Unread()
        async with aclosing(self._read(scope, unread, sure=removes)) as found:
            async for pair in found:
                if removes:
                    there.add(pair)
                else:
                    table.set(*pair, State.SKIPPED)
        if unread:
            await self._record(self._fail_unread(table, there, unread))
        if removes:
            for left, rights in dict(table.in_state(State.TODO)).items():
                for right in rights:
                    if (left, right) not in there:
                        table.set(left, right, State.SKIPPED)
        if self._journal is not None:
            await self._journal.record(
                Settled(left, right, "skipped")
                for left, rights in table.in_state(State.SKIPPED)
                for right in rights
            )

    def _fail_unread(self, table: PairTable, there: set[tuple[str, str]], unread: Unread) -> list[Outcome]:
        """Fail pairs of which nobody knows whether they are there: to send them could do something twice."""
        failed: list[Outcome] = []
        for left, rights in dict(table.in_state(State.TODO)).items():
            for right in rights:
                problem = unread.problem_of(left, right)
                if problem is not None and (left, right) not in there:
                    told = f"what is there could not be read: {problem}"
                    failed.append(self._settle((left, right), "failed", 0, problem, told))
        self._unread += len(failed)
        return failed

    def _read(
        self, scope: Mapping[str, Sequence[str]], unread: Unread, *, sure: bool
    ) -> AsyncGenerator[tuple[str, str], None]:
        look = cheapest(self._kind.looks, scope)
        self._expect_reads(look.requests)
        return read(
            self._kind.looks,
            look,
            scope,
            self._litmos,
            unread,
            must_stop=self._must_stop,
            sure=sure,
            width=self._width(),
        )

    def _each_call(self, table: PairTable) -> Iterator[Call]:
        """Yield the requests of the plan, for all pairs that are still to do."""
        ends = self._kind.ends
        if len(ends) == 1:
            ((end, receiver),) = ends.items()
            for left, rights in table.in_state(State.TODO):
                for first in range(0, len(rights), receiver.at_most):
                    yield Call(end, left, rights[first : first + receiver.at_most])
            return
        lefts, rights = table.lefts(), table.rights()
        for request in self._mixed:
            receivers, members = (lefts, rights) if request.side == 0 else (rights, lefts)
            yield Call(
                request.side, receivers[request.receiver], [members[number] for number in request.members]
            )

    def _mix(self, table: PairTable) -> list[ListRequest]:
        """Return the fewest requests where both ends can receive one."""
        return plan_memberships(
            table.numbered(State.TODO),
            users_per_team_request=self._kind.ends[1].at_most,
            teams_per_user_request=self._kind.ends[0].at_most,
        )

    # ------------------------------------------------ while it runs

    def _total(self) -> int:
        return len(self._table) + len(self._table.duplicates) if self._table else 0

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        table = await self._prepare()
        for outcome in self._nothing_to_do(table):
            yield outcome
        for left, rights in table.in_state(State.UNKNOWN):
            for right in rights:
                yield self._known(State.UNKNOWN, "unknown", (left, right))
        size = min(self._width(), self._requests_left)
        work = run_concurrently(self._carry_out, self._unless_stopped(self._each_call(table)), size)
        async with aclosing(work) as outcomes:
            async for outcome in outcomes:
                yield outcome
        if self._verifies:
            async with aclosing(self._verify(table)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def _nothing_to_do(self, table: PairTable) -> Iterator[Outcome]:
        for pair in table.duplicates:
            yield Outcome(self._kind.item(*pair), "skipped", reason="given twice")
        for left, rights in table.in_state(State.SKIPPED):
            for right in rights:
                yield Outcome(self._kind.item(left, right), "skipped", reason=self._there)
        for left, rights in table.in_state(State.EARLIER):
            for right in rights:
                yield Outcome(self._kind.item(left, right), "done", reason=EARLIER)
        for left, rights in table.in_state(State.FAILED):
            for right in rights:
                yield self._known(State.FAILED, "failed", (left, right))

    async def _carry_out(self, call: Call) -> AsyncGenerator[Outcome, None]:
        """Send one planned request; where its list is refused, halves of it, until the culprit stands alone."""
        parts = [(call, 1)]
        while parts and not self._stop.given:
            part, attempts = parts.pop()
            dispatch = self._dispatch(part)
            end = self._kind.ends[part.end]
            try:
                async with dispatch.sending():
                    await end.send(self._connect(dispatch.leaves), part.receiver, part.members)
            except NotSent:
                return
            except LitmosError as problem:
                if await self._must_stop(problem):
                    await dispatch.ends()
                    for pair in part.pairs():
                        self._settle(pair, "failed", attempts, problem)
                    raise
                self._unless_refused_here(problem)
                if len(part.members) > 1 and is_refused_list(problem, end):
                    await dispatch.ends()
                    self._mark(part, State.TODO)
                    self._requests_left += 2
                    parts += [(half, attempts + 1) for half in reversed(part.halves())]
                    continue
                outcomes = await self._after(problem, part, attempts, dispatch.sent_at)
            else:
                self._answered()
                outcomes = [self._settle(pair, "done", attempts) for pair in part.pairs()]
            await dispatch.ends(settled(each.item, each) for each in outcomes)
            for outcome in outcomes:
                # With verify, what the server took is told when it was read back.
                if not (self._verifies and outcome.status == "done"):
                    yield outcome

    def _dispatch(self, call: Call) -> Dispatch:
        return Dispatch(
            self._journal,
            call.pairs(),
            stop=self._stop,
            on_leaving=lambda: self._mark(call, State.UNDER_WAY),
        )

    def _mark(self, call: Call, state: State) -> None:
        if self._table is not None:
            for pair in call.pairs():
                self._table.set(*pair, state)

    def _settle(
        self,
        pair: tuple[str, str],
        status: Status,
        attempts: int,
        problem: LitmosError | None = None,
        reason: str = "",
    ) -> Outcome:
        """Remember what became of a pair, and return its outcome."""
        if self._table is not None:
            self._table.set(*pair, _STATES[status])
        if problem is not None:
            # Many may fail, and the frames of each would hold its request.
            self._errors[pair] = problem.with_traceback(None)
        if reason and status != "skipped":
            self._reasons[pair] = reason
        return Outcome(
            self._kind.item(*pair), status, problem, attempts, reason or (str(problem) if problem else "")
        )

    # ------------------------------------------------ what became of it

    async def _record(self, outcomes: Iterable[Outcome]) -> None:
        """Write down outcomes that took no request."""
        if self._journal is not None:
            await self._journal.record(settled(each.item, each) for each in outcomes)

    async def _after(self, problem: LitmosError, call: Call, attempts: int, sent_at: float) -> list[Outcome]:
        """Return the outcomes of a request that failed for good."""
        if is_there_already(problem, self._kind):
            return [self._settle(pair, "skipped", attempts, problem, self._there) for pair in call.pairs()]
        if certainly_not_done(problem):
            return [self._settle(pair, "failed", attempts, problem) for pair in call.pairs()]
        try:
            effects, unknown = await self._effects(call.pairs())
            missing = [pair for pair in call.pairs() if pair not in effects]
            if missing and may_yet_arrive(problem) and await has_waited(sent_at, self._options.timeout):
                later, unknown = await self._effects(missing)
                effects |= later
        except LitmosError:
            return [self._settle(pair, "unknown", attempts, problem) for pair in call.pairs()]
        return [
            self._settle(pair, "done", attempts)
            if pair in effects
            else self._settle(pair, "unknown", attempts, problem)
            if pair in unknown
            else self._settle(pair, "failed", attempts, problem, f"no effect was found: {problem}")
            for pair in call.pairs()
        ]

    async def _verify(self, table: PairTable) -> AsyncGenerator[Outcome, None]:
        """Read back what the server took, and tell what of it is true."""
        scope = dict(table.in_state(State.DONE))
        pairs = [(left, right) for left in scope for right in scope[left]]
        try:
            effects, unknown = await self._effects(pairs)
        except LitmosError as problem:
            effects, unknown = set(), dict.fromkeys(pairs, problem)
        self._read_back = True
        ignored = "it is still there" if self._kind.removes else "the server took it and ignored it"
        for left, rights in scope.items():
            outcomes: list[Outcome] = []
            for right in rights:
                pair = left, right
                if pair in effects:
                    outcomes.append(self._settle(pair, "done", 1))
                elif pair in unknown:
                    outcomes.append(self._settle(pair, "unknown", 1, unknown[pair]))
                else:
                    outcomes.append(self._settle(pair, "failed", 1, None, ignored))
            await self._record(each for each in outcomes if each.status != "done")
            for outcome in outcomes:
                yield outcome

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        if self._table is None:
            return
        for state, status in _FINAL.items():
            for left, rights in self._table.in_state(state):
                for right in rights:
                    yield self._known(state, status, (left, right))
        if planned:
            for left, rights in self._table.in_state(State.TODO):
                for right in rights:
                    yield Outcome(self._kind.item(left, right), "planned")

    def _known(self, state: State, status: Status, pair: tuple[str, str]) -> Outcome:
        """Return what is known of a pair that is in this state."""
        problem = self._errors.get(pair)
        reason = self._reasons.get(pair) or str(problem or "")
        if state is State.UNDER_WAY:
            reason = "interrupted"
        elif state is State.SKIPPED:
            reason = self._there
        elif state is State.DONE and self._verifies and not self._read_back:
            status, reason = "unknown", "the server took it, and it was not read back"
        return Outcome(self._kind.item(*pair), status, problem, reason=reason)


def _found(pairs: Iterable[tuple[str, str]]) -> list[Settled]:
    """Return what a journal says of pairs whose request had an effect that was found by reading."""
    return [Settled(*pair, "done", FOUND) for pair in pairs]
