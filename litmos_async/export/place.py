"""Where an export goes: one file, a folder, or a folder on an object store; and whether it may go there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from litmos_async.errors import ConfigurationError
from litmos_async.export.manifest import read_files
from litmos_async.export.output import ENDINGS, Format
from litmos_async.export.schema import arrow_library

FOLDER_MANIFEST: Final = "_manifest.json"
"""The manifest in a folder: pyarrow and polars pass over names that begin with an underscore."""


@frozen
class Place:
    """Where an export goes.

    Attributes:
        folder: The local folder that files are made in.
        file: The name of the one file; empty where there may be many.
        format: The format of the files.
        several: Whether each list has a folder of its own.
        remote: The folder on an object store that finished files are taken to; None where `folder` is the place.
    """

    folder: Path
    file: str
    format: Format
    several: bool
    remote: Remote | None = None

    @property
    def manifest(self) -> Path:
        """Where the manifest stands, at first."""
        return self.folder / (f"{self.file}.manifest.json" if self.file else FOLDER_MANIFEST)

    def folder_of(self, name: str) -> Path:
        """Return the folder for the files of a list."""
        return self.folder / name if self.several else self.folder

    def name_of(self, name: str, stamp: str, place: int) -> str:
        """Return the name of a file of a list."""
        if self.file:
            return self.file
        return f"{name}-{stamp}{f'-{place:03}' if place else ''}{ENDINGS[self.format]}"

    def check(self) -> list[str]:
        """Return the files that an earlier export left here, by their paths below the folder.

        Raises:
            ConfigurationError: Something stands here that is not ours, or nothing can be written.
        """
        if self.remote is not None:
            self.remote.check()
            _make(self.folder)
            return []
        parent = self.folder
        _make(parent)
        ours = read_files(self.manifest)
        if self.file:
            target = parent / self.file
            if target.is_dir():
                raise ConfigurationError(f"{target} is a folder")
            if target.exists() and self.file not in (ours or ()):
                raise ConfigurationError(
                    f"{target} exists and is no export of ours: remove it, or name another"
                )
        elif ours is None:
            foreign = [each.name for each in parent.iterdir() if not each.name.startswith(".")]
            known = self.several and all(
                (parent / name).is_dir() and _is_empty(parent / name) for name in foreign
            )
            if foreign and not known:
                raise ConfigurationError(
                    f"{parent} holds files and is no export of ours: empty it, or name another folder"
                )
        if not os.access(parent, os.W_OK | os.X_OK):
            raise ConfigurationError(f"cannot write into {parent}")
        return ours or []


def _is_empty(folder: Path) -> bool:
    return all(each.name.startswith(".") for each in folder.iterdir())


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise ConfigurationError(f"cannot make the folder {folder}: {problem}") from None


@frozen
class Remote:
    """A folder on an object store, as pyarrow's file systems reach it.

    Attributes:
        url: Its address.
        system: The file system.
        path: The folder in it.
    """

    url: str
    system: Any
    path: str

    def check(self) -> None:
        """See that the folder can be read, and that what is in it is ours.

        Raises:
            ConfigurationError: It cannot, or it is not.
        """
        import pyarrow.fs  # noqa: PLC0415 - only who writes to an object store needs it

        try:
            selector = pyarrow.fs.FileSelector(self.path, allow_not_found=True)
            names = [entry.base_name for entry in self.system.get_file_info(selector)]
        except OSError as problem:
            raise ConfigurationError(f"cannot reach {self.url}: {_first_line(problem)}") from None
        if names and FOLDER_MANIFEST not in names and any("." in name for name in names):
            raise ConfigurationError(f"{self.url} holds files and is no export of ours: name another folder")

    def take(self, source: Path, name: str) -> None:
        """Copy a finished file there; one of the same name is replaced."""
        with source.open("rb") as file, self.system.open_output_stream(f"{self.path}/{name}") as target:
            while block := file.read(1 << 20):
                target.write(block)


def place_of(dest: str | Path, names: Sequence[str], format: Format | None, staging: Path | None) -> Place:
    """Return where an export to `dest` goes.

    Args:
        dest: A file, whose ending says the format; a folder; or the address of a folder on an object store.
        names: The lists.
        format: The format, where the ending does not say it; JSON Lines if None.
        staging: A local folder to make files in, before they are taken to an object store.

    Raises:
        ConfigurationError: These do not go together.
    """
    text = str(dest)
    if format is not None and format not in ENDINGS:
        raise ConfigurationError(f"format must be {', '.join(ENDINGS)}, not {format!r}")
    if not text.strip() or "\0" in text:
        raise ConfigurationError(f"this is not a file or folder: {text!r}")
    several = len(names) > 1
    if "://" in text:
        if staging is None:
            raise ConfigurationError(f"an export to {text} needs a state, which says where to go on")
        return Place(staging, "", format or "jsonl", several, _remote(text))
    path = Path(dest)
    by_ending = next((each for each, ending in ENDINGS.items() if path.suffix.lower() == ending), None)
    if text.endswith(("/", os.sep)) or path.is_dir() or by_ending is None:
        return Place(path, "", format or "jsonl", several)
    if several:
        raise ConfigurationError(f"{len(names)} lists need a folder, and {dest} is a file")
    if format not in {None, by_ending}:
        raise ConfigurationError(f"{dest} says {by_ending}, and format says {format}")
    return Place(path.parent, path.name, by_ending, several=False)


def _remote(url: str) -> Remote:
    arrow_library()
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.fs  # noqa: PLC0415

    try:
        system, path = pyarrow.fs.FileSystem.from_uri(url.rstrip("/"))
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise ConfigurationError(f"cannot use {url}: {_first_line(problem)}") from None
    return Remote(url, system, path)


def _first_line(problem: Exception) -> str:
    return str(problem).strip().partition("\n")[0] or type(problem).__name__
