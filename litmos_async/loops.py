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
        release: Lets go of what is bound to its loop. Called at the end of the loop, or on the next one.
        close: Closes it for good.

    Attributes:
        latest: The thing that was made last.
        closed: Whether no call is served any more.
    """

    def __init__(
        self,
        make: Callable[[], T],
        release: Callable[[T], Awaitable[None]],
        close: Callable[[T], Awaitable[None]],
    ) -> None:
        self._make = make
        self._release = release
        self._close = close
        # Made now, so that what is wrong with it is said now.
        self.latest = make()
        self._held: _Held[T] | None = None
        self._of_the_parent: list[_Held[T]] = []
        self.closed = False

    async def here(self) -> T:
        """Return the thing of the running loop.

        Raises:
            ConfigurationError: It is closed, or in use on another loop that runs.
        """
        if self.closed:
            raise ConfigurationError("the client is closed")
        loop, held, pid = asyncio.get_running_loop(), self._held, os.getpid()
        if held is not None and held.pid == pid:
            if held.loop is loop:
                return held.value
            if held.loop.is_running():
                raise ConfigurationError(
                    "a client serves one event loop at a time, and another one runs: make a client for each"
                )
            # The guard has seen to it, unless the loop was closed without its last duties: then closing fails, and
            # what cannot be closed is forgotten all the same.
            with suppress(Exception):
                await self._release(held.value)
        elif held is not None:
            # After a fork: its sockets are the parent's too, and shutting them down here would end them there. So
            # it is kept, untouched.
            self._of_the_parent.append(held)
        if held is not None:
            self.latest = self._make()
        guard = _until_the_loop_ends(self.latest, self._release)
        await anext(guard)
        self._held = _Held(self.latest, loop, pid, guard)
        return self.latest

    async def aclose(self) -> None:
        """Close it, if it belongs to the running loop; no call is served any more."""
        self.closed = True
        held = self._held
        if held is None:
            await self._close(self.latest)
        elif held.loop is asyncio.get_running_loop() and held.pid == os.getpid():
            await self._close(held.value)
            await held.guard.aclose()


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
