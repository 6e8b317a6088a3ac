"""Bulk imports of courses: with a code they change, without one they add."""

from __future__ import annotations

import asyncio
from typing import Any

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import SAFETY, Client, on_a_virtual_clock, reach

COURSE = {"CourseTitle": "Fire & smoke", "Active": True}


async def imported(client: Client, tenant: Tenant, body: Any) -> list[tuple[str, str]]:
    """Hand an import in, wait, and return what went wrong."""
    response = await client.send("POST", "/bulkimports/courses", body, format="json")
    assert response.status_code == 201
    job = tenant.course_imports[-1]
    assert response.json() == {
        "ImportId": job.id,
        "ImportDate": "/Date(1720522923643+0000)/",
        "Status": "Waiting",
        "TotalRecords": len(job.rows),
        "TotalCoursesCreated": 0,
        "Failed": 0,
    }
    waiting = len(tenant.courses)
    await asyncio.sleep(5)
    assert len(tenant.courses) == waiting
    await client.json("/courses")
    assert job.done
    return job.errors


@on_a_virtual_clock
async def test_new_courses(tenant: Tenant) -> None:
    """A row without a code adds a course, and once more when it is sent once more."""
    row = COURSE | {
        "Description": "What to do",
        "ContentLibrary": True,
        "ModuleOrder": True,
        "DueDate": "2025-03-04",
        "ComplianceDateSpan": 30,
        "CourseAccessExpirationDateSpan": 100,
        "Topic1": "Safety",
        "Topic3": "Fire",
        "CoursePrerequisite1": "700001-SAFE-01",
        "Language": "en",
        "AdvCourseCustomField2": "HR",
        "ReferenceCode": "F-1",
    }
    async with reach(Sandbox(tenant)) as client:
        for _ in range(2):
            assert await imported(client, tenant, [row]) == []
        *_, first, second = tenant.courses.values()
        assert (first["Name"], second["Name"]) == ("Fire & smoke", "Fire & smoke")
        assert first["CourseCodeForBulkImport"] == "700003-F-1"
        details = await client.json(f"/courses/{first['Id']}/details")
        node = await client.xml(f"/courses/{first['Id']}/details")
    assert [job.created for job in tenant.course_imports] == [1, 1]
    assert (details["IncludeInLibrary"], details["CompleteInOrder"], details["DueDate"]) == (
        True,
        True,
        "/Date(1741046400000+0000)/",
    )
    assert (details["Topics"], details["CoursePreRequisites"]) == ("Safety,Fire", "700001-SAFE-01")
    assert (details["Languages"], details["AdvCourseCustomField2"]) == (["en"], "HR")
    assert (details["AccessTillDays"], details["ComplianceDateSpan"]) == (100, 30)
    assert node.findtext("Languages/string") == "en"


@on_a_virtual_clock
async def test_a_code_changes_a_course(tenant: Tenant) -> None:
    """A row with a code changes what it says and keeps the rest."""
    body = (
        "<CourseImports><CourseImport><CourseTitle>Safety first</CourseTitle><Description/>"
        "<CourseCode>700001-SAFE-01</CourseCode><Active>false</Active></CourseImport></CourseImports>"
    )
    async with reach(Sandbox(tenant)) as client:
        assert await imported(client, tenant, body) == []
    course = tenant.courses[SAFETY]
    assert (course["Name"], course["Description"], course["Active"]) == (
        "Safety first",
        "How to leave a building",
        False,
    )
    assert tenant.course_imports[0].created == 0


@on_a_virtual_clock
async def test_errors_come_row_by_row(tenant: Tenant) -> None:
    """A bad row stops none of the others; a date and its span exclude one another."""
    rows = [
        {"Active": True},
        {"CourseTitle": "x"},
        COURSE | {"DueDateSpan": 101},
        COURSE | {"DueDateSpan": 1, "DueDate": "2025-03-04"},
        COURSE | {"DueDate": "04/03/2025"},
        COURSE | {"CourseCode": "1-Nothing"},
        COURSE,
    ]
    async with reach(Sandbox(tenant)) as client:
        errors = await imported(client, tenant, rows)
    assert errors[0] == ("", "Failed - CourseTitle is required")
    assert [reason.removeprefix("Failed - ") for _, reason in errors[1:]] == [
        "Active is required",
        "DueDateSpan cannot be more than 100",
        "DueDate and DueDateSpan exclude one another",
        "Invalid DueDate",
        "Unknown CourseCode 1-Nothing",
    ]
    assert tenant.course_imports[0].created == 1


async def test_refusals(client: Client) -> None:
    """Of two limits on record the sandbox keeps both: 100 rows, and 2000 KB."""
    path = "/bulkimports/courses"
    assert await client.status("POST", path, [COURSE] * 101) == (400, "Maximum courses is 100")
    body = [COURSE | {"Description": "x" * 2_100_000}]
    assert (await client.status("POST", path, body))[0] == 400
