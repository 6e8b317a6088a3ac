"""The exit codes of the command, beside those of signals."""

from __future__ import annotations

from typing import Final

__all__ = ["FAILED", "OK", "USAGE"]

OK: Final = 0
"""Nothing failed."""

FAILED: Final = 1
"""Something failed, or the command did not come to its end."""

USAGE: Final = 2
"""The command cannot work like that; the same words would be refused again."""
