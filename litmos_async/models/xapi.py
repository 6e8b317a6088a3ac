"""Statements of the learning record store."""

from __future__ import annotations

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class XapiStatement(Record):
    """An xAPI statement: an open JSON object, of which only the id is an attribute; the rest is in `extra`.

    ```python
    done = XapiStatement(
        extra={
            "actor": {"mbox": "mailto:user@example.com"},
            "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
            "object": {"id": "https://example.com/courses/forklift"},
        }
    )
    ```

    Attributes:
        id: A UUID; empty for a new statement, which gets one when it is sent.
    """

    id: str = field(default="", metadata=wire("id"))
