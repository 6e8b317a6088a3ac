"""The whole catalogue, called over both wires: what is sent, and what comes back."""

from __future__ import annotations

import inspect
import json
from urllib.parse import parse_qsl, quote

import attrs
import httpx
import pytest

from litmos_async.errors import ConfigurationError
from litmos_async.paging import Page, Pages
from litmos_async.resources.operations import operations
from tests.contract import writer
from tests.contract.cases import (
    BEYOND,
    MEDIA_TYPES,
    NO_XML,
    call,
    client_of,
    method_of,
    no_answer,
    prepare,
)
from tests.contract.catalogue import ALL, CALLS, STORE, Entry, Shape
from tests.contract.writer import Inventor, Row


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

    assert set(operations()) == set(catalogue)
    for operation in operations().values():
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
