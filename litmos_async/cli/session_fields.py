"""What a line says about a session that is to be created. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from litmos_async import Session, SessionDay
from litmos_async.cli.extra_columns import ExtraColumn, ExtraColumns, percent
from litmos_async.cli.values import FieldError, day, text_of, yes_or_no
from litmos_async.names import clean

__all__ = ["MARKS", "MOST_DAYS", "SESSION", "clock", "session_of"]

MOST_DAYS: Final = 5
"""Days of a session that one line can name."""

_CLOCK: Final = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?(?::\d{2})?\s*([ap])?\.?\s*(m?)\.?", re.IGNORECASE)
_NOON: Final = 12
_CLASS_ROOM: Final = 1
"""A peer's word for the number (records.yaml, Session)."""


def clock(text: str) -> str:
    """Return a time of day as the server writes it: 9:00AM.

    Raises:
        FieldError: It is none.
    """
    found = _CLOCK.fullmatch(clean(text))
    expected = "expected a time such as 9:00 or 5:30 PM"
    if not found or bool(found[3]) != bool(found[4]) or not (found[2] or found[3]):
        raise FieldError(expected)
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= _NOON:
            raise FieldError(expected)
        hour = hour % _NOON + (_NOON if found[3].lower() == "p" else 0)
    if hour > 23 or minute > 59:
        raise FieldError(expected)
    return f"{hour % _NOON or _NOON}:{minute:02}{'AM' if hour < _NOON else 'PM'}"


def _number(text: str) -> int:
    said = clean(text)
    # Longer ones are no seats and no kinds, and Python refuses to read thousands of digits.
    if not re.fullmatch("[0-9]{1,9}", said):
        raise FieldError("expected a whole number")
    return int(said)


def _kind(text: str) -> int:
    if re.sub(r"[\s_-]", "", clean(text)).lower() in {"classroom", "inperson"}:
        return _CLASS_ROOM
    try:
        return _number(text)
    except FieldError:
        raise FieldError("expected class room, or the number that the account has for another kind") from None


def _days() -> tuple[ExtraColumn, ...]:
    found = list[ExtraColumn]()
    for number in range(1, MOST_DAYS + 1):
        end = "" if number == 1 else f"_{number}"
        found += [
            ExtraColumn(
                f"date{end}", (f"day{end}", f"start_date{end}", f"session_date{end}"), day, must=number == 1
            ),
            ExtraColumn(f"start_time{end}", (f"start{end}", f"begins{end}"), clock, must=number == 1),
            ExtraColumn(f"end_time{end}", (f"end{end}", f"ends{end}"), clock, must=number == 1),
        ]
    return tuple(found)


def _check(said: Mapping[str, Any]) -> str:
    """Return why the days of a line cannot be those of a session."""
    for number in range(2, MOST_DAYS + 1):
        parts = [said.get(f"{each}_{number}") for each in ("date", "start_time", "end_time")]
        if any(parts) and not all(parts):
            return f"day {number} needs a date, a start time and an end time"
    for found in _days_of(said):
        if found.end_date is not None and found.start_date is not None and found.end_date <= found.start_date:
            return "a day ends before it begins"
    return ""


SESSION: Final = ExtraColumns(
    (
        ExtraColumn("module", ("module_name", "module_code", "module_id")),
        *_days(),
        ExtraColumn("instructor", ("instructor_name", "trainer", "teacher", "instructor_email"), must=True),
        ExtraColumn("location", ("place", "room", "location_name", "venue"), must=True),
        ExtraColumn("time_zone", ("timezone",)),
        ExtraColumn("session_type", ("type", "kind"), _kind),
        ExtraColumn("slots", ("seats", "places", "capacity"), _number),
        ExtraColumn("enable_wait_list", ("wait_list", "waiting_list"), yes_or_no),
        ExtraColumn("details", ("description", "notes")),
    ),
    check_line=_check,
)

MARKS: Final = ExtraColumns(
    (
        ExtraColumn("completed", ("attended", "present", "passed", "came"), yes_or_no),
        ExtraColumn("score", ("result", "grade", "mark"), percent),
    ),
)


def _days_of(said: Mapping[str, Any]) -> list[SessionDay]:
    found = list[SessionDay]()
    for end in ("", *(f"_{number}" for number in range(2, MOST_DAYS + 1))):
        if (on := said.get(f"date{end}")) is None:
            continue
        start, stop = said.get(f"start_time{end}", ""), said.get(f"end_time{end}", "")
        found.append(
            SessionDay(
                start_date=_moment(on, start), end_date=_moment(on, stop), start_time=start, end_time=stop
            )
        )
    return found


def _moment(on: date, time: str) -> datetime:
    """Return a time on a day as the record has it: in UTC, whatever the zone of the session."""
    return datetime.strptime(f"{on:%Y-%m-%d} {time}", "%Y-%m-%d %I:%M%p").replace(tzinfo=UTC)


def session_of(
    name: str, said: Mapping[str, Any], instructor_id: str, location_id: int, zone: str
) -> Session:
    """Return the session that a line describes.

    Args:
        name: What it is called.
        said: What the line says.
        instructor_id: Who leads it.
        location_id: Where it is.
        zone: The time zone where the line names none: a Windows name, or UTC.
    """
    return Session(
        name=text_of(name),
        instructor_user_id=instructor_id,
        session_type=said.get("session_type", _CLASS_ROOM),
        days=_days_of(said),
        time_zone=said.get("time_zone", zone),
        location=said["location"],
        location_id=location_id,
        slots=said.get("slots"),
        enable_wait_list=said.get("enable_wait_list"),
        details=said.get("details"),
    )
