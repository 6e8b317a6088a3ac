"""Writes `llms.txt` beside the built site: its pages with a sentence each, for programs that read texts.

Run with `python docs/make_llms.py FOLDER`; `nox -s docs` does. Its form is that of https://llmstxt.org, and its
links lead to the Markdown of the pages.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
TREE = re.compile(r"^```\{toctree\}\n((?::[^\n]*\n)*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CAPTION = re.compile(r"^:caption: (.*)$", re.MULTILINE)
LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")


def sections(index: str) -> Iterator[tuple[str, list[str]]]:
    """Yield what the front page lists: each caption with its pages."""
    for options, names in TREE.findall(index):
        [caption] = CAPTION.findall(options)
        yield caption, names.split()


def summary(page: str) -> tuple[str, str]:
    """Return the title of a page, and the first sentence below it as plain text."""
    title, *paragraphs = page.strip().split("\n\n")
    plain = (LINK.sub(r"\1", " ".join(each.split())) for each in paragraphs)
    prose = next((each for each in plain if re.match(r"\w|\*\*|`(?!``)", each)), "")
    return title.removeprefix("# "), re.split(r"(?<=\.)\s", prose, maxsplit=1)[0]


def text() -> str:
    """Return the whole file."""
    index = (HERE / "index.md").read_text(encoding="utf-8")
    title, about = summary(index)
    lines = [f"# {title}", "", f"> {about}"]
    for caption, names in sections(index):
        lines += ["", f"## {caption}", ""]
        for name in names:
            called, sentence = summary((HERE / f"{name}.md").read_text(encoding="utf-8"))
            lines.append(f"- [{called}](_sources/{name}.md.txt): {sentence}")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    (Path(sys.argv[1]) / "llms.txt").write_text(text(), encoding="utf-8")
