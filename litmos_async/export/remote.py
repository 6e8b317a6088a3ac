"""A folder on an object store, as pyarrow's file systems reach it: `s3://…`, `gs://…` and the like."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from litmos_async.errors import ConfigurationError
from litmos_async.export.schema import arrow_library

_BLOCK: Final = 1 << 20


@frozen
class Remote:
    """A folder on an object store.

    Attributes:
        url: Its address.
        system: The file system.
        path: The folder in it.
    """

    url: str
    system: Any
    path: str

    def names(self, below: str = "") -> list[str]:
        """Return the names of what is in the folder, or in one below it.

        Raises:
            ConfigurationError: It cannot be reached.
        """
        import pyarrow.fs  # noqa: PLC0415 - only who writes to an object store needs it

        try:
            selector = pyarrow.fs.FileSelector(f"{self.path}/{below}".rstrip("/"), allow_not_found=True)
            return [entry.base_name for entry in self.system.get_file_info(selector)]
        except OSError as problem:
            raise ConfigurationError(f"cannot reach {self.url}: {_first_line(problem)}") from None

    def try_to_write(self) -> None:
        """See that files can be written there.

        Raises:
            ConfigurationError: They cannot.
        """
        probe = "_probe"  # readers pass over names that begin with an underscore
        try:
            with self._open(probe) as stream:
                stream.write(b"\n")
            self.system.delete_file(f"{self.path}/{probe}")
        except OSError as problem:
            raise ConfigurationError(f"cannot write to {self.url}: {_first_line(problem)}") from None

    def read(self, name: str) -> bytes:
        """Return a file of the folder.

        Raises:
            OSError: It cannot be read.
        """
        with self.system.open_input_stream(f"{self.path}/{name}") as file:
            return bytes(file.read())

    def take(self, source: Path, name: str) -> None:
        """Copy a finished file there; one of the same name is replaced once the new one is whole."""
        with source.open("rb") as file, self._open(name) as stream:
            while block := file.read(_BLOCK):
                stream.write(block)

    def _open(self, name: str) -> Any:
        """Open a file for writing."""
        target = f"{self.path}/{name}"
        # A file system with folders wants them made; an object store has none, and needs no right to make one.
        if self.system.type_name == "local":
            self.system.create_dir(target.rpartition("/")[0], recursive=True)
        return self.system.open_output_stream(target)

    def remove(self, name: str) -> None:
        """Take a file away, if it is there."""
        with suppress(FileNotFoundError):
            self.system.delete_file(f"{self.path}/{name}")


def remote_of(url: str) -> Remote:
    """Return the folder at an address.

    Raises:
        ConfigurationError: pyarrow is not installed, or does not know such addresses.
    """
    pa = arrow_library()
    import pyarrow.fs  # noqa: PLC0415

    try:
        system, path = pyarrow.fs.FileSystem.from_uri(url.rstrip("/"))
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise ConfigurationError(f"cannot use {shown(url)}: {_first_line(problem)}") from None
    if not path.strip("/"):
        raise ConfigurationError(f"{shown(url)} names no folder")
    return Remote(shown(url), system, path)


def shown(url: str) -> str:
    """Return an address without the credentials that it may hold: `s3://KEY:SECRET@bucket?…`."""
    scheme, _, rest = url.partition("://")
    place = rest.partition("?")[0]
    return f"{scheme}://{place.rpartition('@')[2]}"


def _first_line(problem: Exception) -> str:
    return str(problem).strip().partition("\n")[0] or type(problem).__name__
