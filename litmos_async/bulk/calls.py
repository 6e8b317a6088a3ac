"""One request of a job over pairs, and what its errors mean for the job."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from attrs import frozen

from litmos_async.bulk.cover import Side
from litmos_async.bulk.kinds import End, Kind
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    Conflict,
    ConnectError,
    LitmosError,
    NetworkError,
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


def is_refused_list(problem: LitmosError, end: End) -> bool:
    """Tell whether a request was refused for what is in it, so that parts of it may be taken.

    By the server, or before it left: an id that cannot be written spoils the list that it is in.
    """
    if isinstance(problem, NotFound) and end.ignores_unknown:
        return False
    return isinstance(problem, ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)
    )


def is_there_already(problem: LitmosError, kind: Kind) -> bool:
    """Tell whether a refusal says that there was nothing to do, and not that an earlier attempt has done it."""
    if _after_lost(problem):
        return False
    if kind.removes:
        return isinstance(problem, NotFound)
    return isinstance(problem, Conflict) and kind.name == "add_users_to_teams"


def certainly_not_done(problem: LitmosError) -> bool:
    """Tell whether a request can have had no effect."""
    if _after_lost(problem):
        return False
    return isinstance(problem, ConnectError | ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, ServerError)
    )


def _after_lost(problem: LitmosError) -> bool:
    """Tell whether an earlier attempt of a call may have been carried out, whatever this error says."""
    return isinstance(problem, APIError | NetworkError) and problem.after_lost


def may_yet_arrive(problem: LitmosError) -> bool:
    """Tell whether a request without an effect may have one later: no server has said that it is through with it.

    A gateway that gives up (502, 504) does not know what becomes of the request behind it.
    """
    cause = problem.__cause__ if isinstance(problem.__cause__, LitmosError) else problem
    return isinstance(cause, NetworkError) or (isinstance(cause, ServerError) and cause.status in {502, 504})


async def has_waited(sent_at: float, timeout: float) -> bool:  # noqa: ASYNC109 - of the request, not of this call
    """Wait until a request cannot reach the server any more; tell whether there was anything to wait for.

    Args:
        sent_at: When it was sent, on the clock of the loop.
        timeout: For how many seconds after that it may arrive.
    """
    left = sent_at + timeout - asyncio.get_running_loop().time()
    if left > 0:
        await asyncio.sleep(left)
    return left > 0
