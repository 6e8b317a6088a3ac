"""What all bulk jobs have in common: planned, then run to the end or iterated over, once."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from os import fsdecode
from types import AsyncGeneratorType
from typing import Any, Self, TypeVar

from attrs import field, frozen

from litmos_async.bulk.iteration import Iteration
from litmos_async.bulk.journal.file import FilePath, Settled
from litmos_async.bulk.journal.journal import Journal, telling_of_journal
from litmos_async.bulk.journal.keys import Fingerprint, Key
from litmos_async.bulk.known_people import KnownPeople
from litmos_async.bulk.pairs.list_sizes import ListSizes
from litmos_async.bulk.results import Outcome, Plan, Progress, Report, seconds_for
from litmos_async.bulk.write import StopSignal
from litmos_async.errors import ConfigurationError, Forbidden, LitmosError, Unauthorized
from litmos_async.hooks import NO_HOOKS, Hooks
from litmos_async.limits import Limiter
from litmos_async.resources import Resources
from litmos_async.wording import count

T = TypeVar("T")

Before = Callable[[int], Awaitable[None]]
"""Called before each attempt of a request, with its number from 1: it has a slot, and nothing of it has left."""

Connect = Callable[[Before | None], Resources]
"""Makes the resources through which a job sends, with a hook before each request."""


EARLIER = "in an earlier run"
FOUND = "found by reading"
"""Why something is done, where this run did not do it: an earlier one did, or had it under way when it ended."""


@frozen
class Options:
    """How a job runs.

    Attributes:
        skip_existing: Read first what is there, and do only the rest.
        verify: Read back afterwards: the server accepts unknown ids in silence.
        stop_after_failures: Stop when so many items have failed; None never stops.
        journal: The file of a journal, or None for none. A job that is a part of another one is given its journal,
            which the other one keeps and closes.
        timeout: Seconds after which a request that was sent cannot reach the server any more.
        key_works: Whether answers have shown that already, before the job begins.
        on_request: Called when a request is counted, for the job that this one is a part of.
        sizes: What the client has learned of the sizes of lists.
        people: Whom the client knows by name.
        hooks: Who is told how the job ended; nobody for a job that is a part of another one.
    """

    skip_existing: bool = False
    verify: bool = False
    stop_after_failures: int | None = None
    journal: FilePath | Journal | None = None
    timeout: float = 30.0
    key_works: bool = False
    on_request: Callable[[], None] = lambda: None
    sizes: ListSizes = field(factory=ListSizes)
    people: KnownPeople = field(factory=KnownPeople)
    hooks: Hooks = NO_HOOKS

    def __attrs_post_init__(self) -> None:
        if self.stop_after_failures is not None and self.stop_after_failures < 1:
            raise ConfigurationError("stop_after_failures must be 1 or more, or None")


class BulkJob(ABC):
    """A job over many items: `plan()` it, then iterate over it, or `run()` it to its end.

    It runs once. Iterating yields one `Outcome` an item, as soon as it is known, in no particular order; leaving
    the loop early stops the job, and requests under way are given up. Of the outcomes, memory holds only as many
    as wait to be taken.
    """

    def __init__(self, limiter: Limiter, connect: Connect, options: Options) -> None:
        self._limiter = limiter
        self._connect = connect
        self._options = options
        # For what only reads: counted, and not in the journal.
        self._litmos = connect(self._count_read)
        journal = options.journal
        self._report = Report(
            resume=None if journal is None or isinstance(journal, Journal) else fsdecode(journal)
        )
        self._requests_left = 0
        self._reads_planned = 0
        self._on_progress: Callable[[Progress], object] | None = None
        self._started = False
        self._closed = False
        self._spoilt: Exception | None = None
        self._stop = StopSignal()
        self._planned = False
        self._planning = asyncio.Lock()
        self._iteration: AsyncGenerator[Outcome, None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._key_works: bool | None = True if options.key_works else None
        self._trying_key = asyncio.Lock()
        self._journal: Journal | None = None

    # ------------------------------------------------ what each kind of job brings

    @property
    @abstractmethod
    def _helper(self) -> str:
        """The helper that made the job, such as "assign_courses_to_users"."""

    @abstractmethod
    async def _plan(self) -> Plan:
        """Read the input, and what is there where that matters, and say what would be done."""

    @abstractmethod
    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        """Yield what is known of the items, and with `planned` also those that are still to be sent."""

    @abstractmethod
    def _total(self) -> int:
        """Return how many items there are, as far as the input was read."""

    @abstractmethod
    def _work(self) -> AsyncGenerator[Outcome, None]:
        """Do everything, and yield an outcome for every item."""

    # ------------------------------------------------ what all jobs do

    async def plan(self) -> Plan:
        """Read the input, and what is there where that matters, and say what would be done. Nothing is changed.

        With the journal of a run that was killed, it finds out what became of its requests. So it waits until the
        last one cannot arrive any more, `timeout` seconds after it was sent, and until its import is through. A
        plan keeps the journal locked for this job, until the job has run or `aclose`; one that fails does not.

        Raises:
            ConfigurationError: The input holds something that cannot be an item.
            JournalMismatch: The journal is not that of this job.
            JournalError: The journal cannot be read or written.
            LitmosError: What is there could not be read.
        """
        self._check_open()
        async with self._planning:
            try:
                with telling_of_journal():
                    return await self._plan()
            except BaseException:
                if not self._started:
                    await self._forget_plan()
                raise

    async def _forget_plan(self) -> None:
        """Let go of what a plan that failed has prepared."""
        self._planned = False
        await self._release_journal()

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigurationError("the job was closed: make a new one")

    def outcomes_so_far(self) -> Iterator[Outcome]:
        """Yield what is known of the items, also after the job was stopped.

        Of a job that was planned and has not begun to run, that includes what it would do: each item that it would
        carry out is "planned". Of a job that was stopped, an item whose request was under way is "unknown", and one
        that was never sent is left out.
        """
        return self._so_far(planned=self._planned and not self._started)

    async def _once(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read the input. Where that failed, a second try would find less in an iterator, and say nothing of it."""
        if self._spoilt is not None:
            raise self._spoilt
        # Holds where this is cancelled, too.
        self._spoilt = ConfigurationError("the input was not read to its end: make a new job")
        try:
            result = await read()
        except Exception as problem:
            self._spoilt = problem
            raise
        self._spoilt = None
        return result

    async def _open_journal(
        self, kind: str, fingerprint: Fingerprint, options: Mapping[str, Any]
    ) -> Journal | None:
        """Begin the journal or go on with it, where there is to be one; see `JournalFile.open`."""
        given = self._options.journal
        if given is None or isinstance(given, Journal):
            return given
        return await Journal.open(given, kind, fingerprint, options)

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        report, quota = self._report, self._limiter.quota
        reads_planned = max(self._reads_planned, report.reads)
        seconds = seconds_for(self._requests_left + reads_planned - report.reads, quota)
        return Progress(
            done=report.counted,
            total=self._total(),
            failed=report.failed + report.unknown,
            requests=report.requests,
            requests_planned=report.requests + self._requests_left,
            seconds_left=seconds,
            quota=quota,
            reads=report.reads,
            reads_planned=reads_planned,
            planned=self._planned,
        )

    @property
    def report(self) -> Report:
        """What became of the job so far."""
        return self._report

    async def run(self, on_progress: Callable[[Progress], object] | None = None) -> Report:
        """Run to the end and return what became of it.

        Args:
            on_progress: Called with the progress when a request that reads leaves, when another one was answered
                (just before its items are counted), and at the end; it must be quick, and not raise.

        Raises:
            Unauthorized: The key does not work: it will not get better, so the job stops at once.
            Forbidden: The same, where the first answer says so and a look at the courses is refused, too.
            ConfigurationError: As for `plan`; or the job has run already, or was closed.
            TooManyRemovals: The comparison of a `sync_...` would take away too much.
            JournalError: The journal cannot be read or written any more.
            LitmosError: Something that the whole job needs failed. Its `resume` is the journal, if there is one:
                the same job with the same journal goes on where this one broke off.
        """
        self._on_progress = on_progress
        async with aclosing(self._outcomes()) as outcomes:
            async for _ in outcomes:
                pass
        if on_progress:
            on_progress(self.progress)
        return self._report

    def __aiter__(self) -> AsyncIterator[Outcome]:
        """Run the job, and yield one outcome for each item.

        Iterating raises what `run` raises. Leaving the loop early stops the job: requests under way are given up,
        and a new job on the same journal waits until this one has let go of it.
        """
        return self._outcomes()

    def _outcomes(self) -> Iteration[Outcome]:
        """Run the job. It is closed as soon as this is dropped."""
        generator = self._run()
        if not self._started:
            self._iteration = generator
        return Iteration(generator, self._abandon)

    def _abandon(self) -> None:
        """Close the job, whose iterator was dropped, as soon as the loop comes to it."""
        if not self._started:
            return
        if self._journal is not None:
            self._journal.leaving = True
        with suppress(RuntimeError):  # no loop is running: `asyncio.run` has closed what it left behind
            self._close_soon()

    def _close_soon(self) -> None:
        if self._closing is None and self._iteration is not None:
            self._closing = asyncio.get_running_loop().create_task(_close(self._iteration))

    async def _run(self) -> AsyncGenerator[Outcome, None]:
        if self._started:
            raise ConfigurationError("a job runs once: make a new one")
        self._check_open()
        self._started = True
        began = asyncio.get_running_loop().time()
        try:
            with telling_of_journal():
                async with aclosing(self._work()) as outcomes:
                    async for outcome in outcomes:
                        yield self._report.count(outcome)
                        if self._enough():
                            self.stop()
            self._reads_planned = 0  # what failed needs no reading back
            if self._stop.given and not self._report.stopped:
                failed = self._report.failed + self._report.unknown
                self._report.stopped = (
                    f"{count(failed, 'item')} failed" if self._enough() else "asked to stop"
                )
        except Exception as problem:
            if isinstance(problem, LitmosError):
                # A place in a list that the job was reading would be of no use to its caller.
                problem.resume = self._report.resume
            self._report.stopped = str(problem) or type(problem).__name__
            raise
        except BaseException:  # cancelled, or its reader has left it
            self._report.stopped = "interrupted"
            raise
        finally:
            self._report.seconds = asyncio.get_running_loop().time() - began
            self._options.hooks.job_ended(self._helper, self._report)
            await self._release_journal()

    async def aclose(self) -> None:
        """Stop the job where it is, and let go of its journal. A job that was run has done so.

        Requests under way are given up. A job that was closed cannot be run any more.
        """
        running = isinstance(self._iteration, AsyncGeneratorType) and self._iteration.ag_running
        if running and self._closing is None:
            raise ConfigurationError("the job is running: stop it, or cancel the task that runs it")
        self._closed = True
        self._close_soon()
        if self._closing is not None:
            await self._closing
        await self._release_journal()

    async def _release_journal(self) -> None:
        """Close the journal, if it is this job's own."""
        journal, self._journal = self._journal, None
        if journal is not None and journal is not self._options.journal:
            with telling_of_journal():
                await journal.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def _enough(self) -> bool:
        most = self._options.stop_after_failures
        return most is not None and self._report.failed + self._report.unknown >= most

    def _width(self) -> int:
        """Return how many requests can be under way: as many as the window has slots."""
        return self._limiter.rate.requests

    def _expect_reads(self, number: int) -> None:
        """Let the progress know that so many requests that only read are still to come, at least."""
        self._reads_planned = max(self._reads_planned, self._report.reads + number)

    async def _count_read(self, attempt: int) -> None:
        if attempt == 1:
            self._report.reads += 1
            self._tell()

    def stop(self) -> None:
        """Send nothing new: iterating ends once all that is under way has an outcome; the rest is left.

        What waits for a slot of the limit is not sent either, and waits no longer.
        """
        self._stop.give()

    def _unless_stopped(self, work: Iterable[T]) -> Iterator[T]:
        """Yield pieces of work until nothing new is to be sent."""
        for piece in work:
            if self._stop.given:
                return
            yield piece

    async def _must_stop(self, problem: LitmosError) -> bool:
        """Tell whether all other requests will fail, too, since the key itself is refused.

        403 means many things (api-facts 5): where no answer has shown yet that the key works, a look at a list
        that everybody may see tells whether it means this one.
        """
        if isinstance(problem, Unauthorized):
            return True
        if not isinstance(problem, Forbidden) or self._key_works:
            return False
        async with self._trying_key:
            if self._key_works is None:
                try:
                    await self._litmos.courses.list()
                except (Unauthorized, Forbidden):
                    self._key_works = False
                except LitmosError:
                    return False  # nobody knows, so this one alone has failed
                else:
                    self._key_works = True
        return not self._key_works

    def _expect_again(self) -> None:
        """A request that has an answer, or was lost, has to be sent once more."""
        self._requests_left += 1

    def _answered(self) -> None:
        self._report.requests += 1
        self._requests_left -= 1
        self._tell()

    def _looked_up(self) -> None:
        """Count a request of the job that only read an item."""
        self._report.lookups += 1
        self._answered()

    def _unless_refused_here(self, problem: LitmosError) -> None:
        """Count a request that failed. What was refused before it was sent is none."""
        self._report.requests += not isinstance(problem, ConfigurationError)
        self._requests_left -= 1
        self._tell()

    def _tell(self) -> None:
        """Tell whoever wants to hear of it how far the job is."""
        self._options.on_request()
        if self._on_progress is not None:
            self._on_progress(self.progress)


def settled(key: Key, outcome: Outcome) -> Settled:
    """Return what a journal keeps of an outcome: of an error only the kind, as words of a server may hold names."""
    return Settled(*key, outcome.status, type(outcome.error).__name__ if outcome.error else "")


async def _close(iteration: AsyncGenerator[Outcome, None]) -> None:
    await iteration.aclose()
