"""What the server says, dug out of whatever it sends."""

from __future__ import annotations

import math
import pickle
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async import errors
from litmos_async.redaction import redact
from litmos_async.wire.verdict import Reply, detail_of, error_of, retry_after_of
from tests.support.amounts import amount

SAMPLES = Path(__file__).parents[1] / "samples"


@pytest.mark.parametrize(
    ("body", "reason", "expected"),
    [
        (b'{"Detail":"UserName already exists"}', "Conflict", "UserName already exists"),
        (b'{"Message": "No"}', "", "No"),
        (b'{"error": {"message": "deep"}}', "", "deep"),
        (b'"just a text"', "", "just a text"),
        (b"<Error><Message>gone</Message></Error>", "", "gone"),
        (b'<string xmlns="urn:x">gone</string>', "", "gone"),
        (b'<Fault a="1">gone</Fault>', "", "gone"),
        (b"plain   text\n here", "Nope", "plain text here"),
        (b"", "The email is not valid", "The email is not valid"),
        (b"", "", "Not Found"),
        (b" \r\n", "The email is not valid", "The email is not valid"),
        (b"{broken", "reason", "reason"),
        (b"<broken", "reason", "reason"),
        (b"[1, 2]", "reason", "reason"),
        (b"<html><head><title>Gateway  gone</title></head></html>", "r", "Gateway gone"),
        (b"<html></html>", "reason", "reason"),
        (b"<html><title>Z\xfcrich closed</title></html>", "r", "Z\ufffdrich closed"),
        (b'{"Text": "gone"}', "", "gone"),
    ],
)
def test_the_words_of_the_server(body: bytes, reason: str, expected: str) -> None:
    """The detail comes from JSON, XML, HTML, plain text, or the reason phrase, in turn."""
    assert detail_of(Reply(404, reason=reason, body=body)) == expected


@pytest.mark.parametrize(
    ("status", "success"), [(199, False), (200, True), (204, True), (299, True), (300, False)]
)
def test_what_is_a_success(status: int, success: bool) -> None:
    """Any status from 200 to 299, and no other."""
    assert Reply(status).success is success


def test_where_there_is_no_reason_the_status_is_named() -> None:
    """HTTP/2 has no reason phrase."""
    assert detail_of(Reply(404)) == "Not Found"


def test_the_recorded_error_page() -> None:
    """The padded HTML page yields the sentence behind "Details"."""
    page = Reply(500, body=(SAMPLES / "error.500.html").read_bytes(), content_type="text/html")
    assert detail_of(page).startswith("The server encountered an error processing the request.")


def test_long_words_are_cut_and_unknown_statuses_survive() -> None:
    """A long text is cut, and says so; a status that is not known still makes an error."""
    assert detail_of(Reply(400, body=b"x" * 500)) == "x" * 500
    assert detail_of(Reply(400, body=b"x" * 501)) == "x" * 499 + "…"
    assert detail_of(Reply(400, body=b"x" * 10_000)) == "x" * 499 + "…"
    assert str(error_of(Reply(799))) == "799"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (406, errors.NotAcceptable),
        (409, errors.Conflict),
        (418, errors.BadRequest),
        (429, errors.RateLimited),
        (503, errors.RateLimited),
        (500, errors.ServerError),
        (502, errors.ServerError),
        (302, errors.ServerError),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[errors.APIError]) -> None:
    """Each status becomes the error that the tree has for it."""
    assert type(error_of(Reply(status))) is kind


def test_secrets_are_cut_out() -> None:
    """Keys, passwords and login links that a server quotes do not reach the error."""
    body = b"apikey=KEY1 and password PW2, see https://x.example.com/login.aspx?loginkey=abc-def&c=1"
    text = str(error_of(Reply(400, body=body), ["KEY1", "PW2", ""]))
    assert "KEY1" not in text
    assert "PW2" not in text
    assert "abc-def" not in text
    assert redact("LoginKey=1") == "LoginKey=***"
    assert "abc" not in repr(Reply(200, body=b"abc"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ("", None),
        ("7", 7.0),
        ("-3", 0.0),
        ("soon", None),
        ("Wed, 01 Jan 2025 00:01:00 GMT", 60.0),
        ("Wed, 01 Jan 2025 00:01:00 -0000", 60.0),
        ("Wed, 01 Jan 2020 00:00:00 GMT", 0.0),
        (" 7 ", 7.0),
        ("9" * 12, 999_999_999_999.0),
        ("9" * 13, None),
        ("Wed,".ljust(76) + "01 Jan 2025 00:01:00 GMT", 60.0),
        ("Wed,".ljust(77) + "01 Jan 2025 00:01:00 GMT", None),
        ("9" * 400, None),
        ("9" * 5_000, None),
        ("1_000", None),
        ("٣", None),
        ("1e999", None),
        ("inf", None),
        ("Wed, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Wed, 01 Jan 2025 99999999999999:00:00 GMT", None),
        ("Wed, 01 Jan 2025 00:00:00 +9999999999999", None),
        ("Wed, 01 Jan 0001 00:00:00 +2300", 0.0),
        ("Wed, 01 Jan 2025 00:00:00 -2400", None),
    ],
)
def test_retry_after_in_both_forms(value: str | None, expected: float | None) -> None:
    """Retry-After is read as seconds or as a date."""
    assert retry_after_of(value, datetime(2025, 1, 1, tzinfo=UTC)) == expected


@settings(max_examples=amount(300, quick=60), deadline=None)
@given(
    st.text(max_size=60)
    | st.from_regex(r"[+-]?[0-9]{1,30}([.][0-9]+)?", fullmatch=True)
    | st.from_regex(
        r"(Wed, )?[0-9]{1,3} (Jan|Dec|[a-z]{3}) [0-9]{1,12} [0-9]{0,4}(:[0-9]{0,12}){0,4} ?(GMT|[+-][0-9]{0,12})?",
        fullmatch=True,
    )
)
def test_no_retry_after_raises(value: str) -> None:
    """Whatever a header says, it is a finite number of seconds or nothing."""
    seconds = retry_after_of(value)
    assert seconds is None or 0.0 <= seconds < math.inf


def test_errors_survive_pickling() -> None:
    """An error keeps its facts on the way to another process."""
    error = error_of(Reply(404, body=b"gone", retry_after=3.0))
    error.operation, error.method, error.path, error.attempts, error.resume = (
        "users.get",
        "GET",
        "/users/x",
        2,
        "t",
    )
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is errors.NotFound
    assert str(copy) == str(error) == "404: gone (users.get: GET /users/x, 2 attempts)"
    assert (copy.status, copy.detail, copy.retry_after, copy.resume) == (404, "gone", 3.0, "t")


def test_the_tree_of_errors() -> None:
    """Every error has the root and the branch that its name promises."""
    for name in errors.__all__:
        kind = getattr(errors, name)
        if isinstance(kind, type):
            assert issubclass(kind, errors.LitmosError)
    assert issubclass(errors.ConfigurationError, ValueError)
    assert issubclass(errors.RequestTimeout, TimeoutError)
