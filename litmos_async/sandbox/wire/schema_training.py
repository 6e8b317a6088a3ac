"""The sandbox's own table of fields: modules, instructor-led training. The words are those of schema.py."""

from __future__ import annotations

from typing import Final

from litmos_async.sandbox.wire.schema import element

# Modules that the service fetches as a package; order and names of answer and request differ.

ELEARNING_MODULE_REQUEST: Final = element(
    "Module",
    """
    Name Description? ModuleType:int Active:bool Code? HideDescription:bool NewWindow:bool ReviewMode:bool
    ContentURL
    """,
)

ELEARNING_MODULE: Final = element(
    "Module",
    """
    Id ModuleType:int Name Description? Active:bool ModuleRefCode? HideDescription:bool NewWindow:bool
    ReviewMode:bool Status
    """,
)

# Instructor-led training

SESSION_DAY: Final = element(
    "SessionDay",
    """
    Id StartDate:date EndDate:date StartTime EndTime SendReminder:bool ReminderValue:int ReminderMetric
    CreatedDate:date?
    """,
)

SESSION: Final = element(
    "Session",
    """
    Id Name InstructorUserId InstructorName SessionType:int Days:many TimeZone Location LocationId:int
    ResourceId? Resources? StartDate:date EndDate:date CourseName ModuleName Slots:int? Accepted?
    EnableWaitList:bool Details?
    """,
    Days=SESSION_DAY,
)

SESSION_MODULE: Final = element("SessionModule", "Id Code? Name Description? Sessions:many", Sessions=SESSION)

# OriginalId is text here and a number elsewhere.
SESSION_COURSE: Final = element(
    "SessionCourse",
    "Id Code? Name Description? Active:bool ForSale:bool OriginalId Price:float? Modules:many",
    Modules=SESSION_MODULE,
)

EVENT_USER: Final = element(
    "EventUser", "Id EventStatus:int FirstName LastName Email? CompanyName? Score:int? Completed:bool"
)

SESSION_REGISTRATION_STATUS: Final = element(
    "UserSessionRegistrationStatus", "TotalUsersRegistered:int Failed:int"
)

# The XML names of these three are not documented: Module, User and Location are assumed.
ILT_MODULE: Final = element("Module", "Id Code? Name Description? Sessions:many", Sessions=SESSION)
INSTRUCTOR: Final = element("User", "Id UserName FirstName LastName Active:bool Email AccessLevel Brand")
LOCATION: Final = element(
    "Location",
    "LocationId:int Location Description? Street1? Street2? City? State? PostalCode? Country? Phone?",
)
