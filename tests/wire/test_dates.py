"""Dates: every form of api-facts 3."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async import Session
from litmos_async.errors import ConfigurationError
from litmos_async.wire import codec, dates
from litmos_async.wire.operation import many
from litmos_async.wire.verdict import Reply


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-12-20T15:24:16Z", datetime(2016, 12, 20, 15, 24, 16, tzinfo=UTC)),
        ("2021-05-11T18:27:24.763", datetime(2021, 5, 11, 18, 27, 24, 763000, tzinfo=UTC)),
        ("2021-05-11T18:27:24.08", datetime(2021, 5, 11, 18, 27, 24, 80000, tzinfo=UTC)),
        ("2021-05-11T18:27:24.4900000", datetime(2021, 5, 11, 18, 27, 24, 490000, tzinfo=UTC)),
        ("2021-05-11T20:27:24+02:00", datetime(2021, 5, 11, 18, 27, 24, tzinfo=UTC)),
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-02 03:04:05", datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("/Date(1497801750508)/", datetime(2017, 6, 18, 16, 2, 30, 508000, tzinfo=UTC)),
        ("/Date(1497801750508+0000)/", datetime(2017, 6, 18, 16, 2, 30, 508000, tzinfo=UTC)),
        ("/Date(1497801750508-0030)/", datetime(2017, 6, 18, 15, 32, 30, 508000, tzinfo=UTC)),
        ("/Date(1497801750508+0530)/", datetime(2017, 6, 18, 21, 32, 30, 508000, tzinfo=UTC)),
        ("0002-01-01T00:00:00", datetime(2, 1, 1, tzinfo=UTC)),
        ("/Date(-1)/", datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
        ("/Date(0)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("12/31/2025 12:00:00 AM", datetime(2025, 12, 31, tzinfo=UTC)),
        ("12/31/2025 12:30:00 PM", datetime(2025, 12, 31, 12, 30, tzinfo=UTC)),
        ("1/1/2100 1:02:03 pm", datetime(2100, 1, 1, 13, 2, 3, tzinfo=UTC)),
        ("12/31/2025 11:02 AM", datetime(2025, 12, 31, 11, 2, tzinfo=UTC)),
        ("12/31/2025 11:02:03 PM", datetime(2025, 12, 31, 23, 2, 3, tzinfo=UTC)),
        ("12/31/2025 21:02", datetime(2025, 12, 31, 21, 2, tzinfo=UTC)),
        ("12/31/2025", datetime(2025, 12, 31, tzinfo=UTC)),
    ],
)
def test_every_form_is_read(text: str, expected: datetime) -> None:
    """A time is read from every form that was seen, and is aware and in UTC."""
    found = dates.parse_datetime(text)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "  ",
        "0001-01-01T00:00:00",
        "/Date(-62135596800000)/",
        "/Date(-62135596800000-0500)/",
        "/Date(-999999999999999999)/",
    ],
)
def test_never_is_none(text: str) -> None:
    """An empty text and the year 1 mean that there is no time."""
    assert dates.parse_datetime(text) is None


def test_the_offset_of_a_json_date_is_a_switch() -> None:
    """Number plus offset is the stored value by default; "epoch" takes the number alone."""
    text = "/Date(1603756359593-0500)/"
    assert dates.parse_datetime(text) == datetime(2020, 10, 26, 18, 52, 39, 593000, tzinfo=UTC)
    assert dates.parse_datetime(text, "epoch") == datetime(2020, 10, 26, 23, 52, 39, 593000, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["yesterday", "/Date(x)/", "/Date(999999999999999999)/", "13/13/2025", "20:00"]
)
def test_nonsense_is_refused(text: str) -> None:
    """A text of no known form is an error of its value, and nothing else."""
    with pytest.raises((ValueError, OverflowError)):
        dates.parse_datetime(text)


def test_a_day_is_read() -> None:
    """A calendar day is read from the same forms."""
    assert dates.parse_date("12/31/2025") == date(2025, 12, 31)
    assert dates.parse_date("") is None


def test_each_place_gets_its_form() -> None:
    """JSON, XML and queries each get the one form that they are known to accept."""
    moment = datetime(2024, 7, 9, 13, 2, 3, 643000, tzinfo=timezone(timedelta(hours=2)))
    assert dates.to_json(moment) == "/Date(1720522923643)/"
    assert dates.to_xml(moment) == "2024-07-09T11:02:03"
    assert dates.to_query(moment) == "2024-07-09 11:02:03"


@pytest.mark.parametrize("write", [dates.to_json, dates.to_xml, dates.to_query])
def test_a_naive_time_is_refused(write) -> None:
    """A time without a zone is an error, not a guess."""
    with pytest.raises(ConfigurationError, match="time zone"):
        write(datetime(2024, 7, 9))  # noqa: DTZ001 - the point of the test


@pytest.mark.parametrize("write", [dates.to_json, dates.to_xml, dates.to_query])
@pytest.mark.parametrize(
    ("given", "kind"), [(date(2024, 7, 9), "date"), ("2024-07-09", "str"), (None, "NoneType")]
)
def test_what_is_no_time_is_refused(write, given: object, kind: str) -> None:
    """A day, a text or nothing has no hour: the error says what to give instead, and what was given."""
    with pytest.raises(ConfigurationError, match=rf"must be a datetime with a time zone.*, not {kind}$"):
        write(given)


@pytest.mark.parametrize("write", [dates.to_json, dates.to_xml, dates.to_query])
@pytest.mark.parametrize(
    "given",
    [
        datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_what_lies_behind_the_calendar_is_refused(write, given: datetime) -> None:
    """At its ends, a time elsewhere is in a year of UTC that there is not."""
    with pytest.raises(ConfigurationError, match="outside the years 1 to 9999"):
        write(given)


@given(st.datetimes(min_value=datetime(2, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones()))  # noqa: DTZ001
def test_what_is_written_is_read(moment: datetime) -> None:
    """Every form that is written is read back as the same moment, to its precision."""
    exact = moment.astimezone(UTC)
    assert dates.parse_datetime(dates.to_json(moment)) == exact.replace(
        microsecond=exact.microsecond // 1000 * 1000
    )
    assert dates.parse_datetime(dates.to_xml(moment)) == exact.replace(microsecond=0)
    assert dates.parse_datetime(dates.to_query(moment)) == exact.replace(microsecond=0)


def first_of_many(*given: Any) -> Session:
    """Return the first record of a list that is read as a whole."""
    return codec.decode_many(*given)[0]


def first_of_each(*given: Any) -> Session:
    """Return the first record of a list that is read row by row."""
    return next(codec.each_of_many(*given))


@pytest.mark.parametrize("read", [codec.decode_one, first_of_many, first_of_each])
def test_number_and_offset_are_added_unless_asked_otherwise(read: Callable[..., Session]) -> None:
    """One record or many: who says nothing of JSON dates gets the documented reading."""
    text = "/Date(1497801750508-0030)/"
    added, alone = (dates.parse_datetime(text, way) for way in get_args(dates.JsonDates))
    assert added != alone
    reply, shape = Reply(200, body=f'[{{"Id":"1","StartDate":"{text}"}}]'.encode()), many(Session, "Sessions")
    assert read(reply, shape).start_date == read(reply, shape, "wall_clock").start_date == added
    assert read(reply, shape, "epoch").start_date == alone
