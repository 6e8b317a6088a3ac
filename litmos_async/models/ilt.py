"""Instructor-led training: modules, sessions, registrations, roll call."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Self

from attrs import define, field

from litmos_async.models.enums import AccessLevel, ReminderMetric
from litmos_async.models.record import Record, Tree, wire


@define(kw_only=True, repr=False)
class SessionDay(Record):
    """One day of a session.

    Attributes:
        start_time: 9:00AM.
        end_time: 5:00PM.
        send_reminder: False in a create that leaves it open.
        reminder_value: 1 or more, counted in `reminder_metric`; where no reminder is sent, any number will do.
        created_date: Newest page only.
    """

    xml_element = "SessionDay"

    id: str = ""
    start_date: datetime | None = field(default=None, metadata=wire(required=True))
    end_date: datetime | None = field(default=None, metadata=wire(required=True))
    start_time: str | None = field(default=None, metadata=wire(required=True))
    end_time: str | None = field(default=None, metadata=wire(required=True))
    send_reminder: bool | None = field(default=None, metadata=wire(required=True))
    reminder_value: int | None = field(default=None, metadata=wire(required=True))
    reminder_metric: ReminderMetric | str | None = field(default=None, metadata=wire(required=True))
    created_date: datetime | None = field(default=None, metadata=wire(read_only=True))


@define(kw_only=True, repr=False)
class Session(Record):
    """A session of an ILT module: a class room or an online meeting on one or more days.

    Attributes:
        id: At most 50 characters.
        name: At most 100 characters.
        instructor_user_id: At most 50 characters; "0" in answers when there are several instructors.
        instructor_name: At most 100 characters; "Multiple Instructors" in that case.
        session_type: Kinds named by openapi: class room, webinar, WebEx, GoToTraining, Zoom; which
            number is which is not documented where readable (the vendor sample pairs 1 with a virtual
            location; a peer says 1 classroom, 2 virtual, 3 blended, 4 other).
        time_zone: At most 100 characters; Windows id.
        location: At most 1000 characters.
        accepted: A count by its name, text in openapi.
        details: Newest page only.
    """

    xml_element = "Session"

    id: str = ""
    name: str | None = field(default=None, metadata=wire(required=True))
    instructor_user_id: str | None = field(default=None, metadata=wire(required=True))
    instructor_name: str | None = None
    session_type: int | None = field(default=None, metadata=wire(required=True))
    days: list[SessionDay] = field(factory=list, metadata=wire(required=True))
    time_zone: str | None = field(default=None, metadata=wire(required=True))
    location: str | None = field(default=None, metadata=wire(required=True))
    location_id: int | None = field(default=None, metadata=wire(required=True))
    resource_id: str | None = None
    resources: str | None = None
    start_date: datetime | None = None
    end_date: datetime | None = None
    course_name: str | None = field(default=None, metadata=wire(read_only=True))
    module_name: str | None = field(default=None, metadata=wire(read_only=True))
    slots: int | None = None
    accepted: str | None = None
    enable_wait_list: bool | None = None
    details: str | None = None


@define(kw_only=True, repr=False)
class SessionModule(Record):
    """An ILT module with its sessions, in the tree of `sessions.list_future` and `sessions.list_past`.

    Attributes:
        id: At most 50 characters.
        code: At most 20 characters.
        name: At most 255 characters.
        description: At most 2000 characters.
    """

    xml_element = "SessionModule"

    id: str = ""
    code: str | None = None
    name: str | None = None
    description: str | None = None
    sessions: list[Session] = field(factory=list)


@define(kw_only=True, repr=False)
class SessionCourse(Tree):
    """A course with its ILT modules and their sessions.

    Attributes:
        id: At most 50 characters.
        code: At most 20 characters.
        name: At most 255 characters.
        description: At most 2000 characters.
        original_id: At most 50 characters; text here, a number elsewhere.
    """

    xml_element = "SessionCourse"
    # The tree of one course may come in parts, on one page or on two: no part stands for the others.
    key = ()

    id: str = ""
    code: str | None = None
    name: str | None = None
    description: str | None = None
    active: bool | None = None
    for_sale: bool | None = None
    original_id: str | None = None
    price: float | None = None
    modules: list[SessionModule] = field(factory=list)

    @property
    def leaves(self) -> tuple[str, ...]:
        """Its sessions."""
        return tuple(
            f"{self.id} {module.id} {session.id}" for module in self.modules for session in module.sessions
        )

    @property
    def last_leaves(self) -> tuple[str, ...]:
        """The last session of each module."""
        return tuple(
            f"{self.id} {module.id} {module.sessions[-1].id}" for module in self.modules if module.sessions
        )

    def only(self, leaves: Collection[str]) -> Self:
        """Return the course with these sessions alone, and without modules that have none of them.

        Args:
            leaves: Ids of the sessions to keep.
        """
        modules = [
            module.replace(
                sessions=[each for each in module.sessions if f"{self.id} {module.id} {each.id}" in leaves]
            )
            for module in self.modules
        ]
        return self.replace(modules=[module for module in modules if module.sessions])


@define(kw_only=True, repr=False)
class EventUser(Record):
    """A person in a session: registration, attendance and roll call.

    Also what `sessions.mark_roll_call` takes.

    Attributes:
        id: At most 50 characters; the user.
        event_status: 1 in every sample; other values unknown.
    """

    xml_element = "EventUser"

    id: str = field(default="", metadata=wire(required=True))
    event_status: int | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    company_name: str | None = None
    score: int | None = None
    completed: bool | None = field(default=None, metadata=wire(required=True))


@define(kw_only=True, repr=False)
class SessionRegistrationStatus(Record):
    """How many of a list could be registered. It names no one: read the roll call for that."""

    xml_element = "UserSessionRegistrationStatus"
    key = ()

    total_users_registered: int | None = None
    failed: int | None = None


@define(kw_only=True, repr=False)
class ILTModule(Record):
    """An ILT module of a course.

    Attributes:
        sessions: Only on create.
    """

    xml_element = "Module"

    id: str = ""
    code: str | None = None
    name: str | None = field(default=None, metadata=wire(required=True))
    description: str | None = None
    sessions: list[Session] = field(factory=list)


@define(kw_only=True, repr=False)
class Instructor(Record):
    """A person who can lead sessions."""

    xml_element = "User"

    id: str = ""
    user_name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    active: bool | None = None
    email: str | None = None
    access_level: AccessLevel | str | None = None
    brand: str | None = None


@define(kw_only=True, repr=False)
class Location(Record):
    """A place where sessions are held."""

    key = ("location_id",)

    location_id: int | None = None
    location: str | None = None
    description: str | None = None
    street1: str | None = None
    street2: str | None = None
    city: str | None = None
    state: str | None = None
    postal_code: str | None = None
    country: str | None = None
    phone: str | None = None
