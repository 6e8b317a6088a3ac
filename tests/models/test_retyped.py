"""Names of people that programs have made something else of: which are told, and which are names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.retyped import escaped, misread, retyped, telling_id, wrapped

ADDRESS = "ann.o'neil+1@example.com"

WRAPPED = (
    "mailto:{}",
    "MAILTO:{}",
    "SMTP:{}",
    "sip:{}",
    "<{}>",
    "<mailto:{}>",
    "Ann Example <{}>",
    "Example, Ann <{}>;",
    '"Example, Ann" <{}>',
    '"{}"',
    "'{}'",
    "\u201c{}\u201d",
    "\u00ab{}\u00bb",
    "({})",
    "[{}]",
    "{};",
    "{},",
    "{}.",
    "{} (Ann)",
    "Ann {}",
    "{} - HR",
    "'{}",
)


@pytest.mark.parametrize("form", WRAPPED)
def test_an_address_as_mail_programs_copy_it(form: str) -> None:
    """It is told, with the address that is meant."""
    for reason in (wrapped, retyped):
        assert reason(form.format(ADDRESS)).endswith(f"is it {ADDRESS!r}?")


@pytest.mark.parametrize("text", ["ann @example.com", "ann@ example.com", "ann\t@ example.com"])
def test_a_blank_in_an_address(text: str) -> None:
    """No address has one."""
    assert wrapped(text).endswith("is it 'ann@example.com'?")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("o&#39;neil@example.com", "o'neil@example.com"),
        ("R&amp;D", "R&D"),
        ("M&uuml;ller", "Müller"),
        ("M&#xFC;ller", "Müller"),
        ("ann%40example.com", "ann@example.com"),
        ("ann%2B1%40example.com", "ann+1@example.com"),
    ],
)
def test_a_name_that_is_written_for_the_web(text: str, meant: str) -> None:
    """It is told, with the name that is meant."""
    assert escaped(text) == retyped(text) == f"{text!r} is written for the web: is it {meant!r}?"


@pytest.mark.parametrize("between", ["#mailto:", ";", "; ", ",", ", ", " ", "\n"])
def test_two_addresses(between: str) -> None:
    """Which of them is meant cannot be known."""
    assert "holds 2 e-mail addresses" in wrapped(f"ann@example.com{between}ben@example.com")


@pytest.mark.parametrize(
    "text",
    [
        *("", "ann", "ann@example.com", "ann@server", "o'ann@example.com", "'t.hooft@example.com"),
        *(
            "R&D",
            "a&b;c",
            "&",
            "100%",
            "a%20b",
            "ann%40@example.com",
            "'s-graves@example.com",
            "Ada @ Home",
            "@ann",
            "ann@",
            "at @home",
            "ann@[10.0.0.1]",
            "CORP\\ann",
            "ann+x@example.com",
        ),
        *(
            "i:0#.f|membership|ann@example.com",
            "ann_example.com#EXT#@tenant.example.com",
            "urn:x:ann@example.com",
        ),
        *(
            "jörg@example.com",
            "WEIẞ",
            "ÄÖÜ",
            "Ã",
            "Ünal Öz",
            "\u00a9Ann",
            "Zoë@example.com",
            "名前",
            "MÍŠA",
            "ÓŽ@example.com",
        ),
    ],
)
def test_what_is_a_name(text: str) -> None:
    """Directories make odd names of people, too."""
    assert not wrapped(text)
    assert not misread(text)
    assert not escaped(text)


@given(st.text("annäöüßéèçñøåŁžЖλ中", min_size=1), st.sampled_from(["cp1252", "latin-1"]))
def test_a_name_in_a_wrong_encoding(name: str, encoding: str) -> None:
    """What UTF-8 looks like in it is told, with the name that is meant, if all of it can be seen."""
    try:
        text = name.encode().decode(encoding)
    except UnicodeError:
        return
    if not text.isprintable():
        return
    assert misread(text) == (
        "" if name.isascii() else f"{text!r} was read in a wrong encoding: is it {name!r}?"
    )


def test_the_time_that_a_long_text_takes() -> None:
    """It grows with the text: a field of a file may hold 100,000 characters."""
    for text in (
        "a@" + "." * 100_000 + "(",
        "a @" + "a." * 50_000 + "(",
        " a" * 50_000 + "@x ",
        "<" * 100_000 + "@",
    ):
        assert "more around it" not in wrapped(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0",
        "00000",
        "--",
        "---",
        ".",
        "?",
        "TBD",
        "tbd ",
        "Unknown\u200b",
        "N.A.",
        "unbekannt",
        "0-0",
        "XXX",
    ],
)
def test_what_stands_for_no_number(text: str) -> None:
    """Several people may have it, and the one who does is not the next one."""
    assert telling_id(text) == ""


@pytest.mark.parametrize("text", ["1", "007", "E-0", "ABC", "X1", "0a", "TBD-1", "Neumann", "\u0661"])
def test_what_is_a_number_of_someone(text: str) -> None:
    """Codes of letters are, too."""
    assert telling_id(f" {text}\u200b") == text
