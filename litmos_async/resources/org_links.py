"""What changed in a span of time, part two: one thing in relation to another, and results."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from litmos_async.models import (
    OrgCourseModule,
    OrgCourseResult,
    OrgLearningPathCourse,
    OrgLearningPathResult,
    OrgLearningPathUser,
    OrgModuleResult,
    OrgTeamCourse,
    OrgTeamLearningPath,
    OrgTeamUser,
    OrgUserCourse,
)
from litmos_async.paging import Pages
from litmos_async.resources.base import ListOptions
from litmos_async.resources.windows import SpanResource
from litmos_async.wire.operation import Operation, many

USER_COURSES = Operation(
    "org.list_user_courses", "GET", "/org/users/courses", many(OrgUserCourse, "UserCourses")
)
TEAM_USERS = Operation(
    "org.list_team_users", "GET", "/org/teams/users", many(OrgTeamUser, "TeamUsers"), json_seen=True
)
TEAM_COURSES = Operation(
    "org.list_team_courses", "GET", "/org/teams/courses", many(OrgTeamCourse, "TeamCourses")
)
TEAM_LEARNING_PATHS = Operation(
    "org.list_team_learning_paths",
    "GET",
    "/org/teams/learningpaths",
    many(OrgTeamLearningPath, "TeamLearningPaths"),
)
COURSE_MODULES = Operation(
    "org.list_course_modules", "GET", "/org/courses/modules", many(OrgCourseModule, "CourseModules")
)
MODULE_RESULTS = Operation(
    "org.list_module_results", "GET", "/org/modules/results", many(OrgModuleResult, "ModuleResults")
)
COURSE_RESULTS = Operation(
    "org.list_course_results", "GET", "/org/results/details", many(OrgCourseResult, "UserResults")
)
LEARNING_PATH_COURSES = Operation(
    "org.list_learning_path_courses",
    "GET",
    "/org/learningpaths/courses",
    many(OrgLearningPathCourse, "LearningPathCourses"),
)
LEARNING_PATH_USERS = Operation(
    "org.list_learning_path_users",
    "GET",
    "/org/learningpaths/users",
    many(OrgLearningPathUser, "LearningPathUsers"),
)
LEARNING_PATH_RESULTS = Operation(
    "org.list_learning_path_results",
    "GET",
    "/org/learningpaths/results",
    many(OrgLearningPathResult, "LearningPathResults"),
)


class OrgLinks(SpanResource):
    """Links and results that changed: who is in what, who finished what.

    A link that was taken away presumably comes as a row with `active=False`.
    """

    def list_user_courses(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgUserCourse]:
        """List the courses that were assigned to people, or taken from them.

        `GET /org/users/courses`

        `id` is the course.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(USER_COURSES, since, to, options=options)

    def list_team_users(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgTeamUser]:
        """List the people who were put into teams, or taken out.

        `GET /org/teams/users`

        `id` is the person.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection, a peer.
        """
        return self._in_span(TEAM_USERS, since, to, options=options)

    def list_team_courses(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgTeamCourse]:
        """List the courses that were assigned to teams, or taken from them.

        `GET /org/teams/courses`

        `id` is the course.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(TEAM_COURSES, since, to, options=options)

    def list_team_learning_paths(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgTeamLearningPath]:
        """List the learning paths that were assigned to teams, or taken from them.

        `GET /org/teams/learningpaths`

        `id` is the learning path.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(TEAM_LEARNING_PATHS, since, to, options=options)

    def list_course_modules(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgCourseModule]:
        """List the modules that were put into courses, or taken out.

        `GET /org/courses/modules`

        `id` is the module.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(COURSE_MODULES, since, to, options=options)

    def list_module_results(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgModuleResult]:
        """List the results of people in modules.

        `GET /org/modules/results`

        `id` is the module.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection, a peer.
        """
        return self._in_span(MODULE_RESULTS, since, to, options=options)

    def list_course_results(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgCourseResult]:
        """List the results of people in courses.

        `GET /org/results/details`

        `id` is the course.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(COURSE_RESULTS, since, to, options=options)

    def list_learning_path_courses(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgLearningPathCourse]:
        """List the courses that were put into learning paths, or taken out.

        `GET /org/learningpaths/courses`

        `id` is the course.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(LEARNING_PATH_COURSES, since, to, options=options)

    def list_learning_path_users(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgLearningPathUser]:
        """List the people who were put on learning paths, or taken off.

        `GET /org/learningpaths/users`

        `id` is the person.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(LEARNING_PATH_USERS, since, to, options=options)

    def list_learning_path_results(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgLearningPathResult]:
        """List the results of people on learning paths.

        `GET /org/learningpaths/results`

        `id` is the learning path.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(LEARNING_PATH_RESULTS, since, to, options=options)
