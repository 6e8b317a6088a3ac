"""`litmos jobs`: how a job stands, by its journal."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from litmos_async.bulk import read_summary
from litmos_async.cli.flow import FAILED, OK
from litmos_async.cli.options import commands
from litmos_async.cli.terminal import Terminal, listed

app = commands("jobs", "Look at the journals of jobs.")


@app.command
def show(file: Annotated[Path, Parameter(help="The journal: what --journal named.")], /) -> int:
    """Show how a job stands, also while it runs. Nothing is sent.

    Exit code 0: every item is done, or there was nothing to do for it. 1: some are not. 2: that is no journal.
    """
    state = read_summary(file)
    begun = datetime.fromtimestamp(state.created).astimezone()
    options = ", ".join(f"{name}={value!r}" for name, value in sorted(state.options.items()))
    rows = [
        ("job", state.kind),
        *([("options", options)] if options else []),
        ("begun", f"{begun:%Y-%m-%d %H:%M:%S %Z}"),
        ("items", f"{state.items:,}"),
        ("done", f"{state.done:,}"),
        ("skipped", f"{state.skipped:,}"),
        ("failed", f"{state.failed:,}"),
        ("unknown", f"{state.unknown:,}"),
        ("for the next run", f"{state.left:,}"),
        ("requests", f"{state.requests:,}"),
        ("unanswered", f"{state.under_way:,}"),
    ]
    Terminal().say(listed(f"Journal {file}", rows))
    return FAILED if state.left else OK
