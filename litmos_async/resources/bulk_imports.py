"""Bulk imports: people or courses in one request, worked through by the server in its own time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Unpack

from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.models import CourseBulkImport, CourseImport, ImportUserError, UserBulkImport, UserImport
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, asked, mail_query, records
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.operation import Operation, many, one

LARGEST_BODY: Final = 2_000_000
"""Bytes that an import may have; the 2,000 KB of api-facts 12, read as the smaller of the two kinds."""

MOST_USERS: Final = 2_000
MOST_COURSES: Final = 100

_SPANS: Final = ("course_access_expiration_date_span", "due_date_span", "compliance_date_span")
_LONGEST_SPAN: Final = 100

CREATE_USERS = Operation(
    "bulk_imports.create_users",
    "POST",
    "/bulkimports",
    one(UserBulkImport),
    body=many(UserImport, "UserImports"),
    repeatable=True,
    json_seen=True,
    largest_body=LARGEST_BODY,
)
LIST = Operation("bulk_imports.list", "GET", "/bulkimports", many(UserBulkImport, "UserBulkImports"))
GET = Operation("bulk_imports.get", "GET", "/bulkimports/{bulk_import_id}", one(UserBulkImport))
LIST_USER_ERRORS = Operation(
    "bulk_imports.list_user_errors",
    "GET",
    "/bulkimports/{bulk_import_id}/usererrors",
    many(ImportUserError, "ImportUserErrors"),
)
CREATE_COURSES = Operation(
    "bulk_imports.create_courses",
    "POST",
    "/bulkimports/courses",
    one(CourseBulkImport),
    body=many(CourseImport, "CourseImports"),
    largest_body=LARGEST_BODY,
)


class BulkImports(Resource):
    """Jobs of the server that create or change many people or courses."""

    async def create_users(
        self,
        users: Iterable[UserImport],
        *,
        send_message: bool = False,
        skip_first_login: bool = False,
        **options: Unpack[CallOptions],
    ) -> UserBulkImport:
        """Start an import of people, and return the job: follow it with `get`.

        `POST /bulkimports`

        Each row creates the person with its user name, or changes that person: fields that are empty or left out
        keep their value. A row can also put the person into up to 5 teams and 3 courses. The import turns message
        notifications on for everyone it touches. A repeat starts a second job with the same effect.

        Args:
            users: 1 to 2,000 rows, of at most 2,000 KB in all.
            send_message: True e-mails the login to new people; the server's default is False.
            skip_first_login: True asks new people for no password at the first login; the server's default is
                False.
            options: The options of every call.

        Raises:
            ConfigurationError: There are too many rows, or they are too large.

        Source: openapi, vendor page, vendor collection, peers.
        """
        body = records(users, UserImport, "users", at_most=MOST_USERS)
        query = mail_query(send_message) | asked("skipfirstlogin", skip_first_login=skip_first_login)
        return await self._call(CREATE_USERS, query=query, body=body, options=options)

    def list(self, **options: Unpack[ListOptions]) -> Pages[UserBulkImport]:
        """List the imports of people: the latest 1,000.

        `GET /bulkimports`

        Args:
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, vendor collection.
        """
        return self._list(LIST, options=options)

    async def get(self, bulk_import_id: Ref, **options: Unpack[CallOptions]) -> UserBulkImport:
        """Return one import of people: how far it is, and how many rows failed.

        `GET /bulkimports/{bulk_import_id}`

        Args:
            bulk_import_id: The import: an id or a record.
            options: The options of every call.

        Raises:
            BadRequest: There is no such import.

        Source: openapi, vendor page, vendor collection.
        """
        return await self._call(GET, bulk_import_id, options=options)

    def list_user_errors(
        self, bulk_import_id: Ref, *, is_api: bool | None = None, **options: Unpack[ListOptions]
    ) -> Pages[ImportUserError]:
        """List the rows of an import that failed, and why.

        `GET /bulkimports/{bulk_import_id}/usererrors`

        Args:
            bulk_import_id: The import.
            is_api: False for an import that was made in the web interface; None says nothing.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Raises:
            BadRequest: There is no such import.

        Source: openapi.
        """
        return self._list(
            LIST_USER_ERRORS, bulk_import_id, query=asked("IsAPI", is_api=is_api), options=options
        )

    async def create_courses(
        self, courses: Iterable[CourseImport], *, send_message: bool = False, **options: Unpack[CallOptions]
    ) -> CourseBulkImport:
        """Start an import of courses, and return the job. There is no way to follow it.

        `POST /bulkimports/courses`

        A row with a `course_code` changes that course. A row without one creates a course, each time anew.

        Args:
            courses: 1 to 100 rows.
            send_message: True sends course notifications; the server's default is False.
            options: The options of every call.

        Raises:
            ConfigurationError: There are too many rows, or they are too large; or a row has a date and its span, or
                a span over 100: the server would reject the row later, and there is no way to learn of it.
            OutcomeUnknown: No answer came. Look at `courses.list` before you try again.

        Source: openapi, vendor page.
        """
        body = records(courses, CourseImport, "courses", at_most=MOST_COURSES)
        for row in body:
            _check_dates(row)
        return await self._call(CREATE_COURSES, query=mail_query(send_message), body=body, options=options)


def _check_dates(row: CourseImport) -> None:
    """Refuse what makes a row of courses fail (records.yaml, CourseImport).

    Raises:
        ConfigurationError: A date stands beside its span, or a span is out of range.
    """
    for name in _SPANS:
        span = getattr(row, name)
        if span is None:
            continue
        if not 0 <= span <= _LONGEST_SPAN:
            raise ConfigurationError(f"CourseImport.{name} must be 0 to {_LONGEST_SPAN}, not {span}")
        date = name.removesuffix("_span")
        if getattr(row, date, None) is not None:
            raise ConfigurationError(f"CourseImport.{date} and {name} exclude one another")
