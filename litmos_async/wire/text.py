"""The text of an answer: its encoding, and what becomes of a character that cannot be one.

One bad character costs a character and not the list that it stands in: U+FFFD takes its place. Then no text of a
record holds what XML, JSON or a terminal cannot carry, and what was read can be written back.
"""

from __future__ import annotations

import codecs
import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final

REPLACEMENT: Final = "\ufffd"

REPAIRABLE: Final = 24 * 1024 * 1024
"""Bytes of an answer that is repaired if need be; a page of 1,000 courses with long descriptions is under 10 MB."""

REPAIRABLE_TEXT: Final = REPAIRABLE + 1024
"""Bytes that its text may take: with characters of two or four bytes less of it is repaired, since there are copies
of it meanwhile, and `benchmarks/bombs.py` has what all of them may take together."""

MOST_TEXT: Final = 64 * 1024 * 1024
"""Bytes that the text of one answer may take, at up to four bytes a character."""

# What XML 1.0 cannot carry, not even as a reference (section 2.2): most control characters, halves of characters.
_FORBIDDEN: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

# Where JSON text can hold such a character: raw, or escaped. A pair of halves is a character, and stays one.
_SUSPICIOUS_JSON: Final = re.compile(
    _FORBIDDEN.pattern + r"|\\(?:[bf]|u00[01]|u[dD][89a-fA-F]|u[fF]{3}[e-fE-F])"
)
_ESCAPE: Final = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|)')

# Of a buffer that was sent whole; blanks may stand there anyway.
_BEHIND: Final = "\0 \t\r\n"

_PART: Final = 512 * 1024
_REPAIRED: Final = 64 * 1024  # a part of which any character may be a match
_LONGEST_ESCAPE: Final = 6

_DECLARATION: Final = re.compile(r"\s*<\?xml\b[^>]*\?>")
# A tag behind its "<". No part of it is tried in two ways, so a text of 24 MB takes linear time.
_TAG: Final = (
    r"/?[^\W\d][\w:.-]*+(?:\s++[^\s=<>\"'/]++\s*+=\s*+(?:\"[^\"<]*+\"|'[^'<]*+'))*+\s*+/?>|!--|!DOCTYPE|\?"
)
# What a careless writer leaves as it is, and what looks like it: references, the ends of sections without their
# beginning, and a "<" that begins no tag, so that it was meant as one.
_CARELESS: Final = re.compile(
    r"&(?:#(?:x([0-9a-fA-F]+)|([0-9]+));|((?:lt|gt|amp|quot|apos);))?|<!\[CDATA\[|\]\]>|<(?!" + _TAG + ")"
)
_HALF: Final = re.compile(r"(?:&[#\w]*|\]{1,2})\Z")
_LONGEST_REFERENCE: Final = 16
_SECTION: Final = "<![CDATA["

