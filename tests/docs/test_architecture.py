"""The maps of docs/architecture.md are those of the package."""

from __future__ import annotations

from pathlib import Path

import litmos_async

PAGE = Path(__file__).parents[2] / "docs" / "architecture.md"
CLI = Path(litmos_async.__file__).parent / "cli"


def test_the_map_of_the_command_line() -> None:
    """It names each file of `cli/`."""
    named = PAGE.read_text("utf-8").split("## cli\n\n```\n")[1].split("```")[0].split()
    files = {path.stem for path in CLI.glob("[!_]*.py")}

    assert files <= set(named)
