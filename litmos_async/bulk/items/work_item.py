"""One item of a job that takes a little sequence of requests, and the requests that make them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import TypeVar

from attrs import define, field, frozen

from litmos_async.bulk.job import Connect, Options, settled
from litmos_async.bulk.journal.journal import Journal
from litmos_async.bulk.journal.keys import Key
from litmos_async.bulk.results import Outcome, Status
from litmos_async.bulk.write import JournaledWrite, StopSignal, certainly_not_done, has_waited, may_yet_arrive
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.resources import Resources

T = TypeVar("T")

Ask = Callable[[Resources], Awaitable[T]]
"""Makes one call."""

IsDone = Callable[[Resources], Awaitable[bool | None]]
"""Reads whether something was carried out; None where that cannot be told."""

CANNOT_BE_TOLD = "it cannot be told whether it was carried out"


@define
class Task:
    """One item of a job.

    Attributes:
        item: What it is, for the outcome.
        entry: What tells it from others, in this run and in a journal: a second task with the same one is skipped.
        carry_out: Does it, request by request, through the `ItemRequests` it is given. It returns why there was
            nothing to do, or nothing where it did something. A run that goes on after a killed one begins it anew.
        is_done: Reads whether all of it was carried out, for an item that a killed run had under way. None where
            the comparison with what is there tells already.
        requests: Verb and path of each request that it may take, for the plan.
        content: What makes it what it is beside its entry, for the fingerprint of a journal.
        skipped: Why there is nothing to do, where that is known already.
        refused: Why it cannot be done, where that is known already.
        as_desired: Whether there is nothing to do because all is as it should be: if a killed run had it under way,
            that run has done it.
    """

    item: Hashable
    entry: Key
    carry_out: Callable[[ItemRequests], Awaitable[str | None]] | None = None
    is_done: IsDone | None = None
    requests: tuple[str, ...] = ()
    content: str = ""
    skipped: str = ""
    refused: LitmosError | None = None
    as_desired: bool = False
    _sent: bool = field(default=False, init=False)
    _outcome: Outcome | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.refused is not None:
            self.settle("failed", self.refused)
        elif self.skipped:
            self.settle("skipped", reason=self.skipped)

    def settle(
        self, status: Status, problem: LitmosError | None = None, reason: str = "", attempts: int = 0
    ) -> Outcome:
        """Remember what became of it, and return its outcome."""
        self._outcome = Outcome(self.item, status, problem, attempts, reason or str(problem or ""))
        return self._outcome

    def known(self) -> Outcome | None:
        """Return what is known of it; None if nothing of it was sent."""
        if self._outcome is None and self._sent:
            return Outcome(self.item, "unknown", reason="interrupted")
        return self._outcome

    def mark_sent(self) -> None:
        """Note that a write of it is about to leave."""
        self._sent = True


class ItemFailed(Exception):
    """A task cannot go on.

    Attributes:
        status: What became of its item.
        problem: What went wrong, if that was an error.
        reason: Why, in a few words; empty where the problem says it.
    """

    def __init__(self, status: Status, problem: LitmosError | None, reason: str = "") -> None:
        super().__init__(reason)
        self.status: Status = status
        self.problem = problem
        self.reason = reason


@frozen
class Means:
    """What the tasks of a job are carried out with.

    Attributes:
        connect: Makes the resources through which the job sends.
        reading: For what only looks at the outcome of a write.
        options: How the job runs.
        must_stop: Tells whether all other requests will fail like this one.
        answered: Counts a request of the plan.
        looked_up: Counts one that only read.
        journal: Where requests are written down, or None.
        stop: Says whether nothing new may begin.
    """

    connect: Connect
    reading: Resources
    options: Options
    must_stop: Callable[[LitmosError], Awaitable[bool]]
    answered: Callable[[], None]
    looked_up: Callable[[], None]
    journal: Journal | None
    stop: StopSignal


class ItemRequests:
    """What a task makes its requests with, one after another.

    Attributes:
        used: How many they were so far.
    """

    def __init__(self, task: Task, means: Means) -> None:
        self.used = 0
        self._task = task
        self._means = means
        # The last write. That it has an answer, the journal learns when the next one leaves, or with the outcome.
        self._write = self._next_write = self._new_write()

    async def read(self, ask: Ask[T]) -> T:
        """Make a call that only reads, and return its answer.

        Raises:
            ItemFailed: It failed: nothing was changed by it.
            NotSent: The job was stopped before anything of this item was sent.
        """
        litmos = self._means.connect(None)
        try:
            if self._task.known() is not None:
                answer = await ask(litmos)
            else:
                async with self._means.stop.before_sending():
                    answer = await ask(litmos)
        except LitmosError as problem:
            await self._failed(problem, self._means.looked_up)
            raise ItemFailed("failed", problem) from None
        self._answered(self._means.looked_up)
        return answer

    async def write(self, send: Ask[object], is_done: IsDone, *, so_far: str = "") -> None:
        """Make a call that changes something; find out by reading what became of it where that is in doubt.

        Args:
            send: Makes the call.
            is_done: Reads whether it was carried out: where its answer was lost, and always with `verify`.
            so_far: What is done of the item already, for the reason of its outcome.

        Raises:
            ItemFailed: It was not carried out, or nobody knows.
        """
        lost: LitmosError | None = None
        self._next_write = self._new_write()
        try:
            async with self._next_write.sending():
                await send(self._means.connect(self._leaves))
        except LitmosError as problem:
            await self._failed(problem, self._means.answered)
            if certainly_not_done(problem):
                raise ItemFailed("failed", problem, _reason(so_far, str(problem))) from None
            lost = problem
        else:
            self._answered(self._means.answered)
        if lost is not None or self._means.options.verify:
            await self._look(is_done, lost, so_far)

    async def note(self, outcome: Outcome | None) -> None:
        """Write down what became of the item; without an outcome only that its last request has an answer."""
        await self._write.settle([settled(self._task.entry, outcome)] if outcome else [])

    async def _leaves(self, attempt: int) -> None:
        if self._write is not self._next_write:
            await self._write.settle()
            self._write = self._next_write
        await self._write.before_send(attempt)

    def _new_write(self) -> JournaledWrite:
        task = self._task
        return JournaledWrite(
            self._means.journal,
            [task.entry],
            # What has begun is brought to its end.
            stop=None if task.known() is not None else self._means.stop,
            on_leaving=task.mark_sent,
        )

    async def _look(self, is_done: IsDone, lost: LitmosError | None, so_far: str) -> None:
        """Read what became of a write, and return if it was carried out."""
        try:
            done = await is_done(self._means.reading)
            if done is False and lost is not None and await self._could_arrive(lost):
                done = await is_done(self._means.reading)
        except LitmosError as problem:
            told = str(lost or f"it could not be read back: {problem}")
            raise ItemFailed("unknown", lost or problem, _reason(so_far, told)) from None
        if done is None:
            told = f"{CANNOT_BE_TOLD}: {lost}" if lost else CANNOT_BE_TOLD
            raise ItemFailed("unknown", lost, _reason(so_far, told))
        if not done:
            told = f"no effect was found: {lost}" if lost else "the server took it and ignored it"
            raise ItemFailed("failed", lost, _reason(so_far, told))

    async def _could_arrive(self, lost: LitmosError) -> bool:
        """Wait until the last write cannot reach the server any more; tell whether it could until now."""
        return may_yet_arrive(lost) and await has_waited(self._write.sent_at, self._means.options.timeout)

    async def _failed(self, problem: LitmosError, counted: Callable[[], None]) -> None:
        """Count a request that failed, and stop the job where all others will fail, too."""
        if await self._means.must_stop(problem):
            raise problem
        # What was refused before it was sent is no request.
        if not isinstance(problem, ConfigurationError):
            self._answered(counted)

    def _answered(self, counted: Callable[[], None]) -> None:
        self.used += 1
        counted()


def _reason(so_far: str, text: str) -> str:
    return f"{so_far}, but: {text}" if so_far else text
