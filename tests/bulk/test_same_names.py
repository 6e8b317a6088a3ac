"""One rule for names: whoever compares the name of a person with those that are there says the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError, NotFound
from litmos_async.names import fold
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

Caller = Callable[[LitmosClient, str], Awaitable[str]]
"""Looks for a person; returns the user name that is there, or nothing."""

CASES = [
    # What is there, the name given, and whose it is.
    (("ann@example.com", "ben@example.com"), "ANN@Example.COM", "ann@example.com"),
    (("ann@example.com",), "\u200bann@exam\u00adple.com\ufeff", "ann@example.com"),
    (("ann@example.com",), "\u00a0ann@example.com\u2028", "ann@example.com"),
    (("ann@example.com\u200b", "ann@example.com"), "ann@example.com", "ann@example.com"),
    (("ann@example.com\u200b", "ann@example.com"), "ann@example.com\u200b", "ann@example.com"),
    (("ann@example.com\u200b",), "ann@example.com", "ann@example.com\u200b"),
    (("weiss@example.com", "weiß@example.com"), "weiß@example.com", "weiß@example.com"),
    (("weiss@example.com", "weiß@example.com"), "WEISS@example.com", "weiss@example.com"),
    (("weiss@example.com",), "weiß@example.com", ""),
    (("weiß@example.com",), "weiss@example.com", ""),
    (("müller@example.com",), "mu\u0308ller@example.com", "müller@example.com"),
    (("mu\u0308ller@example.com",), "MÜLLER@example.com", "mu\u0308ller@example.com"),
    (("σας@example.com",), "ΣΑΣ@EXAMPLE.COM", "σας@example.com"),
    (("ann\u00a0lee",), "ann lee", ""),
    (("annlee", "ann lee"), "Ann Lee", "ann lee"),
]


async def find_user_id(litmos: LitmosClient, name: str) -> str:
    """Look it up as single sign on does."""
    try:
        user_id = await litmos.sso.find_user_id(name)
    except NotFound:
        return ""
    return (await litmos.users.get(user_id)).user_name or ""


async def resolve_users(litmos: LitmosClient, name: str) -> str:
    """Look it up in the list."""
    found = await litmos.bulk.resolve_users([name])
    assert set(found.ids) | set(found.problems) == {name}
    return "".join(found.names.values())


async def sync_users(litmos: LitmosClient, name: str) -> str:
    """Say that the person should be there."""
    job = litmos.bulk.sync_users([{"user_name": name}], send_message=False)
    (outcome,) = [outcome async for outcome in job]
    return outcome.item.user_name if outcome.status == "skipped" else ""


@pytest.mark.parametrize("look", [find_user_id, resolve_users, sync_users])
@pytest.mark.parametrize(("there", "given", "whose"), CASES)
def test_everyone_who_looks_for_a_person_says_the_same(
    look: Caller, there: tuple[str, ...], given: str, whose: str
) -> None:
    """Single sign on, the resolvers and the comparison of people."""
    tenant = Tenant()
    for name in there:
        tenant.add_user(UserName=name, FirstName="A", LastName="B", IsCustomUsername=True)

    async def main() -> str:
        async with LitmosClient(
            "sandbox-key",
            "tests",
            base_url="http://127.0.0.1/v1.svc",
            transport=httpx.MockTransport(_whole_list(tenant)),
        ) as litmos:
            return await look(litmos, given)

    assert run_virtual(main()) == whose


def _whole_list(tenant: Tenant) -> Callable[[httpx.Request], Awaitable[httpx.Response]]:
    """Return a server that does not search: it gives everybody, and the client has to compare."""
    inner = httpx.ASGITransport(Sandbox(tenant).app)

    async def answer(request: httpx.Request) -> httpx.Response:
        url = request.url.copy_remove_param("search")
        reply = await inner.handle_async_request(httpx.Request(request.method, url, headers=request.headers))
        content = b"".join([part async for part in reply.stream])
        return httpx.Response(reply.status_code, headers=reply.headers, content=content)

    return answer


@pytest.mark.parametrize(("there", "given", "whose"), CASES)
def test_an_import_takes_the_same_for_given_twice(there: tuple[str, ...], given: str, whose: str) -> None:
    """Two rows of one person are one row; two people are two."""
    rows = [{"username": name, "first_name": "A", "last_name": "B"} for name in (*there, given)]

    async def main() -> int:
        async with LitmosClient("k", "tests", base_url="http://127.0.0.1/v1.svc") as litmos:
            job = litmos.bulk.import_users(rows, send_message=False)
            plan = await job.plan()
            failed = sum(outcome.status == "failed" for outcome in job.outcomes_so_far())
            return plan.items + failed

    assert run_virtual(main()) == len({fold(name) for name in (*there, given)})
    assert bool(whose) == (fold(given) in {fold(name) for name in there})


def test_a_name_in_capitals_is_no_guess_where_that_does_harm() -> None:
    """In a file MÜSSIG is müßig; at a login, and for what would be written, that is not certain."""
    tenant = Tenant()
    user = tenant.add_user(UserName="müßig@example.com", FirstName="A", LastName="B")
    sandbox = Sandbox(tenant)

    async def main() -> None:
        async with client(sandbox) as litmos:
            name = "MÜSSIG@EXAMPLE.COM"
            assert (await litmos.bulk.resolve_users([name])).ids == {name: user["Id"]}
            with pytest.raises(NotFound):
                await litmos.sso.find_user_id(name)
            desired = [{"user_name": name, "first_name": "A", "last_name": "B"}]
            job = litmos.bulk.sync_users(desired, deactivate=True, max_removals=1.0, send_message=False)
            outcomes = [outcome async for outcome in job]
            assert [outcome.status for outcome in outcomes] == ["failed", "skipped"]
            assert "this is how 'müßig@example.com' is written in capitals" in outcomes[0].reason
            for empty in ("", "\u200b"):
                with pytest.raises(ConfigurationError, match="user_name is empty"):
                    await litmos.sso.find_user_id(empty)

    run_virtual(main())
    assert user["Active"] is True
    assert len(tenant.users) == 1
