"""What all requests of one job share, also with those of a job that is a part of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from os import fsdecode
from typing import Any, TypeAlias, TypeVar

from attrs import define, field

from litmos_async.bulk.journal.file import FilePath, resolved
from litmos_async.bulk.journal.journal import Journal, JournalBroken
from litmos_async.bulk.journal.keys import Fingerprint
from litmos_async.bulk.known_people import KnownPeople
from litmos_async.bulk.results import Progress, Report, seconds_for
from litmos_async.checks import flags, size
from litmos_async.errors import Forbidden, JournalError, LitmosError, Unauthorized
from litmos_async.hooks import Hooks
from litmos_async.limits import Limiter
from litmos_async.resources import Resources

T = TypeVar("T")

Before: TypeAlias = Callable[[int], Awaitable[None]]
"""Called before each attempt of a request, with its number from 1: it has a slot, and nothing of it has left."""

Connect: TypeAlias = Callable[[Before | None], Resources]
"""Makes the resources through which a job sends, with a hook before each request."""


class NotSent(Exception):
    """The job was stopped before a request left."""


class StopSignal:
    """Whether a job is to send nothing new, and which of its requests wait for a slot meanwhile.

    Attributes:
        given: Whether it is.
    """

    def __init__(self) -> None:
        self.given = False
        self._waiting: set[asyncio.Timeout] = set()

    def give(self) -> None:
        """Send nothing new. What waits for a slot, a minute perhaps, is not sent either, and waits no longer."""
        self.given = True
        now = asyncio.get_running_loop().time() if self._waiting else 0.0
        for wait in self._waiting:
            wait.reschedule(now)
        self._waiting.clear()

    @asynccontextmanager
    async def before_sending(self, *, may_stop: bool = True) -> AsyncGenerator[Callable[[], None]]:
        """Give up what the block waits for when the signal is given, until the request leaves.

        Args:
            may_stop: False for a request of what has begun already: that one is brought to its end.

        Yields:
            A function to call before each attempt of the request. From the first one on the block comes to its end,
            unless the signal was given while the slot was on its way: then this raises `NotSent`, too.

        Raises:
            NotSent: The signal was given before that.
        """
        if not may_stop:
            yield lambda: None
            return
        if self.given:
            raise NotSent
        wait, left = asyncio.timeout(None), False

        def leave() -> None:
            nonlocal left
            if self.given and not left:
                raise NotSent
            left = True
            self._waiting.discard(wait)

        try:
            async with wait:
                self._waiting.add(wait)
                try:
                    yield leave
                finally:
                    self._waiting.discard(wait)
        except TimeoutError:
            if wait.expired():
                raise NotSent from None
            raise


@define(eq=False)
class Run:
    """What the requests of one job share.

    Args:
        limiter: Bounds what is under way.
        connect: Makes the resources through which the job sends.
        people: The people whose names the client has resolved.
        verify: Read back afterwards: the server accepts unknown ids in silence.
        stop_after_failures: Stop when so many items have failed; None never stops.
        journal_path: The file of a journal, or None for none.
        timeout: Seconds after which a request that was sent cannot reach the server any more.
        hooks: Called when the job has ended.

    Attributes:
        stop: Whether nothing new is to be sent.
        journal: Where writes are noted, once it is open; None where there is none.
        report: Counts requests and outcomes.
        requests_left: Requests of the plan that have no answer yet.
        litmos: Makes requests that only read: counted, and not in the journal.
        on_request: Called when a request is counted.
    """

    limiter: Limiter
    connect: Connect
    people: KnownPeople
    verify: bool
    stop_after_failures: int | None
    journal_path: FilePath | None
    timeout: float
    hooks: Hooks
    stop: StopSignal = field(factory=StopSignal, init=False)
    journal: Journal | None = field(default=None, init=False)
    report: Report = field(init=False)
    requests_left: int = field(default=0, init=False)
    litmos: Resources = field(init=False)
    on_request: Callable[[], object] = field(default=lambda: None, init=False)
    _reads_planned: int = field(default=0, init=False)
    _key_works: bool | None = field(default=None, init=False)
    _trying_key: asyncio.Lock = field(factory=asyncio.Lock, init=False)

    def __attrs_post_init__(self) -> None:
        flags(verify=self.verify)
        size("stop_after_failures", self.stop_after_failures)
        if self.journal_path is not None:
            resolved(self.journal_path)
        self.report = Report(resume=None if self.journal_path is None else fsdecode(self.journal_path))
        self.litmos = self.connect(self._count_read)

    # ------------------------------------------------ how many

    @property
    def width(self) -> int:
        """How many requests can be under way: as many as the window has slots."""
        return self.limiter.rate.requests

    @property
    def has_failed_enough(self) -> bool:
        """Whether so many items have failed that the job is to stop."""
        most = self.stop_after_failures
        return most is not None and self.report.failed + self.report.unknown >= most

    def unless_stopped(self, work: Iterable[T]) -> Iterator[T]:
        """Yield pieces of work until nothing new is to be sent."""
        for piece in work:
            if self.stop.given:
                return
            yield piece

    def seconds_for(self, requests: int) -> float:
        """Return how long so many requests take at the quota as it is now."""
        return seconds_for(requests, self.limiter.quota)

    def progress(self, *, total: int, planned: bool) -> Progress:
        """Return how far the job is.

        Args:
            total: All items, as far as the input was read.
            planned: Whether the plan is made.
        """
        report = self.report
        reads_planned = max(self._reads_planned, report.reads)
        quota = self.limiter.quota
        return Progress(
            done=report.counted,
            total=total,
            failed=report.failed + report.unknown,
            requests=report.requests,
            requests_planned=report.requests + self.requests_left,
            seconds_left=seconds_for(self.requests_left + reads_planned - report.reads, quota),
            quota=quota,
            reads=report.reads,
            reads_planned=reads_planned,
            planned=planned,
        )

    # ------------------------------------------------ requests, as they are counted

    def expect(self, requests: int) -> None:
        """Count so many requests more, or fewer, as still to be sent."""
        self.requests_left += requests

    def expect_reads(self, number: int) -> None:
        """Let the progress know that so many requests that only read are still to come, at least."""
        self._reads_planned = max(self._reads_planned, self.report.reads + number)

    def expect_no_reads(self) -> None:
        """Let the progress know that nothing is left to be read: what failed needs no reading back."""
        self._reads_planned = 0

    def answered(self, *, sent: bool = True) -> None:
        """Count a request of the plan. One that was given up before it left is none."""
        self.report.requests += sent
        self.requests_left -= 1
        self.on_request()

    def looked_up(self, *, sent: bool = True) -> None:
        """Count a request of the plan that only read an item."""
        self.report.lookups += sent
        self.answered(sent=sent)

    async def _count_read(self, attempt: int) -> None:
        if attempt == 1:
            self.report.reads += 1
            self.on_request()

    # ------------------------------------------------ the key

    def note_key_works(self) -> None:
        """Note that an answer has shown that the key works."""
        self._key_works = True

    async def must_stop(self, problem: LitmosError) -> bool:
        """Return whether all other requests will fail, too, since the key itself is rejected.

        403 means many things (api-facts 5): where no answer has shown yet that the key works, the list of courses
        decides, which every key may see.
        """
        if isinstance(problem, Unauthorized):
            return True
        if not isinstance(problem, Forbidden) or self._key_works:
            return False
        async with self._trying_key:
            if self._key_works is None:
                try:
                    await self.litmos.courses.list()
                except (Unauthorized, Forbidden):
                    self._key_works = False
                except LitmosError:
                    return False  # it is not known, so this one alone has failed
                else:
                    self._key_works = True
        return not self._key_works

    # ------------------------------------------------ the journal

    async def open_journal(
        self, helper: str, fingerprint: Fingerprint, options: Mapping[str, Any]
    ) -> Journal | None:
        """Begin the journal or go on with it, where there is to be one; see `JournalFile.open`."""
        if self.journal is None and self.journal_path is not None:
            self.journal = await Journal.open(self.journal_path, helper, fingerprint, options)
        return self.journal

    async def release_journal(self) -> None:
        """Close the journal, if it is open."""
        journal, self.journal = self.journal, None
        if journal is not None:
            with journal_errors():
                await journal.close()


@contextmanager
def journal_errors() -> Iterator[None]:
    """Raise what a journal raises in this block as an error for the callers of a job.

    Raises:
        JournalError: The journal cannot be read or written.
    """
    try:
        yield
    except JournalBroken as broken:
        raise JournalError(str(broken)) from broken.__cause__
