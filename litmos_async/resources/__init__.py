"""The operations of the API, one class a family."""

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
from litmos_async.resources.xapi import Xapi

__all__ = ["Resources"]


class Resources:
    """All families of operations, each under the name that its ids begin with."""

    def __init__(self, caller: Caller) -> None:
        self.users = Users(caller)
        self.teams = Teams(caller)
        self.courses = Courses(caller)
        self.course_custom_fields = CourseCustomFields(caller)
        self.modules = Modules(caller)
        self.learning_paths = LearningPaths(caller)
        self.ilt_modules = IltModules(caller)
        self.sessions = Sessions(caller)
        self.instructors = Instructors(caller)
        self.locations = Locations(caller)
        self.results = Results(caller)
        self.achievements = Achievements(caller)
        self.org = Org(caller)
        self.activities = Activities(caller)
        self.bulk_imports = BulkImports(caller)
        self.tokens = Tokens(caller)
        self.collections = Collections(caller)
        self.collection_listings = CollectionListings(caller)
        self.xapi = Xapi(caller)
        self.sso = Sso(caller)
