"""`litmos.bulk`: the helpers for many at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Unpack

from litmos_async.bulk.assign import AssignJobs
from litmos_async.bulk.import_job import ImportJobs
from litmos_async.bulk.people import PeopleJobs
from litmos_async.bulk.remove import RemoveJobs
from litmos_async.bulk.resolve import (
    Resolved,
    names_of_course,
    names_of_learning_path,
    names_of_team,
    names_of_user,
    resolve,
)
from litmos_async.bulk.sync import SyncJobs
from litmos_async.config import CallOptions


class Bulk(AssignJobs, RemoveJobs, PeopleJobs, ImportJobs, SyncJobs):
    """Jobs over many items, in the bulk lane: calls of the interactive lane go before them."""

    async def resolve_users(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find people by user name or e-mail address, upper and lower case alike, or by id.

        `GET /users`, the whole list once: 1,000 people a request. A user name beats an e-mail address, which
        several people may share.
        """
        return await resolve(names, self._litmos.users.list(**options), "user", names_of_user, fold=True)

    async def resolve_courses(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find courses by code, code for bulk imports, id, or the number that the web interface shows.

        `GET /courses`, the whole list once: 1,000 courses a request.
        """
        rows = self._litmos.courses.list(**options)
        return await resolve(names, rows, "course", names_of_course, fold=False)

    async def resolve_teams(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find teams by name, code for bulk imports, or id.

        `GET /teams`, the whole list once: 1,000 teams a request. Names are not unique: one that several teams
        have is a problem of its own.
        """
        return await resolve(names, self._litmos.teams.list(**options), "team", names_of_team, fold=False)

    async def resolve_learning_paths(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find learning paths by name, id, or the number that the web interface shows.

        `GET /learningpaths`, the whole list once: 1,000 learning paths a request. Names need not be unique: one
        that several have is a problem of its own.
        """
        rows = self._litmos.learning_paths.list(**options)
        return await resolve(names, rows, "learning path", names_of_learning_path, fold=False)
