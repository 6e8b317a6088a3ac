"""What changed in a span of time, in the whole organisation."""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from litmos_async.models import (
    EcommerceCourse,
    EcommerceLearningPath,
    OrgAchievement,
    OrgCourse,
    OrgLearningPath,
    OrgModule,
    OrgTeam,
    OrgUser,
    SessionCourse,
)
from litmos_async.paging import Pages
from litmos_async.resources.base import ListOptions
from litmos_async.resources.org_links import OrgLinks
from litmos_async.wire.operation import Operation, many

USERS = Operation("org.list_users", "GET", "/org/users/details", many(OrgUser, "Users"))
USER_LOGINS = Operation("org.list_user_logins", "GET", "/org/users/logins", many(OrgUser, "Users"))
TEAMS = Operation("org.list_teams", "GET", "/org/teams", many(OrgTeam, "Teams"), json_seen=True)
COURSES = Operation("org.list_courses", "GET", "/org/courses", many(OrgCourse, "Courses"))
MODULES = Operation("org.list_modules", "GET", "/org/modules", many(OrgModule, "Modules"))
LEARNING_PATHS = Operation(
    "org.list_learning_paths", "GET", "/org/learningpaths", many(OrgLearningPath, "LearningPaths")
)
ACHIEVEMENTS = Operation(
    "org.list_achievements", "GET", "/org/achievements", many(OrgAchievement, "Achievements")
)
ECOMMERCE_COURSES = Operation(
    "org.list_ecommerce_courses", "GET", "/org/ecommerce/courses", many(EcommerceCourse, "Courses")
)
ECOMMERCE_LEARNING_PATHS = Operation(
    "org.list_ecommerce_learning_paths",
    "GET",
    "/org/ecommerce/learningpaths",
    many(EcommerceLearningPath, "LearningPaths"),
)
ECOMMERCE_SESSIONS = Operation(
    "org.list_ecommerce_sessions",
    "GET",
    "/org/ecommerce/coursesessions",
    many(SessionCourse, "SessionCourses"),
)


class Org(OrgLinks):
    """What changed in the organisation between two times.

    All of them go from `since` to `to`, or until now without `to`. The span may have any length: the server takes
    7 days at once, so a longer one is read in windows of 7 days, the oldest first, at one request each at least;
    what two windows share comes once. `start` needs a span of 7 days at most.

    Both are datetimes with a time zone. A resume token fits only a list with the same `since`, from which the
    windows are counted, and the same `to`: keep them together.

    All raise `ConfigurationError` if `since` is later than `to`, or one of them is no datetime
    with a time zone.
    """

    def list_users(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgUser]:
        """List the people who were created or changed, active and inactive.

        `GET /org/users/details`

        `login_key` is a stub without the key.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection, vendor page.
        """
        return self._in_span(USERS, since, to, options=options)

    def list_user_logins(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgUser]:
        """List the people who logged in.

        `GET /org/users/logins`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, a peer.
        """
        return self._in_span(USER_LOGINS, since, to, options=options)

    def list_teams(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgTeam]:
        """List the teams that were created or changed.

        `GET /org/teams`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection, a peer.
        """
        return self._in_span(TEAMS, since, to, options=options)

    def list_courses(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgCourse]:
        """List the courses that were created or changed.

        `GET /org/courses`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(COURSES, since, to, options=options)

    def list_modules(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgModule]:
        """List the modules that were created or changed.

        `GET /org/modules`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(MODULES, since, to, options=options)

    def list_learning_paths(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgLearningPath]:
        """List the learning paths that were created or changed.

        `GET /org/learningpaths`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(LEARNING_PATHS, since, to, options=options)

    def list_achievements(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[OrgAchievement]:
        """List the achievements of the time.

        `GET /org/achievements`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._in_span(ACHIEVEMENTS, since, to, options=options)

    def list_ecommerce_courses(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[EcommerceCourse]:
        """List the courses for sale that were created or changed.

        `GET /org/ecommerce/courses`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor page.
        """
        return self._in_span(ECOMMERCE_COURSES, since, to, options=options)

    def list_ecommerce_learning_paths(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[EcommerceLearningPath]:
        """List the learning paths for sale that were created or changed.

        `GET /org/ecommerce/learningpaths`

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(ECOMMERCE_LEARNING_PATHS, since, to, options=options)

    def list_ecommerce_sessions(
        self, *, since: datetime, to: datetime | None = None, **options: Unpack[ListOptions]
    ) -> Pages[SessionCourse]:
        """List the courses for sale whose sessions were created or changed, as a tree.

        `GET /org/ecommerce/coursesessions`

        The form of its answer is nowhere described, and taken from `sessions.list_future`. A course may come once
        for each window, with another part of its tree.

        Args:
            since: Where the span begins: a time with its time zone.
            to: Where it ends; None reads until now.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._in_span(ECOMMERCE_SESSIONS, since, to, options=options)