_START: Final = re.compile(rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)*[\s\0]*")
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([^\s\"';,]+)", re.IGNORECASE)
_ENCODING: Final = re.compile(rb"\s*<\?xml\b[^>]*?\bencoding\s*=\s*[\"']([^\"']+)[\"']")

# Codecs of texts. Python has others by name, which decompress, run escapes or take no bytes at all.
_TEXT_CODECS: Final = re.compile(
    r"utf-(16|32)(-[lb]e)?|ascii|iso8859-\d+|cp\d+|mac-roman|koi8-[rut]|gb\w+|big5\w*|shift_jis\w*|euc_\w+"
)


def start_of(body: bytes) -> str:
    """Return the first characters that are no blanks, in lower case, whatever the encoding."""
    begin = _start(body)
    return body[begin : begin + 256].replace(b"\0", b"")[:64].decode("latin-1").lower()


def _start(body: bytes) -> int:
    found = _START.match(body)
    return found.end() if found else 0


def text_of(body: bytes, content_type: str) -> str:
    """Return the text of an answer, whatever its encoding says or keeps quiet about.

    A byte-order mark, or NUL bytes that only UTF-16 and UTF-32 have, go before all. Then UTF-8 where it fits,
    since hardly any text of another encoding is valid UTF-8; then what header or declaration name, in that
    order; and else UTF-8 with U+FFFD for what is none.
    """
    found = json.detect_encoding(body)
    if not found.startswith("utf-8"):
        return body.decode(found, "replace").lstrip("\ufeff")
    while body.startswith(codecs.BOM_UTF8):  # some programs put one before another
        body = body.removeprefix(codecs.BOM_UTF8)
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body.decode(_declared(body, content_type), "replace")


def _declared(body: bytes, content_type: str) -> str:
    header = _CHARSET.search(content_type)
    declaration = _ENCODING.match(body[:1_000])
    for name in (header and header[1], declaration and declaration[1].decode("latin-1")):
        try:
            codec = codecs.lookup(name or "").name
        except (LookupError, ValueError):
            continue
        # Bytes that could be read as UTF-8 so far are hardly UTF-16 without a mark.
        if _TEXT_CODECS.fullmatch(codec) and not codec.startswith("utf"):
            return codec
    return "utf-8"


def clean(text: str) -> str:
    """Return the text with U+FFFD for each character that no XML can carry."""
    return _FORBIDDEN.sub(REPLACEMENT, text)


def suspicious_json(text: str) -> bool:
    """Return whether a JSON text may hold a character that `clean` would replace: hardly any does."""
    # A part at a time, for a search through 32 MB would hold the interpreter, also in a thread, for a quarter of a
    # second. The parts overlap by the longest escape.
    parts = range(0, len(text), _PART)
    return any(_SUSPICIOUS_JSON.search(text, start, start + _PART + _LONGEST_ESCAPE) for start in parts)


def clean_plain(value: Any) -> Any:
    """Return plain data with all its texts cleaned."""
    match value:
        case str():
            return clean(value)
        case list():
            return [clean_plain(row) for row in value]
        case dict():
            return {clean_plain(name): clean_plain(inner) for name, inner in value.items()}
        case _:
            return value


def repaired_json(text: str) -> Iterator[str]:
    r"""Yield a JSON text in which a backslash that escapes nothing, as in "C:\dir", stands for itself.

    In parts, whose matches take no more memory than a part may; and without NUL characters behind the text.
    """
    for part in _parts(text.rstrip(_BEHIND), '"'):
        yield _ESCAPE.sub(lambda match: match[0] if match[1] else "\\\\", part)


def repaired_xml(text: str) -> Iterator[str]:
    """Yield an XML text, in parts, without what makes a parser give up on all of it.

    Forbidden characters, raw or as references, which a .NET writer that does not check sends; a lone "&", "<" or
    "]]>"; the references of HTML, which stay as they are for the reader of values; a declaration of a wrong
    encoding; NUL characters behind the text.
    """
    repair = _Repair()
    for part in _parts(without_declaration(text.rstrip(_BEHIND)), "<"):
        yield _CARELESS.sub(repair, clean(part))


def _parts(text: str, begins: str) -> Iterator[str]:
    """Yield a text in parts, none of which ends within an escape or a reference: there they are repaired alone.

    Before an unescaped quote, or before a "<", no such thing is open. A long text may hold neither.
    """
    start = 0
    while len(text) - start > _REPAIRED:
        end = text.rfind(begins, start + 1, start + _REPAIRED)
        while end > 0 and text[end - 1] == "\\" and begins == '"':
            end = text.rfind(begins, start + 1, end)
        if end < 0:
            within = _end_of_json if begins == '"' else _end_of_xml
            end = within(text, start, start + _REPAIRED)
        yield text[start:end]
        start = end
    yield text[start:]


def _end_of_json(text: str, start: int, end: int) -> int:
    """Return where a part ends at the latest: before a backslash that might escape what is behind the end."""
    last = text.rfind("\\", end - _LONGEST_ESCAPE, end)
    if last < 0:
        return end
    first = last
    while first > start and text[first - 1] == "\\":
        first -= 1
    # Of a run from the beginning on, each second one is escaped.
    return first if first > start else start + (last + 1 - start) // 2 * 2


def _end_of_xml(text: str, start: int, end: int) -> int:
    """Return where a part ends at the latest: before what might be the beginning of a reference, or of a "]]>"."""
    half = _HALF.search(text, max(start + 1, end - _LONGEST_REFERENCE), end)
    return half.start() if half else end


def without_declaration(text: str) -> str:
    """Return an XML text without its declaration, which names the encoding of the bytes that it came as."""
    # Only at the beginning: to look for it everywhere takes quadratic time where there are many blanks.
    declaration = _DECLARATION.match(text)
    return text[declaration.end() :] if declaration else text


class _Repair:
    """What stands in the place of a match. In a section all is text but its end."""

    def __init__(self) -> None:
        self._in_section = False

    def __call__(self, match: re.Match[str]) -> str:
        text = match[0]
        if self._in_section or text == _SECTION:
            self._in_section = text != "]]>"
            return text
        return _repaired_reference(match) if text[0] == "&" else html.escape(text)


def _repaired_reference(match: re.Match[str]) -> str:
    hexadecimal, decimal, named = match.groups()
    if named:
        return match[0]
    digits = hexadecimal or decimal
    if not digits:
        return "&amp;"
    code = int(digits, 16 if hexadecimal else 10) if len(digits) < 10 else 0  # which is forbidden, too
    return match[0] if code <= 0x10FFFF and not _FORBIDDEN.match(chr(code)) else REPLACEMENT
