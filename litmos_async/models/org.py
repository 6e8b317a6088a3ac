"""Rows of the date-range queries under `/org`."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.enums import AccessLevel
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class OrgUser(Record):
    """A person who was created or changed, or who logged in, in the time asked for.

    Attributes:
        id: At most 50 characters.
        user_name: At most 255 characters.
        first_name: At most 50 characters.
        last_name: At most 50 characters.
        full_name: At most 200 characters.
        email: At most 255 characters.
        access_level: At most 50 characters.
        skype: At most 100 characters.
        phone_work: At most 50 characters.
        phone_mobile: At most 50 characters.
        login_key: A stub without the key.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "User"
    key = ("id", "last_login", "updated_date")

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    full_name: str | None = None
    email: str | None = None
    access_level: AccessLevel | str | None = None
    disable_messages: bool | None = None
    active: bool | None = None
    skype: str | None = None
    phone_work: str | None = None
    phone_mobile: str | None = None
    last_login: datetime | None = None
    login_key: str | None = field(default=None, repr=False, metadata=wire(secret=True))
    is_custom_username: bool | None = None
    time_zone: str | None = None
    salesforce_id: str | None = None
    original_user_id: int | None = field(default=None, metadata=wire(aliases=("OriginalId",)))
    street1: str | None = None
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    company_name: str | None = None
    job_title: str | None = None
    custom_field1: str | None = None
    custom_field2: str | None = None
    custom_field3: str | None = None
    custom_field4: str | None = None
    custom_field5: str | None = None
    custom_field6: str | None = None
    custom_field7: str | None = None
    custom_field8: str | None = None
    custom_field9: str | None = None
    custom_field10: str | None = None
    salesforce_contact_id: str | None = None
    salesforce_account_id: str | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    brand: str | None = None
    manager_id: str | None = None
    manager_name: str | None = None
    enable_text_notification: bool | None = None
    website: str | None = None
    twitter: str | None = None
    expiration_date: datetime | None = None
    external_employee_id: str | None = None
    profile_type: str | None = None


@define(kw_only=True, repr=False)
class OrgCourse(Record):
    """A course that was created or changed.

    Attributes:
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "Course"
    key = ("id", "updated_date")

    id: str = ""
    code: str | None = None
    name: str | None = None
    active: bool | None = None
    for_sale: bool | None = None
    original_course_id: int | None = None
    description: str | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    course_code_for_bulk_import: str | None = None
    price: float | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    compliant_till_days: int | None = None
    time_limit_date: datetime | None = None
    time_limit_days: int | None = None
    display_order: int | None = None
    include_in_library: bool | None = None
    course_image_url: str | None = field(default=None, metadata=wire("CourseImageURL"))


@define(kw_only=True, repr=False)
class OrgLearningPath(Record):
    """A learning path that was created or changed."""

    xml_element = "LearningPath"
    key = ("id", "updated_date")

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
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    display_order: int | None = None
    include_in_library: bool | None = None
    is_course_optional_order: bool | None = None
    image_url: str | None = field(default=None, metadata=wire("ImageURL"))


@define(kw_only=True, repr=False)
class OrgModule(Record):
    """A module that was created or changed.

    Attributes:
        module_type: A word such as Assessment, unlike the number elsewhere.
    """

    xml_element = "Module"
    key = ("id", "updated_date")

    id: str = ""
    original_id: int | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    passmark: float | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    module_type: str | None = None


@define(kw_only=True, repr=False)
class OrgTeam(Record):
    """A team that was created or changed.

    Attributes:
        created_by: Numeric id, -1 or 0 for the system.
        parent_team_id: Empty string at the top.
    """

    xml_element = "Team"
    key = ("id", "updated_date")

    id: str = ""
    name: str | None = None
    original_team_id: int | None = None
    active: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    parent_team_id: str | None = None
    team_code_for_bulk_import: str | None = None


@define(kw_only=True, repr=False)
class OrgAchievement(Record):
    """An achievement of the time asked for.

    Attributes:
        title: Holds a date in the example of openapi.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "Achievement"

    id: str = ""
    user_id: str | None = None
    course_id: str | None = None
    learning_path_id: str | None = None
    original_achievement_id: int | None = None
    original_user_id: int | None = None
    original_course_id: int | None = None
    original_learning_path_id: int | None = None
    compliant_till_date: datetime | None = field(default=None, metadata=wire(aliases=("ComplaintTillDate",)))
    title: str | None = None
    achievement_date: datetime | None = None
    type: str | None = None
    certificate_id: str | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
