"""The file with the outcome of each line: written as they come, and once more in order at the end."""

from __future__ import annotations

import csv
import os
import re
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO, Final, TextIO

from attrs import frozen

from litmos_async.cli.cells import guarded
from litmos_async.cli.headings import UNFINISHED, as_extra
from litmos_async.cli.ledger import Entry
from litmos_async.cli.table import Line, Table, name_key

_SECRET: Final = re.compile(
    "|".join(
        (
            *("password", "passwd", "pwd", "passphrase", "passcode", "passwort", "kennwort", "motdepasse"),
            *("contraseña", "contrasena", "senha", "wachtwoord", "parola", "parole", "hasło", "haslo"),
            *("salasana", "lösenord", "losenord", "passord", "adgangskode", "kodeord", "heslo", "jelszó"),
            *("пароль", "κωδικόςπρόσβασης", "密码", "密碼", "パスワード", "비밀번호"),
            *("token", "apikey", "loginkey", "credential"),
            r"secret(?!ar)",  # Secretary
            r"\A(initial|temp|temporary|start|first|new|default|user|login|my)?(pass|pin|pw)\Z",  # not Passport
        )
    )
)
"""What the names of columns hold that are left out: one file with passwords is bad enough."""

_PRIVATE: Final = 0o600
_READ_AND_WRITE: Final = 0o666
_OF_GROUP: Final = 0o060


@frozen
class Access:
    """Who may read a file that holds what another one holds: those who may read that, and no one else.

    Attributes:
        mode: The permissions.
        group: The group that they are about; None for the one that a new file gets.
    """

    mode: int = _PRIVATE
    group: int | None = None

    @classmethod
    def like(cls, path: Path) -> Access:
        """Return the access of a file; the owner's alone where it is none, such as a pipe or standard input."""
        try:
            found = path.stat()
        except (OSError, ValueError):
            return cls()
        if not stat.S_ISREG(found.st_mode):
            return cls()
        return cls(stat.S_IMODE(found.st_mode) & _READ_AND_WRITE, found.st_gid)

    def create(self, path: Path) -> int:
        """Create an empty file with this access, in place of one that is there; return its descriptor.

        Raises:
            OSError: It cannot be created.
        """
        with suppress(FileNotFoundError):
            path.unlink()
        # Nothing is written before the permissions are right, and until then it is the owner's alone.
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
        try:
            if sys.platform != "win32":
                os.fchmod(number, self._mode_of(number))
        except OSError:
            os.close(number)
            raise
        return number

    def _mode_of(self, number: int) -> int:
        """Return the mode for an open file; without the group's part if the group is another one."""
        if self.group is None or os.fstat(number).st_gid == self.group or sys.platform == "win32":
            return self.mode
        try:
            os.fchown(number, -1, self.group)
        except OSError:
            return self.mode & ~_OF_GROUP
        return self.mode


def check_writable(path: Path) -> None:
    """Make sure that a file can be written, before anything is done that it would tell of.

    Raises:
        OSError: It cannot.
    """
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory")
    _check_kind(path)
    temporary = _temporary(path)
    os.close(Access().create(temporary))
    temporary.unlink()


def write_whole(
    path: Path, access: Access, write: Callable[[TextIO], object], encoding: str = "utf-8"
) -> None:
    """Write a file: all of it or, where that fails, nothing, and what was there before stays.

    Args:
        path: The file.
        access: Who may read it.
        write: Writes the content.
        encoding: Of the file.

    Raises:
        OSError: It cannot be written.
    """
    with (
        _replacing(path, access) as number,
        open(number, "w", encoding=encoding, newline="") as file,  # noqa: PTH123 - a descriptor
    ):
        write(file)


def write_whole_bytes(path: Path, access: Access, write: Callable[[BinaryIO], object]) -> None:
    """Write a file of bytes as `write_whole` writes one of text."""
    with _replacing(path, access) as number, open(number, "wb") as file:  # noqa: PTH123 - a descriptor
        write(file)


@contextmanager
def _replacing(path: Path, access: Access) -> Iterator[int]:
    """Give the descriptor of a file that takes the place of another one if nothing fails."""
    _check_kind(path)
    temporary = _temporary(path)
    try:
        yield access.create(temporary)
        temporary.replace(path)
    finally:
        with suppress(OSError):
            temporary.unlink()


