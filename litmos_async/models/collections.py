"""Collections of courses, and their listings."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.enums import AccessLevel, DurationType
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class Collection(Record):
    """A collection of courses and learning paths.

    Attributes:
        id: Answer only.
    """

    xml_element = "Collection"

    id: str = field(default="", metadata=wire(omit_empty=True))
    name: str | None = field(default=None, metadata=wire(required=True))
    description: str | None = field(default=None, metadata=wire(required=True))
    default_listing: bool | None = None
    image_url: str | None = field(default=None, metadata=wire("ImageURL"))


@define(kw_only=True, repr=False)
class CollectionCourseRef(Record):
    """A course in the list of a request about a collection.

    Attributes:
        id: At most 50 characters.
        seq_id: At most 2 characters.
    """

    xml_element = "Course"

    id: str = field(default="", metadata=wire(aliases=("CourseId",), required=True))
    seq_id: str | None = None


@define(kw_only=True, repr=False)
class CollectionLearningPathRef(Record):
    """A learning path in the list of a request about a collection."""

    xml_element = "LearningPath"
    key = ("learning_path_id",)

    learning_path_id: str | None = field(default=None, metadata=wire(aliases=("Id",), required=True))
    seq_id: str | None = None


@define(kw_only=True, repr=False)
class Listing(Record):
    """A listing of a collection: who may see it, and how long.

    Attributes:
        duration_type: Capitals uncertain.
        max_users: A number or "unlimited".
        duration_days: Needed for dynamic.
        fixed_date: Needed for fixed; 1/1/2100 12:00:00 AM in the example.
    """

    xml_element = "Listing"

    id: str = field(default="", metadata=wire(omit_empty=True))
    name: str | None = field(default=None, metadata=wire(required=True))
    active: bool | None = field(default=None, metadata=wire(required=True))
    duration_type: DurationType | str | None = field(default=None, metadata=wire(required=True))
    max_users: str | None = None
    duration_days: int | None = None
    fixed_date: datetime | None = None
    collection_id: str | None = field(default=None, metadata=wire(required=True))


@define(kw_only=True, repr=False)
class ListingUser(Record):
    """A person in a listing."""

    xml_element = "ListingUser"

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    active: bool | None = None
    email: str | None = None
    access_level: AccessLevel | str | None = None
    brand: str | None = None
