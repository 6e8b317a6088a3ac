"""One bad character costs a character, not the list: over either wire, in any encoding, in any data."""

from __future__ import annotations

import codecs
import json as stdlib_json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from litmos_async.errors import DecodeError
from litmos_async.models import Collection
from litmos_async.wire import codec
from litmos_async.wire.operation import many, one
from litmos_async.wire.text import clean, repaired_json, repaired_xml, start_of
from litmos_async.wire.verdict import Reply, detail_of
from tests.support.amounts import amount

ROWS = many(Collection, "Collections")

XML = (
    "<Collections><Collection><Id>c1</Id><Name>Fine</Name></Collection>"
    "<Collection><Id>c2</Id><Name>%s</Name></Collection></Collections>"
)
XSI = "http://www.w3.org/2001/XMLSchema-instance"
JSON = '[{"Id":"c1","Name":"Fine"},{"Id":"c2","Name":"%s"}]'

TEXT_CASES: list[tuple[bytes, str]] = [
    # raw control characters, and as references
    *((JSON.replace("%s", f"a{chr(code)}b").encode(), "a\ufffdb") for code in (0, 1, 8, 11, 12, 27, 31)),
    *((XML.replace("%s", f"a{chr(code)}b").encode(), "a\ufffdb") for code in (1, 8, 11, 12, 27, 31)),
    *((XML.replace("%s", f"a&#{code};b").encode(), "a\ufffdb") for code in (0, 11, 0xD800, 0xFFFF, 0x110000)),
    (XML.replace("%s", "a&#xB;b").encode(), "a\ufffdb"),
    *(
        (XML.replace("%s", f"a&#x{code};b&#11;").encode(), "a\ufffdb\ufffd")
        for code in ("1F", "D800", "110000")
    ),
    (XML.replace("%s", "a&#x10FFFF;&#11;").encode(), "a\U0010ffff\ufffd"),
    (XML.replace("%s", "a&#x" + "F" * 30 + ";b").encode(), "a\ufffdb"),
    # tabs and line breaks are no bad characters
    (XML.replace("%s", "a&#9;b").encode(), "a\tb"),
    (JSON.replace("%s", "a\tb\nc").encode(), "a\tb\nc"),
    # halves of characters, and whole ones
    (JSON.replace("%s", "a\\ud83d").encode(), "a\ufffd"),
    (JSON.replace("%s", "\\ude00a").encode(), "\ufffda"),
    (JSON.replace("%s", "\\ud83d\\ude00").encode(), "\U0001f600"),
    (JSON.replace("%s", "\\u000b\\b\\f\\uffff\\u0085").encode(), "\ufffd\ufffd\ufffd\ufffd\x85"),
    (JSON.replace("%s", "\\\\u000b").encode(), "\\u000b"),
    (JSON.encode().replace(b"%s", b"\xed\xa0\xbd"), "\ufffd\ufffd\ufffd"),
    (XML.encode().replace(b"%s", b"\xed\xa0\xbd"), "\ufffd\ufffd\ufffd"),
    # bytes that are no UTF-8
    (JSON.encode().replace(b"%s", b"M\xfcller"), "M\ufffdller"),
    (XML.encode().replace(b"%s", b"M\xfcller"), "M\ufffdller"),
    (JSON.encode().replace(b"%s", b"cut \xe4\xbd"), "cut \ufffd"),
    # marks and other encodings
    *(
        (JSON.replace("%s", "Müller \U0001f600").encode(name), "Müller \U0001f600")
        for name in ("utf-8-sig", "utf-16", "utf-16-le", "utf-32")
    ),
    *(
        (XML.replace("%s", "Müller \U0001f600").encode(name), "Müller \U0001f600")
        for name in ("utf-8-sig", "utf-16", "utf-16-le")
    ),
    (codecs.BOM_UTF8 * 2 + JSON.replace("%s", "Müller").encode(), "Müller"),
    (codecs.BOM_UTF8 * 2 + XML.replace("%s", "Müller").encode(), "Müller"),
    # declarations that are wrong, or that nobody knows
    *(
        (f'<?xml version="1.0" encoding="{name}"?>{XML}'.replace("%s", "Müller").encode(), "Müller")
        for name in ("utf-8", "utf-16", "utf-32", "no-such-code", "rot13", "zip", "idna", "")
    ),
    (
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + XML.replace("%s", "Müller").encode("latin-1"),
        "Müller",
    ),
    (
        b'<?xml version="1.0" encoding="iso-8859-1"?>'
        + XML.replace("%s", "Müller & Söhne").encode("latin-1"),
        "Müller & Söhne",
    ),
    (b'<?xml version="1.0" encoding="windows-1252"?>' + XML.replace("%s", "5 €").encode("cp1252"), "5 €"),
    # what people type, and a careless writer passes on
    (XML.replace("%s", "R&D").encode(), "R&D"),
    (XML.replace("%s", "R & D &amp; &lt;x&gt; &#65;").encode(), "R & D & <x> A"),
    (XML.replace("%s", "a&nbsp;b&unknown;").encode(), "a\xa0b&unknown;"),
    (XML.replace("%s", "R&D ]]> a < b <3 <= c").encode(), "R&D ]]> a < b <3 <= c"),
    (XML.replace("%s", "a]]>b<![CDATA[ & < ]]>c]]>&d").encode(), "a]]>b & < c]]>&d"),
    *(
        (XML.replace("%s", text).encode(), text)
        for text in (
            *(
                "a<b",
                "one <b two",
                "Ann <ann@example.com>",
                "if (a<b && c>d)",
                "<",
                "a</ b",
                "a <b c='d'",
                "<<x",
            ),
            *("<x y=z>", "a<!b", "<é=>", "x <y 5> z"),
        )
    ),
    (XML.replace("%s", "a").encode() + b"\0", "a"),
    (XML.replace("%s", "a & b").encode() + b" \r\n\0\0\n", "a & b"),
    (JSON.replace("%s", "a").encode() + b"\0", "a"),
    (JSON.replace("%s", r"C:\dir").encode() + b"\n\0\0\n", r"C:\dir"),
    # what is no part of the text
    (XML.replace("%s", "Fork<!-- left -->lift<?x y?> 2<![CDATA[ & 3]]>").encode(), "Forklift 2 & 3"),
    (XML.replace("<Name>%s", '<Name xml:space="preserve">Forklift').encode(), "Forklift"),
    (
        XML.replace("<Name>%s", f'<Name xmlns:i="{XSI}" i:type="string">Forklift').encode(),
        "Forklift",
    ),
    (JSON.replace("%s", r"C:\dir\x41").encode(), r"C:\dir\x41"),
]


