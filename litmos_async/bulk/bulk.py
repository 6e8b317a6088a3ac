"""`litmos.bulk`: bulk helpers and resolvers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal, Unpack

from litmos_async.bulk import resolve as rows
from litmos_async.bulk.helpers.assign import AssignJobs
from litmos_async.bulk.helpers.remove import RemoveJobs
from litmos_async.bulk.helpers.sync import SyncJobs
from litmos_async.bulk.helpers.users import UserJobs
from litmos_async.bulk.inputs import texts
from litmos_async.bulk.lookup import read_people
from litmos_async.bulk.resolve import Resolved, Resolver
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.names import EXACT, PEOPLE, THINGS


class Bulk(AssignJobs, RemoveJobs, UserJobs, SyncJobs):
    """Jobs over many items, in the bulk lane: interactive calls take precedence over them.

    The `resolve_*` methods turn names into ids:

    ```python
    users = await litmos.bulk.resolve_users(["ada@example.com", "ghost@example.com"])
    users.ids  # {'ada@example.com': 'bS5zBrR3'}
    users.problems  # {'ghost@example.com': "no user goes by 'ghost@example.com'"}
    ```

    A name that matches nothing, or several things, is a problem in the result, not an exception. Invisible
    characters in a name (surrounding spaces, a zero-width space) are ignored, as is how an umlaut is composed;
    case matters only between things whose names differ in nothing else. A number is taken for an OriginalId,
    the one that the web interface shows, only if nothing in the list has a number as its name or code;
    otherwise a name that no longer exists could silently stand for something else.
    """

    async def resolve_users(
        self,
        names: Iterable[str],
        *,
        by: Literal["email", "employee_id"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Resolved:
        """Find people by user name, e-mail address, id or OriginalId; by e-mail address; or by employee id.

        `GET /users`, the whole list once: 1,000 people per request. A few names are looked up one by one if
        that takes fewer requests: `GET /users/{user_name}` and, if that does not find the person,
        `GET /users/paginated` with a search, which also covers e-mail addresses. If a number is left that is
        not a user name, `GET /users/details` as well, since the first list has no OriginalId: 1,000 people per
        request, until all are found.

        `GET /users/details` alone with `by="employee_id"`.

        A user name takes precedence over an e-mail address, which several people may share. With `by="email"` it
        does not: an address that is the user name of one person, who has another address, and the address of
        another person is a problem that names both. If any user name is
        a number, numbers are only taken as user names; otherwise the number of an employee who has left could
        stand for a person with the same OriginalId.

        ```python
        users = await litmos.bulk.resolve_users(["user@example.com", "ghost@example.com"])
        print(users.ids["user@example.com"], users.problems["ghost@example.com"])
        staff = await litmos.bulk.resolve_users(["4711"], by="employee_id")
        ```

        Args:
            names: What to look up; duplicates cost nothing extra.
            by: "email" for names from a list of e-mail addresses; what else they can be stays as it is.
                "employee_id" takes all names as `external_employee_id`, and as nothing else; a number is never
                taken as an employee id without it. None for all other kinds of names.
            options: The options of every call.

        Returns:
            The ids, and why some names have none. A number that two people have stands for neither.

        Raises:
            ConfigurationError: `by` is something else.
            LitmosError: A list cannot be read completely.
        """
        users = self._litmos.users
        if by is not None:
            _check_by(by, "email", "employee_id")
        if by == "employee_id":
            resolver = Resolver(texts(names), "user", forms=PEOPLE, only=_HAS_EMPLOYEE_ID)
            details = users.list_details(**options)
            await resolver.read(details, rows.employee_id_of, label=rows.user_name_of)
            return self._people.take(resolver.resolved())
        addresses = by == "email"
        resolver = Resolver(texts(names), "user", forms=PEOPLE, addresses=addresses)
        await read_people(self._litmos, resolver, options, addresses=addresses)
        details = users.list_details(**options)
        await resolver.read_numbers(details, rows.number_of, rows.user_name_of)
        return self._people.take(resolver.resolved())

    async def resolve_courses(
        self,
        names: Iterable[str],
        *,
        by: Literal["name", "import_code"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Resolved:
        """Find courses by code, code for bulk imports, id or OriginalId; or by name, on request.

        `GET /courses`, the whole list once: 1,000 courses per request.

        Names are used only with `by="name"`, even if only one course has the name: the next edition of a course
        often has the name of the last one, so the same file would mean another course next year. The code for
        bulk imports, `<OriginalId>-<code or name>`, has both. An OriginalId counts only if no course has a
        number as its code.

        ```python
        courses = await litmos.bulk.resolve_courses(["Welcome"], by="name")
        for name, problem in courses.problems.items():
            print(name, problem)
        ```

        Args:
            names: What to look up.
            by: "name" for names alone: one that several courses have is a problem that names their codes.
                "import_code" for codes for bulk imports alone. None for codes, ids and OriginalIds.
            options: The options of every call.

        Raises:
            ConfigurationError: `by` is something else.
            LitmosError: The list cannot be read completely.
        """
        courses = self._litmos.courses.list(**options)
        if by is None:
            resolver = Resolver(texts(names), "course", forms=THINGS, hint=_BY_NAME)
            await resolver.read(courses, rows.names_of_course, rows.number_of, called=rows.name_of_course)
            return resolver.resolved()
        _check_by(by, "name", "import_code")
        if by == "name":
            resolver = Resolver(texts(names), "course", forms=THINGS, only=_IS_CALLED)
            await resolver.read(courses, rows.name_of_course, label=rows.names_of_course)
            return resolver.resolved()
        resolver = Resolver(texts(names), "course", forms=EXACT, hint=_IMPORT_CODE, only=_HAS_IMPORT_CODE)
        called, label = rows.any_name_of_course, rows.import_code_of_course
        await resolver.read(courses, rows.import_code_of_course, called=called, label=label)
        return resolver.resolved()

    async def resolve_teams(
        self,
        names: Iterable[str],
        *,
        by: Literal["import_code"] | None = None,
        **options: Unpack[CallOptions],
    ) -> Resolved:
        """Find teams by name, code for bulk imports, or id.

        `GET /teams`, the whole list once: 1,000 teams a request. Names are not unique: one that several teams
        have is a problem of its own. The API does not return a team's OriginalId.

        ```python
        teams = await litmos.bulk.resolve_teams(["Sales", "Night shift"])
        print(teams.ids, teams.problems)
        ```

        Args:
            names: What to look up.
            by: "import_code" for codes for bulk imports alone; None for the other names.
            options: The options of every call.

        Raises:
            ConfigurationError: `by` is something else.
            LitmosError: The list cannot be read completely.
        """
        teams = self._litmos.teams.list(**options)
        if by is None:
            resolver = Resolver(texts(names), "team", forms=THINGS)
            await resolver.read(teams, rows.names_of_team)
            return resolver.resolved()
        _check_by(by, "import_code")
        resolver = Resolver(texts(names), "team", forms=EXACT, hint=_IMPORT_CODE, only=_HAS_IMPORT_CODE)
        label = rows.import_code_of_team
        await resolver.read(teams, rows.import_code_of_team, called=rows.name_of_team, label=label)
        return resolver.resolved()

    async def resolve_learning_paths(self, names: Iterable[str], **options: Unpack[CallOptions]) -> Resolved:
        """Find learning paths by name, id, or OriginalId.

        `GET /learningpaths`, the whole list once: 1,000 learning paths a request. Names need not be unique: one
        that several have is a problem of its own. An OriginalId counts only where no learning path has a number
        for its name.

        ```python
        paths = await litmos.bulk.resolve_learning_paths(["Onboarding"])
        pairs = [(user_id, path_id) for path_id in paths.ids.values()]
        ```

        Args:
            names: What to look up.
            options: The options of every call.

        Raises:
            LitmosError: The list cannot be read completely.
        """
        resolver = Resolver(texts(names), "learning path", forms=THINGS)
        paths = self._litmos.learning_paths.list(**options)
        await resolver.read(paths, rows.names_of_learning_path, rows.number_of)
        return resolver.resolved()


_BY_NAME: Final = 'it is the name of a course, found with by="name" or in a column course_name'
_HAS_EMPLOYEE_ID: Final = "has the employee id", "have the employee id"
_IS_CALLED: Final = "is called", "are called"
_HAS_IMPORT_CODE: Final = "has the code for bulk imports", "have the code for bulk imports"
_IMPORT_CODE: Final = "it goes by that name, and for an import by the code"


def _check_by(by: str, *known: str) -> None:
    """Refuse a way of looking up that does not exist.

    Raises:
        ConfigurationError: `by` is neither None nor one of `known`.
    """
    if by not in known:
        raise ConfigurationError(f"by must be {' or '.join(map(repr, known))} or None, not {by!r}")
