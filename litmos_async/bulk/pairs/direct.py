"""The requests of a job over pairs: sent, journaled, settled by their answer or by reading."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from contextlib import aclosing

from litmos_async.bulk.job import BulkJob, Connect, Options, settled
from litmos_async.bulk.pairs.calls import Call, is_refused_list, is_there_already
from litmos_async.bulk.pairs.existing import Unreadable, cheapest_read, read
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.results import Outcome, Status
from litmos_async.bulk.write import JournaledWrite, NotSent, certainly_not_done, has_waited, may_yet_arrive
from litmos_async.errors import LitmosError
from litmos_async.limits import Limiter

_STATES: Mapping[Status, State] = {
    "done": State.DONE,
    "failed": State.FAILED,
    "skipped": State.SKIPPED,
    "unknown": State.UNKNOWN,
}


class PairSending(BulkJob):
    """A job over pairs, as far as its requests are concerned."""

    def __init__(self, kind: PairOperation, limiter: Limiter, connect: Connect, options: Options) -> None:
        super().__init__(limiter, connect, options)
        self._operation = kind
        self._table: PairTable | None = None
        self._errors: dict[tuple[str, str], LitmosError] = {}
        self._reasons: dict[tuple[str, str], str] = {}
        self._split = 0  # lists that were rejected and went on in halves

    @property
    def _there(self) -> str:
        return "not there" if self._operation.removes else "already there"

    @property
    def _verifies(self) -> bool:
        """Whether what the server took is read back."""
        return self._options.verify

    async def _carry_out(self, call: Call) -> AsyncGenerator[Outcome, None]:
        """Send one planned request; a list that is rejected is bisected until the offending id is isolated."""
        parts = [call]
        while parts and not self._stop.given:
            part = parts.pop()
            write = self._new_write(part)
            end = self._operation.endpoints[part.end]
            try:
                async with write.sending():
                    await end.send(self._connect(write.before_send), part.receiver, part.members)
            except NotSent:
                return
            except LitmosError as problem:
                if await self._must_stop(problem):
                    await write.settle()
                    for pair in part.pairs():
                        self._settle(pair, "failed", part.attempts, problem)
                    raise
                self._unless_refused_here(problem)
                if len(part.members) > 1 and is_refused_list(problem, end):
                    await write.settle()
                    self._mark(part, State.TODO)
                    self._requests_left += 2
                    self._split += 1
                    parts += reversed(part.halves())
                    continue
                outcomes = await self._after(problem, part, write.sent_at)
            else:
                self._answered()
                outcomes = [self._settle(pair, "done", part.attempts) for pair in part.pairs()]
            await write.settle(settled(each.item, each) for each in outcomes)
            for outcome in outcomes:
                # With verify, what the server took is told when it was read back.
                if not (self._verifies and outcome.status == "done"):
                    yield outcome

    def _new_write(self, call: Call) -> JournaledWrite:
        return JournaledWrite(
            self._journal,
            call.pairs(),
            stop=self._stop,
            on_leaving=lambda: self._mark(call, State.UNDER_WAY),
        )

    def _mark(self, call: Call, state: State) -> None:
        for pair in call.pairs():
            self._mark_pair(pair, state)

    def _mark_pair(self, pair: tuple[str, str], state: State) -> None:
        if self._table is not None:
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
            self._operation.item(*pair),
            status,
            problem,
            attempts,
            reason or (str(problem) if problem else ""),
        )

    async def _record(self, outcomes: Iterable[Outcome]) -> None:
        """Write down outcomes that took no request."""
        if self._journal is not None:
            await self._journal.record(settled(each.item, each) for each in outcomes)

    async def _after(self, problem: LitmosError, call: Call, sent_at: float) -> list[Outcome]:
        """Return the outcomes of a request that failed for good."""
        attempts = call.attempts
        if is_there_already(problem, self._operation):
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

    async def _effects(
        self, pairs: Sequence[tuple[str, str]], *, sure: bool = True
    ) -> tuple[set[tuple[str, str]], dict[tuple[str, str], LitmosError]]:
        """Read what is there now.

        Args:
            pairs: The pairs to look for.
            sure: Whether what is not found must certainly not be there; see `looks.read`.

        Returns:
            The pairs for which the job's work is done, and those for which that cannot be read, with the reasons.
        """
        scope: dict[str, list[str]] = {}
        for left, right in pairs:
            scope.setdefault(left, []).append(right)
        unread = Unreadable()
        async with aclosing(self._read(scope, unread, sure=sure)) as found:
            there = {pair async for pair in found}
        unknown: dict[tuple[str, str], LitmosError] = {}
        if unread:
            unknown = {
                pair: problem
                for pair in pairs
                if pair not in there and (problem := unread.problem_of(*pair)) is not None
            }
        effects = {
            pair for pair in pairs if pair not in unknown and (pair in there) is not self._operation.removes
        }
        return effects, unknown

    def _read(
        self, scope: Mapping[str, Sequence[str]], unread: Unreadable, *, sure: bool
    ) -> AsyncGenerator[tuple[str, str], None]:
        look = cheapest_read(self._operation.existing, scope)
        self._expect_reads(look.requests)
        return read(
            self._operation.existing,
            look,
            scope,
            self._litmos,
            unread,
            must_stop=self._must_stop,
            sure=sure,
            width=self._width(),
        )
