"""Rows that no record holds as it is: people together with what they have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litmos_async.sandbox.state.links import Assignment
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record


def user_courses(tenant: Tenant, user_id: str) -> list[Record]:
    """Return the courses of a person, each with the progress."""
    return [
        _progress(assignment)
        | {
            "Id": course_id,
            "IsLearningPath": not assignment.origins.isdisjoint(tenant.learning_paths),
            "CourseCreatedDate": tenant.courses[course_id]["CreatedDate"],
            "CourseCreator": "",
            "UpToDate": True,
            "Overdue": False,
            "CompliantTill": None,
        }
        | _named(tenant.courses[course_id], "Code", "Name", "Active", "OriginalId")
        for course_id, assignment in tenant.user_courses.of_left(user_id).items()
    ]


def user_course_details(tenant: Tenant, course_id: str, assignment: Assignment) -> Record:
    """Return the result of a person in a course, with those in its modules."""
    return (
        _progress(assignment)
        | {"Id": course_id, "UpToDate": True, "Overdue": False, "CourseDueDate": None}
        | _named(tenant.courses[course_id], "Code", "Name", "Active", "OriginalId")
        | {"Modules": list(_module_results(tenant, course_id, assignment))}
    )


def _module_results(tenant: Tenant, course_id: str, assignment: Assignment) -> Iterator[Record]:
    for module_id in tenant.course_modules.of_left(course_id):
        result = assignment.modules.get(module_id)
        yield _named(tenant.modules[module_id], "Id", "Code", "Name", "OriginalId") | {
            "Passmark": None,
            "Score": result.score if result else None,
            "Completed": result.completed if result else False,
            "LastUpdated": result.reached if result else None,
            "Attempt": result.attempt if result else None,
            "ResultId": result.result_id if result else "",
            "StartDate": min(result.created, result.reached) if result else None,
            "DateCompleted": result.reached if result and result.completed else None,
        }


def course_users(tenant: Tenant, course_id: str) -> list[Record]:
    """Return the people who have a course, each with the progress."""
    return [
        _named(tenant.users[user_id], "Id", "UserName", "FirstName", "LastName", "Email")
        | {
            "Completed": assignment.completed is not None,
            "PercentageComplete": assignment.percentage,
            "CompliantTill": None,
            "DueDate": None,
            "AccessTillDate": None,
        }
        for user_id, assignment in tenant.user_courses.of_right(course_id).items()
    ]


def user_learning_paths(tenant: Tenant, user_id: str) -> list[Record]:
    """Return the learning paths of a person, each with the progress."""
    return [
        _progress(assignment)
        | {"Id": path_id, **_path_progress(tenant, user_id, path_id, "Complete")}
        | _named(tenant.learning_paths[path_id], "Name", "Active", "OriginalId")
        for path_id, assignment in tenant.user_paths.of_left(user_id).items()
    ]


def learning_path_users(tenant: Tenant, path_id: str) -> list[Record]:
    """Return the people who have a learning path, each with the progress."""
    return [
        _named(tenant.users[user_id], "Id", "UserName", "FirstName", "LastName", "Email")
        | _path_progress(tenant, user_id, path_id, "Completed")
        for user_id in tenant.user_paths.of_right(path_id)
    ]


def _path_progress(tenant: Tenant, user_id: str, path_id: str, complete: str) -> Record:
    percentage = tenant.path_percentage(user_id, path_id)
    return {"PercentageComplete": percentage, complete: percentage >= 100}


def _progress(assignment: Assignment) -> Record:
    return {
        "Complete": assignment.completed is not None,
        "PercentageComplete": assignment.percentage,
        "AssignedDate": assignment.created,
        "StartDate": assignment.started,
        "DateCompleted": assignment.completed,
        "ResultId": assignment.result_id,
        "AccessTillDate": None,
    }


def _named(record: Record, *names: str) -> dict[str, Any]:
    return {name: record[name] for name in names}
