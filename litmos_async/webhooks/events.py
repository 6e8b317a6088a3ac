"""What Litmos sends to a webhook: an envelope, typed, and `achievement.earned`; other events as open objects.

Nothing signs these messages (api-facts 19), so what they hold is a hint and no proof: see
`Receiver(confirm=True)`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from attrs import field, frozen

from litmos_async.errors import LitmosError

ACHIEVEMENT: Final = "achievement.earned"
"""The one event of which the vendor says what it holds."""


class WebhookError(LitmosError):
    """A message is not one of Litmos' webhooks.

    ```python
    try:
        event = parse(b"not a webhook")
    except WebhookError as problem:
        print(problem)
    ```
    """


@frozen
class Achievement:
    """Someone completed a course, or a learning path.

    ```python
    async def handle(event: Event) -> None:
        if (earned := event.achievement) is not None:
            print(earned.user_name, earned.title, earned.achievement_date)
    ```

    Attributes:
        achievement_id: Its number, as `Achievement.achievement_id` of `litmos.achievements.list`; for a learning
            path, as `OrgAchievement.original_achievement_id` of `litmos.org.list_achievements`. None where there is
            none.
        user_id: Who, by the same id as in the API.
        user_name: The user name, which need not be an e-mail address.
        course_id: The course; None is to be expected for learning paths.
        title: The name of the course.
        code: The code of the course; empty where it has none.
        achievement_date: When. None where that cannot be read.
        compliant_till: Until when it counts; None is for ever.
        result: "Completed" is the only value seen.
        type: "Course Completed" is the only value seen.
        first_name: The person's first name.
        last_name: The person's last name.
        certificate_id: The certificate. None where there is none.
    """

    achievement_id: int | None = None
    user_id: str = ""
    user_name: str = ""
    course_id: str | None = None
    title: str = ""
    code: str = ""
    achievement_date: datetime | None = None
    compliant_till: datetime | None = None
    result: str = ""
    type: str = ""
    first_name: str = ""
    last_name: str = ""
    certificate_id: str | None = None


@frozen
class Event:
    """A message.

    ```python
    event = parse(body)
    if event.type == "achievement.earned":
        print(event.id, event.created, event.achievement)
    ```

    Attributes:
        id: The number of the message. Whether a repeat keeps it is not documented.
        type: What happened, in lower case: "achievement.earned", "session.created", "session.registration",
            "elearningcourse.processed".
        created: When it was sent, in UTC; None where that cannot be read.
        data: What came with it, by its names on the wire, unknown ones too.
        achievement: The same, typed, for `achievement.earned`; else None.
        confirmed: Whether the API was asked and has this achievement; None where it was not asked.
    """

    id: int
    type: str
    created: datetime | None = None
    data: Mapping[str, Any] = field(factory=dict[str, Any], repr=False)
    achievement: Achievement | None = None
    confirmed: bool | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """What tells it from other messages: an achievement is the same whatever message it comes in."""
        keys = [f"message {self.id}"]
        if self.achievement is not None and self.achievement.achievement_id is not None:
            keys.append(f"achievement {self.achievement.achievement_id}")
        return tuple(keys)


def parse(body: bytes) -> Event:
    """Return the event of a message.

    Args:
        body: The body of the request.

    Raises:
        WebhookError: It is not JSON, not an object, or has no id or type.
    """
    try:
        plain = json.loads(body)
    except (ValueError, RecursionError):
        raise WebhookError("the message is not JSON") from None
    if not isinstance(plain, dict):
        raise WebhookError("the message is not an object")
    number, kind, data = plain.get("id"), plain.get("type"), plain.get("data")
    if type(number) is not int or not -(2**63) <= number < 2**63:
        raise WebhookError("the message has no id")
    if not isinstance(kind, str) or not kind.strip():
        raise WebhookError("the message has no type")
    data = data if isinstance(data, dict) else {}
    kind = kind.strip().lower()
    # The screen where hooks are set up names two of them so; the other's message may carry a suffix.
    earned = _achievement(data) if kind.startswith(ACHIEVEMENT) else None
    return Event(number, kind, _time(plain.get("created")), data, earned)


def _achievement(data: Mapping[str, Any]) -> Achievement:
    found = {name.lower(): value for name, value in data.items()}
    number = found.get("achievementid")
    return Achievement(
        achievement_id=number if type(number) is int else None,
        user_id=_text(found.get("userid")),
        user_name=_text(found.get("username")),
        course_id=_text(found.get("courseid")) or None,
        title=_text(found.get("title")),
        code=_text(found.get("code")),
        achievement_date=_time(found.get("achievementdate")),
        compliant_till=_time(found.get("complianttilldate")),
        result=_text(found.get("result")),
        type=_text(found.get("type")),
        first_name=_text(found.get("firstname")),
        last_name=_text(found.get("lastname")),
        certificate_id=_text(found.get("certificateid")) or None,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _time(value: Any) -> datetime | None:
    """Read `2024-01-31T23:59:59.990`: UTC without a zone mark. What cannot be read stays in `data`."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
