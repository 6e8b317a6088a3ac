"""Jobs whose items come one after another where one needs what another has done.

All that these jobs take of the machinery of `litmos.bulk` stands here: the journal, reading back, stopping, and
the plan are the same as for all bulk jobs.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import groupby
from typing import Any, Self

from attrs import define

from litmos_async.bulk import BulkJob, ItemOptions, Outcome
from litmos_async.bulk.helpers.options import Helpers
from litmos_async.bulk.helpers.sync import MAX_REMOVALS
from litmos_async.bulk.inputs import check_types, numbered
from litmos_async.bulk.items.item_job import GivenJob, ItemJob
from litmos_async.bulk.items.users_and_results import ModuleResults, check_result
from litmos_async.bulk.items.work_item import ItemFailed, ItemRequests, WorkItem
from litmos_async.bulk.job import AS_DESIRED, TWICE
from litmos_async.bulk.journal.keys import Fingerprint, Key, nameless
from litmos_async.bulk.removal_limit import RemovalLimit
from litmos_async.bulk.results import numbers_of
from litmos_async.bulk.run import Run

__all__ = [
    "AS_DESIRED",
    "MAX_REMOVALS",
    "TWICE",
    "Fingerprint",
    "InRanks",
    "ItemFailed",
    "ItemRequests",
    "Key",
    "ModuleResults",
    "RemovalLimit",
    "Run",
    "Step",
    "StepJob",
    "StepJobs",
    "WorkItem",
    "check_result",
    "check_types",
    "nameless",
    "numbered",
    "numbers_of",
]


@define
class Step(WorkItem):
    """An item of a job that may have to wait for others.

    Attributes:
        rank: It begins when all items of lower ranks have come to their end.
    """

    rank: int = 0


def _rank(work_item: WorkItem) -> int:
    return work_item.rank if isinstance(work_item, Step) else 0


class InRanks(ItemJob):
    """A job that carries out its items rank by rank, those of one rank side by side."""

    async def _do(self, waiting: list[WorkItem]) -> AsyncGenerator[Outcome, None]:
        for _, work_items in groupby(sorted(waiting, key=_rank), key=_rank):
            async with aclosing(super()._do(list(work_items))) as outcomes:
                async for outcome in outcomes:
                    yield outcome


class StepJob(InRanks, GivenJob):
    """A job over steps that are given one by one.

    Args:
        helper: See `ItemJob`.
        item_label: See `ItemJob`.
        run: See `ItemJob`.
        steps: Yields the steps. It is read once.
        mails: See `ItemJob`.
        notes: What else the plan says, such as what cannot be undone.
    """

    def __init__(
        self,
        helper: str,
        item_label: str,
        run: Run,
        steps: AsyncIterator[WorkItem],
        *,
        mails: bool = False,
        notes: tuple[str, ...] = (),
    ) -> None:
        super().__init__(helper, item_label, run, steps, mails=mails)
        self._said = notes

    def _notes(self, work_items: list[WorkItem]) -> tuple[str, ...]:
        return self._said if any(each.known() is None for each in work_items) else ()


class StepJobs(Helpers):
    """Makes jobs of steps.

    Args:
        caller: See `Helpers`.
        limiter: See `Helpers`.
    """

    @classmethod
    def of(cls, bulk: Helpers) -> Self:
        """Return the helpers that send through the same client as `litmos.bulk`.

        Args:
            bulk: `litmos.bulk` of the client.
        """
        return cls(bulk._caller, bulk._limiter)  # noqa: SLF001 - another set of helpers of the same client

    def _step_job(
        self,
        helper: str,
        item_label: str,
        steps: AsyncIterator[WorkItem],
        options: ItemOptions,
        **said: Any,
    ) -> BulkJob:
        return StepJob(helper, item_label, self._item_run(options), steps, **said)
