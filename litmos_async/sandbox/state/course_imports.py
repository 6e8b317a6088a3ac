"""Bulk imports of courses: a row with a code changes that course, a row without one adds a course.

Read and passed over: Notifications, CourseInactivationDate and ComplianceRetake.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from attrs import define, field

from litmos_async.sandbox.state.imports import RowError
from litmos_async.sandbox.state.people import People
from litmos_async.sandbox.wire.schema import Record

_RENAMED: Final = {
    "CourseTitle": "Name",
    "ReferenceCode": "Code",
    "ContentLibrary": "IncludeInLibrary",
    "ModuleOrder": "CompleteInOrder",
    "CourseAccessExpirationDateSpan": "AccessTillDays",
}
_SAME: Final = (
    *("Description", "Active", "DueDateSpan", "ComplianceDateSpan", "Social", "DiscussionForum", "Tags"),
    *(f"AdvCourseCustomField{n}" for n in range(1, 11)),
)
# Dates follow the format of the organisation (records.yaml, CourseImport): here it is yyyy-MM-dd.
_DATES: Final = {"CourseAccessExpirationDate": "AccessTillDate", "DueDate": "DueDate"}
_LISTS: Final = {
    "Topic": "Topics",
    "CoursePrerequisite": "CoursePreRequisites",
    "LearningPathPrerequisite": "LearningPathPreRequisites",
}
_SPANS: Final = ("CourseAccessExpirationDateSpan", "DueDateSpan", "ComplianceDateSpan")
_LONGEST_SPAN: Final = 100


@define(kw_only=True)
class CourseImportJob:
    """One bulk import of courses. The service has no operation to ask for it: look at it here.

    Attributes:
        id: Id of the job.
        due: When it will be done, on the clock of the event loop.
        rows: The rows that came.
        imported: When it was handed in.
        done: Whether it is done.
        created: How many courses were created.
        errors: Title and reason of each row that failed.
    """

    id: str
    due: float
    rows: list[Record]
    imported: datetime
    done: bool = False
    created: int = 0
    errors: list[tuple[str, str]] = field(factory=list[tuple[str, str]])

    def run(self, tenant: People) -> None:
        """Carry out every row; a bad one stops none of the others."""
        course_ids = {course["CourseCodeForBulkImport"]: course["Id"] for course in tenant.courses.values()}
        for row in self.rows:
            given = {key: value for key, value in row.items() if value not in {None, ""}}
            try:
                self._carry_out(tenant, given, course_ids)
            except RowError as error:
                self.errors.append((row["CourseTitle"] or "", f"Failed - {error}"))
        self.done = True

    def _carry_out(self, tenant: People, given: Record, course_ids: dict[str, str]) -> None:
        fields, code = _fields(given), given.get("CourseCode")
        if code is None:
            tenant.add_course(**fields)
            self.created += 1
        elif code in course_ids:
            tenant.change_course(course_ids[code], **fields)
        else:
            raise RowError(f"Unknown CourseCode {code}")


def _fields(given: Record) -> dict[str, Any]:
    for name in ("CourseTitle", "Active"):
        if name not in given:
            raise RowError(f"{name} is required")
    for name in _SPANS:
        if not 0 <= given.get(name, 0) <= _LONGEST_SPAN:
            raise RowError(f"{name} cannot be more than {_LONGEST_SPAN}")
    for name in _DATES:
        if name in given and f"{name}Span" in given:
            raise RowError(f"{name} and {name}Span exclude one another")
    fields: dict[str, Any] = {name: given[name] for name in _SAME if name in given}
    fields |= {theirs: given[ours] for ours, theirs in _RENAMED.items() if ours in given}
    fields |= {theirs: _date(given, ours) for ours, theirs in _DATES.items() if ours in given}
    for ours, theirs in _LISTS.items():
        values = [given[f"{ours}{n}"] for n in (1, 2, 3) if f"{ours}{n}" in given]
        if values:
            fields[theirs] = ",".join(values)
    if "Language" in given:
        fields["Languages"] = [given["Language"]]
    return fields


def _date(given: Record, name: str) -> datetime:
    try:
        return datetime.strptime(given[name], "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise RowError(f"Invalid {name}") from error
