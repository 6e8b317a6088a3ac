"""`litmos.xapi`: what reaches a learning record store, what comes of its answers, and what never goes there."""

from __future__ import annotations

import asyncio
import copy
import inspect
import json
import pickle
import traceback
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import httpx
import pytest
from rich.pretty import pretty_repr

from litmos_async import LitmosClient, Pages, RateLimit, RetryPolicy, XapiStore
from litmos_async.errors import APIError, ConfigurationError, Conflict, DecodeError, NotFound, RateLimited
from litmos_async.models import XapiStatement
from litmos_async.sandbox import Fault, Sandbox, Tenant
from litmos_async.testing import run_virtual
from tests.contract.catalogue import STORE, Entry
from tests.contract.store import DID, ENDPOINT, ID, OTHER, PASSWORD, Store, statement
from tests.support.sandboxes import client

CALLS: dict[str, tuple[Callable[[LitmosClient], Awaitable[Any]], Any]] = {
    "add_statement": (lambda litmos: litmos.xapi.add_statement(statement(id=ID)), [ID]),
    "update_statement": (lambda litmos: litmos.xapi.update_statement(ID, statement()), 204),
    "get_statement": (lambda litmos: litmos.xapi.get_statement(ID), {"id": ID, **DID}),
    "list_statements": (lambda litmos: litmos.xapi.list_statements(), {"statements": [], "more": ""}),
}


@pytest.mark.parametrize("entry", STORE, ids=lambda entry: entry.id)
@pytest.mark.parametrize("wire", ["auto", "xml", "json"])
@pytest.mark.parametrize("key_in", ["header", "query"])
async def test_every_request(entry: Entry, wire: Any, key_in: Any) -> None:
    """The store's own address, Basic credentials and the version; nothing that belongs to the API."""
    call, answer = CALLS[entry.name]
    store = Store(answer)

    async with store.client(wire=wire, key_in=key_in) as litmos:
        await call(litmos)

    (request,) = store.requests
    path, _, query = str(entry.path).format(endpoint=ENDPOINT, statement_id=ID).partition("?")
    assert request.method == entry.method
    assert str(request.url).partition("?")[::2] == (path, query)
    assert b64decode(request.headers["Authorization"].removeprefix("Basic ")).decode() == f"name:{PASSWORD}"
    assert request.headers["X-Experience-API-Version"] == "1.0.3"
    assert request.headers["Accept"] == "application/json"
    assert ("Content-Type" in request.headers) == (entry.request is not None)
    assert "marker-key" not in f"{request.url}{request.headers.raw}"
    assert "apikey" not in request.headers


@pytest.mark.parametrize("entry", STORE, ids=lambda entry: entry.id)
async def test_without_a_store(entry: Entry) -> None:
    """The API is never asked in the place of a store that was not given."""
    call, _ = CALLS[entry.name]
    store = Store()

    async with LitmosClient("key", "tests", transport=httpx.MockTransport(store.answer)) as litmos:
        with pytest.raises(ConfigurationError, match="XapiStore"):
            await call(litmos)

    assert store.requests == []


@pytest.mark.parametrize("entry", STORE, ids=lambda entry: entry.id)
def test_docstring_and_list(entry: Entry) -> None:
    """Each method says its verb and path; a list is lazy."""
    litmos = Store().client()
    text = inspect.getdoc(getattr(litmos.xapi, entry.name)) or ""

    assert f"`{entry.method} {entry.path}`" in text.splitlines()
    assert "Source: " in text
    assert isinstance(litmos.xapi.list_statements(), Pages)


# ------------------------------------------------ writing


async def test_ids_are_filled_in() -> None:
    """Whatever is sent has an id: given, in the object that the statement was made of, or new."""
    store = Store(["a", "b", "c"])

    async with store.client() as litmos:
        whole = XapiStatement(extra={**DID, "id": OTHER})
        answer = await litmos.xapi.add_statement([statement(id=ID), whole, statement()])

    sent = json.loads(store.requests[0].content)
    assert [each["id"] for each in sent][:2] == [ID, OTHER]
    assert UUID(sent[2]["id"]).version == 4
    assert sent[2] == DID | {"id": sent[2]["id"]}
    assert answer == ["a", "b", "c"]


@pytest.mark.parametrize("answer", [{"id": ID}, [], [ID, OTHER], [{"id": ID}], [1], "text"])
async def test_other_answers_to_a_write(answer: Any) -> None:
    """An answer that is not the ids is an error that says that it was probably carried out."""
    async with Store(answer).client() as litmos:
        with pytest.raises(DecodeError, match=r"xapi\.add_statement: .*probably carried it out"):
            await litmos.xapi.add_statement(statement())


