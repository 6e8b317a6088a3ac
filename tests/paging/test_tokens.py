"""Resume tokens that are none: each list refuses them before it spends a request."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.support.sandboxes import client

SINCE = datetime(2026, 1, 1, tzinfo=UTC)

LISTS: dict[str, Callable[[LitmosClient, Any], AsyncIterator[Any]]] = {
    "a list": lambda litmos, resume: litmos.users.list(page_size=3).by_page(resume=resume),
    "windows": lambda litmos, resume: litmos.org.list_users(since=SINCE, page_size=3).by_page(resume=resume),
    "a tree": lambda litmos, resume: litmos.sessions.list_past(page_size=1).by_page(resume=resume),
    "an exported list": lambda litmos, resume: litmos.export.batches("users", resume=resume),
    "an exported list of sub-lists": lambda litmos, resume: litmos.export.batches(
        "team_members", resume=resume
    ),
}


def encoded(data: bytes) -> str:
    """Return bytes as a token holds them."""
    return base64.urlsafe_b64encode(data).decode()


PLAIN = (None, 7, "x", [], [1, 2], [1, 2, 3], [[], {}, None], {}, {"list": 1})
DEEP = encoded(b"[" * 100_000)
FOREIGN = (
    *("", "x", "é", "\ud800", "7", 7, b"", ["x"], {}, "=" * 9, "A" * 10_000, DEEP, "0." + DEEP),
    *(encoded(json.dumps(each).encode()) for each in PLAIN),
    encoded(b"\xff\xfe"),
    encoded(b"9" * 5_000),
    encoded(b'{"list": 1e999, "tree": 1e999, "next": 1e999}'),
)


def spoiled(plain: Any) -> Iterator[Any]:
    """Yield what a token holds with one part of it left out, or replaced by something of another kind."""
    others = (None, True, -1, 1e300, "x", "\ud800", [], {}, [[]])
    places = range(len(plain)) if isinstance(plain, list) else list(plain)
    for place in places:
        for other in others:
            changed = plain.copy()
            changed[place] = other
            yield changed
        shorter = plain.copy()
        del shorter[place]
        yield shorter


async def first_token(litmos: LitmosClient, name: str) -> str:
    """Return the token of the first page of a list that has one."""
    return await anext(page.resume async for page in LISTS[name](litmos, None) if page.resume)


def sandbox() -> Sandbox:
    """Return a sandbox in which each list has several pages."""
    tenant = Tenant.example(users=12, courses=8, teams=6)
    for course_id in list(tenant.courses)[:4]:
        module = tenant.training.add_module(course_id, Name="Class")
        day = {"StartDate": SINCE, "EndDate": SINCE}
        tenant.training.add_session(course_id, module["Id"], Name="Monday", Days=[day])
    return Sandbox(tenant, latency=lambda: 0.2)


@pytest.mark.parametrize("token", FOREIGN, ids=lambda token: ascii(token)[:20])
@pytest.mark.parametrize("name", LISTS)
async def test_what_is_no_token(name: str, token: Any) -> None:
    """It is refused with the same words everywhere, whatever it holds."""
    server = sandbox()
    async with client(server) as litmos:
        with pytest.raises(ConfigurationError, match=r"^resume"):
            await anext(LISTS[name](litmos, token))

    assert not server.requests


@pytest.mark.parametrize("name", LISTS)
def test_a_token_that_was_changed(name: str) -> None:
    """Whatever a link was changed into, the list goes on or there is an error of the library."""

    async def main() -> None:
        async with client(sandbox()) as litmos:
            token = await first_token(litmos, name)
            window, dot, inner = token.rpartition(".")
            for changed in spoiled(json.loads(base64.urlsafe_b64decode(inner))):
                with suppress(LitmosError):
                    await anext(
                        LISTS[name](litmos, window + dot + encoded(json.dumps(changed).encode())), None
                    )

    run_virtual(main())
