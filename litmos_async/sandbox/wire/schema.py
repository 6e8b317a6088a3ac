"""The sandbox's own table of fields, in XML order: people, courses, teams, learning paths, bulk imports.

It is written out here a second time on purpose: if client and sandbox shared one table, a slip in it would
cancel out and no test would see it. The rest of it is in `schema_training.py`, `schema_org.py` and
`schema_offers.py`.

An element is a name and a line of words, one for each field: `Name` is text, `Name:kind` something else, and
a question mark after it means that the blank value is null; `Name/Other` is called Other in JSON answers. Kinds:

- `bool`, `int`, `float`
- `date`: `/Date(ms+0000)/` in JSON, `2021-05-11T18:27:24.763` in XML
- `iso`: `2016-12-20T15:24:16Z` in both, an empty text when there is none (api-facts 3)
- `expiry`: a `date`, and an empty text when there is none
- `us`: a time that answers write as `12/31/2025 12:00:00 AM` in both (api-facts 3)
- `spaced`: the same, and requests write it as `2025-12-31 00:00:00` and in no other form
- `one`, `many`: another element, or a list of them
- `texts`: a list of texts; what its items are called in XML is not documented, `string` is assumed
- `stated`: a text that may be left out, but is never null
- `attribute`, `content`: not an element but an attribute or the text of the record's own (custom fields)
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

from attrs import field, frozen

Record: TypeAlias = dict[str, Any]
"""One record by its names on the wire; values are str, bool, int, float, datetime, None or list."""

_BLANKS: Final[dict[str, Any]] = {
    "text": "",
    "bool": False,
    "int": 0,
    "float": 0.0,
    "content": "",
    "attribute": "",
}


@frozen
class Field:
    """One field of an element."""

    name: str
    kind: str = "text"
    nullable: bool = False
    element: Element | None = None
    json_name: str = ""

    def blank(self) -> Any:
        """Return what the field holds when nothing was said about it."""
        if self.kind == "many":
            return []
        return None if self.nullable else _BLANKS.get(self.kind)


@frozen
class Element:
    """A kind of record: its XML name and its fields in order."""

    name: str
    fields: tuple[Field, ...]
    places: dict[str, int] = field(repr=False)

    def blank(self) -> Record:
        """Return a record with every field at its blank value."""
        return {each.name: each.blank() for each in self.fields}


def element(name: str, line: str, /, **parts: Element) -> Element:
    """Read an element from its line of words; `parts` are the elements of `one` and `many` fields."""
    fields: list[Field] = []
    for word in line.split():
        label, _, kind = word.rstrip("?").partition(":")
        first, _, other = label.partition("/")
        fields.append(Field(first, kind or "text", word.endswith("?"), parts.get(first), other or first))
    return Element(name, tuple(fields), {each.name: place for place, each in enumerate(fields)})


_CUSTOM_FIELDS: Final = " ".join(f"CustomField{n}" for n in range(1, 11))
_ADVANCED_COURSE_FIELDS: Final = " ".join(f"AdvCourseCustomField{n}?" for n in range(1, 11))
_ADVANCED_USER_FIELDS: Final = " ".join(f"UserCustomField{n}" for n in range(1, 26))

# Users

USER_SUMMARY: Final = element("User", "Id UserName FirstName LastName Active:bool Email AccessLevel? Brand?")

USER: Final = element(
    "User",
    f"""
    Id UserName FirstName LastName FullName Email AccessLevel DisableMessages:bool Active:bool
    Skype PhoneWork PhoneMobile LastLogin:iso LoginKey IsCustomUsername:bool Password SkipFirstLogin:bool
    TimeZone SalesforceId? OriginalId:int Street1 Street2 City State PostalCode Country CompanyName JobTitle
    {_CUSTOM_FIELDS}
    Culture SalesforceContactId? SalesforceAccountId? CreatedDate:iso Points:float Brand ManagerId ManagerName
    EnableTextNotification:bool Website Twitter ExpirationDate:expiry JobRole ExternalEmployeeId ProfileType?
    """,
)

PAGINATION: Final = element("Pagination", "BatchParam BatchSize:int Start:int TotalCount:int")
USER_PAGE: Final = element(
    "UserCollection", "Pagination:one Items:many", Pagination=PAGINATION, Items=USER_SUMMARY
)

CUSTOM_FIELD_VALUE: Final = element("parameter", "fieldname:attribute Value:content")

# Request items that name one thing; other members are ignored.
USER_REF: Final = element("User", "Id UserName FirstName LastName")
TEAM_REF: Final = element("Team", "Id")
COURSE_REF: Final = element("Course", "Id")
TEAM_COURSE_REF: Final = element("Course", "Id CourseTeamLibrary:bool")
LEARNING_PATH_REF: Final = element("LearningPath", "Id")
MODULE_REF: Final = element("Module", "Id")

# Courses and results

COURSE: Final = element(
    "Course",
    """
    Id Code Name Active:bool ForSale:bool OriginalId:int Description EcommerceShortDescription
    EcommerceLongDescription CourseCodeForBulkImport Price:float AccessTillDate:date? AccessTillDays:int?
    CourseTeamLibrary:bool CreatedBy SeqId? Tags
    """,
)

COURSE_DETAILS: Final = element(
    "Course",
    f"""
    Id OriginalId:int Code Name Description CourseCode Active:bool IncludeInLibrary:bool CompleteInOrder:bool
    CourseImageURL? CreatedDate:date UpdatedDate:date CreatedBy UpdatedBy ForSale:bool
    EcommerceShortDescription EcommerceLongDescription Price:float AccessTillDate:date? AccessTillDays:int?
    DueDate:date? DueDateSpan:int? ComplianceDate:date? ComplianceDateSpan:int? ComplianceRetake?
    Languages:texts? Topics? Tags? CoursePreRequisites? LearningPathPreRequisites? Skills? Social:bool
    DiscussionForum:bool
    {_ADVANCED_COURSE_FIELDS}
    AllModulesNewWindow:bool Certificate:bool BoostsReleased:int? BoostsFrequency:int?
    """,
)

COURSE_USER: Final = element(
    "User",
    """
    Id UserName FirstName LastName Completed:bool PercentageComplete:float CompliantTill:date? DueDate:date?
    AccessTillDate:date?
    """,
)

USER_COURSE: Final = element(
    "Course",
    """
    Id Code Name Active:bool Complete:bool PercentageComplete:float AssignedDate:date? StartDate:date?
    DateCompleted:date? UpToDate:bool Overdue:bool CompliantTill:date? IsLearningPath:bool
    CourseCreatedDate:date? CourseCreator OriginalId:int ResultId AccessTillDate:date?
    """,
)

USER_WITH_COURSES: Final = element("User", "Id Courses:many", Courses=USER_COURSE)

USER_COURSE_MODULE: Final = element(
    "Module",
    """
    Id Code Name Passmark:float? Score:float? Completed:bool LastUpdated:date? Attempt:int? OriginalId:int
    ResultId StartDate:date? DateCompleted:date?
    """,
)

USER_COURSE_DETAILS: Final = element(
    "Course",
    """
    Id Code Name Active:bool Complete:bool PercentageComplete:float AssignedDate:date? StartDate:date?
    DateCompleted:date? UpToDate:bool Overdue:bool CourseDueDate:date? OriginalId:int AccessTillDate:date?
    ResultId Modules:many
    """,
    Modules=USER_COURSE_MODULE,
)

MODULE: Final = element("Module", "Id Code Name Description Active:bool ModuleType:int?")

MODULE_RESULT: Final = element(
    "ModuleResult", "CourseId UserId Score:int? Completed:bool UpdatedAt:date? Note? Attempts:int?"
)

# Two names are others in the JSON that a peer reads (api-facts 11).
RESULT_DETAIL: Final = element(
    "User",
    """
    Id UserOriginalId:int UserName/Username FirstName LastName Active:bool Email AccessLevel LoginKey CourseId
    CourseOriginalId:int UpdatedDate:date Code CourseName Complete/Completed:bool PercentageComplete:float
    CompletedDate:date? UpToDate:bool Overdue:bool CompliantTillDate:date?
    """,
)

ACHIEVEMENT: Final = element(
    "Achievement",
    """
    UserId Title Description AchievementDate:date CourseId? CompliantTillDate:date? Score? Result? Type
    FirstName LastName AchievementId:int CertificateId?
    """,
)

COURSE_CUSTOM_FIELD: Final = element(
    "CourseCustomField",
    "CustomFieldId Label DefaultValue? Mandatory:bool VisibleToLearner:bool Type Dropdown:texts?",
)

# Teams

TEAM_SUMMARY: Final = element("Team", "Id Name TeamCodeForBulkImport ParentTeamId")
TEAM: Final = element("Team", "Id Name Description ParentTeamId TeamCodeForBulkImport")

# Learning paths

LEARNING_PATH: Final = element(
    "LearningPath",
    """
    Id Name Description Active:bool OriginalId:int ForSale:bool Price:float EcommerceShortDescription
    EcommerceLongDescription AccessTillDate:date? AccessTillDays:int? IsEquivalency:bool
    LearningPathTeamLibrary:bool
    """,
)

LEARNING_PATH_COURSE: Final = element(
    "Course",
    """
    Id Code Name Description Active:bool ForSale:bool EquivalencyId? EquivalencyGroupName? OriginalId:int
    Price:float
    """,
)

LEARNING_PATH_USER: Final = element(
    "User", "Id UserName FirstName LastName Completed:bool PercentageComplete:float"
)

USER_LEARNING_PATH: Final = element(
    "LearningPath",
    """
    Id Name Active:bool OriginalId:int Complete:bool PercentageComplete:float AssignedDate:date?
    StartDate:date? DateCompleted:date? ResultId AccessTillDate:date?
    """,
)

# Gamification

GAMIFICATION_SUMMARY: Final = element(
    "GamificationAchievementSummary", "TotalBadgeEarned:int TotalPointEarned:float"
)

BADGE: Final = element("Badge", "ID Title Description Icon IconBgColor?")

_LEARNING_PATH_ITEM: Final = element("GamificationLearningPathItem", "ID")
_COURSE_ITEM: Final = element("GamificationCourseItem", "ID")
GAMIFICATION_ITEM: Final = element(
    "GamificationAchievedItem",
    """
    ID ItemID ItemName EarnedPoint:float EarnedBadgeID? DateCompleted:date? Badge:one
    GamificationLearningPathItemList:many GamificationCourseItemList:many
    """,
    Badge=BADGE,
    GamificationLearningPathItemList=_LEARNING_PATH_ITEM,
    GamificationCourseItemList=_COURSE_ITEM,
)

TEAM_GAMIFICATION: Final = element(
    "User",
    "Id FirstName LastName GamificationAchievedItems:many",
    GamificationAchievedItems=GAMIFICATION_ITEM,
)

# Bulk imports. Everything may be left out, and what is left out keeps its value: blank means null here.

USER_IMPORT: Final = element(
    "UserImport",
    " ".join(
        f"{word}?"
        for word in f"""
        Username Email FirstName LastName Password Phone Mobile Skype Title CompanyName WebSite Twitter
        Team1 Team2 Team3 Team4 Team5 Course1 Course2 Course3 Address1 Address2 City State Zip Country
        {_CUSTOM_FIELDS} SalesforceId SalesforceContactId SalesforceAccountId
        Active:bool InActiveDate:stated AccessLevel:stated Brand Culture Manager {_ADVANCED_USER_FIELDS}
        JobRole ExternalEmployeeId
        """.split()
    ),
)

USER_BULK_IMPORT: Final = element(
    "UserBulkImport",
    """
    Id ImportDate:date Status TotalRecords:int TotalUsersCreated:int Failed:int Duplicate:int InvalidEmail:int
    SendEmails:bool SkipFirstLogin:bool IsAPIImport:bool
    """,
)

IMPORT_USER_ERROR: Final = element("ImportUserError", "Username ImportStatus")

COURSE_IMPORT: Final = element(
    "CourseImport",
    " ".join(
        f"{word}?"
        for word in f"""
        CourseTitle Description CourseCode Active:bool ContentLibrary:bool Notifications ModuleOrder:bool
        CourseInactivationDate CourseAccessExpirationDate CourseAccessExpirationDateSpan:int DueDate
        DueDateSpan:int ComplianceDateSpan:int ComplianceRetake:bool Topic1 Topic2 Topic3 Social:bool
        DiscussionForum:bool CoursePrerequisite1 CoursePrerequisite2 CoursePrerequisite3
        LearningPathPrerequisite1 LearningPathPrerequisite2 LearningPathPrerequisite3 Language Tags
        {_ADVANCED_COURSE_FIELDS.replace("?", "")} ReferenceCode
        """.split()
    ),
)

COURSE_BULK_IMPORT: Final = element(
    "CourseBulkImport",
    "ImportId ImportDate:date Status TotalRecords:int TotalCoursesCreated:int Failed:int",
)
