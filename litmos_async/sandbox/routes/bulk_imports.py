"""The operations on bulk imports of people and courses."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.state.course_imports import CourseImportJob
from litmos_async.sandbox.state.imports import ImportJob
from litmos_async.sandbox.wire.schema import (
    COURSE_BULK_IMPORT,
    COURSE_IMPORT,
    IMPORT_USER_ERROR,
    USER_BULK_IMPORT,
    USER_IMPORT,
    Record,
)

routes = Routes()

_MOST_BYTES: Final = 2_000 * 1_024
_MOST_JOBS: Final = 1_000
_MOST_COURSES: Final = 100  # of two limits on record the smaller one (api-facts 11)


@routes("POST", "/bulkimports")
def create_users(call: Call) -> Response:
    """Take an import in: it is carried out later, row by row."""
    _check_size(call)
    tenant = call.tenant
    job = ImportJob(
        id=tenant.ids.short(),
        due=call.time + tenant.import_seconds,
        rows=call.records("UserImports", USER_IMPORT),
        imported=tenant.now(),
        send_emails=call.flag("sendmessage", default=False),
        skip_first_login=call.flag("skipfirstlogin", default=False),
    )
    tenant.imports.append(job)
    return call.answer(USER_BULK_IMPORT, _row(job), 201)


@routes("POST", "/bulkimports/courses")
def create_courses(call: Call) -> Response:
    """Take an import of courses in; no operation asks for its outcome."""
    _check_size(call)
    rows = call.records("CourseImports", COURSE_IMPORT)
    if len(rows) > _MOST_COURSES:
        raise Refusal(400, f"Maximum courses is {_MOST_COURSES}")
    tenant = call.tenant
    job = CourseImportJob(
        id=tenant.ids.short(), due=call.time + tenant.import_seconds, rows=rows, imported=tenant.now()
    )
    tenant.course_imports.append(job)
    answer = {
        "ImportId": job.id,
        "ImportDate": job.imported,
        "Status": "Waiting",
        "TotalRecords": len(rows),
        "TotalCoursesCreated": 0,
        "Failed": 0,
    }
    return call.answer(COURSE_BULK_IMPORT, answer, 201)


def _check_size(call: Call) -> None:
    if len(call.body) > _MOST_BYTES:
        raise Refusal(400, "The body is larger than 2000 KB")


@routes("GET", "/bulkimports")
def list_jobs(call: Call) -> Response:
    """Answer the last thousand jobs, newest first."""
    rows = [_row(job) for job in call.page(call.tenant.imports[: -_MOST_JOBS - 1 : -1])]
    return call.answer_all("UserBulkImports", USER_BULK_IMPORT, rows)


@routes("GET", "/bulkimports/{job_id}")
def get(call: Call, job_id: str) -> Response:
    """Answer one job: `Waiting` at first, `Completed` at the end."""
    return call.answer(USER_BULK_IMPORT, _row(_job(call, job_id)))


@routes("GET", "/bulkimports/{job_id}/usererrors")
def list_user_errors(call: Call, job_id: str) -> Response:
    """Answer the rows that failed; the XML names are not documented, those of the record are assumed."""
    rows = [{"Username": name, "ImportStatus": reason} for name, reason in _job(call, job_id).errors]
    return call.answer_all("ImportUserErrors", IMPORT_USER_ERROR, call.page(rows))


def _job(call: Call, job_id: str) -> ImportJob:
    for job in call.tenant.imports:
        if job.id == job_id:
            return job
    raise Refusal(400, "Invalid bulk import id")  # not 404 (api-facts 5)


def _row(job: ImportJob) -> Record:
    return {
        "Id": job.id,
        "ImportDate": job.imported,
        "Status": "Completed" if job.done else "Waiting",
        "TotalRecords": len(job.rows),
        "TotalUsersCreated": job.created,
        "Failed": len(job.errors),
        "Duplicate": job.duplicates,
        "InvalidEmail": job.invalid_emails,
        "SendEmails": job.send_emails,
        "SkipFirstLogin": job.skip_first_login,
        "IsAPIImport": True,
    }
