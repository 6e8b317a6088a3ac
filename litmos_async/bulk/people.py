"""Bulk helpers about people: who may log in, what they completed, which teams they leave."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import NamedTuple, TypeAlias, Unpack, cast

import attrs

from litmos_async.bulk.base import JobOptions, PairJobs
from litmos_async.bulk.item_job import GivenJob
from litmos_async.bulk.items import check_types, in_order
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.journal_file import FilePath
from litmos_async.bulk.task import Hands, Task
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.models import ModuleResult
from litmos_async.resources import Resources
from litmos_async.resources.base import Ref, complete, id_of, several

Refs: TypeAlias = Iterable[Ref] | AsyncIterable[Ref]
"""Ids or records that have one, from any (async) iterable."""

ModuleResults: TypeAlias = Iterable[tuple[Ref, ModuleResult]] | AsyncIterable[tuple[Ref, ModuleResult]]
"""Results with the modules that they belong to, from any (async) iterable."""

_LONGEST_NOTE = 255
"""Characters of `ModuleResult.note` (records.yaml)."""


class ResultOfUser(NamedTuple):
    """A person and a module of a course."""

    user_id: str
    course_id: str
    module_id: str


class ItemOptions(CallOptions, total=False):
    """What a job over single items takes, beside the options of every call.

    Attributes:
        verify: Read back after every write: one more request each. What the server took and ignored ends as
            "failed".
        stop_after_failures: Send nothing new when so many items have failed or are unknown; what is under way is
            brought to its end, so there may be more of them. None, the default, never stops.
        journal: A file in which every write is written down before it leaves and after its answer. Killed at any
            moment and started again with the same input and the same file, the job leaves out what is done,
            finds out by reading what became of the writes under way, and does the rest. It holds ids, and
            hashes where an item has only a name.
    """

    verify: bool
    stop_after_failures: int | None
    journal: FilePath | None


class PeopleJobs(PairJobs):
    """The helpers `deactivate_users`, `complete_modules` and `remove_users_from_all_teams`."""

    def deactivate_users(
        self, users: Refs, *, remove_from_teams: bool = False, **options: Unpack[ItemOptions]
    ) -> BulkJob:
        """Bar people from logging in and keep all their results: two requests a person.

        `GET /users/{user_id}`
        `PUT /users/{user_id}`
        `DELETE /users/{user_id}/teams`

        The server knows no partial update, so each person is read, changed and written whole; somebody else's
        change between the two is lost. Whoever is inactive already is "skipped" after one request. People who
        are given twice are skipped the second time.

        Args:
            users: The people: ids or records. A record stands for its id only: what is written is what the
                server has.
            remove_from_teams: True also takes each of them out of all teams, in one more request, inactive
                people too. That cannot be undone: which teams they were is gone, and courses that came through
                a team go with it.
            options: See `ItemOptions`.
        """
        requests: tuple[str, ...] = ("GET /users/{user_id}", "PUT /users/{user_id}")
        if remove_from_teams:
            requests += ("DELETE /users/{user_id}/teams",)

        def task(user_id: str) -> Task:
            async def carry_out(hands: Hands) -> str | None:
                return await _deactivate(hands, user_id, remove_from_teams=remove_from_teams)

            async def is_done(litmos: Resources) -> bool:
                return await _is_inactive(litmos, user_id) and (
                    not remove_from_teams or await _is_in_no_team(litmos, user_id)
                )

            return Task(user_id, (user_id, ""), carry_out, is_done, requests)

        return self._item_job(
            "deactivate_users",
            "deactivations",
            _each_user(users, task),
            options,
            remove_from_teams=remove_from_teams,
        )

    def remove_users_from_all_teams(self, users: Refs, **options: Unpack[ItemOptions]) -> BulkJob:
        """Take people out of all their teams: one request a person.

        `DELETE /users/{user_id}/teams`

        Courses that came through a team go with it. Whoever was in no team is "done" all the same.

        Args:
            users: The people: ids or records.
            options: See `ItemOptions`.
        """

        def task(user_id: str) -> Task:
            async def carry_out(hands: Hands) -> None:
                await _leave_all_teams(hands, user_id)

            async def is_done(litmos: Resources) -> bool:
                return await _is_in_no_team(litmos, user_id)

            return Task(user_id, (user_id, ""), carry_out, is_done, ("DELETE /users/{user_id}/teams",))

        return self._item_job("remove_users_from_all_teams", "users", _each_user(users, task), options)

    def complete_modules(self, results: ModuleResults, **options: Unpack[ItemOptions]) -> BulkJob:
        """Write results of people in modules: one request a result, since the API has no list form.

        `PUT /results/modules/{module_id}`

        Whether a repeat counts as another attempt is not known, so no request is repeated once it may have
        arrived: if its answer is lost, the result is read through `users.get_course`. It is "done" where the
        module is completed with that score, "failed" where it is not completed, and "unknown" where that does
        not show, such as a completion with another score. A second result of the same person in the same module
        is "skipped".

        Args:
            results: Pairs (module, result). A result has course, person and `completed`; its score is 0 to 100,
                its note at most 255 characters. Dates go out over XML, whose form is documented.
            options: See `ItemOptions`.
        """
        return self._item_job("complete_modules", "results", _each_result(results), options)

    def _item_job(
        self,
        kind: str,
        item_label: str,
        tasks: AsyncIterable[Task],
        options: ItemOptions,
        **agreed: bool,
    ) -> BulkJob:
        connect, of_job = self._parted(cast(JobOptions, options))
        return GivenJob(kind, item_label, self._limiter, connect, of_job, tasks=tasks, agreed=agreed)


async def _each_user(users: Refs, task: Callable[[str], Task]) -> AsyncIterator[Task]:
    """Yield a task for each person.

    Raises:
        ConfigurationError: Something is no id; the message says which one it was.
    """
    count = 0
    async for user in in_order(users if isinstance(users, AsyncIterable) else several(users, "people")):
        count += 1
        try:
            user_id = id_of(user, "user_id")
        except ConfigurationError as problem:
            raise ConfigurationError(f"person {count}: {problem}") from None
        yield task(user_id)


async def _deactivate(hands: Hands, user_id: str, *, remove_from_teams: bool) -> str | None:
    person = await hands.read(lambda litmos: litmos.users.get(user_id))
    inactive_already = person.active is False

    if not inactive_already:
        await hands.write(
            lambda litmos: litmos.users.update(person.replace(active=False)),
            lambda litmos: _is_inactive(litmos, person.id),
        )
    if remove_from_teams:
        await _leave_all_teams(hands, person.id, so_far="inactive")
        return None
    return "inactive already" if inactive_already else None


async def _leave_all_teams(hands: Hands, user_id: str, *, so_far: str = "") -> None:
    await hands.write(
        lambda litmos: litmos.users.remove_from_all_teams(user_id),
        lambda litmos: _is_in_no_team(litmos, user_id),
        so_far=so_far,
    )


async def _is_inactive(litmos: Resources, user_id: str) -> bool:
    return (await litmos.users.get(user_id)).active is False


async def _is_in_no_team(litmos: Resources, user_id: str) -> bool:
    return not (await litmos.users.list_teams(user_id)).items


async def _each_result(results: ModuleResults) -> AsyncIterator[Task]:
    """Yield a task for each result.

    Raises:
        ConfigurationError: Something is no pair of a module and a result; the message says which one it was.
    """
    count = 0
    async for pair in in_order(results):
        count += 1
        try:
            module, result = pair
            module_id = id_of(module, "module_id")
        except (TypeError, ValueError) as problem:
            reason = problem if isinstance(problem, ConfigurationError) else "expected (module, ModuleResult)"
            raise ConfigurationError(f"result {count}: {reason}") from None
        if not isinstance(result, ModuleResult):
            raise ConfigurationError(f"result {count}: {type(result).__name__} is no ModuleResult")
        yield _result_task(module_id, result, count)


def _result_task(module_id: str, result: ModuleResult, count: int) -> Task:
    item = ResultOfUser(result.user_id or "", result.course_id or "", module_id)
    # A slash is in no id.
    entry, content = (module_id, f"{item.course_id}/{item.user_id}"), repr(attrs.astuple(result))
    if not (item.user_id and item.course_id):
        entry = "row", str(count)  # nobody's: its place in the input tells it from others
    try:
        check_types(result)
        _check(complete(result))
    except ConfigurationError as problem:
        return Task(item, entry, content=content, refused=problem)

    async def is_done(litmos: Resources) -> bool | None:
        details = await litmos.users.get_course(item.user_id, item.course_id)
        found = next((module for module in details.modules if module.id == module_id), None)
        if found is None or found.completed is None:
            return None
        if found.completed is not result.completed:
            # Something that is completed may have been so before; something that is not was not written.
            return None if found.completed else False
        same = result.score is None or found.score == result.score
        return True if same and (result.completed or result.score is not None) else None

    async def carry_out(hands: Hands) -> None:
        await hands.write(lambda litmos: litmos.results.complete_module(module_id, result), is_done)

    return Task(item, entry, carry_out, is_done, ("PUT /results/modules/{module_id}",), content)


def _check(result: ModuleResult) -> None:
    if result.score is not None and not 0 <= result.score <= 100:
        raise ConfigurationError(f"score must be 0 to 100, not {result.score}")
    if len(result.note or "") > _LONGEST_NOTE:
        raise ConfigurationError(f"note has {len(result.note or '')} characters; the server takes 255")
