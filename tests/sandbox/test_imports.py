"""Bulk imports: jobs that take a while, upsert by user name, and report row by row."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from litmos_async.sandbox import Mail, Sandbox, Tenant
from tests.sandbox.small import ADA, BEN, NORTH, SAFETY, SALES, Client, on_a_virtual_clock, reach

DAN = {"Username": "dan.new@example.com", "FirstName": "Dan", "LastName": "New"}


async def imported(client: Client, body: Any, **query: Any) -> dict[str, Any]:
    """Hand an import in, wait, and return the finished job."""
    job = (await client.send("POST", "/bulkimports", body, **({"format": "json"} | query))).json()
    assert job["Status"] == "Waiting"
    await asyncio.sleep(5)
    finished: dict[str, Any] = await client.json(f"/bulkimports/{job['Id']}")
    assert finished["Status"] == "Completed"
    return finished


@on_a_virtual_clock
async def test_a_job_takes_its_time(tenant: Tenant) -> None:
    """A job answers 201 and Waiting, changes nothing until it is due, and is Completed then."""
    async with reach(Sandbox(tenant)) as client:
        response = await client.send("POST", "/bulkimports", [DAN])
        assert response.status_code == 201
        assert response.json() | {"Id": ""} == {
            "Id": "",
            "ImportDate": "/Date(1720522923643+0000)/",
            "Status": "Waiting",
            "TotalRecords": 1,
            "TotalUsersCreated": 0,
            "Failed": 0,
            "Duplicate": 0,
            "InvalidEmail": 0,
            "SendEmails": False,
            "SkipFirstLogin": False,
            "IsAPIImport": True,
        }
        await asyncio.sleep(4)
        assert len(await client.json("/users")) == 2
        await asyncio.sleep(1)
        assert len(await client.json("/users")) == 3
        (job,) = await client.json("/bulkimports")
        assert (job["Status"], job["TotalUsersCreated"]) == ("Completed", 1)


@on_a_virtual_clock
async def test_upsert_keeps_what_is_empty_or_absent(tenant: Tenant) -> None:
    """Known user names are updated where the row says something, and get messages switched on."""
    tenant.change_user(ADA, DisableMessages=True, City="London", Active=False)
    body = (
        "<UserImports><UserImport><Username>ADA.example@example.com</Username><FirstName>Augusta</FirstName>"
        "<Title>Head of R&amp;D</Title><Team1>400001-Sales</Team1><Course1>700001-SAFE-01</Course1><City/>"
        "<Manager>b.sample</Manager></UserImport></UserImports>"
    )
    async with reach(Sandbox(tenant)) as client:
        job = await imported(client, body)
        assert (job["TotalRecords"], job["TotalUsersCreated"], job["Failed"]) == (1, 0, 0)

    ada = tenant.users[ADA]
    assert (ada["FirstName"], ada["LastName"], ada["City"], ada["JobTitle"]) == (
        "Augusta",
        "Example",
        "London",
        "Head of R&D",
    )
    assert (ada["DisableMessages"], ada["Active"], ada["ManagerName"]) == (False, False, "Ben O'Sample")
    assert tenant.members.get(SALES, ADA)
    assert tenant.user_courses.get(ADA, SAFETY)
    assert tenant.outbox == []


@on_a_virtual_clock
async def test_new_people(tenant: Tenant) -> None:
    """New people come with defaults; the login goes out only when asked for."""
    rows = [
        DAN | {"Active": False},
        DAN | {"Username": "staff-7", "AccessLevel": "TL", "Team1": "400002-SalesNorth"},
    ]
    async with reach(Sandbox(tenant)) as client:
        job = await imported(client, rows, sendmessage="true", skipfirstlogin="true")
        assert (job["TotalUsersCreated"], job["SendEmails"], job["SkipFirstLogin"]) == (2, True, True)

    dan, staff = tenant.user_named("dan.new@example.com"), tenant.user_named("staff-7")
    assert dan is not None
    assert staff is not None
    assert (dan["Active"], dan["IsCustomUsername"], dan["SkipFirstLogin"]) == (False, False, True)
    assert (staff["Active"], staff["IsCustomUsername"], staff["AccessLevel"]) == (True, True, "Team_Leader")
    assert tenant.outbox == [Mail(staff["Id"], "login")]
    assert list(tenant.members.of_left(NORTH)) == [staff["Id"]]


@on_a_virtual_clock
async def test_access_levels(tenant: Tenant) -> None:
    """L, TL, TA and 2 to 5 are taken; a profile shows Team Leader for admins of teams, too."""
    levels = ("L", "TL", "TA", "2", "3", "4", "5")
    rows = [DAN | {"Username": f"user-{level}", "AccessLevel": level} for level in levels]
    async with reach(Sandbox(tenant)) as client:
        job = await imported(client, rows)
        assert (job["TotalUsersCreated"], job["Failed"]) == (7, 0)
        shown = [(await client.json(f"/users/user-{level}"))["AccessLevel"] for level in levels]
    assert shown[:4] == ["Learner", "Team_Leader", "Team_Leader", "Account_Owner"]
    assert "Team_Admin" not in shown


@pytest.mark.parametrize("name", ["AccessLevel", "InActiveDate"])
@on_a_virtual_clock
async def test_two_fields_that_are_never_null(tenant: Tenant, name: str) -> None:
    """The level and the inactivate date may be left out, but are not null when present; other fields may be."""
    nil = f'<{name} xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>'
    xml = f"<UserImports><UserImport><Username>dan.new@example.com</Username>{nil}</UserImport></UserImports>"
    async with reach(Sandbox(tenant)) as client:
        for body in ([DAN | {name: None}], xml):
            assert await client.status("POST", "/bulkimports", body, format="json") == (
                400,
                f"{name} cannot be null",
            )
        job = await imported(client, [DAN | {"City": None}])
    assert (job["TotalUsersCreated"], job["Failed"]) == (1, 0)


@on_a_virtual_clock
async def test_errors_come_row_by_row(tenant: Tenant) -> None:
    """A bad row is reported and stops none of the others; a repeated user name is counted."""
    rows = [
        {"FirstName": "No", "LastName": "Name"},
        {"Username": "x@example.com", "FirstName": "No"},
        DAN | {"Email": "nowhere"},
        DAN | {"Team5": "1-Nothing"},
        DAN | {"Course3": "1-Nothing"},
        DAN | {"AccessLevel": "9"},
        DAN | {"Manager": "nobody"},
        DAN | {"Password": "12345"},
        DAN | {"Manager": BEN, "Password": "123456"},
    ]
    async with reach(Sandbox(tenant)) as client:
        job = await imported(client, rows)
        assert (job["Failed"], job["TotalUsersCreated"], job["InvalidEmail"], job["Duplicate"]) == (
            8,
            1,
            1,
            6,
        )
        path = f"/bulkimports/{job['Id']}/usererrors"
        errors = await client.json(path)
        assert errors[0] == {"Username": "", "ImportStatus": "Failed - Username is required"}
        assert [row["ImportStatus"].removeprefix("Failed - ") for row in errors[1:]] == [
            "LastName is required",
            "Invalid Email",
            "Unknown Team 1-Nothing",
            "Unknown Course 1-Nothing",
            "Invalid AccessLevel",
            "Invalid Manager",
            "Invalid Password",
        ]
        assert len(await client.json(path, start=5)) == 3
        second = await imported(client, [DAN])
        assert [row["Id"] for row in await client.json("/bulkimports")] == [second["Id"], job["Id"]]


@on_a_virtual_clock
async def test_refusals(tenant: Tenant) -> None:
    """An unknown job is 400, not 404; so is a body of more than 2000 KB."""
    async with reach(Sandbox(tenant)) as client:
        assert await client.status("GET", "/bulkimports/x") == (400, "Invalid bulk import id")
        assert (await client.status("GET", "/bulkimports/x/usererrors"))[0] == 400
        body = [DAN | {"Title": "x" * 2_100_000}]
        assert (await client.status("POST", "/bulkimports", body))[0] == 400
