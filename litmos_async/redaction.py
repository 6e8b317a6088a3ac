"""Keeping secrets out of what is shown: in every form in which a text may quote them, and along error chains."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import Final, TypeVar
from urllib.parse import quote, quote_plus

E = TypeVar("E", bound=BaseException)

REDACTED: Final = "***"

_REPLACEMENT: Final = "\ufffd"  # what a reader of texts puts in the place of what is no character

# One-time login links are credentials; a server may quote one in an error (api-facts 8), also as a parameter of
# another address.
_LOGIN_KEY: Final = re.compile(r"(loginkey(?:=|%3d))[^\s\"'<>&]+", re.IGNORECASE)

# The ASCII characters of a secret are looked for alone where they are as many.
_TELLING: Final = 4

# Characters of a secret of which each is looked for in every way: a pattern of thousands takes long to make.
_MIXED: Final = 500

_LEADING: Final = 16

_LONGEST_WAY: Final = 24  # characters that one of a secret is written with, at most

# A chain is as long as the layers below: httpx, httpcore, anyio, asyncio, ssl.
_LONGEST_CHAIN: Final = 10


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the secrets, in whatever form it quotes them, and without login keys."""
    return _LOGIN_KEY.sub(rf"\1{REDACTED}", without_quotes(text, secrets))


def without_quotes(text: str, secrets: Iterable[str], *, cut: bool = False) -> str:
    """Return the text without the secrets alone, so that JSON and XML stay what they are.

    Args:
        text: What may quote them.
        secrets: What must not be shown.
        cut: Whether the text ends where it was cut: then what may be the beginning of a secret is left out.
    """
    longest = 0
    for secret in secrets:
        if secret:
            pattern, length = _pattern(secret)
            text, longest = pattern.sub(REDACTED, text), max(longest, length)
    return text[: max(0, len(text) - longest)] if cut else text


@lru_cache(maxsize=256)
def _pattern(secret: str) -> tuple[re.Pattern[str], int]:
    """Return what finds a secret, and how long a quote of it may be."""
    once = set(_forms(secret))
    # And once more, as the text of an error is that quotes another one.
    twice = {
        twice for form in once for twice in (repr(form)[1:-1], json.dumps(form)[1:-1], html.escape(form))
    }
    forms = sorted((once | twice) - {""}, key=len, reverse=True)
    patterns = [re.escape(form) for form in forms]
    if len(secret) <= _MIXED:
        patterns += [_by_character(secret, escaped=False), _by_character(secret, escaped=True)]
    return re.compile("|".join(filter(None, patterns))), max(len(secret) * _LONGEST_WAY, *map(len, forms))


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as URLs, JSON, XML, `repr` and Basic credentials write it."""
    for encoded in (
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
    ):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    for text in (secret, secret.strip(), " ".join(secret.split())):
        yield from (
            text,
            repr(text)[1:-1],
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
        )
        yield from (html.escape(text), html.escape(text, quote=False))
        binary = text.encode("utf-8", "replace")
        yield from (base64.b64encode(binary).decode(), base64.urlsafe_b64encode(binary).decode())


def _by_character(secret: str, *, escaped: bool) -> str:
    """Return a pattern of a secret, if `escaped` with each character written in any way of its own.

    `&#34;`, `&quot;` and `"` may stand in one text, and any number of blanks where the secret has some.
    What is not ASCII may be missing, as in a reason phrase that httpx read, unless little is left then.
    """
    found: list[str] = []
    partly = len(secret.encode("ascii", "ignore")) >= _TELLING

    def any_number(character: str) -> bool:
        return _blank(character) or (partly and not character.isascii())

    for run, group in groupby(secret.strip(), any_number):
        for some in [set(group)] if run else map(set, group):
            ways = {way for each in some for way in (_ways if escaped else _read)(each)}
            written = [*map(re.escape, sorted(ways, key=len, reverse=True))]
            if escaped:
                written[:0] = map(_reference, sorted(some))
            if any(map(_blank, some)):
                written.append(r"\s")
            least = int(any(map(str.isascii, some)))
            # At the beginning a run without an end would be read from each of its characters on.
            times = "" if not run else f"{{{least},}}" if found else f"{{{least},{_LEADING}}}"
            # Never read anew in a shorter way, which would take exponential time.
            found.append(f"(?>(?:{'|'.join(written)}){times})")
    return "".join(found)


def _blank(character: str) -> bool:
    return character.isspace() or not character.isprintable()


def _ways(character: str) -> Iterator[str]:
    """Yield a character as texts write it, and as texts write what was written so."""
    encoded = quote(character, safe="", errors="replace")
    once = {
        *(encoded, encoded.lower(), repr(character)[1:-1], json.dumps(character)[1:-1]),
        *(html.escape(character), f"\\u{ord(character):04x}", f"\\u{ord(character):04X}"),
        *({f"\\{character}"} if character in "\"'/" else ()),
        *_read(character),
    }
    yield from once
    for form in once:
        yield from (json.dumps(form)[1:-1], html.escape(form))


def _read(character: str) -> Iterator[str]:
    """Yield a character as it is, and what becomes of it that was cleaned or read in a wrong encoding."""
    yield character
    if not character.isprintable() or not character.isascii():
        yield from (_REPLACEMENT, "?")
    binary = character.encode("utf-8", "replace")
    yield from {binary.decode(codec, "replace") for codec in ("latin-1", "cp1252", "ascii")}


def _reference(character: str) -> str:
    code = ord(character)
    return rf"&(?:amp;)?\#(?:0{{0,7}}{code}|[xX]0{{0,7}}(?i:{code:x}));"


def without_secrets(problem: BaseException, secrets: Iterable[str]) -> BaseException:
    """Return an error like this one, and its causes, of the same classes and without what could hold a secret.

    The texts are redacted. Frames, whose variables are headers and the address with the key, are left out, and so
    is every attribute, such as the request of an error of httpx: a program that reports errors with the values of
    local variables would send them along.
    """
    known = tuple(secrets)
    chain: list[BaseException] = []
    each: BaseException | None = problem
    while each is not None and each not in chain and len(chain) < _LONGEST_CHAIN:
        chain.append(each)
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
    below: BaseException | None = None
    for each in reversed(chain):
        copied = _like(each, known)
        copied.__cause__ = below
        below = copied
    return below or problem


def without_frames(problem: E) -> E:
    """Return an error of ours without what led to it: other errors, and frames, whose variables may be secrets."""
    problem.__cause__ = problem.__context__ = None
    return problem.with_traceback(None)


def _like(problem: BaseException, secrets: tuple[str, ...]) -> BaseException:
    if all(isinstance(value, str | int | float | None) for value in problem.args):
        values = (redact(value, secrets) if isinstance(value, str) else value for value in problem.args)
        try:
            copied = type(problem)(*values)
        except Exception:  # noqa: BLE001 - a class may want any arguments, and do anything with them
            copied = problem
        if type(copied) is type(problem) and copied is not problem:
            return copied
    # Not its own text, which would show all that it was given, however that is written.
    texts = (redact(value, secrets) for value in problem.args if isinstance(value, str))
    return Exception(f"{type(problem).__name__}: {', '.join(texts)}".removesuffix(": "))
