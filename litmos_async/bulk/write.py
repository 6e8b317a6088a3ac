"""One write: noted in the journal before it leaves, settled by its answer or by reading.

Every write of every job goes through `JournaledWrite`, whatever it carries:

    write = JournaledWrite(run, items, on_leaving=...)
    answer = await write.send(lambda litmos: litmos.users.assign_courses(...))
    done = await write.read_effect(answer.problem, is_done)  # where the answer leaves that open
    await write.settle(outcomes)
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Generic, TypeAlias, TypeVar

from attrs import define, field, frozen

from litmos_async.bulk.journal.file import Settled
from litmos_async.bulk.journal.keys import Key
from litmos_async.bulk.results import Outcome
from litmos_async.bulk.run import Run
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    ConnectError,
    LimiterUnavailable,
    LitmosError,
    NetworkError,
    ServerError,
)
from litmos_async.resources import Resources

T = TypeVar("T")

Request: TypeAlias = Callable[[Resources], Awaitable[T]]
"""Makes one call."""


@frozen
class Answer(Generic[T]):
    """What came back from a write.

    Attributes:
        value: What the call returned; None where it failed.
        problem: The error, or None.
    """

    value: T | None
    problem: LitmosError | None = None


@define(eq=False)
class JournaledWrite:
    """A request that changes something.

    Attributes:
        run: The job that it belongs to.
        items: What it carries.
        on_leaving: Called when its first attempt is about to leave.
        may_stop: Whether it is given up when the job is stopped before it leaves. False where it belongs to an
            item that has begun: that one is brought to its end.
        previous: The write before it for the same item. The journal learns that it has an answer when this one
            leaves, or with the outcome.
        sent: Whether an attempt of the last `send` has left.
        sent_at: When its last attempt left, on the clock of the loop.
    """

    run: Run
    items: Sequence[Key]
    on_leaving: Callable[[], None]
    may_stop: bool = True
    previous: JournaledWrite | None = None
    sent: bool = field(default=False, init=False)
    sent_at: float = field(default=0.0, init=False)
    _request: int | None = field(default=None, init=False)

    async def send(self, request: Request[T], note: str = "") -> Answer[T]:
        """Send it, once, with the retries of the client.

        Args:
            request: Makes the call.
            note: What the next run must know to find it again; no names.

        Raises:
            NotSent: The job was stopped before it left.
            LitmosError: The key itself is rejected, so that the job must stop. The journal knows that it has its
                answer.
        """
        self.sent = False

        try:
            async with self.run.stop.before_sending(may_stop=self.may_stop) as leave:

                async def before(attempt: int) -> None:
                    leave()
                    await self._before_send(attempt, note)

                value = await request(self.run.connect(before))
        except LitmosError as problem:
            if await self.run.must_stop(problem):
                await self.settle()
                raise
            self.run.answered(sent=self.sent)
            return Answer(None, problem)
        self.run.answered()
        return Answer(value)

    async def read_effect(
        self, lost: LitmosError | None, is_done: Callable[[], Awaitable[bool | None]]
    ) -> bool | None:
        """Return whether it was carried out, by reading.

        A write without an answer may arrive late. Where it had no effect yet, this waits until it cannot arrive any
        more, `timeout` seconds after it was sent, and reads once more.

        Args:
            lost: The error that came instead of an answer; None where there was one.
            is_done: Reads whether it was carried out; None where that does not show.

        Raises:
            LitmosError: It could not be read.
        """
        done = await is_done()
        if done is False and lost is not None and _may_yet_arrive(lost) and await self._wait_until_too_late():
            done = await is_done()
        return done

    async def settle(self, outcomes: Iterable[Settled] = ()) -> None:
        """Write down that it has an answer, or was never sent, and the outcomes of its items.

        Both are one transaction: no answered write is sent again.
        """
        journal = self.run.journal
        if journal is None:
            return
        if self._request is not None:
            request, self._request = self._request, None
            await journal.after(request, list(outcomes))
        elif self.previous is not None:
            await self.previous.settle(outcomes)
        else:
            await journal.record(outcomes)

    async def learn(self, note: str) -> None:
        """Write down more of what the next run must know to find it again."""
        if note and self.run.journal is not None and self._request is not None:
            await self.run.journal.note(self._request, note)

    async def _before_send(self, attempt: int, note: str) -> None:
        """Write down an attempt: it has a slot, and nothing of it has left yet."""
        if self.run.journal is not None:
            if self._request is None:
                if self.previous is not None:
                    await self.previous.settle()
                self._request = await self.run.journal.before(self.items, note)
            else:
                await self.run.journal.again(self._request)
                await self.learn(note)
        if attempt == 1:
            self.on_leaving()
        self.sent, self.sent_at = True, asyncio.get_running_loop().time()

    async def _wait_until_too_late(self) -> bool:
        """Wait until it cannot reach the server any more; return whether there was anything to wait for."""
        left = self.sent_at + self.run.timeout - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
        return left > 0


def settled(key: Key, outcome: Outcome) -> Settled:
    """Return what a journal keeps of an outcome: of an error only the kind, as words of a server may hold names."""
    return Settled(*key, outcome.status, type(outcome.error).__name__ if outcome.error else "")


def certainly_not_done(problem: LitmosError) -> bool:
    """Return whether a write can have had no effect."""
    if problem.after_lost:
        return False
    return isinstance(problem, ConnectError | ConfigurationError | LimiterUnavailable) or (
        isinstance(problem, APIError) and not isinstance(problem, ServerError)
    )


def _may_yet_arrive(problem: LitmosError) -> bool:
    """Return whether a request without an effect may have one later: no server has said that it is through with it.

    A gateway that gives up (502, 504) does not know how the request behind it ends.
    """
    cause = problem.__cause__ if isinstance(problem.__cause__, LitmosError) else problem
    return isinstance(cause, NetworkError) or (isinstance(cause, ServerError) and cause.status in {502, 504})
