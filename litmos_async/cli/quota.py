"""`litmos quota`: who uses what of the limit."""

from __future__ import annotations

import attrs

from litmos_async.cli.codes import FAILED, OK
from litmos_async.cli.options import ACCOUNT_FLAGS, AccountFlags, AsJson
from litmos_async.cli.terminal import Terminal, listed
from litmos_async.cli.words import explain
from litmos_async.errors import LitmosError


async def quota(*, json: AsJson = False, account: AccountFlags = ACCOUNT_FLAGS) -> int:
    """Show who uses how much of the limit, according to the limiter that the commands share. Nothing is sent.

    Exit code 0: the quota was shown. 1: the limiter's store cannot be reached.
    """
    terminal = Terminal()
    async with account.client() as litmos:
        try:
            usage = await litmos.usage()
        except LitmosError as problem:
            terminal.complain(explain(problem))
            return FAILED
    now = usage.quota
    if json:
        terminal.document(attrs.asdict(now) | {"processes": [attrs.asdict(each) for each in usage.processes]})
        return OK
    rows = [
        ("limit", f"{now.limit:,} requests in {now.period:g} s"),
        *([("budget", f"{now.budget:,} of them: others use the account")] if now.budget < now.limit else []),
        ("used", f"{now.used:,}"),
        ("free", f"{now.free:,}"),
        ("next free", "now" if not now.next_free_in else f"in {now.next_free_in:.1f} s"),
        ("rejected", f"{now.rejected:,}"),
    ]
    rows += [(each.process, f"{each.used:,} used, {each.waiting:,} waiting") for each in usage.processes]
    terminal.say(listed("Quota of the account", rows))
    return OK
