"""Tokens, collections and listings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import ADA, BEN, NOW, ONBOARDING, SAFETY, SALES, WELCOME, Client, reach

TOKEN = {
    "TokenCode": "WELCOME-2025",
    "TokenType": 1,
    "TokenTypeId": SAFETY,
    "Active": True,
    "MaximumActivations": 5,
    "TokenExpiration": "2025-12-31 00:00:00",
}

TOKEN_XML = f"""<Tokens><Token><TokenCode>WELCOME-2025</TokenCode><TokenType>1</TokenType>
    <TokenTypeId>{SAFETY}</TokenTypeId><Active>true</Active><MaximumActivations>5</MaximumActivations>
    <TokenExpiration>2025-12-31 00:00:00</TokenExpiration></Token></Tokens>"""


@pytest.mark.parametrize("body", [[TOKEN], TOKEN_XML])
async def test_tokens(client: Client, body: Any) -> None:
    """A token is made with a space in its date and read with slashes; XML wraps a single one."""
    response = await client.send("POST", "/tokens", body)
    assert (response.status_code, response.content) == (201, b"")
    (row,) = await client.json("/tokens", search="2025")
    assert row == {"TokenId": row["TokenId"], **TOKEN, "TokenExpiration": "12/31/2025 12:00:00 AM"}
    path = f"/tokens/{row['TokenId']}"
    assert await client.json(path) == row
    node = await client.xml(path)
    assert (node.tag, node.findtext("Token/TokenExpiration")) == ("Tokens", "12/31/2025 12:00:00 AM")
    changed = TOKEN | {"TokenId": row["TokenId"], "TokenExpiration": "2026-01-02 13:05:09"}
    assert (await client.status("PUT", "/tokens", [changed]))[0] == 200
    assert (await client.json(path))["TokenExpiration"] == "1/2/2026 1:05:09 PM"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"TokenCode": ""}, (400, "TokenCode and TokenExpiration are required")),
        ({"TokenCode": "x" * 251}, (400, "TokenCode is longer than 250 characters")),
        ({"TokenType": 2}, (403, "Invalid TokenTypeId")),
        ({"TokenType": 5}, (403, "Invalid TokenTypeId")),
        ({"TokenType": 2, "TokenTypeId": SALES}, (201, "")),
        ({"TokenType": 3, "TokenTypeId": ONBOARDING}, (201, "")),
    ],
)
async def test_what_a_token_leads_to(client: Client, change: Any, expected: tuple[int, str]) -> None:
    """The type says what the id is of: 1 course, 2 team, 3 learning path."""
    assert await client.status("POST", "/tokens", [TOKEN | change]) == expected


async def test_tokens_refuse(client: Client, tenant: Tenant) -> None:
    """403 for an unknown id, more than 100, and the feature being off; 409 for a code that is taken."""
    assert await client.status("GET", "/tokens/x") == (403, "Invalid token id")
    assert await client.status("PUT", "/tokens", [TOKEN | {"TokenId": "x"}]) == (403, "Invalid token id")
    many = [TOKEN | {"TokenCode": f"T-{n}"} for n in range(101)]
    assert await client.status("POST", "/tokens", many) == (403, "Maximum tokens is 100")
    assert (await client.status("POST", "/tokens", many[:100]))[0] == 201
    taken = (409, "TokenCode already exists")
    assert await client.status("POST", "/tokens", many[:1]) == taken
    assert await client.status("POST", "/tokens", [TOKEN, TOKEN]) == taken
    ((first, *_),) = ([*tenant.offers.tokens.values()],)
    assert await client.status("PUT", "/tokens", [many[1] | {"TokenId": first["TokenId"]}]) == taken
    tenant.signup_tokens = False
    assert (await client.status("GET", "/tokens"))[0] == 403


async def test_token_dates_have_one_form(client: Client) -> None:
    """With a T it is the recorded error in JSON and a refusal in XML; so is no date at all."""
    iso = TOKEN | {"TokenExpiration": "2025-12-31T00:00:00"}
    assert (await client.send("POST", "/tokens", [iso])).headers["content-type"] == "text/html"
    assert (await client.status("POST", "/tokens", TOKEN_XML.replace(" 00:", "T00:")))[0] == 400
    assert (await client.status("POST", "/tokens", TOKEN_XML.replace("12-31", "13-31")))[0] == 400


# Collections


@pytest.fixture
def collection_id(tenant: Tenant) -> str:
    """An empty collection."""
    return str(tenant.offers.add_collection(Name="Starters", Description="The first week")["Id"])


async def test_collections(client: Client) -> None:
    """A collection needs a name and a description, and answers with its id."""
    body = "<Collection><Name>R&amp;D</Name><Description>All</Description></Collection>"
    response = await client.send("POST", "/collections", body, format="json")
    assert response.status_code == 201
    row = response.json()
    assert row | {"Id": ""} == {
        "Id": "",
        "Name": "R&D",
        "Description": "All",
        "DefaultListing": False,
        "ImageURL": None,
    }
    assert await client.json("/collections") == [row]
    assert (await client.xml("/collections")).findtext("Collection/Name") == "R&D"
    refused = await client.status("POST", "/collections", {"Name": "x"})
    assert refused == (400, "Description is required")


@pytest.mark.parametrize(
    ("word", "key", "item_id"), [("courses", "Id", SAFETY), ("learningpaths", "LearningPathId", ONBOARDING)]
)
async def test_items_of_a_collection(
    client: Client, collection_id: str, word: str, key: str, item_id: str
) -> None:
    """25 at a time, none twice, none unknown; out again one at a time."""
    path = f"/collections/{collection_id}/{word}"
    assert (await client.status("POST", path, [{key: item_id}]))[0] == 201
    assert await client.status("POST", path, [{key: item_id}]) == (409, "Already in the collection")
    twice = [{key: item_id}, {key: item_id}]
    assert await client.status("POST", path, twice) == (409, "Duplicates in the request")
    assert await client.status("POST", path, twice * 13) == (403, "Maximum items is 25")
    assert (await client.status("POST", path, [{key: "x"}]))[0] == 404
    assert (await client.status("POST", f"/collections/x/{word}", [{key: item_id}]))[0] == 404
    both = [{"Id": item_id}, {"Id": WELCOME}]
    assert await client.status("DELETE", path, both) == (403, "One item per request")
    assert (await client.status("DELETE", path, [{"Id": item_id}]))[0] == 200
    assert await client.status("DELETE", path, [{"Id": item_id}]) == (404, "Not in the collection")


@pytest.mark.parametrize(
    ("singular", "right", "wrong"),
    [(False, "collections", "collection"), (True, "collection", "collections")],
)
async def test_a_collection_is_deleted_at_one_of_two_places(
    tenant: Tenant, collection_id: str, singular: bool, right: str, wrong: str
) -> None:
    """Two sources differ; a sandbox answers at one place and knows nothing of the other."""
    tenant.offers.collection_courses.add(collection_id, SAFETY, NOW)
    listing_id = tenant.offers.add_listing(collection_id, Name="All")["Id"]
    async with reach(Sandbox(tenant, singular_collection=singular)) as client:
        status, reason = await client.status("DELETE", f"/{wrong}/{collection_id}")
        assert (status, reason[:21]) == (404, "There is no operation")
        path = f"/{right}/{collection_id}"
        assert await client.status("DELETE", path) == (403, "Collection has listings")
        tenant.offers.delete_listing(listing_id)
        assert (await client.status("DELETE", path))[0] == 200
        assert await client.status("DELETE", path) == (404, "Collection not found")
        assert tenant.offers.collection_courses.of_left(collection_id) == {}


async def test_collections_can_be_off(client: Client, tenant: Tenant, collection_id: str) -> None:
    """Where the feature is off, 403."""
    tenant.course_collections = False
    for path in ("/collections", f"/collectionlistings/{collection_id}"):
        assert await client.status("GET", path) == (403, "Collections are not enabled")


# Listings


@pytest.fixture
def listing(tenant: Tenant, collection_id: str) -> dict[str, Any]:
    """A listing that takes two people."""
    return tenant.offers.add_listing(collection_id, Name="All", MaxUsers="2")


async def test_listings(client: Client, collection_id: str) -> None:
    """A listing is made over both wires and listed under its collection; its date comes with slashes."""
    body = {
        "Name": "Spring",
        "Active": True,
        "DurationType": "Fixed",
        "FixedDate": "/Date(4102444800000)/",
        "CollectionId": collection_id,
    }
    first = await client.send("POST", "/collectionlistings", body)
    assert first.status_code == 201
    assert first.json() | {"Id": ""} == {
        "Id": "",
        "Name": "Spring",
        "Active": True,
        "DurationType": "Fixed",
        "MaxUsers": "unlimited",
        "DurationDays": None,
        "FixedDate": "1/1/2100 12:00:00 AM",
        "CollectionId": collection_id,
    }
    xml = f"""<Listing><Name>Summer</Name><Active>true</Active><DurationType>Fixed</DurationType>
        <MaxUsers>3</MaxUsers><FixedDate>2100-01-01T00:00:00</FixedDate>
        <CollectionId>{collection_id}</CollectionId></Listing>"""
    second = await client.send("POST", "/collectionlistings", xml, format="json")
    assert (second.json()["FixedDate"], second.json()["MaxUsers"]) == ("1/1/2100 12:00:00 AM", "3")
    path = f"/collectionlistings/{collection_id}"
    assert await client.json(path) == [first.json(), second.json()]
    assert (await client.xml(path)).findtext("Listing/FixedDate") == "1/1/2100 12:00:00 AM"
    assert (await client.status("GET", "/collectionlistings/x"))[0] == 404


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Name": ""}, "Name is required"),
        ({"CollectionId": "x"}, "Invalid CollectionId"),
        ({"MaxUsers": "many"}, "Invalid MaxUsers"),
        ({"DurationType": "Dynamic"}, "Invalid duration"),
        ({"DurationType": "Fixed"}, "Invalid duration"),
        ({"DurationType": "Forever"}, "Invalid duration"),
    ],
)
async def test_listings_refuse(client: Client, collection_id: str, change: Any, reason: str) -> None:
    """What is not valid in a listing is 403."""
    body = {"Name": "All", "DurationType": "Unlimited", "CollectionId": collection_id} | change
    assert await client.status("POST", "/collectionlistings", body) == (403, reason)


async def test_people_in_a_listing(client: Client, tenant: Tenant, listing: dict[str, Any]) -> None:
    """An empty listing is 404, and so is one person too many or unknown."""
    path = f"/collectionlistings/{listing['Id']}/users"
    assert await client.status("GET", path) == (404, "Listing has no users")
    for _ in range(2):
        assert (await client.status("POST", path, [{"Id": ADA}, {"Id": BEN}]))[0] == 201
    assert [row["Id"] for row in await client.json(path)] == [ADA, BEN]
    assert (await client.xml(path, search="ada")).findtext("ListingUser/Id") == ADA
    cara = tenant.add_user(UserName="cara@example.com")["Id"]
    assert await client.status("POST", path, [{"Id": cara}]) == (404, "Maximum users is 2")
    assert (await client.status("POST", path, [{"Id": "x"}]))[0] == 404
    place = f"/collectionlistings/{listing['CollectionId']}/{listing['Id']}"
    assert await client.status("DELETE", place) == (403, "Listing has users")
    assert (await client.status("DELETE", f"{path}/{ADA}"))[0] == 200
    assert await client.status("DELETE", f"{path}/{ADA}") == (404, "User is not in the listing")
    tenant.delete_user(BEN)
    assert (await client.status("GET", path))[0] == 404
    assert await client.status("DELETE", f"/collectionlistings/x/{listing['Id']}") == (
        404,
        "Listing not found",
    )
    assert (await client.status("DELETE", place))[0] == 200


async def test_teams_in_a_listing(client: Client, tenant: Tenant, listing: dict[str, Any]) -> None:
    """Teams are listed in the plural and changed in the singular."""
    path = f"/collectionlistings/{listing['Id']}"
    assert await client.status("GET", f"{path}/teams") == (404, "Listing has no teams")
    team = f"{path}/team/{SALES}"
    assert (await client.status("POST", team))[0] == 200
    assert await client.status("POST", team) == (409, "Team is in the listing already")
    assert [row["Id"] for row in await client.json(f"{path}/teams")] == [SALES]
    assert (await client.status("DELETE", team))[0] == 200
    assert await client.status("DELETE", team) == (404, "Team is not in the listing")
    tenant.offers.listing_teams.add(listing["Id"], SALES, NOW)
    tenant.delete_team(SALES)
    assert (await client.status("GET", f"{path}/teams"))[0] == 404


@pytest.mark.parametrize(
    "fields",
    [
        {"DurationType": "Fixed", "FixedDate": datetime(2024, 7, 9, tzinfo=UTC)},
        {"DurationType": "dynamic", "DurationDays": 1, "CreatedDate": NOW - timedelta(days=1)},
    ],
)
async def test_a_listing_expires(
    client: Client, tenant: Tenant, collection_id: str, fields: dict[str, Any]
) -> None:
    """When its time is over nobody gets in any more: 500, as documented."""
    listing_id = tenant.offers.add_listing(collection_id, **fields)["Id"]
    path = f"/collectionlistings/{listing_id}"
    expired = (500, "Listing has expired")
    assert await client.status("POST", f"{path}/users", [{"Id": ADA}]) == expired
    assert await client.status("POST", f"{path}/team/{SALES}") == expired
