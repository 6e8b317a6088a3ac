"""What the jobs over pairs do, each in a few lines: how it is sent, how it is read back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import attrs
from attrs import field, frozen

from litmos_async.bulk.inputs import (
    CourseForTeam,
    CourseForUser,
    LearningPathForTeam,
    LearningPathForUser,
    Pair,
    UserInTeam,
)
from litmos_async.bulk.pairs.existing import ExistingPairs
from litmos_async.bulk.pairs.list_sizes import LARGEST_SIZE
from litmos_async.bulk.pairs.planning import TEAMS_PER_USER_REQUEST, Side
from litmos_async.checks import flags, size
from litmos_async.models import Course
from litmos_async.resources import Resources

Send = Callable[[Resources, str, Sequence[str]], Awaitable[None]]
"""Sends one request: who receives it, and the ids in its list."""


@frozen
class Endpoint:
    """An end of the pairs that can receive a request with a list of the other end.

    Attributes:
        send: Sends one request.
        at_most: Ids in its list; None where no limit is documented and the caller gave none: then the job learns
            what the server takes.
        request: Verb and path, for the plan.
        ignores_unknown: Whether ids in the list that do not exist are passed over, so that a 404 is about the
            receiver, and splitting the list would not help.
    """

    send: Send
    at_most: int | None
    request: str
    ignores_unknown: bool = False


@frozen
class PairOperation:
    """What a job over pairs does, and how.

    Attributes:
        name: Name of the helper; a journal belongs to it.
        item_label: What its items are.
        item: What a pair is called in an outcome.
        endpoints: Who can receive a request: 0 the left end of a pair, 1 the right one. Where both can, the job
            mixes them for the fewest requests.
        existing: How to read what is there.
        removes: Whether it takes away, so that what is not there is done.
        mails: Whether it may send e-mails to people.
        conflict_is_there: Whether a 409 says that the pair is there already.
        options: What else a journal must agree on.
    """

    name: str
    item_label: str
    item: type[Pair]
    endpoints: Mapping[Side, Endpoint]
    existing: ExistingPairs
    removes: bool = False
    mails: bool = False
    conflict_is_there: bool = False
    options: Mapping[str, Any] = field(factory=dict[str, Any])


COURSES_OF_USERS: Final = ExistingPairs(
    by_left=lambda litmos, user: litmos.users.list_courses(user),
    by_right=lambda litmos, course: litmos.courses.list_users(course),
    for_many=True,
)
PATHS_OF_USERS: Final = ExistingPairs(
    by_left=lambda litmos, user: litmos.users.list_learning_paths(user),
    by_right=lambda litmos, path: litmos.learning_paths.list_users(path),
)
PATHS_OF_TEAMS: Final = ExistingPairs(by_left=lambda litmos, team: litmos.teams.list_learning_paths(team))
TEAMS_OF_USERS: Final = ExistingPairs(
    by_left=lambda litmos, user: litmos.users.list_teams(user),
    by_right=lambda litmos, team: litmos.teams.list_users(team),
    by_right_is_complete=False,
)


def checked_size(list_size: int | None) -> int | None:
    """Return the size of a list, if it is one.

    Raises:
        ConfigurationError: It is not 1 to 1,000, nor None.
    """
    return size("list_size", list_size, LARGEST_SIZE)


def courses_to_users(*, send_message: bool, list_size: int | None) -> PairOperation:
    """All courses of a person in one request."""

    async def send(litmos: Resources, user: str, courses: Sequence[str]) -> None:
        await litmos.users.assign_courses(user, courses, send_message=send_message)

    return PairOperation(
        name="assign_courses_to_users",
        item_label="assignments",
        item=CourseForUser,
        endpoints={
            0: Endpoint(send, checked_size(list_size), "POST /users/{user_id}/courses", ignores_unknown=True)
        },
        existing=COURSES_OF_USERS,
        mails=send_message,
        options=flags(send_message=send_message),
    )


def courses_to_teams(
    *, send_message: bool, library: bool, include_sub_teams: bool, list_size: int | None
) -> PairOperation:
    """All courses of a team in one request."""

    async def send(litmos: Resources, team: str, courses: Sequence[str]) -> None:
        await litmos.teams.assign_courses(
            team, courses, library=library, send_message=send_message, include_sub_teams=include_sub_teams
        )

    return PairOperation(
        name="assign_courses_to_teams",
        item_label="assignments",
        item=CourseForTeam,
        endpoints={
            0: Endpoint(send, checked_size(list_size), "POST /teams/{team_id}/courses", ignores_unknown=True)
        },
        # Whether a course that is assigned shows up a second time as a library entry is not documented.
        existing=_courses_of_teams(
            (lambda _: True) if library else _is_assigned, sub_teams=include_sub_teams
        ),
        mails=send_message,
        options=flags(send_message=send_message, library=library, include_sub_teams=include_sub_teams),
    )


def paths_to_users(*, send_message: bool, list_size: int | None) -> PairOperation:
    """All learning paths of a person in one request."""

    async def send(litmos: Resources, user: str, paths: Sequence[str]) -> None:
        await litmos.users.assign_learning_paths(user, paths, send_message=send_message)

    return PairOperation(
        name="assign_learning_paths_to_users",
        item_label="assignments",
        item=LearningPathForUser,
        endpoints={0: Endpoint(send, checked_size(list_size), "POST /users/{user_id}/learningpaths")},
        existing=PATHS_OF_USERS,
        mails=send_message,
        options=flags(send_message=send_message),
    )


def paths_to_teams(*, send_message: bool, include_sub_teams: bool, list_size: int | None) -> PairOperation:
    """All learning paths of a team in one request."""

    async def send(litmos: Resources, team: str, paths: Sequence[str]) -> None:
        await litmos.teams.assign_learning_paths(
            team, paths, send_message=send_message, include_sub_teams=include_sub_teams
        )

    return PairOperation(
        name="assign_learning_paths_to_teams",
        item_label="assignments",
        item=LearningPathForTeam,
        # A 404 says that the team does not exist, or not one of the learning paths.
        endpoints={
            0: Endpoint(
                send, checked_size(list_size), "POST /teams/{team_id}/learningpaths", ignores_unknown=True
            )
        },
        existing=attrs.evolve(PATHS_OF_TEAMS, sub_teams=include_sub_teams),
        mails=send_message,
        options=flags(send_message=send_message, include_sub_teams=include_sub_teams),
    )


def users_to_teams(*, send_message: bool, list_size: int | None) -> PairOperation:
    """Many people in a request to a team, or many teams in a request to a person, whichever takes fewer."""

    async def to_user(litmos: Resources, user: str, teams: Sequence[str]) -> None:
        await litmos.users.add_to_teams(user, teams, send_message=send_message)

    async def to_team(litmos: Resources, team: str, users: Sequence[str]) -> None:
        await litmos.teams.add_users(team, users, send_message=send_message)

    return PairOperation(
        name="add_users_to_teams",
        item_label="memberships",
        item=UserInTeam,
        endpoints={
            0: Endpoint(
                to_user,
                min(TEAMS_PER_USER_REQUEST, checked_size(list_size) or TEAMS_PER_USER_REQUEST),
                "POST /users/{user_id}/teams",
            ),
            1: Endpoint(to_team, list_size, "POST /teams/{team_id}/users", ignores_unknown=True),
        },
        existing=TEAMS_OF_USERS,
        mails=send_message,
        conflict_is_there=True,
        options=flags(send_message=send_message),
    )


def courses_from_users() -> PairOperation:
    """One request a pair: the API has no list form."""

    async def send(litmos: Resources, user: str, courses: Sequence[str]) -> None:
        await litmos.users.remove_course(user, courses[0])

    return PairOperation(
        name="remove_courses_from_users",
        item_label="removals",
        item=CourseForUser,
        endpoints={0: Endpoint(send, 1, "DELETE /users/{user_id}/courses/{course_id}")},
        existing=COURSES_OF_USERS,
        removes=True,
    )


def courses_from_teams(*, library: bool, list_size: int | None) -> PairOperation:
    """All courses of a team in one request."""

    async def send(litmos: Resources, team: str, courses: Sequence[str]) -> None:
        await litmos.teams.unassign_courses(team, courses, library=library)

    return PairOperation(
        name="remove_courses_from_teams",
        item_label="removals",
        item=CourseForTeam,
        endpoints={
            0: Endpoint(
                send, checked_size(list_size), "DELETE /teams/{team_id}/courses", ignores_unknown=True
            )
        },
        existing=_courses_of_teams(_is_in_library if library else _is_assigned),
        removes=True,
        options=flags(library=library),
    )


def paths_from_users() -> PairOperation:
    """One request a pair: the API has no list form."""

    async def send(litmos: Resources, user: str, paths: Sequence[str]) -> None:
        await litmos.users.remove_learning_path(user, paths[0])

    return PairOperation(
        name="remove_learning_paths_from_users",
        item_label="removals",
        item=LearningPathForUser,
        endpoints={0: Endpoint(send, 1, "DELETE /users/{user_id}/learningpaths/{learning_path_id}")},
        existing=PATHS_OF_USERS,
        removes=True,
    )


def paths_from_teams(*, list_size: int | None) -> PairOperation:
    """All learning paths of a team in one request."""

    async def send(litmos: Resources, team: str, paths: Sequence[str]) -> None:
        await litmos.teams.unassign_learning_paths(team, paths)

    return PairOperation(
        name="remove_learning_paths_from_teams",
        item_label="removals",
        item=LearningPathForTeam,
        endpoints={0: Endpoint(send, checked_size(list_size), "DELETE /teams/{team_id}/learningpaths")},
        existing=PATHS_OF_TEAMS,
        removes=True,
    )


def users_from_teams() -> PairOperation:
    """One request a pair: the API has no list form."""

    async def send(litmos: Resources, user: str, teams: Sequence[str]) -> None:
        await litmos.teams.remove_user(teams[0], user)

    return PairOperation(
        name="remove_users_from_teams",
        item_label="removals",
        item=UserInTeam,
        endpoints={0: Endpoint(send, 1, "DELETE /teams/{team_id}/users/{user_id}")},
        existing=TEAMS_OF_USERS,
        removes=True,
    )


def _courses_of_teams(counts: Callable[[Any], bool], *, sub_teams: bool = False) -> ExistingPairs:
    return ExistingPairs(
        by_left=lambda litmos, team: litmos.teams.list_courses(team), counts=counts, sub_teams=sub_teams
    )


def _is_in_library(row: Course) -> bool:
    return row.course_team_library is True


def _is_assigned(row: Course) -> bool:
    return not row.course_team_library
