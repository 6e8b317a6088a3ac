"""Starts and stops a real Redis."""

from __future__ import annotations

import os
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


def free_port() -> int:
    """Return a loopback port that nobody uses."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class RedisServer:
    """A Redis on a free loopback port. `LITMOS_TEST_REDIS` names another program, such as `valkey-server`.

    Args:
        folder: Where it may write.
        options: More options of the program.

    Attributes:
        url: Where it is.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder), *options]
        self._log = folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *, keeps: bool = False) -> None:
        """Start it, and wait until it listens. `keeps`: write everything to disk when it is stopped."""
        save = "3600 1" if keeps else ""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, *self._options, "--save", save], stdout=log, stderr=log
            )
        give_up_at = time.monotonic() + 10
        while True:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1) as connection:
                    connection.sendall(b"PING\r\n")
                    if connection.recv(64).startswith((b"+PONG", b"-NOAUTH")):
                        return
            except OSError:
                pass
            assert time.monotonic() < give_up_at, self._log.read_text()
            time.sleep(0.01)

    def stop(self) -> None:
        """Stop it as an administrator does."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
