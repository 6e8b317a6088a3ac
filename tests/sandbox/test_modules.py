"""Modules that the service fetches, modules that have sessions, and custom fields of courses."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from litmos_async.sandbox import Sandbox, Tenant
from tests.sandbox.small import BEN, FIRE_DRILL, SAFETY, WELCOME, Client, on_a_virtual_clock, reach

PACKAGE = {
    "Name": "Fire & smoke",
    "ModuleType": 9,
    "Active": True,
    "Code": "F-1",
    "NewWindow": True,
    "ContentURL": "https://files.example.com/fire.zip?signature=abc",
}

PACKAGE_XML = """<Module><Name>Fire &amp; smoke</Name><ModuleType>9</ModuleType><Active>true</Active>
    <Code>F-1</Code><NewWindow>true</NewWindow>
    <ContentURL>https://files.example.com/fire.zip?signature=abc</ContentURL></Module>"""


@pytest.mark.parametrize("body", [PACKAGE, PACKAGE_XML])
@on_a_virtual_clock
async def test_a_package_is_fetched_step_by_step(tenant: Tenant, body: Any) -> None:
    """A new module is Queued and becomes Ready with time; its answer calls the code otherwise."""
    async with reach(Sandbox(tenant)) as client:
        response = await client.send("POST", "/modules", body, format="json")
        assert response.status_code == 201
        row = response.json()
        assert row | {"Id": ""} == {
            "Id": "",
            "ModuleType": 9,
            "Name": "Fire & smoke",
            "Description": "",
            "Active": True,
            "ModuleRefCode": "F-1",
            "HideDescription": False,
            "NewWindow": True,
            "ReviewMode": False,
            "Status": "Queued",
        }
        seen = [row["Status"]]
        for _ in range(4):
            await asyncio.sleep(2.5)
            seen.append((await client.json(f"/modules/{row['Id']}"))["Status"])
        assert seen == ["Queued", "Uploading", "ReadyToProcess", "Processing", "Ready"]
        assert (await client.xml(f"/modules/{row['Id']}")).findtext("Status") == "Ready"


@on_a_virtual_clock
async def test_what_is_no_zip_fails(tenant: Tenant) -> None:
    """An update fetches again; an address that is no zip ends in Failed."""
    async with reach(Sandbox(tenant)) as client:
        path = f"/modules/{FIRE_DRILL}"
        assert (await client.json(path))["Status"] == "Ready"
        body = PACKAGE | {"ContentURL": "https://files.example.com/fire.pdf"}
        assert (await client.status("PUT", path, body))[0] == 200
        assert (await client.json(path))["Status"] == "Queued"
        await asyncio.sleep(10)
        row = await client.json(path)
        assert (row["Name"], row["Status"]) == ("Fire & smoke", "Failed")


async def test_without_a_wait_it_is_ready_at_once(client: Client, tenant: Tenant) -> None:
    """The time that the service takes can be set to nothing."""
    tenant.module_seconds = 0.0
    assert (await client.send("POST", "/modules", PACKAGE)).json()["Status"] == "Ready"


async def test_a_new_module_can_be_put_into_a_course(client: Client) -> None:
    """A module stands in no course until it is linked into one, and leaves them all when it is deleted."""
    module_id = (await client.send("POST", "/modules", PACKAGE)).json()["Id"]
    await client.send("POST", f"/courses/{WELCOME}/modules/link", [{"Id": module_id}])
    assert [row["Id"] for row in await client.json(f"/courses/{WELCOME}/modules")] == [module_id]
    assert (await client.status("DELETE", f"/modules/{module_id}"))[0] == 200
    assert (await client.status("DELETE", f"/modules/{module_id}"))[0] == 404
    assert await client.json(f"/courses/{WELCOME}/modules") == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ModuleType": 1}, "ModuleType must be 9"),
        ({"Name": ""}, "Name is required"),
        ({"ContentURL": ""}, "ContentURL is required"),
        ({"Code": "x" * 51}, "Code is longer than 50 characters"),
    ],
)
async def test_create_refuses(client: Client, change: Any, reason: str) -> None:
    """A module has a name, an address to fetch it from, and the one type."""
    assert await client.status("POST", "/modules", PACKAGE | change) == (400, reason)


