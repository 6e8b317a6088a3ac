"""The requests of a job over pairs: lists of ids, each to one receiver, and how long they may be."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial

from attrs import frozen

from litmos_async.bulk.pairs.list_sizes import ListSize, ListSizes, size_from_json, size_to_json
from litmos_async.bulk.pairs.operations import Endpoint, PairOperation
from litmos_async.bulk.pairs.planning import ListRequest, Side, plan_memberships
from litmos_async.bulk.pairs.table import PairTable, State
from litmos_async.bulk.run import Run
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    Conflict,
    LitmosError,
    NotFound,
    RateLimited,
    ServerError,
)


@frozen
class Call:
    """One request of a plan: who receives it, and the ids in its list.

    Attributes:
        side: Which end of its pairs the receiver is: 0 the left one, 1 the right one.
        attempts: Requests of the job that have held its pairs, this one among them.
    """

    side: Side
    receiver: str
    members: Sequence[str]
    attempts: int = 1

    def pairs(self) -> list[tuple[str, str]]:
        """Return its pairs, left end first."""
        if self.side == 0:
            return [(self.receiver, member) for member in self.members]
        return [(member, self.receiver) for member in self.members]

    def halves(self) -> tuple[Call, Call]:
        """Return it in two parts."""
        middle, attempts = len(self.members) // 2, self.attempts + 1
        return (
            Call(self.side, self.receiver, self.members[:middle], attempts),
            Call(self.side, self.receiver, self.members[middle:], attempts),
        )

    def parts_of(self, pairs: Sequence[tuple[str, str]], size: int) -> list[Call]:
        """Return those of its pairs in parts of so many members at most."""
        members = [pair[1 - self.side] for pair in pairs]
        return [
            Call(self.side, self.receiver, members[first : first + size], self.attempts + 1)
            for first in range(0, len(members), size)
        ]


@frozen
class CallPlan:
    """The requests for all pairs that are still to do, with lists of these sizes.

    Attributes:
        sizes: Ids in a list to each end.
        mixed: The requests, where both ends receive some.
    """

    sizes: Mapping[Side, int]
    mixed: Sequence[ListRequest] = ()

    @classmethod
    async def of(cls, table: PairTable, sizes: Mapping[Side, int]) -> CallPlan:
        """Return the plan with the fewest requests."""
        if len(sizes) == 1:
            return cls(sizes)
        # Off the loop: a hundred thousand pairs take a second.
        find = partial(
            plan_memberships,
            table.numbered(State.TODO),
            users_per_team_request=sizes[1],
            teams_per_user_request=sizes[0],
        )
        return cls(sizes, await asyncio.to_thread(find))

    def calls(self, table: PairTable) -> Iterator[Call]:
        """Yield the requests."""
        if len(self.sizes) == 1:
            ((side, size),) = self.sizes.items()
            for left, rights in table.in_state(State.TODO):
                for first in range(0, len(rights), size):
                    yield Call(side, left, rights[first : first + size])
            return
        lefts, rights = table.lefts(), table.rights()
        for request in self.mixed:
            receivers, members = (lefts, rights) if request.side == 0 else (rights, lefts)
            yield Call(
                request.side, receivers[request.receiver], [members[number] for number in request.members]
            )


@frozen
class CallSizes:
    """How many ids the requests of an operation take: what is documented, was asked for, or was learned.

    Attributes:
        operation: What the job does.
        learned: What the client has learned.
        run: The journal keeps it for the next run.
    """

    operation: PairOperation
    learned: ListSizes
    run: Run

    def __getitem__(self, side: Side) -> ListSize:
        endpoint = self.operation.endpoints[side]
        if endpoint.at_most is not None:
            return ListSize(endpoint.at_most, endpoint.at_most)
        return self.learned[endpoint.request]

    def proven(self) -> dict[Side, int]:
        """Return how many ids go into one list to each end."""
        return {side: self[side].proven for side in self.operation.endpoints}

    def worth_a_try(self) -> dict[Side, int]:
        """Return how many ids are worth a try. No trial sends e-mails."""
        if self.operation.mails:
            return self.proven()
        return {side: self[side].ceiling for side in self.operation.endpoints}

    async def recall(self) -> None:
        """Take over what an earlier run on the same journal has learned, where this client knows nothing."""
        journal = self.run.journal
        for endpoint in self.operation.endpoints.values():
            if endpoint.at_most is None and journal is not None and endpoint.request not in self.learned:
                known = _read_size(await journal.learned(endpoint.request))
                if known is not None:
                    self.learned[endpoint.request] = known

    async def learn(self, side: Side, known: ListSize) -> None:
        """Remember what was found out about the lists to an end."""
        request = self.operation.endpoints[side].request
        self.learned[request] = known
        if self.run.journal is not None:
            await self.run.journal.learn(request, json.dumps(size_to_json(known)))


def _read_size(text: str) -> ListSize | None:
    try:
        return size_from_json(json.loads(text)) if text else None
    except ValueError:
        return None


def is_rejected_list(problem: LitmosError, endpoint: Endpoint) -> bool:
    """Return whether a request was rejected for what is in it, so that parts of it may be taken.

    By the server, or before it left: an id that cannot be written spoils the list that it is in.
    """
    if isinstance(problem, NotFound) and endpoint.ignores_unknown:
        return False
    return isinstance(problem, ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)
    )


def is_there_already(problem: LitmosError, operation: PairOperation) -> bool:
    """Return whether a rejection says that there was nothing to do, and not that an earlier attempt has done it."""
    if problem.after_lost:
        return False
    if operation.removes:
        return isinstance(problem, NotFound)
    return isinstance(problem, Conflict) and operation.conflict_is_there
