"""Bulk helpers that assign courses and learning paths, and add people to teams."""

from __future__ import annotations

from typing import Literal, TypeAlias, Unpack

import attrs

from litmos_async.bulk.helpers.options import Helpers, JobOptions
from litmos_async.bulk.inputs import Pairs
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.pairs import operations
from litmos_async.bulk.pairs.by_import import COURSES, TEAMS, ByImport, Columns
from litmos_async.bulk.pairs.operations import PairOperation
from litmos_async.bulk.pairs.outcomes import PairOutcomes
from litmos_async.bulk.pairs.pair_job import PairJob
from litmos_async.bulk.server_import import Importer
from litmos_async.errors import ConfigurationError

Via: TypeAlias = Literal["import"] | None
"""Another way to do it: "import" sends people 2,000 in a request through `POST /bulkimports`."""


class AssignJobs(Helpers):
    """The helpers `assign_...` and `add_users_to_teams`."""

    def assign_courses_to_users(
        self,
        pairs: Pairs,
        *,
        send_message: bool,
        list_size: int | None = None,
        via: Via = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Assign courses to people: one request per person, with all of that person's courses.

        `POST /users/{user_id}/courses`
        `POST /bulkimports` with `via="import"`

        The server ignores courses that a person already has, and ids of courses that do not exist. So without
        `verify`, "done" means only that the server accepted the request.

        `via="import"`, which the plan suggests if faster, carries 2,000 people per request and 3 courses per
        row. It looks up the codes for bulk imports that it needs, and always reads back. You must accept three
        things: the import turns message notifications on for everyone it touches; the server alone decides
        about e-mails, whatever `send_message` says; and a person whose user name changes in the meantime is
        created again under the old one.

        ```python
        job = litmos.bulk.assign_courses_to_users(
            [(user_id, course_id)], send_message=False, journal="autumn.db"
        )
        print(await job.plan())  # requests, duration, e-mails: nothing has been sent
        report = await job.run()
        assert report.ok
        ```

        Args:
            pairs: Who gets what: pairs (person, course), each an id or a record; or a mapping from ids of people to
                their courses, ids or records.
            send_message: Whether the server may e-mail people who have logged in before. Required: its own
                default is yes.
            list_size: The most courses per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            via: "import" to use bulk imports; None for list requests.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        operation = operations.courses_to_users(send_message=send_message, list_size=list_size)
        return self._job_via(via, operation, COURSES, pairs, options)

    def assign_courses_to_teams(
        self,
        pairs: Pairs,
        *,
        send_message: bool,
        library: bool = False,
        include_sub_teams: bool = False,
        list_size: int | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Assign courses to teams, or add them to their libraries: one request per team.

        `POST /teams/{team_id}/courses`

        The server ignores courses that a team already has, and ids of courses that do not exist.

        ```python
        job = litmos.bulk.assign_courses_to_teams({team_id: [course_id]}, send_message=False, library=True)
        report = await job.run()
        print(report.done, report.failed)
        ```

        Args:
            pairs: Pairs (team, course), each an id or a record; or a mapping from ids of teams to
                their courses, ids or records.
            send_message: Whether the server may e-mail members who have logged in before. Required: its own
                default is yes.
            library: True only puts the courses into the library of the team; False assigns them. For
                `skip_existing` and `verify`, an assigned course counts as present.
            include_sub_teams: Whether all teams below get them, too. `skip_existing` and `verify` read those as
                well, one list per team: a pair exists only if all have it.
            list_size: The most courses per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        operation = operations.courses_to_teams(
            send_message=send_message,
            library=library,
            include_sub_teams=include_sub_teams,
            list_size=list_size,
        )
        return self._pair_job(operation, pairs, options)

    def assign_learning_paths_to_users(
        self,
        pairs: Pairs,
        *,
        send_message: bool,
        list_size: int | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Assign learning paths to people: one request per person, with all of that person's learning paths.

        `POST /users/{user_id}/learningpaths`

        Only for courses is it documented that repeats are ignored, so `skip_existing=True` is the safe choice.

        ```python
        pairs = [(user_id, learning_path_id)]
        job = litmos.bulk.assign_learning_paths_to_users(pairs, send_message=False, skip_existing=True)
        report = await job.run()
        print(report.done, report.skipped)
        ```

        Args:
            pairs: Who gets what: pairs (person, learning path), each an id or a record; or a mapping from ids of
                people to their learning paths, ids or records.
            send_message: Whether the server may e-mail people. Required: the server's default is not
                documented, and it may not respect False.
            list_size: The most learning paths per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        operation = operations.paths_to_users(send_message=send_message, list_size=list_size)
        return self._pair_job(operation, pairs, options)

    def assign_learning_paths_to_teams(
        self,
        pairs: Pairs,
        *,
        send_message: bool,
        include_sub_teams: bool = False,
        list_size: int | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Assign learning paths to teams: one request per team, with all its learning paths.

        `POST /teams/{team_id}/learningpaths`

        Only for courses is it documented that repeats are ignored, so `skip_existing=True` is the safe choice.

        ```python
        pairs = {team_id: [learning_path_id]}
        async for outcome in litmos.bulk.assign_learning_paths_to_teams(
            pairs, send_message=False, verify=True
        ):
            print(outcome.item.team_id, outcome.status, outcome.reason)
        ```

        Args:
            pairs: Pairs (team, learning path), each an id or a record; or a mapping from ids of
                teams to their learning paths, ids or records.
            send_message: Whether the server may e-mail members. Required: the server's default is not
                documented.
            include_sub_teams: Whether all teams below get them, too. `skip_existing` and `verify` read those as
                well, one list per team: a pair exists only if all have it.
            list_size: The most learning paths per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        operation = operations.paths_to_teams(
            send_message=send_message, include_sub_teams=include_sub_teams, list_size=list_size
        )
        return self._pair_job(operation, pairs, options)

    def add_users_to_teams(
        self,
        pairs: Pairs,
        *,
        send_message: bool,
        list_size: int | None = None,
        via: Via = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Add people to teams, with the fewest requests.

        `POST /teams/{team_id}/users`
        `POST /users/{user_id}/teams`
        `POST /bulkimports` with `via="import"`

        A request for a team takes a list of people, a request for a person a list of at most 25 teams; the job
        combines both. The former ignores people who are already in the team, and ids that do not exist. The
        latter is rejected as a whole because of one such id, so the job bisects it until the offending id is
        isolated.

        ```python
        users = await litmos.users.list(search="example.com").collect()
        job = litmos.bulk.add_users_to_teams([(user, team_id) for user in users], send_message=False)
        report = await job.run()
        print(report.done, report.requests)
        ```

        Args:
            pairs: Who joins what: pairs (person, team), each an id or a record; or a mapping from ids of people to
                their teams, ids or records.
            send_message: Whether the server e-mails the people added. Required; its own default is no.
            list_size: The most people per request to a team, 1 to 1,000; learned if None:
                see `ListSizes`.
            via: "import" to use bulk imports, 5 teams per row, with all that
                `assign_courses_to_users` says; None for list requests.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        operation = operations.users_to_teams(send_message=send_message, list_size=list_size)
        return self._job_via(via, operation, TEAMS, pairs, options)

    def _job_via(
        self, via: Via, operation: PairOperation, columns: Columns, pairs: Pairs, options: JobOptions
    ) -> BulkJob:
        if via is None:
            return self._pair_job(operation, pairs, options, offer=columns.offer)
        if via != "import":
            raise ConfigurationError(f'via must be "import" or None, not {via!r}')
        operation = attrs.evolve(operation, options={**operation.options, "via": via})
        run = self._pair_run(options)
        outcomes = PairOutcomes(operation, run, reads_back=True)
        importer = Importer(run, retry=options.get("retry", self._caller.defaults.retry))
        return PairJob(
            pairs,
            outcomes,
            ByImport(outcomes, columns, importer),
            skip_existing=options.get("skip_existing", False),
        )
