"""Sessions: the record, the trees, registration, roll call and attendance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from litmos_async.sandbox import Tenant
from tests.sandbox.small import ADA, BEN, NOW, SAFETY, WELCOME, Client

CLASS = "pA8-nGw0JzS1"
MARCH = "gV6yPi4uBhN1"
SESSIONS = f"/courses/{SAFETY}/modules/{CLASS}/sessions"
SESSION = f"{SESSIONS}/{MARCH}"

DAY_JSON = {
    "Id": "",
    "StartDate": "/Date(1741078800000+0000)/",
    "EndDate": "/Date(1741107600000)/",
    "StartTime": "9:00AM",
    "EndTime": "5:00PM",
    "SendReminder": False,
    "ReminderValue": 1,
    "ReminderMetric": "days",
}

_REMINDER = "ReminderValue must be 1 or more, and ReminderMetric minutes, hours or days"

SESSION_JSON = {
    "Id": "",
    "Name": "April class",
    "InstructorUserId": BEN,
    "SessionType": 1,
    "Days": [DAY_JSON],
    "TimeZone": "UTC",
    "Location": "Room 1",
    "LocationId": 6001,
    "Slots": 12,
    "EnableWaitList": False,
}

SESSION_XML = f"""<Session><Id/><Name>April class</Name><InstructorUserId>{BEN}</InstructorUserId>
    <SessionType>1</SessionType><Days><SessionDay><Id/><StartDate>2025-03-04T09:00:00</StartDate>
    <EndDate>2025-03-04T17:00:00</EndDate><StartTime>9:00AM</StartTime><EndTime>5:00PM</EndTime>
    <SendReminder>false</SendReminder><ReminderValue>1</ReminderValue><ReminderMetric>days</ReminderMetric>
    </SessionDay></Days><TimeZone>UTC</TimeZone><Location>Room 1</Location><LocationId>6001</LocationId>
    <Slots>12</Slots><EnableWaitList>false</EnableWaitList></Session>"""


@pytest.fixture
def tenant(tenant: Tenant) -> Tenant:
    """The small organisation, with one session of two days in the future and Ada on the course."""
    tenant.training.add_module(SAFETY, Id=CLASS, Name="Class room day", Code="ILT1")
    first = NOW + timedelta(days=30)
    tenant.training.add_session(
        SAFETY,
        CLASS,
        Id=MARCH,
        Name="March class",
        InstructorUserId=BEN,
        Location="Room 1",
        LocationId=6001,
        Slots=12,
        Days=[
            {"StartDate": first + timedelta(days=n), "EndDate": first + timedelta(days=n, hours=8)}
            for n in (0, 1)
        ],
    )
    tenant.assign_course(ADA, SAFETY)
    return tenant


async def test_the_record(client: Client) -> None:
    """A session comes with the names around it, its days, and a count of those who have a place."""
    (row,) = await client.json(SESSIONS)
    assert row == await client.json(SESSION)
    assert list(row)[:5] == ["Id", "Name", "InstructorUserId", "InstructorName", "SessionType"]
    assert (row["InstructorName"], row["CourseName"], row["ModuleName"], row["Accepted"]) == (
        "Ben O'Sample",
        "Safety & you",
        "Class room day",
        "0",
    )
    assert [day["StartDate"] for day in row["Days"]] == [
        "/Date(1723114923643+0000)/",
        "/Date(1723201323643+0000)/",
    ]
    assert (row["StartDate"], row["EndDate"]) == (row["Days"][0]["StartDate"], row["Days"][1]["EndDate"])
    node = await client.xml(SESSION)
    assert [each.tag for each in node] == list(row)
    assert [each.tag for each in node.iterfind("Days/*")] == ["SessionDay", "SessionDay"]
    assert node.findtext("Days/SessionDay/StartDate") == "2024-08-08T11:02:03.643"


@pytest.mark.parametrize("body", [SESSION_JSON, SESSION_XML])
async def test_create(client: Client, tenant: Tenant, body: Any) -> None:
    """A session is made over both wires, the days get ids, and who teaches it is an instructor."""
    tenant.training.instructors.clear()
    response = await client.send("POST", SESSIONS, body, format="json")
    assert response.status_code == 201
    row = response.json()
    stored = tenant.training.sessions[row["Id"]]
    assert (row["StartDate"], row["EndDate"]) == (
        "/Date(1741078800000+0000)/",
        "/Date(1741107600000+0000)/",
    )
    assert row["Days"][0]["Id"] == stored["Days"][0]["Id"] != ""
    assert [each["Id"] for each in await client.json("/instructors")] == [BEN]
    assert [each["Id"] for each in await client.json(f"/instructors/{BEN}/sessions")] == [MARCH, row["Id"]]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"Name": ""}, (400, "Name is required")),
        ({"Name": "x" * 101}, (400, "Name is longer than 100 characters")),
        ({"Days": []}, (400, "Days is required")),
        ({"SessionType": None}, (400, "SessionType is required")),
        ({"Days": [DAY_JSON | {"StartDate": None}]}, (400, "StartDate is required")),
        ({"Days": [DAY_JSON | {"EndDate": None}]}, (400, "EndDate is required")),
        ({"Days": [DAY_JSON | {"StartTime": ""}]}, (400, "StartTime is required")),
        ({"Days": [DAY_JSON | {"EndTime": None}]}, (400, "EndTime is required")),
        ({"Days": [DAY_JSON | {"SendReminder": True, "ReminderValue": 0}]}, (400, _REMINDER)),
        ({"Days": [DAY_JSON | {"SendReminder": True, "ReminderMetric": "weeks"}]}, (400, _REMINDER)),
        ({"Days": [DAY_JSON | {"EndDate": "/Date(0)/"}]}, (409, "EndDate lies before StartDate")),
        ({"InstructorUserId": "x"}, (403, "Invalid instructor")),
    ],
)
async def test_create_refuses(client: Client, change: Any, expected: tuple[int, str]) -> None:
    """A session needs a name, a kind, days in order and an instructor; an invalid one is 403."""
    assert await client.status("POST", SESSIONS, SESSION_JSON | change) == expected


@pytest.mark.parametrize(
    "reminder",
    [{"ReminderValue": 0}, {"ReminderValue": None, "ReminderMetric": None}, {"SendReminder": True}],
)
async def test_reminders_that_are_taken(client: Client, reminder: Any) -> None:
    """Of one that is not sent the vendor's collection gives 0, and a client says nothing."""
    body = SESSION_JSON | {"Days": [DAY_JSON | reminder]}
    assert (await client.status("POST", SESSIONS, body))[0] == 201


