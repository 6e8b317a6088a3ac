"""`litmos.bulk`: the helpers for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Unpack

from litmos_async.bulk.items import CourseForUser, Pairs, UserInTeam
from litmos_async.bulk.job import BulkJob, Kind
from litmos_async.bulk.resolve import Resolved, names_of_course, names_of_team, names_of_user, resolve
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.limits import Limiter
from litmos_async.resources.base import Caller
from litmos_async.resources.courses import Courses
from litmos_async.resources.teams import Teams
from litmos_async.resources.users import Users

LIST_SIZE = 100
"""Ids that go into one request where no limit is documented (quirks.md 12)."""


class Bulk:
    """Jobs over many pairs, in the bulk lane: calls of the interactive lane go before them."""

    def __init__(self, caller: Caller, limiter: Limiter) -> None:
        self._limiter = limiter
        self._users = Users(caller)
        self._courses = Courses(caller)
        self._teams = Teams(caller)

    def assign_courses_to_users(
        self, pairs: Pairs, *, send_message: bool, list_size: int = LIST_SIZE, **options: Unpack[CallOptions]
    ) -> BulkJob:
        """Assign courses to people: one request a person, with all courses of that person.

        `POST /users/{user_id}/courses`

        The server ignores courses that a person has already, and ids of courses that do not exist: "done" means
        that it took the request.

        Args:
            pairs: Who gets what: a mapping from people to their courses, or pairs (person, course); ids or
                records.
            send_message: Whether the server may e-mail people who have logged in before. Required: its own
                default is yes.
            list_size: Courses in one request at most, 1 to 1,000.
            options: The options of every call.
        """

        async def send(user_id: str, course_ids: Sequence[str]) -> None:
            await self._users.assign_courses(user_id, course_ids, send_message=send_message, **options)

        kind = Kind(
            noun="assignments",
            item=CourseForUser,
            names=("user_id", "course_id"),
            group_by=0,
            at_most=_size(list_size),
            send=send,
            mails=send_message,
        )
        return BulkJob(kind, pairs, self._limiter)

    def add_users_to_teams(
        self,
        pairs: Pairs,
        *,
        send_message: bool = False,
        list_size: int = LIST_SIZE,
        **options: Unpack[CallOptions],
    ) -> BulkJob:
        """Put people into teams: one request a team and hundred people.

        `POST /teams/{team_id}/users`

        The server ignores people who are in the team already, and ids that do not exist: "done" means that it
        took the request.

        Args:
            pairs: Who joins what: a mapping from people to their teams, or pairs (person, team); ids or records.
            send_message: Whether the server e-mails the people added; its default is no.
            list_size: People in one request at most, 1 to 1,000.
            options: The options of every call.
        """

        async def send(team_id: str, user_ids: Sequence[str]) -> None:
            await self._teams.add_users(team_id, user_ids, send_message=send_message, **options)

        kind = Kind(
            noun="memberships",
            item=UserInTeam,
            names=("user_id", "team_id"),
            group_by=1,
            at_most=_size(list_size),
            send=send,
            mails=send_message,
        )
        return BulkJob(kind, pairs, self._limiter)

    async def resolve_users(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find people by user name or e-mail address, upper and lower case alike, or by id.

        `GET /users`, the whole list once: 1,000 people a request. A user name beats an e-mail address, which
        several people may share.
        """
        return await resolve(names, self._users.list(**options), "user", names_of_user, fold=True)

    async def resolve_courses(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find courses by code, code for bulk imports, id, or the number that the web interface shows.

        `GET /courses`, the whole list once: 1,000 courses a request.
        """
        return await resolve(names, self._courses.list(**options), "course", names_of_course, fold=False)

    async def resolve_teams(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find teams by name, code for bulk imports, or id.

        `GET /teams`, the whole list once: 1,000 teams a request. Names are not unique: one that several teams
        have is a problem of its own.
        """
        return await resolve(names, self._teams.list(**options), "team", names_of_team, fold=False)


def _size(list_size: int) -> int:
    if not 1 <= list_size <= 1_000:
        raise ConfigurationError(f"list_size must be 1 to 1,000, not {list_size}")
    return list_size
