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

PROGRAM: Final = os.environ.get("LITMOS_TEST_REDIS", "redis-server")
INSTALLED: Final = shutil.which(PROGRAM) is not None
NO_REDIS: Final = (
    "redis-server is not installed (Debian: apt-get install redis-server): tests on a real Redis skipped"
)


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
    """A Redis on a free loopback port. `LITMOS_TEST_REDIS` names another program, such as `valkey-server`.

    Args:
        folder: Where it may write.
        options: More options of the program.
        also: An option that says another port, such as `--tls-port`.

    Attributes:
        port: Where it is, from its first start on.
        other_port: The one of `also`.
    """

    def __init__(self, folder: Path, *options: str, also: str | None = None) -> None:
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
            process = subprocess.Popen([PROGRAM, *ports, *self._options, *save], stdout=log, stderr=log)
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