@pytest.mark.parametrize("call", ["add", "update"])
async def test_writes_are_repeated(call: str) -> None:
    """Ids make a repeat safe: the same bytes go out again."""
    store = Store(500, [ID] if call == "add" else 204)

    async with store.client(retry=RetryPolicy(initial_backoff=0.0)) as litmos:
        if call == "add":
            await litmos.xapi.add_statement(statement())
        else:
            await litmos.xapi.update_statement(ID, statement())

    assert store.requests[0].content == store.requests[1].content


async def later() -> AsyncIterator[XapiStatement]:
    """Yield a statement, which only an `async for` finds."""
    yield statement()


def nested(depth: int) -> dict[str, Any]:
    """Return mappings in each other."""
    found: dict[str, Any] = {}
    for _ in range(depth):
        found = {"a": found}
    return found


WRONG: dict[str, Callable[[Any], Awaitable[Any]]] = {
    "nothing": lambda xapi: xapi.add_statement([]),
    "a dict": lambda xapi: xapi.add_statement(dict(DID)),
    "a text": lambda xapi: xapi.add_statement("text"),
    "an id that is none": lambda xapi: xapi.add_statement(statement(id="7")),
    "twice the same": lambda xapi: xapi.add_statement([statement(id=ID), statement(id=ID.upper())]),
    "two ids": lambda xapi: xapi.update_statement(ID, statement(id=OTHER)),
    "no id": lambda xapi: xapi.update_statement("", statement()),
    "a path": lambda xapi: xapi.get_statement(f"{ID}/.."),
    "None": lambda xapi: xapi.get_statement(None),
    "a format": lambda xapi: xapi.list_statements(format="json"),
    "no rows": lambda xapi: xapi.list_statements(page_size=0),
    "an agent in text": lambda xapi: xapi.list_statements(agent="user@example.com"),
    "an agent of pairs": lambda xapi: xapi.list_statements(agent=[("mbox", "mailto:user@example.com")]),
    "a number as a statement": lambda xapi: xapi.add_statement(5),
    "None as a statement": lambda xapi: xapi.add_statement(None),
    "statements that come later": lambda xapi: xapi.add_statement(each async for each in later()),
    "an agent that is not finite": lambda xapi: xapi.list_statements(agent={"a": float("nan")}),
    "an agent without an end": lambda xapi: xapi.list_statements(agent=nested(5_000)),
    "a statement without an end": lambda xapi: xapi.add_statement(XapiStatement(extra=nested(5_000))),
    "a statement of objects": lambda xapi: xapi.add_statement(XapiStatement(extra={"a": object()})),
    "a naive time in a statement": lambda xapi: xapi.add_statement(
        XapiStatement(extra={"timestamp": datetime(2024, 5, 1)})  # noqa: DTZ001
    ),
    "an agent of objects": lambda xapi: xapi.list_statements(agent={"mbox": object()}),
    "a naive time": lambda xapi: xapi.list_statements(since=datetime(2024, 5, 1)),  # noqa: DTZ001
    "an unknown option": lambda xapi: xapi.list_statements(start=5),
    "a lone surrogate": lambda xapi: xapi.list_statements(verb="\ud800"),
}


@pytest.mark.parametrize("attempt", WRONG.values(), ids=WRONG.keys())
async def test_bad_input(attempt: Callable[[Any], Awaitable[Any]]) -> None:
    """It is refused before a request is spent."""
    store = Store()

    async with store.client() as litmos:
        with pytest.raises(ConfigurationError):
            await attempt(litmos.xapi)

    assert store.requests == []


RETRY = RetryPolicy(max_attempts=2, initial_backoff=0.01)


@pytest.mark.parametrize("lost", [500, 504])
@pytest.mark.parametrize(
    ("given", "read", "done"),
    [
        ([None], [], True),
        ([None, None], [], True),
        ([ID, None], [{"id": OTHER}], True),
        ([ID, None], [404], False),
        ([ID], [], False),
    ],
)
async def test_a_repeat_that_finds_its_own_statement(
    given: list[str | None], read: list[Any], done: bool, lost: int
) -> None:
    """An id that was made for the call can only be there since its first attempt was carried out."""
    store = Store(lost, 409, *read)
    async with store.client(retry=RETRY) as litmos:
        adding = litmos.xapi.add_statement([statement(id=each or "") for each in given])
        if done:
            assert await adding == [each["id"] for each in sent(store)]
        else:
            with pytest.raises(Conflict):
                await adding
    assert not store.answers
    assert [request.method for request in store.requests] == ["POST", "POST", *["GET"] * len(read)]
    if read:
        assert store.requests[2].url.params["statementId"] == sent(store)[1]["id"]


