"""The plain route of pairs: lists of ids, bisected where one is rejected."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from typing import TypeAlias

import attrs

from litmos_async.bulk.journal.file import UnderWay
from litmos_async.bulk.pairs.calls import Call, CallPlan, CallSizes, is_rejected_list, is_there_already
from litmos_async.bulk.pairs.list_sizes import ListSizes
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.table import State
from litmos_async.bulk.pairs.trial import SizeTrial, find_long_list
from litmos_async.bulk.results import Outcome, Plan
from litmos_async.bulk.run import NotSent
from litmos_async.bulk.workers import run_concurrently
from litmos_async.bulk.write import JournaledWrite, certainly_not_done, settled
from litmos_async.errors import LitmosError

Unknown: TypeAlias = dict[tuple[str, str], LitmosError]

Offer: TypeAlias = Callable[[Plan, PairOutcomes], Plan]
"""Adds to a plan what another route would take, where that is quicker."""


class Direct:
    """Sends the pairs of a job in lists of ids.

    Args:
        pairs: The pairs, and what is known of them.
        sizes: What the client has learned of the sizes of lists.
        offer: Adds to a plan what another route takes, or None.

    Attributes:
        fewest: Requests that it takes where the server takes longer lists; None where that saves nothing.
        splits: Lists that were rejected and went on in halves.
    """

    def __init__(self, pairs: PairOutcomes, sizes: ListSizes, offer: Offer | None = None) -> None:
        self.fewest: int | None = None
        self.splits = 0
        self._pairs = pairs
        self._run = pairs.run
        self._operation = pairs.operation
        self._sizes = CallSizes(pairs.operation, sizes, pairs.run)
        self._offer = offer
        self._plan = CallPlan(self._sizes.proven())
        self._planned = 0
        self._trial: SizeTrial | None = None

    # ------------------------------------------------ before

    async def prepare(self) -> None:
        """Find the requests for all pairs that are still to do, and the list that is worth a trial."""
        await self._sizes.recall()
        await self._plan_calls()
        self._trial = self.fewest = None
        longer = self._sizes.worth_a_try()
        if longer != self._plan.sizes and self._has_long_lists():
            found = await find_long_list(self._pairs, longer, self._plan, self._planned)
            if found is not None:
                self._trial = SizeTrial(self._pairs, self._sizes, self, found.call)
                self.fewest = found.fewest

    async def _plan_calls(self) -> None:
        self._plan = await CallPlan.of(self._pairs.table, self._sizes.proven())
        self._planned = sum(1 for _ in self._plan.calls(self._pairs.table))
        self._run.expect(self._planned)

    def _has_long_lists(self) -> bool:
        """Return whether any list of the plan is cut: else longer ones save nothing."""
        sizes = self._plan.sizes
        return any(len(call.members) == sizes[call.side] for call in self._plan.calls(self._pairs.table))

    def requests(self) -> Counter[str]:
        """Return the requests that it takes, by verb and path."""
        endpoints = self._operation.endpoints
        return Counter(endpoints[call.side].request for call in self._plan.calls(self._pairs.table))

    def emails(self) -> int:
        """Return how many people may get an e-mail."""
        return self._pairs.receivers() if self._operation.mails else 0

    def complete(self, plan: Plan) -> Plan:
        """Return the plan of a job with what this route takes."""
        requests = self.requests()
        plan = attrs.evolve(
            plan,
            requests_by_kind=dict(requests),
            seconds=self._run.seconds_for(requests.total() + plan.checks),
            emails=self.emails(),
            fewest_requests=self.fewest,
        )
        # Nothing is quicker than no time at all.
        return self._offer(plan, self._pairs) if self._offer is not None and plan.seconds else plan

    async def follow(self, request: UnderWay) -> bool:  # noqa: ARG002 - one of a list needs no following
        """Return whether a request of an earlier run is through; see `Route`."""
        return True

    # ------------------------------------------------ while it runs

    async def carry_out(self) -> AsyncGenerator[Outcome, None]:
        """Send all requests, a long list first where that is worth it, and read back where that is asked for."""
        for outcome in self._pairs.in_state(State.UNKNOWN):
            yield outcome
        if self._trial is not None and not self._run.stop.given:
            others = self._run.requests_left - self._planned
            async with aclosing(self._trial.carry_out()) as outcomes:
                async for outcome in outcomes:
                    yield outcome
            self._run.requests_left = others
            await self._plan_calls()
        async with aclosing(self.send_all(self._plan.calls(self._pairs.table), self._planned)) as outcomes:
            async for outcome in outcomes:
                yield outcome
        if self._pairs.verifies:
            async with aclosing(self._pairs.verify()) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    def send_all(self, calls: Iterable[Call], number: int) -> AsyncGenerator[Outcome, None]:
        """Send so many requests side by side."""
        size = min(self._run.width, number)
        return run_concurrently(self.send, self._run.unless_stopped(calls), size)

    async def send(self, call: Call) -> AsyncGenerator[Outcome, None]:
        """Send one request; a list that is rejected is bisected until the offending id is isolated."""
        parts = [call]
        while parts and not self._run.stop.given:
            part = parts.pop()
            write = self.write_of(part)
            try:
                problem = await self.send_write(part, write)
            except NotSent:
                return
            if problem is None:
                outcomes = [self._pairs.settle(pair, "done", part.attempts) for pair in part.pairs()]
            elif len(part.members) > 1 and is_rejected_list(problem, self._operation.endpoints[part.side]):
                await write.settle()
                self._pairs.mark(part.pairs(), State.TODO)
                self._run.expect(2)
                self.splits += 1
                parts += reversed(part.halves())
                continue
            else:
                outcomes = await self._outcomes_of(part, write, problem)
            await write.settle(settled(each.item, each) for each in outcomes)
            for outcome in outcomes:
                # What is read back has its outcome then.
                if not (self._pairs.verifies and outcome.status == "done"):
                    yield outcome

    def write_of(self, call: Call) -> JournaledWrite:
        """Return the write of a request."""
        pairs = call.pairs()
        return JournaledWrite(self._run, pairs, on_leaving=lambda: self._pairs.mark(pairs, State.UNDER_WAY))

    async def send_write(self, call: Call, write: JournaledWrite) -> LitmosError | None:
        """Send the write of a request once, and return the error that came back, if any.

        Raises:
            NotSent: The job was stopped before it left.
            LitmosError: The key is rejected, so all other requests will fail, too.
        """
        send = self._operation.endpoints[call.side].send
        try:
            answer = await write.send(lambda litmos: send(litmos, call.receiver, call.members))
        except LitmosError as problem:
            for pair in call.pairs():
                self._pairs.settle(pair, "failed", call.attempts, problem)
            raise
        return answer.problem

    async def _outcomes_of(self, call: Call, write: JournaledWrite, problem: LitmosError) -> list[Outcome]:
        """Return the outcomes of a request that failed for good."""
        settle = self._pairs.settle
        attempts = call.attempts if write.sent else call.attempts - 1  # it counts itself
        if is_there_already(problem, self._operation):
            reason = self._pairs.nothing_to_do
            return [settle(pair, "skipped", attempts, problem, reason) for pair in call.pairs()]
        if certainly_not_done(problem):
            return [settle(pair, "failed", attempts, problem) for pair in call.pairs()]
        effects: set[tuple[str, str]] = set()
        unknown: Unknown = {}

        async def is_done() -> bool:
            nonlocal unknown
            missing = [pair for pair in call.pairs() if pair not in effects]
            found, unknown = await self._pairs.effects(missing)
            effects.update(found)
            return len(effects) == len(call.members)

        try:
            await write.read_effect(problem, is_done)
        except LitmosError:
            return [settle(pair, "unknown", attempts, problem) for pair in call.pairs()]
        return [
            settle(pair, "done", attempts)
            if pair in effects
            else settle(pair, "unknown", attempts, problem)
            if pair in unknown
            else settle(pair, "failed", attempts, problem, f"no effect was found: {problem}")
            for pair in call.pairs()
        ]
