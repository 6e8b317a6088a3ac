"""What all bulk commands do: read a file, look names up, plan, run, and write the outcome of each line."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from litmos_async import LitmosClient
from litmos_async.bulk import BulkJob, Outcome, Plan
from litmos_async.cli.codes import FAILED, OK, USAGE
from litmos_async.cli.job_progress import shown
from litmos_async.cli.ledger import Ledger
from litmos_async.cli.list_sizes import recall, remember
from litmos_async.cli.logs import logged
from litmos_async.cli.order import Order, unwritable, usable
from litmos_async.cli.outcomes import Access, OutcomesFile, write_whole
from litmos_async.cli.reading import apart
from litmos_async.cli.summary import counted, describe_plan, problems
from litmos_async.cli.table import Table, TableError, read_table
from litmos_async.cli.terminal import Terminal
from litmos_async.cli.words import explain
from litmos_async.cli.workbook import make_workbook
from litmos_async.errors import ConfigurationError, LitmosError
from litmos_async.wording import count, duration

__all__ = ["FAILED", "OK", "USAGE", "Connect", "carry_out"]

Connect = Callable[[], LitmosClient]
"""Makes the client."""


async def carry_out(order: Order, connect: Connect, terminal: Terminal) -> int:
    """Carry out the order and return the exit code.

    When it is cancelled, it writes the outcomes as far as they are known before it ends.
    """
    # The exit code of a job tells of its lines, which stand in the outcomes: a job must not be repeated, and send
    # its messages again, because a log had no room for the summary.
    terminal.kept = not (order.dry_run or terminal.machine)
    try:
        usable(order.file, order.outcomes, order.plan_json, order.journal)
        access = Access.like(order.file)
        table = await apart(order.file, partial(_read, order))
        order.check()
        litmos = connect()
    except TableError as problem:
        terminal.complain(f"cannot use {order.file}: {problem}")
        return USAGE
    except ConfigurationError as problem:
        terminal.complain(explain(problem))
        return USAGE
    except asyncio.CancelledError:
        terminal.say("Interrupted before anything was sent")
        raise
    async with litmos:
        with logged(terminal):
            return await _Run(order, table, access, litmos, terminal).to_end()


def _read(order: Order) -> Table:
    return order.task.checked(read_table(order.file, order.task.columns, order.reading), order.reading)


class _Run:
    """One run of a command, once there is a table and a client."""

    def __init__(
        self, order: Order, table: Table, access: Access, litmos: LitmosClient, terminal: Terminal
    ) -> None:
        self._order = order
        self._task = order.task
        self._access = access
        self._ledger = Ledger(table, order.task.about, order.task.apart, order.task.said)
        self._file = OutcomesFile(order.outcomes_file, table, access)
        self._litmos = litmos
        self._terminal = terminal
        self._job: BulkJob | None = None
        self._facts: dict[str, Any] = {"file": str(order.file), "plan": None, "outcomes": None}
        self._rejected_before = 0
        self._looked_up = False
        self._began = asyncio.get_running_loop().time()

    async def to_end(self) -> int:
        """Resolve, plan and run; in whatever way that ends, write the outcomes and sum up."""
        recall(self._litmos)
        try:
            return await self._to_end()
        finally:
            if self._terminal.machine:
                self._terminal.document(self._facts)

    async def _to_end(self) -> int:
        try:
            return await self._resolve_plan_and_run()
        except asyncio.CancelledError:
            self._finish("Interrupted", "interrupted")
            self._say_how_to_go_on()
            raise
        except (LitmosError, OSError, sqlite3.Error) as problem:
            # The last two: the disk under a journal or a plan is full, or gone.
            self._terminal.fail(problem)
            refused = isinstance(problem, ConfigurationError)
            self._finish("Stopped", "the job stopped before its end", refused=refused and self._looked_up)
            if refused:
                return USAGE  # the same command would be refused again
            self._say_how_to_go_on()
            return FAILED
        except Exception:
            # A fault in this program. Its traceback is wanted; the outcomes of what was sent even more.
            self._finish("Stopped", "the job stopped before its end")
            raise
        finally:
            remember(self._litmos)

    async def _resolve_plan_and_run(self) -> int:
        self._rejected_before = (await self._litmos.usage()).quota.rejected
        await self._resolve()
        self._looked_up = True
        job = self._task.start(self._litmos, self._ledger, dry_run=self._order.dry_run)
        self._job = job
        show = partial(shown, job, self._terminal, rejected_before=self._rejected_before)
        async with show(stays=False):
            plan = await job.plan()
        self._tell(plan, job)
        if self._order.dry_run:
            return self._judge(plan)
        if not await self._is_meant(plan):
            self._finish("Declined", "declined")
            return FAILED
        async with show():
            async for outcome in job:
                self._note(outcome)
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
        words = ledger.table.words
        read = [column.reads_list(word) for column, word in zip(columns, words, strict=True)]
        if lists := [column.many for column, needed in zip(columns, read, strict=True) if needed]:
            self._terminal.tell(
                f"Reading {'the list' if len(lists) == 1 else 'the lists'} of {' and '.join(lists)} …"
            )
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(column.way(word)(self._litmos.bulk, ledger.named(place)))
                    for place, (column, word) in enumerate(zip(columns, words, strict=True))
                ]
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        ledger.resolve([task.result() for task in tasks])
        await self._task.look_up(self._litmos.bulk, ledger, self._order.dry_run)

    def _tell(self, plan: Plan, job: BulkJob) -> None:
        """Say what is going to be done, and write it down to be approved."""
        path = self._order.plan_json
        if path is not None or self._terminal.machine:
            lines = [self._ledger.change(each) for each in job.outcomes_so_far() if each.status == "planned"]
            self._facts["plan"] = json.loads(plan.to_json()) | {"lines": lines}
        if path is not None:
            text = json.dumps(self._facts["plan"], indent=2)
            # It names people, as the outcomes do.
            write_whole(path, self._access, lambda file: file.write(f"{text}\n"))
        if self._order.dry_run or not self._terminal.quiet:
            self._terminal.say(describe_plan(plan, self._ledger, self._task, f"Plan for {self._order.file}"))

    async def _is_meant(self, plan: Plan) -> bool:
        """Ask whether so much is to be changed, where there is a person who can say."""
        most = self._order.confirm_above
        if most is None or plan.items <= most or not self._terminal.asks():
            return True
        return await self._terminal.agrees(f"{plan.items:,} {plan.item_label}. Continue? [y/N] ")

    def _judge(self, plan: Plan) -> int:
        """Write what would be done; return the exit code of a dry run: whether the real one could go well."""
        self._take_what_is_known()
        self._ledger.close("", "planned")
        written = self._write()
        self._sum_up("planned", "")
        self._say_what_failed()
        if written:
            self._terminal.say(f"Planned outcome of each line: {written}")
        bad = plan.refusal is not None or self._ledger.counts()["failed"]
        return FAILED if bad or written != self._order.outcomes_file else OK

    def _note(self, outcome: Outcome) -> None:
        """Take an outcome into account, and write it down if it shows that something was sent."""
        entry = self._ledger.note(outcome)
        if entry is None:
            return
        if self._file.begun:
            self._file.add(entry)
        elif outcome.status in {"done", "unknown"} or (self._job and self._job.report.requests):
            self._file.begin(self._ledger.entries)

    def _take_what_is_known(self) -> None:
        """Take what was answered and not yet taken, and what was under way."""
        for outcome in self._job.outcomes_so_far() if self._job is not None else ():
            if outcome.status != "planned" or self._order.dry_run:
                self._ledger.note(outcome)

    def _finish(self, how: str, reason: str = "", *, refused: bool = False) -> int:
        """Settle what is open, write the outcomes, sum up, and return the exit code."""
        if self._order.dry_run:
            planned = None
            if refused:  # which lines stand in the way is what the dry run was for
                self._ledger.close(reason)
                planned = self._write()
            self._sum_up(how.lower(), reason)
            self._terminal.tell(f"{how}; nothing was changed")
            self._say_what_failed()
            if planned:
                self._terminal.say(f"Planned outcome of each line: {planned}")
            return FAILED
        self._take_what_is_known()
        self._ledger.close(reason)
        written, told_where = self._write_down(reason)
        self._sum_up(how.lower(), reason)
        seconds = asyncio.get_running_loop().time() - self._began
        told = counted(self._ledger) or "nothing to do"
        self._terminal.say(f"{how} after {duration(seconds)}: {told}")
        self._say_what_failed()
        self._say_what_was_sent()
        if told_where:
            self._terminal.say(told_where)
        return OK if written and set(self._ledger.counts()) <= {"done", "skipped"} else FAILED

    def _write_down(self, reason: str) -> tuple[bool, str]:
        """Write the outcomes; return whether they are where they belong, and what to say of them.

        A run that ended before it changed anything knows less than the file of an earlier one, which stays.
        """
        path = self._order.outcomes_file
        if reason and path.exists() and not self._has_acted():
            return False, f"Nothing was changed, so {path} is left as it was: it tells of an earlier run"
        written = self._write()
        return written == path, f"Outcomes of all lines: {written}" if written else ""

    def _write(self) -> Path | None:
        """Write the outcomes where they belong or, if that fails, where there is room; return where they are."""
        path = self._order.outcomes_file
        try:
            self._file.finish(self._ledger.entries)
        except OSError as problem:
            self._terminal.complain(unwritable("the outcomes", path, problem))
        else:
            self._facts["outcomes"] = str(path)
            self._write_workbook(path)
            return path
        try:
            rescued = self._file.rescue(self._ledger.entries)
        except OSError:
            return None
        self._facts["outcomes"] = str(rescued)
        return rescued

    def _write_workbook(self, path: Path) -> None:
        """Make a workbook of the outcomes, for those who work with workbooks; the outcomes themselves are safe."""
        workbook = self._order.outcomes_workbook
        if workbook is None:
            return
        try:
            make_workbook(path, self._ledger.table.delimiter, workbook, self._access)
        except OSError as problem:
            self._terminal.complain(unwritable("the outcomes as a workbook", workbook, problem))
        else:
            self._terminal.tell(f"The same as a workbook: {workbook}")

    def _has_acted(self) -> bool:
        """Return whether a request may have changed something, in this run or in one that its journal tells of."""
        counts = self._ledger.counts()
        sent = self._job.report.requests if self._job else 0
        return bool(sent or counts["done"] or counts["unknown"])

    def _sent(self) -> tuple[int, int, int]:
        """Return how many requests changed something, only read, and were rejected."""
        report = self._job.report if self._job else None
        changes, reads = (
            (report.requests - report.lookups, report.reads + report.lookups) if report else (0, 0)
        )
        return changes, reads, max(0, self._litmos.quota.rejected - self._rejected_before)

    def _say_what_was_sent(self) -> None:
        changes, reads, rejected = self._sent()
        self._terminal.say(
            f"Besides the lists: {count(changes, 'request')} to change something, {reads:,} to read, "
            f"{rejected:,} rejected by the rate limit"
        )

    def _sum_up(self, how: str, reason: str) -> None:
        """Keep what a program is told of the end."""
        changes, reads, rejected = self._sent()
        self._facts |= {
            "ended": how,
            "reason": reason,
            "lines": dict(self._ledger.counts()),
            "requests": {"changes": changes, "reads": reads, "rejected": rejected},
            "seconds": round(asyncio.get_running_loop().time() - self._began, 3),
        }

    def _say_how_to_go_on(self) -> None:
        """Say what does the rest of a job that ended early."""
        if self._order.dry_run:
            return
        if self._order.journal is not None and self._job is not None:
            self._terminal.say("Run the same command again to resume")
        elif self._has_acted():
            repeats = self._task.options.get("skip_existing") is False
            skipping = " with --skip-existing" if repeats else ""
            self._terminal.say(f"To resume, run the same command again{skipping}")

    def _say_what_failed(self) -> None:
        for line in problems(self._ledger):
            self._terminal.say(line)
