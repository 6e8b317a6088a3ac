"""The records of the API: attrs classes in the order of the fields on the wire.

A family of records is imported when one of its names is first used: making all 82 classes takes longer than
the rest of the library.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from litmos_async.models.activities import (
        ActionActivity,
        AssignmentActivity,
        ContentActivity,
        LoginActivity,
        SettingsActivity,
    )
    from litmos_async.models.collections import (
        Collection,
        CollectionCourseRef,
        CollectionLearningPathRef,
        Listing,
        ListingUser,
    )
    from litmos_async.models.courses import (
        Course,
        CourseCustomField,
        CourseDetails,
        CourseRef,
        CourseUser,
        TeamCourseRef,
        UserCourse,
        UserCourseDetails,
        UserCourseModule,
    )
    from litmos_async.models.ecommerce import EcommerceCourse, EcommerceLearningPath
    from litmos_async.models.enums import (
        AccessLevel,
        DurationType,
        ModuleStatus,
        ProfileType,
        ReminderMetric,
        TokenType,
    )
    from litmos_async.models.error_detail import ErrorDetail
    from litmos_async.models.gamification import (
        Badge,
        GamificationAchievedItem,
        GamificationItem,
        GamificationSummary,
        TeamGamification,
    )
    from litmos_async.models.ilt import (
        EventUser,
        ILTModule,
        Instructor,
        Location,
        Session,
        SessionCourse,
        SessionDay,
        SessionModule,
        SessionRegistrationStatus,
    )
    from litmos_async.models.imports import (
        CourseBulkImport,
        CourseImport,
        ImportUserError,
        UserBulkImport,
        UserImport,
    )
    from litmos_async.models.learning_paths import (
        LearningPath,
        LearningPathCourse,
        LearningPathRef,
        LearningPathUser,
        UserLearningPath,
    )
    from litmos_async.models.modules import ElearningModule, ElearningModuleRequest, Module, ModuleRef
    from litmos_async.models.org import (
        OrgAchievement,
        OrgCourse,
        OrgLearningPath,
        OrgModule,
        OrgTeam,
        OrgUser,
    )
    from litmos_async.models.org_links import (
        OrgCourseModule,
        OrgCourseResult,
        OrgLearningPathCourse,
        OrgLearningPathResult,
        OrgLearningPathUser,
        OrgModuleResult,
        OrgTeamCourse,
        OrgTeamLearningPath,
        OrgTeamUser,
        OrgUserCourse,
    )
    from litmos_async.models.record import Record
    from litmos_async.models.results import Achievement, ModuleResult, ResultDetail
    from litmos_async.models.teams import Team, TeamLearningPathRef, TeamRef, TeamSummary
    from litmos_async.models.tokens import Token
    from litmos_async.models.users import (
        CustomFieldValue,
        Pagination,
        User,
        UserPage,
        UserRef,
        UserSummary,
        UserWithCourses,
    )
    from litmos_async.models.xapi import XapiStatement

_FAMILIES: Final = {
    "activities": (
        "ActionActivity",
        "AssignmentActivity",
        "ContentActivity",
        "LoginActivity",
        "SettingsActivity",
    ),
    "collections": (
        "Collection",
        "CollectionCourseRef",
        "CollectionLearningPathRef",
        "Listing",
        "ListingUser",
    ),
    "courses": (
        "Course",
        "CourseCustomField",
        "CourseDetails",
        "CourseRef",
        "CourseUser",
        "TeamCourseRef",
        "UserCourse",
        "UserCourseDetails",
        "UserCourseModule",
    ),
    "ecommerce": ("EcommerceCourse", "EcommerceLearningPath"),
    "enums": ("AccessLevel", "DurationType", "ModuleStatus", "ProfileType", "ReminderMetric", "TokenType"),
    "error_detail": ("ErrorDetail",),
    "gamification": (
        "Badge",
        "GamificationAchievedItem",
        "GamificationItem",
        "GamificationSummary",
        "TeamGamification",
    ),
    "ilt": (
        "EventUser",
        "ILTModule",
        "Instructor",
        "Location",
        "Session",
        "SessionCourse",
        "SessionDay",
        "SessionModule",
        "SessionRegistrationStatus",
    ),
    "imports": ("CourseBulkImport", "CourseImport", "ImportUserError", "UserBulkImport", "UserImport"),
    "learning_paths": (
        "LearningPath",
        "LearningPathCourse",
        "LearningPathRef",
        "LearningPathUser",
        "UserLearningPath",
    ),
    "modules": ("ElearningModule", "ElearningModuleRequest", "Module", "ModuleRef"),
    "org": ("OrgAchievement", "OrgCourse", "OrgLearningPath", "OrgModule", "OrgTeam", "OrgUser"),
    "org_links": (
        "OrgCourseModule",
        "OrgCourseResult",
        "OrgLearningPathCourse",
        "OrgLearningPathResult",
        "OrgLearningPathUser",
        "OrgModuleResult",
        "OrgTeamCourse",
        "OrgTeamLearningPath",
        "OrgTeamUser",
        "OrgUserCourse",
    ),
    "record": ("Record",),
    "results": ("Achievement", "ModuleResult", "ResultDetail"),
    "teams": ("Team", "TeamLearningPathRef", "TeamRef", "TeamSummary"),
    "tokens": ("Token",),
    "users": (
        "CustomFieldValue",
        "Pagination",
        "User",
        "UserPage",
        "UserRef",
        "UserSummary",
        "UserWithCourses",
    ),
    "xapi": ("XapiStatement",),
}
_HOMES: Final = {name: family for family, names in _FAMILIES.items() for name in names}

__all__ = [
    "AccessLevel",
    "Achievement",
    "ActionActivity",
    "AssignmentActivity",
    "Badge",
    "Collection",
    "CollectionCourseRef",
    "CollectionLearningPathRef",
    "ContentActivity",
    "Course",
    "CourseBulkImport",
    "CourseCustomField",
    "CourseDetails",
    "CourseImport",
    "CourseRef",
    "CourseUser",
    "CustomFieldValue",
    "DurationType",
    "EcommerceCourse",
    "EcommerceLearningPath",
    "ElearningModule",
    "ElearningModuleRequest",
    "ErrorDetail",
    "EventUser",
    "GamificationAchievedItem",
    "GamificationItem",
    "GamificationSummary",
    "ILTModule",
    "ImportUserError",
    "Instructor",
    "LearningPath",
    "LearningPathCourse",
    "LearningPathRef",
    "LearningPathUser",
    "Listing",
    "ListingUser",
    "Location",
    "LoginActivity",
    "Module",
    "ModuleRef",
    "ModuleResult",
    "ModuleStatus",
    "OrgAchievement",
    "OrgCourse",
    "OrgCourseModule",
    "OrgCourseResult",
    "OrgLearningPath",
    "OrgLearningPathCourse",
    "OrgLearningPathResult",
    "OrgLearningPathUser",
    "OrgModule",
    "OrgModuleResult",
    "OrgTeam",
    "OrgTeamCourse",
    "OrgTeamLearningPath",
    "OrgTeamUser",
    "OrgUser",
    "OrgUserCourse",
    "Pagination",
    "ProfileType",
    "Record",
    "ReminderMetric",
    "ResultDetail",
    "Session",
    "SessionCourse",
    "SessionDay",
    "SessionModule",
    "SessionRegistrationStatus",
    "SettingsActivity",
    "Team",
    "TeamCourseRef",
    "TeamGamification",
    "TeamLearningPathRef",
    "TeamRef",
    "TeamSummary",
    "Token",
    "TokenType",
    "User",
    "UserBulkImport",
    "UserCourse",
    "UserCourseDetails",
    "UserCourseModule",
    "UserImport",
    "UserLearningPath",
    "UserPage",
    "UserRef",
    "UserSummary",
    "UserWithCourses",
    "XapiStatement",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
