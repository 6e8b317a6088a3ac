"""What people have to learn: assignments, where they came from, progress, and courses themselves."""

from __future__ import annotations

from typing import Any

import pytest

from litmos_async.sandbox import Mail, Tenant
from tests.sandbox.small import ADA, BEN, FIRE_DRILL, ONBOARDING, SAFETY, SALES, WELCOME, Client


async def assigned(client: Client, user_id: str = ADA) -> list[str]:
    """Return the ids of the courses that a person has."""
    return [row["Id"] for row in await client.json(f"/users/{user_id}/courses")]


COURSES_XML = f"""<Courses><Course><Id>{SAFETY}</Id></Course><Course><Id>x</Id></Course>
    <Course><Id>{WELCOME}</Id></Course></Courses>"""


@pytest.mark.parametrize("body", [[{"Id": SAFETY}, {"Id": "unknown"}, {"Id": WELCOME}], COURSES_XML])
async def test_assign_courses_passes_over_what_it_does_not_know(client: Client, body: object) -> None:
    """Unknown ids and present assignments are ignored: success proves nothing."""
    for _ in range(2):
        assert (await client.status("POST", f"/users/{ADA}/courses", body))[0] == 201
    assert await assigned(client) == [SAFETY, WELCOME]


async def test_course_mail_goes_to_people_who_have_logged_in(client: Client, tenant: Tenant) -> None:
    """By default an assignment is mailed, once, and only to people with a LastLogin."""
    cara = tenant.add_user(UserName="cara@example.com", FirstName="C", LastName="N")["Id"]
    for user_id in (ADA, ADA, cara):
        await client.send("POST", f"/users/{user_id}/courses", [{"Id": SAFETY}])
    assert tenant.outbox == [Mail(ADA, "course", SAFETY)]


async def test_sendmessage_false_mails_nobody(client: Client, tenant: Tenant) -> None:
    """`sendmessage=false` stops the e-mails of all assignments."""
    await client.send("POST", f"/users/{ADA}/courses", [{"Id": SAFETY}], sendmessage="false")
    await client.send("POST", f"/users/{ADA}/learningpaths", [{"Id": ONBOARDING}], sendmessage="False")
    assert tenant.outbox == []


async def test_remove_course(client: Client, tenant: Tenant) -> None:
    """A direct assignment can be removed; one that is not there is 404."""
    tenant.assign_course(ADA, SAFETY)
    assert (await client.status("DELETE", f"/users/{ADA}/courses/{SAFETY}"))[0] == 200
    assert (await client.status("DELETE", f"/users/{ADA}/courses/{SAFETY}"))[0] == 404
    assert await assigned(client) == []
    await client.send("POST", f"/users/{ADA}/courses", [{"Id": SAFETY}])
    assert await assigned(client) == [SAFETY]


async def test_what_a_team_or_path_assigned_cannot_be_removed(client: Client, tenant: Tenant) -> None:
    """Removing what came through a learning path or a team answers 406."""
    tenant.assign_path(ADA, ONBOARDING)
    tenant.assign_team_path(SALES, ONBOARDING)
    tenant.join_team(SALES, BEN)
    assert (await client.status("DELETE", f"/users/{ADA}/courses/{SAFETY}"))[0] == 406
    assert (await client.status("DELETE", f"/users/{BEN}/learningpaths/{ONBOARDING}"))[0] == 406


async def test_reset_course(client: Client, tenant: Tenant) -> None:
    """A reset wipes the result and keeps the assignment."""
    tenant.assign_course(ADA, SAFETY)
    tenant.set_progress(ADA, SAFETY, 100.0)
    assert (await client.status("PUT", f"/users/{ADA}/courses/{SAFETY}/reset"))[0] == 200
    details = await client.json(f"/users/{ADA}/courses/{SAFETY}")
    assert (details["Complete"], details["PercentageComplete"], details["DateCompleted"]) == (
        False,
        0.0,
        None,
    )
    assert details["Modules"][0]["Score"] is None
    assert (await client.status("PUT", f"/users/{ADA}/courses/{WELCOME}/reset"))[0] == 404
    assert (await client.status("GET", f"/users/{ADA}/courses/{WELCOME}"))[0] == 404


async def test_progress_needs_an_assignment(tenant: Tenant) -> None:
    """Nobody makes progress in a course they do not have."""
    with pytest.raises(KeyError):
        tenant.set_progress(ADA, SAFETY, 50.0)


