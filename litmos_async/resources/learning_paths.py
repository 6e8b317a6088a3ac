"""Learning paths, their courses, and the people on them."""

from __future__ import annotations

from typing import Any, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import LearningPath, LearningPathCourse, LearningPathUser
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.operation import Operation, many, one

LIST = Operation(
    "learning_paths.list", "GET", "/learningpaths", many(LearningPath, "LearningPaths"), json_seen=True
)
GET = Operation("learning_paths.get", "GET", "/learningpaths/{learning_path_id}", one(LearningPath))
DELETE: Operation[Any] = Operation(
    "learning_paths.delete", "DELETE", "/learningpaths/{learning_path_id}", repeatable=True
)
LIST_COURSES = Operation(
    "learning_paths.list_courses",
    "GET",
    "/learningpaths/{learning_path_id}/courses",
    many(LearningPathCourse, "Courses"),
    json_seen=True,
)
LIST_USERS = Operation(
    "learning_paths.list_users",
    "GET",
    "/learningpaths/{learning_path_id}/users",
    many(LearningPathUser, "Users"),
    json_seen=True,
)


class LearningPaths(Resource):
    """Learning paths. To assign them see `users.assign_learning_paths` and `teams.assign_learning_paths`."""

    def list(self, *, search: str | None = None, **options: Unpack[ListOptions]) -> Pages[LearningPath]:
        """List all learning paths.

        `GET /learningpaths`

        Args:
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST, query={"search": search}, options=options)

    async def get(self, learning_path_id: Ref, **options: Unpack[CallOptions]) -> LearningPath:
        """Return one learning path.

        `GET /learningpaths/{learning_path_id}`

        Args:
            learning_path_id: The learning path: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such learning path.

        Source: seed, openapi, vendor collection.
        """
        return await self._call(GET, learning_path_id, options=options)

    async def delete(self, learning_path_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a learning path. Its courses stay.

        `DELETE /learningpaths/{learning_path_id}`

        Args:
            learning_path_id: The learning path: an id or a record.
            options: The options of every call.

        Raises:
            NotFound: There is no such learning path; also after a lost answer to a delete that went through.

        Source: openapi.
        """
        await self._do(DELETE, learning_path_id, options=options)

    def list_courses(
        self, learning_path_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[LearningPathCourse]:
        """List the courses of a learning path.

        `GET /learningpaths/{learning_path_id}/courses`

        Args:
            learning_path_id: The learning path: an id or a record.
            search: Filters by a part of the text; at most 50 characters. None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_COURSES, learning_path_id, query={"search": search}, options=options)

    def list_users(
        self, learning_path_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[LearningPathUser]:
        """List the people on a learning path, with the result of each.

        `GET /learningpaths/{learning_path_id}/users`

        Args:
            learning_path_id: The learning path: an id or a record.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_USERS, learning_path_id, query={"search": search}, options=options)
