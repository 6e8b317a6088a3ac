"""Everyone's results and achievements."""

from __future__ import annotations

from datetime import timedelta

import pytest

from litmos_async.sandbox import Tenant
from tests.sandbox.small import ADA, BEN, FIRE_DRILL, LOGIN_KEY, NOW, ONBOARDING, SAFETY, WELCOME, Client


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """The small organisation, with a course that Ada was through with and one that Ben began."""
    tenant.assign_course(ADA, SAFETY)
    tenant.set_module_result(ADA, SAFETY, FIRE_DRILL, 95.0, completed=True)
    tenant.now = lambda: NOW + timedelta(days=1)
    tenant.assign_course(BEN, WELCOME)
    tenant.set_progress(BEN, WELCOME, 33.33)
    return tenant


async def test_result_details(client: Client) -> None:
    """A row holds the person, a login key, the course and the progress; two names differ from JSON to XML."""
    first, second = await client.json("/results/details", since="2000-01-01")
    assert first == {
        "Id": ADA,
        "UserOriginalId": 5000001,
        "Username": "ada.example@example.com",
        "FirstName": "Ada",
        "LastName": "Example",
        "Active": True,
        "Email": "ada.example@example.com",
        "AccessLevel": "Learner",
        "LoginKey": LOGIN_KEY,
        "CourseId": SAFETY,
        "CourseOriginalId": 700001,
        "UpdatedDate": "/Date(1720522923643+0000)/",
        "Code": "SAFE-01",
        "CourseName": "Safety & you",
        "Completed": True,
        "PercentageComplete": 100.0,
        "CompletedDate": "/Date(1720522923643+0000)/",
        "UpToDate": True,
        "Overdue": False,
        "CompliantTillDate": None,
    }
    assert (second["Id"], second["Completed"], second["PercentageComplete"]) == (BEN, False, 33.33)
    node = await client.xml("/results/details", since="2000-01-01")
    in_xml = [{"Username": "UserName", "Completed": "Complete"}.get(name, name) for name in first]
    assert (node.tag, [each.tag for each in node[0]]) == ("Users", in_xml)


async def test_result_details_are_those_that_changed(client: Client, tenant: Tenant) -> None:
    """`since` is compared with the change, `to` is optional, and what was taken away is not listed."""

    async def found(**query: str) -> list[str]:
        """Return the people of the rows."""
        return [row["Id"] for row in await client.json("/results/details", **query)]

    assert await found(since="2024-07-10") == [BEN]
    assert await found(since="2024-07-01", to="2024-07-10 00:00") == [ADA]
    tenant.withdraw_course(ADA, SAFETY)
    assert await found(since="2000-01-01", limit="1000") == [BEN]


async def test_result_details_refuse(client: Client) -> None:
    """No `since`, a bad one, and a `limit` above 1000 are 406 here."""
    path = "/results/details"
    assert await client.status("GET", path) == (406, "since is required")
    assert (await client.status("GET", path, since="yesterday"))[0] == 406
    assert (await client.status("GET", path, since="2024-07-01", limit=1001))[0] == 406


async def test_achievements(client: Client, tenant: Tenant) -> None:
    """Each completion is a row, newest first; a second one of the same course only after a reset."""
    tenant.set_progress(BEN, WELCOME, 100.0)
    tenant.set_progress(BEN, WELCOME, 100.0)
    newest, oldest = await client.json("/achievements")
    assert newest["UserId"] == BEN
    assert oldest == {
        "UserId": ADA,
        "Title": "Safety & you",
        "Description": "",
        "AchievementDate": "/Date(1720522923643+0000)/",
        "CourseId": SAFETY,
        "CompliantTillDate": None,
        "Score": "95",
        "Result": "Completed",
        "Type": "Course Completed",
        "FirstName": "Ada",
        "LastName": "Example",
        "AchievementId": 92700001,
        "CertificateId": "61200001",
    }
    assert newest["Score"] is None
    tenant.reset_course(BEN, WELCOME)
    tenant.set_progress(BEN, WELCOME, 100.0)
    assert len(await client.json("/achievements", userid=BEN)) == 2


async def test_achievements_are_filtered_and_sorted(client: Client, tenant: Tenant) -> None:
    """By date, person and text, from the newest on or from the oldest; those of deleted people are left out."""
    tenant.set_progress(BEN, WELCOME, 100.0)

    async def found(**query: str) -> list[str]:
        """Return the people of the rows."""
        return [row["UserId"] for row in await client.json("/achievements", **query)]

    assert await found(since="2024-07-10") == [BEN]
    assert await found(userid=ADA) == [ADA]
    assert await found(search="safety") == [ADA]
    assert await found() == [BEN, ADA]
    assert await found(dir="desc") == [BEN, ADA]
    assert await found(dir="ASC") == [ADA, BEN]
    assert await found(sort="FirstName") == [BEN, ADA], "the fields of people are not those of achievements"
    assert (await client.status("GET", "/achievements", dir="up"))[0] == 400
    tenant.delete_user(BEN)
    assert await found() == [ADA]


async def test_achievements_come_by_date(client: Client, tenant: Tenant) -> None:
    """The newest first by its date, whenever it was put in: completions of earlier years come in later."""
    tenant.now = lambda: NOW - timedelta(days=400)
    tenant.set_progress(BEN, WELCOME, 100.0)

    dates = [row["AchievementDate"] for row in await client.json("/achievements")]

    assert dates == sorted(dates, reverse=True)
    assert [row["UserId"] for row in await client.json("/achievements")] == [ADA, BEN]
    assert [row["UserId"] for row in await client.json("/achievements", limit=1, start=1)] == [BEN]


async def test_a_path_is_no_row_of_its_own_among_achievements(client: Client, tenant: Tenant) -> None:
    """One row per course; that a learning path is done shows in its own list, with the dates."""
    tenant.assign_path(ADA, ONBOARDING)
    tenant.assign_path(ADA, tenant.add_learning_path(SAFETY, Name="Another")["Id"])
    tenant.set_progress(ADA, WELCOME, 100.0)
    assert len(await client.json("/achievements", userid=ADA)) == 2
    row, _ = await client.json(f"/users/{ADA}/learningpaths")
    assert (row["Complete"], row["StartDate"], row["DateCompleted"]) == (
        True,
        "/Date(1720609323643+0000)/",
        "/Date(1720609323643+0000)/",
    )
    assert (await client.status("PUT", f"/users/{ADA}/courses/{WELCOME}/reset"))[0] == 200
    row, _ = await client.json(f"/users/{ADA}/learningpaths")
    assert (row["Complete"], row["PercentageComplete"], row["DateCompleted"]) == (False, 50.0, None)
