"""Learning paths, their courses, and the people on them."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class LearningPath(Record):
    """A learning path.

    Attributes:
        id: At most 50 characters.
        languages: Seen in a 2021 sample only.
    """

    xml_element = "LearningPath"
    key = ("id", "learning_path_team_library")

    id: str = ""
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    original_id: int | None = None
    for_sale: bool | None = None
    price: float | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    is_equivalency: bool | None = None
    learning_path_team_library: bool | None = None
    languages: str | None = None


@define(kw_only=True, repr=False)
class LearningPathRef(Record):
    """A learning path in the list of a request.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "LearningPath"

    id: str = field(default="", metadata=wire(required=True))


@define(kw_only=True, repr=False)
class LearningPathCourse(Record):
    """A course in a learning path; one in several equivalency groups stands in it several times."""

    xml_element = "Course"
    key = ("id", "equivalency_id")

    id: str = ""
    code: str | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    for_sale: bool | None = None
    equivalency_id: str | None = None
    equivalency_group_name: str | None = None
    original_id: int | None = None
    price: float | None = None


@define(kw_only=True, repr=False)
class LearningPathUser(Record):
    """A person on a learning path, with the result so far."""

    xml_element = "User"

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    completed: bool | None = None
    percentage_complete: float | None = None


@define(kw_only=True, repr=False)
class UserLearningPath(Record):
    """A learning path assigned to a person, with the result so far."""

    xml_element = "LearningPath"
    key = ("id", "result_id")

    id: str = ""
    name: str | None = None
    active: bool | None = None
    original_id: int | None = None
    complete: bool | None = None
    percentage_complete: float | None = None
    assigned_date: datetime | None = None
    start_date: datetime | None = None
    date_completed: datetime | None = field(default=None, metadata=wire(aliases=("CompletedDate",)))
    result_id: str | None = None
    access_till_date: datetime | None = None
