"""The operations of the API, one class a family."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litmos_async.resources.activities import Activities
    from litmos_async.resources.base import Caller
    from litmos_async.resources.bulk_imports import BulkImports
    from litmos_async.resources.collections import CollectionListings, Collections
    from litmos_async.resources.course_custom_fields import CourseCustomFields
    from litmos_async.resources.courses import Courses
    from litmos_async.resources.ilt import IltModules, Instructors, Locations
    from litmos_async.resources.learning_paths import LearningPaths
    from litmos_async.resources.modules import Modules
    from litmos_async.resources.org import Org
    from litmos_async.resources.results import Achievements, Results
    from litmos_async.resources.sessions import Sessions
    from litmos_async.resources.sso import Sso
    from litmos_async.resources.teams import Teams
    from litmos_async.resources.tokens import Tokens
    from litmos_async.resources.users import Users
    from litmos_async.resources.xapi import StoreCaller, Xapi

__all__ = ["Resources"]


class Resources:
    """All families of operations, each under the name that its ids begin with.

    A family is imported when it is first used, with the records that it needs.
    """

    def __init__(self, caller: Caller, store: StoreCaller | None = None) -> None:
        self._caller = caller
        self._store = store

    @cached_property
    def users(self) -> Users:
        """People, and their courses, learning paths and teams."""
        from litmos_async.resources.users import Users

        return Users(self._caller)

    @cached_property
    def teams(self) -> Teams:
        """Teams, their members, and what is assigned to them."""
        from litmos_async.resources.teams import Teams

        return Teams(self._caller)

    @cached_property
    def courses(self) -> Courses:
        """Courses, the people in them, and their modules."""
        from litmos_async.resources.courses import Courses

        return Courses(self._caller)

    @cached_property
    def course_custom_fields(self) -> CourseCustomFields:
        """Definitions of the custom fields of courses."""
        from litmos_async.resources.course_custom_fields import CourseCustomFields

        return CourseCustomFields(self._caller)

    @cached_property
    def modules(self) -> Modules:
        """E-learning modules (SCORM, Tin Can, AICC)."""
        from litmos_async.resources.modules import Modules

        return Modules(self._caller)

    @cached_property
    def learning_paths(self) -> LearningPaths:
        """Learning paths, their courses, and the people on them."""
        from litmos_async.resources.learning_paths import LearningPaths

        return LearningPaths(self._caller)

    @cached_property
    def ilt_modules(self) -> IltModules:
        """Instructor-led modules."""
        from litmos_async.resources.ilt import IltModules

        return IltModules(self._caller)

    @cached_property
    def sessions(self) -> Sessions:
        """Sessions of instructor-led modules: registration, roll call, attendance."""
        from litmos_async.resources.sessions import Sessions

        return Sessions(self._caller)

    @cached_property
    def instructors(self) -> Instructors:
        """People who can lead sessions."""
        from litmos_async.resources.ilt import Instructors

        return Instructors(self._caller)

    @cached_property
    def locations(self) -> Locations:
        """Places where sessions are held."""
        from litmos_async.resources.ilt import Locations

        return Locations(self._caller)

    @cached_property
    def results(self) -> Results:
        """Results of people in courses and modules."""
        from litmos_async.resources.results import Results

        return Results(self._caller)

    @cached_property
    def achievements(self) -> Achievements:
        """Courses that people completed."""
        from litmos_async.resources.results import Achievements

        return Achievements(self._caller)

    @cached_property
    def org(self) -> Org:
        """What changed in a span of time, all over the organisation."""
        from litmos_async.resources.org import Org

        return Org(self._caller)

    @cached_property
    def activities(self) -> Activities:
        """The activity logs."""
        from litmos_async.resources.activities import Activities

        return Activities(self._caller)

    @cached_property
    def bulk_imports(self) -> BulkImports:
        """Bulk imports of people and courses."""
        from litmos_async.resources.bulk_imports import BulkImports

        return BulkImports(self._caller)

    @cached_property
    def tokens(self) -> Tokens:
        """Self-signup tokens."""
        from litmos_async.resources.tokens import Tokens

        return Tokens(self._caller)

    @cached_property
    def collections(self) -> Collections:
        """Collections of courses and learning paths."""
        from litmos_async.resources.collections import Collections

        return Collections(self._caller)

    @cached_property
    def collection_listings(self) -> CollectionListings:
        """Listings of collections, and who is in them."""
        from litmos_async.resources.collections import CollectionListings

        return CollectionListings(self._caller)

    @cached_property
    def xapi(self) -> Xapi:
        """Statements of a learning record store, for a client that was given one (`xapi=`)."""
        from litmos_async.resources.xapi import Xapi

        return Xapi(self._store)

    @cached_property
    def sso(self) -> Sso:
        """Recipes for single sign-on."""
        from litmos_async.resources.sso import Sso

        return Sso(self._caller)
