"""Rows of the delta queries on things and links: what was made, changed and taken away (quirks.md 9).

Every row has the time of its last change in `UpdatedDate`, which is what a window is laid over.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from litmos_async.sandbox.state.audit import CALLER_NUMBER
from litmos_async.sandbox.state.links import Link, Links
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_org import (
    ECOMMERCE_COURSE,
    ECOMMERCE_LEARNING_PATH,
    ORG_COURSE,
    ORG_LEARNING_PATH,
)

_BY_CALLER = {"CreatedBy": CALLER_NUMBER, "UpdatedBy": CALLER_NUMBER}

# Things


def users(tenant: Tenant) -> Iterator[Record]:
    """Yield all people."""
    for user in tenant.users.values():
        yield org_user(user)


def org_user(user: Record) -> Record:
    """Return a person as the delta queries show them: of the login key only a stub is left."""
    stub = user["LoginKey"].partition("loginkey=")[0]
    return user | {"OriginalUserId": user["OriginalId"], "LoginKey": stub, **_BY_CALLER}


def teams(tenant: Tenant) -> Iterator[Record]:
    """Yield all teams; that a deleted one comes with Active=false is inferred from the links."""
    for active, records in ((True, tenant.teams.values()), (False, tenant.deleted_teams)):
        for team in records:
            yield team | {"OriginalTeamId": team["OriginalId"], "Active": active, **_BY_CALLER}


def courses(tenant: Tenant) -> Iterator[Record]:
    """Yield all courses."""
    for course in tenant.courses.values():
        yield ORG_COURSE.blank() | course | {"OriginalCourseId": course["OriginalId"], **_BY_CALLER}


def learning_paths(tenant: Tenant) -> Iterator[Record]:
    """Yield all learning paths."""
    for path in tenant.learning_paths.values():
        yield ORG_LEARNING_PATH.blank() | path | _BY_CALLER


def modules(tenant: Tenant) -> Iterator[Record]:
    """Yield all modules."""
    for module in tenant.modules.values():
        yield {"Passmark": None, **module, **_BY_CALLER}


def ecommerce_courses(tenant: Tenant) -> Iterator[Record]:
    """Yield the courses that are for sale."""
    for course in tenant.courses.values():
        if course["ForSale"]:
            yield ECOMMERCE_COURSE.blank() | course | _on_sale(course)


def ecommerce_learning_paths(tenant: Tenant) -> Iterator[Record]:
    """Yield the learning paths that are for sale."""
    for path in tenant.learning_paths.values():
        if path["ForSale"]:
            yield ECOMMERCE_LEARNING_PATH.blank() | path | _on_sale(path)


def _on_sale(record: Record) -> Record:
    languages = record.get("Languages")
    return {
        "OriginalId": str(record["OriginalId"]),  # text here, a number elsewhere
        "Currency": "USD",
        "Languages": ",".join(languages) if languages else None,
        **_BY_CALLER,
    }


# Links


def team_users(tenant: Tenant) -> Iterator[Record]:
    """Yield all memberships."""
    for row, link in _links(tenant, tenant.members, "Team", "User"):
        yield row | {"IsTeamLeader": link.leader, "IsTeamAdmin": link.admin}


def team_courses(tenant: Tenant) -> Iterator[Record]:
    """Yield the courses of teams: assigned, in the library, and through learning paths."""
    flags = {"IsInTeamLibrary": False, "LearningPathAssignment": False}
    for row, _ in _links(tenant, tenant.team_courses, "Team", "Course"):
        yield row | flags
    for row, _ in _links(tenant, tenant.team_library, "Team", "Course"):
        yield row | flags | {"IsInTeamLibrary": True}
    for team_id, path_id, link in tenant.team_paths.rows():
        for course_id in tenant.path_courses.of_left(path_id):
            row = _link_row(tenant, ("Team", team_id), ("Course", course_id), link)
            yield row | flags | {"LearningPathAssignment": True}


def team_learning_paths(tenant: Tenant) -> Iterator[Record]:
    """Yield the learning paths of teams."""
    for row, _ in _links(tenant, tenant.team_paths, "Team", "LearningPath"):
        yield row | {"IsInTeamLibrary": False}


def course_modules(tenant: Tenant) -> Iterator[Record]:
    """Yield the modules of courses."""
    for row, _ in _links(tenant, tenant.course_modules, "Course", "Module"):
        yield row


def learning_path_courses(tenant: Tenant) -> Iterator[Record]:
    """Yield the courses of learning paths."""
    for row, _ in _links(tenant, tenant.path_courses, "LearningPath", "Course"):
        yield row


def user_courses(tenant: Tenant) -> Iterator[Record]:
    """Yield the assignments of courses to people."""
    for row, _ in _links(tenant, tenant.user_courses, "User", "Course"):
        yield row


def learning_path_users(tenant: Tenant) -> Iterator[Record]:
    """Yield the assignments of learning paths; here the person is the one on the right."""
    for user_id, path_id, link in tenant.user_paths.rows():
        yield _link_row(tenant, ("LearningPath", path_id), ("User", user_id), link)


def _links(tenant: Tenant, links: Links[Any], left: str, right: str) -> Iterator[tuple[Record, Any]]:
    for left_id, right_id, link in links.rows():
        yield _link_row(tenant, (left, left_id), (right, right_id), link), link


def _link_row(tenant: Tenant, left: tuple[str, str], right: tuple[str, str], link: Link) -> Record:
    (left_kind, left_id), (right_kind, right_id) = left, right
    return {
        f"{left_kind}Id": left_id,
        "Id": right_id,
        f"Original{left_kind}Id": tenant.audit.number(left_id),
        f"Original{right_kind}Id": tenant.audit.number(right_id),
        "Active": link.active,
        "CreatedDate": link.created,
        "UpdatedDate": link.updated,
        **_BY_CALLER,
    }
