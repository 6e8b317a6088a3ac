"""What a bulk command says of its plan and of its end. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, get_args

from litmos_async.bulk import Plan
from litmos_async.cli.headings import LineStatus
from litmos_async.cli.ledger import Entry, Ledger
from litmos_async.cli.tasks import TEAM, NameColumn, Task
from litmos_async.cli.terminal import listed
from litmos_async.cli.words import explain, said
from litmos_async.wording import count, duration

__all__ = ["counted", "describe_plan", "problems"]

SHOWN: Final = 10
"""Bad lines that are named on the terminal; the outcomes file names all of them."""


def describe_plan(plan: Plan, ledger: Ledger, task: Task, title: str) -> str:
    """Return the plan as a person reads it: how long it takes and who hears of it first, what is final last."""
    table, counts, columns = ledger.table, ledger.counts(), task.columns
    rows = [
        ("time", f"about {duration(plan.seconds)}" if plan.seconds else "a few seconds"),
        ("e-mails", _mails(plan, columns)),
        ("lines", f"{len(table.lines):,}"),
    ]
    for place, (column, name) in enumerate(zip(columns, table.names, strict=True)):
        different = len({item[place] for item in ledger.items})
        rows.append((column.many, f"{different:,}, in column {name!r}"))
    rows += [
        (plan.item_label, f"{plan.items:,}"),
        ("given twice", f"{counts['skipped']:,}"),
        *((said(reason), f"{number:,}") for reason, number in plan.skipped.items() if number),
        ("unusable", f"{counts['failed']:,}"),
        ("requests", f"{plan.requests:,}{_beside(plan)}"),
        *(("", f"{number:,} {kind}") for kind, number in plan.requests_by_kind.items()),
        *([("inactive", count(plan.inactive, "of the people", "of the people"))] if plan.inactive else []),
    ]
    notes = [*table.notes, *map(said, plan.notes), *_final(plan, task)]
    if plan.refusal is not None:
        notes.append(f"running it would be refused: {explain(plan.refusal)}")
    return "\n".join([listed(title, rows), *notes])


def _final(plan: Plan, task: Task) -> Iterator[str]:
    """Yield what of the plan cannot be undone."""
    if plan.emails:
        yield "an e-mail that is sent cannot be taken back"
    if plan.items and task.final:
        yield f"{task.final}; that cannot be undone"


def counted(ledger: Ledger) -> str:
    """Return how many lines have which status."""
    counts = ledger.counts()
    return ", ".join(f"{counts[each]:,} {each}" for each in get_args(LineStatus) if counts[each])


def problems(ledger: Ledger) -> Iterator[str]:
    """Yield what is to be said of the lines that failed, or of which it is not known."""
    bad = [entry for entry in ledger.entries if entry.status in {"failed", "unknown"}]
    for entry in bad[:SHOWN]:
        yield f"  {_where(entry)} {entry.status}: {entry.reason}"
    if len(bad) > SHOWN:
        yield f"  and {count(len(bad) - SHOWN, 'more line')}"


def _where(entry: Entry) -> str:
    return f"line {entry.line.number}" if entry.line.number else ", ".join(entry.line.values)


def _mails(plan: Plan, columns: Sequence[NameColumn]) -> str:
    if not plan.emails:
        return "none"
    if TEAM is columns[0]:
        return f"to members of up to {count(plan.emails, 'team')}"
    return f"to up to {count(plan.emails, 'person', 'people')}"


def _beside(plan: Plan) -> str:
    fewest = plan.fewest_requests
    before = "" if fewest is None else f" ({fewest:,} if the server takes longer lists)"
    before += f", after {plan.reads:,} that read what exists" if plan.reads else ""
    return before + (f", and {plan.checks:,} or more to read it back" if plan.checks else "")
