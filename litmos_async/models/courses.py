"""Courses, and the assignments and progress of people in them."""

from __future__ import annotations

from datetime import datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class Course(Record):
    """A course. The API cannot change it, except by a bulk import of courses.

    Attributes:
        id: At most 50 characters.
        code: At most 20 characters; 50 in the newer ecommerce text.
        name: At most 255 characters.
        original_id: The number used in LoginKey course links and in the web interface.
        description: At most 2000 characters; HTML entities occur; limit from the ILT page.
        course_code_for_bulk_import: <OriginalId>-<Code or name>.
        price: 0.00.
        course_team_library: Meaningful in the list of a team.
        tags: Single form only; a text in openapi, a list to another client: a text reads as a list of one.
    """

    xml_element = "Course"
    key = ("id", "course_team_library")

    id: str = ""
    code: str | None = None
    name: str | None = None
    active: bool | None = None
    for_sale: bool | None = None
    original_id: int | None = None
    description: str | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    course_code_for_bulk_import: str | None = None
    price: float | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    course_team_library: bool | None = None
    created_by: str | None = None
    seq_id: str | None = None
    tags: list[str] = field(factory=list, metadata=wire(item="string"))


@define(kw_only=True, repr=False)
class CourseDetails(Record):
    """A course with all its settings.

    Attributes:
        course_code: The bulk-import code.
        created_date: CreateDate in the example of openapi.
        topics: A text in openapi, a list to another client: a text reads as a list of one. So are `tags`.
        boosts_frequency: BoostFrequency in the example.
    """

    id: str = ""
    original_id: int | None = None
    code: str | None = None
    name: str | None = None
    description: str | None = None
    course_code: str | None = None
    active: bool | None = None
    include_in_library: bool | None = None
    complete_in_order: bool | None = None
    course_image_url: str | None = field(default=None, metadata=wire("CourseImageURL"))
    created_date: datetime | None = field(default=None, metadata=wire(aliases=("CreateDate",)))
    updated_date: datetime | None = None
    created_by: str | None = None
    updated_by: str | None = None
    for_sale: bool | None = None
    ecommerce_short_description: str | None = None
    ecommerce_long_description: str | None = None
    price: float | None = None
    access_till_date: datetime | None = None
    access_till_days: int | None = None
    due_date: datetime | None = None
    due_date_span: int | None = None
    compliance_date: datetime | None = None
    compliance_date_span: int | None = None
    compliance_retake: str | None = None
    languages: list[str] = field(factory=list, metadata=wire(item="string"))
    topics: list[str] = field(factory=list, metadata=wire(item="string"))
    tags: list[str] = field(factory=list, metadata=wire(item="string"))
    course_pre_requisites: str | None = None
    learning_path_pre_requisites: str | None = None
    skills: str | None = None
    social: bool | None = None
    discussion_forum: bool | None = None
    adv_course_custom_field1: str | None = None
    adv_course_custom_field2: str | None = None
    adv_course_custom_field3: str | None = None
    adv_course_custom_field4: str | None = None
    adv_course_custom_field5: str | None = None
    adv_course_custom_field6: str | None = None
    adv_course_custom_field7: str | None = None
    adv_course_custom_field8: str | None = None
    adv_course_custom_field9: str | None = None
    adv_course_custom_field10: str | None = None
    all_modules_new_window: bool | None = None
    certificate: bool | None = None
    boosts_released: int | None = None
    boosts_frequency: int | None = field(default=None, metadata=wire(aliases=("BoostFrequency",)))


@define(kw_only=True, repr=False)
class CourseRef(Record):
    """A course in the list of a request.

    Attributes:
        id: At most 50 characters.
    """

    xml_element = "Course"

    id: str = field(default="", metadata=wire(required=True))


@define(kw_only=True, repr=False)
class TeamCourseRef(Record):
    """A course in the list of a request about a team.

    Attributes:
        id: At most 50 characters.
        course_team_library: False or absent: assignment; true: library of the team.
    """

    xml_element = "Course"

    id: str = field(default="", metadata=wire(required=True))
    course_team_library: bool | None = None


@define(kw_only=True, repr=False)
class CourseUser(Record):
    """A person in a course, with the result so far.

    Attributes:
        id: At most 50 characters.
        due_date: None as soon as the course is completed: the server removes it.
    """

    xml_element = "User"

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    completed: bool | None = None
    percentage_complete: float | None = None
    compliant_till: datetime | None = None
    due_date: datetime | None = None
    access_till_date: datetime | None = None


@define(kw_only=True, repr=False)
class UserCourse(Record):
    """A course assigned to a person, with the result so far.

    Attributes:
        id: At most 50 characters.
        code: At most 20 characters.
        name: At most 255 characters.
        complete: Unlike Completed in CourseUser.
        up_to_date: False when the course changed after completion.
        course_creator: At most 50 characters.
        result_id: At most 50 characters.
    """

    xml_element = "Course"
    key = ("id", "result_id")

    id: str = ""
    code: str | None = None
    name: str | None = None
    active: bool | None = None
    complete: bool | None = None
    percentage_complete: float | None = None
    assigned_date: datetime | None = None
    start_date: datetime | None = None
    date_completed: datetime | None = field(default=None, metadata=wire(aliases=("CompletedDate",)))
    up_to_date: bool | None = None
    overdue: bool | None = None
    compliant_till: datetime | None = field(default=None, metadata=wire(aliases=("ComplaintTill",)))
    is_learning_path: bool | None = None
    course_created_date: datetime | None = None
    course_creator: str | None = None
    original_id: int | None = None
    result_id: str | None = None
    access_till_date: datetime | None = None


@define(kw_only=True, repr=False)
class UserCourseModule(Record):
    """The result of a person in one module of a course.

    Attributes:
        start_date: Read by one live client.
        date_completed: Read by one live client.
    """

    xml_element = "Module"

    id: str = ""
    code: str | None = None
    name: str | None = None
    passmark: float | None = None
    score: float | None = None
    completed: bool | None = None
    last_updated: datetime | None = None
    attempt: int | None = None
    original_id: int | None = None
    result_id: str | None = None
    start_date: datetime | None = None
    date_completed: datetime | None = field(default=None, metadata=wire(aliases=("CompletedDate",)))


@define(kw_only=True, repr=False)
class UserCourseDetails(Record):
    """The result of a person in one course, module by module.

    Attributes:
        course_due_date: None as soon as the course is completed: the server removes it.
        modules: XML: Modules > Module assumed.
    """

    xml_element = "Course"

    id: str = ""
    code: str | None = None
    name: str | None = None
    active: bool | None = None
    complete: bool | None = None
    percentage_complete: float | None = None
    assigned_date: datetime | None = None
    start_date: datetime | None = None
    date_completed: datetime | None = field(default=None, metadata=wire(aliases=("CompletedDate",)))
    up_to_date: bool | None = None
    overdue: bool | None = None
    course_due_date: datetime | None = None
    original_id: int | None = None
    access_till_date: datetime | None = None
    result_id: str | None = None
    modules: list[UserCourseModule] = field(factory=list)


@define(kw_only=True, repr=False)
class CourseCustomField(Record):
    """The definition of a custom field of courses.

    Attributes:
        type: String, Number, Date or Dropdown.
        dropdown: Item shape not documented.
    """

    xml_element = "CourseCustomField"
    key = ("custom_field_id",)

    custom_field_id: str | None = None
    label: str | None = None
    default_value: str | None = None
    mandatory: bool | None = None
    visible_to_learner: bool | None = None
    type: str | None = None
    dropdown: list[str] = field(factory=list, metadata=wire(item="string"))
