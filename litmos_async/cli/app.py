"""The command line: what can be said, and what is made of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, Parameter
from cyclopts.exceptions import CycloptsError, MissingArgumentError, UnusedCliTokensError
from cyclopts.validators import Number

from litmos_async import __version__
from litmos_async.cli import assign, jobs, people, quota, remove, sync
from litmos_async.cli.extras import missing
from litmos_async.cli.flow import USAGE
from litmos_async.cli.interrupt import until_interrupted
from litmos_async.cli.terminal import Terminal
from litmos_async.errors import ConfigurationError

app = App(
    name="litmos",
    help="Bulk jobs on the Litmos LMS: the fewest requests, and an outcome for every line.",
    version=__version__,
    version_flags=["--version"],
    default_parameter=Parameter(negative=()),
)
for part in (assign.app, remove.app, sync.app, people.importing, jobs.app):
    app.command(part)
app.command(people.deactivate)
app.command(quota.quota)

FEWEST_USERS: Final = 10
FEWEST_LINES: Final = 20
"""Fewer could not hold all that the demo wants to show."""


@app.command
async def demo(
    *,
    users: Annotated[
        int | None,
        Parameter(
            help="People in the invented organisation; one for every two lines if it is not given.",
            validator=Number(gte=FEWEST_USERS),
        ),
    ] = None,
    lines: Annotated[
        int,
        Parameter(
            help="Lines of the CSV. The default takes about 20 s; 5000 lines take about 100 s.",
            validator=Number(gte=FEWEST_LINES),
        ),
    ] = 1_000,
    seed: Annotated[int, Parameter(help="The same seed makes the same organisation and CSV.")] = 1,
    keep: Annotated[
        Path | None, Parameter(help="A folder for the CSV and the outcomes, which are deleted otherwise.")
    ] = None,
) -> int:
    """Show the bulk job at work, without an account: a sandbox on this machine answers.

    Exit code 0: the sandbox holds exactly what it should, and had to reject no request.
    """
    terminal = Terminal()
    if needed := missing("litmos demo", "cli", "sandbox"):
        terminal.complain(needed)
        return USAGE
    from litmos_async.cli.demo import Show, run_demo  # noqa: PLC0415 - the sandbox is an extra of its own

    return await until_interrupted(run_demo(Show(lines, users, seed, keep), terminal))


def run(words: Sequence[str]) -> int:
    """Carry out a command line and return the exit code."""
    try:
        code = app(words, exit_on_error=False, print_error=False, verbose=False, result_action="return_value")
    except CycloptsError as problem:
        Terminal().complain(_explain(problem))
        return USAGE
    except ConfigurationError as problem:
        Terminal().complain(str(problem))
        return USAGE
    return int(code or 0)


def _explain(problem: CycloptsError) -> str:
    """Return what is wrong with a command line, and of something that is missing what it means."""
    argument = problem.argument
    if isinstance(problem, MissingArgumentError) and argument is not None:
        return f"{argument.name} is missing. {argument.parameter.help}"
    if isinstance(problem, UnusedCliTokensError):
        return f"too much on the command line: {' '.join(problem.unused_tokens or ())}"
    return str(problem)
