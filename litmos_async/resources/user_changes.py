"""The attributes of a person that a write can change."""

from __future__ import annotations

from datetime import datetime

from litmos_async.config import CallOptions
from litmos_async.models.enums import AccessLevel, ProfileType


class UserChanges(CallOptions, total=False):
    """What `users.patch` takes: any attribute of `User` that is not read-only, and the options of every call."""

    user_name: str | None
    first_name: str | None
    last_name: str | None
    email: str | None
    access_level: AccessLevel | str | None
    disable_messages: bool | None
    active: bool | None
    skype: str | None
    phone_work: str | None
    phone_mobile: str | None
    is_custom_username: bool | None
    password: str | None
    skip_first_login: bool | None
    time_zone: str | None
    salesforce_id: str | None
    street1: str | None
    street2: str | None
    city: str | None
    state: str | None
    postal_code: str | None
    country: str | None
    company_name: str | None
    job_title: str | None
    custom_field1: str | None
    custom_field2: str | None
    custom_field3: str | None
    custom_field4: str | None
    custom_field5: str | None
    custom_field6: str | None
    custom_field7: str | None
    custom_field8: str | None
    custom_field9: str | None
    custom_field10: str | None
    culture: str | None
    salesforce_contact_id: str | None
    salesforce_account_id: str | None
    brand: str | None
    manager_id: str | None
    enable_text_notification: bool | None
    website: str | None
    twitter: str | None
    expiration_date: datetime | None
    job_role: str | None
    external_employee_id: str | None
    profile_type: ProfileType | str | None