async def test_courses_for_many(client: Client, tenant: Tenant) -> None:
    """A POST that only reads: the courses of up to 25 people, unknown ones left out."""
    tenant.assign_course(ADA, SAFETY)
    body = [{"Id": ADA}, {"Id": "unknown"}, {"Id": BEN}]
    rows = (await client.send("POST", "/users/courses", body)).json()
    assert [(row["Id"], [each["Id"] for each in row["Courses"]]) for row in rows] == [
        (ADA, [SAFETY]),
        (BEN, []),
    ]
    many = [{"Id": f"user{n}"} for n in range(26)]
    assert await client.status("POST", "/users/courses", many) == (404, "Maximum UserIds is 25")


async def test_learning_paths_bring_their_courses(client: Client, tenant: Tenant) -> None:
    """A learning path brings its courses, tells its progress, and takes the courses along when it goes."""
    tenant.assign_course(ADA, WELCOME)
    body = f"<LearningPaths><LearningPath><Id>{ONBOARDING}</Id></LearningPath></LearningPaths>"
    assert (await client.status("POST", f"/users/{ADA}/learningpaths", body))[0] == 201
    assert tenant.outbox == [Mail(ADA, "learning path", ONBOARDING)]
    flags = {row["Id"]: row["IsLearningPath"] for row in await client.json(f"/users/{ADA}/courses")}
    assert flags == {WELCOME: True, SAFETY: True}
    tenant.set_progress(ADA, SAFETY, 100.0)
    (row,) = await client.json(f"/users/{ADA}/learningpaths")
    assert (row["Name"], row["PercentageComplete"], row["Complete"]) == ("Onboarding", 50.0, False)
    assert (await client.status("DELETE", f"/users/{ADA}/learningpaths/{ONBOARDING}"))[0] == 200
    assert (await client.status("DELETE", f"/users/{ADA}/learningpaths/{ONBOARDING}"))[0] == 404
    assert await assigned(client) == [WELCOME]


async def test_courses_begun_count_nothing_on_a_path(client: Client, tenant: Tenant) -> None:
    """A path's percentage is completed courses by courses: half a course is begun, and no quarter of two."""
    tenant.assign_path(ADA, ONBOARDING)
    tenant.set_progress(ADA, SAFETY, 50.0)
    (row,) = await client.json(f"/users/{ADA}/learningpaths")
    assert (row["PercentageComplete"], row["Complete"], row["StartDate"] is None) == (0.0, False, False)
    (row,) = await client.json(f"/learningpaths/{ONBOARDING}/users")
    assert row["PercentageComplete"] == 0.0
    tenant.set_progress(ADA, SAFETY, 100.0)
    (row,) = await client.json(f"/users/{ADA}/learningpaths")
    assert row["PercentageComplete"] == 50.0


async def test_a_path_that_changes_is_computed_anew(client: Client, tenant: Tenant) -> None:
    """Where the last open course of a path goes, whoever was waiting for it is through."""
    for user_id in (ADA, BEN):
        tenant.assign_path(user_id, ONBOARDING)
    tenant.set_progress(ADA, SAFETY, 100.0)
    assert (await client.status("DELETE", f"/courses/{WELCOME}"))[0] == 200
    (ada,) = await client.json(f"/users/{ADA}/learningpaths")
    assert (ada["PercentageComplete"], ada["Complete"], ada["DateCompleted"] is None) == (100.0, True, False)
    (ben,) = await client.json(f"/users/{BEN}/learningpaths")
    assert (ben["PercentageComplete"], ben["Complete"], ben["DateCompleted"]) == (0.0, False, None)


async def test_a_path_from_two_sides_goes_with_the_last(client: Client, tenant: Tenant) -> None:
    """A learning path assigned directly and through a team stays, courses and all, until both are gone."""
    tenant.join_team(SALES, ADA)
    tenant.assign_path(ADA, ONBOARDING)
    tenant.assign_team_path(SALES, ONBOARDING)
    tenant.unassign_team_path(SALES, ONBOARDING)
    assert len(await assigned(client)) == 2
    for _ in range(2):  # taking back what is not there does no harm
        tenant.withdraw_path(ADA, ONBOARDING)
    assert await assigned(client) == []


async def test_a_learning_path_without_an_id_is_400(client: Client) -> None:
    """A null or empty id is refused, an unknown one is passed over."""
    assert (await client.status("POST", f"/users/{ADA}/learningpaths", [{}]))[0] == 400
    assert (await client.status("POST", f"/users/{ADA}/learningpaths", [{"Id": "x"}]))[0] == 201


