"""The shape of answers, in both formats, against composed examples that follow recorded ones."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from litmos_async.sandbox import Tenant
from tests.sandbox.small import ADA, FIRE_DRILL, LOGIN_KEY, NORTH, ONBOARDING, SAFETY, SALES, WELCOME, Client

NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"

USER_JSON = {
    "Id": ADA,
    "UserName": "ada.example@example.com",
    "FirstName": "Ada",
    "LastName": "Example",
    "FullName": "Ada Example",
    "Email": "ada.example@example.com",
    "AccessLevel": "Learner",
    "DisableMessages": False,
    "Active": True,
    "Skype": "",
    "PhoneWork": "",
    "PhoneMobile": "",
    "LastLogin": "2024-09-20T13:00:55Z",
    "LoginKey": LOGIN_KEY,
    "IsCustomUsername": False,
    "Password": "",
    "SkipFirstLogin": True,
    "TimeZone": "GMT Standard Time",
    "SalesforceId": None,
    "OriginalId": 5000001,
    "Street1": "",
    "Street2": "",
    "City": "",
    "State": "",
    "PostalCode": "",
    "Country": "",
    "CompanyName": "",
    "JobTitle": "R&D <lead>",
    **{f"CustomField{n}": "" for n in range(1, 11)},
    "Culture": "en-US",
    "SalesforceContactId": None,
    "SalesforceAccountId": None,
    "CreatedDate": "2024-07-09T11:02:03Z",
    "Points": 0.0,
    "Brand": "Default",
    "ManagerId": "0",
    "ManagerName": "",
    "EnableTextNotification": False,
    "Website": "",
    "Twitter": "",
    "ExpirationDate": "",
    "JobRole": "",
    "ExternalEmployeeId": "",
    "ProfileType": None,
}

COURSE_JSON = {
    "Id": SAFETY,
    "Code": "SAFE-01",
    "Name": "Safety & you",
    "Active": True,
    "ForSale": False,
    "OriginalId": 700001,
    "Description": "How to leave a building",
    "EcommerceShortDescription": "",
    "EcommerceLongDescription": "",
    "CourseCodeForBulkImport": "700001-SAFE-01",
    "Price": 0.0,
    "AccessTillDate": None,
    "AccessTillDays": None,
    "CourseTeamLibrary": False,
    "CreatedBy": "",
}

USER_COURSE_JSON = {
    "Id": SAFETY,
    "Code": "SAFE-01",
    "Name": "Safety & you",
    "Active": True,
    "Complete": True,
    "PercentageComplete": 100.0,
    "AssignedDate": "/Date(1720522923643+0000)/",
    "StartDate": "/Date(1720522923643+0000)/",
    "DateCompleted": "/Date(1720522923643+0000)/",
    "UpToDate": True,
    "Overdue": False,
    "CompliantTill": None,
    "IsLearningPath": False,
    "CourseCreatedDate": "/Date(1720522923643+0000)/",
    "CourseCreator": "",
    "OriginalId": 700001,
    "ResultId": "338100001",
    "AccessTillDate": None,
}

MODULE_RESULT_JSON = {
    "Id": FIRE_DRILL,
    "Code": "",
    "Name": "Fire drill",
    "Passmark": None,
    "Score": 100.0,
    "Completed": True,
    "LastUpdated": "/Date(1720522923643+0000)/",
    "Attempt": 1,
    "OriginalId": 800001,
    "ResultId": "338100002",
    "StartDate": "/Date(1720522923643+0000)/",
    "DateCompleted": "/Date(1720522923643+0000)/",
}

USER_COURSE_DETAILS_JSON = {
    **{name: USER_COURSE_JSON[name] for name in list(USER_COURSE_JSON)[:11]},
    "CourseDueDate": None,
    "OriginalId": 700001,
    "AccessTillDate": None,
    "ResultId": "338100001",
    "Modules": [MODULE_RESULT_JSON],
}

LEARNING_PATH_JSON = {
    "Id": ONBOARDING,
    "Name": "Onboarding",
    "Description": "",
    "Active": True,
    "OriginalId": 150001,
    "ForSale": False,
    "Price": 0.0,
    "EcommerceShortDescription": "",
    "EcommerceLongDescription": "",
    "AccessTillDate": None,
    "AccessTillDays": None,
    "IsEquivalency": False,
    "LearningPathTeamLibrary": False,
}

SUMMARY_JSON = {
    "Id": ADA,
    "UserName": "ada.example@example.com",
    "FirstName": "Ada",
    "LastName": "Example",
    "Active": True,
    "Email": "ada.example@example.com",
    "AccessLevel": "Learner",
    "Brand": "Default",
}

BADGE_JSON = {
    "Title": "White belt",
    "Description": "",
    "Icon": "https://cdn.example.com/badges/1.png?Expires=1700000000&Signature=abc",
    "IconBgColor": "#ffffff",
}

PAGE_JSON = {
    "Pagination": {"BatchParam": "Limit", "BatchSize": 1, "Start": 0, "TotalCount": 2},
    "Items": [SUMMARY_JSON],
}


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """The small organisation, with one course completed."""
    tenant.assign_course(ADA, SAFETY)
    tenant.set_progress(ADA, SAFETY, 100.0)
    return tenant


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"/users/{ADA}", USER_JSON),
        (f"/users/{ADA}/courses", [USER_COURSE_JSON]),
        (f"/users/{ADA}/courses/{SAFETY}", USER_COURSE_DETAILS_JSON),
        ("/users/paginated?limit=1", PAGE_JSON),
        ("/courses?search=safety", [COURSE_JSON]),
        (f"/courses/{SAFETY}", COURSE_JSON | {"Tags": "safety"}),
        (
            f"/teams/{SALES}",
            {
                "Id": SALES,
                "Name": "Sales",
                "Description": "All of sales",
                "ParentTeamId": "",
                "TeamCodeForBulkImport": "400001-Sales",
            },
        ),
        (
            "/teams?start=1",
            [
                {
                    "Id": NORTH,
                    "Name": "Sales North",
                    "TeamCodeForBulkImport": "400002-SalesNorth",
                    "ParentTeamId": SALES,
                }
            ],
        ),
        ("/learningpaths", [LEARNING_PATH_JSON]),
    ],
)
async def test_json_has_the_recorded_fields_in_order(client: Client, path: str, expected: Any) -> None:
    """JSON answers are bare arrays and objects with the documented names, order and forms of values."""
    url = httpx.URL(path)
    answer = await client.json(url.path, **url.params)
    assert answer == expected
    assert _keys(answer) == _keys(expected)


@pytest.mark.parametrize(
    ("path", "root", "expected"),
    [
        (f"/users/{ADA}", "User", USER_JSON),
        (f"/users/{ADA}/courses", "Courses", [("Course", USER_COURSE_JSON)]),
        (f"/users/{ADA}/courses/{SAFETY}", "Course", USER_COURSE_DETAILS_JSON),
        ("/users/paginated", "UserCollection", PAGE_JSON),
        (f"/courses/{SAFETY}", "Course", COURSE_JSON | {"Tags": "safety"}),
        ("/learningpaths", "LearningPaths", [("LearningPath", LEARNING_PATH_JSON)]),
    ],
)
async def test_xml_says_the_same_as_json(client: Client, path: str, root: str, expected: Any) -> None:
    """XML answers hold the same fields in the same order, without a namespace, nil for null."""
    node = await client.xml(path, limit=1)
    assert node.tag == root
    if isinstance(expected, list):
        (item,), ((name, record),) = node, expected
        assert item.tag == name
        _compare(item, record)
    else:
        _compare(node, expected)


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, _keys(item)) for name, item in value.items()]
    return [_keys(item) for item in value] if isinstance(value, list) else None


def _compare(node: ET.Element, record: dict[str, Any]) -> None:
    assert [child.tag for child in node] == list(record)
    for child, (name, value) in zip(node, record.items(), strict=True):
        if isinstance(value, dict):
            _compare(child, value)
        elif isinstance(value, list):
            for item, each in zip(child, value, strict=True):
                _compare(item, each)
        elif value is None:
            assert child.get(NIL) == "true", name
        else:
            assert (child.text or "") == _xml_text(value), name


def _xml_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.2f}"
    return str(value).replace("/Date(1720522923643+0000)/", "2024-07-09T11:02:03.643")


async def test_the_bytes_of_json(client: Client) -> None:
    """Slashes are escaped, in dates too, and nothing else is."""
    response = await client.send("GET", f"/users/{ADA}/courses")
    assert b'"AssignedDate":"\\/Date(1720522923643+0000)\\/"' in response.content
    response = await client.send("GET", f"/users/{ADA}")
    assert b"https:\\/\\/acme.example.com\\/login.aspx" in response.content
    assert b'"JobTitle":"R&D <lead>"' in response.content


async def test_the_bytes_of_xml(client: Client, tenant: Tenant) -> None:
    """One namespace attribute on the root, empty elements for empty texts, escapes that survive reading."""
    tenant.users[ADA]["City"] = "a\r\nb"
    response = await client.send("GET", f"/users/{ADA}", format="xml")
    assert response.content.startswith(b'<User xmlns:i="http://www.w3.org/2001/XMLSchema-instance"><Id>')
    assert response.content.count(b"xmlns") == 1
    assert b"<Skype/><PhoneWork/>" in response.content
    assert b'<SalesforceId i:nil="true"/>' in response.content
    assert b"<JobTitle>R&amp;D &lt;lead&gt;</JobTitle>" in response.content
    assert ET.fromstring(response.content).findtext("City") == "a\r\nb"


async def test_an_empty_list(client: Client) -> None:
    """Past the end comes `[]`, or the bare root."""
    assert await client.json("/users", start=2) == []
    response = await client.send("GET", "/users", format="xml", start=2)
    assert response.content == b'<Users xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>'


async def test_gamification_rows(client: Client, tenant: Tenant) -> None:
    """Badges and points come in the documented names, a badge inside its row."""
    row = tenant.award(ADA, SAFETY, 50.0, "White belt")
    tenant.award(ADA, WELCOME, 100.0)
    badge = {"ID": row["EarnedBadgeID"], **BADGE_JSON}
    assert await client.json(f"/users/{ADA}/gamificationsummary") == {
        "TotalBadgeEarned": 1,
        "TotalPointEarned": 150.0,
    }
    assert await client.json(f"/users/{ADA}/badges") == [badge]
    first, second = await client.json(f"/users/{ADA}/gamificationdetails")
    assert first == {
        "ID": "91400001",
        "ItemID": SAFETY,
        "ItemName": "Safety & you",
        "EarnedPoint": 50.0,
        "EarnedBadgeID": row["EarnedBadgeID"],
        "DateCompleted": "/Date(1720522923643+0000)/",
        "Badge": badge,
        "GamificationLearningPathItemList": [],
        "GamificationCourseItemList": [],
    }
    assert second["Badge"] is None
    node = await client.xml(f"/users/{ADA}/gamificationdetails")
    assert node.tag == "GamificationAchievedItems"
    _compare(node[0], first)
    assert (await client.xml(f"/users/{ADA}/gamificationsummary")).tag == "GamificationAchievementSummary"
