"""The front page leads to each job, messages are real, and `llms.txt` and the addresses list what is there."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.addresses import addresses
from docs.make_llms import sections, summary, text
from tests.support.pages import ROOT

DOCS = ROOT / "docs"
INDEX = (DOCS / "index.md").read_text(encoding="utf-8")

JOBS = (
    "assign-from-csv",
    "sync-from-hr",
    "nightly-export",
    "not-completed",
    "leavers",
    "team-tree",
    "sessions",
    "completions",
    "login-links",
    "several-accounts",
    "several-workers",
)


def texts_of(path: Path) -> Iterator[str]:
    """Yield the texts in a module, with `…` for what is filled in."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found = re.sub(r"%(?:s|d|g|\.\df)", "…", node.value)
        elif isinstance(node, ast.JoinedStr):
            found = "".join(
                str(each.value) if isinstance(each, ast.Constant) else "…" for each in node.values
            )
        else:
            continue
        yield re.sub("…+", "…", found)


def holds(text: str, parts: list[str]) -> bool:
    """Return whether the parts stand in a text, one behind the other."""
    place = 0
    for part in parts:
        found = text.find(part, place)
        if found < 0:
            return False
        place = found + len(part)
    return True


@pytest.fixture(scope="module")
def said() -> set[str]:
    """Return all texts of the library, without the sandbox."""
    folder = ROOT / "litmos_async"
    paths = (path for path in folder.rglob("*.py") if "sandbox" not in path.relative_to(folder).parts)
    return {each for path in paths for each in texts_of(path)}


@pytest.mark.costly
def test_every_message_is_real(said: set[str]) -> None:
    """What the page of troubles quotes is a text of the code, in one piece."""
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| message ")]
    assert len(rows) > 40
    for row in rows:
        quoted = re.match(r"\| `([^`]+)` \|", row)
        assert quoted, row
        assert any(holds(each, quoted[1].split("…")) for each in said), quoted[1]


@pytest.mark.parametrize("job", JOBS)
def test_a_job_is_one_click_away(job: str) -> None:
    """A new user finds each common job on the front page."""
    assert f"](howto/{job}.md)" in INDEX
    assert (DOCS / "howto" / f"{job}.md").exists()


def test_every_page_is_listed() -> None:
    """No page is left out of the front page's lists but those of the families, which the reference lists."""
    listed = {name for _, names in sections(INDEX) for name in names}
    there = {str(page.relative_to(DOCS).with_suffix("")) for page in DOCS.rglob("*.md")}
    families = re.findall(
        r"^reference/\w+$", (DOCS / "reference.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert there - listed - {"index"} == set(families)
    assert listed <= there


def test_llms_txt() -> None:
    """It begins with a title and a summary; each page has a link to its Markdown and a sentence."""
    title, empty, about, *rest = text().splitlines()
    assert (title, empty) == ("# litmos-async", "")
    assert about.startswith("> The asyncio client for the Litmos LMS REST API")
    rows = [line for line in rest if line.startswith("- ")]
    assert len(rows) == sum(len(names) for _, names in sections(INDEX))
    for row in rows:
        found = re.fullmatch(r"- \[[^\]]+\]\(_sources/([\w/-]+)\.md\.txt\): \S.*", row)
        assert found, row
        assert (DOCS / f"{found[1]}.md").exists()


@pytest.mark.parametrize(
    ("page", "found"),
    [
        ("# A title\n\nOne [link](a.md). Two.\n", ("A title", "One link.")),
        ("# T\n\n```toml\na = 1\n```\n\nThe first\nsentence: more.\n", ("T", "The first sentence: more.")),
        ("# T\n\n## Below\n", ("T", "")),
    ],
)
def test_summaries(page: str, found: tuple[str, str]) -> None:
    """A summary is the first sentence of prose, without links."""
    assert summary(page) == found


def test_addresses_are_listed() -> None:
    """Each with the pages that name it; those of examples are left out."""
    found = addresses()
    invented = re.compile(r"https?://(127\.|localhost|[^/]*\.example\.com)")
    assert "README.md" in found["https://www.litmos.com"]
    assert not [address for address in found if invented.match(address)]