async def test_course_lists(client: Client, tenant: Tenant) -> None:
    """People and modules of a course are listed and searched; FullName is not among the searched fields."""
    tenant.assign_course(ADA, SAFETY)
    tenant.set_progress(ADA, SAFETY, 33.33)
    (row,) = await client.json(f"/courses/{SAFETY}/users", search="ADA.")
    assert (row["Id"], row["Completed"], row["PercentageComplete"]) == (ADA, False, 33.33)
    assert await client.json(f"/courses/{SAFETY}/users", search="ben") == []
    (module,) = await client.json(f"/courses/{SAFETY}/modules")
    assert module == {
        "Id": FIRE_DRILL,
        "Code": "",
        "Name": "Fire drill",
        "Description": "",
        "Active": True,
        "ModuleType": 9,
    }
    details = await client.json(f"/courses/{SAFETY}/details")
    assert (details["CourseCode"], details["Tags"], details["DueDate"]) == ("700001-SAFE-01", "safety", None)
    tenant.custom_fields[SAFETY] = {"Owner": "HR"}
    assert await client.json(f"/courses/{SAFETY}/coursecustomfields") == [
        {"fieldname": "Owner", "Value": "HR"}
    ]


async def test_modules_are_copied_linked_and_removed(client: Client, tenant: Tenant) -> None:
    """Copies and mirrors are modules of their own, a link is the same module twice."""
    path = f"/courses/{WELCOME}/modules"
    for verb in ("copy", "mirror", "link"):
        assert (await client.status("POST", f"{path}/{verb}", [{"Id": FIRE_DRILL}]))[0] == 200
    ids = [row["Id"] for row in await client.json(path)]
    assert len(set(ids)) == 3
    assert ids[2] == FIRE_DRILL
    assert (await client.status("POST", f"{path}/copy", [{"Id": "x"}]))[0] == 404
    assert (await client.status("DELETE", f"{path}/{FIRE_DRILL}"))[0] == 200
    assert (await client.status("DELETE", f"{path}/{FIRE_DRILL}"))[0] == 404
    assert list(tenant.course_modules.of_left(SAFETY)) == [FIRE_DRILL]


async def test_delete_course(client: Client, tenant: Tenant) -> None:
    """A deleted course is gone from everyone; a body, where there is one, must name it."""
    tenant.assign_course(ADA, SAFETY)
    assert (await client.status("DELETE", f"/courses/{SAFETY}", {"Id": WELCOME}))[0] == 409
    assert (await client.status("DELETE", f"/courses/{SAFETY}", {"Id": SAFETY}))[0] == 200
    assert (await client.status("DELETE", f"/courses/{WELCOME}"))[0] == 200
    assert (await client.status("GET", f"/courses/{SAFETY}"))[0] == 404
    assert await assigned(client) == []


async def test_learning_path_operations(client: Client, tenant: Tenant) -> None:
    """A learning path is read with its courses and people, and deleted with what came through it alone."""
    tenant.assign_path(ADA, ONBOARDING)
    assert (await client.json(f"/learningpaths/{ONBOARDING}"))["Name"] == "Onboarding"
    (first, second) = await client.json(f"/learningpaths/{ONBOARDING}/courses")
    assert (first["Id"], first["EquivalencyId"], second["Id"]) == (SAFETY, None, WELCOME)
    (row,) = await client.json(f"/learningpaths/{ONBOARDING}/users")
    assert (row["Id"], row["Completed"], row["PercentageComplete"]) == (ADA, False, 0.0)
    assert (await client.status("DELETE", f"/learningpaths/{ONBOARDING}"))[0] == 200
    assert (await client.status("GET", f"/learningpaths/{ONBOARDING}"))[0] == 404
    assert await assigned(client) == []


async def test_a_path_without_courses_has_no_progress(client: Client, tenant: Tenant) -> None:
    """Nothing to do is nothing done."""
    path_id = tenant.add_learning_path(Name="Empty")["Id"]
    tenant.assign_path(ADA, path_id)
    (row,) = await client.json(f"/users/{ADA}/learningpaths")
    assert (row["PercentageComplete"], row["Complete"]) == (0.0, False)


async def test_gamification_can_be_reset_or_switched_off(client: Client, tenant: Tenant) -> None:
    """A reset takes everything; where the feature is off, 403."""
    tenant.award(ADA, SAFETY, 50.0, "Belt")
    tenant.join_team(SALES, ADA)
    (row,) = await client.json(f"/teams/{SALES}/gamificationdetails")
    assert (row["Id"], len(row["GamificationAchievedItems"])) == (ADA, 1)
    assert (await client.status("PUT", f"/users/{ADA}/gamificationreset"))[0] == 200
    assert (await client.json(f"/users/{ADA}/gamificationsummary"))["TotalPointEarned"] == 0.0
    tenant.gamification = False
    assert (await client.status("GET", f"/users/{ADA}/badges"))[0] == 403
    assert (await client.status("GET", f"/teams/{SALES}/gamificationdetails"))[0] == 403


