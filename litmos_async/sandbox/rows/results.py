"""Rows that tell of results and achievements, in the lists of everyone's and in the delta queries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from litmos_async.sandbox.rows.lazy import LazyRow
from litmos_async.sandbox.state.audit import CALLER_NUMBER
from litmos_async.sandbox.state.links import Assignment, Completion, ModuleResult
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record

_PERSON: Final = ("UserName", "FirstName", "LastName", "Active", "Email", "AccessLevel", "LoginKey")


def result_details(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield every course that anyone has, together with the person and the progress."""
    for user_id, course_id, link in tenant.user_courses.rows():
        if link.active:
            yield LazyRow(link.updated, _result_detail, (tenant, user_id, course_id, link))


def _result_detail(tenant: Tenant, user_id: str, course_id: str, link: Assignment) -> Record:
    user, course = tenant.users[user_id], tenant.courses[course_id]
    return {
        "Id": user_id,
        "UserOriginalId": user["OriginalId"],
        **{name: user[name] for name in _PERSON},
        "CourseId": course_id,
        "CourseOriginalId": course["OriginalId"],
        "UpdatedDate": link.updated,
        "Code": course["Code"],
        "CourseName": course["Name"],
        "Complete": link.completed is not None,
        "PercentageComplete": link.percentage,
        "CompletedDate": link.completed,
        "UpToDate": True,
        "Overdue": False,
        "CompliantTillDate": None,
    }


def achievements(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield a row for each course that a person who is still there was through with, newest first."""
    for completion in sorted(tenant.completions, key=lambda each: (each.when, each.number), reverse=True):
        user = tenant.users.get(completion.user_id)
        if user is not None and _of_course(tenant, completion):
            yield LazyRow(completion.when, _achievement, (completion, user))


def _achievement(completion: Completion, user: Record) -> Record:
    return {
        "UserId": completion.user_id,
        "Title": completion.title,
        "Description": "",
        "AchievementDate": completion.when,
        "CourseId": completion.item_id,
        "CompliantTillDate": None,
        "Score": None if completion.score is None else str(completion.score),
        "Result": "Completed",
        "Type": "Course Completed",
        "FirstName": user["FirstName"],
        "LastName": user["LastName"],
        "AchievementId": completion.number,
        "CertificateId": completion.certificate,
        # Not of the record, but `search` looks at it.
        "UserName": user["UserName"],
    }


def org_achievements(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield a row for each course and each learning path that a person who is still there was through with."""
    for completion in tenant.completions:
        if completion.user_id in tenant.users:
            yield LazyRow(completion.when, _org_achievement, (tenant, completion))


def _org_achievement(tenant: Tenant, completion: Completion) -> Record:
    course = _of_course(tenant, completion)
    number = tenant.audit.number(completion.item_id)
    return {
        "Id": str(completion.number),
        "UserId": completion.user_id,
        "CourseId": completion.item_id if course else None,
        "LearningPathId": None if course else completion.item_id,
        "OriginalAchievementId": completion.number,
        "OriginalUserId": tenant.audit.number(completion.user_id),
        "OriginalCourseId": number if course else None,
        "OriginalLearningPathId": None if course else number,
        "CompliantTillDate": None,
        "Title": completion.title,
        "AchievementDate": completion.when,
        "Type": "Course Completed" if course else "Learning Path Completed",
        "CertificateId": completion.certificate,
        "CreatedDate": completion.when,
        "UpdatedDate": completion.when,
        "CreatedBy": CALLER_NUMBER,
        "UpdatedBy": None,
    }


def org_course_results(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the result of each person in each course, those taken away too."""
    for user_id, course_id, link in tenant.user_courses.rows():
        yield LazyRow(link.updated, _org_course_result, (tenant, user_id, course_id, link))


def _org_course_result(tenant: Tenant, user_id: str, course_id: str, link: Assignment) -> Record:
    team, path = _origins(tenant, link)
    return _org_result(tenant, user_id, course_id, "Course", link) | {
        "StartedDate": link.started,
        "CompletedDate": link.completed,
        "UpToDate": True,
        "Overdue": False,
        "DueDate": None,
        "LastAttemptDate": max((each.updated for each in link.modules.values()), default=None),
        "UpdatedBy": CALLER_NUMBER,
        "Code": tenant.courses[course_id]["Code"] if course_id in tenant.courses else "",
        "UserName": tenant.audit.things[user_id].name,
        "LearningPathAssignment": path,
        "TeamAssignment": team,
    }


def org_learning_path_results(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the result of each person on each learning path, those taken away too."""
    for user_id, path_id, link in tenant.user_paths.rows():
        yield LazyRow(link.updated, _org_path_result, (tenant, user_id, path_id, link))


def _org_path_result(tenant: Tenant, user_id: str, path_id: str, link: Assignment) -> Record:
    return _org_result(tenant, user_id, path_id, "LearningPath", link) | {
        "StartDate": link.started,
        "FinishDate": link.completed,
    }


def org_module_results(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the result of each person in each module that they did something in."""
    for user_id, _, link in tenant.user_courses.rows():
        for module_id, result in link.modules.items():
            yield LazyRow(result.updated, _org_module_result, (tenant, user_id, module_id, link, result))


def _org_module_result(
    tenant: Tenant, user_id: str, module_id: str, link: Assignment, result: ModuleResult
) -> Record:
    module = tenant.audit.things[module_id]
    return {
        "Id": module_id,
        "UserId": user_id,
        "OriginalModuleId": module.number,
        "OriginalUserId": tenant.audit.number(user_id),
        "ModuleResultId": int(result.result_id),
        "Active": link.active,
        "Name": module.name,
        "Passmark": None,
        "Score": result.score,
        "UserName": tenant.audit.things[user_id].name,
        "Completed": result.completed,
        "AttemptNumber": result.attempt,
        "CreatedBy": CALLER_NUMBER,
        "FinishedDate": result.reached if result.completed else None,
        "CreatedDate": result.created,
        "StartedDate": min(result.created, result.reached),
        "TimeTaken": _time_taken(result),
        "UpdatedDate": result.updated,
        "Code": tenant.modules[module_id]["Code"] if module_id in tenant.modules else None,
    }


def _org_result(tenant: Tenant, user_id: str, item_id: str, kind: str, link: Assignment) -> Record:
    return {
        "Id": item_id,
        "UserId": user_id,
        f"Original{kind}Id": tenant.audit.number(item_id),
        "OriginalUserId": tenant.audit.number(user_id),
        "Name": tenant.audit.things[item_id].name,
        "Active": link.active,
        "CreatedDate": link.created,
        "UpdatedDate": link.updated,
        "Completed": link.completed is not None,
        "PercentageComplete": link.percentage,
        "CompliantTillDate": None,
        "CreatedBy": CALLER_NUMBER,
    }


def _origins(tenant: Tenant, link: Assignment) -> tuple[bool, bool]:
    """Return whether an assignment came through a team, and whether through a learning path."""
    kinds = {tenant.audit.things[origin].kind for origin in link.origins if origin}
    return "Team" in kinds, "LearningPath" in kinds


def _of_course(tenant: Tenant, completion: Completion) -> bool:
    return tenant.audit.things[completion.item_id].kind == "Course"


def _time_taken(result: ModuleResult) -> str:
    """Write `HH:MM:SS`."""
    seconds = _seconds(result.created, result.updated)
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _seconds(start: datetime, end: datetime) -> int:
    return int((end - start).total_seconds())
