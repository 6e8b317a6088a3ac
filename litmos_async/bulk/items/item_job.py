"""Jobs over single items, each with a little sequence of requests of its own."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from typing import Any, ClassVar, Final

from litmos_async.bulk.items.work_item import NOT_KNOWN, ItemFailed, ItemRequests, WorkItem
from litmos_async.bulk.job import EARLIER, FOUND, TWICE, BulkJob
from litmos_async.bulk.journal.file import FINAL
from litmos_async.bulk.journal.journal import Journal, Past
from litmos_async.bulk.journal.keys import Fingerprint, Key
from litmos_async.bulk.results import Outcome, Plan, Status
from litmos_async.bulk.run import NotSent, Run
from litmos_async.bulk.workers import run_concurrently
from litmos_async.bulk.write import settled
from litmos_async.checks import flags
from litmos_async.errors import ConfigurationError, LitmosError, NetworkError, NotFound

REJECTED: Final = "refused before it was sent"


class ItemJob(BulkJob):
    """A job over single items. Memory holds one small work item for each.

    Args:
        helper: Name of the helper; a journal belongs to it.
        item_label: What the items are.
        run: What its requests share.
        mails: Whether each item may send an e-mail.
        agreed: What else a journal must agree on.
    """

    final: ClassVar[tuple[Status, ...]] = FINAL
    """Outcomes of earlier runs that stay as they are."""

    item_name: ClassVar[str] = "user_id"
    """What an item is, where it is a text."""

    def __init__(
        self,
        helper: str,
        item_label: str,
        run: Run,
        *,
        mails: bool = False,
        agreed: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__(helper, run)
        self._item_label = item_label
        self._mails = mails
        self._agreed = flags(**(agreed or {}))
        self._past = Past()
        self._still_under_way: set[int] = set()
        self._work_items: list[WorkItem] = []

    # ------------------------------------------------ before

    async def _plan(self) -> Plan:
        work_items = self._work_items
        waiting = _waiting(work_items)
        requests = self._requests(waiting)
        checks = self._checks(requests)
        return Plan(
            item_label=self._item_label,
            items=len(waiting),
            skipped=Counter(_left_out(each, outcome) for each in work_items if (outcome := each.known())),
            requests_by_kind=dict(requests),
            reads=self._run.report.reads,
            checks=checks,
            seconds=self._run.seconds_for(requests.total() + checks),
            emails=self._emails(waiting),
            inactive=self._run.people.count_inactive(
                user_id for each in waiting for user_id in each.receivers
            ),
            changes=[self._change(each) for each in waiting],
            notes=self._notes(work_items),
            refusal=self._refusal(),
        )

    def _requests(self, waiting: list[WorkItem]) -> Counter[str]:
        """Return how many requests they take, by verb and path."""
        return Counter(request for each in waiting for request in each.requests)

    def _checks(self, requests: Mapping[str, int]) -> int:
        """Return how many requests read back what these did, at least."""
        writes = sum(number for request, number in requests.items() if not request.startswith("GET "))
        return writes if self._run.verify else 0

    def _emails(self, waiting: list[WorkItem]) -> int:
        """Return how many people may get an e-mail."""
        return len(waiting) if self._mails else 0

    def _change(self, work_item: WorkItem) -> Mapping[str, Any]:
        """Return what would be done with an item, as plain data."""
        item: Any = work_item.item
        given: dict[str, Any] = {self.item_name: item} if isinstance(item, str) else item._asdict()
        fields: dict[str, Any] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in given.items()
        }
        name = self._run.people.names.get(fields.get("user_id", ""))
        return {"user_name": name, **fields} if name else fields

    def _notes(self, work_items: list[WorkItem]) -> tuple[str, ...]:  # noqa: ARG002 - for jobs that have some
        """Return what else the plan says."""
        return ()

    def _refusal(self) -> ConfigurationError | None:
        """Return the error that running would raise, or None."""
        return None

    def _unusable(self) -> int:
        """Return how many items cannot be used."""
        rejected = (each.known() for each in self._work_items if each.rejected is not None)
        return sum(outcome is not None and outcome.status == "failed" for outcome in rejected)

    async def _find_work(self) -> None:
        self._work_items = await self._once(self._read_work_items)
        requests = self._requests(_waiting(self._work_items))
        self._run.expect(requests.total())
        self._run.expect_reads(self._checks(requests))

    async def _forget_plan(self) -> None:
        if self._planned:
            # The input may be an iterator, which would have nothing more to give.
            self._work_items, self._spoilt = [], ConfigurationError("the plan failed: make a new job")
        await super()._forget_plan()

    async def _read_work_items(self) -> list[WorkItem]:
        fingerprint = Fingerprint()
        await self._read_input(fingerprint)
        journal = await self._run.open_journal(self._helper, fingerprint, self._agreed)
        if journal is not None:
            self._past = await journal.past(self._run.timeout)
        work_items: list[WorkItem] = []
        by_entry: dict[Key, WorkItem] = {}
        async for each in self._each_work_item():
            if each.entry in by_entry:
                work_items.append(WorkItem(each.item, each.entry, skipped=TWICE))
            else:
                by_entry[each.entry] = each
                work_items.append(each)
        if journal is not None:
            await self._resume(journal, by_entry)
        return work_items

    @abstractmethod
    async def _read_input(self, fingerprint: Fingerprint) -> None:
        """Read what was given, before anything is asked of the server."""

    @abstractmethod
    def _each_work_item(self) -> AsyncIterator[WorkItem]:
        """Yield what there is to do. What earlier runs did is known by now, and nothing of it is under way."""

    # ------------------------------------------------ after an earlier run

    async def _resume(self, journal: Journal, work_items: Mapping[Key, WorkItem]) -> None:
        """Leave out what earlier runs did, and find the outcomes of what they had under way."""
        for entry, status in self._past.settled.items():
            if status in self.final and (work_item := work_items.get(entry)) is not None:
                work_item.settle(status, reason=EARLIER)
        await self._settle_doubtful(work_items)
        known = {
            entry: settled(entry, outcome)
            for entry, work_item in work_items.items()
            if (outcome := work_item.known()) is not None
        }
        await journal.go_on(self._past, known, items=len(work_items), still_under_way=self._still_under_way)

    async def _settle_doubtful(self, work_items: Mapping[Key, WorkItem]) -> None:
        """Read whether what was sent and got no answer was carried out, side by side."""
        doubtful = [work_items[entry] for entry in self._past.doubtful if entry in work_items]
        size = min(self._run.width, len(doubtful))
        async with aclosing(run_concurrently(self._read_whether_done, doubtful, size)) as reads:
            async for _ in reads:
                pass

    async def _read_whether_done(self, work_item: WorkItem) -> AsyncGenerator[None, None]:
        """Settle an item that an earlier run had under way; it stays to be done where it had no effect."""
        if work_item.as_desired:
            work_item.settle("done", reason=FOUND)
        elif work_item.is_done is not None:
            try:
                done = await work_item.is_done(self._run.litmos)
            except NotFound:
                done = False  # what does not exist has nothing, and the server will say so
            except LitmosError as problem:
                if isinstance(problem, NetworkError) or await self._run.must_stop(problem):
                    raise
                work_item.settle("unknown", problem.with_traceback(None))
                done = False
            if done:
                work_item.settle("done", reason=FOUND)
            elif done is None:
                work_item.settle("unknown", reason=NOT_KNOWN)
        yield None

    # ------------------------------------------------ while it runs

    def _total(self) -> int:
        return len(self._work_items)

    async def _work(self) -> AsyncGenerator[Outcome, None]:
        if refusal := self._refusal():
            raise refusal
        for each in self._work_items:
            if (outcome := each.known()) is not None:
                yield outcome
        waiting = _waiting(self._work_items)
        if waiting:
            async with aclosing(self._do(waiting)) as outcomes:
                async for outcome in outcomes:
                    yield outcome

    async def _do(self, waiting: list[WorkItem]) -> AsyncGenerator[Outcome, None]:
        """Carry work items out, and yield the outcome of each."""
        size = min(self._run.width, len(waiting))
        work = run_concurrently(self._carry_out, self._run.unless_stopped(waiting), size)
        async with aclosing(work) as outcomes:
            async for outcome in outcomes:
                yield outcome

    async def _carry_out(self, work_item: WorkItem) -> AsyncGenerator[Outcome, None]:
        requests = ItemRequests(work_item, self._run)
        try:
            nothing = await work_item.carry_out(requests) if work_item.carry_out is not None else None
        except NotSent:
            return
        except ItemFailed as failed:
            outcome = work_item.settle(failed.status, failed.problem, failed.reason, requests.used)
        except LitmosError as problem:
            # The answer stops the job, so the request has one, and it was no.
            work_item.settle("failed", problem.with_traceback(None), attempts=requests.used)
            await requests.settle(None)
            raise
        else:
            outcome = work_item.settle("skipped" if nothing else "done", None, nothing or "", requests.used)
        finally:
            self._run.expect(requests.counted - len(work_item.requests))
        await requests.settle(outcome)
        yield outcome

    def _so_far(self, *, planned: bool) -> Iterator[Outcome]:
        for each in self._work_items:
            outcome = each.known()
            if outcome is not None:
                yield outcome
            elif planned:
                yield Outcome(each.item, "planned")


class GivenJob(ItemJob):
    """A job over items that are given one by one.

    Args:
        helper: See `ItemJob`.
        item_label: See `ItemJob`.
        run: See `ItemJob`.
        work_items: Yields the work items. It is read once.
        mails: See `ItemJob`.
        agreed: See `ItemJob`.
    """

    def __init__(
        self,
        helper: str,
        item_label: str,
        run: Run,
        work_items: AsyncIterable[WorkItem],
        *,
        mails: bool = False,
        agreed: Mapping[str, bool] | None = None,
    ) -> None:
        super().__init__(helper, item_label, run, mails=mails, agreed=agreed)
        self._source = work_items
        self._given: list[WorkItem] = []

    async def _read_input(self, fingerprint: Fingerprint) -> None:
        entries = set[Key]()
        async for each in self._source:
            self._given.append(each)
            if each.entry not in entries:
                entries.add(each.entry)
                fingerprint.add(*each.entry, each.content)

    async def _each_work_item(self) -> AsyncIterator[WorkItem]:
        for each in self._given:
            yield each


def _waiting(work_items: list[WorkItem]) -> list[WorkItem]:
    return [each for each in work_items if each.known() is None]


def _left_out(work_item: WorkItem, outcome: Outcome) -> str:
    """Return why a plan leaves an item out."""
    if work_item.rejected is not None:
        return REJECTED
    if outcome.status == "skipped" and outcome.reason != EARLIER:
        return outcome.reason
    return f"{outcome.status} {EARLIER}"
