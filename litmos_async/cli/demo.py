"""`litmos demo`: the very same command, run against the sandbox, and judged by the sandbox's own state."""

from __future__ import annotations

import tempfile
from contextlib import nullcontext
from pathlib import Path
from typing import Final

from attrs import frozen

from litmos_async import LitmosClient, RateLimit
from litmos_async.bulk import Bulk
from litmos_async.cli.demo_data import UNKNOWN, DemoData, assigned, make_demo_data
from litmos_async.cli.flow import FAILED, OK, USAGE, carry_out
from litmos_async.cli.order import Order
from litmos_async.cli.tasks import COURSE, USER, Task
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.sandbox import Sandbox
from litmos_async.wording import count, system_reason

_KEY: Final = "sandbox-key"

FAST: Final = RateLimit(100, 6.0)
"""The limit of the service is 100 in 60 s; at that rate the demo would take a quarter of an hour."""


@frozen
class DemoOptions:
    """What the demo shows.

    Attributes:
        lines: Lines of the CSV.
        users: People in the invented organisation; None for one for every two lines.
        seed: The same seed makes the same organisation and the same CSV.
        keep: A folder for the CSV and the outcomes, which are deleted otherwise.
        rate: The limit that the sandbox enforces and the command keeps.
    """

    lines: int = 1_000
    users: int | None = None
    seed: int = 1
    keep: Path | None = None
    rate: RateLimit = FAST


async def run_demo(options: DemoOptions, terminal: Terminal) -> int:
    """Run the demo. The exit code is 0 if the sandbox's state is as expected and it rejected nothing."""
    data = make_demo_data(options.users or options.lines // 2, options.lines, options.seed)
    sandbox = Sandbox(data.tenant, requests=options.rate.requests, period=options.rate.period, api_key=_KEY)
    mails_before = len(data.tenant.outbox)
    with nullcontext(options.keep) if options.keep else tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "people.csv"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data.data)
        except OSError as problem:
            terminal.complain(f"cannot write {file}: {system_reason(problem)}")
            return USAGE
        async with sandbox.serve() as base_url:
            terminal.say(_introduction(options, data, file, base_url))

            def connect() -> LitmosClient:
                """Make a client of the sandbox."""
                return LitmosClient(
                    _KEY, "litmos-demo", base_url=base_url, rate_limit=options.rate, limiter="memory://"
                )

            task = Task((USER, COURSE), Bulk.assign_courses_to_users, {"send_message": False})
            code = await carry_out(Order(task, file), connect, terminal)
    mails = len(data.tenant.outbox) - mails_before
    return _judge(data, sandbox, mails, code, terminal)


def _introduction(options: DemoOptions, data: DemoData, file: Path, base_url: str) -> str:
    rate = options.rate
    kept = "" if options.keep else " (deleted at the end; --keep DIR keeps it)"
    return f"""\
This is a demo. It needs no account: a sandbox with {count(len(data.tenant.users), "invented person", "people")} \
answers at {base_url}.
Its limit is {rate.requests} requests in any {rate.period:g} s, so that you need not wait; the service has \
{rate.requests} in 60 s.
The CSV has {count(data.lines, "line")}, with umlauts, quoted commas, a byte-order mark, an empty line, one line \
given twice,
and {UNKNOWN} that name people and courses which do not exist: {file}{kept}

$ litmos assign courses {file} --send-message no --base-url {base_url} --limit {rate.requests}/{rate.period:g}
"""


def _judge(data: DemoData, sandbox: Sandbox, mails: int, code: int, terminal: Terminal) -> int:
    """Read the numbers back from the sandbox itself, and say whether they are as they should be."""
    quota = sandbox.quota
    there = assigned(data.tenant)
    present, others = len(data.expected & there), len((there - data.expected) ^ data.before)
    rejections = len(quota.rejections)
    rows = [
        ("new assignments", f"{present:,} of {len(data.expected):,} expected"),
        ("other changes", f"{others:,}"),
        ("requests seen", f"{len(quota.arrivals):,}"),
        (f"most in any {quota.period:g} s", f"{quota.most_in_any_window():,} of {quota.requests:,} allowed"),
        ("rejections", f"{rejections:,}"),
        ("e-mails sent", f"{mails:,}"),
    ]
    terminal.say(listed("\nRead back from the sandbox's own state", rows))
    # Exit code 1: the command has to report the lines with names that do not exist.
    good = there == data.before | data.expected and not rejections and not mails and code == FAILED
    terminal.say("Everything is as it should be." if good else "This is not as it should be.")
    return OK if good else FAILED
