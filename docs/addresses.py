"""Prints the addresses outside of the project that the pages name, with the pages. None of them is fetched."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parent.parent
ADDRESS = re.compile(r"https?://[^\s`'\"<>)\]|]+")
INVENTED = re.compile(
    r"https?://([^/]*@)?([^/]*\.example\.com|[^/]*\.?host|127\.0\.0\.1|localhost|sandbox|my)\b"
)


def addresses() -> dict[str, list[str]]:
    """Return each address with the pages that name it."""
    found: dict[str, set[str]] = defaultdict(set)
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for address in ADDRESS.findall(page.read_text(encoding="utf-8")):
            if not INVENTED.match(address):
                found[address.rstrip(".,:;")].add(str(page.relative_to(ROOT)))
    return {address: sorted(found[address]) for address in sorted(found)}


if __name__ == "__main__":
    for address, pages in addresses().items():
        print(address, "-", ", ".join(pages))
