"""What the families do beyond one request and its answer: fall-backs, limits, recipes, and what is filled in."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient
from litmos_async.errors import ConfigurationError, DecodeError, NotFound
from litmos_async.models import (
    CollectionCourseRef,
    Course,
    CourseImport,
    CustomFieldValue,
    ElearningModule,
    ElearningModuleRequest,
    EventUser,
    Session,
    SessionDay,
    Team,
    TeamSummary,
    Token,
    User,
    UserImport,
    UserSummary,
)

KEY = "https://acme.litmos.example/account//login.aspx?loginkey=one//time"
ANN = {"Id": "ann", "UserName": "Ann@example.com", "LoginKey": KEY}


class Server:
    """Answers from a table of `VERB /path`; everything else is 404."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers.pop("answers", {})
        self.requests: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the table says; a number is a status."""
        self.requests.append(request)
        found = self.answers.get(f"{request.method} {request.url.path.removeprefix('/v1.svc')}", 404)
        return httpx.Response(found) if type(found) is int else httpx.Response(200, json=found)

    @property
    def asked(self) -> list[str]:
        """The requests so far."""
        return [f"{request.method} {request.url.path.removeprefix('/v1.svc')}" for request in self.requests]

    def client(self) -> LitmosClient:
        """Return a client of this server."""
        return LitmosClient(
            "key",
            "tests",
            base_url="https://litmos.example/v1.svc",
            transport=httpx.MockTransport(self.answer),
            wire="json",
        )


# ------------------------------------------------ limits


def tokens(number: int) -> list[Token]:
    """Return tokens that lack nothing."""
    return [
        Token(
            token_code=f"code-{index}",
            token_type=1,
            token_type_id="course",
            active=True,
            maximum_activations=5,
            token_expiration=datetime(2030, 1, 1, tzinfo=UTC),
        )
        for index in range(number)
    ]


def person(number: int, **more: Any) -> UserImport:
    """Return a row of an import."""
    return UserImport(username=f"user{number}@example.com", first_name="Ada", last_name="Example", **more)


TOO_MUCH: dict[str, Callable[[LitmosClient], Awaitable[Any]]] = {
    "26 teams": lambda c: c.users.add_to_teams("u", [f"t{n}" for n in range(26)]),
    "26 users": lambda c: c.users.list_courses_for_many([f"u{n}" for n in range(26)]),
    "26 registrations": lambda c: c.sessions.register_users("c", "m", "s", [f"u{n}" for n in range(26)]),
    "26 courses": lambda c: c.collections.add_courses("x", [f"c{n}" for n in range(26)]),
    "26 learning paths": lambda c: c.collections.add_learning_paths("x", [f"l{n}" for n in range(26)]),
    "101 new tokens": lambda c: c.tokens.create(tokens(101)),
    "101 tokens": lambda c: c.tokens.update([token.replace(token_id="t") for token in tokens(101)]),
    "2,001 rows": lambda c: c.bulk_imports.create_users([person(n) for n in range(2001)]),
    "2,000 KB": lambda c: c.bulk_imports.create_users([person(n, title="x" * 2000) for n in range(1000)]),
    "101 course rows": lambda c: c.bulk_imports.create_courses([CourseImport()] * 101),
}


@pytest.mark.parametrize("attempt", TOO_MUCH.values(), ids=TOO_MUCH.keys())
async def test_documented_limits(attempt: Callable[[LitmosClient], Awaitable[Any]]) -> None:
    """What the server would refuse as too much is refused before a request is spent."""
    server = Server()

    async with server.client() as client:
        with pytest.raises(ConfigurationError):
            await attempt(client)

    assert server.requests == []


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (
            {"due_date": date(2031, 1, 31), "due_date_span": 30},
            "CourseImport.due_date and due_date_span exclude one another",
        ),
        (
            {"course_access_expiration_date": date(2031, 1, 31), "course_access_expiration_date_span": 0},
            "course_access_expiration_date and course_access_expiration_date_span exclude one another",
        ),
        ({"due_date_span": 101}, "CourseImport.due_date_span must be 0 to 100, not 101"),
        ({"compliance_date_span": 101}, "CourseImport.compliance_date_span must be 0 to 100, not 101"),
        ({"course_access_expiration_date_span": -1}, "must be 0 to 100, not -1"),
    ],
)
async def test_rows_of_courses_that_the_server_rejects_later(dates: dict[str, Any], told: str) -> None:
    """No call tells how an import of courses went, so what would make a row fail is refused before."""
    server = Server(answers={"POST /bulkimports/courses": {"ImportId": "i", "Status": "Waiting"}})
    good = {
        "due_date": date(2031, 1, 31),
        "compliance_date_span": 100,
        "course_access_expiration_date_span": 1,
    }
    async with server.client() as client:
        with pytest.raises(ConfigurationError, match=re.escape(told)):
            await client.bulk_imports.create_courses(
                [CourseImport(course_title="Safety", active=True, **each) for each in (good, dates)]
            )
        assert server.requests == []
        await client.bulk_imports.create_courses([CourseImport(course_title="Safety", active=True, **good)])
    (request,) = server.requests
    assert b'"DueDate":"2031-01-31"' in request.content


INCOMPLETE: dict[str, Callable[[LitmosClient], Awaitable[Any]]] = {
    "no users": lambda c: c.teams.add_users("t", []),
    "no rows": lambda c: c.bulk_imports.create_users([]),
    "no values": lambda c: c.users.set_custom_fields("u", {}),
    "a label twice": lambda c: c.users.set_custom_fields(
        "u", [CustomFieldValue(fieldname="Locker", value=value) for value in ("7", "8")]
    ),
    "an empty id": lambda c: c.teams.remove_user("t", ""),
    "a team without a name": lambda c: c.teams.create(Team()),
    "a team without an id": lambda c: c.teams.update(Team(name="North")),
    "a token without an id": lambda c: c.tokens.update(tokens(1)),
    "a mark that is a text": lambda c: c.sessions.mark_attendance("c", "m", "d", "u", attended="false"),
    "marks that are nothing": lambda c: c.sessions.mark_attendance_many("c", "m", "d", ["u"], attended=None),
    "a mark that says nothing": lambda c: c.sessions.mark_roll_call("c", "m", "s", [EventUser(id="u")]),
    "a day without a time": lambda c: c.sessions.create("c", "m", session(SessionDay())),
    "a module without content": lambda c: c.modules.create(ElearningModuleRequest(name="x")),
}


def session(*days: SessionDay) -> Session:
    """Return a session that lacks nothing but what its days lack."""
    return Session(
        name="March class",
        instructor_user_id="ann",
        session_type=1,
        days=list(days),
        time_zone="UTC",
        location="Room 1",
        location_id=1,
    )


@pytest.mark.parametrize("attempt", INCOMPLETE.values(), ids=INCOMPLETE.keys())
async def test_incomplete_requests(attempt: Callable[[LitmosClient], Awaitable[Any]]) -> None:
    """What lacks something that the server needs is refused before a request is spent."""
    server = Server()

    async with server.client() as client:
        with pytest.raises(ConfigurationError):
            await attempt(client)

    assert server.requests == []


OF_ANOTHER_CLASS: dict[str, tuple[Callable[[Any], Awaitable[Any]], str]] = {
    "a row of the list": (
        lambda c: c.users.update(UserSummary(id="u", user_name="ann", first_name="A", last_name="E")),
        "this takes User, not UserSummary: `patch`",
    ),
    "a team of the list": (
        lambda c: c.teams.update(TeamSummary(id="t", name="North")),
        "this takes Team, not TeamSummary: change what `get` returned",
    ),
    "a course for a person": (
        lambda c: c.users.update(Course(id="c", name="Safety")),
        "this takes User, not Course",
    ),
    "a dict": (
        lambda c: c.users.create({"user_name": "ann", "password": "moon"}),
        "this takes User, not dict",
    ),
    "a new person from a row": (
        lambda c: c.users.create(UserSummary(user_name="ann", first_name="A", last_name="E")),
        "this takes User, not UserSummary",
    ),
    "a session that is a dict": (
        lambda c: c.sessions.create("c", "m", {"name": "March"}),
        "this takes Session, not dict",
    ),
    "a day that is a dict": (
        lambda c: c.sessions.create("c", "m", session({"date": "today"})),
        "this takes SessionDay, not dict",
    ),
    "a module as it was read": (
        lambda c: c.modules.update("m", ElearningModule(id="m", name="x")),
        "this takes ElearningModuleRequest, not ElearningModule",
    ),
    "rows of another import": (
        lambda c: c.bulk_imports.create_users([CourseImport()]),
        "this takes UserImport, not CourseImport",
    ),
    "a mapping for its rows": (
        lambda c: c.bulk_imports.create_users({"username": "ann"}),
        "this takes UserImport, not str",
    ),
    "a list of dicts": (lambda c: c.tokens.create([{"token_code": "x"}]), "this takes Token, not dict"),
}


@pytest.mark.parametrize(("attempt", "text"), OF_ANOTHER_CLASS.values(), ids=OF_ANOTHER_CLASS.keys())
async def test_records_of_another_class(attempt: Callable[[Any], Awaitable[Any]], text: str) -> None:
    """A write replaces the whole record, so a record with fewer attributes would blank the rest."""
    server = Server()

    async with server.client() as client:
        with pytest.raises(ConfigurationError, match=re.escape(text)) as caught:
            await attempt(client)

    assert server.requests == []
    assert "moon" not in str(caught.value)


async def test_records_of_a_class_derived() -> None:
    """A class of the caller's own will do where it is derived from the one that is wanted."""

    class Employee(User):
        """A person, with methods of the caller's own."""

    ann = Employee(
        id="ann",
        user_name="ann",
        first_name="Ann",
        last_name="Example",
        access_level="Learner",
        active=True,
        disable_messages=False,
        is_custom_username=True,
        skip_first_login=False,
    )
    server = Server(answers={"PUT /users/ann": {}})

    async with server.client() as client:
        await client.users.update(ann)

    assert server.asked == ["PUT /users/ann"]


