"""Work items about people: who may log in, what they completed, which teams they leave."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from typing import Any, Final, NamedTuple, TypeAlias

import attrs

from litmos_async.bulk.inputs import check_types, numbered
from litmos_async.bulk.items.work_item import ItemRequests, WorkItem
from litmos_async.errors import ConfigurationError
from litmos_async.models import ModuleResult
from litmos_async.resources import Resources
from litmos_async.resources.arguments import Ref, complete, id_of, several

Refs: TypeAlias = Iterable[Ref] | AsyncIterable[Ref]
"""Ids or records that have one, from any (async) iterable."""

ModuleResults: TypeAlias = Iterable[tuple[Ref, ModuleResult]] | AsyncIterable[tuple[Ref, ModuleResult]]
"""Results with the modules that they belong to, from any (async) iterable."""

_LONGEST_NOTE: Final = 255
"""Characters of `ModuleResult.note` (records.yaml)."""


class ResultOfUser(NamedTuple):
    """A person and a module of a course.

    ```python
    passed = ModuleResult(user_id=user_id, course_id=course_id, completed=True)
    async for outcome in litmos.bulk.complete_modules([(module_id, passed)]):
        assert outcome.item == ResultOfUser(user_id, course_id, module_id)
    ```

    Attributes:
        user_id: Id of the person.
        course_id: Id of the course.
        module_id: Id of the module.
    """

    user_id: str
    course_id: str
    module_id: str


def deactivations(users: Refs, *, remove_from_teams: bool) -> AsyncIterator[WorkItem]:
    """Return a work item for each user, to be barred from logging in."""
    requests: tuple[str, ...] = ("GET /users/{user_id}", "PUT /users/{user_id}")
    if remove_from_teams:
        requests += ("DELETE /users/{user_id}/teams",)

    def work_item(user_id: str) -> WorkItem:
        async def carry_out(requests: ItemRequests) -> str | None:
            return await _deactivate(requests, user_id, remove_from_teams=remove_from_teams)

        async def is_done(litmos: Resources) -> bool:
            return await _is_inactive(litmos, user_id) and (
                not remove_from_teams or await _is_in_no_team(litmos, user_id)
            )

        return WorkItem(user_id, (user_id, ""), carry_out, is_done, requests)

    return _each_user(users, work_item)


def departures(users: Refs) -> AsyncIterator[WorkItem]:
    """Return a work item for each user, to be taken out of all teams."""

    def work_item(user_id: str) -> WorkItem:
        async def carry_out(requests: ItemRequests) -> None:
            await _leave_all_teams(requests, user_id)

        async def is_done(litmos: Resources) -> bool:
            return await _is_in_no_team(litmos, user_id)

        return WorkItem(user_id, (user_id, ""), carry_out, is_done, ("DELETE /users/{user_id}/teams",))

    return _each_user(users, work_item)


async def _each_user(users: Refs, work_item: Callable[[str], WorkItem]) -> AsyncIterator[WorkItem]:
    """Yield a work item for each person.

    Raises:
        ConfigurationError: Something is not a valid id; the message says which one.
    """
    given = users if isinstance(users, AsyncIterable) else several(users, "people")
    async for user_id in numbered("person", given, lambda user, _: id_of(user, "user_id")):
        yield work_item(user_id)


async def _deactivate(requests: ItemRequests, user_id: str, *, remove_from_teams: bool) -> str | None:
    person = await requests.read(lambda litmos: litmos.users.get(user_id))
    inactive_already = person.active is False

    if not inactive_already:
        await requests.write(
            lambda litmos: litmos.users.update(person.replace(active=False)),
            lambda litmos: _is_inactive(litmos, person.id),
        )
    if remove_from_teams:
        await _leave_all_teams(requests, person.id, so_far="inactive")
        return None
    return "inactive already" if inactive_already else None


async def _leave_all_teams(requests: ItemRequests, user_id: str, *, so_far: str = "") -> None:
    await requests.write(
        lambda litmos: litmos.users.remove_from_all_teams(user_id),
        lambda litmos: _is_in_no_team(litmos, user_id),
        so_far=so_far,
    )


async def _is_inactive(litmos: Resources, user_id: str) -> bool:
    return (await litmos.users.get(user_id)).active is False


async def _is_in_no_team(litmos: Resources, user_id: str) -> bool:
    return not (await litmos.users.list_teams(user_id)).items


async def each_result(results: ModuleResults) -> AsyncIterator[WorkItem]:
    """Yield a work item for each result.

    Raises:
        ConfigurationError: Something is no pair of a module and a result; the message says which one it was.
    """
    expected = "(module, ModuleResult)"
    async for work_item in numbered("result", results, _read_result, expected=expected):
        yield work_item


def _read_result(pair: Any, number: int) -> WorkItem:
    module, result = pair
    module_id = id_of(module, "module_id")
    if not isinstance(result, ModuleResult):
        raise ConfigurationError(f"{type(result).__name__} is not a ModuleResult")
    return _result_item(module_id, result, number)


def _result_item(module_id: str, result: ModuleResult, count: int) -> WorkItem:
    item = ResultOfUser(result.user_id or "", result.course_id or "", module_id)
    # A slash is in no id.
    entry, content = (module_id, f"{item.course_id}/{item.user_id}"), repr(attrs.astuple(result))
    if not (item.user_id and item.course_id):
        entry = "row", str(count)  # it has no key but its place in the input
    try:
        check_result(result)
    except ConfigurationError as problem:
        return WorkItem(item, entry, content=content, rejected=problem)

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

    async def carry_out(requests: ItemRequests) -> None:
        await requests.write(lambda litmos: litmos.results.complete_module(module_id, result), is_done)

    requests = ("PUT /results/modules/{module_id}",)
    return WorkItem(item, entry, carry_out, is_done, requests, content, receivers=(item.user_id,))


def check_result(result: ModuleResult) -> None:
    """Refuse a result that the server would refuse.

    Raises:
        ConfigurationError: It lacks something, or an attribute is of another type, or outside of its bounds.
    """
    check_types(result)
    complete(result)
    if result.score is not None and not 0 <= result.score <= 100:
        raise ConfigurationError(f"score must be 0 to 100, not {result.score}")
    if len(result.note or "") > _LONGEST_NOTE:
        raise ConfigurationError(f"note has {len(result.note or '')} characters; the server accepts 255")
