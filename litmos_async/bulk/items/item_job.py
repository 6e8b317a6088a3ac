"""Jobs over single items, each with a little sequence of requests of its own."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import Counter
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from typing import Any, ClassVar

from litmos_async.bulk.inputs import flags
from litmos_async.bulk.items.work_item import CANNOT_BE_TOLD, ItemFailed, ItemRequests, Means, Task
from litmos_async.bulk.job import EARLIER, FOUND, BulkJob, Connect, Options, settled
from litmos_async.bulk.journal.file import FINAL, Settled
from litmos_async.bulk.journal.journal import Past
from litmos_async.bulk.journal.keys import Fingerprint, Key
from litmos_async.bulk.results import Outcome, Plan, Status, seconds_for
from litmos_async.bulk.workers import run_concurrently
from litmos_async.bulk.write import NotSent
from litmos_async.errors import ConfigurationError, LitmosError, NetworkError, NotFound, TooManyRemovals
from litmos_async.limits import Limiter

REFUSED = "refused before it was sent"


class ItemJob(BulkJob):
    """A job over single items. Memory holds one small task for each.

    Args:
        kind: Name of the helper; a journal belongs to it.
        item_label: What the items are.
        limiter: Bounds what is under way.
        connect: Makes the resources through which the job sends.
        options: How it runs.
        mails: Whether each item may send an e-mail.
        agreed: What else a journal must agree on.
    """

    final: ClassVar[tuple[Status, ...]] = FINAL
    """Outcomes of earlier runs that stay as they are."""

    item_name: ClassVar[str] = "user_id"
    """What an item is, where it is a text."""

    def __init__(
        self,
        kind: str,
        item_label: str,
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        mails: bool = False,
        agreed: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__(limiter, connect, options)
        self._kind = kind
        self._item_label = item_label
        self._mails = mails
        self._agreed = flags(**(agreed or {}))
        self._preparing = asyncio.Lock()
        self._past = Past()
        self._tasks: list[Task] | None = None

    # ------------------------------------------------ before

    @property
    def _helper(self) -> str:
        return self._kind

    async def _plan(self) -> Plan:
        tasks = await self._prepare()
        waiting = [task for task in tasks if task.known() is None]
        requests = self._requests(waiting)
        checks = self._checks(requests)
        return Plan(
            item_label=self._item_label,
            items=len(waiting),
            skipped=Counter(_left_out(task, outcome) for task in tasks if (outcome := task.known())),
            requests_by_kind=dict(requests),
            reads=self._report.reads,
            checks=checks,
            seconds=seconds_for(requests.total() + checks, self._limiter.quota),
            emails=self._emails(waiting),
            changes=[self._change(task) for task in waiting],
            notes=self._notes(tasks),
            refusal=self._refusal(),
        )

    def _requests(self, waiting: list[Task]) -> Counter[str]:
        """Return how many requests they take, by verb and path."""
        return Counter(request for task in waiting for request in task.requests)

    def _checks(self, requests: Mapping[str, int]) -> int:
        """Return how many requests read back what these did, at least."""
        writes = sum(number for request, number in requests.items() if not request.startswith("GET "))
        return writes if self._options.verify else 0

    def _emails(self, waiting: list[Task]) -> int:
        """Return how many people may get an e-mail."""
        return len(waiting) if self._mails else 0

    def _change(self, task: Task) -> Mapping[str, Any]:
        """Return what would be done with an item, as plain data."""
        item: Any = task.item
        given: dict[str, Any] = {self.item_name: item} if isinstance(item, str) else item._asdict()
        fields: dict[str, Any] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in given.items()
        }
        name = self._options.people.names.get(fields.get("user_id", ""))
        return {"user_name": name, **fields} if name else fields

    def _notes(self, tasks: list[Task]) -> tuple[str, ...]:  # noqa: ARG002 - for jobs that have some
        """Return what else the plan says."""
        return ()

    def _refusal(self) -> TooManyRemovals | None:
        """Return the error that running would raise, or None."""
        return None

    async def _prepare(self) -> list[Task]:
        """Read the input, once."""
        async with self._preparing:
            if self._tasks is None:
                self._tasks = await self._once(self._take_in)
                waiting = [task for task in self._tasks if task.known() is None]
                requests = self._requests(waiting)
                self._requests_left = requests.total()
                self._expect_reads(self._checks(requests))
                self._planned = True
        return self._tasks

    async def _forget_plan(self) -> None:
        if self._tasks is not None:
            # The input may be an iterator, which would have nothing more to give.
            self._tasks, self._spoilt = None, ConfigurationError("the plan failed: make a new job")
        await super()._forget_plan()

    async def _take_in(self) -> list[Task]:
        fingerprint = Fingerprint()
        await self._read_input(fingerprint)
        self._journal = await self._open_journal(self._kind, fingerprint, self._agreed)
        if self._journal is not None:
            self._past = await self._journal.past(self._options.timeout)
        tasks: list[Task] = []
        by_entry: dict[Key, Task] = {}
        async for task in self._each_task():
            if task.entry in by_entry:
                tasks.append(Task(task.item, task.entry, skipped="given twice"))
            else:
                by_entry[task.entry] = task
                tasks.append(task)
        if self._journal is not None:
            await self._go_on(by_entry)
            await self._journal.record(self._news(by_entry))
            await self._journal.expect(len(by_entry))
        return tasks

    @abstractmethod
    async def _read_input(self, fingerprint: Fingerprint) -> None:
        """Take in what was given, before anything is asked of the server."""

    @abstractmethod
    def _each_task(self) -> AsyncIterator[Task]:
        """Yield what there is to do. What earlier runs did is known by now, and nothing of it is under way."""

    # ------------------------------------------------ after an earlier run

    async def _go_on(self, tasks: Mapping[Key, Task]) -> None:
        """Leave out what earlier runs did, and find out what became of what they had under way."""
        for entry, status in self._past.settled.items():
            if status in self.final and (task := tasks.get(entry)) is not None:
                task.settle(status, reason=EARLIER)
        await self._settle_doubtful(tasks)

    async def _settle_doubtful(self, tasks: Mapping[Key, Task]) -> None:
        """ReadPlan at what was sent and got no answer, side by side."""
        doubtful = [tasks[entry] for entry in self._past.doubtful if entry in tasks]
        size = min(self._width(), len(doubtful))
        async with aclosing(run_concurrently(self._look_at, doubtful, size)) as looks:
            async for _ in looks:
                pass
        for request in self._past.under_way:
            await self._note(request.id, [tasks[entry] for entry in request.items if entry in tasks])

    async def _look_at(self, task: Task) -> AsyncGenerator[None, None]:
        """Settle a task that an earlier run had under way; it stays to be done where it had no effect."""
        if task.as_desired:
            task.settle("done", reason=FOUND)
        elif task.is_done is not None:
            try:
                done = await task.is_done(self._litmos)
            except NotFound:
                done = False  # whoever does not exist has nothing, and the server will say so
            except LitmosError as problem:
                if isinstance(problem, NetworkError) or await self._must_stop(problem):
                    raise
                task.settle("unknown", problem.with_traceback(None))
                done = False
            if done:
                task.settle("done", reason=FOUND)
            elif done is None:
                task.settle("unknown", reason=CANNOT_BE_TOLD)
        yield None

    def _news(self, tasks: Mapping[Key, Task]) -> Iterator[Settled]:
        """Yield what is known of tasks before anything is sent, and is not in the journal yet."""
        for entry, task in tasks.items():
            outcome = task.known()
            if outcome is not None and self._past.settled.get(entry) != outcome.status:
                yield settled(entry, outcome)

    async def _note(self, request: int, tasks: Sequence[Task]) -> None:
        """Write down what became of a request of an earlier run."""
        if self._journal is not None:
            known = ((task.entry, task.known()) for task in tasks)
            await self._journal.after(
                request, [settled(entry, outcome) for entry, outcome in known if outcome]
            )

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
        size = min(self._width(), len(waiting))
        work = run_concurrently(self._carry_out, self._unless_stopped(waiting), size)
        async with aclosing(work) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _carry_out(self, task: Task) -> AsyncGenerator[Outcome, None]:
        means = Means(
            self._connect,
            self._litmos,
            self._options,
            self._must_stop,
            self._answered,
            self._looked_up,
            self._journal,
            self._stop,
        )
        requests = ItemRequests(task, means)
        try:
            nothing = await task.carry_out(requests) if task.carry_out is not None else None
        except NotSent:
            return
        except ItemFailed as failed:
            outcome = task.settle(failed.status, failed.problem, failed.reason, requests.used)
        except LitmosError as problem:
            # The answer stops the job, so the request has one, and it was no.
            task.settle("failed", problem.with_traceback(None), attempts=requests.used)
            await requests.note(None)
            raise
        else:
            outcome = task.settle("skipped" if nothing else "done", None, nothing or "", requests.used)
        finally:
            self._requests_left -= len(task.requests) - requests.used
        await requests.note(outcome)
        yield outcome

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        for task in self._tasks or ():
            outcome = task.known()
            if outcome is not None:
                yield outcome
            elif planned:
                yield Outcome(task.item, "planned")


class GivenJob(ItemJob):
    """A job over items that are given one by one.

    Args:
        kind: See `ItemJob`.
        item_label: See `ItemJob`.
        limiter: See `ItemJob`.
        connect: See `ItemJob`.
        options: See `ItemJob`.
        tasks: Yields the tasks. It is read once.
        mails: See `ItemJob`.
        agreed: See `ItemJob`.
    """

    def __init__(
        self,
        kind: str,
        item_label: str,
        limiter: Limiter,
        connect: Connect,
        options: Options,
        *,
        tasks: AsyncIterable[Task],
        mails: bool = False,
        agreed: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__(kind, item_label, limiter, connect, options, mails=mails, agreed=agreed)
        self._source = tasks
        self._given: list[Task] = []

    async def _read_input(self, fingerprint: Fingerprint) -> None:
        entries = set[Key]()
        async for task in self._source:
            self._given.append(task)
            if task.entry not in entries:
                entries.add(task.entry)
                fingerprint.add(*task.entry, task.content)

    async def _each_task(self) -> AsyncIterator[Task]:
        for task in self._given:
            yield task


def _left_out(task: Task, outcome: Outcome) -> str:
    """Return why a plan leaves a task out."""
    if task.refused is not None:
        return REFUSED
    if outcome.status == "skipped" and outcome.reason != EARLIER:
        return outcome.reason
    return f"{outcome.status} {EARLIER}"


def counted(tasks: Mapping[str, int]) -> str:
    """Return numbers of things as people say them: `3 to add, 1,200 unchanged`."""
    return ", ".join(f"{number:,} {what}" for what, number in tasks.items() if number)
