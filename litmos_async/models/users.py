"""People: list rows, the full record, and what belongs to one person."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.courses import UserCourse
from litmos_async.models.enums import AccessLevel, ProfileType
from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class UserSummary(Record):
    """A row of every list of people.

    Attributes:
        id: At most 50 characters.
        user_name: At most 255 characters.
        first_name: At most 50 characters.
        last_name: At most 50 characters.
        email: At most 255 characters; empty element in recorded XML when there is none.
        access_level: Recorded values: Learner, Team_Leader, Administrator, Account_Owner. Team_Admin is not
            to be expected: Team_Leader stands for both. An open set (an old page prints Trainee or Trainer).
        brand: Absent before 2017; "Default" usual.
    """

    xml_element = "User"

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    active: bool | None = None
    email: str | None = None
    access_level: AccessLevel | str | None = None
    brand: str | None = None


@define(kw_only=True, repr=False)
class User(Record):
    """A person, whole.

    A write replaces the whole record on the server (api-facts 8): use `users.patch`, or change what
    `users.get` returned and give that to `users.update`.

    Attributes:
        id: At most 50 characters; empty on create; on update must equal the id in the path.
        user_name: At most 255 characters; unique; an e-mail address unless IsCustomUsername; more
            than 3 characters (openapi 409 text).
        first_name: At most 50 characters.
        last_name: At most 50 characters.
        full_name: At most 200 characters; ignored on write but its (empty) element belongs to the
            mandatory set.
        email: At most 255 characters. Its element must stand in a write; its value may be empty where
            `is_custom_username`.
        access_level: At most 50 characters; recorded values: Learner, Team_Leader, Administrator,
            Account_Owner. Team_Admin is not to be expected: a profile shows Team Leader for leaders and
            admins of teams, and neither level gives rights before the person is promoted in a team. An
            open set (an old page prints Trainee or Trainer).
        active: A missing or misplaced element would be read as false (inferred from the serialiser).
        skype: At most 100 characters.
        phone_work: At most 50 characters.
        phone_mobile: At most 50 characters; +15554443333 form once text messages are on, else 400.
        last_login: Empty string if never; ISO with Z even in JSON.
        login_key: At most 512 characters; one-time login URL.
        is_custom_username: True when UserName is not an e-mail; note the small n, unlike UserName.
        password: Always an empty string in answers.
        skip_first_login: True: no password prompt at first login.
        time_zone: Windows time-zone id such as "GMT Standard Time", or UTC; empty = default of the
            organisation.
        street1: At most 100 characters.
        street2: At most 100 characters.
        company_name: At most 100 characters; the limit is stated for the bulk import.
        culture: Such as en-US; an unknown one answers 409.
        created_date: ISO with Z even in JSON.
        points: 0 in 2016, 0.0 in 2025.
        brand: "Default" usual.
        manager_id: Id of the manager; "0" means none.
        manager_name: Follows from `manager_id`.
        enable_text_notification: Openapi spells EnableTextNotifications in the details list.
        expiration_date: Empty string when unset.
        job_role: Must exist in the account, else 409.
        profile_type: Null in most recorded rows; openapi writes internal, external.
    """

    xml_element = "User"

    id: str = ""
    user_name: str | None = field(default=None, metadata=wire(required=True))
    first_name: str | None = field(default=None, metadata=wire(required=True))
    last_name: str | None = field(default=None, metadata=wire(required=True))
    full_name: str | None = field(default=None, metadata=wire(read_only=True, mandatory=True))
    email: str | None = field(default=None, metadata=wire(mandatory=True))
    access_level: AccessLevel | str | None = field(default=None, metadata=wire(mandatory=True))
    disable_messages: bool | None = field(default=None, metadata=wire(mandatory=True))
    active: bool | None = field(default=None, metadata=wire(mandatory=True))
    skype: str | None = None
    phone_work: str | None = None
    phone_mobile: str | None = None
    last_login: datetime | None = field(default=None, metadata=wire(read_only=True, mandatory=True))
    login_key: str | None = field(
        default=None, repr=False, metadata=wire(read_only=True, mandatory=True, secret=True)
    )
    is_custom_username: bool | None = field(default=None, metadata=wire(mandatory=True))
    password: str | None = field(default=None, repr=False, metadata=wire(secret=True))
    skip_first_login: bool | None = field(default=None, metadata=wire(mandatory=True))
    time_zone: str | None = field(default=None, metadata=wire(mandatory=True))
    salesforce_id: str | None = None
    original_id: int | None = field(default=None, metadata=wire(read_only=True))
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
    culture: str | None = None
    salesforce_contact_id: str | None = None
    salesforce_account_id: str | None = None
    created_date: datetime | None = field(default=None, metadata=wire(read_only=True))
    points: float | None = field(default=None, metadata=wire(read_only=True))
    brand: str | None = None
    manager_id: str | None = None
    manager_name: str | None = field(default=None, metadata=wire(read_only=True))
    enable_text_notification: bool | None = field(
        default=None, metadata=wire(aliases=("EnableTextNotifications",))
    )
    website: str | None = None
    twitter: str | None = None
    expiration_date: datetime | None = None
    job_role: str | None = None
    external_employee_id: str | None = None
    profile_type: ProfileType | str | None = None


@define(kw_only=True, repr=False)
class Pagination(Record):
    """Where a page of `users.list_paginated` lies, and how many people there are in all.

    Attributes:
        batch_param: "Limit".
    """

    xml_element = "Pagination"
    key = ()

    batch_param: str | None = None
    batch_size: int | None = None
    start: int | None = None
    total_count: int | None = None


@define(kw_only=True, repr=False)
class UserPage(Record):
    """One page of `users.list_paginated`.

    Attributes:
        items: XML: Items > User; openapi calls it Item.
    """

    xml_element = "UserCollection"
    key = ()

    pagination: Pagination | None = None
    items: list[UserSummary] = field(factory=list, metadata=wire(aliases=("Item",)))


@define(kw_only=True, repr=False)
class UserRef(Record):
    """A person in the list of a request: the id alone suffices.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "User"

    id: str = field(default="", metadata=wire(required=True))
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None


@define(kw_only=True, repr=False)
class CustomFieldValue(Record):
    """The value of one advanced custom field.

    How it travels in XML is pieced together from two sources that agree in part. In JSON a request has one
    object, whose keys are the labels.

    Attributes:
        fieldname: Label of the custom field.
        value: At most 255 characters.
    """

    xml_element = "parameter"
    key = ("fieldname",)

    fieldname: str | None = field(default=None, metadata=wire("fieldname", xml="attribute"))
    value: str | None = field(default=None, metadata=wire(xml="text"))


@define(kw_only=True, repr=False)
class UserWithCourses(Record):
    """The course assignments of one person, as `users.list_courses_for_many` answers them."""

    id: str = ""
    courses: list[UserCourse] = field(factory=list)
