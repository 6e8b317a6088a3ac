"""Answers that are none, and data that cannot be sent: an error that says what is wrong."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from litmos_async import CustomFieldValue, LitmosClient, User, XapiStore, errors
from litmos_async.testing import run_virtual
from litmos_async.wire import json, xml
from litmos_async.wire.text import REPAIRABLE
from tests.support.showing import tell_all

Call = Callable[[LitmosClient], Awaitable[Any]]


def ask(answer: httpx.Response, call: Call) -> None:
    """Make a call that is answered so."""

    async def main() -> None:
        async with LitmosClient(
            "k",
            "tests",
            base_url="https://litmos.example.com/v1.svc",
            transport=httpx.MockTransport(lambda _: answer),
            xapi=XapiStore("https://lrs.example.com/statements", "name", "password"),
        ) as litmos:
            await call(litmos)

    run_virtual(main())


def listed(litmos: LitmosClient) -> Awaitable[Any]:
    """List people."""
    return litmos.users.list(wire="json").collect()


def listed_as_xml(litmos: LitmosClient) -> Awaitable[Any]:
    """List people over XML."""
    return litmos.users.list(wire="xml").collect()


def stored(litmos: LitmosClient) -> Awaitable[Any]:
    """Read a statement of the record store."""
    return litmos.xapi.get_statement("01c01e01-b123-4567-b890-01ce011fe1af")


FAULT = (
    '<Fault xmlns="http://schemas.microsoft.com/ws/2005/05/envelope/none"><Code><Value>Receiver</Value></Code>'
    "<Reason><Text>busy</Text></Reason></Fault>"
)
LARGE = "<Users><User><Id>" + "x" * REPAIRABLE


@pytest.mark.parametrize(
    ("call", "body", "kind", "told"),
    [
        (listed, '"text"', "application/json", "list"),
        (listed, "5", "application/json", "list"),
        (listed_as_xml, LARGE, "application/xml", "damaged XML"),
        (
            listed,
            '{"Errors": [{"Message": "busy"}]}',
            "application/json",
            "row 1 holds nothing of a UserSummary",
        ),
        (listed, "{}", "application/json", "row 1 holds nothing of a UserSummary"),
        (listed_as_xml, FAULT, "text/xml", "row 1 holds nothing of a UserSummary"),
        (stored, "<!DOCTYPE html><html></html>", "text/html", "web page"),
        (stored, " ", "application/json", "empty"),
        (stored, "[]", "application/json", "not a statement"),
        (listed, " ", "application/json", "the answer is empty"),
        (listed_as_xml, "\r\n", "text/xml", "the answer is empty"),
    ],
    ids=[
        "a text",
        "a number",
        "too large to mend",
        "a message as a row",
        "an empty object",
        "a fault of SOAP",
        "a web page",
        "nothing",
        "no statement",
        "no list",
        "no list in XML",
    ],
)
def test_what_is_no_answer(call: Call, body: str, kind: str, told: str) -> None:
    """The error is that of an answer that cannot be read."""
    with pytest.raises(errors.DecodeError, match=told):
        ask(httpx.Response(200, content=body, headers={"content-type": kind}), call)


ROW = "<User><Id>u{0}</Id><UserName>{1}</UserName></User>"
"""A row of XML: its number, and the user name."""


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('[{"Id":"u1"},{"Id":"u2","UserName":"C:\\"},{"Id":"u3"}]', "in row 2, field UserName"),
        ('[{"Id":"u1"},{"Id":"u2","UserName":"say "hi""}]', "in row 2, field UserName"),
        ('[{"Id":"u1","UserName":"C:\\dir"},{"Id":"u2","Active":True}]', "in row 2, field Active"),
        ('[{"Id":"u1"}, {"Id":"u2"', "in row 2, field Id"),
        ('[{"Id":"u1"} {"Id":"u2"}]', "behind row 1"),
        ('[{"Id":"u1"},]', "in row 2"),
        ('{"Id":"u1"', "character 10"),
        (f"<Users>{ROW.format(1, '<br>')}{ROW.format(2, 'a')}</Users>", "in row 1, field UserName"),
        (f"<Users>{ROW.format(1, 'a')}{ROW.format(2, '<Ann>')}</Users>", "in row 2, field UserName"),
        (f"<Users>{ROW.format(1, 'a')}<User><Id>u2</Id><UserName>b", "in row 2, field UserName"),
        (f"<Users>{ROW.format(1, 'a')}<User>", "in row 2"),
        (f"<Users>{ROW.format(1, 'a')}</Users><x>", "line 1"),
    ],
)
def test_where_an_answer_is_damaged(body: str, place: str) -> None:
    """The error says which row and which field it is, where what was meant cannot be known."""
    kind, call = ("application/json", listed) if body[0] in "[{" else ("text/xml", listed_as_xml)
    with pytest.raises(errors.DecodeError, match=f"damaged (JSON|XML) at .*{place} \\(HTTP 200"):
        ask(httpx.Response(200, content=body, headers={"content-type": kind}), call)


@pytest.mark.parametrize("read", [json.read, xml.read])
@pytest.mark.parametrize(
    "body",
    [
        *(b"<a>SECRET", b'["SECRET', b"SECRET", b"<a><b><SECRET></b></a>", b"<a><SECRET></a>"),
        *(b'[{"P":"x"SECRET"}]', b'[{"P":"x"SECRET:"}]'),
    ],
)
def test_a_damaged_answer_is_not_shown(read: Callable[[bytes], object], body: bytes) -> None:
    """Nor by what shows the values of local variables: it may hold a secret."""
    with pytest.raises(errors.DecodeError) as caught:
        read(body)
    assert "SECRET" not in tell_all(caught.value)


def test_a_label_without_a_value() -> None:
    """Values by their labels are one object, and one that has no value is empty there."""
    rows = [CustomFieldValue(fieldname="A", value="x"), CustomFieldValue(fieldname="B")]
    assert json.write(rows, ("fieldname", "Value")) == b'{"A":"x","B":""}'


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_json_has_not(number: float) -> None:
    """It is refused before a request."""
    person = User(user_name="user@example.com", first_name="A", last_name="B", extra={"Score": number})
    for call in (
        lambda litmos: litmos.users.create(person, wire="json"),
        lambda litmos: litmos.request("POST", "/users", body={"Score": number}),
    ):
        with pytest.raises(errors.ConfigurationError, match=r"not finite|cannot be written as JSON"):
            ask(httpx.Response(500), call)