async def test_a_conflict_at_once_is_one() -> None:
    """Where no attempt was lost, a store that has the id has it from somebody else."""
    async with Store(409).client() as litmos:
        with pytest.raises(Conflict):
            await litmos.xapi.add_statement(statement())


def sent(store: Store) -> list[dict[str, Any]]:
    """Return the statements of the first request."""
    body = json.loads(store.requests[0].content)
    return body if isinstance(body, list) else [body]


async def test_times_are_written_as_the_specification_has_them() -> None:
    """ISO 8601 with a zone, at any depth and in an agent: a store refuses the form of the other API."""
    store = Store([ID], {"statements": [], "more": ""})
    when = datetime(2024, 5, 1, 8, 30, 0, 250_000, tzinfo=timezone(timedelta(hours=2)))
    async with store.client() as litmos:
        await litmos.xapi.add_statement(
            XapiStatement(id=ID, extra={"timestamp": when, "context": {"days": [when]}})
        )
        await litmos.xapi.list_statements(agent={"since": when}).collect()
    body = json.loads(store.requests[0].content)
    assert body["timestamp"] == body["context"]["days"][0] == "2024-05-01T06:30:00.250000Z"
    assert store.requests[1].url.params["agent"] == '{"since":"2024-05-01T06:30:00.250000Z"}'


@pytest.mark.parametrize(
    ("status", "kind"), [(404, NotFound), (409, Conflict), (412, APIError), (413, APIError)]
)
async def test_errors_of_the_specification(status: int, kind: type[APIError]) -> None:
    """Statuses that the API has not are errors too, and are not repeated."""
    store = Store(status)

    async with store.client() as litmos:
        with pytest.raises(kind) as caught:
            await litmos.xapi.add_statement(statement())

    assert caught.value.status == status
    assert PASSWORD not in str(caught.value)


def test_429_is_throttling() -> None:
    """The store's budget pauses and the API's does not notice."""
    store = Store(429, [ID], 200, 429)

    async def scene() -> None:
        async with store.client(retry=RetryPolicy(max_rejections=1)) as litmos:
            began = asyncio.get_running_loop().time()
            assert await litmos.xapi.add_statement(statement()) == [ID]
            assert asyncio.get_running_loop().time() > began
            assert litmos.quota.used == 0
            assert litmos.quota.rejected == 0
            await litmos.users.delete("u")
            assert litmos.quota.used == 1
            with pytest.raises(RateLimited):
                await litmos.with_options(retry=RetryPolicy(max_rejections=0)).xapi.add_statement(statement())

    run_virtual(scene())


