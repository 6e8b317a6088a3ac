"""Bulk imports: rows, jobs and their errors."""

from __future__ import annotations

from datetime import date, datetime

from attrs import define, field

from litmos_async.models.record import Record, wire


@define(kw_only=True, repr=False)
class UserImport(Record):
    """A row of a bulk import of people: it creates or changes the person with this user name.

    What is empty or absent keeps its stored value, unlike in `users.update`. The import turns message
    notifications on for everyone it touches.

    Attributes:
        username: At most 50 characters; small n; the key of the upsert; 50 is a limit that a peer
            enforces.
        email: Required in openapi, optional in the vendor page.
        password: Six characters at least.
        title: Job title.
        company_name: At most 100 characters.
        web_site: Capital S.
        team1: TeamCodeForBulkImport.
        course1: CourseCodeForBulkImport.
        in_active_date: Never null when present; vendor page writes InactiveDate.
        access_level: L, TL, TA or 2..5: 2 Account Owner; a peer adds 3 Administrator; never null when
            present. TL and TA give no rights before the person is promoted in a team.
        manager: User name or Id of the manager.
    """

    xml_element = "UserImport"
    key = ()

    username: str | None = field(default=None, metadata=wire(required=True))
    email: str | None = None
    first_name: str | None = field(default=None, metadata=wire(required=True))
    last_name: str | None = field(default=None, metadata=wire(required=True))
    password: str | None = field(default=None, repr=False, metadata=wire(secret=True))
    phone: str | None = None
    mobile: str | None = None
    skype: str | None = None
    title: str | None = None
    company_name: str | None = None
    web_site: str | None = None
    twitter: str | None = None
    team1: str | None = None
    team2: str | None = None
    team3: str | None = None
    team4: str | None = None
    team5: str | None = None
    course1: str | None = None
    course2: str | None = None
    course3: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    custom_field1: str | None = None
    custom_field2: str | None = None
    custom_field3: str | None = None
    custom_field4: str | None = None
    custom_field5: str | None = None
    custom_field6: str | None = None
    custom_field7: str | None = None
    custom_field8: str | None = None
    custom_field9: str | None = None
    custom_field10: str | None = None
    salesforce_id: str | None = None
    salesforce_contact_id: str | None = None
    salesforce_account_id: str | None = None
    active: bool | None = None
    in_active_date: date | None = None
    access_level: str | None = None
    brand: str | None = None
    culture: str | None = None
    manager: str | None = None
    user_custom_field1: str | None = None
    user_custom_field2: str | None = None
    user_custom_field3: str | None = None
    user_custom_field4: str | None = None
    user_custom_field5: str | None = None
    user_custom_field6: str | None = None
    user_custom_field7: str | None = None
    user_custom_field8: str | None = None
    user_custom_field9: str | None = None
    user_custom_field10: str | None = None
    user_custom_field11: str | None = None
    user_custom_field12: str | None = None
    user_custom_field13: str | None = None
    user_custom_field14: str | None = None
    user_custom_field15: str | None = None
    user_custom_field16: str | None = None
    user_custom_field17: str | None = None
    user_custom_field18: str | None = None
    user_custom_field19: str | None = None
    user_custom_field20: str | None = None
    user_custom_field21: str | None = None
    user_custom_field22: str | None = None
    user_custom_field23: str | None = None
    user_custom_field24: str | None = None
    user_custom_field25: str | None = None
    job_role: str | None = None
    external_employee_id: str | None = field(default=None, metadata=wire(aliases=("ExternalEmployeeID",)))


@define(kw_only=True, repr=False)
class UserBulkImport(Record):
    """A bulk import of people, under way or finished.

    Attributes:
        status: Waiting at first, Completed at the end; others not listed.
        is_api_import: Vendor page only.
    """

    xml_element = "UserBulkImport"

    id: str = ""
    import_date: datetime | None = None
    status: str | None = None
    total_records: int | None = None
    total_users_created: int | None = None
    failed: int | None = None
    duplicate: int | None = None
    invalid_email: int | None = None
    send_emails: bool | None = None
    skip_first_login: bool | None = None
    is_api_import: bool | None = field(default=None, metadata=wire("IsAPIImport"))


@define(kw_only=True, repr=False)
class ImportUserError(Record):
    """Why a row of a bulk import failed.

    Attributes:
        import_status: Such as "Failed - Unknown Error".
    """

    key = ()

    username: str | None = None
    import_status: str | None = field(default=None, metadata=wire(aliases=("ImporStatus",)))


@define(kw_only=True, repr=False)
class CourseImport(Record):
    """A row of a bulk import of courses. With a `course_code` it changes that course, without it creates one.

    A date and its span exclude one another. Dates follow the date format of the organisation, and are sent as
    `yyyy-MM-dd`.

    Attributes:
        course_code: Present: update; it is CourseCodeForBulkImport.
        notifications: User name.
        course_access_expiration_date_span: At most 100.
        due_date_span: At most 100.
        compliance_date_span: At most 100.
    """

    xml_element = "CourseImport"
    key = ()

    course_title: str | None = field(default=None, metadata=wire(required=True))
    description: str | None = None
    course_code: str | None = None
    active: bool | None = field(default=None, metadata=wire(required=True))
    content_library: bool | None = None
    notifications: str | None = None
    module_order: bool | None = None
    course_inactivation_date: date | None = None
    course_access_expiration_date: date | None = None
    course_access_expiration_date_span: int | None = None
    due_date: date | None = None
    due_date_span: int | None = None
    compliance_date_span: int | None = None
    compliance_retake: bool | None = None
    topic1: str | None = None
    topic2: str | None = None
    topic3: str | None = None
    social: bool | None = None
    discussion_forum: bool | None = None
    course_prerequisite1: str | None = None
    course_prerequisite2: str | None = None
    course_prerequisite3: str | None = None
    learning_path_prerequisite1: str | None = None
    learning_path_prerequisite2: str | None = None
    learning_path_prerequisite3: str | None = None
    language: str | None = None
    tags: str | None = None
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
    reference_code: str | None = None


@define(kw_only=True, repr=False)
class CourseBulkImport(Record):
    """A bulk import of courses, as it was started.

    Attributes:
        import_id: Id in the users form.
    """

    xml_element = "CourseBulkImport"
    key = ("import_id",)

    import_id: str | None = None
    import_date: datetime | None = None
    status: str | None = None
    total_records: int | None = None
    total_courses_created: int | None = None
    failed: int | None = None
