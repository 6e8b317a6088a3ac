"""The learning record store of the sandbox is as strict as the specification, and knows nothing of the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import Client

DONE = {
    "actor": {"mbox": "mailto:user@example.com"},
    "verb": {"id": "http://example.com/verbs/did", "display": {"en": "did"}},
    "object": {"id": "http://example.com/courses/1"},
}
ID, OTHER = "0f6f8a04-4f0c-4f3c-9c54-6a1a6a2f0001", "0f6f8a04-4f0c-4f3c-9c54-6a1a6a2f0002"
VERSION = {"X-Experience-API-Version": "1.0.3"}


@pytest.fixture
def sandbox(tenant: Tenant) -> Sandbox:
    """A sandbox, for its store."""
    return Sandbox(tenant, requests=1_000)


@pytest.fixture
async def http(sandbox: Sandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client that does everything right."""
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox.app),
        base_url="http://127.0.0.1",
        headers=VERSION,
        auth=(sandbox.store.username, sandbox.store.password),
    ) as client:
        yield client


async def test_post_answers_the_ids_in_order(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """One statement or an array; the answer is an array of ids in both cases."""
    one = await http.post(sandbox.store.path, json=DONE | {"id": ID})
    two = await http.post(sandbox.store.path, json=[DONE, DONE | {"id": OTHER}])

    assert (one.status_code, one.json()) == (200, [ID])
    assert two.json()[1] == OTHER
    assert list(sandbox.store.statements) == [ID, *two.json()]
    assert one.headers["X-Experience-API-Version"] == "1.0.3"


async def test_answers_say_what_they_are_complete_to(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """With every answer that holds statements, beside the version."""
    await http.post(sandbox.store.path, json=DONE | {"id": ID})
    for query in ({}, {"statementId": ID}):
        answer = await http.get(sandbox.store.path, params=query)
        assert answer.headers["X-Experience-API-Version"] == "1.0.3"
        assert (
            datetime.fromisoformat(answer.headers["X-Experience-API-Consistent-Through"]).tzinfo is not None
        )


async def test_statements_never_change(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The same content again is taken for stored; another one under the same id is refused, whole lists too."""
    path, changed = sandbox.store.path, DONE | {"result": {"success": False}}

    assert (await http.put(path, params={"statementId": ID}, json=DONE)).status_code == 204
    assert (await http.put(path, params={"statementId": ID}, json=DONE)).status_code == 204
    assert (await http.post(path, json=DONE | {"id": ID})).json() == [ID]
    assert (await http.put(path, params={"statementId": ID}, json=changed)).status_code == 409
    assert (await http.post(path, json=[DONE, changed | {"id": ID}])).status_code == 409
    assert len(sandbox.store.statements) == 1
    assert (await http.get(path, params={"statementId": ID})).json()["verb"] == DONE["verb"]


WRONG: dict[str, tuple[dict[str, Any], int]] = {
    "no version": ({"headers": {"X-Experience-API-Version": ""}}, 400),
    "a later version": ({"headers": {"X-Experience-API-Version": "1.1.0"}}, 400),
    "the key of the API": ({"headers": {"apikey": "sandbox-key"}}, 400),
    "source": ({"params": {"source": "tests"}}, 400),
    "the key in the query": ({"params": {"apikey": "sandbox-key"}}, 400),
    "an id in other letters": ({"params": {"statementID": ID}}, 400),
    "an id and a filter": ({"params": {"statementId": ID, "verb": "http://example.com/v"}}, 400),
    "both kinds of ids": ({"params": {"statementId": ID, "voidedStatementId": ID}}, 400),
    "a format that is none": ({"params": {"format": "json"}}, 400),
    "an agent that is no JSON": ({"params": {"agent": "user@example.com"}}, 400),
    "an agent that is no object": ({"params": {"agent": "[]"}}, 400),
    "a time that is none": ({"params": {"since": "yesterday"}}, 400),
    "a limit that is none": ({"params": {"limit": "many"}}, 400),
    "another password": ({"auth": ("sandbox-store", "x")}, 401),
    "an id that is not there": ({"params": {"statementId": ID}}, 404),
}


@pytest.mark.parametrize(("change", "status"), WRONG.values(), ids=WRONG.keys())
async def test_what_is_refused(
    http: httpx.AsyncClient, sandbox: Sandbox, change: dict[str, Any], status: int
) -> None:
    """The specification says what a store must refuse."""
    await http.post(sandbox.store.path, json=DONE)
    assert (await http.get(sandbox.store.path, **change)).status_code == status


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "text",
        DONE | {"id": "not-a-uuid"},
        DONE | {"verb": {}},
        DONE | {"verb": {"display": {}}},
        [DONE | {"id": ID}] * 2,
        [[]],
    ],
)
async def test_what_is_not_a_statement(http: httpx.AsyncClient, sandbox: Sandbox, body: Any) -> None:
    """Actor, verb and object are required, and the ids of a list differ; an empty list stores nothing."""
    answer = await http.post(sandbox.store.path, json=body)
    assert answer.status_code == (200 if body == [] else 400)
    assert sandbox.store.statements == {}


async def test_lists_go_on_at_the_root_of_the_host(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """The newest first; `more` is relative to the host, not to the endpoint, and empty at the end."""
    sandbox.store.most = 2
    (*ids,) = (await http.post(sandbox.store.path, json=[DONE] * 5)).json()

    link, found, links = sandbox.store.path, [], []
    while link:
        part = (await http.get(link)).json()
        found += [each["id"] for each in part["statements"]]
        link = part["more"]
        links.append(link)

    assert found == ids[::-1]
    assert [each.startswith("/TCAPI/more?") for each in links] == [True, True, False]


async def test_filters(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """Agent, verb, activity, order; what was voided is found under its own name only."""
    other = DONE | {"actor": {"mbox": "mailto:other@example.com"}, "object": {"id": "http://example.com/2"}}
    first, second = (await http.post(sandbox.store.path, json=[DONE, other])).json()

    async def found(**query: str) -> list[str]:
        """Return the ids of the statements."""
        answer = await http.get(sandbox.store.path, params=query)
        return [each["id"] for each in answer.json()["statements"]]

    assert await found() == [second, first]
    assert await found(ascending="true") == [first, second]
    assert await found(agent='{"mbox": "mailto:other@example.com"}') == [second]
    assert await found(activity="http://example.com/2") == [second]
    assert await found(verb="http://example.com/none") == []
    void = {"verb": {"id": "http://adlnet.gov/expapi/verbs/voided"}}
    void["object"] = {"objectType": "StatementRef", "id": first}
    (third,) = (await http.post(sandbox.store.path, json=DONE | void)).json()
    assert await found() == [third, second]
    assert (await http.get(sandbox.store.path, params={"statementId": first})).status_code == 404
    assert (await http.get(sandbox.store.path, params={"voidedStatementId": first})).json()["id"] == first


async def test_filters_by_time(http: httpx.AsyncClient, sandbox: Sandbox, tenant: Tenant) -> None:
    """Stored after `since`, and until `until`, which counts; a time without a zone is one in UTC."""
    stored = []
    for day in (1, 2, 3):
        tenant.now = lambda day=day: datetime(2025, 1, day, tzinfo=UTC)
        stored += (await http.post(sandbox.store.path, json=DONE)).json()

    async def found(**query: str) -> list[str]:
        """Return the ids of the statements, the oldest first."""
        answer = await http.get(sandbox.store.path, params=query | {"ascending": "true"})
        return [each["id"] for each in answer.json()["statements"]]

    assert await found(since="2025-01-01T00:00:00Z") == stored[1:]
    assert await found(until="2025-01-02T00:00:00") == stored[:2]
    assert await found(since="2025-01-01T01:00:00+01:00", until="2025-01-02T12:00:00Z") == stored[1:2]


async def test_ids_only(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """With `format=ids` what can be read elsewhere is left out; with the other formats it is not."""
    thing = {
        "id": "http://example.com/courses/1",
        "objectType": "Activity",
        "definition": {"name": {"en": "A"}},
    }
    await http.post(sandbox.store.path, json=DONE | {"object": thing})

    async def read(form: str) -> Any:
        """Return the statement."""
        return (await http.get(sandbox.store.path, params={"format": form})).json()["statements"][0]

    short, whole = await read("ids"), await read("canonical")
    assert short["verb"] == {"id": DONE["verb"]["id"]}
    assert short["object"] == {"id": thing["id"], "objectType": "Activity"}
    assert (whole["verb"], whole["object"]) == (DONE["verb"], thing)


async def test_a_budget_of_its_own(client: Client, tenant: Tenant) -> None:
    """A request too many is a 429 here, and none of them counts there."""
    sandbox = Sandbox(tenant, requests=2)
    transport = httpx.ASGITransport(app=sandbox.app)
    auth = sandbox.store.username, sandbox.store.password
    async with httpx.AsyncClient(
        transport=transport, base_url="http://127.0.0.1", headers=VERSION, auth=auth
    ) as http:
        statuses = [(await http.get(sandbox.store.path)).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert not sandbox.requests
    assert sandbox.quota.arrivals == []


async def test_other_methods_and_places(http: httpx.AsyncClient, sandbox: Sandbox) -> None:
    """A body that is too large, a method and a path that are not there."""
    sandbox.store.largest_body = 100
    assert (await http.post(sandbox.store.path, json=[DONE] * 2)).status_code == 413
    assert (await http.delete(sandbox.store.path)).status_code == 405
    assert (await http.get("/TCAPI/acme/other/statements")).status_code == 404
    assert (await http.post("/TCAPI/more", json=DONE)).status_code == 405
    assert (
        await http.post(sandbox.store.path, content=b"{", headers={"content-type": "text/xml"})
    ).status_code == 400
    broken = await http.post(sandbox.store.path, content=b"{", headers={"content-type": "application/json"})
    assert (broken.status_code, broken.json()["message"]) == (400, "The body is not JSON")
    sandbox.store.largest_body = 1_000
    assert (await http.put(sandbox.store.path, json=DONE)).status_code == 400
    other = await http.put(sandbox.store.path, params={"statementId": ID}, json={"id": OTHER} | DONE)
    assert (other.status_code, other.json()["message"]) == (400, "id does not match statementId")


async def test_the_latency_of_the_sandbox_is_that_of_the_store(tenant: Tenant) -> None:
    """It takes as long to answer as the API does."""
    waits: list[float] = []

    def latency() -> float:
        waits.append(0.0)
        return 0.0

    sandbox = Sandbox(tenant, latency=latency)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=sandbox.app), base_url="http://127.0.0.1", headers=VERSION
    ) as http:
        assert (await http.get(sandbox.store.path)).status_code == 401
    assert len(waits) == 1
