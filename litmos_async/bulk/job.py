"""What all bulk jobs have in common: planned, then run to the end or iterated over, once."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, suppress
from types import AsyncGeneratorType
from typing import Final, Self, TypeVar

from litmos_async.bulk.results import Outcome, Plan, Progress, Report
from litmos_async.bulk.run import Run, journal_errors
from litmos_async.checks import called
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.iteration import Iteration
from litmos_async.wording import count

T = TypeVar("T")

TWICE: Final = "given twice"
AS_DESIRED: Final = "as desired"
"""Why an item is skipped: the input had it before, or all of it is as it should be."""

EARLIER: Final = "in an earlier run"
FOUND: Final = "found by reading"
"""Why something is done, where this run did not do it: an earlier one did, or had it under way when it ended."""


class BulkJob(ABC):
    """A job over many items: `plan()` it, then iterate over it, or `run()` it to its end.

    ```python
    job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
    print(await job.plan())
    report = await job.run()
    ```

    A job runs once. Iterating yields one `Outcome` per item as soon as it is known, in no particular order, and
    raises what `run` raises. Leaving the loop early stops the job and abandons requests in flight. Memory holds
    only the outcomes that have not been taken yet.
    """

    def __init__(self, helper: str, run: Run) -> None:
        self._helper = helper
        self._run = run
        self._started = False
        self._closed = False
        self._spoilt: Exception | None = None
        self._planned = False
        self._planning = asyncio.Lock()
        self._preparing = asyncio.Lock()
        self._iteration: AsyncGenerator[Outcome, None] | None = None
        self._closing: asyncio.Task[None] | None = None

    # ------------------------------------------------ what each kind of job brings

    @abstractmethod
    async def _find_work(self) -> None:
        """Read the input, resume an earlier run, and read what is there where that matters."""

    @abstractmethod
    async def _plan(self) -> Plan:
        """Return what would be done. What there is to do is known by then."""

    @abstractmethod
    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        """Yield what is known of the items, and with `planned` also those that are still to be sent."""

    @abstractmethod
    def _total(self) -> int:
        """Return how many items there are, as far as the input was read."""

    @abstractmethod
    def _work(self) -> AsyncGenerator[Outcome, None]:
        """Do everything, and yield an outcome for every item. What there is to do is known by then."""

    # ------------------------------------------------ what all jobs do

    async def plan(self) -> Plan:
        """Read the input and, where needed, what exists; say what would be done. Nothing is changed.

        With the journal of a run that was killed, it reads the effect of that run's requests. For that it waits
        until the last one can no longer arrive, `timeout` seconds after it was sent, and until its import has
        finished. A plan keeps the journal locked for this job until the job has run or is closed with `aclose`;
        a plan that fails does not.

        Raises:
            ConfigurationError: The input holds something that cannot be an item.
            JournalMismatch: The journal is not that of this job.
            JournalError: The journal cannot be read or written.
            LitmosError: What exists could not be read.
        """
        self._check_open()
        async with self._planning:
            try:
                with journal_errors():
                    await self._prepare()
                    return await self._plan()
            except BaseException:
                if not self._started:
                    await self._forget_plan()
                raise

    async def _prepare(self) -> None:
        """Find out what there is to do, once, also where the job is planned while it begins to run."""
        async with self._preparing:
            if not self._planned:
                await self._find_work()
                self._planned = True

    async def _forget_plan(self) -> None:
        """Let go of what a plan that failed has prepared."""
        self._planned = False
        self._run.requests_left = 0
        await self._run.release_journal()

    def _check_open(self) -> None:
        if self._closed:
            raise ConfigurationError("the job was closed: make a new one")

    def outcomes_so_far(self) -> Iterator[Outcome]:
        """Yield the outcomes known so far, even after the job was stopped.

        If the job was planned but has not started, each item that it would carry out is "planned". If the job
        was stopped, an item whose request was in flight is "unknown", and an item that was never sent is left
        out.
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

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        return self._run.progress(total=self._total(), planned=self._planned)

    @property
    def report(self) -> Report:
        """The counts of the job so far."""
        return self._run.report

    async def run(self, on_progress: Callable[[Progress], object] | None = None) -> Report:
        """Run to the end and return the report.

        Args:
            on_progress: Called with the progress when a read is sent, when any other request was answered
                (just before its items are counted), and at the end; it must be quick, and not raise. None calls
                nothing.

        Raises:
            Unauthorized: The key does not work, and a retry would not help, so the job stops at once.
            Forbidden: The same, where the first answer says so and the list of courses is rejected, too.
            ConfigurationError: As for `plan`; or the job has run already, or was closed.
            TooManyRemovals: A `sync_...` job would remove too much.
            IncompleteInput: It would remove something, and cannot use all of its input.
            JournalError: The journal can no longer be read or written.
            LitmosError: Something that the whole job needs failed. Its `resume` is the journal, if there is
                one: the same job with the same journal resumes where this one stopped.
        """
        if on_progress is not None:
            called("on_progress", on_progress)
            self._run.on_request = lambda: on_progress(self.progress)
        async with aclosing(self._outcomes()) as outcomes:
            async for _ in outcomes:
                pass
        if on_progress is not None:
            on_progress(self.progress)
        return self._run.report

    def __aiter__(self) -> AsyncIterator[Outcome]:
        """Run the job, and yield one outcome for each item.

        Leaving the loop early stops the job: requests under way are given up,
        and a new job on the same journal waits until this one has let go of it.

        Raises:
            LitmosError: What `run` raises, in place of the next outcome.
        """
        return self._outcomes()

    def _outcomes(self) -> _Iteration[Outcome]:
        """Run the job. It is closed as soon as this is dropped."""
        generator = self._iterate()
        if not self._started:
            self._iteration = generator
        return _Iteration(generator, self._abandon, lambda: self._closed)

    def _abandon(self) -> None:
        """Close the job, whose iterator was dropped, as soon as the loop comes to it."""
        if not self._started:
            return
        if self._run.journal is not None:
            self._run.journal.leaving = True
        with suppress(RuntimeError):  # no loop is running: `asyncio.run` has closed what it left behind
            self._close_soon()

    def _close_soon(self) -> None:
        if self._closing is None and self._iteration is not None:
            self._closing = asyncio.get_running_loop().create_task(_close(self._iteration))

    async def _iterate(self) -> AsyncGenerator[Outcome, None]:
        if self._started:
            raise ConfigurationError("a job runs once: make a new one")
        self._check_open()
        self._started = True
        run, report = self._run, self._run.report
        began = asyncio.get_running_loop().time()
        try:
            with journal_errors():
                await self._prepare()
                async with aclosing(self._work()) as outcomes:
                    async for outcome in outcomes:
                        yield report.count(outcome)
                        if run.has_failed_enough:
                            self.stop()
            run.expect_no_reads()
            if run.stop.given and not report.stopped:
                failed = count(report.failed + report.unknown, "item")
                report.stopped = f"{failed} failed" if run.has_failed_enough else "asked to stop"
        except Exception as problem:
            if isinstance(problem, LitmosError):
                # A place in a list that the job was reading would be of no use to its caller.
                problem.resume = report.resume
            report.stopped = str(problem) or type(problem).__name__
            raise
        except BaseException:  # cancelled, or its reader has left it
            report.stopped = "interrupted"
            raise
        finally:
            report.seconds = asyncio.get_running_loop().time() - began
            run.hooks.job_ended(self._helper, report)
            await run.release_journal()

    async def aclose(self) -> None:
        """Stop the job where it is, and release its journal. A job that has run has already done so.

        Requests in flight are abandoned. A closed job can no longer be run.

        Raises:
            ConfigurationError: The job is running.
        """
        running = isinstance(self._iteration, AsyncGeneratorType) and self._iteration.ag_running
        if running and self._closing is None:
            raise ConfigurationError("the job is running: stop it, or cancel the task that runs it")
        self._closed = True
        self._close_soon()
        if self._closing is not None:
            await self._closing
        await self._run.release_journal()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def stop(self) -> None:
        """Send nothing new: iterating ends once every request in flight is settled; the rest is left.

        Requests that are waiting for a slot stop waiting, and are not sent.
        """
        self._run.stop.give()


class _Iteration(Iteration[T]):
    """An iteration that notices at once where its consumer leaves it.

    `break` out of `async for` drops the iterator and says nothing; asyncio closes the generator at some later turn
    of the loop. What the generator holds can be marked as about to be free in the meantime.

    Args:
        generator: Yields the values.
        on_dropped: Called when this object goes away before the generator is at its end.
        is_closed: Returns whether the job was closed on purpose.
    """

    def __init__(
        self,
        generator: AsyncGenerator[T, None],
        on_dropped: Callable[[], None],
        is_closed: Callable[[], bool],
    ) -> None:
        super().__init__(generator)
        self._on_dropped = on_dropped
        self._is_closed = is_closed

    def _may_end(self) -> bool:
        return self._ended or self._is_closed()

    def __del__(self) -> None:
        if not self.is_over():
            self._on_dropped()


async def _close(iteration: AsyncGenerator[Outcome, None]) -> None:
    await iteration.aclose()
