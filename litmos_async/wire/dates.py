"""Dates and times: every form that was seen on reading, the one that is known to be accepted on writing.

All stored times are UTC, and all times of this library are aware. The table of forms is api-facts 3.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal

from litmos_async.errors import ConfigurationError

JsonDates = Literal["wall_clock", "epoch"]
"""How to read `/Date(ms+hhmm)/`.

"wall_clock": number and offset added, taken as UTC. The server keeps UTC values of unspecified kind; where
its own clock runs on another zone, the number is wrong by the very offset that it prints (api-facts 3,
inferred).
"epoch": the number alone, the offset as decoration. Both agree where the offset is +0000 or missing.
"""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_JSON: Final = re.compile(r"/Date\((-?\d{1,18})([+-])?(\d{2})?(\d{2})?\)/")
_US: Final = re.compile(
    r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?(?: ([AP])M)?)?", re.IGNORECASE
)


def parse_datetime(text: str, json_dates: JsonDates = "wall_clock") -> datetime | None:
    """Read any known form; None for an empty text and for the year 1, which stands for "never".

    Raises:
        ValueError: The text is of no known form, or out of range.
    """
    text = text.strip()
    if not text:
        return None
    found = _from_json(text, json_dates) or _from_us(text) or datetime.fromisoformat(text)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    # .NET's DateTime.MinValue, whatever zone was applied to it (api-facts 3, inferred).
    if found.year == 1:
        return None
    return found.astimezone(UTC)


def parse_date(text: str) -> date | None:
    """Read a calendar day in any known form; None for an empty text.

    Raises:
        ValueError: The text is of no known form.
    """
    found = parse_datetime(text)
    return found.date() if found else None


def _from_json(text: str, json_dates: JsonDates) -> datetime | None:
    match = _JSON.fullmatch(text)
    if not match:
        return None
    milliseconds, sign, hours, minutes = match.groups()
    offset = timedelta(hours=int(hours or 0), minutes=int(minutes or 0))
    if sign == "-":
        offset = -offset
    try:
        return (
            _EPOCH
            + timedelta(milliseconds=int(milliseconds))
            + (offset if json_dates == "wall_clock" else timedelta())
        )
    except OverflowError:
        # Only the minimum and its neighbours lie outside on that side: "never", as the year 1.
        if milliseconds.startswith("-"):
            return datetime(1, 1, 1, tzinfo=UTC)
        raise ValueError(f"out of range: {text}") from None


def _from_us(text: str) -> datetime | None:
    """`12/31/2025 12:00:00 AM`, as tokens and listings show it."""
    match = _US.fullmatch(text)
    if not match:
        return None
    month, day, year, hour, minute, second, half = match.groups()
    hours = int(hour or 0)
    if half:
        hours = hours % 12 + (12 if half in "Pp" else 0)
    return datetime(int(year), int(month), int(day), hours, int(minute or 0), int(second or 0), tzinfo=UTC)


def utc(moment: datetime, what: str = "a time") -> datetime:
    """Return the time in UTC, or refuse one without a zone: it could mean any of many moments.

    Raises:
        ConfigurationError: The time is naive, or no time at all: a text or a bare day has no hour; or it is one
            that UTC cannot name, at either end of the calendar.
    """
    given: object = moment
    if not isinstance(given, datetime):
        raise ConfigurationError(
            f"{what} must be a datetime with a time zone, for instance datetime(2025, 1, 31, tzinfo=UTC), "
            f"not {type(given).__name__}"
        )
    if moment.tzinfo is None:
        raise ConfigurationError(f"{what} has no time zone: say which, for instance datetime.now(UTC)")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ConfigurationError(f"{what} lies outside the years 1 to 9999 in UTC") from None


def to_json(moment: datetime) -> str:
    """`/Date(ms)/`: the only form that a JSON body was recorded to be accepted with; ISO got HTTP 500."""
    return f"/Date({(utc(moment) - _EPOCH) // timedelta(milliseconds=1)})/"


def to_xml(moment: datetime) -> str:
    """`yyyy-MM-ddTHH:mm:ss`, in UTC, without a zone."""
    return utc(moment).replace(tzinfo=None).isoformat(timespec="seconds")


def to_query(moment: datetime) -> str:
    """`yyyy-MM-dd HH:mm:ss`: for `since` and `to`, and for the expiry of tokens in either body."""
    return utc(moment).replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")
