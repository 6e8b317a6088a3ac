"""Instructor-led training beside its sessions: modules, instructors, locations."""

from __future__ import annotations

from typing import Any, Unpack

from litmos_async.config import CallOptions
from litmos_async.models import EventUser, ILTModule, Instructor, Location, Session
from litmos_async.paging import Pages
from litmos_async.resources.arguments import Ref, complete
from litmos_async.resources.base import ListOptions, Resource
from litmos_async.resources.sessions import to_create
from litmos_async.wire.operation import Operation, many, one

LIST_MODULES = Operation(
    "ilt_modules.list", "GET", "/courses/{course_id}/modules/ilt", many(ILTModule, "Modules"), json_seen=True
)
LIST_REGISTRATIONS = Operation(
    "ilt_modules.list_registrations",
    "GET",
    "/courses/{course_id}/modules/{module_id}/registration",
    many(EventUser, "EventUsers"),
)
CREATE_MODULE = Operation(
    "ilt_modules.create",
    "POST",
    "/courses/{course_id}/events",
    one(ILTModule),
    body=one(ILTModule),
    json_only=True,
)
UPDATE_MODULE: Operation[Any] = Operation(
    "ilt_modules.update",
    "POST",
    "/courses/{course_id}/events/{event_id}",
    body=one(ILTModule),
    repeatable=True,
    json_only=True,
)
DELETE_MODULE: Operation[Any] = Operation(
    "ilt_modules.delete", "DELETE", "/courses/{course_id}/events/{event_id}", repeatable=True
)
LIST_INSTRUCTORS = Operation(
    "instructors.list", "GET", "/instructors", many(Instructor, "Users"), json_seen=True
)
LIST_SESSIONS = Operation(
    "instructors.list_sessions", "GET", "/instructors/{instructor_id}/sessions", many(Session, "Sessions")
)
LIST_LOCATIONS = Operation("locations.list", "GET", "/locations", many(Location, "Locations"), json_seen=True)


class IltModules(Resource):
    """Instructor-led modules of courses. Their sessions have a family of their own: `sessions`."""

    def list(self, course_id: Ref, **options: Unpack[ListOptions]) -> Pages[ILTModule]:
        """List the instructor-led modules of a course.

        `GET /courses/{course_id}/modules/ilt`

        Args:
            course_id: The course: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, peers.
        """
        return self._list(LIST_MODULES, course_id, options=options)

    def list_registrations(
        self, course_id: Ref, module_id: Ref, **options: Unpack[ListOptions]
    ) -> Pages[EventUser]:
        """List the people who are registered for any session of a module.

        `GET /courses/{course_id}/modules/{module_id}/registration`

        For a single session see `sessions.list_roll_call`.

        Args:
            course_id: The course: an id or a record.
            module_id: The instructor-led module: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """
        return self._list(LIST_REGISTRATIONS, course_id, module_id, options=options)

    async def create(
        self, course_id: Ref, module: ILTModule, **options: Unpack[CallOptions]
    ) -> ILTModule | None:
        """Create an instructor-led module, with its first sessions if it names some.

        `POST /courses/{course_id}/events`

        Sent as JSON always: no source describes its XML.

        Args:
            course_id: The course.
            module: The module, with a `name`. Its `id` is ignored.
            options: The options of every call.

        Returns:
            The module if the server sent it back, else None: what it answers is not documented. `list` shows
            the new id.

        Raises:
            OutcomeUnknown: No answer came. Look at `list` before you try again.

        Source: seed, vendor collection.
        """
        complete(module, ILTModule)
        body = module.replace(id="", sessions=[to_create(session) for session in module.sessions])
        return next(iter(await self._created(CREATE_MODULE, course_id, body=body, options=options)), None)

    async def update(self, course_id: Ref, module: ILTModule, **options: Unpack[CallOptions]) -> None:
        """Write the code, name and description of an instructor-led module.

        `POST /courses/{course_id}/events/{event_id}`

        A POST, as the only source shows it. The event id is taken to be that of the module. Sessions are not
        sent: see `sessions.update`. Sent as JSON always.

        Args:
            course_id: The course: an id or a record.
            module: The module, with its `id` and a `name`.
            options: The options of every call.

        Raises:
            ConfigurationError: The record has no id or no name.

        Source: seed, vendor collection.
        """
        body = complete(module, ILTModule, update=True).replace(sessions=[])
        await self._do(UPDATE_MODULE, course_id, module, body=body, options=options)

    async def delete(self, course_id: Ref, event_id: Ref, **options: Unpack[CallOptions]) -> None:
        """Delete an instructor-led module, with every session of it.

        `DELETE /courses/{course_id}/events/{event_id}`

        Args:
            course_id: The course.
            event_id: The module.
            options: The options of every call.

        Source: seed, vendor collection, a peer.
        """
        await self._do(DELETE_MODULE, course_id, event_id, options=options)


class Instructors(Resource):
    """The people who can lead sessions."""

    def list(self, *, search: str | None = None, **options: Unpack[ListOptions]) -> Pages[Instructor]:
        """List the instructors.

        `GET /instructors`

        Args:
            search: Filters by a part of the names, the user name or the e-mail; at most 50 characters;
                None takes all.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection, a peer.
        """
        return self._list(LIST_INSTRUCTORS, query={"search": search}, options=options)

    def list_sessions(self, instructor_id: Ref, **options: Unpack[ListOptions]) -> Pages[Session]:
        """List the sessions that an instructor leads.

        `GET /instructors/{instructor_id}/sessions`

        The form of the rows is taken from `sessions.list`. Where the server sends the tree of
        `sessions.list_future` instead, its `Modules` are in the `extra` of each row.

        Args:
            instructor_id: The instructor: an id or a record.
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: seed, openapi, vendor collection.
        """
        return self._list(LIST_SESSIONS, instructor_id, options=options)


class Locations(Resource):
    """The places where sessions are held."""

    def list(self, **options: Unpack[ListOptions]) -> Pages[Location]:
        """List the places, whose `location_id` is what a session names.

        `GET /locations`

        Args:
            options: `page_size`, `start`, `pages_ahead`, `confirm_end`, and the options of every call.

        Source: a peer.
        """
        return self._list(LIST_LOCATIONS, options=options)
