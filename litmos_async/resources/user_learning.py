"""What people learn: their courses and learning paths, badges and points."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import (
    Badge,
    CourseRef,
    GamificationAchievedItem,
    GamificationSummary,
    LearningPathRef,
    UserCourse,
    UserCourseDetails,
    UserLearningPath,
    UserRef,
    UserWithCourses,
)
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, items, mail_query
from litmos_async.resources.base import ListOptions, Resource, Rows
from litmos_async.wire.operation import Operation, many, one

PEOPLE_PER_REQUEST: Final = 25
"""People in one `list_courses_for_many` (api-facts 12)."""

LIST_COURSES = Operation(
    "users.list_courses", "GET", "/users/{user_id}/courses", many(UserCourse, "Courses"), json_seen=True
)
GET_COURSE = Operation(
    "users.get_course",
    "GET",
    "/users/{user_id}/courses/{course_id}",
    one(UserCourseDetails),
    json_seen=True,
)
ASSIGN_COURSES: Operation[Any] = Operation(
    "users.assign_courses",
    "POST",
    "/users/{user_id}/courses",
    body=many(CourseRef, "Courses"),
    repeatable=True,
)
REMOVE_COURSE: Operation[Any] = Operation(
    "users.remove_course", "DELETE", "/users/{user_id}/courses/{course_id}", repeatable=True
)
RESET_COURSE: Operation[Any] = Operation(
    "users.reset_course", "PUT", "/users/{user_id}/courses/{course_id}/reset", repeatable=True
)
LIST_COURSES_FOR_MANY = Operation(
    "users.list_courses_for_many",
    "POST",
    "/users/courses",
    answer=many(UserWithCourses, "Users"),
    body=many(UserRef, "Users"),
    repeatable=True,
    json_seen=True,
)
LIST_LEARNING_PATHS = Operation(
    "users.list_learning_paths",
    "GET",
    "/users/{user_id}/learningpaths",
    many(UserLearningPath, "LearningPaths"),
    json_seen=True,
)
ASSIGN_LEARNING_PATHS: Operation[Any] = Operation(
    "users.assign_learning_paths",
    "POST",
    "/users/{user_id}/learningpaths",
    body=many(LearningPathRef, "LearningPaths"),
)
REMOVE_LEARNING_PATH: Operation[Any] = Operation(
    "users.remove_learning_path",
    "DELETE",
    "/users/{user_id}/learningpaths/{learning_path_id}",
    repeatable=True,
)
GAMIFICATION_SUMMARY = Operation(
    "users.gamification_summary",
    "GET",
    "/users/{user_id}/gamificationsummary",
    one(GamificationSummary),
    json_seen=True,
)
LIST_BADGES = Operation(
    "users.list_badges", "GET", "/users/{user_id}/badges", many(Badge, "Badges"), json_seen=True
)
GAMIFICATION_DETAILS = Operation(
    "users.gamification_details",
    "GET",
    "/users/{user_id}/gamificationdetails",
    many(GamificationAchievedItem, "GamificationAchievedItems"),
    json_seen=True,
)
RESET_GAMIFICATION: Operation[Any] = Operation(
    "users.reset_gamification", "PUT", "/users/{user_id}/gamificationreset", repeatable=True
)


class UserLearning(Resource):
    """The courses, learning paths and achievements of people."""

    def list_courses(
        self, user_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[UserCourse]:
        """List the courses of a person, with the progress in each.

        `GET /users/{user_id}/courses`

        Args:
            user_id: The person: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor page, peers.
        """
        return self._list(LIST_COURSES, user_id, query={"search": search}, options=options)

    async def get_course(
        self, user_id: Ref, course_id: Ref, **options: Unpack[CallOptions]
    ) -> UserCourseDetails:
        """Return the result of a person in a course, module by module.

        `GET /users/{user_id}/courses/{course_id}`

        Args:
            user_id: The person: an id or a record.
            course_id: The course: an id or a record.
            options: The options of every call.

        Source: seed, vendor collection, peers.
        """
        return await self._call(GET_COURSE, user_id, course_id, options=options)

    async def assign_courses(
        self,
        user_id: Ref,
        course_ids: Iterable[Ref],
        *,
        send_message: bool,
        **options: Unpack[CallOptions],
    ) -> None:
        """Assign courses to a person.

        `POST /users/{user_id}/courses`

        Courses that the person already has, and ids that do not exist, are ignored without an error. Success
        proves nothing, so read back where it matters. For many people, see `litmos.bulk`.

        Args:
            user_id: The person.
            course_ids: The courses. No limit is documented; about 100 is a safe choice.
            send_message: Whether the server e-mails the person, if they have logged in before. Required,
                because its own default is yes.
            options: The options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        body = items(CourseRef, course_ids, "course_ids")
        await self._do(ASSIGN_COURSES, user_id, query=mail_query(send_message), body=body, options=options)

    async def remove_course(self, user_id: Ref, course_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a course away from a person.

        `DELETE /users/{user_id}/courses/{course_id}`

        Args:
            user_id: The person: an id or a record.
            course_id: The course: an id or a record.
            options: The options of every call.

        Raises:
            NotAcceptable: The course came through a learning path.

        Source: seed, openapi, vendor collection.
        """
        await self._do(REMOVE_COURSE, user_id, course_id, options=options)

    async def reset_course(self, user_id: Ref, course_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Set a person's progress in a course back to 0 %: the result is wiped.

        `PUT /users/{user_id}/courses/{course_id}/reset`

        Args:
            user_id: The person: an id or a record.
            course_id: The course: an id or a record.
            options: The options of every call.

        Source: seed, openapi, vendor collection.
        """
        await self._do(RESET_COURSE, user_id, course_id, options=options)

    async def list_courses_for_many(
        self, user_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> Rows[UserWithCourses]:
        """Return the courses of up to 25 people in one request.

        `POST /users/courses`

        A read, although it is sent as POST: repeated like any other. Only its JSON answer is known.

        Args:
            user_ids: 1 to 25 people, ids or records.
            options: The options of every call.

        Raises:
            ConfigurationError: The list is empty, or longer than 25.

        Source: openapi, vendor page, a peer.
        """
        body = items(UserRef, user_ids, "user_ids", at_most=PEOPLE_PER_REQUEST)
        return await self._rows(LIST_COURSES_FOR_MANY, body=body, options=options)

    def list_learning_paths(
        self, user_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[UserLearningPath]:
        """List the learning paths of a person, with the progress on each.

        `GET /users/{user_id}/learningpaths`

        Args:
            user_id: The person: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor page, a peer.
        """
        return self._list(LIST_LEARNING_PATHS, user_id, query={"search": search}, options=options)

    async def assign_learning_paths(
        self,
        user_id: Ref,
        learning_path_ids: Iterable[Ref],
        *,
        send_message: bool,
        **options: Unpack[CallOptions],
    ) -> None:
        """Assign learning paths to a person.

        `POST /users/{user_id}/learningpaths`

        Args:
            user_id: The person.
            learning_path_ids: The learning paths.
            send_message: Whether the server may e-mail the person. Required: the server's default is not
                documented. False asks it not to; that it follows here is unproven.
            options: The options of every call.

        Raises:
            BadRequest: An id is missing.
            OutcomeUnknown: No answer came. That repeats are ignored is documented for courses only.

        Source: seed, openapi, vendor collection, peers.
        """
        body = items(LearningPathRef, learning_path_ids, "learning_path_ids")
        query = mail_query(send_message)
        await self._do(ASSIGN_LEARNING_PATHS, user_id, query=query, body=body, options=options)

    async def remove_learning_path(
        self, user_id: Ref, learning_path_id: Ref, **options: Unpack[CallOptions]
    ) -> None:
        """Take a learning path away from a person.

        `DELETE /users/{user_id}/learningpaths/{learning_path_id}`

        Args:
            user_id: The person: an id or a record.
            learning_path_id: The learning path: an id or a record.
            options: The options of every call.

        Raises:
            NotAcceptable: It came through a team.

        Source: seed, openapi, vendor collection, a peer.
        """
        await self._do(REMOVE_LEARNING_PATH, user_id, learning_path_id, options=options)

    async def gamification_summary(self, user_id: Ref, **options: Unpack[CallOptions]) -> GamificationSummary:
        """Return how many badges and points a person has.

        `GET /users/{user_id}/gamificationsummary`

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Raises:
            Forbidden: Gamification is off.

        Source: seed, openapi, vendor page, a peer.
        """
        return await self._call(GAMIFICATION_SUMMARY, user_id, options=options)

    def list_badges(self, user_id: Ref, **options: Unpack[ListOptions]) -> Pages[Badge]:
        """List the badges of a person.

        `GET /users/{user_id}/badges`

        Args:
            user_id: The person: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Raises:
            Forbidden: Gamification is off.

        Source: seed, openapi, vendor page, a peer.
        """
        return self._list(LIST_BADGES, user_id, options=options)

    def gamification_details(
        self, user_id: Ref, **options: Unpack[ListOptions]
    ) -> Pages[GamificationAchievedItem]:
        """List a person's achievements, each with its points and badge.

        `GET /users/{user_id}/gamificationdetails`

        Args:
            user_id: The person: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Raises:
            Forbidden: Gamification is off.

        Source: seed, openapi, vendor page, a peer.
        """
        return self._list(GAMIFICATION_DETAILS, user_id, options=options)

    async def reset_gamification(self, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Clear the badges and points of a person.

        `PUT /users/{user_id}/gamificationreset`

        Args:
            user_id: The person: an id or a record.
            options: The options of every call.

        Source: openapi, vendor collection.
        """
        await self._do(RESET_GAMIFICATION, user_id, options=options)
