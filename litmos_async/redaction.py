"""Keeping secrets out of what is shown: in every form in which a text may quote them, and along error chains."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, TypeVar
from urllib.parse import quote, quote_plus

E = TypeVar("E", bound=BaseException)

REDACTED: Final = "***"

# One-time login links are credentials; a server may quote one in an error (api-facts 8), also as a parameter of
# another address.
_LOGIN_KEY: Final = re.compile(r"(loginkey(?:=|%3d))[^\s\"'<>&]+", re.IGNORECASE)

# A chain is as long as the layers below: httpx, httpcore, anyio, asyncio, ssl.
_LONGEST_CHAIN: Final = 10


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text without the secrets, in whatever form it quotes them, and without login keys."""
    for secret in secrets:
        if secret:
            text = _pattern(secret).sub(REDACTED, text)
    return _LOGIN_KEY.sub(rf"\1{REDACTED}", text)


@lru_cache(maxsize=256)
def _pattern(secret: str) -> re.Pattern[str]:
    once = set(_forms(secret))
    # And once more, as the text of an error is that quotes another one.
    twice = {
        twice for form in once for twice in (repr(form)[1:-1], json.dumps(form)[1:-1], html.escape(form))
    }
    forms = sorted(once | twice, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, forms)))


def _forms(secret: str) -> Iterator[str]:
    """Yield a secret as it is, and as URLs, JSON, XML, `repr` and Basic credentials write it."""
    for encoded in (
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        quote_plus(secret, errors="replace"),
    ):
        yield encoded
        yield re.sub("%[0-9A-F]{2}", lambda match: match[0].lower(), encoded)
    for text in (secret, secret.strip()):
        yield from (
            text,
            repr(text)[1:-1],
            json.dumps(text)[1:-1],
            json.dumps(text, ensure_ascii=False)[1:-1],
        )
        yield from (html.escape(text), html.escape(text, quote=False))
        binary = text.encode("utf-8", "replace")
        yield from (base64.b64encode(binary).decode(), base64.urlsafe_b64encode(binary).decode())


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
