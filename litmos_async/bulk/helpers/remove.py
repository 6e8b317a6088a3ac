"""Bulk helpers that take away: the mirror images of `assign.py`."""

from __future__ import annotations

from typing import Unpack

from litmos_async.bulk.helpers.options import Helpers, JobOptions
from litmos_async.bulk.inputs import Pairs
from litmos_async.bulk.job import BulkJob
from litmos_async.bulk.pairs import operations


class RemoveJobs(Helpers):
    """The helpers `remove_...`. What is not there is "skipped"."""

    def remove_courses_from_users(self, pairs: Pairs, **options: Unpack[JobOptions]) -> BulkJob:
        """Remove courses from people: one request per pair, since the API has no list form.

        `DELETE /users/{user_id}/courses/{course_id}`

        A course that came through a learning path or a team is rejected.

        ```python
        job = litmos.bulk.remove_courses_from_users([(user_id, course_id)], skip_existing=True)
        report = await job.run()
        print(report.done, report.skipped)
        ```

        Args:
            pairs: Who loses what: pairs (person, course), each an id or a record; or a mapping from ids of people
                to their courses, ids or records.
            options: See `JobOptions`. `skip_existing=True` leaves out what does not exist, which often saves
                requests.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._pair_job(operations.courses_from_users(), pairs, options)

    def remove_courses_from_teams(
        self,
        pairs: Pairs,
        *,
        library: bool = False,
        list_size: int | None = None,
        **options: Unpack[JobOptions],
    ) -> BulkJob:
        """Remove courses from teams, or from their libraries: one request per team.

        `DELETE /teams/{team_id}/courses`

        The server ignores unknown ids. A course that came through a learning path is rejected.

        ```python
        job = litmos.bulk.remove_courses_from_teams({team_id: [course_id]}, library=True)
        report = await job.run()
        ```

        Args:
            pairs: Pairs (team, course), each an id or a record; or a mapping from ids of teams to
                their courses, ids or records.
            library: True takes them out of the library of the team; False ends the assignment.
            list_size: The most courses per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._pair_job(
            operations.courses_from_teams(library=library, list_size=list_size), pairs, options
        )

    def remove_learning_paths_from_users(self, pairs: Pairs, **options: Unpack[JobOptions]) -> BulkJob:
        """Remove learning paths from people: one request per pair, since the API has no list form.

        `DELETE /users/{user_id}/learningpaths/{learning_path_id}`

        One that came through a team is rejected.

        ```python
        job = litmos.bulk.remove_learning_paths_from_users([(user_id, learning_path_id)])
        async for outcome in job:
            print(outcome.item.user_id, outcome.status, outcome.reason)
        ```

        Args:
            pairs: Who loses what: pairs (person, learning path), each an id or a record; or a mapping from ids of
                people to their learning paths, ids or records.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._pair_job(operations.paths_from_users(), pairs, options)

    def remove_learning_paths_from_teams(
        self, pairs: Pairs, *, list_size: int | None = None, **options: Unpack[JobOptions]
    ) -> BulkJob:
        """Remove learning paths from teams: one request per team.

        `DELETE /teams/{team_id}/learningpaths`

        ```python
        job = litmos.bulk.remove_learning_paths_from_teams({team_id: [learning_path_id]})
        report = await job.run()
        ```

        Args:
            pairs: Pairs (team, learning path), each an id or a record; or a mapping from ids of
                teams to their learning paths, ids or records.
            list_size: The most learning paths per request, 1 to 1,000; learned if None:
                see `ListSizes`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._pair_job(operations.paths_from_teams(list_size=list_size), pairs, options)

    def remove_users_from_teams(self, pairs: Pairs, **options: Unpack[JobOptions]) -> BulkJob:
        """Remove people from teams: one request per pair, since the API has no list form.

        `DELETE /teams/{team_id}/users/{user_id}`

        ```python
        members = await litmos.teams.list_users(team_id).collect()
        job = litmos.bulk.remove_users_from_teams([(user, team_id) for user in members if not user.active])
        report = await job.run()
        ```

        Args:
            pairs: Who leaves what: pairs (person, team), each an id or a record; or a mapping from ids of people to
                their teams, ids or records. To take people out of all their teams see
                `remove_users_from_all_teams`.
            options: See `JobOptions`.

        Raises:
            ConfigurationError: An option is invalid. See `BulkJob.run` for what the job raises.
        """
        return self._pair_job(operations.users_from_teams(), pairs, options)
