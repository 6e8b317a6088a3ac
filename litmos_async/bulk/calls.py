"""One request of a job over pairs, and what its errors mean for the job."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import frozen

from litmos_async.bulk.journal_file import Side
from litmos_async.bulk.kinds import Kind
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    Conflict,
    ConnectError,
    Forbidden,
    LitmosError,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
)


@frozen
class Call:
    """One request of a plan: who receives it, and the ids in its list.

    Attributes:
        end: Which end of its pairs the receiver is: 0 the left one, 1 the right one.
    """

    end: Side
    receiver: str
    members: Sequence[str]

    def pairs(self) -> list[tuple[str, str]]:
        """Return its pairs, left end first."""
        if self.end == 0:
            return [(self.receiver, member) for member in self.members]
        return [(member, self.receiver) for member in self.members]

    def member(self, pair: tuple[str, str]) -> str:
        """Return the end of a pair that travels in the list."""
        return pair[1 - self.end]

    def halves(self) -> tuple[Call, Call]:
        """Return it in two parts."""
        middle = len(self.members) // 2
        return (
            Call(self.end, self.receiver, self.members[:middle]),
            Call(self.end, self.receiver, self.members[middle:]),
        )


def must_stop(problem: LitmosError, *, first: bool) -> bool:
    """Tell whether the key itself is refused.

    403 means many things (quirks.md 5): this one only where it is the first answer of a job.
    """
    return isinstance(problem, Unauthorized) or (first and isinstance(problem, Forbidden))


def is_refused_list(problem: LitmosError) -> bool:
    """Tell whether a request was refused for what is in it, so that parts of it may be taken.

    By the server, or before it left: an id that cannot be written spoils the list that it is in.
    """
    return isinstance(problem, ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)
    )


def is_there_already(problem: LitmosError, kind: Kind) -> bool:
    """Tell whether a refusal says that there was nothing to do."""
    if kind.removes:
        return isinstance(problem, NotFound)
    return isinstance(problem, Conflict) and kind.name == "add_users_to_teams"


def certainly_not_done(problem: LitmosError) -> bool:
    """Tell whether a request can have had no effect."""
    return isinstance(problem, ConnectError | ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, ServerError)
    )
