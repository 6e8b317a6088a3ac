"""Jobs whose items come one after another where one needs what another has done.

All that these jobs take of the machinery of `litmos.bulk` stands here: the journal, reading back, stopping, and
the plan are the same as for all bulk jobs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import aclosing
from itertools import groupby
from typing import Any, Self, TypeAlias, cast

from attrs import define

from litmos_async.bulk import BulkJob, ItemOptions, JobOptions, Outcome
from litmos_async.bulk.helpers.options import PairJobs
from litmos_async.bulk.items.item_job import GivenJob, ItemJob
from litmos_async.bulk.items.work_item import ItemFailed, ItemRequests, Task
from litmos_async.bulk.job import Connect, Options
from litmos_async.bulk.journal.keys import Fingerprint, Key, nameless
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.limits import Limiter

__all__ = [
    "Fingerprint",
    "ItemFailed",
    "ItemJob",
    "ItemRequests",
    "Key",
    "Parts",
    "RemovalLimit",
    "Step",
    "StepJob",
    "StepJobs",
    "Task",
    "in_ranks",
    "nameless",
]

Parts: TypeAlias = tuple[Limiter, Connect, Options]
"""What a job is made of, beside its input."""


@define
class Step(Task):
    """An item of a job that may have to wait for others.

    Attributes:
        rank: It begins when all items of lower ranks have come to their end.
    """

    rank: int = 0


def _rank(task: Task) -> int:
    return task.rank if isinstance(task, Step) else 0


async def in_ranks(
    waiting: Iterable[Task], do: Callable[[list[Task]], AsyncGenerator[Outcome, None]]
) -> AsyncGenerator[Outcome, None]:
    """Carry out tasks rank by rank, those of one rank side by side, and yield their outcomes."""
    for _, tasks in groupby(sorted(waiting, key=_rank), key=_rank):
        async with aclosing(do(list(tasks))) as outcomes:
            async for outcome in outcomes:
                yield outcome


class StepJob(GivenJob):
    """A job over steps that are given one by one.

    Args:
        kind: See `ItemJob`.
        item_label: See `ItemJob`.
        parts: What a job is made of.
        tasks: Yields the steps. It is read once.
        mails: See `ItemJob`.
        notes: What else the plan says, such as what cannot be undone.
    """

    def __init__(
        self,
        kind: str,
        item_label: str,
        parts: Parts,
        *,
        tasks: AsyncIterator[Task],
        mails: bool = False,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(kind, item_label, *parts, tasks=tasks, mails=mails)
        self._said = notes

    def _notes(self, tasks: list[Task]) -> tuple[str, ...]:
        return self._said if any(task.known() is None for task in tasks) else ()

    async def _do(self, waiting: list[Task]) -> AsyncGenerator[Outcome, None]:
        async with aclosing(in_ranks(waiting, super()._do)) as outcomes:
            async for outcome in outcomes:
                yield outcome


class StepJobs(PairJobs):
    """Makes jobs of steps.

    Args:
        caller: See `PairJobs`.
        limiter: See `PairJobs`.
    """

    @classmethod
    def of(cls, bulk: PairJobs) -> Self:
        """Return the helpers that send through the same client as `litmos.bulk`."""
        return cls(bulk._caller, bulk._limiter)  # noqa: SLF001 - another set of helpers of the same client

    def _parts(self, options: ItemOptions) -> Parts:
        return self._limiter, *self._parted(cast(JobOptions, options))

    def _step_job(
        self,
        kind: str,
        item_label: str,
        tasks: AsyncIterator[Task],
        options: ItemOptions,
        **said: Any,
    ) -> BulkJob:
        return StepJob(kind, item_label, self._parts(options), tasks=tasks, **said)
