"""Definitions of the custom fields of courses."""

from __future__ import annotations

from typing import Unpack

from litmos_async.config import CallOptions
from litmos_async.models import CourseCustomField
from litmos_async.resources.arguments import Ref
from litmos_async.resources.base import Resource, Rows
from litmos_async.wire.operation import Operation, many, one

LIST = Operation(
    "course_custom_fields.list", "GET", "/coursecustomfields", many(CourseCustomField, "CourseCustomFields")
)
GET = Operation(
    "course_custom_fields.get", "GET", "/coursecustomfields/{custom_field_id}", one(CourseCustomField)
)


class CourseCustomFields(Resource):
    """What custom fields courses have. Their values in one course: `courses.get_custom_fields`."""

    async def list(self, **options: Unpack[CallOptions]) -> Rows[CourseCustomField]:
        """Return the definitions of all custom fields of courses.

        `GET /coursecustomfields`

        Args:
            options: The options of every call.

        Source: openapi, vendor collection.
        """
        return await self._rows(LIST, options=options)

    async def get(self, custom_field_id: Ref, **options: Unpack[CallOptions]) -> CourseCustomField:
        """Return the definition of one custom field of courses.

        `GET /coursecustomfields/{custom_field_id}`

        Its title in the document promises the values in all courses; whatever comes beside the definition is in
        `extra`.

        Args:
            custom_field_id: The field: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        return await self._call(GET, custom_field_id, options=options)
