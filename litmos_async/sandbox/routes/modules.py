"""The operations on modules: those that the service fetches as a package, and those that have sessions."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.courses import ilt_module
from litmos_async.sandbox.routes.session_checks import written_session
from litmos_async.sandbox.state.training import ILT, PACKAGE
from litmos_async.sandbox.wire.schema import Record
from litmos_async.sandbox.wire.schema_training import ELEARNING_MODULE, ELEARNING_MODULE_REQUEST, ILT_MODULE

routes = Routes()

_LENGTHS: Final = {"Name": 100, "Description": 2_000, "Code": 50, "ContentURL": 1_000}
_STEPS: Final = ("Queued", "Uploading", "ReadyToProcess", "Processing")


@routes("GET", "/modules/{module_id}")
def get(call: Call, module_id: str) -> Response:
    """Answer one module; its status moves on with time."""
    return call.answer(ELEARNING_MODULE, _row(call, _package(call, module_id)))


@routes("POST", "/modules")
def create(call: Call) -> Response:
    """Take a module in: its package is fetched later."""
    body = call.record(ELEARNING_MODULE_REQUEST)
    module = call.tenant.add_module(None, **_written(body))
    _fetch(call, module["Id"], body)
    return call.answer(ELEARNING_MODULE, _row(call, module), 201)


@routes("PUT", "/modules/{module_id}")
def update(call: Call, module_id: str) -> Response:
    """Write the whole record of a module and fetch its package again."""
    _package(call, module_id)
    body = call.record(ELEARNING_MODULE_REQUEST)
    call.tenant.change_module(module_id, **_written(body))
    _fetch(call, module_id, body)
    return done()


@routes("DELETE", "/modules/{module_id}")
def delete(call: Call, module_id: str) -> Response:
    """Delete a module."""
    _package(call, module_id)
    call.tenant.delete_module(module_id)
    return done()


def _package(call: Call, module_id: str) -> Record:
    module = call.module(module_id)
    if module["ModuleType"] == ILT:
        raise Refusal(404, "Module not found")
    return module


def _written(body: Record) -> Record:
    if body["ModuleType"] != PACKAGE:
        raise Refusal(400, f"ModuleType must be {PACKAGE}")
    for name in ("Name", "ContentURL"):
        if not body[name]:
            raise Refusal(400, f"{name} is required")
    for name, most in _LENGTHS.items():
        if len(body[name] or "") > most:
            raise Refusal(400, f"{name} is longer than {most} characters")
    same: dict[str, Any] = {
        name: body[name] for name in ("Name", "Active", "HideDescription", "NewWindow", "ReviewMode")
    }
    return same | {"Code": body["Code"] or "", "Description": body["Description"] or ""}


def _fetch(call: Call, module_id: str, body: Record) -> None:
    """Begin to fetch a package; the address of one that is no zip leads to Failed."""
    address = body["ContentURL"].partition("?")[0].lower()
    call.tenant.module_uploads[module_id] = (call.time, address.endswith(".zip"))


def _row(call: Call, module: Record) -> Record:
    return module | {
        "ModuleType": PACKAGE,
        "ModuleRefCode": module["Code"],
        "Status": _status(call, module["Id"]),
    }


def _status(call: Call, module_id: str) -> str:
    if module_id not in call.tenant.module_uploads:
        return "Ready"
    begun, good = call.tenant.module_uploads[module_id]
    seconds = call.tenant.module_seconds
    step = int(len(_STEPS) * (call.time - begun) / seconds) if seconds else len(_STEPS)
    return _STEPS[step] if step < len(_STEPS) else "Ready" if good else "Failed"


# Modules that have sessions


@routes("GET", "/courses/{course_id}/modules/ilt")
@routes("GET", "/courses/{course_id}/modules/ILT")
def list_ilt_modules(call: Call, course_id: str) -> Response:
    """Answer the modules of a course that have sessions; both spellings are on record (api-facts 10)."""
    call.course(course_id)
    tenant = call.tenant
    modules = [tenant.modules[module_id] for module_id in tenant.course_modules.of_left(course_id)]
    rows = [each for each in modules if each["ModuleType"] == ILT]
    return call.answer_all("Modules", ILT_MODULE, call.page(rows))


@routes("POST", "/courses/{course_id}/events")
def create_ilt_module(call: Call, course_id: str) -> Response:
    """Add a module with its sessions; the answer is not documented: the record as in the list."""
    call.course(course_id)
    body = call.record(ILT_MODULE)
    fields = _written_ilt(body)
    sessions = [written_session(call.tenant, each) for each in body["Sessions"] or ()]
    module = call.tenant.training.add_module(course_id, **fields)
    for session in sessions:
        call.tenant.training.add_session(course_id, module["Id"], **session)
    return call.answer(ILT_MODULE, module, 201)


@routes("POST", "/courses/{course_id}/events/{module_id}")
def update_ilt_module(call: Call, course_id: str, module_id: str) -> Response:
    """Write a module: a POST where one expects a PUT (api-facts 10); sessions are for create only."""
    ilt_module(call, course_id, module_id)
    body = call.record(ILT_MODULE)
    if body["Id"] not in {"", module_id}:
        raise Refusal(409, "Id does not match")
    call.tenant.change_module(module_id, **_written_ilt(body))
    return done()


@routes("DELETE", "/courses/{course_id}/events/{module_id}")
def delete_ilt_module(call: Call, course_id: str, module_id: str) -> Response:
    """Delete a module and every session of it."""
    ilt_module(call, course_id, module_id)
    call.tenant.training.delete_module(module_id)
    return done()


def _written_ilt(body: Record) -> Record:
    if not body["Name"]:
        raise Refusal(400, "Name is required")
    return {name: body[name] or "" for name in ("Code", "Name", "Description")}
