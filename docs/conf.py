"""How Sphinx builds the pages of this folder: `nox -s docs`."""

from __future__ import annotations

import re
from pathlib import Path

VERSION = Path(__file__).parent.parent / "litmos_async" / "version.py"

project = author = copyright = html_title = "litmos-async"
release = version = re.findall(r'"(.+)"', VERSION.read_text(encoding="utf-8"))[-1]

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["_build"]
nitpicky = True
myst_heading_anchors = 6  # links such as guide.md#fail-fast are checked
html_theme = "furo"
html_show_copyright = False
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
