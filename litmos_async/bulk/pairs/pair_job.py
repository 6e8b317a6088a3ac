"""A job over pairs: its input, what is there already, what earlier runs did, and the route that it is given."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Protocol

from litmos_async.bulk.inputs import Pairs, each_pair
from litmos_async.bulk.job import EARLIER, FOUND, TWICE, BulkJob
from litmos_async.bulk.journal.file import Settled, UnderWay
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.journal.keys import Fingerprint
from litmos_async.bulk.pairs.existing import Unreadable
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.table import Changes, State
from litmos_async.bulk.results import Outcome, Plan
from litmos_async.errors import LitmosError


class Route(Protocol):
    """A way in which pairs are sent: `Direct`, or `ByImport`."""

    async def prepare(self) -> None:
        """Find out which requests it takes for all pairs that are still to do."""
        ...

    def complete(self, plan: Plan) -> Plan:
        """Return the plan of a job with what this route takes."""
        ...

    async def follow(self, request: UnderWay) -> bool:
        """Follow a request of an earlier run to its end; return whether it is through.

        One that is not stays under way in the journal, and the next run goes on with it.
        """
        ...

    def carry_out(self) -> AsyncGenerator[Outcome, None]:
        """Send all pairs that are still to do, and yield the outcome of each."""
        ...


class PairJob(BulkJob):
    """A job over many pairs. Memory holds them in a compact form.

    Args:
        given: The pairs; read once.
        pairs: Takes them, and what is known of each.
        route: Sends them.
        skip_existing: Whether to read first what is there, and do only the rest.
    """

    def __init__(
        self, given: Pairs, pairs: PairOutcomes, route: Route, *, skip_existing: bool = False
    ) -> None:
        super().__init__(pairs.operation.name, pairs.run)
        self._given = given
        self._pairs = pairs
        self._route = route
        self._skips_existing = skip_existing
        self._was_read = False

    # ------------------------------------------------ before

    async def _plan(self) -> Plan:
        pairs, table = self._pairs, self._pairs.table
        plan = Plan(
            item_label=pairs.operation.item_label,
            items=table.counts[State.TODO],
            skipped={
                pairs.nothing_to_do: table.counts[State.SKIPPED],
                TWICE: len(table.duplicates),
                f"done {EARLIER}": table.counts[State.EARLIER] + table.counts[State.DONE],
                **({"that cannot be read": pairs.unreadable} if pairs.unreadable else {}),
            },
            reads=self._run.report.reads,
            checks=pairs.checks(),
            inactive=pairs.inactive(),
            changes=Changes(table, pairs.operation.item._fields, self._run.people.names),
        )
        return self._route.complete(plan)

    async def _find_work(self) -> None:
        if not self._was_read:
            await self._once(self._read_input)
            self._was_read = True
        if self._run.journal_path is not None:
            await self._resume()
        if self._skips_existing:
            await self._skip_existing()
        await self._route.prepare()
        self._run.expect_reads(self._pairs.checks())

    async def _forget_plan(self) -> None:
        if self._was_read:
            self._pairs.reset()
        await super()._forget_plan()

    async def _read_input(self) -> None:
        table, fields = self._pairs.table, self._pairs.operation.item._fields
        async for left, right in each_pair(self._given, fields, self._run.people.note):
            table.add(left, right)
        table.close()

    # ------------------------------------------------ after an earlier run

    async def _resume(self) -> None:
        """Open the journal; leave out what is settled there, and find out what was under way."""
        table = self._pairs.table
        fingerprint = Fingerprint()
        for left, rights in table.in_state(State.TODO):
            for right in rights:
                fingerprint.add(left, right)
        journal = await self._run.open_journal(self._helper, fingerprint, self._pairs.operation.options)
        if journal is None:
            return
        # What is read back is so whether this run sent it or an earlier one.
        done = State.DONE if self._pairs.verifies else State.EARLIER
        async for each in journal.settled():
            table.set(each.first, each.second, done if each.status == "done" else State.SKIPPED)
        await self._settle_under_way(journal, done)
        doubtful = [(each.first, each.second) async for each in journal.settled("unknown")]
        effects, unknown = await self._pairs.effects(doubtful)
        await journal.record(_found(effects))
        self._note_past(effects, unknown, done)

    async def _settle_under_way(self, journal: Journal, done: State) -> None:
        """Find out by reading which of the requests that an earlier run had sent were carried out."""
        requests = await journal.under_way(self._run.timeout)
        for request in requests:
            if not await self._route.follow(request):
                self._pairs.mark(request.items, State.UNKNOWN)
                return
        effects, unknown = await self._pairs.effects([pair for request in requests for pair in request.items])
        for request in requests:
            found = _found(effects.intersection(request.items))
            found += [
                Settled(*pair, "unknown", type(unknown[pair]).__name__)
                for pair in request.items
                if pair in unknown
            ]
            await journal.after(request.id, found)
        self._note_past(effects, unknown, done)

    def _note_past(
        self,
        effects: Iterable[tuple[str, str]],
        unknown: Mapping[tuple[str, str], LitmosError],
        done: State,
    ) -> None:
        """Remember what earlier runs had sent. What cannot be read now is left to the next run."""
        self._pairs.mark(effects, done)
        self._pairs.mark(unknown, State.UNKNOWN)
        self._pairs.errors.update(unknown)
        self._pairs.unreadable += len(unknown)

    # ------------------------------------------------ what is there

    async def _skip_existing(self) -> None:
        """Leave out what is there, or what is not where the job removes, and fail what cannot be read."""
        table, removes = self._pairs.table, self._pairs.operation.removes
        scope = dict(table.in_state(State.TODO))
        there = set[tuple[str, str]]()
        unreadable = Unreadable()
        async with aclosing(self._pairs.read(scope, unreadable, certain=removes)) as found:
            async for pair in found:
                if removes:
                    there.add(pair)
                else:
                    table.set(*pair, State.SKIPPED)
        if unreadable:
            await self._pairs.record(self._fail_unreadable(there, unreadable))
        if removes:
            for left, rights in dict(table.in_state(State.TODO)).items():
                for right in rights:
                    if (left, right) not in there:
                        table.set(left, right, State.SKIPPED)
        if self._run.journal is not None:
            await self._run.journal.record(
                Settled(left, right, "skipped")
                for left, rights in table.in_state(State.SKIPPED)
                for right in rights
            )

    def _fail_unreadable(self, there: set[tuple[str, str]], unreadable: Unreadable) -> list[Outcome]:
        """Fail pairs of which it is not known whether they are there: to send them could do something twice."""
        failed: list[Outcome] = []
        for left, rights in dict(self._pairs.table.in_state(State.TODO)).items():
            for right in rights:
                problem = unreadable.problem_of(left, right)
                if problem is not None and (left, right) not in there:
                    reason = f"what exists could not be read: {problem}"
                    failed.append(self._pairs.settle((left, right), "failed", 0, problem, reason))
        self._pairs.unreadable += len(failed)
        return failed

    # ------------------------------------------------ while it runs

    def _total(self) -> int:
        table = self._pairs.table
        return len(table) + len(table.duplicates)

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        for outcome in self._pairs.without_a_request():
            yield outcome
        async with aclosing(self._route.carry_out()) as outcomes:
            async for outcome in outcomes:
                yield outcome

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        if self._was_read:
            yield from self._pairs.so_far(planned=planned)


def _found(pairs: Iterable[tuple[str, str]]) -> list[Settled]:
    """Return what a journal says of pairs whose request had an effect that was found by reading."""
    return [Settled(*pair, "done", FOUND) for pair in pairs]
