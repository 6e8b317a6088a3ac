"""Decoding the body of an answer a piece at a time, so that no answer is larger in memory than it may be."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Literal

ACCEPTED: Final = "gzip, deflate"
"""What is asked for in Accept-Encoding: what zlib decodes with a bound on what comes out."""

PIECE: Final = 256 * 1024
"""Bytes that are decoded at a time, in less than a millisecond."""

_GZIP: Final = zlib.MAX_WBITS | 16
_ZLIB: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS
_ZLIB_HEAD: Final = 2
_GZIP_HEAD: Final = b"\x1f\x8b"

MOST_MEMBERS: Final = 4_096
"""Members of one gzip stream: one for every 8 kB of the largest answer. More are refused, each costs a decoder."""

Coding = Literal["identity", "gzip", "deflate"]


def coding_of(header: str) -> Coding | None:
    """Return the one coding that a Content-Encoding header names; None where we cannot or will not undo it.

    A second layer multiplies: 1.3 kB of gzip in gzip was 1.4 GB. No server needs it.
    """
    names = [name.strip().lower() for name in header.split(",")]
    match [name for name in names if name not in {"", "identity"}]:
        case []:
            return "identity"
        case ["gzip" | "x-gzip"]:
            return "gzip"
        case ["deflate"]:
            return "deflate"
        case _:
            return None


class Inflater:
    """Takes one layer of coding off a stream of bytes.

    "deflate" means the form of zlib (RFC 9110, 8.4.1.2), but some servers send it bare: the first two bytes tell.
    "gzip" may come in several members, one behind the other (RFC 1952, 2.2); what else follows is passed over.
    """

    def __init__(self, coding: Coding) -> None:
        self._coding = coding
        self._head = b""
        self._came = False
        self._members = 1
        self._stream = zlib.decompressobj(_GZIP) if coding == "gzip" else None

    def pieces(self, chunk: bytes) -> Iterator[bytes]:
        """Yield what a chunk decodes to, in pieces of `PIECE` bytes at most.

        Raises:
            ValueError: The bytes are damaged.
        """
        self._came = self._came or bool(chunk)
        if self._coding == "identity":
            yield chunk
            return
        if self._stream is None:
            chunk = self._head = self._head + chunk
            if len(chunk) < _ZLIB_HEAD:
                return
            self._stream = zlib.decompressobj(_ZLIB if _is_zlib(chunk) else _RAW)
        for start in range(0, len(chunk), PIECE):
            # What is behind a member is copied: not all of a large chunk for each of its members.
            part = chunk[start : start + PIECE]
            part = self._next_member(part) if self._stream.eof else part
            while part:
                yield from self._inflated(self._stream, part)
                part = self._next_member(self._stream.unused_data) if self._stream.eof else b""

    @staticmethod
    def _inflated(stream: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
        more = True
        while more and not stream.eof:
            try:
                piece = stream.decompress(chunk, PIECE)
            except zlib.error:
                raise ValueError("damaged") from None
            chunk = stream.unconsumed_tail
            # A full piece may have more behind it, although all that came in was taken.
            more = bool(chunk) or len(piece) == PIECE
            yield piece

    def _next_member(self, rest: bytes) -> bytes:
        """Begin the next member with what follows one; its first two bytes may come in two chunks."""
        rest = self._head + rest
        self._head = b"" if self._coding != "gzip" else rest[: len(_GZIP_HEAD)]
        if self._coding != "gzip" or self._head != _GZIP_HEAD:
            return b""
        self._members += 1
        if self._members > MOST_MEMBERS:
            raise ValueError("damaged")
        self._head, self._stream = b"", zlib.decompressobj(_GZIP)
        return rest

    @property
    def complete(self) -> bool:
        """Whether the end of the coded bytes was seen, or nothing came at all."""
        if self._coding == "identity" or not self._came:
            return True
        return self._stream is not None and self._stream.eof


def _is_zlib(head: bytes) -> bool:
    return head[0] & 0x0F == zlib.DEFLATED and int.from_bytes(head[:2], "big") % 31 == 0
