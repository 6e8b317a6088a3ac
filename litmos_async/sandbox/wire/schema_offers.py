"""The sandbox's own table of fields: tokens, collections, listings. The words are those of schema.py."""

from __future__ import annotations

from typing import Final

from litmos_async.sandbox.wire.schema import element

TOKEN: Final = element(
    "Token",
    """
    TokenId TokenCode TokenType:int TokenTypeId Active:bool MaximumActivations:int TokenExpiration:spaced
    """,
)

COLLECTION: Final = element("Collection", "Id Name Description DefaultListing:bool ImageURL?")

# One names its reference Id, the other LearningPathId (records.yaml).
COLLECTION_COURSE_REF: Final = element("Course", "Id SeqId")
COLLECTION_LEARNING_PATH_REF: Final = element("LearningPath", "LearningPathId SeqId")

LISTING: Final = element(
    "Listing", "Id Name Active:bool DurationType MaxUsers DurationDays:int? FixedDate:us? CollectionId"
)

LISTING_USER: Final = element(
    "ListingUser", "Id UserName FirstName LastName Active:bool Email AccessLevel Brand"
)
