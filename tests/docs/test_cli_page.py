"""The page of the command line, and what starting it takes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAVY = ("httpx", "lxml", "cattrs", "sqlite3", "rich.markdown", "litmos_async.bulk", "litmos_async.sandbox")
"""What takes long to import; a command that needs it imports it."""


@pytest.mark.costly
def test_the_page_is_up_to_date() -> None:
    """docs/cli.md is as it would be generated now."""
    result = subprocess.run(
        [sys.executable, "docs/make_cli.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stdout) == (0, ""), "run: python docs/make_cli.py"


@pytest.mark.costly
@pytest.mark.parametrize("words", [["--version"], ["--help"], ["init", "--help"]])
def test_what_a_start_imports(words: list[str]) -> None:
    """Little: `benchmarks/startup.py` shows the time, and what makes it is what is imported."""
    code = f"""
import io, json, sys
from litmos_async.cli.app import run
out, sys.stdout = sys.stdout, io.StringIO()
run({words!r})
sys.stdout = out
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""
    # Where coverage is measured it imports much of its own.
    bare = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=bare)
    found = set(json.loads(result.stdout))
    assert not found & {"httpx", "litmos_async.sandbox"}
    assert not found or words == ["init", "--help"]
