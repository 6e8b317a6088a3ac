"""Link and result rows of the date-range queries under `/org`: one thing in relation to another."""

from __future__ import annotations

from datetime import datetime

from attrs import define

from litmos_async.models.record import Record


@define(kw_only=True, repr=False)
class OrgModuleResult(Record):
    """The result of a person in a module.

    Attributes:
        id: The module.
        time_taken: HH:MM:SS.
    """

    xml_element = "ModuleResult"
    key = ("module_result_id", "id", "user_id", "updated_date")

    id: str = ""
    user_id: str | None = None
    original_module_id: int | None = None
    original_user_id: int | None = None
    module_result_id: int | None = None
    active: bool | None = None
    name: str | None = None
    passmark: float | None = None
    score: float | None = None
    user_name: str | None = None
    completed: bool | None = None
    attempt_number: int | None = None
    created_by: str | None = None
    finished_date: datetime | None = None
    created_date: datetime | None = None
    started_date: datetime | None = None
    time_taken: str | None = None
    updated_date: datetime | None = None
    code: str | None = None


@define(kw_only=True, repr=False)
class OrgCourseResult(Record):
    """The result of a person in a course.

    Attributes:
        id: The course.
        up_to_date: Typed as a date in openapi, true in its example.
    """

    xml_element = "UserResult"
    key = ("id", "user_id", "updated_date")

    id: str = ""
    user_id: str | None = None
    original_course_id: int | None = None
    original_user_id: int | None = None
    name: str | None = None
    active: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    started_date: datetime | None = None
    completed: bool | None = None
    percentage_complete: float | None = None
    completed_date: datetime | None = None
    up_to_date: bool | None = None
    overdue: bool | None = None
    compliant_till_date: datetime | None = None
    due_date: datetime | None = None
    last_attempt_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    code: str | None = None
    user_name: str | None = None
    learning_path_assignment: bool | None = None
    team_assignment: bool | None = None


@define(kw_only=True, repr=False)
class OrgLearningPathResult(Record):
    """The result of a person on a learning path.

    Attributes:
        id: The learning path.
        due_date: In no list of the fields, but in the vendor's own Salesforce package.
    """

    xml_element = "LearningPathResult"
    key = ("id", "user_id", "updated_date")

    id: str = ""
    user_id: str | None = None
    original_learning_path_id: int | None = None
    original_user_id: int | None = None
    active: bool | None = None
    name: str | None = None
    percentage_complete: float | None = None
    completed: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    compliant_till_date: datetime | None = None
    start_date: datetime | None = None
    finish_date: datetime | None = None
    created_by: str | None = None
    due_date: datetime | None = None


@define(kw_only=True, repr=False)
class OrgCourseModule(Record):
    """A module put into or taken out of a course.

    Attributes:
        id: The module.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "CourseModule"
    key = ("course_id", "id", "updated_date")

    course_id: str | None = None
    id: str = ""
    original_course_id: int | None = None
    original_module_id: int | None = None
    active: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None


@define(kw_only=True, repr=False)
class OrgLearningPathCourse(Record):
    """A course put into or taken out of a learning path.

    Attributes:
        id: The course.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "LearningPathCourse"
    key = ("learning_path_id", "id", "updated_date")

    learning_path_id: str | None = None
    id: str = ""
    original_learning_path_id: int | None = None
    original_course_id: int | None = None
    active: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None


@define(kw_only=True, repr=False)
class OrgUserCourse(Record):
    """A course assigned to or taken from a person.

    Attributes:
        id: The course.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "UserCourse"
    key = ("user_id", "id", "updated_date")

    user_id: str | None = None
    id: str = ""
    original_user_id: int | None = None
    original_course_id: int | None = None
    active: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None


@define(kw_only=True, repr=False)
class OrgLearningPathUser(Record):
    """A learning path assigned to or taken from a person.

    Attributes:
        id: The user.
    """

    xml_element = "LearningPathUser"
    key = ("learning_path_id", "id", "updated_date")

    learning_path_id: str | None = None
    id: str = ""
    original_learning_path_id: int | None = None
    active: bool | None = None
    original_user_id: int | None = None
    created_by: str | None = None
    created_date: datetime | None = None
    updated_by: str | None = None
    updated_date: datetime | None = None


@define(kw_only=True, repr=False)
class OrgTeamUser(Record):
    """A person put into or taken out of a team.

    Attributes:
        id: The user.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "TeamUser"
    key = ("team_id", "id", "is_team_leader", "is_team_admin", "updated_date")

    team_id: str | None = None
    id: str = ""
    original_team_id: int | None = None
    original_user_id: int | None = None
    active: bool | None = None
    is_team_leader: bool | None = None
    is_team_admin: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None


@define(kw_only=True, repr=False)
class OrgTeamCourse(Record):
    """A course assigned to or taken from a team.

    Attributes:
        id: The course.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "TeamCourse"
    key = ("team_id", "id", "is_in_team_library", "updated_date")

    team_id: str | None = None
    id: str = ""
    original_course_id: int | None = None
    original_team_id: int | None = None
    active: bool | None = None
    is_in_team_library: bool | None = None
    learning_path_assignment: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None


@define(kw_only=True, repr=False)
class OrgTeamLearningPath(Record):
    """A learning path assigned to or taken from a team.

    Attributes:
        id: The learning path.
        created_by: Numeric id, -1 or 0 for the system.
    """

    xml_element = "TeamLearningPath"
    key = ("team_id", "id", "updated_date")

    team_id: str | None = None
    id: str = ""
    original_learning_path_id: int | None = None
    original_team_id: int | None = None
    active: bool | None = None
    is_in_team_library: bool | None = None
    created_date: datetime | None = None
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
