"""Collections of courses and learning paths, and the listings that open them to people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, Unpack

from litmos_async.ahead import Batch, PageRequest
from litmos_async.config import CallOptions
from litmos_async.errors import NotFound
from litmos_async.models import (
    Collection,
    CollectionCourseRef,
    CollectionLearningPathRef,
    CourseRef,
    LearningPathRef,
    Listing,
    ListingUser,
    TeamSummary,
    UserRef,
)
from litmos_async.models.record import Record
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, complete, items
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.wire.operation import Operation, many, one

R = TypeVar("R", bound=Record)

LIST = Operation("collections.list", "GET", "/collections", many(Collection, "Collections"))
CREATE = Operation("collections.create", "POST", "/collections", one(Collection), body=one(Collection))
DELETE: Operation[Any] = Operation(
    "collections.delete", "DELETE", "/collections/{collection_id}", repeatable=True
)
DELETE_SINGULAR: Operation[Any] = Operation(
    "collections.delete", "DELETE", "/collection/{collection_id}", repeatable=True
)
ADD_COURSES: Operation[Any] = Operation(
    "collections.add_courses",
    "POST",
    "/collections/{collection_id}/courses",
    body=many(CollectionCourseRef, "Courses"),
)
REMOVE_COURSE: Operation[Any] = Operation(
    "collections.remove_course",
    "DELETE",
    "/collections/{collection_id}/courses",
    body=many(CourseRef, "Courses"),
    repeatable=True,
)
ADD_LEARNING_PATHS: Operation[Any] = Operation(
    "collections.add_learning_paths",
    "POST",
    "/collections/{collection_id}/learningpaths",
    body=many(CollectionLearningPathRef, "LearningPaths"),
)
REMOVE_LEARNING_PATH: Operation[Any] = Operation(
    "collections.remove_learning_path",
    "DELETE",
    "/collections/{collection_id}/learningpaths",
    body=many(LearningPathRef, "LearningPaths"),
    repeatable=True,
)
CREATE_LISTING = Operation(
    "collection_listings.create", "POST", "/collectionlistings", one(Listing), body=one(Listing)
)
LIST_LISTINGS = Operation(
    "collection_listings.list", "GET", "/collectionlistings/{collection_id}", many(Listing, "Listings")
)
DELETE_LISTING: Operation[Any] = Operation(
    "collection_listings.delete",
    "DELETE",
    "/collectionlistings/{collection_id}/{listing_id}",
    repeatable=True,
)
LIST_USERS = Operation(
    "collection_listings.list_users",
    "GET",
    "/collectionlistings/{listing_id}/users",
    many(ListingUser, "ListingUsers"),
)
ADD_USERS: Operation[Any] = Operation(
    "collection_listings.add_users",
    "POST",
    "/collectionlistings/{listing_id}/users",
    body=many(UserRef, "Users"),
)
REMOVE_USER: Operation[Any] = Operation(
    "collection_listings.remove_user",
    "DELETE",
    "/collectionlistings/{listing_id}/users/{user_id}",
    repeatable=True,
)
LIST_TEAMS = Operation(
    "collection_listings.list_teams",
    "GET",
    "/collectionlistings/{listing_id}/teams",
    many(TeamSummary, "Teams"),
)
ADD_TEAM: Operation[Any] = Operation(
    "collection_listings.add_team", "POST", "/collectionlistings/{listing_id}/team/{team_id}"
)
REMOVE_TEAM: Operation[Any] = Operation(
    "collection_listings.remove_team",
    "DELETE",
    "/collectionlistings/{listing_id}/team/{team_id}",
    repeatable=True,
)


class Collections(Resource):
    """Collections. All answer `Forbidden` where the account does not have the feature."""

    def list(self, **options: Unpack[ListOptions]) -> Pages[Collection]:
        """List the collections.

        `GET /collections`

        Args:
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._list(LIST, options=options)

    async def create(self, collection: Collection, **options: Unpack[CallOptions]) -> Collection:
        """Create a collection, and return the record with its id.

        `POST /collections`

        Args:
            collection: The collection, with `name` and `description`; the server must be able to fetch
                `image_url`. Its `id` is ignored.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. Look at `list` before you try again.

        Source: openapi, vendor page.
        """
        return await self._call(CREATE, body=complete(collection, Collection).replace(id=""), options=options)

    async def delete(self, collection_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a collection.

        `DELETE /collections/{collection_id}`
        `DELETE /collection/{collection_id}`

        Two sources, two addresses: the first one is sent, and the second one if it answers 404.

        Args:
            collection_id: The collection: an id or a record.
            options: The options of every call.

        Raises:
            Forbidden: It still has listings.
            NotFound: There is no such collection; also after a lost answer to a delete that went through.

        Source: openapi, vendor page.
        """
        try:
            await self._do(DELETE, collection_id, options=options)
        except NotFound:
            await self._do(DELETE_SINGULAR, collection_id, options=options)

    async def add_courses(
        self, collection_id: Ref, course_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Put up to 25 courses into a collection.

        `POST /collections/{collection_id}/courses`

        Args:
            collection_id: The collection.
            course_ids: 1 to 25 courses; as `CollectionCourseRef` where their order (`seq_id`) matters.
            options: The options of every call.

        Raises:
            ConfigurationError: The list is empty, or longer than 25.
            Conflict: A course stands twice in the list, or is in the collection already.
            OutcomeUnknown: No answer came.

        Source: openapi, vendor page.
        """
        body = items(CollectionCourseRef, course_ids, "course_ids", at_most=25)
        await self._do(ADD_COURSES, collection_id, body=body, options=options)

    async def remove_course(self, collection_id: Ref, course_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a course out of a collection.

        `DELETE /collections/{collection_id}/courses`

        A DELETE with a body, which some proxies drop: read back where it matters.

        Args:
            collection_id: The collection: an id or a record.
            course_id: The course: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        body = items(CourseRef, [course_id], "course_id")
        await self._do(REMOVE_COURSE, collection_id, body=body, options=options)

    async def add_learning_paths(
        self, collection_id: Ref, learning_path_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Put up to 25 learning paths into a collection.

        `POST /collections/{collection_id}/learningpaths`

        Args:
            collection_id: The collection.
            learning_path_ids: 1 to 25 learning paths; as `CollectionLearningPathRef` where their order (`seq_id`)
                matters.
            options: The options of every call.

        Raises:
            ConfigurationError: The list is empty, or longer than 25.
            Conflict: A learning path stands twice in the list, or is in the collection already.
            OutcomeUnknown: No answer came.

        Source: openapi.
        """
        body = items(CollectionLearningPathRef, learning_path_ids, "learning_path_ids", at_most=25)
        await self._do(ADD_LEARNING_PATHS, collection_id, body=body, options=options)

    async def remove_learning_path(
        self, collection_id: Ref, learning_path_id: Ref, **options: Unpack[CallOptions]
    ) -> None:
        """Take a learning path out of a collection.

        `DELETE /collections/{collection_id}/learningpaths`

        A DELETE with a body, which some proxies drop: read back where it matters.

        Args:
            collection_id: The collection: an id or a record.
            learning_path_id: The learning path: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        body = items(LearningPathRef, [learning_path_id], "learning_path_id")
        await self._do(REMOVE_LEARNING_PATH, collection_id, body=body, options=options)


class CollectionListings(Resource):
    """Listings: who sees a collection, and how long."""

    async def create(self, listing: Listing, **options: Unpack[CallOptions]) -> Listing:
        """Create a listing, and return the record with its id.

        `POST /collectionlistings`

        Args:
            listing: The listing, with `duration_days` if it is dynamic and `fixed_date` if it is fixed. Its `id` is
                ignored.
            options: The options of every call.

        Raises:
            Forbidden: A value is not valid.
            OutcomeUnknown: No answer came. Look at `list` before you try again.

        Source: openapi.
        """
        return await self._call(
            CREATE_LISTING, body=complete(listing, Listing).replace(id=""), options=options
        )

    def list(self, collection_id: Ref, **options: Unpack[ListOptions]) -> Pages[Listing]:
        """List the listings of a collection.

        `GET /collectionlistings/{collection_id}`

        Args:
            collection_id: The collection: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._list(LIST_LISTINGS, collection_id, options=options)

    async def delete(self, collection_id: Ref, listing_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete a listing.

        `DELETE /collectionlistings/{collection_id}/{listing_id}`

        Args:
            collection_id: The collection: an id or a record.
            listing_id: The listing: an id or a record.
            options: The options of every call.

        Raises:
            Forbidden: People are in it.

        Source: openapi.
        """
        await self._do(DELETE_LISTING, collection_id, listing_id, options=options)

    def list_users(
        self, listing_id: Ref, *, search: str | None = None, **options: Unpack[ListOptions]
    ) -> Pages[ListingUser]:
        """List the people in a listing.

        `GET /collectionlistings/{listing_id}/users`

        The server answers 404 for "no one": here that is an empty list, and so is a listing that does not exist.

        Args:
            listing_id: The listing.
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._list_or_none(LIST_USERS, listing_id, {"search": search}, options)

    async def add_users(
        self, listing_id: Ref, user_ids: Iterable[Ref], **options: Unpack[CallOptions]
    ) -> None:
        """Put people into a listing.

        `POST /collectionlistings/{listing_id}/users`

        Args:
            listing_id: The listing.
            user_ids: The people.
            options: The options of every call.

        Raises:
            NotFound: There is no room for so many in the listing.
            OutcomeUnknown: No usable answer came. The server also answers 500 when the listing has expired:
                `__cause__` tells.

        Source: openapi.
        """
        body = items(UserRef, user_ids, "user_ids")
        await self._do(ADD_USERS, listing_id, body=body, options=options)

    async def remove_user(self, listing_id: Ref, user_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a person out of a listing.

        `DELETE /collectionlistings/{listing_id}/users/{user_id}`

        Args:
            listing_id: The listing: an id or a record.
            user_id: The person: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        await self._do(REMOVE_USER, listing_id, user_id, options=options)

    def list_teams(self, listing_id: Ref, **options: Unpack[ListOptions]) -> Pages[TeamSummary]:
        """List the teams in a listing.

        `GET /collectionlistings/{listing_id}/teams`

        The server answers 404 for "none": here that is an empty list, and so is a listing that does not exist.

        Args:
            listing_id: The listing: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: openapi.
        """
        return self._list_or_none(LIST_TEAMS, listing_id, {}, options)

    async def add_team(self, listing_id: Ref, team_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Put a team into a listing.

        `POST /collectionlistings/{listing_id}/team/{team_id}`

        Args:
            listing_id: The listing: an id or a record.
            team_id: The team: an id or a record.
            options: The options of every call.

        Raises:
            OutcomeUnknown: No answer came. Look at `list_teams` before you try again.

        Source: openapi.
        """
        await self._do(ADD_TEAM, listing_id, team_id, options=options)

    async def remove_team(self, listing_id: Ref, team_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Take a team out of a listing.

        `DELETE /collectionlistings/{listing_id}/team/{team_id}`

        Args:
            listing_id: The listing: an id or a record.
            team_id: The team: an id or a record.
            options: The options of every call.

        Source: openapi.
        """
        await self._do(REMOVE_TEAM, listing_id, team_id, options=options)

    def _list_or_none(
        self, operation: Operation[R], listing_id: Ref, query: Mapping[str, Any], options: ListOptions
    ) -> Pages[R]:
        """Return a list for whose end, or emptiness, the server answers 404."""

        async def read(asked: Mapping[str, Any], call: CallOptions, page: PageRequest) -> Batch[R]:
            try:
                return Batch(await self._rows(operation, listing_id, query=asked, options=call, page=page))
            except NotFound:
                return Batch([])

        return self._pages(operation, (listing_id,), query, options, read)
