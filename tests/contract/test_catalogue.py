"""The whole catalogue, called over both wires: what is sent, and what comes back."""

from __future__ import annotations

import importlib
import inspect
import json
import pkgutil
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, quote

import attrs
import httpx
import pytest
from attrs import define, field

from litmos_async import LitmosClient, models, resources
from litmos_async.errors import ConfigurationError
from litmos_async.paging import Page, Pages
from litmos_async.wire.operation import Operation
from tests.contract import writer
from tests.contract.catalogue import ALL, CALLS, RECORDS, STORE, Entry, Shape
from tests.contract.writer import Inventor, Row

NO_XML = {
    "ilt_modules.create": "its only source shows JSON, and no name of a root element is known",
    "ilt_modules.update": "its only source shows JSON, and no name of a root element is known",
}
"""Operations that go over JSON even where XML is asked for."""

BEYOND = {"users.patch", "users.deactivate"}
"""Methods that are made of other operations."""

PARAMETERS = {
    "sendmessage": "send_message",
    "includesubteams": "include_sub_teams",
    "skipfirstlogin": "skip_first_login",
    "showInactive": "show_inactive",
    "dir": "direction",
    "userid": "user_id",
    "IsAPI": "is_api",
    "limit": "page_size",
}
"""Query names of the catalogue that have another name in Python."""

MEDIA_TYPES = {
    "json": ("application/json", "application/json"),
    "xml": ("text/xml, application/xml", "text/xml; charset=utf-8"),
}
"""What each wire accepts, and what it says that it sends."""

SINCE, TO = datetime(2024, 5, 1, 6, 30, tzinfo=UTC), datetime(2024, 5, 3, 18, 0, 59, tzinfo=UTC)

QUERY = {
    "start": (7, "7"),
    "limit": (50, "50"),
    "search": ("a b&c/ä", "a b&c/ä"),
    "sort": ("FirstName", "FirstName"),
    "dir": ("desc", "DESC"),
    "since": (SINCE, "2024-05-01 06:30:00"),
    "to": (TO, "2024-05-03 18:00:59"),
    "userid": ("u/1", "u/1"),
}
"""What is given for a query name, and what shall be sent. Flags are turned against their default."""

ID_LEFT_OUT = {"Token", "Collection", "Listing"}
"""Records whose create leaves the id out; others send it empty, since recordings and samples do."""


@define
class Case:
    """One operation with invented arguments, the request that must follow, and the answer to it."""

    entry: Entry
    wire: str
    given: list[Any] = field(factory=list)
    options: dict[str, Any] = field(factory=dict)
    query: dict[str, str] = field(factory=dict)
    path: dict[str, str] = field(factory=dict)
    body: list[Row] = field(factory=list)
    answer: list[Row] = field(factory=list)


def method_of(client: LitmosClient, entry: Entry) -> Any:
    """Return the method of an entry."""
    return getattr(getattr(client, entry.family), entry.name)


def client_of(handler: Any, **options: Any) -> LitmosClient:
    """Return a client whose requests go to `handler`."""
    return LitmosClient(
        "key",
        "tests",
        base_url="https://litmos.example/v1.svc",
        transport=httpx.MockTransport(handler),
        **options,
    )


def no_answer(request: httpx.Request) -> httpx.Response:
    """Stand for a server that must not be asked."""
    raise AssertionError(f"{request.url} was asked")


def prepare(entry: Entry, wire: str) -> Case:
    """Invent the arguments of an operation from its signature."""
    case = Case(entry, wire)
    inventor = Inventor()
    for parameter in inspect.signature(method_of(client_of(no_answer), entry)).parameters.values():
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD:
            _give(case, parameter.name, inventor)
        elif parameter.name == "library":
            case.options["library"] = True
            for row in case.body:
                row.values["CourseTeamLibrary"] = True
        elif parameter.name == "attended":
            case.options["attended"] = False
            case.path["attended"] = "false"
    for name, fact in entry.query.items():
        given, sent = QUERY.get(name) or (not fact["default"], str(not fact["default"]).lower())
        case.options[PARAMETERS.get(name, name)] = given
        case.query[name] = sent
    shape = entry.response
    if shape and shape.record:
        case.answer = inventor.rows(shape.record) if shape.list else [inventor.row(shape.record)]
    return case


