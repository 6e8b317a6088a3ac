"""Sandboxes in process, and clients of them."""

from __future__ import annotations

import json
from typing import Any

import httpx

from litmos_async import LitmosClient
from litmos_async.sandbox import Sandbox, Tenant


def bare(users: int = 0, courses: int = 0, teams: int = 0, paths: int = 0) -> Sandbox:
    """Return a sandbox with active people and things that nobody has yet."""
    tenant = Tenant()
    for number in range(users):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="U", LastName=f"No {number}")
    for number in range(courses):
        tenant.add_course(Name=f"Course {number}")
    for number in range(teams):
        tenant.add_team(Name=f"Team {number}")
    for number in range(paths):
        tenant.add_learning_path(Name=f"Path {number}")
    return Sandbox(tenant, latency=lambda: 0.2)


def example(users: int = 20, courses: int = 10, **options: Any) -> tuple[Sandbox, list[str], list[str]]:
    """Return a sandbox, and the ids of its people and courses."""
    sandbox = Sandbox(Tenant.example(users=users, courses=courses), latency=lambda: 0.2, **options)
    return sandbox, list(sandbox.tenant.users), list(sandbox.tenant.courses)


def assigned(sandbox: Sandbox) -> set[tuple[str, str]]:
    """Return the assignments that the sandbox has from these jobs: pairs of person and course."""
    return {
        (user, course)
        for user in sandbox.tenant.users
        for course in sandbox.tenant.courses
        if sandbox.tenant.user_courses.get(user, course)
    }


def client(sandbox: Sandbox, key: str = "sandbox-key", **options: Any) -> LitmosClient:
    """Return a client of that sandbox, in process."""
    options.setdefault("transport", httpx.ASGITransport(sandbox.app))
    return LitmosClient(key, "tests", base_url="http://127.0.0.1/v1.svc", **options)


class WithoutParents(httpx.AsyncBaseTransport):
    """A way to a sandbox whose list of teams does not say what stands above each, as in 2016.

    Args:
        sandbox: Answers the requests.
        deep: Whether the list of the teams below a team holds those on all levels, or the next one only.
    """

    def __init__(self, sandbox: Sandbox, *, deep: bool = True) -> None:
        self._inner = httpx.ASGITransport(sandbox.app)
        self._deep = deep

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the sandbox does, but for the rows of teams."""
        answer = await self._inner.handle_async_request(request)
        parts = request.url.path.strip("/").split("/")
        if request.method != "GET" or parts[-1] != "teams" or answer.status_code != 200:
            return answer
        rows = json.loads(await answer.aread())
        if len(parts) > 2 and not self._deep:
            rows = [row for row in rows if row["ParentTeamId"] == parts[-2]]
        for row in rows:
            del row["ParentTeamId"]
        return httpx.Response(200, json=rows)
