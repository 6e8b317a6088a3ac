"""What bulk jobs say: before they run, while they run, and afterwards."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field, frozen

from litmos_async.errors import LitmosError
from litmos_async.limits import Quota

Status = Literal["done", "failed", "skipped", "unknown"]


@frozen
class Outcome:
    """What became of one item.

    Attributes:
        item: The pair.
        status: "done": the server took it. "failed": it was not carried out. "skipped": there was nothing to do.
            "unknown": it may or may not have been carried out.
        error: What went wrong, or None.
        attempts: Requests of the job that held this item: more than 1 where a refused list was split.
        reason: Why, in a few words; empty for "done".
    """

    item: Any
    status: Status
    error: LitmosError | None = None
    attempts: int = 0
    reason: str = ""


@frozen
class Plan:
    """What a job is going to do.

    Attributes:
        noun: What its items are, such as "assignments".
        items: Items to carry out.
        duplicates: Items that were given more than once, and are skipped.
        requests: Requests that it takes.
        seconds: How long that takes at the quota as it is now.
        emails: People who may get an e-mail.
    """

    noun: str
    items: int
    duplicates: int
    requests: int
    seconds: float
    emails: int

    def __str__(self) -> str:
        parts = [
            f"{self.items:,} {self.noun}",
            _requests(self.requests),
            f"about {duration(self.seconds)}" if self.seconds else "a few seconds",
        ]
        if self.duplicates:
            parts.append(f"{self.duplicates:,} given twice")
        parts.append(f"e-mails to up to {self.emails:,} people" if self.emails else "no e-mails")
        return ", ".join(parts)


@frozen
class Progress:
    """How far a job is.

    Attributes:
        done: Items with an outcome.
        total: All items, duplicates included.
        failed: Items that failed, or whose outcome is unknown.
        requests: Requests answered so far, of `requests_planned`.
        requests_planned: Requests of the plan.
        seconds_left: How long the rest takes at the quota as it is now.
        quota: How the limit stands.
    """

    done: int
    total: int
    failed: int
    requests: int
    requests_planned: int
    seconds_left: float
    quota: Quota


@define
class Report:
    """What became of a job.

    Attributes:
        done: Items that were carried out.
        failed: Items that were not.
        skipped: Items for which there was nothing to do.
        unknown: Items that may or may not have been carried out.
        requests: Requests of the job, without the repeats that the client made on its own.
        seconds: How long it took.
        problems: The first outcomes that are "failed" or "unknown", at most 1,000.
    """

    done: int = 0
    failed: int = 0
    skipped: int = 0
    unknown: int = 0
    requests: int = 0
    seconds: float = 0.0
    problems: list[Outcome] = field(factory=list[Outcome], repr=False)

    KEPT = 1_000

    @property
    def ok(self) -> bool:
        """Whether nothing failed and nothing is unknown."""
        return not (self.failed or self.unknown)

    def count(self, outcome: Outcome) -> None:
        """Take an outcome into account."""
        setattr(self, outcome.status, getattr(self, outcome.status) + 1)
        if outcome.status in {"failed", "unknown"} and len(self.problems) < self.KEPT:
            self.problems.append(outcome)

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
        return f"{', '.join(parts)}; {_requests(self.requests)} in {duration(self.seconds)}"


def _requests(number: int) -> str:
    return f"{number:,} {'request' if number == 1 else 'requests'}"


def seconds_for(requests: int, quota: Quota) -> float:
    """Return how long so many requests take: nothing if there are slots for all, else at the pace of the limit."""
    return 0.0 if requests <= quota.free else requests * quota.period / max(1, quota.budget)


def duration(seconds: float) -> str:
    """Return a time as a person says it: `2 min 8 s`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
