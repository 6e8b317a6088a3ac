"""One list of ids to one receiver, and what a rejection of it means."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from litmos_async.bulk.pairs.operations import Endpoint, PairOperation
from litmos_async.bulk.pairs.planning import Side
from litmos_async.bulk.write import is_after_lost
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
        end: Which end of its pairs the receiver is: 0 the left one, 1 the right one.
        attempts: Requests of the job that have held its pairs, this one among them.
    """

    end: Side
    receiver: str
    members: Sequence[str]
    attempts: int = 1

    def pairs(self) -> list[tuple[str, str]]:
        """Return its pairs, left end first."""
        if self.end == 0:
            return [(self.receiver, member) for member in self.members]
        return [(member, self.receiver) for member in self.members]

    def halves(self) -> tuple[Call, Call]:
        """Return it in two parts."""
        middle, attempts = len(self.members) // 2, self.attempts + 1
        return (
            Call(self.end, self.receiver, self.members[:middle], attempts),
            Call(self.end, self.receiver, self.members[middle:], attempts),
        )

    def parts(self, size: int) -> list[Call]:
        """Return it in parts of so many members at most."""
        return [
            Call(self.end, self.receiver, self.members[first : first + size], self.attempts + 1)
            for first in range(0, len(self.members), size)
        ]


def is_refused_list(problem: LitmosError, end: Endpoint) -> bool:
    """Tell whether a request was refused for what is in it, so that parts of it may be taken.

    By the server, or before it left: an id that cannot be written spoils the list that it is in.
    """
    if isinstance(problem, NotFound) and end.ignores_unknown:
        return False
    return isinstance(problem, ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)
    )


def is_there_already(problem: LitmosError, kind: PairOperation) -> bool:
    """Tell whether a refusal says that there was nothing to do, and not that an earlier attempt has done it."""
    if is_after_lost(problem):
        return False
    if kind.removes:
        return isinstance(problem, NotFound)
    return isinstance(problem, Conflict) and kind.name == "add_users_to_teams"
