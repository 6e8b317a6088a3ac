"""What a create fills in, and the forms in which a field is read."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from litmos_async import LitmosClient, Session, SessionDay, User
from litmos_async.errors import ConfigurationError
from litmos_async.models import (
    Course,
    CourseDetails,
    EcommerceCourse,
    EcommerceLearningPath,
    ILTModule,
    Record,
)
from litmos_async.wire import codec
from litmos_async.wire.operation import one
from litmos_async.wire.verdict import Reply

NAMES: dict[str, tuple[User, str, bool]] = {
    "an address": (User(user_name="ann@example.com"), "ann@example.com", False),
    "an address with a plus": (User(user_name="ann+hr@mail.example.com"), "ann+hr@mail.example.com", False),
    "an address of its own": (
        User(user_name="ann@example.com", email="a@example.org"),
        "a@example.org",
        False,
    ),
    "an empty address": (User(user_name="ann@example.com", email=""), "ann@example.com", False),
    "a name": (User(user_name="ann.example"), "", True),
    "a name with an address": (
        User(user_name="ann.example", email="ann@example.com"),
        "ann@example.com",
        True,
    ),
    "a name that looks like one": (User(user_name="ann@home", is_custom_username=True), "", True),
    "two signs": (User(user_name="ann@@example.com"), "", True),
    "a blank": (User(user_name="ann b@example.com"), "", True),
    "nothing before": (User(user_name="@example.com"), "", True),
    "nothing behind": (User(user_name="ann@"), "", True),
    "no address, against better knowledge": (User(user_name="ann", is_custom_username=False), "", False),
}


@pytest.mark.parametrize(("user", "email", "custom"), NAMES.values(), ids=NAMES.keys())
async def test_the_address_of_a_new_person(user: User, email: str, custom: bool) -> None:
    """A user name that is an address is the address too, unless another one or none is said."""
    sent: list[dict[str, Any]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(json.loads(request.content))
        return httpx.Response(201, json=sent[0])

    async with LitmosClient("k", "t", transport=httpx.MockTransport(answer)) as litmos:
        await litmos.users.create(user.replace(first_name="Ann", last_name="Example"))

    assert (sent[0]["Email"], sent[0]["IsCustomUsername"]) == (email, custom)


def session(**day: Any) -> Session:
    """Return a session with one day."""
    start = datetime(2030, 5, 1, tzinfo=UTC)
    days = [SessionDay(start_date=start, end_date=start, start_time="9:00AM", end_time="5:00PM", **day)]
    return Session(
        name="S",
        instructor_user_id="u",
        session_type=1,
        days=days,
        time_zone="UTC",
        location="Room",
        location_id=6001,
    )


REMINDERS: list[tuple[dict[str, Any], tuple[Any, ...] | None]] = [
    ({}, (False, 1, "minutes")),
    ({"send_reminder": False}, (False, 1, "minutes")),
    ({"send_reminder": False, "reminder_value": 0, "reminder_metric": "days"}, (False, 0, "days")),
    ({"send_reminder": True, "reminder_value": 2, "reminder_metric": "days"}, (True, 2, "days")),
    ({"send_reminder": True, "reminder_value": 0, "reminder_metric": "days"}, None),
    ({"send_reminder": True, "reminder_value": -1, "reminder_metric": "days"}, None),
    ({"send_reminder": True, "reminder_metric": "days"}, None),
    ({"send_reminder": True, "reminder_value": 1}, None),
]


@pytest.mark.parametrize("family", ["sessions", "ilt_modules"])
@pytest.mark.parametrize(("day", "sent"), REMINDERS, ids=str)
async def test_the_reminder_of_a_new_session(family: str, day: dict[str, Any], sent: Any) -> None:
    """A day without a reminder says so; one that is to be sent needs a time, by either way to make a session."""
    bodies: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        bodies.append(json.loads(request.content))
        return httpx.Response(201)

    async with LitmosClient("k", "t", transport=httpx.MockTransport(answer), wire="json") as litmos:
        call: Awaitable[Any]
        if family == "sessions":
            call = litmos.sessions.create("c", "m", session(**day))
        else:
            call = litmos.ilt_modules.create("c", ILTModule(name="M", sessions=[session(**day)]))
        if sent is None:
            with pytest.raises(ConfigurationError, match="reminder"):
                await call
            assert bodies == []
            return
        await call
    found = bodies[0]["Days"][0] if family == "sessions" else bodies[0]["Sessions"][0]["Days"][0]
    assert (found["SendReminder"], found["ReminderValue"], found["ReminderMetric"]) == sent


LABELLED: dict[type[Record], tuple[str, ...]] = {
    Course: ("Tags",),
    CourseDetails: ("Tags", "Topics", "Languages"),
    EcommerceCourse: ("Tags", "Topics"),
    EcommerceLearningPath: ("Tags", "Topics"),
}

FORMS = {
    '["a","b &amp; c"]': ["a", "b & c"],
    '"a, b"': ["a, b"],
    "[]": [],
    '""': [],
    "null": [],
}


@pytest.mark.parametrize("kind", LABELLED, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("form", FORMS)
def test_a_text_or_a_list_of_texts(kind: type[Record], form: str) -> None:
    """Tags and topics are a text in one source and a list in another: both are read, and nothing is guessed at."""
    for name in LABELLED[kind]:
        body = f'{{"Id":"c","{name}":{form}}}'.encode()
        found = codec.decode_one(Reply(200, body=body), one(kind))
        assert getattr(found, name.lower()) == FORMS[form]
        assert found.extra == {}


def test_a_text_or_a_list_in_xml() -> None:
    """The same in XML."""
    listed = b"<Course><Id>c</Id><Tags><string>a</string><string>b</string></Tags></Course>"
    single = b"<Course><Id>c</Id><Tags>a, b</Tags></Course>"

    assert codec.decode_one(Reply(200, body=listed), one(Course)).tags == ["a", "b"]
    assert codec.decode_one(Reply(200, body=single), one(Course)).tags == ["a, b"]
