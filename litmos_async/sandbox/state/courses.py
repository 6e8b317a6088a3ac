"""What there is to learn: courses, their modules, and learning paths."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from litmos_async.sandbox.state.audit import Audit
from litmos_async.sandbox.state.ids import Ids
from litmos_async.sandbox.state.links import Link, Links, new_link
from litmos_async.sandbox.wire.schema import COURSE, COURSE_CUSTOM_FIELD, LEARNING_PATH, MODULE, Record


class Courses:
    """Courses, their modules, and learning paths.

    Attributes:
        now: The clock that stamps records.
        ids: Where new ids come from.
        audit: What was done.
        courses: Courses by id.
        modules: Course modules by id.
        learning_paths: Learning paths by id.
        course_modules: Links from courses to modules.
        path_courses: Links from learning paths to courses.
        custom_fields: Values of the advanced custom fields by the id of a person or course, then by label.
        custom_field_definitions: The custom fields of courses, by id.
    """

    def __init__(self, now: Callable[[], datetime], ids: Ids) -> None:
        self.now = now
        self.ids = ids
        self.audit = Audit(self._time)
        self.courses: dict[str, Record] = {}
        self.modules: dict[str, Record] = {}
        self.learning_paths: dict[str, Record] = {}
        self.course_modules: Links[Link] = Links(new_link)
        self.path_courses: Links[Link] = Links(new_link)
        self.custom_fields: dict[str, dict[str, str]] = {}
        self.custom_field_definitions: dict[str, Record] = {}

    def _time(self) -> datetime:
        """Return the time of the clock that `now` is by then: a test may exchange it."""
        return self.now()

    # Courses

    def add_course(self, **fields: Any) -> Record:
        """Add a course; name the fields as on the wire.

        Args:
            fields: Fields by their names on the wire.
        """
        now = self.now()
        course: Record = {
            **COURSE.blank(),
            "Id": self.ids.short(),
            "OriginalId": self.ids.number("course"),
            "Active": True,
            "CreatedDate": now,
            "UpdatedDate": now,
            **fields,
        }
        self.courses[course["Id"]] = course
        self._know_course(course)
        self.audit.note("content", "Created", course["Id"])
        return course

    def change_course(self, course_id: str, **fields: Any) -> None:
        """Change fields of a course.

        Args:
            course_id: Id of the course.
            fields: Fields by their names on the wire.
        """
        course = self.courses[course_id]
        course |= {"UpdatedDate": self.now(), **fields}
        self._know_course(course)
        self.audit.note("content", "Updated", course_id)

    def _know_course(self, course: Record) -> None:
        # A number and a code or, without one, a name (api-facts 7).
        course["CourseCodeForBulkImport"] = f"{course['OriginalId']}-{course['Code'] or course['Name']}"
        self.audit.know("Course", course)

    def delete_course(self, course_id: str) -> None:
        """Delete a course and take it out of every learning path.

        Args:
            course_id: Id of the course.
        """
        now = self.now()
        for links in (self.course_modules, self.path_courses):
            links.remove_all(course_id, now)
        del self.courses[course_id]
        self.audit.note("content", "Deleted", course_id)

    def add_custom_field(self, **fields: Any) -> Record:
        """Define a custom field of courses.

        Args:
            fields: Fields by their names on the wire.
        """
        definition: Record = {
            **COURSE_CUSTOM_FIELD.blank(),
            "CustomFieldId": str(self.ids.number("custom field")),
            "Type": "String",
            **fields,
        }
        self.custom_field_definitions[definition["CustomFieldId"]] = definition
        return definition

    # Modules

    def add_module(self, course_id: str | None, **fields: Any) -> Record:
        """Add a module to a course or, with None, to none yet.

        Args:
            course_id: Id of the course.
            fields: Fields by their names on the wire.
        """
        now = self.now()
        module: Record = {
            **MODULE.blank(),
            "Id": self.ids.short(),
            "OriginalId": self.ids.number("module"),
            "ModuleType": "SCORM",
            "Active": True,
            "HideDescription": False,
            "NewWindow": False,
            "ReviewMode": False,
            "CreatedDate": now,
            "UpdatedDate": now,
            **fields,
        }
        self.modules[module["Id"]] = module
        self.audit.know("Module", module)
        self.audit.note("content", "Created", module["Id"])
        if course_id is not None:
            self.course_modules.add(course_id, module["Id"], now)
        return module

    def change_module(self, module_id: str, **fields: Any) -> None:
        """Change fields of a module.

        Args:
            module_id: Id of the module.
            fields: Fields by their names on the wire.
        """
        module = self.modules[module_id]
        module |= {"UpdatedDate": self.now(), **fields}
        self.audit.know("Module", module)
        self.audit.note("content", "Updated", module_id)

    def delete_module(self, module_id: str) -> None:
        """Delete a module and take it out of every course.

        Args:
            module_id: Id of the module.
        """
        self.course_modules.remove_all(module_id, self.now())
        del self.modules[module_id]
        self.audit.note("content", "Deleted", module_id)

    # Learning paths

    def add_learning_path(self, *course_ids: str, **fields: Any) -> Record:
        """Add a learning path that leads through these courses.

        Args:
            course_ids: Ids of its courses, in order.
            fields: Fields by their names on the wire.
        """
        now = self.now()
        path: Record = {
            **LEARNING_PATH.blank(),
            "Id": self.ids.short(),
            "OriginalId": self.ids.number("learning path"),
            "Active": True,
            "CreatedDate": now,
            "UpdatedDate": now,
            **fields,
        }
        self.learning_paths[path["Id"]] = path
        self.audit.know("LearningPath", path)
        self.audit.note("content", "Created", path["Id"])
        for course_id in course_ids:
            self.path_courses.add(path["Id"], course_id, now)
        return path

    def delete_learning_path(self, path_id: str) -> None:
        """Delete a learning path.

        Args:
            path_id: Id of the learning path.
        """
        self.path_courses.remove_all(path_id, self.now())
        del self.learning_paths[path_id]
        self.audit.note("content", "Deleted", path_id)
