"""What is between this machine and the server, by the error of a connection: pure.

A person at a command line needs to know whether to look at a proxy, a certificate, a name or a firewall. Which of
them it is stands in an error that is several causes deep, and differs from library to library.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Final

__all__ = ["obstacle_in"]

_KINDS: Final[tuple[tuple[type[BaseException], str], ...]] = (
    (ssl.SSLCertVerificationError, "certificate"),
    (ssl.SSLError, "tls"),
    (socket.gaierror, "name"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "timeout"),
)
"""The first that occurs in an error decides: a failed certificate is an `SSLError`, too."""


def obstacle_in(problem: BaseException) -> str:
    """Return what an error says is in the way; empty where it does not."""
    chain = list(_chain(problem))
    # By their names: only the transport knows the library that they are of.
    names = {type(each).__name__ for each in chain}
    if "ProxyError" in names:
        return "proxy"
    for kind, obstacle in _KINDS:
        if any(isinstance(each, kind) for each in chain):
            return obstacle
    return "timeout" if "ConnectTimeout" in names else ""


def _chain(problem: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that led to it, also where several were tried at a time."""
    seen = set[int]()
    below = [problem]
    while below:
        each = below.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        below += [other for other in (each.__cause__, each.__context__) if other is not None]
        if isinstance(each, BaseExceptionGroup):
            below += each.exceptions
