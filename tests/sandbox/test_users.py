"""People: lists, the whole-record write, e-mails, teams of a person, custom fields."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from litmos_async.sandbox import Mail, Tenant
from tests.sandbox.small import ADA, BEN, NORTH, NOW, SALES, Client

CARA = {
    "Id": "",
    "UserName": "cara.new@example.com",
    "FirstName": "Cara",
    "LastName": "Ñew",
    "FullName": "",
    "Email": "cara.new@example.com",
    "AccessLevel": "Learner",
    "DisableMessages": False,
    "Active": True,
    "LastLogin": "",
    "LoginKey": "",
    "IsCustomUsername": False,
    "SkipFirstLogin": True,
    "TimeZone": "",
}
CARA_XML = (
    "<User><Id/><UserName>cara.new@example.com</UserName><FirstName>Cara</FirstName><LastName>Ñew</LastName>"
    "<FullName/><Email>cara.new@example.com</Email><AccessLevel>Learner</AccessLevel>"
    "<DisableMessages>false</DisableMessages><Active>true</Active><LastLogin/><LoginKey/>"
    "<IsCustomUsername>false</IsCustomUsername><SkipFirstLogin>true</SkipFirstLogin><TimeZone/></User>"
)


async def names(client: Client, **query: Any) -> list[str]:
    """Return the first names of the people a list gives."""
    return [row["FirstName"] for row in await client.json("/users", **query)]


async def test_list_searches_sorts_and_pages(client: Client, tenant: Tenant) -> None:
    """`search` is a substring in any case, `sort` and `dir` order, `start` and `limit` cut."""
    tenant.add_user(UserName="zoe@example.com", FirstName="Zoë", LastName="Adams")
    assert await names(client) == ["Ada", "Ben", "Zoë"]
    assert await names(client, search="ADA") == ["Ada", "Zoë"]
    assert await names(client, search="o'sample") == ["Ben"]
    assert await names(client, sort="LastName") == ["Zoë", "Ada", "Ben"]
    assert await names(client, sort="username", dir="desc") == ["Zoë", "Ben", "Ada"]
    assert await names(client, start=1, limit=1) == ["Ben"]
    assert await names(client, showInactive="False") == ["Ada", "Zoë"]


async def test_limit_is_100_by_default_and_1000_at_most(client: Client, tenant: Tenant) -> None:
    """Without a limit come 100 rows; a limit above 1000 is capped in silence."""
    for number in range(1_200):
        tenant.add_user(UserName=f"user{number}@example.com", FirstName="F", LastName="L")
    assert len(await client.json("/users")) == 100
    assert len(await client.json("/users", limit=5_000)) == 1_000
    assert len(await client.json("/users", limit=1_000, start=1_000)) == 202


async def test_paginated_knows_the_total(client: Client) -> None:
    """The total counts what the search leaves, not what the page holds."""
    page = await client.json("/users/paginated", search="sample", limit=1, start=0)
    assert page["Pagination"] == {"BatchParam": "Limit", "BatchSize": 1, "Start": 0, "TotalCount": 1}
    assert [row["Id"] for row in page["Items"]] == [BEN]


async def test_details_since_compares_the_creation(client: Client, tenant: Tenant) -> None:
    """`since` takes the three documented forms and leaves out whoever is older."""
    tenant.users[ADA]["CreatedDate"] = NOW - timedelta(days=30)
    for since in ("2024-07-09", "2024-07-09 11:02", "2024-07-09 11:02:03"):
        assert [row["Id"] for row in await client.json("/users/details", since=since)] == [BEN]
    assert len(await client.json("/users/details")) == 2


async def test_get_by_user_name(client: Client) -> None:
    """A user name does for the id when reading a person, in any case; ids are sensitive to case."""
    assert (await client.json("/users/ADA.example%40example.com"))["Id"] == ADA
    assert await client.status("GET", f"/users/{ADA.lower()}") == (404, "User not found")
    assert (await client.status("GET", "/users/b.sample/teams"))[0] == 404


@pytest.mark.parametrize("body", [CARA, CARA_XML])
async def test_create(client: Client, tenant: Tenant, body: Any) -> None:
    """A create answers 201 with the whole record, and mails nobody."""
    response = await client.send("POST", "/users", body, format="json")
    assert response.status_code == 201
    created = response.json()
    assert (created["FullName"], created["TimeZone"], created["Culture"]) == ("Cara Ñew", "UTC", "en-US")
    assert (created["LastLogin"], created["CreatedDate"]) == ("", "2024-07-09T11:02:03Z")
    assert created["SkipFirstLogin"] is False
    assert len(created["Id"]) == 23
    assert tenant.users[created["Id"]]["UserName"] == "cara.new@example.com"
    assert tenant.outbox == []


async def test_create_sends_the_login_when_asked(client: Client, tenant: Tenant) -> None:
    """`sendmessage=true` mails the login; `skipfirstlogin=true` is what sets SkipFirstLogin."""
    created = (await client.send("POST", "/users", CARA, sendmessage="true", skipfirstlogin="true")).json()
    assert tenant.outbox == [Mail(created["Id"], "login")]
    assert created["SkipFirstLogin"] is True


async def test_nobody_is_mailed_who_wants_none(client: Client, tenant: Tenant) -> None:
    """DisableMessages and Active=false stop e-mails."""
    await client.send("POST", "/users", CARA | {"DisableMessages": True}, sendmessage="true")
    dan = CARA | {"UserName": "dan@example.com", "Active": False}
    await client.send("POST", "/users", dan, sendmessage="true")
    assert tenant.outbox == []


@pytest.mark.parametrize(
    ("change", "status", "detail"),
    [
        ({"UserName": "ADA.Example@example.com"}, 409, "UserName already exists"),
        ({"UserName": ""}, 400, "UserName is required"),
        ({"FirstName": ""}, 400, "FirstName is required"),
        ({"LastName": "x" * 51}, 400, "LastName is longer than 50 characters"),
        ({"UserName": "cara"}, 409, "UserName must be an e-mail address"),
        ({"UserName": "car", "IsCustomUsername": True}, 409, "UserName must have more than 3 characters"),
        ({"Email": "nowhere"}, 409, "Invalid Email"),
        ({"Culture": "english"}, 409, "Invalid Culture"),
        ({"JobRole": "Wizard"}, 409, "Invalid JobRole"),
        ({"ManagerId": "nobody"}, 409, "Invalid ManagerId"),
        ({"UserName": None}, 400, "UserName is required"),
    ],
)
async def test_create_refuses(client: Client, tenant: Tenant, change: Any, status: int, detail: str) -> None:
    """Duplicates and nonsense are refused, and nothing is created."""
    assert await client.status("POST", "/users", CARA | change) == (status, detail)
    assert len(tenant.users) == 2


async def test_update_replaces_the_whole_record(client: Client, tenant: Tenant) -> None:
    """What the body leaves out is blank afterwards; what only the server writes stays."""
    body = {
        "Id": ADA,
        "UserName": "ada@example.com",
        "FirstName": "Ada",
        "LastName": "Byron",
        "ManagerId": BEN,
    }
    response = await client.send("PUT", f"/users/{ADA}", body)
    assert (response.status_code, response.content) == (200, b"")
    ada = await client.json(f"/users/{ADA}")
    assert (ada["Active"], ada["Email"], ada["JobTitle"], ada["FullName"]) == (False, "", "", "Ada Byron")
    assert (ada["LastLogin"], ada["OriginalId"], ada["ManagerName"]) == (
        "2024-09-20T13:00:55Z",
        5_000_001,
        "Ben O'Sample",
    )
    assert (await client.json("/users/ada@example.com"))["Id"] == ADA
    assert tenant.user_named("ada.example@example.com") is None


async def test_update_with_a_misplaced_active_deactivates(client: Client, tenant: Tenant) -> None:
    """An XML write whose Active comes too late switches the person off."""
    body = (
        f"<User><Id>{ADA}</Id><UserName>ada@example.com</UserName><FirstName>A</FirstName><LastName>B</LastName>"
        "<TimeZone>UTC</TimeZone><Active>true</Active></User>"
    )
    assert (await client.status("PUT", f"/users/{ADA}", body))[0] == 200
    assert tenant.users[ADA]["Active"] is False


async def test_nil_texts_become_empty_or_stay_null(client: Client, tenant: Tenant) -> None:
    """A null text is stored as an empty one, except where answers hold null."""
    body = (
        '<User xmlns:i="http://www.w3.org/2001/XMLSchema-instance">'
        f"<Id>{ADA}</Id><UserName>ada@example.com</UserName><FirstName>A</FirstName><LastName>B</LastName>"
        '<Skype i:nil="true"/><SalesforceId i:nil="true"/></User>'
    )
    assert (await client.status("PUT", f"/users/{ADA}", body))[0] == 200
    assert (tenant.users[ADA]["Skype"], tenant.users[ADA]["SalesforceId"]) == ("", None)


async def test_update_wants_the_real_id_twice(client: Client) -> None:
    """Path and body must agree, and a user name will not do for a write."""
    assert await client.status("PUT", f"/users/{ADA}", CARA) == (404, "Id does not match")
    assert (await client.status("PUT", "/users/b.sample", CARA | {"Id": BEN}))[0] == 404


async def test_delete(client: Client, tenant: Tenant) -> None:
    """A deleted person is gone, memberships and user name too; a repeat is 404."""
    tenant.join_team(SALES, ADA)
    assert (await client.status("DELETE", f"/users/{ADA}"))[0] == 200
    assert (await client.status("DELETE", f"/users/{ADA}"))[0] == 404
    assert await client.json(f"/teams/{SALES}/users") == []
    assert tenant.user_named("ada.example@example.com") is None


async def test_add_to_teams(client: Client, tenant: Tenant) -> None:
    """Teams of a person: added, listed, searched, mailed about only when asked."""
    assert (await client.status("POST", f"/users/{ADA}/teams", [{"Id": SALES}]))[0] == 201
    assert tenant.outbox == []
    await client.send("POST", f"/users/{ADA}/teams", [{"Id": NORTH}], sendmessage="true")
    assert tenant.outbox == [Mail(ADA, "team", NORTH)]
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/teams")] == [SALES, NORTH]
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/teams", search="north")] == [NORTH]
    assert (await client.status("DELETE", f"/users/{ADA}/teams"))[0] == 200
    assert await client.json(f"/users/{ADA}/teams") == []


async def test_add_to_teams_is_all_or_nothing(client: Client, tenant: Tenant) -> None:
    """An unknown team, a membership that is there, or too many teams: nothing is applied."""
    tenant.join_team(NORTH, ADA)
    path = f"/users/{ADA}/teams"
    assert await client.status("POST", path, [{"Id": SALES}, {"Id": "x"}]) == (404, "Team not found")
    present = [{"Id": SALES}, {"Id": NORTH}]
    assert await client.status("POST", path, present) == (409, "User already belongs to the team")
    many = [{"Id": f"team{n}"} for n in range(26)]
    assert await client.status("POST", path, many) == (404, "Maximum TeamIds is 25")
    assert await client.status("POST", path, []) == (404, "No TeamIds")
    assert list(tenant.members.of_right(ADA)) == [NORTH]


async def test_custom_fields(client: Client) -> None:
    """Custom fields are set and read back; JSON sends one object, and in XML the label is an attribute."""
    path = f"/users/{ADA}/usercustomfields"
    xml = '<ArrayOfparameter><parameter fieldname="T-shirt &amp; size">M</parameter></ArrayOfparameter>'
    assert (await client.status("POST", path, xml))[0] == 200
    assert (await client.status("POST", path, {"Shoe": "42"}))[0] == 200
    assert (await client.status("POST", path, [{"fieldname": "Shoe", "Value": "43"}]))[0] == 400
    assert (await client.status("POST", path, {"Shoe": ["44"]}))[0] == 400
    assert await client.json(path) == [
        {"fieldname": "T-shirt & size", "Value": "M"},
        {"fieldname": "Shoe", "Value": "42"},
    ]
    node = await client.xml(path)
    assert [(each.get("fieldname"), each.text) for each in node] == [("T-shirt & size", "M"), ("Shoe", "42")]
