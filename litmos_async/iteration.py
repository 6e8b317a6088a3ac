"""Asynchronous iterators that never end before their end without a word.

A loop closes the generators that were left to it when it ends (PEP 525), as `asyncio.run` sees to; an error or a
cancellation closes one as well. Asked for more, such a generator says that there is no more, as at its end. Of an
iterator that is carried into the next `asyncio.run`, or has a time limit around a step, that makes a quiet prefix.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncGenerator, Callable
from types import AsyncGeneratorType, TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from litmos_async.errors import ConfigurationError

P = ParamSpec("P")
T = TypeVar("T")


class Iteration(AsyncGenerator[T, None]):
    """Passes everything on to a generator, and raises an error where that was broken off and is asked for more.

    At its end, and after an `aclose` of its own, it ends as any other.

    Args:
        generator: Yields the values: the object that an asynchronous generator function returns.
    """

    def __init__(self, generator: AsyncGenerator[T, None]) -> None:
        self._generator = cast("AsyncGeneratorType[T, None]", generator)
        self._ended = False
        self._resume: str | None = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        if self.is_over() and not self._may_end():
            problem = ConfigurationError(
                "the iteration was broken off before its end, by an error, a cancellation or the end of its event "
                "loop: begin a new one"
            )
            problem.resume = self._resume
            raise problem
        try:
            value = await self._generator.__anext__()
        except StopAsyncIteration:
            self._ended = True
            raise
        self._resume = getattr(value, "resume", None)
        return value

    def is_over(self) -> bool:
        """Return whether the generator yields nothing more, for whatever reason."""
        return self._generator.ag_frame is None

    def _may_end(self) -> bool:
        """Return whether it is at its end, or was closed on purpose."""
        return self._ended

    async def asend(self, value: None) -> T:  # noqa: ARG002 - a generator of these types takes nothing else
        """Return the next value."""
        return await self.__anext__()

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
        await self._generator.aclose()
        self._ended = True


def never_cut_short(function: Callable[P, AsyncGenerator[T, None]]) -> Callable[P, AsyncGenerator[T, None]]:
    """Let an asynchronous generator function return an `Iteration`."""

    @functools.wraps(function)
    def iterate(*args: P.args, **options: P.kwargs) -> AsyncGenerator[T, None]:
        return Iteration(function(*args, **options))

    return iterate
