"""What the command needs beyond the library, and how to get it."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Final

_PACKAGES: Final[Mapping[str, tuple[str, ...]]] = {
    "cli": ("cyclopts", "rich"),
    "mcp": ("mcp",),
    "sandbox": ("starlette", "uvicorn"),
    "xlsx": ("python_calamine", "xlsxwriter"),
}


def missing(command: str, *extras: str) -> str:
    """Return what to say where one of the extras is not installed; nothing if all are."""
    if all(find_spec(package) for extra in extras for package in _PACKAGES[extra]):
        return ""
    return f'{command} needs more packages: pip install "litmos-async[{",".join(extras)}]"'