async def test_iso_dates_in_json_are_refused(client: Client) -> None:
    """The vendor's own collection sends them so, and the one recorded attempt got 500 and HTML."""
    body = SESSION_JSON | {"Days": [DAY_JSON | {"StartDate": "2025-03-04T09:00:00Z"}]}
    response = await client.send("POST", SESSIONS, body)
    assert (response.status_code, response.headers["content-type"]) == (500, "text/html")


async def test_update(client: Client, tenant: Tenant) -> None:
    """A write replaces the record; a day that is named keeps its id, another one gets one."""
    before = (await client.json(SESSION))["Days"]
    body = SESSION_JSON | {"Id": MARCH, "InstructorUserId": "0", "Days": [before[1], DAY_JSON]}
    assert (await client.status("PUT", SESSION, body))[0] == 200
    row = await client.json(SESSION)
    assert (row["Name"], row["InstructorName"]) == ("April class", "Multiple Instructors")
    assert row["Days"][0] == before[1]
    assert row["Days"][1]["Id"] not in {"", before[0]["Id"]}
    assert await client.status("PUT", SESSION, body | {"Id": ""}) == (409, "Id does not match")
    tenant.delete_user(BEN)
    tenant.training.change_session(MARCH, InstructorUserId=BEN)
    assert (await client.json(SESSION))["InstructorName"] == ""
    assert await client.json("/instructors") == []


async def test_delete(client: Client, tenant: Tenant) -> None:
    """A session is deleted once, and its registrations with it."""
    tenant.training.register(MARCH, ADA)
    assert (await client.status("DELETE", SESSION))[0] == 200
    assert await client.status("DELETE", SESSION) == (404, "Session not found")
    assert tenant.training.registrations.of_right(ADA) == {}


async def test_only_ilt_modules_have_sessions(client: Client, tenant: Tenant) -> None:
    """A module of another kind, of another course, or of none answers 404."""
    other = next(iter(tenant.course_modules.of_left(SAFETY)))
    for course_id, module_id in ((SAFETY, other), (WELCOME, CLASS), (SAFETY, "x"), ("x", CLASS)):
        path = f"/courses/{course_id}/modules/{module_id}/sessions"
        assert (await client.status("GET", path))[0] == 404


async def test_the_trees(client: Client, tenant: Tenant) -> None:
    """Future and past are trees: course, modules, sessions, days; the number of the course is text here."""
    past = tenant.training.add_session(
        SAFETY, CLASS, Name="Old class", Days=[{"StartDate": NOW, "EndDate": NOW}]
    )
    (course,) = await client.json("/sessions/future")
    assert (course["Id"], course["OriginalId"]) == (SAFETY, "700001")
    assert [each["Id"] for each in course["Modules"]] == [CLASS]
    assert [each["Id"] for each in course["Modules"][0]["Sessions"]] == [MARCH]
    assert len(course["Modules"][0]["Sessions"][0]["Days"]) == 2
    (course,) = await client.json("/sessions/past")
    assert [each["Id"] for each in course["Modules"][0]["Sessions"]] == [past["Id"]]
    node = await client.xml("/sessions/future")
    path = "SessionCourse/Modules/SessionModule/Sessions/Session/Days/SessionDay/Id"
    assert (node.tag, len(node.findall(path))) == ("SessionCourses", 2)


