"""The matrix of faults: what becomes of a bulk request, and how often it had its effect."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.sandbox import Fault, Sandbox, Tenant
from tests.virtual import run_virtual

FAULTS: dict[str, dict[str, object]] = {
    "refused connection": {"drop": True, "error": httpx.ConnectError("refused")},
    "reset before the effect": {"drop": True, "error": httpx.ReadError("reset")},
    "reset after the effect": {"drop": True, "error": httpx.ReadError("reset"), "after": True},
    "stall before the effect": {"drop": True, "error": httpx.ReadError("late"), "stall": 50.0},
    "stall after the effect": {"after": True, "stall": 50.0},
    "503 before the effect": {"status": 503},
    "503 after the effect": {"status": 503, "after": True},
    "500 before the effect": {"status": 500},
    "500 after the effect": {"html": True, "after": True},
    "cut off body": {"body": "{", "content_type": "application/json"},
    "web page": {"html": True, "status": 200, "after": True},
    "wrong content type": {"content_type": "image/png", "body": "OK"},
}
REPEATABLE, ONCE, ONE_BAD_ID = "repeatable", "not repeatable", "list with one bad id"

# A 503 says that nothing was done (quirks.md 6, inferred). Where that is not true, a list that must not be repeated
# is sent again: the server ignores what it has, or refuses it, and the outcome is right all the same.
LIES = {"503 after the effect"}


def make() -> Sandbox:
    """Return a sandbox with a person, and things to give."""
    tenant = Tenant()
    tenant.add_user(UserName="user@example.com", FirstName="U", LastName="N")
    for number in range(4):
        tenant.add_course(Name=f"Course {number}")
        tenant.add_team(Name=f"Team {number}")
        tenant.add_learning_path(Name=f"Path {number}")
    return Sandbox(tenant)


def items_of(kind: str, tenant: Tenant) -> list[str]:
    """Return what the person gets."""
    if kind == REPEATABLE:
        return list(tenant.courses)
    if kind == ONCE:
        return list(tenant.learning_paths)
    return [*list(tenant.teams)[:2], "no-such-team", *list(tenant.teams)[2:]]


def present(kind: str, tenant: Tenant, user: str) -> set[str]:
    """Return what the person has in the end."""
    links = {REPEATABLE: tenant.user_courses, ONCE: tenant.user_paths}
    if kind in links:
        return set(links[kind].of_left(user))
    return set(tenant.members.of_right(user))


@pytest.mark.parametrize("kind", [REPEATABLE, ONCE, ONE_BAD_ID])
@pytest.mark.parametrize("fault", FAULTS)
def test_the_matrix(kind: str, fault: str) -> None:
    """Whatever happens to the first request, the outcomes are what the sandbox has in the end."""
    sandbox = make()
    tenant = sandbox.tenant
    (user,) = tenant.users
    sandbox.faults.add(Fault(method="POST", **FAULTS[fault]))
    wanted = items_of(kind, tenant)

    async def main() -> Counter[tuple[str, str]]:
        litmos = LitmosClient(
            "sandbox-key", "t", base_url="http://127.0.0.1/v1.svc", transport=httpx.ASGITransport(sandbox.app)
        )
        async with litmos:
            bulk = litmos.bulk
            job = {
                REPEATABLE: lambda: bulk.assign_courses_to_users({user: wanted}, send_message=False),
                ONCE: lambda: bulk.assign_learning_paths_to_users({user: wanted}, send_message=False),
                ONE_BAD_ID: lambda: bulk.add_users_to_teams({user: wanted}, list_size=25),
            }[kind]()
            told = Counter({(outcome.item[1], outcome.status): 1 async for outcome in job})
            assert job.report.counted == len(wanted)
        return told

    outcomes = run_virtual(main())
    there = present(kind, tenant, user)
    for item in wanted:
        (status,) = [status for found, status in outcomes if found == item]
        # "skipped" is what a member already is: the effect of the request that was sent before.
        assert (status in {"done", "skipped"}) == (item in there), (item, status)
        if item == "no-such-team":
            assert status == "failed"
    effects = sum(1 for each in sandbox.requests if each.method == "POST" and _had_effect(each.status, fault))
    if kind == ONCE and fault not in LIES:
        assert effects <= 1


def _had_effect(status: int | None, fault: str) -> bool:
    return status in {200, 201} or (status in {None, 500} and "after the effect" in fault)
