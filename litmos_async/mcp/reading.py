"""The tools that read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, Literal

import attrs

from litmos_async import LitmosClient, Pages
from litmos_async.mcp.answers import check_page, page_of, plain
from litmos_async.mcp.deadline import Deadline
from litmos_async.report import Report

__all__ = ["Reading"]

_KEPT: Final = 600.0
"""Seconds for which a report is kept, to be read page by page: it takes many requests to make."""

_PERSON: Final = ("id", "user_name", "first_name", "last_name", "active", "access_level")
_COURSE: Final = ("id", "code", "name", "active", "course_code_for_bulk_import")
_TEAM: Final = ("id", "name", "parent_team_id")
_PROFILE: Final = (
    *_PERSON,
    "email",
    "job_title",
    "company_name",
    "manager_name",
    "created_date",
    "last_login",
)
_LEARNING: Final = ("id", "code", "name", "active", "complete", "percentage_complete", "assigned_date")
_PROGRESS: Final = (*_PERSON, "completed", "percentage_complete", "compliant_till")


class Reading:
    """What an assistant can read. The docstrings are what it is told of each tool."""

    def __init__(self, litmos: LitmosClient) -> None:
        self._litmos = litmos
        self._reports: dict[tuple[Any, ...], tuple[Deadline, Report]] = {}
        self._making = asyncio.Lock()

    @property
    def tools(self) -> Sequence[Any]:
        """All of them."""
        return (
            self.find_users,
            self.get_user,
            self.list_user_courses,
            self.find_courses,
            self.list_course_users,
            self.find_teams,
            self.list_team_users,
            self.report,
            self.quota,
        )

    async def find_users(self, search: str = "", start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List people, or those whose name or e-mail address holds `search` (at most 50 characters)."""
        make = partial(self._litmos.users.list, search=search or None, start=start, page_size=page_size)
        return await _page(make, _PERSON, start, page_size)

    async def get_user(self, user: str) -> dict[str, Any]:
        """Return the profile of a person, by id or user name."""
        return plain(await self._litmos.users.get(user), _PROFILE)

    async def list_user_courses(self, user_id: str, start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List the courses of a person, with how far they are. It needs the id, not the user name."""
        make = partial(self._litmos.users.list_courses, user_id, start=start, page_size=page_size)
        return await _page(make, _LEARNING, start, page_size)

    async def find_courses(self, search: str = "", start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List courses, or those whose name or code holds `search` (at most 50 characters)."""
        make = partial(self._litmos.courses.list, search=search or None, start=start, page_size=page_size)
        return await _page(make, _COURSE, start, page_size)

    async def list_course_users(self, course_id: str, start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List the people of a course, with how far they are."""
        make = partial(self._litmos.courses.list_users, course_id, start=start, page_size=page_size)
        return await _page(make, _PROGRESS, start, page_size)

    async def find_teams(self, search: str = "", start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List teams, or those whose name holds `search` (at most 50 characters)."""
        make = partial(self._litmos.teams.list, search=search or None, start=start, page_size=page_size)
        return await _page(make, _TEAM, start, page_size)

    async def list_team_users(self, team_id: str, start: int = 0, page_size: int = 20) -> dict[str, Any]:
        """List the members of a team."""
        make = partial(self._litmos.teams.list_users, team_id, start=start, page_size=page_size)
        return await _page(make, _PERSON, start, page_size)

    async def report(
        self,
        kind: Literal["completion", "overdue", "not-started", "teams"],
        course_ids: list[str] | None = None,
        team_ids: list[str] | None = None,
        start: int = 0,
        page_size: int = 20,
    ) -> dict[str, Any]:
        """Report who has completed what, who is overdue, who has not started, or how far teams are.

        Name courses or teams where you can: without them every course and person is read, which takes minutes. The
        figures are about all rows; the rows come page by page.
        """
        check_page(start, page_size)
        report = await self._made(kind, tuple(course_ids or ()), tuple(team_ids or ()))
        rows = report.to_dicts()
        return {
            "title": report.title,
            "made": report.made.astimezone(UTC).isoformat(),
            "figures": dict(report.figures),
            "note": report.note,
            **page_of(rows[start:], start=start, page_size=page_size, total=len(rows)),
        }

    async def _made(self, kind: Any, courses: tuple[str, ...], teams: tuple[str, ...]) -> Report:
        """Return a report; a page more of it is no reason to make it again."""
        what = (kind, courses, teams)
        async with self._making:
            self._reports = {key: kept for key, kept in self._reports.items() if not kept[0].passed}
            if what not in self._reports:
                report = await self._litmos.report.make(
                    kind, courses=courses, teams=teams, now=datetime.now(UTC)
                )
                self._reports[what] = Deadline.after(_KEPT), report
            return self._reports[what][1]

    async def quota(self) -> dict[str, Any]:
        """Return how much of the account's request limit is used, and by whom. Nothing is sent."""
        usage = await self._litmos.usage()
        return {
            **attrs.asdict(usage.quota),
            "processes": [{"used": each.used, "waiting": each.waiting} for each in usage.processes],
        }


async def _page(
    make: Callable[[], Pages[Any]], fields: Sequence[str], start: int, page_size: int
) -> dict[str, Any]:
    """Return a page of a list, which takes one request."""
    check_page(start, page_size)
    page = await make()
    return page_of(
        page.items,
        start=start,
        page_size=page_size,
        fields=fields,
        total=page.total,
        more=page.resume is not None,
    )
