"""Where messages wait between the answer to Litmos and the handler, and what has been there before.

A spool takes a message once, keeps it until it is handled, and remembers it afterwards, for repeats come late. The
one in memory loses what waits when its process ends; the one in SQLite does not.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import Final, Protocol

from attrs import evolve, frozen

from litmos_async.checks import count

REMEMBERED: Final = 100_000
"""Messages that a spool remembers after they were handled."""

WAITING: Final = 10_000
"""Messages that may wait in a spool."""


class SpoolFull(Exception):
    """No more messages can wait: the sender has to try again.

    ```python
    spool = MemorySpool(waiting=1)
    await spool.put(["message 1"], body)
    try:
        await spool.put(["message 2"], body)
    except SpoolFull:
        print("the receiver answers 503, and the sender tries again")
    ```
    """


@frozen
class Waiting:
    """A message that waits.

    ```python
    spool = MemorySpool()
    await spool.put(["message 1"], body)
    message = await spool.take()
    print(parse(message.body).type, message.failures)
    ```

    Attributes:
        number: Its place in the spool.
        body: The message.
        failures: How often its handler failed.
    """

    number: int
    body: bytes
    failures: int = 0


class Spool(Protocol):
    """What a receiver keeps messages in.

    ```python
    spool: Spool = SqliteSpool("webhooks.db")  # or a class of your own with these methods
    receiver = Receiver(handle, secret=secret, spool=spool)
    await receiver.aclose()
    ```
    """

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: It is new, and too many are waiting.
        """
        ...

    async def take(self) -> Waiting:
        """Return the next message that waits, and wait for one if there is none."""
        ...

    async def done(self, message: Waiting) -> None:
        """Note that a message is handled: once this has returned, it is not handed out again.

        Args:
            message: The message.
        """
        ...

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back whose handler failed, to be taken again after a while.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        ...

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside whose handler failed too often.

        Args:
            message: The message.
        """
        ...

    async def aclose(self) -> None:
        """Close it."""
        ...


class RetryQueue:
    """The messages of a spool that wait to be handled, and those that come back after a while."""

    def __init__(self) -> None:
        self._ready: asyncio.Queue[Waiting] = asyncio.Queue()
        self._timers: set[asyncio.TimerHandle] = set()

    def add(self, message: Waiting) -> None:
        """Let a message be taken."""
        self._ready.put_nowait(message)

    def add_later(self, message: Waiting, seconds: float) -> None:
        """Let a message be taken after a while."""

        def back() -> None:
            self._timers.discard(timer)
            self.add(message)

        timer = asyncio.get_running_loop().call_later(seconds, back)
        self._timers.add(timer)

    async def take(self) -> Waiting:
        """Return the next message, once there is one."""
        return await self._ready.get()

    def close(self) -> None:
        """Let nothing come back any more."""
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class MemorySpool:
    """Keeps messages in memory: what waits is lost when the process ends.

    ```python
    spool = MemorySpool(waiting=1_000)
    receiver = Receiver(handle, secret=secret, spool=spool)
    ```

    Args:
        waiting: Messages that may wait.
        remembered: Messages that are remembered after they were handled.

    Raises:
        ConfigurationError: One is no such number.
    """

    def __init__(self, *, waiting: int = WAITING, remembered: int = REMEMBERED) -> None:
        self._most = waiting
        self._keys = keys_to_keep(waiting, remembered)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._queue = RetryQueue()
        self._open = 0
        self._numbers = 0
        self.set_aside: deque[bytes] = deque(maxlen=1_000)
        """The last messages whose handler failed too often."""

    async def put(self, keys: Sequence[str], body: bytes) -> bool:
        """Keep a message, and return whether it is new.

        Args:
            keys: The keys of the message: one with a key that is known is not new.
            body: The message.

        Raises:
            SpoolFull: It is new, and too many are waiting.
        """
        if any(key in self._seen for key in keys):
            return False
        if self._open >= self._most:
            raise SpoolFull
        for key in keys:
            self._seen[key] = None
        while len(self._seen) > self._keys:
            self._seen.popitem(last=False)
        self._open += 1
        self._numbers += 1
        self._queue.add(Waiting(self._numbers, body))
        return True

    async def take(self) -> Waiting:
        """Return the next message that waits."""
        return await self._queue.take()

    async def done(self, message: Waiting) -> None:  # noqa: ARG002 - the protocol's
        """Note that a message is handled.

        Args:
            message: The message.
        """
        self._open -= 1

    async def again(self, message: Waiting, seconds: float) -> None:
        """Put a message back, to be taken again after a while.

        Args:
            message: The message.
            seconds: How long it waits, in seconds.
        """
        self._queue.add_later(evolve(message, failures=message.failures + 1), seconds)

    async def give_up(self, message: Waiting) -> None:
        """Put a message aside.

        Args:
            message: The message.
        """
        self._open -= 1
        self.set_aside.append(message.body)

    async def aclose(self) -> None:
        """Stop what would be taken again."""
        self._queue.close()


def keys_to_keep(waiting: int, remembered: int) -> int:
    """Return how many keys to keep: a message has up to two, and one that waits must not be forgotten."""
    return 2 * (count("waiting", waiting) + count("remembered", remembered, 0))