# ------------------------------------------------ what is sent


async def test_rows_keep_what_they_say() -> None:
    """An id, a record that has one, and a row of the request itself stand side by side in one list."""
    server = Server(answers={"POST /collections/x/courses": 200})

    async with server.client() as client:
        await client.collections.add_courses(
            "x", ["c1", Course(id="c2", name="Safety"), CollectionCourseRef(id="c3", seq_id="3")]
        )

    assert json.loads(server.requests[0].content) == [{"Id": "c1"}, {"Id": "c2"}, {"Id": "c3", "SeqId": "3"}]


async def test_records_whose_id_has_another_name() -> None:
    """A token is its own reference although its id is called `token_id`."""
    server = Server(answers={"GET /tokens/t1": [{"TokenId": "t1", "TokenCode": "JOIN"}]})

    async with server.client() as client:
        token = await client.tokens.get(Token(token_id="t1"))

    assert token.token_code == "JOIN"


@pytest.mark.parametrize(
    "values",
    [
        {"Badge colour": "blue", "Locker": None},
        [
            CustomFieldValue(fieldname="Badge colour", value="blue"),
            CustomFieldValue(fieldname="Locker", value=""),
        ],
    ],
)
async def test_custom_fields_in_json(values: Any) -> None:
    """A mapping and records are the same object of labels and values; None clears."""
    server = Server(answers={"POST /users/u/usercustomfields": 200})

    async with server.client() as client:
        await client.users.set_custom_fields("u", values)

    assert json.loads(server.requests[0].content) == {"Badge colour": "blue", "Locker": ""}


