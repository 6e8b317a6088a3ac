"""A real Chromium, driven over a pipe by its own protocol: no driver, no port, no other package."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "--hide-scrollbars",
)
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")

_START: Final = """
import fcntl, os, sys
# The browser reads at descriptor 3 and writes at 4; neither may be overwritten before it was copied.
reads, writes = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(reads, 3)
os.dup2(writes, 4)
os.execvp(sys.argv[3], sys.argv[3:])
"""

_LONGEST: Final = 120.0
"""Seconds in which a browser answers, on the busiest machine."""


def program() -> str | None:
    """Return where the browser is; None where there is none."""
    return os.environ.get("LITMOS_TEST_BROWSER") or next(filter(None, map(shutil.which, NAMES)), None)


class Page:
    """One page of the browser.

    Attributes:
        events: What happened in it.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.events: list[dict[str, Any]] = []
        self.session = ""
        self._reader = reader
        self._writer = writer
        self._number = 0
        self._loaded = asyncio.Event()
        self._open: dict[int, asyncio.Future[dict[str, Any]]] = {}

    async def listen(self) -> None:
        """Take what the browser says, to its end."""
        while True:
            try:
                data = await self._reader.readuntil(b"\0")
            except asyncio.IncompleteReadError:
                return
            message = json.loads(data[:-1])
            if "id" in message:
                self._open.pop(message["id"]).set_result(message)
            else:
                self.events.append(message)
                if message["method"] == "Page.loadEventFired":
                    self._loaded.set()

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """Call a method of the protocol."""
        self._number += 1
        answer = self._open[self._number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": self._number, "method": method, "params": given}
        if self.session:
            message["sessionId"] = self.session
        self._writer.write(json.dumps(message).encode() + b"\0")
        await self._writer.drain()
        found = await asyncio.wait_for(answer, _LONGEST)
        assert "error" not in found, (method, found["error"])
        result: dict[str, Any] = found["result"]
        return result

    async def evaluate(self, script: str) -> Any:
        """Return what a script gives, a promise's value where it gives one."""
        found = await self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def open(self, url: str) -> None:
        """Open an address, and wait until it is there."""
        await self.call("Page.navigate", url=url)
        await asyncio.wait_for(self._loaded.wait(), _LONGEST)

    def named(self, *methods: str) -> list[dict[str, Any]]:
        """Return the events of these names."""
        return [each for each in self.events if each["method"] in methods]


@asynccontextmanager
async def browse(folder: Path) -> AsyncGenerator[Page]:
    """Give an empty page of a new browser while the block runs.

    Args:
        folder: Where it keeps its own files.
    """
    name = program()
    assert name is not None, "there is no Chromium: apt-get install chromium"
    to_browser, from_browser = os.pipe(), os.pipe()
    ends = (str(to_browser[0]), str(from_browser[1]))
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", _START, *ends, name, *FLAGS, f"--user-data-dir={folder}", "about:blank"),
        pass_fds=(to_browser[0], from_browser[1]),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    os.close(to_browser[0])
    os.close(from_browser[1])
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 27)
    reading, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(from_browser[0], "rb")
    )
    writing, protocol = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(to_browser[1], "wb")
    )
    page = Page(reader, asyncio.StreamWriter(writing, protocol, reader, loop))
    listening = asyncio.ensure_future(page.listen())
    try:
        targets = (await page.call("Target.getTargets"))["targetInfos"]
        (target,) = [each["targetId"] for each in targets if each["type"] == "page"]
        page.session = (await page.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await page.call(f"{domain}.enable")
        yield page
    finally:
        listening.cancel()
        if child.returncode is None:
            child.terminate()
        await child.wait()
        writing.close()
        reading.close()
        await asyncio.gather(listening, return_exceptions=True)


if sys.platform == "win32":
    raise RuntimeError("the browser is driven over descriptors that only other systems hand on")
