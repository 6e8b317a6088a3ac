"""What all bulk commands do: read a file, look names up, plan, run, and tell what became of each line."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Final, get_args

from attrs import frozen

from litmos_async import LitmosClient
from litmos_async.bulk import BulkJob, Plan, read_summary
from litmos_async.cli.ledger import Ledger, LineStatus
from litmos_async.cli.outcomes import check_writable, write_outcomes
from litmos_async.cli.progress import shown
from litmos_async.cli.table import Table, TableError, read_table
from litmos_async.cli.tasks import TEAM, Task
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.cli.words import translate
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.wording import count, duration

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
"""The exit codes, beside those of signals."""

SHOWN: Final = 10
"""Bad lines that are named on the terminal; the outcomes file names all of them."""

BESIDE_JOURNAL: Final = ("-lock", "-wal", "-shm", "-journal")
"""How the names of the files end that SQLite and the journal's lock put beside it."""

Connect = Callable[[], LitmosClient]
"""Makes the client."""


@frozen
class Order:
    """What a command was asked to do.

    Attributes:
        task: What to do with the lines.
        file: The CSV.
        outcomes: Where the outcomes go; beside the file if None.
        dry_run: Whether to stop after the plan.
        plan_json: Where the plan goes, for somebody to approve.
    """

    task: Task
    file: Path
    outcomes: Path | None = None
    dry_run: bool = False
    plan_json: Path | None = None

    @property
    def outcomes_file(self) -> Path:
        """Where the outcomes go."""
        return self.outcomes or self.file.with_suffix(".outcomes.csv")

    @property
    def journal(self) -> Path | None:
        """Where the job remembers what was sent, if it is to."""
        return self.task.options.get("journal")

    def check(self) -> None:
        """Make sure that everything can be written that is going to be, and nothing over something else.

        Raises:
            ConfigurationError: Something cannot.
        """
        self._check_that_all_differ()
        wanted = {} if self.dry_run else {"the outcomes": self.outcomes_file}
        if self.plan_json is not None:
            wanted["the plan"] = self.plan_json
        journal = None if self.dry_run else self.journal
        if journal is not None:
            wanted["the journal"] = journal
        for what, path in wanted.items():
            try:
                check_writable(path)
            except OSError as problem:
                raise ConfigurationError(_unwritable(what, path, problem)) from None
        if journal is not None and journal.exists() and journal.stat().st_size:
            read_summary(journal)  # raises where it is something else

    def _check_that_all_differ(self) -> None:
        """Compare the files that are read and written, with those that the journal has beside it."""
        files = [("the file to read from", self.file), ("the outcomes", self.outcomes_file)]
        if self.plan_json is not None:
            files.append(("the plan", self.plan_json))
        if self.journal is not None:
            files.append(("the journal", self.journal))
            # SQLite puts them beside what the name leads to.
            journal = self.journal.resolve()
            files += [(f"the journal's {end}", Path(f"{journal}{end}")) for end in BESIDE_JOURNAL]
        for (first, path), (second, other) in combinations(files, 2):
            if _is_same(path, other):
                raise ConfigurationError(f"{first} and {second} cannot be the same file: {path}")


async def carry_out(order: Order, connect: Connect, terminal: Terminal) -> int:
    """Carry out the order and return the exit code.

    When it is cancelled, it writes the outcomes as far as they are known before it ends.
    """
    try:
        table = await asyncio.to_thread(_read, order)
        order.check()
        litmos = connect()
    except TableError as problem:
        terminal.complain(f"cannot use {order.file}: {problem}")
        return USAGE
    except ConfigurationError as problem:
        terminal.complain(str(problem))
        return USAGE
    except asyncio.CancelledError:
        terminal.say("Interrupted before anything was sent")
        raise
    async with litmos:
        return await _Run(order, table, litmos, terminal).to_end()


def _read(order: Order) -> Table:
    return order.task.check(read_table(order.file, order.task.columns))