async def test_custom_fields_in_xml() -> None:
    """In XML the label is an attribute and the value is the text."""
    server = Server(answers={"POST /users/u/usercustomfields": 200})

    async with server.client() as client:
        await client.users.set_custom_fields("u", {"Locker": "7 & 8"}, wire="xml")

    assert server.requests[0].content == (
        b'<ArrayOfparameter><parameter fieldname="Locker">7 &amp; 8</parameter></ArrayOfparameter>'
    )


async def test_new_modules_are_filled_in() -> None:
    """The only module type there is, and active unless it says otherwise."""
    server = Server(answers={"POST /modules": {"Id": "m", "Status": "Queued"}})

    async with server.client() as client:
        await client.modules.create(
            ElearningModuleRequest(name="x", content_url="https://files.example/x.zip")
        )

    body = json.loads(server.requests[0].content)
    assert (body["ModuleType"], body["Active"]) == (9, True)


@pytest.mark.parametrize("active", [True, False])
async def test_deactivate(active: bool) -> None:
    """Deactivating reads and writes; somebody who is inactive costs one request."""
    user = ANN | {
        "FirstName": "Ann",
        "LastName": "Example",
        "Active": active,
        "DisableMessages": False,
        "IsCustomUsername": False,
        "SkipFirstLogin": False,
    }
    server = Server(answers={"GET /users/ann": user, "PUT /users/ann": 200})

    async with server.client() as client:
        changed = await client.users.deactivate("ann")

    assert changed.active is False
    assert server.asked == ["GET /users/ann", "PUT /users/ann"][: 2 if active else 1]
    if active:
        assert json.loads(server.requests[1].content)["Active"] is False


