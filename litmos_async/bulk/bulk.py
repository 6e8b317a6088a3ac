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
    Resolver,
    names_of_course,
    names_of_learning_path,
    names_of_team,
    names_of_user,
    number_of,
)
from litmos_async.bulk.sync import SyncJobs
from litmos_async.config import CallOptions


class Bulk(AssignJobs, RemoveJobs, PeopleJobs, ImportJobs, SyncJobs):
    """Jobs over many items, in the bulk lane: calls of the interactive lane go before them.

    The `resolve_*` methods turn names into ids. A name that nothing or several things go by is a problem in the
    result, not an exception. Blanks around a name do not matter, and neither does how an umlaut is put together. A
    number is taken for an OriginalId, the one that the web interface shows, only where nothing in the list has a
    number for its name or code: else a name that is gone would stand for something else in silence.
    """

    async def resolve_users(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find people by user name or e-mail address, upper and lower case alike, by id, or by OriginalId.

        `GET /users`, the whole list once: 1,000 people a request. Only where a number is left that is nobody's
        name, `GET /users/details` too, since the first list has no OriginalId: 1,000 people a request, until all
        are found.

        A user name beats an e-mail address, which several people may share. Where somebody's user name is a
        number, numbers are user names and nothing else: that of an employee who has left would stand for
        somebody whose OriginalId is the same.
        """
        users = self._litmos.users
        resolver = Resolver(names, "user", fold=True)
        await resolver.read(users.list(**options), names_of_user)
        await resolver.read_numbers(users.list_details(**options), number_of)
        return resolver.resolved()

    async def resolve_courses(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find courses by code, code for bulk imports, id, or OriginalId.

        `GET /courses`, the whole list once: 1,000 courses a request.

        Not by name, even if only one course has it: names are not unique, and the next edition of a course often
        has the name of the last one, so that the same file would mean another course next year. The code for
        bulk imports, `<OriginalId>-<code or name>`, says both. An OriginalId counts only where no course has a
        number for its code.
        """
        resolver = Resolver(names, "course", fold=False)
        await resolver.read(self._litmos.courses.list(**options), names_of_course, number_of)
        return resolver.resolved()

    async def resolve_teams(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find teams by name, code for bulk imports, or id.

        `GET /teams`, the whole list once: 1,000 teams a request. Names are not unique: one that several teams
        have is a problem of its own. The API tells no OriginalId of a team.
        """
        resolver = Resolver(names, "team", fold=False)
        await resolver.read(self._litmos.teams.list(**options), names_of_team)
        return resolver.resolved()

    async def resolve_learning_paths(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find learning paths by name, id, or OriginalId.

        `GET /learningpaths`, the whole list once: 1,000 learning paths a request. Names need not be unique: one
        that several have is a problem of its own. An OriginalId counts only where no learning path has a number
        for its name.
        """
        resolver = Resolver(names, "learning path", fold=False)
        await resolver.read(self._litmos.learning_paths.list(**options), names_of_learning_path, number_of)
        return resolver.resolved()
