"""What the service refuses in the record of a person.

The statuses follow api-facts 5: 409 for duplicates and for values that make no sense to the organisation.
That a missing name or a text that is too long is 400 is a choice of the sandbox.
"""

from __future__ import annotations

import re
from typing import Final

from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.state.people import People
from litmos_async.sandbox.wire.schema import Record

# Not RFC 5322: something, one @, something with a dot.
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_CULTURE: Final = re.compile(r"[a-z]{2,3}(-[A-Za-z]{4})?(-[A-Z]{2})?")

_REQUIRED: Final = ("UserName", "FirstName", "LastName")
_LENGTHS: Final = {
    "UserName": 255,
    "FirstName": 50,
    "LastName": 50,
    "Email": 255,
    "AccessLevel": 50,
    "Skype": 100,
    "PhoneWork": 50,
    "PhoneMobile": 50,
    "Street1": 100,
    "Street2": 100,
    "CompanyName": 100,
}

READ_ONLY: Final = (
    "Id",
    "FullName",
    "LastLogin",
    "LoginKey",
    "OriginalId",
    "CreatedDate",
    "Points",
    "ManagerName",
)
"""Fields of a person that a write does not touch."""

_NULLABLE: Final = ("SalesforceId", "SalesforceContactId", "SalesforceAccountId", "ProfileType")


def is_email(text: str) -> bool:
    """Return whether this could be an e-mail address."""
    return _EMAIL.fullmatch(text) is not None


def written_user(tenant: People, body: Record, user_id: str = "") -> Record:
    """Return the fields that a create or an update writes.

    All of them: what the body does not name was read as blank and will be written as blank (api-facts 8).

    Args:
        tenant: The organisation.
        body: The record as read.
        user_id: The person that is updated; empty for a new one.

    Raises:
        Refusal: The record is not acceptable.
    """
    user = {name: value for name, value in body.items() if name not in READ_ONLY}
    for name, value in user.items():
        if value is None and name not in (*_NULLABLE, "ExpirationDate"):
            user[name] = ""
    user["Password"] = ""  # always empty in answers
    user["AccessLevel"] = user["AccessLevel"] or "Learner"
    user["TimeZone"] = user["TimeZone"] or "UTC"
    user["Brand"] = user["Brand"] or "Default"
    user["Culture"] = user["Culture"] or "en-US"
    user["ManagerId"] = user["ManagerId"] or "0"
    _check_shape(user)
    namesake = tenant.user_named(user["UserName"])
    if namesake and namesake["Id"] != user_id:
        raise Refusal(409, "UserName already exists")
    if user["JobRole"] and user["JobRole"] not in tenant.job_roles:
        raise Refusal(409, "Invalid JobRole")
    if user["ManagerId"] != "0" and user["ManagerId"] not in tenant.users:
        raise Refusal(409, "Invalid ManagerId")
    return user


def _check_shape(user: Record) -> None:
    for name in _REQUIRED:
        if not user[name]:
            raise Refusal(400, f"{name} is required")
    for name, most in _LENGTHS.items():
        if len(user[name]) > most:
            raise Refusal(400, f"{name} is longer than {most} characters")
    if len(user["UserName"]) <= 3:
        raise Refusal(409, "UserName must have more than 3 characters")
    if not user["IsCustomUsername"] and not is_email(user["UserName"]):
        raise Refusal(409, "UserName must be an e-mail address")
    if user["Email"] and not is_email(user["Email"]):
        raise Refusal(409, "Invalid Email")
    if not _CULTURE.fullmatch(user["Culture"]):
        raise Refusal(409, "Invalid Culture")
