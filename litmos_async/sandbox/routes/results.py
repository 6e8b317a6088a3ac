"""The operations on results and achievements."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.rows.lazy import Window, kept, records
from litmos_async.sandbox.rows.results import achievements, result_details
from litmos_async.sandbox.wire.schema import ACHIEVEMENT, MODULE_RESULT, RESULT_DETAIL, Record

routes = Routes()

_MOST_ROWS: Final = 1_000
_BEST_SCORE: Final = 100
_LONGEST_NOTE: Final = 255


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
    """Set the result of a person in a module; a repeat adds an attempt, which is a choice of the sandbox.

    The time of the request is that of the result in the module; the course keeps the server's own time, which is a
    choice as well, as are the statuses.
    """
    tenant = call.tenant
    result = call.record(MODULE_RESULT)
    user_id, course_id = call.user(result["UserId"])["Id"], call.course(result["CourseId"])["Id"]
    if not tenant.course_modules.get(course_id, module_id):
        raise Refusal(404, "Module not found")
    if not tenant.user_courses.get(user_id, course_id):
        raise Refusal(404, "Course is not assigned to the user")
    _check(result)
    score = float(result["Score"] or 0)
    tenant.set_module_result(
        user_id, course_id, module_id, score, completed=result["Completed"], at=result["UpdatedAt"]
    )
    return done()


def _check(result: Record) -> None:
    """Refuse what is not documented to be taken (records.yaml, ModuleResult)."""
    if result["Attempts"] is not None:
        raise Refusal(400, "Attempts is for embed and link modules only")  # of which the sandbox has none
    if not 0 <= (result["Score"] or 0) <= _BEST_SCORE:
        raise Refusal(400, f"Score must be 0 to {_BEST_SCORE}")
    if len(result["Note"] or "") > _LONGEST_NOTE:
        raise Refusal(400, f"Note is longer than {_LONGEST_NOTE} characters")
