"""Workers who take work from one iterator, and a bounded queue of what became of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from typing import Generic, TypeVar

W = TypeVar("W")
T = TypeVar("T")


class Crew(Generic[W, T]):
    """Carries out pieces of work side by side and yields what comes of each, in no particular order.

    Args:
        carry_out: Does one piece of work, and yields what comes of it.
        work: The pieces. They are taken one by one, as workers become free.
        size: How many workers there are.
    """

    def __init__(
        self, carry_out: Callable[[W], AsyncGenerator[T, None]], work: Iterator[W], size: int
    ) -> None:
        self._carry_out = carry_out
        self._work = work
        # Bounded: whoever takes the results slowly slows down the workers.
        self._queue: asyncio.Queue[_Result[T] | Exception | None] = asyncio.Queue(maxsize=2 * size + 1)
        self._workers = [asyncio.ensure_future(self._run()) for _ in range(size)]

    async def _run(self) -> None:
        try:
            for piece in self._work:
                async with aclosing(self._carry_out(piece)) as results:
                    async for result in results:
                        await self._queue.put(_Result(result))
            await self._queue.put(None)
        except Exception as problem:  # noqa: BLE001 - raised where the results are taken
            await self._queue.put(problem)

    async def results(self) -> AsyncGenerator[T, None]:
        """Yield what comes of the work until all of it is done, or a worker fails."""
        at_work = len(self._workers)
        while at_work:
            result = await self._queue.get()
            if result is None:
                at_work -= 1
            elif isinstance(result, Exception):
                raise result
            else:
                yield result.value

    async def stop(self) -> None:
        """Give up what is under way."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)


class _Result(Generic[T]):
    """Tells a result from the end and from an error, whatever it is."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
