"""Teams: the tree, members and their roles, what teams have to learn."""

from __future__ import annotations

from typing import Any

import pytest

from litmos_async.sandbox import Mail, Tenant
from tests.sandbox.small import ADA, BEN, NORTH, ONBOARDING, SAFETY, SALES, WELCOME, Client


async def test_create(client: Client, tenant: Tenant) -> None:
    """A new team answers 201 and four fields: the recorded answer ends before the bulk-import code."""
    body = "<Team><Id/><Name>R&amp;D team</Name><Description>x</Description><ParentTeamId/></Team>"
    response = await client.send("POST", "/teams", body, format="json")
    team = response.json()
    assert (response.status_code, list(team)) == (201, ["Id", "Name", "Description", "ParentTeamId"])
    assert (await client.json(f"/teams/{team['Id']}"))["TeamCodeForBulkImport"] == "400003-R&Dteam"
    response = await client.send("POST", f"/teams/{team['Id']}/teams", {"Id": "", "Name": "R&D team"})
    assert (response.status_code, response.json()["ParentTeamId"]) == (201, team["Id"])
    assert [row["Id"] for row in await client.json(f"/teams/{team['Id']}/teams")] == [response.json()["Id"]]
    assert len(tenant.teams) == 4


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"Name": ""}, (400, "Name is required")),
        ({"Name": "x" * 101}, (400, "Name is longer than 100 characters")),
        ({"Name": "Sales"}, (409, "Team name already exists")),
        ({"Name": "x", "ParentTeamId": "y"}, (404, "Team not found")),
    ],
)
async def test_create_refuses(client: Client, body: Any, expected: tuple[int, str]) -> None:
    """A team needs a name of its own among its neighbours, and a parent that exists."""
    assert await client.status("POST", "/teams", body) == expected


async def test_update(client: Client, tenant: Tenant) -> None:
    """A write replaces name, description and parent; ids must agree and the tree stay one."""
    path = f"/teams/{SALES}"
    assert (await client.status("PUT", path, {"Id": SALES, "Name": "Sales & more"}))[0] == 200
    assert (tenant.teams[SALES]["Description"], tenant.teams[SALES]["TeamCodeForBulkImport"]) == (
        "",
        "400001-Sales&more",
    )
    assert await client.status("PUT", path, {"Id": NORTH, "Name": "x"}) == (409, "Id does not match")
    body = {"Id": SALES, "Name": "x", "ParentTeamId": NORTH}
    assert await client.status("PUT", path, body) == (409, "A team cannot stand below itself")


async def test_delete_takes_sub_teams_along(client: Client, tenant: Tenant) -> None:
    """With a team go its sub-teams and memberships; the people stay."""
    tenant.assign_team_course(NORTH, SAFETY)
    tenant.join_team(NORTH, ADA)
    assert (await client.status("DELETE", f"/teams/{SALES}"))[0] == 200
    assert tenant.teams == {}
    assert await client.json(f"/users/{ADA}/teams") == []
    assert await client.json(f"/users/{ADA}/courses") == []


async def test_add_users_passes_over_what_it_does_not_know(client: Client, tenant: Tenant) -> None:
    """Unknown ids and present members are ignored, and only active members are listed."""
    body = [{"Id": ADA}, {"Id": "unknown"}, {"Id": BEN}]
    for _ in range(2):
        assert (await client.status("POST", f"/teams/{SALES}/users", body))[0] == 201
    assert list(tenant.members.of_left(SALES)) == [ADA, BEN]
    assert [row["Id"] for row in await client.json(f"/teams/{SALES}/users")] == [ADA]
    assert tenant.outbox == []
    await client.send("POST", f"/teams/{NORTH}/users", body, sendmessage="true")
    assert tenant.outbox == [Mail(ADA, "team", NORTH)]


async def test_add_users_wants_somebody(client: Client) -> None:
    """An empty list and an unknown team are 404."""
    assert await client.status("POST", f"/teams/{SALES}/users", []) == (404, "No UserIds")
    assert await client.status("POST", "/teams/x/users", [{"Id": ADA}]) == (404, "Team not found")


async def test_remove_user(client: Client, tenant: Tenant) -> None:
    """A membership ends once, and with it what came through the team."""
    tenant.assign_team_course(SALES, SAFETY)
    tenant.assign_team_path(SALES, ONBOARDING)
    tenant.join_team(SALES, ADA)
    assert len(await client.json(f"/users/{ADA}/courses")) == 2
    assert (await client.status("DELETE", f"/teams/{SALES}/users/{ADA}"))[0] == 200
    assert (await client.status("DELETE", f"/teams/{SALES}/users/{ADA}"))[0] == 404
    assert await client.json(f"/users/{ADA}/courses") == []


@pytest.mark.parametrize("role", ["leaders", "admins"])
async def test_roles(client: Client, tenant: Tenant, role: str) -> None:
    """Only members can be promoted; who is demoted stays a member."""
    path = f"/teams/{SALES}/{role}"
    assert (await client.status("PUT", f"{path}/{ADA}"))[0] == 404
    tenant.join_team(SALES, ADA)
    assert await client.json(path) == []
    assert (await client.status("PUT", f"{path}/{ADA}"))[0] == 200
    assert [row["Id"] for row in await client.json(path)] == [ADA]
    assert (await client.status("DELETE", f"{path}/{ADA}"))[0] == 200
    assert await client.json(path) == []
    assert len(await client.json(f"/teams/{SALES}/users")) == 1


