"""Self-signup tokens."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.enums import TokenType
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class Token(Record):
    """A self-signup token: who enters its code gets what it stands for.

    Attributes:
        token_id: At most 50 characters.
        token_code: At most 250 characters.
        token_type: 1 course, 2 team, 3 learning path, 4 collection listing.
        token_type_id: At most 50 characters; Id of that thing.
        token_expiration: Yyyy-MM-dd HH:mm:ss in requests (a space, no T); openapi shows 12/31/2025
            12:00:00 AM in answers.
    """

    xml_element = "Token"
    key = ("token_id",)

    token_id: str | None = field(default=None, metadata=wire(omit_empty=True))
    token_code: str | None = field(default=None, metadata=wire(required=True))
    token_type: TokenType | int | None = field(default=None, metadata=wire(required=True))
    token_type_id: str | None = field(default=None, metadata=wire(required=True))
    active: bool | None = field(default=None, metadata=wire(required=True))
    maximum_activations: int | None = field(default=None, metadata=wire(required=True))
    token_expiration: datetime | None = field(default=None, metadata=wire(required=True, query_date=True))