@pytest.mark.parametrize(("body", "name"), TEXT_CASES)
def test_one_bad_character_costs_a_character(body: bytes, name: str) -> None:
    """All rows come, and the text is what it was but for the character."""
    rows = codec.decode_many(Reply(200, body=body), ROWS)
    assert [(row.id, row.name) for row in rows] == [("c1", "Fine"), ("c2", name)]


@pytest.mark.parametrize("header", ["iso-8859-1", '"ISO-8859-1"', "Latin1", "windows-1252"])
@pytest.mark.parametrize("body", [JSON, XML])
def test_the_header_names_the_encoding(body: str, header: str) -> None:
    """An encoding that stands in Content-Type only is used where the bytes are no UTF-8."""
    reply = Reply(200, "", f"text/any; charset={header}", body.replace("%s", "Müller").encode("latin-1"))
    assert codec.decode_many(reply, ROWS)[1].name == "Müller"
    utf8 = Reply(200, "", f"text/any; charset={header}", body.replace("%s", "Müller").encode())
    assert codec.decode_many(utf8, ROWS)[1].name == "Müller"


@pytest.mark.parametrize(
    "header", ["rot13", "zip", "utf-7", "undefined", "x\0y", "ü", "unicode_escape", "utf-16"]
)
def test_a_charset_that_is_none(header: str) -> None:
    """A name that stands for no encoding of texts is passed over."""
    reply = Reply(
        200, "", f"application/json; charset={header}", JSON.encode().replace(b"%s", b"+AGE- M\xfc")
    )
    assert codec.decode_many(reply, ROWS)[1].name == "+AGE- M\ufffd"


