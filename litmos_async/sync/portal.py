"""The bridge from code without `await` to the client: an event loop in a thread of its own.

`call`, `pages` and `job` make a method of a facade out of one of the client, with its parameters and result: a type
checker knows both, so nothing is written down twice.
"""

from __future__ import annotations

import functools
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator, Iterator
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast, overload

from anyio.from_thread import BlockingPortal

from litmos_async.bulk import BulkJob, Outcome, Plan, Progress, Report
from litmos_async.errors import ConfigurationError
from litmos_async.models.record import Record
from litmos_async.paging import Page, Pages

F = TypeVar("F")
P = ParamSpec("P")
T = TypeVar("T")
R = TypeVar("R", bound=Record)


class Bridge:
    """The way to the event loop of a client, while that runs in this process.

    Args:
        portal: The way to the thread with the loop.

    Attributes:
        closed: Whether the client was closed.
    """

    def __init__(self, portal: BlockingPortal) -> None:
        self.closed = False
        self._portal = portal
        self._pid = os.getpid()

    @property
    def is_forked(self) -> bool:
        """Whether this is a fork of the process that made the client. The thread of the loop is not in it."""
        return self._pid != os.getpid()

    def call(self, work: Callable[[], Awaitable[T]]) -> T:
        """Let the loop do some work, and wait for it.

        Raises:
            ConfigurationError: The client was closed, or this is a fork of its process.
        """
        if self.is_forked:
            raise ConfigurationError("the client is that of another process: make a new one after a fork")
        if self.closed:
            raise ConfigurationError("the client is closed")
        return self._portal.call(work)

    def release(self, work: Callable[[], Awaitable[object]]) -> None:
        """Let the loop close something, where the loop is not gone already, and that with it."""
        if not self.closed and not self.is_forked:
            self._portal.call(work)


class Family(Generic[F]):
    """A family of operations.

    Args:
        inner: The family of the asynchronous client.
        portal: The way to its event loop.
    """

    def __init__(self, inner: F, portal: Bridge) -> None:
        self._inner = inner
        self._portal = portal


class _Method(Generic[P, T]):
    """A method that is made from one of the client's."""

    def __init__(self, method: Callable[Concatenate[Any, P], Any]) -> None:
        self.method = method
        self.__doc__ = method.__doc__

    @overload
    def __get__(self, family: None, owner: type) -> Self: ...
    @overload
    def __get__(self, family: Family[Any], owner: type) -> Callable[P, T]: ...
    def __get__(self, family: Family[Any] | None, owner: type) -> Self | Callable[P, T]:
        if family is None:
            return self
        inner, portal = family._inner, family._portal  # noqa: SLF001 - the descriptor is a part of the family

        @functools.wraps(self.method)
        def method(*args: P.args, **options: P.kwargs) -> T:
            return self._run(portal, functools.partial(self.method, inner, *args, **options))

        return method

    def _run(self, portal: Bridge, start: Callable[[], Any]) -> T:
        raise NotImplementedError


class call(_Method[P, T]):  # noqa: N801 - reads as what it does to a method
    """A method that answers once."""

    def __init__(self, method: Callable[Concatenate[Any, P], Awaitable[T]]) -> None:
        super().__init__(method)

    def _run(self, portal: Bridge, start: Callable[[], Any]) -> T:
        async def run() -> T:
            result: T = await start()
            return result

        return portal.call(run)


class SyncPages(Generic[R]):
    """A list, read page by page as it is iterated.

    ```python
    for user in litmos.users.list():
        print(user.user_name)
    everyone = litmos.users.list().collect()
    ```
    """

    def __init__(self, pages: Pages[R], portal: Bridge) -> None:
        self._pages = pages
        self._portal = portal

    def __iter__(self) -> Iterator[R]:
        for page in self.by_page():
            yield from page.items

    def by_page(self, *, resume: str | None = None) -> Generator[Page[R], None, None]:
        """Yield the pages; see `Pages.by_page`.

        Args:
            resume: Where to go on, as a page or an error said; None from the beginning.
        """
        walk = self._pages.by_page(resume=resume)

        async def following() -> Page[R] | None:
            return await anext(walk, None)

        try:
            while (page := self._portal.call(following)) is not None:
                yield page
        finally:
            self._portal.release(walk.aclose)

    def first(self) -> Page[R]:
        """Return the first page, as awaiting a list does."""

        async def run() -> Page[R]:
            return await self._pages

        return self._portal.call(run)

    def collect(self) -> list[R]:
        """Return all rows."""
        return self._portal.call(self._pages.collect)


class pages(_Method[P, SyncPages[R]]):  # noqa: N801 - as above
    """A method that lists."""

    def __init__(self, method: Callable[Concatenate[Any, P], Pages[R]]) -> None:
        super().__init__(method)

    def _run(self, portal: Bridge, start: Callable[[], Any]) -> SyncPages[R]:
        async def make() -> Pages[R]:
            made: Pages[R] = start()
            return made

        return SyncPages(portal.call(make), portal)


class walk(_Method[P, Iterator[T]]):  # noqa: N801 - as above
    """A method that yields one after the other."""

    def __init__(self, method: Callable[Concatenate[Any, P], AsyncGenerator[T, None]]) -> None:
        super().__init__(method)

    def _run(self, portal: Bridge, start: Callable[[], Any]) -> Iterator[T]:
        async def make() -> AsyncGenerator[T, None]:
            made: AsyncGenerator[T, None] = start()
            return made

        return _walked(portal.call(make), portal)


def _walked(steps: AsyncGenerator[T, None], portal: Bridge) -> Iterator[T]:
    end: Any = object()

    async def following() -> T:
        return await anext(steps, end)

    try:
        while (step := portal.call(following)) is not end:
            yield step
    finally:
        portal.release(steps.aclose)


class SyncJob:
    """A bulk job.

    ```python
    job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
    print(job.plan())
    report = job.run()
    ```
    """

    def __init__(self, job: BulkJob, portal: Bridge) -> None:
        self._job = job
        self._portal = portal

    def plan(self) -> Plan:
        """Say what would be done; see `BulkJob.plan`."""
        return self._portal.call(self._job.plan)

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> Report:
        """Run the job to its end; see `BulkJob.run`. `on_progress` is called in the thread of the event loop.

        Args:
            on_progress: Called as `BulkJob.run` says, in the thread of the event loop. None calls nothing.
        """

        async def run() -> Report:
            return await self._job.run(on_progress=on_progress)

        return self._portal.call(run)

    def __iter__(self) -> Iterator[Outcome]:
        walk = cast("AsyncGenerator[Outcome, None]", aiter(self._job))

        async def following() -> Outcome | None:
            return await anext(walk, None)

        try:
            while (outcome := self._portal.call(following)) is not None:
                yield outcome
        finally:
            self._portal.release(walk.aclose)

    @property
    def report(self) -> Report:
        """What was done so far."""
        return self._job.report

    def outcomes_so_far(self) -> list[Outcome]:
        """Return what is known of the items; see `BulkJob.outcomes_so_far`."""
        return list(self._job.outcomes_so_far())


class job(_Method[P, SyncJob]):  # noqa: N801 - as above
    """A method that makes a bulk job."""

    def __init__(self, method: Callable[Concatenate[Any, P], BulkJob]) -> None:
        super().__init__(method)

    def _run(self, portal: Bridge, start: Callable[[], Any]) -> SyncJob:
        async def make() -> BulkJob:
            made: BulkJob = start()
            return made

        return SyncJob(portal.call(make), portal)
