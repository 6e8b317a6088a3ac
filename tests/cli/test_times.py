"""Times and spans as they are typed behind `--since`, `--to` and `--overlap`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from litmos_async.cli.times import moment_of, span_of
from litmos_async.errors import ConfigurationError

NOW = datetime(2031, 3, 8, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30s", timedelta(seconds=30)),
        ("90m", timedelta(minutes=90)),
        ("1.5h", timedelta(hours=1, minutes=30)),
        (" 7 D ", timedelta(days=7)),
        ("2w", timedelta(weeks=2)),
        ("0d", timedelta()),
    ],
)
def test_spans(text: str, span: timedelta) -> None:
    """A number and a unit."""
    assert span_of(text, "--overlap") == span
    assert moment_of(text, "--since", NOW) == NOW - span


@pytest.mark.parametrize(
    ("text", "told"),
    [
        *[
            (text, "is not a time span such as 90m, 1h or 7d")
            for text in ("", "7", "d", "7y", "-7d", "1,5h", "7d 2h")
        ],
        ("999999999999d", "is too long"),
        (f"{'9' * 400}d", "is too long"),
    ],
)
def test_no_spans(text: str, told: str) -> None:
    """The option is named with what it would take."""
    with pytest.raises(ConfigurationError, match=f"^--overlap: '{text}' {told}$"):
        span_of(text, "--overlap")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2031-03-01", datetime(2031, 3, 1, tzinfo=UTC)),
        (" 2031-03-01T06:00Z ", datetime(2031, 3, 1, 6, tzinfo=UTC)),
        ("2031-03-01 06:00:30+02:00", datetime(2031, 3, 1, 6, 0, 30, tzinfo=timezone(timedelta(hours=2)))),
    ],
)
def test_moments(text: str, moment: datetime) -> None:
    """A day is its beginning in UTC; a time has a zone of its own."""
    assert moment_of(text, "--since", NOW) == moment


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("yesterday", "is not a time: use 2026-03-01"),
        ("2031-02-30", "is not a time: use 2026-03-01"),
        ("2031-13-01T00:00Z", "is not a time: use 2026-03-01"),
        ("01/03/2031", "is not a time: use 2026-03-01"),
        ("2031-03-01T06:00", "has no time zone: say 2031-03-01T06:00Z for UTC"),
        ("999999w", "is too long"),
        ("999999999999w", "is too long"),
    ],
)
def test_no_moments(text: str, told: str) -> None:
    """A guess at the zone would leave hours out, and years before the first one are none."""
    with pytest.raises(ConfigurationError, match=f"^--since: '{text}' {told}"):
        moment_of(text, "--since", NOW)
