"""Decoders raise nothing but `DecodeError`, whatever the bytes."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.errors import DecodeError
from litmos_async.models import SessionCourse, User, UserCourse, UserPage
from litmos_async.wire import codec
from litmos_async.wire.operation import many, one
from litmos_async.wire.verdict import Reply, error_of
from tests.support.amounts import amount

SAMPLES = Path(__file__).parents[1] / "samples"
BODIES = [path.read_bytes() for path in sorted(SAMPLES.glob("*.json")) + sorted(SAMPLES.glob("*.xml"))]
LISTS = [many(UserCourse, "Courses"), many(SessionCourse, "SessionCourses")]
RECORDS = [one(User), one(UserPage)]


def decode_all(body: bytes) -> None:
    """Let every decoder try a body."""
    reply = Reply(200, body=body)
    for shape in LISTS:
        with contextlib.suppress(DecodeError):
            codec.decode_many(reply, shape)
    for record in RECORDS:
        with contextlib.suppress(DecodeError):
            codec.decode_one(reply, record)
    with contextlib.suppress(DecodeError):
        codec.decode_plain(reply)
    error_of(Reply(500, body=body))


@settings(max_examples=amount(300, quick=75), deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(body: bytes) -> None:
    """Bytes of any kind are decoded or refused."""
    decode_all(body)


@settings(max_examples=amount(500, quick=125), deadline=None)
@given(st.sampled_from(BODIES), st.data())
def test_damaged_answers(body: bytes, data: st.DataObject) -> None:
    """A real answer that was cut, or of which some bytes were changed, is decoded or refused."""
    damaged = bytearray(body[: data.draw(st.integers(0, len(body)))])
    for _ in range(data.draw(st.integers(0, 5))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    decode_all(bytes(damaged))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["Id", "Active", "Modules", "Items", "Pagination", "LastLogin", "X"]), inner
        )
    ),
    max_leaves=20,
)


@settings(max_examples=amount(300, quick=75), deadline=None)
@given(json_values)
def test_any_json(value: object) -> None:
    """JSON of any shape, with known names in unexpected places, is decoded or refused."""
    import json  # noqa: PLC0415

    decode_all(json.dumps(value).encode())


@pytest.mark.parametrize(
    "body", [b"[" * 100_000, b"9" * 10_000, b'{"OriginalId": 1e999}', b'[{"Points": ' + b"9" * 400 + b"}]"]
)
def test_extremes(body: bytes) -> None:
    """Bottomless nesting and endless numbers are no way to break a decoder."""
    decode_all(body)