class _Run:
    """One run of a command, once there is a table and a client."""

    def __init__(self, order: Order, table: Table, litmos: LitmosClient, terminal: Terminal) -> None:
        self._order = order
        self._task = order.task
        self._ledger = Ledger(table, order.task.about)
        self._litmos = litmos
        self._terminal = terminal
        self._job: BulkJob | None = None
        self._rejected_before = 0
        self._began = asyncio.get_running_loop().time()

    async def to_end(self) -> int:
        """Resolve, plan, run, and tell what became of it."""
        try:
            self._rejected_before = (await self._litmos.usage()).quota.rejected
            await self._resolve()
            job = self._task.start(self._litmos, self._ledger, dry_run=self._order.dry_run)
            self._job = job
            show = partial(shown, job, self._terminal, rejected_before=self._rejected_before)
            async with show(stays=False):
                plan = await job.plan()
            self._tell(plan)
            if self._order.dry_run:
                return self._judge(plan)
            async with show():
                async for outcome in job:
                    self._ledger.note(outcome)
        except asyncio.CancelledError:
            self._finish("Interrupted", "interrupted")
            self._say_how_to_go_on()
            raise
        except (LitmosError, OSError, sqlite3.Error) as problem:
            # The last two: the disk under a journal or a plan is full, or gone.
            self._terminal.complain(str(problem))
            self._finish("Stopped", "the job stopped before its end")
            if isinstance(problem, ConfigurationError):
                return USAGE  # the same command would be refused again
            self._say_how_to_go_on()
            return FAILED
        if job.report.stopped:
            code = self._finish("Stopped", f"the job stopped: {job.report.stopped}")
            self._say_how_to_go_on()
            return code
        return self._finish("Finished")

    async def _resolve(self) -> None:
        """Look all names up in the lists, which are read side by side."""
        ledger, columns = self._ledger, self._task.columns
        if not ledger.named(0):
            return  # no line can be used, so no request is needed
        if lists := [column.many for column in columns if column.listed]:
            self._terminal.tell(
                f"Reading {'the list' if len(lists) == 1 else 'the lists'} of {' and '.join(lists)} …"
            )
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(column.resolve(self._litmos.bulk, ledger.named(place)))
                    for place, column in enumerate(columns)
                ]
        except ExceptionGroup as problems:
            raise problems.exceptions[0] from None
        ledger.resolve([task.result() for task in tasks])

    def _tell(self, plan: Plan) -> None:
        """Say what is going to be done, and write it down for those who have to approve it."""
        if self._order.plan_json is not None:
            self._order.plan_json.write_text(f"{plan.to_json()}\n", "utf-8")
        if self._order.dry_run or not self._terminal.quiet:
            self._terminal.say(self._describe(plan))

    def _judge(self, plan: Plan) -> int:
        """Say what would fail, and return the exit code of a dry run: whether the real one could go well."""
        for outcome in self._job.outcomes_so_far() if self._job else ():
            self._ledger.note(outcome)
        self._say_what_failed()
        return FAILED if plan.refusal or self._ledger.counts()["failed"] else OK

    def _describe(self, plan: Plan) -> str:
        """Return the plan as a person reads it."""
        table, counts = self._ledger.table, self._ledger.counts()
        rows = [("lines", f"{len(table.lines):,}")]
        for place, (column, name) in enumerate(zip(self._task.columns, table.names, strict=True)):
            different = len({item[place] for item in self._ledger.items})
            rows.append((column.many, f"{different:,}, in column {name!r}"))
        rows += [
            (plan.item_label, f"{plan.items:,}"),
            ("given twice", f"{counts['skipped']:,}"),
            *((translate(reason), f"{number:,}") for reason, number in plan.skipped.items() if number),
            ("unusable", f"{counts['failed']:,}"),
            ("requests", f"{plan.requests:,}{_beside(plan)}"),
            *(("", f"{number:,} {kind}") for kind, number in plan.requests_by_kind.items()),
            ("time", f"about {duration(plan.seconds)}" if plan.seconds else "a few seconds"),
            ("e-mails", self._mails(plan)),
        ]
        notes = [*plan.notes, *([f"running is refused: {plan.refusal}"] if plan.refusal else [])]
        return "\n".join([listed(f"Plan for {self._order.file}", rows), *map(translate, notes)])

    def _mails(self, plan: Plan) -> str:
        if not plan.emails:
            return "none"
        if TEAM is self._task.columns[0]:
            return f"to members of up to {count(plan.emails, 'team')}"
        return f"to up to {count(plan.emails, 'person', 'people')}"

    def _finish(self, how: str, reason: str = "") -> int:
        """Settle what is open, write the outcomes, sum up, and return the exit code."""
        if self._order.dry_run:
            self._terminal.tell(f"{how}; nothing was changed")
            self._say_what_failed()
            return FAILED
        ledger = self._ledger
        if self._job is not None:
            # What was answered and not yet taken, and what was under way.
            for outcome in self._job.outcomes_so_far():
                ledger.note(outcome)
        ledger.close(reason)
        written, told_where = self._write_down(reason)
        counts = ledger.counts()
        seconds = asyncio.get_running_loop().time() - self._began
        told = ", ".join(f"{counts[each]:,} {each}" for each in get_args(LineStatus) if counts[each])
        self._terminal.say(f"{how} after {duration(seconds)}: {told or 'nothing to do'}")
        self._say_what_failed()
        self._say_what_was_sent()
        if told_where:
            self._terminal.say(told_where)
        return OK if written and set(counts) <= {"done", "skipped"} else FAILED

    def _write_down(self, reason: str) -> tuple[bool, str]:
        """Write the outcomes; return whether they are written, and what to say of them.

        A run that ended before it changed anything knows less than the file of an earlier one, which stays.
        """
        path = self._order.outcomes_file
        if reason and path.exists() and not self._has_acted():
            return False, f"Nothing was changed, so {path} is left as it was: it tells of an earlier run"
        try:
            write_outcomes(path, self._ledger.table, self._ledger.entries)
        except OSError as problem:
            self._terminal.complain(_unwritable("the outcomes", path, problem))
            return False, ""
        return True, f"Outcomes of all lines: {path}"

    def _has_acted(self) -> bool:
        """Tell whether a request may have changed something, in this run or in one that its journal tells of."""
        counts = self._ledger.counts()
        sent = self._job.report.requests if self._job else 0
        return bool(sent or counts["done"] or counts["unknown"])

    def _say_what_was_sent(self) -> None:
        report = self._job.report if self._job else None
        changes, reads = (
            (report.requests - report.lookups, report.reads + report.lookups) if report else (0, 0)
        )
        rejected = max(0, self._litmos.quota.rejected - self._rejected_before)
        self._terminal.say(
            f"Beside the lists: {count(changes, 'request')} to change something, {reads:,} to read, "
            f"{rejected:,} rejected by the rate limit"
        )

    def _say_how_to_go_on(self) -> None:
        """Say what does the rest of a job that ended early."""
        if self._order.dry_run:
            return
        if self._order.journal is not None and self._job is not None:
            self._terminal.say("The same command goes on where this one was")
        elif self._has_acted():
            repeats = self._task.options.get("skip_existing") is False
            skipping = " with --skip-existing" if repeats else ""
            self._terminal.say(f"To go on, run the same command again{skipping}")

    def _say_what_failed(self) -> None:
        bad = [entry for entry in self._ledger.entries if entry.status in {"failed", "unknown"}]
        for entry in bad[:SHOWN]:
            line = entry.line
            where = f"line {line.number}" if line.number else ", ".join(line.values)
            self._terminal.say(f"  {where} {entry.status}: {entry.reason}")
        if len(bad) > SHOWN:
            self._terminal.say(f"  and {count(len(bad) - SHOWN, 'more line')}")


def _beside(plan: Plan) -> str:
    fewer = (
        ""
        if plan.fewest_requests is None
        else f" ({plan.fewest_requests:,} if the server takes longer lists)"
    )
    before = fewer + (f", after {plan.reads:,} that read what is there" if plan.reads else "")
    return before + (f", and {plan.checks:,} or more to read it back" if plan.checks else "")


def _is_same(path: Path, other: Path) -> bool:
    """Tell whether two names lead to one file, whether it is there or not."""
    if path.resolve() == other.resolve():
        return True
    return path.exists() and other.exists() and path.samefile(other)


def _unwritable(what: str, path: Path, problem: OSError) -> str:
    return f"cannot write {what} to {path}: {problem.strerror or problem}"
