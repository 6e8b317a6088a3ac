"""The MCP server, as the SDK's own client sees it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from litmos_async import MemoryLimiter, RateLimit, errors
from litmos_async.mcp import make_server
from litmos_async.mcp.answers import MOST_BYTES
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.transport import mounted

READING = {
    "find_courses",
    "find_teams",
    "find_users",
    "get_user",
    "list_course_users",
    "list_team_users",
    "list_user_courses",
    "quota",
    "report",
}
WRITING = {"confirm_change", "plan_change"}
KEY = "marker-key-71c9"


def account(**options: Any) -> Sandbox:
    """Return a sandbox with some people and a course that has a code."""
    sandbox = Sandbox(Tenant.example(users=120, courses=3), api_key=KEY, **options)
    sandbox.tenant.add_course(Name="Safety", Code="SAFE-1", Description="x" * 5_000)
    return sandbox


@asynccontextmanager
async def client(sandbox: Sandbox, *, limiter: Any = None, **options: Any) -> AsyncIterator[Client]:
    """Give a client of a server in this process."""
    way = {"base_url": "http://127.0.0.1/v1.svc", "transport": mounted(sandbox.app), "limiter": limiter}
    async with (
        make_server({"api_key": KEY, "source": "tests", **way}, **options) as server,
        Client(server) as mcp,
    ):
        yield mcp


async def told(mcp: Client, tool: str, **arguments: Any) -> Any:
    """Return what a tool answers."""
    result = await mcp.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def refused(mcp: Client, tool: str, **arguments: Any) -> str:
    """Return why a tool refuses."""
    result = await mcp.call_tool(tool, arguments)
    assert result.is_error
    return str(result.content)


@pytest.mark.costly
async def test_over_stdio(tmp_path: Path) -> None:
    """List, read, plan, confirm: `litmos mcp` in a process of its own."""
    sandbox = account()
    user = next(iter(sandbox.tenant.users.values()))
    async with sandbox.serve() as base_url:
        environment = {
            **os.environ,
            "LITMOS_API_KEY": KEY,
            "LITMOS_BASE_URL": base_url,
            "LITMOS_LIMIT": "memory://",
            "XDG_CONFIG_HOME": str(tmp_path),
            "XDG_STATE_HOME": str(tmp_path),
        }
        words = ["-m", "litmos_async.cli", "mcp"]
        reading = StdioServerParameters(command=sys.executable, args=words, env=environment)
        async with Client(reading) as mcp:
            assert {tool.name for tool in (await mcp.list_tools()).tools} == READING
            page = await told(mcp, "find_users", page_size=2)
            assert len(page["rows"]) == 2
            assert KEY not in str(await mcp.call_tool("confirm_change", {"fingerprint": "x"}))
        writing = StdioServerParameters(
            command=sys.executable, args=[*words, "--allow-writes"], env=environment
        )
        async with Client(writing) as mcp:
            assert {tool.name for tool in (await mcp.list_tools()).tools} == READING | WRITING
            what = {"action": "assign_courses", "users": [user["UserName"]], "targets": ["SAFE-1"]}
            plan = await told(mcp, "plan_change", **what)
            assert not [each for each in sandbox.requests if each.method != "GET"]
            ended = await told(mcp, "confirm_change", fingerprint=plan["fingerprint"])
            assert (ended["done"], ended["failed"]) == (1, 0)
            assert "no such plan" in await refused(mcp, "confirm_change", fingerprint=plan["fingerprint"])
    assert len([each for each in sandbox.requests if each.method == "POST"]) == 1


async def test_writes_are_refused_unless_allowed() -> None:
    """Without --allow-writes there is no tool that changes anything."""
    sandbox = account()
    async with client(sandbox) as mcp:
        tools = (await mcp.list_tools()).tools
        assert {tool.name for tool in tools} == READING
        assert all(tool.annotations and tool.annotations.read_only_hint for tool in tools)
        for tool in WRITING:
            result = await mcp.call_tool(tool, {})
            assert result.is_error
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("action", "target"),
    [
        ("assign_courses", "SAFE-1"),
        ("assign_learning_paths", ""),
        ("add_to_teams", ""),
        ("remove_courses", "SAFE-1"),
        ("remove_from_teams", ""),
    ],
)
async def test_every_change_needs_its_plan(action: str, target: str) -> None:
    """Each action is planned without a write, and carried out once when it is confirmed."""
    sandbox = account()
    tenant = sandbox.tenant
    things = tenant.learning_paths if action.endswith("paths") else tenant.teams
    target = target or next(iter(things))
    users = [user["UserName"] for user in list(tenant.users.values())[:3]]
    async with client(sandbox, allow_writes=True) as mcp:
        plan = await told(mcp, "plan_change", action=action, users=users, targets=[target])
        assert plan["changes"] == 3
        assert {each.method for each in sandbox.requests} == {"GET"}
        wrong = "0" * len(plan["fingerprint"])
        assert "no such plan" in await refused(mcp, "confirm_change", fingerprint=wrong)
        assert {each.method for each in sandbox.requests} == {"GET"}
        ended = await told(mcp, "confirm_change", fingerprint=plan["fingerprint"])
        assert ended["done"] + ended["failed"] + ended["skipped"] == 3
        assert any(each.method != "GET" for each in sandbox.requests)


async def test_plans_that_are_refused() -> None:
    """Unknown names, nothing at all, and more than a person can look over: nothing is planned."""
    sandbox = account()
    users = [user["UserName"] for user in sandbox.tenant.users.values()]
    async with client(sandbox, allow_writes=True) as mcp:
        what = {"action": "assign_courses", "targets": ["SAFE-1"]}
        assert "no user goes by" in await refused(mcp, "plan_change", users=["nobody"], **what)
        assert "must not be empty" in await refused(mcp, "plan_change", users=[], **what)
        assert "at most 200" in await refused(mcp, "plan_change", users=users * 2, **what)
        said = await refused(
            mcp,
            "plan_change",
            action="remove_courses",
            users=users[:1],
            targets=["SAFE-1"],
            send_message=True,
        )
        assert "no messages" in said
    assert {each.method for each in sandbox.requests} == {"GET"}


@pytest.mark.costly
async def test_a_machine_that_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop's clock stands still meanwhile: a plan of yesterday is not confirmed, a report is made anew."""
    sandbox = account(requests=1_000)
    [user, *_] = sandbox.tenant.users
    before = time.time
    # Two reports take more than the server's share of a period.
    async with client(sandbox, limiter=MemoryLimiter(RateLimit(1_000)), allow_writes=True) as mcp:
        plan = await told(mcp, "plan_change", action="assign_courses", users=[user], targets=["SAFE-1"])
        await told(mcp, "report", kind="teams")
        monkeypatch.setattr(time, "time", lambda: before() + 12 * 3600)
        asked = len(sandbox.requests)
        assert "too old" in await refused(mcp, "confirm_change", fingerprint=plan["fingerprint"])
        assert len(sandbox.requests) == asked
        await told(mcp, "report", kind="teams")
        assert len(sandbox.requests) > asked


