"""A bulk job: planned, then run with as many requests under way as the quota allows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from attrs import frozen

from litmos_async.bulk.items import Groups, Pairs, each_pair
from litmos_async.bulk.report import Outcome, Plan, Progress, Report, seconds_for
from litmos_async.errors import (
    APIError,
    ConfigurationError,
    ConnectError,
    Forbidden,
    LitmosError,
    RateLimited,
    ServerError,
    Unauthorized,
)
from litmos_async.limits import Limiter


@frozen
class Kind:
    """What a job does, and how.

    Attributes:
        noun: What its items are.
        item: Makes the item of an outcome from the two ids of a pair.
        names: What the two ids of a pair are.
        group_by: Which of the two is the receiver of a request: 0 or 1. The other one travels in its list.
        at_most: How many of the other one go into one request.
        send: Carries out one request.
        mails: Whether it may send e-mails, to the people of the pairs: always the first of the two.
    """

    noun: str
    item: Callable[[str, str], Any]
    names: tuple[str, str]
    group_by: int
    at_most: int
    send: Callable[[str, Sequence[str]], Awaitable[None]]
    mails: bool = False


class BulkJob:
    """A job over many pairs: `plan()` it, then iterate over it, or `run()` it to its end.

    It runs once. Iterating yields one `Outcome` an item, as soon as it is known, in no particular order; leaving
    the loop early stops the job, and requests under way are given up. Memory holds the pairs in a compact form,
    and of the outcomes only as many as wait to be taken.
    """

    def __init__(self, kind: Kind, pairs: Pairs, limiter: Limiter) -> None:
        self._kind = kind
        self._pairs = pairs
        self._limiter = limiter
        self._groups: Groups | None = None
        self._preparing = asyncio.Lock()
        self._started = False
        self._report = Report()
        self._requests_left = 0

    async def plan(self) -> Plan:
        """Read the input and say what would be done. Nothing is sent.

        Raises:
            ConfigurationError: The input holds something that is no pair of ids.
        """
        groups = await self._prepare()
        requests = groups.requests(self._kind.at_most)
        people = len(groups) if self._kind.group_by == 0 else groups.members()
        return Plan(
            noun=self._kind.noun,
            items=groups.pairs,
            duplicates=len(groups.duplicates),
            requests=requests,
            seconds=seconds_for(requests, self._limiter.quota),
            emails=people if self._kind.mails else 0,
        )

    async def _prepare(self) -> Groups:
        """Read the input, once."""
        async with self._preparing:
            if self._groups is None:
                groups = Groups()
                receiver = self._kind.group_by
                async for pair in each_pair(self._pairs, self._kind.names):
                    groups.add(pair[receiver], pair[1 - receiver])
                groups.drop_duplicates()
                self._groups = groups
                self._requests_left = groups.requests(self._kind.at_most)
        return self._groups

    @property
    def progress(self) -> Progress:
        """How far the job is."""
        groups, report, quota = self._groups, self._report, self._limiter.quota
        return Progress(
            done=report.done + report.failed + report.skipped + report.unknown,
            total=groups.pairs + len(groups.duplicates) if groups else 0,
            failed=report.failed + report.unknown,
            requests=report.requests,
            requests_planned=report.requests + self._requests_left,
            seconds_left=seconds_for(self._requests_left, quota),
            quota=quota,
        )

    @property
    def report(self) -> Report:
        """What became of the job so far."""
        return self._report

    async def run(self, on_progress: Callable[[Progress], object] | None = None) -> Report:
        """Run to the end and return what became of it.

        Args:
            on_progress: Called with the progress after each request; it must be quick, and not raise.

        Raises:
            Unauthorized: The key does not work: it will not get better, so the job stops at once.
            Forbidden: The same, where the first answer says so.
        """
        told = -1
        async with aclosing(self._outcomes()) as outcomes:
            async for _ in outcomes:
                if on_progress and self._report.requests != told:
                    told = self._report.requests
                    on_progress(self.progress)
        if on_progress:
            on_progress(self.progress)
        return self._report

    def __aiter__(self) -> AsyncIterator[Outcome]:
        return self._outcomes()

    async def _outcomes(self) -> AsyncGenerator[Outcome, None]:
        if self._started:
            raise ConfigurationError("a job runs once: make a new one")
        self._started = True
        groups = await self._prepare()
        began = asyncio.get_running_loop().time()
        for group, member in groups.duplicates:
            yield self._counted(Outcome(self._item(group, member), "skipped", reason="given twice"))
        # As many workers as the window has slots: more requests could not be under way.
        size = min(self._limiter.rate.requests, self._requests_left)
        crew = _Crew(self._carry_out, groups.slices(self._kind.at_most), size)
        try:
            async for outcome in crew.outcomes():
                yield self._counted(outcome)
        finally:
            await crew.stop()
            self._report.seconds = asyncio.get_running_loop().time() - began

    def _counted(self, outcome: Outcome) -> Outcome:
        self._report.count(outcome)
        return outcome

    def _item(self, group: str, member: str) -> Any:
        return self._kind.item(*((group, member) if self._kind.group_by == 0 else (member, group)))

    async def _carry_out(self, group: str, members: list[str]) -> AsyncGenerator[Outcome, None]:
        """Send one planned request; where its list is refused, halves of it, until the culprit stands alone."""
        parts = [(members, 1)]
        while parts:
            part, attempts = parts.pop()
            try:
                await self._kind.send(group, part)
            except LitmosError as problem:
                if self._must_stop(problem):
                    raise
                if _is_refused_list(problem) and len(part) > 1:
                    middle = len(part) // 2
                    parts += [(part[middle:], attempts + 1), (part[:middle], attempts + 1)]
                    self._requests_left += 2
                    self._answered()
                    continue
                status: Any = "failed" if _certainly_not_done(problem) else "unknown"
                outcomes = [
                    Outcome(self._item(group, member), status, problem, attempts, str(problem))
                    for member in part
                ]
            else:
                outcomes = [Outcome(self._item(group, member), "done", None, attempts) for member in part]
            self._answered()
            for outcome in outcomes:
                yield outcome

    def _answered(self) -> None:
        self._report.requests += 1
        self._requests_left -= 1

    def _must_stop(self, problem: LitmosError) -> bool:
        """Tell whether the key itself is refused. 403 means many things (quirks.md 5): only at the beginning."""
        return isinstance(problem, Unauthorized) or (
            isinstance(problem, Forbidden) and self._report.requests == 0
        )


class _Crew:
    """Workers who take requests from one iterator, and a bounded queue of what became of them."""

    def __init__(
        self,
        carry_out: Callable[[str, list[str]], AsyncGenerator[Outcome, None]],
        requests: Iterator[tuple[str, list[str]]],
        size: int,
    ) -> None:
        self._carry_out = carry_out
        self._requests = requests
        self._queue: asyncio.Queue[Outcome | Exception | None] = asyncio.Queue(maxsize=2 * size + 1)
        self._workers = [asyncio.ensure_future(self._work()) for _ in range(size)]

    async def _work(self) -> None:
        try:
            for group, members in self._requests:
                async with aclosing(self._carry_out(group, members)) as outcomes:
                    async for outcome in outcomes:
                        await self._queue.put(outcome)
            await self._queue.put(None)
        except Exception as problem:  # noqa: BLE001 - raised where the outcomes are taken
            await self._queue.put(problem)

    async def outcomes(self) -> AsyncGenerator[Outcome, None]:
        """Yield what becomes of the requests, until all workers are through or one fails."""
        at_work = len(self._workers)
        while at_work:
            outcome = await self._queue.get()
            if outcome is None:
                at_work -= 1
            elif isinstance(outcome, Exception):
                raise outcome
            else:
                yield outcome

    async def stop(self) -> None:
        """Give up what is under way."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)


def _is_refused_list(problem: LitmosError) -> bool:
    return isinstance(problem, APIError) and not isinstance(problem, RateLimited | ServerError)


def _certainly_not_done(problem: LitmosError) -> bool:
    return isinstance(problem, ConnectError | ConfigurationError) or (
        isinstance(problem, APIError) and not isinstance(problem, ServerError)
    )
