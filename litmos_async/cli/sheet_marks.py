"""What a workbook says of its cells beside their values: errors, formulas without a value, formats. Pure.

python-calamine gives an error as an empty cell, and no formats. To read them with openpyxl would refuse workbooks
whose fonts or properties are unusual, and take sixteen times as long.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import IO, Final, TypeAlias

from lxml import etree

from litmos_async.cli.number_formats import Shown, shown_by, shown_by_number

__all__ = ["texts_of_marked_cells"]

Place: TypeAlias = tuple[int, int]
"""The row and the column of a cell, from 0."""

_WORKBOOK: Final = "xl/workbook.xml"
_RELATIONS: Final = "xl/_rels/workbook.xml.rels"
_STYLES: Final = "xl/styles.xml"

_COLUMN: Final = re.compile("[A-Z]{1,3}")

_NOT_COMPUTED: Final = "#CALC!"
"""What stands for a formula that no program has computed: it has no value, and is not empty."""


def texts_of_marked_cells(data: bytes, sheet: str) -> dict[Place, str]:
    """Return the texts of cells whose value alone would be misread.

    Args:
        data: A workbook of Excel 2007 or later; of other ones nothing is known.
        sheet: The name of the sheet.

    Raises:
        LookupError, ValueError, OSError, zipfile.BadZipFile, etree.XMLSyntaxError: It is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as parts:
        names = set(parts.namelist())
        if not {_WORKBOOK, _RELATIONS} <= names:
            return {}
        shown = _shown_by_styles(parts) if _STYLES in names else dict[str, Shown]()
        part = _part_of(parts, sheet)
        if part not in names:
            return {}
        with parts.open(part) as rows:
            return {place: text for place, cell in _cells(rows) if (text := _text(cell, shown)) is not None}


def _elements(part: IO[bytes], name: str) -> Iterator[etree._Element]:
    """Yield elements one by one; what was yielded before is forgotten."""
    for _, element in etree.iterparse(part, tag=f"{{*}}{name}", resolve_entities=False, no_network=True):
        yield element
        element.clear(keep_tail=False)
        parent = element.getparent()
        while parent is not None and element.getprevious() is not None:
            del parent[0]


def _part_of(parts: zipfile.ZipFile, sheet: str) -> str:
    """Return the part that holds a sheet. Strict workbooks have another namespace for the id of its relation."""
    with parts.open(_WORKBOOK) as part:
        ids = {each.get("name"): _attribute(each, "id") for each in _elements(part, "sheet")}
    with parts.open(_RELATIONS) as part:
        targets = {each.get("Id"): each.get("Target") or "" for each in _elements(part, "Relationship")}
    target = targets.get(ids.get(sheet, ""), "")
    return posixpath.normpath(posixpath.join("/xl", target)).lstrip("/")


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(value) for key, value in element.attrib.items() if str(key).endswith(f"}}{name}")), "")


def _shown_by_styles(parts: zipfile.ZipFile) -> dict[str, Shown]:
    """Return what styles of cells show of a number, by the number of the style, where it is not that number."""
    with parts.open(_STYLES) as part:
        tree = etree.parse(part, etree.XMLParser(resolve_entities=False, no_network=True))
    formats = {
        each.get("numFmtId"): shown_by(each.get("formatCode") or "") for each in tree.iter("{*}numFmt")
    }
    styles = (style for group in tree.iter("{*}cellXfs") for style in group.iterchildren("{*}xf"))
    numbers = (style.get("numFmtId") for style in styles)
    found = (formats[each] if each in formats else shown_by_number(each) for each in numbers)
    return {str(style): shown for style, shown in enumerate(found) if shown is not None}


def _cells(part: IO[bytes]) -> Iterator[tuple[Place, etree._Element]]:
    """Yield cells with their places. Those of rows and cells that do not say theirs follow the ones before."""
    row = -1
    for element in _elements(part, "row"):
        row = int(element.get("r") or row + 2) - 1
        column = -1
        for cell in element.iterchildren("{*}c"):
            found = _COLUMN.match(cell.get("r") or "")
            column = _number_of(found[0]) if found else column + 1
            yield (row, column), cell


def _number_of(column: str) -> int:
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(cell: etree._Element, shown: Mapping[str, Shown]) -> str | None:
    """Return what a cell says, where its value alone does not."""
    kind, value = cell.get("t", "n"), cell.findtext("{*}v")
    if kind == "e":
        return value or _NOT_COMPUTED
    # A formula whose value is the empty text has the type of texts.
    if not value and kind != "str" and cell.find("{*}f") is not None:
        return _NOT_COMPUTED
    show = shown.get(cell.get("s", "0"))
    return show(float(value)) if kind == "n" and value and show else None
