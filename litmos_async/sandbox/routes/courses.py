"""The operations on courses, their modules and custom fields, and on learning paths."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.users import SEARCHED, answer_custom_fields
from litmos_async.sandbox.rows.people import course_users, learning_path_users
from litmos_async.sandbox.state.training import ILT, PACKAGE
from litmos_async.sandbox.wire.schema import (
    COURSE,
    COURSE_CUSTOM_FIELD,
    COURSE_DETAILS,
    COURSE_REF,
    COURSE_USER,
    LEARNING_PATH,
    LEARNING_PATH_COURSE,
    LEARNING_PATH_USER,
    MODULE,
    MODULE_REF,
    Record,
)

routes = Routes()

# Rows of people in a course or on a path carry no full name to search in.
_SEARCHED: Final = tuple(name for name in SEARCHED if name != "FullName")


@routes("GET", "/courses")
def list_courses(call: Call) -> Response:
    """Answer the courses."""
    return answer_courses(call, list(call.tenant.courses.values()))


def answer_courses(
    call: Call, courses: list[Record], *, in_library: frozenset[str] = frozenset()
) -> Response:
    """Answer a list of courses; `in_library` are those that a team has in its library only."""
    rows = [
        {name: value for name, value in course.items() if name not in {"Tags", "SeqId"}}  # single form only
        | {"CourseTeamLibrary": course["Id"] in in_library}
        for course in call.page(call.matching(courses, "Name", "Code"))
    ]
    return call.answer_all("Courses", COURSE, rows)


@routes("GET", "/courses/{course_id}")
def get(call: Call, course_id: str) -> Response:
    """Answer one course, with its tags."""
    return call.answer(COURSE, {k: v for k, v in call.course(course_id).items() if k != "SeqId"})


@routes("GET", "/courses/{course_id}/details")
def get_details(call: Call, course_id: str) -> Response:
    """Answer the settings of a course; the XML root is not documented, Course is assumed."""
    course = call.course(course_id)
    details = COURSE_DETAILS.blank() | {"CourseCode": course["CourseCodeForBulkImport"]}
    return call.answer(COURSE_DETAILS, details | {name: course[name] for name in details if name in course})


@routes("DELETE", "/courses/{course_id}")
def delete(call: Call, course_id: str) -> Response:
    """Delete a course; where there is a body, its Id must be that of the path."""
    call.course(course_id)
    if call.body and call.record(COURSE_REF)["Id"] != course_id:
        raise Refusal(409, "Id does not match")
    call.tenant.delete_course(course_id)
    return done()


@routes("GET", "/courses/{course_id}/users")
def list_users(call: Call, course_id: str) -> Response:
    """Answer the people who have a course, with their results."""
    call.course(course_id)
    rows = call.matching(course_users(call.tenant, course_id), *_SEARCHED)
    return call.answer_all("Users", COURSE_USER, call.page(rows))


@routes("GET", "/courses/{course_id}/modules")
def list_modules(call: Call, course_id: str) -> Response:
    """Answer the modules of a course; of the numbers of their types only that of a package is documented."""
    call.course(course_id)
    modules = [call.tenant.modules[module_id] for module_id in call.tenant.course_modules.of_left(course_id)]
    rows = [
        each | {"ModuleType": None if each["ModuleType"] == ILT else PACKAGE}
        for each in call.page(call.matching(modules, "Name", "Code"))
    ]
    return call.answer_all("Modules", MODULE, rows)


@routes("GET", "/courses/{course_id}/coursecustomfields")
def get_custom_fields(call: Call, course_id: str) -> Response:
    """Answer the custom fields of a course."""
    call.course(course_id)
    return answer_custom_fields(call, course_id)


@routes("POST", "/courses/{course_id}/modules/copy")
@routes("POST", "/courses/{course_id}/modules/mirror")
def copy_modules(call: Call, course_id: str) -> Response:
    """Put copies of modules into a course."""
    for module in _modules_in_body(call, course_id):
        fields = {name: module[name] for name in ("Code", "Name", "Description", "Active")}
        call.tenant.add_module(course_id, **fields)
    return done()


@routes("POST", "/courses/{course_id}/modules/link")
def link_modules(call: Call, course_id: str) -> Response:
    """Put the modules themselves into a second course."""
    for module in _modules_in_body(call, course_id):
        call.tenant.course_modules.add(course_id, module["Id"], call.tenant.now())
    return done()


@routes("DELETE", "/courses/{course_id}/modules/{module_id}")
def remove_module(call: Call, course_id: str, module_id: str) -> Response:
    """Take a module out of a course."""
    call.course(course_id)
    if not call.tenant.course_modules.remove(course_id, module_id, call.tenant.now()):
        raise Refusal(404, "Module not found")
    return done()


def _modules_in_body(call: Call, course_id: str) -> list[Record]:
    call.course(course_id)
    modules = [call.module(module_id) for module_id in call.ids("Modules", MODULE_REF)]
    if any(module["ModuleType"] == ILT for module in modules):
        raise Refusal(409, "Only SCORM and Tin Can modules can be copied")
    return modules


def ilt_module(call: Call, course_id: str, module_id: str) -> Record:
    """Return a module of a course that has sessions."""
    call.course(course_id)
    module = call.tenant.modules.get(module_id)
    linked = call.tenant.course_modules.get(course_id, module_id)
    if module is None or not linked or module["ModuleType"] != ILT:
        raise Refusal(404, "Module not found")
    return module


@routes("GET", "/coursecustomfields")
def list_custom_field_definitions(call: Call) -> Response:
    """Answer the custom fields that courses can have."""
    definitions = call.tenant.custom_field_definitions.values()
    return call.answer_all("CourseCustomFields", COURSE_CUSTOM_FIELD, definitions)


@routes("GET", "/coursecustomfields/{field_id}")
def get_custom_field_definition(call: Call, field_id: str) -> Response:
    """Answer one custom field."""
    definition = call.tenant.custom_field_definitions.get(field_id)
    if definition is None:
        raise Refusal(404, "Custom field not found")
    return call.answer(COURSE_CUSTOM_FIELD, definition)


@routes("GET", "/learningpaths")
def list_learning_paths(call: Call) -> Response:
    """Answer the learning paths."""
    return answer_learning_paths(call, list(call.tenant.learning_paths.values()))


def answer_learning_paths(call: Call, paths: list[Record]) -> Response:
    """Answer a list of learning paths."""
    return call.answer_all("LearningPaths", LEARNING_PATH, call.page(call.matching(paths, "Name")))


@routes("GET", "/learningpaths/{path_id}")
def get_learning_path(call: Call, path_id: str) -> Response:
    """Answer one learning path."""
    return call.answer(LEARNING_PATH, call.path(path_id))


@routes("DELETE", "/learningpaths/{path_id}")
def delete_learning_path(call: Call, path_id: str) -> Response:
    """Delete a learning path."""
    call.path(path_id)
    call.tenant.delete_learning_path(path_id)
    return done()


@routes("GET", "/learningpaths/{path_id}/courses")
def list_learning_path_courses(call: Call, path_id: str) -> Response:
    """Answer the courses of a learning path."""
    call.path(path_id)
    courses = [call.tenant.courses[course_id] for course_id in call.tenant.path_courses.of_left(path_id)]
    blank = LEARNING_PATH_COURSE.blank()
    rows = [blank | course for course in call.page(call.matching(courses, "Name", "Code"))]
    return call.answer_all("Courses", LEARNING_PATH_COURSE, rows)


@routes("GET", "/learningpaths/{path_id}/users")
def list_learning_path_users(call: Call, path_id: str) -> Response:
    """Answer the people on a learning path."""
    call.path(path_id)
    rows = call.matching(learning_path_users(call.tenant, path_id), *_SEARCHED)
    return call.answer_all("Users", LEARNING_PATH_USER, call.page(rows))