def _give(case: Case, name: str, inventor: Inventor) -> None:
    """Add one positional argument."""
    request = case.entry.request
    if name in case.entry.placeholders:
        text = f"{name} ä/1"
        case.path[name] = text
        # Over one wire the ids are texts, over the other records that have them.
        case.given.append(models.Team(id=text) if case.wire == "json" and name.endswith("_id") else text)
        return
    assert request is not None
    assert request.record is not None
    identity = RECORDS[request.record].fields[0].wire
    if name.endswith("_ids"):
        case.given.append(ids := [f"{name}-1", f"{name}-2"])
        case.body = [Row(request.record, {identity: one}) for one in ids]
    elif name.endswith("_id"):
        case.given.append("single-1")
        case.body = [Row(request.record, {identity: "single-1"})]
    else:
        rows = inventor.rows(request.record) if request.list else [inventor.row(request.record)]
        case.given.append([row.model() for row in rows] if request.list else rows[0].model())
        for placeholder in case.entry.placeholders:
            # `update(team)`: the id in the path is that of the record.
            if placeholder not in case.path and placeholder != "attended":
                case.path[placeholder] = rows[0].values[identity]
        case.body = [_sent(case.entry, row) for row in rows]


def _sent(entry: Entry, row: Row) -> Row:
    """Return what a write sends of a whole record."""
    values: dict[str, Any] = {}
    for fact, value in row.facts():
        creates = entry.method == "POST" and not entry.idempotent
        if fact.ignored_on_create and creates:
            if row.record not in ID_LEFT_OUT:
                values[fact.wire] = ""
        elif fact.read_only or (row.record, fact.wire) == ("User", "ManagerName"):
            if fact.mandatory_element:
                values[fact.wire] = ""
        elif entry.id == "ilt_modules.update" and fact.wire == "Sessions":
            continue
        else:
            values[fact.wire] = [_nested(one) for one in value] if isinstance(value, list) else value
    return Row(row.record, values)


def _nested(row: Row) -> Row:
    kept = {
        fact.wire: [_nested(one) for one in value] if isinstance(value, list) else value
        for fact, value in row.facts()
        if not fact.read_only
    }
    return Row(row.record, kept)


def respond(case: Case) -> httpx.Response:
    """Return the answer of the server."""
    shape, status = case.entry.response, case.entry.success[0]
    if shape is None or shape.record is None:
        return httpx.Response(status)
    if case.wire == "json" or case.entry.id in NO_XML:
        content = writer.answer_json(case.answer if shape.list else case.answer[0])
        if shape.json == "wrapped_collection" and shape.list:
            content = b'{"Ecommerce":{"Rows":' + content + b"}}"
        return httpx.Response(
            status, content=content, headers={"Content-Type": "application/json; charset=utf-8"}
        )
    item = shape.xml_item or "Row"
    content = writer.answer_xml(
        case.answer if shape.list else case.answer[0], shape.xml_root or "Answer", item
    )
    return httpx.Response(status, content=content, headers={"Content-Type": "text/xml; charset=utf-8"})


async def call(case: Case) -> tuple[list[httpx.Request], Any]:
    """Make the call, and return the requests and the result."""
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return respond(case)

    async with client_of(handler, wire=case.wire) as client:
        result = method_of(client, case.entry)(*case.given, **case.options)
        return requests, await result


def walk(*entries: Entry) -> pytest.MarkDecorator:
    """Run a test for each operation over each wire."""
    cases = [
        pytest.param(entry, wire, id=f"{entry.id}-{wire}")
        for entry in entries or CALLS
        for wire in ("json", "xml")
    ]
    return pytest.mark.parametrize(("entry", "wire"), cases)


