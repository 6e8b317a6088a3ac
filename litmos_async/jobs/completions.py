"""Completions from elsewhere: those of one person in one module go out one after another, the oldest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Unpack

import attrs

from litmos_async.bulk import BulkJob, ItemOptions
from litmos_async.errors import ConfigurationError
from litmos_async.jobs.steps import (
    ItemRequests,
    ModuleResults,
    Step,
    StepJobs,
    WorkItem,
    check_result,
    numbered,
)
from litmos_async.models import ModuleResult
from litmos_async.models.record import check_class
from litmos_async.resources import Resources
from litmos_async.resources.arguments import id_of

__all__ = ["CompletedModule", "CompletionJobs"]

_WRITE: Final = "PUT /results/modules/{module_id}"

NOTES: Final = (
    "an achievement that the server records for a completion stays; that cannot be undone",
    "whether the server e-mails people about completions is decided by its settings",
)
"""api-facts 15 and 17."""


class CompletedModule(NamedTuple):
    """A person and a module of a course, and when it was completed: in ISO 8601, or empty for now.

    ```python
    passed = ModuleResult(user_id=user_id, course_id=course_id, completed=True, score=90)
    async for outcome in Jobs.of(litmos.bulk).write_completions([(module_id, passed)]):
        print(outcome.item.user_id, outcome.item.completed or "now", outcome.status)
    ```

    Attributes:
        user_id: Id of the person.
        course_id: Id of the course.
        module_id: Id of the module.
        completed: When, in ISO 8601; empty for now.
    """

    user_id: str
    course_id: str
    module_id: str
    completed: str = ""


class CompletionJobs(StepJobs):
    """The helper `write_completions`."""

    def write_completions(self, results: ModuleResults, **options: Unpack[ItemOptions]) -> BulkJob:
        """Write completions from elsewhere: one request a result, since the API has no list form.

        `PUT /results/modules/{module_id}`

        Unlike `complete_modules`, it takes a history: a person may have completed a module several times. These
        results go out one after another, the oldest first, so that the last one is what the profile shows; those
        of different people or modules go out side by side. No request is repeated once it may have arrived.

        Args:
            results: Pairs (module or its id, result). A result has course, person and `completed`, and a score of 0
                to 100; without `updated_at` the server takes the present time.
            options: See `ItemOptions`.

        Returns:
            The job; its items are `CompletedModule`.
        """
        return self._step_job("write_completions", "completions", _each_step(results), options, notes=NOTES)


def _when(result: ModuleResult) -> datetime:
    """Return what results are ordered by; one without a time is of now, which is later than all."""
    moment = result.updated_at
    if not isinstance(moment, datetime):  # one of another type is refused before it is sent
        return datetime.max.replace(tzinfo=UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _read(pair: Any, _number: int) -> tuple[str, ModuleResult]:
    module, result = pair
    check_class(result, ModuleResult)
    return id_of(module, "module_id"), result


async def _each_step(results: ModuleResults) -> AsyncIterator[WorkItem]:
    """Yield a step for each result, the oldest first.

    Raises:
        ConfigurationError: Something is no pair of a module and a result; the message says which one it was.
    """
    given = [each async for each in numbered("result", results, _read, expected="(module, ModuleResult)")]
    earlier = Counter[tuple[str, str]]()
    for module_id, result in sorted(given, key=lambda pair: _when(pair[1])):
        person = module_id, result.user_id or ""
        yield _step(module_id, result, earlier[person])
        earlier[person] += 1


def _step(module_id: str, result: ModuleResult, earlier: int) -> Step:
    """Return what writes a result.

    Args:
        module_id: The module.
        result: The result.
        earlier: How many results of the same person in the same module go before it.
    """
    when = result.updated_at.isoformat() if isinstance(result.updated_at, datetime) else ""
    item = CompletedModule(result.user_id or "", result.course_id or "", module_id, when)
    # A slash is in no id, and in no time.
    entry = module_id, f"{item.course_id}/{item.user_id}/{when}"
    content = repr(attrs.astuple(result))
    try:
        check_result(result)
        _check(result)
    except ConfigurationError as problem:
        return Step(item, entry, content=content, rejected=problem)
    answered = False

    async def is_done(litmos: Resources) -> bool | None:
        details = await litmos.users.get_course(item.user_id, item.course_id)
        found = next((module for module in details.modules if module.id == module_id), None)
        if found is None or found.completed is None:
            return None
        if not found.completed:
            return False
        same = result.score is None or found.score == result.score
        if earlier and not answered and found.date_completed != result.updated_at:
            return None  # it may be one of the earlier ones that shows
        return True if same else None

    async def send(litmos: Resources) -> None:
        nonlocal answered
        await litmos.results.complete_module(module_id, result)
        answered = True

    async def carry_out(requests: ItemRequests) -> None:
        await requests.write(send, is_done)

    receivers = (item.user_id,)
    return Step(item, entry, carry_out, is_done, (_WRITE,), content, receivers=receivers, rank=earlier)


def _check(result: ModuleResult) -> None:
    if result.completed is not True:
        raise ConfigurationError("completed must be True: only completions can be written")
