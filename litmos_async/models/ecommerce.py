"""What is for sale."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class EcommerceCourse(Record):
    """A course for sale.

    Attributes:
        id: At most 50 characters.
        code: At most 50 characters.
        name: At most 255 characters.
        updated_by: At most 50 characters.
        original_id: At most 50 characters.
        currency: Alphabetic code.
        created_by: At most 50 characters.
    """

    xml_element = "Course"
    key = ("id", "updated_date")

    id: str = ""
    code: str | None = None
    name: str | None = None
    active: bool | None = None
    updated_by: str | None = None
    original_id: str | None = None
    description: str | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    skills: str | None = None
    price: float | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    course_prerequisites: str | None = field(default=None, metadata=wire(aliases=("CoursePreRequisites",)))
    learning_path_prerequisites: str | None = field(
        default=None, metadata=wire(aliases=("LearningPathPreRequisites",))
    )
    currency: str | None = None
    languages: str | None = None
    topics: list[str] = field(factory=list, metadata=wire(item="string"))
    tags: list[str] = field(factory=list, metadata=wire(item="string"))
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None


@define(kw_only=True, repr=False)
class EcommerceLearningPath(Record):
    """A learning path for sale."""

    xml_element = "LearningPath"
    key = ("id", "updated_date")

    id: str = ""
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    original_id: str | None = None
    price: float | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    code: str | None = None
    currency: str | None = None
    languages: str | None = None
    topics: list[str] = field(factory=list, metadata=wire(item="string"))
    tags: list[str] = field(factory=list, metadata=wire(item="string"))
    course_pre_requisites: str | None = None
    learning_path_pre_requisites: str | None = None
    skills: str | None = None
    updated_by: str | None = None
