"""The lists that can be exported, by name."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Final

from litmos_async.errors import ConfigurationError
from litmos_async.export.sources import (
    LOGS,
    Assignment,
    each_holder,
    each_log,
    each_session,
    flat_holders,
    flat_sessions,
    future_and_past,
    list_courses,
    list_paths,
    list_people,
    list_teams,
    of_parent,
    of_session,
    open_holders,
    open_log,
    open_sessions,
    over_span,
    parents_of,
    plain,
    since_of,
)
from litmos_async.export.spec import ListSpec
from litmos_async.models import (
    Achievement,
    ActionActivity,
    Badge,
    Course,
    EventUser,
    LearningPath,
    LearningPathCourse,
    LoginActivity,
    Module,
    OrgCourseResult,
    OrgLearningPathResult,
    OrgModuleResult,
    ResultDetail,
    Session,
    TeamSummary,
    User,
    UserSummary,
)

_SPECS: Final = (
    ListSpec(
        "users",
        UserSummary,
        ("users.list",),
        plain(list_people),
        key=("id",),
    ),
    ListSpec(
        "user_details",
        User,
        ("users.list_details",),
        plain(lambda litmos, ask: litmos.users.list_details(since=ask.since, **ask.options)),
        since="created",
        key=("id",),
    ),
    ListSpec("teams", TeamSummary, ("teams.list",), plain(list_teams), key=("id",)),
    ListSpec(
        "team_members",
        UserSummary,
        ("teams.list", "teams.list_users"),
        of_parent(lambda litmos, _: litmos.teams.list_users),
        parents_of("team_id", list_teams),
        parents=("team_id",),
        key=("team_id", "id"),
        where=("team_id",),
    ),
    ListSpec(
        "team_leaders",
        UserSummary,
        ("teams.list", "teams.list_leaders"),
        of_parent(lambda litmos, _: litmos.teams.list_leaders),
        parents_of("team_id", list_teams),
        parents=("team_id",),
        key=("team_id", "id"),
        where=("team_id",),
    ),
    ListSpec("courses", Course, ("courses.list",), plain(list_courses), key=("id",)),
    ListSpec(
        "modules",
        Module,
        ("courses.list", "courses.list_modules"),
        of_parent(lambda litmos, _: litmos.courses.list_modules),
        parents_of("course_id", list_courses),
        parents=("course_id",),
        key=("course_id", "id"),
        where=("course_id",),
    ),
    ListSpec("learning_paths", LearningPath, ("learning_paths.list",), plain(list_paths), key=("id",)),
    ListSpec(
        "learning_path_courses",
        LearningPathCourse,
        ("learning_paths.list", "learning_paths.list_courses"),
        of_parent(lambda litmos, _: litmos.learning_paths.list_courses),
        parents_of("learning_path_id", list_paths),
        parents=("learning_path_id",),
        key=("learning_path_id", *LearningPathCourse.key),
        where=("learning_path_id",),
    ),
    ListSpec(
        "results",
        ResultDetail,
        ("results.list_details",),
        plain(lambda litmos, ask: litmos.results.list_details(since=since_of(ask), **ask.options)),
        since="changed",
        key=ResultDetail.key,
    ),
    ListSpec(
        "course_results",
        OrgCourseResult,
        ("org.list_course_results",),
        over_span(lambda litmos: litmos.org.list_course_results),
        since="changed",
        windowed=True,
        key=("user_id", "id"),
    ),
    ListSpec(
        "module_results",
        OrgModuleResult,
        ("org.list_module_results",),
        over_span(lambda litmos: litmos.org.list_module_results),
        since="changed",
        windowed=True,
        key=("module_result_id", "user_id", "id"),
    ),
    ListSpec(
        "assignments",
        Assignment,
        ("courses.list", "courses.list_users", "users.list_courses_for_many"),
        open_holders,
        each_holder,
        key=Assignment.key,
        where=("course_id", "user_id"),
        flatten=flat_holders,
    ),
    ListSpec(
        "learning_path_results",
        OrgLearningPathResult,
        ("org.list_learning_path_results",),
        over_span(lambda litmos: litmos.org.list_learning_path_results),
        since="changed",
        windowed=True,
        key=("user_id", "id"),
    ),
    ListSpec(
        "achievements",
        Achievement,
        ("achievements.list",),
        plain(
            lambda litmos, ask: litmos.achievements.list(
                since=ask.since, user_id=ask.where.get("user_id"), **ask.options
            )
        ),
        since="earned",
        key=Achievement.key,
        where=("user_id",),
    ),
    ListSpec(
        "badges",
        Badge,
        ("users.list", "users.list_badges"),
        of_parent(lambda litmos, _: litmos.users.list_badges),
        parents_of("user_id", list_people),
        parents=("user_id",),
        key=("user_id", "id", "title"),
        where=("user_id",),
    ),
    ListSpec(
        "logins",
        LoginActivity,
        ("activities.list_logins",),
        over_span(lambda litmos: litmos.activities.list_logins),
        since="happened",
        windowed=True,
    ),
    ListSpec(
        "activities",
        ActionActivity,
        tuple(f"activities.list_{log}" for log in LOGS),
        open_log,
        each_log,
        since="happened",
        windowed=True,
        parents=("log",),
    ),
    ListSpec(
        "sessions",
        Session,
        ("sessions.list_future", "sessions.list_past"),
        open_sessions,
        future_and_past,
        since="changed",
        parents=("course_id", "module_id"),
        key=("course_id", "module_id", "id"),
        flatten=flat_sessions,
        shared=True,
    ),
    ListSpec(
        "registrations",
        EventUser,
        ("sessions.list_future", "sessions.list_past", "sessions.list_roll_call"),
        of_session(lambda litmos: litmos.sessions.list_roll_call),
        each_session,
        parents=("course_id", "module_id", "session_id"),
        key=("session_id", "id"),
        where=("course_id",),
    ),
    ListSpec(
        "attendance",
        EventUser,
        ("sessions.list_future", "sessions.list_past", "sessions.list_attendance"),
        of_session(lambda litmos: litmos.sessions.list_attendance),
        each_session,
        parents=("course_id", "module_id", "session_id"),
        key=("session_id", "id"),
        where=("course_id",),
    ),
)

LISTS: Final[Mapping[str, ListSpec]] = {spec.name: spec for spec in _SPECS}
"""The lists by name, in the order in which people meet them."""


def unknown(name: str) -> ConfigurationError:
    """Return the error that there is no list of that name, with what may have been meant."""
    close = get_close_matches(str(name), LISTS, n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; there are {', '.join(LISTS)}"
    return ConfigurationError(f"there is no list {name!r}{hint}")
