"""One item of a job that takes a little sequence of requests, and how these are made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable
from typing import Final, TypeAlias, TypeVar

from attrs import define, field

from litmos_async.bulk.journal.keys import Key
from litmos_async.bulk.results import Outcome, Status
from litmos_async.bulk.run import Run
from litmos_async.bulk.write import JournaledWrite, Request, certainly_not_done, settled
from litmos_async.errors import LitmosError
from litmos_async.resources import Resources

T = TypeVar("T")

IsDone: TypeAlias = Callable[[Resources], Awaitable[bool | None]]
"""Reads whether something was carried out; None where that does not show."""

NOT_KNOWN: Final = "it is not known whether it was carried out"


@define
class WorkItem:
    """One item of a job.

    Attributes:
        item: What it is, for the outcome.
        entry: Its key, in this run and in a journal: a second work item with the same one is skipped.
        carry_out: Does it, request by request, through the `ItemRequests` it is given. It returns why there was
            nothing to do, or nothing where it did something. A run that goes on after a killed one begins it anew.
        is_done: Reads whether all of it was carried out, for an item that a killed run had under way. None where
            the comparison with what is there shows that already.
        requests: Verb and path of each request that it may take, for the plan.
        content: What makes it what it is beside its entry, for the fingerprint of a journal.
        skipped: Why there is nothing to do, where that is known already.
        rejected: Why it cannot be done, where that is known already.
        as_desired: Whether there is nothing to do because all is as it should be: if a killed run had it under way,
            that run has done it.
        receivers: The people who are given something by it, for the plan: some may be inactive.
    """

    item: Hashable
    entry: Key
    carry_out: Callable[[ItemRequests], Awaitable[str | None]] | None = None
    is_done: IsDone | None = None
    requests: tuple[str, ...] = ()
    content: str = ""
    skipped: str = ""
    rejected: LitmosError | None = None
    as_desired: bool = False
    receivers: tuple[str, ...] = ()
    _sent: bool = field(default=False, init=False)
    _outcome: Outcome | None = field(default=None, init=False)

    def __attrs_post_init__(self) -> None:
        if self.rejected is not None:
            self.settle("failed", self.rejected)
        elif self.skipped:
            self.settle("skipped", reason=self.skipped)

    def settle(
        self, status: Status, problem: LitmosError | None = None, reason: str = "", attempts: int = 0
    ) -> Outcome:
        """Remember its outcome, and return it."""
        self._outcome = Outcome(self.item, status, problem, attempts, reason or str(problem or ""))
        return self._outcome

    def known(self) -> Outcome | None:
        """Return what is known of it; None if nothing of it was sent."""
        if self._outcome is None and self._sent:
            return Outcome(self.item, "unknown", reason="interrupted")
        return self._outcome

    def mark_sent(self) -> None:
        """Note that a write of it is about to leave."""
        self._sent = True


class ItemFailed(Exception):
    """An item cannot go on.

    Attributes:
        status: Its outcome.
        problem: What went wrong, if that was an error.
        reason: Why, in a few words; empty where the problem says it.
    """

    def __init__(self, status: Status, problem: LitmosError | None, reason: str = "") -> None:
        super().__init__(reason)
        self.status: Status = status
        self.problem = problem
        self.reason = reason


class ItemRequests:
    """The requests of a work item, made one after another.

    Attributes:
        used: How many they were so far.
        counted: How many requests of the plan these stand for.
    """

    def __init__(self, work_item: WorkItem, run: Run) -> None:
        self.used = 0
        self.counted = 0
        self._work_item = work_item
        self._run = run
        self._write: JournaledWrite | None = None

    async def read(self, ask: Request[T]) -> T:
        """Make a call that only reads, and return its answer.

        Raises:
            ItemFailed: It failed: nothing was changed by it.
            NotSent: The job was stopped before anything of this item was sent.
        """
        sent = False
        may_stop = self._work_item.known() is None
        try:
            async with self._run.stop.before_sending(may_stop=may_stop) as leave:

                async def before(_attempt: int) -> None:
                    nonlocal sent
                    leave()
                    sent = True

                answer = await ask(self._run.connect(before))
        except LitmosError as problem:
            if await self._run.must_stop(problem):
                raise
            self._run.looked_up(sent=sent)
            self._count(sent=sent)
            raise ItemFailed("failed", problem) from None
        self._run.looked_up()
        self._count()
        return answer

    async def write(self, send: Request[object], is_done: IsDone, *, so_far: str = "") -> None:
        """Make a call that changes something; read whether it had its effect where that is in doubt.

        Args:
            send: Makes the call.
            is_done: Reads whether it was carried out: where its answer was lost, and always with `verify`.
            so_far: What is done of the item already, for the reason of its outcome.

        Raises:
            ItemFailed: It was not carried out, or that is not known.
        """
        work_item = self._work_item
        self._write = JournaledWrite(
            self._run,
            [work_item.entry],
            on_leaving=work_item.mark_sent,
            may_stop=work_item.known() is None,
            previous=self._write,
        )
        problem = (await self._write.send(send)).problem
        self._count(sent=self._write.sent)
        if problem is not None and certainly_not_done(problem):
            raise ItemFailed("failed", problem, _reason(so_far, str(problem)))
        if problem is not None or self._run.verify:
            await self._check_effect(self._write, problem, is_done, so_far)

    async def settle(self, outcome: Outcome | None) -> None:
        """Write down the outcome of the item; without one only that its last request has an answer."""
        outcomes = [settled(self._work_item.entry, outcome)] if outcome else []
        if self._write is not None:
            await self._write.settle(outcomes)
        elif self._run.journal is not None:
            await self._run.journal.record(outcomes)

    async def _check_effect(
        self, write: JournaledWrite, lost: LitmosError | None, is_done: IsDone, so_far: str
    ) -> None:
        """Read whether a write had its effect, and return if it had."""
        try:
            done = await write.read_effect(lost, lambda: is_done(self._run.litmos))
        except LitmosError as problem:
            reason = str(lost or f"it could not be read back: {problem}")
            raise ItemFailed("unknown", lost or problem, _reason(so_far, reason)) from None
        if done is None:
            reason = f"{NOT_KNOWN}: {lost}" if lost else NOT_KNOWN
            raise ItemFailed("unknown", lost, _reason(so_far, reason))
        if not done:
            reason = f"no effect was found: {lost}" if lost else "the server accepted it and ignored it"
            raise ItemFailed("failed", lost, _reason(so_far, reason))

    def _count(self, *, sent: bool = True) -> None:
        self.counted += 1
        self.used += sent


def _reason(so_far: str, text: str) -> str:
    return f"{so_far}, but: {text}" if so_far else text
