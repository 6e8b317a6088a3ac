"""Files of output that can be cut back to any committed page: JSON Lines, CSV and Parquet.

JSON Lines and CSV are appended to. Parquet cannot be: its pages are kept as Arrow streams, one a page, and become
a file with a row group a page when the part is finished. Until then a part has a name with a dot in front, which
pyarrow, DuckDB and polars pass over when they read a folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from litmos_async.csv_line import csv_line
from litmos_async.errors import ConfigurationError
from litmos_async.export.rows import Rows, extra_text, json_text, plain_form
from litmos_async.export.schema import Column, Schema, arrow_library

Format: TypeAlias = Literal["jsonl", "csv", "parquet"]

ENDINGS: Final[Mapping[Format, str]] = {"jsonl": ".jsonl", "csv": ".csv", "parquet": ".parquet"}
"""How the names of files end."""

_BLOCK: Final = 1 << 20


class Output:
    """One file of output, under way.

    Args:
        final: Where it stands once it is finished.
        schema: Its columns.
        format: Its format.
        size: Bytes of it that count; what lies behind them is cut off. 0 begins it anew.

    Raises:
        ConfigurationError: What was written of it is gone, so that the run cannot go on.
        OSError: It cannot be written.
    """

    def __init__(self, final: Path, schema: Schema, format: Format, size: int = 0) -> None:
        self.final = final
        self.working = working_name(final)
        self._schema = schema
        self._format: Format = format
        found = self.working.stat().st_size if self.working.exists() else 0
        if found < size:
            raise ConfigurationError(
                f"{self.working} was changed, and the export cannot resume: remove the state to start again"
            )
        # Unbuffered: what did not fit on a full disk must not be tried again when the file is closed.
        self._file = self.working.open("r+b" if self.working.exists() else "x+b", buffering=0)
        self._file.truncate(size)
        self._file.seek(size)
        self.size = size
        if not size:
            self.size = self._write(header_of(schema, format))

    def append(self, rows: Rows) -> int:
        """Write rows, see them onto the disk, and return how long the file is now."""
        if rows.count:
            self.size += self._write(encode(rows, self._format))
            os.fsync(self._file.fileno())
        return self.size

    def _write(self, data: bytes) -> int:
        left = memoryview(data)
        while left:
            left = left[self._file.write(left) :]
        return len(data)

    def close(self) -> None:
        """Close the file as it is, for another run to go on."""
        self._file.close()

    def finish(self) -> None:
        """Put the file under its final name, in its final form."""
        os.fsync(self._file.fileno())
        self._file.close()
        if self._format == "parquet":
            packed = self.working.with_name(f"{self.working.name}.packed")
            _write_parquet(self.working, packed, self._schema)
            packed.replace(self.final)
            self.working.unlink()
        else:
            self.working.replace(self.final)


def header_of(schema: Schema, format: Format) -> bytes:
    """Return what stands before the first row."""
    return csv_line(schema.names).encode() if format == "csv" else b""


def encode(rows: Rows, format: Format) -> bytes:
    """Return rows as they stand in a file."""
    return _ENCODERS[format](rows)


def working_name(final: Path) -> Path:
    """Return the name of a file under way."""
    return final.with_name(f".{final.name}.part")


def _jsonl(rows: Rows) -> bytes:
    names = rows.schema.names
    # Texts, numbers and truth values are JSON as they are; what else there is becomes so here.
    odd = [
        (place, plain_form(column, secrets=rows.schema.secrets))
        for place, column in enumerate(rows.schema.columns)
        if column.type not in {"text", "integer", "number", "boolean"}
    ]
    lines: list[str] = []
    for row in rows.cells:
        values = list(row)
        for place, form in odd:
            if values[place] is not None:
                values[place] = form(values[place])
        lines.append(json_text(dict(zip(names, values, strict=True))))
    lines.append("")
    return "\n".join(lines).encode()


def _csv(rows: Rows) -> bytes:
    forms = [_csv_form(column, secrets=rows.schema.secrets) for column in rows.schema.columns]
    return "".join(
        csv_line([None if value is None else form(value) for form, value in zip(forms, row, strict=True)])
        for row in rows.cells
    ).encode()


def _csv_form(column: Column, *, secrets: bool) -> Callable[[Any], Any]:
    """Return what makes the text of a cell. Nested values are JSON."""
    plain = plain_form(column, secrets=secrets)
    match column.type:
        case "record" | "records" | "texts":
            return lambda value: json_text(plain(value))
        case "json":
            return lambda value: extra_text(value, secrets=secrets)
        case "boolean":
            return lambda value: "true" if value else "false"
        case _:
            return plain


def _arrow(rows: Rows) -> bytes:
    """Return the rows as a whole Arrow stream, so that a file of pages can be cut behind any of them."""
    pa = arrow_library()
    sink = pa.BufferOutputStream()
    batch = rows.table()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return bytes(sink.getvalue())


_ENCODERS: Final[Mapping[Format, Callable[[Rows], bytes]]] = {"jsonl": _jsonl, "csv": _csv, "parquet": _arrow}


def _write_parquet(pages: Path, target: Path, schema: Schema) -> None:
    """Write pages as Parquet, a row group a page: memory holds one of them."""
    arrow_library()
    import pyarrow.parquet as pq  # noqa: PLC0415 - only who writes Parquet needs it

    with target.open("wb") as file, pq.ParquetWriter(file, schema.arrow(), compression="zstd") as writer:
        for batch in _pages(pages):
            writer.write_batch(batch)
    with target.open("rb") as written:
        os.fsync(written.fileno())


def _pages(path: Path) -> Iterator[Any]:
    pa = arrow_library()
    with pa.OSFile(str(path), "rb") as file:
        while file.tell() < file.size():
            with pa.ipc.open_stream(file) as stream:
                yield from stream


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            found.update(block)
    return found.hexdigest()