async def test_the_trees_are_filtered_sorted_and_cut(client: Client, tenant: Tenant) -> None:
    """The name is searched, the start is sorted by, the change is what `since` and `to` look at."""
    later = NOW + timedelta(days=60)
    tenant.training.add_module(WELCOME, Id="w", Name="Tour")
    tenant.training.add_session(WELCOME, "w", Id="tour", Days=[{"StartDate": later, "EndDate": later}])

    async def found(**query: Any) -> list[str]:
        """Return the sessions of the tree."""
        tree = await client.json("/sessions/future", **query)
        return [session["Id"] for course in tree for session in course["Modules"][0]["Sessions"]]

    assert await found() == [MARCH, "tour"]
    assert await found(dir="desc") == ["tour", MARCH]
    assert await found(search="march") == [MARCH]
    assert await found(start=1) == ["tour"]
    assert await found(since="2024-07-09") == [MARCH, "tour"]
    assert await found(since="2024-07-10") == []
    assert await found(to="2024-07-09") == []
    assert await found(since="2024-07-05", to="2024-07-12") == [MARCH, "tour"]
    assert (await client.status("GET", "/sessions/future", since="2024-07-01", to="2024-07-09"))[0] == 406
    tenant.delete_course(WELCOME)
    assert await found() == [MARCH]


async def test_register_user(client: Client, tenant: Tenant) -> None:
    """Who has the course can be registered, again and again without harm."""
    path = f"{SESSION}/users/{ADA}/register"
    for _ in range(2):
        assert (await client.status("POST", path))[0] == 200
    assert list(tenant.training.registrations.of_left(MARCH)) == [ADA]
    assert (await client.json(SESSION))["Accepted"] == "1"
    refused = await client.status("POST", f"{SESSION}/users/{BEN}/register")
    assert refused == (409, "User is not assigned to the course")
    assert (await client.status("POST", f"{SESSION}/users/x/register"))[0] == 404


async def test_online_sessions_need_an_address(client: Client, tenant: Tenant) -> None:
    """Who has no e-mail address cannot be sent a link."""
    tenant.assign_course(BEN, SAFETY)
    tenant.training.change_session(MARCH, SessionType=2)
    refused = await client.status("POST", f"{SESSION}/users/{BEN}/register")
    assert refused == (409, "User has no e-mail address")


async def test_register_users_goes_as_far_as_it_goes(client: Client, tenant: Tenant) -> None:
    """The answer counts who is registered and who is not, and names nobody."""
    path, body = f"{SESSION}/users/register", [{"Id": ADA}, {"Id": BEN}, {"Id": "unknown"}]
    response = await client.send("POST", path, body)
    assert (response.status_code, response.json()) == (200, {"TotalUsersRegistered": 1, "Failed": 2})
    assert list(tenant.training.registrations.of_left(MARCH)) == [ADA]
    many = [{"Id": f"user{n}"} for n in range(26)]
    assert await client.status("POST", path, many) == (404, "Maximum UserIds is 25")


async def test_a_full_session_takes_people_from_those_who_call(client: Client, tenant: Tenant) -> None:
    """It takes no sign-up by learners, which no call is: more people are added, or wait where they may."""
    tenant.assign_course(BEN, SAFETY)
    tenant.training.change_session(MARCH, Slots=1)
    tenant.training.register(MARCH, ADA)
    path = f"{SESSION}/users/{BEN}/register"
    assert (await client.status("POST", path))[0] == 200
    assert (await client.json(SESSION))["Accepted"] == "2"
    tenant.training.change_session(MARCH, EnableWaitList=True)
    assert (await client.json(SESSION))["Accepted"] == "1"
    rows = await client.json(f"{SESSION}/rollcall")
    assert [(row["Id"], row["EventStatus"]) for row in rows] == [(ADA, 1), (BEN, 2)]
    tenant.training.change_session(MARCH, Slots=None)
    assert (await client.json(SESSION))["Accepted"] == "2"


ROLL_CALL_XML = f"""<EventUsers><EventUser><Id>{ADA}</Id><Score>95</Score><Completed>true</Completed>
    </EventUser></EventUsers>"""


