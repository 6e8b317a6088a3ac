"""Rows of the activity logs."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class _ObjectActivity(Record):
    """What actions, assignments and changes of content have in common: who did what to what.

    Attributes:
        target_object_id: 0 when none.
        activity_by: Numeric id.
    """

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
class ActionActivity(_ObjectActivity):
    """Something that a person did."""

    xml_element = "ActionActivity"


@define(kw_only=True, repr=False)
class AssignmentActivity(_ObjectActivity):
    """An assignment that was made or taken back."""

    xml_element = "AssignmentActivity"


@define(kw_only=True, repr=False)
class ContentActivity(_ObjectActivity):
    """A change of content."""

    xml_element = "ContentActivity"


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
