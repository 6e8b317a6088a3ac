"""An async iterator that says when it was dropped."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


class Iteration(AsyncGenerator[T, None], Generic[T]):
    """Passes everything on to a generator, and notices at once where its consumer leaves it.

    `break` out of `async for` drops the iterator and says nothing; asyncio closes the generator at some later turn
    of the loop. What the generator holds can be marked as about to be free in the meantime.

    Args:
        generator: Yields the values.
        on_dropped: Called when this object goes away before the generator is at its end.
    """

    def __init__(self, generator: AsyncGenerator[T, None], on_dropped: Callable[[], None]) -> None:
        self._generator = generator
        self._on_dropped = on_dropped
        self._ended = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        return await self.asend(None)

    async def asend(self, value: None) -> T:
        """Return the next value."""
        try:
            return await self._generator.asend(value)
        except BaseException:
            self._ended = True
            raise

    async def athrow(
        self,
        kind: type[BaseException] | BaseException,
        value: object = None,
        trace: TracebackType | None = None,
    ) -> T:
        """Raise an exception where the generator stands."""
        thrown: Any = kind if value is None else value
        return await self._generator.athrow(thrown if trace is None else thrown.with_traceback(trace))

    async def aclose(self) -> None:
        """Close the generator."""
        self._ended = True
        await self._generator.aclose()

    def __del__(self) -> None:
        if not self._ended:
            self._on_dropped()
