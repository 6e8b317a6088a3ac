"""Times as the service reads them: each form of JSON and of XML, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from litmos_async.sandbox.wire.read import BadDate, moment

NOON = datetime(2025, 3, 14, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-03-14T12:00:00Z", NOON),
        ("2025-03-14T13:00:00+01:00", NOON),
        ("2025-03-14T12:00:00", NOON),  # without a zone it is UTC
        ("/Date(1741953600000)/", NOON),
        (NOON, NOON),
        ("", None),
        (None, None),
    ],
)
def test_a_time(value: Any, expected: datetime | None) -> None:
    """An empty text stands for none."""
    assert moment(value) == expected


@pytest.mark.parametrize("value", ["soon", "/Date(soon)/", "2025-13-01T00:00:00"])
def test_what_is_no_time(value: str) -> None:
    """It is what the service answers with a 500."""
    with pytest.raises(BadDate):
        moment(value)
