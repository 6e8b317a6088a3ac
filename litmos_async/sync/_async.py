"""The asynchronous families, under one name for the facade."""

from litmos_async.bulk import Bulk
from litmos_async.export import Export
from litmos_async.report import Reports
from litmos_async.resources.activities import Activities
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

__all__ = [
    "Achievements",
    "Activities",
    "Bulk",
    "BulkImports",
    "CollectionListings",
    "Collections",
    "CourseCustomFields",
    "Courses",
    "Export",
    "IltModules",
    "Instructors",
    "LearningPaths",
    "Locations",
    "Modules",
    "Org",
    "Reports",
    "Results",
    "Sessions",
    "Sso",
    "Teams",
    "Tokens",
    "Users",
    "Xapi",
]