@walk()
async def test_request(entry: Entry, wire: str) -> None:
    """Verb, path, query, headers and body are those of the catalogue."""
    case = prepare(entry, wire)
    sent_wire = "json" if entry.id in NO_XML else wire

    requests, _ = await call(case)

    (request,) = requests
    path, _, query = request.url.raw_path.decode().partition("?")
    wanted = {name: quote(text, safe="") for name, text in case.path.items()}
    assert request.method == entry.method
    assert path == "/v1.svc" + str(entry.path).format_map(wanted)
    assert dict(parse_qsl(query)) == case.query | {"source": "tests"} | (
        {"format": "json"} if sent_wire == "json" else {}
    )
    assert (request.headers["Accept"], request.headers["Content-Type"]) == MEDIA_TYPES[sent_wire]
    assert request.headers["apikey"] == "key"
    _check_body(request, entry.request, case.body, sent_wire)


def _check_body(request: httpx.Request, shape: Shape | None, rows: list[Row], wire: str) -> None:
    if shape is None:
        assert request.content == b""
        if request.method != "GET":
            assert request.headers["Content-Length"] == "0"
    elif shape.json == "labelled_object" and wire == "json":
        pairs = [tuple(value for _, value in writer.expected_json(row)) for row in rows]
        assert writer.sent_json(request.content) == pairs
    elif wire == "json":
        written = [writer.expected_json(row) for row in rows]
        assert writer.sent_json(request.content) == (written if shape.list else written[0])
    else:
        elements = [writer.expected_xml(row) for row in rows]
        content = [(shape.xml_item, element) for element in elements] if shape.list else elements[0]
        assert writer.sent_xml(request.content) == (shape.xml_root, content)


@walk()
async def test_answer(entry: Entry, wire: str) -> None:
    """A generated answer comes back as the right record with every field, and an empty one as nothing."""
    case = prepare(entry, wire)

    _, result = await call(case)

    if not case.answer:
        assert result in (None, [])
    elif entry.id == "users.list_paginated":
        page = case.answer[0].values
        assert result.items == [row.model() for row in page["Items"]]
        assert result.total == page["Pagination"].values["TotalCount"]
    else:
        expected = [row.model() for row in case.answer]
        rows = result.items if isinstance(result, Page) else result if isinstance(result, list) else [result]
        # Records are equal if their class and every field are; unknown fields (`extra`) count too.
        assert rows == expected


@walk(*(entry for entry in CALLS if entry.response and entry.response.list))
async def test_empty_list(entry: Entry, wire: str) -> None:
    """An empty array, and a bare root element, are a list without rows."""
    case = prepare(entry, wire)
    case.answer = []

    _, result = await call(case)

    assert (result.items if isinstance(result, Page) else result) == []


# `tokens.update` returns nothing in any case: the caller has the tokens.
@walk(
    *(
        entry
        for entry in CALLS
        if entry.method == "POST" and entry.response and entry.response.json == "undocumented"
    )
)
async def test_undocumented_answer(entry: Entry, wire: str) -> None:
    """Where no source says what a create answers, records that come back are returned, and nothing else is."""
    case = prepare(entry, wire)
    assert entry.request is not None
    rows = Inventor().rows(str(entry.request.record))[: 2 if entry.request.list else 1]
    case.entry = attrs.evolve(entry, response=entry.request)
    case.answer = rows

    _, result = await call(case)
    case.answer = []
    case.entry = attrs.evolve(entry, response=None)
    _, nothing = await call(case)

    assert (result if entry.request.list else [result]) == [row.model() for row in rows]
    assert nothing in (None, [])


@pytest.mark.parametrize("entry", CALLS, ids=lambda entry: entry.id)
def test_signature(entry: Entry) -> None:
    """Ids are positional, in the order of the path; everything else is keyword-only; the options come last."""
    parameters = list(inspect.signature(method_of(client_of(no_answer), entry)).parameters.values())
    kinds = [parameter.kind for parameter in parameters]
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    named = [name for name in positional if name in entry.placeholders]

    assert parameters[-1].kind is inspect.Parameter.VAR_KEYWORD
    assert kinds == sorted(kinds)
    assert named == [name for name in entry.placeholders if name in named]
    assert positional[: len(named)] == named


