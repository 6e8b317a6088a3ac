"""Ids that look like the service's, the same ones for the same seed (api-facts 7)."""

from __future__ import annotations

import random
import string
import uuid
from typing import Final

_LETTERS: Final = string.ascii_letters + string.digits + "-_"

_FIRST_NUMBERS: Final = {
    "user": 5_000_001,
    "team": 400_001,
    "course": 700_001,
    "learning path": 150_001,
    "module": 800_001,
    "result": 338_100_001,
    "achievement": 91_400_001,
    "completion": 92_700_001,
    "certificate": 61_200_001,
    "custom field": 3_001,
    "location": 6_001,
}


class Ids:
    """Hands out ids and numbers; nothing is handed out twice."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self._numbers = dict(_FIRST_NUMBERS)

    def short(self) -> str:
        """Return an opaque id of twelve characters; the last one is 1."""
        return self._text(11) + "1"

    def long(self) -> str:
        """Return an opaque id of twenty-three characters; the last one is 2."""
        return self._text(22) + "2"

    def number(self, kind: str) -> int:
        """Return the next number of a kind."""
        number = self._numbers[kind]
        self._numbers[kind] += 1
        return number

    def login_key(self) -> str:
        """Return a one-time log-in link."""
        key = uuid.UUID(int=self._random.getrandbits(128), version=4)
        return f"https://sandbox.example.com/login.aspx?loginkey={key}"

    def _text(self, length: int) -> str:
        return "".join(self._random.choices(_LETTERS, k=length))
