"""The delta queries: what changed between `since` and `to` (api-facts 9).

The XML roots of the links and results are not documented: the item with an s is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from attrs import frozen
from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes
from litmos_async.sandbox.rows import org as org_rows
from litmos_async.sandbox.rows import results as result_rows
from litmos_async.sandbox.rows.lazy import LazyRow, Window, kept, records, within
from litmos_async.sandbox.rows.sessions import sessions_tree
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Element
from litmos_async.sandbox.wire.schema_org import (
    ECOMMERCE_COURSES,
    ECOMMERCE_LEARNING_PATHS,
    ORG_ACHIEVEMENT,
    ORG_COURSE,
    ORG_COURSE_MODULE,
    ORG_COURSE_RESULT,
    ORG_LEARNING_PATH,
    ORG_LEARNING_PATH_COURSE,
    ORG_LEARNING_PATH_RESULT,
    ORG_LEARNING_PATH_USER,
    ORG_MODULE,
    ORG_MODULE_RESULT,
    ORG_TEAM,
    ORG_TEAM_COURSE,
    ORG_TEAM_LEARNING_PATH,
    ORG_TEAM_USER,
    ORG_USER,
    ORG_USER_COURSE,
)
from litmos_async.sandbox.wire.schema_training import SESSION_COURSE

routes = Routes()


@frozen
class _Delta:
    """A delta query.

    Attributes:
        path: Where.
        root: The name of the XML root.
        element: The fields of a row.
        rows: Yields all rows.
        of_links: Whether the rows depend on links, completions and logs only, so that a long list is kept.
    """

    path: str
    root: str
    element: Element
    rows: Callable[[Tenant], Iterable[LazyRow]]
    of_links: bool = True

    def __call__(self, call: Call) -> Response:
        """Answer the rows that changed in the window."""
        window = Window(*call.window())
        rows = (
            kept(call.tenant, self.rows, window) if self.of_links else within(self.rows(call.tenant), window)
        )
        return call.answer_all(self.root, self.element, records(call.page(rows)))


_DELTAS: Final = (
    _Delta("/org/users/details", "Users", ORG_USER, org_rows.users, of_links=False),
    _Delta("/org/users/courses", "UserCourses", ORG_USER_COURSE, org_rows.user_courses),
    _Delta("/org/teams", "Teams", ORG_TEAM, org_rows.teams, of_links=False),
    _Delta("/org/teams/users", "TeamUsers", ORG_TEAM_USER, org_rows.team_users),
    _Delta("/org/teams/courses", "TeamCourses", ORG_TEAM_COURSE, org_rows.team_courses),
    _Delta(
        "/org/teams/learningpaths",
        "TeamLearningPaths",
        ORG_TEAM_LEARNING_PATH,
        org_rows.team_learning_paths,
    ),
    _Delta("/org/courses", "Courses", ORG_COURSE, org_rows.courses, of_links=False),
    _Delta("/org/courses/modules", "CourseModules", ORG_COURSE_MODULE, org_rows.course_modules),
    _Delta("/org/modules", "Modules", ORG_MODULE, org_rows.modules, of_links=False),
    _Delta("/org/modules/results", "ModuleResults", ORG_MODULE_RESULT, result_rows.org_module_results),
    _Delta("/org/results/details", "UserResults", ORG_COURSE_RESULT, result_rows.org_course_results),
    _Delta("/org/learningpaths", "LearningPaths", ORG_LEARNING_PATH, org_rows.learning_paths, of_links=False),
    _Delta(
        "/org/learningpaths/courses",
        "LearningPathCourses",
        ORG_LEARNING_PATH_COURSE,
        org_rows.learning_path_courses,
    ),
    _Delta(
        "/org/learningpaths/users",
        "LearningPathUsers",
        ORG_LEARNING_PATH_USER,
        org_rows.learning_path_users,
    ),
    _Delta(
        "/org/learningpaths/results",
        "LearningPathResults",
        ORG_LEARNING_PATH_RESULT,
        result_rows.org_learning_path_results,
    ),
    _Delta("/org/achievements", "Achievements", ORG_ACHIEVEMENT, result_rows.org_achievements),
)

for _delta in _DELTAS:
    routes("GET", _delta.path)(_delta)


@routes("GET", "/org/users/logins")
def list_user_logins(call: Call) -> Response:
    """Answer the people who logged in during the window, each once."""
    since, to = call.window()
    seen = dict.fromkeys(login.user.id for login in call.tenant.audit.logins if since <= login.when < to)
    users = call.tenant.users
    rows = [org_rows.org_user(users[user_id]) for user_id in seen if user_id in users]
    return call.answer_all("Users", ORG_USER, call.page(rows))


@routes("GET", "/org/ecommerce/courses")
def list_ecommerce_courses(call: Call) -> Response:
    """Answer the courses for sale, in a wrapper."""
    rows = within(org_rows.ecommerce_courses(call.tenant), Window(*call.window()))
    return call.answer(ECOMMERCE_COURSES, {"Courses": records(call.page(rows))})


@routes("GET", "/org/ecommerce/learningpaths")
def list_ecommerce_learning_paths(call: Call) -> Response:
    """Answer the learning paths for sale, in a wrapper."""
    rows = within(org_rows.ecommerce_learning_paths(call.tenant), Window(*call.window()))
    return call.answer(ECOMMERCE_LEARNING_PATHS, {"LearningPaths": records(call.page(rows))})


@routes("GET", "/org/ecommerce/coursesessions")
def list_ecommerce_sessions(call: Call) -> Response:
    """Answer the sessions of courses for sale, as the tree of all sessions; its shape is assumed."""
    tenant = call.tenant
    held = [each for each in tenant.training.held() if tenant.courses[each["CourseId"]]["ForSale"]]
    window = Window(*call.window())
    rows = call.page([each for each in held if window.holds(each["UpdatedDate"])])
    return call.answer_all("SessionCourses", SESSION_COURSE, sessions_tree(tenant, rows))