@pytest.mark.parametrize("entry", CALLS, ids=lambda entry: entry.id)
def test_docstring(entry: Entry) -> None:
    """The docstring says verb and path on a line of their own, and where the knowledge comes from."""
    text = inspect.getdoc(method_of(client_of(no_answer), entry)) or ""
    paths = [line.strip().partition("`  #")[0] for line in text.splitlines()]

    assert f"`{entry.method} {entry.path}`" in paths
    assert "Source: " in text


MAILING = [entry for entry in CALLS if "sendmessage" in entry.query]


@pytest.mark.parametrize("entry", MAILING, ids=lambda entry: entry.id)
async def test_mailing_is_said(entry: Entry) -> None:
    """Where the server mails by default, or where no source says, the caller has to; elsewhere it is off."""
    client = client_of(no_answer)
    parameter = inspect.signature(method_of(client, entry)).parameters["send_message"]
    case = prepare(entry, "json")
    del case.options["send_message"]

    assert parameter.kind is parameter.KEYWORD_ONLY
    if entry.query["sendmessage"]["default"] is False:
        assert parameter.default is False
    else:
        assert parameter.default is parameter.empty
        with pytest.raises(TypeError, match="send_message"):
            await method_of(client, entry)(*case.given, **case.options)
    for given in (None, "false", 0, 1):
        with pytest.raises(ConfigurationError, match="send_message must be True or False"):
            await method_of(client, entry)(*case.given, **case.options, send_message=given)


@pytest.mark.parametrize("entry", [entry for entry in CALLS if entry.paged], ids=lambda entry: entry.id)
def test_paged_is_lazy(entry: Entry) -> None:
    """A list method returns at once, and asks for nothing before somebody reads."""
    case = prepare(entry, "json")

    assert isinstance(method_of(client_of(no_answer), entry)(*case.given, **case.options), Pages)


def test_every_entry_has_a_method() -> None:
    """Every id is a method; a second title of an entry is none, and the recipes of single sign on are."""
    client = client_of(no_answer)

    for entry in ALL:
        if entry.alias_of is None or entry.family == "sso":
            assert inspect.iscoroutinefunction(method_of(client, entry)) or entry.paged
        else:
            assert entry.alias_of in {call.id for call in CALLS + STORE}
            assert not hasattr(getattr(client, entry.family), entry.name)


def test_no_method_beyond_the_catalogue() -> None:
    """What is public on a family is in the catalogue, or is made of operations that are."""
    client = client_of(no_answer)
    families = sorted({entry.family for entry in ALL})

    found = {
        f"{family}.{name}"
        for family in families
        for name, _ in inspect.getmembers(getattr(client, family), inspect.ismethod)
        if not name.startswith("_")
    }

    assert found - BEYOND == {entry.id for entry in ALL if entry.alias_of is None or entry.family == "sso"}


def test_operations_say_what_the_catalogue_says() -> None:
    """Repeatable and seen as JSON: the constants agree with the catalogue."""
    catalogue = {entry.id: entry for entry in CALLS + STORE}
    constants = [
        value
        for module in pkgutil.iter_modules(resources.__path__, "litmos_async.resources.")
        for value in vars(importlib.import_module(module.name)).values()
        if isinstance(value, Operation)
    ]

    assert {operation.id for operation in constants} == set(catalogue)
    for operation in constants:
        entry = catalogue[operation.id]
        seen = entry.response is not None and entry.response.json_seen != "no"
        assert (operation.id, operation.repeatable) == (entry.id, entry.idempotent)
        assert (operation.id, operation.json_seen) == (entry.id, seen)


def test_exclusions(capsys: pytest.CaptureFixture[str]) -> None:
    """What has no XML is listed with its reason, and only where the catalogue knows no XML names."""
    for entry in CALLS:
        if entry.id in NO_XML:
            shapes = [shape for shape in (entry.request, entry.response) if shape and shape.record]
            assert any(shape.xml_root is None for shape in shapes)
    with capsys.disabled():
        print("\nwithout XML:", json.dumps(NO_XML, indent=2))
