"""Resume tokens: where a list stands, as a text that callers keep and pass back."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from litmos_async.errors import ConfigurationError

_INVALID: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""What is raised by reading something else as a token. It may come from a link that anyone can change."""


def write_token(plain: object) -> str:
    """Return a token that holds this."""
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).decode()


@contextmanager
def reading(token: str) -> Iterator[Any]:
    """Yield what a token holds; what the block raises because that has another shape is a `ConfigurationError`."""
    try:
        yield json.loads(base64.urlsafe_b64decode(token.encode()))
    except _INVALID:
        raise ConfigurationError("resume is not a resume token of this list") from None
