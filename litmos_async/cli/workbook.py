"""Outcomes as a workbook. Needs the extra `xlsx`."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import BinaryIO, Final

from litmos_async.cli.outcomes import Access, write_whole_bytes

__all__ = ["make_workbook"]

_LONGEST_CELL: Final = 32_767
"""Characters that a cell takes."""


def make_workbook(outcomes: Path, delimiter: str, path: Path, access: Access) -> None:
    """Make a workbook of a file of outcomes: all cells are texts, so nothing in them is run or rewritten.

    Args:
        outcomes: The file.
        delimiter: What stands between its fields.
        path: Where the workbook goes.
        access: Who may read it.

    Raises:
        OSError: It cannot be written.
    """
    import xlsxwriter  # noqa: PLC0415 - an extra, and needed for workbooks only

    options = {
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "constant_memory": True,
        "use_zip64": True,  # where a part is larger than two gigabytes
    }

    def write(file: BinaryIO) -> None:
        with (
            outcomes.open(encoding="utf-8-sig", newline="") as rows,
            xlsxwriter.Workbook(file, options) as book,
        ):
            sheet = book.add_worksheet("outcomes")
            for number, row in enumerate(csv.reader(rows, delimiter=delimiter)):
                for place, text in enumerate(row):
                    sheet.write_string(number, place, text[:_LONGEST_CELL])

    write_whole_bytes(path, access, write)
