"""Times of a record as the service reads and writes them: each form of JSON and of XML, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from litmos_async.sandbox import Tenant
from tests.sandbox.small import ADA, Client

NOON = "/Date(1741953600000+0000)/"

ADA_JSON = {"Id": ADA, "UserName": "ada@example.com", "FirstName": "A", "LastName": "B"}
ADA_XML = (
    f"<User><Id>{ADA}</Id><UserName>ada@example.com</UserName><FirstName>A</FirstName><LastName>B</LastName>"
    "<ExpirationDate>{}</ExpirationDate></User>"
)


@pytest.mark.parametrize(
    ("body", "in_json", "in_xml"),
    [
        (ADA_JSON | {"ExpirationDate": "/Date(1741953600000)/"}, NOON, "2025-03-14T12:00:00"),
        (ADA_JSON | {"ExpirationDate": "/Date(1741953600000-0500)/"}, NOON, "2025-03-14T12:00:00"),
        (ADA_XML.format("2025-03-14T12:00:00Z"), NOON, "2025-03-14T12:00:00"),
        (ADA_XML.format("2025-03-14T13:00:00+01:00"), NOON, "2025-03-14T12:00:00"),
        (ADA_XML.format("2025-03-14T12:00:00"), NOON, "2025-03-14T12:00:00"),  # without a zone it is UTC
        (ADA_JSON | {"ExpirationDate": ""}, "", None),
        (ADA_JSON | {"ExpirationDate": None}, "", None),
        (ADA_JSON, "", None),
        (ADA_XML.format(""), "", None),
    ],
)
async def test_the_end_of_an_account(client: Client, body: Any, in_json: str, in_xml: str | None) -> None:
    """Of the times of a person only creation and last login are ISO in JSON; none is an empty text."""
    assert (await client.status("PUT", f"/users/{ADA}", body))[0] == 200
    assert (await client.json(f"/users/{ADA}"))["ExpirationDate"] == in_json
    assert (await client.xml(f"/users/{ADA}")).findtext("ExpirationDate") == (in_xml or "")
    assert (await client.json(f"/users/{ADA}"))["LastLogin"] == "2024-09-20T13:00:55Z"


@pytest.mark.parametrize("value", ["2025-03-14T12:00:00Z", "soon", "/Date(soon)/"])
async def test_what_is_no_time_in_json(client: Client, tenant: Tenant, value: str) -> None:
    """It is answered with a 500 and a page of HTML, and changes nothing."""
    response = await client.send("PUT", f"/users/{ADA}", ADA_JSON | {"ExpirationDate": value})
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html")
    assert tenant.users[ADA]["UserName"] == "ada.example@example.com"


async def test_what_is_no_time_in_xml(client: Client) -> None:
    """A day that is not in the calendar is refused."""
    assert (await client.status("PUT", f"/users/{ADA}", ADA_XML.format("2025-13-01T00:00:00")))[0] == 400
