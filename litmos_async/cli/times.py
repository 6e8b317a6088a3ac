"""Times as they are typed: `2026-03-01`, `2026-03-01T06:00Z`, `7d`. Pure."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Final

from litmos_async.errors import ConfigurationError

__all__ = ["moment_of", "span_of"]

_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def span_of(text: str, option: str) -> timedelta:
    """Return a span of time such as `90m`, `1h`, `7d` or `2w`.

    Raises:
        ConfigurationError: It is none.
    """
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigurationError(f"{option}: {text!r} is not a time span such as 90m, 1h or 7d")
    try:
        return timedelta(**{_UNITS[found[2]]: float(found[1])})
    except OverflowError:
        raise ConfigurationError(f"{option}: {text!r} is too long") from None


def moment_of(text: str, option: str, now: datetime) -> datetime:
    """Return a moment: a day, a time with its zone, or a span that lies back from now.

    Raises:
        ConfigurationError: It is none, or a time without a zone.
    """
    text = text.strip()
    if _SPAN.fullmatch(text.lower()):
        try:
            return now - span_of(text, option)
        except OverflowError:
            raise ConfigurationError(f"{option}: {text!r} is too long") from None
    try:
        if len(text) == len("2026-03-01"):
            day = date.fromisoformat(text)
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            f"{option}: {text!r} is not a time: use 2026-03-01, 2026-03-01T06:00Z, or 7d for the last 7 days"
        ) from None
    if moment.tzinfo is None:
        raise ConfigurationError(f"{option}: {text!r} has no time zone: say {text}Z for UTC")
    return moment
