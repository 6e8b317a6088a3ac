"""The sandbox's own table of fields: rows of the delta queries. The words are those of schema.py.

`CreatedBy` and `UpdatedBy` are the numeric ids of people (api-facts 7), as numbers in JSON where a row was
seen.
"""

from __future__ import annotations

from typing import Final

from litmos_async.sandbox.wire.schema import Element, element

_CUSTOM_FIELDS: Final = " ".join(f"CustomField{n}" for n in range(1, 11))
_DATES: Final = "CreatedDate:date UpdatedDate:date?"
_AUDIT: Final = f"{_DATES} CreatedBy:int UpdatedBy:int?"

# Things

ORG_USER: Final = element(
    "User",
    f"""
    Id UserName FirstName LastName FullName Email AccessLevel DisableMessages:bool Active:bool Skype PhoneWork
    PhoneMobile LastLogin:date? LoginKey IsCustomUsername:bool TimeZone SalesforceId? OriginalUserId:int
    Street1 Street2 City State PostalCode Country CompanyName JobTitle {_CUSTOM_FIELDS} SalesforceContactId?
    SalesforceAccountId? {_AUDIT} Brand ManagerId ManagerName EnableTextNotification:bool Website Twitter
    ExpirationDate:date? ExternalEmployeeId ProfileType?
    """,
)

ORG_TEAM: Final = element(
    "Team", f"Id Name OriginalTeamId:int Active:bool {_AUDIT} ParentTeamId TeamCodeForBulkImport"
)

ORG_COURSE: Final = element(
    "Course",
    f"""
    Id Code Name Active:bool ForSale:bool OriginalCourseId:int Description EcommerceShortDescription
    EcommerceLongDescription CourseCodeForBulkImport Price:float AccessTillDate:date? AccessTillDays:int?
    {_AUDIT}
    CompliantTillDays:int? TimeLimitDate:date? TimeLimitDays:int? DisplayOrder:int IncludeInLibrary:bool
    CourseImageURL?
    """,
)

ORG_LEARNING_PATH: Final = element(
    "LearningPath",
    f"""
    Id Name Description Active:bool OriginalId:int ForSale:bool Price:float EcommerceShortDescription
    EcommerceLongDescription AccessTillDate:date? AccessTillDays:int? {_DATES} CreatedBy:int DisplayOrder:int
    IncludeInLibrary:bool IsCourseOptionalOrder:bool ImageURL?
    """,
)

ORG_MODULE: Final = element(
    "Module",
    f"Id OriginalId:int Name Description Active:bool Passmark:float? {_DATES} CreatedBy:int ModuleType",
)

# Links: Id is the one on the right

ORG_TEAM_USER: Final = element(
    "TeamUser",
    f"""
    TeamId Id OriginalTeamId:int OriginalUserId:int Active:bool IsTeamLeader:bool IsTeamAdmin:bool {_AUDIT}
    """,
)

ORG_TEAM_COURSE: Final = element(
    "TeamCourse",
    f"""
    TeamId Id OriginalCourseId:int OriginalTeamId:int Active:bool IsInTeamLibrary:bool
    LearningPathAssignment:bool {_AUDIT}
    """,
)

ORG_TEAM_LEARNING_PATH: Final = element(
    "TeamLearningPath",
    f"TeamId Id OriginalLearningPathId:int OriginalTeamId:int Active:bool IsInTeamLibrary:bool {_AUDIT}",
)

ORG_COURSE_MODULE: Final = element(
    "CourseModule", f"CourseId Id OriginalCourseId:int OriginalModuleId:int Active:bool {_AUDIT}"
)

ORG_LEARNING_PATH_COURSE: Final = element(
    "LearningPathCourse",
    f"LearningPathId Id OriginalLearningPathId:int OriginalCourseId:int Active:bool {_AUDIT}",
)

ORG_USER_COURSE: Final = element(
    "UserCourse", f"UserId Id OriginalUserId:int OriginalCourseId:int Active:bool {_AUDIT}"
)