@pytest.mark.parametrize("body", [[{"Id": ADA, "Score": 95, "Completed": True}], ROLL_CALL_XML])
async def test_roll_call(client: Client, tenant: Tenant, body: Any) -> None:
    """Score and completion are set, and the result in the module follows."""
    tenant.training.register(MARCH, ADA)
    path = f"{SESSION}/rollcall"
    assert (await client.status("POST", path, body))[0] == 200
    assert await client.json(path) == [
        {
            "Id": ADA,
            "EventStatus": 1,
            "FirstName": "Ada",
            "LastName": "Example",
            "Email": "ada.example@example.com",
            "CompanyName": "",
            "Score": 95,
            "Completed": True,
        }
    ]
    assert (await client.xml(path)).tag == "EventUsers"
    result = tenant.user_courses.of_left(ADA)[SAFETY].modules[CLASS]
    assert (result.score, result.completed) == (95, True)
    (row,) = await client.json(f"/courses/{SAFETY}/modules/{CLASS}/registration")
    assert (row["Id"], row["Score"]) == (ADA, 95)


async def test_a_score_that_is_left_out_becomes_0(client: Client, tenant: Tenant) -> None:
    """A repeat without a score resets it; without the course there is no result to follow."""
    tenant.training.register(MARCH, ADA)
    tenant.training.mark(MARCH, ADA, 80, completed=True)
    tenant.withdraw_course(ADA, SAFETY)
    await client.send("POST", f"{SESSION}/rollcall", [{"Id": ADA, "Completed": True}])
    assert [row["Score"] for row in await client.json(f"{SESSION}/rollcall")] == [0]


async def test_attendance(client: Client, tenant: Tenant) -> None:
    """Days are marked one by one; complete is who came on all of them."""
    tenant.assign_course(BEN, SAFETY)
    for user_id in (ADA, BEN):
        tenant.training.register(MARCH, user_id)
    days = [day["Id"] for day in tenant.training.sessions[MARCH]["Days"]]
    module = f"/courses/{SAFETY}/modules/{CLASS}"
    many = f"{module}/sessiondays/{days[0]}/attended/true"
    assert (await client.status("POST", many, [{"Id": ADA}, {"Id": BEN}]))[0] == 200
    one = f"{module}/sessiondays/{days[1]}/users/{ADA}/attended"

    async def complete() -> list[str]:
        """Return the people who came on every day."""
        return [row["Id"] for row in await client.json(f"{SESSION}/attendance") if row["Completed"]]

    assert await complete() == []
    assert (await client.status("POST", f"{one}/true"))[0] == 200
    assert await complete() == [ADA]
    assert (await client.status("POST", f"{one}/false"))[0] == 200
    assert await complete() == []
    assert await client.status("POST", f"{one}/True") == (400, "attended must be true or false")


async def test_people_who_are_not_registered_are_refused(client: Client, tenant: Tenant) -> None:
    """Roll call and attendance are for registered people, and a day has to exist."""
    day_id = tenant.training.sessions[MARCH]["Days"][0]["Id"]
    module = f"/courses/{SAFETY}/modules/{CLASS}"
    refused = (404, "User is not registered to the session")
    assert await client.status("POST", f"{SESSION}/rollcall", [{"Id": ADA}]) == refused
    path = f"{module}/sessiondays/{day_id}/users/{ADA}/attended/true"
    assert await client.status("POST", path) == refused
    path = f"{module}/sessiondays/x/users/{ADA}/attended/true"
    assert await client.status("POST", path) == (404, "Session day not found")
    with pytest.raises(KeyError):
        tenant.training.mark(MARCH, ADA, 1, completed=True)


async def test_instructors_and_locations(client: Client, tenant: Tenant) -> None:
    """People who teach come as short rows, places as they were added."""
    (row,) = await client.json("/instructors", search="sample")
    assert list(row) == [
        "Id",
        "UserName",
        "FirstName",
        "LastName",
        "Active",
        "Email",
        "AccessLevel",
        "Brand",
    ]
    assert await client.json("/instructors", search="ada") == []
    assert (await client.status("GET", "/instructors/x/sessions"))[0] == 404
    tenant.training.add_instructor(BEN)
    assert tenant.training.instructors == [BEN]
    tenant.training.add_location(Location="Room 1", City="Zürich")
    (row,) = await client.json("/locations")
    assert (row["LocationId"], row["City"], row["Phone"]) == (6001, "Zürich", None)
    assert (await client.xml("/locations"))[0].findtext("Location") == "Room 1"


def test_a_day_remembers_when_it_was_made(tenant: Tenant) -> None:
    """A day that an update names keeps its own CreatedDate."""
    day = dict(tenant.training.sessions[MARCH]["Days"][0])
    tenant.now = lambda: datetime(2025, 1, 1, tzinfo=UTC)
    tenant.training.change_session(MARCH, Days=[day | {"CreatedDate": None}])
    assert tenant.training.sessions[MARCH]["Days"] == [day]
