"""Instructor-led training: sessions of ILT modules, who is registered, and who came."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from litmos_async.sandbox.state.links import Links, Registration
from litmos_async.sandbox.state.people import People
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_training import LOCATION, SESSION, SESSION_DAY

ILT: Final = "ILT"
"""The type of a module that has sessions."""

PACKAGE: Final = 9
"""The number of the type of a module that is fetched as a package: "always 9" (api-facts 20)."""


class Training:
    """The sessions of a tenant.

    Args:
        tenant: The organisation.

    Attributes:
        sessions: Sessions by id; besides the fields of the record they hold `CourseId` and `ModuleId`.
        registrations: Links from sessions to people.
        instructors: Ids of the people who teach.
        locations: Places, as rows of `Location`.
    """

    def __init__(self, tenant: People) -> None:
        self._tenant = tenant
        self.sessions: dict[str, Record] = {}
        self.registrations: Links[Registration] = Links(_registration)
        self.instructors: list[str] = []
        self.locations: list[Record] = []

    def add_instructor(self, user_id: str) -> None:
        """Make a person an instructor."""
        if user_id not in self.instructors:
            self.instructors.append(user_id)

    def add_location(self, **fields: Any) -> Record:
        """Add a place."""
        location: Record = {
            **LOCATION.blank(),
            "LocationId": self._tenant.ids.number("location"),
            **fields,
        }
        self.locations.append(location)
        return location

    def add_module(self, course_id: str, **fields: Any) -> Record:
        """Add a module that has sessions to a course."""
        return self._tenant.add_module(course_id, ModuleType=ILT, **fields)

    def delete_module(self, module_id: str) -> None:
        """Delete a module and every session of it."""
        for session_id in [each["Id"] for each in self.of_module(module_id)]:
            self.delete_session(session_id)
        self._tenant.delete_module(module_id)

    def add_session(self, course_id: str, module_id: str, **fields: Any) -> Record:
        """Add a session; name the fields as on the wire, those of `Days` too."""
        session: Record = {
            **SESSION.blank(),
            "Id": fields.get("Id") or self._tenant.ids.short(),
            "CourseId": course_id,
            "ModuleId": module_id,
            "SessionType": 1,
            "TimeZone": "UTC",
            "CreatedDate": self._tenant.now(),
        }
        self.sessions[session["Id"]] = session
        self.change_session(session["Id"], **fields)
        return session

    def change_session(self, session_id: str, **fields: Any) -> None:
        """Change fields of a session; a day keeps its id if it is named, and gets one otherwise."""
        session = self.sessions[session_id]
        known = {day["Id"]: day["CreatedDate"] for day in session["Days"]}
        session |= fields
        session["Days"] = [self._day(day, known) for day in session["Days"]]
        session["StartDate"] = min(day["StartDate"] for day in session["Days"])
        session["EndDate"] = max(day["EndDate"] for day in session["Days"])
        session["UpdatedDate"] = self._tenant.now()
        if session["InstructorUserId"] in self._tenant.users:
            self.add_instructor(session["InstructorUserId"])

    def _day(self, fields: Record, known: dict[str, datetime]) -> Record:
        day = SESSION_DAY.blank() | fields
        if day["Id"] in known:
            return day | {"CreatedDate": known[day["Id"]]}
        return day | {"Id": self._tenant.ids.short(), "CreatedDate": self._tenant.now()}

    def delete_session(self, session_id: str) -> None:
        """Delete a session and the registrations to it."""
        self.registrations.remove_all(session_id, self._tenant.now())
        del self.sessions[session_id]

    def held(self) -> list[Record]:
        """Return the sessions whose module is still there."""
        linked = self._tenant.course_modules.get
        return [each for each in self.sessions.values() if linked(each["CourseId"], each["ModuleId"])]

    def of_module(self, module_id: str) -> list[Record]:
        """Return the sessions of a module."""
        return [each for each in self.sessions.values() if each["ModuleId"] == module_id]

    def register(self, session_id: str, user_id: str) -> bool:
        """Register a person; False if they were registered."""
        return self.registrations.add(session_id, user_id, self._tenant.now())[1]

    def mark(self, session_id: str, user_id: str, score: int, *, completed: bool) -> None:
        """Mark a person at the roll call: the result in the module follows."""
        registration, session = self._registration(session_id, user_id), self.sessions[session_id]
        registration.score, registration.completed = score, completed
        course_id, module_id = session["CourseId"], session["ModuleId"]
        if self._tenant.user_courses.get(user_id, course_id):
            self._tenant.set_module_result(user_id, course_id, module_id, score, completed=completed)

    def attend(self, session_id: str, user_id: str, day_id: str, *, attended: bool) -> None:
        """Note whether a person came on a day."""
        days = self._registration(session_id, user_id).attended
        if attended:
            days.add(day_id)
        else:
            days.discard(day_id)

    def _registration(self, session_id: str, user_id: str) -> Registration:
        registration = self.registrations.get(session_id, user_id)
        if registration is None:
            raise KeyError(f"{user_id} is not registered to {session_id}")
        registration.updated = self._tenant.now()
        return registration


def _registration(when: datetime) -> Registration:
    return Registration(created=when, updated=when)