async def test_complete_module(client: Client, tenant: Tenant) -> None:
    """A module result moves the course along; a repeat adds an attempt."""
    tenant.assign_course(ADA, SAFETY)
    tenant.add_module(SAFETY, Name="Second")
    path, body = (
        f"/results/modules/{FIRE_DRILL}",
        {"CourseId": SAFETY, "UserId": ADA, "Score": 95, "Completed": True},
    )
    for _ in range(2):
        assert (await client.status("PUT", path, body | {"UpdatedAt": "/Date(1720602725000)/"}))[0] == 200
    details = await client.json(f"/users/{ADA}/courses/{SAFETY}")
    assert (details["PercentageComplete"], details["Complete"]) == (50.0, False)
    assert (details["Modules"][0]["Score"], details["Modules"][0]["Attempt"]) == (95.0, 2)
    assert (await client.status("PUT", "/results/modules/x", body))[0] == 404
    assert (await client.status("PUT", path, body | {"UserId": BEN}))[0] == 404


COMPLETED_XML = f"""<ModuleResult><CourseId>{SAFETY}</CourseId><UserId>{ADA}</UserId><Score>95</Score>
    <Completed>1</Completed><UpdatedAt>2024-03-01</UpdatedAt></ModuleResult>"""
COMPLETED_JSON = {"CourseId": SAFETY, "UserId": ADA, "Completed": True, "UpdatedAt": "/Date(1709251200000)/"}


@pytest.mark.parametrize("body", [COMPLETED_JSON, COMPLETED_XML])
async def test_a_result_is_of_the_time_that_the_request_says(
    client: Client, tenant: Tenant, body: Any
) -> None:
    """In UTC; a day without a time is 00:00:00."""
    tenant.assign_course(ADA, SAFETY)
    assert (await client.status("PUT", f"/results/modules/{FIRE_DRILL}", body))[0] == 200
    details = await client.json(f"/users/{ADA}/courses/{SAFETY}")
    (module,) = details["Modules"]
    march = "/Date(1709251200000+0000)/"
    assert (module["LastUpdated"], module["DateCompleted"], module["Completed"]) == (march, march, True)


@pytest.mark.parametrize("bad", [{"Attempts": 1}, {"Score": 101}, {"Score": -1}, {"Note": "x" * 256}])
async def test_results_that_are_not_taken(client: Client, tenant: Tenant, bad: dict[str, Any]) -> None:
    """Attempts are for embed and link modules, a score is 0 to 100, and a note has 255 characters."""
    tenant.assign_course(ADA, SAFETY)
    path, body = f"/results/modules/{FIRE_DRILL}", {"CourseId": SAFETY, "UserId": ADA, "Completed": True}
    assert (await client.status("PUT", path, body | bad))[0] == 400
    assert (await client.status("PUT", path, body | {"Score": 100, "Note": "x" * 255}))[0] == 200


async def test_a_linked_module_counts_in_every_course_that_has_it(client: Client, tenant: Tenant) -> None:
    """In those that a person has, and in one that comes later; a copy is a module of its own."""
    for verb in ("link", "copy"):
        await client.send("POST", f"/courses/{WELCOME}/modules/{verb}", [{"Id": FIRE_DRILL}])
    for user_id in (ADA, BEN):
        tenant.assign_course(user_id, SAFETY)
    tenant.assign_course(ADA, WELCOME)
    for user_id in (ADA, BEN):
        body = {"CourseId": SAFETY, "UserId": user_id, "Score": 95, "Completed": True}
        assert (await client.status("PUT", f"/results/modules/{FIRE_DRILL}", body))[0] == 200
    tenant.assign_course(BEN, WELCOME)
    for user_id in (ADA, BEN):
        details = await client.json(f"/users/{user_id}/courses/{WELCOME}")
        assert (details["PercentageComplete"], details["Complete"]) == (50.0, False)
        assert [(each["Id"] == FIRE_DRILL, each["Completed"]) for each in details["Modules"]] == [
            (True, True),
            (False, False),
        ]


async def test_an_iso_date_in_json_gets_the_page_of_html(client: Client, tenant: Tenant) -> None:
    """As recorded: an ISO date in a JSON body answers 500 and HTML, though JSON was asked for."""
    tenant.assign_course(ADA, SAFETY)
    body = {"CourseId": SAFETY, "UserId": ADA, "Completed": True, "UpdatedAt": "2017-06-05T15:00:17Z"}
    response = await client.send("PUT", f"/results/modules/{FIRE_DRILL}", body)
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html")
    assert "<TITLE>Request Error</TITLE>" in response.text
    assert tenant.user_courses.of_left(ADA)[SAFETY].modules == {}