async def test_team_courses_reach_members(client: Client, tenant: Tenant) -> None:
    """Assigning to a team assigns to its members, mails those who have logged in, and can be undone."""
    tenant.join_team(SALES, ADA)
    body = [{"Id": SAFETY, "CourseTeamLibrary": False}, {"Id": "unknown"}]
    for _ in range(2):
        assert (await client.status("POST", f"/teams/{SALES}/courses", body))[0] == 201
    assert tenant.outbox == [Mail(ADA, "course", SAFETY)]
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/courses")] == [SAFETY]
    assert (await client.status("DELETE", f"/teams/{SALES}/courses", body))[0] == 200
    assert await client.json(f"/users/{ADA}/courses") == []
    assert await client.json(f"/teams/{SALES}/courses") == []


async def test_the_library_assigns_nothing(client: Client, tenant: Tenant) -> None:
    """A course in the library of a team is listed with CourseTeamLibrary and assigned to nobody."""
    tenant.join_team(SALES, ADA)
    path = f"/teams/{SALES}/courses"
    await client.send("POST", path, [{"Id": SAFETY, "CourseTeamLibrary": True}])
    await client.send("POST", path, [{"Id": WELCOME, "CourseTeamLibrary": False}], sendmessage="false")
    assert {row["Id"]: row["CourseTeamLibrary"] for row in await client.json(path)} == {
        SAFETY: True,
        WELCOME: False,
    }
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/courses")] == [WELCOME]
    assert tenant.outbox == []
    await client.send("DELETE", path, [{"Id": SAFETY, "CourseTeamLibrary": True}])
    assert [row["Id"] for row in await client.json(path)] == [WELCOME]


async def test_including_sub_teams(client: Client, tenant: Tenant) -> None:
    """`includesubteams=true` reaches every team below."""
    tenant.join_team(NORTH, ADA)
    await client.send("POST", f"/teams/{SALES}/courses", [{"Id": SAFETY}])
    assert await client.json(f"/users/{ADA}/courses") == []
    await client.send("POST", f"/teams/{SALES}/courses", [{"Id": SAFETY}], includesubteams="true")
    await client.send("POST", f"/teams/{SALES}/learningpaths", [{"Id": ONBOARDING}], includesubteams="true")
    assert len(await client.json(f"/users/{ADA}/courses")) == 2
    assert len(await client.json(f"/teams/{NORTH}/learningpaths")) == 1


async def test_team_learning_paths(client: Client, tenant: Tenant) -> None:
    """Learning paths of a team reach members; one known id is enough, none is 404."""
    tenant.join_team(SALES, ADA)
    path = f"/teams/{SALES}/learningpaths"
    assert (await client.status("POST", path, [{"Id": "x"}]))[0] == 404
    assert (await client.status("POST", path, [{"Id": "x"}, {"Id": ONBOARDING}]))[0] == 201
    assert tenant.outbox == [Mail(ADA, "learning path", ONBOARDING)]
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/learningpaths")] == [ONBOARDING]
    refused = await client.status("DELETE", f"/teams/{SALES}/courses", [{"Id": SAFETY}])
    assert refused == (403, "Course was assigned through a learning path")
    assert (await client.status("DELETE", path, [{"Id": ONBOARDING}, {"Id": "x"}]))[0] == 200
    assert await client.json(f"/users/{ADA}/learningpaths") == []


async def test_two_origins_hold_one_assignment(client: Client, tenant: Tenant) -> None:
    """A course that came both directly and through a team stays until both are gone."""
    tenant.join_team(SALES, ADA)
    tenant.assign_course(ADA, SAFETY)
    tenant.assign_team_course(SALES, SAFETY)
    tenant.unassign_team_course(SALES, SAFETY)
    assert [row["Id"] for row in await client.json(f"/users/{ADA}/courses")] == [SAFETY]
    tenant.withdraw_course(ADA, SAFETY)
    assert await client.json(f"/users/{ADA}/courses") == []


def test_removed_links_are_remembered(tenant: Tenant) -> None:
    """A removed membership stays on record as inactive, for the delta queries."""
    tenant.join_team(SALES, ADA)
    tenant.leave_team(SALES, ADA)
    ((team_id, user_id, link),) = tenant.members.rows()
    assert (team_id, user_id, link.active) == (SALES, ADA, False)


async def test_sub_teams_on_all_levels(client: Client, tenant: Tenant) -> None:
    """The teams below a team are those below its sub-teams too, without itself and without others."""
    fourth = tenant.add_team(
        Name="Fourth", ParentTeamId=tenant.add_team(Name="Third", ParentTeamId=NORTH)["Id"]
    )
    names = [row["Name"] for row in await client.json(f"/teams/{SALES}/teams")]

    assert sorted(names) == sorted([tenant.teams[NORTH]["Name"], "Third", "Fourth"])
    assert await client.json(f"/teams/{fourth['Id']}/teams") == []
