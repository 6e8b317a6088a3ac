"""What teams learn: their courses, learning paths, badges and points."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from litmos_async.checks import flags
from litmos_async.config import CallOptions
from litmos_async.models import Course, LearningPath, TeamCourseRef, TeamGamification, TeamLearningPathRef
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, asked, items, mail_query
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.operation import Operation, many

LIST_COURSES = Operation(
    "teams.list_courses", "GET", "/teams/{team_id}/courses", many(Course, "Courses"), json_seen=True
)
ASSIGN_COURSES: Operation[Any] = Operation(
    "teams.assign_courses",
    "POST",
    "/teams/{team_id}/courses",
    body=many(TeamCourseRef, "Courses"),
    repeatable=True,
)
UNASSIGN_COURSES: Operation[Any] = Operation(
    "teams.unassign_courses",
    "DELETE",
    "/teams/{team_id}/courses",
    body=many(TeamCourseRef, "Courses"),
    repeatable=True,
)
LIST_LEARNING_PATHS = Operation(
    "teams.list_learning_paths",
    "GET",
    "/teams/{team_id}/learningpaths",
    many(LearningPath, "LearningPaths"),
    json_seen=True,
)
ASSIGN_LEARNING_PATHS: Operation[Any] = Operation(
    "teams.assign_learning_paths",
    "POST",
    "/teams/{team_id}/learningpaths",
    body=many(TeamLearningPathRef, "LearningPaths"),
)
UNASSIGN_LEARNING_PATHS: Operation[Any] = Operation(
    "teams.unassign_learning_paths",
    "DELETE",
    "/teams/{team_id}/learningpaths",
    body=many(TeamLearningPathRef, "LearningPaths"),
    repeatable=True,
)
GAMIFICATION_DETAILS = Operation(
    "teams.gamification_details",
    "GET",
    "/teams/{team_id}/gamificationdetails",
    many(TeamGamification, "TeamGamifications"),
    json_seen=True,
)


class TeamLearning(Resource):
    """The courses, learning paths and achievements of teams."""

    def list_courses(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[Course]:
        """List the courses of a team: assigned ones, and those in its library (`course_team_library`).

        `GET /teams/{team_id}/courses`

        Args:
            team_id: The team: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_COURSES, team_id, query={"search": search}, options=options)

    async def assign_courses(
        self,
        team_id: Ref,
        course_ids: Iterable[Ref],
        *,
        send_message: bool,
        library: bool = False,
        include_sub_teams: bool = False,
        **options: Unpack[CallOptions],
    ) -> None:
        """Assign courses to a team, or put them into its library.

        `POST /teams/{team_id}/courses`

        Courses that the team has already, and ids that do not exist, are ignored without an error: success
        proves nothing, read back where it matters. Doing both takes two calls.

        Args:
            team_id: The team.
            course_ids: The courses. No limit is documented; about 100 is a safe choice.
            send_message: Whether the server e-mails members who have logged in before. Required: its own default
                is to do so.
            library: True only offers the courses in the team's library.
            include_sub_teams: True does the same to every team below; the server's default is False.
            options: The options of every call.

        Source: seed, openapi, vendor page, vendor collection, peers.
        """
        body = items(
            TeamCourseRef, course_ids, "course_ids", course_team_library=flags(library=library)["library"]
        )
        query = mail_query(send_message) | asked("includesubteams", include_sub_teams=include_sub_teams)
        await self._do(ASSIGN_COURSES, team_id, query=query, body=body, options=options)

    async def unassign_courses(
        self,
        team_id: Ref,
        course_ids: Iterable[Ref],
        *,
        library: bool = False,
        **options: Unpack[CallOptions],
    ) -> None:
        """Take courses away from a team, or out of its library.

        `DELETE /teams/{team_id}/courses`

        A DELETE with a body, which some proxies drop: read back where it matters. Unknown ids are ignored.

        Args:
            team_id: The team.
            course_ids: The courses.
            library: True takes them out of the library, False takes the assignment back.
            options: The options of every call.

        Raises:
            Forbidden: A course came through a learning path.

        Source: seed, openapi, vendor collection, peers.
        """
        body = items(
            TeamCourseRef, course_ids, "course_ids", course_team_library=flags(library=library)["library"]
        )
        await self._do(UNASSIGN_COURSES, team_id, body=body, options=options)

    def list_learning_paths(
        self, team_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[LearningPath]:
        """List the learning paths of a team.

        `GET /teams/{team_id}/learningpaths`

        Args:
            team_id: The team: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_LEARNING_PATHS, team_id, query={"search": search}, options=options)

    async def assign_learning_paths(
        self,
        team_id: Ref,
        learning_path_ids: Iterable[Ref],
        *,
        send_message: bool,
        include_sub_teams: bool | None = None,
        **options: Unpack[CallOptions],
    ) -> None:
        """Assign learning paths to a team.

        `POST /teams/{team_id}/learningpaths`

        Args:
            team_id: The team.
            learning_path_ids: The learning paths.
            send_message: Whether the server may e-mail members. Required: the server's default is not documented.
                False asks it not to: the switch is shown in one source, without a word.
            include_sub_teams: True asks for every team below too. The same source shows it in a place where it
                makes no sense; that it works here is likely and unproven. None says nothing.
            options: The options of every call.

        Raises:
            NotFound: No id in the list is valid.
            OutcomeUnknown: No answer came. That repeats are ignored is documented for courses only.

        Source: seed, openapi, vendor collection.
        """
        body = items(TeamLearningPathRef, learning_path_ids, "learning_path_ids")
        query = mail_query(send_message) | asked("includesubteams", include_sub_teams=include_sub_teams)
        await self._do(ASSIGN_LEARNING_PATHS, team_id, query=query, body=body, options=options)

    async def unassign_learning_paths(
        self, team_id: Ref, learning_path_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Take learning paths away from a team.

        `DELETE /teams/{team_id}/learningpaths`

        A DELETE with a body, which some proxies drop: read back where it matters.

        Args:
            team_id: The team.
            learning_path_ids: The learning paths.
            options: The options of every call.

        Source: seed, openapi, vendor collection.
        """
        body = items(TeamLearningPathRef, learning_path_ids, "learning_path_ids")
        await self._do(UNASSIGN_LEARNING_PATHS, team_id, body=body, options=options)

    def gamification_details(self, team_id: Ref, **options: Unpack[ListOptions]) -> Pages[TeamGamification]:
        """List what the members of a team achieved, with points and badges.

        `GET /teams/{team_id}/gamificationdetails`

        Args:
            team_id: The team: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Raises:
            Forbidden: Gamification is off.

        Source: seed, openapi, a peer.
        """
        return self._list(GAMIFICATION_DETAILS, team_id, options=options)
