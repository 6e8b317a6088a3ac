"""The operations on teams: the record, members, leaders and admins."""

from __future__ import annotations

from starlette.responses import Response

from litmos_async.sandbox.call import Call, Routes, done
from litmos_async.sandbox.refusal import Refusal
from litmos_async.sandbox.routes.users import SEARCHED
from litmos_async.sandbox.wire.schema import TEAM, TEAM_SUMMARY, USER_REF, USER_SUMMARY, Record

routes = Routes()


@routes("GET", "/teams")
def list_teams(call: Call) -> Response:
    """Answer the teams, sub-teams among them."""
    return _answer_teams(call, list(call.tenant.teams.values()))


@routes("GET", "/teams/{team_id}")
def get(call: Call, team_id: str) -> Response:
    """Answer one team."""
    return call.answer(TEAM, call.team(team_id))


@routes("POST", "/teams")
def create(call: Call) -> Response:
    """Add a team."""
    return _create(call, call.record(TEAM))


@routes("POST", "/teams/{team_id}/teams")
def create_sub_team(call: Call, team_id: str) -> Response:
    """Add a team below another; the parent in the path counts, whatever the body says."""
    call.team(team_id)
    return _create(call, call.record(TEAM) | {"ParentTeamId": team_id})


@routes("GET", "/teams/{team_id}/teams")
def list_sub_teams(call: Call, team_id: str) -> Response:
    """Answer the teams below a team, on all levels: a client takes the deeper ones out again."""
    call.team(team_id)
    below = set(call.tenant.with_sub_teams(team_id)) - {team_id}
    return _answer_teams(call, [each for each in call.tenant.teams.values() if each["Id"] in below])


@routes("PUT", "/teams/{team_id}")
def update(call: Call, team_id: str) -> Response:
    """Write the whole record of a team."""
    call.team(team_id)
    body = call.record(TEAM)
    if body["Id"] != team_id:
        raise Refusal(409, "Id does not match")
    fields = _written(call, body, team_id)
    if fields["ParentTeamId"] in call.tenant.with_sub_teams(team_id):
        raise Refusal(409, "A team cannot stand below itself")
    call.tenant.change_team(team_id, **fields)
    return done()


@routes("DELETE", "/teams/{team_id}")
def delete(call: Call, team_id: str) -> Response:
    """Delete a team; that its sub-teams go with it is a choice of the sandbox."""
    call.team(team_id)
    call.tenant.delete_team(team_id)
    return done()


@routes("GET", "/teams/{team_id}/users")
def list_users(call: Call, team_id: str) -> Response:
    """Answer the active members of a team."""
    call.team(team_id)
    return _answer_people(call, list(call.tenant.members.of_left(team_id)))


@routes("POST", "/teams/{team_id}/users")
def add_users(call: Call, team_id: str) -> Response:
    """Add members; unknown ids and present members are passed over in silence (api-facts 8)."""
    tenant = call.tenant
    call.team(team_id)
    user_ids = call.listed_ids("Users", USER_REF)
    if not user_ids:
        raise Refusal(404, "No UserIds")
    for user_id in user_ids:
        new = user_id in tenant.users and tenant.join_team(team_id, user_id)
        if new and call.flag("sendmessage", default=False):
            tenant.mail(user_id, "team", team_id)
    return done(201)


@routes("DELETE", "/teams/{team_id}/users/{user_id}")
def remove_user(call: Call, team_id: str, user_id: str) -> Response:
    """End a membership."""
    call.team(team_id)
    if not call.tenant.leave_team(team_id, user_id):
        raise Refusal(404, "User is not a member of the team")
    return done()


@routes("GET", "/teams/{team_id}/leaders")
def list_leaders(call: Call, team_id: str) -> Response:
    """Answer the leaders of a team."""
    call.team(team_id)
    members = call.tenant.members.of_left(team_id)
    return _answer_people(call, [user_id for user_id, member in members.items() if member.leader])


@routes("GET", "/teams/{team_id}/admins")
def list_admins(call: Call, team_id: str) -> Response:
    """Answer the admins of a team."""
    call.team(team_id)
    members = call.tenant.members.of_left(team_id)
    return _answer_people(call, [user_id for user_id, member in members.items() if member.admin])


@routes("PUT", "/teams/{team_id}/leaders/{user_id}")
def promote_leader(call: Call, team_id: str, user_id: str) -> Response:
    """Make a member a leader."""
    return _set_role(call, team_id, user_id, "leader", held=True)


@routes("DELETE", "/teams/{team_id}/leaders/{user_id}")
def demote_leader(call: Call, team_id: str, user_id: str) -> Response:
    """Make a leader a plain member."""
    return _set_role(call, team_id, user_id, "leader", held=False)


@routes("PUT", "/teams/{team_id}/admins/{user_id}")
def promote_admin(call: Call, team_id: str, user_id: str) -> Response:
    """Make a member an admin."""
    return _set_role(call, team_id, user_id, "admin", held=True)


@routes("DELETE", "/teams/{team_id}/admins/{user_id}")
def demote_admin(call: Call, team_id: str, user_id: str) -> Response:
    """Make an admin a plain member."""
    return _set_role(call, team_id, user_id, "admin", held=False)


def _answer_teams(call: Call, teams: list[Record]) -> Response:
    return call.answer_all("Teams", TEAM_SUMMARY, call.page(call.matching(teams, "Name")))


def _answer_people(call: Call, user_ids: list[str]) -> Response:
    people = [call.tenant.users[user_id] for user_id in user_ids]
    rows = call.matching((each for each in people if each["Active"]), *SEARCHED)
    return call.answer_all("Users", USER_SUMMARY, call.page(rows))


def _set_role(call: Call, team_id: str, user_id: str, role: str, *, held: bool) -> Response:
    call.team(team_id)
    if not call.tenant.set_role(team_id, user_id, role, held=held):
        raise Refusal(404, "User is not a member of the team")
    return done()


def _create(call: Call, body: Record) -> Response:
    team = call.tenant.add_team(**_written(call, body, ""))
    # The recorded answer ends before the bulk-import code.
    return call.answer(
        TEAM, {name: team[name] for name in ("Id", "Name", "Description", "ParentTeamId")}, 201
    )


def _written(call: Call, body: Record, team_id: str) -> Record:
    fields = {name: body[name] or "" for name in ("Name", "Description", "ParentTeamId")}
    if not fields["Name"]:
        raise Refusal(400, "Name is required")
    if len(fields["Name"]) > 100:
        raise Refusal(400, "Name is longer than 100 characters")
    if fields["ParentTeamId"]:
        call.team(fields["ParentTeamId"])
    # Names are not unique in the whole organisation (api-facts 7), only among neighbours.
    for other in call.tenant.teams.values():
        twin = (other["Name"], other["ParentTeamId"]) == (fields["Name"], fields["ParentTeamId"])
        if twin and other["Id"] != team_id:
            raise Refusal(409, "Team name already exists")
    return fields
