"""Jobs over single items, each with a little sequence of requests of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable, Hashable, Iterator, Mapping
from contextlib import aclosing
from typing import TypeVar

from attrs import define, field

from litmos_async.bulk.calls import certainly_not_done, must_stop
from litmos_async.bulk.crew import Crew
from litmos_async.bulk.job import BulkJob, Connect, Options
from litmos_async.bulk.report import Outcome, Plan, Status, seconds_for
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.limits import Limiter
from litmos_async.resources import Resources

T = TypeVar("T")

Ask = Callable[[Resources], Awaitable[T]]
"""Makes one call."""

IsDone = Callable[[Resources], Awaitable[bool | None]]
"""Reads whether a write was carried out; None where that cannot be told."""

REFUSED = "refused before it was sent"


@define
class Task:
    """One item of a job.

    Attributes:
        item: What it is, for the outcome.
        carry_out: Does it, request by request, through the `Hands` it is given. It returns why there was nothing
            to do, or nothing where it did something.
        requests: Verb and path of each request that it may take, for the plan.
        skipped: Why there is nothing to do, where that is known already.
        refused: Why it cannot be done, where that is known already.
        key: What tells it from others, its item if None: a second task with the same key is skipped.
    """

    item: Hashable
    carry_out: Callable[[Hands], Awaitable[str | None]] | None = None
    requests: tuple[str, ...] = ()
    skipped: str = ""
    refused: LitmosError | None = None
    key: Hashable = None
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


class Stuck(Exception):
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


class Hands:
    """What a task makes its requests with, one after another.

    Args:
        task: The task.
        job: The job, which counts.
    """

    def __init__(self, task: Task, job: ItemJob) -> None:
        self._task = task
        self._job = job
        self.used = 0

    async def read(self, ask: Ask[T]) -> T:
        """Make a call that only reads, and return its answer.

        Raises:
            Stuck: It failed: nothing was changed by it.
        """
        try:
            answer = await ask(self._job.connect(None))
        except LitmosError as problem:
            self._failed(problem)
            raise Stuck("failed", problem) from None
        self._answered()
        return answer

    async def write(self, send: Ask[object], is_done: IsDone, *, so_far: str = "") -> None:
        """Make a call that changes something; find out by reading what became of it where that is in doubt.

        Args:
            send: Makes the call.
            is_done: Reads whether it was carried out: where its answer was lost, and always with `verify`.
            so_far: What is done of the item already, for the reason of its outcome.

        Raises:
            Stuck: It was not carried out, or nobody knows.
        """

        async def before() -> None:
            self._task.mark_sent()

        lost: LitmosError | None = None
        try:
            await send(self._job.connect(before))
        except LitmosError as problem:
            self._failed(problem)
            if certainly_not_done(problem):
                raise Stuck("failed", problem, _reason(so_far, str(problem))) from None
            lost = problem
        else:
            self._answered()
        if lost is not None or self._job.verifies:
            await self._look(is_done, lost, so_far)

    async def _look(self, is_done: IsDone, lost: LitmosError | None, so_far: str) -> None:
        """Read what became of a write, and return if it was carried out."""
        try:
            done = await is_done(self._job.reading)
        except LitmosError as problem:
            told = str(lost or f"it could not be read back: {problem}")
            raise Stuck("unknown", lost or problem, _reason(so_far, told)) from None
        if done is None:
            told = "it cannot be told whether it was carried out"
            raise Stuck("unknown", lost, _reason(so_far, f"{told}: {lost}" if lost else told))
        if not done:
            told = f"no effect was found: {lost}" if lost else "the server took it and ignored it"
            raise Stuck("failed", lost, _reason(so_far, told))

    def _failed(self, problem: LitmosError) -> None:
        """Count a request that failed, and stop the job where all others will fail, too."""
        report = self._job.report
        if must_stop(problem, first=report.requests == report.reads == 0):
            raise problem
        # What was refused before it was sent is no request.
        if not isinstance(problem, ConfigurationError):
            self._answered()

    def _answered(self) -> None:
        self.used += 1
        self._job.answered()


def _reason(so_far: str, text: str) -> str:
    return f"{so_far}, but: {text}" if so_far else text


class ItemJob(BulkJob):
    """A job over single items. Memory holds one small task for each.

    Args:
        noun: What the items are.
        tasks: Yields the tasks. It is read once, and given what reads.
        limiter: Bounds what is under way.
        connect: Makes the resources through which the job sends.
        options: How it runs.
        mails: Whether each item may send an e-mail.
    """

    def __init__(
        self,
        noun: str,
        tasks: Callable[[Resources], AsyncIterable[Task]],
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        mails: bool = False,
    ) -> None:
        super().__init__(limiter, connect, options)
        self._noun = noun
        self._source = tasks
        self._mails = mails
        self._preparing = asyncio.Lock()
        self._tasks: list[Task] | None = None
        self._spoilt: Exception | None = None

    # ------------------------------------------------ what the hands need

    @property
    def connect(self) -> Connect:
        """Makes the resources through which the job sends."""
        return self._connect

    @property
    def reading(self) -> Resources:
        """For what only looks at what became of a write."""
        return self._litmos

    @property
    def verifies(self) -> bool:
        """Whether every write is read back."""
        return self._options.verify

    def answered(self) -> None:
        """Count a request of the plan."""
        self._answered()

    # ------------------------------------------------ before

    async def plan(self) -> Plan:
        """Read the input, and say what would be done."""
        tasks = await self._prepare()
        waiting = [task for task in tasks if task.known() is None]
        requests = self._requests(waiting)
        return Plan(
            noun=self._noun,
            items=len(waiting),
            skipped=Counter(
                task.skipped or REFUSED for task in tasks if task.skipped or task.refused is not None
            ),
            requests_by_kind=dict(requests),
            reads=self._report.reads,
            seconds=seconds_for(requests.total(), self._limiter.quota),
            emails=self._emails(waiting),
            hints=self._hints(tasks),
        )

    def _requests(self, waiting: list[Task]) -> Counter[str]:
        """Return how many requests they take, by verb and path."""
        return Counter(request for task in waiting for request in task.requests)

    def _emails(self, waiting: list[Task]) -> int:
        """Return how many people may get an e-mail."""
        return len(waiting) if self._mails else 0

    def _hints(self, tasks: list[Task]) -> tuple[str, ...]:  # noqa: ARG002 - for jobs that have some
        """Return what else the plan says."""
        return ()

    async def _prepare(self) -> list[Task]:
        """Read the input, once."""
        async with self._preparing:
            if self._spoilt is not None:
                # An iterator can be read once: a second try would find less, and say nothing of it.
                raise self._spoilt
            if self._tasks is None:
                # Holds where this is cancelled, too.
                self._spoilt = ConfigurationError("the input was not read to its end: make a new job")
                try:
                    self._tasks = await self._take_in()
                except Exception as problem:
                    self._spoilt = problem
                    raise
                self._spoilt = None
                waiting = [task for task in self._tasks if task.known() is None]
                self._requests_left = self._requests(waiting).total()
        return self._tasks

    async def _take_in(self) -> list[Task]:
        tasks: list[Task] = []
        seen = set[Hashable]()
        async for task in self._source(self._litmos):
            key = task.item if task.key is None else task.key
            if key in seen:
                tasks.append(Task(task.item, skipped="given twice"))
            else:
                seen.add(key)
                tasks.append(task)
        return tasks

    # ------------------------------------------------ while it runs

    def _total(self) -> int:
        return len(self._tasks or ())

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        tasks = await self._prepare()
        for task in tasks:
            if (outcome := task.known()) is not None:
                yield outcome
        waiting = [task for task in tasks if task.known() is None]
        if waiting:
            async with aclosing(self._do(waiting)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _do(self, waiting: list[Task]) -> AsyncGenerator[Outcome, None]:
        """Carry tasks out, and yield what became of each."""
        crew = Crew(self._carry_out, iter(waiting), min(self._width(), len(waiting)))
        try:
            async for outcome in crew.results():
                yield outcome
        finally:
            await crew.stop()

    async def _carry_out(self, task: Task) -> AsyncGenerator[Outcome, None]:
        hands = Hands(task, self)
        try:
            nothing = await task.carry_out(hands) if task.carry_out is not None else None
        except Stuck as stuck:
            yield task.settle(stuck.status, stuck.problem, stuck.reason, hands.used)
        else:
            yield task.settle("skipped" if nothing else "done", None, nothing or "", hands.used)
        finally:
            self._requests_left -= len(task.requests) - hands.used

    def known(self) -> Iterator[Outcome]:
        """Yield what is known of the items; see `BulkJob.known`."""
        for task in self._tasks or ():
            outcome = task.known()
            if outcome is not None:
                yield outcome


def counted(tasks: Mapping[str, int]) -> str:
    """Return numbers of things as people say them: `3 to add, 1,200 unchanged`."""
    return ", ".join(f"{number:,} {what}" for what, number in tasks.items() if number)
