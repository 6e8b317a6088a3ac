"""What a webhook holds is read liberally, and what is no webhook is a typed error."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.webhooks import Event, WebhookError, parse

EARNED = {
    "id": 70211,
    "created": "2025-03-14T08:21:07.240",
    "type": "achievement.earned",
    "object": "event",
    "data": {
        "userId": "Qm3-tZk81vA1",
        "userName": "user",
        "courseId": "w7PdLr_20Xs1",
        "title": "Forklift refresher",
        "code": "FL-02",
        "achievementDate": "2025-03-14T08:20:55.900",
        "compliantTilldate": "2026-03-14T08:20:55.900",
        "result": "Completed",
        "type": "Course Completed",
        "firstName": "Ines",
        "lastName": "Example",
        "achievementId": 915340,
        "certificateId": "Hy61nQe0-Tk1",
    },
}


def body(**changes: Any) -> bytes:
    """Return a message."""
    return json.dumps(EARNED | changes).encode()


def test_an_achievement_is_typed() -> None:
    """All thirteen fields come out, times in UTC, and the data stay as they came."""
    event = parse(body())
    assert (event.id, event.type, event.created) == (
        70211,
        "achievement.earned",
        datetime(2025, 3, 14, 8, 21, 7, 240_000, UTC),
    )
    earned = event.achievement
    assert earned is not None
    assert earned.achievement_date == datetime(2025, 3, 14, 8, 20, 55, 900_000, UTC)
    assert earned.compliant_till == datetime(2026, 3, 14, 8, 20, 55, 900_000, UTC)
    assert (earned.user_id, earned.course_id, earned.code) == ("Qm3-tZk81vA1", "w7PdLr_20Xs1", "FL-02")
    assert (earned.achievement_id, earned.certificate_id) == (915340, "Hy61nQe0-Tk1")
    assert event.data == EARNED["data"]
    assert event.keys == ("message 70211", "achievement 915340")


@pytest.mark.parametrize(
    "kind", ["Achievement.Earned", " ACHIEVEMENT.EARNED ", "achievement.earned.learningpath"]
)
def test_the_type_is_compared_without_case(kind: str) -> None:
    """The settings screen writes capitals, and the name for learning paths is not known."""
    assert parse(body(type=kind)).achievement is not None


def test_other_events_are_open_objects() -> None:
    """What the vendor does not describe is handed on as it came."""
    event = parse(body(type="Session.Created", data={"anything": [1, None]}))
    assert event == Event(70211, "session.created", event.created, {"anything": [1, None]})


def test_nulls_and_other_spellings() -> None:
    """No course, a date that cannot be read, and the date with a capital D."""
    data = {"courseId": None, "achievementDate": "soon", "compliantTillDate": "2026-03-14T08:20:55.900Z"}
    earned = parse(body(data=data)).achievement
    assert earned is not None
    assert (earned.course_id, earned.achievement_date) == (None, None)
    assert earned.compliant_till == datetime(2026, 3, 14, 8, 20, 55, 900_000, UTC)


@pytest.mark.parametrize("number", [None, "915340", 1.5, True])
def test_an_achievement_without_a_number(number: Any) -> None:
    """It is told from others by the message alone."""
    assert parse(body(data={"achievementId": number, "userId": "u"})).keys == ("message 70211",)


@pytest.mark.parametrize(
    "bad", [b"", b"[]", b"null", b"{}", b'{"id": "1", "type": "x"}', b'{"id": 1, "type": ""}']
)
def test_what_is_no_webhook(bad: bytes) -> None:
    """A typed error."""
    with pytest.raises(WebhookError):
        parse(bad)


@given(
    st.binary(max_size=200)
    | st.recursive(
        st.none() | st.text() | st.integers() | st.floats(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["id", "type", "data", "created", "achievementId", "achievementDate"]), inner
            )
        ),
        max_leaves=10,
    ).map(lambda plain: json.dumps(plain).encode())
)
def test_any_bytes(anything: bytes) -> None:
    """Whatever comes, it is an event or a typed error."""
    with contextlib.suppress(WebhookError):
        assert isinstance(parse(anything), Event)
