"""Courses, their modules, and the people in them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import Course, CourseDetails, CourseUser, CustomFieldValue, Module, ModuleRef
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, items
from litmos_async.resources.base import ListOptions, Resource, Rows
from litmos_async.wire.operation import Operation, many, one

LIST = Operation("courses.list", "GET", "/courses", many(Course, "Courses"), json_seen=True)
GET = Operation("courses.get", "GET", "/courses/{course_id}", one(Course), json_seen=True)
GET_DETAILS = Operation(
    "courses.get_details", "GET", "/courses/{course_id}/details", one(CourseDetails, "Course")
)
DELETE: Operation[Any] = Operation("courses.delete", "DELETE", "/courses/{course_id}", repeatable=True)
LIST_USERS = Operation(
    "courses.list_users", "GET", "/courses/{course_id}/users", many(CourseUser, "Users"), json_seen=True
)
LIST_MODULES = Operation(
    "courses.list_modules", "GET", "/courses/{course_id}/modules", many(Module, "Modules"), json_seen=True
)
GET_CUSTOM_FIELDS = Operation(
    "courses.get_custom_fields",
    "GET",
    "/courses/{course_id}/coursecustomfields",
    many(CustomFieldValue, "ArrayOfparameter"),
    json_seen=True,
)
COPY_MODULES: Operation[Any] = Operation(
    "courses.copy_modules", "POST", "/courses/{course_id}/modules/copy", body=many(ModuleRef, "Modules")
)
LINK_MODULES: Operation[Any] = Operation(
    "courses.link_modules", "POST", "/courses/{course_id}/modules/link", body=many(ModuleRef, "Modules")
)
MIRROR_MODULES: Operation[Any] = Operation(
    "courses.mirror_modules", "POST", "/courses/{course_id}/modules/mirror", body=many(ModuleRef, "Modules")
)
REMOVE_MODULE: Operation[Any] = Operation(
    "courses.remove_module", "DELETE", "/courses/{course_id}/modules/{module_id}", repeatable=True
)


class Courses(Resource):
    """Courses: what they are made of, and who takes them. To create or change one see `bulk_imports`."""

    def list(self, *, search: str | None = None, **options: Unpack[ListOptions]) -> Pages[Course]:
        """List all courses.

        `GET /courses`

        Args:
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, peers.
        """
        return self._list(LIST, query={"search": search}, options=options)

    async def get(self, course_id: Ref, **options: Unpack[CallOptions]) -> Course:
        """Return one course. Its `tags` are in no list.

        `GET /courses/{course_id}`

        Args:
            course_id: The course: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such course.

        Source: openapi, recorded.
        """
        return await self._call(GET, course_id, options=options)

    async def get_details(self, course_id: Ref, **options: Unpack[CallOptions]) -> CourseDetails:
        """Return one course with all its settings: dates, compliance, languages, custom fields.

        `GET /courses/{course_id}/details`

        Args:
            course_id: The course: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such course.

        Source: openapi, a peer.
        """
        return await self._call(GET_DETAILS, course_id, options=options)

    async def delete(self, course_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a course.

        `DELETE /courses/{course_id}`

        Args:
            course_id: The course: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such course; also after a lost answer to a delete that went through.
            Conflict: The one document that knows this call speaks of an id in a body, which is not described
                and not sent.

        Source: openapi.
        """
        await self._do(DELETE, course_id, options=options)

    def list_users(
        self, course_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[CourseUser]:
        """List the people in a course, with the result of each.

        `GET /courses/{course_id}/users`

        Args:
            course_id: The course.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor page, peers.
        """
        return self._list(LIST_USERS, course_id, query={"search": search}, options=options)

    def list_modules(
        self, course_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[Module]:
        """List the modules of a course. For instructor-led ones alone see `ilt_modules.list`.

        `GET /courses/{course_id}/modules`

        Args:
            course_id: The course: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi, recorded.
        """
        return self._list(LIST_MODULES, course_id, query={"search": search}, options=options)

    async def get_custom_fields(
        self, course_id: Ref, **options: Unpack[CallOptions]
    ) -> Rows[CustomFieldValue]:
        """Return the values of a course's custom fields. Their definitions: `course_custom_fields.list`.

        `GET /courses/{course_id}/coursecustomfields`

        Args:
            course_id: The course: an id or a record.
            options: The options of every call.

        Source: openapi, a peer.
        """
        return await self._rows(GET_CUSTOM_FIELDS, course_id, options=options)

    async def copy_modules(
        self, course_id: Ref, module_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Put copies of modules into a course: from then on they are independent of the originals.

        `POST /courses/{course_id}/modules/copy`

        For SCORM and Tin Can modules only. That the ids alone suffice is an assumption.

        Args:
            course_id: The course that gets them.
            module_ids: The modules.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. A repeat could copy them twice: look at `list_modules` first.

        Source: openapi.
        """
        body = items(ModuleRef, module_ids, "module_ids")
        await self._do(COPY_MODULES, course_id, body=body, options=options)

    async def link_modules(
        self, course_id: Ref, module_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Link modules into a course.

        `POST /courses/{course_id}/modules/link`

        For SCORM and Tin Can modules only.

        Args:
            course_id: The course that gets them.
            module_ids: The modules.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. A repeat could link them twice: look at `list_modules` first.

        Source: openapi.
        """
        body = items(ModuleRef, module_ids, "module_ids")
        await self._do(LINK_MODULES, course_id, body=body, options=options)

    async def mirror_modules(
        self, course_id: Ref, module_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Mirror modules into a course.

        `POST /courses/{course_id}/modules/mirror`

        For SCORM and Tin Can modules only.

        Args:
            course_id: The course that gets them.
            module_ids: The modules.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. A repeat could mirror them twice: look at `list_modules` first.

        Source: openapi.
        """
        body = items(ModuleRef, module_ids, "module_ids")
        await self._do(MIRROR_MODULES, course_id, body=body, options=options)

    async def remove_module(self, course_id: Ref, module_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a module out of a course. To delete the module itself see `modules.delete`.

        `DELETE /courses/{course_id}/modules/{module_id}`

        Args:
            course_id: The course: an id or a record.
            module_id: The module: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        await self._do(REMOVE_MODULE, course_id, module_id, options=options)
