"""Reading a sheet of a workbook. Needs the extra `xlsx`."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from litmos_async.cli.content import RawRow, TableError
from litmos_async.cli.extras import missing
from litmos_async.cli.sheet_marks import texts_of_marked_cells

__all__ = ["is_workbook", "sheet_rows"]

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = bytes.fromhex("d0cf11e0a1b11ae1")
"""How files of Excel begin: of 2007 and later, and before."""

_MOST_UNPACKED: Final = 500_000_000
"""Bytes that the parts of a workbook may take: more is no list of people but a bomb."""

_LARGEST_EXACT: Final = 10**15
"""Excel keeps 15 digits of a number: of a longer one the last digits are zeros, whatever was typed."""


def is_workbook(data: bytes) -> bool:
    """Return whether a file is one of a spreadsheet."""
    return data.startswith((_ZIP, _OLE))


def sheet_rows(data: bytes, sheet: str | None) -> list[RawRow]:
    """Return the rows of a sheet, as texts.

    Args:
        data: The file.
        sheet: Its name, or its number from 1; the first one if None.

    Raises:
        TableError: The extra is not installed, the file is damaged, or there is no such sheet.
    """
    if needed := missing("reading a workbook", "cli", "xlsx"):
        raise TableError(f"it is a workbook: {needed}, or save it as CSV UTF-8")
    import python_calamine  # noqa: PLC0415 - an extra, and needed for workbooks only

    try:
        _check_size(data)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        name = _sheet_name(book.sheet_names, sheet)
        rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        marked = texts_of_marked_cells(data, name) if data.startswith(_ZIP) else {}
    except TableError:
        raise
    except BaseException as problem:  # a panic of the Rust code is no Exception
        if not isinstance(problem, Exception) and type(problem).__name__ != "PanicException":
            raise
        raise TableError(f"it cannot be read as a workbook: {problem}") from None
    texts = [[*map(_text, row)] for row in rows]
    for (row, column), text in marked.items():
        # An error is an empty cell to calamine, whose rows end with the last one that is not.
        texts += [[] for _ in range(row + 1 - len(texts))]
        texts[row] += [""] * (column + 1 - len(texts[row]))
        texts[row][column] = text
    return [RawRow(number, fields) for number, fields in enumerate(texts, start=1)]


def _check_size(data: bytes) -> None:
    """Refuse a small file that would become a huge one."""
    if data.startswith(_ZIP):
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            unpacked = sum(part.file_size for part in parts.infolist())
        if unpacked > _MOST_UNPACKED:
            raise TableError(f"its parts take more than {_MOST_UNPACKED // 1_000_000} MB; split it")


def _sheet_name(names: list[str], wanted: str | None) -> str:
    """Return the sheet that is meant."""
    if not names:
        raise TableError("it has no sheet")
    if wanted is None:
        return names[0]
    if wanted in names:
        return wanted
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return names[int(wanted) - 1]
    raise TableError(f"it has no sheet {wanted!r}; it has {', '.join(map(repr, names))}")


def _text(cell: Any) -> str:
    """Return what a cell says, as it would be typed."""
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, float):
        if not cell.is_integer():
            return repr(cell)
        # What Excel has rounded is shown as it would show it: it is no number of an employee.
        return str(int(cell)) if abs(cell) < _LARGEST_EXACT else f"{cell:.14E}"
    return _moment(cell) if isinstance(cell, (date, time, timedelta)) else str(cell)


def _moment(cell: date | time | timedelta) -> str:
    """Return a date, a time or a span of time as it would be typed."""
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60:02}:{minutes % 60:02}:{seconds:02}"
    return cell.isoformat()
