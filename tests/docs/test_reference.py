"""The reference is what the docstrings say."""

from __future__ import annotations

import re
import subprocess
import sys
from inspect import isclass
from pathlib import Path

import pytest

import litmos_async
from litmos_async import bulk, errors, models
from litmos_async.models.record import Record, fields_of

ROOT = Path(__file__).parents[2]
PAGES = {page.name: page.read_text(encoding="utf-8") for page in (ROOT / "docs" / "reference").glob("*.md")}


def sections(page: str) -> set[str]:
    """Return what a link to a section of the page can name."""
    return {title.lower() for title in re.findall(r"^#+ (\S+)$", PAGES[page], re.MULTILINE)}


@pytest.mark.costly
def test_the_reference_is_up_to_date() -> None:
    """The pages under docs/reference are as they would be generated now."""
    result = subprocess.run(
        [sys.executable, "docs/make_reference.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout) == (0, ""), "run: python docs/make_reference.py"


@pytest.mark.parametrize("page", PAGES)
def test_an_entry_is_one_bullet(page: str) -> None:
    """A colon in the second line of an entry does not begin another one."""
    assert re.findall(r"^- ` .*$", PAGES[page], re.MULTILINE) == []


@pytest.mark.parametrize("page", PAGES)
def test_what_the_reference_names_can_be_followed(page: str) -> None:
    """Every link leads to a section, and every name of options is a link."""
    for home, section in re.findall(r"\]\(([\w.]*)#(\w+)\)", PAGES[page]):
        assert section in sections(home or page)
    for line in re.findall(r"^ .*See `\w+`.*$", PAGES[page], re.MULTILINE):
        pytest.fail(f"leads nowhere: {line}")


def test_every_public_class_is_in_the_reference() -> None:
    """Who is given a job, a report or an error finds what it holds; records are told of by their attributes."""
    titles = set().union(*map(sections, PAGES))
    public = {
        name
        for module in (litmos_async, bulk, errors)
        for name in module.__all__
        if isclass(getattr(module, name))
    }
    assert {name for name in public - set(models.__all__) - {"Bulk"} if name.lower() not in titles} == set()


def test_every_record_is_in_the_reference_with_its_fields() -> None:
    """All 82 of them, each attribute with its name on the wire, and enumerations with their values."""
    below = dict(
        part.split("\n", 1) for part in re.split(r"^### ", PAGES["records.md"], flags=re.MULTILINE)[1:]
    )
    kinds = [getattr(models, name) for name in models.__all__ if name != "Record"]
    records = [kind for kind in kinds if issubclass(kind, Record)]
    assert len(records) == 82
    for kind in records:
        for attribute, fact in fields_of(kind):
            assert f"| `{attribute.name}` | `{fact.name}` |" in below[kind.__name__]
    for kind in set(kinds) - set(records):
        assert all(f"`{each.value}`" in below[kind.__name__] for each in kind)


@pytest.mark.parametrize("page", ["org.md", "activities.md"])
def test_the_reference_says_what_a_span_is(page: str) -> None:
    """What all lists of a family share stands above them."""
    above = PAGES[page].partition("\n## ")[0]
    for words in ("`since`", "`to`", "time zone", "windows of 7 days", "resume token"):
        assert words in above.replace("\n", " ")
