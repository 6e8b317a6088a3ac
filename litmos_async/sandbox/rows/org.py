"""Rows of the delta queries on things and links: what was made, changed and taken away (api-facts 9).

Every row has the time of its last change in `UpdatedDate`, which is what a window is laid over.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from litmos_async.sandbox.rows.lazy import LazyRow
from litmos_async.sandbox.state.audit import CALLER_NUMBER
from litmos_async.sandbox.state.links import Link, Links, Membership
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_org import (
    ECOMMERCE_COURSE,
    ECOMMERCE_LEARNING_PATH,
    ORG_COURSE,
    ORG_LEARNING_PATH,
)

_STUB: Final = "/login.aspx?loginkey="
"""All that the delta queries give of a login key (api-facts 8)."""

_BY_CALLER: Final = {"CreatedBy": CALLER_NUMBER, "UpdatedBy": CALLER_NUMBER}

# Things


def users(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all people."""
    for user in tenant.users.values():
        yield LazyRow(user["UpdatedDate"], org_user, (user,))


def org_user(user: Record) -> Record:
    """Return a person as the delta queries show them: of the login key only a stub is left."""
    return user | {"OriginalUserId": user["OriginalId"], "LoginKey": _STUB, **_BY_CALLER}


def teams(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all teams; that a deleted one comes with Active=false is inferred from the links."""
    for active, records in ((True, tenant.teams.values()), (False, tenant.deleted_teams)):
        for team in records:
            more = {"OriginalTeamId": team["OriginalId"], "Active": active, **_BY_CALLER}
            yield _plain(team | more)


def courses(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all courses."""
    for course in tenant.courses.values():
        more = {"OriginalCourseId": course["OriginalId"], **_BY_CALLER}
        yield _plain(ORG_COURSE.blank() | course | more)


def learning_paths(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all learning paths."""
    for path in tenant.learning_paths.values():
        yield _plain(ORG_LEARNING_PATH.blank() | path | _BY_CALLER)


def modules(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all modules."""
    for module in tenant.modules.values():
        yield _plain({"Passmark": None, **module, **_BY_CALLER})


def ecommerce_courses(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the courses that are for sale."""
    for course in tenant.courses.values():
        if course["ForSale"]:
            yield _plain(ECOMMERCE_COURSE.blank() | course | _on_sale(course))


def ecommerce_learning_paths(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the learning paths that are for sale."""
    for path in tenant.learning_paths.values():
        if path["ForSale"]:
            yield _plain(ECOMMERCE_LEARNING_PATH.blank() | path | _on_sale(path))


def _plain(record: Record) -> LazyRow:
    return LazyRow(record["UpdatedDate"], dict, (record,))


def _on_sale(record: Record) -> Record:
    languages = record.get("Languages")
    return {
        "OriginalId": str(record["OriginalId"]),  # text here, a number elsewhere
        "Currency": "USD",
        "Languages": ",".join(languages) if languages else None,
        **_BY_CALLER,
    }


# Links


def team_users(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield all memberships."""
    for team_id, user_id, link in tenant.members.rows():
        yield LazyRow(link.updated, _membership, (tenant, team_id, user_id, link))


def _membership(tenant: Tenant, team_id: str, user_id: str, link: Membership) -> Record:
    flags = {"IsTeamLeader": link.leader, "IsTeamAdmin": link.admin}
    return _link_row(tenant, ("Team", team_id), ("User", user_id), link, flags)


def team_courses(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the courses of teams: assigned, in the library, and through learning paths."""
    flags = {"IsInTeamLibrary": False, "LearningPathAssignment": False}
    yield from _links(tenant, tenant.team_courses, "Team", "Course", flags)
    yield from _links(tenant, tenant.team_library, "Team", "Course", flags | {"IsInTeamLibrary": True})
    through_path = flags | {"LearningPathAssignment": True}
    for team_id, path_id, link in tenant.team_paths.rows():
        for course_id in tenant.path_courses.of_left(path_id):
            parts = (tenant, ("Team", team_id), ("Course", course_id), link, through_path)
            yield LazyRow(link.updated, _link_row, parts)


def team_learning_paths(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the learning paths of teams."""
    yield from _links(tenant, tenant.team_paths, "Team", "LearningPath", {"IsInTeamLibrary": False})


def course_modules(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the modules of courses."""
    yield from _links(tenant, tenant.course_modules, "Course", "Module")


def learning_path_courses(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the courses of learning paths."""
    yield from _links(tenant, tenant.path_courses, "LearningPath", "Course")


def user_courses(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the assignments of courses to people."""
    yield from _links(tenant, tenant.user_courses, "User", "Course")


def learning_path_users(tenant: Tenant) -> Iterator[LazyRow]:
    """Yield the assignments of learning paths; here the person is the one on the right."""
    for user_id, path_id, link in tenant.user_paths.rows():
        yield LazyRow(
            link.updated, _link_row, (tenant, ("LearningPath", path_id), ("User", user_id), link, {})
        )


def _links(
    tenant: Tenant, links: Links[Any], left: str, right: str, more: Mapping[str, Any] = MappingProxyType({})
) -> Iterator[LazyRow]:
    for left_id, right_id, link in links.rows():
        parts = (tenant, (left, left_id), (right, right_id), link, more)
        yield LazyRow(link.updated, _link_row, parts)


def _link_row(
    tenant: Tenant, left: tuple[str, str], right: tuple[str, str], link: Link, more: Mapping[str, Any]
) -> Record:
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
        **more,
    }
