"""Pieces of work carried out side by side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from typing import Generic, TypeVar

W = TypeVar("W")
T = TypeVar("T")


async def run_concurrently(
    carry_out: Callable[[W], AsyncGenerator[T, None]], work: Iterable[W], size: int
) -> AsyncGenerator[T, None]:
    """Carry out pieces of work side by side, and yield what comes of each, in no particular order.

    However a worker ends early, cancelled or by an exception of any kind, it is raised here, and the other workers
    are cancelled. Close this generator (`contextlib.aclosing`) to give up what is under way.

    Args:
        carry_out: Does one piece of work, and yields what comes of it.
        work: The pieces. They are taken one by one, as workers become free.
        size: How many workers there are at most; one at least is started.
    """
    pieces = iter(work)
    # A slow consumer slows down the workers: so many results wait at most.
    room = asyncio.Semaphore(2 * size + 1)
    results: asyncio.Queue[_Result[T] | asyncio.Task[None]] = asyncio.Queue()
    workers = [asyncio.ensure_future(_work(carry_out, pieces, room, results)) for _ in range(max(1, size))]
    for worker in workers:
        # Every end is put there, also by a CancelledError that comes from inside.
        worker.add_done_callback(results.put_nowait)
    at_work = len(workers)
    try:
        while at_work:
            result = await results.get()
            if isinstance(result, asyncio.Task):
                result.result()
                at_work -= 1
            else:
                room.release()
                yield result.value
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def _work(
    carry_out: Callable[[W], AsyncGenerator[T, None]],
    pieces: Iterator[W],
    room: asyncio.Semaphore,
    results: asyncio.Queue[_Result[T] | asyncio.Task[None]],
) -> None:
    for piece in pieces:
        async with aclosing(carry_out(piece)) as found:
            async for value in found:
                await room.acquire()
                results.put_nowait(_Result(value))


class _Result(Generic[T]):
    """Distinguishes a result, whatever it is, from the end of a worker."""

    __slots__ = ("value",)

    def __init__(self, value: T) -> None:
        self.value = value
