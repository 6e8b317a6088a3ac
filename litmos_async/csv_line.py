"""One line of a CSV file, the same in exports and reports."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

__all__ = ["csv_line"]


def csv_line(values: Iterable[Any]) -> str:
    """Return a line of CSV, by the rules of RFC 4180 except that it ends in a line feed alone."""
    line = io.StringIO()
    # Which characters are put in quotes goes by the end of a line: with "\n" alone, "\r" would not be, and most
    # programs take it for the end of the row.
    csv.writer(line, lineterminator="\r\n").writerow(values)
    return line.getvalue().removesuffix("\r\n") + "\n"
