"""The operations on results and achievements."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.rows.lazy import Window, kept, records
from litmos_async.sandbox.rows.results import achievements, result_details
from litmos_async.sandbox.wire.schema import ACHIEVEMENT, MODULE_RESULT, RESULT_DETAIL

routes = Routes()

_MOST_ROWS: Final = 1_000


@routes("GET", "/results/details")
def list_details(call: Call) -> Response:
    """Answer all results that changed after `since`; here too big a `limit` is an error (api-facts 4)."""
    since, to = call.moment("since"), call.moment("to")
    if since is None:
        raise Refusal(406, "since is required")
    if call.number("limit", 100, least=1) > _MOST_ROWS:
        raise Refusal(406, f"limit cannot be more than {_MOST_ROWS}")
    rows = kept(call.tenant, result_details, Window(since, to, after=True))
    return call.answer_all("Users", RESULT_DETAIL, records(call.page(rows)))


@routes("GET", "/achievements")
def list_achievements(call: Call) -> Response:
    """Answer who was through with which course, newest first unless `dir` says otherwise.

    Which names `sort` takes here is not documented: it is passed over.
    """
    since, user_id = call.moment("since"), call.query.get("userid")
    found = kept(call.tenant, achievements, Window(since, None, after=True))
    if not call.descending("DESC"):
        found = found[::-1]
    if not {"search", "userid"} & call.query.keys():
        return call.answer_all("Achievements", ACHIEVEMENT, records(call.page(found)))
    rows = call.matching(records(found), "Title", "UserName", "FirstName", "LastName")
    rows = [row for row in rows if user_id in {None, row["UserId"]}]
    return call.answer_all("Achievements", ACHIEVEMENT, call.page(rows))


@routes("PUT", "/results/modules/{module_id}")
def complete_module(call: Call, module_id: str) -> Response:
    """Set the result of a person in a module; a repeat adds an attempt, which is a choice of the sandbox."""
    tenant = call.tenant
    result = call.record(MODULE_RESULT)
    user_id, course_id = call.user(result["UserId"])["Id"], call.course(result["CourseId"])["Id"]
    if not tenant.course_modules.get(course_id, module_id):
        raise Refusal(404, "Module not found")
    if not tenant.user_courses.get(user_id, course_id):
        raise Refusal(404, "Course is not assigned to the user")
    score = float(result["Score"] or 0)
    tenant.set_module_result(user_id, course_id, module_id, score, completed=result["Completed"])
    return done()
