"""What is known of the pairs of a job: from their answers, and from reading what is there."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Final

from litmos_async.bulk.job import EARLIER, TWICE
from litmos_async.bulk.pairs.existing import Unreadable, cheapest_read, read
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.results import Outcome, Status
from litmos_async.bulk.run import Run
from litmos_async.bulk.write import settled
from litmos_async.errors import LitmosError

_STATES: Final[Mapping[Status, State]] = {
    "done": State.DONE,
    "failed": State.FAILED,
    "skipped": State.SKIPPED,
    "unknown": State.UNKNOWN,
}

_FINAL: Final[Mapping[State, Status]] = {
    State.DONE: "done",
    State.FAILED: "failed",
    State.SKIPPED: "skipped",
    State.UNKNOWN: "unknown",
    State.UNDER_WAY: "unknown",
    State.EARLIER: "done",
}


class PairOutcomes:
    """The pairs of a job, with a state, and where they failed a reason.

    Args:
        operation: What the job does with them.
        run: The run that they belong to.
        reads_back: Whether what the server took is read back, also where `verify` does not ask for that.

    Attributes:
        table: The pairs, in a compact form.
        errors: What went wrong, by pair.
        unreadable: Pairs that are left out because what is there could not be read.
    """

    def __init__(self, operation: PairOperation, run: Run, *, reads_back: bool = False) -> None:
        self.operation = operation
        self.run = run
        self.table = PairTable()
        self.errors: dict[tuple[str, str], LitmosError] = {}
        self.unreadable = 0
        self.verifies = run.verify or reads_back
        self._reasons: dict[tuple[str, str], str] = {}
        self._was_read_back = False

    @property
    def nothing_to_do(self) -> str:
        """Why a pair is skipped."""
        return "not there" if self.operation.removes else "already there"

    def reset(self) -> None:
        """Forget all that is known of the pairs."""
        self.table.reset()
        self.unreadable = 0
        self.errors.clear()
        self._reasons.clear()

    # ------------------------------------------------ for a plan

    def receivers(self) -> int:
        """Return how many left ends have pairs that are still to do."""
        return sum(1 for _ in self.table.in_state(State.TODO))

    def inactive(self) -> int:
        """Return how many inactive people are given something."""
        if self.operation.removes or self.operation.item._fields[0] != "user_id":
            return 0
        return self.run.people.count_inactive(left for left, _ in self.table.in_state(State.TODO))

    def checks(self) -> int:
        """Return how many requests read back what was done, at least."""
        if not self.verifies:
            return 0
        scope = dict(self.table.in_state(State.TODO, State.DONE))
        return cheapest_read(self.operation.existing, scope).requests

    # ------------------------------------------------ changing it

    def mark(self, pairs: Iterable[tuple[str, str]], state: State) -> None:
        """Change the state of pairs."""
        for pair in pairs:
            self.table.set(*pair, state)

    def settle(
        self,
        pair: tuple[str, str],
        status: Status,
        attempts: int,
        problem: LitmosError | None = None,
        reason: str = "",
    ) -> Outcome:
        """Remember the outcome of a pair, and return it."""
        self.table.set(*pair, _STATES[status])
        if problem is not None:
            # Many may fail, and the frames of each would hold its request.
            self.errors[pair] = problem.with_traceback(None)
        if reason and status != "skipped":
            self._reasons[pair] = reason
        return Outcome(
            self.operation.item(*pair),
            status,
            problem,
            attempts,
            reason or (str(problem) if problem else ""),
        )

    async def record(self, outcomes: Iterable[Outcome]) -> None:
        """Write down outcomes that took no request."""
        if self.run.journal is not None:
            await self.run.journal.record(settled(each.item, each) for each in outcomes)

    # ------------------------------------------------ reading

    async def effects(
        self, pairs: Sequence[tuple[str, str]], *, certain: bool = True
    ) -> tuple[set[tuple[str, str]], dict[tuple[str, str], LitmosError]]:
        """Read what is there now.

        Args:
            pairs: The pairs to look for.
            certain: Whether what is not found must certainly not be there; see `existing.read`.

        Returns:
            The pairs for which the job's work is done, and those for which that cannot be read, with the reasons.
        """
        scope: dict[str, list[str]] = {}
        for left, right in pairs:
            scope.setdefault(left, []).append(right)
        unreadable = Unreadable()
        async with aclosing(self.read(scope, unreadable, certain=certain)) as found:
            there = {pair async for pair in found}
        unknown: dict[tuple[str, str], LitmosError] = {}
        if unreadable:
            unknown = {
                pair: problem
                for pair in pairs
                if pair not in there and (problem := unreadable.problem_of(*pair)) is not None
            }
        effects = {
            pair for pair in pairs if pair not in unknown and (pair in there) is not self.operation.removes
        }
        return effects, unknown

    def read(
        self, scope: Mapping[str, Sequence[str]], unreadable: Unreadable, *, certain: bool
    ) -> AsyncGenerator[tuple[str, str], None]:
        """Yield the pairs of a scope that are there, read in the cheapest way."""
        plan = cheapest_read(self.operation.existing, scope)
        self.run.expect_reads(plan.requests)
        return read(
            self.operation.existing,
            plan,
            scope,
            self.run.litmos,
            unreadable,
            must_stop=self.run.must_stop,
            certain=certain,
            width=self.run.width,
        )

    async def verify(self) -> AsyncGenerator[Outcome, None]:
        """Read back what the server took, and yield the outcome of each pair."""
        scope = dict(self.table.in_state(State.DONE))
        pairs = [(left, right) for left in scope for right in scope[left]]
        try:
            effects, unknown = await self.effects(pairs)
        except LitmosError as problem:
            effects, unknown = set(), dict.fromkeys(pairs, problem)
        self._was_read_back = True
        ignored = "it is still there" if self.operation.removes else "the server accepted it and ignored it"
        for left, rights in scope.items():
            outcomes: list[Outcome] = []
            for right in rights:
                pair = left, right
                if pair in effects:
                    outcomes.append(self.settle(pair, "done", 1))
                elif pair in unknown:
                    outcomes.append(self.settle(pair, "unknown", 1, unknown[pair]))
                else:
                    outcomes.append(self.settle(pair, "failed", 1, None, ignored))
            await self.record(each for each in outcomes if each.status != "done")
            for outcome in outcomes:
                yield outcome

    # ------------------------------------------------ telling

    def without_a_request(self) -> Iterator[Outcome]:
        """Yield the outcomes of all pairs for which nothing is sent, but for those that are unknown."""
        for pair in self.table.duplicates:
            yield Outcome(self.operation.item(*pair), "skipped", reason=TWICE)
        yield from self.in_state(State.SKIPPED)
        yield from self.in_state(State.EARLIER)
        yield from self.in_state(State.FAILED)

    def in_state(self, state: State) -> Iterator[Outcome]:
        """Yield what is known of all pairs that are in a state."""
        for left, rights in self.table.in_state(state):
            for right in rights:
                yield self._known(state, (left, right))

    def so_far(self, *, planned: bool) -> Iterator[Outcome]:
        """Yield what is known of all pairs, and with `planned` also those that are still to do."""
        for state in _FINAL:
            yield from self.in_state(state)
        if planned:
            for left, rights in self.table.in_state(State.TODO):
                for right in rights:
                    yield Outcome(self.operation.item(left, right), "planned")

    def _known(self, state: State, pair: tuple[str, str]) -> Outcome:
        """Return what is known of a pair that is in this state."""
        status = _FINAL[state]
        problem = self.errors.get(pair)
        reason = self._reasons.get(pair) or str(problem or "")
        if state is State.UNDER_WAY:
            reason = "interrupted"
        elif state is State.SKIPPED:
            reason = self.nothing_to_do
        elif state is State.EARLIER:
            reason = EARLIER
        elif state is State.DONE and self.verifies and not self._was_read_back:
            status, reason = "unknown", "the server accepted it, but it was not read back"
        return Outcome(self.operation.item(*pair), status, problem, reason=reason)
