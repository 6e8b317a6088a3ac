"""What tells inputs and items from others, without a word of what they are."""

from __future__ import annotations

from hashlib import blake2b
from typing import TypeAlias

Key: TypeAlias = tuple[str, str]
"""What an item is called in a journal: a pair of ids, or an id and an empty text. The first one is never empty."""


def nameless(name: str) -> Key:
    """Return the key of an item that has a name and no id: a hash, since a journal holds no names."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest(), ""


class Fingerprint:
    """Tells one input from another, in whatever order its items come.

    The hashes of the items are added up, so it takes no memory. Give it each item once: it counts them.
    """

    def __init__(self) -> None:
        self._sum = 0
        self._items = 0

    def add(self, first: str, second: str = "", content: str = "") -> None:
        """Take an item into account: its key, and whatever else makes it what it is."""
        # With the lengths in front, no two different items make the same text.
        text = f"{len(first)}:{first}{len(second)}:{second}{content}".encode("utf-8", "surrogatepass")
        self._sum += int.from_bytes(blake2b(text, digest_size=16).digest())
        self._items += 1

    @property
    def items(self) -> int:
        """How many items there were."""
        return self._items

    def __str__(self) -> str:
        return f"{self._sum % 2**128:032x}"