class OutcomesFile:
    """The outcomes of a run, in the form of its input: the delimiter, and a byte-order mark if it had one.

    The columns that the job needs are called so that the file, cut down to what failed, can be run again.

    Args:
        path: The file.
        table: The input.
        access: Who may read it.
    """

    def __init__(self, path: Path, table: Table, access: Access) -> None:
        self.path = path
        self._table = table
        self._access = access
        self._keys = table.titles or [column.key for column in table.columns]
        # The input may be an earlier outcomes file; it must not end up with every column twice.
        self._kept = [
            place
            for place, (name, word) in enumerate(zip(table.extra_columns, table.extra_words, strict=True))
            if not (table.is_ours(place) or name in self._keys or _is_secret(name, word))
        ]
        self._file: TextIO | None = None
        self._failed = False

    @property
    def begun(self) -> bool:
        """Whether outcomes are written as they come, or were until that failed."""
        return self._file is not None or self._failed

    def begin(self, entries: Iterable[Entry]) -> None:
        """Put the file in its place, with what is known so far; from now on `add` goes on with it.

        A run that is killed leaves it so. Where it cannot be written, `finish` says so.
        """
        try:
            self._write(self.path, entries, unfinished=True)
            self._file = self.path.open("a", encoding="utf-8", newline="")
        except OSError:
            self._failed = True

    def add(self, entry: Entry) -> None:
        """Write down one more outcome, if the file was begun."""
        if self._file is None:
            return
        try:
            self._writer(self._file).writerow(self._row(entry))
            self._file.flush()
        except OSError:
            self._failed = True
            self._close()

    def finish(self, entries: Iterable[Entry]) -> None:
        """Write all outcomes, in the order of the lines.

        Raises:
            OSError: They cannot be written; what is there is as complete as it could be made.
        """
        self._close()
        self._write(self.path, entries)

    def rescue(self, entries: Iterable[Entry]) -> Path:
        """Write all outcomes to the folder for temporary files, since their own place takes none.

        Raises:
            OSError: That takes none either.
        """
        path = Path(tempfile.mkdtemp(prefix="litmos-")) / self.path.name
        self._write(path, entries)
        return path

    def _close(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # what could not be written is written again by `finish`
                self._file.close()
            self._file = None

    def _write(self, path: Path, entries: Iterable[Entry], *, unfinished: bool = False) -> None:
        def write(file: TextIO) -> None:
            writer = self._writer(file)
            table = self._table
            extra = (
                as_extra(table.extra_columns[place], unused=not table.extra_words[place])
                for place in self._kept
            )
            writer.writerow(["line", *self._keys, "status", "reason", *map(guarded, extra)])
            if unfinished:  # as an input it is refused: a killed job cannot say which lines are missing
                nothing = Line(0, ("",) * len(self._keys))
                writer.writerow(self._row(Entry(nothing, "not done", UNFINISHED)))
            writer.writerows(self._row(entry) for entry in entries if entry.status is not None)

        write_whole(path, self._access, write, "utf-8-sig" if self._table.bom else "utf-8")

    def _writer(self, file: TextIO) -> Any:
        return csv.writer(file, delimiter=self._table.delimiter)

    def _row(self, entry: Entry) -> list[object]:
        line = entry.line
        extra = [line.extra[place] for place in self._kept] if line.extra else [""] * len(self._kept)
        cells = map(guarded, [*line.values, entry.status or "", entry.reason, *extra])
        return [line.number or "", *cells]


def _check_kind(path: Path) -> None:
    """Refuse to put a file in the place of what is none: root could do away with /dev/null, for all programs.

    Raises:
        OSError: The path leads to a device, a pipe, or an open file of a process, as /dev/stdout does; or it is
            "-", which is standard output elsewhere, and never a file of that name.
    """
    if path == Path("-"):
        raise OSError("it stands for standard output: name a file")
    if is_open_file(path) or (path.exists() and not path.is_file()):
        raise OSError("it is no regular file")


def is_open_file(path: Path) -> bool:
    """Return whether a path stands for an open file of a process, as /dev/stdin and /dev/fd/3 do, or for a device.

    Beside it nothing can be written, also where it leads to a regular file. /dev/shm is a folder as any other.
    """
    places = [path.absolute()]
    if path.is_symlink():
        places.append(Path(os.path.normpath(places[0].parent / path.readlink())))
    return any(
        place.parent in {Path("/dev"), Path("/dev/fd")} or place.is_relative_to("/proc") for place in places
    )


def _is_secret(*names: str) -> bool:
    """Return whether a column holds credentials, by what it is called and as what it is read."""
    return any(_SECRET.search(name_key(name)) for name in names)


def _temporary(path: Path) -> Path:
    """Return a name beside the file: only within one file system a rename is atomic."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")
