"""`litmos assign courses`: from a file to an outcome for each of its lines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Final, get_args

from attrs import frozen

from litmos_async import Limiter, LitmosClient, RateLimit
from litmos_async.bulk import BulkJob, Plan, duration
from litmos_async.cli.counting import CountingLimiter
from litmos_async.cli.ledger import Ledger, LineStatus
from litmos_async.cli.outcomes import check_writable, write_outcomes
from litmos_async.cli.progress import shown
from litmos_async.cli.table import Table, TableError, read_table
from litmos_async.cli.terminal import Terminal, count, listed
from litmos_async.errors import ConfigurationError, LitmosError

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
"""The exit codes, beside that of Ctrl-C."""

SHOWN: Final = 10
"""Bad lines that are named on the terminal; the outcomes file names all of them."""

Connect = Callable[[Limiter], LitmosClient]
"""Makes the client, around this limiter."""


@frozen
class Order:
    """What the command was asked to do.

    Attributes:
        file: The CSV.
        send_message: Whether the server may e-mail people.
        rate: The limit to keep.
        outcomes: Where the outcomes go; beside the file if None.
        dry_run: Whether to stop after the plan.
    """

    file: Path
    send_message: bool
    rate: RateLimit
    outcomes: Path | None = None
    dry_run: bool = False

    @property
    def outcomes_file(self) -> Path:
        """Where the outcomes go."""
        return self.outcomes or self.file.with_suffix(".outcomes.csv")


async def assign_courses(order: Order, connect: Connect, terminal: Terminal) -> int:
    """Carry out the order and return the exit code.

    When it is cancelled, it writes the outcomes as far as they are known before it ends.
    """
    limiter = CountingLimiter(order.rate)
    try:
        table = await asyncio.to_thread(read_table, order.file)
        if not order.dry_run:
            _check_outcomes(order)
        litmos = connect(limiter)
    except TableError as problem:
        terminal.complain(f"cannot use {order.file}: {problem}")
        return USAGE
    except OSError as problem:
        terminal.complain(
            f"cannot write the outcomes to {order.outcomes_file}: {problem.strerror or problem}"
        )
        return USAGE
    except ConfigurationError as problem:
        terminal.complain(str(problem))
        return USAGE
    except asyncio.CancelledError:
        terminal.say("Interrupted before anything was sent")
        raise
    async with aclosing(limiter), litmos:
        return await _Run(order, table, limiter, litmos, terminal).to_end()


def _check_outcomes(order: Order) -> None:
    if order.outcomes_file.exists() and order.outcomes_file.samefile(order.file):
        raise OSError("that is the file to read from")
    check_writable(order.outcomes_file)


class _Run:
    """One run of the command, once there is a table and a client."""

    def __init__(
        self, order: Order, table: Table, limiter: CountingLimiter, litmos: LitmosClient, terminal: Terminal
    ) -> None:
        self._order = order
        self._ledger = Ledger(table)
        self._limiter = limiter
        self._litmos = litmos
        self._terminal = terminal
        self._began = asyncio.get_running_loop().time()
        self._reads = 0

    async def to_end(self) -> int:
        """Resolve, plan, run, and tell what became of it."""
        try:
            job = await self._prepare()
            if self._order.dry_run:
                return FAILED if self._ledger.counts()["failed"] else OK
            async with shown(job, self._terminal):
                async for outcome in job:
                    self._ledger.note(outcome)
        except asyncio.CancelledError:
            self._finish("Interrupted", "interrupted")
            raise
        except LitmosError as problem:
            self._terminal.complain(str(problem))
            self._finish("Stopped", "the job stopped before its end")
            return USAGE if isinstance(problem, ConfigurationError) else FAILED
        return self._finish("Finished")

    async def _prepare(self) -> BulkJob:
        """Turn names into ids, and say what is going to be done."""
        await self._resolve()
        self._reads = self._limiter.sent
        job = self._litmos.bulk.assign_courses_to_users(
            self._ledger.pairs, send_message=self._order.send_message
        )
        plan = await job.plan()
        if self._order.dry_run or not self._terminal.quiet:
            self._terminal.say(self._describe(plan))
        if self._order.dry_run:
            self._say_what_failed()
        return job

    async def _resolve(self) -> None:
        """Look all names up in the two lists, read side by side."""
        ledger, bulk = self._ledger, self._litmos.bulk
        if not ledger.users():
            return  # no line can be used, so no request is needed
        self._terminal.tell("Reading the lists of users and courses …")
        try:
            async with asyncio.TaskGroup() as group:
                users = group.create_task(bulk.resolve_users(ledger.users()))
                courses = group.create_task(bulk.resolve_courses(ledger.courses()))
        except ExceptionGroup as problems:
            raise problems.exceptions[0] from None
        ledger.resolve(users.result(), courses.result())

    def _describe(self, plan: Plan) -> str:
        """Return the plan as a person reads it."""
        table, counts = self._ledger.table, self._ledger.counts()
        people = len({pair.user_id for pair in self._ledger.pairs})
        named = f"user in column {table.user_column!r}, course in {table.course_column!r}"
        mails = f"to up to {count(plan.emails, 'person', 'people')} who have logged in before"
        rows = [
            ("lines", f"{len(table.lines):,} ({named})"),
            ("assignments", f"{plan.items:,} for {count(people, 'person', 'people')}"),
            ("given twice", f"{counts['skipped']:,}"),
            ("unusable", f"{counts['failed']:,}"),
            ("requests", f"{plan.requests:,}, after {self._reads:,} to read the lists"),
            ("time", f"about {duration(plan.seconds)}" if plan.seconds else "a few seconds"),
            ("e-mails", mails if plan.emails else "none"),
        ]
        return listed(f"Plan for {self._order.file}", rows)

    def _finish(self, how: str, reason: str = "") -> int:
        """Settle what is open, write the outcomes, sum up, and return the exit code."""
        if self._order.dry_run:
            self._terminal.tell(f"{how}; nothing was assigned")
            return FAILED
        ledger, path = self._ledger, self._order.outcomes_file
        ledger.close(reason, self._limiter.sent - self._reads)
        try:
            write_outcomes(path, ledger.table, ledger.entries)
            written = f"Outcomes of all lines: {path}"
        except OSError as problem:
            self._terminal.complain(f"cannot write the outcomes to {path}: {problem.strerror or problem}")
            written = ""
        counts = ledger.counts()
        seconds = asyncio.get_running_loop().time() - self._began
        told = ", ".join(f"{counts[each]:,} {each}" for each in get_args(LineStatus) if counts[each])
        self._terminal.say(f"{how} after {duration(seconds)}: {told or 'nothing to do'}")
        self._say_what_failed()
        sent, rejected = self._limiter.sent, self._limiter.quota.rejected
        self._terminal.say(f"{count(sent, 'request')} sent, {rejected:,} rejected by the rate limit")
        if written:
            self._terminal.say(written)
        return OK if written and set(counts) <= {"done", "skipped"} else FAILED

    def _say_what_failed(self) -> None:
        bad = [entry for entry in self._ledger.entries if entry.status in {"failed", "unknown"}]
        for entry in bad[:SHOWN]:
            self._terminal.say(f"  line {entry.line.number} {entry.status}: {entry.reason}")
        if len(bad) > SHOWN:
            self._terminal.say(f"  and {count(len(bad) - SHOWN, 'more line')}")
