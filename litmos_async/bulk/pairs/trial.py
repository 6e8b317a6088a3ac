"""Which requests a job over pairs sends, and how it learns how many ids one of them takes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from functools import partial

from attrs import frozen

from litmos_async.bulk.job import Connect, Options, settled
from litmos_async.bulk.pairs.calls import Call
from litmos_async.bulk.pairs.direct import PairSending
from litmos_async.bulk.pairs.existing import cheapest_read
from litmos_async.bulk.pairs.list_sizes import ListSize, size_from_json, size_to_json
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.planning import ListRequest, Side, plan_memberships
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.results import Outcome
from litmos_async.bulk.workers import run_concurrently
from litmos_async.bulk.write import JournaledWrite, NotSent, certainly_not_done, has_waited, may_yet_arrive
from litmos_async.errors import ConfigurationError, ConnectError, LitmosError, NotFound, RateLimited
from litmos_async.limits import Limiter


@frozen
class _Requests:
    """The requests of a plan, for lists of these sizes.

    Attributes:
        sizes: Ids in a list to each end.
        mixed: The requests, where both ends receive some.
    """

    sizes: Mapping[Side, int]
    mixed: Sequence[ListRequest] = ()


class PairTrial(PairSending):
    """A job over pairs, as far as its lists of ids are concerned.

    Where no source says how many ids a request takes, the job sends lists of a careful size. If longer ones would
    save more than it costs to find out, it sends one of them first and reads it back. Where all of it is there, the
    job goes on with that size.
    """

    def __init__(self, kind: PairOperation, limiter: Limiter, connect: Connect, options: Options) -> None:
        super().__init__(kind, limiter, connect, options)
        self._requests = _Requests(self._sizes())
        self._trial: Call | None = None
        self._fewest: int | None = None

    def _size_of(self, side: Side) -> ListSize:
        end = self._operation.endpoints[side]
        if end.at_most is not None:
            return ListSize(end.at_most, end.at_most)
        return self._options.sizes[end.request]

    def _sizes(self) -> dict[Side, int]:
        """Return how many ids go into one list to each end."""
        return {side: self._size_of(side).proven for side in self._operation.endpoints}

    def _sizes_to_try(self) -> dict[Side, int]:
        """Return how many ids are worth a try. No trial sends e-mails."""
        if self._operation.mails:
            return self._sizes()
        return {side: self._size_of(side).ceiling for side in self._operation.endpoints}

    async def _plan_calls(self, table: PairTable) -> None:
        """Find the requests for all pairs that are still to do, and the list that is worth a trial."""
        await self._recall()
        self._requests = await self._requests_for(table, self._sizes())
        careful = self._requests_left = sum(1 for _ in self._each_call(table))
        longer = self._sizes_to_try()
        self._trial = self._fewest = None
        if longer == self._requests.sizes or not self._has_long_lists(table):
            return
        best = await self._requests_for(table, longer)
        fewest, longest = 0, None
        for call in self._calls_of(table, best):
            fewest += 1
            if len(call.members) > self._requests.sizes[call.end] and (
                longest is None or len(call.members) > len(longest.members)
            ):
                longest = call
        if longest is not None and careful - fewest > self._looks_for(longest):
            self._trial, self._fewest = longest, fewest

    def _has_long_lists(self, table: PairTable) -> bool:
        """Return whether any list of the plan is cut: else longer ones save nothing."""
        sizes = self._requests.sizes
        return any(len(call.members) == sizes[call.end] for call in self._each_call(table))

    def _looks_for(self, call: Call) -> int:
        """Return how many requests read a long list back."""
        return cheapest_read(self._operation.existing, _scope_of(call)).requests

    async def _recall(self) -> None:
        """Take over what an earlier run on the same journal has learned, where this client knows nothing."""
        sizes = self._options.sizes
        for end in self._operation.endpoints.values():
            if end.at_most is None and self._journal is not None and end.request not in sizes:
                known = _read_size(await self._journal.learned(end.request))
                if known is not None:
                    sizes[end.request] = known

    async def _requests_for(self, table: PairTable, sizes: Mapping[Side, int]) -> _Requests:
        if len(self._operation.endpoints) == 1:
            return _Requests(sizes)
        # Off the loop: a hundred thousand pairs take a second.
        find = partial(
            plan_memberships,
            table.numbered(State.TODO),
            users_per_team_request=sizes[1],
            teams_per_user_request=sizes[0],
        )
        return _Requests(sizes, await asyncio.to_thread(find))

    def _each_call(self, table: PairTable) -> Iterator[Call]:
        """Yield the requests of the plan, for all pairs that are still to do."""
        return self._calls_of(table, self._requests)

    def _calls_of(self, table: PairTable, requests: _Requests) -> Iterator[Call]:
        if len(requests.sizes) == 1:
            ((end, size),) = requests.sizes.items()
            for left, rights in table.in_state(State.TODO):
                for first in range(0, len(rights), size):
                    yield Call(end, left, rights[first : first + size])
            return
        lefts, rights = table.lefts(), table.rights()
        for request in requests.mixed:
            receivers, members = (lefts, rights) if request.side == 0 else (rights, lefts)
            yield Call(
                request.side, receivers[request.receiver], [members[number] for number in request.members]
            )

    # ------------------------------------------------ while it runs

    async def _send_all(self, table: PairTable) -> AsyncGenerator[Outcome, None]:
        """Send all requests, a long list first where that is worth it."""
        if self._trial is not None and not self._stop.given:
            async with aclosing(self._try(self._trial)) as outcomes:
                async for outcome in outcomes:
                    yield outcome
            self._requests = await self._requests_for(table, self._sizes())
            self._requests_left = sum(1 for _ in self._each_call(table))
        size = min(self._width(), self._requests_left)
        work = run_concurrently(self._carry_out, self._unless_stopped(self._each_call(table)), size)
        async with aclosing(work) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _try(self, call: Call) -> AsyncGenerator[Outcome, None]:
        """Send a list that is longer than any that was proven, and learn from what is there of it afterwards.

        It stays under way in the journal until it was read back: what a killed run has not seen is looked at by the
        next one.
        """
        write = self._new_write(call)
        try:
            lost = await self._send_trial(call, write)
        except NotSent:
            return
        kept, unknown = await self._read_trial(call, write, lost)
        outcomes = [self._settle(pair, "done", 1) for pair in call.pairs() if pair in kept]
        outcomes += [self._settle(pair, "unknown", 1, problem) for pair, problem in unknown.items()]
        missing = [pair for pair in call.pairs() if pair not in kept and pair not in unknown]
        for pair in missing:
            self._mark_pair(pair, State.TODO)
        await write.settle(settled(each.item, each) for each in outcomes)
        for outcome in outcomes:
            if not (self._verifies and outcome.status == "done"):
                yield outcome
        if unknown:
            return
        async with aclosing(self._judge(call, missing, lost)) as rest:
            async for outcome in rest:
                yield outcome

    async def _send_trial(self, call: Call, write: JournaledWrite) -> LitmosError | None:
        """Send a long list, and return the error that came back, if any."""
        try:
            async with write.sending():
                await self._operation.endpoints[call.end].send(
                    self._connect(write.before_send), call.receiver, call.members
                )
        except LitmosError as problem:
            if await self._must_stop(problem):
                await write.settle()
                for pair in call.pairs():
                    self._settle(pair, "failed", 1, problem)
                raise
            self._unless_refused_here(problem)
            return problem
        self._answered()
        return None

    async def _read_trial(
        self, call: Call, write: JournaledWrite, lost: LitmosError | None
    ) -> tuple[set[tuple[str, str]], dict[tuple[str, str], LitmosError]]:
        """Return the pairs of a long list that are there, and those of which that cannot be read."""
        if lost is not None and certainly_not_done(lost):
            return set(), {}
        try:
            kept, unknown = await self._effects(call.pairs(), sure=False)
            complete = len(kept) + len(unknown) == len(call.members)
            if lost is not None and not complete and may_yet_arrive(lost):
                await has_waited(write.sent_at, self._options.timeout)
                kept, unknown = await self._effects(call.pairs(), sure=False)
        except LitmosError as problem:
            return set(), dict.fromkeys(call.pairs(), lost or problem)
        return kept, unknown

    async def _judge(
        self, call: Call, missing: Sequence[tuple[str, str]], lost: LitmosError | None
    ) -> AsyncGenerator[Outcome, None]:
        """Send what is missing of a long list once more, in lists of the proven size, and learn from that.

        Who is inactive is in no list of members, and an id that does not exist is passed over: where these are
        missing after short lists as well, the long one was not too long.
        """
        known = self._size_of(call.end)
        if not missing:
            await self._learn(call, known.whole(len(call.members)))
            return
        pieces = _rest_of(call, missing).parts(known.proven)
        self._requests_left += len(pieces)
        splits, failed = self._split, 0
        async with aclosing(self._send_pieces(pieces, lost)) as outcomes:
            async for outcome in outcomes:
                failed += outcome.status in {"failed", "unknown"}
                yield outcome
        # Where short lists fail as well, the long one did not, or not only, for its size: nothing was learned.
        if not failed and self._split == splits and not self._stop.given:
            await self._learn_from(call, missing, lost)

    async def _send_pieces(
        self, pieces: Sequence[Call], lost: LitmosError | None
    ) -> AsyncGenerator[Outcome, None]:
        first, rest = pieces[:1], pieces[1:]
        if isinstance(lost, NotFound):
            # It may be the receiver that does not exist: one short list tells.
            problem: LitmosError | None = None
            async with aclosing(self._carry_out(first[0])) as outcomes:
                async for outcome in outcomes:
                    problem = outcome.error if isinstance(outcome.error, NotFound) else problem
                    yield outcome
            if problem is not None:
                self._requests_left -= len(rest)
                failed = [self._settle(pair, "failed", 2, problem) for part in rest for pair in part.pairs()]
                await self._record(failed)
                for outcome in failed:
                    yield outcome
                return
            pieces = rest
        size = min(self._width(), len(pieces))
        work = run_concurrently(self._carry_out, self._unless_stopped(pieces), size)
        async with aclosing(work) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _learn_from(
        self, call: Call, missing: Sequence[tuple[str, str]], lost: LitmosError | None
    ) -> None:
        """Learn from a long list that was rejected or lacks something, now that short ones are sent."""
        size, known = len(call.members), self._size_of(call.end)
        if isinstance(lost, ConfigurationError | ConnectError | RateLimited):
            return  # not for its size
        if lost is not None:
            await self._learn(call, known.rejected(size))
            return
        try:
            later, _ = await self._effects(missing, sure=False)
        except LitmosError:
            return
        if not later:
            if len(missing) < size:
                await self._learn(call, known.whole(size))
            return
        # The server keeps the first ids of a list, or others, of which nothing can be told.
        is_prefix = missing == call.pairs()[size - len(missing) :]
        kept = size - len(missing)
        await self._learn(call, known.cut(size, kept) if is_prefix else known.rejected(size))

    async def _learn(self, call: Call, known: ListSize) -> None:
        request = self._operation.endpoints[call.end].request
        self._options.sizes[request] = known
        if self._journal is not None:
            await self._journal.learn(request, json.dumps(size_to_json(known)))


def _scope_of(call: Call) -> dict[str, list[str]]:
    scope: dict[str, list[str]] = {}
    for left, right in call.pairs():
        scope.setdefault(left, []).append(right)
    return scope


def _rest_of(call: Call, missing: Sequence[tuple[str, str]]) -> Call:
    other = 1 - call.end
    return Call(call.end, call.receiver, [pair[other] for pair in missing], call.attempts)


def _read_size(text: str) -> ListSize | None:
    try:
        return size_from_json(json.loads(text)) if text else None
    except ValueError:
        return None
