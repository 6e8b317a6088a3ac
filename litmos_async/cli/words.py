"""What the library says, in the words of the command line: pure.

Its messages name arguments of Python, which nobody who types a command has ever seen.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from litmos_async.bulk import count

Match = re.Match[str]


def _wait(found: Match) -> str:
    return f"Waiting {found[2]}: {count(int(found[1]), 'request')} of an earlier run may still arrive"


_WORDS: Final[Sequence[tuple[str, Callable[[Match], str]]]] = (
    (r"(\d+) requests of an earlier run may still arrive: (.+)", _wait),
)


def translate(text: str) -> str:
    """Return a message as the command line says it; what it does not know stays as it is."""
    for pattern, words in _WORDS:
        text = re.sub(pattern, words, text)
    return text
