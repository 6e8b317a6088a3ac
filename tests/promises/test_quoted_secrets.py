"""A secret that a server quotes is shown in no part, wherever it stands and however it is written."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from litmos_async.redaction import redact, without_quotes
from litmos_async.wire.verdict import ERROR_BODY, Reply, error_of
from tests.support.amounts import amount

FORMS: Final[Mapping[str, Callable[[str], str]]] = {
    "raw": str,
    "JSON": lambda secret: json.dumps(secret)[1:-1],
    "JSON, not ASCII": lambda secret: json.dumps(secret, ensure_ascii=False)[1:-1],
    "JSON of .NET": lambda secret: "".join(
        each if each.isalnum() and each.isascii() else f"\\u{ord(each):04X}" for each in secret
    ),
    "XML": html.escape,
    "XML, without quotes": lambda secret: html.escape(secret, quote=False),
    "decimal": lambda secret: "".join(each if each.isalnum() else f"&#{ord(each)};" for each in secret),
    "decimal, two digits or more": lambda secret: "".join(
        each if each.isalnum() else f"&#{ord(each):03};" for each in secret
    ),
    "hexadecimal": lambda secret: "".join(f"&#x{ord(each):x};" for each in secret),
    "hexadecimal, upper case": lambda secret: "".join(f"&#X{ord(each):04X};" for each in secret),
    "quotes as numbers": lambda secret: (
        secret.replace("&", "&amp;").replace('"', "&#34;").replace("'", "&#39;")
    ),
    "escaped twice": lambda secret: html.escape(html.escape(secret)),
    "repr": lambda secret: repr(secret)[1:-1],
    "a part of a path": lambda secret: quote(secret, safe=""),
    "a part of a query": quote_plus,
    "blanks are one": lambda secret: " ".join(secret.split()),
    "blanks are many": lambda secret: " \n  ".join(secret.split()),
    "control characters are replaced": lambda secret: "".join(
        each if each.isprintable() or each in "\t\n\r" else "\ufffd" for each in secret
    ),
    "UTF-8 read as Latin-1": lambda secret: secret.encode().decode("latin-1"),
}

PLACES: Final[Mapping[str, Callable[[str], Reply]]] = {
    "a text": lambda words: Reply(400, body=words.encode()),
    "a message": lambda words: Reply(400, body=json.dumps({"Message": words}).encode()),
    "a broken message": lambda words: Reply(400, body=b'{"Message": "' + words.encode() + b'"}'),
    "an element": lambda words: Reply(
        400, body=f"<Error><Message>{html.escape(words)}</Message></Error>".encode()
    ),
    "a broken element": lambda words: Reply(
        400, body=b"<Error><Message>" + words.encode() + b"</Message></Error>"
    ),
    "details": lambda words: Reply(500, body=b"<html><p>Details: " + words.encode() + b"</p></html>"),
    "a title": lambda words: Reply(500, body=b"<html><title>" + words.encode() + b"</title></html>"),
    "the reason": lambda words: Reply(400, reason=words),
    "the reason, as ASCII": lambda words: Reply(400, reason=words.encode().decode("ascii", "ignore")),
}

BEGIN, END = "Zq7", "Qz8"
"""A secret begins and ends with these, which stand nowhere else."""


WAYS: Final = [
    (form, place)
    for form in FORMS
    for place in PLACES
    # Where characters are missing, the others are found as they are.
    if place != "the reason, as ASCII" or form in {"raw", "blanks are one", "blanks are many", "XML"}
]


def shown(secret: str, form: str, place: str, before: int, filler: str) -> str:
    """Return what an error shows of an answer that quotes the secret behind so many characters."""
    return str(error_of(PLACES[place](f"{filler * before}{FORMS[form](secret)} tail"), [secret]))


@pytest.mark.costly
@settings(max_examples=amount(1_000, quick=150), deadline=None)
@given(
    st.text("ab \t\n\r\x07\x1d\x85\xa0\\/\"'&<>%+;#äß\u200b\u20ac\U0001f600", max_size=8),
    st.sampled_from(WAYS),
    st.integers(0, 520) | st.integers(1_940, 2_010) | st.integers(ERROR_BODY - 120, ERROR_BODY + 5),
    st.sampled_from(["x", " ", "x ", "\xe4"]),
)
@example("two  spaces", ("raw", "a text"), 0, " ")
@example("&#34;", ("raw", "a message"), 475, "x")
@example("x", ("raw", "a text"), ERROR_BODY - 5, " ")
def test_no_part_of_a_secret_is_shown(middle: str, way: tuple[str, str], before: int, filler: str) -> None:
    """At any place of any answer, also where its text is cut."""
    text = shown(f"{BEGIN}{middle}{END}", *way, before, filler)
    for part in (BEGIN, END, BEGIN[:2], END[1:]):
        assert part not in text


@pytest.mark.parametrize(("form", "place"), WAYS)
def test_wherever_a_text_is_cut(form: str, place: str) -> None:
    """Each place at which the 500 characters, or the 2,000 that are looked at, may end within the secret."""
    secret = f"{BEGIN}  ä\"\x07'{END}"
    for filler, places in (("x", range(440, 505)), (" ", range(1_940, 2_005))):
        for before in places:
            text = shown(secret, form, place, before, filler)
            assert BEGIN[:2] not in text
            assert END[1:] not in text


def test_words_are_shown_where_the_secret_was() -> None:
    """Only the secret is gone, and a log-in key; the rest of a message is as it was."""
    body = json.dumps({"Message": 'No "pw" at <a href="x?loginkey=abc-def&y=1">, for C:\\dir'}).encode()
    text = str(error_of(Reply(400, body=body), ["pw"]))
    assert text == '400: No "***" at <a href="x?loginkey=***&y=1">, for C:\\dir'


def test_a_secret_of_blanks_hides_nothing_else() -> None:
    """Nor does one of which little is left in ASCII."""
    assert redact("a b  c", ["  "]) == "a b***c"
    assert redact("1 of 2 failed", ["ÄÖÜß1"]) == "1 of 2 failed"


def test_a_text_that_was_cut_loses_its_end() -> None:
    """As long as a secret may be."""
    assert without_quotes("x" * 1_000 + "SECR", ["SECRET"], cut=True).strip("x") == ""
    assert without_quotes("SECR", ["SECRET"], cut=True) == ""
    assert without_quotes("a text", [], cut=True) == "a text"


@pytest.mark.parametrize(
    "secret", ["\\" * 200, "a" * 199 + "b", "a " * 100, "&" * 200, " x" * 100, "é" * 150]
)
def test_secrets_are_found_in_linear_time(secret: str) -> None:
    """Whatever repeats in secret and text: a search that tries all ways of reading it would take for ever."""
    for text in (
        secret * 300,
        secret[:-1] * 300,
        "a" + " " * ERROR_BODY,
        "&amp;" * 10_000,
        "\\" * ERROR_BODY,
    ):
        assert len(redact(text[:ERROR_BODY], [secret])) <= ERROR_BODY
