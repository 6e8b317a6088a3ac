"""What bulk jobs report: before, during and after they run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Literal

import attrs
from attrs import define, field, frozen

from litmos_async.errors import LitmosError
from litmos_async.limits import Quota
from litmos_async.wording import count, duration

Status = Literal["done", "failed", "skipped", "unknown", "planned"]


@frozen
class Outcome:
    """The outcome of one item.

    ```python
    async for outcome in litmos.bulk.remove_courses_from_users(pairs):
        if outcome.status in {"failed", "unknown"}:
            print(outcome.item.user_id, outcome.reason, outcome.error)
    ```

    Attributes:
        item: The pair, person, row or result that the job handled.
        status: "done": the server accepted it. "failed": it was not carried out. "skipped": there was nothing
            to do. "unknown": it may or may not have been carried out. "planned": it would be carried out; only
            `BulkJob.outcomes_so_far` yields this, before the job starts.
        error: What went wrong, or None.
        attempts: Requests of the job that held this item: more than 1 where a rejected list was split.
        reason: Why, in a few words; empty for "done".
    """

    item: Any
    status: Status
    error: LitmosError | None = None
    attempts: int = 0
    reason: str = ""


@frozen(kw_only=True)
class Plan:
    """What a job would do.

    ```python
    job = litmos.bulk.assign_courses_to_users(pairs, send_message=False)
    plan = await job.plan()
    print(plan)  # for people
    print(plan.items, plan.requests_by_kind, plan.seconds, plan.emails)
    Path("plan.json").write_text(plan.to_json(), encoding="utf-8")  # for an approval
    ```

    Attributes:
        item_label: What its items are called, such as "assignments": a plural in "s".
        items: Items to carry out.
        skipped: Items for which there is nothing to do, by the reason.
        requests_by_kind: Requests that it takes, by verb and path.
        fewest_requests: Requests that it takes if the server accepts longer lists of ids, which the job finds
            out with its first long list; None if that would save nothing, or is already known.
        reads: Requests that were made to find that out.
        checks: The fewest requests that read back what it did, with `verify` or after an import.
        seconds: How long the requests and checks take at the quota as it is now.
        emails: People who may get an e-mail.
        inactive: People who would be given something and are inactive, as far as the client read that when it
            resolved their names, or the given records say so.
        changes: What it would do, item by item, as plain data, for approval: the ids, the user name if this
            client knows it, and for a sync the `change` and `fields`. There is one for each item, even in a
            large job.
        notes: What else to know before it runs, such as a way that takes fewer requests.
        refusal: The error that running the job would raise, such as `TooManyRemovals` or
            `IncompleteInput`; None if it would run.
    """

    item_label: str
    items: int
    skipped: Mapping[str, int] = field(factory=dict[str, int])
    requests_by_kind: Mapping[str, int] = field(factory=dict[str, int])
    fewest_requests: int | None = None
    reads: int = 0
    checks: int = 0
    seconds: float = 0.0
    emails: int = 0
    inactive: int = 0
    changes: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()
    refusal: LitmosError | None = None

    @property
    def requests(self) -> int:
        """Requests that it takes."""
        return sum(self.requests_by_kind.values())

    def to_json(self) -> str:
        """Return the plan as JSON, to be approved. `refusal` is the message of the error, or null."""
        plain = {"requests": self.requests, **attrs.asdict(self, recurse=False)}
        plain["changes"] = [dict(change) for change in self.changes]
        plain["refusal"] = None if self.refusal is None else str(self.refusal)
        return json.dumps(plain, indent=2)

    def __str__(self) -> str:
        fewer = ""
        if self.fewest_requests is not None:
            fewer = f" ({self.fewest_requests:,} if the server takes longer lists)"
        parts = [
            count(self.items, self.item_label.removesuffix("s"), self.item_label),
            count(self.requests, "request")
            + fewer
            + (f" and {self.checks:,} to read back" if self.checks else ""),
            f"about {duration(self.seconds)}" if self.seconds else "a few seconds",
        ]
        parts += [f"{number:,} {reason}" for reason, number in self.skipped.items() if number]
        if self.inactive:
            parts.append(f"{self.inactive:,} of the people inactive")
        people = count(self.emails, "person", "people")
        parts.append(f"e-mails to up to {people}" if self.emails else "no e-mails")
        refused = [f"running it would be refused: {self.refusal}"] if self.refusal else []
        return "\n".join([", ".join(parts), *self.notes, *refused])


@frozen
class Progress:
    """The progress of a job.

    ```python
    def show(progress: Progress) -> None:
        print(f"{progress.done} of {progress.total}, {progress.seconds_left:.0f} s left")


    await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run(on_progress=show)
    ```

    Attributes:
        done: Items with an outcome.
        total: All items, duplicates included.
        failed: Items that failed, or whose outcome is unknown.
        requests: Requests answered so far, of `requests_planned`.
        requests_planned: Requests of the plan; 0 while it is being made.
        seconds_left: How long the rest takes, including reads, at the quota as it is now; 0 if there are slots
            for all of it. Until `planned`, only the time for the reads that are known to follow.
        quota: The state of the limit.
        reads: Requests so far that only read: what existed before, and what writes did.
        reads_planned: Those, and the ones known to follow; a minimum.
        planned: Whether the plan is complete; until then the number of writes is not known.
    """

    done: int
    total: int
    failed: int
    requests: int
    requests_planned: int
    seconds_left: float
    quota: Quota
    reads: int = 0
    reads_planned: int = 0
    planned: bool = True


@define
class Report:
    """The result of a job.

    ```python
    report = await litmos.bulk.assign_courses_to_users(pairs, send_message=False).run()
    print(report.done, report.skipped, report.failed, report.unknown, report.stopped)
    for outcome in report.problems:
        print(outcome.item, outcome.reason)
    ```

    Attributes:
        done: Items that were carried out.
        failed: Items that were not.
        skipped: Items for which there was nothing to do.
        unknown: Items that may or may not have been carried out.
        requests: Requests of the job, without the repeats that the client made on its own.
        lookups: How many of them only read an item before changing it.
        reads: Other requests that read: what existed before, and what exists afterwards.
        seconds: How long it took.
        stopped: Why the job stopped early; empty if it did not.
        resume: The path of the journal with which the same job resumes, or None if it has none.
        problems: The first outcomes that are "failed" or "unknown", at most 1,000.
    """

    done: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    requests: int = 0
    lookups: int = 0
    reads: int = 0
    seconds: float = 0.0
    stopped: str = ""
    resume: str | None = None
    problems: list[Outcome] = field(factory=list[Outcome], repr=False)

    KEPT: ClassVar[int] = 1_000

    @property
    def ok(self) -> bool:
        """Whether nothing failed, nothing is unknown, and the job finished."""
        return not (self.failed or self.unknown or self.stopped)

    @property
    def counted(self) -> int:
        """Items with an outcome."""
        return self.done + self.failed + self.skipped + self.unknown

    def count(self, outcome: Outcome) -> Outcome:
        """Take an outcome into account, and return it.

        Args:
            outcome: The outcome of an item that had none.
        """
        setattr(self, outcome.status, getattr(self, outcome.status) + 1)
        if outcome.status in {"failed", "unknown"} and len(self.problems) < self.KEPT:
            self.problems.append(outcome)
        return outcome

    def __str__(self) -> str:
        parts = [f"{self.done:,} done"]
        parts += [
            f"{number:,} {name}"
            for name, number in (
                ("skipped", self.skipped),
                ("failed", self.failed),
                ("unknown", self.unknown),
            )
            if number
        ]
        ended = f"; stopped: {self.stopped}" if self.stopped else ""
        return f"{', '.join(parts)}; {count(self.requests, 'request')} in {duration(self.seconds)}{ended}"


def seconds_for(requests: int, quota: Quota) -> float:
    """Return how long so many requests take: nothing if there are slots for all, else at the pace of the limit."""
    return 0.0 if requests <= quota.free else requests * quota.period / max(1, quota.budget)


def numbers_of(things: Mapping[str, int]) -> str:
    """Return numbers of things in words: `3 to add, 1,200 unchanged`."""
    return ", ".join(f"{number:,} {what}" for what, number in things.items() if number)