ILT_JSON = {
    "Id": "",
    "Code": "ILT1",
    "Name": "Class room day",
    "Description": "Bring a pen",
    "Sessions": [
        {
            "Name": "March class",
            "InstructorUserId": BEN,
            "SessionType": 1,
            "Days": [
                {
                    "StartDate": "/Date(1741078800000)/",
                    "EndDate": "/Date(1741107600000)/",
                    "StartTime": "9:00AM",
                    "EndTime": "5:00PM",
                }
            ],
            "TimeZone": "UTC",
            "Location": "Room 1",
            "LocationId": 6001,
        }
    ],
}


async def test_ilt_modules(client: Client, tenant: Tenant) -> None:
    """An ILT module is made with its sessions under /events, and listed under both spellings."""
    response = await client.send("POST", f"/courses/{SAFETY}/events", ILT_JSON)
    assert response.status_code == 201
    row = response.json()
    assert row == {"Id": row["Id"], "Code": "ILT1", "Name": "Class room day", "Description": "Bring a pen"}
    for word in ("ilt", "ILT"):
        assert await client.json(f"/courses/{SAFETY}/modules/{word}") == [row]
    assert len(await client.json(f"/courses/{SAFETY}/modules")) == 2
    sessions = f"/courses/{SAFETY}/modules/{row['Id']}/sessions"
    assert [each["Name"] for each in await client.json(sessions)] == ["March class"]

    path = f"/courses/{SAFETY}/events/{row['Id']}"
    body = f"<Module><Id>{row['Id']}</Id><Name>Class &amp; room</Name></Module>"
    assert (await client.status("POST", path, body))[0] == 200
    (changed,) = await client.json(f"/courses/{SAFETY}/modules/ilt")
    assert (changed["Name"], changed["Code"]) == ("Class & room", "")
    assert await client.status("POST", path, {"Id": "x", "Name": "x"}) == (409, "Id does not match")
    assert await client.status("POST", path, {"Name": ""}) == (400, "Name is required")

    assert (await client.status("GET", f"/modules/{row['Id']}"))[0] == 404
    copy = await client.status("POST", f"/courses/{WELCOME}/modules/copy", [{"Id": row["Id"]}])
    assert copy == (409, "Only SCORM and Tin Can modules can be copied")
    assert (await client.status("DELETE", path))[0] == 200
    assert (await client.status("DELETE", path))[0] == 404
    assert tenant.training.sessions == {}


async def test_an_ilt_module_comes_whole_or_not_at_all(client: Client, tenant: Tenant) -> None:
    """A session that is refused takes its module along."""
    body = ILT_JSON | {"Sessions": [{"Name": ""}]}
    assert (await client.status("POST", f"/courses/{SAFETY}/events", body))[0] == 400
    assert list(tenant.modules) == [FIRE_DRILL]


async def test_definitions_of_custom_fields(client: Client, tenant: Tenant) -> None:
    """Definitions come as a list or one by one; the items of a dropdown are texts."""
    tenant.add_custom_field(Label="Owner")
    tenant.add_custom_field(Label="Level", Type="Dropdown", Dropdown=["Basic", "R&D"], Mandatory=True)
    first, second = await client.json("/coursecustomfields")
    assert first == {
        "CustomFieldId": "3001",
        "Label": "Owner",
        "DefaultValue": None,
        "Mandatory": False,
        "VisibleToLearner": False,
        "Type": "String",
        "Dropdown": None,
    }
    assert (second["Dropdown"], second["Mandatory"]) == (["Basic", "R&D"], True)
    assert await client.json("/coursecustomfields/3002") == second
    node = await client.xml("/coursecustomfields/3002")
    assert [each.text for each in node.findall("Dropdown/string")] == ["Basic", "R&D"]
    assert await client.status("GET", "/coursecustomfields/1") == (404, "Custom field not found")
