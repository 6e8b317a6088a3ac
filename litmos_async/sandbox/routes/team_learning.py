"""The operations on what teams have to learn and have earned."""

from __future__ import annotations

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.courses import answer_courses, answer_learning_paths
from litmos_async.sandbox.routes.user_learning import require_gamification
from litmos_async.sandbox.wire.schema import LEARNING_PATH_REF, TEAM_COURSE_REF, TEAM_GAMIFICATION

routes = Routes()


@routes("GET", "/teams/{team_id}/courses")
def list_courses(call: Call, team_id: str) -> Response:
    """Answer the courses of a team; `CourseTeamLibrary` marks those in its library only."""
    tenant = call.tenant
    call.team(team_id)
    assigned = tenant.team_courses.of_left(team_id)
    in_library = frozenset(tenant.team_library.of_left(team_id)) - assigned.keys()
    courses = [course for course in tenant.courses.values() if course["Id"] in assigned.keys() | in_library]
    return answer_courses(call, courses, in_library=in_library)


@routes("POST", "/teams/{team_id}/courses")
def assign_courses(call: Call, team_id: str) -> Response:
    """Assign courses or put them into the library; what is unknown or there already is passed over."""
    tenant = call.tenant
    call.team(team_id)
    subs = call.flag("includesubteams", default=False)
    team_ids = list(tenant.with_sub_teams(team_id)) if subs else [team_id]
    for row in call.listed("Courses", TEAM_COURSE_REF):
        if row["Id"] not in tenant.courses:
            continue
        for each in team_ids:
            if row["CourseTeamLibrary"]:
                tenant.team_library.add(each, row["Id"], tenant.now())
                continue
            for user_id in tenant.assign_team_course(each, row["Id"]):
                _announce(call, user_id, "course", row["Id"])
    return done(201)


@routes("DELETE", "/teams/{team_id}/courses")
def unassign_courses(call: Call, team_id: str) -> Response:
    """Take courses from a team: a DELETE with a body (api-facts 10)."""
    tenant = call.tenant
    call.team(team_id)
    rows = call.listed("Courses", TEAM_COURSE_REF)
    if any(not row["CourseTeamLibrary"] and _comes_with_path(call, team_id, row["Id"]) for row in rows):
        raise Refusal(403, "Course was assigned through a learning path")
    for row in rows:
        if row["CourseTeamLibrary"]:
            tenant.team_library.remove(team_id, row["Id"], tenant.now())
        else:
            tenant.unassign_team_course(team_id, row["Id"])
    return done()


@routes("GET", "/teams/{team_id}/learningpaths")
def list_learning_paths(call: Call, team_id: str) -> Response:
    """Answer the learning paths of a team."""
    call.team(team_id)
    paths = [call.tenant.learning_paths[path_id] for path_id in call.tenant.team_paths.of_left(team_id)]
    return answer_learning_paths(call, paths)


@routes("POST", "/teams/{team_id}/learningpaths")
def assign_learning_paths(call: Call, team_id: str) -> Response:
    """Assign learning paths; 404 when not one of the ids is known."""
    tenant = call.tenant
    call.team(team_id)
    subs = call.flag("includesubteams", default=False)
    team_ids = list(tenant.with_sub_teams(team_id)) if subs else [team_id]
    path_ids = [
        each for each in call.listed_ids("LearningPaths", LEARNING_PATH_REF) if each in tenant.learning_paths
    ]
    if not path_ids:
        raise Refusal(404, "No valid LearningPathIds")
    for path_id in path_ids:
        for each in team_ids:
            for user_id in tenant.assign_team_path(each, path_id):
                _announce(call, user_id, "learning path", path_id)
    return done(201)


@routes("DELETE", "/teams/{team_id}/learningpaths")
def unassign_learning_paths(call: Call, team_id: str) -> Response:
    """Take learning paths from a team: a DELETE with a body; unknown ids are passed over."""
    call.team(team_id)
    for path_id in call.listed_ids("LearningPaths", LEARNING_PATH_REF):
        call.tenant.unassign_team_path(team_id, path_id)
    return done()


@routes("GET", "/teams/{team_id}/gamificationdetails")
def gamification_details(call: Call, team_id: str) -> Response:
    """Answer what the members earned; the XML names are not documented, Users and User are assumed."""
    require_gamification(call)
    call.team(team_id)
    rows = [
        {
            "Id": user_id,
            "FirstName": call.tenant.users[user_id]["FirstName"],
            "LastName": call.tenant.users[user_id]["LastName"],
            "GamificationAchievedItems": call.tenant.achieved.get(user_id, []),
        }
        for user_id in call.tenant.members.of_left(team_id)
    ]
    return call.answer_all("Users", TEAM_GAMIFICATION, call.page(rows))


def _announce(call: Call, user_id: str, kind: str, about: str) -> None:
    if call.flag("sendmessage", default=True):
        call.tenant.mail(user_id, kind, about)


def _comes_with_path(call: Call, team_id: str, course_id: str) -> bool:
    """Return whether a team has a course only through one of its learning paths."""
    tenant = call.tenant
    through = [
        path_id
        for path_id in tenant.team_paths.of_left(team_id)
        if tenant.path_courses.get(path_id, course_id)
    ]
    return bool(through) and tenant.team_courses.get(team_id, course_id) is None
