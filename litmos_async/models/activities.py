"""Rows of the activity logs."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class ActionActivity(Record):
    """Something that somebody did.

    Attributes:
        target_object_id: 0 when none.
        activity_by: Numeric id.
    """

    xml_element = "ActionActivity"
    key = ()

    activity_type: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    original_object_id: str | None = None
    object_name: str | None = None
    target_object_type: str | None = field(default=None, metadata=wire(aliases=("TargteObjectType",)))
    target_object_id: str | None = None
    original_target_object_id: str | None = None
    target_object_name: str | None = None
    activity_by: str | None = None
    activity_by_user_name: str | None = field(default=None, metadata=wire(aliases=("ActivityByUsername",)))
    activity_date: datetime | None = None


@define(kw_only=True, repr=False)
class AssignmentActivity(Record):
    """An assignment that somebody made or took back.

    Attributes:
        target_object_id: 0 when none.
        activity_by: Numeric id.
    """

    xml_element = "AssignmentActivity"
    key = ()

    activity_type: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    original_object_id: str | None = None
    object_name: str | None = None
    target_object_type: str | None = field(default=None, metadata=wire(aliases=("TargteObjectType",)))
    target_object_id: str | None = None
    original_target_object_id: str | None = None
    target_object_name: str | None = None
    activity_by: str | None = None
    activity_by_user_name: str | None = field(default=None, metadata=wire(aliases=("ActivityByUsername",)))
    activity_date: datetime | None = None


@define(kw_only=True, repr=False)
class ContentActivity(Record):
    """A change of content.

    Attributes:
        target_object_id: 0 when none.
        activity_by: Numeric id.
    """

    xml_element = "ContentActivity"
    key = ()

    activity_type: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    original_object_id: str | None = None
    object_name: str | None = None
    target_object_type: str | None = field(default=None, metadata=wire(aliases=("TargteObjectType",)))
    target_object_id: str | None = None
    original_target_object_id: str | None = None
    target_object_name: str | None = None
    activity_by: str | None = None
    activity_by_user_name: str | None = field(default=None, metadata=wire(aliases=("ActivityByUsername",)))
    activity_date: datetime | None = None


@define(kw_only=True, repr=False)
class LoginActivity(Record):
    """A login."""

    xml_element = "LoginActivity"
    key = ()

    activity_type: str | None = None
    user_id: str | None = None
    original_user_id: str | None = None
    user_name: str | None = None
    ip_address: str | None = field(default=None, metadata=wire("IPAddress"))
    login_date: datetime | None = None


@define(kw_only=True, repr=False)
class SettingsActivity(Record):
    """A changed setting.

    Attributes:
        target_object_id: 0 when none.
        activity_by: Numeric id.
    """

    xml_element = "SettingsActivity"
    key = ()

    activity_type: str | None = None
    category: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    original_object_id: str | None = None
    object_name: str | None = None
    target_object_type: str | None = field(default=None, metadata=wire(aliases=("TargteObjectType",)))
    target_object_id: str | None = None
    original_target_object_id: str | None = None
    target_object_name: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    activity_by: str | None = None
    activity_by_user_name: str | None = field(default=None, metadata=wire(aliases=("ActivityByUsername",)))
    activity_date: datetime | None = None
