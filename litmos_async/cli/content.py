"""What the bytes of a file say: its encoding, its delimiter, and the fields of each row. Pure."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from typing import Final, cast

from attrs import field, frozen

from litmos_async.names import clean

__all__ = ["LONGEST_ROW", "RawRow", "TableError", "Text", "decode", "delimiters", "raw_rows"]

LONGEST_ROW: Final = 100
"""Lines that quoted fields of one row may span; what is longer is a quotation mark that is never closed."""

_DELIMITERS: Final = (",", ";", "\t", "|")

_HALF: Final = re.compile("[\ud800-\udfff]")
"""What a byte becomes that is nothing in the encoding of its file, and what no encoding can write."""

_SEP: Final = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""The first line by which Excel is told the delimiter; it is no part of the table."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    # UTF-32 begins as UTF-16 does.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SINGLE_BYTES: Final = re.compile(r"iso8859-\d+|cp125\d|mac-roman")
"""Codecs of single bytes in which spreadsheets save, as Python calls them."""

_SAMPLE: Final = 200
"""Bytes by which UTF-16 without a byte-order mark is known: every other one of plain letters is a zero."""

_TEXT_FORMULA: Final = re.compile(r'="([^"]*)"')
"""How programs write a number of which a spreadsheet must not take the zeros away: it shows what is in between."""

_MARK: Final = "litmos-mark"


class TableError(Exception):
    """The file as a whole cannot be used; the message says why."""


@frozen
class RawRow:
    """The fields of a row, or why it has none.

    Attributes:
        number: Which line of the file it begins on, from 1; in a workbook the row.
        fields: Its fields.
        problem: Why it cannot be used; empty if it can.
    """

    number: int
    fields: list[str] = field(factory=list[str])
    problem: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands on it that could be seen: separators, blanks, the marks of an end of a file.

        A disk that failed leaves zeros where there were lines; that is not nothing.
        """
        return not self.problem and not any(clean(each) or "\0" in each for each in self.fields)


@frozen
class Text:
    """The text of a file.

    Attributes:
        lines: Its lines, with their ends.
        encoding: How it was written.
        bom: Whether it begins with a byte-order mark.
    """

    lines: Sequence[str]
    encoding: str
    bom: bool


def _mark(problem: UnicodeError) -> tuple[str, int]:
    """Put a mark in the place of bytes that are nothing: so only the lines that hold them are bad."""
    return "\udcff", cast("UnicodeDecodeError", problem).end  # no other errors come here


codecs.register_error(_MARK, _mark)


def decode(data: bytes, encoding: str | None) -> Text:
    """Return the text of a file: UTF-8, UTF-16 or UTF-32 by its byte-order mark, or what is said.

    Raises:
        TableError: There is no such encoding, it is none of texts, or the file says or shows that it has another.
    """
    bom, found = next((each for each in _BOMS if data.startswith(each[0])), (b"", ""))
    if encoding and bom and not _reads_mark(encoding, bom):
        # A mark is there because a program has written it; `ï»¿` begins no text in another encoding.
        raise TableError(
            f"it begins with the byte-order mark of {found.upper()}, so --encoding {encoding} does not fit: "
            "leave it out"
        )
    if encoding and not bom and _is_mistaken(data, encoding):
        raise TableError(
            f"it is UTF-8, of which --encoding {encoding} makes two characters where one is meant: leave it out"
        )
    name = encoding or found or _without_mark(data)
    try:
        text = data.decode(name, _MARK)
    except (LookupError, ValueError):
        reason = f"{name!r} is not a text encoding" if encoding else f"it is no {name.upper()}"
        raise TableError(f"{reason}; use another one with --encoding, such as cp1252") from None
    # Some codecs leave the mark where it was, and some programs put one before another.
    lines = io.StringIO(text.lstrip("\ufeff"), newline="")
    return Text([*lines], name, bool(found))


def _is_mistaken(data: bytes, encoding: str) -> bool:
    """Return whether a file is UTF-8 although it is said to have an encoding of single bytes.

    Hardly any text in one of those is valid UTF-8, if not all of it is ASCII.
    """
    try:
        name = codecs.lookup(encoding).name
        return _SINGLE_BYTES.fullmatch(name) is not None and not data.isascii() and bool(data.decode())
    except (LookupError, ValueError):
        return False


def _reads_mark(encoding: str, bom: bytes) -> bool:
    """Return whether an encoding has this byte-order mark. Whether there is such an encoding, `decode` says."""
    try:
        return bom.decode(encoding).strip("\ufeff") == ""
    except UnicodeError:
        return False
    except (LookupError, ValueError):
        return True


def _without_mark(data: bytes) -> str:
    """Return the encoding of a file that does not say it."""
    sample = data[: _SAMPLE + len(data[:_SAMPLE]) % 2]
    zeros = [sample[parity::2].count(0) / max(1, len(sample) // 2) for parity in (0, 1)]
    if max(zeros) > 0.4 and min(zeros) < 0.1:
        return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"
    return "utf-8"


def delimiters(lines: Sequence[str], first: int, given: str | None) -> tuple[tuple[str, ...], int]:
    """Return what may stand between the fields, the likeliest first, and the line on which the table begins.

    Args:
        lines: The lines.
        first: The first of them that is not blank.
        given: What was said to stand there.

    Raises:
        TableError: What was given is no delimiter.
    """
    said = _SEP.fullmatch(lines[first])
    begins = first + bool(said)
    if given is None:
        # A program that saved the file with another delimiter may have left what was said as it was.
        first_tried = (said[1],) if said and _is_delimiter(said[1]) else ()
        return tuple(dict.fromkeys((*first_tried, *_DELIMITERS))), begins
    delimiter = {"tab": "\t", "\\t": "\t"}.get(given.casefold(), given)
    if not _is_delimiter(delimiter):
        raise TableError(f"--delimiter {given!r} is not valid: use one character, or tab")
    return (delimiter,), begins


def _is_delimiter(text: str) -> bool:
    return len(text) == 1 and not text.isalnum() and text not in '"\r\n ' and not _HALF.search(text)


def raw_rows(text: Text, first: int, delimiter: str) -> Iterator[RawRow]:
    """Yield the rows from a line on. After one that is broken go on with the next line: it costs no other."""
    lines, place = text.lines, first
    while place < len(lines):
        following = map(lines.__getitem__, range(place, min(place + LONGEST_ROW, len(lines))))
        reader = csv.reader(following, delimiter=delimiter, strict=True)
        number = place + 1
        try:
            fields = next(reader)
        except csv.Error as problem:
            place += 1
            yield RawRow(number, problem=f"not a valid CSV: {problem}")
            continue
        place += reader.line_num
        if any(map(_HALF.search, fields)):
            fields = [_HALF.sub("\N{REPLACEMENT CHARACTER}", each) for each in fields]
            yield RawRow(number, fields, _undecodable(text.encoding))
        else:
            yield RawRow(number, [_as_shown(each) for each in fields])


def _as_shown(text: str) -> str:
    found = _TEXT_FORMULA.fullmatch(text.strip()) if text.lstrip().startswith("=") else None
    return found[1] if found else text


def _undecodable(encoding: str) -> str:
    if encoding == "utf-8":
        return "not UTF-8; save the file as CSV UTF-8, or use --encoding cp1252"
    return f"not {encoding}; use another --encoding"
