"""Results and achievements."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.enums import AccessLevel
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class ResultDetail(Record):
    """The result of one person in one course, with who and what in the same row.

    Attributes:
        id: At most 50 characters; the user.
    """

    xml_element = "User"
    key = ("id", "course_id")

    id: str = ""
    user_original_id: int | None = None
    user_name: str | None = field(default=None, metadata=wire(aliases=("Username",)))
    first_name: str | None = None
    last_name: str | None = None
    active: bool | None = None
    email: str | None = None
    access_level: AccessLevel | str | None = None
    login_key: str | None = field(default=None, repr=False, metadata=wire(secret=True))
    course_id: str | None = None
    course_original_id: int | None = None
    updated_date: datetime | None = None
    code: str | None = None
    course_name: str | None = None
    complete: bool | None = field(default=None, metadata=wire(aliases=("Completed",)))
    percentage_complete: float | None = None
    completed_date: datetime | None = None
    up_to_date: bool | None = None
    overdue: bool | None = None
    compliant_till_date: datetime | None = None


@define(kw_only=True, repr=False)
class ModuleResult(Record):
    """A result to write: one person, one module.

    The module itself stands in the path of the call.

    Attributes:
        course_id: At most 50 characters.
        user_id: At most 50 characters.
        score: 0-100.
        completed: Vendor page 1 or 0; true and false also recorded.
        updated_at: UTC. XML yyyy-MM-ddTHH:mm:ss; JSON "/Date(ms)/" only. The server takes a date without
            a time for 00:00:00.
        note: At most 255 characters.
        attempts: Only for embed and link modules; otherwise leave the element out.
    """

    xml_element = "ModuleResult"
    key = ()

    course_id: str | None = field(default=None, metadata=wire(required=True))
    user_id: str | None = field(default=None, metadata=wire(required=True))
    score: int | None = None
    completed: bool | None = field(default=None, metadata=wire(required=True))
    updated_at: datetime | None = None
    note: str | None = None
    attempts: int | None = None


@define(kw_only=True, repr=False)
class Achievement(Record):
    """A course that a person completed.

    Attributes:
        user_id: At most 50 characters.
        title: At most 512 characters.
        course_id: At most 50 characters.
        compliant_till_date: Nil attribute when unset.
        score: At most 50 characters.
        result: At most 50 characters.
        type: At most 255 characters; such as Course Completed.
        first_name: At most 50 characters.
        last_name: At most 50 characters.
        certificate_id: Integer in the page, encoded text in another vendor sample: keep as text.
    """

    xml_element = "Achievement"
    key = ("achievement_id",)

    user_id: str | None = None
    title: str | None = None
    description: str | None = None
    achievement_date: datetime | None = None
    course_id: str | None = None
    compliant_till_date: datetime | None = field(default=None, metadata=wire(aliases=("ComplaintTillDate",)))
    score: str | None = None
    result: str | None = None
    type: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    achievement_id: int | None = None
    certificate_id: str | None = None
