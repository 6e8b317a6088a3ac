"""The operations on people: the record, the lists of people, teams of a person, custom fields."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.state.checks import written_user
from litmos_async.sandbox.wire.schema import (
    CUSTOM_FIELD_VALUE,
    TEAM_REF,
    TEAM_SUMMARY,
    USER,
    USER_PAGE,
    USER_SUMMARY,
    Record,
)

routes = Routes()

SEARCHED: Final = ("UserName", "FirstName", "LastName", "FullName", "Email")
"""The fields of a person that `search` looks at (api-facts 4)."""

_SORT_FIELDS: Final = {
    name.lower(): name for name in ("FirstName", "LastName", "UserName", "Active", "Email")
}
_MOST_TEAMS: Final = 25


@routes("GET", "/users")
def list_users(call: Call) -> Response:
    """Answer the people that were asked for, as short rows."""
    return call.answer_all("Users", USER_SUMMARY, call.page(_people(call)))


@routes("GET", "/users/paginated")
def list_paginated(call: Call) -> Response:
    """Answer the same rows with a total: the only list that has one."""
    people = _people(call)
    pagination = {
        "BatchParam": "Limit",
        "BatchSize": call.limit,
        "Start": call.start,
        "TotalCount": len(people),
    }
    return call.answer(USER_PAGE, {"Pagination": pagination, "Items": call.page(people)})


@routes("GET", "/users/details")
def list_details(call: Call) -> Response:
    """Answer full records; `since` compares the date of creation."""
    since = call.moment("since")
    people = [each for each in _people(call) if since is None or each["CreatedDate"] > since]
    return call.answer_all("Users", USER, call.page(people))


@routes("GET", "/users/{user_id}")
def get(call: Call, user_id: str) -> Response:
    """Answer one person; here, and only here, a user name will do for the id (api-facts 7)."""
    return call.answer(
        USER, call.tenant.users.get(user_id) or call.tenant.user_named(user_id) or call.user(user_id)
    )


@routes("POST", "/users")
def create(call: Call) -> Response:
    """Add a person; no e-mail unless `sendmessage=true`."""
    fields = written_user(call.tenant, call.record(USER))
    # SkipFirstLogin: true in the body came back as false in the recording (api-facts 8).
    fields["SkipFirstLogin"] = call.flag("skipfirstlogin", default=False)
    user = call.tenant.add_user(**fields)
    if call.flag("sendmessage", default=False):
        call.tenant.mail(user["Id"], "login")
    return call.answer(USER, user, 201)


@routes("PUT", "/users/{user_id}")
def update(call: Call, user_id: str) -> Response:
    """Write the whole record: what the body leaves out becomes blank."""
    call.user(user_id)
    body = call.record(USER)
    if body["Id"] != user_id:
        raise Refusal(404, "Id does not match")
    call.tenant.change_user(user_id, **written_user(call.tenant, body, user_id))
    return done()


@routes("DELETE", "/users/{user_id}")
def delete(call: Call, user_id: str) -> Response:
    """Delete a person for good."""
    call.user(user_id)
    call.tenant.delete_user(user_id)
    return done()


@routes("GET", "/users/{user_id}/teams")
def list_teams(call: Call, user_id: str) -> Response:
    """Answer the teams of a person."""
    call.user(user_id)
    teams = [call.tenant.teams[team_id] for team_id in call.tenant.members.of_right(user_id)]
    return call.answer_all("Teams", TEAM_SUMMARY, call.page(call.matching(teams, "Name")))


@routes("POST", "/users/{user_id}/teams")
def add_to_teams(call: Call, user_id: str) -> Response:
    """Put a person into teams: all of them or, when one does not fit, none (api-facts 8)."""
    tenant = call.tenant
    call.user(user_id)
    team_ids = call.ids("Teams", TEAM_REF)
    if not team_ids:
        raise Refusal(404, "No TeamIds")
    if len(team_ids) > _MOST_TEAMS:
        raise Refusal(404, f"Maximum TeamIds is {_MOST_TEAMS}")
    for team_id in team_ids:
        call.team(team_id)
        if tenant.members.get(team_id, user_id):
            raise Refusal(409, "User already belongs to the team")
    for team_id in team_ids:
        tenant.join_team(team_id, user_id)
        if call.flag("sendmessage", default=False):
            tenant.mail(user_id, "team", team_id)
    return done(201)


@routes("DELETE", "/users/{user_id}/teams")
def remove_from_all_teams(call: Call, user_id: str) -> Response:
    """Take a person out of every team."""
    call.user(user_id)
    for team_id in call.tenant.members.of_right(user_id):
        call.tenant.leave_team(team_id, user_id)
    return done()


@routes("GET", "/users/{user_id}/usercustomfields")
def get_custom_fields(call: Call, user_id: str) -> Response:
    """Answer the advanced custom fields of a person."""
    call.user(user_id)
    return answer_custom_fields(call, user_id)


@routes("POST", "/users/{user_id}/usercustomfields")
def set_custom_fields(call: Call, user_id: str) -> Response:
    """Set the custom fields that the body names.

    JSON is one object, label to value, as the vendor's own collection has it. Of the two XML forms on record
    none is proven; the sandbox takes the one of the answer.
    """
    call.user(user_id)
    values = call.tenant.custom_fields.setdefault(user_id, {})
    values.update(call.labelled("ArrayOfparameter", CUSTOM_FIELD_VALUE))
    call.tenant.change_user(user_id)
    return done()


def answer_custom_fields(call: Call, thing_id: str) -> Response:
    """Answer the custom fields of a person or a course."""
    values = call.tenant.custom_fields.get(thing_id, {})
    rows = [{"fieldname": label, "Value": value} for label, value in values.items()]
    return call.answer_all("ArrayOfparameter", CUSTOM_FIELD_VALUE, rows)


def _people(call: Call) -> list[Record]:
    """Return the people that `search` and `showInactive` leave, in the order asked for."""
    people = call.matching(call.tenant.users.values(), *SEARCHED)
    if not call.flag("showInactive", default=True):
        people = [each for each in people if each["Active"]]
    sort_people(call, people)
    return people


def sort_people(call: Call, rows: list[Record]) -> None:
    """Put rows with the fields of people in the order that `sort` and `dir` ask for."""
    sort, descending = call.query.get("sort", ""), call.descending()
    if sort and sort.lower() not in _SORT_FIELDS:
        raise Refusal(400, f"Cannot sort by {sort}")
    if sort:
        name = _SORT_FIELDS[sort.lower()]
        rows.sort(key=lambda each: str(each[name]).lower(), reverse=descending)