ORG_LEARNING_PATH_USER: Final = element(
    "LearningPathUser",
    """
    LearningPathId Id OriginalLearningPathId:int Active:bool OriginalUserId:int CreatedBy:int CreatedDate:date
    UpdatedBy:int? UpdatedDate:date?
    """,
)

# Results

ORG_COURSE_RESULT: Final = element(
    "UserResult",
    f"""
    Id UserId OriginalCourseId:int OriginalUserId:int Name Active:bool {_DATES} StartedDate:date?
    Completed:bool PercentageComplete:float CompletedDate:date? UpToDate:bool Overdue:bool
    CompliantTillDate:date?
    DueDate:date? LastAttemptDate:date? CreatedBy:int UpdatedBy:int? Code UserName
    LearningPathAssignment:bool? TeamAssignment:bool?
    """,
)

ORG_MODULE_RESULT: Final = element(
    "ModuleResult",
    """
    Id UserId OriginalModuleId:int OriginalUserId:int ModuleResultId:int Active:bool Name Passmark:float?
    Score:float? UserName Completed:bool AttemptNumber:int? CreatedBy:int FinishedDate:date? CreatedDate:date
    StartedDate:date? TimeTaken? UpdatedDate:date Code?
    """,
)

ORG_LEARNING_PATH_RESULT: Final = element(
    "LearningPathResult",
    f"""
    Id UserId OriginalLearningPathId:int OriginalUserId:int Active:bool Name PercentageComplete:float
    Completed:bool {_DATES} CompliantTillDate:date? StartDate:date? FinishDate:date? CreatedBy:int
    """,
)

ORG_ACHIEVEMENT: Final = element(
    "Achievement",
    f"""
    Id UserId CourseId? LearningPathId? OriginalAchievementId:int OriginalUserId:int OriginalCourseId:int?
    OriginalLearningPathId:int? CompliantTillDate:date? Title AchievementDate:date Type CertificateId?
    {_AUDIT}
    """,
)

# Ecommerce. The JSON of a wrapped list was never seen: an object with the one list is assumed.

ECOMMERCE_COURSE: Final = element(
    "Course",
    f"""
    Id Code Name Active:bool UpdatedBy:int OriginalId Description EcommerceShortDescription
    EcommerceLongDescription Skills? Price:float AccessTillDate:date? AccessTillDays:int? CoursePrerequisites?
    LearningPathPrerequisites? Currency Languages? Topics? Tags? {_DATES} CreatedBy:int
    """,
)

ECOMMERCE_LEARNING_PATH: Final = element(
    "LearningPath",
    f"""
    Id Name Description Active:bool OriginalId Price:float EcommerceShortDescription EcommerceLongDescription
    AccessTillDate:date? AccessTillDays:int? {_DATES} CreatedBy:int Code? Currency Languages? Topics? Tags?
    CoursePreRequisites? LearningPathPreRequisites? Skills? UpdatedBy:int
    """,
)

ECOMMERCE_COURSES: Final = element("Ecommerce", "Courses:many", Courses=ECOMMERCE_COURSE)
ECOMMERCE_LEARNING_PATHS: Final = element(
    "Ecommerce", "LearningPaths:many", LearningPaths=ECOMMERCE_LEARNING_PATH
)

# Activity logs

_OBJECTS: Final = """
    ObjectType ObjectId OriginalObjectId ObjectName? TargetObjectType? TargetObjectId? OriginalTargetObjectId?
    TargetObjectName?
    """
_ACTOR: Final = "ActivityBy:int ActivityByUserName ActivityDate:date"


def _activity(name: str) -> Element:
    return element(name, f"ActivityType {_OBJECTS} {_ACTOR}")


ACTION_ACTIVITY: Final = _activity("ActionActivity")
ASSIGNMENT_ACTIVITY: Final = _activity("AssignmentActivity")
CONTENT_ACTIVITY: Final = _activity("ContentActivity")
LOGIN_ACTIVITY: Final = element(
    "LoginActivity", "ActivityType UserId OriginalUserId UserName IPAddress LoginDate:date"
)
SETTINGS_ACTIVITY: Final = element(
    "SettingsActivity", f"ActivityType Category {_OBJECTS} OldValue? NewValue? {_ACTOR}"
)
