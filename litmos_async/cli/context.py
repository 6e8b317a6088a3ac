"""What is known of the command line that is being carried out."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Final

__all__ = ["WORDS"]

WORDS: Final[ContextVar[tuple[str, ...]]] = ContextVar("WORDS", default=())
"""Its words."""
