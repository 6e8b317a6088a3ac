"""What the server says of a request that it rejects."""

from __future__ import annotations

from attrs import define

from litmos_async.models.record import Record


@define(kw_only=True, repr=False)
class ErrorDetail(Record):
    """The body of an error answer."""

    key = ()

    detail: str | None = None
