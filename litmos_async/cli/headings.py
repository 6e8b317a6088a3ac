"""What people, spreadsheets and HR systems write above their columns. Pure.

The words of the vendor's own template are among them (`Job Title`, `WebSite`, `Lauguage`), and those of the API's
records; a person's field has the same words for an import and for a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, Literal, TypeAlias

from litmos_async.names import clean

__all__ = [
    "ALIKE",
    "COURSE_NAME",
    "EMAIL",
    "EMPLOYEE_ID",
    "LOGIN",
    "NO_FIELD",
    "NO_NAMES",
    "OURS",
    "UNFINISHED",
    "LineStatus",
    "as_extra",
    "as_input",
    "is_nameless",
    "is_unused",
    "name_key",
    "places_of_ours",
]

OURS: Final = ("line", "status", "reason")
"""Columns that an outcomes file has, whatever was done."""

_OF_INPUT: Final = " (input)"
"""What is said behind the name of a column of the input that is called as one of ours, or that was not used."""

LineStatus: TypeAlias = Literal["done", "failed", "skipped", "unknown", "planned", "not done"]
"""What outcomes say of a line: as an `Outcome`; "planned" in a dry run; "not done" if the job ended before."""

UNFINISHED: Final = "the job is still running, or was killed: lines are missing"
"""The reason in the first row of outcomes that are not complete."""

_DECORATION: Final = re.compile(r"[\s_\-\u2010-\u2015*:]")

_MADE_UP: Final = re.compile(
    # Tables of Excel in seven languages, readers of data frames, drivers of databases.
    r"(?:column|spalte|colonne|columna|colonna|coluna|kolom|unnamed|field|f)[0-9]+|\.{3}[0-9]+|x(?:\.[0-9]+)?"
)

LOGIN: Final = ("user_name", "user", "login", "login_name", "user_login", "login_id", "account_name")
EMAIL: Final = (
    *("email", "email_address", "mail", "mail_address", "work_email", "work_email_address", "email_work"),
    *("business_email", "business_email_address", "company_email", "corporate_email"),
)
EMPLOYEE_ID: Final = (
    *("employee_id", "external_employee_id", "employee_number", "employee_no", "employee_code"),
    *("personnel_number", "personnel_no", "personnel_id", "staff_id", "staff_number", "worker_id"),
)
COURSE_NAME: Final = ("course_name", "course_title", "name_of_course")

ALIKE: Final[tuple[tuple[str, ...], ...]] = (
    EMAIL,
    EMPLOYEE_ID,
    ("first_name", "given_name", "forename"),
    ("last_name", "family_name", "surname"),
    ("title", "job_title"),
    ("phone", "phone_work", "work_phone", "phone_number", "telephone"),
    ("mobile", "phone_mobile", "mobile_phone", "mobile_number", "cell_phone"),
    ("company_name", "company"),
    ("web_site", "website"),
    ("address1", "street1", "street", "address", "address_line1"),
    ("address2", "street2", "address_line2"),
    ("state", "province"),
    ("zip", "postal_code", "zip_code", "post_code"),
    ("culture", "language", "lauguage"),
    ("active", "activate", "active_status", "is_active"),
    ("in_active_date", "inactivate_date", "inactivation_date", "expiration_date", "expiry_date"),
    ("manager", "manager_id", "manager_user_name", "manager_email"),
)
"""Words for the same field of a person, whatever a record of the API calls it."""

_NAMES_OF_PEOPLE: Final = "several people may be called the same"
NO_NAMES: Final[Mapping[str, str]] = dict.fromkeys(
    ("full_name", "name", "display_name", "employee_name", "first_name", "last_name"), _NAMES_OF_PEOPLE
)
"""Columns that do not say who is meant, and why."""

_IN_PARTS: Final = "a name is set in two parts: first_name and last_name"
_BY_SERVER: Final = "the server alone sets it"
_PATHS: Final = "litmos assign learning-paths assigns it"
NO_FIELD: Final[Mapping[str, str]] = {
    **dict.fromkeys(("full_name", "name", "display_name", "employee_name"), _IN_PARTS),
    **dict.fromkeys(
        (
            *("id", "user_id", "original_id", "last_login", "login_key", "created_date", "points"),
            "manager_name",
        ),
        _BY_SERVER,
    ),
    **{f"learning_path{number}": _PATHS for number in range(1, 4)},
    "learning_path": _PATHS,
}
"""Columns about people that no request can set, and why."""


def places_of_ours(names: Sequence[str]) -> tuple[int, ...]:
    """Return where our own columns are in an outcomes file; nothing where a file is none.

    An HR system may have a column `line` or `status`, too, and what it says there is no outcome: a file is one of
    ours if it has all of these columns, in whatever order someone has brought them.
    """
    return tuple(map(names.index, OURS)) if set(OURS) <= set(names) else ()


def as_extra(name: str, *, unused: bool = False) -> str:
    """Return what a column of the input is called in the outcomes, where `status` is that of the line.

    Nor may one that was not to be used, by `--map`, be used where the outcomes become the input.
    """
    return f"{name}{_OF_INPUT}" if name in OURS or (unused and name and not is_unused(name)) else name


def is_unused(name: str) -> bool:
    """Return whether a column of an outcomes file is one of the input that was not to be used."""
    return name.endswith(_OF_INPUT) and as_input(name) == name


def as_input(name: str) -> str:
    """Return what a column of an outcomes file was called in the input."""
    bare = name.removesuffix(_OF_INPUT)
    return bare if bare in OURS else name


def name_key(name: str) -> str:
    """Return what names of columns are compared by: `Course Code` and `course_code` are the same.

    Upper and lower case do not matter, nor blanks, lines, what cannot be seen, and the marks of a form's field.
    """
    return _DECORATION.sub("", clean(name)).casefold()


def is_nameless(name: str) -> bool:
    """Return whether a column has no name, or one that a program makes up where there is none: `Column1`."""
    key = name_key(name)
    return not key or _MADE_UP.fullmatch(key) is not None
