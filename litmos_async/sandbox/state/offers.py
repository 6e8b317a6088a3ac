"""What people can help themselves to: tokens for self-signup, collections of courses and their listings."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from litmos_async.sandbox.state.links import Link, Links, new_link
from litmos_async.sandbox.state.people import People
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_offers import COLLECTION, LISTING, TOKEN


class Offers:
    """The tokens, collections and listings of a tenant.

    Args:
        tenant: The organisation.

    Attributes:
        tokens: Tokens by id.
        collections: Collections by id.
        listings: Listings by id; besides the fields of the record they hold `CreatedDate`.
        collection_courses: Links from collections to courses.
        collection_paths: Links from collections to learning paths.
        listing_users: Links from listings to people.
        listing_teams: Links from listings to teams.
    """

    def __init__(self, tenant: People) -> None:
        self._tenant = tenant
        self.tokens: dict[str, Record] = {}
        self.collections: dict[str, Record] = {}
        self.listings: dict[str, Record] = {}
        self.collection_courses: Links[Link] = Links(new_link)
        self.collection_paths: Links[Link] = Links(new_link)
        self.listing_users: Links[Link] = Links(new_link)
        self.listing_teams: Links[Link] = Links(new_link)

    def add_token(self, **fields: Any) -> Record:
        """Add a token."""
        token: Record = {
            **TOKEN.blank(),
            "TokenId": self._tenant.ids.short(),
            "Active": True,
            "MaximumActivations": 1,
            **fields,
        }
        self.tokens[token["TokenId"]] = token
        return token

    def token_with_code(self, code: str) -> Record | None:
        """Return the token with this code."""
        return next((token for token in self.tokens.values() if token["TokenCode"] == code), None)

    def token_targets(self, token_type: int) -> dict[str, Record]:
        """Return what a token of this type can lead to, by id; the numbers are those of records.yaml."""
        tenant = self._tenant
        targets = {1: tenant.courses, 2: tenant.teams, 3: tenant.learning_paths, 4: self.listings}
        return targets.get(token_type, {})

    def add_collection(self, **fields: Any) -> Record:
        """Add a collection."""
        collection: Record = {**COLLECTION.blank(), "Id": self._tenant.ids.short(), **fields}
        self.collections[collection["Id"]] = collection
        return collection

    def delete_collection(self, collection_id: str) -> None:
        """Delete a collection."""
        for links in (self.collection_courses, self.collection_paths):
            links.remove_all(collection_id, self._tenant.now())
        del self.collections[collection_id]

    def add_listing(self, collection_id: str, **fields: Any) -> Record:
        """Add a listing of a collection."""
        listing: Record = {
            **LISTING.blank(),
            "Id": self._tenant.ids.short(),
            "CollectionId": collection_id,
            "Active": True,
            "DurationType": "Unlimited",
            "MaxUsers": "unlimited",
            "CreatedDate": self._tenant.now(),
            **fields,
        }
        self.listings[listing["Id"]] = listing
        return listing

    def delete_listing(self, listing_id: str) -> None:
        """Delete a listing."""
        for links in (self.listing_users, self.listing_teams):
            links.remove_all(listing_id, self._tenant.now())
        del self.listings[listing_id]

    def listings_of(self, collection_id: str) -> list[Record]:
        """Return the listings of a collection."""
        return [each for each in self.listings.values() if each["CollectionId"] == collection_id]

    def expired(self, listing: Record) -> bool:
        """Return whether the time of a listing is over: at a fixed date, or so many days after it was made."""
        match listing["DurationType"].lower():
            case "fixed":
                end: datetime = listing["FixedDate"]
            case "dynamic":
                end = listing["CreatedDate"] + timedelta(days=listing["DurationDays"])
            case _:
                return False
        return end <= self._tenant.now()
