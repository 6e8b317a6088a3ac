"""Where an export goes: one file, a folder, or a folder on an object store; and whether it may go there."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from litmos_async.errors import ConfigurationError
from litmos_async.export.manifest import Earlier, read_manifest
from litmos_async.export.output import ENDINGS, Format
from litmos_async.export.remote import Remote, remote_of
from litmos_async.export.schema import arrow_library
from litmos_async.wording import system_reason

FOLDER_MANIFEST: Final = "_manifest.json"
"""The manifest in a folder: pyarrow and polars pass over names that begin with an underscore."""

_MADE: Final = re.compile(r"(?P<list>[\w.]+)-\d{8}T\d{9}Z(-\d{3})?\.(jsonl|csv|parquet)")
"""How files of an export in a folder are called."""


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

    def below(self, name: str, file: str) -> str:
        """Return the path of a file of a list, below the folder."""
        return f"{name}/{file}" if self.several else file

    def name_of(self, name: str, stamp: str, place: int) -> str:
        """Return the name of a file of a list."""
        if self.file:
            return self.file
        return f"{name}-{stamp}{f'-{place:03}' if place else ''}{ENDINGS[self.format]}"

    def earlier(self) -> Earlier | None:
        """Return what an earlier export left here; None where there is none.

        Raises:
            ConfigurationError: A manifest stands here that is not ours, or cannot be read.
        """
        try:
            if self.remote is None:
                text = self.manifest.read_bytes()
            elif FOLDER_MANIFEST in self.remote.names():
                text = self.remote.read(FOLDER_MANIFEST)
            else:
                return None
        except FileNotFoundError:
            return None
        except OSError as problem:
            raise ConfigurationError(
                f"cannot read the manifest of {self}: {system_reason(problem)}"
            ) from None
        found = read_manifest(text)
        if found is None:
            raise ConfigurationError(
                f"{self.manifest.name} of {self} is not that of an export: remove it, or name another place"
            )
        return found

    def check(
        self, wanted: Earlier, ours: Collection[str], *, first: bool, dry: bool
    ) -> Mapping[str, list[str]]:
        """Return the files that an earlier export left here, by list, as paths below the folder.

        Args:
            wanted: What this export is, as its manifest will say it.
            ours: Files of the run under way.
            first: Whether the state knows of no finished run.
            dry: Whether nothing is to be made or tried.

        Raises:
            ConfigurationError: Something stands here that is not ours, or nothing can be written.
        """
        if self.format == "parquet":
            arrow_library()  # said now, and not when the first page is there
        if dry and not self.folder.exists():
            above = next(each for each in self.folder.absolute().parents if each.exists())
            if not above.is_dir():
                raise ConfigurationError(f"cannot make the folder {self.folder}: {above} is a file")
            return {}
        make_folder(self.folder)
        found, what = self.earlier(), str(self)
        if found is not None and not any(found.files.values()):
            found = None  # a run that wrote nothing, which may have been with a wrong key
        left: dict[str, list[str]] = {}
        if found is None:
            left = self._left_over(wanted, ours)
        else:
            _refuse_other(found, wanted, what)
            files = {file for names in found.files.values() for file in names}
            if wanted.changes and first and not files <= set(ours):
                raise ConfigurationError(
                    f"{what} was exported with another state: give that one, or name another place"
                )
        if not dry:
            _try_to_write(self.folder)
            if self.remote is not None:
                self.remote.try_to_write()
        return left if found is None else found.files

    def __str__(self) -> str:
        return self.remote.url if self.remote else str(self.folder / self.file)

    def _left_over(self, wanted: Earlier, ours: Collection[str]) -> dict[str, list[str]]:
        """Return files that a run left here which ended before it could write a manifest, perhaps elsewhere.

        Raises:
            ConfigurationError: There are files that no run has left.
        """
        if self.file:
            if (self.folder / self.file).exists() and self.file not in ours:
                raise ConfigurationError(f"{self} exists and is not an export: remove it, or name another")
            return {}
        left: dict[str, list[str]] = {}
        foreign: list[str] = []
        for list_name in wanted.files if self.several else [""]:
            for name in self._names(list_name):
                path = f"{list_name}/{name}" if list_name else name
                made = _MADE.fullmatch(name)
                if path in ours or name[0] in "._":
                    continue
                if wanted.changes or made is None or made["list"] not in wanted.files:
                    foreign.append(path)
                else:
                    left.setdefault(made["list"], []).append(path)
        if self.several:
            foreign += [name for name in self._names() if name[0] not in "._" and name not in wanted.files]
        if foreign:
            raise ConfigurationError(f"{self} holds files and is not an export: name another folder")
        return left

    def _names(self, below: str = "") -> list[str]:
        """Return the names in the folder, or in one of a list below it."""
        if self.remote is not None:
            return self.remote.names(below)
        folder = self.folder / below
        return [each.name for each in folder.iterdir()] if folder.is_dir() else []


def _refuse_other(found: Earlier, wanted: Earlier, what: str) -> None:
    if found.account != wanted.account:
        raise ConfigurationError(f"{what} is an export of another account: name another place")
    if found.files.keys() != wanted.files.keys():
        lists = ", ".join(sorted(found.files))
        raise ConfigurationError(f"{what} is an export of {lists}: name another place")
    if found.changes != wanted.changes:
        how = "with a state" if found.changes else "without a state"
        raise ConfigurationError(f"{what} was exported {how}: do so again, or name another place")
    if wanted.changes and found.format != wanted.format:
        raise ConfigurationError(f"{what} was exported as {found.format}: use that format again")


def make_folder(folder: Path, mode: int = 0o777) -> None:
    """Make a folder, and those that it lies in.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        folder.mkdir(mode, parents=True, exist_ok=True)
    except (OSError, ValueError) as problem:
        raise ConfigurationError(f"cannot make the folder {folder}: {system_reason(problem)}") from None


def _try_to_write(folder: Path) -> None:
    probe = folder / f".litmos-{os.getpid()}.probe"
    try:
        probe.write_bytes(b"\n")
        probe.unlink()
    except OSError as problem:
        raise ConfigurationError(f"cannot write into {folder}: {system_reason(problem)}") from None


def place_of(dest: str | Path, names: Sequence[str], format: Format | None, staging: Path) -> Place:
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
        return Place(staging, "", format or "jsonl", several, remote_of(text))
    path = Path(dest)
    by_ending: Format | None = next(
        (each for each, ending in ENDINGS.items() if path.suffix.lower() == ending), None
    )
    if text.endswith(("/", os.sep)) or path.is_dir() or by_ending is None:
        return Place(path, "", format or "jsonl", several)
    if several:
        raise ConfigurationError(f"{len(names)} lists need a folder, and {dest} is a file")
    if format not in {None, by_ending}:
        raise ConfigurationError(f"{dest} says {by_ending}, and format says {format}")
    return Place(path.parent, path.name, by_ending, several=False)
