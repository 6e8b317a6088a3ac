"""Texts that stand for others: as long, of the same kinds of characters, and the same wherever a text comes up."""

from __future__ import annotations

import hashlib
import re
import secrets
from enum import StrEnum
from typing import Final

from litmos_async.models import enums

__all__ = ["Pseudonyms"]

_DATE: Final = re.compile(
    r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?(\.\d+)?(Z|[+-]\d\d:?\d\d)?)?|/Date\(-?\d+([+-]\d{4})?\)/"
)
_SHORT_NUMBER: Final = re.compile(r"-?\d{1,3}([.,]\d{1,6})?")
_KNOWN: Final = frozenset(
    str(member.value).casefold()
    for kind in vars(enums).values()
    if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum
    for member in kind
) | {"true", "false", "null", "completed", "course completed", "not started", "in progress"}
"""Values of which each account has the same."""

_WORD: Final = re.compile(r"\w+(?:[.'@+-]+\w+)*")
_OF_ERRORS: Final = frozenset(
    [
        "a",
        "an",
        "already",
        "api",
        "bad",
        "be",
        "by",
        "cannot",
        "code",
        "could",
        "course",
        "date",
        "deleted",
        "does",
        "duplicate",
        "encountered",
        "error",
        "exceeded",
        "exist",
        "exists",
        "failed",
        "field",
        "found",
        "id",
        "in",
        "internal",
        "invalid",
        "is",
        "key",
        "learning",
        "limit",
        "list",
        "message",
        "missing",
        "module",
        "must",
        "name",
        "no",
        "not",
        "null",
        "number",
        "of",
        "ok",
        "on",
        "or",
        "page",
        "parameter",
        "password",
        "path",
        "permission",
        "please",
        "processing",
        "rate",
        "rating",
        "request",
        "required",
        "server",
        "service",
        "session",
        "source",
        "status",
        "team",
        "the",
        "this",
        "to",
        "too",
        "unauthorized",
        "unique",
        "unknown",
        "use",
        "user",
        "username",
        "value",
        "was",
        "with",
        "xml",
        "json",
        "format",
        "details",
        "logs",
        "see",
        "more",
        "html",
        "head",
        "title",
        "body",
        "div",
        "class",
        "content",
        "heading1",
        "p",
        "b",
    ]
)
"""Words of the server's own errors, which name no one."""

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_LOWER_BEYOND: Final = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþ"
_DIGITS: Final = "0123456789"


class Pseudonyms:
    """Makes them: with a secret of its own, so that no list of guesses leads back.

    Args:
        secret: Another secret, for the same ones again.
    """

    def __init__(self, secret: bytes | None = None) -> None:
        self._secret = secret or secrets.token_bytes(32)

    def of(self, text: str) -> str:
        """Return what stands for a text; dates, short numbers and values that all accounts have stay."""
        if _DATE.fullmatch(text) or _SHORT_NUMBER.fullmatch(text) or text.casefold() in _KNOWN:
            return text
        return self.always(text)

    def always(self, text: str) -> str:
        """Return what stands for a text, whatever that is. Upper and lower case make no other text of it."""
        key = hashlib.blake2b(
            text.casefold().encode("utf-8", "surrogatepass"), key=self._secret, digest_size=32
        )
        stream = hashlib.shake_256(key.digest()).digest(len(text))
        made = "".join(_like(char, number) for char, number in zip(text, stream, strict=True))
        # A number begins with no zero.
        return f"9{made[1:]}" if text.isdecimal() and text[0] != "0" and made[0] == "0" else made

    def of_error(self, text: str) -> str:
        """Return what stands for the words of an error: those that servers use stay."""
        return _WORD.sub(lambda found: self._of_word(found[0]), text)

    def _of_word(self, word: str) -> str:
        return word if word.casefold() in _OF_ERRORS else self.of(word)


def _like(char: str, number: int) -> str:
    """Return a character of the same kind."""
    if char.isdecimal():
        return _DIGITS[number % 10]
    if not char.isalpha():
        return char
    letters = _LOWER if char.isascii() else _LOWER_BEYOND
    letter = letters[number % len(letters)]
    return letter.upper() if char.isupper() else letter
