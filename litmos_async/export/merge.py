"""Puts the runs of an export together: the newest row of each key, without those that are gone."""

from __future__ import annotations

import csv
import json
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, Final

from litmos_async.csv_line import csv_line
from litmos_async.errors import ConfigurationError
from litmos_async.export.lists import schema
from litmos_async.export.manifest import OURS
from litmos_async.export.place import FOLDER_MANIFEST
from litmos_async.export.schema import DELETED, arrow_library

_PAGE: Final = 10_000
"""Rows that are compared at a time."""

_LONGEST_CELL: Final = 2**31 - 1
"""Characters of a cell of CSV, as an export writes it: by default the module csv refuses more than 131,072."""

_LIMIT: Final = Lock()
"""That default is one for the whole process."""


def merge(folder: str | Path, dest: str | Path, *, name: str | None = None) -> int:
    """Write the current rows of a list exported with a state: the newest row of each key.

    ```python
    await litmos.export.run("users", "changes/", format="parquet", state="night.db")
    rows = await asyncio.to_thread(merge, "changes", "users.parquet")
    ```

    It blocks: call it from a thread where a loop is running.

    Args:
        folder: The folder with the files of one list.
        dest: A file of the same format, which is replaced at once.
        name: The list; None takes the beginning of the files' names.

    Returns:
        How many rows were written.

    Raises:
        ConfigurationError: The folder holds no files of one list, one is damaged, or `dest` has another format or
            is a pipe or a device, in the place of which no file is put.
    """
    folder, dest = Path(folder), Path(dest)
    files = _files(folder)
    ending = files[0].suffix
    if dest.suffix != ending:
        raise ConfigurationError(f"{dest} must end in {ending}, as the files of {folder} do")
    if dest.exists() and not dest.is_file():
        raise ConfigurationError(f"{dest} is no regular file")
    list_name = name or files[0].name.partition("-")[0]
    key = schema(list_name).key
    if not key:
        raise ConfigurationError(
            f"the rows of {list_name} have no key: its files together are the current rows"
        )
    read, write = _FORMATS[ending]
    working = dest.with_name(f".{dest.name}.part")
    # Beside the output and not in memory: a million keys are a hundred megabytes.
    with (
        _long_cells(),
        tempfile.TemporaryDirectory(dir=dest.parent, prefix=".merge-") as aside,
        closing(sqlite3.connect(Path(aside) / "keys.db")) as db,
    ):
        db.execute("PRAGMA synchronous=OFF")
        # Files are read in the order of their runs, so the last row of a key is its newest.
        db.execute("CREATE TABLE newest (key TEXT PRIMARY KEY, place INTEGER, gone INTEGER) WITHOUT ROWID")
        _note_all(db, key, files, read)
        rows = write(working, files, _Present(db, key))
    with working.open("rb") as finished:
        os.fsync(finished.fileno())
    working.replace(dest)
    return rows


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let CSV have cells of any length while the block runs."""
    with _LIMIT:
        before = csv.field_size_limit(_LONGEST_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _files(folder: Path) -> list[Path]:
    if _holds_several(folder):
        raise ConfigurationError(f"{folder} holds several lists: name the folder of one")
    found: list[Path] = []
    if folder.is_dir():
        files = (path for path in folder.iterdir() if path.suffix in _FORMATS and path.name[0] not in "._")
        found = sorted(files, key=_order)
    if not found or len({(path.suffix, path.name.partition("-")[0]) for path in found}) > 1:
        raise ConfigurationError(f"{folder} holds no files of one export")
    return found


def _holds_several(folder: Path) -> bool:
    try:
        plain = json.loads((folder / FOLDER_MANIFEST).read_text("utf-8"))
        return bool(plain["kind"] == OURS and len(plain["lists"]) > 1)
    except (OSError, ValueError, KeyError, TypeError):
        return False  # the folder of one of several lists has none: theirs stands above


def _note_all(
    db: sqlite3.Connection, key: Sequence[str], files: Sequence[Path], read: Callable[..., Any]
) -> None:
    """Note all rows of all files."""
    place = 0
    for file in files:
        try:
            for page in read(file):
                _note(db, key, place, page)
                place += len(page)
        except ConfigurationError:
            raise
        except (ValueError, TypeError, csv.Error) as problem:
            reason = str(problem).partition("\n")[0]
            raise ConfigurationError(f"cannot read {file}: {reason}") from problem


def _note(db: sqlite3.Connection, key: Sequence[str], place: int, page: Iterable[dict[str, Any]]) -> None:
    with db:
        db.executemany(
            "INSERT OR REPLACE INTO newest VALUES (?, ?, ?)",
            [(_key(row, key), number, _is_gone(row)) for number, row in enumerate(page, place)],
        )


class _Present:
    """Decides for each row, in the order in which all were noted, whether it is the newest of its key.

    Args:
        db: What was noted.
        key: The columns of the key.
    """

    def __init__(self, db: sqlite3.Connection, key: Sequence[str]) -> None:
        self._db = db
        self._key = key
        self._place = -1

    def __call__(self, row: dict[str, Any]) -> bool:
        self._place += 1
        mark = (_key(row, self._key),)
        place, gone = self._db.execute("SELECT place, gone FROM newest WHERE key=?", mark).fetchone()
        return place == self._place and not gone


def _key(row: dict[str, Any], key: Sequence[str]) -> str:
    if any(name not in row for name in key):
        raise ConfigurationError(f"the files lack a column of the key: {', '.join(key)}")
    return json.dumps([str(row[name]) for name in key], ensure_ascii=False)


def _is_gone(row: dict[str, Any]) -> bool:
    if DELETED not in row:
        raise ConfigurationError("the files were exported without a state: each is the whole list")
    gone = row[DELETED]
    if gone not in {True, False, "true", "false"}:
        raise ValueError(f"a row ends early, or its {DELETED} is {gone!r}")
    return gone in {True, "true"}


def _order(path: Path) -> list[str]:
    """Return what files are sorted by: list, run, and number of the part."""
    return path.stem.split("-")


Present = Callable[[dict[str, Any]], bool]


def _read_jsonl(path: Path) -> Iterator[list[dict[str, Any]]]:
    with path.open(encoding="utf-8") as file:
        yield from _pages(json.loads(line) for line in file)


def _write_jsonl(target: Path, files: Sequence[Path], present: Present) -> int:
    rows = 0
    with target.open("w", encoding="utf-8", newline="\n") as out:
        for path in files:
            with path.open(encoding="utf-8") as file:
                for line in file:
                    if present(json.loads(line)):
                        out.write(line)
                        rows += 1
    return rows


def _read_csv(path: Path) -> Iterator[list[dict[str, Any]]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from _pages(csv.DictReader(file))


def _write_csv(target: Path, files: Sequence[Path], present: Present) -> int:
    rows = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        columns: list[str] = []
        for path in files:
            with path.open(encoding="utf-8", newline="") as file:
                columns = max(columns, list(csv.DictReader(file).fieldnames or []), key=len)
        out.write(csv_line(columns))
        for path in files:
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file):
                    if present(row):
                        out.write(csv_line(row.get(column, "") for column in columns))
                        rows += 1
    return rows


def _read_parquet(path: Path) -> Iterator[list[dict[str, Any]]]:
    for batch in _batches(path):
        yield batch.to_pylist()


def _write_parquet(target: Path, files: Sequence[Path], present: Present) -> int:
    pa = arrow_library()
    import pyarrow.parquet as pq  # noqa: PLC0415

    rows = 0
    # Columns are only ever added, so the newest file has all of them.
    columns = pq.read_schema(files[-1])
    with target.open("wb") as out, pq.ParquetWriter(out, columns, compression="zstd") as writer:
        for path in files:
            for batch in _batches(path):
                kept = [present(row) for row in batch.to_pylist()]
                rows += sum(kept)
                table = pa.Table.from_batches([batch.filter(pa.array(kept))])
                writer.write_table(
                    pa.concat_tables([columns.empty_table(), table], promote_options="default")
                )
    return rows


def _batches(path: Path) -> Iterator[Any]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(path) as file:
        yield from file.iter_batches(_PAGE)


def _pages(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    page: list[dict[str, Any]] = []
    for row in rows:
        page.append(row)
        if len(page) == _PAGE:
            yield page
            page = []
    yield page


_FORMATS: Final[dict[str, tuple[Callable[..., Any], Callable[..., int]]]] = {
    ".jsonl": (_read_jsonl, _write_jsonl),
    ".csv": (_read_csv, _write_csv),
    ".parquet": (_read_parquet, _write_parquet),
}
