"""Facts of the API are cited by sections that exist, and the words for their sources are explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
FACTS = (ROOT / "docs" / "api-facts.md").read_text(encoding="utf-8")
SECTIONS = {int(number) for number in re.findall(r"^## (\d+)\. \S", FACTS, re.MULTILINE)}


def texts() -> Iterator[tuple[Path, str]]:
    """Yield the files of the project that cite facts."""
    for folder in ("litmos_async", "tests", "docs", "examples", "benchmarks"):
        for pattern in ("*.py", "*.md", "*.yaml"):
            for path in (ROOT / folder).rglob(pattern):
                if path != Path(__file__):
                    yield path, path.read_text(encoding="utf-8")


def test_the_sections_are_numbered_without_a_gap() -> None:
    """A section can be cited by its number."""
    assert sorted(SECTIONS) == list(range(1, len(SECTIONS) + 1))
    assert len(SECTIONS) >= 20


def test_cited_sections_exist() -> None:
    """Every citation leads to a section, and none to a page that a clone does not have."""
    cited: set[int] = set()
    for path, text in texts():
        assert not re.search(r"quirks\.md|\bfacts\.md 7|shared/api", text), path
        for found in re.findall(r"api-facts(?:\.md)? (\d+)(?:(?:, | and )(\d+))?", text):
            numbers = {int(each) for each in found if each}
            assert numbers <= SECTIONS, (path, found)
            cited |= numbers
    assert len(cited) > 12


def test_every_tag_is_explained() -> None:
    """What stands in brackets behind a fact is in the table of evidence."""
    table = FACTS.partition("## Evidence")[2].partition("## 1.")[0]
    explained = set(re.findall(r"^\| \[(\w+)\] \|", table, re.MULTILINE))
    found = re.findall(r"\[([a-z]+(?:, [a-z]+)*)\]", FACTS.partition("## 1.")[2])
    tags = {tag for group in found for tag in group.split(", ")}

    assert explained == {"rec", "vendor", "coll", "oa", "overview", "peer", "spec", "inf"}
    assert tags == explained


def test_every_source_is_explained() -> None:
    """The words behind "Source:" in the docstrings are in the table of evidence, or cite a section."""
    table = FACTS.partition("## Evidence")[2].partition("## 1.")[0]
    explained = {
        word.strip()
        for row in re.findall(r"^\| \[\w+\] \| ([^|]*) \|", table, re.MULTILINE)
        for word in row.split(",")
    }
    used = {
        word.strip()
        for path in (ROOT / "litmos_async").rglob("*.py")
        for line in re.findall(r"^\s+Source: (.*)\.$", path.read_text(encoding="utf-8"), re.MULTILINE)
        for word in line.split(",")
    }

    assert len(used) >= 7
    assert {word for word in used if word not in explained and not word.startswith("api-facts ")} == set()
