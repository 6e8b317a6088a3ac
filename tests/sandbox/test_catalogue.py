"""Nothing is missing: every operation has a route, every record is written out as the catalogue has it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from litmos_async.sandbox.routes import TABLES
from litmos_async.sandbox.wire import schema, schema_offers, schema_org, schema_training
from litmos_async.sandbox.wire.schema import Element
from tests.sandbox.small import Client, reach
from tests.support.catalogue_files import read

_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
OPERATIONS: list[dict[str, Any]] = [
    each
    for each in read("operations.yaml")
    if not each["id"].startswith("xapi.")  # a service of its own: see test_lrs.py
]
RECORDS: dict[str, dict[str, Any]] = read("records.yaml")

ELSEWHERE = {
    # Called otherwise in the sandbox: one element serves several records, or a shorter name does.
    "TeamLearningPathRef": "LEARNING_PATH_REF",
    "GamificationAchievedItem": "GAMIFICATION_ITEM",
    "GamificationItem": "_COURSE_ITEM",
}

NO_ELEMENT = {
    "XapiStatement": "an opaque object that is passed through",
    "ErrorDetail": "written by hand, it has the one field",
}

LEFT_OUT = {
    ("LearningPath", "Languages"): "seen in one sample of 2021 only",
    ("Badge", "IconDisplayUrl"): "on some pages only",
    ("ElearningModule", "ContentURL"): "in one document only, which reuses the form of the request",
    ("OrgLearningPathResult", "DueDate"): "in the vendor's Salesforce package only",
}


def element_of(record: str) -> Element:
    """Return the element that stands for a record: UserCourse is USER_COURSE."""
    name = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", record).upper()
    name = ELSEWHERE.get(record, name)
    for module in (schema, schema_training, schema_org, schema_offers):
        if hasattr(module, name):
            found: Element = getattr(module, name)
            return found
    raise LookupError(name)


def test_every_operation_is_answered() -> None:
    """Whatever the catalogue has a path for, the sandbox has a route for."""

    def place(method: str, path: str) -> tuple[str, str]:
        return method, re.sub(r"\{\w+\}", "{}", path)

    answered = {place(method, path) for table in TABLES for method, path, _ in table.table}
    asked = {place(each["method"], each["path"]) for each in OPERATIONS if each["path"]}
    assert len(asked) > 130
    assert asked - answered == set()
    # What is there beside: the other spellings of two paths (api-facts 10).
    assert answered - asked == {
        ("DELETE", "/collection/{}"),
        ("GET", "/courses/{}/modules/ILT"),
    }


@pytest.mark.parametrize("record", [name for name in RECORDS if name not in NO_ELEMENT])
def test_records_are_those_of_the_catalogue(record: str) -> None:
    """Names and order of fields, attributes and the name of the element are as documented."""
    facts, element = RECORDS[record], element_of(record)
    expected = [each["wire"] for each in facts["fields"] if (record, each["wire"]) not in LEFT_OUT]
    assert [field.name for field in element.fields] == expected
    if facts["xml_element"]:
        assert element.name == facts["xml_element"]
    attributes = [each["wire"] for each in facts["fields"] if each.get("xml") == "attribute"]
    assert [field.name for field in element.fields if field.kind == "attribute"] == attributes


KINDS = {
    "str": {"text", "stated", "attribute", "content"},
    "int": {"int"},
    "bool": {"bool"},
    "float": {"float"},
    "datetime": {"date", "expiry", "iso", "us", "spaced"},
    "date": {"text", "stated"},
    "list[str]": {"texts", "text"},  # of tags and topics both are on record
}

# Numbers although the catalogue calls them text: numeric ids, which were seen as numbers in JSON.
NUMBERS = {"CreatedBy", "UpdatedBy", "ActivityBy"}


@pytest.mark.parametrize("record", [name for name in RECORDS if name not in NO_ELEMENT])
def test_fields_have_the_documented_types(record: str) -> None:
    """Text is text, numbers are numbers, and lists hold what they should."""
    types = {each["wire"]: each["type"] for each in RECORDS[record]["fields"]}
    for field in element_of(record).fields:
        if field.name in NUMBERS:
            assert field.kind in {"text", "int"}
        elif field.element is not None:
            assert types[field.name].startswith("list[") == (field.kind == "many")
        else:
            assert field.kind in KINDS[types[field.name]], field.name


BODIES = [each for each in OPERATIONS if each["request"]]


def empty_bodies(request: dict[str, Any]) -> list[Any]:
    """Return bodies in which nothing is said, in both formats, and all is said to be nil."""
    element = element_of(request["record"])
    nils = "".join(f'<{field.name} xmlns:i="{_INSTANCE}" i:nil="true"/>' for field in element.fields)
    item = f"<{element.name}>{nils}</{element.name}>"
    root = request["xml_root"]
    return [[{}], f"<{root}>{item}</{root}>", f"<{root}/>"] if request["list"] else [{}, item]


@pytest.mark.parametrize("operation", BODIES, ids=[each["id"] for each in BODIES])
async def test_a_body_that_says_nothing_breaks_nothing(operation: dict[str, Any]) -> None:
    """Blank and nil in every field lead to an answer, not to a traceback."""
    tenant = Tenant.example(users=20)
    (course_id, *_), (user_id, *_), (team_id, *_) = tenant.courses, tenant.users, tenant.teams
    collection_id = tenant.offers.add_collection(Name="C", Description="D")["Id"]
    values = {
        "course_id": course_id,
        "user_id": user_id,
        "team_id": team_id,
        "module_id": tenant.training.add_module(course_id, Name="Class")["Id"],
        "collection_id": collection_id,
        "listing_id": tenant.offers.add_listing(collection_id, Name="L")["Id"],
        "attended": "true",
    }
    day = {"StartDate": tenant.now(), "EndDate": tenant.now()}
    session = tenant.training.add_session(course_id, values["module_id"], Days=[day])
    values |= {"session_id": session["Id"], "session_day_id": session["Days"][0]["Id"]}
    values["event_id"] = values["module_id"]
    if operation["id"] in {"modules.update", "results.complete_module"}:
        values["module_id"] = next(iter(tenant.modules))
    path = operation["path"].format_map(values)
    async with reach(Sandbox(tenant, requests=10_000)) as client:
        for body in empty_bodies(operation["request"]):
            status, reason = await client.status(operation["method"], path, body)
            assert status in {200, 201, 400, 403, 404, 409}, reason
            assert not reason.startswith("There is no operation"), path


LISTS = [each for each in OPERATIONS if each["paged"] and "{" not in each["path"]]


@pytest.mark.parametrize("operation", LISTS, ids=[each["id"] for each in LISTS])
async def test_every_list_comes_in_both_formats_and_in_pages(
    operation: dict[str, Any], client: Client
) -> None:
    """Lists answer a bare array and the documented root, and nothing past the end."""
    path, response = operation["path"], operation["response"]
    window = {"since": "2024-07-05", "to": "2024-07-10 12:00"}
    query = window if "since" in operation["query"] else {}
    for start in (0, 1_000):
        answer = await client.json(path, start=start, **query)
        node = await client.xml(path, start=start, **query)
        if response["json"] == "bare_array":
            assert isinstance(answer, list)
            assert len(answer) == len(node)
            assert not (start and answer)
        if response["xml_root"]:
            assert node.tag == response["xml_root"].partition(" ")[0]