# ------------------------------------------------ what comes back


async def test_delete_of_a_collection_tries_both_addresses() -> None:
    """The second address is asked after a 404 of the first one, and its answer counts."""
    server = Server(answers={"DELETE /collection/old": 200})

    async with server.client() as client:
        await client.collections.delete("old")
        with pytest.raises(NotFound):
            await client.collections.delete("none")

    assert server.asked == [
        f"DELETE /{name}/{id}" for id in ("old", "none") for name in ("collections", "collection")
    ]


async def test_404_is_an_empty_listing() -> None:
    """Where the catalogue says "404 when empty", nothing is found; elsewhere a 404 is an error."""
    server = Server()

    async with server.client() as client:
        assert await client.collection_listings.list_users("x").collect() == []
        assert await client.collection_listings.list_teams("x").collect() == []
        with pytest.raises(NotFound):
            await client.collection_listings.list("x")


@pytest.mark.parametrize("answer", [200, {"Message": "created"}, True, "ok"])
async def test_a_create_that_answers_something_else(answer: Any) -> None:
    """The write has gone through: whatever the answer is, it is no error."""
    server = Server(answers={"POST /tokens": answer, "POST /courses/c/modules/m/sessions": answer})
    day = SessionDay(
        start_date=datetime(2030, 1, 1, 9, tzinfo=UTC),
        end_date=datetime(2030, 1, 1, 17, tzinfo=UTC),
        start_time="9:00AM",
        end_time="5:00PM",
        send_reminder=False,
        reminder_value=1,
        reminder_metric="days",
    )

    async with server.client() as client:
        assert await client.tokens.create(tokens(1)) == []
        assert await client.sessions.create("c", "m", session(day)) is None


# ------------------------------------------------ single sign on


async def test_find_user_id_walks_all_pages() -> None:
    """The search is fuzzy, so every page is compared, exactly but for upper and lower case."""
    rows = [{"Id": f"u{n}", "UserName": f"ann@example.com.{n}"} for n in range(1200)]
    rows.append({"Id": "ann", "UserName": "Ann@Example.com"})

    def answer(request: httpx.Request) -> httpx.Response:
        assert request.url.params["search"] == "ann@example.com"
        start, limit = int(request.url.params["start"]), int(request.url.params["limit"])
        return httpx.Response(200, json=rows[start : start + limit])

    async with LitmosClient(
        "key", "tests", base_url="https://litmos.example/v1.svc", transport=httpx.MockTransport(answer)
    ) as client:
        assert await client.sso.find_user_id("ann@example.com") == "ann"


async def test_find_user_id_finds_nobody() -> None:
    """Nobody who fits is an error that says so; a long name is searched by its first 50 characters."""
    server = Server(answers={"GET /users": [ANN]})
    name = "a" * 60 + "@example.com"

    async with server.client() as client:
        with pytest.raises(NotFound, match="no one has the user name") as caught:
            await client.sso.find_user_id(name)

    assert (caught.value.status, caught.value.operation, caught.value.attempts) == (
        404,
        "sso.find_user_id",
        2,
    )
    assert server.requests[0].url.params["search"] == "a" * 50


@pytest.mark.parametrize("course", ["c1", Course(id="c1"), Course(id="c1", original_id=77)])
async def test_course_login_url(course: str | Course) -> None:
    """The link of the person with the number of the course, which is read only where it is not known."""
    server = Server(answers={"GET /users/ann": ANN, "GET /courses/c1": {"Id": "c1", "OriginalId": 77}})

    async with server.client() as client:
        login = await client.sso.course_login_url("ann", course)

    known = isinstance(course, Course) and course.original_id is not None
    assert login.url == "https://acme.litmos.example/account/login.aspx?loginkey=one//time&c=77"
    assert len(server.requests) == (1 if known else 2)


async def test_login_links_are_not_shown() -> None:
    """The repr and the text of a link hide it, and a person without one is an error."""
    server = Server(
        answers={"GET /users/ann": ANN, "GET /users/bob": {"Id": "bob"}, "GET /courses/c": {"Id": "c"}}
    )

    async with server.client() as client:
        login = await client.sso.get_login_key("ann")
        with pytest.raises(DecodeError):
            await client.sso.get_login_key("bob")
        with pytest.raises(DecodeError):
            await client.sso.course_login_url("ann", "c")

    assert repr(login) == str(login) == "LoginUrl()"