async def test_a_plan_is_valid_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten minutes later it must be made anew."""
    sandbox = account()
    [user, *_] = sandbox.tenant.users
    async with client(sandbox, allow_writes=True) as mcp:
        monkeypatch.setattr("litmos_async.mcp.writing._VALID", 0.0)
        plan = await told(mcp, "plan_change", action="assign_courses", users=[user], targets=["SAFE-1"])
        assert "too old" in await refused(mcp, "confirm_change", fingerprint=plan["fingerprint"])
    assert {each.method for each in sandbox.requests} == {"GET"}


async def test_all_pages_of_everyone() -> None:
    """`next_start` leads through the whole list, in pages that are bounded."""
    sandbox = account()
    seen: list[str] = []
    async with client(sandbox) as mcp:
        start: int | None = 0
        while start is not None:
            page = await told(mcp, "find_users", start=start, page_size=50)
            assert len(page["rows"]) <= 50
            seen += [row["id"] for row in page["rows"]]
            start = page.get("next_start")
        assert "1 to 50" in await refused(mcp, "find_users", page_size=51)
        assert "1 to 50" in await refused(mcp, "report", kind="completion", page_size=51)
    assert sorted(seen) == sorted(sandbox.tenant.users)


async def test_answers_are_bounded_in_size() -> None:
    """However long names are, an answer stays below its bound, and says that there is more."""
    sandbox = account()
    for number in range(60):
        sandbox.tenant.add_course(Name=f"{number:03}" + 'ü"<' * 2_000, Code="x" * 2_000)
    async with client(sandbox) as mcp:
        page = await told(mcp, "find_courses", page_size=50)
        assert len(json.dumps(page)) < 2 * MOST_BYTES
        assert page["next_start"] == len(page["rows"])


async def test_no_key_and_no_way_to_log_in() -> None:
    """No answer, no tool and no error holds the key, a log-in link or a password."""
    sandbox = account()
    users = list(sandbox.tenant.users.values())
    for user in users:
        user["LoginKey"] = "https://login.example.com/marker-link"
        user["Password"] = "marker-password"
    answers: list[Any] = []
    async with client(sandbox, allow_writes=True) as mcp:
        answers.append(await mcp.list_tools())
        for tool, arguments in (
            ("find_users", {"page_size": 50}),
            ("get_user", {"user": users[0]["UserName"]}),
            ("get_user", {"user": "nobody"}),
            ("list_user_courses", {"user_id": users[0]["Id"]}),
            ("list_course_users", {"course_id": next(iter(sandbox.tenant.courses))}),
            ("list_team_users", {"team_id": next(iter(sandbox.tenant.teams))}),
            ("find_teams", {}),
            ("report", {"kind": "not-started", "page_size": 50}),
            ("quota", {}),
        ):
            answers.append(await mcp.call_tool(tool, arguments))
    assert "marker" not in repr(answers)
    assert users[0]["UserName"] in repr(answers)


async def test_a_report_is_made_once_for_all_its_pages() -> None:
    """Asking on costs no request."""
    sandbox = account()
    async with client(sandbox) as mcp:
        first = await told(mcp, "report", kind="teams", page_size=3)
        requests = len(sandbox.requests)
        second = await told(mcp, "report", kind="teams", page_size=3, start=first["next_start"])
        assert len(sandbox.requests) == requests
    assert first["total"] == second["total"] == 8
    assert not {row["team_id"] for row in first["rows"]} & {row["team_id"] for row in second["rows"]}


async def test_its_share_of_the_limit_in_the_interactive_lane() -> None:
    """It uses a part of the window, others find the rest free, and nothing of it waits in the bulk lane."""
    lanes: list[str] = []

    class Watched(MemoryLimiter):
        async def acquire(self, priority: Any = "interactive", **options: Any) -> Any:
            lanes.append(priority)
            return await super().acquire(priority, **options)

    sandbox = account()
    limiter = Watched(RateLimit(requests=40))
    async with client(sandbox, limiter=limiter, share=0.25) as mcp:
        people = list(sandbox.tenant.users)[:15]
        calls = [asyncio.ensure_future(mcp.call_tool("get_user", {"user": id})) for id in people]
        while sum(call.done() for call in calls) < 10:
            waiting = [call for call in calls if not call.done()]
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        assert limiter.quota.used == len(sandbox.requests) == 10
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
    assert set(lanes) == {"interactive"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"start": -1}, "start must be 0 or more"),
        ({"page_size": 0}, "page_size must be"),
        ({"page_size": 10_000}, "1 to"),
    ],
)
async def test_a_page_that_is_none(wrong: dict[str, int], told: str) -> None:
    """It is refused before a request."""
    sandbox = account()
    async with client(sandbox) as mcp:
        for tool, more in (("find_users", {}), ("report", {"kind": "teams"})):
            assert told in await refused(mcp, tool, **more, **wrong)
    assert not sandbox.requests


@pytest.mark.parametrize("wrong", ["no", "false", 0, 1, None])
async def test_writes_are_allowed_by_true_alone(wrong: Any) -> None:
    """As "no" of an environment variable they would be allowed."""
    with pytest.raises(errors.ConfigurationError, match="allow_writes must be True or False"):
        async with client(account(), allow_writes=wrong):
            pass


@pytest.mark.parametrize("share", [0, -1, 1.5, "0.5", None])
async def test_what_is_no_share(share: Any) -> None:
    """It is refused."""
    with pytest.raises(errors.ConfigurationError, match="share"):
        async with client(account(), share=share):
            pass


async def test_the_limit_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`LITMOS_LIMIT` says where the account's limit is kept, for this server as for each client."""
    monkeypatch.setenv("LITMOS_LIMIT", f"sqlite://{tmp_path / 'limits.db'}")
    async with client(account()) as mcp:
        await told(mcp, "find_teams")
    assert (tmp_path / "limits.db").exists()
