"""The operations on listings: a collection, offered to people and teams for a time.

Lists that are empty answer 404 here, what is not valid 403, and a listing whose time is over 500
(api-facts 5).
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.collections import require_collections
from litmos_async.sandbox.wire.schema import TEAM_SUMMARY, USER_REF, Record
from litmos_async.sandbox.wire.schema_offers import LISTING, LISTING_USER

routes = Routes()

_UNLIMITED: Final = "unlimited"


@routes("POST", "/collectionlistings")
def create(call: Call) -> Response:
    """Add a listing of a collection."""
    require_collections(call)
    fields = _written(call, call.record(LISTING))
    return call.answer(LISTING, call.tenant.offers.add_listing(**fields), 201)


@routes("GET", "/collectionlistings/{collection_id}")
def list_listings(call: Call, collection_id: str) -> Response:
    """Answer the listings of a collection: the id is that of the collection."""
    require_collections(call)
    call.collection(collection_id)
    return call.answer_all("Listings", LISTING, call.page(call.tenant.offers.listings_of(collection_id)))


@routes("DELETE", "/collectionlistings/{collection_id}/{listing_id}")
def delete(call: Call, collection_id: str, listing_id: str) -> Response:
    """Delete a listing that no one is in."""
    require_collections(call)
    if call.listing(listing_id)["CollectionId"] != collection_id:
        raise Refusal(404, "Listing not found")
    if call.tenant.offers.listing_users.of_left(listing_id):
        raise Refusal(403, "Listing has users")
    call.tenant.offers.delete_listing(listing_id)
    return done()


@routes("GET", "/collectionlistings/{listing_id}/users")
def list_users(call: Call, listing_id: str) -> Response:
    """Answer the people in a listing."""
    _usable(call, listing_id)
    people = [call.tenant.users[each] for each in call.tenant.offers.listing_users.of_left(listing_id)]
    if not people:
        raise Refusal(404, "Listing has no users")
    rows = call.matching(people, "UserName", "FirstName", "LastName", "FullName", "Email")
    return call.answer_all("ListingUsers", LISTING_USER, call.page(rows))


@routes("POST", "/collectionlistings/{listing_id}/users")
def add_users(call: Call, listing_id: str) -> Response:
    """Put people into a listing: all of them or none; those in it already are passed over."""
    tenant = call.tenant
    listing = _usable(call, listing_id)
    if tenant.offers.expired(listing):
        raise Refusal(500, "Listing has expired")
    user_ids = call.ids("Users", USER_REF)
    for user_id in user_ids:
        call.user(user_id)
    together = tenant.offers.listing_users.of_left(listing_id).keys() | set(user_ids)
    if listing["MaxUsers"] != _UNLIMITED and len(together) > int(listing["MaxUsers"]):
        raise Refusal(404, f"Maximum users is {listing['MaxUsers']}")
    for user_id in user_ids:
        tenant.offers.listing_users.add(listing_id, user_id, tenant.now())
    return done(201)


@routes("DELETE", "/collectionlistings/{listing_id}/users/{user_id}")
def remove_user(call: Call, listing_id: str, user_id: str) -> Response:
    """Take a person out of a listing."""
    _usable(call, listing_id)
    if not call.tenant.offers.listing_users.remove(listing_id, user_id, call.tenant.now()):
        raise Refusal(404, "User is not in the listing")
    return done()


@routes("GET", "/collectionlistings/{listing_id}/teams")
def list_teams(call: Call, listing_id: str) -> Response:
    """Answer the teams in a listing."""
    _usable(call, listing_id)
    rows = [call.tenant.teams[each] for each in call.tenant.offers.listing_teams.of_left(listing_id)]
    if not rows:
        raise Refusal(404, "Listing has no teams")
    return call.answer_all("Teams", TEAM_SUMMARY, call.page(rows))


@routes("POST", "/collectionlistings/{listing_id}/team/{team_id}")
def add_team(call: Call, listing_id: str, team_id: str) -> Response:
    """Put a team into a listing."""
    listing = _usable(call, listing_id)
    if call.tenant.offers.expired(listing):
        raise Refusal(500, "Listing has expired")
    call.team(team_id)
    if not call.tenant.offers.listing_teams.add(listing_id, team_id, call.tenant.now())[1]:
        raise Refusal(409, "Team is in the listing already")
    return done()


@routes("DELETE", "/collectionlistings/{listing_id}/team/{team_id}")
def remove_team(call: Call, listing_id: str, team_id: str) -> Response:
    """Take a team out of a listing."""
    _usable(call, listing_id)
    if not call.tenant.offers.listing_teams.remove(listing_id, team_id, call.tenant.now()):
        raise Refusal(404, "Team is not in the listing")
    return done()


def _usable(call: Call, listing_id: str) -> Record:
    require_collections(call)
    return call.listing(listing_id)


def _written(call: Call, body: Record) -> Record:
    """Return the fields of a new listing; what is not valid answers 403 here (api-facts 5)."""
    fields = {name: value for name, value in body.items() if name != "Id"}
    fields["MaxUsers"] = (body["MaxUsers"] or _UNLIMITED).lower()
    if not body["Name"]:
        raise Refusal(403, "Name is required")
    if body["CollectionId"] not in call.tenant.offers.collections:
        raise Refusal(403, "Invalid CollectionId")
    if fields["MaxUsers"] != _UNLIMITED and not fields["MaxUsers"].isdecimal():
        raise Refusal(403, "Invalid MaxUsers")
    complete = {"unlimited": True, "dynamic": body["DurationDays"], "fixed": body["FixedDate"]}
    if not complete.get((body["DurationType"] or "").lower()):
        raise Refusal(403, "Invalid duration")
    return {"collection_id": fields.pop("CollectionId"), **fields}
