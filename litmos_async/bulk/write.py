"""One request on its way, as far as others have to know of it: the journal, and the job that asks what is known."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager

from attrs import define, field

from litmos_async.bulk.journal.file import Settled
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.journal.keys import Key
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    ConnectError,
    LitmosError,
    NetworkError,
    ServerError,
)


class NotSent(Exception):
    """The job was stopped before a request left."""


class StopSignal:
    """Whether a job is to send nothing new, and which of its requests wait for a slot meanwhile.

    Attributes:
        given: Whether it is.
    """

    def __init__(self) -> None:
        self.given = False
        self._waiting: set[asyncio.Timeout] = set()

    def give(self) -> None:
        """Send nothing new. What waits for a slot, a minute perhaps, is not sent either, and waits no longer."""
        self.given = True
        now = asyncio.get_running_loop().time() if self._waiting else 0.0
        for wait in self._waiting:
            wait.reschedule(now)
        self._waiting.clear()

    @asynccontextmanager
    async def before_sending(self) -> AsyncGenerator[Callable[[], None]]:
        """Give up what the block waits for when the signal is given, until the request leaves.

        Yields:
            A function to call when the request leaves: from then on the block comes to its end.

        Raises:
            NotSent: The signal was given before that.
        """
        if self.given:
            raise NotSent
        wait = asyncio.timeout(None)
        try:
            async with wait:
                self._waiting.add(wait)
                try:
                    yield lambda: self._waiting.discard(wait)
                finally:
                    self._waiting.discard(wait)
        except TimeoutError:
            if wait.expired():
                raise NotSent from None
            raise


@define
class JournaledWrite:
    """A request that changes something: noted before it leaves, and when it is known what became of it.

    Attributes:
        journal: Where it is written down, or None.
        items: What it carries.
        stop: Says whether it may still leave; None where it belongs to something that has begun.
        on_leaving: Called when its first attempt is about to leave.
        sent_at: When its last attempt left, on the clock of the loop.
    """

    journal: Journal | None
    items: Sequence[Key]
    stop: StopSignal | None
    on_leaving: Callable[[], None]
    sent_at: float = field(default=0.0, init=False)
    _request: int | None = field(default=None, init=False)
    _departed: Callable[[], None] = field(default=lambda: None, init=False)

    @asynccontextmanager
    async def sending(self) -> AsyncGenerator[None]:
        """Send in this block: where the job is stopped before its first attempt leaves, it is given up.

        Raises:
            NotSent: It was.
        """
        if self.stop is None:
            yield
            return
        async with self.stop.before_sending() as departed:
            self._departed = departed
            yield

    async def before_send(self, attempt: int, note: str = "") -> None:
        """An attempt has a slot, and nothing of it has left yet.

        Args:
            attempt: Its number, from 1.
            note: What the next run must know to find it again; no names.

        Raises:
            NotSent: It may not leave any more.
        """
        if attempt == 1 and self.stop is not None and self.stop.given:
            raise NotSent
        self._departed()
        if self.journal is not None:
            if self._request is None:
                self._request = await self.journal.before(self.items, note)
            else:
                await self.journal.again(self._request)
                await self.learn(note)
        if attempt == 1:
            self.on_leaving()
        self.sent_at = asyncio.get_running_loop().time()

    async def learn(self, note: str) -> None:
        """More is known of it."""
        if note and self.journal is not None and self._request is not None:
            await self.journal.note(self._request, note)

    async def settle(self, outcomes: Iterable[Settled] = ()) -> None:
        """It has an answer, or was never sent, and this became of its items.

        What it carried and what became of that are one transaction: no answered write is sent again.
        """
        if self.journal is None:
            return
        if self._request is not None:
            await self.journal.after(self._request, list(outcomes))
        else:
            await self.journal.record(outcomes)


def certainly_not_done(problem: LitmosError) -> bool:
    """Tell whether a request can have had no effect."""
    if is_after_lost(problem):
        return False
    return isinstance(problem, ConnectError | ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, ServerError)
    )


def is_after_lost(problem: LitmosError) -> bool:
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