def test_plain_data_and_unknown_fields_are_cleaned() -> None:
    """What no record describes holds no bad character either, names included."""
    body = rb'[{"Id": "c1", "New\ud800": ["a\u0000", {"x\u001b": "\udfff"}]}]'
    (row,) = codec.decode_many(Reply(200, body=body), ROWS)
    assert row.extra == {"New\ufffd": ["a\ufffd", {"x\ufffd": "\ufffd"}]}
    assert codec.decode_plain(Reply(200, body=body)) == [{"Id": "c1", **row.extra}]
    assert detail_of(Reply(400, body=b'{"Detail": "no\\ud800\x07"}')) == "no\ufffd\ufffd"
    assert detail_of(Reply(400, body=b"plain \x1b[31m \xff")) == "plain \ufffd[31m \ufffd"


def test_what_is_mended_or_cleaned_keeps_all_the_rest() -> None:
    """A backslash that escapes nothing leaves the true escapes as they are; a bad character the other values."""
    body = rb'[{"Id": "c1", "New": "C:\dir \"x\" \u00e9\n", "Values": [1, 2.5, true, null, "a\u0000"]}]'
    (row,) = codec.decode_many(Reply(200, body=body), ROWS)
    assert row.extra == {"New": 'C:\\dir "x" é\n', "Values": [1, 2.5, True, None, "a\ufffd"]}


@pytest.mark.parametrize("place", range(-8, 3))
def test_a_bad_character_between_two_parts(place: int) -> None:
    """Large texts are searched a part at a time, and nothing is missed where two of them meet."""
    head = '[{"Id":"'
    filling = "x" * (512 * 1024 + place - len(head))
    (row,) = codec.decode_many(Reply(200, body=f'{head}{filling}\\ud800y"}}]'.encode()), ROWS)
    assert row.id == f"{filling}\ufffdy"


def test_a_number_without_end_costs_itself() -> None:
    """A whole number of thousands of digits is kept as it came, among the unknown values."""
    digits = "9" * 5_000
    (row,) = codec.decode_many(Reply(200, body=f'[{{"Id": "c1", "New": {digits}}}]'.encode()), ROWS)
    assert row.extra == {"New": digits}


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_costs_itself(number: str) -> None:
    """It is kept as it came, among the unknown values."""
    (row,) = codec.decode_many(Reply(200, body=f'[{{"Id": "c1", "New": {number}}}]'.encode()), ROWS)
    assert row.extra == {"New": number}


@pytest.mark.costly
@pytest.mark.parametrize(
    ("bad", "good"),
    [
        ("&#xB;", "\ufffd"),
        ("\x0b", "\ufffd"),
        ("R&D", "R&D"),
        ("a&nbsp;b", "a\xa0b"),
        ("a < b", "a < b"),
        ("a<b", "a<b"),
        ("]]>", "]]>"),
        ("<![CDATA[R&D]]>", "R&D"),
    ],
)
def test_one_bad_character_of_a_large_page(bad: str, good: str) -> None:
    """1,000 rows with long texts: the one that is odd comes with its character, all others as they are."""
    text = "All about forklifts &amp; &#228;. " * 150
    names = [f"{bad}{text}" if number == 500 else text for number in range(1_000)]
    body = "".join(
        f"<Collection><Id>c{number}</Id><Name>{name}</Name></Collection>" for number, name in enumerate(names)
    )
    rows = codec.decode_many(Reply(200, body=f"<Collections>{body}</Collections>&".encode()[:-1]), ROWS)
    plain = text.replace("&amp;", "&").replace("&#228;", "\xe4")
    assert len(body) > 4 * 1024 * 1024
    assert rows[500].name == good + plain
    assert {row.name for row in rows} == {plain, good + plain}


