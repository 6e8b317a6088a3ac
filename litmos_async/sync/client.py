"""The client without `await`, for scripts and notebooks."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cached_property
from typing import Any, Concatenate, Literal, ParamSpec, Self, TypeVar, Unpack

from anyio.from_thread import start_blocking_portal

from litmos_async.client import LitmosClient as _AsyncClient
from litmos_async.config import CallOptions
from litmos_async.errors import ConfigurationError
from litmos_async.limits import Quota, Usage
from litmos_async.sync import families
from litmos_async.sync.portal import Bridge

P = ParamSpec("P")
F = TypeVar("F", bound=Callable[..., None])


def _as(
    _source: Callable[Concatenate[Any, P], None],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]:
    """Give a method the parameters of another one."""

    def decorate(method: Callable[..., None]) -> Callable[Concatenate[Any, P], None]:
        return method

    return decorate


class LitmosClient:
    """The client, for scripts and notebooks: the same methods, options and results, without `await`.

    ```python
    from litmos_async.sync import LitmosClient

    with LitmosClient(source="acme-hr", region="eu") as litmos:
        for user in litmos.users.list(search="garcia"):
            print(user.user_name)
    ```

    It runs the asynchronous client in a thread of its own, and takes the same arguments. It may be used from
    several threads, and where an event loop runs already, as in Jupyter.

    Args:
        args: Those of `litmos_async.LitmosClient`.
        options: Those of `litmos_async.LitmosClient`.
    """

    @_as(_AsyncClient.__init__)
    def __init__(self, *args: Any, **options: Any) -> None:
        self._stack = ExitStack()
        portal = self._stack.enter_context(start_blocking_portal())
        self._portal = Bridge(portal)
        try:
            self._client = portal.call(lambda: _AsyncClient(*args, **options))
        except BaseException:
            self._stack.close()
            raise
        self._stack.callback(setattr, self._portal, "closed", True)
        self._stack.callback(portal.call, self._client.aclose)
        self._owns = True

    @cached_property
    def users(self) -> families.Users:
        """People, and their courses, learning paths and teams."""
        return families.Users(self._client.users, self._portal)

    @cached_property
    def teams(self) -> families.Teams:
        """Teams, their members, and what is assigned to them."""
        return families.Teams(self._client.teams, self._portal)

    @cached_property
    def courses(self) -> families.Courses:
        """Courses, the people in them, and their modules."""
        return families.Courses(self._client.courses, self._portal)

    @cached_property
    def course_custom_fields(self) -> families.CourseCustomFields:
        """Definitions of the custom fields of courses."""
        return families.CourseCustomFields(self._client.course_custom_fields, self._portal)

    @cached_property
    def modules(self) -> families.Modules:
        """E-learning modules (SCORM, Tin Can, AICC)."""
        return families.Modules(self._client.modules, self._portal)

    @cached_property
    def learning_paths(self) -> families.LearningPaths:
        """Learning paths, their courses, and the people on them."""
        return families.LearningPaths(self._client.learning_paths, self._portal)

    @cached_property
    def ilt_modules(self) -> families.IltModules:
        """Instructor-led modules."""
        return families.IltModules(self._client.ilt_modules, self._portal)

    @cached_property
    def sessions(self) -> families.Sessions:
        """Sessions of instructor-led modules: registration, roll call, attendance."""
        return families.Sessions(self._client.sessions, self._portal)

    @cached_property
    def instructors(self) -> families.Instructors:
        """People who can lead sessions."""
        return families.Instructors(self._client.instructors, self._portal)

    @cached_property
    def locations(self) -> families.Locations:
        """Places where sessions are held."""
        return families.Locations(self._client.locations, self._portal)

    @cached_property
    def results(self) -> families.Results:
        """Results of people in courses and modules."""
        return families.Results(self._client.results, self._portal)

    @cached_property
    def achievements(self) -> families.Achievements:
        """Courses that people completed."""
        return families.Achievements(self._client.achievements, self._portal)

    @cached_property
    def org(self) -> families.Org:
        """What changed in a span of time, all over the organisation."""
        return families.Org(self._client.org, self._portal)

    @cached_property
    def activities(self) -> families.Activities:
        """The activity logs."""
        return families.Activities(self._client.activities, self._portal)

    @cached_property
    def bulk_imports(self) -> families.BulkImports:
        """Bulk imports of people and courses."""
        return families.BulkImports(self._client.bulk_imports, self._portal)

    @cached_property
    def tokens(self) -> families.Tokens:
        """Self-signup tokens."""
        return families.Tokens(self._client.tokens, self._portal)

    @cached_property
    def collections(self) -> families.Collections:
        """Collections of courses and learning paths."""
        return families.Collections(self._client.collections, self._portal)

    @cached_property
    def collection_listings(self) -> families.CollectionListings:
        """Listings of collections, and who is in them."""
        return families.CollectionListings(self._client.collection_listings, self._portal)

    @cached_property
    def xapi(self) -> families.Xapi:
        """Statements of a learning record store, for a client that was given one (`xapi=`)."""
        return families.Xapi(self._client.xapi, self._portal)

    @cached_property
    def sso(self) -> families.Sso:
        """Recipes for single sign-on."""
        return families.Sso(self._client.sso, self._portal)

    @cached_property
    def bulk(self) -> families.Bulk:
        """Jobs over many pairs, in the bulk lane."""
        return families.Bulk(self._client.bulk, self._portal)

    @cached_property
    def export(self) -> families.Export:
        """Lists into files, in the bulk lane."""
        return families.Export(self._client.export, self._portal)

    @cached_property
    def report(self) -> families.Reports:
        """Reports on who has completed what, in the bulk lane."""
        return families.Reports(self._client.report, self._portal)

    def with_options(self, **options: Unpack[CallOptions]) -> Self:
        """Return a view of this client with other defaults; see the asynchronous client."""
        view = object.__new__(type(self))
        view._stack, view._portal, view._owns = ExitStack(), self._portal, False
        view._client = self._client.with_options(**options)
        return view

    @property
    def quota(self) -> Quota:
        """The state of the limit."""
        return self._client.quota

    def usage(self) -> Usage:
        """Return who uses what of the limit, process by process."""
        return self._portal.call(self._client.usage)

    def request(self, method: Literal["GET", "POST", "PUT", "DELETE"], path: str, **options: Any) -> Any:
        """Reach what is not wrapped; see the asynchronous client."""

        async def run() -> Any:
            return await self._client.request(method, path, **options)

        return self._portal.call(run)

    def close(self) -> None:
        """Close the connections, and end the thread. In a fork of its process there is nothing to close."""
        if not self._portal.is_forked:
            self._stack.close()

    def __enter__(self) -> Self:
        if not self._owns:
            raise ConfigurationError("a view of a client is closed with its client")
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"sync.{self._client!r}"