def test_a_budget_of_its_own() -> None:
    """A store that may be asked once a minute holds up nobody who asks the API."""
    calls: list[tuple[str, float]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        calls.append((request.url.host, asyncio.get_running_loop().time()))
        return httpx.Response(200, json=[ID] if request.url.host.startswith("lrs") else {"Id": "u"})

    async def scene() -> None:
        rate = RateLimit(requests=1, period=60, burst=1)
        store = XapiStore(ENDPOINT, "name", PASSWORD, rate_limit=rate)
        async with LitmosClient("k", "t", transport=httpx.MockTransport(answer), xapi=store) as litmos:
            ask = [litmos.xapi.add_statement(statement()) for _ in range(2)]
            await asyncio.gather(*ask, *(litmos.users.get("u") for _ in range(20)))

    run_virtual(scene())
    first, *_ = (when for _, when in calls)
    assert sorted(round(when - first) for host, when in calls if host.startswith("lrs")) == [0, 60]
    assert {round(when - first) for host, when in calls if not host.startswith("lrs")} == {0}


# ------------------------------------------------ against a store that is as strict as the specification


@pytest.fixture
async def served() -> AsyncIterator[tuple[Sandbox, LitmosClient]]:
    """A sandbox, and a client of it and of its store."""
    sandbox = Sandbox(Tenant(), requests=1_000)
    xapi = XapiStore(f"http://127.0.0.1{sandbox.store.path}", sandbox.store.username, sandbox.store.password)
    async with client(sandbox, xapi=xapi, retry=RetryPolicy(initial_backoff=0.0)) as litmos:
        yield sandbox, litmos


async def test_a_round_trip(served: tuple[Sandbox, LitmosClient]) -> None:
    """Stored, read, listed in parts, and never changed."""
    sandbox, litmos = served
    sandbox.store.most = 3

    (first,) = await litmos.xapi.add_statement(statement())
    others = await litmos.xapi.add_statement([statement() for _ in range(7)])
    await litmos.xapi.update_statement(ID, statement())
    read = await litmos.xapi.get_statement(first)
    found = [each.id async for each in litmos.xapi.list_statements(verb="http://example.com/did")]

    assert {name: read.extra[name] for name in DID} == DID
    assert found == [ID, *others[::-1], first]
    assert await litmos.xapi.add_statement(read) == [first]
    with pytest.raises(Conflict):
        await litmos.xapi.update_statement(first, XapiStatement(extra={**DID, "result": {"success": True}}))
    with pytest.raises(NotFound):
        await litmos.xapi.get_statement(OTHER)
    assert not sandbox.requests


async def test_a_lost_answer(served: tuple[Sandbox, LitmosClient]) -> None:
    """A repeat after a lost answer stores nothing twice."""
    sandbox, litmos = served
    sandbox.faults.add(Fault(method="POST", path="/TCAPI/*", drop=True, after=True))

    ids = await litmos.xapi.add_statement([statement(), statement()])

    assert list(sandbox.store.statements) == ids
    assert len(sandbox.store.requests) == 2


# ------------------------------------------------ the store's address and credentials

ENDPOINTS = {
    "https://lrs.litmos.com/TCAPI/acme/db1/statements": "https://lrs.litmos.com/TCAPI/acme/db1/statements",
    "https://lrs.litmos.com/TCAPI/acme/db1/statements/": "https://lrs.litmos.com/TCAPI/acme/db1/statements",
    "https://lrs.litmos.com/TCAPI/acme/db1": "https://lrs.litmos.com/TCAPI/acme/db1/statements",
    " https://lrs.litmos.com/TCAPI/acme/db1/\n": "https://lrs.litmos.com/TCAPI/acme/db1/statements",
    "http://localhost:8000/xapi": "http://localhost:8000/xapi/statements",
}


@pytest.mark.parametrize(("given", "endpoint"), ENDPOINTS.items(), ids=ascii)
def test_endpoint(given: str, endpoint: str) -> None:
    """The address as an account shows it, with or without its last part."""
    assert XapiStore(given, "name", "password").endpoint == endpoint


BAD_STORES: dict[str, tuple[Any, Any, Any]] = {
    "no endpoint": ("", "name", PASSWORD),
    "no text": (None, "name", PASSWORD),
    "in the clear": ("http://lrs.litmos.com/TCAPI/a/b/statements", "name", PASSWORD),
    "a query": (f"{ENDPOINT}?x=1", "name", PASSWORD),
    "credentials in it": ("https://a:b@lrs.litmos.com/statements", "name", PASSWORD),
    "a blank": ("https://lrs.litmos.com/a b/statements", "name", PASSWORD),
    "no scheme": ("lrs.litmos.com/TCAPI/a/b/statements", "name", PASSWORD),
    "no user name": (ENDPOINT, "", PASSWORD),
    "a colon": (ENDPOINT, "na:me", PASSWORD),
    "no password": (ENDPOINT, "name", ""),
    "a line break": (ENDPOINT, "name", f"{PASSWORD}\n"),
    "a lone surrogate": (ENDPOINT, "name", f"{PASSWORD}\ud800"),
}


@pytest.mark.parametrize("given", BAD_STORES.values(), ids=BAD_STORES.keys())
def test_what_cannot_be_a_store(given: tuple[Any, Any, Any]) -> None:
    """It is said at once, and the password is nowhere, local variables included."""
    with pytest.raises(ConfigurationError) as caught:
        XapiStore(*given)

    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert shown.__context__ is None
    for frame in shown.stack:
        assert frame.filename == __file__ or PASSWORD not in str(frame.locals)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("bad", ["store", 7, ("a", "b", "c"), {"endpoint": ENDPOINT}])
def test_a_store_is_a_store(bad: Any) -> None:
    """Anything else is refused where the client is made."""
    with pytest.raises(ConfigurationError, match="XapiStore"):
        LitmosClient("key", "tests", xapi=bad)
    with pytest.raises(ConfigurationError, match="RateLimit"):
        XapiStore(ENDPOINT, "name", PASSWORD, rate_limit=bad)


def test_the_password_is_not_shown() -> None:
    """No repr, rich's neither, no client and no copy shows it, and it is not pickled."""
    store = XapiStore(ENDPOINT, "name", PASSWORD)
    litmos = Store().client()

    for shown in (store, copy.deepcopy(store), copy.copy(store), store.service, litmos, vars(litmos)):
        assert PASSWORD not in repr(shown)
        assert PASSWORD not in pretty_repr(shown)
        assert "bmFtZTo" not in repr(shown) + pretty_repr(shown)
    with pytest.raises(TypeError, match="password"):
        pickle.dumps(store)
