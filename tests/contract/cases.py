"""Calls of all operations, and what the catalogue says of them."""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import httpx
from attrs import define, field

from litmos_async import LitmosClient, models
from tests.contract import writer
from tests.contract.catalogue import RECORDS, Entry
from tests.contract.writer import Inventor, Row

SINCE, TO = datetime(2024, 5, 1, 6, 30, tzinfo=UTC), datetime(2024, 5, 3, 18, 0, 59, tzinfo=UTC)

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
