"""Jobs over pairs: each end may carry a list of the other one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing

from litmos_async.bulk.inputs import Pairs, each_pair
from litmos_async.bulk.job import EARLIER, FOUND, Connect, Options
from litmos_async.bulk.journal.file import Settled
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.journal.keys import Fingerprint
from litmos_async.bulk.pairs.existing import Unreadable, cheapest_read
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.table import Changes, PairTable, State
from litmos_async.bulk.pairs.trial import PairTrial
from litmos_async.bulk.results import Outcome, Plan, Status, seconds_for
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


class PairJob(PairTrial):
    """A job over many pairs. Memory holds them in a compact form."""

    def __init__(
        self, kind: PairOperation, pairs: Pairs, limiter: Limiter, connect: Connect, options: Options
    ) -> None:
        super().__init__(kind, limiter, connect, options)
        self._pairs = pairs
        self._preparing = asyncio.Lock()
        self._looked = False
        self._read_back = False
        self._unread = 0  # pairs that are left out because nobody could read what is there

    # ------------------------------------------------ before

    @property
    def _helper(self) -> str:
        return self._operation.name

    async def _plan(self) -> Plan:
        table = await self._prepare()
        requests = Counter(self._operation.endpoints[call.end].request for call in self._each_call(table))
        people = sum(1 for _ in table.in_state(State.TODO))
        checks = self._checks(table)
        return Plan(
            item_label=self._operation.item_label,
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
            emails=people if self._operation.mails else 0,
            fewest_requests=self._fewest,
            inactive=self._inactive(table),
            changes=Changes(table, self._operation.item._fields, self._options.people.names),
        )

    def _inactive(self, table: PairTable) -> int:
        """Return how many inactive people are given something."""
        if self._operation.removes or self._operation.item._fields[0] != "user_id":
            return 0
        return self._options.people.count_inactive(left for left, _ in table.in_state(State.TODO))

    def _checks(self, table: PairTable) -> int:
        """Return how many requests read back what was done, at least."""
        scope = dict(table.in_state(State.TODO, State.DONE)) if self._verifies else {}
        return cheapest_read(self._operation.existing, scope).requests

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
                await self._plan_calls(self._table)
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
        async for left, right in each_pair(
            self._pairs, self._operation.item._fields, self._options.people.note
        ):
            table.add(left, right)
        table.close()
        return table

    async def _go_on(self, table: PairTable) -> Journal | None:
        """Open the journal; leave out what is settled there, and find out what was under way."""
        fingerprint = Fingerprint()
        for left, rights in table.in_state(State.TODO):
            for right in rights:
                fingerprint.add(left, right)
        journal = await self._open_journal(self._operation.name, fingerprint, self._operation.options)
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

    async def _skip_existing(self, table: PairTable) -> None:
        """Leave out what is there, or what is not where the job removes, and fail what nobody can tell of."""
        scope = dict(table.in_state(State.TODO))
        there = set[tuple[str, str]]()
        removes, unread = self._operation.removes, Unreadable()
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

    def _fail_unread(
        self, table: PairTable, there: set[tuple[str, str]], unread: Unreadable
    ) -> list[Outcome]:
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
        async with aclosing(self._send_all(table)) as outcomes:
            async for outcome in outcomes:
                yield outcome
        if self._verifies:
            async with aclosing(self._verify(table)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def _nothing_to_do(self, table: PairTable) -> Iterator[Outcome]:
        for pair in table.duplicates:
            yield Outcome(self._operation.item(*pair), "skipped", reason="given twice")
        for left, rights in table.in_state(State.SKIPPED):
            for right in rights:
                yield Outcome(self._operation.item(left, right), "skipped", reason=self._there)
        for left, rights in table.in_state(State.EARLIER):
            for right in rights:
                yield Outcome(self._operation.item(left, right), "done", reason=EARLIER)
        for left, rights in table.in_state(State.FAILED):
            for right in rights:
                yield self._known(State.FAILED, "failed", (left, right))

    # ------------------------------------------------ what became of it

    async def _verify(self, table: PairTable) -> AsyncGenerator[Outcome, None]:
        """Read back what the server took, and tell what of it is true."""
        scope = dict(table.in_state(State.DONE))
        pairs = [(left, right) for left in scope for right in scope[left]]
        try:
            effects, unknown = await self._effects(pairs)
        except LitmosError as problem:
            effects, unknown = set(), dict.fromkeys(pairs, problem)
        self._read_back = True
        ignored = "it is still there" if self._operation.removes else "the server took it and ignored it"
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
                    yield Outcome(self._operation.item(left, right), "planned")

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
        return Outcome(self._operation.item(*pair), status, problem, reason=reason)


def _found(pairs: Iterable[tuple[str, str]]) -> list[Settled]:
    """Return what a journal says of pairs whose request had an effect that was found by reading."""
    return [Settled(*pair, "done", FOUND) for pair in pairs]