def test_a_backslash_in_a_large_page() -> None:
    """Over JSON as well."""
    text = r"All about \"forklifts\" \\ \u00e4. " * 150
    names = [rf"C:\dir{text}" if number == 500 else text for number in range(1_000)]
    body = ",".join(f'{{"Id":"c{number}","Name":"{name}"}}' for number, name in enumerate(names))
    rows = codec.decode_many(Reply(200, body=f"[{body}]".encode()), ROWS)
    plain = stdlib_json.loads(f'"{text}"')
    assert len(body) > 4 * 1024 * 1024
    assert rows[500].name == rf"C:\dir{plain}"
    assert {row.name for row in rows} == {plain, rf"C:\dir{plain}"}


PIECES = ['\\"', "\\\\", "\\u00e4", "&amp;", "&#11;", "<a>", "</a>", "]]>", "<![CDATA["]


@settings(max_examples=amount(1_000, quick=100), deadline=None)
@given(
    st.lists(st.sampled_from([*'a"\\u{,<&]', *PIECES]), max_size=60).map("".join), st.sampled_from("a\\]&")
)
def test_a_text_is_repaired_in_parts_as_in_one(text: str, filling: str) -> None:
    """Wherever the parts begin and end, also where nothing of which one can begin comes for long."""
    for tried in (text, filling * 37 + text, text + filling * 81 + text):
        whole = "".join(repaired_json(tried)), "".join(repaired_xml(tried))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("litmos_async.wire.text._REPAIRED", 40)
            assert ("".join(repaired_json(tried)), "".join(repaired_xml(tried))) == whole


def test_a_row_that_is_none_is_named() -> None:
    """An error says which row it is about."""
    with pytest.raises(DecodeError, match="row 2 is not a Collection"):
        codec.decode_many(Reply(200, body=b'[{"Id": "c1"}, 5]'), ROWS)


@settings(max_examples=amount(200, quick=40), deadline=None)
@given(
    st.text(st.characters(exclude_categories=[]), max_size=30), st.sampled_from(["json", "escaped", "xml"])
)
def test_what_was_read_can_be_written(name: str, wire: str) -> None:
    """Whatever characters come, the text is whole, is what `clean` makes of it, and both wires carry it back."""
    if wire == "xml":
        references = "".join(f"&#{ord(each)};" for each in name)
        body = f"<Collection><Id>c</Id><Name>{references}</Name></Collection>".encode()
    elif wire == "json":
        body = stdlib_json.dumps({"Id": "c", "Name": name}, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    else:
        body = stdlib_json.dumps({"Id": "c", "Name": name}).encode()
    read = codec.decode_one(Reply(200, body=body), one(Collection)).name or ""
    read.encode()
    assert clean(read) == read
    if wire != "json" and "&" not in name:
        # A pair of halves in JSON is one character.
        whole = (
            name.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if wire == "escaped" else name
        )
        assert read == clean(whole)
    from litmos_async.resources import collections  # noqa: PLC0415

    for each in ("json", "xml"):
        sent: Any = codec.encode(collections.CREATE, {}, None, Collection(name=read or "x"), wire=each)
        assert sent.body


def test_the_start_of_an_answer() -> None:
    """An answer is judged by its first characters, behind marks and blanks, in any encoding."""
    for name in ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"):
        assert start_of(" \r\n<HTML>".encode(name)).startswith("<html>")
    assert start_of(b" " * 10_000_000 + b"[") == "["
    assert start_of(b"\xef\xbb\xbf \n") == start_of(b"") == ""
