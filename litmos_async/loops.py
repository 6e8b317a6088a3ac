"""What belongs to one event loop of one process, such as connections, and what becomes of it at the loop's end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

from attrs import frozen

from litmos_async.errors import ConfigurationError

T = TypeVar("T")


@frozen
class _Held(Generic[T]):
    value: T
    loop: asyncio.AbstractEventLoop
    pid: int
    guard: AsyncGenerator[None, None]


class PerLoop(Generic[T]):
    """Gives the running event loop a thing of its own, and lets go of that of a loop which has ended.

    A client at module level lives through more than one `asyncio.run`, in notebooks and task queues, and through
    forks.

    Args:
        make: Makes the thing.
        release: Lets go of what is bound to its loop. Called at the end of the loop.
        close: Closes it for good.
        shared: Whether all things stand on the same one, which must let go with each change of loops.
        connected: Whether that one holds what a forked process must not touch, such as sockets.

    Attributes:
        latest: The thing that was used last.
        closed: Whether no call is served any more.
    """

    def __init__(
        self,
        make: Callable[[], T],
        release: Callable[[T], Awaitable[None]],
        close: Callable[[T], Awaitable[None]],
        *,
        shared: bool = False,
        connected: bool = False,
    ) -> None:
        self._make = make
        self._release = release
        self._close = close
        self._shared = shared
        self._connected = connected
        # Made now, so that what is wrong with it is said now.
        self.latest = make()
        self._last: _Held[T] | None = None
        # Those of loops that may run again, for their guards, and those of a parent process. The sockets of the
        # latter are the parent's too, and shutting them down here would end them there: they are kept, untouched.
        self._kept: list[_Held[T]] = []
        self.closed = False

    async def here(self) -> T:
        """Return the thing of the running loop.

        Raises:
            ConfigurationError: It is closed, or in use on another loop that runs, or its connections are those of a
                parent process.
        """
        if self.closed:
            raise ConfigurationError("the client is closed")
        loop, last, pid = asyncio.get_running_loop(), self._last, os.getpid()
        if last is not None and last.pid == pid:
            if last.loop is loop:
                return last.value
            if last.loop.is_running():
                raise ConfigurationError(
                    "a client serves one event loop at a time, and another one is running: make a client for each"
                )
            if self._shared or last.loop.is_closed():
                # A guard has seen to it, unless the loop was closed without its last duties: then closing fails,
                # and what cannot be closed is forgotten all the same.
                with suppress(Exception):
                    await self._release(last.value)
        elif last is not None and self._connected and not last.loop.is_closed():
            # Closing them here would take them out of the parent's hands, and there is no making of others.
            raise ConfigurationError(
                "the transport holds connections of the process that this one was forked from: make a client here"
            )
        self._kept = [each for each in self._kept if each.pid != pid or not each.loop.is_closed()]
        found = next((each for each in self._kept if each.loop is loop and each.pid == pid), None)
        if found is None:
            value = self._make() if last is not None else self.latest
            found = _Held(value, loop, pid, _until_the_loop_ends(value, self._release))
            await anext(found.guard)
            self._kept.append(found)
        self._last, self.latest = found, found.value
        return found.value

    async def aclose(self) -> None:
        """Close it, if it belongs to the running loop; no call is served any more."""
        self.closed = True
        last = self._last
        if last is None:
            await self._close(self.latest)
        elif last.loop is asyncio.get_running_loop() and last.pid == os.getpid():
            await self._close(last.value)
            await last.guard.aclose()


async def _until_the_loop_ends(
    value: T, release: Callable[[T], Awaitable[None]]
) -> AsyncGenerator[None, None]:
    """Let go with the loop, which can still do so, and not on the next one, which cannot.

    A loop closes the asynchronous generators that it knows at its end (PEP 525), as `asyncio.run` sees to.
    """
    try:
        yield
    finally:
        await release(value)
