"""The activity logs: who did what between `since` and `to`.

Whether the limit of 7 days holds here is not stated (operations.yaml); the sandbox lets it hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, get_args

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes
from litmos_async.sandbox.rows.lazy import LazyRow, Window, kept, records
from litmos_async.sandbox.state.audit import CALLER_NAME, CALLER_NUMBER, Activity, Log, Login
from litmos_async.sandbox.state.tenant import Tenant
from litmos_async.sandbox.wire.schema import Element, Record
from litmos_async.sandbox.wire.schema_org import (
    ACTION_ACTIVITY,
    ASSIGNMENT_ACTIVITY,
    CONTENT_ACTIVITY,
    LOGIN_ACTIVITY,
    SETTINGS_ACTIVITY,
)

routes = Routes()


@routes("GET", "/org/activities/actions")
def list_actions(call: Call) -> Response:
    """Answer what was done to people and teams."""
    return _answer(call, "actions", ACTION_ACTIVITY)


@routes("GET", "/org/activities/assignments")
def list_assignments(call: Call) -> Response:
    """Answer what was assigned to whom, and taken away."""
    return _answer(call, "assignments", ASSIGNMENT_ACTIVITY)


@routes("GET", "/org/activities/content")
def list_content(call: Call) -> Response:
    """Answer what was done to courses, modules and learning paths."""
    return _answer(call, "content", CONTENT_ACTIVITY)


@routes("GET", "/org/activities/settings")
def list_settings(call: Call) -> Response:
    """Answer which settings were changed."""
    return _answer(call, "settings", SETTINGS_ACTIVITY)


@routes("GET", "/org/activities/logins")
def list_logins(call: Call) -> Response:
    """Answer who logged in."""
    rows = kept(call.tenant, _logins, Window(*call.window()))
    return call.answer_all("LoginActivitys", LOGIN_ACTIVITY, records(call.page(rows)))


def _logins(tenant: Tenant) -> Iterator[LazyRow]:
    for login in tenant.audit.logins:
        yield LazyRow(login.when, _login, (login,))


def _login(login: Login) -> Record:
    return {
        "ActivityType": "Login",
        "UserId": login.user.id,
        "OriginalUserId": str(login.user.number),
        "UserName": login.user.name,
        "IPAddress": login.address,
        "LoginDate": login.when,
    }


def _answer(call: Call, log: Log, element: Element) -> Response:
    rows = kept(call.tenant, _LOGS[log], Window(*call.window()))
    # The service writes "Activitys" (api-facts 10).
    return call.answer_all(f"{element.name}s", element, records(call.page(rows)))


def _rows_of(log: Log) -> Callable[[Tenant], Iterator[LazyRow]]:
    def rows(tenant: Tenant) -> Iterator[LazyRow]:
        for each in tenant.audit.activities:
            if each.log == log:
                yield LazyRow(each.when, _row, (each,))

    return rows


_LOGS: Final = {log: _rows_of(log) for log in get_args(Log)}


def _row(activity: Activity) -> Record:
    thing, target = activity.thing, activity.target
    return {
        "ActivityType": activity.kind,
        "Category": "Organisation",
        "ObjectType": thing.kind,
        "ObjectId": thing.id,
        "OriginalObjectId": str(thing.number),
        "ObjectName": thing.name,
        "TargetObjectType": target.kind if target else None,
        "TargetObjectId": target.id if target else "0",
        "OriginalTargetObjectId": str(target.number) if target else "0",
        "TargetObjectName": target.name if target else None,
        "OldValue": activity.old,
        "NewValue": activity.new,
        "ActivityBy": CALLER_NUMBER,
        "ActivityByUserName": CALLER_NAME,
        "ActivityDate": activity.when,
    }
