"""Each line of docs/threats.md names a test that there is."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_what_is_defended_against_is_tested() -> None:
    """Every row of the tables names a file of tests or a program, and a test in it if it says so."""
    lines = (ROOT / "docs" / "threats.md").read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith("| attack ")]
    assert len(rows) >= 15
    for row in rows:
        named = re.findall(r"`([\w/.]+\.py)(?:::(\w+))?`", row.split("|")[3])
        assert named, row
        for path, test in named:
            file = ROOT / path if "/" in path else next((ROOT / "tests").rglob(path))
            assert f"def {test}" in file.read_text(encoding="utf-8"), row
