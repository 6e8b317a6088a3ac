"""The delta queries: what was made, changed and taken away in a window, and who did what."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from litmos_async.sandbox import Tenant
from litmos_async.sandbox.routes import TABLES
from tests.sandbox.small import (
    ADA,
    BEN,
    FIRE_DRILL,
    NORTH,
    NOW,
    ONBOARDING,
    SAFETY,
    SALES,
    WELCOME,
    Client,
)

STAMP = "/Date(1720522923643+0000)/"
LATER = "/Date(1721732523643+0000)/"
CALLER = 5000000
DELTAS = [path for table in TABLES for _, path, _ in table.table if path.startswith("/org/")]


async def rows(client: Client, path: str, **query: Any) -> list[dict[str, Any]]:
    """Return what changed around NOW."""
    found: list[dict[str, Any]] = await client.json(
        f"/org{path}", **{"since": "2024-07-09", "to": "2024-07-10"} | query
    )
    return found


async def later(client: Client, path: str) -> list[dict[str, Any]]:
    """Return what changed two weeks later."""
    return await rows(client, path, since="2024-07-23", to="2024-07-24")


def two_weeks_pass(tenant: Tenant) -> None:
    """Let what is done from now on be stamped with another time."""
    tenant.now = lambda: NOW + timedelta(days=14)


@pytest.mark.parametrize("path", DELTAS)
async def test_the_window(client: Client, path: str) -> None:
    """Both ends are required, 7 days is the most, and a bad date is refused: always 406."""
    good = {"since": "2024-07-09 00:00:00", "to": "2024-07-16 00:00"}
    assert (await client.status("GET", path, **good))[0] == 200
    for bad in (
        {},
        {"since": "2024-07-09"},
        {"to": "2024-07-09"},
        {"since": "2024-07-09", "to": "2024-07-16 00:01"},
        {"since": "2024-07-09", "to": "2024-07-08"},
        {"since": "2024-07-09T00:00:00", "to": "2024-07-10"},
        {"since": "soon", "to": "2024-07-10"},
    ):
        assert (await client.status("GET", path, **bad))[0] == 406
    assert (await client.status("GET", path, Since="2024-07-09", To="2024-07-10"))[0] == 200


async def test_users(client: Client, tenant: Tenant) -> None:
    """People who were added or changed come with numbers for who did it, and a stub for the login key."""
    ada, ben = await rows(client, "/users/details")
    assert (ada["Id"], ada["OriginalUserId"], ada["LoginKey"]) == (
        ADA,
        5000001,
        "/login.aspx?loginkey=",
    )
    assert (ada["CreatedBy"], ada["UpdatedBy"], ada["UpdatedDate"]) == (CALLER, CALLER, STAMP)
    assert (ben["LastLogin"], ben["Active"]) == (None, False)
    assert [row["Id"] for row in await rows(client, "/users/details", start=1)] == [BEN]
    two_weeks_pass(tenant)
    assert (await client.status("PUT", f"/users/{BEN}", await client.json(f"/users/{BEN}")))[0] == 200
    assert [row["Id"] for row in await later(client, "/users/details")] == [BEN]
    assert [row["Id"] for row in await rows(client, "/users/details")] == [ADA]


async def test_logins(client: Client, tenant: Tenant) -> None:
    """Who logged in is listed once, with a new login key afterwards; each login is in the log."""
    query = {"since": "2024-09-20", "to": "2024-09-21"}
    assert [row["Id"] for row in await rows(client, "/users/logins", **query)] == [ADA]
    key = tenant.users[BEN]["LoginKey"]
    tenant.log_in(BEN, "198.51.100.7")
    tenant.log_in(BEN)
    assert tenant.users[BEN]["LoginKey"] != key
    assert [row["Id"] for row in await rows(client, "/users/logins")] == [BEN]
    first, _ = await rows(client, "/activities/logins")
    assert first == {
        "ActivityType": "Login",
        "UserId": BEN,
        "OriginalUserId": "5000002",
        "UserName": "b.sample",
        "IPAddress": "198.51.100.7",
        "LoginDate": STAMP,
    }


async def test_teams(client: Client, tenant: Tenant) -> None:
    """Teams come with their parents, and once more, inactive, when they are gone."""
    two_weeks_pass(tenant)
    tenant.delete_team(NORTH)
    (row,) = await rows(client, "/teams")
    assert row == {
        "Id": SALES,
        "Name": "Sales",
        "OriginalTeamId": 400001,
        "Active": True,
        "CreatedDate": STAMP,
        "UpdatedDate": STAMP,
        "CreatedBy": CALLER,
        "UpdatedBy": CALLER,
        "ParentTeamId": "",
        "TeamCodeForBulkImport": "400001-Sales",
    }
    (row,) = await later(client, "/teams")
    assert (row["Id"], row["Active"], row["ParentTeamId"]) == (NORTH, False, SALES)


async def test_memberships(client: Client, tenant: Tenant) -> None:
    """A membership is told of when it begins and, inactive, when it ends, even for people who are gone."""
    await client.send("POST", f"/teams/{SALES}/users", [{"Id": ADA}, {"Id": BEN}])
    await client.send("PUT", f"/teams/{SALES}/leaders/{ADA}")
    ada, ben = await rows(client, "/teams/users")
    assert ada == {
        "TeamId": SALES,
        "Id": ADA,
        "OriginalTeamId": 400001,
        "OriginalUserId": 5000001,
        "Active": True,
        "IsTeamLeader": True,
        "IsTeamAdmin": False,
        "CreatedDate": STAMP,
        "UpdatedDate": STAMP,
        "CreatedBy": CALLER,
        "UpdatedBy": CALLER,
    }
    assert ben["IsTeamLeader"] is False
    two_weeks_pass(tenant)
    await client.send("DELETE", f"/teams/{SALES}/users/{ADA}")
    await client.send("DELETE", f"/users/{BEN}")
    ended = await later(client, "/teams/users")
    assert [(row["Id"], row["Active"], row["UpdatedDate"]) for row in ended] == [
        (ADA, False, LATER),
        (BEN, False, LATER),
    ]
    assert await rows(client, "/teams/users") == []


async def test_courses_of_teams(client: Client, tenant: Tenant) -> None:
    """Assigned, in the library, through a learning path: three flags tell which."""
    path = f"/teams/{SALES}/courses"
    await client.send("POST", path, [{"Id": SAFETY}])
    await client.send("POST", path, [{"Id": WELCOME, "CourseTeamLibrary": True}])
    for _ in range(2):
        tenant.assign_team_path(NORTH, ONBOARDING)
    found = [
        (row["TeamId"], row["Id"], row["IsInTeamLibrary"], row["LearningPathAssignment"])
        for row in await rows(client, "/teams/courses")
    ]
    assert found == [
        (SALES, SAFETY, False, False),
        (SALES, WELCOME, True, False),
        (NORTH, SAFETY, False, True),
        (NORTH, WELCOME, False, True),
    ]
    (row,) = await rows(client, "/teams/learningpaths")
    assert (row["TeamId"], row["Id"], row["OriginalLearningPathId"], row["Active"]) == (
        NORTH,
        ONBOARDING,
        150001,
        True,
    )


async def test_assignments(client: Client, tenant: Tenant) -> None:
    """Courses and learning paths of people; Id is the course there and the person here."""
    await client.send("POST", f"/users/{ADA}/learningpaths", [{"Id": ONBOARDING}])
    found = [(row["UserId"], row["Id"], row["Active"]) for row in await rows(client, "/users/courses")]
    assert found == [(ADA, SAFETY, True), (ADA, WELCOME, True)]
    (row,) = await rows(client, "/learningpaths/users")
    assert (row["LearningPathId"], row["Id"], row["OriginalUserId"]) == (ONBOARDING, ADA, 5000001)
    two_weeks_pass(tenant)
    tenant.delete_learning_path(ONBOARDING)
    (row,) = await later(client, "/learningpaths/users")
    assert (row["LearningPathId"], row["Id"], row["Active"]) == (ONBOARDING, ADA, False)


async def test_content(client: Client, tenant: Tenant) -> None:
    """Courses, modules, learning paths, and what is in what."""
    first, _ = await rows(client, "/courses")
    assert (first["Id"], first["OriginalCourseId"], first["CourseCodeForBulkImport"]) == (
        SAFETY,
        700001,
        "700001-SAFE-01",
    )
    (row,) = await rows(client, "/modules")
    assert (row["Id"], row["ModuleType"], row["OriginalId"]) == (FIRE_DRILL, "SCORM", 800001)
    (row,) = await rows(client, "/courses/modules")
    assert (row["CourseId"], row["Id"], row["OriginalModuleId"]) == (SAFETY, FIRE_DRILL, 800001)
    (row,) = await rows(client, "/learningpaths")
    assert (row["Id"], row["Name"], row["CreatedBy"]) == (ONBOARDING, "Onboarding", CALLER)
    found = [(row["LearningPathId"], row["Id"]) for row in await rows(client, "/learningpaths/courses")]
    assert found == [(ONBOARDING, SAFETY), (ONBOARDING, WELCOME)]
    two_weeks_pass(tenant)
    tenant.change_course(SAFETY, Name="Safety first")
    await client.send("DELETE", f"/courses/{SAFETY}/modules/{FIRE_DRILL}")
    assert [row["Name"] for row in await later(client, "/courses")] == ["Safety first"]
    (row,) = await later(client, "/courses/modules")
    assert (row["Id"], row["Active"]) == (FIRE_DRILL, False)


async def test_results(client: Client, tenant: Tenant) -> None:
    """What people reached in modules, courses and on learning paths, with where it came from."""
    tenant.assign_team_course(SALES, SAFETY)
    tenant.join_team(SALES, ADA)
    tenant.assign_path(ADA, ONBOARDING)
    body = {"CourseId": SAFETY, "UserId": ADA, "Score": 95, "Completed": True}
    await client.send("PUT", f"/results/modules/{FIRE_DRILL}", body)

    (module,) = await rows(client, "/modules/results")
    assert (module["Id"], module["UserId"], module["Score"], module["Completed"], module["TimeTaken"]) == (
        FIRE_DRILL,
        ADA,
        95.0,
        True,
        "00:00:00",
    )
    course, other = await rows(client, "/results/details")
    assert (course["Id"], course["Completed"], course["CompletedDate"], course["UserName"]) == (
        SAFETY,
        True,
        STAMP,
        "ada.example@example.com",
    )
    assert (course["TeamAssignment"], course["LearningPathAssignment"]) == (True, True)
    assert (other["TeamAssignment"], other["LastAttemptDate"]) == (False, None)
    (path,) = await rows(client, "/learningpaths/results")
    assert (path["Id"], path["PercentageComplete"], path["Completed"], path["StartDate"]) == (
        ONBOARDING,
        50.0,
        False,
        STAMP,
    )
    two_weeks_pass(tenant)
    tenant.set_progress(ADA, WELCOME, 100.0)
    (path,) = await later(client, "/learningpaths/results")
    assert (path["PercentageComplete"], path["FinishDate"]) == (100.0, LATER)


async def test_results_outlive_what_they_are_about(client: Client, tenant: Tenant) -> None:
    """A result of a course or a module that is gone keeps its name and numbers, inactive."""
    tenant.assign_course(ADA, SAFETY)
    tenant.set_module_result(ADA, SAFETY, FIRE_DRILL, 40.0, completed=False)
    tenant.delete_course(SAFETY)
    tenant.delete_module(FIRE_DRILL)
    (row,) = await rows(client, "/results/details")
    assert (row["Name"], row["OriginalCourseId"], row["Active"]) == ("Safety & you", 700001, False)
    (row,) = await rows(client, "/modules/results")
    assert (row["Name"], row["Code"], row["FinishedDate"]) == ("Fire drill", None, None)


async def test_achievements(client: Client, tenant: Tenant) -> None:
    """Courses and learning paths that somebody was through with."""
    tenant.assign_path(ADA, ONBOARDING)
    for course_id in (SAFETY, WELCOME):
        tenant.set_progress(ADA, course_id, 100.0)
    found = [
        (row["CourseId"], row["LearningPathId"], row["OriginalCourseId"], row["OriginalLearningPathId"])
        for row in await rows(client, "/achievements")
    ]
    assert found == [
        (SAFETY, None, 700001, None),
        (WELCOME, None, 700002, None),
        (None, ONBOARDING, None, 150001),
    ]


async def test_achievements_of_deleted_people(client: Client, tenant: Tenant) -> None:
    """Deleting a person is final: what they earned is in no list any more."""
    tenant.assign_path(ADA, ONBOARDING)
    for course_id in (SAFETY, WELCOME):
        tenant.set_progress(ADA, course_id, 100.0)
    assert (await client.status("DELETE", f"/users/{ADA}"))[0] == 200
    assert await rows(client, "/achievements") == []


async def test_ecommerce(client: Client, tenant: Tenant) -> None:
    """What is for sale comes in a wrapper, in both formats; numbers are text here."""
    for path in ("/ecommerce/courses", "/ecommerce/learningpaths"):
        assert list((await client.json(f"/org{path}", since="2024-07-09", to="2024-07-10")).values()) == [[]]
    tenant.change_course(SAFETY, ForSale=True, Price=49.5, Languages=["en", "de"])
    tenant.learning_paths[ONBOARDING]["ForSale"] = True
    query = {"since": "2024-07-09", "to": "2024-07-10"}
    answer = await client.json("/org/ecommerce/courses", **query)
    ((name, (row,)),) = answer.items()
    assert (name, row["Id"], row["OriginalId"], row["Languages"]) == ("Courses", SAFETY, "700001", "en,de")
    node = await client.xml("/org/ecommerce/courses", **query)
    assert (node.tag, node.findtext("Courses/Course/Price")) == ("Ecommerce", "49.50")
    node = await client.xml("/org/ecommerce/learningpaths", **query)
    assert node.findtext("LearningPaths/LearningPath/Id") == ONBOARDING


async def test_ecommerce_sessions(client: Client, tenant: Tenant) -> None:
    """The sessions of courses for sale come as the tree of all sessions."""
    module = tenant.training.add_module(SAFETY, Name="Class")
    tenant.training.add_session(SAFETY, module["Id"], Days=[{"StartDate": NOW, "EndDate": NOW}])
    assert await rows(client, "/ecommerce/coursesessions") == []
    tenant.change_course(SAFETY, ForSale=True)
    (course,) = await rows(client, "/ecommerce/coursesessions")
    assert (course["Id"], len(course["Modules"][0]["Sessions"])) == (SAFETY, 1)


async def test_activity_of_assignments(client: Client) -> None:
    """Who was given what, and lost it, with the names of both."""
    await client.send("POST", f"/users/{ADA}/courses", [{"Id": SAFETY}, {"Id": SAFETY}])
    await client.send("DELETE", f"/users/{ADA}/courses/{SAFETY}")
    given, taken = await rows(client, "/activities/assignments")
    assert given == {
        "ActivityType": "Assigned",
        "ObjectType": "Course",
        "ObjectId": SAFETY,
        "OriginalObjectId": "700001",
        "ObjectName": "Safety & you",
        "TargetObjectType": "User",
        "TargetObjectId": ADA,
        "OriginalTargetObjectId": "5000001",
        "TargetObjectName": "ada.example@example.com",
        "ActivityBy": CALLER,
        "ActivityByUserName": "account.owner@example.com",
        "ActivityDate": STAMP,
    }
    assert taken == given | {"ActivityType": "Unassigned"}


async def test_activity_of_people_and_teams(client: Client, tenant: Tenant) -> None:
    """What was added, changed, promoted and deleted, one row each."""
    before = len(await rows(client, "/activities/actions"))
    assert before == 4
    tenant.join_team(SALES, ADA)
    await client.send("PUT", f"/teams/{SALES}/admins/{ADA}")
    await client.send("DELETE", f"/teams/{SALES}/admins/{ADA}")
    await client.send("PUT", f"/teams/{SALES}", {"Id": SALES, "Name": "Sales & more"})
    await client.send("DELETE", f"/users/{BEN}")
    found = await rows(client, "/activities/actions", start=before)
    assert [(row["ActivityType"], row["ObjectId"], row["TargetObjectId"]) for row in found] == [
        ("Promoted to admin", ADA, SALES),
        ("Demoted from admin", ADA, SALES),
        ("Updated", SALES, "0"),
        ("Deleted", BEN, "0"),
    ]
    assert found[2]["ObjectName"] == "Sales & more"


async def test_activity_of_content_and_settings(client: Client, tenant: Tenant) -> None:
    """Content is in one log, settings with the values before and after in another."""
    before = len(await rows(client, "/activities/content"))
    await client.send("DELETE", f"/courses/{WELCOME}")
    (row,) = await rows(client, "/activities/content", start=before)
    assert (row["ActivityType"], row["ObjectName"]) == ("Deleted", "Welcome")
    tenant.change_setting("gamification", value=False)
    assert tenant.gamification is False
    (row,) = await rows(client, "/activities/settings")
    assert (row["ObjectName"], row["OldValue"], row["NewValue"]) == ("gamification", "True", "False")
    node = await client.xml("/org/activities/settings", since="2024-07-09", to="2024-07-10")
    assert (node.tag, node[0].tag) == ("SettingsActivitys", "SettingsActivity")
