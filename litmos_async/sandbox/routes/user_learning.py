"""The operations on what a person has to learn and has earned."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.rows.people import user_course_details, user_courses, user_learning_paths
from litmos_async.sandbox.state.links import DIRECT
from litmos_async.sandbox.wire.schema import (
    BADGE,
    COURSE_REF,
    GAMIFICATION_ITEM,
    GAMIFICATION_SUMMARY,
    LEARNING_PATH_REF,
    USER_COURSE,
    USER_COURSE_DETAILS,
    USER_LEARNING_PATH,
    USER_REF,
    USER_WITH_COURSES,
    Record,
)

routes = Routes()

_MOST_USERS: Final = 25


@routes("POST", "/users/courses")
def list_courses_for_many(call: Call) -> Response:
    """Answer the courses of up to 25 people: a read that travels as a POST."""
    user_ids = call.ids("Users", USER_REF)
    if len(user_ids) > _MOST_USERS:
        raise Refusal(404, f"Maximum UserIds is {_MOST_USERS}")
    rows = [
        {"Id": user_id, "Courses": user_courses(call.tenant, user_id)}
        for user_id in user_ids
        if user_id in call.tenant.users
    ]
    return call.answer_all("Users", USER_WITH_COURSES, rows)


@routes("GET", "/users/{user_id}/courses")
def list_courses(call: Call, user_id: str) -> Response:
    """Answer the courses of a person with the progress in each."""
    call.user(user_id)
    rows = call.matching(user_courses(call.tenant, user_id), "Name", "Code")
    return call.answer_all("Courses", USER_COURSE, call.page(rows))


@routes("GET", "/users/{user_id}/courses/{course_id}")
def get_course(call: Call, user_id: str, course_id: str) -> Response:
    """Answer the result of a person in one course, module by module."""
    call.user(user_id)
    assignment = call.tenant.user_courses.get(user_id, course_id)
    if assignment is None:
        raise Refusal(404, "Course is not assigned to the user")
    return call.answer(USER_COURSE_DETAILS, user_course_details(call.tenant, course_id, assignment))


@routes("POST", "/users/{user_id}/courses")
def assign_courses(call: Call, user_id: str) -> Response:
    """Assign courses; unknown ids and present assignments are passed over in silence (api-facts 8)."""
    call.user(user_id)
    for course_id in call.listed_ids("Courses", COURSE_REF):
        new = course_id in call.tenant.courses and call.tenant.assign_course(user_id, course_id)
        if new and call.flag("sendmessage", default=True):
            call.tenant.mail(user_id, "course", course_id)
    return done(201)


@routes("DELETE", "/users/{user_id}/courses/{course_id}")
def remove_course(call: Call, user_id: str, course_id: str) -> Response:
    """Take an assignment away, unless it came through a team or a learning path."""
    call.user(user_id)
    assignment = call.tenant.user_courses.get(user_id, course_id)
    if assignment is None:
        raise Refusal(404, "Course is not assigned to the user")
    if assignment.origins != {DIRECT}:
        raise Refusal(406, "Course was assigned through a team or learning path")
    call.tenant.withdraw_course(user_id, course_id)
    return done()


@routes("PUT", "/users/{user_id}/courses/{course_id}/reset")
def reset_course(call: Call, user_id: str, course_id: str) -> Response:
    """Put a person back to the beginning of a course."""
    call.user(user_id)
    if not call.tenant.reset_course(user_id, course_id):
        raise Refusal(404, "Course is not assigned to the user")
    return done()


@routes("GET", "/users/{user_id}/learningpaths")
def list_learning_paths(call: Call, user_id: str) -> Response:
    """Answer the learning paths of a person with the progress on each."""
    call.user(user_id)
    rows = call.matching(user_learning_paths(call.tenant, user_id), "Name")
    return call.answer_all("LearningPaths", USER_LEARNING_PATH, call.page(rows))


@routes("POST", "/users/{user_id}/learningpaths")
def assign_learning_paths(call: Call, user_id: str) -> Response:
    """Assign learning paths; that repeats and unknown ids are passed over is by analogy with courses."""
    call.user(user_id)
    path_ids = call.listed_ids("LearningPaths", LEARNING_PATH_REF)
    if not all(path_ids):
        raise Refusal(400, "Id cannot be null")
    for path_id in path_ids:
        new = path_id in call.tenant.learning_paths and call.tenant.assign_path(user_id, path_id)
        if new and call.flag("sendmessage", default=True):
            call.tenant.mail(user_id, "learning path", path_id)
    return done(201)


@routes("DELETE", "/users/{user_id}/learningpaths/{path_id}")
def remove_learning_path(call: Call, user_id: str, path_id: str) -> Response:
    """Take a learning path away, unless it came through a team."""
    call.user(user_id)
    assignment = call.tenant.user_paths.get(user_id, path_id)
    if assignment is None:
        raise Refusal(404, "Learning path is not assigned to the user")
    if assignment.origins != {DIRECT}:
        raise Refusal(406, "Learning path was assigned through a team")
    call.tenant.withdraw_path(user_id, path_id)
    return done()


@routes("GET", "/users/{user_id}/gamificationsummary")
def gamification_summary(call: Call, user_id: str) -> Response:
    """Answer how many badges and points a person has."""
    rows = _earned(call, user_id)
    total = {
        "TotalBadgeEarned": sum(row["Badge"] is not None for row in rows),
        "TotalPointEarned": sum((row["EarnedPoint"] for row in rows), 0.0),
    }
    return call.answer(GAMIFICATION_SUMMARY, total)


@routes("GET", "/users/{user_id}/badges")
def list_badges(call: Call, user_id: str) -> Response:
    """Answer the badges of a person."""
    badges: list[Record] = [row["Badge"] for row in _earned(call, user_id) if row["Badge"]]
    return call.answer_all("Badges", BADGE, call.page(badges))


@routes("GET", "/users/{user_id}/gamificationdetails")
def gamification_details(call: Call, user_id: str) -> Response:
    """Answer what a person earned badges and points for."""
    rows = call.page(_earned(call, user_id))
    return call.answer_all("GamificationAchievedItems", GAMIFICATION_ITEM, rows)


@routes("PUT", "/users/{user_id}/gamificationreset")
def reset_gamification(call: Call, user_id: str) -> Response:
    """Take all badges and points away."""
    _earned(call, user_id)
    call.tenant.achieved.pop(user_id, None)
    return done()


def _earned(call: Call, user_id: str) -> list[Record]:
    require_gamification(call)
    call.user(user_id)
    return call.tenant.achieved.get(user_id, [])


def require_gamification(call: Call) -> None:
    """Refuse where the organisation has gamification switched off."""
    if not call.tenant.gamification:
        raise Refusal(403, "Gamification is not enabled")
