"""How a job over pairs finds out how many ids one of its requests takes.

Where no source says it, the job sends lists of a careful size. If longer ones would save more than it costs to find
out, it sends one of them first and reads it back. Where all of it is there, the job goes on with that size.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import aclosing
from typing import Protocol

import attrs
from attrs import frozen

from litmos_async.bulk.pairs.calls import Call, CallPlan, CallSizes
from litmos_async.bulk.pairs.existing import cheapest_read
from litmos_async.bulk.pairs.list_sizes import ListSize
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.planning import Side
from litmos_async.bulk.pairs.table import State
from litmos_async.bulk.results import Outcome
from litmos_async.bulk.run import NotSent
from litmos_async.bulk.write import JournaledWrite, certainly_not_done, settled
from litmos_async.errors import ConfigurationError, ConnectError, LitmosError, NotFound, RateLimited


class Sender(Protocol):
    """Sends lists of ids; see `Direct`."""

    splits: int

    def write_of(self, call: Call) -> JournaledWrite:
        """Return the write of a request."""
        ...

    async def send_write(self, call: Call, write: JournaledWrite) -> LitmosError | None:
        """Send the write of a request once, and return the error that came back, if any."""
        ...

    def send(self, call: Call) -> AsyncGenerator[Outcome, None]:
        """Send one request, and yield the outcomes of its pairs."""
        ...

    def send_all(self, calls: Iterable[Call], number: int) -> AsyncGenerator[Outcome, None]:
        """Send so many requests side by side."""
        ...


@frozen
class LongList:
    """A list that is worth a trial.

    Attributes:
        call: The request with it.
        fewest: Requests that the job takes where the server takes lists of that length.
    """

    call: Call
    fewest: int


async def find_long_list(
    pairs: PairOutcomes, longer: Mapping[Side, int], plan: CallPlan, requests: int
) -> LongList | None:
    """Return the list that is worth a trial; None where none would pay.

    Args:
        pairs: The pairs of the job.
        longer: Ids in the lists that are worth a try.
        plan: The plan with lists of the proven sizes.
        requests: How many requests that takes.
    """
    best = await CallPlan.of(pairs.table, longer)
    fewest, longest = 0, None
    for call in best.calls(pairs.table):
        fewest += 1
        if len(call.members) > plan.sizes[call.side] and (
            longest is None or len(call.members) > len(longest.members)
        ):
            longest = call
    if longest is None or requests - fewest <= _reads_for(pairs, longest):
        return None
    return LongList(longest, fewest)


def _reads_for(pairs: PairOutcomes, call: Call) -> int:
    """Return how many requests read a long list back."""
    scope: dict[str, list[str]] = {}
    for left, right in call.pairs():
        scope.setdefault(left, []).append(right)
    return cheapest_read(pairs.operation.existing, scope).requests


class SizeTrial:
    """Sends one list that is longer than any that was proven, and learns from it.

    Args:
        pairs: The pairs of the job.
        sizes: What is known of the lists.
        sender: Sends them.
        call: The request with the list.
    """

    def __init__(self, pairs: PairOutcomes, sizes: CallSizes, sender: Sender, call: Call) -> None:
        self._pairs = pairs
        self._run = pairs.run
        self._sizes = sizes
        self._sender = sender
        self._call = call

    async def carry_out(self) -> AsyncGenerator[Outcome, None]:
        """Send the long list, and learn from what is there of it afterwards.

        It stays under way in the journal until it was read back: what a killed run has not seen, the next one
        reads.
        """
        call = self._call
        write = self._sender.write_of(call)
        try:
            lost = await self._sender.send_write(call, write)
        except NotSent:
            return
        kept, unknown = await self._read_back(call, write, lost)
        settle = self._pairs.settle
        outcomes = [settle(pair, "done", 1) for pair in call.pairs() if pair in kept]
        outcomes += [settle(pair, "unknown", 1, problem) for pair, problem in unknown.items()]
        missing = [pair for pair in call.pairs() if pair not in kept and pair not in unknown]
        self._pairs.mark(missing, State.TODO)
        await write.settle(settled(each.item, each) for each in outcomes)
        for outcome in outcomes:
            if not (self._pairs.verifies and outcome.status == "done"):
                yield outcome
        if unknown:
            return
        async with aclosing(self._judge(call, missing, lost)) as rest:
            async for outcome in rest:
                yield outcome

    async def _read_back(
        self, call: Call, write: JournaledWrite, lost: LitmosError | None
    ) -> tuple[set[tuple[str, str]], dict[tuple[str, str], LitmosError]]:
        """Return the pairs of a long list that are there, and those of which that cannot be read."""
        kept: set[tuple[str, str]] = set()
        unknown: dict[tuple[str, str], LitmosError] = {}
        if lost is not None and certainly_not_done(lost):
            return kept, unknown

        async def is_done() -> bool:
            nonlocal kept, unknown
            kept, unknown = await self._pairs.effects(call.pairs(), certain=False)
            return len(kept) + len(unknown) == len(call.members)

        try:
            await write.read_effect(lost, is_done)
        except LitmosError as problem:
            return set(), dict.fromkeys(call.pairs(), lost or problem)
        return kept, unknown

    async def _judge(
        self, call: Call, missing: Sequence[tuple[str, str]], lost: LitmosError | None
    ) -> AsyncGenerator[Outcome, None]:
        """Send what is missing of a long list once more, in lists of the proven size, and learn from that.

        Inactive people are in no list of members, and an id that does not exist is passed over: where these are
        missing after short lists as well, the long one was not too long.
        """
        known = self._sizes[call.side]
        if not missing:
            await self._sizes.learn(call.side, known.whole(len(call.members)))
            return
        pieces = call.parts_of(missing, known.proven)
        self._run.expect(len(pieces))
        splits, failed = self._sender.splits, 0
        done: dict[tuple[str, str], Outcome] = {}
        async with aclosing(self._send_pieces(pieces, lost)) as outcomes:
            async for outcome in outcomes:
                failed += outcome.status in {"failed", "unknown"}
                if outcome.status == "done":
                    done[outcome.item[0], outcome.item[1]] = outcome
                else:
                    yield outcome
        # Where short lists fail as well, the long one did not, or not only, for its size: nothing was learned.
        if not failed and self._sender.splits == splits and not self._run.stop.given:
            if lost is not None:
                await self._learn_from_rejection(call, lost)
            else:
                async with aclosing(self._check(call, pieces, known.proven, done)) as outcomes:
                    async for outcome in outcomes:
                        yield outcome
        for outcome in done.values():
            yield outcome

    async def _check(
        self, call: Call, pieces: Sequence[Call], size: int, done: dict[tuple[str, str], Outcome]
    ) -> AsyncGenerator[Outcome, None]:
        """Read the short lists back, and learn from that.

        Where the server has kept a part of one, they were too long as well: what is missing is sent once more, in
        shorter ones, until they are there as a whole, or no more of it shows.

        Args:
            call: The request with the long list.
            pieces: What it lacked, in short lists, which were taken.
            size: Ids in a short list at most.
            done: The outcomes of their pairs, but for those that are read back at the end. What is sent once more
                has a new one.

        Yields:
            The outcomes of what is not done.
        """
        missing = [pair for part in pieces for pair in part.pairs()]
        later, fits = set[tuple[str, str]](), size
        while pieces:
            try:
                there, unknown = await self._pairs.effects(
                    [pair for part in pieces for pair in part.pairs()], certain=False
                )
            except LitmosError:
                return
            if unknown:
                return  # they may be there: the long list may have been cut
            if there:
                later |= there
                fits = size
            cut = [
                part for part in pieces if 0 < sum(pair in there for pair in part.pairs()) < len(part.members)
            ]
            absent = [pair for part in cut for pair in part.pairs() if pair not in there]
            if not absent:
                break
            # As many as it kept; but half of them where others are not shown, such as inactive people.
            size = max(size // 2, *(sum(pair in there for pair in part.pairs()) for part in cut))
            pieces = attrs.evolve(call, attempts=pieces[0].attempts).parts_of(absent, size)
            failed = 0
            async with aclosing(self._send_again(pieces, absent, done)) as outcomes:
                async for outcome in outcomes:
                    failed += 1
                    yield outcome
            if failed or self._run.stop.given:
                return
        await self._learn_from(call, missing, later, fits)

    async def _send_again(
        self,
        pieces: Sequence[Call],
        absent: Sequence[tuple[str, str]],
        done: dict[tuple[str, str], Outcome],
    ) -> AsyncGenerator[Outcome, None]:
        """Send what the server has left out, and yield the outcomes of what is not done."""
        for pair in absent:
            done.pop(pair, None)
        # Killed from here on, the next run does not take it for done.
        await self._pairs.record(Outcome(self._pairs.operation.item(*pair), "failed") for pair in absent)
        self._pairs.mark(absent, State.TODO)
        self._run.expect(len(pieces))
        async with aclosing(self._sender.send_all(pieces, len(pieces))) as outcomes:
            async for outcome in outcomes:
                if outcome.status == "done":
                    done[outcome.item[0], outcome.item[1]] = outcome
                else:
                    yield outcome

    async def _send_pieces(
        self, pieces: Sequence[Call], lost: LitmosError | None
    ) -> AsyncGenerator[Outcome, None]:
        if isinstance(lost, NotFound):
            # It may be the receiver that does not exist: one short list shows it.
            first, pieces = pieces[0], pieces[1:]
            problem: LitmosError | None = None
            async with aclosing(self._sender.send(first)) as outcomes:
                async for outcome in outcomes:
                    problem = outcome.error if isinstance(outcome.error, NotFound) else problem
                    yield outcome
            if problem is not None:
                self._run.expect(-len(pieces))
                failed = [
                    self._pairs.settle(pair, "failed", 2, problem) for part in pieces for pair in part.pairs()
                ]
                await self._pairs.record(failed)
                for outcome in failed:
                    yield outcome
                return
        async with aclosing(self._sender.send_all(pieces, len(pieces))) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _learn_from_rejection(self, call: Call, lost: LitmosError) -> None:
        """Learn from a long list that was rejected, now that short ones are taken."""
        if not isinstance(
            lost, ConfigurationError | ConnectError | RateLimited
        ):  # those are not for its size
            await self._sizes.learn(call.side, self._sizes[call.side].rejected(len(call.members)))

    async def _learn_from(
        self, call: Call, missing: Sequence[tuple[str, str]], later: AbstractSet[tuple[str, str]], fits: int
    ) -> None:
        """Learn from a long list that lacked something.

        Args:
            call: The request with it.
            missing: What it lacked.
            later: What of that was there once it was sent in shorter lists.
            fits: Ids in the longest of these that were taken as a whole.
        """
        size, known = len(call.members), self._sizes[call.side]
        kept = size - len(missing)
        if fits < known.proven:
            await self._sizes.learn(call.side, ListSize(fits, fits))
        elif later:
            # The server keeps the first ids of a list, or others, of which nothing can be learned.
            is_prefix = missing == call.pairs()[kept:]
            await self._sizes.learn(call.side, known.cut(size, kept) if is_prefix else known.rejected(size))
        elif kept:
            await self._sizes.learn(call.side, known.whole(size))
