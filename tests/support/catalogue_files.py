"""The files of the catalogue, parsed once in each process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).parent.parent / "contract"
# The parser in C reads the same ten times as fast; a PyYAML that was built without it has none.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def read(name: str) -> Any:
    """Return what a file holds: `operations.yaml` or `records.yaml`. Nobody changes it."""
    return yaml.load((_FOLDER / name).read_text("utf-8"), _LOADER)
