"""What every call has to get past: the key, the source, the form of the answer, the path."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import ADA, Client


async def test_no_key_is_403(client: Client) -> None:
    """A call without a key is forbidden."""
    del client.http.headers["apikey"]
    assert await client.status("GET", "/users") == (403, "No API key")


async def test_wrong_key_is_401(client: Client) -> None:
    """A call with another key is unauthorized."""
    client.http.headers["apikey"] = "other"
    assert await client.status("GET", "/users") == (401, "Invalid API key")


async def test_the_key_may_stand_in_the_query(client: Client, sandbox: Sandbox) -> None:
    """The older form of the key works, and the log of requests does not keep it."""
    del client.http.headers["apikey"]
    assert (await client.status("GET", "/teams", apikey="sandbox-key"))[0] == 200
    entry = sandbox.requests[-1]
    assert (entry.method, entry.path, entry.query, entry.status) == (
        "GET",
        "/teams",
        "source=tests&format=json",
        200,
    )


async def test_source_is_required(client: Client) -> None:
    """A call without source is forbidden, one with too long a source is bad."""
    assert await client.status("GET", "/users", source="") == (403, "source is required")
    assert (await client.status("GET", "/users", source="x" * 51))[0] == 400
    assert (await client.status("GET", "/users", source="x" * 50))[0] == 200


@pytest.mark.parametrize(
    ("query", "accept", "expected"),
    [
        ({"format": "json"}, "text/xml", "json"),
        ({"format": "JSON"}, "*/*", "json"),
        ({"format": "xml"}, "application/json", "xml"),
        ({}, "application/json", "json"),
        ({}, "*/*", "xml"),
    ],
)
async def test_the_form_of_the_answer(
    client: Client, query: dict[str, Any], accept: str, expected: str
) -> None:
    """`format` decides; without it the Accept header does; XML is native."""
    response = await client.http.get("/users", params={"source": "s"} | query, headers={"accept": accept})
    assert response.headers["content-type"] == f"application/{expected}; charset=utf-8"


async def test_errors_have_their_own_content_type(client: Client) -> None:
    """A JSON error is `{"Detail": …}` without a charset; an XML caller gets the text alone."""
    response = await client.send("GET", "/users/nobody")
    assert (response.status_code, response.json()) == (404, {"Detail": "User not found"})
    assert response.headers["content-type"] == "application/json"
    response = await client.send("GET", "/users/nobody", format="xml")
    assert response.text == "User not found"


async def test_unknown_operations_are_404(client: Client) -> None:
    """A path or method that no operation has is not found."""
    assert await client.status("GET", "/nonsense") == (404, "There is no operation /v1.svc/nonsense")
    assert (await client.status("PATCH", f"/users/{ADA}"))[0] == 404


async def test_an_encoded_slash_stays_in_its_segment(client: Client, tenant: Tenant) -> None:
    """`%2F` inside an id is part of the id and does not lead to another operation."""
    tenant.add_user(UserName="a/teams", FirstName="A", LastName="B")
    response = await client.send("GET", "/users/a%2Fteams")
    assert response.json()["UserName"] == "a/teams"


async def test_bad_bodies_are_400_and_bad_json_dates_500(client: Client) -> None:
    """A broken body answers 400; no operation of people has a JSON date, so none can fail on it."""
    assert await client.status("PUT", f"/users/{ADA}", "<User>") == (400, "The body is not well-formed XML")
    assert await client.status("POST", "/users", []) == (400, "A JSON object is expected")


async def test_numbers_and_words_in_the_query_are_checked(client: Client) -> None:
    """Offsets, limits, sort fields and dates that make no sense are refused."""
    assert await client.status("GET", "/users", start="-1") == (400, "start cannot be -1")
    assert await client.status("GET", "/users", limit="0") == (400, "limit cannot be 0")
    assert (await client.status("GET", "/users", search="x" * 51))[0] == 400
    assert (await client.status("GET", "/users", sort="Id"))[0] == 400
    assert (await client.status("GET", "/users", sort="Email", dir="UP"))[0] == 400
    assert (await client.status("GET", "/users/details", since="2024-07-09T00:00:00"))[0] == 406


async def test_answers_without_a_body(client: Client) -> None:
    """A successful write has no body, a Content-Length of 0 and no Content-Type."""
    response = await client.send("POST", f"/users/{ADA}/courses", [])
    assert (response.status_code, response.content) == (201, b"")
    assert response.headers["content-length"] == "0"
    assert "content-type" not in response.headers


async def test_a_sandbox_comes_with_an_example() -> None:
    """Without a tenant of one's own there is a populated one."""
    sandbox = Sandbox()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=sandbox.app)) as http:
        url = "http://127.0.0.1/v1.svc/users"
        response = await http.get(url, params={"source": "s", "apikey": "sandbox-key", "format": "json"})
    assert len(response.json()) == 50
