"""What stands in the cells of a file that the command wrote."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from litmos_async.cli.cells import guarded, tidy, unguarded

LEADS = st.text("'=+-@\t\r0123456789 .,x()", max_size=8)


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1+1",
        "-1+1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "'=1",
        "''@x",
        "'-5",
        "-",
        "--",
        "=",
        "+1-2",
        "-x",
        "+49x",
    ],
)
def test_what_a_spreadsheet_would_run(text: str) -> None:
    """It gets one apostrophe."""
    assert guarded(text) == f"'{text}"
    assert unguarded(f"'{text}") == text


@pytest.mark.parametrize(
    "text",
    [
        *("-5", "+5", "-5.5", "-1,234.50", "+1e5", "-1.5E-3", "-.5", "-12 %", "5%", "-1 234,5"),
        *("+49 30 123456", "+49 (0)30/12-34-56", "+1 (555) 123-4567", "+4930123456", "+1.555.123.4567"),
        *("", "ada", "'ada", "O'Hara", "a=b", "2031-12-24", "'5", "a\tb"),
    ],
)
def test_what_it_would_not(text: str) -> None:
    """Numbers and telephone numbers stay, as all other texts do; nothing is taken off them either."""
    assert guarded(text) == text
    assert unguarded(text) == text


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\r\n")) | LEADS)
def test_there_and_back(text: str) -> None:
    """What is written for a text is read as that text, and is no formula."""
    cell = guarded(text)
    assert unguarded(cell) == text
    assert cell in {text, f"'{text}"}


@given(st.text() | st.text(st.characters(categories=["Cc", "Cs"])))
def test_control_characters(text: str) -> None:
    """Those of C0 and C1, and halves of characters, become a mark; everything else stays, bidi controls too."""
    clean = tidy(text)
    assert len(clean) == len(text)
    for before, after in zip(text, clean, strict=True):
        steers = unicodedata.category(before) in {"Cc", "Cs"} and before not in "\t\r\n"
        assert after == ("\ufffd" if steers else before)
    clean.encode("utf-8")
